from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from ...tools import time_account
from ...tools.zones import company_zone, day_start, to_local
from ...words import list_words
from .deadline_plan import SECONDS

HOUR = 3600
# What is left between two stretches of work within one row: lunch; nights; weekends.
BREAKS = (4 * HOUR, 18 * HOUR, 100 * HOUR)
FEW_ROWS = 12  # so many are read in one look


class CrmPolicyRuleAccount(models.AbstractModel):
    """Why a rule falls due when it does: which of the time counted, and what closed the rest."""

    _name = "crm.policy.rule.account"
    _description = "Account of a Rule's Time"

    # === BUSINESS METHODS === #

    def _policy_account(self, start, due, company, factor=1, pauses=()):
        """Return the time between start and due of one clock of this rule, all of it.

        :param datetime start: naive UTC, as ``due``.
        :param pauses: triples (from, to, name) that the clock counted, in order and disjoint.
        :return: dict: ``start``, ``due`` (seconds since the epoch), ``parts``
            (:class:`time_account.Part`; their cause is a word for people),
            ``rows`` (lists of those parts, few), ``seconds`` and ``days`` that counted.
        """
        self.ensure_one()
        stops = [(_epoch(begin), _epoch(end)) for begin, end, _name in pauses]
        begin, end = _epoch(start), _epoch(due)
        if self._policy_counts_days():
            parts = self._policy_day_parts(begin, end, company, factor, stops)
        else:
            work = [(begin, end)]
            if self.unit in SECONDS:
                work = self._policy_work_pairs(begin, end, company)
            parts = time_account.of_seconds(begin, end, work, stops)
        parts = self._policy_named(parts, company, pauses)
        for longest in BREAKS:
            rows = time_account.rows(parts, longest)
            if len(rows) <= FEW_ROWS:
                break
        # Only now have the nights and weekends a name: without one they may be breaks in a row.
        zone = self._policy_clock_zone(company)
        rows = [[self._policy_worded(part, zone) for part in row] for row in rows]
        parts = [part for row in rows for part in row]
        seconds, days = time_account.counted(parts)
        return {
            "start": begin,
            "due": end,
            "parts": parts,
            "rows": rows,
            "seconds": seconds,
            "days": days,
        }

    def _policy_counts_days(self):
        """Return whether the clock counts whole days, not seconds."""
        return self.unit in ("working_days", "calendar_days", "calendar_months", "day_of_month")

    def _policy_clock_zone(self, company):
        """Return the zone of the clock's days."""
        if self.unit in ("working_days", *SECONDS):
            return ZoneInfo(self._policy_calendar(company).tz)
        return company_zone(company)

    # === WORDS === #

    def _policy_intervals(self, parts):
        """Return the parts of an account as they are sent as JSON."""
        return [
            {
                "from": fields.Datetime.to_string(_moment(part.start)),
                "to": fields.Datetime.to_string(_moment(part.stop)),
                "kind": part.kind,
                "seconds": part.seconds,
                "days": part.days,
                "reason": part.cause,
            }
            for part in parts
        ]

    def _policy_account_rows(self, rows, company):
        """Return the rows of an account in words, in the user's time.

        :return: dicts {kind, from, to, amount, reason}.
        """
        result = []
        for row in rows:
            first, last = row[0], row[-1]
            seconds, days = time_account.counted(row)
            amount = self._policy_amount_words(seconds, days) if first.kind == "counted" else ""
            reasons = [part.cause for part in row if part.kind == first.kind and part.cause]
            breaks = sum(part.seconds for part in row if part.kind != first.kind)
            if breaks:
                reasons.append(
                    self.env._("without breaks of %s", self._policy_seconds_words(breaks))
                )
            result.append(
                {
                    "kind": first.kind,
                    "from": self._policy_instant_words(first.start, company),
                    "to": self._policy_instant_words(last.stop, company),
                    "amount": amount,
                    "reason": list_words(self.env, dict.fromkeys(reasons)),
                }
            )
        return result

    def _policy_total_words(self, account):
        """Return what counted altogether: "Counted: 16 h"."""
        amount = self._policy_amount_words(account["seconds"], account["days"])
        return self.env._("Counted altogether: %s", amount)

    def _policy_amount_words(self, seconds, days):
        if self._policy_counts_days():
            return self.env._("1 day") if days == 1 else self.env._("%s days", days)
        return self._policy_seconds_words(seconds)

    def _policy_seconds_words(self, seconds):
        """Return a length of time in hours and minutes, which all clocks have in common."""
        hours, minutes, rest = seconds // HOUR, seconds % HOUR // 60, seconds % 60
        words = [
            self.env._("%s h", hours) if hours else "",
            self.env._("%s min", minutes) if minutes else "",
            self.env._("%s s", rest) if rest else "",
        ]
        return " ".join(filter(None, words)) or self.env._("0 min")

    def _policy_instant_words(self, instant, company):
        """Return an instant as "03-02 Mon 10:20", in the user's time, else the company's."""
        zone = self.env.context.get("tz") or self.env.user.tz or company_zone(company).key
        return format_datetime(self.env, _moment(instant), tz=zone, dt_format="MM-dd EEE HH:mm")

    # === HELPERS === #

    def _policy_work_pairs(self, begin, end, company):
        """Return the working intervals that touch a time, in seconds since the epoch."""
        index = self._policy_calendar(company)._policy_work_index(
            _moment(begin).year - 1, _moment(end).year + 1
        )
        return [
            pair
            for pair in zip(index.starts, index.stops, strict=True)
            if pair[1] > begin and pair[0] < end
        ]

    def _policy_day_parts(self, begin, end, company, factor, stops):
        """Return the account of a clock that counts days."""
        zone = self._policy_clock_zone(company)
        first, last = (to_local(_moment(at), zone).date() for at in (begin, end))
        ends, same_day = {}, False
        if self.unit == "working_days":
            same_day = self.count_from == "same_day"
            midnight = _epoch(day_start(first, zone))
            for start, stop in self._policy_work_pairs(midnight, end, company):
                ends[to_local(_moment(start), zone).date()] = stop
            # The work of a night ends on the day after; the whole of it belongs to its first day.
            ends = {day: stop if stop <= end else None for day, stop in ends.items()}
        days, day = [], first
        while day <= last:
            following = day + timedelta(days=1)
            start, stop = (_epoch(day_start(edge, zone)) for edge in (day, following))
            over = ends.get(day) if self.unit == "working_days" else stop
            days.append(time_account.Day(start, stop, over))
            day = following
        until = None
        if self.unit != "working_days" and self.roll == "next_workday":
            lost = sum(
                self._policy_span(_moment(low), _moment(high), company) for low, high in stops
            )
            counting = {name: self[name] for name in ("unit", "duration", "before")}
            unrolled = self.new({**counting, "roll": "none"})
            [nominal] = unrolled._policy_due([_moment(begin)], company, [factor], [lost])
            until = _epoch(nominal)
        return time_account.of_days(begin, end, days, stops, same_day, until)

    def _policy_named(self, parts, company, pauses):
        """Return the parts with the name of what paused or closed each, where it has one."""
        first = {
            "first": self.env._("The day of the start does not count"),
            "rolled": self.env._("The day that was due has no work"),
        }
        stops = [(_epoch(begin), _epoch(end), name) for begin, end, name in pauses]
        around = self.unit in ("calendar_hours", "given")
        closures, make_up = [], []
        zone = self._policy_clock_zone(company)
        if parts and not around and self.unit in ("working_days", *SECONDS):
            calendar = self._policy_calendar(company)
            reach = (_moment(parts[0].start), _moment(parts[-1].stop))
            closures, make_up = self._policy_closures(calendar, company, *reach)
        named = []
        for part in parts:
            if part.cause:
                cause = first[part.cause]
            elif part.kind == time_account.PAUSED:
                cause = _names(self.env, stops, part) or self.env._("Standing still")
            elif part.kind == time_account.COUNTED:
                cause = _names(self.env, make_up, part)
            else:
                cause = _names(self.env, closures, part)
                if cause and self._policy_has_rest_day(part, closures, zone):
                    rest = self.env._("days without work")
                    cause = f"{cause}, {rest}"
            named.append(part._replace(cause=cause))
        return named

    def _policy_closures(self, calendar, company, begin, end):
        """Return what closes a calendar, and which days it works instead, between two instants.

        :return: two lists of (from, to, name), in seconds since the epoch.
        """
        leaves = self.env["resource.calendar.leaves"].sudo().search(
            Domain("calendar_id", "in", [calendar.id, False])
            & Domain("resource_id", "=", False)
            & Domain("company_id", "in", [company.id, False])
            & Domain("time_type", "=", "leave")
            & Domain("date_from", "<", end)
            & Domain("date_to", ">", begin),
            order="date_from",
        )  # fmt: skip
        closed = [
            (_epoch(leave.date_from), _epoch(leave.date_to), leave.name)
            for leave in leaves
            if leave.name
        ]
        zone = ZoneInfo(calendar.tz)
        first, last = to_local(begin, zone).date(), to_local(end, zone).date()
        days = self.env["crm.policy.calendar.day"].sudo().search(
            Domain("date", ">=", first)
            & Domain("date", "<=", last)
            & Domain("company_id", "in", [company.id, False])
            & Domain("country_id", "in", [calendar.policy_statutory_country_id.id, False]),
            order="date",
        )  # fmt: skip
        # The nearest one has the last word, as in the calendar itself.
        days = days.sorted(lambda day: (bool(day.company_id), bool(day.country_id)))
        make_up = []
        for day in {day.date: day for day in days}.values():
            following = day.date + timedelta(days=1)
            span = (_epoch(day_start(day.date, zone)), _epoch(day_start(following, zone)))
            (make_up if day.kind == "work" else closed).append((*span, day.name))
        return sorted(closed), sorted(make_up)

    def _policy_has_rest_day(self, part, closures, zone):
        """Return whether a whole day of a closed stretch is closed by none of ``closures``."""
        day = to_local(_moment(part.start), zone).date()
        while (stop := _epoch(day_start(day + timedelta(days=1), zone))) <= part.stop:
            start = _epoch(day_start(day, zone))
            if start >= part.start and not any(
                low < stop and high > start for low, high, _name in closures
            ):
                return True
            day += timedelta(days=1)
        return False

    def _policy_worded(self, part, zone):
        """Return a part that says why nobody works in it, although that has no name."""
        if part.kind != time_account.CLOSED or part.cause:
            return part
        begin, end = (to_local(_moment(at), zone).date() for at in (part.start, part.stop))
        if self._policy_has_rest_day(part, (), zone):
            cause = self.env._("Days without work")
        else:
            cause = self.env._("Break") if begin == end else self.env._("After hours")
        return part._replace(cause=cause)


def _epoch(moment):
    return int(moment.replace(tzinfo=UTC).timestamp())


def _moment(instant):
    return datetime.fromtimestamp(instant, UTC).replace(tzinfo=None)


def _names(env, spans, part):
    """Return the names of the spans that touch a part, each once."""
    names = [name for low, high, name in spans if low < part.stop and high > part.start]
    return list_words(env, dict.fromkeys(names))
