"""Case numbers: the patterns of the sources, what is no pattern, and that no number comes twice."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_policy.tools import numbering


@pytest.mark.parametrize(
    ("pattern", "day", "serial", "expected"),
    [
        ("YYMMNN", date(2026, 3, 3), 1, "260301"),  # S2: the first of March
        ("YYMMNN", date(2026, 3, 3), 2, "260302"),
        ("YYMMNN", date(2026, 4, 1), 1, "260401"),
        ("YYMMNN", date(2026, 3, 31), 99, "260399"),
        ("YYMMNN", date(2026, 3, 31), 100, "2603100"),  # the 100th widens the number
        ("YYMMNN", date(2026, 3, 31), 1000, "26031000"),
        ("YYMMDDNNN", date(2026, 3, 12), 99, "260312099"),  # S3
        ("YYMMDDNNN", date(2026, 3, 13), 100, "260313100"),
        ("YYYY-NNNN", date(2026, 3, 13), 7, "2026-0007"),
        ("YYYY/MM/N", date(2026, 3, 13), 10, "2026/03/10"),
        ("N", date(2026, 3, 13), 12, "12"),
        ("YYMMNN", date(2009, 12, 1), 5, "091205"),
    ],
)
def test_format_number(pattern, day, serial, expected):
    assert numbering.format_number(pattern, day, serial) == expected


@pytest.mark.parametrize(
    ("pattern", "reset"),
    [
        ("YYMMNN", "month"),
        ("YYYYMMNN", "month"),
        ("YYMMDDNNN", "month"),
        ("YYMMDDNNN", "year"),
        ("YYNNNN", "year"),
        ("YYYY-NNNN", "year"),
        ("CF-YYYY-NNNN", "year"),
        ("2-NNNN", "never"),
        ("N", "never"),
    ],
)
def test_good_patterns(pattern, reset):
    assert numbering.check_pattern(pattern, reset) is None


@pytest.mark.parametrize(
    ("pattern", "reset", "problem"),
    [
        ("", "never", "one run of N"),
        (None, "never", "one run of N"),
        (False, "never", "one run of N"),
        ("YYMM", "month", "one run of N"),
        ("NNYYMM", "month", "one run of N"),
        ("NNYYMMNN", "month", "one run of N"),
        ("YYMMNN-", "month", "one run of N"),
        ("YYMMNN", "day", "unknown period day"),
        ("YYMMNN", None, "unknown period None"),
        ("KSYYMMNN", "month", "unknown letters KS"),
        ("CF-YYMM", "month", "one run of N"),
        ("CF-NN", "year", "needs YY"),
        ("YY-CF-NN", "year", "unknown letters CF"),
        ("yymmNN", "month", "unknown letters yymm"),
        ("YYYMMNN", "month", "unknown letters Y"),
        ("YY MMNN", "month", "unknown letters"),
        ("YYMM\nNN", "month", "unknown letters"),
        ("{0}NN", "never", "unknown letters {}"),
        ("MMNN", "month", "needs YY"),
        ("YYNN", "month", "needs MM"),
        ("NN", "month", "needs YY and MM"),
        ("MMNN", "year", "needs YY"),
        ("NN", "year", "needs YY"),
    ],
)
def test_bad_patterns(pattern, reset, problem):
    assert problem in numbering.check_pattern(pattern, reset)


@pytest.mark.parametrize(
    ("reset", "day", "key"),
    [
        ("month", date(2026, 3, 31), "202603"),
        ("month", date(2026, 4, 1), "202604"),
        ("year", date(2026, 12, 31), "2026"),
        ("year", date(2027, 1, 1), "2027"),
        ("never", date(2027, 1, 1), ""),
    ],
)
def test_period_key(reset, day, key):
    assert numbering.period_key(day, reset) == key


def test_a_prefix_stands_for_itself():
    number = numbering.format_number("CF-YYYY-NNNN", date(2026, 4, 13), 1)
    assert number == "CF-2026-0001"
    assert numbering.parse_number(number, "CF-YYYY-NNNN") == (date(2026, 1, 1), 1)
    # Its letters are no serial.
    assert numbering.counter_key("CAN-YYNN") == "CAN-YYN"


PATTERNS = st.lists(st.sampled_from(["YYYY", "YY", "MM", "DD", "-", "/", "7"]), max_size=5).flatmap(
    lambda parts: st.integers(1, 4).map(lambda width: "".join(parts) + "N" * width)
)
DAYS = st.integers(0, 3000).map(lambda number: date(2026, 1, 1) + timedelta(days=number))
CASES = st.lists(st.tuples(DAYS, st.integers(1, 1200)), min_size=2, max_size=2)


@given(PATTERNS, st.sampled_from(numbering.RESETS), CASES)
def test_a_pattern_that_passes_never_gives_a_number_twice(pattern, reset, cases):
    if numbering.check_pattern(pattern, reset):
        return
    one, other = [(numbering.period_key(day, reset), serial) for day, serial in cases]
    if one == other:
        return  # the counter never gives the same serial of a period twice
    first, second = [numbering.format_number(pattern, day, serial) for day, serial in cases]
    assert first != second


@pytest.mark.parametrize(
    ("number", "pattern", "expected"),
    [
        ("260301", "YYMMNN", (date(2026, 3, 1), 1)),
        ("2603100", "YYMMNN", (date(2026, 3, 1), 100)),  # widened
        ("2603010", "YYMMNN", None),  # a widened serial has no leading zero
        ("260300", "YYMMNN", None),  # serials begin at 1
        ("261301", "YYMMNN", None),  # no 13th month
        ("26031", "YYMMNN", None),
        ("A60301", "YYMMNN", None),
        ("２60301", "YYMMNN", None),  # full-width digits are other characters
        ("260312099", "YYMMDDNNN", (date(2026, 3, 12), 99)),
        ("260229099", "YYMMDDNNN", None),  # 2026 is no leap year
        ("240229099", "YYMMDDNNN", (date(2024, 2, 29), 99)),
        ("2026-0007", "YYYY-NNNN", (date(2026, 1, 1), 7)),
        ("12", "N", (date(2000, 1, 1), 12)),
        ("2603019999999999", "YYMMNN", None),  # longer than any counter
    ],
)
def test_parse_number(number, pattern, expected):
    assert numbering.parse_number(number, pattern) == expected


@given(
    pattern=st.sampled_from(["YYMMNN", "YYMMDDNNN", "YYYY-NNNN", "YYYY/MM/N", "YYNNNN"]),
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    serial=st.integers(1, 99_999),
)
def test_a_number_tells_its_serial(pattern, day, serial):
    number = numbering.format_number(pattern, day, serial)
    parsed_day, parsed = numbering.parse_number(number, pattern)
    assert parsed == serial
    assert numbering.format_number(pattern, parsed_day, parsed) == number


SCHEMES = [("YYMMDDNNN", "year"), ("YYMMNN", "month")]


@pytest.mark.parametrize(
    ("number", "own", "expected"),
    [
        ("260304", ("YYMMNN", "month"), [(("YYMMN", "202603"), 4)]),
        ("260304", ("YYMMDDNNN", "year"), [(("YYMMN", "202603"), 4)]),  # of another type
        ("260304", None, [(("YYMMN", "202603"), 4)]),
        ("2603100", ("YYMMNN", "month"), [(("YYMMN", "202603"), 100)]),
        ("2603100", ("YYMMDDNNN", "year"), []),  # widened: only the own pattern counts
        ("260312099", ("YYMMNN", "month"), [(("YYMMDDN", "2026"), 99)]),  # not the 12099th of March
        ("客诉17号", ("YYMMNN", "month"), []),
    ],
)
def test_counters_of(number, own, expected):
    assert numbering.counters_of(number, own, SCHEMES) == expected
