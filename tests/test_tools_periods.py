"""Calendar periods: their first and last days."""

from datetime import date

import pytest

from crm_policy.tools.periods import period_bounds, span_before, spans_since


@pytest.mark.parametrize(
    ("day", "period", "first", "last"),
    [
        ("2026-03-31", "day", "2026-03-31", "2026-03-31"),
        ("2026-03-30", "week", "2026-03-30", "2026-04-05"),  # a Monday
        ("2026-04-05", "week", "2026-03-30", "2026-04-05"),  # a Sunday
        ("2026-12-31", "week", "2026-12-28", "2027-01-03"),
        ("2026-02-15", "month", "2026-02-01", "2026-02-28"),
        ("2028-02-29", "month", "2028-02-01", "2028-02-29"),
        ("2026-12-01", "month", "2026-12-01", "2026-12-31"),
        ("2026-03-31", "quarter", "2026-01-01", "2026-03-31"),
        ("2026-04-01", "quarter", "2026-04-01", "2026-06-30"),
        ("2026-11-22", "quarter", "2026-10-01", "2026-12-31"),
        ("2026-11-22", "year", "2026-01-01", "2026-12-31"),
    ],
)
def test_the_bounds_of_a_period(day, period, first, last):
    bounds = period_bounds(date.fromisoformat(day), period)
    assert bounds == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("day", "months", "first", "last"),
    [
        ("2026-04-01", 3, "2026-01-01", "2026-03-31"),
        ("2026-03-31", 3, "2025-10-01", "2025-12-31"),
        ("2026-06-30", 3, "2026-01-01", "2026-03-31"),
        ("2026-07-15", 1, "2026-06-01", "2026-06-30"),
        ("2026-01-01", 1, "2025-12-01", "2025-12-31"),
        ("2026-01-01", 12, "2025-01-01", "2025-12-31"),
        ("2028-03-05", 2, "2028-01-01", "2028-02-29"),
    ],
)
def test_the_last_whole_span(day, months, first, last):
    span = span_before(date.fromisoformat(day), months)
    assert span == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("begin", "day", "months", "spans"),
    [
        ("2026-01-01", "2026-04-01", 3, [("2026-01-01", "2026-03-31")]),
        ("2026-01-01", "2026-03-31", 3, []),
        ("2026-04-01", "2026-04-01", 3, []),
        (
            "2025-10-01",
            "2026-05-09",
            3,
            [("2025-10-01", "2025-12-31"), ("2026-01-01", "2026-03-31")],
        ),
        # It was quarters before, now it is half-years, and the other way round.
        ("2026-04-01", "2026-07-01", 6, [("2026-04-01", "2026-06-30")]),
        ("2026-07-01", "2026-10-01", 3, [("2026-07-01", "2026-09-30")]),
        ("2028-02-15", "2028-03-01", 1, [("2028-02-15", "2028-02-29")]),
    ],
)
def test_the_spans_since_a_day(begin, day, months, spans):
    found = spans_since(date.fromisoformat(begin), date.fromisoformat(day), months)
    assert [tuple(map(str, span)) for span in found] == spans
