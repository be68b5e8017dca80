"""Working-time arithmetic by bisection over cumulative intervals.

An *index* is made once per calendar from its working intervals and answers each question in
O(log n), without Odoo. Instants are int seconds since the epoch (UTC), lengths int seconds.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple


class DayIndex(NamedTuple):
    """The working days of a :class:`WorkIndex`: 00:00 of each, and the end of its work."""

    begins: tuple
    ends: tuple


class WorkIndex(NamedTuple):
    """Disjoint working intervals in order, and the work done up to the end of each.

    ``starts[i] < stops[i] <= starts[i + 1]``; ``done[i]`` counts intervals 0 to i.
    """

    starts: tuple
    stops: tuple
    done: tuple


def build_index(intervals):
    """Return the index of ``intervals``.

    :param intervals: pairs (start, stop) in seconds, ordered, disjoint; empty ones are dropped.
    :rtype: WorkIndex
    """
    pairs = [(start, stop) for start, stop in intervals if stop > start]
    starts = tuple(start for start, _stop in pairs)
    stops = tuple(stop for _start, stop in pairs)
    return WorkIndex(starts, stops, tuple(accumulate(stop - start for start, stop in pairs)))


def worked_until(index, at):
    """Return the seconds of work from the beginning of the index until ``at``."""
    position = bisect_right(index.starts, at) - 1
    if position < 0:
        return 0
    return index.done[position] - max(0, index.stops[position] - at)


def work_between(index, start, stop):
    """Return the seconds of work between two instants; negative when ``stop`` comes first."""
    return worked_until(index, stop) - worked_until(index, start)


def add_work(index, starts, lengths):
    """Return the instants at which so many seconds of work have been done since each start.

    When that is the end of an interval, the end is returned, not the next beginning: 15 minutes
    from 11:45 are over at 12:00, before lunch. Nothing to work returns the start itself.

    :param list[int] lengths: as long as ``starts``; >= 0.
    :return: the instants; None for one that lies beyond the end of the index.
    """
    # A call for each would cost as much as its answer: :func:`worked_until` is written out.
    begins, ends, done = index
    count, answers = len(done), []
    for start, seconds in zip(starts, lengths, strict=True):
        if seconds <= 0:
            answers.append(start)
            continue
        if position := bisect_right(begins, start):
            left = ends[position - 1] - start
            seconds += done[position - 1] - (left if left > 0 else 0)
        position = bisect_left(done, seconds)
        answers.append(ends[position] - done[position] + seconds if position < count else None)
    return answers


def take_work(index, stops, lengths):
    """Return the latest instants from which so many seconds of work are left until each stop.

    The mirror of :func:`add_work`: an hour before 14:00 is 13:00, after lunch, not 12:00.
    Nothing to take returns the stop itself.

    :param list[int] lengths: as long as ``stops``; >= 0.
    :return: the instants; None for one that lies before the index begins.
    """
    _begins, ends, done = index
    answers = []
    for stop, seconds in zip(stops, lengths, strict=True):
        target = worked_until(index, stop) - seconds
        if seconds <= 0:
            answers.append(stop)
        elif target < 0:
            answers.append(None)
        else:
            position = bisect_right(done, target)
            answers.append(ends[position] - done[position] + target)
    return answers


def nth_working_day_start(index, instant, count, zone):
    """Return when work begins on the ``count``-th working day after or before that of ``instant``.

    :param int count: 1 for the next working day, -1 for the one before; never 0.
    :param zone: tzinfo that says which day an instant belongs to.
    :return: begin of the first interval of that day, or None when the index does not reach it.
    """
    day = _day(instant, zone)
    seen, last = 0, day
    if count > 0:
        for position in range(bisect_right(index.starts, instant), len(index.starts)):
            found = _day(index.starts[position], zone)
            if found > last:
                seen, last = seen + 1, found
                if seen == count:
                    return index.starts[position]
        return None
    begin = None
    for position in range(bisect_left(index.starts, instant) - 1, -1, -1):
        found = _day(index.starts[position], zone)
        if found < last:
            if seen == -count:
                return begin
            seen, last = seen + 1, found
        if seen:
            begin = index.starts[position]
    # The first day of the index may have begun before it: it is not an answer.
    return None


def nth_working_day_end(index, start, count, zone, same_day=False):
    """Return when the ``count``-th working day after ``start`` ends (requirement T4).

    The day of ``start`` is day 0 whatever its hour; a day counts when it has any work.

    :param int count: >= 1.
    :param bool same_day: the day of ``start`` is day 1 while it has work left.
    :param zone: tzinfo that says which day an instant belongs to.
    :return: end of the last interval of that day, or None when the index ends before.
    """
    first_day = _day(start, zone)
    seen, last = 0, None
    for position in range(bisect_right(index.stops, start), len(index.starts)):
        day = _day(index.starts[position], zone)
        if day < first_day or (day == first_day and not same_day):
            continue
        if day != last:
            seen, last = seen + 1, day
            if seen > count:
                return index.stops[position - 1]
    # The last day of the index may go on beyond it: it is not an answer.
    return None


def rolled_day(index, instant, step, zone):
    """Return the nearest day that has work: that of ``instant``, or one after or before it.

    A day has work when a working interval begins on it.

    :param int step: 1 for the next such day, -1 for the one before.
    :return: a local date, or None when the index does not reach so far.
    """
    day = _day(instant, zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    if step > 0:
        position = bisect_left(index.starts, midnight.timestamp())
    else:
        following = midnight + timedelta(days=1)  # wall time: the zone finds the instant
        position = bisect_left(index.starts, following.timestamp()) - 1
    if not 0 <= position < len(index.starts):
        return None
    return _day(index.starts[position], zone)


def days_ended(index, start, stop, zone):
    """Return how many working days end after ``start`` and not after ``stop``.

    So many days a clock that counts working days loses when it stands still between the two.
    """
    first, last = bisect_right(index.stops, start), bisect_right(index.stops, stop)
    count = 0
    for position in range(first, last):
        following = position + 1
        day = _day(index.starts[position], zone)
        if following == len(index.starts) or _day(index.starts[following], zone) != day:
            count += 1
    return count


def working_days(index, zone):
    """Return the working days of an index, for those who count days without Python.

    The n-th after the day of ``at`` ends at ``ends[bisect_right(begins, at) + n - 1]``.
    The last day is left out: it may go on beyond the index.

    :rtype: DayIndex
    """
    days = {}
    for start, stop in zip(index.starts, index.stops, strict=True):
        days[_day(start, zone)] = stop
    begins = [int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) for day in days]
    return DayIndex(tuple(begins[:-1]), tuple(days.values())[:-1])


def _day(instant, zone):
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).date()
