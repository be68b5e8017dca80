"""Five steps for a small manufacturer, and consecutive steps that are one request (MFS)."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import COMPLETE, at, shanghai
from .goods_flow import CarryOut
from .test_shipped_packs import PackFlow


class TestSmallManufacturer(CarryOut, PackFlow):
    pack = "manufacturer_small"
    kinds = ("complaint",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._appoint("quality", "production", "sales_manager")

    def _one_person(self):
        """Let the head of Quality be the head of Production, too."""
        self._new_post("production", self.people["quality"])
        # Not into the dictionary that all tests share.
        self.people = {**self.people, "production": self.people["quality"]}

    def _registered(self, **vals):
        kind = self.types["mfs-quality"]
        with at("2026-03-02 10:20"):
            case = self._new_case(policy_complaint_type_id=kind.id, **{**COMPLETE, **vals})
            self._as("specialist", case).action_policy_accept()
        with at("2026-03-03 09:15"):
            self._as("specialist", case).action_policy_register()
        return case

    def _line(self, case, step):
        return case.policy_countersign_ids.filtered(lambda line: line.step_code == step)

    def _find(self, case, user):
        self.env["crm.policy.production.finding"].with_user(user).create(
            {
                "ticket_id": case.id,
                "unit": "压合车间",
                "machine": "3号压机",
                "shift": "夜班",
                "workers": "赵师傅",
                "produced_on": "2026-02-10",
            }
        )

    def _share(self, case, user):
        self.env["crm.policy.responsibility"].with_user(user).create(
            {"ticket_id": case.id, "department_id": self.department.id, "share": 100}
        )

    def _merging(self, value):
        version = self.governing
        version._policy_guarded_write({"state": "draft"})
        self.env["crm.policy.parameter"].search(
            [("version_id", "=", version.id), ("code", "=", "merge_steps")]
        ).value = value
        version._policy_guarded_write({"state": "effective"})
        self.env.registry.clear_cache()

    def test_the_five_steps(self):
        self._one_person()
        case = self._registered()
        self.assertEqual(case.policy_number, "20260301")
        mine, one = self._as("specialist", case), self.people["quality"]
        sales = self.people["sales_manager"]
        with at("2026-03-03 10:00"):
            mine.action_policy_respond("已联系")
            mine.action_policy_propose("赔付")
        first = self._line(case, "quality").with_user(one)
        self.assertEqual(first.merged_names, "Production")
        with at("2026-03-04 16:00"):
            # The sections of all the steps are filled before the one answer.
            with self.assertRefused(ValidationError, "how the goods were made"):
                first.action_policy_answer("压合温度偏低，已调整")
            self._find(case, one)
            first.action_policy_answer("压合温度偏低，已调整")
            production = self._line(case, "production")
            self.assertEqual(
                (production.opinion, production.answered_by_id), ("压合温度偏低，已调整", one)
            )
            self.assertEqual(production.policy_asked_at, production.policy_answered_at)
            self.assertEqual(case.policy_investigated_at, shanghai("2026-03-04 16:00"))
            for line, code in ((first, "quality"), (production, "production")):
                self.assertEqual(self._clock(line, code).state, "met")
        opinion = self._line(case, "sales-opinion").with_user(sales)
        self.assertEqual(opinion.policy_asked_at, shanghai("2026-03-04 16:00"))
        with at("2026-03-05 09:00"):
            with self.assertRefused(ValidationError, "Say who is responsible"):
                opinion.action_policy_answer("同意赔付")
            self._share(case, sales)
            opinion.action_policy_answer("同意赔付")
            synthesis = self._line(case, "synthesis")
            self.assertEqual((synthesis.opinion, synthesis.answered_by_id), ("同意赔付", sales))
            events = self.env["crm.policy.event"].search(
                [("res_model", "=", synthesis._name), ("res_id", "=", synthesis.id)], order="id"
            )
            self.assertEqual(events.mapped("type"), ["fact.asked", "fact.answered"])
            remedy = self._new_remedy(case, 10000.01)
            mine.action_policy_submit()
            self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["ceo"])
            remedy.with_user(self.users["ceo"]).action_policy_approve("同意")
        self.assertEqual(case.policy_settled_at, shanghai("2026-03-05 09:00"))
        self.assertEqual(self._clock(case, "settle").due_at, shanghai("2026-03-18 23:59:59"))
        self.assertEqual(self._dues(case)["reply"], shanghai("2026-03-05 14:00"))
        with at("2026-03-05 11:00"):
            mine.action_policy_reply("同意赔付", "phone", score=4)
            remedy.with_user(self.users["specialist"]).action_policy_execute_amount()
            self.assertTrue(case.policy_executed_at)
        with at("2026-03-20 10:00"):
            mine.action_policy_callback(4, "客户认可")
            self._as("qc", case).action_policy_recheck("记录齐全")
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)

    def test_two_people_are_asked_one_after_the_other(self):
        case = self._registered()
        first = self._line(case, "quality").with_user(self.people["quality"])
        self.assertFalse(first.merged_names)
        with at("2026-03-04 16:00"):
            first.action_policy_answer("压合温度偏低")
            production = self._line(case, "production")
            self.assertFalse(production.policy_answered_at)
            with self.assertRaises(AccessError):
                self._find(case, self.people["quality"])
            self.assertEqual(
                self._dues(production), {"production": shanghai("2026-03-06 23:59:59")}
            )
            self._find(case, self.people["production"])
            self._answer(production, "production")
        # One role, though two people hold it: merged all the same.
        self.assertEqual(self._line(case, "sales-opinion").merged_names, "Overall opinion")

    def test_two_who_share_one_post_are_not_one_person(self):
        """One of them holds the next post, too: the other could not answer for it."""
        self._new_post("quality", self.people["quality"] | self.people["production"])
        case = self._registered()
        self.assertFalse(self._line(case, "quality").merged_names)

    def test_a_policy_that_does_not_merge(self):
        self._one_person()
        self._merging(0)
        case = self._registered()
        with at("2026-03-04 16:00"):
            self._answer(self._line(case, "quality"), "quality")
        production = self._line(case, "production")
        self.assertTrue(production.policy_asked_at)
        self.assertFalse(production.policy_answered_at)

    def test_dated_back_the_next_step_is_asked_now(self):
        self._one_person()
        case = self._registered()
        with at("2026-03-05 09:00"):
            self._find(case, self.people["quality"])
            self._line(case, "quality").with_user(self.people["quality"]).action_policy_answer(
                "已查", at=shanghai("2026-03-04 16:00"), reason="出差"
            )
        production = self._line(case, "production")
        self.assertEqual(production.policy_answered_at, shanghai("2026-03-05 09:00"))

    def test_the_course_holds(self):
        case = self._registered()
        mine = self._as("specialist", case)
        with at("2026-03-03 10:00"):
            mine.action_policy_respond("已联系")
            mine.action_policy_propose("赔付")
            self._new_remedy(case, 500)
            with self.assertRefused(UserError, "Decided At: missing first: Investigated At"):
                mine.action_policy_submit()
