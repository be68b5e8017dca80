"""The authority lines of the acceptance scenarios S6 (fines) and S11 (three signatures)."""

from odoo.exceptions import UserError

from ..approval_common import ApprovalCommon


class TestScenarioLines(ApprovalCommon):
    def test_fines_have_an_opinion_before_the_executive_decides_each(self):
        """S6: 100 + 150 + 100 are proposed, one is rejected, 250 may be executed."""
        self._role_of("deputy_gm").user_id = self.users["director"]
        self._set_route("deputy_gm", "ceo")
        fines = {name: self._submitted(amount) for name, amount in
                 (("Li", 100), ("Zhou", 150), ("Wu", 100))}  # fmt: skip
        for fine in fines.values():
            with self.assertRaises(UserError):  # before the opinion
                self._sign(fine, "ceo")
            self._sign(fine, "director")
        self._sign(fines["Li"], "ceo")
        self._sign(fines["Zhou"], "ceo")
        self._as("ceo", fines["Wu"]).action_policy_reject("与周某重复")
        approved = [fine for fine in fines.values() if fine.policy_approval_state == "approved"]
        self.assertEqual(sum(fine.amount for fine in approved), 250)
        with self.assertRaises(UserError):  # nobody decides a second time
            self._sign(fines["Wu"], "ceo")

    def test_the_executive_never_signs_before_finance(self):
        """S11: head, Finance, CEO; whoever comes too early is refused, whatever his rank."""
        self._set_route("department_head", "finance", "ceo")
        remedy = self._submitted()
        for role in ("ceo", "finance"):
            with self.assertRaises(UserError):
                self._sign(remedy, role)
        self._sign(remedy, "manager")
        with self.assertRaises(UserError):
            self._sign(remedy, "ceo")
        self._sign(remedy, "finance", "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertEqual(
            [decision.user_id for decision in remedy.policy_approval_id.decision_ids],
            [self.users[role] for role in ("manager", "finance", "ceo")],
        )
