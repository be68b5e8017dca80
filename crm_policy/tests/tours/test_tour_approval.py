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
        small, large = self._requests(15000, 20000)
        self.start_tour("/odoo/policy-approvals", "crm_policy_approval_phone", login="t_director")
        self.env.invalidate_all()
        self.assertEqual([small.state, large.state], ["approved", "rejected"])
        self.assertEqual(small.decision_ids.comment, "金额已核对")

    def test_the_director_sees_on_the_phone_what_money_waits(self):
        self._requests(15000)
        self.start_tour(
            "/odoo/action-crm_policy.approval_ranking_action_waiting",
            "crm_policy_approval_money_phone",
            login="t_director",
        )


@tagged("post_install", "-at_install")
class TestTourApprovalNext(ApprovalInbox):
    def test_one_after_the_other_without_a_click_between(self):
        requests = self._requests(5000, 6000, 7000)
        self.start_tour("/odoo/policy-approvals", "crm_policy_approval_next", login="t_manager")
        self.env.invalidate_all()
        self.assertEqual({request.state for request in requests}, {"approved"})

    def test_who_came_by_a_link_stays(self):
        request, other = self._requests(5000, 6000)
        self.start_tour(
            f"/mail/view?model=crm.policy.approval&res_id={request.id}",
            "crm_policy_approval_stay",
            login="t_manager",
        )
        self.env.invalidate_all()
        self.assertEqual([request.state, other.state], ["approved", "pending"])


@tagged("post_install", "-at_install")
class TestTourApprovalDocument(ApprovalInbox):
    def test_the_manager_signs_at_the_document_and_the_counter_goes_down(self):
        paid, free = self._requests(5000, 0)
        self.start_tour("/odoo/policy-approvals", "crm_policy_approval_document", login="t_manager")
        self.env.invalidate_all()
        self.assertEqual([paid.state, free.state], ["approved", "pending"])
        self.assertEqual(paid.decision_ids.comment, "单据齐全")
        self.assertEqual(paid.decision_ids.user_id, self.users["manager"])


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
