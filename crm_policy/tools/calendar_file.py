"""The days of a year as a file that people write: YAML, CSV or Excel in, checked days out.

A row is a day, or a span of days of rest, for the notices speak of spans. Every mistake is found
and said with its line at once; nothing here knows a database.
"""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import yaml

from .cell_values import header_key, moment_of, plain, text_of
from .import_sheet import EXAMPLE
from .workbook_reader import read_workbook

MAX_BYTES = 1_000_000  # of a text file
MAX_SPAN = 60  # days of a row: beyond that somebody has mistaken a month
EPOCH = datetime(1899, 12, 30)  # of serial dates, where the file is no Excel file
HEAD_ROWS = 10  # among so many rows at the top the headings are found

HEADINGS = {
    "date": "date|day|from|日期|开始日期|起始日期|从",
    "until": "until|to|last day|截至|结束日期|截止日期|至|到",
    "kind": "kind|type|类别|类型|性质|种类",
    "weekday": "works as|as|as weekday|weekday|按周几上班|按星期几上班|补班按|补哪天的班",
    "name": "name|holiday|名称|节日|节假日|说明",
}
KINDS = {
    "rest": "rest|rest day|holiday|off|休|休息|放假|节假日|休息日",
    "work": "work|workday|make-up workday|班|上班|补班|调休|调休上班|工作日",
}
# Numbers are not read: for some the week begins with 0, for others with 1, on Sunday or on Monday.
WEEKDAYS = {
    str(number): f"{name}|{name[:3]}|周{sign}|星期{sign}|礼拜{sign}"
    for number, (name, sign) in enumerate(
        zip(
            "monday tuesday wednesday thursday friday saturday sunday".split(),
            "一二三四五六日",
            strict=True,
        )
    )
}
WEEKDAYS["6"] += "|周天|星期天|礼拜天"


class CalendarFileError(ValueError):
    """The file as a whole is not read; ``args[0]`` is a code: "columns", "text" (in which
    encoding?), "yaml" (``args[1]`` says why) or "size"."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row.

    :ivar int line: as an editor or Excel numbers it.
    :ivar str code: date | until | span | kind | weekday | weekday_missing | work_span | name |
        year | twice.
    :ivar str value: what stands there; for "twice" the line of the first one.
    """

    line: int
    code: str
    value: str = ""


@dataclass(frozen=True)
class Day:
    """A day of the file: ``weekday`` is "0" (Monday) to "6", or None on a day of rest."""

    line: int
    date: date
    kind: str
    weekday: str | None
    name: str


def _codes(words):
    return {header_key(word): code for code, text in words.items() for word in text.split("|")}


_HEADINGS, _KINDS, _WEEKDAYS = map(_codes, (HEADINGS, KINDS, WEEKDAYS))


def read_days(content, filename, year):
    """Return the days of a file and what is wrong with it.

    :param bytes content: the file; its name says by its end what it is (.yaml, .yml, .csv; any
        other is taken for Excel).
    :param int year: the year that all days must lie in.
    :return: (list[Day] in the order of the file, list[Problem]).
    :raises CalendarFileError: the file is not read at all.
    :raises WorkbookError: it is no sound Excel file.
    """
    name = (filename or "").lower()
    if name.endswith((".yaml", ".yml")):
        rows, epoch = _yaml_rows(_text(content)), EPOCH
    elif name.endswith(".csv"):
        table = csv.reader(io.StringIO(_text(content), newline=""))
        rows, epoch = _table_rows([(table.line_num, cells) for cells in table]), EPOCH
    else:
        sheets, epoch = read_workbook(content)
        rows = _table_rows(sheets[0].rows if sheets else [])
    days, problems, seen = [], [], {}
    for line, values in rows:
        found, wrong = _read_row(line, values, epoch)
        for day in found:
            if day.date.year != year:
                wrong.append(Problem(line, "year", str(day.date)))
            elif day.date in seen:
                wrong.append(Problem(line, "twice", str(seen[day.date])))
            else:
                seen[day.date] = line
                days.append(day)
        problems += wrong
    return days, problems


def _text(content):
    if len(content) > MAX_BYTES:
        raise CalendarFileError("size")
    for encoding in ("utf-8-sig", "gb18030"):  # Excel in China saves CSV in the latter
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CalendarFileError("text")


def _yaml_rows(text):
    """Yield (line, values) of the list ``days``; dates stay text until they are judged."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise CalendarFileError("yaml", str(error)) from error
    lists = [value for key, value in _pairs(root) if key.value == "days"]
    if not lists or not isinstance(lists[0], yaml.SequenceNode):
        raise CalendarFileError("columns")
    for node in lists[0].value:
        values = {}
        for key, value in _pairs(node):
            code = _HEADINGS.get(header_key(key.value))
            if code and isinstance(value, yaml.ScalarNode):
                values[code] = value.value
        yield node.start_mark.line + 1, values


def _pairs(node):
    return node.value if isinstance(node, yaml.MappingNode) else []


def _table_rows(rows):
    """Yield (line, values) of the rows below the headings, the example row excepted."""
    for index, (_line, cells) in enumerate(rows[:HEAD_ROWS]):
        keys = [_HEADINGS.get(header_key(cell)) for cell in cells]
        if {"date", "kind"} <= set(keys):
            last = index
            # The technical names of the template stand in a row above the words.
            following = rows[index + 1 : index + 2]
            if following and {"date", "kind"} <= {
                _HEADINGS.get(header_key(cell)) for cell in following[0][1]
            }:
                last = index + 1
            break
    else:
        raise CalendarFileError("columns")
    for line, cells in rows[last + 1 :]:
        values = {key: cell for key, cell in zip(keys, cells, strict=False) if key}
        filled = [cell for cell in cells if cell not in (None, "")]
        if filled and not (isinstance(filled[0], str) and plain(filled[0]) == EXAMPLE):
            yield line, values


def _read_row(line, values, epoch):
    """Return the days of one row and its problems."""
    problems = []

    def wrong(code, key):
        problems.append(Problem(line, code, _shown(values.get(key))))

    first, last = _day(values.get("date"), epoch), _day(values.get("until"), epoch)
    kind = _KINDS.get(header_key(_shown(values.get("kind"))))
    weekday = _WEEKDAYS.get(header_key(_shown(values.get("weekday"))))
    name = _shown(values.get("name"))
    if first is None:
        wrong("date", "date")
    if last is None and _shown(values.get("until")):
        wrong("until", "until")
    if kind is None:
        wrong("kind", "kind")
    if kind == "work" and weekday is None:
        wrong("weekday" if _shown(values.get("weekday")) else "weekday_missing", "weekday")
    if not name:
        wrong("name", "name")
    if first and last and not first <= last <= first + timedelta(days=MAX_SPAN):
        wrong("span", "until")
    elif first and last and last > first and kind == "work":
        wrong("work_span", "until")
    if problems:
        return [], problems
    number = (last - first).days + 1 if last else 1
    weekday = weekday if kind == "work" else None
    return [
        Day(line, first + timedelta(days=shift), kind, weekday, name) for shift in range(number)
    ], []


def _shown(value):
    try:
        return re.sub(r"\s+", " ", text_of(value))
    except ValueError as error:
        return str(error)


def _day(value, epoch):
    """Return the date of a cell, None for one that is empty or no date."""
    try:
        moment = moment_of(value, epoch)
    except (ValueError, OverflowError):
        return None
    return moment.date() if moment and moment.time() == datetime.min.time() else None
