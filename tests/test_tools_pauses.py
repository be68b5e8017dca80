"""Pauses replayed, border by border, and against clocks that tick minute by minute."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_policy.tools import pauses, working_time
from crm_policy.tools.pauses import Stop

HOURS = ((9, 12), (13, 18))
FIRST = datetime(2026, 3, 2)  # a Monday; in these tests the clock of the wall is UTC
DAYS = 60


def epoch(moment):
    return int(moment.replace(tzinfo=UTC).timestamp())


def wall(seconds):
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def office():
    intervals = []
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        if day.weekday() < 5:
            intervals += [
                (epoch(day.replace(hour=opens)), epoch(day.replace(hour=closes)))
                for opens, closes in HOURS
            ]
    return working_time.build_index(intervals)


OFFICE = office()


def at(text):
    return datetime.fromisoformat(f"2026-03-{text}")


def works(moment):
    return moment.weekday() < 5 and any(opens <= moment.hour < closes for opens, closes in HOURS)


def worked(start, minutes, stops):
    """Return due and counted stops of ``minutes`` of working time."""
    return pauses.replay(
        start,
        stops,
        lambda lost: wall(working_time.add_work(OFFICE, [epoch(start)], [minutes * 60 + lost])[0]),
        lambda begin, end: working_time.work_between(OFFICE, epoch(begin), epoch(end)),
    )


def elapsed(start, minutes, stops):
    return pauses.replay(
        start,
        stops,
        lambda lost: start + timedelta(minutes=minutes, seconds=lost),
        lambda begin, end: int((end - begin).total_seconds()),
    )


def workdays(start, count, stops):
    return pauses.replay(
        start,
        stops,
        lambda lost: wall(
            working_time.nth_working_day_end(OFFICE, epoch(start), count + lost, UTC)
        ),
        lambda begin, end: working_time.days_ended(OFFICE, epoch(begin), epoch(end), UTC),
    )


# === BORDERS ===


@pytest.mark.parametrize(
    ("stops", "due"),
    [
        ([], "04T10:00"),
        ([("04T09:10", "04T09:40")], "04T10:30"),
        ([("04T09:10", "04T09:10")], "04T10:00"),  # resumed at once
        ([("04T08:00", "04T09:00")], "04T10:00"),  # over when the clock starts
        ([("04T08:00", "04T09:30")], "04T10:30"),  # counts from the start of the clock
        ([("04T10:00", "04T11:00")], "04T10:00"),  # begun when it was due
        ([("04T09:59", "04T11:00")], "04T11:01"),
        ([("04T09:10", "04T09:20"), ("04T10:05", "04T10:35")], "04T10:40"),  # within what it got
        ([("04T09:10", "04T09:20"), ("04T10:10", "04T10:35")], "04T10:10"),  # after it
        ([("04T11:50", "04T13:10")], "04T10:00"),
        ([("04T09:30", "04T13:10")], "04T13:40"),  # over lunch (U2)
        ([("04T09:30", "07T10:00")], "09T09:30"),  # resumed on a Saturday
        ([("04T09:10", "04T09:30"), ("04T09:20", "04T09:40")], "04T10:30"),  # overlap: once
        ([("04T09:20", "04T09:40"), ("04T09:10", "04T09:20")], "04T10:30"),  # in any order
    ],
)
def test_an_hour_of_work_from_nine(stops, due):
    found, _counted = worked(at("04T09:00"), 60, [Stop(at(a), at(b)) for a, b in stops])
    assert found == at(due)


def test_a_pause_over_a_weekend_is_there_and_worth_nothing():
    start = at("06T17:50")
    stop = Stop(at("07T10:00"), at("08T16:00"))
    due, counted = worked(start, 15, [stop])
    assert due == at("09T09:05")
    assert counted == [stop]


def test_what_runs_is_known_as_running():
    stop = Stop(at("04T09:10"), at("04T09:40"), running=True)
    _due, counted = worked(at("04T09:00"), 60, [stop])
    assert [(one.start, one.running) for one in counted] == [(at("04T09:10"), True)]


def test_a_due_day_moved_back_never_comes_before_the_resumption():
    """Five days from Monday, moved to the working day before; it stands still until Sunday."""
    friday = at("06T23:59:59")

    def due_after(lost):
        day = at("06T23:59:59") + timedelta(days=lost)
        return min(day, friday) if day.weekday() >= 5 else day

    due, _counted = pauses.replay(
        at("02T10:00"),
        [Stop(at("06T10:00"), at("08T10:00"))],
        due_after,
        lambda begin, end: (end.date() - begin.date()).days,
    )
    assert due == at("08T10:00")


def test_cut_at_the_end():
    stops = [Stop(at("04T09:10"), at("04T09:20")), Stop(at("04T10:00"), at("04T11:00"), True)]
    assert pauses.cut(stops, at("04T10:30")) == [
        Stop(at("04T09:10"), at("04T09:20")),
        Stop(at("04T10:00"), at("04T10:30")),
    ]
    assert pauses.cut(stops, at("04T09:10")) == []


@pytest.mark.parametrize(
    ("start", "stop", "count"),
    [
        ("06T10:00", "06T17:59:59", 0),
        ("06T10:00", "06T18:00", 1),
        ("06T18:00", "09T09:00", 0),
        ("06T10:00", "09T10:00", 1),
        ("06T10:00", "09T18:00", 2),
        ("06T12:00", "06T13:00", 0),  # lunch is not the end of a day
        ("07T10:00", "08T10:00", 0),
        ("02T09:00", "06T18:00", 5),
        ("06T18:00", "06T18:00", 0),
    ],
)
def test_days_that_end_meanwhile(start, stop, count):
    assert working_time.days_ended(OFFICE, epoch(at(start)), epoch(at(stop)), UTC) == count


# === AGAINST CLOCKS THAT TICK ===

MINUTES = st.integers(min_value=0, max_value=14 * 24 * 60)
STOPS = st.lists(st.tuples(MINUTES, st.integers(min_value=0, max_value=3 * 24 * 60)), max_size=5)


def moments(pairs):
    result = []
    for offset, length in pairs:
        begin = FIRST + timedelta(minutes=offset)
        result.append(Stop(begin, begin + timedelta(minutes=length)))
    return result


def ticking(start, minutes, stops, counts):
    """Return when ``minutes`` have been counted, one after the other."""
    moment = start
    while minutes:
        stands = any(stop.start <= moment < stop.stop for stop in stops)
        if counts(moment) and not stands:
            minutes -= 1
        moment += timedelta(minutes=1)
    return moment


@given(MINUTES, st.integers(min_value=1, max_value=1500), STOPS)
def test_working_minutes(offset, minutes, pairs):
    start, stops = FIRST + timedelta(minutes=offset), moments(pairs)
    assert worked(start, minutes, stops)[0] == ticking(start, minutes, stops, works)


@given(MINUTES, st.integers(min_value=1, max_value=4000), STOPS)
def test_elapsed_minutes(offset, minutes, pairs):
    start, stops = FIRST + timedelta(minutes=offset), moments(pairs)
    assert elapsed(start, minutes, stops)[0] == ticking(start, minutes, stops, lambda _moment: True)


@given(MINUTES, st.integers(min_value=1, max_value=8), STOPS)
def test_working_days(offset, count, pairs):
    """A day is over when its work ends, unless the clock stands still then; the first one too."""
    start, stops = FIRST + timedelta(minutes=offset), moments(pairs)
    ends = [wall(stop) for stop in OFFICE.stops if wall(stop).hour == 18 and wall(stop) > start]
    needed = count + (ends[0].date() == start.date())
    expected = None
    for end in ends:
        if not any(max(stop.start, start) < end <= stop.stop for stop in stops):
            needed -= 1
        if not needed:
            expected = end
            break
    assert workdays(start, count, stops)[0] == expected


@given(MINUTES, st.integers(min_value=1, max_value=1500), STOPS, st.randoms())
def test_order_and_repetition_do_not_matter(offset, minutes, pairs, rng):
    start, stops = FIRST + timedelta(minutes=offset), moments(pairs)
    shuffled = [*stops, *stops]
    rng.shuffle(shuffled)
    assert worked(start, minutes, shuffled) == worked(start, minutes, stops)


@given(MINUTES, st.integers(min_value=1, max_value=1500), STOPS)
def test_a_clock_is_never_due_while_it_stands_still(offset, minutes, pairs):
    start, stops = FIRST + timedelta(minutes=offset), moments(pairs)
    for clock in (worked, elapsed):
        due, counted = clock(start, minutes, stops)
        assert all(stop.stop <= due for stop in counted)
