"""Loss and open sanctions of a duplicate go on in the case that it is merged into (CMP-DUP-01)."""

from odoo.exceptions import UserError

from ..common import at
from .blame_common import BlameCommon


class TestDuplicateCosts(BlameCommon):
    def _pair(self):
        first = self._quality_case()
        with at("2026-03-03 09:00"):
            return first, self._quality_case()

    def _merge(self, case, into):
        with at("2026-03-04 11:00"):
            self._as("supervisor", case).action_policy_merge(into.id, "同一批货，重复来电")

    def _warning(self, case, **vals):
        clause = self.governing.clause_ids.filtered(lambda line: line.number == "7.5")
        Sanction = self.env["crm.policy.sanction"].with_user(self.users["supervisor"])
        with at("2026-03-03 10:00"):
            return Sanction.create(
                {"kind": "warning", "employee_id": self.zhao_employee.id, "ticket_id": case.id,
                 "clause_id": clause.id, "fact": "未按工艺执行", **vals}
            ).with_env(self.env)  # fmt: skip

    def _proposed(self, case):
        rule = self.env["crm.policy.sanction.rule"]._policy_rules_of(
            self.governing, "person_share"
        )[:1]
        return self.env["crm.policy.sanction"]._policy_propose(
            rule, self.zhao_employee, case, 500.0
        )

    def test_the_losses_are_counted_once_in_the_main_case(self):
        first, second = self._pair()
        self._losses(first)
        lines = self._losses(second)
        lines[1].quantity = 0
        self._merge(second, first)
        self.assertEqual(lines.ticket_id, first)
        self.assertEqual(set(lines.mapped("cycle")), {first.policy_cycle})
        self.assertEqual(first.policy_loss_amount, 2 * 5370.0)
        self.assertEqual(second.policy_loss_amount, 0.0)
        self.assertEqual(first._policy_loss_to_split(), 2 * 5370.0)
        [event] = self.env["crm.policy.event"].search(
            [("type", "=", "case.costs_moved"), ("res_id", "=", second.id)]
        )
        self.assertEqual(event.payload["losses"], lines.ids)

    def test_without_costs_nothing_is_said_of_them(self):
        first, second = self._pair()
        self._merge(second, first)
        self.assertFalse(
            self.env["crm.policy.event"].search(
                [("type", "=", "case.costs_moved"), ("res_id", "=", second.id)]
            )
        )

    def test_a_decided_main_case_takes_no_losses(self):
        first, second = self._pair()
        self._shares(first)
        self._losses(first)
        with at("2026-03-03 11:00"):
            self._as("specialist", first).action_policy_decide()
        lines = self._losses(second)
        with self.assertRefused(UserError, r"3\.10.*has losses.*cannot now.*reopens"):
            self._merge(second, first)
        self.assertFalse(second.policy_outcome)
        with at("2026-03-04 10:00"):
            lines.with_user(self.users["specialist"]).unlink()
        self._merge(second, first)
        self.assertEqual(second.policy_outcome, "cancelled")

    def test_open_proposals_go_on_in_the_main_case(self):
        first, second = self._pair()
        warning = self._warning(second)
        self.assertEqual(warning.state, "proposed")
        self._merge(second, first)
        self.assertEqual((warning.ticket_id, warning.res_id), (first, first.id))
        self.assertEqual(warning.state, "proposed")
        self.assertIn(warning, first.policy_sanction_ids)

    def test_what_waits_for_a_signature_is_asked_for_anew(self):
        first, second = self._pair()
        warning = self._warning(second)
        with at("2026-03-03 10:30"):
            warning.with_user(self.users["supervisor"]).action_policy_submit()
        before = warning.policy_approval_id
        self.assertEqual(warning.state, "opinion")
        self._merge(second, first)
        self.assertEqual(before.state, "lapsed")
        self.assertEqual(warning.ticket_id, first)
        self.assertEqual(warning.state, "opinion")
        self.assertNotEqual(warning.policy_approval_id, before)

    def test_nobody_is_proposed_twice_for_the_same(self):
        first, second = self._pair()
        kept, twin = self._proposed(first), self._proposed(second)
        self.assertNotEqual(kept, twin)
        self._merge(second, first)
        self.assertEqual((kept.state, twin.state), ("proposed", "revoked"))
        self.assertEqual(twin.ticket_id, second)
        self.assertIn(kept.number, twin.revoked_text)

    def test_what_is_decided_stays_where_it_was_decided(self):
        first, second = self._pair()
        warning = self._warning(second)
        with at("2026-03-03 10:30"):
            warning.with_user(self.users["supervisor"]).action_policy_submit()
            warning.with_user(self.deputy).action_policy_approve("情况属实")
            self._as("ceo", warning).action_policy_approve("同意")
        self.assertEqual(warning.state, "approved")
        self._merge(second, first)
        self.assertEqual(warning.ticket_id, second)
