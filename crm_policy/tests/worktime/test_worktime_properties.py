"""Working time against three others: a clock that ticks minute by minute, the SQL, and Odoo.

The clock knows nothing of the add-on or of Odoo: it looks at the wall time of each minute and asks
lists of hours, days and leaves whether somebody works.
"""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import SQL

from .test_calendar_days import DayCase
from .test_working_calendar import attendances

ZONES = ("Asia/Shanghai", "Europe/Paris", "America/New_York")
MINUTE = timedelta(minutes=1)
# Where the days are drawn from: nights without an hour, with one twice, a leap day, a year's end.
PLACES = (
    date(2026, 3, 6),  # New York changes on the 8th, Paris on the 29th
    date(2026, 3, 26),
    date(2026, 10, 22),  # Paris on the 25th, New York on 1 November
    date(2026, 10, 30),
    date(2028, 2, 26),
    date(2026, 12, 28),
)
SPAN = 12  # days in which things are drawn; the clock goes on for LIMIT days
LIMIT = 45
HOURS = (
    ((9, 12), (13, 18)),  # with lunch (U2)
    ((8.5, 11.5), (13, 17.5)),
    ((0, 8),),
    ((16, 24),),
    ((6, 7), (8, 8.25), (10, 11.5), (14, 15), (20, 22)),  # several (U5)
)


@st.composite
def situations(draw):
    """Return a calendar: zone, hours, weekdays, special days, leaves of whom, and questions."""
    first = draw(st.sampled_from(PLACES))
    day = st.integers(0, SPAN).map(lambda number: first + timedelta(days=number))
    minute = st.integers(0, SPAN * 1440)
    leaves = st.lists(
        st.tuples(minute, st.integers(1, 4000), st.sampled_from(["own", "company", "other"])),
        max_size=4,
    )
    return {
        "first": first,
        "zone": draw(st.sampled_from(ZONES)),
        "hours": draw(st.sampled_from(HOURS)),
        "weekdays": draw(st.sets(st.integers(0, 6), min_size=1).map(sorted)),
        "days": draw(st.dictionaries(day, st.none() | st.sampled_from("0123456"), max_size=5)),
        "leaves": draw(leaves),
        "starts": draw(st.lists(minute, min_size=1, max_size=4)),
        "minutes": draw(st.integers(1, 30 * 60)),
        "count": draw(st.integers(1, 6)),
    }


class TickingClock:
    """Is it working time? Asked of each minute from the first on, until LIMIT days are over."""

    def __init__(self, situation):
        self.zone = ZoneInfo(situation["zone"])
        self.begin = datetime.combine(situation["first"], datetime.min.time())
        self.open = [
            self._works(self.begin + MINUTE * number, situation) for number in range(LIMIT * 1440)
        ]

    def _works(self, moment, situation):
        local = moment.replace(tzinfo=UTC).astimezone(self.zone)
        weekday = local.weekday()
        if local.date() in situation["days"]:
            named = situation["days"][local.date()]
            weekday = None if named is None else int(named)
        if weekday not in situation["weekdays"]:
            return False
        hour = local.hour + local.minute / 60
        if not any(start <= hour < stop for start, stop in situation["hours"]):
            return False
        return not any(
            start <= (moment - self.begin) // MINUTE < start + length
            for start, length, whose in situation["leaves"]
            if whose != "other"
        )

    def add(self, start, minutes):
        left = minutes
        for number in range(start, len(self.open)):
            left -= self.open[number]
            if not left:
                return self.begin + MINUTE * (number + 1)
        return None

    def day_end(self, start, count):
        """Return the end of the last minute worked on the count-th day with work after start's."""
        first = self._day(start)
        ends = {}
        for number in range(len(self.open)):
            day = self._day(number)
            if self.open[number] and day > first:
                ends[day] = number
                if len(ends) > count:
                    break
        else:
            return None
        return self.begin + MINUTE * (sorted(ends.values())[count - 1] + 1)

    def between(self, start, stop):
        return 60 * sum(self.open[start : (stop - self.begin) // MINUTE])

    def _day(self, number):
        moment = (self.begin + MINUTE * number).replace(tzinfo=UTC)
        return moment.astimezone(self.zone).date()


@tagged("post_install", "-at_install")
class TestWorktimeProperties(DayCase):
    def _prepare(self, situation):
        """Write the situation's calendar into the database."""
        self.calendar.tz = situation["zone"]
        self.calendar.attendance_ids = attendances(situation["hours"], situation["weekdays"])
        for day, weekday in situation["days"].items():
            self._day(
                day, "work" if weekday else "rest", weekday or False, company_id=self.company.id
            )
        begin = datetime.combine(situation["first"], datetime.min.time())
        for start, length, whose in situation["leaves"]:
            company = self.other if whose == "other" else self.company
            leave = self.env["resource.calendar.leaves"].create(
                {
                    "name": whose,
                    "calendar_id": self.calendar.id if whose == "own" else False,
                    "date_from": begin + MINUTE * start,
                    "date_to": begin + MINUTE * (start + length),
                }
            )
            if leave.company_id != company:
                leave.company_id = company
        return [begin + MINUTE * start for start in situation["starts"]]

    def _in_sql(self, starts, amount, plan):
        """Return what a statement makes of each start, in the same database and transaction."""
        years = min(starts).year - 1, max(starts).year + 1
        given = SQL(
            "SELECT line, EXTRACT(EPOCH FROM start_at)::bigint AS at, %s::bigint AS amount"
            " FROM unnest(%s::timestamp[]) WITH ORDINALITY row (start_at, line)",
            amount,
            starts,
        )
        planned = plan(given, *years)
        rows = self.env.execute_query(SQL("SELECT due FROM (%s) row ORDER BY line", planned))
        return [due for [due] in rows]

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @example(  # the night without an hour, work at its edge, two leaves over each other
        {
            "first": date(2026, 3, 26),
            "zone": "Europe/Paris",
            "hours": ((0, 8),),
            "weekdays": [5, 6],
            "days": {date(2026, 3, 30): "6"},
            "leaves": [(100, 3000, "own"), (2000, 2000, "company"), (5000, 900, "other")],
            "starts": [0, 4000],
            "minutes": 700,
            "count": 2,
        }
    )
    @given(situations())
    def test_the_same_as_a_ticking_clock_as_sql_and_as_odoo(self, situation):
        clock = TickingClock(situation)
        with self.env.cr.savepoint() as savepoint:
            starts = self._prepare(situation)
            self._check_minutes(situation, clock, starts)
            self._check_days(situation, clock, starts)
            savepoint.rollback()
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def _check_minutes(self, situation, clock, starts):
        known = [
            (start, begin, due)
            for start, begin in zip(situation["starts"], starts, strict=True)
            if (due := clock.add(start, situation["minutes"]))
        ]
        if not known:
            return
        begins, dues = ([row[place] for row in known] for place in (1, 2))
        seconds = situation["minutes"] * 60
        self.assertEqual(self.calendar._policy_add_work(begins, seconds), dues)
        pairs = list(zip(begins, dues, strict=True))
        self.assertEqual(self.calendar._policy_work_between(pairs), [seconds] * len(pairs))
        self.assertEqual([clock.between(start, due) for start, _begin, due in known],
                         [seconds] * len(pairs))  # fmt: skip
        plan = self.calendar._policy_add_work_sql
        self.assertEqual(self._in_sql(begins, seconds, plan), dues)
        # Odoo's own leaves are everybody's; it is asked about ours alone.
        domain = [("time_type", "=", "leave"), ("company_id", "in", [False, self.company.id])]
        for begin, due in pairs:
            planned = self.calendar.plan_hours(
                seconds / 3600, begin.replace(tzinfo=UTC), compute_leaves=True, domain=domain
            )
            planned = planned.astimezone(UTC).replace(tzinfo=None)
            # Odoo adds up floats, and ends a day that is open until 24:00 a microsecond early.
            self.assertLess(abs(planned - due), timedelta(seconds=2))

    def _check_days(self, situation, clock, starts):
        known = [
            (begin, due)
            for start, begin in zip(situation["starts"], starts, strict=True)
            if (due := clock.day_end(start, situation["count"]))
        ]
        if not known:
            return
        begins, dues = ([row[place] for row in known] for place in (0, 1))
        counts = [situation["count"]] * len(begins)
        self.assertEqual(self.calendar._policy_nth_day_end(begins, counts), dues)
        for same_day in (False, True):
            plan = partial(self.calendar._policy_nth_day_end_sql, same_day=same_day)
            self.assertEqual(
                self._in_sql(begins, situation["count"], plan),
                self.calendar._policy_nth_day_end(begins, counts, same_day),
            )

    # === PLACES IN TIME, BY HAND === #

    def _zone(self, zone):
        self.calendar.tz = zone
        return lambda text: (
            datetime.fromisoformat(text)
            .replace(tzinfo=ZoneInfo(zone))
            .astimezone(UTC)
            .replace(tzinfo=None)
        )

    def test_a_night_shift_over_the_changes_of_the_clock(self):
        """Paris skips 2:00 on 29 March and has it twice on 25 October; New York on other nights."""
        self.calendar.attendance_ids = attendances([(0, 8)], range(7))
        for zone, spring, autumn in (
            ("Europe/Paris", "2026-03-29", "2026-10-25"),
            ("America/New_York", "2026-03-08", "2026-11-01"),
        ):
            local = self._zone(zone)
            for day, hours in ((spring, 7), (autumn, 9)):
                pair = (local(f"{day} 00:00"), local(f"{day} 23:00"))
                self.assertEqual(self.calendar._policy_work_between([pair]), [hours * 3600])
            [due] = self.calendar._policy_add_work([local(f"{spring} 01:00")], 2 * 3600)
            self.assertEqual(due, local(f"{spring} 04:00"))

    def test_the_29th_of_february_and_the_end_of_a_year(self):
        local = self._zone("Asia/Shanghai")
        rows = [
            ("2028-02-28 17:00", 2, "2028-02-29 10:00"),
            ("2028-02-29 17:00", 2, "2028-03-01 10:00"),
            ("2027-02-26 17:00", 2, "2027-03-01 10:00"),
            ("2027-12-31 17:00", 2, "2028-01-03 10:00"),
            ("2026-12-31 17:59", 1, "2027-01-01 09:59"),
        ]
        dues = self.calendar._policy_add_work(
            [local(start) for start, _hours, _due in rows], [row[1] * 3600 for row in rows]
        )
        self.assertEqual(dues, [local(due) for _start, _hours, due in rows])
        [due] = self.calendar._policy_nth_day_end([local("2026-12-31 17:59")], [1])
        self.assertEqual(due, local("2027-01-01 18:00"))

    def test_over_lunch_u2(self):
        local = self._zone("Asia/Shanghai")
        [due] = self.calendar._policy_add_work([local("2026-03-04 11:50")], 20 * 60)
        self.assertEqual(due, local("2026-03-04 13:10"))

    def test_a_special_day_begins_at_midnight_of_the_calendar_s_zone(self):
        """14 March is a day of rest in New York: Shanghai's evening belongs to its morning."""
        self._day("2026-03-13", company_id=self.company.id)
        local = self._zone("America/New_York")
        [due] = self.calendar._policy_add_work([local("2026-03-12 17:00")], 2 * 3600)
        self.assertEqual(due, local("2026-03-16 10:00"))
        self.calendar.tz = "Asia/Shanghai"
        [due] = self.calendar._policy_add_work([local("2026-03-12 17:00")], 2 * 3600)
        local = self._zone("Asia/Shanghai")
        self.assertEqual(due, local("2026-03-16 11:00"))
