"""A calendar changes: open deadlines of every kind are planned anew, what is over stays."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from ...tools.zones import to_local
from ..common import SHANGHAI, PolicyCommon, at, shanghai
from ..worktime.test_working_calendar import attendances

# Every way of counting that a calendar can move, and two that none can.
RULES = {
    "t-minutes": "duration: 600, unit: working_minutes",
    "t-hours": "duration: 12, unit: working_hours",
    "t-days": "duration: 3, unit: working_days",
    "t-same": "duration: 3, unit: working_days, count_from: same_day",
    "t-factor": "duration: 12, unit: working_hours, factor: partner_id.color",
    "t-factor-days": "duration: 1, unit: working_days, factor: partner_id.color",
    "t-roll": "duration: 3, unit: calendar_days, roll: next_workday",
    "t-back": "duration: 3, unit: calendar_days, roll: previous_workday",
    "t-window": "duration: 3, unit: calendar_days, roll: next_workday, window: day",
    "t-elapsed": "duration: 72, unit: calendar_hours",
    "t-plain": "duration: 3, unit: calendar_days",
}
HEAD = (
    "  - {code: %s, clause: '2.2', name: %s, model: helpdesk.ticket, start: policy_intake_at,"
    " done: policy_closed_at, domain: [['policy_kind', '=', 'request']], %s}\n"
)
MONDAY = "2026-03-09 10:00"  # the week that holidays are put into


class TestReplan(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        content = cls.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        content = content.replace('number: "1"\n  transition', 'number: "2"\n  transition')
        rules = "".join(HEAD % (code, code, how) for code, how in RULES.items())
        content = content.replace("deadline_rules:\n", "deadline_rules:\n" + rules)
        admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        version = admin._policy_apply_pack(content, cls.company)
        # Many clocks over one stretch, which the linter would not let into force.
        linter = cls.env.registry["crm.policy.finding"]
        with patch.object(linter, "_policy_check_errors", lambda self, versions: None):
            cls._hand_over(version)
            version.with_user(cls.users["director"]).action_policy_publish()
        cls.calendar = cls.company.resource_calendar_id
        cls.partner.color = 2
        cls.Deadline = cls.env["crm.policy.deadline"]
        cls.Replan = cls.env["crm.policy.replan"]
        cls.Replan.search([]).unlink()

    def _open(self, moment=MONDAY, **vals):
        with at(moment):
            return self._new_case(policy_kind="request", **vals)

    def _dues(self, case):
        return {
            clock.rule_code: clock.due_at
            for clock in case.policy_deadline_ids
            if clock.rule_code in RULES
        }

    def _rest(self, day, **vals):
        return self.env["crm.policy.calendar.day"].create(
            {"date": day, "name": "停工", "company_id": self.company.id, **vals}
        )

    def _run(self, moment=MONDAY):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_replan").method_direct_trigger()
        self.env.invalidate_all()

    def _events(self):
        return self.env["crm.policy.event"].search([("type", "=", "deadline.replanned")])

    # === WHAT MOVES === #

    def test_every_way_of_counting_over_a_new_holiday(self):
        case = self._open()
        before = self._dues(case)
        expected = {
            "t-minutes": ("2026-03-10 12:00", "2026-03-11 12:00"),
            "t-hours": ("2026-03-10 15:00", "2026-03-11 15:00"),
            "t-days": ("2026-03-12 18:00", "2026-03-13 18:00"),
            "t-same": ("2026-03-11 18:00", "2026-03-12 18:00"),
            "t-factor": ("2026-03-12 10:00", "2026-03-13 10:00"),
            "t-factor-days": ("2026-03-11 18:00", "2026-03-12 18:00"),
            "t-roll": ("2026-03-12 23:59:59",) * 2,
            "t-back": ("2026-03-12 23:59:59",) * 2,
            "t-window": ("2026-03-12 23:59:59",) * 2,
            "t-elapsed": ("2026-03-12 10:00",) * 2,
            "t-plain": ("2026-03-12 23:59:59",) * 2,
        }
        self.assertEqual(before, {code: shanghai(old) for code, (old, _new) in expected.items()})
        self._rest("2026-03-10")
        self.assertEqual(self._dues(case), before, "the change itself moves nothing")
        self._run()
        self.assertEqual(
            self._dues(case), {code: shanghai(new) for code, (_old, new) in expected.items()}
        )

    def test_a_due_day_that_becomes_a_holiday_is_rolled_with_its_window(self):
        case = self._open()
        day = self._rest("2026-03-12")
        self._run()
        dues = self._dues(case)
        self.assertEqual(dues["t-roll"], shanghai("2026-03-13 23:59:59"))
        self.assertEqual(dues["t-back"], shanghai("2026-03-11 23:59:59"))
        self.assertEqual(dues["t-plain"], shanghai("2026-03-12 23:59:59"))
        [window] = case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == "t-window")
        self.assertEqual(window.due_at, shanghai("2026-03-13 23:59:59"))
        self.assertEqual(window.earliest_at, shanghai("2026-03-13 00:00"))
        # Back again: what was rolled backwards is due before the day that brings it back.
        day.unlink()
        self._run()
        for code in ("t-roll", "t-back", "t-window"):
            self.assertEqual(self._dues(case)[code], shanghai("2026-03-12 23:59:59"), code)

    def test_a_make_up_day_brings_dues_forward(self):
        case = self._open("2026-03-12 10:00")
        self._rest("2026-03-14", kind="work", as_weekday="0")
        self._run("2026-03-12 10:00")
        dues = self._dues(case)
        self.assertEqual(dues["t-days"], shanghai("2026-03-16 18:00"))
        self.assertEqual(dues["t-factor"], shanghai("2026-03-16 10:00"))

    def test_statutory_days_that_a_calendar_begins_to_follow(self):
        case = self._open("2026-04-30 10:00")
        with at("2026-04-30 10:00"):
            self.calendar.policy_statutory_country_id = self.env.ref("base.cn")
        self._run("2026-04-30 10:00")
        # 6, 7 and 8 May are the next working days.
        self.assertEqual(self._dues(case)["t-days"], shanghai("2026-05-08 18:00"))

    def test_leaves_hours_and_the_zone(self):
        case = self._open()
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "停电",
                "calendar_id": self.calendar.id,
                "company_id": self.company.id,
                "date_from": shanghai("2026-03-10 00:00"),
                "date_to": shanghai("2026-03-10 23:59:59"),
            }
        )
        self._run()
        self.assertEqual(self._dues(case)["t-minutes"], shanghai("2026-03-11 12:00"))
        leave.date_to = shanghai("2026-03-10 10:00")
        self._run()
        self.assertEqual(self._dues(case)["t-minutes"], shanghai("2026-03-10 14:00"))
        leave.unlink()
        self._run()
        self.assertEqual(self._dues(case)["t-minutes"], shanghai("2026-03-10 12:00"))
        with at(MONDAY):
            self.calendar.attendance_ids = attendances([(9, 12)])
        self._run()
        self.assertEqual(self._dues(case)["t-minutes"], shanghai("2026-03-12 11:00"))
        with at(MONDAY):
            self.calendar.tz = "Asia/Tokyo"
        self._run()
        # 9:00 of Tokyo is 8:00 of Shanghai: an hour of Monday instead of two.
        self.assertEqual(self._dues(case)["t-minutes"], shanghai("2026-03-12 11:00"))
        self.assertEqual(self._dues(case)["t-plain"], shanghai("2026-03-12 22:59:59"))

    def test_a_company_that_takes_another_calendar(self):
        case = self._open()
        with at(MONDAY):
            other = self.calendar.copy({"attendance_ids": attendances([(9, 12)])})
            self.company.resource_calendar_id = other
        self._run()
        self.assertEqual(self._dues(case)["t-days"], shanghai("2026-03-12 12:00"))

    def test_a_rule_with_a_calendar_of_its_own(self):
        case = self._open()
        [clock] = case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == "t-hours")
        hotline = self.calendar.copy({"attendance_ids": attendances([(0, 24)], range(7))})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET calendar_id = %s WHERE id = %s",
            (hotline.id, clock.rule_id.id),
        )
        self.env.invalidate_all()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "维护",
                "calendar_id": hotline.id,
                "company_id": self.company.id,
                "date_from": shanghai("2026-03-09 12:00"),
                "date_to": shanghai("2026-03-09 13:00"),
            }
        )
        before = self._dues(case)
        self._run()
        self.assertEqual(self._dues(case), {**before, "t-hours": shanghai("2026-03-09 23:00")})

    def test_a_clock_beyond_the_years_that_the_statement_knows(self):
        case = self._open()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "停产",
                "calendar_id": self.calendar.id,
                "company_id": self.company.id,
                "date_from": shanghai("2026-03-10 00:00"),
                "date_to": shanghai("2031-03-09 23:59:59"),
            }
        )
        self._run()
        self.assertEqual(self._dues(case)["t-days"], shanghai("2031-03-12 18:00"))

    # === WHAT DOES NOT === #

    def test_met_late_and_cancelled_ones_never_move(self):
        cases = [self._open() for _number in range(3)]
        states = ("met", "late", "cancelled")
        for case, state in zip(cases, states, strict=True):
            case.policy_deadline_ids._policy_update({"state": state})
        before = [self._dues(case) for case in cases]
        still_open = self._open()  # so that the job has something to do
        self._rest("2026-03-10")
        self._run()
        self.assertEqual([self._dues(case) for case in cases], before)
        self.assertEqual(self._dues(still_open)["t-days"], shanghai("2026-03-13 18:00"))

    def test_what_is_due_before_the_change_does_not_move(self):
        """And is not even looked at: a wrong due date before it would be mended otherwise."""
        case = self._open()
        [clock] = case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == "t-minutes")
        clock._policy_update({"due_at": shanghai("2026-03-09 12:00")})
        self._rest("2026-03-11")
        self._run()
        self.assertEqual(clock.due_at, shanghai("2026-03-09 12:00"))
        self.assertEqual(self._dues(case)["t-days"], shanghai("2026-03-13 18:00"))

    def test_other_companies_and_other_people_s_leaves_move_nothing(self):
        case = self._open()
        before = self._dues(case)
        other = self._new_company("杭州分公司")
        self._rest("2026-03-10", company_id=other.id)
        self._away(self.users["specialist"], "2026-03-10 00:00", "2026-03-11 00:00")
        self.env["resource.calendar"].create({"name": "nobody's", "company_id": self.company.id})
        self.assertFalse(
            self.Replan.search([("calendar_id", "=", self.calendar.id)]), "nobody asks for nothing"
        )
        self._run()
        self.assertEqual(self._dues(case), before)

    def test_what_was_found_overdue_and_is_not_any_more(self):
        """A holiday that is entered afterwards: it will be told when it is really overdue."""
        case = self._open()
        with at("2026-03-10 15:00"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()
        by_code = {clock.rule_code: clock for clock in case.policy_deadline_ids}
        self.assertTrue(by_code["t-minutes"].overdue_at)
        self.assertTrue(by_code["response-normal"].overdue_at)
        with at("2026-03-10 15:00"):
            self._rest("2026-03-10")
        self._run("2026-03-10 15:00")
        self.assertEqual(by_code["t-minutes"].due_at, shanghai("2026-03-11 12:00"))
        self.assertFalse(by_code["t-minutes"].overdue_at)
        # Due on Monday at 11:00, the day before the holiday.
        self.assertTrue(by_code["response-normal"].overdue_at)

    # === THE LEDGER === #

    def test_one_event_per_rule_with_both_dues(self):
        cases = self._open() + self._open()
        self._rest("2026-03-10")
        self._run()
        events = self._events().filtered(lambda event: event.res_model.endswith("deadline.rule"))
        rules = {rule.code: rule for rule in cases.policy_deadline_ids.rule_id}
        [event] = events.filtered(lambda event: event.res_id == rules["t-hours"].id)
        clocks = cases.policy_deadline_ids.filtered(lambda clock: clock.rule_code == "t-hours")
        self.assertEqual(event.payload["calendar"], self.calendar.id)
        self.assertEqual(
            sorted(event.payload["moved"]),
            [
                [clock.id, "2026-03-10T07:00:00", "2026-03-11T07:00:00"]
                for clock in clocks.sorted("id")
            ],
        )
        self.assertEqual((event.policy, event.version, event.clause), ("SVC", "2", "2.2"))
        self.assertFalse(events.filtered(lambda event: event.res_id == rules["t-plain"].id))
        [changed] = self.env["crm.policy.event"].search(
            [("type", "=", "calendar.changed"), ("res_id", "=", self.calendar.id)], limit=1
        )
        self.assertEqual(changed.payload["since"][:10], "2026-03-09")

    def test_hours_of_the_week_leave_what_they_were(self):
        """Odoo has no history of them: open clocks count as if the new ones had always been."""
        done, late, waiting = (self._open() for _number in range(3))
        for case, moment in ((done, "2026-03-09 10:30"), (late, "2026-03-09 11:30")):
            with at(moment):
                case._policy_set_fact("policy_accepted_at")
                case._policy_set_fact("policy_responded_at")
        fixed = (done + late).policy_deadline_ids.filtered(
            lambda clock: clock.rule_code == "response-normal"
        )
        self.assertEqual(fixed.mapped("state"), ["met", "late"])
        before = fixed.read(["due_at", "lateness_seconds", "overdue_at"])
        admin = self.env["res.users"].browse(self.env.ref("base.user_admin").id)
        afternoons = self.calendar.attendance_ids.filtered(
            lambda line: line.day_period == "afternoon"
        )
        with at("2026-03-10 09:00"):
            afternoons.with_user(admin).write({"hour_to": 17})
        [event] = self.env["crm.policy.event"].search([("type", "=", "calendar.hours")])
        self.assertEqual((event.actor_id, event.at), (admin.id, shanghai("2026-03-10 09:00")))
        self.assertEqual((event.res_model, event.res_id), ("resource.calendar", self.calendar.id))
        mornings = [f"{day} 9-12" for day in range(5)]
        for name, end in (("before", 18), ("after", 17)):
            afternoon = [f"{day} 13-{end}" for day in range(5)]
            self.assertEqual(event.payload[name], sorted(mornings + afternoon))
        self._run("2026-03-10 09:00")
        # Monday is counted until 17:00, although people worked until 18:00.
        self.assertEqual(self._dues(waiting)["t-minutes"], shanghai("2026-03-10 14:00"))
        self.assertEqual(fixed.read(["due_at", "lateness_seconds", "overdue_at"]), before)

    def test_every_change_of_the_hours_is_told_and_nothing_else(self):
        def told():
            events = self.env["crm.policy.event"].search([("type", "=", "calendar.hours")])
            return len(events)

        line = self.calendar.attendance_ids[0]
        line.name = "early"
        self.assertEqual(told(), 0)
        free = self.calendar.copy()
        free.attendance_ids[0].hour_from = 8
        self.assertEqual(told(), 0, "nobody counts in it")
        saturday = line.create(
            {
                "name": "Saturday",
                "calendar_id": self.calendar.id,
                "dayofweek": "5",
                "day_period": "morning",
                "hour_from": 9,
                "hour_to": 11.5,
            }
        )
        self.assertEqual(told(), 1)
        saturday.calendar_id = free
        self.assertEqual(told(), 2)
        saturday.calendar_id = self.calendar
        saturday.unlink()
        self.assertEqual(told(), 4)

    # === THE JOB === #

    def test_a_change_wakes_the_job_and_is_done_once(self):
        self._open()
        triggers = self.env["ir.cron.trigger"].search_count([])
        self._rest("2026-03-10")
        self.assertEqual(self.env["ir.cron.trigger"].search_count([]), triggers + 1)
        self.assertEqual(len(self.Replan.search([])), 1)
        self._run()
        self.assertFalse(self.Replan.search([]))
        events = len(self._events())
        self.Replan._policy_request(self.calendar, shanghai("2026-03-01 00:00"))
        self._run()
        self.assertEqual(len(self._events()), events, "the second time nothing is left to do")

    def test_in_small_chunks_and_after_an_interruption(self):
        cases = [self._open() for _number in range(3)]
        self._rest("2026-03-10")
        done = []

        def commit(cron, processed=0, *, remaining=None, deactivate=False):
            self.env.flush_all()
            done.append(processed)
            return 0.0 if len(done) == 4 else 60.0  # out of time, once

        Cron = type(self.env["ir.cron"])
        with (
            at(MONDAY),
            patch("odoo.addons.crm_policy.models.deadline.replan.CHUNK", 4),
            patch.object(Cron, "_commit_progress", commit),
        ):
            self.Replan._cron_replan()
            [left] = self.Replan.search([])
            self.assertTrue(left.after_id)
            moved = [self._dues(case)["t-hours"] for case in cases]
            self.assertEqual(len(set(moved)), 2, "some are done, some are not")
            self.Replan._cron_replan()
        self.assertFalse(self.Replan.search([]))
        moved = {self._dues(case)["t-hours"] for case in cases}
        self.assertEqual(moved, {shanghai("2026-03-11 15:00")})
        ids = [row[0] for event in self._events() for row in event.payload["moved"]]
        self.assertEqual(len(ids), len(set(ids)), "none was moved twice")

    def test_a_calendar_in_which_nothing_can_be_counted_stops_nobody(self):
        case = self._open()
        before = self._dues(case)
        with at(MONDAY):
            self.calendar.attendance_ids = [Command.clear()]
        with mute_logger("odoo.addons.crm_policy.models.deadline.replan"):
            self._run()
        self.assertEqual(self._dues(case), before)
        self.assertFalse(self.Replan.search([]))
        with at(MONDAY):
            self.calendar.schedule_type = "flexible"
            self.Replan._policy_request(self.calendar, shanghai(MONDAY))
        with mute_logger("odoo.addons.crm_policy.models.deadline.replan"):
            self._run()
        self.assertEqual(self._dues(case), before)

    def test_the_same_as_the_save_hook_would_plan(self):
        """Whatever the way, SQL or Python: a case that is taken in after the change agrees."""
        cases = [
            self._open(f"2026-03-{day:02} {hour}")
            for day in (6, 7, 9)
            for hour in ("08:15", "17:40")
        ]
        with at("2026-03-09 18:00"):
            self._rest("2026-03-10")
            self._rest("2026-03-11")
            self._rest("2026-03-15", kind="work", as_weekday="4")
        self._run("2026-03-09 18:00")
        for case in cases:
            fresh = self._open(str(to_local(case.policy_intake_at, SHANGHAI).replace(tzinfo=None)))
            self.assertEqual(self._dues(fresh), self._dues(case))

    def test_nobody_writes_into_the_queue(self):
        self._rest("2026-03-10")
        [line] = self.Replan.search([])
        for role in ("policy_admin", "specialist"):
            for act in (
                lambda lines: lines.write({"since": shanghai("2030-01-01 00:00")}),
                lambda lines: lines.unlink(),
                lambda lines: lines.copy(),
            ):
                with self.assertRaises(AccessError):
                    act(self._as(role, line))


class TestYearWatch(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.policy_statutory_country_id = cls.env.ref("base.cn")

    def _run(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_watch_years").method_direct_trigger()
        self.env.invalidate_all()

    def _events(self):
        return self.env["crm.policy.event"].search(
            [("type", "=", "calendar.year_missing"), ("res_id", "=", self.company.id)]
        )

    def _messages(self):
        return self.env["mail.message"].search(
            [
                ("message_type", "=", "user_notification"),
                ("partner_ids", "in", self.users["policy_admin"].partner_id.ids),
            ]
        )

    def test_once_per_year_and_company_from_october_on(self):
        self._run("2026-09-30 12:00")
        self.assertFalse(self._events())
        for moment in ("2026-10-01 12:00", "2026-10-02 12:00", "2026-12-31 12:00"):
            self._run(moment)
        [event] = self._events()
        self.assertEqual(event.payload, {"country": self.env.ref("base.cn").id, "year": 2027})
        [message] = self._messages()
        self.assertIn("2027", message.body)
        self.assertIn("苏州明远电子", message.subject)
        self._run("2027-01-05 12:00")
        self.assertEqual(len(self._events()), 1)
        self._run("2027-10-05 12:00")
        self.assertEqual(sorted(event.payload["year"] for event in self._events()), [2027, 2028])
        self.assertEqual(len(self._messages()), 2)

    def test_a_company_that_cannot_be_looked_at_does_not_stop_the_others(self):
        bad = self._new_company("坏公司")
        Day = type(self.env["crm.policy.calendar.day"])
        missing = Day._policy_missing_years

        def stumble(day, company):
            if company == bad:
                raise ValueError("bad calendar")
            return missing(day, company)

        self.patch(Day, "_policy_missing_years", stumble)
        bad.sequence = -1  # it comes first
        with self.assertLogs("odoo.addons.crm_policy.models.deadline.year_watch", "ERROR") as log:
            self._run("2026-10-01 12:00")
        self.assertIn("坏公司", log.output[0])
        self.assertEqual(len(self._events()), 1)

    def test_a_year_that_is_there_is_not_missed(self):
        self.env["crm.policy.calendar.day"].create(
            {"date": "2027-01-01", "name": "元旦", "country_id": self.env.ref("base.cn").id}
        )
        self._run("2026-10-01 12:00")
        self.assertFalse(self._events())

    def test_administrators_of_other_companies_hear_nothing(self):
        other = self._new_company("杭州分公司")
        stranger = self._new_user("policy_admin", login="t_stranger", company=other)
        self._run("2026-10-01 12:00")
        self.assertNotIn(stranger.partner_id, self._messages().partner_ids)
