"""Working time of a company's calendar, against Odoo's own planning and border by border."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from ..common import PolicyCommon, shanghai

PARIS = ZoneInfo("Europe/Paris")


def attendances(hours, days=range(5), **vals):
    return [Command.clear()] + [
        Command.create(
            {
                "name": f"{day} {start}",
                "dayofweek": str(day),
                "hour_from": start,
                "hour_to": stop,
                "day_period": "morning" if start < 12 else "afternoon",
                **vals,
            }
        )
        for day in days
        for start, stop in hours
    ]


@tagged("post_install", "-at_install")
class TestWorkingCalendar(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The helper of the scenarios makes the calendar 9-12 and 13-18 of Shanghai.
        cls.company = PolicyCommon._new_company.__func__(cls, "苏州明远电子")
        cls.other = PolicyCommon._new_company.__func__(cls, "无锡分公司")
        cls.calendar = cls.company.resource_calendar_id

    def _add(self, start, seconds, calendar=None):
        [due] = (calendar or self.calendar)._policy_add_work([shanghai(start)], seconds)
        return due

    def _leave(self, start, stop, **vals):
        company = vals.pop("company", self.company)
        values = {"name": "假期", "date_from": shanghai(start), "date_to": shanghai(stop)}
        values |= {"calendar_id": self.calendar.id}
        leave = self.env["resource.calendar.leaves"].create({**values, **vals})
        if leave.company_id != company:  # without a calendar of its own: the user's company
            leave.company_id = company
        return leave

    # === REQUIREMENTS, SECTION 0 AND SCENARIO S1 === #

    def test_t2_working_time_of_s1(self):
        rows = [
            ("2026-03-06 17:50", 15, "2026-03-09 09:05"),  # a: response
            ("2026-03-06 17:50", 240, "2026-03-09 13:50"),  # a: resolution
            ("2026-03-04 11:30", 60, "2026-03-04 13:30"),  # b
            ("2026-03-04 11:30", 480, "2026-03-05 11:30"),
            ("2026-03-07 20:00", 60, "2026-03-09 10:00"),  # c
            ("2026-03-07 20:00", 480, "2026-03-09 18:00"),
            ("2026-03-04 11:45", 30, "2026-03-04 13:15"),  # d: half the time
            ("2026-03-04 11:45", 240, "2026-03-04 16:45"),
        ]
        starts = [shanghai(start) for start, _minutes, _due in rows]
        seconds = [minutes * 60 for _start, minutes, _due in rows]
        dues = [shanghai(due) for _start, _minutes, due in rows]
        self.assertEqual(self.calendar._policy_add_work(starts, seconds), dues)

    def test_t4_end_of_the_nth_working_day(self):
        rows = [
            ("2026-03-12 15:00", 2, "2026-03-16 18:00"),  # S3
            ("2026-03-12 15:00", 3, "2026-03-17 18:00"),
            ("2026-03-13 23:00", 1, "2026-03-16 18:00"),
            ("2026-03-14 00:00", 1, "2026-03-16 18:00"),
            ("2026-03-12 07:30", 1, "2026-03-13 18:00"),  # still the 11th in UTC
        ]
        starts = [shanghai(start) for start, _count, _due in rows]
        counts = [count for _start, count, _due in rows]
        dues = [shanghai(due) for _start, _count, due in rows]
        self.assertEqual(self.calendar._policy_nth_day_end(starts, counts), dues)

    def test_a_holiday_is_no_working_day(self):
        self._leave("2026-03-13 00:00", "2026-03-13 23:59:59")
        start = [shanghai("2026-03-12 15:00")]
        self.assertEqual(
            self.calendar._policy_nth_day_end(start, [2]), [shanghai("2026-03-17 18:00")]
        )
        self.assertEqual(self._add("2026-03-12 17:00", 7200), shanghai("2026-03-16 10:00"))

    def test_nothing_asked(self):
        self.assertEqual(self.calendar._policy_add_work([], 60), [])
        self.assertEqual(self.calendar._policy_work_between([]), [])

    # === AGAINST ODOO'S OWN PLANNING === #

    def _random_calendar(self, rng, zone):
        hours = rng.choice(
            [[(9, 12), (13, 18)], [(8.5, 12), (12.75, 17.25)], [(0, 8)], [(10, 11.5), (20, 22)]]
        )
        calendar = self.env["resource.calendar"].create(
            {
                "name": "random",
                "tz": zone,
                "company_id": self.company.id,
                "attendance_ids": attendances(hours, sorted(rng.sample(range(7), 4))),
            }
        )
        calendar.attendance_ids = attendances(hours, sorted(rng.sample(range(7), 4)))
        for _number in range(4):
            start = rng.randrange(90 * 1440)
            begin, end = (
                str(datetime(2026, 3, 1) + timedelta(minutes=minutes))
                for minutes in (start, start + rng.randrange(1, 5000))
            )
            self._leave(begin, end, calendar_id=rng.choice([calendar.id, False]))
        calendar.tz = zone
        return calendar

    def test_same_as_odoo_s_own_planning(self):
        rng = random.Random(20260306)
        for zone in ("Asia/Shanghai", "Europe/Paris", "America/New_York"):
            for _round in range(3):
                calendar = self._random_calendar(rng, zone)
                starts = [
                    datetime(2026, 3, 1) + timedelta(minutes=rng.randrange(60 * 1440))
                    for _number in range(12)
                ]
                seconds = [rng.randrange(1, 60 * 60) * 60 for _start in starts]
                own = calendar._policy_add_work(starts, seconds)
                back = calendar._policy_work_between(list(zip(starts, own, strict=True)))
                self.assertEqual(back, seconds)
                for start, length, due in zip(starts, seconds, own, strict=True):
                    with self.subTest(zone=zone, start=start, seconds=length):
                        self._check_against_odoo(calendar, start, length, due)

    def _check_against_odoo(self, calendar, start, seconds, due):
        day = start.replace(tzinfo=UTC)
        planned = calendar.plan_hours(seconds / 3600, day, compute_leaves=True)
        planned = planned.astimezone(UTC).replace(tzinfo=None)
        # Odoo adds up hours as floats: a second or so is lost on the way.
        self.assertLess(abs((planned - due).total_seconds()), 2)
        counted = calendar.get_work_hours_count(day, due.replace(tzinfo=UTC)) * 3600
        self.assertAlmostEqual(counted, seconds, delta=1)

    def test_summer_time_of_paris(self):
        """The night of 29 March 2026 is an hour short: work ends an hour earlier in UTC."""
        self.calendar.tz = "Europe/Paris"
        friday = datetime(2026, 3, 27, 16, 0)  # 17:00 in winter
        [due] = self.calendar._policy_add_work([friday], 2 * 3600)
        self.assertEqual(due, datetime(2026, 3, 30, 8, 0))  # 10:00 in summer
        saturday = datetime(2026, 10, 24, 12, 0)
        [due] = self.calendar._policy_nth_day_end([saturday], [1])
        self.assertEqual(due, datetime(2026, 10, 26, 17, 0))  # 18:00 in winter

    def test_a_calendar_around_the_clock_loses_no_second(self):
        """Midnight is 23:59:59.999999 in the standard's intervals."""
        self.calendar.attendance_ids = attendances([(0, 24)], range(7))
        start, stop = shanghai("2026-03-02 10:00"), shanghai("2026-03-12 10:00")
        self.assertEqual(self.calendar._policy_work_between([(start, stop)]), [240 * 3600])
        self.assertEqual(self.calendar._policy_add_work([start], 240 * 3600), [stop])
        self._leave("2026-03-03 00:00", "2026-03-03 23:59:59")
        self.assertEqual(self.calendar._policy_work_between([(start, stop)]), [216 * 3600])
        [due] = self.calendar._policy_nth_day_end([start], [1])
        self.assertEqual(due, shanghai("2026-03-05 00:00"))

    def test_a_calendar_in_two_weeks(self):
        """One week Monday to Wednesday, the other Thursday and Friday."""
        week = self.env["resource.calendar.attendance"].get_week_type(datetime(2026, 3, 2).date())
        lines = attendances([(9, 17)], range(3), week_type=str(week))
        lines += attendances([(9, 17)], (3, 4), week_type=str(1 - week))[1:]
        self.calendar.write({"two_weeks_calendar": True, "attendance_ids": lines})
        self.assertEqual(self._add("2026-03-04 16:00", 7200), shanghai("2026-03-12 10:00"))
        self.assertEqual(self._add("2026-03-13 16:00", 7200), shanghai("2026-03-16 10:00"))

    # === WHOSE DAYS OFF === #

    def test_only_the_company_s_own_days_off_count(self):
        due = shanghai("2026-03-04 13:30")
        leave = self._leave(
            "2026-03-04 00:00", "2026-03-04 23:59", company=self.other, calendar_id=False
        )
        self.assertEqual(leave.company_id, self.other)
        self.assertEqual(self._add("2026-03-04 11:30", 3600), due)
        other = self.other.resource_calendar_id
        self.assertEqual(self._add("2026-03-04 11:30", 3600, other), shanghai("2026-03-05 10:00"))
        resource = self.env["resource.resource"].create(
            {"name": "张三", "calendar_id": self.calendar.id, "company_id": self.company.id}
        )
        self._leave("2026-03-04 00:00", "2026-03-04 23:59", resource_id=resource.id)
        self.assertEqual(self._add("2026-03-04 11:30", 3600), due, "a person's own day off")
        self._leave("2026-03-04 00:00", "2026-03-04 23:59", calendar_id=False)
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-05 10:00"))

    def test_a_shared_calendar_closes_for_each_company_by_itself(self):
        shared = self.calendar.copy({"name": "shared"})
        shared.company_id = False
        self._leave("2026-03-04 00:00", "2026-03-04 23:59", calendar_id=shared.id)
        own, others = (
            shared.with_company(company)._policy_add_work([shanghai("2026-03-04 11:30")], 3600)
            for company in (self.company, self.other)
        )
        self.assertEqual(own, [shanghai("2026-03-05 10:00")])
        self.assertEqual(others, [shanghai("2026-03-04 13:30")])

    def test_a_time_that_is_worked_is_no_day_off(self):
        self._leave("2026-03-04 00:00", "2026-03-04 23:59", time_type="other")
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-04 13:30"))

    # === THE CACHE === #

    def test_a_change_of_a_day_off_is_seen_at_once(self):
        before, after = shanghai("2026-03-04 13:30"), shanghai("2026-03-05 10:00")
        self.assertEqual(self._add("2026-03-04 11:30", 3600), before)
        leave = self._leave("2026-03-04 00:00", "2026-03-04 23:59")
        self.assertEqual(self._add("2026-03-04 11:30", 3600), after)
        leave.write({"date_from": shanghai("2026-03-03 00:00"),
                     "date_to": shanghai("2026-03-03 23:59")})  # fmt: skip
        self.assertEqual(self._add("2026-03-04 11:30", 3600), before)
        leave.write({"date_to": shanghai("2026-03-04 23:59")})
        self.assertEqual(self._add("2026-03-04 11:30", 3600), after)
        leave.unlink()
        self.assertEqual(self._add("2026-03-04 11:30", 3600), before)

    def test_a_change_of_hours_is_seen_at_once(self):
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-04 13:30"))
        wednesday = self.calendar.attendance_ids.filtered(lambda line: line.dayofweek == "2")
        afternoon = wednesday.filtered(lambda line: line.hour_from == 13)
        afternoon.hour_from = 14
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-04 14:30"))
        afternoon.unlink()
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-05 09:30"))
        self.env["resource.calendar.attendance"].create(
            {
                "name": "night",
                "calendar_id": self.calendar.id,
                "dayofweek": "2",
                "hour_from": 20,
                "hour_to": 22,
                "day_period": "afternoon",
            }
        )
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-04 20:30"))

    def test_a_change_of_zone_is_seen_at_once(self):
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-04 13:30"))
        self.calendar.tz = "Asia/Tokyo"
        self.assertEqual(self._add("2026-03-04 11:30", 3600), shanghai("2026-03-04 13:00"))

    def test_a_change_of_the_company_is_seen_at_once(self):
        shared = self.calendar.copy({"name": "shared"})
        self._leave("2026-03-04 00:00", "2026-03-04 23:59", calendar_id=shared.id)
        self.assertEqual(self._add("2026-03-04 11:30", 3600, shared), shanghai("2026-03-05 10:00"))
        shared.company_id = self.other
        self.assertEqual(self._add("2026-03-04 11:30", 3600, shared), shanghai("2026-03-04 13:30"))

    def test_a_new_transaction_does_not_read_the_calendar_either(self):
        starts = [shanghai("2026-03-04 11:30")]
        self.calendar._policy_add_work(starts, 3600)
        self.env.invalidate_all()
        self.env.company  # noqa: B018  # whoever saves knows it
        with self.assertQueryCount(0):
            self.calendar._policy_add_work(starts, 3600)

    def test_a_second_question_asks_the_database_nothing(self):
        starts = [shanghai("2026-03-04 11:30")]
        self.calendar._policy_add_work(starts, 3600)
        with self.assertQueryCount(0):
            self.calendar._policy_add_work(starts * 500, 7200)
            self.calendar._policy_work_between([(starts[0], shanghai("2026-03-20 11:30"))] * 500)

    def test_the_caller_s_context_stays_out_of_the_cache(self):
        start = [shanghai("2026-03-04 11:30")]
        poisoned = self.calendar.with_context(employee_timezone=PARIS, tz="Europe/Paris")
        for calendar in (poisoned, self.calendar):
            self.assertEqual(calendar._policy_add_work(start, 3600), [shanghai("2026-03-04 13:30")])

    # === CALENDARS THAT CANNOT BE COUNTED IN === #

    def test_a_calendar_without_hours_is_named(self):
        self.calendar.attendance_ids = [Command.clear()]
        for ask in (
            lambda: self._add("2026-03-04 11:30", 60),
            lambda: self.calendar._policy_nth_day_end([shanghai("2026-03-04 11:30")], [1]),
        ):
            with self.assertRaisesRegex(UserError, "No working time found.*苏州明远电子 9-12"):
                ask()
        pair = (shanghai("2026-03-04 11:30"), shanghai("2026-03-14 11:30"))
        self.assertEqual(self.calendar._policy_work_between([pair]), [0])

    def test_a_calendar_that_is_closed_for_years_is_searched_further(self):
        self._leave("2026-03-05 00:00", "2029-03-04 23:59")
        self.assertEqual(self._add("2026-03-04 17:00", 7200), shanghai("2029-03-05 10:00"))
        self._leave("2029-03-05 00:00", "2059-03-04 23:59")
        with self.assertRaisesRegex(UserError, "No working time found"):
            self._add("2026-03-04 17:00", 7200)

    def test_a_flexible_calendar_is_refused(self):
        self._add("2026-03-04 11:30", 60)  # what was worked out before must not answer
        self.calendar.schedule_type = "flexible"
        pair = (shanghai("2026-03-04 11:30"), shanghai("2026-03-14 11:30"))
        for ask in (
            lambda: self._add("2026-03-04 11:30", 60),
            lambda: self.calendar._policy_nth_day_end([pair[0]], [1]),
            lambda: self.calendar._policy_work_between([pair]),
        ):
            with self.assertRaisesRegex(UserError, "苏州明远电子 9-12.*flexible hours"):
                ask()
