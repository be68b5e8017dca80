"""Which plans come about by themselves: tracked cases, processes at fault; never two of one."""

# What is said here nobody reads.
# pylint: disable=translation-required

from odoo.exceptions import UserError

from ..common import at, shanghai
from .improvement_common import ImprovementCommon


class SourceCommon(ImprovementCommon):
    def _case(self, shares=(), tracking=True, kind="complaint", **vals):
        """Return a case that waits for its settlement.

        :param shares: values of its shares.
        """
        vals = {"policy_complaint_type_id": self.types["quality"].id, **vals}
        with at("2026-03-02 10:20"):
            case = self._new_case(policy_kind=kind, **vals)
            self._drive(case, "propose")
            for share in shares:
                self.env["crm.policy.responsibility"].create({"ticket_id": case.id, **share})
            if tracking:
                case._policy_guarded_write({"policy_tracking": True})
        return case

    def _settle(self, case, moment="2026-03-13 11:00"):
        mine = self._as("specialist", case)
        with at(moment):
            mine.action_policy_decide()
            mine.action_policy_settle()
        return case.policy_improvement_ids

    def _close(self, case):
        mine = self._as("specialist", case)
        with at("2026-03-13 15:00"):
            mine.action_policy_reply("同意退货", "phone", score=4)
        with at("2026-03-20 10:00"):
            mine.action_policy_callback(4, "客户认可")
            self._as("qc", case).action_policy_recheck("记录齐全")
            mine.action_policy_close()

    def _of(self, case):
        return self.env["crm.policy.improvement"].search([("ticket_id", "=", case.id)])


class TestTracking(SourceCommon):
    def test_cmp_imp_02_the_settlement_opens_one_plan(self):
        case = self._case(
            [
                {"department_id": self.quality.id, "share": 20},
                {"department_id": self.manufacturing.id, "share": 80,
                 "employee_id": self.zhao_employee.id},
            ],
            policy_item_ref="PCB-204",
            policy_quantity=2000,
            policy_defective_quantity=150,
        )  # fmt: skip
        self.assertFalse(self._of(case))
        plan = self._settle(case)
        self.assertEqual(len(plan), 1)
        self.assertTrue(plan.is_tracked)
        self.assertEqual((plan.source, plan.state), ("complaint", "draft"))
        self.assertEqual(plan.opened_at, shanghai("2026-03-13 11:00"))
        self.assertEqual((plan.policy_department_id, plan.user_id), (self.manufacturing, self.head))
        self.assertEqual(plan.policy_version_id, self.version)
        self.assertIn("PCB-204", plan.problem)
        self.assertIn("150", plan.problem)
        message = self.env["mail.message"].search(
            [("model", "=", plan._name), ("res_id", "=", plan.id),
             ("message_type", "=", "user_notification")]
        )  # fmt: skip
        self.assertEqual(message.notified_partner_ids, self.head.partner_id)
        # What the case goes on to does not open another one.
        case._policy_ask_improvement()
        case._policy_guarded_write({"policy_tracking": True})
        self.assertEqual(self._of(case), plan)

    def test_correction_4_what_is_not_tracked_opens_none(self):
        case = self._case(tracking=False)
        self._settle(case)
        self.assertFalse(self._of(case))
        # By hand, afterwards: the one plan comes about.
        case._policy_guarded_write({"policy_tracking": True})
        self.assertEqual(len(self._of(case)), 1)

    def test_never_two_by_hand_and_by_itself(self):
        case = self._case()
        plan = self._plan(user=self.users["qc"], ticket_id=case.id)
        self._settle(case)
        self.assertEqual(self._of(case), plan)
        # One that was cancelled does not stand in its way.
        other = self._case()
        self._plan(user=self.users["qc"], ticket_id=other.id).with_user(
            self.users["qc"]
        ).action_policy_cancel("重复")
        self.assertEqual(self._settle(other).mapped("is_tracked"), [True, False])

    def test_what_was_cancelled_does_not_come_again_by_itself(self):
        case = self._case()
        plan = self._settle(case)
        self._as("director", plan).action_policy_cancel("产品停产")
        case._policy_ask_improvement()
        self.assertEqual(self._of(case), plan)

    def test_a_reopened_case_keeps_its_plan(self):
        case = self._case()
        plan = self._settle(case)
        self._close(case)
        with at("2026-03-21 10:00"):
            self._as("supervisor", case).action_policy_reopen("客户不认可")
            case._policy_guarded_write({"policy_settled_at": shanghai("2026-03-21 10:00")})
        self.assertEqual((case.policy_cycle, self._of(case)), (1, plan))

    def test_the_case_is_closed_before_the_effect_is_checked(self):
        case = self._case()
        plan = self._settle(case)
        self._close(case)
        self.assertTrue(case.policy_closed_at)
        self.assertEqual(plan.state, "draft")

    def test_nobody_to_own_it(self):
        self.department.manager_id = False
        plan = self._settle(self._case())
        self.assertEqual(plan.policy_department_id, self.department)
        self.assertFalse(plan.user_id)
        below = self.env["hr.department"].create(
            {"name": "热线组", "company_id": self.company.id, "parent_id": self.manufacturing.id}
        )
        plan = self._settle(self._case([{"department_id": below.id, "share": 100}]))
        self.assertEqual((plan.policy_department_id, plan.user_id), (below, self.head))

    def test_what_hinders_the_plan_does_not_undo_the_settlement(self):
        case = self._case(name="x")
        self.patch(self.registry["crm.policy.improvement"], "_policy_tracked_values", self._refuse)
        self._settle(case)
        self.assertTrue(case.policy_settled_at)
        self.assertIn("nobody can do this", case.message_ids[0].body)

    @staticmethod
    def _refuse(_plans, case):
        raise UserError("nobody can do this")

    def test_defaults_of_who_settles_have_no_say(self):
        case = self._case()
        forged = {
            "default_name": "x", "default_is_tracked": False, "default_previous_id": 1,
            "default_goal_ids": [(0, 0, {"indicator": "x", "baseline": 1, "target": 2})],
            "default_message_follower_ids": [(0, 0, {"partner_id": self.partner.id})],
            "default_activity_ids": [
                (0, 0, {"summary": "x", "user_id": self.users["manager"].id,
                        "res_model_id": self.env["ir.model"]._get_id("crm.policy.improvement")})
            ],
            "default_state": "achieved", "default_checked_at": "2026-01-01",
        }  # fmt: skip
        mine = self._as("specialist", case).with_context(**forged)
        with at("2026-03-13 11:00"):
            mine.action_policy_decide()
            mine.action_policy_settle()
        plan = self._of(case)
        self.assertEqual((plan.name, plan.state, plan.is_tracked), (case.name, "draft", True))
        self.assertFalse(plan.goal_ids or plan.previous_id or plan.checked_at)
        self.assertNotIn(self.partner, plan.message_partner_ids)
        other = self._case()
        Plan = self.env["crm.policy.improvement"].with_user(self.users["specialist"])
        Plan.with_context(**forged)._policy_track(other)
        self.assertFalse(self._of(other).activity_ids | plan.activity_ids)

    def test_settling_costs_the_same_for_more_lines(self):
        """A case opens one plan whatever its shares; those that ask for none cost nothing."""
        cases = [self._case(tracking=False) for _each in range(8)]

        def cost(number):
            records = self.env["helpdesk.ticket"].union(*cases[:number])
            self.env.flush_all()
            self.env.invalidate_all()
            records.mapped("policy_tracking")
            before = self.env.cr.sql_log_count
            records._policy_ask_improvement()
            return self.env.cr.sql_log_count - before

        cost(4)
        self.assertEqual(cost(4), cost(8))

    def test_the_button_on_the_case(self):
        case = self._case()
        action = self._as("qc", case).action_policy_open_improvement()
        self.assertEqual(action["context"]["default_ticket_id"], case.id)
        self.assertFalse(action.get("res_id"))
        plan = self._settle(case)
        action = self._as("qc", case).action_policy_open_improvement()
        self.assertEqual(action["res_id"], plan.id)
        self.assertEqual(case.with_user(self.users["qc"]).policy_improvement_count, 1)
        # Who sees the case sees not for that the plan.
        self.assertEqual(case.with_user(self.users["specialist"]).policy_improvement_count, 0)


class TestObjective(SourceCommon):
    """CFL-RSP-01: a missing rule or a faulty process is for the owner of the process to mend."""

    def _conflict(self, **vals):
        return self._case(
            [
                {"department_id": self.manufacturing.id, "share": 60, "fault_type": "objective"},
                {"party": "employee", "employee_id": self.zhao_employee.id, "share": 40},
            ],
            kind="conflict",
            tracking=False,
            **vals,
        )

    def test_an_objective_share_of_a_conflict_opens_the_plan_with_its_action(self):
        plan = self._settle(self._conflict())
        self.assertEqual((plan.source, plan.user_id), ("conflict", self.head))
        action = plan.action_ids
        self.assertEqual(len(action), 1)
        self.assertEqual((action.department_id, action.user_id), (self.manufacturing, self.head))
        self.assertEqual((action.kind, action.state), ("rule", "planned"))
        self.assertFalse(action.due, "when, he says himself")

    def test_a_conflict_of_fault_alone_opens_none(self):
        case = self._case(
            [{"department_id": self.manufacturing.id, "share": 100}], kind="conflict",
            tracking=False,
        )  # fmt: skip
        self._settle(case)
        self.assertFalse(self._of(case))

    def test_no_personal_sanction_follows_from_an_objective_share(self):
        rule = self.env["crm.policy.sanction.rule"]._policy_guarded_create(
            [{"code": "w", "name": "警告", "trigger": "person_share", "kind": "warning",
              "clause_id": self.version.clause_ids[:1].id}]
        )  # fmt: skip
        self.env.registry.clear_cache()
        self.assertTrue(rule)
        for fault_type, count in (("objective", 0), ("fault", 1)):
            with self.subTest(fault_type):
                case = self._case(
                    [{"department_id": self.manufacturing.id, "share": 100,
                      "employee_id": self.zhao_employee.id, "fault_type": fault_type}],
                    tracking=False,
                )  # fmt: skip
                self.env["crm.policy.loss"].create(
                    {"ticket_id": case.id, "kind": "freight", "amount": 5000}
                )
                self._settle(case)
                found = self.env["crm.policy.sanction"]._policy_propose_for_case(case)
                self.assertEqual(len(found), count)


class TestOtherSources(SourceCommon):
    def test_a_sanction(self):
        case = self._case(tracking=False)
        sanction = (
            self.env["crm.policy.sanction"]
            .with_user(self.users["supervisor"])
            .create(
                {
                    "kind": "warning",
                    "employee_id": self.zhao_employee.id,
                    "ticket_id": case.id,
                    "clause_id": self.version.clause_ids[:1].id,
                    "fact": "未按规程操作",
                }
            )
        )
        plan = self._plan(user=self.users["director"], sanction_id=sanction.id)
        self.assertEqual(plan.source, "sanction")
        # Who has part in the plan learns of no sanction by it.
        shown = plan.with_user(self.zhao).fields_get(["sanction_id"])
        self.assertFalse(shown)
