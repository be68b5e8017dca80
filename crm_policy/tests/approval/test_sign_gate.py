"""Where a company wants it, who has not signed the policy in force does not approve under it."""

from odoo import Command

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon


class TestSignGate(PolicyCommon):
    def setUp(self):
        super().setUp()
        self.remedy = self._new_remedy(self._new_case(), 900)
        self._as("specialist", self.remedy).action_policy_submit()

    def test_it_is_off_by_default(self):
        self.assertFalse(self.company.policy_sign_gate)
        self._as("manager", self.remedy).action_policy_approve()
        self.assertEqual(self.remedy.policy_approval_state, "approved")

    def test_first_the_signature_then_the_decision(self):
        self.company.policy_sign_gate = True
        mine = self._as("manager", self.remedy)
        with self.assertRaisesRegex(PolicyRefusal, "has signed it first") as caught:
            mine.action_policy_approve()
        action = caught.exception.context["policy_action"]
        self.assertEqual((action["res_model"], action["res_id"]),
                         ("crm.policy.version", self.version.id))  # fmt: skip
        version = self._as("manager", self.version)
        version.action_policy_read()
        version.action_policy_sign()
        mine.action_policy_approve()
        self.assertEqual(self.remedy.policy_approval_state, "approved")

    def test_to_refuse_needs_no_signature(self):
        self.company.policy_sign_gate = True
        self._as("manager", self.remedy).action_policy_reject("金额有误")
        self.assertEqual(self.remedy.policy_approval_state, "rejected")

    def test_the_version_in_force_counts_not_that_of_the_case(self):
        self.company.policy_sign_gate = True
        version = self._as("manager", self.version)
        version.action_policy_read()
        version.action_policy_sign()
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        self._hand_over(draft)
        self._as("director", draft).action_policy_publish()
        self.env.invalidate_all()
        with self.assertRaisesRegex(PolicyRefusal, "v2 has signed it first"):
            self._as("manager", self.remedy).action_policy_approve()

    def test_approvers_outside_the_scope_are_asked_too(self):
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        apart = self.env["hr.department"].create({"name": "市场部", "company_id": self.company.id})
        draft.department_ids = [Command.set(apart.ids)]
        self.assertFalse(draft._policy_audience())
        self.company.policy_sign_gate = True
        self.assertIn(self.users["manager"], draft._policy_audience())
        self.assertNotIn(self.users["qc"], draft._policy_audience())
