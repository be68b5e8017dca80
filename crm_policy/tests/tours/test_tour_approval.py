"""The inbox in a real browser: on a phone one by one, at the desk several at once."""

from odoo.tests import HttpCase, tagged

from ..approval_common import ApprovalCommon


class ApprovalInbox(HttpCase, ApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users.values():
            user.lang = "zh_CN"

    def _requests(self, *amounts):
        remedies = [self._new_remedy(self._new_case(), amount) for amount in amounts]
        for remedy in remedies:
            self._as("specialist", remedy).action_policy_submit()
        return [remedy.policy_approval_id for remedy in remedies]


@tagged("post_install", "-at_install")
class TestTourApprovalPhone(ApprovalInbox):
    browser_size = "390x844"
    touch_enabled = True

    def test_the_director_signs_on_the_phone(self):
        small, _large = self._requests(15000, 20000)
        self.start_tour("/odoo/policy-approvals", "crm_policy_approval_phone", login="t_director")
        self.env.invalidate_all()
        self.assertEqual(small.state, "approved")
        self.assertEqual(small.decision_ids.comment, "金额已核对")


@tagged("post_install", "-at_install")
class TestTourApprovalBulk(ApprovalInbox):
    def test_the_manager_signs_several_at_once(self):
        requests = self._requests(5000, 6000, 7000)
        self.start_tour("/odoo/policy-approvals", "crm_policy_approval_bulk", login="t_manager")
        self.env.invalidate_all()
        self.assertEqual({request.state for request in requests}, {"approved"})


@tagged("post_install", "-at_install")
class TestTourApprovalChain(ApprovalInbox):
    def test_a_request_of_several_steps_opens(self):
        self._set_route("manager", {"role": "finance", "mode": "all"}, "ceo")
        remedy = self._submitted(5000)
        self._as("manager", remedy).action_policy_approve("金额合理")
        request = remedy.policy_approval_id
        self.start_tour(
            f"/odoo/crm.policy.approval/{request.id}",
            "crm_policy_approval_chain",
            login="t_finance",
        )
