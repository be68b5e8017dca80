"""Customers are heard on what touches them, before it is decided (POL-CON-01)."""

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..common import at, shanghai
from ..portal_common import PortalCommon

SCRIPT = "<script>alert(1)</script>"


class ConsultationCommon(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.users["policy_admin"]
        cls.Consultation = cls.env["crm.policy.consultation"]

    def _draft(self, partners=None, days=14, **vals):
        """Return a draft of the policy in force that touches customers."""
        draft = self.version.with_user(self.admin)._policy_new_version()
        draft.write(
            {
                "affects_customers": True,
                "consulted_partner_ids": [Command.set((partners or self.partner).ids)],
                "revision_reason": "customer_need",
                "change_summary": "缩短答复时间",
                **vals,
            }
        )
        if days:
            self.env["crm.policy.parameter"].with_user(self.admin).create(
                {
                    "code": "consultation_days",
                    "name": "征求客户意见的天数",
                    "clause_id": draft.clause_ids[0].id,
                    "value": days,
                }
            )
        return draft

    def _asked(self, moment="2026-03-02 10:00", **kwargs):
        draft = self._draft(**kwargs)
        with at(moment):
            draft.action_policy_review()
        return draft

    def _say(self, version, text="一小时太长", user=None, clause=None):
        clause = version.clause_ids.filtered("text")[0] if clause is None else clause
        return self.Consultation._policy_say(
            user or self.customer, version.id, clause and clause.id, text
        )


class TestConsultation(ConsultationCommon):
    # === THE ROUND === #

    def test_a_round_lasts_fourteen_days_from_the_handing_over(self):
        version = self._asked("2026-03-02 10:00")
        self.assertEqual(version.consultation_opened_at, shanghai("2026-03-02 10:00"))
        self.assertEqual(version.consultation_closes_at, shanghai("2026-03-16 23:59:59"))
        for moment, state, open_to in (
            ("2026-03-02 10:00:00", "open", True),
            ("2026-03-16 23:59:59", "open", True),
            ("2026-03-17 00:00:00", "closed", False),
        ):
            with self.subTest(moment), at(moment):
                version.invalidate_recordset()
                self.assertEqual(version.consultation_state, state)
                found = version._policy_open_to(self.customer)
                self.assertEqual(found == version.sudo(), open_to)

    def test_the_version_in_force_fixes_the_days_not_the_draft(self):
        first = self._draft(days=20, affects_customers=False)
        first.action_policy_review()
        self._as("director", first).action_policy_publish()
        draft = first._policy_new_version()
        draft.write(
            {
                "affects_customers": True,
                "consulted_partner_ids": [Command.set(self.partner.ids)],
                "revision_reason": "law",
                "change_summary": "x",
            }
        )
        parameter = self.env["crm.policy.parameter"].search(
            [("version_id", "=", draft.id), ("code", "=", "consultation_days")]
        )
        parameter.with_user(self.admin).value = 1
        with at("2026-12-02 10:00"):
            draft.action_policy_review()
        self.assertEqual(draft.consultation_closes_at, shanghai("2026-12-22 23:59:59"))

    def test_nobody_to_ask_and_no_time_to_ask_are_said_before(self):
        draft = self._draft(partners=self.other_partner.create({"name": "没有账号的客户"}))
        with self.assertRefused(UserError, "name those who are asked.*tab Consultation"):
            draft.action_policy_review()
        draft = self._draft(days=0)
        with self.assertRefused(UserError, "give it the parameter consultation_days"):
            draft.action_policy_review()
        self.assertEqual(draft.state, "draft")

    def test_what_touches_no_customer_asks_none(self):
        draft = self._draft(affects_customers=False)
        draft.action_policy_review()
        self.assertFalse(draft.consultation_closes_at)
        self._as("director", draft).action_policy_publish()
        self.assertEqual(draft.state, "effective")

    def test_a_round_broken_off_begins_anew(self):
        version = self._asked("2026-03-02 10:00")
        with at("2026-03-05 10:00"):
            version.action_policy_draft()
            self.assertEqual(version.consultation_state, "none")
            self.assertFalse(version._policy_open_to(self.customer))
            version.clause_ids.filtered("text")[0].with_user(self.admin).text = "半小时"
            version.action_policy_review()
        self.assertEqual(version.consultation_closes_at, shanghai("2026-03-19 23:59:59"))

    def test_a_round_that_is_over_is_not_repeated_and_a_change_is_seen(self):
        version = self._asked("2026-03-02 10:00")
        with at("2026-03-03 10:00"):
            line = self._say(version)
        with at("2026-03-18 10:00"):
            version.invalidate_recordset()
            self.assertFalse(version.consultation_changed)
            self._as("policy_admin", line).action_policy_answer("partly", "改为半小时")
            version.action_policy_draft()
            version.clause_ids.filtered("text")[0].with_user(self.admin).text = "半小时"
            version.action_policy_review()
            version.invalidate_recordset()
            self.assertTrue(version.consultation_changed)
        self.assertEqual(version.consultation_closes_at, shanghai("2026-03-16 23:59:59"))

    def test_another_text_is_shown_anew(self):
        version = self._asked("2026-03-02 10:00")
        with at("2026-03-03 10:00"):
            line = self._say(version)
        with at("2026-03-18 10:00"):
            self._as("policy_admin", line).action_policy_answer("rejected", "做不到")
            version.action_policy_draft()
            version.action_policy_review()
            self.assertEqual(version.consultation_closes_at, shanghai("2026-03-16 23:59:59"))
            version.action_policy_draft()
            version.clause_ids.filtered("text")[0].with_user(self.admin).text = "两天"
            version.action_policy_review()
            self.assertEqual(version.consultation_closes_at, shanghai("2026-04-01 23:59:59"))
            with self.assertRefused(UserError, "asked until 2026-04-01"):
                self._as("director", version).action_policy_publish()
            version.invalidate_recordset()
            self.assertFalse(version.consultation_changed)

    def test_what_was_adopted_in_an_earlier_round_does_not_spare_the_next(self):
        version = self._asked("2026-03-02 10:00")
        clause = version.clause_ids.filtered("text")[0].with_user(self.admin)
        with at("2026-03-03 10:00"):
            line = self._say(version)
        with at("2026-03-18 10:00"):
            version.action_policy_draft()
            clause.text = "两天"
            version.action_policy_review()  # not answered yet: asked again
            self._as("policy_admin", line).action_policy_answer("accepted", "改")
        with at("2026-04-02 10:00"):
            version.action_policy_draft()
            clause.text = "三天"
            version.action_policy_review()
        self.assertEqual(version.consultation_closes_at, shanghai("2026-04-16 23:59:59"))

    def test_the_customers_are_told_in_their_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.customer.lang = "zh_CN"
        version = self._asked()
        mails = self.env["mail.message"].search(
            [("partner_ids", "in", self.customer.partner_id.ids)], order="id desc", limit=1
        )
        self.assertIn("/my/policies", mails.body)
        self.assertIn(version.policy_id.with_context(lang="zh_CN").name, mails.subject)
        self.assertNotIn(self.stranger.partner_id, mails.partner_ids)

    # === THE DECISION WAITS === #

    def test_it_is_decided_after_the_round_and_every_answer(self):
        version = self._asked("2026-03-02 10:00")
        with at("2026-03-03 10:00"):
            first = self._say(version, "一小时太长")
            second = self._say(version, "希望周末也有人接听", clause=False)
        boss = self._as("director", version)
        with at("2026-03-16 23:59:59"):
            with self.assertRefused(UserError, "asked until 2026-03-16"):
                boss.action_policy_publish()
        with at("2026-03-17 09:00"):
            with self.assertRefused(UserError, "一小时太长\n- 苏州恒达电子 希望周末也有人接听"):
                boss.action_policy_publish()
            self._as("policy_admin", first).action_policy_answer("partly", "改为45分钟")
            with self.assertRefused(UserError, "希望周末也有人接听"):
                boss.action_policy_publish()
            self._as("policy_admin", second).action_policy_answer("rejected", "周末有值班热线")
            boss.action_policy_publish()
        self.assertEqual(version.state, "effective")

    def test_a_flag_without_a_round_is_no_way_round_it(self):
        version = self._asked()
        version.sudo()._policy_guarded_write({"consultation_closes_at": False})
        with self.assertRefused(UserError, "have not been asked"):
            self._as("director", version).action_policy_publish()

    # === ANSWERS === #

    def test_an_answer_has_a_reason_and_is_given_once(self):
        line = self._say_now()
        mine = self._as("policy_admin", line)
        for answer, reason in (("accepted", " "), ("accepted", None), ("maybe", "x"), (None, "x"),
                               ("accepted", 7)):  # fmt: skip
            with self.subTest(answer=answer, reason=reason):
                with self.assertRefused(ValidationError, "and why"):
                    mine.action_policy_answer(answer, reason)
        mine.action_policy_answer("accepted", "照此修改")
        self.assertEqual(
            (line.answer, line.reason, line.answered_by_id, line.state),
            ("accepted", "照此修改", self.admin, "answered"),
        )
        with self.assertRefused(UserError, "answered already"):
            mine.action_policy_answer("rejected", "改口")

    def _say_now(self):
        version = self._asked("2026-03-02 10:00")
        with at("2026-03-03 10:00"):
            return self._say(version)

    def test_who_answers(self):
        line = self._say_now()
        legal = self._new_user("legal")
        for user in (legal, self.users["specialist"], self.users["manager"], self.customer):
            with self.subTest(user.login), self.assertRaises(AccessError):
                line.with_user(user).action_policy_answer("accepted", "x")
            with self.subTest(user.login), self.assertRaises(AccessError):
                line.with_user(user).sudo().action_policy_answer("accepted", "x")
        self.assertFalse(line.answer)

    def test_the_window_answers_several_at_once(self):
        version = self._asked("2026-03-02 10:00")
        with at("2026-03-03 10:00"):
            lines = self._say(version, "太长") | self._say(version, "确实太长")
        Answer = self.env["crm.policy.consultation.answer"].with_user(self.admin)
        window = Answer.with_context(
            active_model="crm.policy.consultation", active_ids=lines.ids
        ).create({"answer": "accepted", "reason": "已采纳"})
        window.action_policy_confirm()
        self.assertEqual(lines.mapped("answer"), ["accepted", "accepted"])

    def test_nobody_writes_an_opinion_or_an_answer_by_hand(self):
        line = self._say_now()
        vals = {
            "version_id": line.version_id.id,
            "partner_id": self.partner.id,
            "user_id": self.customer.id,
            "comment": "假的",
            "commented_at": "2026-03-03 10:00:00",
        }
        for actor in (line, self._as("policy_admin", line), self._as("director", line).sudo()):
            with self.subTest(actor.env.user.login):
                for change in ({"answer": "accepted"}, {"comment": "改"}, {"reason": "x"}):
                    with self.assertRaises(AccessError):
                        actor.write(change)
                with self.assertRaises(AccessError):
                    actor.unlink()
                with self.assertRaises(AccessError):
                    actor.create([vals])
        for method in ("_policy_insert", "_policy_say", "_policy_update"):
            with self.assertRaises(AccessError):
                call_kw(line.with_user(self.admin), method, [line.ids], {})

    def test_the_guarded_fields_of_a_round(self):
        draft = self._draft()
        for name, value in (
            ("consultation_opened_at", "2026-01-01 00:00:00"),
            ("consultation_closes_at", "2026-01-02 00:00:00"),
            ("consultation_hash", "x"),
        ):
            for actor in (draft, draft.sudo()):
                with self.subTest(name), self.assertRaisesRegex(AccessError, "cannot be written"):
                    actor.write({name: value})

    def test_who_reads_the_opinions(self):
        line = self._say_now()
        for user, seen in (
            (self.admin, True),
            (self.users["director"], True),
            (self._new_user("committee"), True),
            (self._new_user("legal"), True),
            (self.users["specialist"], False),
            (self.customer, False),
            (self.stranger, False),
        ):
            with self.subTest(user.login):
                self.assertEqual(line.with_user(user).has_access("read"), seen)
        other = self._new_company("无锡分公司")
        far = self._new_user("director", login="t_wuxi_director", company=other)
        self.assertFalse(
            self.Consultation.with_user(far).with_context(allowed_company_ids=other.ids).search([])
        )

    # === WHO IS ASKED === #

    def test_only_the_invited_and_only_now(self):
        version = self._asked("2026-03-02 10:00")
        other = self._new_company("无锡分公司")
        far = new_test_user(
            self.env,
            login="t_far",
            groups="base.group_portal",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        far.partner_id.parent_id = self.partner  # of the same customer, for another company
        clause = version.clause_ids[0]
        with at("2026-03-03 10:00"):
            self.assertEqual(self._say(version, user=self.colleague).partner_id, self.partner)
            for user in (self.stranger, far, self.users["specialist"], self.plain):
                with self.subTest(user.login), self.assertRefused(AccessError, "not asked"):
                    self._say(version, user=user)
            with self.assertRefused(AccessError, "not asked"):
                self._say(version, clause=self.version.clause_ids[0])
            self.customer.sudo().active = False
            with self.assertRefused(AccessError, "not asked"):
                self._say(version, clause=clause)
            self.customer.sudo().active = True
        for moment in ("2026-03-02 09:59", "2026-03-17 00:00"):
            with at(moment), self.subTest(moment), self.assertRefused(AccessError, "no longer"):
                self._say(version, clause=clause)

    def test_one_person_is_asked_without_his_company(self):
        version = self._asked(partners=self.customer.partner_id)
        with at("2026-03-03 10:00"):
            self._say(version)
            with self.assertRefused(AccessError, "not asked"):
                self._say(version, user=self.colleague)
        self.assertEqual(len(self.Consultation._policy_said_by(self.customer)), 1)
        self.assertFalse(self.Consultation._policy_said_by(self.colleague))

    def test_a_company_that_was_asked_reads_what_its_people_say(self):
        version = self._asked()
        with at("2026-03-03 10:00"):
            line = self._say(version)
        self.assertEqual(self.Consultation._policy_said_by(self.colleague), line)
        self.assertFalse(self.Consultation._policy_said_by(self.stranger))

    def test_limits_against_floods(self):
        version = self._asked()
        with at("2026-03-03 10:00"):
            for text in ("", "   ", None):
                with self.assertRefused(UserError, "Write something"):
                    self._say(version, text)
            with self.assertRefused(UserError, "2001 characters; at most 2000"):
                self._say(version, "长" * 2001)
            self.assertEqual(len(self._say(version, "长" * 2000).comment), 2000)
            for _number in range(19):
                self._say(version, "再说一次", user=self.colleague)
            with self.assertRefused(UserError, "You have sent 20 comments"):
                self._say(version)

    def test_two_at_once_do_not_share_a_number(self):
        line = self._say_now()
        [vals] = line.copy_data({"number": 1})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                line.sudo()._policy_insert([vals])


class TestConsultationPortal(ConsultationCommon):
    """The page itself, over HTTP; the clock is the real one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draft_version = cls._draft(cls)
        cls.draft_version.action_policy_review()
        cls.url = f"/my/policies/{cls.draft_version.id}"
        cls.clause = cls.draft_version.clause_ids.filtered("text")[0]

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _send(self, text="一小时太长", clause=None, page=None):
        return self._post(
            f"{self.url}/comment",
            page=page or self.url,
            clause_id=(clause or self.clause).id,
            text=text,
        )

    def test_the_invited_reads_and_says_something(self):
        self._login(self.customer)
        self.assertIn(self.url, self._get("/my/policies").text)
        self.assertIn(self.clause.text[:30], self._get(self.url).text)
        answer = self._send()
        self.assertEqual(answer.status_code, 303)
        line = self.Consultation.search([("version_id", "=", self.draft_version.id)])
        self.assertEqual(
            (line.comment, line.clause_id, line.partner_id, line.user_id),
            ("一小时太长", self.clause, self.partner, self.customer),
        )
        self.assertIn("一小时太长", self._get(self.url).text)
        self._as("policy_admin", line).action_policy_answer("partly", "改为45分钟")
        for url in (self.url, "/my/policies"):
            self.assertIn("改为45分钟", self._get(url).text)

    def test_others_see_neither_the_draft_nor_what_was_said(self):
        self._login(self.customer)
        self._send("只给贵司看的话")
        self._login(self.stranger)
        self.assertEqual(self._get(self.url).status_code, 303)
        self.assertNotIn("只给贵司看的话", self._get("/my/policies").text)
        answer = self._post(f"{self.url}/comment", page="/my/tickets", text="x")
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(len(self.Consultation.search([])), 1)
        self.authenticate(None, None)
        self.assertIn("/web/login", self._get(self.url).headers["Location"])

    def test_another_invited_customer_does_not_see_it_either(self):
        self.draft_version._policy_guarded_write(
            {"consulted_partner_ids": [Command.link(self.other_partner.id)]}
        )
        self._login(self.customer)
        self._send("只给贵司看的话")
        self._login(self.stranger)
        page = self._get(self.url)
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("只给贵司看的话", page.text)

    def test_what_is_typed_stays_text(self):
        self._login(self.customer)
        self._send(SCRIPT)
        page = self._get(self.url).text
        self.assertNotIn(SCRIPT, page)
        self.assertIn("&lt;script&gt;", page)

    def test_what_is_refused_keeps_what_was_typed(self):
        self._login(self.customer)
        answer = self._send("长" * 2001)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("at most 2000", answer.text)
        self.assertIn("长" * 100, answer.text)

    def test_a_closed_round_takes_nothing(self):
        self._login(self.customer)
        token = self._csrf(self.url)
        self.draft_version._policy_guarded_write({"consultation_closes_at": "2026-01-01 00:00:00"})
        self.env.flush_all()
        answer = self._post(f"{self.url}/comment", csrf_token=token, text="晚了")
        self.assertEqual(answer.status_code, 303)
        self.assertFalse(self.Consultation.search([("comment", "=", "晚了")]))
        self.assertEqual(self._get(self.url).status_code, 303)

    def test_without_the_token_of_the_form_nothing_is_taken(self):
        self._login(self.customer)
        self.assertEqual(self._post(f"{self.url}/comment", text="x").status_code, 400)

    def test_customers_reach_nothing_by_rpc(self):
        self._login(self.customer)
        self._send()
        line = self.Consultation.search([("version_id", "=", self.draft_version.id)])
        for model, method, args in (
            ("crm.policy.consultation", "search_read", [[]]),
            ("crm.policy.consultation", "read", [line.ids, ["comment"]]),
            ("crm.policy.consultation", "create", [[{"comment": "x"}]]),
            ("crm.policy.consultation", "write", [line.ids, {"answer": "accepted"}]),
            ("crm.policy.consultation", "unlink", [line.ids]),
            ("crm.policy.consultation", "action_policy_answer", [line.ids, "accepted", "x"]),
            ("crm.policy.version", "read", [self.draft_version.ids, ["number"]]),
            ("crm.policy.version", "action_policy_publish", [self.draft_version.ids]),
            ("crm.policy.clause", "search_read", [[]]),
        ):
            with self.subTest(model=model, method=method):
                with self.assertRaisesRegex(Exception, "not allowed|access|Access"):
                    self._rpc(method, *args, model=model)
