"""Statutory days, company days and make-up workdays: who has them, and what they do to clocks."""

from datetime import date, datetime

from psycopg2 import IntegrityError
from pytz import UTC, timezone

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..common import PolicyCommon, at, shanghai
from .test_working_calendar import attendances

HOUR = 3600


class DayCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = PolicyCommon._new_company.__func__(cls, "苏州明远电子")
        cls.other = PolicyCommon._new_company.__func__(cls, "无锡分公司")
        cls.calendar = cls.company.resource_calendar_id
        cls.china = cls.env.ref("base.cn")

    def _day(self, day, kind="rest", weekday=False, **vals):
        return self.env["crm.policy.calendar.day"].create(
            {"date": day, "kind": kind, "as_weekday": weekday, "name": "某日", **vals}
        )

    def _add(self, start, seconds, calendar=None):
        [due] = (calendar or self.calendar)._policy_add_work([shanghai(start)], seconds)
        return due

    def _nth(self, start, count, calendar=None):
        [due] = (calendar or self.calendar)._policy_nth_day_end([shanghai(start)], [count])
        return due


@tagged("post_install", "-at_install")
class TestStatutoryDays(DayCase):
    """The shipped days of mainland China, in a calendar that follows them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar.policy_statutory_country_id = cls.china

    # === THE DATA === #

    def test_the_shipped_days_are_those_of_the_notices(self):
        """国办发明电〔2024〕12号 and the notice of 2025-11-04, spelled out by hand."""
        spans = {
            2025: "01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
            2026: "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 "
            "10-01..10-07",
        }
        made_up = {
            2025: "01-26 02-08 04-27 09-28 10-11",
            2026: "01-04 02-14 02-28 05-09 09-20 10-10",
        }
        for year, text in spans.items():
            rest = set()
            for span in text.split():
                first, _dots, last = span.partition("..")
                first = date.fromisoformat(f"{year}-{first}")
                last = date.fromisoformat(f"{year}-{last}") if last else first
                rest |= {
                    date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)
                }
            work = {date.fromisoformat(f"{year}-{day}") for day in made_up[year].split()}
            found = self.env["crm.policy.calendar.day"].search(
                [
                    ("country_id", "=", self.china.id),
                    ("date", ">=", f"{year}-01-01"),
                    ("date", "<=", f"{year}-12-31"),
                ]
            )
            by_kind = found.grouped("kind")
            self.assertEqual(set(by_kind["rest"].mapped("date")), rest)
            self.assertEqual(set(by_kind["work"].mapped("date")), work)
            # A make-up day stands for a weekday on which people rest instead.
            swapped = {str(day.weekday()) for day in rest}
            self.assertLessEqual(set(by_kind["work"].mapped("as_weekday")), swapped)
            self.assertTrue(all(day.weekday() > 4 for day in work))

    # === EVERY CLOCK ACROSS A HOLIDAY AND A MAKE-UP DAY === #

    def test_s6_the_fifth_working_day(self):
        """Correction 19: Saturday 9 May works, so the briefing is due on Thursday."""
        self.assertEqual(self._nth("2026-05-08 10:05", 5), shanghai("2026-05-14 18:00"))
        self.calendar.policy_statutory_country_id = False
        self.assertEqual(self._nth("2026-05-08 10:05", 5), shanghai("2026-05-15 18:00"))

    def test_working_days_over_a_holiday(self):
        # Thursday 30 April, then five days of rest.
        self.assertEqual(self._nth("2026-04-30 10:00", 1), shanghai("2026-05-06 18:00"))
        self.assertEqual(self._nth("2026-05-01 10:00", 1), shanghai("2026-05-06 18:00"))
        # Eight days of the National Day of 2025, and Saturday the 11th works.
        self.assertEqual(self._nth("2025-09-30 10:00", 3), shanghai("2025-10-11 18:00"))

    def test_working_hours_over_a_holiday_and_on_a_make_up_day(self):
        self.assertEqual(self._add("2026-04-30 17:00", 2 * HOUR), shanghai("2026-05-06 10:00"))
        self.assertEqual(self._add("2026-05-08 17:30", HOUR), shanghai("2026-05-09 09:30"))
        self.assertEqual(self._add("2026-05-09 11:30", HOUR), shanghai("2026-05-09 13:30"))
        self.assertEqual(self._add("2026-05-09 17:30", HOUR), shanghai("2026-05-11 09:30"))

    def test_working_minutes_over_a_holiday_and_on_a_make_up_day(self):
        self.assertEqual(self._add("2026-02-14 17:50", 900), shanghai("2026-02-24 09:05"))
        self.assertEqual(self._add("2026-02-13 17:50", 900), shanghai("2026-02-14 09:05"))

    def test_work_between_over_a_holiday_and_a_make_up_day(self):
        pairs = [
            (shanghai("2026-04-30 17:00"), shanghai("2026-05-06 10:00")),
            (shanghai("2026-05-08 17:00"), shanghai("2026-05-11 10:00")),
        ]
        self.assertEqual(self.calendar._policy_work_between(pairs), [2 * HOUR, 10 * HOUR])

    def test_scenarios_without_holidays_stay_as_they_are(self):
        """S1 and S3 lie between the holidays of March 2026."""
        self.assertEqual(self._add("2026-03-06 17:50", 900), shanghai("2026-03-09 09:05"))
        self.assertEqual(self._nth("2026-03-12 15:00", 2), shanghai("2026-03-16 18:00"))

    # === ALL OF ODOO SEES THEM === #

    def test_odoo_s_own_planning_sees_them(self):
        start = UTC.localize(shanghai("2026-04-30 17:00"))
        for leaves in (True, False):
            planned = self.calendar.plan_hours(2, start, compute_leaves=leaves)
            self.assertEqual(planned, UTC.localize(shanghai("2026-05-06 10:00")))
        hours = self.calendar.get_work_hours_count(
            UTC.localize(shanghai("2026-05-09 00:00")), UTC.localize(shanghai("2026-05-10 00:00"))
        )
        self.assertEqual(hours, 8)
        self.assertTrue(self.calendar._works_on_date(date(2026, 5, 9)))
        self.assertFalse(self.calendar._works_on_date(date(2026, 5, 10)))
        self.assertFalse(self.calendar._works_on_date(date(2026, 5, 5)))
        self.assertTrue(self.calendar._works_on_date(date(2026, 5, 6)))
        unusual = self.calendar._get_unusual_days(
            datetime(2026, 5, 4, 16), datetime(2026, 5, 9, 15, 59), self.company
        )
        closed = [day for day, is_closed in unusual.items() if is_closed]
        self.assertEqual(closed, ["2026-05-04", "2026-05-05"])

    def test_a_person_s_hours_see_them(self):
        resource = self.env["resource.resource"].create(
            {
                "name": "张三",
                "calendar_id": self.calendar.id,
                "company_id": self.company.id,
                "tz": "Asia/Shanghai",
            }
        )
        start, stop = (UTC.localize(shanghai(f"2026-05-{day} 00:00")) for day in ("04", "11"))
        intervals = self.calendar._attendance_intervals_batch(start, stop, resource)[resource.id]
        self.assertEqual(
            sorted({begin.date().day for begin, _end, _line in intervals}), [6, 7, 8, 9]
        )
        lunch = self.calendar._attendance_intervals_batch(start, stop, resource, lunch=True)
        self.assertFalse(list(lunch[resource.id]))
        flexible = resource.copy({"calendar_id": False})
        [whole] = self.calendar._attendance_intervals_batch(start, stop, flexible)[flexible.id]
        self.assertEqual(whole[:2], (start, stop))

    def test_a_part_of_a_make_up_day(self):
        zone = timezone("Asia/Shanghai")
        start, stop = (zone.localize(datetime(2026, 5, 9, hour)) for hour in (10, 14))
        intervals = self.calendar._attendance_intervals_batch(start, stop)[False]
        self.assertEqual(
            [(begin.hour, end.hour) for begin, end, _line in intervals], [(10, 12), (13, 14)]
        )

    def test_a_leave_on_a_make_up_day_is_a_leave(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "停电",
                "calendar_id": self.calendar.id,
                "company_id": self.company.id,
                "date_from": shanghai("2026-05-09 00:00"),
                "date_to": shanghai("2026-05-09 12:00"),
            }
        )
        self.assertEqual(self._add("2026-05-08 17:30", HOUR), shanghai("2026-05-09 13:30"))

    def test_a_make_up_day_has_the_hours_of_its_weekday(self):
        """On Tuesdays one works late; 9 May stands for a Tuesday."""
        tuesday = self.calendar.attendance_ids.filtered(lambda line: line.dayofweek == "1")
        tuesday.filtered(lambda line: line.hour_from == 13).hour_to = 20
        self.assertEqual(self._nth("2026-05-08 10:00", 1), shanghai("2026-05-09 20:00"))

    def test_a_make_up_day_of_a_calendar_in_two_weeks(self):
        """It has the hours that its weekday has in the week that it lies in."""
        week = self.env["resource.calendar.attendance"].get_week_type(date(2026, 5, 9))
        lines = attendances([(9, 12)], [1], week_type=str(week))
        lines += attendances([(14, 17)], [1], week_type=str(1 - week))[1:]
        self.calendar.write({"two_weeks_calendar": True, "attendance_ids": lines})
        self.assertEqual(self._nth("2026-05-08 10:00", 1), shanghai("2026-05-09 12:00"))
        self.assertTrue(self.calendar._works_on_date(date(2026, 5, 9)))

    def test_around_the_clock(self):
        """A hotline follows nobody and loses no second; one that follows has its days off."""
        self.calendar.attendance_ids = attendances([(0, 24)], range(7))
        pair = [(shanghai("2026-04-30 12:00"), shanghai("2026-05-06 12:00"))]
        self.assertEqual(self.calendar._policy_work_between(pair), [24 * HOUR])
        self.calendar.policy_statutory_country_id = False
        self.assertEqual(self.calendar._policy_work_between(pair), [144 * HOUR])

    def test_a_flexible_calendar_is_refused_and_left_alone(self):
        self.calendar.schedule_type = "flexible"
        start, stop = (UTC.localize(shanghai(f"2026-05-{day} 00:00")) for day in ("04", "05"))
        self.assertTrue(list(self.calendar._attendance_intervals_batch(start, stop)[False]))
        with self.assertRaisesRegex(UserError, "flexible hours"):
            self._add("2026-05-04 09:00", 60)


@tagged("post_install", "-at_install")
class TestWhoseDays(DayCase):
    def test_a_calendar_that_follows_nobody_has_no_statutory_days(self):
        """A branch abroad does not rest on Chinese holidays."""
        self.assertFalse(self.calendar.policy_statutory_country_id)
        self.assertEqual(self._add("2026-04-30 17:00", 2 * HOUR), shanghai("2026-05-01 10:00"))
        self.calendar.policy_statutory_country_id = self.env.ref("base.us")
        self.assertEqual(self._add("2026-04-30 17:00", 2 * HOUR), shanghai("2026-05-01 10:00"))

    def test_a_new_calendar_follows_its_company_s_country_where_its_days_are_known(self):
        for country, followed in (("base.cn", "base.cn"), ("base.us", None), (None, None)):
            company = self.env["res.company"].create(
                {"name": f"in {country}", "country_id": country and self.env.ref(country).id}
            )
            calendar = self.env["resource.calendar"].create(
                {"name": "new", "company_id": company.id}
            )
            expected = self.env.ref(followed) if followed else self.env["res.country"]
            self.assertEqual(calendar.policy_statutory_country_id, expected)

    def test_a_company_day_is_the_company_s_only(self):
        self._day("2026-03-10", company_id=self.company.id)
        start = "2026-03-09 17:00"
        self.assertEqual(self._add(start, 2 * HOUR), shanghai("2026-03-11 10:00"))
        others = self.other.resource_calendar_id
        self.assertEqual(self._add(start, 2 * HOUR, others), shanghai("2026-03-10 10:00"))

    def test_a_day_without_company_is_everybody_s(self):
        self._day("2026-03-10")
        for calendar in (self.calendar, self.other.resource_calendar_id):
            due = self._add("2026-03-09 17:00", 2 * HOUR, calendar)
            self.assertEqual(due, shanghai("2026-03-11 10:00"))

    def test_the_company_s_own_day_goes_before_the_country_s_and_everybody_s(self):
        self.calendar.policy_statutory_country_id = self.china
        self._day("2026-05-04", "work", "0", company_id=self.company.id)
        self._day("2026-05-09", company_id=self.company.id)
        self._day("2026-05-05", "work", "1")  # the country's rest goes before it
        self.assertEqual(self._nth("2026-04-30 10:00", 1), shanghai("2026-05-04 18:00"))
        self.assertEqual(self._nth("2026-04-30 10:00", 2), shanghai("2026-05-06 18:00"))
        self.assertEqual(self._nth("2026-05-08 10:00", 1), shanghai("2026-05-11 18:00"))

    def test_a_shared_calendar_has_the_days_of_the_company_that_counts_in_it(self):
        shared = self.calendar.copy({"name": "shared"})
        shared.company_id = False
        self._day("2026-03-10", company_id=self.company.id)
        own, others = (
            self._add("2026-03-09 17:00", 2 * HOUR, shared.with_company(company))
            for company in (self.company, self.other)
        )
        self.assertEqual(own, shanghai("2026-03-11 10:00"))
        self.assertEqual(others, shanghai("2026-03-10 10:00"))

    # === THE CACHE === #

    def test_a_change_of_a_day_is_seen_at_once(self):
        before, after = shanghai("2026-03-10 10:00"), shanghai("2026-03-11 10:00")
        start = ("2026-03-09 17:00", 2 * HOUR)
        self.assertEqual(self._add(*start), before)
        day = self._day("2026-03-10", company_id=self.company.id)
        self.assertEqual(self._add(*start), after)
        day.date = "2026-03-12"
        self.assertEqual(self._add(*start), before)
        day.write({"date": "2026-03-14", "kind": "work", "as_weekday": "5"})
        self.assertEqual(self._nth("2026-03-13 17:00", 1), shanghai("2026-03-16 18:00"))
        day.as_weekday = "0"
        self.assertEqual(self._nth("2026-03-13 17:00", 1), shanghai("2026-03-14 18:00"))
        day.unlink()
        self.assertEqual(self._nth("2026-03-13 17:00", 1), shanghai("2026-03-16 18:00"))

    def test_a_change_of_what_is_followed_is_seen_at_once(self):
        start = ("2026-04-30 17:00", 2 * HOUR)
        self.assertEqual(self._add(*start), shanghai("2026-05-01 10:00"))
        self.calendar.policy_statutory_country_id = self.china
        self.assertEqual(self._add(*start), shanghai("2026-05-06 10:00"))

    def test_a_second_question_asks_the_database_nothing(self):
        self.calendar.policy_statutory_country_id = self.china
        self._add("2026-04-30 17:00", 2 * HOUR)
        with self.assertQueryCount(0):
            self._add("2026-04-30 16:00", 2 * HOUR)
            self.calendar._works_on_date(date(2026, 5, 5))

    # === WHAT IS REFUSED === #

    def _refused(self, exception, words, *args, **vals):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(exception) as caught,
            self.env.cr.savepoint(),
        ):
            self._day(*args, **vals)
            self.env.flush_all()
        self.assertRegex(str(caught.exception), words)

    def test_a_date_is_there_once(self):
        for owner in (
            {"company_id": self.company.id},
            {"country_id": self.env.ref("base.us").id},
            {},
        ):
            self._day("2031-03-10", **owner)
            self._refused(IntegrityError, "date_uniq", "2031-03-10", "work", "0", **owner)
        self._day("2031-03-10", company_id=self.other.id)

    def test_a_make_up_day_needs_its_weekday(self):
        self._refused(IntegrityError, "work_weekday", "2026-03-14", "work")

    def test_a_day_has_one_owner(self):
        owners = {"company_id": self.company.id, "country_id": self.china.id}
        self._refused(IntegrityError, "one_owner", "2031-03-10", **owners)

    def test_a_year_that_is_none(self):
        self._refused(ValidationError, "9026-03-10 is no date of a calendar", "9026-03-10")

    # === SHIPPED LATER === #

    def test_a_year_that_was_entered_before_it_shipped_is_taken_over(self):
        mine = self._day("2031-01-01", name="元旦(手工)", country_id=self.china.id)
        rows = [
            ["crm_policy.t_day_1", "2031-01-01", "rest", "New Year's Day", "base.cn"],
            ["crm_policy.t_day_2", "2031-01-02", "rest", "New Year's Day", "base.cn"],
        ]
        self.env["crm.policy.calendar.day"].load(
            ["id", "date", "kind", "name", "country_id/id"], rows
        )
        self.assertEqual(self.env.ref("crm_policy.t_day_1"), mine)
        self.assertEqual(mine.name, "New Year's Day")
        self.assertEqual(str(self.env.ref("crm_policy.t_day_2").date), "2031-01-02")


@tagged("post_install", "-at_install")
class TestYearsWithoutData(DayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar.policy_statutory_country_id = cls.china
        cls.Day = cls.env["crm.policy.calendar.day"]

    def _findings(self, company=None):
        return [
            (finding["code"], finding["severity"])
            for finding in self.Day._policy_year_findings(company or self.company)
        ]

    def test_the_weekly_pattern_counts(self):
        """Never an exception: 1 October 2031 is a Wednesday."""
        self.assertEqual(self._add("2031-09-30 17:00", 2 * HOUR), shanghai("2031-10-01 10:00"))

    def test_the_present_year_is_asked_for_always_and_the_coming_one_in_autumn(self):
        with at("2026-09-30 23:59"):
            self.assertEqual(self._findings(), [])
        with at("2026-10-01 00:00"):
            self.assertEqual(self._findings(), [("calendar_year_missing", "warning")])
        with at("2027-03-01 09:00"):
            [finding] = self.Day._policy_year_findings(self.company)
            self.assertEqual(finding["severity"], "error")
            self.assertEqual(finding["res_model"], "res.company")
            self.assertEqual(finding["res_id"], self.company.id)
            self.assertIn("China for 2027", finding["text"])
        with at("2027-10-01 09:00"):
            self.assertEqual(
                self._findings(),
                [("calendar_year_missing", "error"), ("calendar_year_missing", "warning")],
            )

    def test_the_year_is_the_one_of_the_calendar_s_zone(self):
        with at("2026-12-31 23:59"):
            self.assertEqual([sev for _code, sev in self._findings()], ["warning"])
        with at("2027-01-01 00:00"):
            self.assertEqual([sev for _code, sev in self._findings()], ["error"])

    def test_who_follows_nobody_misses_nothing(self):
        with at("2027-03-01 09:00"):
            self.assertEqual(self._findings(self.other), [])
        self.other.country_id = self.china
        with at("2026-03-01 09:00"):
            self.assertEqual(self._findings(self.other), [("calendar_follows_nobody", "warning")])

    def test_a_second_calendar_of_the_company_counts_too(self):
        self.env["resource.calendar"].create(
            {
                "name": "USA",
                "company_id": self.company.id,
                "policy_statutory_country_id": self.env.ref("base.us").id,
                "attendance_ids": [Command.clear()],
            }
        )
        with at("2026-03-01 09:00"):
            [finding] = self.Day._policy_year_findings(self.company)
            self.assertIn("United States for 2026", finding["text"])

    def test_the_banner_is_for_the_user_s_present_companies(self):
        Day = self.Day.with_context(allowed_company_ids=self.company.ids)
        with at("2026-03-01 09:00"):
            self.assertEqual(Day.policy_year_warnings(), [])
        with at("2026-11-01 09:00"):
            [sentence] = Day.policy_year_warnings()
            self.assertIn("2027", sentence)
            others = self.Day.with_context(allowed_company_ids=self.other.ids)
            self.assertEqual(others.policy_year_warnings(), [])

    def test_the_coming_year_is_the_business_of_those_who_enter_it(self):
        users = {
            role: PolicyCommon._new_user.__func__(type(self), role)
            for role in ("specialist", "manager", "policy_admin")
        }
        for moment, role, count in (
            ("2026-11-01 09:00", "specialist", 0),
            ("2026-11-01 09:00", "manager", 0),
            ("2026-11-01 09:00", "policy_admin", 1),
            ("2027-01-01 09:00", "specialist", 1),  # now it counts wrongly for everybody
        ):
            with self.subTest(moment=moment, role=role), at(moment):
                warnings = self.Day.with_user(users[role]).policy_year_warnings()
                self.assertEqual(len(warnings), count)
