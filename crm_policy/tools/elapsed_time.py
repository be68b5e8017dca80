"""Deadlines that do not look at working hours (requirements T1, T3, T6)."""

import calendar
from datetime import timedelta

from .zones import day_end, to_local


def hours_after(start, hours):
    """Return ``start`` plus ``hours`` around the clock (T1). Naive UTC in and out."""
    return start + timedelta(hours=hours)


def days_after(start, days, zone):
    """Return 23:59:59 local of the day ``days`` after that of ``start``, which is day 0 (T3)."""
    return day_end(to_local(start, zone).date() + timedelta(days=int(days)), zone)


def months_after(start, months, zone):
    """Return 23:59:59 local ``months`` later; 31 January + 1 month is the end of February (T6)."""
    day = to_local(start, zone).date()
    year, month = divmod(day.year * 12 + day.month - 1 + int(months), 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day_end(day.replace(year=year, month=month + 1, day=min(day.day, last)), zone)


def day_of_next_month(start, day, zone):
    """Return 23:59:59 local of a day of the month after that of ``start`` (T5).

    A month without that day ends earlier: the 31st is the 30th of April.
    """
    first = to_local(start, zone).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    last = calendar.monthrange(following.year, following.month)[1]
    return day_end(following.replace(day=min(int(day), last)), zone)
