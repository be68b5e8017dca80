"""What the form of a case shows of its many pages, and in which words."""

from lxml import etree

from ..common import at
from ..flows.test_conflict import ConflictFlow
from ..flows.test_shipped_packs import ManufacturerFlow


class TestCasePages(ManufacturerFlow):
    def _pages(self, case):
        return set(filter(None, (case.policy_pages or "").split(",")))

    def test_the_manufacturer_asks_departments(self):
        case = self._registered()
        self.assertEqual(self._pages(case), {"opinions", "production"})
        supplier = self.env["res.partner"].create({"name": "昆山铜箔"})
        self.env["crm.policy.responsibility"].create(
            {"ticket_id": case.id, "party": "supplier", "partner_id": supplier.id, "share": 100}
        )
        self.assertEqual(self._pages(case), {"opinions", "production", "claims"})

    def test_a_policy_without_departments_shows_none(self):
        case = self._new_case(policy_kind="request", policy_complaint_type_id=False)
        self.assertEqual(self._pages(case), set())

    def test_an_anomaly_has_words_of_its_own(self):
        with at("2026-03-02 10:20"):
            case = self._new_case(policy_complaint_type_id=self.types["mfr-anomaly"].id)
            self._as("specialist", case).action_policy_accept()
        names = {step: date.get("name") for step, date in case.policy_step_dates.items()}
        self.assertEqual(names["investigated"], "Handled")
        self.assertFalse(names["accepted"])

    def test_no_list_of_a_menu_asks_for_a_parent(self):
        """Standing alone it has none, and the web client stops."""
        actions = self.env["ir.actions.act_window"].search(
            [("res_model", "=like", "crm.policy.%"), ("view_mode", "like", "list")]
        )
        for model, name in {
            (action.res_model, action.view_id.id if action.view_id.type == "list" else None)
            for action in actions
        }:
            arch = etree.fromstring(self.env[model].get_view(name, "list")["arch"])
            for node in arch.xpath("//list/*[contains(@column_invisible, 'parent')]"):
                if not node.xpath("ancestor::field"):
                    self.fail(f"{model}: {node.get('name')}")

    def test_on_a_phone_its_rows_are_cards(self):
        for model in (
            "countersign", "handover", "field.report", "verdict", "production.finding",
            "mediation", "claim", "petition", "case.copy", "remedy", "negotiation",
            "responsibility", "loss", "ruling", "improvement.goal", "improvement.action",
            "proof", "notice.recipient",
        ):  # fmt: skip
            with self.subTest(model):
                arch = self.env[f"crm.policy.{model}"].get_view(None, "kanban")["arch"]
                cards = etree.fromstring(arch).xpath("//t[@t-name='card']//field/@name")
                self.assertGreater(len(cards), 1)


class TestConflictPages(ConflictFlow):
    def test_a_conflict_is_assessed_not_investigated(self):
        conflict = self._assessed()
        names = {step: date.get("name") for step, date in conflict.policy_step_dates.items()}
        self.assertEqual(names["investigated"], "Assessed")
        self.assertEqual(names["closed"], "Archived")

    def test_the_handbook_sends_somebody_first_of_all(self):
        case = self._new_case(policy_complaint_type_id=self.types["hbk-complaint"].id)
        self.assertIn("send", case.policy_pages)
        self.assertNotIn("send", self._assessed().policy_pages or "")
