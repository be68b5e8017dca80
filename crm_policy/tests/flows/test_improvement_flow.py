"""S2's case goes on: tracked at its settlement, improved, and its effect checked in June."""

from ..common import at, shanghai
from .test_shipped_packs import ManufacturerFlow


class TestImprovementFlow(ManufacturerFlow):
    def test_s2_is_tracked_until_its_effect_is_checked(self):
        manufacturing = self.env["hr.department"].create(
            {"name": "生产部", "company_id": self.company.id}
        )
        head = self.people["production"]
        manufacturing.manager_id = self._new_employee(head, department_id=manufacturing.id)
        case = self._registered()
        mine = self._as("specialist", case)
        with at("2026-03-10 09:00"):
            case.policy_cause_class = "quality"
            case._policy_guarded_write({"policy_tracking": True})
            mine.action_policy_respond("已联系")
            mine.action_policy_propose("退货")
            self._new_remedy(case, 500)
            for department, share in ((manufacturing, 80), (self.department, 20)):
                self.env["crm.policy.responsibility"].create(
                    {"ticket_id": case.id, "department_id": department.id, "share": share}
                )
            self._opine(case)
        with at("2026-03-13 11:00"):
            self._sign(case)
        self.assertEqual(case.policy_settled_at, shanghai("2026-03-13 11:00"))
        plan = case.policy_improvement_ids
        self.assertEqual(len(plan), 1)
        self.assertEqual((plan.user_id, plan.state), (head, "draft"))
        self.assertEqual(plan.opened_at, shanghai("2026-03-13 11:00"))
        # Ten working days after a Friday.
        self.assertEqual(self._dues(plan), {"improvement-start": shanghai("2026-03-27 18:00")})
        owner = plan.with_user(head)
        with at("2026-03-16 09:30"):
            owner.write(
                {
                    "root_cause": "压合温度曲线未锁定",
                    "goal_ids": [(0, 0, {"indicator": "分层不良率", "unit": "ppm",
                                         "baseline": 800, "target": 200})],
                    "action_ids": [
                        (0, 0, {"name": "锁定温度曲线", "user_id": head.id,
                                "department_id": manufacturing.id, "due": "2026-03-25"}),
                        (0, 0, {"name": "出货检验增加切片", "user_id": self.people["quality"].id,
                                "kind": "monitoring", "due": "2026-03-31"}),
                    ],
                }
            )  # fmt: skip
            owner.action_policy_submit()
        with at("2026-03-17 10:00"):
            decider = plan.policy_approval_id.eligible_user_ids[:1]
            plan.with_user(decider).action_policy_approve("同意")
            owner.action_policy_start()
        first, second = plan.action_ids
        self.assertEqual(self._dues(first), {"improvement-action": shanghai("2026-03-25 23:59:59")})
        with at("2026-03-25 16:00"):
            first.with_user(head).action_policy_done("作业指导书 WI-17 第3版")
        # The case does not wait for the effect (CMP-IMP-01).
        with at("2026-03-13 15:00"):
            mine.action_policy_reply("同意退货", "phone", score=4)
            self._carry_out(case)
        with at("2026-03-28 10:00"):
            mine.action_policy_callback(4, "客户认可")
            self._as("qc", case).action_policy_recheck("记录齐全")
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)
        self.assertEqual(plan.state, "running")
        with at("2026-03-31 17:00"):
            second.with_user(self.people["quality"]).action_policy_done("检验规范 QS-9")
        self.assertEqual(plan.implemented_at, shanghai("2026-03-31 17:00"))
        clock = self._clock(plan, "improvement-effect")
        self.assertEqual((clock.due_at, clock.state), (shanghai("2026-06-30 23:59:59"), "open"))
        self._mark("2026-06-30 23:59:59")
        self.assertFalse(clock.overdue_at)
        self._mark("2026-07-01 00:00:00")
        self.assertTrue(clock.overdue_at)
        self.assertEqual(
            self.env["crm.policy.violation"].search([("deadline_id", "=", clock.id)]).clause_number,
            "8.2",
        )
        with at("2026-07-01 09:00"):
            office = plan.with_user(self.people["gm_office"])
            office.goal_ids.actual = 180
            office.action_policy_check("4—6月统计")
            office.action_policy_close("achieved", "目标达成")
        self.assertEqual((plan.state, clock.state), ("achieved", "late"))
        self.assertEqual(plan.achievement, 103.33)
