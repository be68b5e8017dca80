"""AUT-MAT-06: what cannot be answered at once is handed over after the general manager's leave."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import at, shanghai
from ..route_common import RouteCommon


class TestTransfer(RouteCommon):
    def setUp(self):
        super().setUp()
        self.case = self._registered("2026-03-12 14:10")
        self.mine = self._as("specialist", self.case)

    def _ask(self, moment="2026-03-12 14:20", to="production"):
        with at(moment):
            self.mine.action_policy_ask_transfer(self.people[to].id, "需到现场检测；受理单、照片")
        return self.case.policy_ruling_ids[-1:]

    def _approve(self, ruling, moment):
        with at(moment):
            self._as("ceo", ruling).action_policy_approve("同意转交")

    def test_without_the_approval_nothing_is_handed_over(self):
        with at("2026-03-12 14:20"):
            with self.assertRefused(
                PolicyRefusal, r"2\.3.*after an approval.*decided by: (CEO|总经理)"
            ):
                self.mine.action_policy_hand_over(self.people["production"].id)
        self.assertFalse(self.case.policy_handover_ids)
        ruling = self._ask()
        self.assertEqual(ruling.policy_approval_id.eligible_user_ids, self.users["ceo"])
        with self.assertRefused(UserError, r"2\.3.*t_production.*once it is approved.*t_ceo"):
            self.mine.action_policy_hand_over(self.people["production"].id)
        # The receiver hears nothing yet.
        self.assertFalse(self.case.policy_handover_ids)
        self.assertNotIn(self.people["production"], self.case.activity_ids.user_id)
        self.assertFalse(self._by("production", self.case).has_access("read"))

    def test_approved_it_goes_to_who_was_named(self):
        self.assertEqual(self.case.policy_next_action, "hand_over")
        ruling = self._ask()
        self.assertEqual(self.case.policy_next_action, "ruling")
        self.assertIn("t_ceo", self.case.policy_waits_for)
        self.assertIn("t_production", ruling.display_name)
        self._approve(ruling, "2026-03-13 09:40")
        [sheet] = self.case.policy_handover_ids
        self.assertEqual(
            (sheet.from_user_id, sheet.to_user_id, sheet.given_at, sheet.ruling_id),
            (
                self.users["specialist"],
                self.people["production"],
                shanghai("2026-03-13 09:40"),
                ruling,
            ),
        )
        self.assertEqual(sheet.text, "需到现场检测；受理单、照片")
        # Thursday 14:20 to 18:00, Friday 9:00 to 9:40.
        self.assertAlmostEqual(sheet.waited_hours, 3 + 40 / 60 + 40 / 60)
        self.assertIn(self.people["production"], self.case.activity_ids.user_id)
        with at("2026-03-13 10:00"):
            self._by("production", sheet).action_policy_receive()
        # The time of the department starts with its signature, no earlier.
        self.assertEqual(
            self._clock(self._opinion(self.case, "quality-external"), "quality-external").due_at,
            shanghai("2026-03-17 18:00"),
        )

    def test_the_wait_has_a_clock_of_its_own(self):
        ruling = self._ask()
        [step] = ruling.policy_approval_id.step_ids
        clock = self._clock(step, "approval-step")
        self.assertEqual(clock.due_at, shanghai("2026-03-13 18:00"))
        self.assertEqual(clock.user_id, self.users["ceo"])

    def test_who_may_sign(self):
        ruling = self._ask()
        for role in ("specialist", "supervisor", "manager", "director", "finance"):
            with self.subTest(role), self.assertRaises(UserError):
                self._as(role, ruling).action_policy_approve("同意")
        with self.assertRaises(UserError):
            self._by("production", ruling).action_policy_approve("同意")
        self.assertFalse(self.case.policy_handover_ids)

    def test_rejected_it_stays_with_the_window(self):
        ruling = self._ask()
        with at("2026-03-12 15:00"):
            self._as("ceo", ruling).action_policy_reject("窗口可直接答复")
            with self.assertRefused(UserError, r"2\.3.*after an approval"):
                self.mine.action_policy_hand_over(self.people["production"].id)
        self.assertFalse(self.case.policy_handover_ids)
        self._approve(self._ask("2026-03-12 15:10"), "2026-03-12 15:30")
        self.assertTrue(self.case.policy_handover_ids)

    def test_one_approval_is_for_one_hand_over(self):
        self._approve(self._ask(), "2026-03-12 15:00")
        sheet = self.case.policy_handover_ids
        with at("2026-03-12 15:10"):
            with self.assertRefused(UserError, r"2\.3.*was handed to t_production"):
                self.mine.action_policy_ask_transfer(self.people["quality"].id, "改交")
            self._by("production", sheet).action_policy_decline("应由质量部处理")
            with self.assertRefused(UserError, "after an approval"):
                self.mine.action_policy_hand_over(self.people["quality"].id)
        self._approve(self._ask("2026-03-12 15:20", "quality"), "2026-03-12 16:00")
        self.assertEqual(self.case.policy_handover_ids[-1:].to_user_id, self.people["quality"])

    def test_it_is_asked_for_once_and_while_it_matters(self):
        ruling = self._ask()
        with at("2026-03-12 14:30"), self.assertRefused(UserError, "being decided already"):
            self.mine.action_policy_ask_transfer(self.people["production"].id, "再次提交")
        with at("2026-03-12 14:40"):
            self._as("supervisor", self.case).action_policy_cancel("客户撤回")
        self.assertEqual(ruling.policy_approval_id.state, "lapsed")
        with at("2026-03-12 14:50"), self.assertRaises(UserError):
            self._as("ceo", ruling).action_policy_approve("同意")
        self.assertFalse(self.case.policy_handover_ids)

    def test_what_cannot_be_asked(self):
        with at("2026-03-12 14:20"):
            for text in (None, " ", 7):
                with self.subTest(text), self.assertRefused(ValidationError, "Write down why"):
                    self.mine.action_policy_ask_transfer(self.people["production"].id, text)
            for user_id in (self.people["warehouse"].id, 0, True, "x"):
                with self.subTest(user_id), self.assertRefused(ValidationError, "one of these"):
                    self.mine.action_policy_ask_transfer(user_id, "受理单")
            with self.assertRaises(AccessError):
                self._by("production", self.case).action_policy_ask_transfer(None, "受理单")
            with self.assertRaises(AccessError):
                self._by("ma", self.case).action_policy_ask_transfer(None, "受理单")
            # Who reads the case is not the window for that.
            self.env["crm.policy.case.access"]._policy_grant(
                self.case, self.people["quality"], "manual"
            )
            for action in ("ask_transfer", "hand_over"):
                with self.subTest(action), self.assertRefused(AccessError, "This step is taken by"):
                    getattr(self._by("quality", self.case), f"action_policy_{action}")(None, "x")
            early = self._furniture("2026-03-12 14:10")
            with self.assertRefused(UserError, "missing first: Registered At"):
                self._as("specialist", early).action_policy_ask_transfer(None, "受理单")
        self.assertFalse(self.case.policy_ruling_ids)

    def test_a_policy_without_the_option_asks_nobody(self):
        self._set_parameter("transfer_requires_gm", 0)
        with at("2026-03-12 14:20"):
            with self.assertRefused(UserError, r"2\.3.*without an approval"):
                self.mine.action_policy_ask_transfer(None, "受理单")
            self.mine.action_policy_hand_over(None, "受理单")
        self.assertTrue(self.case.policy_handover_ids)
        self.assertFalse(self.case.policy_handover_ids.waited_hours)

    def test_the_window_asks_by_its_wizard(self):
        Turn = self.env["crm.policy.route.turn"].with_user(self.users["specialist"])
        with at("2026-03-12 14:30"):
            turn = Turn.create({"ticket_id": self.case.id, "turn": "hand_over", "text": "需检测"})
            self.assertTrue(turn.asks_transfer)
            turn.action_policy_confirm()
        [ruling] = self.case.policy_ruling_ids
        self.assertEqual((ruling.kind, ruling.receiver_id), ("transfer", self.people["production"]))
        with self.assertRaises(AccessError):
            ruling.sudo().write({"receiver_id": self.people["quality"].id})
