"""Grievance, suggestion, packaging and service: the short ways of 002 篇六 (C.1)."""

from odoo.exceptions import UserError, ValidationError

from ..common import at
from ..route_common import PNG, RouteCommon


class TestLightRoutes(RouteCommon):
    def test_a_grievance_is_answered_in_words_and_has_a_reason(self):
        """CMP-RTE-01."""
        case = self._registered("2026-03-06 10:00", "grievance")
        mine = self._as("specialist", case)
        with at("2026-03-06 10:10"):
            with self.assertRefused(ValidationError, r"3\.1.*Reason of the Grievance"):
                mine.action_policy_respond("已解释")
            mine.policy_grievance_reason = "other"
            for text in (None, "  "):
                with self.subTest(text), self.assertRefused(ValidationError, r"3\.1.*still needed"):
                    mine.action_policy_respond(text)
            mine.action_policy_respond("已解释")
        self.assertEqual(case.policy_next_action, "settle")

    def _suggestion(self, value=None):
        with at("2026-03-06 10:00"):
            case = self._new_case(
                policy_kind="suggestion",
                policy_complaint_type_id=self.types["frn-suggestion"].id,
            )
            mine = self._as("specialist", case)
            if value:
                mine.policy_suggestion_value = value
            mine.action_policy_accept()
        return case

    def test_a_suggestion_without_worth_is_declined_in_words(self):
        """CMP-RTE-03."""
        case = self._suggestion()
        mine = self._as("specialist", case)
        with at("2026-03-06 10:10"):
            with self.assertRefused(ValidationError, r"3\.2.*still needed: Suggestion"):
                mine.action_policy_respond("感谢您的建议")
            mine.policy_suggestion_value = "declined"
            self.assertFalse(case.policy_countersign_ids)
            with self.assertRefused(ValidationError, r"3\.2.*still needed"):
                mine.action_policy_respond()
            mine.action_policy_respond("感谢您的建议，目前暂不采用")
            mine.action_policy_close()

    def test_a_valuable_suggestion_is_studied_and_decided(self):
        for early in (True, False):
            with self.subTest(early=early):
                case = self._suggestion("valuable" if early else None)
                mine = self._as("specialist", case)
                if not early:
                    with at("2026-03-06 10:05"):
                        mine.policy_suggestion_value = "valuable"
                study = case.policy_countersign_ids
                self.assertEqual(study.step_code, "suggestion")
                self.assertTrue(self._clock(study, "suggestion").due_at)
                with at("2026-03-06 10:10"):
                    with self.assertRefused(UserError, "being studied"):
                        mine.policy_suggestion_value = "declined"
                    with self.assertRefused(UserError, r"3\.2.*Study of a suggestion|answer first"):
                        mine.action_policy_respond("采用")
                with at("2026-03-09 10:00"):
                    self._by("deputy_gm", study).action_policy_answer("可行，建议采用")
                    ruling = case.policy_ruling_ids
                    self.assertEqual(
                        (ruling.kind, ruling.policy_approval_state), ("suggestion", "pending")
                    )
                    with self.assertRefused(ValidationError, "the decision on the suggestion"):
                        mine.action_policy_respond("采用")
                    with self.assertRaises(UserError):
                        self._by("deputy_gm", ruling).action_policy_approve("同意")
                    self._as("ceo", ruling).action_policy_approve("同意")
                    mine.action_policy_respond("您的建议已采用")

    def test_packaging_names_carrier_clause_and_damage(self):
        """CMP-RTE-13."""
        case = self._registered("2026-03-06 09:30", "packaging")
        self._handed(case, "2026-03-06 09:50", "2026-03-06 10:00", to="warehouse")
        mine = self._as("specialist", case)
        with at("2026-03-09 10:00"):
            self._by("warehouse", self._opinion(case, "packaging")).action_policy_answer(
                "承运商赔付"
            )
            with self.assertRefused(
                ValidationError,
                r"3\.5.*Carrier.*Clause of the Carriage Contract.*Photos.*Goods Received On",
            ):
                mine.action_policy_decide()
            mine.policy_goods_received_on = "2026-03-05"
            with self.assertRefused(UserError, "goes back to the window once"):
                self._by("warehouse", case).action_policy_hand_back("承运商赔付 300")
            photo = self.env["ir.attachment"].with_user(self.users["specialist"]).create(
                {"name": "破损.png", "datas": PNG}
            )  # fmt: skip
            text = photo.create({"name": "破损.png", "datas": "aGVsbG8="})
            with self.assertRefused(ValidationError, "neither a picture"):
                mine.policy_damage_photo_ids = text
            with self.assertRaises(ValidationError):
                mine.policy_carrier_claim = -1
            carrier = self.env["res.partner"].create({"name": "顺达物流", "is_company": True})
            mine.write(
                {
                    "policy_carrier_id": carrier.id,
                    "policy_carrier_clause": "承运合同 第8条",
                    "policy_carrier_claim": 300,
                    "policy_damage_photo_ids": [(4, photo.id)],
                }
            )
            mine.action_policy_decide()
            self._by("warehouse", case).action_policy_hand_back("承运商赔付 300")
            sheet = case.policy_handover_ids[-1:]
            self.assertEqual(sheet.to_user_id, self.users["specialist"])
            self._as("specialist", sheet).action_policy_receive()

    def test_service_is_treated_by_the_head_of_who_is_complained_about(self):
        """CMP-RTE-14."""
        self._set_parameter("transfer_requires_gm", 0)
        workshop = self.env["hr.department"].create(
            {"name": "安装部", "company_id": self.company.id}
        )
        boss = self._person("boss")
        staff = self._new_employees([self.people["ma"], boss], workshop)
        workshop.manager_id = staff[boss]
        case = self._furniture("2026-03-06 09:30", "service")
        mine = self._as("specialist", case)
        with at("2026-03-06 09:30"):
            mine.action_policy_accept()
            mine.action_policy_register()
            with self.assertRefused(UserError, r"2\.3.*Complaint About"):
                mine.action_policy_hand_over()
            mine.policy_accused_user_ids = self.people["ma"]
            self.assertEqual(case.policy_department_id, workshop)
        with at("2026-03-06 10:00"):
            self._as("director", case).action_policy_hand_over()
        self.assertEqual(case.policy_handover_ids.to_user_id, boss)
        with self.assertRefused(ValidationError, "somebody else handles it"):
            self._as("director", case).user_id = self.people["ma"]
        # Is it the head himself, it goes to who stands above him.
        workshop.parent_id = self.department
        other = self._furniture("2026-03-06 09:30", "service")
        self._as("director", other).policy_accused_user_ids = boss
        self.assertEqual(other.policy_department_id, self.department)
