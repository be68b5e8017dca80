"""The customer reads what the committee has found and agrees or objects himself (CMP-RTE-07)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..committee_common import CommitteeCommon
from ..common import at, shanghai
from ..portal_common import PortalCommon

FINDINGS = "贴面起泡由烘烤温度偏低引起，与使用无关。"
# What stands in the verdict and is not for the customer.
INNER = ("涂装温度不足", "6,800", "5,440", "4,760", "t_production", "t_quality", "t_sales_manager")


class PortalVerdictCommon(PortalCommon, CommitteeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].sudo().set_param("crm_policy.intake_hourly_visitor", "99")

    def setUp(self):
        super().setUp()
        self.case = self._registered("2026-03-12 14:10", partner_id=self.customer.partner_id.id)
        self._handed(self.case, "2026-03-12 14:40", "2026-03-12 15:00")
        self._report(self.case, "2026-03-13 08:50")
        self.url = f"/my/ticket/{self.case.id}"

    def _signed(self, moment="2026-03-13 10:00", shares=(80, 20)):
        verdict = self._verdict(self.case, moment, *shares)
        self._sign(verdict, moment)
        return verdict

    def _present(self, verdict, moment="2026-03-13 11:00"):
        with at(moment):
            self._by("sales_manager", verdict).action_policy_present(FINDINGS)
        return verdict

    def _presented(self):
        return self._present(self._signed())

    def _page(self, login="t_customer", moment="2026-03-13 12:00"):
        with at(moment):
            self.authenticate(login, login)
            return self._get(self.url).text

    def _say(self, saying, moment="2026-03-13 15:00", login="t_customer", **form):
        with at(moment):
            self.authenticate(login, login)
            csrf = self._csrf("/new/ticket")
            answer = self._post(
                f"{self.url}/answer", csrf_token=csrf, saying=saying, **{"round": "1", **form}
            )
        self.env.invalidate_all()
        return answer

    def _said(self):
        return self.env["crm.policy.interaction"].search(
            [("ticket_id", "=", self.case.id), ("kind", "=", "opinion")], order="id"
        )

    def _to_do(self, name):
        return self.case.activity_ids.filtered(
            lambda line: line.user_id == self.people[name] and "round 1" in (line.summary or "")
        ).mapped("summary")


@tagged("post_install", "-at_install")
class TestPortalVerdict(PortalVerdictCommon):
    # === WHAT HE SEES === #

    def test_he_reads_it_once_it_is_shown_to_him(self):
        verdict = self._signed()
        page = self._page()
        for words in (FINDINGS, "I Agree", "1,360", "What We Found Out"):
            self.assertNotIn(words, page)
        self._present(verdict)
        self.assertEqual(
            (verdict.presented_at, verdict.presented_by_id),
            (shanghai("2026-03-13 11:00"), self.people["sales_manager"]),
        )
        page = self._page()
        for words in (FINDINGS, "返厂重新贴面", "03/27/2026", "1,360.00", "(20 %)", "I Agree",
                      "Waiting for your answer", "Read what we found out"):  # fmt: skip
            self.assertIn(words, page)
        for words in INNER:
            self.assertNotIn(words, page)
        self.assertIn("Waiting for your answer", self._list())

    def _list(self):
        with at("2026-03-13 12:00"):
            return self._get("/my/tickets").text

    def test_only_who_speaks_with_him_shows_it(self):
        verdict = self._verdict(self.case, "2026-03-13 10:00", 80, 20)
        with at("2026-03-13 10:30"):
            with self.assertRefused(UserError, "not due"):
                self._by("sales_manager", verdict).action_policy_present(FINDINGS)
        self._sign(verdict, "2026-03-13 10:40")
        with at("2026-03-13 11:00"):
            for name in ("production", "quality"):
                with self.subTest(name), self.assertRefused(AccessError, "by his sales manager"):
                    self._by(name, verdict).action_policy_present(FINDINGS)
            mine = self._by("sales_manager", verdict)
            for text in (None, "", "  ", 5, ["x"]):
                with self.subTest(text), self.assertRefused(ValidationError, "what the customer"):
                    mine.action_policy_present(text)
            self.assertTrue(mine.can_present)
            mine.action_policy_present(FINDINGS)
            self.assertFalse(mine.can_present)
            with self.assertRefused(UserError, "stays as he reads it"):
                mine.action_policy_present("另一种说法")
            for name in ("customer_text", "presented_at", "confirmed_at"):
                with self.subTest(name), self.assertRaises(AccessError):
                    verdict.sudo().write({name: False})
        event = self.env["crm.policy.event"].search(
            [("type", "=", "verdict.presented"), ("res_id", "=", verdict.id)]
        )
        self.assertEqual(event.payload["round"], 1)
        self.assertNotIn(FINDINGS, str(event.payload))

    # === HE AGREES === #

    def test_his_word_is_the_consensus(self):
        verdict = self._presented()
        answer = self._say("agree", words="同意，请按期送达")
        self.assertEqual(answer.status_code, 303)
        moment = shanghai("2026-03-13 15:00")
        self.assertEqual(
            (verdict.state, verdict.confirmed_at, verdict.agreed_at, verdict.confirmed_by_id,
             verdict.told_by_id, verdict.late_reason, len(verdict.confirmation_ids)),
            ("agreed", moment, moment, self.customer.partner_id,
             self.people["sales_manager"], False, 0),
        )  # fmt: skip
        said = self._said()
        self.assertEqual(
            (said.kind, said.outcome, said.round, said.cycle, said.channel, said.author_id,
             said.text, said.at),
            ("opinion", "confirmed", 1, 0, "portal", self.customer.partner_id,
             "同意，请按期送达", moment),
        )  # fmt: skip
        self.assertFalse(said.user_id)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", verdict._name), ("res_id", "=", verdict.id)], order="id"
        )
        payloads = {event.type: event.payload for event in events}
        self.assertEqual(
            payloads["verdict.confirmed"],
            {"case": self.case.id, "round": 1, "confirmed_at": str(moment),
             "partner": self.customer.partner_id.id},
        )  # fmt: skip
        self.assertEqual(payloads["verdict.agreed"]["confirmed_at"], str(moment))
        # The opinion is answered, its clock stops, the approver of the amount is asked.
        outside = self._opinion(self.case, "quality-external")
        self.assertEqual(outside.policy_answered_at, moment)
        self.assertEqual(self._clock(outside, "quality-external").state, "met")
        self.assertEqual(verdict.policy_approval_id.amount, 5440.00)
        self.assertEqual(verdict.policy_approval_id.requester_id, self.people["sales_manager"])
        page = self._page(moment="2026-03-13 16:00")
        self.assertIn("You agreed to our findings.", page)
        self.assertIn("You have agreed.", page)
        self.assertIn(FINDINGS, page)
        self.assertNotIn("I Agree", page)
        for words in INNER:
            self.assertNotIn(words, page)
        self._approve(verdict, "2026-03-16 09:00")
        self.assertEqual(verdict.policy_approval_state, "approved")

    def test_pressed_again_changes_nothing(self):
        verdict = self._presented()
        self._say("agree")
        for saying in ("agree", "object"):
            answer = self._say(saying, "2026-03-13 15:01", words="不同意")
            self.assertEqual(answer.status_code, 303)
        self.assertEqual(self._said().mapped("outcome"), ["confirmed"])
        self.assertEqual((verdict.state, verdict.objected_at), ("agreed", False))

    def test_two_at_once_are_one_decision(self):
        """The second of two clicks finds nothing said yet, and the database says otherwise."""
        verdict = self._presented()
        kind = type(self.case)
        self.patch(kind, "_policy_has_decided", lambda case, given: False)
        self.patch(kind, "_policy_customer_decides_on", lambda case: verdict.sudo())
        form = {"saying": "agree", "round": "1"}
        with at("2026-03-13 15:00"):
            self.assertEqual(self.case._policy_customer_answers(form, "portal"), [])
            with mute_logger("odoo.sql_db"):
                again = self.case._policy_customer_answers(
                    {**form, "saying": "object", "words": "x"}, "link"
                )
        self.assertEqual(again, [])
        self.assertEqual(self._said().mapped("outcome"), ["confirmed"])
        self.assertEqual((verdict.state, verdict.objected_at), ("agreed", False))

    def test_a_late_word_waits_for_the_reason(self):
        """CMP-RTE-08: it is kept as he gave it; who speaks with him says why it came late."""
        verdict = self._presented()
        self.assertEqual(self._say("agree", "2026-03-16 18:00:01").status_code, 303)
        moment = shanghai("2026-03-16 18:00:01")
        self.assertEqual(
            (verdict.state, verdict.confirmed_at, verdict.agreed_at), ("signed", moment, False)
        )
        self.assertRegex(self._to_do("sales_manager")[0], "record the consensus.*late. Say why")
        self.assertEqual(self._page(moment="2026-03-16 19:00").count("I Agree"), 0)
        with at("2026-03-17 09:00"):
            mine = self._by("sales_manager", verdict)
            with self.assertRefused(UserError, "has agreed to it himself"):
                mine.action_policy_object("不同意")
            with self.assertRefused(ValidationError, r"3\.3.*late. Say why"):
                mine.action_policy_agree()
            mine.action_policy_agree(None, "客户出差")
        self.assertEqual((verdict.state, verdict.agreed_at),
                         ("agreed", shanghai("2026-03-17 09:00")))  # fmt: skip
        self.assertEqual(verdict.confirmed_at, moment)

    def test_who_showed_it_speaks_for_him_no_more(self):
        verdict = self._presented()
        (self.partner | self.customer.partner_id).user_id = self.people["deputy_gm"]
        self._say("agree")
        self.assertEqual((verdict.state, bool(verdict.confirmed_at)), ("signed", True))
        self.assertRegex(self._to_do("deputy_gm")[0], "record the consensus")
        self.assertFalse(self._to_do("sales_manager"))

    def test_without_his_word_a_paper_is_needed(self):
        verdict = self._presented()
        with at("2026-03-13 12:00"), self.assertRefused(ValidationError, "has signed"):
            self._by("sales_manager", verdict).action_policy_agree()

    # === HE OBJECTS === #

    def test_his_objection_opens_the_next_round(self):
        verdict = self._present(self._signed(shares=(70, 30)))
        self.assertEqual(self._say("object", words=" ").status_code, 422)
        answer = self._say("object", "2026-03-13 17:00", "t_colleague", words="客户只承担两成")
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(
            (verdict.state, verdict.objected_at, verdict.objection, verdict.told_by_id),
            ("objected", shanghai("2026-03-13 17:00"), "客户只承担两成",
             self.people["sales_manager"]),
        )  # fmt: skip
        self.assertEqual(
            (self._said().outcome, self._said().author_id), ("refused", self.colleague.partner_id)
        )
        message = self.case.message_ids.filtered(lambda line: "客户只承担两成" in line.body)
        self.assertEqual(message.author_id, self.colleague.partner_id)
        for name in ("sales_manager", "production"):
            with self.subTest(name):
                self.assertRegex(self._to_do(name)[0], "the customer objects")
        page = self._page(moment="2026-03-13 18:00")
        self.assertIn("We discuss your objection", page)
        self.assertNotIn(FINDINGS, page)
        # The next round is another question to him.
        second = self._signed("2026-03-16 10:00")
        self.assertEqual(second.round, 2)
        self.assertNotIn("I Agree", self._page(moment="2026-03-16 10:30"))
        self._present(second, "2026-03-16 11:00")
        page = self._page(moment="2026-03-16 11:30")
        self.assertIn('name="round" value="2"', page)
        # A page of the first round that was left open says nothing about the second.
        self.assertEqual(self._say("agree", "2026-03-16 12:00", round="1").status_code, 303)
        self.assertEqual(second.state, "signed")
        self._say("agree", "2026-03-16 16:30", round="2")
        self.assertEqual((second.state, second.agreed_at),
                         ("agreed", shanghai("2026-03-16 16:30")))  # fmt: skip
        self.assertEqual(self._said().mapped("outcome"), ["refused", "confirmed"])

    def test_a_page_left_open_answers_nothing_newer(self):
        first = self._presented()
        with at("2026-03-13 13:00"):
            self._by("sales_manager", first).action_policy_object("电话中不同意")
        second = self._present(self._signed("2026-03-13 14:00"), "2026-03-13 14:30")
        answer = self._say("agree", round="1")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("once more", answer.text)
        for given in ("", "0", "3", "x", "1;2"):
            self.assertEqual(self._say("agree", round=given).status_code, 422)
        self.assertEqual(second.state, "signed")
        self.assertFalse(self._said())

    # === WHAT IS REFUSED === #

    def test_what_is_settled_or_ended_is_not_answered(self):
        self._signed()
        for form, words in (
            ({"saying": "agree"}, "nothing to answer now"),
            ({"saying": "object", "words": "x"}, "nothing to answer now"),
        ):
            answer = self._say(**form)
            self.assertEqual(answer.status_code, 422)
            self.assertIn(words, answer.text)
        verdict = self._present(self.case.policy_verdict_ids)
        self.assertIn("too long", self._say("agree", words="x" * 10_001).text)
        self._agree(verdict, "2026-03-13 14:00")
        answer = self._say("object", words="还是不同意")
        self.assertIn("settled with you already", answer.text)
        self._approve(verdict, "2026-03-13 15:30")
        with at("2026-03-13 16:00"):
            self._as("specialist", self.case).action_policy_decide()
        self.assertIn("decided already", self._say("object", "2026-03-13 16:10", words="x").text)
        self.assertFalse(self._said())

    def test_a_case_that_has_ended_asks_nothing(self):
        verdict = self._presented()
        with at("2026-03-13 13:00"):
            self._as("supervisor", self.case).action_policy_cancel("重复")
        answer = self._say("agree")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("is closed", answer.text)
        self.assertNotIn(FINDINGS, self._page(moment="2026-03-13 16:00"))
        self.assertEqual(verdict.state, "signed")

    def test_others_say_nothing(self):
        verdict = self._presented()
        for login in ("t_stranger", "t_plain"):
            with self.subTest(login):
                answer = self._say("agree", login=login)
                self.assertTrue(answer.headers["Location"].endswith("/my"))
        with at("2026-03-13 15:00"):
            self.authenticate(None, None)
            answer = self._post(f"{self.url}/answer", page="/web/login", saying="agree", round="1")
        self.assertTrue(answer.headers["Location"].endswith("/my"))
        # Whoever works for us does not speak as the customer, even who may read the case.
        answer = self._say("agree", login="t_sales_manager")
        self.assertIn("Only the customer himself", answer.text)
        self.env.invalidate_all()
        self.assertEqual(verdict.state, "signed")
        self.assertFalse(self._said())
        for user in (self.customer, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                verdict.with_user(user).read(["customer_text"])
            with self.assertRaises(AccessError):
                verdict.with_user(user).action_policy_agree()
            with self.assertRaises(AccessError):
                self.case.with_user(user).read(["policy_verdict_ids"])

    # === WITHOUT A LOGIN === #

    def test_by_the_token_and_by_the_private_link(self):
        verdict = self._presented()
        token = self.case._portal_ensure_token()
        with at("2026-03-13 14:00"):
            self.authenticate(None, None)
            page = f"{self.url}?access_token={token}"
            self.assertIn("I Agree", self._get(page).text)
            wrong = self._post(
                f"{self.url}/answer", page=page, access_token="no", saying="agree", round="1"
            )
            self.assertTrue(wrong.headers["Location"].endswith("/my"))
            link = self.env["crm.policy.follow.link"]._policy_issue(self.case, 30)
            follow = f"/policy/case/{link}"
            self.assertIn(FINDINGS, self._get(follow).text)
            answer = self._post(f"{follow}/answer", page=follow, saying="object", round="1")
            self.assertEqual(answer.status_code, 422)
            self.assertIn("what you do not agree with", answer.text)
            answer = self._post(
                f"{self.url}/answer", page=page, access_token=token, saying="agree", round="1"
            )
            self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(
            (verdict.state, bool(verdict.confirmed_at), bool(verdict.confirmed_by_id)),
            ("agreed", True, False),
        )
        self.assertEqual((self._said().channel, bool(self._said().author_id)), ("link", False))
