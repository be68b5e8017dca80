"""Deadlines around the clock and over calendar days and months, border by border (T1, T3, T6)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_policy.tools import elapsed_time, zones

SHANGHAI = ZoneInfo("Asia/Shanghai")
PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")


def utc(text, zone=SHANGHAI):
    """Return a wall time as Odoo stores it: naive UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def wall(moment, zone=SHANGHAI):
    return str(moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-03-02 10:20:00", 24, "2026-03-03 10:20:00"),  # S2: response
        ("2026-03-02 10:20:00", 48, "2026-03-04 10:20:00"),  # S2: solution
        ("2026-03-06 17:50:00", 0.25, "2026-03-06 18:05:00"),  # S1: elapsed basis
        ("2026-03-06 17:50:00", 48, "2026-03-08 17:50:00"),  # a weekend counts
        ("2026-12-31 23:59:59", 24, "2027-01-01 23:59:59"),
        ("2028-02-28 12:00:00", 24, "2028-02-29 12:00:00"),
        ("2026-03-02 10:20:00", 1 / 3600, "2026-03-02 10:20:01"),
    ],
)
def test_hours_after(start, hours, expected):
    assert wall(elapsed_time.hours_after(utc(start), hours)) == expected


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-03-03 09:15:00", 15, "2026-03-18 23:59:59"),  # S2: settle
        ("2026-03-13 15:00:00", 15, "2026-03-28 23:59:59"),  # S2: callback, on a Saturday
        ("2026-03-03 00:00:00", 1, "2026-03-04 23:59:59"),  # any hour of the day is day 0
        ("2026-03-03 07:59:59", 1, "2026-03-04 23:59:59"),  # the day before in UTC
        ("2026-03-03 23:59:59", 1, "2026-03-04 23:59:59"),
        ("2026-03-03 09:15:00", 0, "2026-03-03 23:59:59"),  # the same day
        ("2026-02-28 09:00:00", 1, "2026-03-01 23:59:59"),
        ("2028-02-28 09:00:00", 1, "2028-02-29 23:59:59"),  # leap year
        ("2026-12-31 09:00:00", 1, "2027-01-01 23:59:59"),
    ],
)
def test_days_after(start, days, expected):
    assert wall(elapsed_time.days_after(utc(start), days, SHANGHAI)) == expected


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2026-01-31 10:00:00", 1, "2026-02-28 23:59:59"),
        ("2028-01-31 10:00:00", 1, "2028-02-29 23:59:59"),  # leap year
        ("2026-01-30 10:00:00", 1, "2026-02-28 23:59:59"),
        ("2026-01-28 10:00:00", 1, "2026-02-28 23:59:59"),
        ("2026-02-28 10:00:00", 1, "2026-03-28 23:59:59"),  # not the month's end
        ("2028-02-29 10:00:00", 12, "2029-02-28 23:59:59"),
        ("2028-02-29 10:00:00", 48, "2032-02-29 23:59:59"),
        ("2026-03-31 10:00:00", 1, "2026-04-30 23:59:59"),
        ("2026-11-30 10:00:00", 1, "2026-12-30 23:59:59"),
        ("2026-12-15 10:00:00", 1, "2027-01-15 23:59:59"),  # over the year
        ("2026-12-31 10:00:00", 2, "2027-02-28 23:59:59"),
        ("2026-02-01 07:00:00", 1, "2026-03-01 23:59:59"),  # the day before in UTC
        ("2026-06-15 10:00:00", 120, "2036-06-15 23:59:59"),
    ],
)
def test_months_after(start, months, expected):
    assert wall(elapsed_time.months_after(utc(start), months, SHANGHAI)) == expected


@pytest.mark.parametrize(
    ("start", "day", "expected"),
    [
        ("2026-03-31 16:00:00", 5, "2026-04-05 23:59:59"),  # S11: the report for March
        ("2026-03-01 00:00:00", 10, "2026-04-10 23:59:59"),
        ("2026-03-31 23:59:59", 31, "2026-04-30 23:59:59"),
        ("2026-01-31 10:00:00", 30, "2026-02-28 23:59:59"),
        ("2028-01-01 10:00:00", 31, "2028-02-29 23:59:59"),
        ("2026-12-05 10:00:00", 5, "2027-01-05 23:59:59"),  # over the year
        ("2026-04-01 07:00:00", 1, "2026-05-01 23:59:59"),  # March in UTC
    ],
)
def test_day_of_next_month(start, day, expected):
    assert wall(elapsed_time.day_of_next_month(utc(start), day, SHANGHAI)) == expected


@pytest.mark.parametrize(
    ("zone", "start", "days", "expected"),
    [
        (PARIS, "2026-03-28 12:00:00", 1, "2026-03-29 23:59:59"),  # a day of 23 hours
        (PARIS, "2026-10-24 12:00:00", 1, "2026-10-25 23:59:59"),  # a day of 25 hours
        (NEW_YORK, "2026-03-07 12:00:00", 1, "2026-03-08 23:59:59"),
    ],
)
def test_days_change_the_clock_but_not_their_end(zone, start, days, expected):
    assert wall(elapsed_time.days_after(utc(start, zone), days, zone), zone) == expected


def test_a_company_without_a_calendar_counts_in_utc():
    class Calendar:
        tz = False

    class Company:
        resource_calendar_id = Calendar

    assert zones.company_zone(Company) == ZoneInfo("UTC")
    assert zones.local_day(datetime(2026, 3, 1, 23, 30), Company) == date(2026, 3, 1)


def test_the_day_is_that_of_the_company():
    class Calendar:
        tz = "Asia/Shanghai"

    class Company:
        resource_calendar_id = Calendar

    assert zones.local_day(datetime(2026, 3, 1, 15, 59, 59), Company) == date(2026, 3, 1)
    assert zones.local_day(datetime(2026, 3, 1, 16, 0), Company) == date(2026, 3, 2)
    assert zones.local_day(datetime(2026, 3, 1, 23, 30), Company) == date(2026, 3, 2)


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
ZONES = st.sampled_from([SHANGHAI, PARIS, NEW_YORK, ZoneInfo("Australia/Lord_Howe")])


@given(MOMENTS, ZONES)
def test_the_wall_clock_and_back(moment, zone):
    assert zones.to_utc(zones.to_local(moment, zone).replace(tzinfo=None), zone) in (
        moment,
        moment - timedelta(hours=1),  # the hour that autumn shows twice
        moment - timedelta(minutes=30),
    )


@given(MOMENTS, st.integers(0, 400), ZONES)
def test_a_day_ends_one_second_before_the_next(moment, days, zone):
    due = elapsed_time.days_after(moment, days, zone)
    local = zones.to_local(due, zone)
    assert (local.date() - zones.to_local(moment, zone).date()).days == days
    assert zones.to_local(due + timedelta(seconds=1), zone).date() == local.date() + timedelta(1)
    assert due >= moment


@given(MOMENTS, st.integers(1, 130), ZONES)
def test_months_stay_in_their_month(moment, months, zone):
    start = zones.to_local(moment, zone).date()
    due = zones.to_local(elapsed_time.months_after(moment, months, zone), zone).date()
    assert (due.year - start.year) * 12 + due.month - start.month == months
    assert due.day == start.day or (due.day < start.day and (due + timedelta(1)).day == 1)
