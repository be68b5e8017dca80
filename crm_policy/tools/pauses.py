"""How pauses move a deadline: always worked out anew from the start and the whole log of pauses.

A pause is time during which a clock stands still. What it is worth is asked of the clock itself
(seconds or days), so that this page knows neither calendars nor units.
"""

from datetime import datetime
from typing import NamedTuple


class Stop(NamedTuple):
    """One pause of a record: naive UTC, ``start <= stop``.

    ``stop`` is the instant of the resumption, of a pause that runs still that of its limit.
    """

    start: datetime
    stop: datetime
    running: bool = False


def replay(start, stops, due_after, span):
    """Return when a clock falls due, and which pauses it counted.

    :param datetime start: when the clock began; a pause counts from there on.
    :param stops: the :class:`Stop` of the record in any order; what overlaps counts once.
    :param due_after: function of a number of units lost that returns when the clock is due.
    :param span: function of two instants that returns how many units of the clock lie between.
    :return: due, and the stops that counted, cut to the clock's time. A pause that begins when it
        has fallen due already changes nothing (U3, U12).
    """
    due, lost, counted = due_after(0), 0, []
    for stop in merged(stops):
        begin = max(stop.start, start)
        if begin >= due:
            break
        if stop.stop <= begin:
            continue
        counted.append(Stop(begin, stop.stop, stop.running))
        lost += span(begin, stop.stop)
        # A day that is moved to a working day before must not come before the resumption.
        due = max(due_after(lost), stop.stop)
    return due, counted


def merged(stops):
    """Return the stops in order, those that overlap as one."""
    result = []
    for stop in sorted(stops):
        last = result[-1] if result else None
        if last and stop.start < last.stop:
            end = max(last.stop, stop.stop)
            result[-1] = Stop(last.start, end, last.running or stop.running)
        else:
            result.append(stop)
    return result


def cut(stops, end):
    """Return what of the stops lies before ``end``; none of them runs there."""
    return [Stop(stop.start, min(stop.stop, end)) for stop in stops if stop.start < end]
