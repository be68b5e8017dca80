"""What a cell means: each way of writing a date or a number, and what is none."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, to_excel

from crm_policy.tools import cell_values
from crm_policy.tools.workbook_reader import CellError

WINDOWS, MAC = CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("  ", None),
        (datetime(2024, 3, 5, 14, 30), datetime(2024, 3, 5, 14, 30)),
        (datetime(2024, 3, 5, 14, 29, 59, 999_999), datetime(2024, 3, 5, 14, 30)),
        ("2024-03-05", datetime(2024, 3, 5)),
        ("2024/3/5", datetime(2024, 3, 5)),
        ("2024.3.5", datetime(2024, 3, 5)),
        ("2024年3月5日", datetime(2024, 3, 5)),
        ("2024年3月5", datetime(2024, 3, 5)),
        ("2024-03-05 14:30", datetime(2024, 3, 5, 14, 30)),
        ("2024-03-05T14:30:59", datetime(2024, 3, 5, 14, 30, 59)),
        ("2024/3/5 9:05:07", datetime(2024, 3, 5, 9, 5, 7)),
        ("2024年3月5日 14时30分", datetime(2024, 3, 5, 14, 30)),
        ("2024年3月5日14时30分15秒", datetime(2024, 3, 5, 14, 30, 15)),
        ("2024年3月5日14点", datetime(2024, 3, 5, 14)),
        ("2024-3-5 下午2:30", datetime(2024, 3, 5, 14, 30)),
        ("2024-3-5 上午12:30", datetime(2024, 3, 5, 0, 30)),
        ("2024-3-5 下午12:30", datetime(2024, 3, 5, 12, 30)),
        ("２０２４－３－５　１４：３０", datetime(2024, 3, 5, 14, 30)),
        ("2024-02-29", datetime(2024, 2, 29)),
        ("20240305", datetime(2024, 3, 5)),
        (20240305, datetime(2024, 3, 5)),
        (45356, datetime(2024, 3, 5)),
        (45356.604166666664, datetime(2024, 3, 5, 14, 30)),
    ],
)
def test_moments(value, expected):
    assert cell_values.moment_of(value, WINDOWS) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2023-02-29",
        "2024-13-01",
        "2024-04-31",
        "2024-03-05 25:00",
        "2024-03-05 14:60",
        "2024-3-5 下午13:30",
        "24-3-5",
        "3/5/2024",
        "5.3.2024",
        "2024-03-05 14:30Z",
        "昨天",
        "2024-03",
        "20241301",
        "1979-12-31",
        "2100-01-01",
        0,
        -1,
        0.5,
        1,
        1e18,
        float("nan"),
        float("inf"),
        True,
        time(9, 0),
        timedelta(days=1),
        datetime(1899, 12, 31),
        CellError("#N/A"),
    ],
)
def test_what_is_no_moment(value):
    with pytest.raises(ValueError):
        cell_values.moment_of(value, WINDOWS)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31)), st.sampled_from([WINDOWS, MAC]))
def test_serial_numbers_of_both_calendars(moment, epoch):
    moment = moment.replace(microsecond=0)
    read = cell_values.moment_of(to_excel(moment, epoch), epoch)
    assert abs(read - moment) <= timedelta(seconds=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (" ", None),
        (0, 0),
        (12.5, 12.5),
        ("12", 12),
        ("1,200.50", 1200.5),
        ("１，２００", 1200),
        ("￥3,000.50 元", 3000.5),
        ("-5", -5),
    ],
)
def test_numbers(value, expected):
    assert cell_values.number_of(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "150件",
        "1-2",
        "nan",
        "inf",
        "约5",
        True,
        datetime(2024, 3, 5),
        float("inf"),
        CellError("#REF!"),
    ],
)
def test_what_is_no_number(value):
    with pytest.raises(ValueError):
        cell_values.number_of(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (260301.0, "260301"),
        (260301, "260301"),
        (1.5, "1.5"),
        ("  a\r\nb\x00 ", "a\nb"),
        (True, "TRUE"),
        (datetime(2024, 3, 5), "2024-03-05"),
        (datetime(2024, 3, 5, 14, 30), "2024-03-05 14:30:00"),
    ],
)
def test_texts(value, expected):
    assert cell_values.text_of(value) == expected


def test_an_error_of_excel_is_no_text():
    with pytest.raises(ValueError):
        cell_values.text_of(CellError("#N/A"))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Registered At", "registeredat"),
        (" registered  AT * ", "registeredat"),
        ("Remedy Amount (CNY)", "remedyamount"),
        ("补救金额（元）", "补救金额"),
        ("编号：", "编号"),
        ("registered_at", "registered_at"),
        (7, ""),
        (None, ""),
    ],
)
def test_headings(title, expected):
    assert cell_values.header_key(title) == expected
