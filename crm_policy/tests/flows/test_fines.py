"""S6, second half: what ignorance and unofficial notices cost (RWD-FIN-01 to -04)."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from ..common import at, shanghai
from ..notice_common import NoticeCommon


class TestFines(NoticeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._role_of("deputy_gm").substitute_required = False
        cls._new_post("deputy_gm", cls.people["deputy"])
        for name in ("zhou", "wu", "hr"):
            groups = "base.group_user" + (",crm_policy.group_hr" if name == "hr" else "")
            cls.people[name] = new_test_user(
                cls.env,
                login=f"t_{name}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
                tz="Asia/Shanghai",
            )
        cls.customer = cls._customers("li")
        cls.types = {
            kind.code: kind
            for kind in cls.env["crm.policy.complaint.type"].search(
                [("company_id", "=", cls.company.id)]
            )
        }

    def _sanctions(self):
        return self.env["crm.policy.sanction"].search(
            [("company_id", "=", self.company.id)], order="id"
        )

    def _grievance(self, moment, reason="policy_unknown"):
        with at(moment):
            case = self._new_case(
                policy_complaint_type_id=self.types["frn-grievance"].id,
                partner_id=self.customer.id,
            )
            mine = self._as("specialist", case)
            mine.action_policy_accept()
            mine.action_policy_register()
            mine.policy_grievance_reason = reason
            mine.action_policy_respond("已解释新政策")
        return case

    def _spread(self, day, moment, *names):
        """Record that some have spread a rule among customers without approval."""
        clause = self.governing.clause_ids.filtered(lambda clause: clause.number == "6.1")
        with at(moment):
            notice = self.Notice.with_user(self.users["supervisor"]).create(
                {
                    "name": "私发价格说明",
                    "notice_class": "price",
                    "body": "<p>口头降价</p>",
                    "company_id": self.company.id,
                    "kind": "unauthorised",
                    "person_ids": [
                        Command.set([self.people[name].id for name in names])
                    ],
                    "occurred_on": day,
                    "clause_id": clause.id,
                }
            )  # fmt: skip
            notice.action_policy_report_persons()
        return notice.with_env(self.env)

    def _decide(self, sanction, approve=True, moment="2026-05-26 10:00"):
        with at(moment):
            self._by("deputy", sanction).action_policy_approve("经调查属实，建议扣罚")
            if approve:
                self._as("ceo", sanction).action_policy_approve("同意")
            else:
                self._as("ceo", sanction).action_policy_reject("情节轻微")

    def test_s6(self):
        first, second = self._grievance("2026-05-18 10:00"), self._grievance("2026-05-25 10:00")
        alone = self._spread("2026-05-12", "2026-05-13 09:00", "zhou")
        together = self._spread("2026-05-20", "2026-05-21 09:00", "zhou", "wu")
        self.assertEqual(self._sanctions().mapped("amount"), [50, 50, 50, 50, 50])
        with at("2026-05-22 10:00"):
            complaint = self._new_case(
                policy_complaint_type_id=self.types["frn-service"].id,
                partner_id=self.customer.id,
            )
            self._as("supervisor", together).ticket_ids = complaint
        amounts = {
            (fine.user_id.login.removeprefix("t_"), fine.res_model, fine.res_id): fine.amount
            for fine in self._sanctions()
        }
        self.assertEqual(
            amounts,
            {
                ("li", first._name, first.id): 50,
                ("li", second._name, second.id): 50,
                ("zhou", alone._name, alone.id): 50,
                ("zhou", together._name, together.id): 100,
                ("wu", together._name, together.id): 100,
            },
        )
        self.assertEqual(sum(amounts.values()), 350.00)
        # A second run of the generators creates no duplicates.
        before = self._sanctions()
        with at("2026-05-25 11:00"):
            (first | second).sudo()._policy_propose_fines()
            (alone | together).sudo()._policy_propose_fines()
        self.assertEqual(self._sanctions(), before)
        self.assertEqual(set(before.mapped("state")), {"opinion"})
        self.assertEqual(set(before.mapped("kind")), {"performance_deduction"})
        self.assertEqual(set(before.mapped("clause_number")), {"6.3"})
        # RWD-FIN-04: no execution without opinion, and nobody approves but the general manager.
        hr = self.people["hr"]
        with at("2026-05-25 15:00"):
            self._grant(before, hr)
            with self.assertRefused(UserError, r"6\.3.*once the opinion is written"):
                before[0].with_user(hr).action_policy_execute()
            for user in (self.users["ceo"], self.users["director"], self.people["li"]):
                with self.subTest(user.login), self.assertRaises(UserError):
                    before[0].with_user(user).action_policy_approve("同意")
            with self.assertRaises(UserError):
                self._by("deputy", before[0]).action_policy_approve("")
        for fine in before:
            self._decide(fine, approve=fine.user_id != self.people["wu"])
        approved = before.filtered(lambda fine: fine.state == "approved")
        self.assertEqual(len(approved), 4)
        with at("2026-05-27 09:00"):
            self._grant(approved, hr)
            approved.with_user(hr).action_policy_execute()
        executed = self._sanctions().filtered(lambda fine: fine.state == "executed")
        self.assertEqual(sum(executed.mapped("amount")), 250.00)
        self.assertEqual(len(executed), 4)
        copies = executed.copy_ids.filtered(lambda line: line.label != "original")
        self.assertEqual(len(copies), 12)
        self.assertEqual(
            before.filtered(lambda fine: fine.user_id == self.people["wu"]).state, "rejected"
        )

    def _grant(self, sanctions, user):
        sanctions.sudo()._policy_open_for(user)

    def test_a_complaint_after_the_execution_costs_the_rest(self):
        """RWD-FIN-03: a supplementary 50, once."""
        notice = self._spread("2026-05-12", "2026-05-13 09:00", "zhou")
        [fine] = self._sanctions()
        self._decide(fine, moment="2026-05-14 10:00")
        with at("2026-05-15 10:00"):
            self._grant(fine, self.people["hr"])
            fine.with_user(self.people["hr"]).action_policy_execute()
            complaint = self._new_case(
                policy_complaint_type_id=self.types["frn-service"].id,
                partner_id=self.customer.id,
            )
            self._as("supervisor", notice).ticket_ids = complaint
            notice.sudo()._policy_propose_fines()
        supplement = self._sanctions() - fine
        self.assertEqual(supplement.amount, 50)
        self.assertEqual(supplement.supplement_of_id, fine)
        self.assertEqual(supplement.state, "opinion")

    def test_a_grievance_is_closed_once_the_trace_is_decided(self):
        """CMP-RTE-02."""
        case = self._grievance("2026-05-18 10:00")
        self.assertEqual(self._clock(case, "grievance").state, "met")
        trace = case.policy_countersign_ids
        self.assertEqual(trace.step_code, "policy-trace")
        self.assertEqual(trace.policy_asked_at, shanghai("2026-05-18 10:00"))
        mine = self._as("specialist", case)
        with at("2026-05-18 11:00"):
            mine.action_policy_settle()
        self.assertFalse(self._clock(case, "reply"))
        self.assertEqual(self._clock(case, "callback-grievance").due_at,
                         shanghai("2026-06-02 23:59:59"))  # fmt: skip
        with at("2026-06-02 10:00"):
            mine.action_policy_callback(5, "客户理解")
            self._as("supervisor", case).action_policy_recheck("记录齐全")
            with self.assertRefused(UserError, "Who should have told the customer"):
                mine.action_policy_close()
            self._by("deputy", trace).action_policy_answer("李经理未传达")
            with self.assertRefused(UserError, "SC-.* is decided first"):
                mine.action_policy_close()
        self._decide(self._sanctions(), moment="2026-06-02 11:00")
        with at("2026-06-02 12:00"):
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)

    def test_another_reason_costs_nobody_anything(self):
        case = self._grievance("2026-05-18 10:00", reason="other")
        self.assertFalse(self._sanctions())
        self.assertFalse(case.policy_countersign_ids)
        with self.assertRefused(UserError, "is answered"):
            self._as("specialist", case).policy_grievance_reason = "policy_unknown"

    def _clock(self, record, code):
        return record.policy_deadline_ids.filtered(
            lambda clock: clock.rule_code == code and clock.state != "cancelled"
        )
