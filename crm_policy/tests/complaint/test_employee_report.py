"""Whoever has no post reports; only the window takes in (CMP-INT-04)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import PolicyCommon, at, shanghai
from ..route_common import PNG

SAID = {
    "name": "门板开裂",
    "text": "客户来电：两块门板到货时已开裂。",
    "partner_phone": "13800000000",
    "order_ref": "SO118",
    "occurred_on": "2026-03-05",
}


class TestEmployeeReport(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ma = cls._plain("ma")
        cls.li = cls._plain("li")
        cls.elsewhere = cls._new_company("杭州分公司")
        cls.stranger = cls._plain("stranger", cls.elsewhere)
        # A department of his own: what he reports is not opened for its people.
        production = cls.env["hr.department"].create(
            {"name": "生产部", "company_id": cls.company.id}
        )
        cls._new_employees([cls.ma, cls.li], production)

    @classmethod
    def _plain(cls, name, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=f"t_plain_{name}",
            groups="base.group_user",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
            tz="Asia/Shanghai",
        )

    def _report(self, user=None, **vals):
        return self._reports(user or self.ma).create({**SAID, **vals})

    def _reports(self, user):
        """Return no report, as a user who looks at his own companies."""
        Report = self.env["crm.policy.employee.report"].with_user(user)
        return Report.with_context(allowed_company_ids=user.company_ids.ids)

    def _sent(self, moment="2026-03-06 10:00", **vals):
        with at(moment):
            report = self._report(**vals)
            report.action_policy_send()
        return report

    def test_what_he_reports_becomes_a_case_of_the_window(self):
        with at("2026-03-06 09:00"):
            report = self._report(partner_id=self.partner.id)
        self.assertEqual((report.state, report.number), ("draft", False))
        with at("2026-03-06 10:00"):
            report.action_policy_send()
        case = report.sudo().ticket_id
        self.assertEqual(report.state, "received")
        self.assertEqual(report.number, case.policy_handle)
        self.assertEqual(case.policy_intake_at, shanghai("2026-03-06 10:00"))
        self.assertEqual(case.policy_kind, "complaint")
        self.assertEqual(case.partner_id, self.partner)
        self.assertEqual(case.policy_reporter_id, self.ma)
        self.assertEqual(case.policy_order_ref, "SO118")
        self.assertIn("两块门板", case.description)
        # Taking it in is the window's.
        self.assertFalse(case.policy_number or case.policy_accepted_at or case.user_id)
        self.assertTrue(case.policy_to_sort)
        self.assertNotIn(self.ma.partner_id, case.message_partner_ids)
        mine = self._as("specialist", case)
        self.assertTrue(mine.has_access("write"))
        with at("2026-03-06 11:00"):
            mine.write(
                {
                    "policy_complaint_type_id": self.types["quality"].id,
                    "channel_id": self.phone.id,
                    "team_id": self.team.id,
                }
            )
            mine.action_policy_sorted()
            mine.action_policy_accept()
            mine.action_policy_register()
        self.assertEqual(report.state, "registered")
        self.assertEqual(report.number, case.policy_number)
        [event] = self.env["crm.policy.event"].search(
            [("res_model", "=", report._name), ("res_id", "=", report.id)]
        )
        self.assertEqual((event.type, event.actor_id), ("employee_report.sent", self.ma.id))

    def test_he_sees_number_and_state_and_nothing_else(self):
        report = self._sent()
        case = report.sudo().ticket_id
        self.assertTrue(report.number)
        self.assertFalse(case.with_user(self.ma).has_access("read"))
        with self.assertRaises(AccessError):
            report.ticket_id  # noqa: B018
        with self.assertRaises(AccessError):
            report.read(["ticket_id"])
        with self.assertRaises(AccessError):
            report.search([("ticket_id.policy_severity", "=", "general")])
        for step in ("accept", "register", "close"):
            with self.subTest(step), self.assertRaises(AccessError):
                getattr(case.with_user(self.ma), f"action_policy_{step}")()
        # Nor do his colleagues by his department.
        self.assertFalse(case.with_user(self.li).has_access("read"))

    def test_matrix(self):
        """Own, another's, after the sending, of another company, from outside."""
        draft, sent = self._report(), self._sent()
        portal = new_test_user(self.env, login="t_report_portal", groups="base.group_portal")
        others = {
            "colleague": self.li,
            "director": self.users["director"],
            "specialist": self.users["specialist"],
            "stranger": self.stranger,
            "portal": portal,
        }
        for name, user in others.items():
            for report in (draft, sent):
                theirs = self._reports(user).browse(report.id)
                for operation in (
                    lambda record: record.read(["name"]),
                    lambda record: record.write({"name": "别的"}),
                    lambda record: record.action_policy_send(),
                    lambda record: record.unlink(),
                ):
                    with self.subTest(name, sent=bool(report.sent_at)):
                        with self.assertRaises(AccessError):
                            operation(theirs)
            if user != portal:
                self.assertFalse(self._reports(user).search([]) & (draft | sent))
        draft.write({"name": "门板开裂两块"})
        for operation in (
            lambda: sent.write({"name": "改"}),
            sent.unlink,
            sent.action_policy_send,
            lambda: sent.sudo().write({"text": "改"}),
        ):
            with self.subTest(operation), self.assertRefused(UserError, "stays as it was reported"):
                operation()
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_he_is_the_reporter_and_in_his_company(self):
        for name, value in (
            ("reporter_id", self.li.id),
            ("sent_at", "2026-03-06 10:00:00"),
            ("ticket_id", self._new_case().id),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                self._report(**{name: value})
        with self.assertRefused(ValidationError, "does not work in 杭州分公司"):
            self._report(company_id=self.elsewhere.id)
        report = self._report()
        with self.assertRefused(ValidationError, "does not work in 杭州分公司"):
            report.write({"company_id": self.elsewhere.id})
        with self.assertRaises(UserError):
            self._report(
                partner_id=self.partner.copy({"company_id": self.elsewhere.id}).id,
            )
        with self.assertRefused(AccessError, "sent by who has written it"):
            report.with_user(self.users["director"]).sudo().action_policy_send()

    def test_his_context_and_defaults_have_no_say_in_the_case(self):
        self.env["ir.default"].with_user(self.ma).set(
            "helpdesk.ticket", "policy_severity", "crisis", user_id=self.ma.id
        )
        report = self._report().with_context(
            default_user_id=self.ma.id, default_policy_severity="crisis", default_partner_id=1
        )
        report.action_policy_send()
        case = report.sudo().ticket_id
        self.assertEqual(case.policy_severity, "general")
        self.assertFalse(case.user_id or case.partner_id)

    def test_what_cannot_be_meant(self):
        for vals, words in (
            ({"name": " "}, "Write down"),
            ({"text": "\n"}, "Write down"),
            ({"text": "长" * 10_001}, "too long"),
            ({"partner_email": "nobody"}, "no e-mail address"),
            ({"occurred_on": "2099-01-01"}, "in the future"),
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, words):
                self._report(**vals)
        report = self._report()
        for name in ("name", "text"):
            with self.subTest(name), self.assertRefused(ValidationError, "Write down"):
                report[name] = False

    def test_his_photos_go_along_and_nobody_elses(self):
        Attachment = self.env["ir.attachment"]
        own = Attachment.with_user(self.ma).create({"name": "门板.png", "datas": PNG})
        report = self._sent(attachment_ids=[Command.set(own.ids)])
        self.assertEqual((own.res_model, own.res_id), (report._name, report.id))
        files = Attachment.search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", report.sudo().ticket_id.id)]
        )
        self.assertEqual(files.mapped("name"), ["门板.png"])
        secret = Attachment.create(
            {"name": "合同.png", "datas": PNG, "res_model": "helpdesk.ticket",
             "res_id": self._new_case().id}
        )  # fmt: skip
        with self.assertRaises(AccessError):
            self._report(attachment_ids=[Command.set(secret.ids)]).action_policy_send()

    def test_a_company_without_policy_sorts_it(self):
        report = self._report(self.stranger)
        report.action_policy_send()
        case = report.sudo().ticket_id
        self.assertFalse(case.policy_kind)
        self.assertTrue(case.policy_to_sort)
        self.assertEqual((report.state, report.number), ("received", case.number))
