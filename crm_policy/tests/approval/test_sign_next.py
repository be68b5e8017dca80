"""After a decision in the inbox the next request follows; elsewhere one stays where one is."""

from odoo.tests import tagged

from ..approval_common import ApprovalCommon


@tagged("post_install", "-at_install")
class TestSignNext(ApprovalCommon):
    def _decide(self, role, remedy, **vals):
        """Decide in the window of the inbox; return what the window answers."""
        wizard = self.env["crm.policy.approval.sign"].with_user(self.users[role])
        vals = {"approval_id": remedy.policy_approval_id.id, "from_inbox": True, **vals}
        return wizard.create(vals).action_policy_confirm()

    def _next(self, answer):
        """Return (message, next request, all that wait) of an answer."""
        self.assertEqual(answer["tag"], "crm_policy.next_request")
        params = answer["params"]
        return params["message"], params["next_id"], params["waiting_ids"]

    def test_the_one_below_follows_and_at_the_end_the_first_of_the_list(self):
        old, middle, new = (self._submitted(amount) for amount in (5000, 6000, 7000))
        requests = [remedy.policy_approval_id for remedy in (old, middle, new)]
        message, following, waiting = self._next(self._decide("manager", middle))
        self.assertEqual(message, f"{requests[1].name}: approved. 2 to go.")
        self.assertEqual(following, requests[0].id)
        self.assertEqual(waiting, [requests[2].id, requests[0].id])
        answer = self._decide("manager", old, outcome="reject", comment="证据不足")
        message, following, waiting = self._next(answer)
        self.assertEqual(message, f"{requests[0].name}: rejected. 1 to go.")
        self.assertEqual((following, waiting), (requests[2].id, requests[2].ids))
        answer = self._decide("manager", new, outcome="return", comment="补照片")
        message, following, waiting = self._next(answer)
        self.assertEqual(message, f"{requests[2].name}: sent back. Nothing else waits for you.")
        self.assertEqual((following, waiting), (False, []))

    def test_what_somebody_else_decides_now_does_not_come_again(self):
        self._set_route("manager", "ceo")
        first, second = self._submitted(), self._submitted()
        answer = self._decide(
            "manager", first, outcome="forward", user_id=self.users["director"].id
        )
        message, following, _waiting = self._next(answer)
        self.assertIn(": handed on. 1 to go.", message)
        self.assertEqual(following, second.policy_approval_id.id)
        # The first step of many: it goes on to the next signer, and away from here.
        _message, following, waiting = self._next(self._decide("manager", second))
        self.assertEqual((following, waiting), (False, []))

    def test_one_stays_with_what_still_waits_for_one(self):
        self._set_route("manager")
        remedy, _other = self._submitted(), self._submitted()
        person = self.users["qc"].id
        stay = {"type": "ir.actions.act_window_close"}
        self.assertEqual(self._decide("manager", remedy, outcome="add", user_id=person), stay)
        copied = {"outcome": "copy", "user_ids": [(6, 0, [person])]}
        self.assertEqual(self._decide("manager", remedy, **copied), stay)
        before = {"outcome": "add", "user_id": self.users["supervisor"].id, "before": True}
        self.assertIn(
            ": added a signer. 1 to go.", self._next(self._decide("manager", remedy, **before))[0]
        )

    def test_whoever_came_by_the_document_stays_there(self):
        remedy, _other = self._submitted(), self._submitted()
        answer = self._decide("manager", remedy, from_inbox=False)
        self.assertEqual(answer, {"type": "ir.actions.act_window_close"})

    def test_the_form_in_the_inbox_says_that_it_is_there(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_policy.approval_action")
        self.assertIn("'show_next_request': True", action["context"])
        mine = self.env["ir.actions.act_window"]._for_xml_id("crm_policy.approval_action_mine")
        self.assertNotIn("show_next_request", mine["context"])

    def test_a_clock_on_a_request_names_the_request_and_opens_it(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id
        step = request.step_ids.filtered(lambda step: step.state == "pending")
        clock = self.env["crm.policy.deadline"].new({"res_model": step._name, "res_id": step.id})
        self.assertEqual(clock.res_name, f"{request.name} ({step.display_name})")
        opened = clock.action_policy_open_document()
        self.assertEqual((opened["res_model"], opened["res_id"]), (request._name, request.id))

    def test_the_inbox_says_what_each_request_is_about(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id.with_user(self.users["manager"])
        labels = dict(request._fields["subject"]._description_selection(self.env))
        self.assertEqual(request.subject_name, labels[request.subject])
        bare = self.env["crm.policy.approval"].new({"res_model": "crm.policy.sanction"})
        self.assertEqual(bare.with_user(self.users["manager"]).subject_name, "Sanction")
