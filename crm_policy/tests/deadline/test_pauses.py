"""Clocks that stand still: exact instants in every unit, limits, who may, and what they leave."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, mute_logger

from ...exceptions import PolicyRefusal
from ..common import at, shanghai
from ..pause_common import PauseCommon


def among(cases):
    return ("id", "in", cases.ids)


class TestPauses(PauseCommon):
    # === WHAT THEY DO TO A CLOCK === #

    def test_minutes_of_working_time_are_given_back(self):
        case = self._request("2026-03-04 11:30")
        clock = self._clock(case, "response-normal")
        self.assertEqual(clock.due_at, shanghai("2026-03-04 13:30"))
        pause = self._pause(case, "2026-03-04 11:40")
        self.assertEqual(pause.state, "running")
        self.assertEqual(clock.paused_at, shanghai("2026-03-04 11:40"))
        # 16 working hours from 11:40 are over on Friday at 11:40; 50 minutes are left then.
        self.assertEqual(pause.limit_at, shanghai("2026-03-06 11:40"))
        self.assertEqual(clock.due_at, shanghai("2026-03-06 13:30"))
        self._assert_in_step()
        self._resume(case, "2026-03-04 13:20")
        # 11:40-12:00 and 13:00-13:20 are 40 minutes.
        self.assertEqual(clock.due_at, shanghai("2026-03-04 14:10"))
        self.assertEqual(clock.paused_seconds, 40 * 60)
        self.assertFalse(clock.paused_at)
        self.assertEqual(pause.to_at, shanghai("2026-03-04 13:20"))
        self.assertEqual(pause.end_reason, "resumed")
        self._assert_in_step()

    def test_hours_around_the_clock_are_given_back(self):
        case = self._complaint("2026-03-02 10:20")
        solution, response = (
            self._clock(case, f"complaint-{name}") for name in ("solution", "response")
        )
        self._pause(case, "2026-03-03 20:00:30", "samples", None)
        self._resume(case, "2026-03-05 08:00:31")
        self.assertEqual(solution.due_at, shanghai("2026-03-05 22:20:01"))
        self.assertEqual(solution.paused_seconds, 36 * 3600 + 1)
        # The reason does not stop this one.
        self.assertEqual(response.due_at, shanghai("2026-03-03 10:20"))
        self.assertFalse(response.paused_seconds)
        self._assert_in_step()

    def test_u4_days_are_days_and_a_weekend_is_no_gift(self):
        """Three working days from Thursday; a pause over the weekend costs the Friday only."""
        rows = (
            # begun, resumed, due
            ("2026-03-06 10:00", "2026-03-06 17:59:59", "2026-03-10 18:00"),  # within the day
            ("2026-03-06 10:00", "2026-03-06 18:00:00", "2026-03-11 18:00"),  # to its end
            ("2026-03-06 10:00", "2026-03-09 10:00", "2026-03-11 18:00"),  # Friday
            ("2026-03-06 18:00", "2026-03-09 09:00", "2026-03-10 18:00"),  # the weekend alone
            ("2026-03-07 10:00", "2026-03-08 10:00", "2026-03-10 18:00"),
            ("2026-03-06 10:00", "2026-03-10 08:00", "2026-03-12 18:00"),  # Friday and Monday
            ("2026-03-05 15:30", "2026-03-06 09:00", "2026-03-11 18:00"),  # the day of receipt
        )
        source = self.env["crm.policy.complaint.source"].search(
            [("code", "=", "12345"), ("company_id", "=", self.company.id)]
        )
        for begun, resumed, due in rows:
            with self.subTest(begun=begun, resumed=resumed):
                case = self._complaint("2026-03-05 15:00")
                with at("2026-03-05 15:00"):
                    self._as("specialist", case).action_policy_receive_external(
                        reference=f"SZ-{begun}{resumed}", source_id=source.id
                    )
                clock = self._clock(case, "external-12345")
                self.assertEqual(clock.due_at, shanghai("2026-03-10 18:00"))
                self._pause(case, begun)
                self._resume(case, resumed)
                self.assertEqual(clock.due_at, shanghai(due))
                self._assert_in_step()

    def test_calendar_days_move_by_the_days_that_it_spans(self):
        with at("2026-03-02 15:00"):
            case = self._new_case()
            self._drive(case, "reply")
        clock = self._clock(case, "callback")
        self.assertEqual(clock.due_at, shanghai("2026-03-17 23:59:59"))
        self._pause(case, "2026-03-16 09:00", "samples", None)
        self._resume(case, "2026-03-16 23:59:59")
        self.assertEqual(clock.due_at, shanghai("2026-03-17 23:59:59"))
        self._pause(case, "2026-03-17 09:00", "samples", None)
        self._resume(case, "2026-03-19 08:00")
        self.assertEqual(clock.due_at, shanghai("2026-03-19 23:59:59"))
        # Around the clock: 14:59:59 of the 16th and 47 hours.
        self.assertEqual(clock.paused_seconds, 14 * 3600 + 3599 + 47 * 3600)
        self._assert_in_step()

    def test_u3_a_change_of_urgency_keeps_elapsed_and_paused_time(self):
        case = self._request("2026-03-04 09:00")
        self._pause(case, "2026-03-04 09:10")
        self._resume(case, "2026-03-04 09:40")
        self.assertEqual(self._clock(case, "response-normal").due_at, shanghai("2026-03-04 10:30"))
        with at("2026-03-04 09:41"):
            case.policy_urgency = "urgent"
        urgent = self._clock(case, "response-urgent")
        self.assertEqual(urgent.start_at, shanghai("2026-03-04 09:00"))
        self.assertEqual(urgent.due_at, shanghai("2026-03-04 09:45"))
        self.assertEqual(urgent.paused_seconds, 30 * 60)
        self._assert_in_step()
        with at("2026-03-04 09:42"):
            case.policy_urgency = "normal"
        normal = self._clock(case, "response-normal")
        self.assertEqual((normal.state, normal.due_at), ("open", shanghai("2026-03-04 10:30")))
        self.assertEqual(normal.paused_seconds, 30 * 60)
        self._assert_in_step()

    def test_u3_a_change_while_it_stands_still(self):
        case = self._request("2026-03-04 09:00")
        pause = self._pause(case, "2026-03-04 09:10", "samples", None)
        normal = self._clock(case, "response-normal")
        self.assertFalse(normal.paused_at, "this clock does not know the reason")
        self.assertEqual(normal.due_at, shanghai("2026-03-04 10:00"))
        with at("2026-03-04 09:20"):
            case.policy_urgency = "urgent"
        urgent = self._clock(case, "response-urgent")
        self.assertEqual(urgent.paused_at, shanghai("2026-03-04 09:10"))
        self.assertFalse(normal.paused_at)
        self._resume(case, "2026-03-04 11:10")
        self.assertEqual(urgent.due_at, shanghai("2026-03-04 11:15"))
        self.assertEqual(pause.state, "ended")
        self._assert_in_step()

    def test_another_kind_keeps_start_and_pauses(self):
        case = self._request("2026-03-04 09:00", policy_urgency="urgent")
        self._pause(case, "2026-03-04 09:05", "samples", None)
        self._resume(case, "2026-03-04 09:25")
        with at("2026-03-04 09:30"):
            case.write({"policy_kind": "inquiry"})
        clock = self._clock(case, "response-urgent")
        self.assertEqual(clock.due_at, shanghai("2026-03-04 09:35"))
        self.assertEqual(clock.start_at, shanghai("2026-03-04 09:00"))
        self._assert_in_step()

    def test_u12_several_pauses_are_replayed_from_the_start(self):
        case = self._request("2026-03-04 09:00")
        clock = self._clock(case, "response-normal")
        for begun, resumed in (
            ("2026-03-04 09:10", "2026-03-04 09:20"),
            ("2026-03-04 09:30", "2026-03-04 09:45"),
            ("2026-03-04 10:15", "2026-03-04 13:30"),
        ):
            self._pause(case, begun)
            self._resume(case, resumed)
        # 10 + 15 + 105 + 30 minutes.
        self.assertEqual(clock.paused_seconds, 160 * 60)
        self.assertEqual(clock.due_at, shanghai("2026-03-04 13:40"))
        before = (clock.due_at, clock.paused_seconds, clock.pause_log)
        for _time in range(3):
            self.Deadline._policy_sync(clock.rule_id, case)
            self.assertEqual((clock.due_at, clock.paused_seconds, clock.pause_log), before)
        self._assert_in_step()

    def test_a_pause_after_the_due_instant_changes_nothing(self):
        case = self._request("2026-03-04 09:00")
        clock = self._clock(case, "response-normal")
        self._pause(case, "2026-03-04 10:00")
        self.assertEqual((clock.due_at, clock.paused_at), (shanghai("2026-03-04 10:00"), False))
        with at("2026-03-04 10:00:01"):
            self.assertTrue(clock.is_overdue)
        self._resume(case, "2026-03-04 11:00")
        self.assertEqual((clock.due_at, clock.paused_seconds), (shanghai("2026-03-04 10:00"), 0))
        self._assert_in_step()

    def test_one_second_before_the_due_instant_it_counts(self):
        case = self._request("2026-03-04 09:00")
        self._pause(case, "2026-03-04 09:59:59")
        self._resume(case, "2026-03-04 11:00")
        self.assertEqual(
            self._clock(case, "response-normal").due_at, shanghai("2026-03-04 11:00:01")
        )

    def test_u10_while_it_stands_still_nothing_is_overdue(self):
        case = self._request("2026-03-04 09:00")
        other = self._request("2026-03-04 09:00")
        self._pause(case, "2026-03-04 09:30")
        clock = self._clock(case, "response-normal")
        Ticket = self._as("specialist", self.env["helpdesk.ticket"])
        with at("2026-03-05 17:00"):
            self.assertFalse(clock.is_overdue)
            self.assertFalse(case.policy_is_late)
            both = among(case + other)
            self.assertEqual(Ticket.search([("policy_is_late", "=", True), both]).ids, other.ids)
            overdue = self.Deadline.search([("is_overdue", "=", True), ("id", "=", clock.id)])
            self.assertFalse(overdue)
            self.assertEqual(self.Deadline._policy_mark_overdue(10).mapped("res_id"), other.ids)
            self.assertFalse(clock.overdue_at)
            self.assertEqual(Ticket.search([("policy_is_paused", "=", True), both]).ids, case.ids)
            self.assertEqual(Ticket.search([("policy_is_paused", "=", False), both]).ids, other.ids)
        with at("2026-03-05 17:00"):
            self.env.invalidate_all()
            self.assertEqual(case.policy_next_due_at, clock.due_at)
            self.assertEqual(case.policy_next_warn_at, clock.due_at, "nothing is nearly due")
            self.assertEqual(case.policy_pause_state, "running")

    def test_u14_gross_and_net_time_are_both_known(self):
        case = self._request("2026-03-04 09:00")
        with at("2026-03-04 09:05"):
            self._as("specialist", case).action_policy_accept()
        self._pause(case, "2026-03-04 09:10")
        self._resume(case, "2026-03-04 14:10")
        with at("2026-03-04 14:30"):
            self._as("specialist", case).action_policy_respond("已答复")
        clock = self._clock(case, "response-normal")
        calendar = self.company.resource_calendar_id
        [gross] = calendar._policy_work_between([(clock.start_at, clock.done_at)])
        self.assertEqual(gross, 4 * 3600 + 30 * 60)
        self.assertEqual(clock.paused_seconds, 4 * 3600)
        self.assertEqual(gross - clock.paused_seconds, 30 * 60)
        self.assertEqual(clock.state, "met")

    def test_what_is_done_during_a_pause_is_in_time(self):
        case = self._request("2026-03-04 09:00")
        with at("2026-03-04 09:05"):
            self._as("specialist", case).action_policy_accept()
        pause = self._pause(case, "2026-03-04 09:50")
        with at("2026-03-04 11:00"):
            self._as("specialist", case).action_policy_respond("已答复")
        clock = self._clock(case, "response-normal")
        self.assertEqual((clock.state, clock.paused_at), ("met", False))
        self.assertEqual(clock.paused_seconds, 70 * 60, "until it was done")
        self.assertEqual(pause.state, "running", "other clocks may still stand still")
        self._resume(case, "2026-03-04 15:00")
        self.assertEqual(clock.paused_seconds, 70 * 60, "met ones never move")
        self._assert_in_step()

    def test_late_after_a_pause(self):
        case = self._request("2026-03-04 09:00")
        with at("2026-03-04 09:05"):
            self._as("specialist", case).action_policy_accept()
        self._pause(case, "2026-03-04 09:10")
        self._resume(case, "2026-03-04 09:20")
        for answered, state, lateness in (("2026-03-04 10:10:01", "late", 1),):
            with at(answered):
                self._as("specialist", case).action_policy_respond("已答复")
            clock = self._clock(case, "response-normal")
            self.assertEqual((clock.state, clock.lateness_seconds), (state, lateness))
            self.assertEqual(clock.paused_seconds, 600)

    def test_u15_a_pause_on_a_holiday_is_a_visible_zero_interval(self):
        case = self._request("2026-03-06 17:50", policy_urgency="urgent")
        clock = self._clock(case, "response-urgent")
        pause = self._pause(case, "2026-03-07 10:00")
        self.assertEqual(clock.paused_at, shanghai("2026-03-07 10:00"))
        self._resume(case, "2026-03-08 16:00")
        self.assertEqual(clock.due_at, shanghai("2026-03-09 09:05"))
        self.assertEqual(clock.paused_seconds, 0)
        self.assertEqual(
            case._policy_pauses(clock.rule_id),
            [(shanghai("2026-03-07 10:00"), shanghai("2026-03-08 16:00"))],
        )
        self.assertEqual((pause.from_at, pause.to_at),
                         (shanghai("2026-03-07 10:00"), shanghai("2026-03-08 16:00")))  # fmt: skip
        self._assert_in_step()

    def test_a_clock_that_starts_during_a_pause_stands_still_at_once(self):
        with at("2026-03-02 10:00"):
            case = self._new_case()
        self._pause(case, "2026-03-02 10:05", "samples", None)
        with at("2026-03-02 11:00"):
            self._as("specialist", case).action_policy_accept()
        clock = self._clock(case, "complaint-solution")
        self.assertEqual(clock.paused_at, shanghai("2026-03-02 11:00"))
        self._resume(case, "2026-03-02 12:00")
        self.assertEqual(clock.due_at, shanghai("2026-03-04 12:00"))
        self.assertEqual(clock.paused_seconds, 3600)
        self._assert_in_step()

    # === LIMITS === #

    def test_it_ends_by_itself_at_exactly_its_limit(self):
        case = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "samples", None)
        clock = self._clock(case, "complaint-solution")
        self.assertEqual(pause.limit_at, shanghai("2026-03-07 11:00"))
        due = shanghai("2026-03-09 10:20")
        self.assertEqual(clock.due_at, due)
        trigger = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref("crm_policy.cron_end_pauses").id)]
        )
        self.assertIn(pause.limit_at, trigger.mapped("call_at"))
        self._end_pauses("2026-03-07 10:59:59")
        self.assertEqual(pause.state, "running")
        # Nobody has ended it yet, and still it is over.
        with at("2026-03-07 11:00"):
            self.env.invalidate_all()
            self.assertFalse(case.policy_is_paused)
            self.assertEqual(case._policy_pauses(clock.rule_id)[0][1], pause.limit_at)
        with at("2026-03-09 10:20:01"):
            self.env.invalidate_all()
            self.assertTrue(clock.is_overdue)
            self.assertEqual(
                self.Deadline.search([("is_overdue", "=", True), ("res_id", "=", case.id)]),
                clock | self._clock(case, "complaint-response"),
            )
        for late in ("2026-03-07 14:23", "2026-03-07 15:00"):
            self._end_pauses(late)
            self.assertEqual((pause.state, pause.end_reason), ("ended", "limit"))
            self.assertEqual(pause.to_at, shanghai("2026-03-07 11:00"))
            self.assertEqual((clock.due_at, clock.paused_at), (due, False))
            self.assertEqual(clock.paused_seconds, 5 * 86400)
        events = self.env["crm.policy.event"].search(
            [("res_id", "=", case.id), ("type", "=", "pause.ended")]
        )
        self.assertEqual(len(events), 1)
        self._assert_in_step()

    def test_resuming_after_the_limit_does_not_prolong_it(self):
        case = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "samples", None)
        self._resume(case, "2026-03-08 11:00")
        self.assertEqual((pause.to_at, pause.end_reason), (shanghai("2026-03-07 11:00"), "limit"))

    def test_limits_in_each_unit(self):
        reason = self.env["crm.policy.pause.reason"]._policy_for(self.version, "samples")
        for unit, limit, start, end in (
            ("calendar_hours", 1.5, "2026-03-06 17:00", "2026-03-06 18:30"),
            ("calendar_days", 2, "2026-03-06 17:00", "2026-03-08 17:00"),
            ("working_hours", 1.5, "2026-03-06 17:00", "2026-03-09 09:30"),
            ("working_days", 2, "2026-03-06 17:00", "2026-03-10 17:00"),
            ("working_days", 1, "2026-03-07 10:00", "2026-03-09 10:00"),
        ):
            with self.subTest(unit=unit, start=start):
                reason._policy_guarded_write({"unit": unit})
                self.assertEqual(
                    reason._policy_add(shanghai(start), limit, self.company), shanghai(end)
                )

    def test_the_limit_per_case_counts_all_its_pauses(self):
        case = self._complaint("2026-03-02 10:20")
        self._pause(case, "2026-03-02 11:00", "samples", None)
        self._resume(case, "2026-03-06 11:00")
        pause = self._pause(case, "2026-03-06 12:00", "samples", None)
        # Five days at a time, but only four are left of eight.
        self.assertEqual(pause.limit_at, shanghai("2026-03-10 12:00"))
        self._end_pauses("2026-03-10 12:00")
        with self.assertRefused(
            PolicyRefusal, r"3\.3.*samples|3\.3.*样品.*5 Days at a time, 8 Days"
        ):
            self._pause(case, "2026-03-10 13:00", "samples", None)

    def test_the_number_of_pauses_is_limited(self):
        case = self._complaint("2026-03-02 10:20")
        for hour in (11, 12, 13):
            self._pause(case, f"2026-03-02 {hour}:00", "samples", None)
            self._resume(case, f"2026-03-02 {hour}:30")
        with self.assertRefused(PolicyRefusal, "3 times per case; 3 is used"):
            self._pause(case, "2026-03-02 14:00", "samples", None)

    def test_many_small_pauses_use_up_working_days(self):
        reason = self.env["crm.policy.pause.reason"]._policy_for(self.version, "samples")
        reason._policy_guarded_write({"unit": "working_days", "max_total": 2, "max_count": 0})
        case = self._complaint("2026-03-02 10:20")
        for hour in (11, 14):
            self._pause(case, f"2026-03-02 {hour}:00", "samples", None)
            self._resume(case, f"2026-03-02 {hour}:30")
        with self.assertRefused(PolicyRefusal, "2 Working Days per case; 2 is used|2 is used"):
            self._pause(case, "2026-03-02 15:00", "samples", None)

    # === ALLOWED BY SOMEBODY === #

    def test_it_begins_when_it_is_allowed(self):
        case = self._complaint("2026-03-02 10:20")
        clock = self._clock(case, "complaint-solution")
        pause = self._pause(case, "2026-03-02 11:00", "group", "与集团会商")
        self.assertEqual((pause.state, pause.from_at, pause.role_id.code),
                         ("asked", False, "manager"))  # fmt: skip
        self.assertEqual((clock.due_at, clock.paused_at), (shanghai("2026-03-04 10:20"), False))
        self.assertEqual(case.policy_pause_state, "asked")
        self._assert_in_step()
        with at("2026-03-02 15:00"):
            for role in ("specialist", "supervisor", "qc", "policy_admin"):
                with self.assertRaises(UserError):
                    self._as(role, pause).action_policy_approve()
            self.env.invalidate_all()
            self._as("manager", pause).action_policy_approve("同意")
        self.assertEqual(pause.state, "running")
        self.assertEqual(pause.from_at, shanghai("2026-03-02 15:00"))
        self.assertEqual(pause.limit_at, shanghai("2026-03-04 15:00"))
        self.assertEqual(pause.approved_by, self.users["manager"])
        self.assertEqual(clock.paused_at, shanghai("2026-03-02 15:00"))
        self._assert_in_step()
        with self.assertRefused(UserError, "decided already"), at("2026-03-02 15:01"):
            self._as("manager", pause).action_policy_approve()

    def test_a_refusal_says_who_can_decide(self):
        case = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "group")
        with self.assertRefused(PolicyRefusal, r"3\.3.*decided by .*t_manager"):
            self._as("supervisor", pause).action_policy_approve()

    def test_nobody_allows_his_own(self):
        case = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "group", role="manager")
        with self.assertRefused(PolicyRefusal, "nobody who asked for it himself"):
            self._as("manager", pause).action_policy_approve()
        self.assertFalse(self._as("manager", pause).can_decide)
        self.assertTrue(self._as("director", pause).can_decide, "directors are managers too")

    def test_it_is_refused_with_a_reason(self):
        case = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "group")
        for nothing in (None, "", "  ", 5):
            with self.assertRefused(ValidationError, "Say why"):
                self._as("manager", pause).action_policy_refuse(nothing)
        self._as("manager", pause).action_policy_refuse("不需要")
        self.assertEqual((pause.state, pause.comment), ("refused", "不需要"))
        self.assertFalse(self._clock(case, "complaint-solution").paused_seconds)
        # It may be asked for again.
        self._pause(case, "2026-03-02 12:00", "group")

    def test_what_is_asked_for_can_be_withdrawn(self):
        case = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "group")
        self._resume(case, "2026-03-02 11:10")
        self.assertEqual((pause.state, pause.end_reason), ("refused", "withdrawn"))

    # === ENDS WITH THE CASE === #

    def test_a_cancelled_case_ends_its_pause(self):
        case = self._complaint("2026-03-02 10:20")
        asked = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "samples", None)
        waiting = self._pause(asked, "2026-03-02 11:00", "group")
        with at("2026-03-02 12:00"):
            self._as("supervisor", case + asked).action_policy_cancel("误录")
        self.assertEqual((pause.state, pause.end_reason, pause.to_at),
                         ("ended", "document", shanghai("2026-03-02 12:00")))  # fmt: skip
        self.assertEqual((waiting.state, waiting.end_reason), ("refused", "document"))
        clock = self._clock(case, "complaint-solution")
        self.assertEqual((clock.state, clock.paused_at), ("cancelled", False))
        self._assert_in_step()

    def test_a_closed_case_ends_its_pause_and_a_reopened_one_begins_without(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._drive(case, "recheck")
        pause = self._pause(case, "2026-03-02 11:00", "samples", None)
        with at("2026-03-02 12:00"):
            self._as("specialist", case).action_policy_close()
        self.assertEqual((pause.state, pause.end_reason), ("ended", "document"))
        with self.assertRefused(UserError, "is ended"):
            self._pause(case, "2026-03-02 12:30", "samples", None)
        with at("2026-03-03 10:00"):
            self._as("supervisor", case).action_policy_reopen("客户再次反映")
        clock = self._clock(case, "complaint-solution")
        self.assertEqual(clock.cycle, 1)
        self.assertEqual(clock.due_at, shanghai("2026-03-05 10:00"), "old pauses do not count")
        self.assertEqual(clock.paused_seconds, 0)
        self._pause(case, "2026-03-03 11:00", "samples", None)
        self._resume(case, "2026-03-03 12:00")
        self.assertEqual(clock.due_at, shanghai("2026-03-05 11:00"))
        self._assert_in_step()

    def test_an_archived_case_keeps_its_pause(self):
        case = self._request("2026-03-04 09:00")
        self._pause(case, "2026-03-04 09:10")
        case.active = False
        clock = self._clock(case, "response-normal")
        self._assert_in_step()
        self._resume(case, "2026-03-04 09:40")
        self.assertEqual(clock.due_at, shanghai("2026-03-04 10:30"))
        self._assert_in_step()

    # === WHAT THEY LEAVE === #

    def test_u20_each_correction_has_reason_person_and_trace(self):
        case = self._request("2026-03-04 09:00")
        pause = self._pause(case, "2026-03-04 09:10")
        self._resume(case, "2026-03-04 09:40")
        events = self.env["crm.policy.event"].search(
            [("res_id", "=", case.id), ("type", "like", "pause.")], order="id"
        )
        self.assertEqual(events.mapped("type"), ["pause.began", "pause.ended"])
        self.assertEqual(set(events.mapped("actor_id")), {self.users["specialist"].id})
        self.assertEqual(events.mapped("clause"), ["2.2", "2.2"])
        self.assertEqual(events[0].payload["pause"], pause.id)
        self.assertEqual(events[0].payload["reason"], "customer")
        self.assertNotIn("等客户", str(events.mapped("payload")), "no words of a person")
        notes = "".join(case.message_ids.mapped("body"))
        self.assertIn("等客户补充资料", notes)
        self.assertRegex(notes, r"2026-03-04 09:40 \(Asia/Shanghai\)")

    def test_the_notes_are_not_for_the_customer(self):
        case = self._request("2026-03-04 09:00")
        before = case.message_ids
        self._pause(case, "2026-03-04 09:10")
        for message in case.message_ids - before:
            self.assertTrue(message.subtype_id.internal or message.is_internal)
        texts = str(case._policy_customer_messages()) + str(case._policy_customer_promises())
        self.assertNotIn("等客户补充资料", texts)

    def test_nobody_writes_a_pause(self):
        case = self._request("2026-03-04 09:00")
        pause = self._pause(case, "2026-03-04 09:10")
        for user in (*self.users.values(), self.env.user):
            own = pause.with_user(user)
            for attempt in (
                lambda own=own: own.write({"to_at": False}),
                lambda own=own: own.unlink(),
                lambda own=own: own.copy(),
                lambda own=own: own.create({"res_model": "helpdesk.ticket", "res_id": case.id}),
                lambda own=own: own.sudo().write({"from_at": shanghai("2026-03-01 09:00")}),
            ):
                with self.assertRaises(AccessError):
                    attempt()

    def test_who_sees_the_case_sees_its_pauses(self):
        case = self._request("2026-03-04 09:00")
        pause = self._pause(case, "2026-03-04 09:10")
        self.assertEqual(self._as("supervisor", self.Pause).search([]), pause)
        outsider = self.env["res.users"].create(
            {
                "name": "outsider",
                "login": "t_outsider",
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        self.assertFalse(self.Pause.with_user(outsider).search([]))
        with self.assertRaises(AccessError):
            pause.with_user(outsider).read(["text"])

    def test_the_portal_reads_nothing_of_it(self):
        login = self.env["res.users"].create(
            {
                "name": "客户",
                "login": "t_portal",
                "partner_id": self.partner.id,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        case = self._request("2026-03-04 09:00")
        pause = self._pause(case, "2026-03-04 09:10")
        # A portal customer reads a case that he follows.
        case.message_subscribe(self.partner.ids)
        self.env.invalidate_all()
        mine = case.with_user(login)
        self.assertEqual(mine.read(["name"])[0]["name"], case.name)
        for name in ("policy_pause_ids", "policy_is_paused", "policy_paused_until",
                     "policy_pause_state", "policy_switched_at"):  # fmt: skip
            with self.subTest(name), self.assertRaises(AccessError):
                mine.read([name])
        with self.assertRaises(AccessError):
            pause.with_user(login).read(["text"])
        for attempt in (
            mine.action_policy_resume,
            lambda: mine.action_policy_pause("customer", "x"),
        ):
            with self.assertRaises(AccessError):
                attempt()

    # === BAD INPUT === #

    def test_only_who_works_on_the_case_pauses_it(self):
        case = self._request("2026-03-04 09:00")
        for role in ("finance", "ceo", "qc", "analyst", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, case).action_policy_pause("customer", "x")
        self.assertFalse(self.Pause.search([]))

    def test_one_pause_at_a_time(self):
        case = self._complaint("2026-03-02 10:20")
        self._pause(case, "2026-03-02 11:00", "samples", None)
        for reason in ("samples", "customer", "group"):
            with self.assertRefused(UserError, "stands still already"):
                self._pause(case, "2026-03-02 11:10", reason)
        self._resume(case, "2026-03-02 12:00")
        with self.assertRefused(UserError, "does not stand still"):
            self._resume(case, "2026-03-02 12:10")
        self._pause(case, "2026-03-02 13:00", "group")
        with self.assertRefused(UserError, "asked for already"):
            self._pause(case, "2026-03-02 13:10", "samples")

    def test_the_database_keeps_one_pause_at_a_time(self):
        case = self._complaint("2026-03-02 10:20")
        pause = self._pause(case, "2026-03-02 11:00", "samples", None)
        with self.assertRaisesRegex(Exception, "one_at_a_time"), mute_logger("odoo.sql_db"):
            self.env.cr.execute(
                SQL(
                    "INSERT INTO crm_policy_pause"
                    " (res_model, res_id, reason_id, reason_code, state)"
                    " SELECT res_model, res_id, reason_id, reason_code, 'asked'"
                    " FROM crm_policy_pause WHERE id = %s",
                    pause.id,
                )
            )

    def test_nonsense_is_refused_in_words(self):
        case = self._complaint("2026-03-02 10:20")
        mine = self._as("specialist", case)
        for arguments, words in (
            ({}, "no reason for a pause None.*samples, customer, group"),
            ({"reason": "no_such"}, "no reason for a pause no_such"),
            ({"reason": 5}, "no reason for a pause 5"),
            ({"reason": ["samples"]}, "no reason for a pause"),
            ({"reason": {"code": "samples"}}, "no reason for a pause"),
            ({"reason": "customer"}, "2.2.*say what the pause"),
            ({"reason": "customer", "text": "  "}, "say what the pause"),
            ({"reason": "samples", "text": 7}, "7 is no text"),
            ({"reason": "samples", "at": "2026-03-02 09:00:00"}, "nobody dates it back"),
            ({"reason": "samples", "at": "2026-03-05 09:00:00"}, "lies in the future"),
            ({"reason": "samples", "at": "soon"}, "no date and time"),
            ({"reason": "samples", "at": 12.5}, "no date and time"),
        ):
            with self.subTest(arguments), at("2026-03-02 18:00"):
                with self.assertRefused(UserError, words):
                    mine.action_policy_pause(**arguments)
        self.assertFalse(self.Pause.search([]))
        with at("2026-03-02 19:00"):
            mine.action_policy_pause("samples", at=shanghai("2026-03-02 19:00"))

    def test_a_reason_of_another_version_is_not_known(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
        case._policy_guarded_write({"policy_version_id": self.former.id})
        words = "has no reason for a pause samples. It has: customer-material"
        with self.assertRefused(ValidationError, words):
            self._pause(case, "2026-03-02 11:00", "samples")
        self.assertEqual(case.policy_pause_state, "none")

    def test_a_version_without_a_reason_has_no_button(self):
        self.patch(type(self.env["crm.policy.pause.reason"]), "_policy_codes", lambda *_args: ())
        with at("2026-03-02 10:20"):
            self.assertEqual(self._new_case().policy_pause_state, "closed")

    def test_the_shipped_reason_stops_the_solution_and_nothing_else(self):
        """Waiting for the customer's samples or information, as CMP-DLN-03 has it."""
        case = self._complaint("2026-03-02 10:20")
        case._policy_guarded_write({"policy_version_id": self.former.id})
        pause = self._pause(case, "2026-03-02 11:00", "customer-material")
        self.assertEqual(pause.state, "asked")
        with at("2026-03-02 12:00"):
            self._as("supervisor", pause).action_policy_approve()
        self.assertEqual(pause.limit_at, shanghai("2026-03-07 12:00"), "five days")
        self._resume(case, "2026-03-04 12:00")
        # Two days later than 48 hours after the acceptance; the response does not wait.
        self.assertEqual(
            self._clock(case, "complaint-solution").due_at, shanghai("2026-03-06 10:20")
        )
        self.assertEqual(
            self._clock(case, "complaint-response").due_at, shanghai("2026-03-03 10:20")
        )
        self._pause(case, "2026-03-04 13:00", "customer-material")
        with at("2026-03-04 14:00"):
            self._as("supervisor", pause.search([], limit=1)).action_policy_approve()
        self._resume(case, "2026-03-07 14:00")
        with self.assertRefused(PolicyRefusal, "5 Days per case; 5 is used"):
            self._pause(case, "2026-03-07 15:00", "customer-material")

    def test_an_ungoverned_ticket_is_not_paused(self):
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "x", "description": "x", "user_id": self.users["specialist"].id}
        )
        with self.assertRefused(UserError, "is not governed"):
            self._as("specialist", ticket).action_policy_pause("samples")

    def test_another_company_knows_nothing_of_it(self):
        other = self._new_company("无锡分公司")
        clerk = self._new_user("specialist", login="t_wuxi", company=other)
        case = self._request("2026-03-04 09:00")
        pause = self._pause(case, "2026-03-04 09:10")
        reasons = self.env["crm.policy.pause.reason"].with_user(clerk)
        theirs = reasons.with_context(allowed_company_ids=other.ids)
        self.assertFalse(theirs.search([]))
        self.assertFalse(theirs.env["crm.policy.pause"].search([]))
        for attempt in (
            lambda: case.with_user(clerk).action_policy_resume(),
            lambda: pause.with_user(clerk).action_policy_approve(),
        ):
            with self.assertRaises(AccessError):
                attempt()

    # === ONE OR MANY === #

    def _statements(self, action):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _requests(self, number):
        with at("2026-03-04 09:00"):
            vals = {
                "name": "x", "description": "x", "policy_kind": "request",
                "partner_id": self.partner.id, "company_id": self.company.id,
                "user_id": self.users["specialist"].id, "channel_id": self.phone.id,
            }  # fmt: skip
            return self.env["helpdesk.ticket"].create([dict(vals) for _case in range(number)])

    def test_many_cases_cost_the_same_statements(self):
        def pause(cases):
            with at("2026-03-04 09:10"):
                return self._statements(
                    lambda: self._as("specialist", cases).action_policy_pause("customer", "x")
                )

        def end(cases):
            def run():
                with at("2026-03-09 09:10"):
                    self.Pause._policy_expired(set())._policy_stop("limit")

            return self._statements(run)

        pause(self._requests(3))
        end(None)
        few, many = self._requests(10), self._requests(20)
        self.assertEqual(pause(few), pause(many))
        expired = self.Pause.search([("state", "=", "running")])
        self.assertEqual(len(expired), 30)
        for cases in (few, many):
            with at("2026-03-04 09:20"):
                self._as("specialist", cases).action_policy_resume()
        counts = []
        for number in (10, 20):
            cases = self._requests(number)
            pause(cases)
            counts.append(end(cases))
            self.assertEqual(set(cases.policy_pause_ids.mapped("state")), {"ended"})
        self.assertEqual(*counts)

    def test_one_bad_pause_does_not_stop_the_rest(self):
        cases = self._requests(3)
        with at("2026-03-04 09:10"):
            self._as("specialist", cases).action_policy_pause("customer", "x")
        bad = cases[1].policy_pause_ids
        Pause = type(self.Pause)
        stop = Pause._policy_stop

        def stumble(pauses, reason):
            if bad in pauses:
                raise ValueError("bad pause")
            return stop(pauses, reason)

        self.patch(Pause, "_policy_stop", stumble)
        with self.assertLogs("odoo.addons.crm_policy.models.deadline.pause", "ERROR") as log:
            self._end_pauses("2026-03-09 09:10")
        self.assertIn(f"The pause {bad.id} cannot be ended", log.output[0])
        self.assertEqual(cases.policy_pause_ids.mapped("state").count("ended"), 2)
        self.assertEqual(bad.state, "running")

    # === RULES AND PACKS === #

    def test_unsound_reasons_are_refused_by_name(self):
        draft = self.env["crm.policy"].with_user(self.users["policy_admin"])._policy_apply_pack(
            self._content("3"), self.company
        )  # fmt: skip
        clause = draft.clause_ids[0]
        Reason = self.env["crm.policy.pause.reason"]
        other = self._new_company("无锡分公司")
        role = self.env["crm.policy.role"].create(
            {"code": "x", "name": "X", "company_id": other.id, "kind": "user"}
        )
        for vals, words in (
            ({}, "say how long"),
            ({"max_count": 3}, "say how long"),
            ({"max_duration": -1}, "not negative"),
            ({"max_total": -1, "max_duration": 1}, "not negative"),
            ({"max_count": -1, "max_duration": 1}, "not negative"),
            ({"max_duration": 10_001}, "at most"),
            ({"max_duration": 1.5, "unit": "working_days"}, "whole for days"),
            ({"max_duration": 1, "role_id": role.id}, "another company"),
            ({"max_duration": 1, "rule_ids": [Command.set(self._own_rules()[:1].ids)]},
             "belongs to another policy version"),
        ):  # fmt: skip
            with self.subTest(vals), self.assertRefused(ValidationError, words):
                Reason.create(
                    {"code": "t", "name": "T", "clause_id": clause.id, "unit": "calendar_hours",
                     **vals}
                )  # fmt: skip

    def test_a_pack_with_unsound_pauses_is_refused(self):
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        for old, new, words in (
            ("pauses: [customer]\n", "pauses: [nobody]\n", "no reason for a pause nobody"),
            ("pauses: [customer]\n", "pauses: customer\n", "pauses must be a list of texts"),
            ("pauses: [customer]\n", "pauses: [5]\n", "pauses must be a list of texts"),
            ("    max_duration: 16\n", "", "customer: say how long"),
            ("    max_duration: 16\n", "    max_duration: '16'\n", "max_duration must be a number"),
            ("    role: manager\n", "    role: wizard\n", "there is no Policy Role wizard"),
            (
                "    due: policy_external_due_at\n",
                "    due: policy_external_due_at\n    pauses: [samples]\n",
                "no pause moves a date",
            ),
        ):
            with self.subTest(new):
                content = self._content("3")
                self.assertEqual(content.count(old), 1)
                with self.assertRefused(ValidationError, words), self.env.cr.savepoint():
                    policy._policy_apply_pack(content.replace(old, new), self.company)

    # === BEHIND THE ORM === #

    def test_the_sweep_finds_a_pause_that_the_hooks_missed(self):
        case, other = self._request("2026-03-04 09:00"), self._request("2026-03-04 09:00")
        self._pause(case, "2026-03-04 09:10")
        self._resume(case, "2026-03-04 09:40")
        clock = self._clock(case, "response-normal")
        self.env.flush_all()
        for change, due in (
            ("to_at = to_at + interval '10 minutes'", "2026-03-04 10:40"),
            ("from_at = from_at + interval '5 minutes'", "2026-03-04 10:35"),
            ("reason_code = 'other'", "2026-03-04 10:00"),
            ("reason_code = 'customer'", "2026-03-04 10:35"),
            ("to_at = NULL, state = 'running'", "2026-03-06 09:55"),
        ):
            with self.subTest(change), at("2026-03-04 09:50"):
                self.env.cr.execute(
                    f"UPDATE crm_policy_pause SET {change} WHERE res_id = {case.id}"
                )
                self.env.invalidate_all()
                rows = self.Deadline._policy_differences("helpdesk.ticket", self._own_rules())
                self.assertEqual(rows, [(clock.rule_id.id, case.id)])
                self._sweep()
                self.assertEqual(clock.due_at, shanghai(due))
                self._assert_in_step()
        self.assertEqual(clock.paused_at, shanghai("2026-03-04 09:15"))
        self.assertFalse(self._clock(other, "response-normal").paused_seconds)

    def test_the_recent_sweep_sees_a_pause_of_a_case_saved_long_ago(self):
        case = self._request("2026-03-04 09:00")
        pause = self._pause(case, "2026-03-04 09:10")
        self._resume(case, "2026-03-04 09:40")
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE helpdesk_ticket SET write_date = %s WHERE id = %s",
                shanghai("2026-03-01 09:00"), case.id)
        )  # fmt: skip
        self.env.cr.execute(
            SQL("UPDATE crm_policy_pause SET to_at = %s, write_date = %s WHERE id = %s",
                shanghai("2026-03-04 09:50"), shanghai("2026-03-04 14:50"), pause.id)
        )  # fmt: skip
        self.env.invalidate_all()
        rules = self._own_rules()
        since = shanghai("2026-03-04 14:00")
        clock = self._clock(case, "response-normal")
        self.assertEqual(
            self.Deadline._policy_differences("helpdesk.ticket", rules, since),
            [(clock.rule_id.id, case.id)],
        )
        later = since + timedelta(hours=1)
        self.assertFalse(self.Deadline._policy_differences("helpdesk.ticket", rules, later))
