"""The customer's word reopens a closed case through each door: mail, portal and private link."""

from odoo.tests import tagged

from ..common import PolicyCommon, at, shanghai
from ..portal_common import PortalCommon
from .mail_common import MailCommon

# Day 30 after the closing ends on 3 April at midnight; the last second still counts (3.7).
CLOSED, LAST, LATE = "2026-03-04 17:00", "2026-04-03 23:59:59", "2026-04-04 00:00"
FIRST = "<first@hengda.example>"


class ReopenCommon(PolicyCommon):
    def _close(self, case):
        """Close a complaint taken in on 2 March at 9:30 whose first response came too late."""
        with at("2026-03-02 09:30"):
            self._drive(case, "register")
        mine = self._as("specialist", case)
        with at("2026-03-03 09:30:01"):  # one second after the 24 hours
            mine.action_policy_respond("已致电客户")
        with at(CLOSED):
            mine.action_policy_propose("返工并补发")
            mine.action_policy_decide()
            mine.action_policy_settle()
            mine.action_policy_reply("同意返工补发", "phone")
            mine.action_policy_callback(4, "客户认可")
            self._as("supervisor", case).action_policy_recheck("记录齐全")
            mine.action_policy_close()
        self.env.flush_all()

    def _clocks(self, case, cycle):
        return {
            clock.rule_code: (clock.state, clock.start_at, clock.due_at)
            for clock in case.policy_deadline_ids
            if clock.cycle == cycle
        }

    def _followers(self, case):
        return self.env["helpdesk.ticket"].search([("policy_origin_id", "=", case.id)])

    def assertReopened(self, case, before):
        """Assert a new cycle since LAST, with the old clocks as they were in ``before``."""
        self.env.invalidate_all()
        moment = shanghai(LAST)
        self.assertFalse(case.policy_closed_at or case.policy_outcome or case.stage_id.closed)
        self.assertEqual(case.policy_step, "registered")
        self.assertEqual((case.policy_cycle, case.policy_reopened_at), (1, moment))
        self.assertEqual(case.policy_customer_wrote_at, moment)
        self.assertEqual(before["complaint-response"][0], "late")
        self.assertEqual(self._clocks(case, 0), before)
        self.assertEqual(
            self._clocks(case, 1),
            {
                "complaint-response": ("open", moment, shanghai("2026-04-04 23:59:59")),
                "complaint-solution": ("open", moment, shanghai("2026-04-05 23:59:59")),
            },
        )
        self.assertFalse(self._followers(case))

    def assertFollowed(self, case, words):
        """Assert that the closed case stays closed and its follower holds the ``words``."""
        self.env.invalidate_all()
        self.assertEqual((case.policy_cycle, case.policy_closed_at), (0, shanghai(CLOSED)))
        self.assertFalse(self._clocks(case, 1))
        follower = self._followers(case)
        self.assertEqual(len(follower), 1)
        self.assertEqual((follower.policy_kind, follower.policy_cycle), ("complaint", 0))
        self.assertEqual(follower.policy_intake_at, shanghai(LATE))
        self.assertEqual(follower.partner_id, case.partner_id)
        self.assertTrue(follower.policy_to_sort)
        self.assertIn(words, follower.description)
        return follower


class TestReopenByMail(ReopenCommon, MailCommon):
    def setUp(self):
        super().setUp()
        self.team.user_id = self.users["supervisor"]
        with at("2026-03-02 09:30"):
            self.case = self._receive(self._mail(mid=FIRST))
            self.case.user_id = self.users["specialist"]
        self._close(self.case)

    def test_an_answer_in_time_takes_the_case_up_again(self):
        by_number = f"Re: [{self.case.policy_number}] x"
        for name, headers in (
            ("references", {"In_Reply_To": FIRST}),
            ("number", {"subject": by_number}),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                before = self._clocks(self.case, 0)
                with at(LAST):
                    self.assertFalse(self._receive(self._mail(body="又分层了", **headers)))
                self.assertReopened(self.case, before)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_later_answer_becomes_a_case_of_its_own(self):
        with at(LATE):
            made = self._receive(self._mail(body="又分层了", In_Reply_To=FIRST))
        self.assertEqual(self.assertFollowed(self.case, "又分层了"), made)

    def test_machines_and_strangers_reopen_nothing(self):
        with at(LAST):
            self._receive(self._mail(In_Reply_To=FIRST, Auto_Submitted="auto-replied"))
            self._receive(self._mail(In_Reply_To=FIRST, sender="wang@nowhere.example"))
        self.assertEqual(self.case.policy_cycle, 0)
        self.assertEqual(self.case.policy_closed_at, shanghai(CLOSED))
        self.assertFalse(self._followers(self.case))


@tagged("post_install", "-at_install")
class TestReopenByBrowser(ReopenCommon, PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with at("2026-03-02 09:30"):
            cls.case = cls._new_case(partner_id=cls.customer.partner_id.id)

    def setUp(self):
        super().setUp()
        self._close(self.case)
        self.url = f"/my/ticket/{self.case.id}"

    def _form(self, words):
        self.authenticate("t_customer", "t_customer")
        answer = self._post(f"{self.url}/add", page=self.url, text=words)
        self.assertEqual(answer.status_code, 303)

    def _chatter(self, words):
        self.authenticate("t_customer", "t_customer")
        self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": "helpdesk.ticket",
                "thread_id": self.case.id,
                "post_data": {"body": words, "subtype_xmlid": "mail.mt_comment"},
            },
        )

    def _link(self, words):
        self.authenticate(None, None)
        token = self.env["crm.policy.follow.link"]._policy_issue(self.case, 90)
        url = f"/policy/case/{token}"
        self.assertEqual(self._post(f"{url}/add", page=url, text=words).status_code, 303)

    def _reopens(self, say):
        before = self._clocks(self.case, 0)
        with at(LAST):
            say("又分层了")
        self.assertReopened(self.case, before)

    def _follows(self, say):
        with at(LATE):
            say("又分层了")
        self.assertFollowed(self.case, "又分层了")

    def test_the_portal_in_time(self):
        self._reopens(self._form)

    def test_the_portal_later(self):
        self._follows(self._form)

    def test_the_standard_s_message_route_in_time(self):
        self._reopens(self._chatter)

    def test_the_standard_s_message_route_later(self):
        self._follows(self._chatter)

    def test_the_private_link_in_time(self):
        self._reopens(self._link)

    def test_the_private_link_later(self):
        self._follows(self._link)
