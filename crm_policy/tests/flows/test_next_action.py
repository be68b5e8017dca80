"""The view offers no step that is refused until somebody has done something else first."""

from odoo.exceptions import UserError, ValidationError

from ..committee_common import CommitteeCommon
from ..common import at
from .test_conflict import ConflictFlow


class TestNextOfConflict(ConflictFlow):
    def _seen(self, conflict, role="specialist"):
        mine = conflict.with_user(self.users[role])
        mine.invalidate_recordset()
        return mine.policy_next_action, mine.policy_still_needed or ""

    def test_settle_is_offered_once_there_is_an_agreement(self):
        conflict = self._assessed("low")
        with at("2026-04-15 10:00"):
            action, needed = self._seen(conflict)
            self.assertNotEqual(action, "settle")
            self.assertRegex(needed, r"(?i)agreement, or the solution.*Notice of Rights")
            with self.assertRefused(ValidationError, "still needed"):
                self._as("specialist", conflict).action_policy_settle()
            self._as("specialist", conflict).action_policy_tell_rights("可选择协商")
            self.assertNotEqual(self._seen(conflict)[0], "settle")
            round_ = self._round(conflict, result="failed", text="各执一词")
            action, needed = self._seen(conflict)
            self.assertNotEqual(action, "settle")
            self.assertIn("last round of mediation", needed)
            self.assertTrue(round_)
            self._round(conflict, result="agreed", text="补付返利")
            self.assertEqual(self._seen(conflict), ("settle", ""))
            self._as("specialist", conflict).action_policy_settle()
        self.assertTrue(conflict.policy_settled_at)

    def test_a_solution_without_mediation_is_enough(self):
        conflict = self._assessed("low")
        with at("2026-04-15 10:00"):
            self._as("specialist", conflict).action_policy_tell_rights("可选择协商")
            conflict.with_user(self.users["specialist"]).policy_solution = "补付返利"
            self.assertEqual(self._seen(conflict)[0], "settle")

    def test_severe_ones_wait_for_legal(self):
        conflict = self._assessed("high")
        with at("2026-04-15 10:00"):
            self._as("specialist", conflict).action_policy_tell_rights("可选择协商")
            self._round(conflict, result="agreed", text="补付返利")
            self.assertNotEqual(self._seen(conflict)[0], "settle")
            self._review(conflict)
            self.assertEqual(self._seen(conflict)[0], "settle")

    def test_the_judgement_waits_for_the_shares(self):
        conflict = self._told("low")
        with at("2026-04-28 10:00"):
            action, needed = self._seen(conflict, "manager")
            self.assertNotEqual(action, "decide")
            self.assertIn("100", needed)
            with self.assertRefused(UserError, "100"):
                self._as("manager", conflict).action_policy_decide()
            self._share(conflict, 100, department_id=self.operations.id)
            self.assertEqual(self._seen(conflict, "manager")[0], "decide")


class TestNextOfVerdict(CommitteeCommon):
    def _next(self, case):
        mine = self._as("specialist", case)
        mine.invalidate_recordset()
        return mine.policy_next_action

    def test_the_customer_is_told_once_the_form_is_back(self):
        case = self._registered("2026-03-12 14:10")
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        self._report(case, "2026-03-13 08:50")
        verdict = self._verdict(case, "2026-03-13 10:00", 80, 20)
        self._sign(verdict, "2026-03-13 11:00")
        self.assertNotEqual(self._next(case), "decide")
        self._agree(verdict, "2026-03-13 15:00")
        # Consensus, but nobody has approved it yet.
        self.assertEqual(self._next(case), "needs")
        self._approve(verdict, "2026-03-13 16:00")
        self.assertEqual(self._next(case), "decide")
        with at("2026-03-13 17:00"):
            mine = self._as("specialist", case)
            mine.action_policy_decide()
            mine.action_policy_settle()
            self.assertNotEqual(self._next(case), "reply")
            self._by("production", case).action_policy_hand_back("返厂重新贴面")
            self.assertNotEqual(self._next(case), "reply")
            self._as("specialist", case.policy_handover_ids[-1:]).action_policy_receive()
            self.assertEqual(self._next(case), "reply")
