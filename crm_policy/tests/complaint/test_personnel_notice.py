"""The sanctions of a month (RWD-ADM-01): what is listed, who publishes it, and until when."""

from odoo.exceptions import AccessError, UserError

from ..common import at, shanghai
from .test_sanction import SanctionCommon


class TestPersonnelNotice(SanctionCommon):
    def _settled(self):
        """Return a case that was decided and settled on 2026-03-13, with its approved sanctions."""
        case = self._decided()
        with at("2026-03-13 11:00"):
            self._as("specialist", case).action_policy_settle()
        with at("2026-03-16 11:00"):
            self._approve(self._proposed(case))
        return case

    def _prepared(self, moment="2026-04-01 05:00"):
        Notice = self.env["crm.policy.personnel.notice"]
        with at(moment):
            Notice._cron_prepare_notices()
        return Notice.search([("company_id", "=", self.company.id)]).sorted("kind")

    def test_s2_line_9(self):
        case = self._settled()
        departments, notice = self._prepared()
        self.assertEqual(notice.kind, "personnel")
        self.assertEqual(notice.period_end_at, shanghai("2026-03-31 23:59:59"))
        for one, code in ((notice, "personnel-notice"), (departments, "penalty-statistics")):
            clock = one.sudo().policy_deadline_ids
            self.assertEqual(clock.rule_id.code, code)
            self.assertEqual(clock.due_at, shanghai("2026-04-10 23:59:59"))
        person = case.policy_sanction_ids.filtered("employee_id")
        self.assertEqual(notice.with_user(self.hr).sanction_ids, person)
        self.assertEqual(self._prepared("2026-04-02 05:00"), departments | notice)
        with at("2026-04-09 10:00"):
            self._as("supervisor", notice | departments).action_policy_hand_over()
        line = notice.line_ids
        self.assertEqual((line.who, line.kind), (self.zhao.name, "warning"))
        self.assertEqual(str(line.decided_on), "2026-03-16")
        self.assertEqual(sorted(departments.line_ids.mapped("amount")), [107.40, 429.60])
        self.assertEqual(departments.sudo().policy_deadline_ids.state, "met")
        with at("2026-04-10 23:59:59"):
            notice.with_user(self.hr).action_policy_publish()
        self.assertEqual(notice.sudo().policy_deadline_ids.state, "met")

    def test_what_is_listed(self):
        self.assertFalse(self._prepared())
        case = self._decided()
        sanctions = self._proposed(case)
        self.assertFalse(self._prepared(), "proposed")
        with at("2026-03-16 11:00"):
            self._approve(sanctions)
        self.assertFalse(self._prepared(), "not settled")
        with at("2026-04-01 00:00"):
            self._as("specialist", case).action_policy_settle()
        self.assertFalse(self._prepared("2026-04-30 23:00"), "settled in April")
        self.assertEqual(len(self._prepared("2026-05-01 05:00")), 2)

    def test_what_is_approved_late_stands_on_the_next_one(self):
        self._settled()
        march = self._prepared()
        with at("2026-04-09 10:00"):
            self._as("supervisor", march).action_policy_hand_over()
        late = self._decided()
        with at("2026-03-13 12:00"):
            self._as("specialist", late).action_policy_settle()
        with at("2026-04-12 11:00"):
            self._approve(self._proposed(late))
        april = self._prepared("2026-05-01 05:00") - march
        self.assertEqual(len(april), 2)
        self.assertEqual(
            april.with_user(self.hr).sanction_ids, late.policy_sanction_ids.with_user(self.hr)
        )

    def test_what_a_violation_alone_has_led_to_is_listed_by_its_decision(self):
        violation = self._violation(self._decided())
        with at("2026-03-16 11:00"):
            sanction = self._handmade(
                self.env["helpdesk.ticket"], violation_id=violation.id, ticket_id=False
            )
        self.assertFalse(sanction.ticket_id)
        self.assertFalse(self._prepared(), "proposed")
        with at("2026-04-01 00:00"):
            self._approve(sanction)
        self.assertFalse(self._prepared("2026-04-30 23:00"), "decided in April")
        notice = self._prepared("2026-05-01 05:00")
        self.assertEqual(notice.with_user(self.hr).sanction_ids, sanction.with_user(self.hr))
        with at("2026-05-06 10:00"):
            self._as("supervisor", notice).action_policy_hand_over()
        self.assertEqual(notice.line_ids.who, self.zhao.name)

    def test_who_hands_over_and_publishes(self):
        self._settled()
        _departments, notice = self._prepared()
        for user in (self.users["qc"],):
            with self.assertRefused(AccessError, "This step is taken by"):
                notice.with_user(user).action_policy_hand_over()
        with self.assertRaises(AccessError):
            notice.with_user(self.zhao).action_policy_hand_over()
        with self.assertRefused(UserError, "handed over is published"):
            notice.with_user(self.hr).action_policy_publish()
        self._as("supervisor", notice).action_policy_hand_over()
        with self.assertRefused(UserError, "handed over already"):
            self._as("supervisor", notice).action_policy_hand_over()
        for role in ("supervisor", "director", "ceo"):
            with self.assertRefused(AccessError, "This step is taken by"):
                self._as(role, notice).action_policy_publish()
        notice.with_user(self.hr).action_policy_publish()
        with self.assertRefused(UserError, "recorded already"):
            notice.with_user(self.hr).action_policy_publish()
        with self.assertRefused(UserError, "only a personnel notice"):
            departments = _departments
            self._as("supervisor", departments).action_policy_hand_over()
            departments.with_user(self.hr).action_policy_publish()

    def test_an_empty_one_is_not_handed_over(self):
        case = self._settled()
        _departments, notice = self._prepared()
        person = case.policy_sanction_ids.filtered("employee_id")
        self._as("director", person).action_policy_revoke("查明无责任")
        with self.assertRefused(UserError, "nothing to list"):
            self._as("supervisor", notice).action_policy_hand_over()

    def test_who_reads_it(self):
        self._settled()
        departments, notice = self._prepared()

        def seen(user):
            return self.env[notice._name].with_user(user).search([]).sorted("kind")

        self.assertFalse(seen(self.zhao))
        self._as("supervisor", notice | departments).action_policy_hand_over()
        self.assertFalse(seen(self.zhao))
        self.assertEqual(seen(self.users["finance"]), departments)
        notice.with_user(self.hr).action_policy_publish()
        self.assertEqual(seen(self.zhao), notice)
        self.assertEqual(seen(self.users["finance"]), departments | notice)
        # Name, sanction and date; nothing of what it was about.
        line = notice.line_ids.with_user(self.other_specialist)
        self.assertEqual(line.who, self.zhao.name)
        with self.assertRaises(AccessError):
            line.read(["sanction_id"])
        self.assertNotIn("sanction_id", line.fields_get())
        self.assertFalse(departments.line_ids.with_user(self.zhao).search([]) - line)

    def test_its_print(self):
        """FRM-05: names, sanctions and dates on paper, in the language of the company."""
        case = self._settled()
        departments, notice = self._prepared()
        report = self.env["ir.actions.report"]

        def printed(user, *notices):
            ids = [notice.id for notice in notices]
            html = report.with_user(user)._render_qweb_html("crm_policy.personnel_notice", ids)
            return html[0].decode()

        with self.assertRefused(UserError, "printed once it is handed over"):
            printed(self.hr, notice)
        with at("2026-04-09 10:00"):
            self._as("supervisor", notice | departments).action_policy_hand_over()
        page = printed(self.hr, notice)
        for words in (self.zhao.name, "2026-03", "Warning", "03/16/2026", "not yet"):
            self.assertIn(words, page)
        for words in (case.policy_handle, case.partner_id.name, case.name, "Amount"):
            self.assertNotIn(words, page)
        with self.assertRaises(AccessError):
            printed(self.zhao, notice)
        with at("2026-04-10 10:00"):
            notice.with_user(self.hr).action_policy_publish()
        page = printed(self.zhao, notice)
        self.assertIn("04/10/2026 10:00", page)
        self.assertNotIn("not yet", page)
        with self.assertRaises(AccessError):
            printed(self.zhao, departments)
        page = printed(self.users["finance"], departments)
        self.assertIn("537.00", page)
        self.assertNotIn("Published", page)
        self.env["res.lang"]._activate_lang("zh_CN")
        self.company.partner_id.lang = "zh_CN"
        self.assertIn("2026/04/10", printed(self.hr, notice).replace("年", "/").replace("月", "/"))

    def test_it_is_written_by_nobody(self):
        self._settled()
        _departments, notice = self._prepared()
        with self.assertRaises(AccessError):
            notice.sudo().write({"published_at": "2026-04-01"})
        self._as("supervisor", notice).action_policy_hand_over()
        with self.assertRaises(AccessError):
            notice.line_ids.sudo().write({"who": "他人"})
        with self.assertRaises(AccessError):
            notice.line_ids.sudo().unlink()
