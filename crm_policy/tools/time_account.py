"""The account of a clock: what of the time between its start and its due date counted, and why not.

Instants are int seconds since the epoch (UTC). The parts of an account are in order and leave no
gap, so that they add up to the whole exactly.
"""

from bisect import bisect_right
from typing import NamedTuple

COUNTED, CLOSED, PAUSED = "counted", "closed", "paused"


class Part(NamedTuple):
    """A stretch of an account: ``start < stop``.

    ``days`` is how many days a clock that counts days counted in it. ``cause`` says why it is
    what it is, where the account itself knows: "first" (the day of the start), "rolled" (behind
    the day that was due), else "".
    """

    start: int
    stop: int
    kind: str
    days: int = 0
    cause: str = ""

    @property
    def seconds(self):
        return self.stop - self.start


class Day(NamedTuple):
    """A day of a clock that counts days: from 00:00 to 00:00.

    ``end`` is the instant at which its work is over, None where it does not count.
    """

    start: int
    stop: int
    end: int | None


def of_seconds(start, due, work, stops):
    """Return the account of a clock that counts seconds.

    :param work: pairs (start, stop) during which it runs, in order and disjoint.
    :param stops: pairs (start, stop) during which it stands still; they go before ``work``.
    :rtype: list[Part]
    """
    edges = {start, due}
    for pair in (*work, *stops):
        edges.update(min(max(edge, start), due) for edge in pair)
    edges = sorted(edges)
    parts = []
    for begin, end in zip(edges, edges[1:], strict=False):
        kind = COUNTED if _covers(work, begin) else CLOSED
        parts.append(Part(begin, end, PAUSED if _covers(stops, begin) else kind))
    return merged(parts)


def of_days(start, due, days, stops, first_counts=False, until=None):
    """Return the account of a clock that counts whole days (requirements T3 to T6).

    A pause takes the days that end in it. The day of the start does not count; when it ends in a
    pause, the day on which the clock goes on stands in its place.

    :param list[Day] days: all days from that of the start to that of ``due``.
    :param stops: pairs (start, stop), in order and disjoint.
    :param bool first_counts: the day of the start is the first one that counts.
    :param until: the instant that was due before it was moved to a day with work.
    :rtype: list[Part]
    """
    parts, skip = [], not first_counts
    for position, day in enumerate(days):
        begin, stop = max(day.start, start), min(day.stop, due)
        if stop <= begin:
            continue
        part = Part(begin, stop, CLOSED)
        ends = day.end is not None and day.end > start
        if until is not None and begin > until:
            part = part._replace(cause="rolled")
        elif ends and any(low < day.end <= high for low, high in stops):
            part = part._replace(kind=PAUSED)
        elif skip and (position == 0 or ends):
            part, skip = part._replace(cause="first"), False
        elif ends:
            part = part._replace(kind=COUNTED, days=1)
        parts.append(part)
    return merged(parts)


def merged(parts):
    """Return the parts with neighbours of one kind and cause as one."""
    result = []
    for part in parts:
        last = result[-1] if result else None
        if last and (last.kind, last.cause, last.stop) == (part.kind, part.cause, part.start):
            result[-1] = last._replace(stop=part.stop, days=last.days + part.days)
        else:
            result.append(part)
    return result


def counted(parts):
    """Return (seconds, days) that count in an account."""
    own = [part for part in parts if part.kind == COUNTED]
    return sum(part.seconds for part in own), sum(part.days for part in own)


def rows(parts, longest):
    """Return the parts as a person reads them: working time with the breaks that are in it.

    :param int longest: a closed stretch of up to so many seconds between two counted ones is a
        break, not a row of its own.
    :return: lists of parts, in order; each begins and ends with a part of one kind.
    """
    result = []
    for position, part in enumerate(parts):
        following = parts[position + 1] if position + 1 < len(parts) else None
        if (
            result
            and part.kind == COUNTED
            and result[-1][-1].kind == CLOSED
            and len(result[-1]) > 1
        ):
            result[-1].append(part)
        elif (
            result
            and part.kind == CLOSED
            and not part.cause
            and part.seconds <= longest
            and result[-1][-1].kind == COUNTED
            and following
            and following.kind == COUNTED
        ):
            result[-1].append(part)
        else:
            result.append([part])
    return result


def _covers(pairs, instant):
    """Return whether one of the ordered, disjoint pairs holds an instant."""
    position = bisect_right(pairs, (instant, float("inf"))) - 1
    return position >= 0 and instant < pairs[position][1]
