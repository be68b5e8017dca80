"""How the goods were made is found out before Production answers (CMP-FLOW-05)."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import at
from .test_shipped_packs import ManufacturerFlow


class TestProductionFindings(ManufacturerFlow):
    def setUp(self):
        super().setUp()
        self.case = self._registered()
        with at("2026-03-04 10:00"):
            self._answer(self._line(self.case, "quality"), "quality")
        self.line = self._line(self.case, "production").with_user(self.people["production"])

    def test_production_does_not_answer_without_them(self):
        with at("2026-03-04 11:00"):
            with self.assertRefused(
                ValidationError,
                r"(?s)Clause 3\.3 .*how the goods were made: Production Unit, Machine, Shift, "
                r"Workers, Produced On\.",
            ):
                self.line.action_policy_answer("已查")
            finding = self._find_production(self.case, machine=False, workers=False)
            with self.assertRefused(ValidationError, r"were made: Machine, Workers\."):
                self.line.action_policy_answer("已查")
            finding.write({"machine": "3号压机", "workers": "赵师傅"})
            self.assertEqual(finding.display_name, "压合车间 / 3号压机 / 夜班")
            self.line.action_policy_answer("已查")
            with self.assertRaises(AccessError):  # he has answered: it is not his any more
                finding.workers = "钱师傅"

    def test_of_what_people_did_nobody_asks_for_a_machine(self):
        self.case.write({"policy_cause_class": "non_quality"})
        with at("2026-03-04 11:00"):
            self.line.action_policy_answer("发错地址")
        self.assertTrue(self.line.policy_answered_at)

    def test_whoever_is_not_asked_writes_none(self):
        for role in ("quality", "rd"):
            with self.subTest(role), at("2026-03-04 11:00"), self.assertRaises(AccessError):
                self.people["production"], own = self.people[role], self.people["production"]
                try:
                    self._find_production(self.case)
                finally:
                    self.people["production"] = own

    def test_a_date_that_cannot_be(self):
        with at("2026-03-04 11:00"), self.assertRefused(ValidationError, "lies in the past"):
            self._find_production(self.case, produced_on="2026-03-05")

    def test_a_cancelled_case_gets_no_findings(self):
        with at("2026-03-04 11:00"):
            self._as("supervisor", self.case).action_policy_cancel("误登")
            with self.assertRefused(UserError, "is ended"):
                self.env["crm.policy.production.finding"].create(
                    {"ticket_id": self.case.id, "unit": "压合车间"}
                )

    def test_the_investigation_needs_them(self):
        """The step is answered with findings that are gone again: the fact waits for them."""
        with at("2026-03-04 11:00"):
            self._answer(self._line(self.case, "production"), "production")
            self.case.policy_production_ids.unlink()
            self._opine(self.case, until="check")
            self.assertFalse(self.case.policy_investigated_at)
            mine = self._as("specialist", self.case)
            self.assertIn("Produced On", mine.policy_still_needed)
            with self.assertRefused(
                ValidationError, r"Clause 3\.1 .*Investigated At: still needed: Production Unit"
            ):
                self.case._policy_set_fact("policy_investigated_at")
            self.env["crm.policy.production.finding"].with_user(self.users["specialist"]).create(
                {
                    "ticket_id": self.case.id,
                    "unit": "压合车间",
                    "machine": "3号压机",
                    "shift": "夜班",
                    "workers": "赵师傅",
                    "produced_on": "2026-02-10",
                }
            )
            self.assertTrue(self.case.policy_investigated_at)
