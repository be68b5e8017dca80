"""CMP-RTE-09: the repaired goods come by the day of the memo, or somebody is told."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import at, shanghai
from .test_committee_route import CommitteeCommon

DUE = "2026-03-27 18:00"


class TestRepair(CommitteeCommon):
    def setUp(self):
        super().setUp()
        self.case = self._registered("2026-03-12 14:10")
        self._handed(self.case, "2026-03-12 14:40", "2026-03-12 15:00")
        self._report(self.case, "2026-03-13 08:50")
        self.verdict = self._verdict(self.case, "2026-03-13 10:00", 80, 20)
        self._sign(self.verdict, "2026-03-13 11:00")
        self._agree(self.verdict, "2026-03-13 14:00")

    def _planned(self):
        self._approve(self.verdict, "2026-03-13 16:00")
        return self.case

    def _follow(self, step, moment, user="production", **more):
        with at(moment):
            self._by(user, self.case).action_policy_follow_repair(step, **more)

    def _mark_overdue(self, moment):
        self.env.flush_all()
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()

    def test_the_clock_runs_from_the_approval_to_the_day_of_the_memo(self):
        self.assertFalse(self.case.policy_repair_planned_at, "nothing is approved yet")
        self.assertFalse(self._clock(self.case, "repair"))
        case = self._planned()
        clock = self._clock(case, "repair")
        self.assertEqual(case.policy_repair_planned_at, shanghai("2026-03-13 16:00"))
        self.assertEqual((clock.due_at, clock.state), (shanghai(DUE), "open"))
        self.assertEqual(clock.user_id, self.people["production"])
        self.assertEqual(case.policy_repair_state, "repairing")
        # Who ships sees what he ships.
        self.assertTrue(self._by("warehouse", case).has_access("read"))

    def test_from_the_repair_to_the_delivery(self):
        case = self._planned()
        self._follow("repaired", "2026-03-25 15:00")
        self.assertEqual(case.policy_repair_state, "repaired")
        shipment = self._clock(case, "repair-shipment")
        self.assertEqual(
            (shipment.due_at, shipment.user_id),
            (shanghai("2026-03-26 18:00"), self.people["warehouse"]),
        )
        self._follow("shipped", "2026-03-26 10:00", "warehouse")
        self.assertEqual(case.policy_repair_state, "shipped")
        self.assertEqual(self._clock(case, "repair-shipment").state, "met")
        self._follow("delivered", DUE, "warehouse")
        self.assertEqual(case.policy_repair_state, "delivered")
        # On the very instant is in time (Correction 13).
        self.assertEqual(self._clock(case, "repair").state, "met")
        self.assertFalse(case.policy_repair_is_late)
        self.assertEqual(case.policy_repair_delivery_at, shanghai(DUE))
        self.assertEqual(
            self._clock(case, "callback-repair").due_at, shanghai("2026-03-28 23:59:59")
        )

    def test_a_late_repair_warns_and_climbs(self):
        case = self._planned()
        self._mark_overdue("2026-03-27 17:59")
        with at("2026-03-27 17:59"):
            self.assertFalse(case.policy_repair_is_late)
        self._mark_overdue("2026-03-27 18:00:01")
        clock = self._clock(case, "repair")
        self.assertTrue(clock.overdue_at)
        told = clock.escalation_ids.filtered(lambda row: row.step_id.kind == "escalation")
        self.assertEqual(told.user_id, self.people["production"] | self.people["deputy_gm"])
        with at("2026-03-27 18:01"):
            case.invalidate_recordset()
            self.assertTrue(case.policy_repair_is_late)
            late = self.env["helpdesk.ticket"].search([("policy_repair_is_late", "=", True)])
            self.assertEqual(late & case, case)
            self.assertTrue(
                case.activity_ids.filtered(lambda line: line.user_id == self.people["production"])
            )
        self._follow("repaired", "2026-03-30 09:00")
        self._follow("delivered", "2026-03-30 10:00")
        self.assertFalse(case.policy_repair_is_late, "it is there; the violation stays")
        clock = self._clock(case, "repair")
        self.assertEqual(clock.state, "late")
        violation = self.env["crm.policy.violation"].search([("deadline_id", "=", clock.id)])
        self.assertEqual(violation.severity, "serious")
        self.assertFalse(
            self.env["helpdesk.ticket"].search([("policy_repair_is_late", "=", True)]) & case
        )

    def test_a_warning_comes_a_working_day_before(self):
        case = self._planned()
        with at("2026-03-26 18:00"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()
        warned = self._clock(case, "repair").escalation_ids.filtered(
            lambda row: row.step_id.kind == "warning"
        )
        self.assertEqual(warned.user_id, self.people["production"])

    def test_typing_a_day_moves_no_memo_and_heals_no_lateness(self):
        case = self._planned()
        mine = case.with_user(self.users["supervisor"])
        with at("2026-03-26 11:00"):
            # "It will be April": the callback follows, the promise stands.
            mine.policy_repair_delivery_at = shanghai("2026-04-03 18:00")
        self.assertEqual(self._clock(case, "repair").due_at, shanghai(DUE))
        self.assertFalse(case.policy_repair_delivered_at)
        with at("2026-03-30 11:00"):
            # Three days back: further than the clause lets anybody date back.
            mine.policy_repair_delivery_at = shanghai("2026-03-27 10:00")
        self.assertEqual(case.policy_repair_delivered_at, shanghai("2026-03-30 11:00"))
        self.assertEqual(self._clock(case, "repair").state, "late")

    def test_typing_the_day_of_the_delivery_records_it(self):
        case = self._planned()
        with at("2026-03-27 17:30"):
            case.with_user(self.users["supervisor"]).policy_repair_delivery_at = shanghai(
                "2026-03-27 16:00"
            )
        self.assertEqual(case.policy_repair_delivered_at, shanghai("2026-03-27 16:00"))
        self.assertEqual(self._clock(case, "repair").state, "met")

    def test_who_follows_it(self):
        case = self._planned()
        for name in ("quality", "sales_manager", "deputy_gm"):
            with self.subTest(name), self.assertRefused(AccessError, "followed by customer servic"):
                self._follow("repaired", "2026-03-20 10:00", name)
        with self.assertRaises(AccessError):
            self._follow("repaired", "2026-03-20 10:00", "ma")
        with self.assertRaises(AccessError):
            case.sudo().write({"policy_repaired_at": "2026-03-20 02:00:00"})
        case.policy_accused_user_ids = self.people["production"]
        with self.assertRaises(AccessError):
            self._follow("repaired", "2026-03-20 10:00")
        with at("2026-03-20 10:00"):
            self._as("specialist", case).action_policy_follow_repair("repaired")
        self.assertEqual(case.policy_repaired_at, shanghai("2026-03-20 10:00"))

    def test_out_of_order_and_what_cannot_be_meant(self):
        with self.assertRefused(UserError, "no place in a case"):
            self._follow("repaired", "2026-03-13 15:00")
        case = self._planned()
        for step in ("shipped", "delivered"):
            with self.subTest(step), self.assertRefused(UserError, "missing first: Repaired At"):
                self._follow(step, "2026-03-20 10:00")
        for step in (None, "lost", 7, ["repaired"]):
            with self.subTest(step), self.assertRefused(ValidationError, "repaired, shipped or"):
                self._follow(step, "2026-03-20 10:00")
        with self.assertRefused(PolicyRefusal, r"2\.4.*24 hours"):
            self._follow(
                "repaired", "2026-03-20 10:00", at=shanghai("2026-03-18 09:00"), reason="补"
            )
        self._follow("repaired", "2026-03-20 10:00")
        with self.assertRefused(UserError, "recorded already"):
            self._follow("repaired", "2026-03-20 11:00")
        self.assertEqual(case.policy_repaired_at, shanghai("2026-03-20 10:00"))

    def test_it_is_not_closed_before_the_goods_are_there(self):
        case = self._planned()
        self.assertTrue(any("not delivered" in line for line in case._policy_close_problems()))
        self._follow("repaired", "2026-03-20 10:00")
        self._follow("delivered", "2026-03-20 15:00")
        self.assertFalse(any("not delivered" in line for line in case._policy_close_problems()))

    def test_no_clock_where_the_policy_has_none(self):
        case = self._new_case()
        case._policy_plan_repair(shanghai(DUE))
        self.assertFalse(case.policy_repair_planned_at)

    def test_the_wizard(self):
        self._planned()
        Turn = self.env["crm.policy.route.turn"].with_user(self.people["production"])
        with at("2026-03-20 10:00"):
            self.assertTrue(self._by("production", self.case).policy_can_follow_repair)
            self.assertFalse(self._by("quality", self.case).policy_can_follow_repair)
            Turn.create({"ticket_id": self.case.id, "turn": "repaired"}).action_policy_confirm()
        self.assertEqual(self.case.policy_repaired_at, shanghai("2026-03-20 10:00"))
