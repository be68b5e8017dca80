"""CMP-RSP-05 below 100 percent: drawn so that nobody foresees it and everybody can repeat it."""

from odoo.exceptions import AccessError, UserError

from ..common import at
from ..route_common import RouteCommon


class TestCaseDraw(RouteCommon):
    def _case(self):
        case = self._registered("2026-03-06 10:00", "grievance")
        case.policy_grievance_reason = "other"
        return case

    def _settled(self, case, share=None):
        if share is not None:
            self._set_parameter("recheck_percent", share)
        mine = self._as("specialist", case)
        with at("2026-03-06 10:30"):
            mine.action_policy_respond("已解释")
            self.assertFalse(case.policy_recheck_draw, "its re-check cannot begin yet")
            mine.action_policy_settle()
        return case

    def _called(self, case):
        with at("2026-03-21 10:00"):
            self._as("specialist", case).action_policy_callback(5, "满意")

    def _events(self, case):
        return self.env["crm.policy.event"].search(
            [
                ("res_model", "=", case._name),
                ("res_id", "=", case.id),
                ("type", "=like", "recheck.%"),
            ]
        )

    def test_all_are_where_the_policy_says_so(self):
        case = self._settled(self._case())
        self.assertEqual(case.policy_recheck_draw, "all")
        self.assertFalse(case.policy_recheck_words or self._events(case))
        self._called(case)
        with at("2026-03-21 11:00"), self.assertRefused(UserError, "Re-checked At"):
            self._as("specialist", case).action_policy_close()

    def test_the_number_decides_and_the_share_itself_is_outside(self):
        case = self._case()
        number = case._policy_drawn_number()
        self._settled(case, number)
        self.assertEqual(case.policy_recheck_draw, "not_drawn")
        other = self._case()
        number = other._policy_drawn_number()
        self._settled(other, number + 0.01)
        self.assertEqual(other.policy_recheck_draw, "drawn")
        self.assertAlmostEqual(other.policy_recheck_value, number)
        [event] = self._events(other)
        self.assertEqual((event.type, event.clause), ("recheck.drawn", "5.3"))
        self.assertEqual(event.payload["number"], number)
        self.assertIn("the number is", other.policy_recheck_words)
        self._called(other)
        with at("2026-03-21 11:00"), self.assertRefused(UserError, "Re-checked At"):
            self._as("specialist", other).action_policy_close()

    def test_who_is_not_drawn_closes_without_and_it_is_said(self):
        case = self._settled(self._case(), 0)
        self.assertEqual(case.policy_recheck_draw, "not_drawn")
        self.assertIn("Not drawn: of such cases 0 %", case.policy_recheck_words)
        self.assertTrue(case.message_ids.filtered(lambda line: "Not drawn" in (line.body or "")))
        self.assertEqual(self._events(case).type, "recheck.not_drawn")
        self._called(case)
        self.assertEqual(case.policy_next_action, "close")
        with at("2026-03-21 11:00"):
            self._as("specialist", case).action_policy_close()
        self.assertTrue(case.policy_closed_at)
        self.assertFalse(case.policy_rechecked_at)

    def test_severe_cases_always_and_those_that_become_severe(self):
        severe = self._case()
        severe.policy_severity = "major"
        self._settled(severe, 0)
        self.assertEqual(severe.policy_recheck_draw, "severe")
        case = self._settled(self._case(), 0)
        self.assertEqual(case.policy_recheck_draw, "not_drawn")
        case.policy_severity = "crisis"
        for one in severe | case:
            self._called(one)
            self.assertIn("always", one.policy_recheck_words)
            with at("2026-03-21 11:00"), self.assertRefused(UserError, "Re-checked At"):
                self._as("specialist", one).action_policy_close()

    def test_the_same_again_and_another_one_for_each_case_and_cycle(self):
        first, second = self._case(), self._case()
        self.assertEqual(first._policy_drawn_number(), first._policy_drawn_number())
        numbers = {first._policy_drawn_number(), second._policy_drawn_number()}
        self._settled(first, 0)
        drawn = first.policy_recheck_value
        self.assertEqual(drawn, first._policy_drawn_number())
        self._called(first)
        with at("2026-03-21 11:00"):
            self._as("specialist", first).action_policy_close()
            self._as("supervisor", first).action_policy_reopen("客户再次来电")
        self.assertFalse(first.policy_recheck_draw)
        numbers.add(first._policy_drawn_number())
        self.assertEqual(len(numbers), 3)

    def test_who_was_not_drawn_may_be_looked_at_all_the_same(self):
        case = self._settled(self._case(), 0)
        with at("2026-03-06 11:00"):
            self._as("supervisor", case).action_policy_recheck("抽查，记录齐全")
        self.assertTrue(case.policy_rechecked_at)

    def test_nobody_writes_the_draw(self):
        case = self._settled(self._case(), 50)
        for name, value in (
            ("policy_recheck_draw", "not_drawn"),
            ("policy_recheck_value", 99),
            ("policy_recheck_share", 0),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                case.sudo().write({name: value})

    def test_a_policy_that_says_nothing_has_all_re_checked(self):
        self.env["crm.policy.parameter"].search(
            [("code", "=", "recheck_percent"), ("company_id", "=", self.company.id)]
        )._policy_guarded_write({"code": "another"})
        self.env.registry.clear_cache()
        case = self._settled(self._case())
        self.assertEqual(case.policy_recheck_draw, "all")
