"""The Excel copy of a version's numbers: people change one column, it comes back and is checked.

The first row is hidden and says which version it is a copy of; the first column is hidden and says
which number a row holds. Everything but the values is locked, and compared when it comes back.
"""

from dataclasses import dataclass
from math import isfinite

from .cell_values import number_of, plain, text_of
from .sheet import LINE_HEIGHT, ROW_MARGIN, Book, clean_sheet_name, clean_text, count_lines

MARK = "crm_policy.parameters"
MARK_ROW, TITLE_ROW, NOTE_ROW, HEADER_ROW, FIRST_ROW = range(5)
HEADERS = (
    "",
    "条款 / Clause",
    "条款标题 / Title",
    "规则 / Rule",
    "含义 / Meaning",
    "单位 / Unit",
    "值 / Value",
    "建议值 / Proposed",
    "制度包原值 / Pack's Value",
)
VALUE = HEADERS.index("值 / Value")
WIDTHS = (4, 9, 24, 28, 28, 14, 12, 10, 14)
YES = "是 / Yes"
LARGEST = 10_000_000_000
_GRID = {"border": 1, "border_color": "#BFC8D2", "valign": "vcenter"}


@dataclass(frozen=True)
class Row:
    """A number of a version.

    :ivar str key: where it is: "section/code/path".
    :ivar tuple words: clause, title, rule, meaning, unit: what stands before the value.
    :ivar value: int or float.
    :ivar bool whole: no fractions.
    :ivar bool proposed: somebody still has to confirm it.
    :ivar was: what the pack says, where the company has changed it; else None.
    """

    key: str
    words: tuple
    value: float
    whole: bool = False
    proposed: bool = False
    was: float | None = None


class SheetError(ValueError):
    """The file is no copy of these numbers.

    :ivar list problems: (code, number of the row in Excel or 0, detail).
    """

    def __init__(self, problems):
        super().__init__(str(problems))
        self.problems = problems


def write(path, rows, version, mark, font, notes):
    """Write the copy.

    :param list[Row] rows: in the order of the clauses.
    :param str version: how people call it.
    :param str mark: fingerprint of the version's numbers; comes back with the file.
    :param str font: of all cells.
    :param list notes: lines under the title.
    """
    with Book(path, font, size=10, streamed=False) as book:
        sheet = book._workbook.add_worksheet(clean_sheet_name(version))
        sheet.set_row(MARK_ROW, None, None, {"hidden": True})
        sheet.write_string(MARK_ROW, 0, MARK)
        sheet.write_string(MARK_ROW, 1, mark)
        for place, width in enumerate(WIDTHS):
            sheet.set_column(place, place, width, None, {"hidden": place == 0})
        last = len(HEADERS) - 1
        big = book.format(bold=True, font_size=16, valign="vcenter")
        sheet.merge_range(TITLE_ROW, 1, TITLE_ROW, last, clean_text(version), big)
        sheet.set_row(TITLE_ROW, 30)
        note = "\n".join(notes)
        small = book.format(font_color="#5A6270", text_wrap=True, valign="top")
        sheet.merge_range(NOTE_ROW, 1, NOTE_ROW, last, clean_text(note), small)
        sheet.set_row(NOTE_ROW, LINE_HEIGHT * count_lines(note, sum(WIDTHS[1:])) + ROW_MARGIN)
        head = book.format(bold=True, bg_color="#DCE6F1", align="center", text_wrap=True, **_GRID)
        sheet.set_row(HEADER_ROW, 32)
        for place, title in enumerate(HEADERS):
            sheet.write_string(HEADER_ROW, place, title, head)
        for number, row in enumerate(rows, start=FIRST_ROW):
            _write_row(book, sheet, number, row)
        sheet.freeze_panes(FIRST_ROW, VALUE)
        sheet.autofilter(HEADER_ROW, 1, max(FIRST_ROW, FIRST_ROW + len(rows) - 1), last)
        # No password: it keeps hands from slipping; what comes back is compared.
        sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True})
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADER_ROW)


def _write_row(book, sheet, number, row):
    locked = book.format(text_wrap=True, **_GRID)
    sheet.write_string(number, 0, row.key)
    for place, words in enumerate(row.words, start=1):
        sheet.write_string(number, place, clean_text(words), locked)
    # Not "#,##0.##": Excel shows a whole number as "24." then.
    shape = "0" if row.whole else "[<1000]General;#,##0.00"
    background = "#FFE699" if row.proposed else "#FFF8DC"
    open_cell = book.format(locked=False, bg_color=background, num_format=shape, **_GRID)
    sheet.write_number(number, VALUE, row.value, open_cell)
    sheet.data_validation(
        number,
        VALUE,
        number,
        VALUE,
        {
            "validate": "integer" if row.whole else "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": LARGEST,
            "error_title": "值 / Value",
            "error_message": "请填写不小于零的数字。/ A number of zero or more.",
        },
    )
    sheet.write_string(number, VALUE + 1, YES if row.proposed else "", locked)
    if row.was is None:
        sheet.write_blank(number, VALUE + 2, None, locked)
    else:
        sheet.write_number(number, VALUE + 2, row.was, book.format(num_format=shape, **_GRID))
    width = max(
        count_lines(words, width) for words, width in zip(row.words, WIDTHS[1:], strict=False)
    )
    sheet.set_row(number, LINE_HEIGHT * width + ROW_MARGIN)


def read(sheets, rows, mark):
    """Return {key: new value} of the values that differ from ``rows``.

    :param list sheets: of ``workbook_reader.read_workbook``.
    :param list[Row] rows: what the version says now.
    :param str mark: its fingerprint now.
    :raises SheetError: with every problem: "not_ours", "stale", "twice", "unknown", "identity",
        "type", "empty", "range".
    """
    if not sheets or not sheets[0].rows:
        raise SheetError([("not_ours", 0, "")])
    [first, *lines] = sheets[0].rows
    cells = [_text(value) for value in first[1]]
    if cells[:1] != [MARK] or len(cells) < 2:
        raise SheetError([("not_ours", 0, "")])
    if cells[1] != mark:
        raise SheetError([("stale", 0, "")])
    expected = {row.key: row for row in rows}
    problems, found = [], {}
    for number, values in lines:
        if number <= HEADER_ROW + 1:
            continue
        values = (*values, *[None] * (len(HEADERS) - len(values)))
        key = _text(values[0])
        row = expected.get(key)
        if row is None:
            problems.append(("unknown", number, key))
        elif key in found:
            problems.append(("twice", number, key))
        else:
            problem, found[key] = _read_value(row, values)
            if problem:
                problems.append((problem[0], number, problem[1]))
    if problems:
        raise SheetError(problems)
    return {key: value for key, value in found.items() if value != expected[key].value}


def _read_value(row, values):
    """Return (problem or None, value) of one row."""
    for place, words in enumerate(row.words, start=1):
        if _text(values[place]) != plain(clean_text(words)):
            return ("identity", HEADERS[place]), None
    try:
        value = number_of(values[VALUE])
    except ValueError:
        return ("type", _text(values[VALUE])), None
    if value is None:
        return ("empty", ""), None
    if row.whole and value % 1:
        return ("type", f"{value:g}"), None
    if not isfinite(value) or not 0 <= value <= LARGEST:
        return ("range", f"{value:g}"), None
    return None, int(value) if row.whole else value


def _text(value):
    try:
        return plain(text_of(value))
    except ValueError:
        return ""
