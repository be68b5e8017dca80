"""The anomaly without loss: a sheet, a short course, never closed over a loss (CMP-SCP-02)."""

from hashlib import sha1

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..common import at, shanghai
from .test_shipped_packs import ManufacturerFlow

REPORT = "crm_policy.anomaly_sheet"


class TestAnomaly(ManufacturerFlow):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.workshop = cls.env["hr.department"].create(
            {"name": "包装车间", "company_id": cls.company.id}
        )
        cls.head = new_test_user(
            cls.env,
            login="t_workshop",
            groups="base.group_user",
            company_id=cls.company.id,
            company_ids=cls.company.ids,
        )
        cls.workshop.manager_id = cls._new_employee(cls.head)

    def _anomaly(self, **vals):
        with at("2026-03-02 10:20"):
            return self._new_case(
                policy_complaint_type_id=self.types["mfr-anomaly"].id,
                policy_department_id=self.workshop.id,
                name="标签贴反",
                **vals,
            )

    def _handled(self, **vals):
        case = self._anomaly(**vals)
        with at("2026-03-02 11:00"):
            self._as("specialist", case).action_policy_accept()
        with at("2026-03-03 11:00"):
            self._line(case, "improvement").with_user(self.head).action_policy_answer("加防呆治具")
        return case

    def test_reported_handled_informed_closed(self):
        case = self._anomaly()
        self.assertEqual(case.policy_number, "202603-001")
        complaint = self._registered()
        self.assertEqual(complaint.policy_number, "260301", "each has a sequence of its own")
        mine = self._as("specialist", case)
        with at("2026-03-02 11:00"):
            mine.action_policy_accept()
            # None of the complaint's clocks, and no department of its route.
            self.assertFalse(self._dues(case))
            self.assertEqual(case.policy_countersign_ids.mapped("step_code"), ["improvement"])
            line = self._line(case, "improvement")
            self.assertEqual(self._dues(line), {"improvement": shanghai("2026-03-09 18:00")})
            for step in (mine.action_policy_close, mine.action_policy_register):
                with self.assertRaises(UserError):
                    step()
            with self.assertRefused(UserError, "missing first: Investigated At"):
                mine.action_policy_reply("已知悉", "letter")
            self.assertEqual(mine.policy_next_action, "opinions")
        with at("2026-03-03 11:00"):
            line.with_user(self.head).action_policy_answer("加防呆治具")
        self.assertEqual(case.policy_investigated_at, shanghai("2026-03-03 11:00"))
        with at("2026-03-03 14:00"):
            self.assertEqual(mine.policy_next_action, "reply")
            mine.action_policy_reply("已加防呆治具", "letter")
            self.assertEqual(mine.policy_next_action, "close")
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)
        self.assertFalse(self._dues(case))

    def test_with_a_loss_or_a_demand_it_is_a_complaint(self):
        for what, vals in {
            "There is a loss": {"policy_estimated_loss": 0.01},
            "asks for something": {"policy_claim_amount": 100},
            "The customer asks for something": {"policy_remedy_sought": "repair"},
        }.items():
            with self.subTest(what):
                case = self._handled(**vals)
                mine = self._as("specialist", case)
                with at("2026-03-03 14:00"):
                    mine.action_policy_reply("已加防呆治具", "letter")
                    with self.assertRefused(
                        UserError, rf"Clause 1\.1 .*{what}.*Convert it into a complaint"
                    ):
                        mine.action_policy_close()
                self.assertFalse(case.policy_closed_at)

    def test_a_booked_loss_or_a_remedy_counts(self):
        for model, vals in (
            ("crm.policy.loss", {"kind": "freight", "amount": 1}),
            ("crm.policy.remedy", {"kind": "apology"}),
        ):
            with self.subTest(model):
                case = self._handled()
                with at("2026-03-03 14:00"):
                    self._as("specialist", case).action_policy_reply("已知悉", "letter")
                    self.env[model].with_user(self.users["specialist"]).create(
                        {"ticket_id": case.id, **vals}
                    )
                    with self.assertRefused(UserError, "Convert it into a complaint"):
                        self._as("specialist", case).action_policy_close()

    def test_it_is_converted_into_a_complaint(self):
        case = self._handled(policy_estimated_loss=500)
        kind = self.types["mfr-quality"]
        with at("2026-03-03 14:00"):
            action = self._as("supervisor", case).action_policy_convert(
                "complaint", kind.id, "客户产线停工"
            )
        complaint = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertEqual((case.policy_outcome, complaint.policy_origin_id), ("converted", case))
        self.assertEqual(complaint.policy_complaint_type_id, kind)
        self.assertEqual(complaint.policy_intake_at, case.policy_intake_at)

    def test_the_sheet(self):
        case = self._handled(policy_item_ref="PCB-204", policy_order_ref="SO-7")
        report = self.env["ir.actions.report"].with_user(self.users["specialist"])
        html = report._render_qweb_html(REPORT, case.ids)[0].decode()
        for words in ("202603-001", "包装车间", "PCB-204", "SO-7", "标签贴反", "加防呆治具",
                      "Nothing was lost", self.partner.name, self.head.name):  # fmt: skip
            self.assertIn(words, html)
        checksum = sha1(html.encode(), usedforsecurity=False).hexdigest()
        self.assertIn(checksum, case.policy_print_ids.mapped("checksum"))
        self._as("specialist", case).policy_estimated_loss = 5
        html = report._render_qweb_html(REPORT, case.ids)[0].decode()
        self.assertIn("Not without loss", html)

    def test_the_sheet_is_for_anomalies_and_for_the_house(self):
        case, complaint = self._handled(), self._registered()
        report = self.env["ir.actions.report"]
        with self.assertRefused(UserError, "it has no anomaly sheet"):
            report.with_user(self.users["specialist"])._render_qweb_html(REPORT, complaint.ids)
        customer = new_test_user(self.env, login="t_customer", groups="base.group_portal")
        customer.partner_id.parent_id = self.partner
        with self.assertRaises(AccessError):
            report.with_user(customer)._render_qweb_html(REPORT, case.ids)
        with self.assertRefused(AccessError, "never leaves the house"):
            case.with_user(customer)._policy_anomaly_sheets()
        with self.assertRaises(AccessError):
            stranger = self.people["rd"]
            report.with_user(stranger)._render_qweb_html(REPORT, case.ids)
