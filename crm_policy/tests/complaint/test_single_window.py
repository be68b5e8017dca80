"""The window takes cases in, and nobody else (CMP-INT-04)."""

from odoo.exceptions import AccessError

from ..common import PolicyCommon


class TestSingleWindow(PolicyCommon):
    WINDOW = ("specialist", "supervisor", "manager", "director")

    def test_only_the_window_accepts_and_registers(self):
        outside = [role for role in self.users if role not in self.WINDOW]
        self.assertIn("qc", outside)
        for role in outside:
            case = self._new_case(team_id=self.team.id)
            for step in ("accept", "register"):
                with self.subTest(role=role, step=step), self.assertRaises(AccessError):
                    getattr(self._as(role, case), f"action_policy_{step}")()
            self.assertFalse(case.policy_accepted_at or case.policy_number)

    def test_every_rank_of_the_window_does(self):
        for role in self.WINDOW:
            with self.subTest(role):
                case = self._new_case(team_id=self.team.id, user_id=self.users[role].id)
                self._as(role, case).action_policy_accept()
                self._as(role, case).action_policy_register()
                self.assertTrue(case.policy_number)
