"""Requests of an add-on that was uninstalled: nobody is left with a duty, and all is in words.

The uninstallation itself runs in processes of its own: tests/test_sibling_uninstall.py.
"""

from unittest.mock import patch

from odoo.exceptions import UserError

from ..common import PolicyCommon

GONE = "what had it signed is not installed any more"


class TestOrphanRequests(PolicyCommon):
    def setUp(self):
        super().setUp()
        case = self._new_case()
        self._drive(case, "respond")
        self.remedy = self._new_remedy(case, 5000)
        self._as("specialist", self.remedy).action_policy_submit()
        self.request = self.remedy.policy_approval_id
        self.manager = self.users["manager"]
        self.assertIn(self.manager, self.request.eligible_user_ids)

    def _orphan(self, model_name="x.signed.by.an.addon"):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_approval SET res_model = %s WHERE id = %s",
            [model_name, self.request.id],
        )
        self.env.invalidate_all()

    def _keep(self):
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", return_value=1):
            self.env["crm.policy.approval"]._cron_keep_deciders()

    def test_each_button_answers_in_words(self):
        # Gone with its module; still there, but nothing that is signed.
        for model_name in ("x.signed.by.an.addon", "res.country"):
            self._orphan(model_name)
            for user, button, *arguments in (
                (self.manager, "approve", "同意"),
                (self.manager, "reject", "不同意"),
                (self.manager, "return", None, "补充"),
                (self.manager, "add_signer", self.users["ceo"].id),
                (self.manager, "forward", self.users["director"].id),
                (self.users["specialist"], "recall"),
                (self.users["specialist"], "remind"),
                (self.users["specialist"], "copy", self.users["ceo"].ids),
            ):
                with self.subTest(model=model_name, button=button):
                    mine = self.request.with_user(user)
                    with self.assertRefused(UserError, GONE):
                        getattr(mine, f"action_policy_{button}")(*arguments)
            with self.assertRefused(UserError, GONE):
                self.request.with_user(self.manager)._policy_offer("forward")
            self.assertEqual(self.request.state, "pending")

    def test_the_document_opens_as_far_as_there_is_one(self):
        mine = self.request.with_user(self.manager)
        self._orphan()
        with self.assertRefused(UserError, GONE):
            mine.action_policy_open_document()
        country = self.env["res.country"].search([], limit=1)
        self._orphan("res.country")
        self.env.cr.execute(
            "UPDATE crm_policy_approval SET res_id = %s WHERE id = %s",
            [country.id, self.request.id],
        )
        self.env.invalidate_all()
        action = mine.action_policy_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.country", country.id))

    def test_the_job_withdraws_them_and_says_so(self):
        other = self._new_remedy(self.remedy.ticket_id, 4000)
        self._as("specialist", other).action_policy_submit()
        self._orphan()
        self._keep()
        self.assertEqual(self.request.state, "lapsed")
        self.assertFalse(self.request.eligible_user_ids)
        self.assertEqual(self.request.step_ids.mapped("state"), ["skipped"])
        self.assertEqual(other.policy_approval_state, "pending")
        event = self.env["crm.policy.event"].search([("type", "=", "approval.withdrawn")])
        self.assertEqual((event.res_id, event.clause), (self.request.id, "4.2"))
        self.env.cr.precommit.run()
        for user in (self.manager, self.users["specialist"]):
            [message] = self.env["mail.message"].search(
                [
                    ("model", "=", self.request._name),
                    ("res_id", "=", self.request.id),
                    ("subject", "=like", "Withdrawn%"),
                    ("partner_ids", "in", user.partner_id.ids),
                ]
            )
            self.assertIn("nothing is left to decide", message.body)
            # What one is told of one may read.
            self.assertTrue(self.request.with_user(user).chain["end"])
            waiting = self.request.with_user(user).search([("can_decide", "=", True)])
            self.assertNotIn(self.request, waiting)

    def test_its_clock_stands_still(self):
        clocks = self.request.step_ids.policy_deadline_ids
        self._orphan()
        self._keep()
        self.assertNotIn("open", clocks.mapped("state"))

    def test_another_way_to_compare_amounts_does_not_stumble_over_it(self):
        self._orphan()
        self.company.policy_amount_basis = "excluded"
        self.assertEqual(self.request.state, "pending")

    def test_a_document_that_is_still_there_is_told(self):
        self.env["crm.policy.approval"]._policy_withdraw_of(self.remedy._name)
        self.assertEqual(self.request.state, "lapsed")
        self.assertEqual(self.remedy.policy_approval_state, "none")
        self.assertFalse(self.env.cr.precommit.data.get("crm.policy.approval.notices"))

    def test_what_is_decided_stays(self):
        self._as("manager", self.remedy).action_policy_approve("同意")
        self.env["crm.policy.approval"]._policy_withdraw_of(self.remedy._name)
        self.assertEqual(self.request.state, "approved")
