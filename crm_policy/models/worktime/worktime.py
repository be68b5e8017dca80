from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from odoo import models, tools
from odoo.exceptions import UserError

from ...tools import working_time
from ...tools.zones import day_end

# How many years past the start are searched before a calendar counts as having no working time.
SEARCHED_YEARS = (1, 4, 12)


class CrmPolicyWorktime(models.AbstractModel):
    """Working time of a calendar by bisection (mixin of ``resource.calendar``).

    Odoo's own planning reads the database for each date; here a year's intervals are fetched once
    and kept in the registry's cache until a calendar, attendance or leave changes.
    """

    _name = "crm.policy.worktime"
    _description = "Working Time"

    def _policy_add_work(self, starts, seconds):
        """Return when ``seconds`` of working time have passed since each start (T2).

        :param list[datetime] starts: naive UTC.
        :param seconds: int for all, or a list of ints as long as ``starts``; >= 0.
        :return: naive UTC datetimes in the order of ``starts``.
        :raises UserError: no working time is found; names the calendar.
        """
        if isinstance(seconds, int):
            seconds = [seconds] * len(starts)
        return self._policy_resolve(
            starts,
            lambda index, position, start: working_time.add_work(index, start, seconds[position]),
        )

    def _policy_nth_day_end(self, starts, counts, same_day=False):
        """Return the end of work of the n-th working day after each start (T4).

        :param list[datetime] starts: naive UTC.
        :param list[int] counts: n, >= 1.
        :param bool same_day: the day of the start is the first while it has work left.
        :return: naive UTC datetimes in the order of ``starts``.
        """
        zone = ZoneInfo(self.tz)
        return self._policy_resolve(
            starts,
            lambda index, position, start: working_time.nth_working_day_end(
                index, start, counts[position], zone, same_day
            ),
        )

    def _policy_roll(self, moments, step):
        """Return 23:59:59 of the nearest working day of each moment, itself if it is one.

        :param list[datetime] moments: naive UTC.
        :param int step: 1 looks into the future, -1 into the past.
        :return: naive UTC datetimes in the order of ``moments``.
        """
        zone = ZoneInfo(self.tz)

        def answer(index, _position, moment):
            day = working_time.rolled_day(index, moment, step, zone)
            return day and _epoch(day_end(day, zone))

        return self._policy_resolve(moments, answer)

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

    def _policy_resolve(self, starts, answer):
        """Answer for each start, looking further into the future only where it is needed."""
        results = [None] * len(starts)
        pending = list(range(len(starts)))
        for years in SEARCHED_YEARS:
            if not pending:
                break
            first = min(starts[position] for position in pending).year - 1
            last = max(starts[position] for position in pending).year + years
            index = self._policy_work_index(first, last)
            for position in pending:
                results[position] = answer(index, position, _epoch(starts[position]))
            pending = [position for position in pending if results[position] is None]
        if pending:
            raise UserError(
                self.env._(
                    "No working time found in calendar %(calendar)s after %(start)s: "
                    "give it working hours.",
                    calendar=self.display_name,
                    start=starts[pending[0]],
                )
            )
        return [datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in results]

    def _policy_work_index(self, first, last):
        """Return the :class:`WorkIndex` of this calendar for the years ``first`` to ``last``."""
        self.ensure_one()
        if self.flexible_hours:
            raise UserError(
                self.env._(
                    "Calendar %(calendar)s has flexible hours: no deadline can be counted in it.",
                    calendar=self.display_name,
                )
            )
        company = self.company_id or self.env.company
        return self._policy_cached_index(company.id, first, last)

    @tools.ormcache("self.id", "company_id", "first", "last")
    def _policy_cached_index(self, company_id, first, last):
        # A zone in the caller's context must not end up in everybody's cache.
        calendar = self.with_env(self.env(su=True, context={}))
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
    return int(moment.replace(tzinfo=UTC).timestamp())
