"""CMP-RTE-15: from hand to hand, and the clocks that start with the signature."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..common import at, shanghai
from ..route_common import RouteCommon


class TestHandover(RouteCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A company that hands over without asking: test_transfer.py shows the other.
        cls._set_parameter("transfer_requires_gm", 0)

    def setUp(self):
        super().setUp()
        self.case = self._registered("2026-03-12 14:10")

    def _give(self, to="production", case=None):
        case = case or self.case
        self._as("specialist", case).action_policy_hand_over(self.people[to].id, "照片三张")
        return case.policy_handover_ids[-1:]

    def test_the_clocks_start_when_the_receiver_has_signed(self):
        self.assertEqual(self.case.policy_next_action, "hand_over")
        with at("2026-03-12 14:30"):
            sheet = self._give()
        self.assertEqual(self.case.policy_handover_state, "given")
        self.assertEqual(self.case.policy_next_action, "handover")
        self.assertIn("t_production", self.case.policy_waits_for)
        self.assertFalse(self.case.policy_countersign_ids)
        self.assertFalse(self.case.policy_handed_at)
        # Who is to get it reads it.
        self.assertTrue(self._by("production", self.case).has_access("read"))
        with at("2026-03-12 15:00"):
            self._by("production", sheet).action_policy_receive()
        moment = shanghai("2026-03-12 15:00")
        self.assertEqual(sheet.received_at, moment)
        self.assertEqual(self.case.policy_handed_at, moment)
        self.assertEqual(self.case.policy_handover_state, "received")
        dues = {
            code: self._clock(self._opinion(self.case, code), code).due_at
            for code in ("quality-external", "quality-internal")
        }
        self.assertEqual(
            dues,
            {
                "quality-external": shanghai("2026-03-16 18:00"),
                "quality-internal": shanghai("2026-03-17 18:00"),
            },
        )
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", sheet._name), ("res_id", "=", sheet.id)], order="id"
        )
        self.assertEqual(events.mapped("type"), ["handover.given", "handover.received"])

    def test_s3_packaging_and_service(self):
        for code, to, step in (
            ("packaging", "warehouse", "packaging"),
            ("service", None, "service"),
        ):
            with self.subTest(code):
                case = self._registered("2026-03-06 09:30", code)
                if code == "service":
                    case.policy_accused_user_ids = self.people["ma"]
                user = self.people[to] if to else self.users["manager"]
                with at("2026-03-06 09:50"):
                    self._as("specialist", case).action_policy_hand_over(user.id)
                with at("2026-03-06 10:00"):
                    case.policy_handover_ids.with_user(user).action_policy_receive()
                clock = self._clock(self._opinion(case, step), step)
                self.assertEqual(clock.due_at, shanghai("2026-03-10 18:00"))
                self.assertEqual(clock.user_id, user)

    def test_committee_work_waits_for_the_hand_over(self):
        """CMP-RTE-08."""
        with at("2026-03-12 14:30"):
            for _attempt in ("not given", "given, not signed"):
                with self.assertRefused(UserError, r"3\.3.*before.*comes: Signed For At"):
                    self._as("supervisor", self.case).action_policy_ask("quality-external")
                if not self.case.policy_handover_ids:
                    self._give()

    def test_nobody_signs_for_another(self):
        with at("2026-03-12 14:30"):
            sheet = self._give()
        for user in (self.users["specialist"], self.users["supervisor"], self.people["quality"]):
            self.env["crm.policy.case.access"]._policy_grant(self.case, user, "manual")
            with self.subTest(user.login), self.assertRefused(AccessError, "signs for it"):
                sheet.with_user(user).action_policy_receive()
        with self.assertRefused(AccessError, "signs for it"):
            sheet.with_user(self.users["director"]).sudo().action_policy_receive()
        with self.assertRaises(AccessError):
            self._by("warehouse", sheet).action_policy_receive()

    def test_it_goes_to_who_is_asked_and_to_nobody_else(self):
        with at("2026-03-12 14:30"):
            mine = self._as("specialist", self.case)
            for wrong in (
                self.people["warehouse"].id, self.users["specialist"].id, 0, -1, 2**40, True,
                "production", [self.people["production"].id],
            ):  # fmt: skip
                with (
                    self.subTest(wrong),
                    self.assertRefused(
                        ValidationError, r"2\.3.*handed to one of these.*t_production"
                    ),
                ):
                    mine.action_policy_hand_over(wrong)
            with self.assertRaises(AccessError):
                self._by("production", self.case).action_policy_hand_over()
            # The first of those who are asked, where nobody is named.
            mine.action_policy_hand_over()
            self.assertEqual(self.case.policy_handover_ids.to_user_id, self.people["production"])
            with self.assertRefused(UserError, r"2\.3.*was handed to t_production"):
                mine.action_policy_hand_over()

    def test_never_to_whom_the_case_is_about(self):
        """S3: service complaint about employee Ma."""
        case = self._registered("2026-03-06 09:30", "service")
        manager = self.users["manager"]
        case.policy_accused_user_ids = manager
        with at("2026-03-06 10:00"), self.assertRefused(ValidationError, "never to whom"):
            self._as("specialist", case).action_policy_hand_over(manager.id)
        with self.assertRefused(ValidationError, "somebody else handles it"):
            case.policy_accused_user_ids = self.people["ma"]
            case.with_user(self.users["supervisor"]).user_id = self.people["ma"]

    def test_who_does_not_take_it_says_why(self):
        with at("2026-03-12 14:30"):
            sheet = self._give()
            with self.assertRefused(ValidationError, "why it is not taken"):
                self._by("production", sheet).action_policy_decline(" ")
            with self.assertRaises(AccessError):
                self._as("supervisor", sheet).action_policy_decline("不归我")
            self._by("production", sheet).action_policy_decline("应由质量部处理")
            self.assertEqual(self.case.policy_handover_state, "none")
            with self.assertRefused(UserError, "Not Taken already"):
                self._by("production", sheet).action_policy_receive()
            other = self._give("quality")
        with at("2026-03-12 15:00"):
            self._by("quality", other).action_policy_receive()
            with self.assertRefused(UserError, "Accepted already"):
                self._by("quality", other).action_policy_receive()
        self.assertEqual(self.case.policy_handed_at, shanghai("2026-03-12 15:00"))

    def test_a_case_that_has_gone_on_is_not_signed_for(self):
        with at("2026-03-12 14:30"):
            sheet = self._give()
            self._as("supervisor", self.case).action_policy_cancel("客户撤回")
            with self.assertRefused(UserError, "has gone on"):
                self._by("production", sheet).action_policy_receive()

    def test_too_early_and_where_no_policy_hands_over(self):
        case = self._furniture("2026-03-12 14:10")
        with at("2026-03-12 14:20"):
            with self.assertRefused(UserError, r"2\.3.*missing first: Registered At"):
                self._give(case=case)
            other = self._new_case()
            with self.assertRefused(UserError, "hands no such case over"):
                self._as("specialist", other).action_policy_hand_over()

    def test_the_fact_is_nobodys_click(self):
        for vals in ({"policy_handed_at": "2026-03-12 07:00:00"},):
            with self.assertRaises(AccessError):
                self.case.sudo().write(vals)
        with mute_logger("odoo.sql_db"), self.assertRaises(AccessError):
            self.env["crm.policy.handover"].sudo().create(
                {
                    "ticket_id": self.case.id,
                    "direction": "transfer",
                    "from_user_id": self.env.uid,
                    "to_user_id": self.env.uid,
                    "given_at": "2026-03-12 07:00:00",
                }
            )
        with at("2026-03-12 14:30"):
            sheet = self._give()
        with self.assertRaises(AccessError):
            sheet.sudo().write({"received_at": "2026-03-12 07:00:00"})
        with self.assertRefused(UserError, "stays with its case"):
            sheet.sudo().unlink()

    def test_the_window_asks_by_its_wizard(self):
        Turn = self.env["crm.policy.route.turn"].with_user(self.users["specialist"])
        with at("2026-03-12 14:30"):
            turn = Turn.create({"ticket_id": self.case.id, "turn": "hand_over", "text": "照片"})
            self.assertEqual(turn.user_id, self.people["production"])
            self.assertEqual(
                turn.possible_user_ids, self.people["production"] | self.people["quality"]
            )
            turn.action_policy_confirm()
        self.assertEqual(self.case.policy_handover_ids.text, "照片")
        with self.assertRaises(AccessError):
            self.env["crm.policy.route.turn"].with_user(self.people["ma"]).create(
                {"ticket_id": self.case.id, "turn": "hand_over"}
            )
