"""Working-time arithmetic, border by border, and against a clock that counts minute by minute."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crm_policy.tools import working_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = ((9, 12), (13, 18))


def epoch(text):
    """Return "2026-03-06 17:50" of Shanghai as seconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp())


def wall(seconds):
    return datetime.fromtimestamp(seconds, UTC).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def office(first, days):
    """Return the index of an office that works Monday to Friday 9-12 and 13-18."""
    start = datetime.fromisoformat(first).replace(tzinfo=SHANGHAI)
    intervals = []
    for number in range(days):
        day = start + timedelta(days=number)
        if day.weekday() < 5:
            for opens, closes in HOURS:
                opening, closing = day.replace(hour=opens), day.replace(hour=closes)
                intervals.append((int(opening.timestamp()), int(closing.timestamp())))
    return working_time.build_index(intervals)


def add_work(index, start, seconds):
    [instant] = working_time.add_work(index, [start], [seconds])
    return instant


def take_work(index, stop, seconds):
    [instant] = working_time.take_work(index, [stop], [seconds])
    return instant


OFFICE = office("2026-03-01", 45)
EMPTY = working_time.build_index([])
HOUR = 3600


# === ADDING WORK (T2) ===


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2026-03-06 17:50:00", 15 * 60, "2026-03-09 09:05:00"),  # S1 a: over the weekend
        ("2026-03-04 11:30:00", HOUR, "2026-03-04 13:30:00"),  # S1 b: over lunch
        ("2026-03-07 20:00:00", HOUR, "2026-03-09 10:00:00"),  # S1 c: begun on a weekend
        ("2026-03-04 11:45:00", 15 * 60, "2026-03-04 12:00:00"),  # ends with the interval
        ("2026-03-04 11:45:00", 15 * 60 - 1, "2026-03-04 11:59:59"),
        ("2026-03-04 11:45:00", 15 * 60 + 1, "2026-03-04 13:00:01"),
        ("2026-03-04 12:30:00", 1, "2026-03-04 13:00:01"),  # begun at lunch
        ("2026-03-04 12:00:00", 1, "2026-03-04 13:00:01"),
        ("2026-03-04 11:59:59", 1, "2026-03-04 12:00:00"),
        ("2026-03-04 08:59:59", 1, "2026-03-04 09:00:01"),
        ("2026-03-04 09:00:00", 8 * HOUR, "2026-03-04 18:00:00"),  # a whole day
        ("2026-03-04 09:00:00", 8 * HOUR + 1, "2026-03-05 09:00:01"),
        ("2026-03-04 18:00:00", 8 * HOUR, "2026-03-05 18:00:00"),  # begun at closing time
        ("2026-03-06 18:00:00", 1, "2026-03-09 09:00:01"),
        ("2026-03-31 17:59:59", 2, "2026-04-01 09:00:01"),  # month end
        ("2026-03-04 11:30:00", 40 * HOUR, "2026-03-11 11:30:00"),  # a week of work
        ("2026-03-07 20:00:00", 0, "2026-03-07 20:00:00"),  # nothing to do takes no time
    ],
)
def test_add_work(start, seconds, expected):
    assert wall(add_work(OFFICE, epoch(start), seconds)) == expected


def test_a_start_before_the_index_waits_for_its_first_interval():
    at = add_work(OFFICE, epoch("2020-01-01 00:00"), 1)
    assert wall(at) == "2026-03-02 09:00:01"


def test_no_answer_where_the_index_ends_before():
    last = OFFICE.done[-1]
    assert add_work(OFFICE, OFFICE.starts[0], last) == OFFICE.stops[-1]
    assert add_work(OFFICE, OFFICE.starts[0], last + 1) is None
    assert add_work(OFFICE, OFFICE.stops[-1], 1) is None


def test_an_empty_calendar_never_works():
    assert add_work(EMPTY, epoch("2026-03-04 09:00"), 1) is None
    assert working_time.work_between(EMPTY, 0, 10**9) == 0
    assert working_time.nth_working_day_end(EMPTY, 0, 1, SHANGHAI) is None


# === COUNTING WORK ===


@pytest.mark.parametrize(
    ("start", "stop", "seconds"),
    [
        ("2026-03-04 09:00:00", "2026-03-04 09:00:00", 0),
        ("2026-03-04 09:00:00", "2026-03-04 09:00:01", 1),
        ("2026-03-04 08:00:00", "2026-03-04 09:00:00", 0),
        ("2026-03-04 12:00:00", "2026-03-04 13:00:00", 0),  # lunch
        ("2026-03-04 11:59:59", "2026-03-04 13:00:01", 2),
        ("2026-03-04 13:30:00", "2026-03-04 13:30:01", 1),
        ("2026-03-06 18:00:00", "2026-03-09 09:00:00", 0),  # weekend
        ("2026-03-06 17:50:00", "2026-03-09 09:05:00", 15 * 60),
        ("2026-03-02 00:00:00", "2026-03-09 00:00:00", 40 * HOUR),
        ("2026-03-09 09:05:00", "2026-03-06 17:50:00", -15 * 60),  # the other way round
    ],
)
def test_work_between(start, stop, seconds):
    assert working_time.work_between(OFFICE, epoch(start), epoch(stop)) == seconds


# === THE END OF THE N-TH WORKING DAY (T4) ===


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("2026-03-12 15:00:00", 2, "2026-03-16 18:00:00"),  # S3: Thursday, 2nd is Monday
        ("2026-03-12 15:00:00", 3, "2026-03-17 18:00:00"),
        ("2026-03-12 15:00:00", 1, "2026-03-13 18:00:00"),
        ("2026-03-12 00:00:00", 1, "2026-03-13 18:00:00"),  # any hour of the day is day 0
        ("2026-03-12 23:59:59", 1, "2026-03-13 18:00:00"),
        ("2026-03-13 00:00:00", 1, "2026-03-16 18:00:00"),
        ("2026-03-12 12:30:00", 1, "2026-03-13 18:00:00"),
        ("2026-03-14 10:00:00", 1, "2026-03-16 18:00:00"),  # begun on a Saturday
        ("2026-03-15 23:59:59", 1, "2026-03-16 18:00:00"),
        ("2026-03-30 10:00:00", 2, "2026-04-01 18:00:00"),  # month end
    ],
)
def test_nth_working_day_end(start, count, expected):
    at = working_time.nth_working_day_end(OFFICE, epoch(start), count, SHANGHAI)
    assert wall(at) == expected


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("2026-03-12 15:00:00", 1, "2026-03-12 18:00:00"),
        ("2026-03-12 00:00:00", 2, "2026-03-13 18:00:00"),
        ("2026-03-12 17:59:59", 1, "2026-03-12 18:00:00"),
        ("2026-03-12 18:00:00", 1, "2026-03-13 18:00:00"),  # no work left that day
        ("2026-03-14 10:00:00", 1, "2026-03-16 18:00:00"),  # begun on a Saturday
    ],
)
def test_the_day_of_the_start_may_count(start, count, expected):
    at = working_time.nth_working_day_end(OFFICE, epoch(start), count, SHANGHAI, same_day=True)
    assert wall(at) == expected


@pytest.mark.parametrize(
    ("moment", "step", "expected"),
    [
        ("2026-03-28 23:59:59", 1, "2026-03-30"),  # Saturday
        ("2026-03-29 00:00:00", 1, "2026-03-30"),
        ("2026-03-29 23:59:59", -1, "2026-03-27"),
        ("2026-03-28 00:00:00", -1, "2026-03-27"),
        ("2026-03-27 23:59:59", 1, "2026-03-27"),  # a working day is its own nearest
        ("2026-03-27 00:00:00", -1, "2026-03-27"),
        ("2026-03-27 23:59:59", -1, "2026-03-27"),
    ],
)
def test_rolled_day(moment, step, expected):
    day = working_time.rolled_day(OFFICE, epoch(moment), step, SHANGHAI)
    assert day.isoformat() == expected


@pytest.mark.parametrize("step", [1, -1])
def test_no_day_to_roll_to(step):
    assert working_time.rolled_day(EMPTY, 0, step, SHANGHAI) is None
    outside = "2000-01-01 10:00:00" if step < 0 else "2100-01-01 10:00:00"
    assert working_time.rolled_day(OFFICE, epoch(outside), step, SHANGHAI) is None


def test_a_day_that_may_go_on_beyond_the_index_is_no_answer():
    index = office("2026-03-02", 2)
    start = epoch("2026-03-02 10:00")
    assert working_time.nth_working_day_end(index, start, 1, SHANGHAI) is None
    index = office("2026-03-02", 3)
    at = working_time.nth_working_day_end(index, start, 1, SHANGHAI)
    assert wall(at) == "2026-03-03 18:00:00"


def test_the_day_is_that_of_the_zone():
    """Shanghai's Friday morning still belongs to New York's Thursday, the first day after."""
    start = epoch("2026-03-12 10:00")
    at = working_time.nth_working_day_end(OFFICE, start, 1, ZoneInfo("America/New_York"))
    assert wall(at) == "2026-03-13 12:00:00"


def test_empty_intervals_are_dropped():
    index = working_time.build_index([(0, 0), (5, 9), (9, 9), (20, 15), (30, 31)])
    assert index == ((5, 30), (9, 31), (4, 5))


# === PROPERTIES ===


@st.composite
def calendars(draw):
    """Return disjoint intervals in order, some of them touching, in small numbers."""
    lengths = st.tuples(st.integers(0, 9), st.integers(1, 9))
    at, intervals = draw(st.integers(-20, 20)), []
    for gap, length in draw(st.lists(lengths, max_size=12)):
        intervals.append((at + gap, at + gap + length))
        at += gap + length
    return intervals


def is_working(intervals, second):
    return any(start <= second < stop for start, stop in intervals)


@given(calendars(), st.integers(-40, 260), st.integers(-40, 260))
def test_counting_agrees_with_a_clock_that_ticks(intervals, start, stop):
    assume(start <= stop)
    ticks = sum(is_working(intervals, second) for second in range(start, stop))
    assert working_time.work_between(working_time.build_index(intervals), start, stop) == ticks


@given(calendars(), st.integers(-40, 260), st.integers(1, 60))
def test_adding_agrees_with_a_clock_that_ticks(intervals, start, seconds):
    expected, left = None, seconds
    for second in range(start, 261):
        left -= is_working(intervals, second)
        if not left:
            expected = second + 1
            break
    assert add_work(working_time.build_index(intervals), start, seconds) == expected


@given(calendars(), st.integers(-40, 260), st.integers(0, 60))
def test_adding_and_then_counting_gives_the_seconds_back(intervals, start, seconds):
    index = working_time.build_index(intervals)
    stop = add_work(index, start, seconds)
    assume(stop is not None)
    assert working_time.work_between(index, start, stop) == seconds


@given(calendars(), st.integers(-40, 260), st.integers(0, 30), st.integers(0, 30))
def test_adding_twice_is_adding_the_sum(intervals, start, first, second):
    index = working_time.build_index(intervals)
    whole = add_work(index, start, first + second)
    assume(whole is not None)
    half = add_work(index, start, first)
    assert add_work(index, half, second) == whole


OFFICE_START = epoch("2026-03-01 00:00") // 60


@given(st.integers(0, 14 * 24 * 60), st.integers(1, 20 * 60))
def test_office_hours_agree_with_a_clock_of_minutes(begin, minutes):
    """An independent clock: the wall time of each minute is asked whether the office is open."""
    at, left = OFFICE_START + begin, minutes
    while left:
        moment = datetime.fromtimestamp(at * 60, UTC).astimezone(SHANGHAI)
        is_open = moment.weekday() < 5 and any(a <= moment.hour < b for a, b in HOURS)
        left -= is_open
        at += 1
    start = (OFFICE_START + begin) * 60
    assert add_work(OFFICE, start, minutes * 60) == at * 60


# === THE DAYS OF AN INDEX ===


@given(calendars(), st.integers(-40, 260), st.integers(1, 4))
def test_working_days_lead_to_the_same_end(intervals, start, count):
    """The zone is hours ahead, so that small numbers span two days."""
    index = working_time.build_index([(a * 3600, b * 3600) for a, b in intervals])
    days = working_time.working_days(index, SHANGHAI)
    place = bisect_right(days.begins, start * 3600) + count - 1
    end = days.ends[place] if place < len(days.ends) else None
    expected = working_time.nth_working_day_end(index, start * 3600, count, SHANGHAI)
    assert end == expected


# === TAKING WORK AWAY (U5) ===


@pytest.mark.parametrize(
    ("stop", "seconds", "expected"),
    [
        ("2026-03-04 09:30:00", HOUR, "2026-03-03 17:30:00"),  # not 08:30
        ("2026-03-04 14:00:00", HOUR, "2026-03-04 13:00:00"),  # after lunch, not 12:00
        ("2026-03-04 13:30:00", HOUR, "2026-03-04 11:30:00"),
        ("2026-03-09 09:00:00", HOUR, "2026-03-06 17:00:00"),  # over the weekend
        ("2026-03-08 12:00:00", 0, "2026-03-08 12:00:00"),  # nothing to take
        ("2026-03-08 23:59:59", 8 * HOUR, "2026-03-06 09:00:00"),
        ("2026-03-02 10:00:00", HOUR, "2026-03-02 09:00:00"),  # the very first of the index
    ],
)
def test_take_work(stop, seconds, expected):
    assert wall(take_work(OFFICE, epoch(stop), seconds)) == expected


def test_nothing_left_to_take():
    assert take_work(OFFICE, epoch("2026-03-02 10:00:00"), HOUR + 1) is None
    assert take_work(EMPTY, epoch("2026-03-02 10:00:00"), 1) is None


@given(
    minutes=st.integers(0, 30 * 24 * 60),
    seconds=st.integers(1, 60 * HOUR),
)
def test_what_is_taken_away_is_what_is_left(minutes, seconds):
    stop = epoch("2026-03-02 00:00:00") + 60 * minutes
    begin = take_work(OFFICE, stop, seconds)
    assume(begin is not None)
    assert working_time.work_between(OFFICE, begin, stop) == seconds
    # The latest such instant: a second later there is less.
    assert working_time.work_between(OFFICE, begin + 1, stop) == seconds - 1


@pytest.mark.parametrize(
    ("moment", "count", "expected"),
    [
        ("2026-03-04 18:00:00", -1, "2026-03-03 09:00:00"),
        ("2026-03-04 00:00:00", -1, "2026-03-03 09:00:00"),
        ("2026-03-09 18:00:00", -1, "2026-03-06 09:00:00"),
        ("2026-03-08 23:59:59", -2, "2026-03-05 09:00:00"),
        ("2026-03-04 18:00:00", 1, "2026-03-05 09:00:00"),
        ("2026-03-04 07:00:00", 1, "2026-03-05 09:00:00"),  # its own day is day 0
        ("2026-03-06 18:00:01", 1, "2026-03-09 09:00:00"),
        ("2026-03-07 00:00:00", 2, "2026-03-10 09:00:00"),
    ],
)
def test_begin_of_the_nth_working_day(moment, count, expected):
    found = working_time.nth_working_day_start(OFFICE, epoch(moment), count, SHANGHAI)
    assert wall(found) == expected


def test_days_beyond_the_index_are_no_answer():
    for moment, count in (("2026-03-02 10:00", -1), ("2026-04-14 10:00", 1)):
        found = working_time.nth_working_day_start(OFFICE, epoch(moment), count, SHANGHAI)
        assert found is None
