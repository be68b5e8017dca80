"""The callback: on its day or in vain often enough; and what a low score, or a fault, brings on."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..common import PolicyCommon, at, shanghai

ODD = (True, False, "4", "", 4.0, [4], {"nps": 4}, -1, 11)


class CallbackCommon(PolicyCommon):
    """Cases of a company whose callback counts on the 15th day only, and who asks at the reply."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        content = cls.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        for old, new in (
            ('number: "1"\n  transition', 'number: "2"\n  transition'),
            ("    duration: 15\n    unit: calendar_days\n",
             "    duration: 15\n    unit: calendar_days\n    window: day\n"),
            ("  - {code: callback_attempts,",
             '  - {code: reply_satisfaction, clause: "3.4", name: {en_US: x, zh_CN: x}, value: 1}\n'
             "  - {code: callback_attempts,"),
        ):  # fmt: skip
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        cls.governing = admin._policy_apply_pack(content, cls.company)
        cls._hand_over(cls.governing)
        cls.governing.with_user(cls.users["director"]).action_policy_publish()

    def _replied(self, when="2026-03-13 15:00", **vals):
        """Return a case whose customer was told at ``when``: called back 15 days later."""
        with at(when):
            case = self._new_case(**vals)
            self._drive(case, "reply")
        self.assertEqual(case.policy_version_id, self.governing)
        return case

    def _call(self, case, when, score=4, role="specialist", **vals):
        with at(when):
            return self._as(role, case).action_policy_callback(score, "客户说", **vals)

    def _miss(self, case, when, outcome="unreachable", **vals):
        with at(when):
            return self._as("specialist", case).action_policy_callback_attempt(
                outcome, "无人接听", **vals
            )

    def _calls(self, case):
        return self.env["crm.policy.interaction"].search(
            [("ticket_id", "=", case.id), ("kind", "=", "callback")], order="id"
        )

    def _clock(self, case, code="callback"):
        clocks = case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == code)
        return clocks.sorted("cycle")[-1:]


class TestCallback(CallbackCommon):
    # === ON ITS DAY === #

    def test_a_call_before_its_day_is_kept_and_does_not_block_the_right_one(self):
        """S2.11 under correction 2: tried on the 20th and the 27th, called on the 28th."""
        case = self._replied()
        told = self._call(case, "2026-03-20 10:00")
        self.assertEqual(told["tag"], "display_notification")
        self.assertIn("2026-03-28 00:00 (Asia/Shanghai)", told["params"]["message"])
        self._call(case, "2026-03-27 23:59:59", score=3)
        self.assertFalse(case.policy_callback_at or case.policy_callback_text)
        self.assertFalse(case.policy_callback_score or case.policy_callback_outcome)
        self.assertEqual(self._clock(case).state, "open")
        self.assertEqual(case.policy_next_action, "callback")
        self.assertIs(self._call(case, "2026-03-28 00:00", nps=9), True)
        self.assertEqual(self._clock(case).state, "met")
        self.assertEqual(case.policy_callback_at, shanghai("2026-03-28 00:00"))
        self.assertEqual(
            (case.policy_callback_score, case.policy_callback_nps, case.policy_callback_outcome),
            (4, "9", "reached"),
        )
        calls = self._calls(case)
        self.assertEqual(calls.mapped("score"), [4, 3, 4])
        day = shanghai("2026-03-28 00:00")
        self.assertEqual(calls.mapped("counts_from"), [day, day, False])
        self.assertEqual(calls.mapped("user_id"), self.users["specialist"])
        self.assertEqual(calls.mapped("partner_id"), self.partner)
        with at("2026-03-28 11:00"):
            self._as("qc", case).action_policy_recheck("记录齐全")
            self._as("specialist", case).action_policy_close()
        self.assertEqual(case.policy_closed_at, shanghai("2026-03-28 11:00"))

    def test_the_case_is_not_closed_on_a_call_that_does_not_count(self):
        case = self._replied()
        self._call(case, "2026-03-20 10:00")
        with at("2026-03-20 11:00"):
            self._as("qc", case).action_policy_recheck("记录齐全")
            with self.assertRaisesRegex(UserError, "missing first: Called Back At"):
                self._as("specialist", case).action_policy_close()

    def test_across_a_holiday_and_a_make_up_day(self):
        """The 15th day is that calendar day, be it in the 清明 or the May holidays."""
        for told, day in (("2026-03-20 15:00", "2026-04-04"), ("2026-04-24 15:00", "2026-05-09")):
            case = self._replied(told)
            clock = self._clock(case)
            self.assertEqual(clock.earliest_at, shanghai(f"{day} 00:00"))
            self.assertEqual(clock.due_at, shanghai(f"{day} 23:59:59"))
            self._call(case, f"{day} 23:59:59")
            self.assertEqual(clock.state, "met")

    def test_where_any_day_counts_a_call_counts_at_once(self):
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET \"window\" = 'any' WHERE version_id = %s",
            [self.governing.id],
        )
        self.env.invalidate_all()
        case = self._new_case()
        self._drive(case, "reply")
        self.assertIs(self._as("specialist", case).action_policy_callback(5, "满意"), True)
        self.assertTrue(case.policy_callback_at)

    def test_an_early_call_is_refused_as_every_call_is(self):
        """Who may call, when, with what: too early or not."""
        case = self._replied()
        with at("2026-03-20 10:00"):
            for role in ("finance", "ceo", "qc", "analyst", "policy_admin"):
                with self.subTest(role), self.assertRaises(AccessError):
                    self._as(role, case).sudo().action_policy_callback(4, "客户说")
                with self.subTest(role), self.assertRaises(AccessError):
                    self._as(role, case).sudo().action_policy_callback_attempt("declined", "x")
            mine = self._as("specialist", case)
            for nps in ODD:
                with self.subTest(nps=nps), self.assertRaisesRegex(ValidationError, "0 to 10"):
                    mine.action_policy_callback(4, "客户说", nps=nps)
            for outcome in (None, "reached", "", True, ["unreachable"], {}, 7):
                with self.subTest(outcome=outcome), self.assertRaises(ValidationError):
                    mine.action_policy_callback_attempt(outcome, "x")
            for text in (None, "", "  ", 5, ["x"]):
                with self.subTest(text=text), self.assertRaises(ValidationError):
                    mine.action_policy_callback_attempt("unreachable", text)
            with self.assertRaisesRegex(ValidationError, "lies in the future"):
                mine.action_policy_callback(4, "客户说", at="2026-03-21 10:00:00")
            with self.assertRaisesRegex(ValidationError, "give a reason"):
                mine.action_policy_callback(4, "客户说", at="2026-03-20 01:00:00")
            with self.assertRaisesRegex(ValidationError, "cannot lie before"):
                mine.action_policy_callback(4, "客户说", at="2026-03-13 06:00:00", reason="补录")
        self.assertFalse(self._calls(case))

    def test_nobody_is_called_before_he_was_told(self):
        with at("2026-03-13 15:00"):
            case = self._new_case()
            self._drive(case, "settle")
            mine = self._as("specialist", case)
            for call in (
                lambda: mine.action_policy_callback(4, "客户说"),
                lambda: mine.action_policy_callback_attempt("unreachable", "无人接听"),
            ):
                with self.assertRaisesRegex(UserError, "missing first: Replied At"):
                    call()
        self.assertFalse(self._calls(case))

    # === IN VAIN === #

    def test_three_days_in_vain_make_it_done(self):
        case = self._replied()
        self._miss(case, "2026-03-28 09:00")
        self._miss(case, "2026-03-28 16:00")  # the same day counts once
        self._miss(case, "2026-03-29 23:30", "declined")
        self.assertFalse(case.policy_callback_at)
        # Half an hour later it is another day where the company works, in UTC still the same.
        self._miss(case, "2026-03-30 00:05")
        self.assertEqual(case.policy_callback_at, shanghai("2026-03-30 00:05"))
        self.assertEqual(case.policy_callback_outcome, "unreachable")
        self.assertEqual(case.policy_callback_text, "无人接听")
        self.assertFalse(case.policy_callback_score or case.policy_callback_nps)
        self.assertEqual(len(self._calls(case)), 4)
        with at("2026-03-30 10:00"), self.assertRaisesRegex(UserError, "recorded already"):
            self._as("specialist", case).action_policy_callback_attempt("unreachable", "再打")

    def test_calls_before_the_day_are_none_of_the_three(self):
        case = self._replied()
        for day in ("20", "21", "22", "28", "29"):
            self._miss(case, f"2026-03-{day} 10:00")
            self.assertFalse(case.policy_callback_at, day)
        self._miss(case, "2026-03-30 10:00")
        self.assertTrue(case.policy_callback_at)

    def test_the_number_of_days_is_the_policy_s(self):
        self._set_parameter("callback_attempts", 2)
        case = self._replied()
        self._miss(case, "2026-03-28 10:00")
        self.assertFalse(case.policy_callback_at)
        self._miss(case, "2026-03-29 10:00")
        self.assertTrue(case.policy_callback_at)
        self._set_parameter("callback_attempts", 0)  # the policy knows no such end
        case = self._replied()
        for day in ("28", "29", "30", "31"):
            self._miss(case, f"2026-03-{day} 10:00")
        self.assertFalse(case.policy_callback_at)

    def test_who_is_reached_after_calls_in_vain_is_asked(self):
        case = self._replied()
        self._miss(case, "2026-03-28 10:00")
        self._call(case, "2026-03-28 15:00", score=5)
        self.assertEqual((case.policy_callback_score, self._clock(case).state), (5, "met"))

    def test_calls_of_the_former_round_do_not_count_in_the_next(self):
        case = self._replied()
        self._miss(case, "2026-03-28 10:00")
        self._miss(case, "2026-03-29 10:00")
        self._call(case, "2026-03-29 15:00", score=1)
        self.assertEqual(case.policy_cycle, 1)
        with at("2026-03-30 10:00"):
            self._again(case)
        self._miss(case, "2026-04-14 10:00")
        self.assertFalse(case.policy_callback_at)

    def _again(self, case):
        mine = self._as("specialist", case)
        mine.action_policy_respond("再次致电")
        mine.action_policy_propose("换货")
        mine.action_policy_decide()
        mine.action_policy_settle()
        mine.action_policy_reply("换货", "phone", score=4)

    # === NOT SATISFIED === #

    def test_a_low_score_takes_the_case_up_again(self):
        for score, cycle in ((1, 1), (2, 1), (3, 0)):
            case = self._replied()
            number = case.policy_number
            self._call(case, "2026-03-28 10:00", score=score, nps=0)
            with self.subTest(score):
                self.assertEqual(case.policy_cycle, cycle)
                self.assertEqual(bool(case.policy_replied_at), not cycle)
        case = self._replied()
        self._call(case, "2026-03-28 10:00", score=2)
        self.assertEqual(case.policy_step, "registered")
        self.assertEqual(case.policy_reopened_at, shanghai("2026-03-28 10:00"))
        self.assertFalse(case.policy_callback_at or case.policy_reply_text)
        old = case.policy_deadline_ids.filtered(lambda clock: clock.cycle == 0)
        self.assertEqual(old.filtered(lambda clock: clock.rule_code == "callback").state, "met")
        self.assertNotEqual(case.policy_number, number)
        self.assertIn("3.5", " ".join(case.message_ids.mapped("body")))
        event = self.env["crm.policy.event"].search(
            [("type", "=", "case.reopened"), ("res_id", "=", case.id)]
        )
        self.assertEqual(event.payload, {"cycle": 1, "closed_at": None, "score": 2})
        self.assertEqual(self._calls(case).cycle, 0)
        with at("2026-03-30 10:00"):
            self._again(case)
        self._call(case, "2026-04-14 10:00", score=5)
        with at("2026-04-14 11:00"):
            self._as("qc", case).action_policy_recheck("记录齐全")
        self.assertFalse(case._policy_missing_facts("policy_closed_at"))

    def test_who_says_it_too_early_is_heard_all_the_same(self):
        case = self._replied()
        self._call(case, "2026-03-20 10:00", score=1)
        self.assertEqual((case.policy_cycle, case.policy_step), (1, "registered"))
        old = case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == "callback")
        self.assertEqual((old.state, old.cancel_reason), ("cancelled", "reopened"))

    def test_the_low_score_is_the_policy_s(self):
        self._set_parameter("low_score", 3)
        case = self._replied()
        self._call(case, "2026-03-28 10:00", score=3)
        self.assertEqual(case.policy_cycle, 1)
        self._set_parameter("low_score", 0)
        case = self._replied()
        self._call(case, "2026-03-28 10:00", score=1)
        self.assertEqual(case.policy_cycle, 0)

    # === THE MARK THAT NOBODY GAVE === #

    def test_reopening_leaves_no_mark_of_0(self):
        case, other = self._replied(), self._replied()
        self._call(case, "2026-03-28 10:00", score=2, nps=0)
        self._call(other, "2026-03-28 10:00", score=4)
        self.assertEqual(case.policy_callback_score, 0)
        self.assertEqual(
            [
                row["policy_callback_score"]
                for row in (case | other).read(["policy_callback_score"])
            ],
            [False, 4],
        )
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT policy_callback_score, policy_reply_score, policy_callback_nps"
                "  FROM helpdesk_ticket WHERE id = %s",
                case.id,
            )
        )
        self.assertEqual(rows, [(None, None, None)])
        Case = self.env["helpdesk.ticket"]
        both = [("id", "in", (case | other).ids)]
        [(average,)] = Case._read_group(both, [], ["policy_callback_score:avg"])
        self.assertEqual(average, 4)
        self.assertFalse(Case.search([*both, ("policy_callback_score", "<=", 2)]))
        self.assertEqual(Case.search([*both, ("policy_callback_score", "=", False)]), case)
        self.assertEqual(Case.search([*both, ("policy_callback_score", "!=", False)]), other)

    # === WOULD HE RECOMMEND US === #

    def test_the_net_promoter_score_is_of_those_who_were_asked(self):
        """SAT-03: the share of 9 and 10 less that of 0 to 6; 7 and 8 count as answers only."""
        case = self._replied()
        Interaction = self.env["crm.policy.interaction"]
        for nps in ("10", "9", "9", "8", "7", "6", "0", False):
            Interaction._policy_record(case, "callback", nps=nps)
        mine = [("ticket_id", "=", case.id), ("kind", "=", "callback")]
        [(points, score)] = Interaction._read_group(mine, [], ["nps_points:avg", "score:avg"])
        self.assertAlmostEqual(points, 100 / 7)  # 3 of 7 less 2 of 7
        self.assertIs(score, False)
        none = [*mine, ("nps", "=", False)]
        [(points,)] = Interaction._read_group(none, [], ["nps_points:avg"])
        self.assertIs(points, False, "no answers are no score of 0")
        self.assertEqual(
            Interaction.search(mine, order="id").mapped("nps_points"),
            [100, 100, 100, 0, 0, -100, -100, 0],
        )

    # === EVIDENCE === #

    def test_calls_are_evidence(self):
        case = self._replied()
        self._call(case, "2026-03-20 10:00")
        call = self._calls(case)
        for user in (self.users["director"], self.env.user):
            theirs = call.with_user(user)
            for attempt in (
                lambda row=theirs: row.write({"score": 5}),
                lambda row=theirs: row.unlink(),
                lambda row=theirs: row.create({"ticket_id": case.id, "kind": "callback"}),
            ):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    attempt()

    def test_who_does_not_see_the_case_does_not_see_its_calls(self):
        case = self._replied()
        self._call(case, "2026-03-20 10:00")
        call = self._calls(case)
        self.assertTrue(self._as("specialist", call).has_access("read"))
        for user in (self.other_specialist, self.users["policy_admin"]):
            self.assertFalse(call.with_user(user).search([("id", "=", call.id)]))
            self.assertFalse(call.with_user(user).has_access("read"))

    # === THE WINDOW === #

    def test_the_window_says_that_it_was_too_early(self):
        case = self._replied()
        Step = self.env["crm.policy.case.step"].with_user(self.users["specialist"])
        vals = {"ticket_id": case.id, "text": "客户说"}
        with at("2026-03-20 10:00"):
            told = Step.create(
                {**vals, "step": "callback", "score": "4", "nps": "0"}
            ).action_policy_confirm()
        self.assertEqual(told["params"]["next"], {"type": "ir.actions.act_window_close"})
        with at("2026-03-28 10:00"):
            done = Step.create(
                {**vals, "step": "callback_attempt", "outcome": "declined"}
            ).action_policy_confirm()
        self.assertEqual(done, {"type": "ir.actions.act_window_close"})
        calls = self._calls(case)
        self.assertEqual(calls.mapped("nps"), ["0", False])
        self.assertEqual(calls.mapped("outcome"), ["reached", "declined"])
