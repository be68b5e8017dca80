"""CMP-RTE-13: who receives goods inspects them, and reports damage within two days."""

from odoo.exceptions import ValidationError

from ..common import at
from ..route_common import PNG, RouteCommon


class TestReceipt(RouteCommon):
    def _case(self, moment, received, code="packaging", **vals):
        case = self._registered(moment, code)
        with at(moment):
            case.write({"policy_goods_received_on": received, **vals})
        return case

    def test_the_second_day_is_in_time_and_the_third_is_not(self):
        for moment, late in (
            ("2026-03-05 09:30", False),
            ("2026-03-07 23:50", False),
            ("2026-03-08 00:10", True),
        ):
            with self.subTest(moment):
                case = self._case(moment, "2026-03-05")
                self.assertEqual(str(case.policy_receipt_report_by), "2026-03-07")
                self.assertEqual(case.policy_receipt_is_late, late)

    def test_a_late_report_is_taken_in_and_decided_with_a_reason(self):
        case = self._case("2026-03-09 09:30", "2026-03-05")
        self.assertTrue(case.policy_registered_at)
        self._handed(case, "2026-03-09 09:50", "2026-03-09 10:00", to="warehouse")
        mine = self._as("specialist", case)
        carrier = self.env["res.partner"].create({"name": "顺达物流", "is_company": True})
        photo = self.env["ir.attachment"].with_user(self.users["specialist"]).create(
            {"name": "破损.png", "datas": PNG}
        )  # fmt: skip
        with at("2026-03-09 11:00"):
            mine.write(
                {
                    "policy_carrier_id": carrier.id,
                    "policy_carrier_clause": "承运合同 第8条",
                    "policy_damage_photo_ids": [(4, photo.id)],
                }
            )
            self._by("warehouse", self._opinion(case, "packaging")).action_policy_answer("赔付")
            for reason in (False, "  "):
                mine.policy_receipt_late_reason = reason
                with self.assertRefused(ValidationError, r"3\.5.*Why the Late Report Counts"):
                    mine.action_policy_decide()
            mine.policy_receipt_late_reason = "开箱后才能发现的内部破损，承运商同意"
            mine.action_policy_decide()
        self.assertTrue(case.policy_decided_at)

    def test_in_time_nobody_asks_for_a_reason(self):
        case = self._case("2026-03-06 09:30", "2026-03-05")
        self.assertFalse(case._policy_need_receipt())
        case.policy_goods_received_on = False
        self.assertEqual(case._policy_need_receipt(), ["Goods Received On"])

    def test_a_day_that_cannot_be(self):
        for received, shipped in (("2026-03-07", False), ("2026-03-04", "2026-03-05")):
            with self.subTest(received), self.assertRefused(ValidationError, "before the shipment"):
                self._case("2026-03-06 09:30", received, policy_shipped_on=shipped)

    def test_other_routes_and_policies_ask_for_nothing(self):
        case = self._case("2026-03-20 09:30", "2026-03-05", code="quality")
        self.assertFalse(case.policy_needs_receipt)
        self._set_parameter("receipt_check_days", 0)
        case = self._case("2026-03-20 09:30", "2026-03-05")
        self.assertFalse(case.policy_receipt_report_by or case.policy_receipt_is_late)
