"""补办审批: who ratifies, until when, and what follows where nobody does (EMG-02)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import at, shanghai
from .emergency_common import EmergencyCommon


class TestEmergencyRatification(EmergencyCommon):
    def _late(self, moment="2026-03-02 10:00", after="2026-03-05 10:00"):
        """Start an emergency, make it stable and let its time pass; return it with the instant."""
        case = self._new_crisis()
        with at(moment):
            emergency = self._start(case)
            self._stabilise(emergency)
        return emergency, after

    def _replace_team(self, leader):
        """Let another emergency team take over, of one person."""
        self.emergency_team.active = False
        self.env["crm.policy.team"].create(
            {
                "code": "second",
                "name": "第二应急小组",
                "kind": "emergency",
                "company_id": self.company.id,
                "member_ids": [Command.create({"user_id": leader.id, "sequence": 1})],
            }
        )

    # === ONE REQUEST FOR ALL OF IT === #

    def test_one_request_ratifies_everything(self):
        case = self._new_crisis()
        first, second = self._new_remedy(case, 4000), self._new_remedy(case, 5000)
        emergency = self._start(case)
        self._execute(first)
        self._execute(second, "manager")
        self._act(emergency, 500)
        self._hand_in(emergency)
        request = emergency.policy_approval_id
        self.assertEqual(emergency.state, "ratification_pending")
        self.assertEqual(
            (request.amount, request.emergency, request.clause_id.number, request.subject),
            (9500, True, "4.2", "emergency"),
        )
        self.assertEqual(request.requester_id, self.users["manager"])
        emergency.with_user(self.manager2).action_policy_approve("情况属实")
        self.assertEqual(emergency.state, "ratified")
        self.assertEqual((first | second).mapped("policy_approval_state"), ["approved"] * 2)
        self.assertTrue(first._policy_may_execute())
        self.assertTrue(emergency.decided_at)

    def test_the_sum_decides_who_is_competent(self):
        for amount, role, clerk in (
            (10000, "director", None),
            (10000.01, "director", "manager"),
            (50000, "director", "manager"),
            (50000.01, "ceo", "director"),
        ):
            emergency = self._start(self._new_crisis())
            self._hand_in(emergency, amount)
            with self.subTest(amount):
                if clerk == "manager":
                    with self.assertRefused(PolicyRefusal, "exceeds your limit of"):
                        emergency.with_user(self.manager2).action_policy_approve()
                elif clerk:
                    with self.assertRefused(PolicyRefusal, "exceeds your limit of"):
                        self._as(clerk, emergency).action_policy_approve()
                self._as(role, emergency).action_policy_approve("同意")
                self.assertEqual(emergency.state, "ratified")

    def test_a_second_emergency_of_the_case_makes_no_smaller_sums(self):
        case = self._new_crisis()
        first = self._start(case)
        self._hand_in(first, 9000)
        first.with_user(self.manager2).action_policy_approve("同意")
        self._record(first, "follow_up", 5)
        self._as("manager", first).action_policy_close("备件预留")
        second = self._start(case)
        self._hand_in(second, 9000)
        self.assertEqual(second.policy_approval_id.amount, 18000)
        with self.assertRefused(PolicyRefusal, "18,000.00 exceeds your limit of .*10,000.00"):
            second.with_user(self.manager2).action_policy_approve()

    def test_who_has_acted_started_or_led_never_ratifies(self):
        self.emergency_team.member_ids = [
            Command.create({"user_id": self.users["director"].id, "sequence": 3})
        ]
        extra = self._new_user("ceo", login="t_ceo2")
        emergency = self._start(self._new_crisis(), role="ceo")
        self._act(emergency, 60000, "director")
        self._act(emergency, 100)
        self._hand_in(emergency)
        for role in ("ceo", "director", "manager", "supervisor"):
            with self.subTest(role), self.assertRaises(UserError):
                self._as(role, emergency).action_policy_approve("同意")
        self.assertEqual(emergency.policy_approval_id.eligible_user_ids, extra)
        emergency.with_user(extra).action_policy_approve("同意")
        self.assertEqual(emergency.state, "ratified")

    def test_who_has_led_or_acted_does_not_ratify_though_another_hands_it_in(self):
        """The one leads, the second acts, the third hands in: all of them could decide 100."""
        supervisor = self.users["supervisor"]
        emergency = self._start(self._new_crisis(), role="director")
        self.emergency_team.member_ids = [
            Command.create({"user_id": self.manager2.id, "sequence": 0})
        ]
        self._act(emergency, 100)
        for stage in ("response", "onsite"):
            emergency.with_user(self.manager2).action_policy_record(stage, "已到场处理")
        emergency.with_user(self.manager2).action_policy_stabilise("产线已恢复")
        supervisor.group_ids |= self.env.ref("crm_policy.group_manager")
        emergency.with_user(self.manager2).action_policy_submit()
        self.assertEqual(emergency.leader_id, self.users["manager"])
        self.assertEqual(emergency.policy_approval_id.requester_id, self.manager2)
        self.assertEqual(emergency.policy_approval_id.eligible_user_ids, self.users["ceo"])
        for role in ("manager", "supervisor", "director"):
            with self.subTest(role), self.assertRaises(UserError):
                self._as(role, emergency).action_policy_approve("同意")

    def test_whoever_has_written_what_was_executed_does_not_ratify_it(self):
        case = self._new_crisis()
        remedy = self._new_remedy(case, 30000, role="director")
        emergency = self._start(case)
        self._execute(remedy)
        self._hand_in(emergency)
        self.assertEqual(emergency.policy_approval_id.eligible_user_ids, self.users["ceo"])
        with self.assertRaises(UserError):
            self._as("director", emergency).action_policy_approve("同意")

    def test_every_line_of_the_log_is_in_the_ledger_with_its_amount(self):
        emergency = self._start(self._new_crisis())
        self._act(emergency, 30000)
        event = self._events("emergency.acted", emergency)
        self.assertEqual(
            (event.payload["action"], event.payload["amount"]), (emergency.action_ids.id, 30000)
        )

    def test_whoever_executes_is_barred_even_where_another_hands_in(self):
        """The supervisor is made a director afterwards: he has asked for it all the same."""
        case = self._new_crisis()
        remedy = self._new_remedy(case, 30000)
        emergency = self._start(case)
        self._execute(remedy)
        self._hand_in(emergency)
        self.users["supervisor"].group_ids |= self.env.ref("crm_policy.group_director")
        with self.assertRaises(AccessError):
            self._as("supervisor", emergency).action_policy_approve("同意")

    def test_a_beneficiary_never_ratifies(self):
        case = self._new_crisis()
        remedy = self._new_remedy(case, 300, beneficiary_id=self.users["director"].partner_id.id)
        emergency = self._start(case)
        self._execute(remedy)
        self._hand_in(emergency)
        with self.assertRaises(UserError):
            self._as("director", emergency).action_policy_approve("同意")

    def test_it_is_handed_in_once_it_is_stable(self):
        emergency = self._start(self._new_crisis())
        self._act(emergency)
        with self.assertRefused(UserError, "is Acting"):
            self._as("manager", emergency).action_policy_submit()
        self._hand_in(emergency)
        with self.assertRefused(UserError, "is Ratification Pending"):
            self._as("manager", emergency).action_policy_submit()
        with self.assertRefused(UserError, "is Ratification Pending"):
            self._act(emergency, 5)

    def test_whoever_ratifies_sees_the_case(self):
        emergency = self._start(self._new_crisis())
        self._hand_in(emergency, 60000)
        opened = emergency.ticket_id.policy_access_ids
        opened = opened.filtered(lambda row: row.reason == "approver")
        self.assertEqual(opened.user_id, self.users["ceo"])
        self.assertTrue(self._as("ceo", emergency).read(["statement"]))

    def test_what_is_returned_is_completed_and_handed_in_anew(self):
        """The clock goes on meanwhile: a return is no decision."""
        case = self._new_crisis()
        remedy = self._new_remedy(case, 30000)
        emergency = self._start(case)
        self._execute(remedy)
        self._hand_in(emergency)
        self._as("director", emergency).action_policy_return(None, "请补充运费")
        self.assertEqual((emergency.state, emergency.decided_at), ("stabilised", False))
        self.assertEqual(set(emergency.policy_deadline_ids.mapped("state")), {"open"})
        self.assertTrue(remedy._policy_may_execute())
        self._act(emergency, 30000)
        self._as("manager", emergency).action_policy_submit()
        self.assertEqual(emergency.policy_approval_id.amount, 60000)
        with self.assertRefused(PolicyRefusal, "60,000.00 exceeds your limit"):
            self._as("director", emergency).action_policy_approve()
        self._as("ceo", emergency).action_policy_approve()
        self.assertEqual((emergency.state, remedy.policy_approval_state), ("ratified", "approved"))

    def test_what_is_recalled_waits_for_its_decision_all_the_same(self):
        emergency = self._start(self._new_crisis())
        self._hand_in(emergency)
        self._as("manager", emergency).action_policy_recall()
        self.assertEqual(emergency.state, "stabilised")
        with self.assertRefused(PolicyRefusal, "after its ratification only"):
            self._as("manager", emergency).action_policy_close("教训")

    # === REFUSED === #

    def test_a_refused_ratification_needs_a_recovery(self):
        case = self._new_crisis()
        remedy = self._new_remedy(case, 30000)
        emergency = self._start(case)
        self._execute(remedy)
        self._hand_in(emergency)
        self._as("director", emergency).action_policy_reject("无需空运")
        self.assertEqual((emergency.state, remedy.policy_approval_state), ("refused", "rejected"))
        self.assertFalse(remedy._policy_may_execute())
        self.assertTrue(emergency.decided_at)
        with self.assertRefused(UserError, "is Ratification Refused"):
            self._as("manager", emergency).action_policy_submit()
        self._record(emergency, "follow_up", 3)
        for recovery in (None, "  "):
            with self.assertRefused(ValidationError, "say what is done to make it good"):
                self._as("manager", emergency).action_policy_close("先报价", recovery)
        self._as("manager", emergency).action_policy_close("先报价", "向承运人追偿")
        self.assertEqual((emergency.state, emergency.recovery), ("closed", "向承运人追偿"))

    def test_the_case_no_longer_goes_on_with_what_was_refused(self):
        case = self._new_crisis()
        remedy = self._new_remedy(case, 30000)
        self._drive(case, "propose")
        emergency = self._start(case)
        self._execute(remedy)
        self._hand_in(emergency)
        self._as("director", emergency).action_policy_reject("无需空运")
        anew = self._new_remedy(case, 30000)
        with self.assertRefused(PolicyRefusal, "exceeds your limit"):
            self._as("specialist", case).action_policy_decide()
        self.assertEqual(anew.policy_approval_state, "none")

    # === CLOSED TOO EARLY === #

    def test_it_is_not_closed_before_its_ratification(self):
        emergency = self._start(self._new_crisis())
        close = self._as("manager", emergency).action_policy_close
        words = r"6\.1.*closed after its ratification only. May ratify: .*t_director"
        with self.assertRefused(PolicyRefusal, words):
            close("教训")
        self._stabilise(emergency)
        self._record(emergency, "follow_up", 5)
        with self.assertRefused(PolicyRefusal, words):
            close("教训")
        self._as("manager", emergency).action_policy_submit()
        with self.assertRefused(PolicyRefusal, words):
            close("教训")
        self._as("director", emergency).action_policy_approve()
        with self.assertRefused(ValidationError, "what was learned"):
            close(" ")
        close("教训")
        self.assertEqual(emergency.state, "closed")
        self.assertFalse(emergency.ticket_id.policy_in_emergency)
        with self.assertRefused(UserError, "is Closed"):
            close("再次")

    def test_it_is_not_closed_without_its_follow_up(self):
        emergency = self._start(self._new_crisis())
        self._hand_in(emergency)
        self._as("director", emergency).action_policy_approve()
        with self.assertRefused(UserError, "missing first: Follow-up Recorded At"):
            self._as("manager", emergency).action_policy_close("教训")
        self.assertFalse(emergency.lessons)

    def test_a_case_does_not_end_before_its_emergency_is_decided(self):
        case = self._new_crisis()
        emergency = self._start(case)
        with self.assertRefused(PolicyRefusal, r"6\.1.*ends after the ratification of EMG"):
            self._as("supervisor", case).action_policy_cancel("误录")
        self._drive(case, "recheck")
        with self.assertRefused(PolicyRefusal, r"6\.1.*ends after the ratification of EMG"):
            self._as("specialist", case).action_policy_close()
        self._hand_in(emergency)
        self._as("director", emergency).action_policy_approve()
        self._as("specialist", case).action_policy_close()
        self.assertTrue(case.policy_closed_at)

    # === DEADLINES === #

    def _dues(self, started, stabilised):
        with at(started):
            emergency = self._start(self._new_crisis())
            self._act(emergency)
            for stage in ("response", "onsite"):
                self._record(emergency, stage)
        with at(stabilised):
            self._as("manager", emergency).action_policy_stabilise("稳定")
        return self._clocks(emergency)

    def test_over_a_weekend(self):
        """Started on Friday, stable on Saturday: two working days are Tuesday, five are Friday."""
        self.assertEqual(
            self._dues("2026-03-06 16:00", "2026-03-07 11:00"),
            {
                "emergency-ratify": shanghai("2026-03-10 18:00"),
                "emergency-ratify-latest": shanghai("2026-03-13 18:00"),
            },
        )

    def test_over_the_may_holiday(self):
        """05-01 to 05-05 are days of rest; Saturday 05-09 is a workday (correction 19)."""
        self._statutory_days()
        self.assertEqual(
            self._dues("2026-04-30 09:30", "2026-04-30 17:50"),
            {
                "emergency-ratify": shanghai("2026-05-07 18:00"),
                "emergency-ratify-latest": shanghai("2026-05-11 18:00"),
            },
        )
        self.assertEqual(
            self._dues("2026-05-01 03:00", "2026-05-08 17:50"),
            {
                "emergency-ratify": shanghai("2026-05-11 18:00"),
                "emergency-ratify-latest": shanghai("2026-05-11 18:00"),
            },
        )

    def _statutory_days(self):
        calendar = self.company.resource_calendar_id
        calendar.policy_statutory_country_id = self.env.ref("base.cn")
        self.assertTrue(self.env["crm.policy.calendar.day"].search([("date", "=", "2026-05-09")]))

    def test_the_decision_stops_both_clocks(self):
        emergency, _after = self._late()
        with at("2026-03-04 18:00"):
            self._as("manager", emergency).action_policy_submit()
            self._as("director", emergency).action_policy_approve()
        clocks = emergency.policy_deadline_ids
        self.assertEqual(clocks.mapped("state"), ["met", "met"])

    # === THE RIGHT IS SUSPENDED === #

    def test_the_right_ends_with_the_second_after_the_due(self):
        emergency, _after = self._late()
        case = self._new_crisis()
        with at("2026-03-04 18:00:01"):
            with self.assertRefused(
                PolicyRefusal,
                rf"6\.1.*right to act before approval is suspended. {emergency.number} of .*"
                r"by 2026-03-04 18:00 \(Asia/Shanghai\).*May ratify: .*t_director",
            ):
                self._start(case)
            self.assertEqual(emergency.suspended_since, shanghai("2026-03-04 18:00"))
        emergency.invalidate_recordset()
        with at("2026-03-04 18:00"):
            self.assertFalse(emergency.suspended_since)
            self.assertTrue(self._start(case))

    def test_nothing_more_is_executed_in_the_late_one_or_in_another(self):
        with at("2026-03-02 10:00"):
            other = self._new_crisis()
            remedy = self._new_remedy(other, 30000)
            self._start(other)
        late, after = self._late()
        own = self._new_remedy(late.ticket_id, 100)
        with at(after):
            with self.assertRefused(PolicyRefusal, f"suspended. {late.number}"):
                self._execute(remedy)
            # The log is kept all the same: what was done is not hidden.
            self._act(other.policy_emergency_id, 5)
            self.assertEqual(remedy.policy_approval_state, "none")
        self.assertEqual(own.policy_approval_state, "none")

    def test_one_that_never_becomes_stable_is_late_after_five_days(self):
        case = self._new_crisis()
        remedy = self._new_remedy(case, 30000)
        with at("2026-03-02 10:00"):
            self._start(case)
        with at("2026-03-09 18:00:01"), self.assertRefused(PolicyRefusal, "suspended"):
            self._execute(remedy)
        with at("2026-03-09 18:00"):
            self._execute(remedy)
        self.assertTrue(remedy._policy_may_execute())

    def test_another_team_of_the_same_leader_is_suspended_too(self):
        emergency, after = self._late()
        self._replace_team(self.users["manager"])
        with at(after), self.assertRefused(PolicyRefusal, f"suspended. {emergency.number}"):
            self._start(self._new_crisis())
        with at(after), self.assertRefused(PolicyRefusal, f"suspended. {emergency.number}"):
            self._start(self._new_crisis(), role="director")

    def test_the_team_is_suspended_whoever_leads_it_then(self):
        emergency, after = self._late()
        self.emergency_team.member_ids = [
            Command.clear(),
            Command.create({"user_id": self.manager2.id, "sequence": 1}),
        ]
        with at(after), self.assertRefused(PolicyRefusal, f"suspended. {emergency.number}"):
            self._new_crisis().with_user(self.manager2).action_policy_start_emergency("crisis", "x")

    def test_who_leads_a_late_one_acts_in_no_other_team_either(self):
        late, after = self._late()
        self._replace_team(self.manager2)
        with at(after):
            case = self._new_crisis()
            with self.assertRefused(PolicyRefusal, f"suspended. {late.number}"):
                self._start(case)  # as the manager, whom nobody lets lead there
            case.with_user(self.manager2).action_policy_start_emergency("crisis", "停产")
            case.policy_emergency_id.team_id.member_ids = [
                Command.create({"user_id": self.users[role].id, "sequence": 9})
                for role in ("manager", "supervisor")
            ]
            remedy = self._new_remedy(case, 300)
            with self.assertRefused(PolicyRefusal, f"suspended. {late.number}"):
                self._execute(remedy, "manager")
            self._execute(remedy)

    def test_nobody_executes_under_who_leads_a_late_one(self):
        late, after = self._late()
        with at("2026-03-03 10:00"):
            self._replace_team(self.users["manager"])
            case = self._new_crisis()
            self._start(case)
            case.policy_emergency_id.team_id.member_ids = [
                Command.create({"user_id": self.manager2.id, "sequence": 9})
            ]
            remedy = self._new_remedy(case, 300)
        with at(after), self.assertRefused(PolicyRefusal, f"suspended. {late.number}"):
            remedy.with_user(self.manager2).action_policy_execute_emergency("客户当天要货")

    def test_a_late_clock_of_something_else_with_the_same_number_suspends_nothing(self):
        with at("2026-03-02 10:00"):
            emergency = self._start(self._new_crisis())
            remedy = self._new_remedy(emergency.ticket_id, 300)
            request = self._new_remedy(self._new_case(), 300)
            self._as("specialist", request).action_policy_submit()
        step = request.policy_approval_id.step_ids
        clock = step.policy_deadline_ids
        self.assertEqual(clock.rule_id.done_path, "decided_at")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline SET res_id = %s WHERE id = %s", (emergency.id, clock.id)
        )
        self.env.invalidate_all()
        with at("2026-03-04 18:00:01"):
            self._execute(remedy)
        self.assertTrue(remedy._policy_may_execute())

    def test_only_a_late_ratification_suspends(self):
        """The clock of another duty in the emergency takes no right away."""
        rules = self.env["crm.policy.deadline.rule"].search(
            [("model_name", "=", "crm.policy.emergency"), ("company_id", "=", self.company.id)]
        )
        rules._policy_guarded_write({"done_path": "follow_up_at"})
        _emergency, after = self._late()
        with at(after):
            self.assertTrue(self._start(self._new_crisis()))

    def test_another_team_with_another_leader_is_not(self):
        _emergency, after = self._late()
        self._replace_team(self.manager2)
        with at(after):
            case = self._new_crisis()
            case.with_user(self.manager2).action_policy_start_emergency("crisis", "停产")
            self.assertEqual(case.policy_emergency_id.leader_id, self.manager2)

    def test_the_decision_lifts_it_whatever_it_is(self):
        for outcome in ("approve", "reject"):
            with self.subTest(outcome):
                emergency, after = self._late()
                with at(after):
                    self._as("manager", emergency).action_policy_submit()
                    with self.assertRefused(PolicyRefusal, "suspended.*May ratify: .*t_director"):
                        self._start(self._new_crisis())
                    getattr(self._as("director", emergency), f"action_policy_{outcome}")("x")
                    started = self._start(self._new_crisis())
                    self.assertEqual(started.state, "activated")
                    self._hand_in(started)
                    self._as("director", started).action_policy_approve()

    def test_it_is_a_violation_of_the_leader_and_told_to_the_executive(self):
        emergency, after = self._late()
        with at(after), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()
        [violation] = self.env["crm.policy.violation"].search(
            [("res_model", "=", "crm.policy.emergency"), ("res_id", "=", emergency.id)]
        )
        self.assertEqual(
            (violation.user_id, violation.clause_id.number, violation.severity),
            (self.users["manager"], "6.1", "serious"),
        )
        clock = emergency.policy_deadline_ids.filtered(
            lambda line: line.rule_code == "emergency-ratify"
        )
        told = clock.escalation_ids.filtered(lambda row: row.step_id.kind == "escalation")
        self.assertEqual(told.user_id, self.users["manager"] | self.users["ceo"])

    def test_on_trial_nothing_is_suspended(self):
        self.version._policy_guarded_write({"enforcement": "trial"})
        _emergency, after = self._late()
        with at(after):
            self.assertTrue(self._start(self._new_crisis()))

    def test_the_company_next_door_is_not_suspended(self):
        _emergency, after = self._late()
        other = self._new_company("杭州分公司")
        with at(after):
            self.env["crm.policy.emergency"]._policy_check_right(
                self.emergency_team, self.users["manager"], other
            )
