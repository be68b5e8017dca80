"""What a team may execute before the approval, and what it may not (EMG-01, AUT-MAT-05)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from .emergency_common import EmergencyCommon


class TestEmergencyExecution(EmergencyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._new_crisis()
        cls.remedy = cls._new_remedy(cls.case, 30000)

    def test_a_member_executes_what_nobody_has_approved(self):
        emergency = self._start(self.case)
        self.assertFalse(self.remedy._policy_may_execute())
        self._execute(self.remedy)
        self.assertTrue(self.remedy._policy_may_execute())
        # Nobody agrees orally to what was executed: it is ratified with its emergency.
        self.assertFalse(self.remedy.policy_oral_possible)
        self.assertEqual(self.remedy.policy_approval_state, "pending")
        self.assertFalse(self.remedy.policy_approval_id)
        self.assertEqual((emergency.state, emergency.total_amount), ("acting", 30000))
        [line] = emergency.action_ids
        self.assertEqual(
            (line.user_id, line.amount, line.res_model, line.res_id),
            (self.users["supervisor"], 30000, "crm.policy.remedy", self.remedy.id),
        )
        self.assertIn("客户当天要货", line.name)
        [event] = self._events("emergency.executed", self.remedy)
        self.assertEqual(
            event.payload,
            {
                "emergency": emergency.id,
                "action": line.id,
                "team": self.emergency_team.id,
                "amount": 30000.0,
            },
        )
        self.assertEqual((event.clause, event.actor_id), ("6.1", self.users["supervisor"].id))

    def test_the_case_goes_on_with_what_was_executed(self):
        """The gate of the decision asks whether it may be executed, not whether it is approved."""
        self._drive(self.case, "propose")
        with self.assertRefused(PolicyRefusal, "exceeds your limit"):
            self._as("specialist", self.case).action_policy_decide()
        self._start(self.case)
        self._execute(self.remedy)
        self.assertEqual(self.case.policy_next_action, "decide")
        self._as("specialist", self.case).action_policy_decide()
        self.assertTrue(self.case.policy_decided_at)
        self.assertEqual(self.remedy.policy_approval_state, "pending")
        self._as("specialist", self.case).action_policy_settle()

    def test_what_was_not_executed_still_waits_for_its_approval(self):
        self._drive(self.case, "propose")
        other = self._new_remedy(self.case, 600)
        self._start(self.case)
        self._execute(self.remedy)
        with self.assertRefused(PolicyRefusal, "30,600.00 exceeds your limit"):
            self._as("specialist", self.case).action_policy_decide()
        self._as("specialist", other).action_policy_submit()
        with self.assertRefused(PolicyRefusal, "30,600.00 exceeds your limit of"):
            other.with_user(self.manager2).action_policy_approve()

    def test_only_the_team_executes(self):
        emergency = self._start(self.case)
        for role in ("specialist", "director", "ceo"):
            with (
                self.subTest(role),
                self.assertRefused(PolicyRefusal, "6.1.*only the team of EMG.*t_manager"),
            ):
                self._execute(self.remedy, role)
        self.assertFalse(emergency.action_ids)
        self.assertEqual(self.remedy.policy_approval_state, "none")

    def test_portal_and_another_company_never_get_there(self):
        self._start(self.case)
        other = self._new_company("杭州分公司")
        stranger = self._new_user("manager", login="t_stranger", company=other)
        portal = new_test_user(
            self.env, login="t_portal", groups="base.group_portal",
        )  # fmt: skip
        portal.partner_id.parent_id = self.partner
        for user in (stranger, portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.remedy.with_user(user).action_policy_execute_emergency("急")
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.case.policy_emergency_id.with_user(user).action_policy_act("急")

    def test_who_has_left_the_team_executes_nothing(self):
        self._start(self.case)
        self.emergency_team.member_ids.filtered(
            lambda member: member.user_id == self.users["supervisor"]
        ).unlink()
        with self.assertRefused(PolicyRefusal, "only the team"):
            self._execute(self.remedy)

    def test_who_only_advises_executes_nothing(self):
        self.emergency_team.member_ids = [
            Command.create(
                {"user_id": self.users["director"].id, "vote": "advisory", "sequence": 9}
            )
        ]
        self._start(self.case)
        with self.assertRefused(PolicyRefusal, "only the team"):
            self._execute(self.remedy, "director")

    def test_nobody_of_a_team_that_has_ended_executes(self):
        self._start(self.case)
        self.emergency_team.active = False
        with self.assertRefused(PolicyRefusal, "only the team of EMG.*nobody"):
            self._execute(self.remedy)

    def test_it_needs_an_emergency_of_its_case(self):
        with self.assertRefused(UserError, "belongs to no emergency"):
            self._execute(self.remedy)
        self._start(self._new_crisis())
        with self.assertRefused(UserError, "belongs to no emergency"):
            self._execute(self.remedy)

    def test_it_needs_a_reason(self):
        self._start(self.case)
        for reason in (None, " ", 5):
            with self.assertRefused(ValidationError, "why it cannot wait"):
                self._execute(self.remedy, reason=reason)

    def test_nothing_is_executed_once_all_is_stable(self):
        emergency = self._start(self.case)
        self._stabilise(emergency)
        with self.assertRefused(UserError, "is over.*submitted for approval as usual"):
            self._execute(self.remedy)

    def test_what_was_rejected_is_not_executed(self):
        self._as("specialist", self.remedy).action_policy_submit()
        self._as("director", self.remedy).action_policy_reject("过高")
        self._start(self.case)
        with self.assertRefused(PolicyRefusal, "was rejected. No emergency executes"):
            self._execute(self.remedy)

    def test_what_is_approved_or_executed_is_not_executed_again(self):
        small = self._new_remedy(self.case, 100)
        self._start(self.case)
        self._as("specialist", small).action_policy_submit()
        self._as("director", small).action_policy_approve()
        with self.assertRefused(UserError, "may be carried out already"):
            self._execute(small)
        self._execute(self.remedy)
        with self.assertRefused(UserError, "may be carried out already"):
            self._execute(self.remedy, "manager")

    def test_a_running_request_gives_way_to_the_ratification(self):
        self._as("specialist", self.remedy).action_policy_submit()
        request = self.remedy.policy_approval_id
        self._start(self.case)
        self._execute(self.remedy)
        self.assertEqual(request.state, "lapsed")
        self.assertEqual(self.remedy.policy_approval_state, "pending")
        with self.assertRaises(UserError):
            self._as("director", self.remedy).action_policy_approve()
        with self.assertRaises(UserError):
            self._as("director", request).action_policy_approve()
        with self.assertRefused(UserError, "submitted already"):
            self._as("specialist", self.remedy).action_policy_submit()
        self.assertEqual(self.remedy.policy_approval_state, "pending")

    def test_what_was_executed_stays_as_it_was_executed(self):
        self._start(self.case)
        self._execute(self.remedy)
        for vals in ({"amount": 3}, {"kind": "gift"}, {"note": "另议"}):
            with self.subTest(vals), self.assertRefused(UserError, "executed in EMG"):
                self._as("specialist", self.remedy).write(vals)
        with self.assertRefused(UserError, "executed in EMG"):
            self._as("specialist", self.remedy).unlink()
        with self.assertRefused(UserError, "executed in EMG"):
            self.remedy.unlink()

    def test_nobody_types_an_emergency_in(self):
        emergency = self._start(self.case)
        for role in ("specialist", "manager", "director", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.remedy).policy_emergency_id = emergency
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.case).policy_emergency_id = False
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, emergency).write({"decided_at": "2026-03-02"})
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, emergency).unlink()
            with self.subTest(role), self.assertRaises(AccessError):
                self.env["crm.policy.emergency.action"].with_user(self.users[role]).create(
                    {"emergency_id": emergency.id, "name": "x"}
                )
        with self.assertRaises(AccessError):
            emergency.sudo().write({"leader_id": self.users["ceo"].id})
        with self.assertRefused(UserError, "stays"):
            emergency.sudo().unlink()

    # === THE LOG === #

    def test_a_line_of_the_log_is_never_changed(self):
        emergency = self._start(self.case)
        self._act(emergency, 1200)
        line = emergency.action_ids
        for call in (lambda: line.sudo().write({"amount": 1}), line.sudo().unlink):
            with self.assertRaises(AccessError):
                call()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(Exception, "append-only"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute("UPDATE crm_policy_emergency_action SET amount = 1")
        self.assertEqual((emergency.state, emergency.total_amount), ("acting", 1200))

    def test_what_cannot_be_meant_is_not_written_down(self):
        emergency = self._start(self.case)
        for amount in (-1, float("nan"), float("inf"), 1e15, "viel"):
            with self.subTest(amount), self.assertRefused(ValidationError, "cannot be meant"):
                self._as("supervisor", emergency).action_policy_act("x", amount)
        for moment in ("2999-01-01 00:00:00", "gestern"):
            with self.subTest(moment), self.assertRaises(ValidationError):
                self._as("supervisor", emergency).action_policy_act("x", 1, moment)
        with self.assertRefused(ValidationError, "before it was started"):
            self._as("supervisor", emergency).action_policy_act("x", 1, "2020-01-01 00:00:00")
        with self.assertRefused(ValidationError, "what was done"):
            self._as("supervisor", emergency).action_policy_act("", 1)
        self.assertFalse(emergency.action_ids)

    def test_only_the_team_keeps_the_log(self):
        emergency = self._start(self.case)
        for role in ("specialist", "director", "qc"):
            for call in (
                lambda record: record.action_policy_act("x", 1),
                lambda record: record.action_policy_record("response", "x"),
            ):
                with self.subTest(role), self.assertRefused(AccessError, "done by the team of EMG"):
                    call(self._as(role, emergency))
        # The leader alone says that it is stable, hands it in and closes it.
        for call in (
            lambda record: record.action_policy_stabilise("x"),
            lambda record: record.action_policy_submit(),
            lambda record: record.action_policy_close("x"),
        ):
            with self.assertRefused(AccessError, "done by the team of EMG.*: t_manager"):
                call(self._as("supervisor", emergency))

    def test_where_nobody_of_the_team_is_left_the_next_level_leads(self):
        emergency = self._start(self.case)
        self._act(emergency)
        for stage in ("response", "onsite"):
            self._record(emergency, stage)
        employees = self.env["hr.employee"].search([("user_id", "=", self.users["manager"].id)])
        employees.parent_id = self._new_employee(self.users["director"])
        self.emergency_team.active = False
        with self.assertRaises(AccessError):
            self._as("supervisor", emergency).action_policy_stabilise("稳定")
        self._as("director", emergency).action_policy_stabilise("稳定")
        self.assertEqual(emergency.state, "stabilised")

    # === STAGES AND STEPS === #

    def test_stages_are_recorded_in_their_order(self):
        emergency = self._start(self.case)
        with self.assertRefused(UserError, "6.1.*missing first: Response Recorded At"):
            self._record(emergency, "onsite")
        self._record(emergency, "response")
        with self.assertRefused(UserError, "recorded already"):
            self._record(emergency, "response")
        with self.assertRefused(UserError, "missing first: First Action At, On Site Recorded At"):
            self._as("manager", emergency).action_policy_stabilise("稳定")
        self._record(emergency, "onsite")
        self.assertEqual(emergency.stage, "follow_up")
        with self.assertRefused(UserError, "missing first: Stabilised At"):
            self._record(emergency, "follow_up", 4)
        self._stabilise(emergency)
        for score in (None, 0, 6, True, "5", 4.0):
            with self.subTest(score), self.assertRefused(ValidationError, "from 1 to 5"):
                self._record(emergency, "follow_up", score)
        self._record(emergency, "follow_up", 4)
        self.assertEqual((emergency.satisfaction, emergency.stage), (4, "recorded"))
        with self.assertRefused(ValidationError, "which stage"):
            self._record(emergency, "state")

    def test_a_refused_stage_leaves_no_text(self):
        emergency = self._start(self.case)
        with self.assertRaises(UserError):
            self._record(emergency, "onsite")
        self.assertFalse(emergency.onsite_text)

    def test_the_plan_is_copied_with_its_clocks(self):
        emergency = self._start(self.case)
        self.assertEqual(emergency.plan_id.code, "crisis")
        self.assertEqual(
            [
                (step.plan_step_id.code, (step.due_at - emergency.started_at).total_seconds() / 60)
                for step in emergency.step_ids
            ],
            [("crisis-convene", 30), ("crisis-voice", 60), ("crisis-protect", 120)],
        )
        for step in emergency.step_ids:
            self.assertEqual(self._clocks(step), {"emergency-step": step.due_at})
            self.assertEqual(step.policy_deadline_ids.user_id, self.users["manager"])
        first = emergency.step_ids[0]
        with self.assertRefused(AccessError, "done by Leader of the Emergency"):
            self._as("specialist", first).action_policy_done()
        self._as("supervisor", first).action_policy_done()
        self.assertEqual(first.done_by_id, self.users["supervisor"])
        self.assertEqual(first.policy_deadline_ids.state, "met")
        with self.assertRefused(UserError, "recorded already"):
            self._as("supervisor", first).action_policy_done()

    def test_nobody_types_in_or_deletes_a_step(self):
        """The superuser neither: another case, another due, done without doing it."""
        step = self._start(self.case).step_ids[0]
        self.assertEqual((step.ticket_id, step.company_id), (self.case, self.company))
        for vals in (
            {"ticket_id": self._new_crisis().id},
            {"due_at": "2030-01-01 00:00:00"},
            {"done_at": "2026-03-02 00:00:00"},
        ):
            with self.subTest(vals), self.assertRaises(AccessError):
                step.sudo().write(vals)
        with self.assertRefused(UserError, "stays"):
            step.sudo().unlink()

    def test_the_role_of_a_step_does_it_and_sees_the_case(self):
        lawyer = self._new_user("legal", login="t_legal")
        emergency = self._start(self.case)
        step = emergency.step_ids.filtered(lambda line: line.role_id.code == "legal")
        step.with_user(lawyer).action_policy_done()
        self.assertEqual(step.done_by_id, lawyer)

    def test_a_later_change_of_the_plan_does_not_touch_what_runs(self):
        emergency = self._start(self.case)
        dues = emergency.step_ids.mapped("due_at")
        plan = emergency.plan_id
        plan.step_ids.minutes = 5
        with self.assertRefused(UserError, "archive it instead"):
            plan.step_ids[0].unlink()
        self.assertEqual(emergency.step_ids.mapped("due_at"), dues)
