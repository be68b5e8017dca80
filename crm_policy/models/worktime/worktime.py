from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pytz import timezone

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.date_utils import float_to_time
from odoo.tools.intervals import Intervals

from ...tools import working_time
from ...tools.zones import day_end

# How many years past the start are searched before a calendar counts as having no working time.
SEARCHED_YEARS = (1, 4, 12)
EPOCH = datetime(1970, 1, 1)  # naive UTC, as the ORM's moments are


class CrmPolicyWorktime(models.AbstractModel):
    """Working time of a calendar by bisection (mixin of ``resource.calendar``).

    Odoo's own planning reads the database for each date; here a year's intervals are fetched once
    and kept in the registry's cache until a calendar, attendance, leave or day changes.

    Statutory days, company days and make-up workdays (:class:`CrmPolicyCalendarDay`) come in where
    all of Odoo asks for attendances, so that whatever plans by the calendar sees them.
    """

    _name = "crm.policy.worktime"
    _description = "Working Time"
    _inherit = ["crm.policy.worktime.bulk"]

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_policy_statutory_country_id(self):
        """A new calendar follows its company's country, where that one's days are known."""
        Day = self.env["crm.policy.calendar.day"]
        for calendar in self:
            country = calendar.company_id.country_id
            calendar.policy_statutory_country_id = Day._policy_has_days(country) and country

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        # Hours and leaves are records of their own, which tell themselves.
        if {"tz", "two_weeks_calendar", "policy_statutory_country_id"}.intersection(vals):
            self._policy_tell([(self, fields.Datetime.now())], zone="tz" in vals)
        return result

    @api.model
    def _policy_tell(self, reach, zone=False):
        """Forget what was worked out, and tell each calendar since when it is another.

        :param reach: pairs (calendars, naive UTC).
        :param bool zone: the days themselves begin at another instant.
        """
        self.env.registry.clear_cache()
        merged = {}
        for calendars, since in reach:
            for calendar in calendars:
                merged[calendar] = min(since, merged.get(calendar, since))
        for since in sorted(set(merged.values())):
            changed = self.concat(*(calendar for calendar in merged if merged[calendar] == since))
            changed._policy_calendar_changed(since, zone)

    def _policy_calendar_changed(self, since, zone=False):
        """Hook of the rooms above: the working time of ``self`` is another from ``since`` on."""

    # === STATUTORY AND COMPANY DAYS === #

    @api.model
    def _policy_calendars_of(self, company):
        """Return the calendars in which a company counts."""
        return company.resource_calendar_id | self.search([("company_id", "=", company.id)])

    def _policy_days(self, company):
        """Return {date: weekday or None} of the days that are not what their weekday says."""
        return self.env["crm.policy.calendar.day"]._policy_days_of(
            company.id, self.sudo().policy_statutory_country_id.id
        )

    def _attendance_intervals_batch(
        self, start_dt, end_dt, resources=None, domain=None, tz=None, lunch=False
    ):
        result = super()._attendance_intervals_batch(
            start_dt, end_dt, resources=resources, domain=domain, tz=tz, lunch=lunch
        )
        if self.flexible_hours:
            return result
        for resource in [*(resources or ()), self.env["resource.resource"]]:
            if resource and resource._is_flexible():
                continue
            company = resource.company_id or self.company_id or self.env.company
            zone = tz or timezone((resource or self).tz)
            start, stop = start_dt.astimezone(zone), end_dt.astimezone(zone)
            days = {
                day: weekday
                for day, weekday in self._policy_days(company).items()
                if start.date() <= day <= stop.date()
            }
            if days:
                intervals = [
                    interval
                    for interval in result[resource.id]
                    if interval[0].astimezone(zone).date() not in days
                ]
                intervals += [
                    (max(start, begin), min(stop, end), attendance)
                    for begin, end, attendance in self._policy_make_up(days, zone, domain, lunch)
                ]
                result[resource.id] = Intervals(intervals, keep_distinct=True)
        return result

    def _policy_make_up(self, days, zone, domain, lunch):
        """Return the intervals of the make-up workdays among ``days``, in the zone's time."""
        if not any(days.values()):
            return []
        attendances = self.env["resource.calendar.attendance"].search(
            Domain(domain or Domain.TRUE)
            & Domain("calendar_id", "=", self.id)
            & Domain("display_type", "=", False)
            & Domain("day_period", "=" if lunch else "!=", "lunch")
        )
        return [
            (
                zone.localize(datetime.combine(day, float_to_time(attendance.hour_from))),
                zone.localize(datetime.combine(day, float_to_time(attendance.hour_to))),
                attendance,
            )
            for day, weekday in days.items()
            for attendance in attendances
            if attendance.dayofweek == weekday
            and self._policy_week(day) in (False, attendance.week_type)
        ]

    def _policy_week(self, day):
        """Return which of the two weeks of a calendar a day is in, or False when it has one."""
        if not self.two_weeks_calendar:
            return False
        return str(self.env["resource.calendar.attendance"].get_week_type(day))

    def _works_on_date(self, date):
        days = self._policy_days(self.company_id or self.env.company)
        day = fields.Date.to_date(date)
        if day not in days:
            return super()._works_on_date(date)
        return bool(days[day]) and self._get_working_hours()[self._policy_week(day)][days[day]]

    # === ARITHMETIC === #

    def _policy_add_work(self, starts, seconds):
        """Return when ``seconds`` of working time have passed since each start (T2).

        :param list[datetime] starts: naive UTC.
        :param seconds: int for all, or a list of ints as long as ``starts``; >= 0.
        :return: naive UTC datetimes in the order of ``starts``.
        :raises UserError: no working time is found; names the calendar.
        """
        if isinstance(seconds, int):
            seconds = [seconds] * len(starts)
        return self._policy_resolve(starts, seconds, working_time.add_work)

    def _policy_take_work(self, stops, seconds):
        """Return from when ``seconds`` of working time are left until each stop (U5).

        :param list[datetime] stops: naive UTC.
        :param list[int] seconds: as long as ``stops``; >= 0.
        :return: naive UTC datetimes in the order of ``stops``.
        :raises UserError: no working time is found; names the calendar.
        """
        return self._policy_resolve(stops, seconds, working_time.take_work, back=True)

    def _policy_nth_day_start(self, moments, count):
        """Return when work begins on the n-th working day after each moment.

        :param list[datetime] moments: naive UTC.
        :param int count: n; negative for working days before, never 0.
        :return: naive UTC datetimes in the order of ``moments``.
        """
        zone = ZoneInfo(self.tz)

        def answer(index, instants, counts):
            return [
                working_time.nth_working_day_start(index, instant, number, zone)
                for instant, number in zip(instants, counts, strict=True)
            ]

        return self._policy_resolve(moments, [count] * len(moments), answer, back=count < 0)

    def _policy_nth_day_end(self, starts, counts, same_day=False):
        """Return the end of work of the n-th working day after each start (T4).

        :param list[datetime] starts: naive UTC.
        :param list[int] counts: n, >= 1.
        :param bool same_day: the day of the start is the first while it has work left.
        :return: naive UTC datetimes in the order of ``starts``.
        """
        zone = ZoneInfo(self.tz)

        def answer(index, instants, numbers):
            return [
                working_time.nth_working_day_end(index, instant, number, zone, same_day)
                for instant, number in zip(instants, numbers, strict=True)
            ]

        return self._policy_resolve(starts, counts, answer)

    def _policy_roll(self, moments, step):
        """Return 23:59:59 of the nearest working day of each moment, itself if it is one.

        :param list[datetime] moments: naive UTC.
        :param int step: 1 looks into the future, -1 into the past.
        :return: naive UTC datetimes in the order of ``moments``.
        """
        zone = ZoneInfo(self.tz)

        def answer(index, instants, steps):
            days = [
                working_time.rolled_day(index, instant, direction, zone)
                for instant, direction in zip(instants, steps, strict=True)
            ]
            return [day and _epoch(day_end(day, zone)) for day in days]

        return self._policy_resolve(moments, [step] * len(moments), answer)

    def _policy_work_between(self, pairs):
        """Return the seconds of working time between each pair of naive UTC datetimes.

        :rtype: list[int]
        """
        if not pairs:
            return []
        moments = [moment for pair in pairs for moment in pair]
        index = self._policy_work_index(min(moments).year - 1, max(moments).year + 1)
        return [
            working_time.work_between(index, _epoch(start), _epoch(stop)) for start, stop in pairs
        ]

    def _policy_days_ended(self, start, stop):
        """Return how many working days end after ``start`` and not after ``stop``, naive UTC."""
        index = self._policy_work_index(start.year - 1, stop.year + 1)
        zone = ZoneInfo(self.tz)
        return working_time.days_ended(index, _epoch(start), _epoch(stop), zone)

    def _policy_resolve(self, moments, amounts, answer, back=False):
        """Return what ``answer`` says of each moment, looking further only when it is needed.

        Deadlines are planned by the ten thousand: no call, no lookup per moment but in ``answer``.

        :param answer: gets the index, the moments in seconds and ``amounts``; gives seconds, None
            where the index does not reach so far.
        :param bool back: look into the past instead of into the future.
        """
        if not moments:
            return []
        first, last = min(moments).year, max(moments).year
        instants = [(since := moment - EPOCH).days * 86_400 + since.seconds for moment in moments]
        for years in SEARCHED_YEARS:
            before, after = (years, 1) if back else (1, years)
            found = answer(self._policy_work_index(first - before, last + after), instants, amounts)
            if None not in found:
                return [EPOCH + timedelta(0, at) for at in found]
        raise UserError(
            self.env._(
                "No working time found in calendar %(calendar)s after %(start)s: "
                "give it working hours.",
                calendar=self.display_name,
                start=moments[found.index(None)],
            )
        )

    def _policy_work_index(self, first, last):
        """Return the :class:`WorkIndex` of this calendar for the years ``first`` to ``last``."""
        self.ensure_one()
        return self._policy_cached_index(self.env.company.id, first, last)

    @tools.ormcache("self.id", "company_id", "first", "last")
    def _policy_cached_index(self, company_id, first, last):
        """Return the index as a company counts; a calendar of another one counts as that one's."""
        if self.flexible_hours:
            raise UserError(
                self.env._(
                    "Calendar %(calendar)s has flexible hours: no deadline can be counted in it.",
                    calendar=self.display_name,
                )
            )
        if self.company_id and self.company_id.id != company_id:
            return self._policy_cached_index(self.company_id.id, first, last)
        # A zone in the caller's context must not end up in everybody's cache.
        calendar = self.with_env(self.env(su=True, context={"allowed_company_ids": [company_id]}))
        intervals = calendar._work_intervals_batch(
            datetime(first, 1, 1, tzinfo=UTC),
            datetime(last + 1, 1, 1, tzinfo=UTC),
            # Core takes the leaves of every company when the leave names no calendar.
            domain=[("time_type", "=", "leave"), ("company_id", "in", [False, company_id])],
        )[False]
        # 24:00 comes as 23:59:59.999999. A day off is entered until 23:59:59: the second that is
        # left of it is no work, and does not make the day a working day.
        seconds = (
            (round(start.timestamp()), round(stop.timestamp()))
            for start, stop, _source in intervals
        )
        return working_time.build_index(
            (start, stop) for start, stop in seconds if stop - start > 1
        )


def _epoch(moment):
    since = moment - EPOCH
    return since.days * 86_400 + since.seconds
