"""The window offers those whom the turn would not refuse, and nobody else."""

import contextlib

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..approval_common import ApprovalCommon


class Undo(Exception):
    """Take back what was only tried."""


@tagged("post_install", "-at_install")
class TestSignOffer(ApprovalCommon):
    def _window(self, role, remedy, outcome):
        wizard = self.env["crm.policy.approval.sign"].with_user(self.users[role])
        request = remedy.policy_approval_id.id
        return wizard.with_context(default_approval_id=request, default_outcome=outcome)

    def _offered(self, role, remedy, outcome):
        """Return the logins, without "t_", that the window offers."""
        found = Form(self._window(role, remedy, outcome)).candidate_ids
        return sorted(user.login.removeprefix("t_") for user in found)

    def _accepted(self, role, remedy, method, *args):
        """Return the logins of all of our users whom the server would accept, each tried."""
        accepted = []
        for user in self.env["res.users"].with_context(active_test=False).search([]):
            with contextlib.suppress(Undo, UserError), self.env.cr.savepoint():
                getattr(self._as(role, remedy), method)(user.id, *args)
                accepted.append(user.login.removeprefix("t_"))
                raise Undo
            self.env.invalidate_all()
        return sorted(accepted)

    def test_forwarding_offers_exactly_whom_it_accepts(self):
        for amount, role in ((5000, "manager"), (15000, "director"), (60000, "ceo")):
            remedy = self._submitted(amount)
            with self.subTest(amount):
                offered = self._offered(role, remedy, "forward")
                self.assertEqual(
                    offered, self._accepted(role, remedy, "action_policy_forward", "请定")
                )
                self.assertNotIn("specialist", offered)  # who asks
                self.assertNotIn(role, offered)
        self.assertEqual(
            self._offered("manager", self._submitted(5000), "forward"),
            ["ceo", "ceo2", "ceo3", "director"],
        )

    def test_forwarding_a_sequence_leaves_out_who_has_signed(self):
        self._set_route("manager", "director")
        remedy = self._submitted()
        self._sign(remedy, "manager")
        offered = self._offered("director", remedy, "forward")
        self.assertEqual(
            offered, self._accepted("director", remedy, "action_policy_forward", "请定")
        )
        self.assertNotIn("manager", offered)

    def test_where_all_sign_together_nobody_is_offered(self):
        self._set_route({"role": "ceo", "mode": "all"})
        self.assertEqual(self._offered("ceo", self._submitted(), "forward"), [])

    def test_adding_offers_whom_it_accepts_but_those_who_have_signed(self):
        self._set_route("manager", "director")
        remedy = self._submitted()
        accepted = self._accepted("manager", remedy, "action_policy_add_signer", False, "请会签")
        self.assertEqual(self._offered("manager", remedy, "add"), accepted)
        self.assertIn("qc", accepted)
        self.assertNotIn("specialist", accepted)
        self._sign(remedy, "manager")
        accepted = self._accepted("director", remedy, "action_policy_add_signer", False, "请会签")
        self.assertEqual(
            self._offered("director", remedy, "add"), sorted({*accepted} - {"manager"})
        )

    def test_a_copy_is_offered_to_who_has_none(self):
        remedy = self._submitted()
        self.assertIn("qc", self._offered("specialist", remedy, "copy"))
        self._as("specialist", remedy).action_policy_copy([self.users["qc"].id])
        offered = self._offered("specialist", remedy, "copy")
        self.assertNotIn("qc", offered)
        self.assertIn("finance", offered)

    def test_who_may_not_decide_is_offered_nobody(self):
        remedy = self._submitted()
        for outcome in ("forward", "add"):
            with self.subTest(outcome):
                self.assertEqual(self._offered("specialist", remedy, outcome), [])
        # Who may not even read the request learns nothing of who decides it.
        stranger = self._new_company("宁波分公司")
        self.users["abroad"] = self._new_user("director", login="t_abroad", company=stranger)
        for role in ("qc", "abroad"):
            for outcome in ("forward", "add", "copy"):
                with self.subTest((role, outcome)):
                    mine = self._window(role, remedy, outcome)
                    mine = mine.with_context(allowed_company_ids=mine.env.user.company_ids.ids)
                    window = mine.new(
                        {"approval_id": remedy.policy_approval_id.id, "outcome": outcome}
                    )
                    self.assertFalse(window.candidate_ids)

    def test_the_number_of_employees_costs_nothing(self):
        remedy = self._submitted()

        def count(outcome):
            self.env.flush_all()
            self.env.invalidate_all()
            request = remedy.policy_approval_id.with_user(self.users["manager"])
            before = self.env.cr.sql_log_count
            request._policy_offer(outcome).mapped("login")
            return self.env.cr.sql_log_count - before

        few = {outcome: count(outcome) and count(outcome) for outcome in ("forward", "add", "copy")}
        for number in range(20):
            self._new_user("director" if number % 2 else "specialist", login=f"t_more{number}")
        self.env.registry.clear_cache()
        many = {outcome: count(outcome) and count(outcome) for outcome in few}
        self.assertEqual(many, few)
