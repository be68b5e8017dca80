"""How long decisions take, in working hours, and how much money waits; who may look at it."""

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from ..common import PolicyCommon, at


class TestApprovalRanking(PolicyCommon):
    def _submitted(self, moment, amount=5000):
        with at(moment):
            remedy = self._new_remedy(self._new_case(), amount)
            self._as("specialist", remedy).action_policy_submit()
        return remedy.policy_approval_id

    def _submitted_in_dollars(self, moment):
        """Ask for 100 dollars; each is worth 8.00, from 8 March on 5.00."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            [
                {"currency_id": dollar.id, "company_id": self.company.id, "name": day, "rate": rate}
                for day, rate in (("2026-01-01", 0.125), ("2026-03-08", 0.2))
            ]
        )
        approval = self._submitted(moment, 100)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_approval SET currency_id = %s WHERE id = %s",
            [dollar.id, approval.id],
        )
        return approval

    def _rows(self, approvals, role="director"):
        self.env.invalidate_all()
        rows = self.env["crm.policy.approval.ranking"].with_user(self.users[role])
        return rows.search([("approval_id", "in", approvals.ids)], order="id")

    def test_working_hours_until_the_decision(self):
        approval = self._submitted("2026-03-06 17:00")  # a Friday
        with at("2026-03-09 11:30"):
            approval.with_user(self.users["manager"]).action_policy_approve("同意")
            row = self._rows(approval)
        self.assertEqual(
            (row.kind, row.outcome, row.user_id, row.waited_hours, row.amount),
            ("decided", "approved", self.users["manager"], 3.5, 5000),
        )

    def test_what_waits_stands_under_the_person_it_waits_for(self):
        approval = self._submitted("2026-03-06 17:00", 60000)
        with at("2026-03-09 10:00"):
            row = self._rows(approval)
            self.assertEqual(
                (row.kind, row.outcome, row.user_id, row.waited_hours),
                ("waiting", False, self.users["ceo"], 2.0),
            )
            self.assertEqual(row.role_id.code, "ceo")

    def test_amounts_are_those_of_the_company_at_the_rate_of_the_day(self):
        approval = self._submitted_in_dollars("2026-03-06 17:00")
        with at("2026-03-09 10:00"):
            self.assertEqual(self._rows(approval).amount, 800)

    def test_the_day_of_the_rate_is_the_company_s(self):
        """At 23:30 in Greenwich it is the 8th in Shanghai."""
        approval = self._submitted_in_dollars("2026-03-08 07:30")
        with at("2026-03-09 10:00"):
            self.assertEqual(self._rows(approval).amount, 500)

    def test_who_may_look(self):
        approval = self._submitted("2026-03-06 17:00")
        for role in ("director", "ceo", "finance", "analyst"):
            self.assertTrue(self._rows(approval, role), role)
        for role in ("specialist", "supervisor", "manager", "qc", "policy_admin"):
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                self._rows(approval, role)

    def test_another_company_is_not_seen(self):
        approval = self._submitted("2026-03-06 17:00")
        company = self._new_company("宁波")
        stranger = self._new_user("director", login="t_director_elsewhere", company=company)
        rows = self.env["crm.policy.approval.ranking"].with_user(stranger)
        rows = rows.with_context(allowed_company_ids=company.ids)
        self.assertFalse(rows.search([("approval_id", "=", approval.id)]))

    def test_the_number_of_queries_does_not_grow(self):
        first = [self._submitted("2026-03-06 17:00") for _number in range(2)]
        approvals = first[0].union(*first)
        Ranking = self.env["crm.policy.approval.ranking"].with_user(self.users["director"])
        Ranking.search([]).mapped("waited_hours")
        self.env.invalidate_all()
        with self.assertQueryCount(10):
            Ranking.search([]).mapped("waited_hours")
        self.assertEqual(len(self._rows(approvals)), 2)
