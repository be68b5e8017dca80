"""The customer confirms, refuses, rates and appeals: by login, by his case's token, by his link."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import at, shanghai
from ..portal_common import PNG, SECRETS, PortalCommon

OURS = ("处理意见", "Opinion", "opinion", "Sanction", "sanction", "Loss", "loss", "Cycle", "t_qc")


@tagged("post_install", "-at_install")
class TestPortalAnswer(PortalCommon):
    def _case(self, until="reply", **vals):
        case = self._new_case(partner_id=self.customer.partner_id.id, **vals)
        self._drive(case, until)
        return case

    def _url(self, case):
        return f"/my/ticket/{case.id}"

    def _answer(self, case, login="t_customer", page=None, **form):
        if login:
            self.authenticate(login, login)
        url = self._url(case)
        answer = self._post(f"{url}/answer", page=page or url, **form)
        self.env.invalidate_all()
        return answer

    def _said(self, case):
        return self.env["crm.policy.interaction"].search(
            [("ticket_id", "=", case.id), ("kind", "in", ("answer", "rating", "appeal"))],
            order="id",
        )

    def _page(self, case, login="t_customer"):
        self.authenticate(login, login)
        return self._get(self._url(case)).text

    # === WHAT IS OFFERED === #

    def test_what_is_offered_when(self):
        for until, offers in (
            ("accept", set()),
            ("decide", set()),
            ("settle", set()),
            ("reply", {"answer", "rating"}),
            ("recheck", {"answer", "rating"}),
            ("close", {"rating", "appeal"}),
        ):
            with self.subTest(until):
                self.assertEqual(self._case(until)._policy_customer_offers(), offers)
        cancelled = self._case("accept")
        self._as("supervisor", cancelled).action_policy_cancel("重复")
        self.assertEqual(cancelled._policy_customer_offers(), set())
        inquiry = self._new_case(policy_kind="inquiry", partner_id=self.customer.partner_id.id)
        mine = self._as("specialist", inquiry)
        mine.action_policy_accept()
        self.assertEqual(inquiry._policy_customer_offers(), set())
        mine.action_policy_respond("已答复")
        self.assertEqual(inquiry._policy_customer_offers(), {"rating"})
        mine.action_policy_close()
        self.assertEqual(inquiry._policy_customer_offers(), {"rating", "appeal"})

    def test_until_when(self):
        with at("2026-03-02 10:00"):
            case = self._case("close")
        for moment, offers in (
            ("2026-03-09 23:59:59", {"rating", "appeal"}),  # seven days
            ("2026-03-10 00:00:00", {"appeal"}),
            ("2026-04-01 23:59:59", {"appeal"}),  # thirty days
            ("2026-04-02 00:00:00", set()),
        ):
            with self.subTest(moment), at(moment):
                self.assertEqual(case._policy_customer_offers(), offers)

    # === CONFIRMING, REFUSING === #

    def test_the_customer_confirms_once(self):
        case = self._case()
        self.assertIn("I Accept the Solution", self._page(case))
        answer = self._answer(case, saying="confirm", words="可以")
        self.assertEqual(answer.status_code, 303)
        said = self._said(case)
        self.assertEqual(
            (said.kind, said.outcome, said.text, said.channel, said.cycle),
            ("answer", "confirmed", "可以", "portal", 0),
        )
        self.assertFalse(said.user_id)
        self.assertEqual((case.policy_cycle, case.policy_step), (0, "replied"))
        # The second time shows the first, whatever is said.
        for saying in ("confirm", "refuse"):
            self.assertEqual(self._answer(case, saying=saying, words="不行").status_code, 303)
        self.assertEqual(self._said(case), said)
        self.assertEqual(case.policy_cycle, 0)
        page = self._page(case)
        self.assertIn("You accepted the solution.", page)
        self.assertIn("可以", page)
        self.assertNotIn("I Accept the Solution", page)
        self.assertNotIn("不行", page)

    def test_who_refuses_gets_another_solution(self):
        case = self._case()
        answer = self._answer(case, "t_colleague", saying="refuse", words="返工后仍分层")
        self.assertEqual(answer.status_code, 303)
        said = self._said(case)
        self.assertEqual((said.outcome, said.cycle), ("refused", 0))
        self.assertEqual((case.policy_cycle, case.policy_step), (1, "registered"))
        self.assertTrue(case.policy_customer_wrote_at)
        message = case.message_ids.filtered(lambda message: "返工后仍分层" in message.body)
        self.assertEqual(message.author_id, self.colleague.partner_id)
        event = self.env["crm.policy.event"].search(
            [("type", "=", "customer.answer"), ("res_id", "=", case.id)]
        )
        self.assertEqual(
            event.payload,
            {"outcome": "refused", "channel": "portal", "partner": self.colleague.partner_id.id},
        )
        self.assertIn("You refused the solution.", self._page(case))
        # Once more pressed changes nothing; told anew, he is asked anew.
        self.assertEqual(self._answer(case, saying="refuse", words="再次").status_code, 303)
        self.assertEqual(case.policy_cycle, 1)
        mine = self._as("specialist", case)
        mine.action_policy_respond("再次致电")
        mine.action_policy_propose("换货")
        mine.action_policy_decide()
        mine.action_policy_settle()
        mine.action_policy_reply("换货", "phone")
        self._answer(case, saying="confirm")
        self.assertEqual(self._said(case).mapped("outcome"), ["refused", "confirmed"])
        self.assertEqual(self._said(case).mapped("cycle"), [0, 1])

    def test_the_database_keeps_one_answer_of_a_round(self):
        case = self._case()
        self._answer(case, saying="confirm")
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.env["crm.policy.interaction"]._policy_record(case, "answer")

    def test_what_one_of_ours_has_noted_first_is_said_to_the_customer(self):
        case = self._case()
        self._as("specialist", case).action_policy_not_accept("reject", text="客户来电拒绝")
        answer = self._answer(case, saying="refuse", words="改为退款")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Write to us below", answer.text)

    # === RATING === #

    def test_the_customer_rates_once(self):
        case = self._case("close")
        self.assertEqual(self._answer(case, saying="rate", score="5", nps="10").status_code, 303)
        said = self._said(case)
        self.assertEqual(
            (said.kind, said.score, said.nps, said.nps_points), ("rating", 5, "10", 100)
        )
        self.assertEqual(self._answer(case, saying="rate", score="1").status_code, 303)
        self.assertEqual(self._said(case), said)
        self.assertTrue(case.policy_closed_at)
        page = self._page(case)
        self.assertIn("You rated us: satisfaction 5 of 5, recommendation 10 of 10.", page)
        self.assertNotIn("Would you recommend us", page)

    def test_a_low_rating_is_a_low_score(self):
        for until in ("reply", "close"):
            with self.subTest(until):
                case = self._case(until)
                self._answer(case, saying="rate", score="2", nps="0", words="太慢")
                self.assertEqual((case.policy_cycle, case.policy_step), (1, "registered"))
                self.assertEqual(self._said(case).mapped("nps"), ["0"])
        case = self._case("close")
        self._answer(case, saying="rate", score="3")
        self.assertEqual(case.policy_cycle, 0)

    def test_too_late_to_reopen_a_person_looks_at_it(self):
        self._set_parameter("rating_days", 60)
        with at("2026-03-02 10:00"):
            case = self._case("close")
        with at("2026-04-20 10:00"):
            problems = case._policy_customer_answers({"saying": "rate", "score": "1"}, "link")
        self.assertEqual(problems, [])
        self.assertEqual((case.policy_cycle, case.policy_to_sort), (0, True))

    # === APPEALING === #

    def test_an_appeal_is_a_word_after_the_closing(self):
        case = self._case("close")
        self.assertEqual(self._answer(case, saying="appeal", words=" ").status_code, 422)
        self._answer(case, saying="appeal", words="又出现分层")
        self.assertEqual((case.policy_cycle, case.policy_step), (1, "registered"))
        self.assertEqual(self._said(case).kind, "appeal")
        self.assertIn("又出现分层", " ".join(case.message_ids.mapped("body")))
        self.assertEqual(self._answer(case, saying="appeal", words="再申诉").status_code, 303)
        self.assertEqual(len(self._said(case)), 1)

    def test_the_word_goes_to_the_case_that_took_its_place(self):
        """A case that the customer did not accept is handled on in its follower."""
        case = self._case("close")
        case._policy_guarded_write({"policy_outcome": "not_accepted"})
        follower = self._new_case(partner_id=self.customer.partner_id.id)
        follower._policy_guarded_write({"policy_origin_id": case.id})
        self.assertEqual(case._policy_customer_offers(), set())
        case._policy_customer_says("还是不行", [("a.png", PNG, "image/png")])
        self.assertTrue(case.policy_closed_at)
        self.assertFalse(case.policy_customer_wrote_at)
        self.assertTrue(follower.policy_customer_wrote_at)
        message = follower.message_ids.filtered(lambda message: "还是不行" in message.body)
        self.assertEqual(message.author_id, self.customer.partner_id)
        self.assertEqual(message.attachment_ids.mapped("name"), ["a.png"])

    # === WHAT IS REFUSED === #

    def test_what_cannot_be_meant_is_said_and_kept_in_the_form(self):
        self.env["ir.config_parameter"].sudo().set_param("crm_policy.intake_hourly_visitor", "50")
        case = self._case()
        for form, words in (
            ({}, "Choose what you would like to say"),
            ({"saying": "escalate"}, "Choose what you would like to say"),
            ({"saying": "refuse", "words": "  "}, "Tell us why"),
            ({"saying": "confirm", "words": "x" * 10_001}, "too long"),
            ({"saying": "rate"}, "from 1 to 5"),
            ({"saying": "rate", "score": "0"}, "from 1 to 5"),
            ({"saying": "rate", "score": "6"}, "from 1 to 5"),
            ({"saying": "rate", "score": "4.0"}, "from 1 to 5"),
            ({"saying": "rate", "score": "5", "nps": "11"}, "from 0 to 10"),
            ({"saying": "rate", "score": "5", "nps": "-1"}, "from 0 to 10"),
            ({"saying": "appeal", "words": "x"}, "cannot be answered"),
        ):
            with self.subTest(**form):
                answer = self._answer(case, **form)
                self.assertEqual(answer.status_code, 422)
                self.assertIn(words, answer.text)
        self.assertIn('value="0"', self._page(case))
        answer = self._answer(case, saying="rate", score="7", words="很<b>好</b>")
        self.assertIn("很&lt;b&gt;好&lt;/b&gt;", answer.text)
        # A file in the place of a text is no text.
        self.authenticate("t_customer", "t_customer")
        url = self._url(case)
        answer = self._post(f"{url}/answer", page=url, files=[("words", "a.png", PNG)],
                            saying="refuse")  # fmt: skip
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self._said(case))
        self.assertEqual(case.policy_cycle, 0)

    def test_others_answer_nothing(self):
        case = self._case()
        for login in ("t_stranger", "t_plain"):
            answer = self._answer(case, login, page="/new/ticket", saying="confirm")
            self.assertTrue(answer.headers["Location"].endswith("/my"), login)
        self.authenticate(None, None)
        answer = self._post(f"{self._url(case)}/answer", page="/web/login", saying="confirm")
        self.assertTrue(answer.headers["Location"].endswith("/my"))
        self.authenticate("t_customer", "t_customer")
        self.assertEqual(self._post(f"{self._url(case)}/answer", saying="confirm").status_code, 400)
        self.assertFalse(self._said(case))

    def test_over_rpc_a_customer_says_and_reads_nothing(self):
        case = self._case()
        self._answer(case, saying="confirm")
        said = self._said(case)
        for user in (self.customer, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                said.with_user(user).read(["text"])
            with self.assertRaises(AccessError):
                said.with_user(user).create({"ticket_id": case.id, "kind": "rating"})
            with self.assertRaises(AccessError):
                case.with_user(user).read(["policy_callback_outcome"])

    def test_an_ungoverned_ticket_has_no_answers(self):
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "t", "description": "d", "partner_id": self.customer.partner_id.id,
             "company_id": self.company.id}
        )  # fmt: skip
        answer = self._answer(ticket, page="/new/ticket", saying="confirm")
        self.assertEqual(answer.status_code, 303)
        self.assertFalse(self._said(ticket))

    def test_too_many_at_once(self):
        self.env["ir.config_parameter"].sudo().set_param("crm_policy.intake_hourly_visitor", "2")
        case = self._case()
        for _turn in range(2):
            self.assertIn("Tell us why", self._answer(case, saying="refuse").text)
        self.assertIn("Too much comes in", self._answer(case, saying="confirm").text)
        self.assertFalse(self._said(case))

    # === WITHOUT A LOGIN === #

    def test_by_the_token_of_the_case(self):
        case = self._case()
        token = case._portal_ensure_token()
        self.authenticate(None, None)
        page = f"{self._url(case)}?access_token={token}"
        answer = self._answer(case, None, page=page, access_token=token, saying="confirm")
        self.assertIn(f"access_token={token}", answer.headers["Location"])
        self.assertEqual(self._said(case).mapped("channel"), ["link"])
        self.assertIn("You accepted the solution.", self._get(page).text)
        answer = self._answer(case, None, page=page, access_token="no", saying="rate", score="1")
        self.assertTrue(answer.headers["Location"].endswith("/my"))
        self.assertEqual(len(self._said(case)), 1)

    def test_by_the_private_link(self):
        case = self._case()
        days = 30
        with at("2026-03-02 10:00"):
            token = self.env["crm.policy.follow.link"]._policy_issue(case, days)
        self.authenticate(None, None)
        url = f"/policy/case/{token}"
        with at("2026-03-20 10:00"):
            self.assertIn("I Refuse the Solution", self._get(url).text)
            answer = self._post(f"{url}/answer", page=url, saying="refuse")
            self.assertEqual(answer.status_code, 422)
            self.assertIn("Tell us why", answer.text)
            trapped = self._post(f"{url}/answer", page=url, saying="confirm", website="x")
            self.assertEqual(trapped.status_code, 422)
            for _turn in range(2):
                answer = self._post(f"{url}/answer", page=url, saying="refuse", words="不行")
                self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(self._said(case).mapped("outcome"), ["refused"])
        self.assertEqual(self._said(case).at, shanghai("2026-03-20 10:00"))
        self.assertEqual(case.policy_cycle, 1)
        with at("2026-04-02 10:00"):  # the link is over
            csrf = self._csrf("/web/login")
            answer = self._post(f"{url}/answer", csrf_token=csrf, saying="confirm")
            self.assertEqual(answer.status_code, 404)
        answer = self._post(f"/policy/case/{'x' * 32}/answer", csrf_token=csrf, saying="confirm")
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(len(self._said(case)), 1)

    # === WHAT IS NOT ON THE PAGE === #

    def test_no_secret_is_on_the_page_of_an_answered_case(self):
        case = self._new_secret_case()
        mine = self._as("specialist", case)
        mine.action_policy_propose()
        mine.action_policy_submit()
        case.policy_remedy_ids.with_user(self.users["manager"]).action_policy_approve("同意")
        mine.action_policy_decide()
        mine.action_policy_settle()
        mine.action_policy_reply("我们同意返工", "phone", score=1)
        mine.action_policy_callback_attempt("unreachable", "内部回访记录")
        self._answer(case, saying="confirm", words="可以")
        pages = [self._page(case), self._answer(case, saying="rate").text]
        self._as("qc", case).action_policy_recheck("内部复核意见")
        mine.action_policy_callback(4, "内部回访满意", nps=3)
        self._receive(case.policy_remedy_ids)
        mine.action_policy_close()
        pages.append(self._page(case))
        for page in pages:
            self.assertNoSecret(page, "solution")
            for words in ("内部回访记录", "内部复核意见", "内部回访满意", *OURS):
                self.assertNotIn(words, page)
        self.assertIn(SECRETS["solution"], pages[0])
