"""The improvement plan: its states, its clocks, its effect check, and who takes which step."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from ..common import at, shanghai
from .improvement_common import ImprovementCommon


class TestImprovementCourse(ImprovementCommon):
    def test_from_the_draft_to_achieved(self):
        with at("2026-03-16 09:00"):
            plan = self._plan()
            self.assertEqual((plan.state, plan.source), ("draft", "manual"))
            self.assertEqual(plan.number, "IP-2026-0001")
            self.assertEqual(
                self._clocks(plan), {"improvement-start": (shanghai("2026-03-30 18:00"), "open")}
            )
            plan.with_user(self.head).action_policy_submit()
            self.assertEqual(plan.policy_approval_id.eligible_user_ids, self.users["director"])
            self.assertEqual(plan.policy_approval_id.clause_id.number, "10.1")
            self._as("director", plan).action_policy_approve("同意")
            self.assertEqual(plan.state, "approved")
            self.assertEqual(set(plan.action_ids.mapped("state")), {"planned"})
        with at("2026-03-17 09:00"):
            plan.with_user(self.head).action_policy_start()
        self.assertEqual(plan.state, "running")
        self.assertEqual(self._clocks(plan)["improvement-start"][1], "met")
        first, second = plan.action_ids
        self.assertEqual(
            self._clocks(first), {"improvement-action": (shanghai("2026-03-25 23:59:59"), "open")}
        )
        self.assertEqual(first.policy_deadline_ids.user_id, self.zhao)
        with at("2026-03-25 23:59:59"):
            first.with_user(self.zhao).action_policy_done("温度曲线记录 T-88")
        self.assertEqual(self._clocks(first)["improvement-action"][1], "met")
        self.assertEqual((first.state, first.done_by_id), ("done", self.zhao))
        self.assertEqual(plan.state, "running")
        with at("2026-04-01 00:00:00"):
            second.with_user(self.head).action_policy_done("培训签到表")
        self.assertEqual(self._clocks(second)["improvement-action"][1], "late")
        self.assertEqual(plan.state, "evaluating")
        self.assertEqual(plan.implemented_at, shanghai("2026-04-01 00:00:00"))
        self.assertEqual(
            self._clocks(plan)["improvement-effect"], (shanghai("2026-07-01 23:59:59"), "open")
        )
        with at("2026-07-01 23:59:59"):
            self._measure(plan, 200)
            self._as("qc", plan).action_policy_check("三个月统计")
            self._as("qc", plan).action_policy_close("achieved", "目标达成")
        self.assertEqual(self._clocks(plan)["improvement-effect"][1], "met")
        self.assertEqual((plan.state, plan.achievement), ("achieved", 100.0))
        self.assertFalse(plan.next_ids)
        types = self.env["crm.policy.event"].search(
            [("res_model", "=", plan._name), ("res_id", "=", plan.id)], order="id"
        ).mapped("type")  # fmt: skip
        self.assertEqual(
            [name for name in types if not name.startswith("approval.")],
            ["improvement.opened", "improvement.owner", "fact.started", "fact.implemented",
             "fact.checked", "fact.closed"],
        )  # fmt: skip

    def test_the_instant_after_is_late(self):
        plan = self._evaluating()
        with at("2026-07-01 00:00:00"):
            self._measure(plan, 200)
            self._as("qc", plan).action_policy_check("统计")
        self.assertEqual(
            self._clocks(plan)["improvement-effect"], (shanghai("2026-06-30 23:59:59"), "late")
        )

    def test_a_month_has_its_own_end(self):
        plan = self._running()
        self._done(plan, "2026-11-30 10:00")
        # Three months after 30 November there is no 30th (T6).
        self.assertEqual(
            self._clocks(plan)["improvement-effect"][0], shanghai("2027-02-28 23:59:59")
        )

    def test_other_months_by_the_parameter(self):
        self._set_parameter("effect_evaluation_months", 6)
        plan = self._evaluating()
        self.assertEqual(
            self._clocks(plan)["improvement-effect"][0], shanghai("2026-09-30 23:59:59")
        )

    def test_what_is_missing_is_named(self):
        plan = self._plan(problem=" ", root_cause=False, goal_ids=[], action_ids=[], user_id=False)
        with self.assertRefused(
            UserError,
            "10.1 .*Owner.*Problem.*Root Cause.*a goal with baseline and target.*an action",
        ):
            plan.with_user(self.head).action_policy_submit()
        plan = self._plan(action_ids=[(0, 0, {"name": "改善"})])
        with self.assertRefused(UserError, "who does it until when: 改善"):
            plan.with_user(self.head).action_policy_submit()

    def test_steps_out_of_order(self):
        plan = self._plan()
        mine = plan.with_user(self.head)
        with self.assertRefused(UserError, "10.1 .*once it is approved"):
            mine.action_policy_start()
        with self.assertRefused(UserError, "is not open"):
            plan.action_ids[0].with_user(self.zhao).action_policy_done("提前")
        self._approve(plan)
        with self.assertRefused(UserError, "is no draft"):
            mine.action_policy_submit()
        mine.action_policy_start()
        with self.assertRefused(UserError, "once it is approved"):
            mine.action_policy_start()
        with self.assertRefused(PolicyRefusal, "10.2 .*once its last action is done"):
            self._as("qc", plan).action_policy_check("统计")
        self._done(plan)
        with self.assertRefused(UserError, "is not open"):
            plan.action_ids[0].with_user(self.zhao).action_policy_done("再次")

    def test_the_owner_approves_nothing_of_his_own(self):
        with at("2026-03-16 09:00"):
            plan = self._plan(user=self.users["qc"], user_id=self.users["director"].id)
            second = self._new_user("director", login="t_director2")
            self._as("qc", plan).action_policy_submit()
        self.assertEqual(plan.policy_approval_id.eligible_user_ids, second)

    def test_who_rewrites_it_does_not_sign_it(self):
        director = self.users["director"]
        second = self._new_user("director", login="t_director2")
        for rewrite in (
            lambda plan: plan.with_user(director).write({"root_cause": "另有原因"}),
            lambda plan: plan.goal_ids.with_user(director).write({"target": 300}),
            lambda plan: plan.action_ids[0].with_user(director).unlink(),
            lambda plan: self.env["crm.policy.improvement.action"]
            .with_user(director)
            .create({"improvement_id": plan.id, "name": "x", "user_id": self.zhao.id,
                     "due": "2026-03-31"}),
        ):  # fmt: skip
            plan = self._plan()
            plan.sudo()._policy_guarded_write({"reader_ids": [(4, director.id)]})
            rewrite(plan)
            plan.with_user(self.head).action_policy_submit()
            self.assertEqual(plan.policy_approval_id.eligible_user_ids, second)

    def test_what_is_signed_stays(self):
        plan = self._plan()
        plan.with_user(self.head).action_policy_submit()
        goal, action = plan.goal_ids[0], plan.action_ids[0]
        for state in ("pending", "approved"):
            with self.subTest(state):
                for record, vals in (
                    (plan, {"problem": "别的"}),
                    (plan, {"budget": 5}),
                    (goal, {"target": 700}),
                    (goal, {"baseline": 1000}),
                    (action, {"due": "2026-12-31"}),
                    (action, {"user_id": self.head.id}),
                ):
                    with self.assertRaises(UserError):
                        record.with_user(self.head).write(vals)
                    with self.assertRaises(UserError):
                        record.sudo().write(vals)
                with self.assertRaises(UserError):
                    goal.with_user(self.head).unlink()
                with self.assertRaises(UserError):
                    action.with_user(self.head).unlink()
                with self.assertRaises(UserError):
                    goal.with_user(self.head).create(
                        {"improvement_id": plan.id, "indicator": "x", "baseline": 1, "target": 2}
                    )
            if state == "pending":
                with self.assertRaises(UserError):
                    action.with_user(self.head).create({"improvement_id": plan.id, "name": "x"})
                with self.assertRaises(UserError):
                    plan.with_user(self.head).user_id = self.zhao
                self._as("director", plan).action_policy_approve("同意")
        self.assertEqual(plan.policy_approval_state, "approved")

    def test_an_action_may_be_added_while_the_plan_runs(self):
        plan = self._running()
        vals = {"improvement_id": plan.id, "name": "增加首件检验"}
        Action = self.env["crm.policy.improvement.action"].with_user(self.head)
        with at("2026-03-20 10:00"):
            with self.assertRefused(UserError, "who does it until when"):
                Action.create(vals)
            action = Action.create({**vals, "user_id": self.zhao.id, "due": "2026-04-10"})
        self.assertEqual(action.opened_at, shanghai("2026-03-20 10:00"))
        self.assertEqual(
            self._clocks(action), {"improvement-action": (shanghai("2026-04-10 23:59:59"), "open")}
        )
        self._done(plan)
        with self.assertRaises(UserError):
            Action.create({**vals, "user_id": self.zhao.id, "due": "2026-04-10"})

    def test_an_action_is_given_up_by_who_judges_only(self):
        plan = self._running()
        first, second = plan.action_ids
        for user in (self.head, self.zhao):
            with self.assertRefused(AccessError, "10.2 .*does not judge"):
                first.with_user(user).action_policy_give_up("不需要")
        with self.assertRaises(ValidationError):
            self._as("director", first).action_policy_give_up("  ")
        self._as("director", first).action_policy_give_up("由设备联锁代替")
        self.assertEqual((first.state, self._clocks(first)["improvement-action"][1]),
                         ("cancelled", "cancelled"))  # fmt: skip
        self.assertEqual(plan.state, "running")
        with at("2026-03-31 17:00"):
            second.with_user(self.head).action_policy_done("签到表")
        self.assertEqual(plan.state, "evaluating")

    def test_nothing_done_is_nothing_carried_out(self):
        plan = self._running()
        for action in plan.action_ids:
            self._as("director", action).action_policy_give_up("不需要")
        self.assertEqual(plan.state, "running")

    def test_only_the_responsible_and_the_owner_say_done(self):
        plan = self._running()
        action = plan.action_ids[0]
        with self.assertRefused(AccessError, "is done by t_zhao"):
            self._as("director", action).action_policy_done("完成")
        with self.assertRaises(ValidationError):
            action.with_user(self.zhao).action_policy_done(" ")
        with self.assertRaises(AccessError):
            action.with_user(self.stranger).action_policy_done("完成")
        action.with_user(self.head).action_policy_done("代录")
        self.assertEqual(action.done_by_id, self.head)


class TestEffect(ImprovementCommon):
    def test_not_before_its_time(self):
        plan = self._evaluating()
        self.assertEqual(str(plan.effect_from), "2026-06-16")
        with at("2026-06-15 23:59:59"):
            self._measure(plan, 200)
            with self.assertRefused(PolicyRefusal, "10.2 .*3 months after.*from 2026-06-16 on"):
                self._as("qc", plan).action_policy_check("统计")
        with at("2026-06-16 00:00:00"):
            self._as("qc", plan).action_policy_check("统计")
        self.assertEqual(plan.checked_by_id, self.users["qc"])

    def test_never_by_the_owner_nor_by_who_did_it(self):
        director = self.users["director"]
        plan = self._running()
        # Whoever once owned it is barred as well.
        plan.with_user(director).user_id = director
        plan.with_user(director).user_id = self.head
        self._done(plan)
        with at("2026-06-30 10:00"):
            for user in (self.head, self.zhao, director):
                with self.assertRefused(AccessError, "10.2 .*does not judge"):
                    plan.goal_ids.with_user(user).write({"actual": 200})
            self._measure(plan, 200)
            for user in (self.head, self.zhao, director):
                with self.assertRefused(AccessError, "10.2 .*May do it: t_qc"):
                    plan.with_user(user).action_policy_check("统计")
            with self.assertRefused(AccessError, "is judged by: "):
                self._as("ceo", plan).action_policy_check("统计")
            self._as("qc", plan).action_policy_check("统计")
            with self.assertRaises(AccessError):
                plan.with_user(self.head).action_policy_close("achieved", "好")
            self._as("qc", plan).action_policy_close("achieved", "好")

    def test_every_goal_is_measured(self):
        goals = [(0, 0, {"indicator": name, "baseline": 10, "target": 0}) for name in "甲乙"]
        plan = self._evaluating(goal_ids=goals)
        with at("2026-06-30 10:00"):
            first, second = plan.goal_ids.with_user(self.users["qc"])
            first.actual = 5
            with self.assertRefused(PolicyRefusal, "nobody has measured: 乙"):
                self._as("qc", plan).action_policy_check("统计")
            # Zero is a value, too.
            second.measured = True
            self._as("qc", plan).action_policy_check("统计")
            self.assertEqual((first.achievement, second.achievement), (50.0, 100.0))
            self.assertEqual(plan.achievement, 75.0)
            with self.assertRefused(UserError, "between its last action and the effect check"):
                first.actual = 0

    def test_measured_neither_before_nor_by_a_default(self):
        plan = self._running()
        with self.assertRefused(UserError, "between its last action and the effect check"):
            plan.goal_ids.with_user(self.users["qc"]).actual = 200
        Goal = self.env["crm.policy.improvement.goal"].with_user(self.head)
        draft = self._plan()
        vals = {"improvement_id": draft.id, "indicator": "x", "baseline": 1, "target": 2}
        goal = Goal.with_context(default_measured=True, default_actual=2).create(vals)
        self.assertFalse(goal.measured or goal.actual)
        with self.assertRaises(UserError):
            Goal.create({**vals, "actual": 2})

    def test_without_the_check_no_plan_is_closed(self):
        plan = self._evaluating()
        with at("2026-06-30 10:00"):
            self._measure(plan, 200)
            for result in ("achieved", "partly", "failed"):
                with self.assertRefused(PolicyRefusal, "10.2 .*effect check, which is missing"):
                    self._as("qc", plan).action_policy_close(result, "结论")
        self.assertFalse(plan.closed_at)

    def test_correction_16_a_missed_target_is_never_achieved(self):
        plan = self._checked(250)
        self.assertEqual(plan.achievement, 91.67)
        with at("2026-06-30 11:00"):
            with self.assertRefused(PolicyRefusal, "missed targets: 分层不良率 250 instead of 200"):
                self._as("qc", plan).action_policy_close("achieved", "差不多")
            with self.assertRefused(ValidationError, "conclusion"):
                self._as("qc", plan).action_policy_close("partly", " ")
            with self.assertRefused(PolicyRefusal, "Say how .* ends"):
                self._as("qc", plan).action_policy_close("cancelled", "x")
            self._as("qc", plan).action_policy_close("partly", "继续降到200")
        self.assertEqual(plan.state, "partly")
        loop = plan.next_ids
        self.assertEqual(len(loop), 1)
        self.assertEqual((loop.previous_id, loop.state), (plan, "draft"))
        self.assertEqual((loop.user_id, loop.policy_department_id), (self.head, self.manufacturing))
        self.assertEqual((loop.goal_ids.baseline, loop.goal_ids.target), (250, 200))
        self.assertFalse(loop.goal_ids.measured or loop.action_ids)
        with self.assertRaises(PolicyRefusal):
            self._as("qc", plan).action_policy_close("partly", "再次")

    def test_a_failed_plan_has_no_new_loop(self):
        plan = self._checked(900)
        with self.assertRefused(PolicyRefusal, "has come nearer"):
            self._as("qc", plan).action_policy_close("partly", "继续")
        self._as("qc", plan).action_policy_close("failed", "措施无效")
        self.assertEqual(plan.state, "failed")
        self.assertFalse(plan.next_ids)

    def test_reached_targets_are_not_called_missed(self):
        plan = self._checked(150)
        for result in ("partly", "failed"):
            with self.assertRefused(PolicyRefusal, "has reached every target"):
                self._as("qc", plan).action_policy_close(result, "x")
        self.assertEqual(plan.achievement, 108.33)

    def test_up_and_down(self):
        Goal = self.env["crm.policy.improvement.goal"]
        plan = self._evaluating()
        for baseline, target, actual, achieved, reached in (
            (80, 95, 95, 100, True),
            (80, 95, 94.9999, 99.99, False),
            (80, 95, 70, -66.67, False),
            (10, 0, 0, 100, True),
            (10, 0, 0.0001, 99.99, False),
            (-5, 5, 0, 50, False),
        ):
            with self.subTest(baseline=baseline, target=target, actual=actual):
                [goal] = Goal._policy_guarded_create(
                    [{"improvement_id": plan.id, "indicator": "x", "baseline": baseline,
                      "target": target, "actual": actual, "measured": True}]
                )  # fmt: skip
                self.assertEqual(goal.achievement, achieved)
                self.assertEqual(goal.is_reached, reached)

    def test_numbers_that_are_none(self):
        plan = self._plan()
        goal = plan.goal_ids.with_user(self.head)
        for value in (float("nan"), float("inf"), "viel", True, 1e12):
            with self.subTest(value=value), self.assertRaises(ValidationError):
                goal.write({"target": value})
        for value in (-1, float("nan"), True, "viel"):
            with self.subTest(budget=value), self.assertRaises(ValidationError):
                plan.with_user(self.head).write({"budget": value})
        with self.assertRefused(ValidationError, "there is nothing to reach"):
            goal.write({"target": 800})


class TestImprovementRights(ImprovementCommon):
    def test_who_sees_which(self):
        plan = self._plan()
        other = self._plan(user=self.users["qc"], user_id=False, action_ids=[],
                           policy_department_id=self.department.id)  # fmt: skip
        expected = {
            self.head: plan, self.zhao: plan, self.stranger: plan.browse(),
            self.users["director"]: plan | other, self.users["ceo"]: plan | other,
            self.users["manager"]: other, self.users["specialist"]: plan.browse(),
        }  # fmt: skip
        for user, plans in expected.items():
            with self.subTest(user.login):
                seen = plan.with_user(user).search([]).with_env(self.env)
                self.assertEqual(seen, plans.sorted("id", reverse=True))
                self.assertEqual(
                    plan.action_ids.with_user(user).search([]).improvement_id.with_env(self.env),
                    plans & plan,
                )
        with self.assertRaises(AccessError):
            plan.with_user(self.stranger).read(["name"])
        with self.assertRaises(AccessError):
            plan.goal_ids.with_user(self.stranger).read(["indicator"])
        for record, vals in (
            (plan, {"problem": "x"}),
            (plan.goal_ids, {"target": 5}),
            (plan.action_ids[0], {"name": "x"}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(self.zhao).write(vals)

    def test_managers_see_those_below(self):
        below = self.env["hr.department"].create(
            {"name": "热线组", "company_id": self.company.id, "parent_id": self.department.id}
        )
        self.env["res.users"]._policy_refresh_departments()
        plan = self._plan(user=self.users["qc"], user_id=False, action_ids=[],
                          policy_department_id=below.id)  # fmt: skip
        self.assertTrue(plan.with_user(self.users["manager"]).has_access("write"))

    def test_who_is_asked_sees_it(self):
        asked = self._new_person("t_asked")
        plan = self._plan()
        plan._policy_on_requested(asked)
        self.assertTrue(plan.with_user(asked).has_access("read"))
        self.assertFalse(plan.with_user(asked).has_access("write"))

    def test_nobody_deletes_one(self):
        plan = self._plan()
        with self.assertRaises(AccessError):
            plan.with_user(self.head).unlink()
        with self.assertRefused(UserError, "not deleted"):
            plan.sudo().unlink()

    def test_a_case_that_one_does_not_see_is_no_source(self):
        case = self._new_case()
        with self.assertRaises(AccessError):
            self._plan(ticket_id=case.id)
        plan = self._plan()
        with self.assertRaises(AccessError):
            plan.with_user(self.head).ticket_id = case
        plan = self._plan(user=self.users["director"], ticket_id=case.id)
        self.assertEqual((plan.source, plan.company_id), ("complaint", case.company_id))

    def test_people_of_another_company_have_no_part(self):
        other = self._new_company("别家")
        foreigner = self._new_user("director", login="t_foreign", company=other)
        plan = self._plan()
        with self.assertRaises(UserError):
            plan.with_user(self.head).user_id = foreigner
        with self.assertRaises(UserError):
            plan.action_ids[0].with_user(self.head).user_id = foreigner
        with self.assertRaises(AccessError):
            plan.with_user(foreigner).read(["name"])

    def test_cancelling(self):
        idea = self._plan()
        with self.assertRaises(ValidationError):
            idea.with_user(self.head).action_policy_cancel(" ")
        idea.with_user(self.head).action_policy_cancel("重复")
        self.assertEqual(idea.state, "cancelled")
        self.assertEqual(self._clocks(idea)["improvement-start"][1], "cancelled")
        plan = self._running()
        with self.assertRaises(AccessError):
            plan.with_user(self.head).action_policy_cancel("不想做")
        self._as("director", plan).action_policy_cancel("停产")
        with self.assertRefused(UserError, "is over"):
            self._as("director", plan).action_policy_cancel("再次")

    def test_the_owner_gets_a_mail(self):
        def mails(plan):
            return self.env["mail.message"].search(
                [("model", "=", plan._name), ("res_id", "=", plan.id),
                 ("message_type", "=", "user_notification")]
            )  # fmt: skip

        plan = self._plan()
        self.assertFalse(mails(plan), "he has drawn it up himself")
        plan = self._plan(user=self.users["qc"])
        self.assertEqual(mails(plan).notified_partner_ids, self.head.partner_id)
        self.assertIn(plan.number, mails(plan).subject)
        plan.with_user(self.users["qc"]).user_id = self.zhao
        self.assertEqual(mails(plan).notified_partner_ids, (self.head | self.zhao).partner_id)
        self.assertEqual(plan.owner_ids, self.head | self.zhao)

    def test_no_policy_no_signature(self):
        route = self.env["crm.policy.route"].search(
            [("model_name", "=", "crm.policy.improvement"), ("company_id", "=", self.company.id)]
        )
        route.version_id.policy_id.active_in_company = False
        plan = self._plan()
        with self.assertRefused(UserError, "no policy in force"):
            plan.with_user(self.head).action_policy_submit()

    def test_late_ones_are_found(self):
        Plan = self.env["crm.policy.improvement"]
        plan = self._running()
        late = ["|", ("policy_is_late", "=", True), ("action_ids.policy_is_late", "=", True)]
        with at("2026-03-25 23:59:59"):
            self.assertFalse(Plan.search(late))
        with at("2026-03-26 00:00:00"):
            self.assertEqual(Plan.search(late), plan)

    def test_one_plan_each(self):
        case = self._new_case()
        qc = self.users["qc"]
        self._plan(user=qc, ticket_id=case.id)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._plan(user=qc, ticket_id=case.id)
