"""Files with the days of a year: what is read, and what is wrong in which line."""

import io
from datetime import date

import openpyxl
import pytest

from crm_policy.tools.calendar_file import CalendarFileError, Day, Problem, read_days
from crm_policy.tools.workbook_reader import WorkbookError

HEAD = "date,until,kind,works as,name\n"


def read(rows, year=2027, head=HEAD):
    return read_days((head + rows).encode(), "days.csv", year)


def problems(rows, **options):
    _days, found = read(rows, **options)
    return [(problem.line, problem.code) for problem in found]


# === WHAT IS READ ===


def test_days_spans_and_make_up_days():
    days, found = read(
        "2027-01-01,2027-01-03,rest,,New Year\n2027-01-09,,work,Friday,New Year (make-up)\n"
    )
    assert not found
    assert days == [
        Day(2, date(2027, 1, 1), "rest", None, "New Year"),
        Day(2, date(2027, 1, 2), "rest", None, "New Year"),
        Day(2, date(2027, 1, 3), "rest", None, "New Year"),
        Day(3, date(2027, 1, 9), "work", "4", "New Year (make-up)"),
    ]


def test_in_chinese_and_as_excel_saves_it_in_china():
    rows = (
        "日期,至,类型,按周几上班,名称\n"
        "2027年1月1日,2027/1/3,放假,,元旦\n"
        "20270109,,调休上班,周五,元旦\n"
    )
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        days, found = read_days(rows.encode(encoding), "2027.CSV", 2027)
        assert not found
        assert [(str(day.date), day.kind, day.weekday, day.name) for day in days] == [
            ("2027-01-01", "rest", None, "元旦"),
            ("2027-01-02", "rest", None, "元旦"),
            ("2027-01-03", "rest", None, "元旦"),
            ("2027-01-09", "work", "4", "元旦"),
        ]


def test_yaml_with_its_lines():
    text = """
# 2027
days:
  - {date: 2027-01-01, kind: rest, name: 元旦}
  - date: 2027-02-30
    kind: rest
    name: 春节
  - date: 2027-01-09
    kind: work
    as: monday
    name: 元旦
"""
    days, found = read_days(text.encode(), "2027.yaml", 2027)
    assert [(day.line, str(day.date), day.weekday) for day in days] == [
        (4, "2027-01-01", None),
        (8, "2027-01-09", "0"),
    ]
    assert found == [Problem(5, "date", "2027-02-30")]


def test_excel_with_its_lines_and_without_its_example():
    book = openpyxl.Workbook()
    for row in (
        ["date", "until", "kind", "weekday", "name"],
        ["日期 *", "至", "类型 *", "按周几上班", "名称 *"],
        ["示例 EXAMPLE", None, "放假", None, "元旦"],
        [date(2027, 1, 1), None, "放假", None, "元旦"],
        [None, None, None, None, None],
        [46396, None, "放假", None, "元旦"],  # a serial number of Excel
    ):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    days, found = read_days(stream.getvalue(), "2027.xlsx", 2027)
    assert not found
    assert [(day.line, str(day.date)) for day in days] == [(4, "2027-01-01"), (6, "2027-01-09")]


@pytest.mark.parametrize(
    ("word", "code"),
    [("Monday", "0"), ("tue", "1"), ("周三", "2"), ("星期四", "3"), ("礼拜天", "6"), ("周日", "6")],
)
def test_names_of_weekdays(word, code):
    [day], _problems = read(f"2027-01-09,,work,{word},x\n")
    assert day.weekday == code


# === WHAT IS WRONG ===


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2027-02-30,,rest,,x", "date"),
        ("2027-02-29,,rest,,x", "date"),  # no leap year
        ("2027-13-01,,rest,,x", "date"),
        (",,rest,,x", "date"),
        ("soon,,rest,,x", "date"),
        ("2027-01-01 10:00,,rest,,x", "date"),
        ("9999-99-99,,rest,,x", "date"),
        ("2027-02-01,2027-02-30,rest,,x", "until"),
        ("2027-02-05,2027-02-01,rest,,x", "span"),
        ("2027-02-05,2027-09-01,rest,,x", "span"),
        ("2027-02-05,,maybe,,x", "kind"),
        ("2027-02-05,,,,x", "kind"),
        ("2027-02-06,,work,,x", "weekday_missing"),
        ("2027-02-06,,work,1,x", "weekday"),  # Monday or Tuesday?
        ("2027-02-06,,work,someday,x", "weekday"),
        ("2027-02-06,2027-02-07,work,monday,x", "work_span"),
        ("2027-02-05,,rest,,", "name"),
        ("2026-02-05,,rest,,x", "year"),
        ("2027-12-31,2028-01-02,rest,,x", "year"),
    ],
)
def test_a_row_that_is_wrong(row, code):
    assert (2, code) in problems(row + "\n")


def test_a_date_that_stands_twice():
    rows = "2027-01-01,2027-01-03,rest,,x\n2027-01-03,,work,friday,x\n2027-01-01,,rest,,x\n"
    _days, found = read(rows)
    assert found == [Problem(3, "twice", "2"), Problem(4, "twice", "2")]


def test_all_mistakes_are_told_at_once():
    assert problems("x,,y,,\n2027-02-30,,rest,,x\n") == [
        (2, "date"),
        (2, "kind"),
        (2, "name"),
        (3, "date"),
    ]


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (b"a,b\n1,2\n", "x.csv", "columns"),
        (b"", "x.csv", "columns"),
        (b"days: 5\n", "x.yaml", "columns"),
        (b"- 5\n", "x.yaml", "columns"),
        (b"", "x.yaml", "columns"),
        (b"days: [\n", "x.yaml", "yaml"),
        (b"[" * 5000, "x.yaml", "yaml"),
        (b"days: *a\n", "x.yaml", "yaml"),
        (b"\xff\xff\x00", "x.csv", "text"),
        (b" " * 1_000_001, "x.csv", "size"),
    ],
)
def test_a_file_that_is_not_read(content, filename, code):
    with pytest.raises(CalendarFileError) as caught:
        read_days(content, filename, 2027)
    assert caught.value.args[0] == code


def test_rows_of_yaml_that_are_no_days():
    found = read_days(b"days: [5, [1], {? [1] : 2}, {date: [1]}]\n", "x.yaml", 2027)[1]
    assert {problem.code for problem in found} == {"date", "kind", "name"}


def test_a_file_that_is_no_excel_file():
    with pytest.raises(WorkbookError):
        read_days(b"PK", "x.xlsx", 2027)
