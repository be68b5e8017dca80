"""After the answer: satisfaction with the reply, the re-check that finds faults, repetitions."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon, at, shanghai
from .test_callback import CallbackCommon


class TestCaseReply(CallbackCommon):
    def _settled(self):
        with at("2026-03-13 11:00"):
            case = self._new_case()
            self._drive(case, "settle")
        return case

    def test_s2_line_8_whoever_is_told_is_asked(self):
        case = self._settled()
        mine = self._as("specialist", case)
        with at("2026-03-13 15:00"):
            for channel in ("phone", "visit"):
                with self.assertRaisesRegex(
                    ValidationError, r"Clause 3\.4 .*Satisfaction with the Reply"
                ):
                    mine.action_policy_reply("同意退货和折让", channel)
            for score in (0, 6, True, "4", 4.0, [4]):
                with self.subTest(score), self.assertRaisesRegex(ValidationError, "from 1 to 5"):
                    mine.action_policy_reply("同意退货和折让", "phone", score=score)
            self.assertFalse(case.policy_replied_at or case.policy_reply_text)
            mine.action_policy_reply("同意退货和折让", "phone", score=4)
        self.assertEqual(case.policy_reply_score, 4)
        self.assertEqual(self._clock(case, "reply").state, "met")
        said = self.env["crm.policy.interaction"].search([("ticket_id", "=", case.id)])
        self.assertEqual(
            (said.kind, said.channel, said.score, said.at, said.user_id),
            ("reply", "phone", 4, shanghai("2026-03-13 15:00"), self.users["specialist"]),
        )

    def test_by_letter_nobody_can_be_asked(self):
        case = self._settled()
        with at("2026-03-13 15:00"):
            self._as("specialist", case).action_policy_reply("同意退货和折让", "letter")
        self.assertTrue(case.policy_replied_at)
        self.assertFalse(case.policy_reply_score)

    def test_whether_he_is_asked_is_the_policy_s(self):
        self._set_parameter("reply_satisfaction", 0)
        case = self._settled()
        with at("2026-03-13 15:00"):
            self._as("specialist", case).action_policy_reply("同意退货和折让", "phone")
        self.assertTrue(case.policy_replied_at)


class TestCaseRecheck(CallbackCommon):
    def test_what_is_not_in_order_is_handled_anew(self):
        case = self._replied()
        self._call(case, "2026-03-28 10:00")
        with at("2026-03-28 11:00"):
            self._as("qc", case).action_policy_recheck("退货单缺签字", result="not_ok")
        self.assertEqual((case.policy_cycle, case.policy_step), (1, "registered"))
        self.assertFalse(case.policy_rechecked_at or case.policy_recheck_result)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", case.id)]
        )
        fact = events.filtered(lambda event: event.type == "fact.rechecked")
        self.assertEqual(fact.actor_id, self.users["qc"].id)
        self.assertIn("recheck.not_ok", events.mapped("type"))
        self.assertIn("case.reopened", events.mapped("type"))
        self.assertIn("退货单缺签字", " ".join(case.message_ids.mapped("body")))
        # Who told the customer does not re-check it the second time, either.
        with at("2026-03-30 10:00"):
            mine = self._as("specialist", case)
            mine.action_policy_respond("已联系")
            mine.action_policy_propose("补签")
            mine.action_policy_decide()
            mine.action_policy_settle()
            mine.action_policy_reply("补签完成", "letter")
            self._as("qc", case).action_policy_recheck("签字齐全", result="ok")
        self.assertEqual(
            (case.policy_recheck_result, case.policy_recheck_user_id), ("ok", self.users["qc"])
        )

    def test_a_result_is_one_of_two(self):
        case = self._replied()
        with at("2026-03-28 11:00"):
            for result in (None, "", "bad", True, ["ok"], 1):
                with self.subTest(result), self.assertRaises(ValidationError):
                    self._as("qc", case).action_policy_recheck("无误", result=result)
            with self.assertRaisesRegex(UserError, "another person than its handler"):
                case.user_id = self.users["supervisor"]
                self._as("supervisor", case).action_policy_recheck("有误", result="not_ok")
            with self.assertRaises(AccessError):
                self._as("specialist", case).action_policy_recheck("有误", result="not_ok")
        self.assertEqual((case.policy_cycle, bool(case.policy_rechecked_at)), (0, False))


class TestCaseRepeat(PolicyCommon):
    def _settled(self, when, **vals):
        with at(when):
            case = self._new_case(**vals)
            self._drive(case, "settle")
        return case

    def _accepted(self, when, **vals):
        with at(when):
            case = self._new_case(**vals)
            self._as("specialist", case).action_policy_accept()
        return case

    def test_the_same_item_within_30_days_of_the_settlement(self):
        first = self._settled("2026-03-02 10:00", policy_item_ref="PCB-204")
        contact = self.env["res.partner"].create({"name": "张工", "parent_id": self.partner.id})
        stranger = self.env["res.partner"].create({"name": "别家"})
        for when, vals, found in (
            ("2026-04-01 10:00", {"policy_item_ref": " pcb-204 "}, True),
            ("2026-04-01 10:00:01", {"policy_item_ref": "PCB-204"}, False),
            ("2026-03-10 10:00", {"policy_item_ref": "PCB-205"}, False),
            ("2026-03-10 10:00", {"policy_item_ref": False}, False),
            ("2026-03-10 10:00", {"policy_item_ref": "  "}, False),
            ("2026-03-10 10:00", {"policy_item_ref": "PCB-204", "partner_id": contact.id}, True),
            ("2026-03-10 10:00", {"policy_item_ref": "PCB-204", "partner_id": stranger.id}, False),
        ):
            with self.subTest(when=when, **vals):
                case = self._accepted(when, **vals)
                self.assertEqual(case.policy_repeat_of_id, first if found else first.browse())
        event = self.env["crm.policy.event"].search([("type", "=", "case.repeated")], limit=1)
        self.assertEqual((event.payload, event.clause), ({"earlier": first.id}, "3.7"))

    def test_what_was_settled_later_is_no_repetition(self):
        with at("2026-03-02 10:00"):
            first = self._new_case(policy_item_ref="PCB-204")
        second = self._accepted("2026-03-03 10:00", policy_item_ref="PCB-204")
        with at("2026-03-04 10:00"):
            self._drive(first, "settle")
            self._as("specialist", second).action_policy_register()
        self.assertFalse(first.policy_repeat_of_id or second.policy_repeat_of_id)

    def test_what_is_found_out_until_the_registration_counts(self):
        first = self._settled("2026-03-02 10:00", policy_item_ref="PCB-204")
        case = self._accepted("2026-03-10 10:00")
        self.assertFalse(case.policy_repeat_of_id)
        with at("2026-03-10 11:00"):
            case.policy_item_ref = "PCB-204"
            self._as("specialist", case).action_policy_register()
        self.assertEqual(case.policy_repeat_of_id, first)

    def test_another_company_s_cases_are_none_of_ours(self):
        first = self._settled("2026-03-02 10:00", policy_item_ref="PCB-204")
        other = self._new_company("杭州分公司")
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET company_id = %s WHERE id = %s", [other.id, first.id]
        )
        self.env.invalidate_all()
        case = self._accepted("2026-03-10 10:00", policy_item_ref="PCB-204")
        self.assertFalse(case.policy_repeat_of_id)

    def test_the_days_are_the_policy_s(self):
        self._set_parameter("repeat_days", 5)
        first = self._settled("2026-03-02 10:00", policy_item_ref="PCB-204")
        for day, found in (("07", True), ("08", False)):
            case = self._accepted(f"2026-03-{day} 10:00", policy_item_ref="PCB-204")
            self.assertEqual(bool(case.policy_repeat_of_id & first), found)

    def test_nobody_writes_it(self):
        case = self._accepted("2026-03-10 10:00")
        for user in (self.users["director"], self.env.user):
            with self.assertRaises(AccessError):
                case.with_user(user).policy_repeat_of_id = case
