"""Guards of requests that no flow meets by itself, one each."""

from odoo.exceptions import AccessError, UserError

from ...exceptions import PolicyRefusal
from ..approval_common import ApprovalCommon


class TestRequestGuards(ApprovalCommon):
    def test_what_is_decided_offers_nobody_for_a_turn(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id
        for turn in ("forward", "add", "copy"):
            self.assertTrue(self._as("manager", request)._policy_offer(turn), turn)
        self._sign(remedy, "manager")
        for turn in ("forward", "add", "copy"):
            with self.subTest(turn):
                self.assertFalse(self._as("manager", request)._policy_offer(turn))

    def test_who_has_a_front_line_only_is_told_of_no_limit_that_he_keeps(self):
        """The amount is within what he decides in his own cases; this one he is not asked for."""
        mine = self._as("supervisor", self._submitted(400))
        with self.assertRefused(AccessError, "^Clause 4.2 .*you are not asked to decide .*t_manag"):
            mine.action_policy_approve("同意")
        mine = self._as("supervisor", self._submitted(500.01))
        with self.assertRefused(PolicyRefusal, r"500\.01 exceeds your limit of .*500\.00"):
            mine.action_policy_approve("同意")

    def test_what_does_not_wait_for_me_is_found_as_such(self):
        waits, done = self._submitted(), self._submitted()
        self._sign(done, "manager")
        Request = self._as("manager", self.env["crm.policy.approval"])
        both = (waits | done).policy_approval_id
        for operator, value, found in (
            ("=", True, waits),
            ("=", False, done),
            ("!=", True, done),
            ("!=", False, waits),
        ):
            domain = [("id", "in", both.ids), ("can_decide", operator, value)]
            with self.subTest(operator, value=value):
                self.assertEqual(Request.search(domain), found.policy_approval_id)

    def test_who_does_not_see_the_request_is_not_led_to_its_document(self):
        """What was read in the same request is in the cache: no search stands before it."""
        remedy = self._submitted()
        request = remedy.policy_approval_id
        stranger = self._new_user("legal", login="t_stranger")
        request.read(["res_model", "res_id"])
        mine = request.with_user(stranger)
        mine._fields["res_model"]._insert_cache(mine, [request.res_model])
        mine._fields["res_id"]._insert_cache(mine, [request.res_id])
        with self.assertRefused(AccessError, "^Approval Request: only who works on the document"):
            mine.action_policy_open_document()

    def test_who_has_a_copy_is_not_led_to_a_document_that_he_does_not_see(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id
        reader = self._new_user("legal", login="t_reader")
        self._as("specialist", remedy).action_policy_copy([reader.id])
        self.assertTrue(request.with_user(reader).has_access("read"))
        with self.assertRaises(AccessError):
            request.with_user(reader).action_policy_open_document()
        action = self._as("manager", request).action_policy_open_document()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("helpdesk.ticket", remedy.ticket_id.id)
        )

    def test_a_first_signature_says_its_opinion_where_it_is_wanted(self):
        """Of a fine, which is of another room; here of a remedy that wants one as well."""
        remedy = self._submitted()
        self.patch(type(remedy), "_policy_wants_opinion", True)
        with self.assertRefused(UserError, "^Clause 4.2 .*: write your opinion"):
            self._as("manager", remedy).action_policy_approve(" ")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "manager")
        self.assertEqual(remedy.policy_approval_state, "approved")
