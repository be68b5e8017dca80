"""Excel tables written row by row: the memory they need does not grow with their rows.

A table has a merged title, a line of notes, a frozen header with filters, the rows and, under
them, totals that are formulas and carry their values, so that viewers which do not calculate show
them too. Whatever users typed is written as text, never as a formula or a link.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from math import ceil

import xlsxwriter
from xlsxwriter.utility import xl_range

from .zones import to_local

MAX_TEXT = 32_767  # UTF-16 units in a cell
MAX_SHEET_NAME = 31  # characters
MAX_FOOTER = 100  # characters of a text; Excel takes 255 for all of them and their codes
TITLE_ROW, NOTE_ROW, HEADER_ROW, FIRST_ROW = range(4)
FONT_SIZE = 9  # points
LINE_HEIGHT = 13  # points of a line of FONT_SIZE
ROW_MARGIN = 5  # points above and below the lines of a row
MAX_LINES = 8  # of a row: a pasted novel is cut off on the screen, not in the cell
# Half-width characters of FONT_SIZE in one unit of Excel's column width, its margins allowed for.
CHARACTERS_PER_WIDTH = 1.1
# What Excel replaces in a footer by the number of the page and the number of pages.
PAGE, PAGES = "&P", "&N"

# Neither XML nor a reader wants them; surrogates without a partner cannot even be encoded.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?")
_NOT_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")

_GRID = {"border": 1, "border_color": "#BFC8D2", "valign": "vcenter"}
_KINDS = {
    "text": {"align": "left", "text_wrap": True},
    "date": {"align": "center", "num_format": "yyyy-mm-dd"},
    "datetime": {"align": "center", "num_format": "yyyy-mm-dd hh:mm"},
    "integer": {"align": "center", "num_format": "0"},
    "amount": {"align": "right"},
}
_STYLES = {"normal": {}, "muted": {"font_color": "#8A8F98"}}
_ALERT = {"font_color": "#C00000", "bold": True}
_HEADER = {"bold": True, "bg_color": "#DCE6F1", "align": "center", "text_wrap": True}
_TOTAL = {"bold": True, "bg_color": "#F2F5F9", "top": 2}


@dataclass(frozen=True)
class Total:
    """How a column is summed up in the last row.

    :ivar str function: "count", "sum" or "average" of the cells that are filled.
    :ivar str only: "count" only the cells with just this text.
    :ivar tuple unless: (key, text): "sum" without the rows whose column ``key`` has this text.
    """

    function: str
    only: str = ""
    unless: tuple = ()


@dataclass(frozen=True)
class Column:
    """A column of a table.

    :ivar str key: its name in :meth:`Table.close`'s figures and in ``Total.unless``.
    :ivar str header: what people read.
    :ivar str kind: text | date | datetime | integer | amount.
    :ivar float width: in Excel's unit, about a digit of 11 points.
    :ivar int digits: decimals of an amount, and of an average.
    :ivar Total total: what stands in the last row; None for nothing.
    :ivar str alert: a text that is shown in bold red.
    :ivar bool centered: for short texts such as states.
    """

    key: str
    header: str
    kind: str = "text"
    width: float = 12
    digits: int = 2
    total: Total | None = None
    alert: str = ""
    centered: bool = False


def font_for(lang):
    """Return a font that Excel has for a language; ``lang`` is a code such as "zh_CN", or None."""
    return "Microsoft YaHei" if (lang or "").startswith("zh") else "Calibri"


def clean_text(value):
    """Return ``value`` as text that Excel opens without a repair.

    Control characters go; what is longer than a cell holds is cut and ends with an ellipsis.
    """
    text = _UNPRINTABLE.sub("", _LINE_END.sub("\n", str(value)))
    # xlsxwriter takes such an in-line string for its own mark-up and would not escape it.
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "
    if len(text) > MAX_TEXT // 2:
        units = text.encode("utf-16-le")
        if len(units) > 2 * MAX_TEXT:
            text = units[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore") + "…"
    return text


def clean_sheet_name(name):
    """Return ``name`` without what a sheet's name must not have (Excel rejects the file)."""
    name = _NOT_IN_SHEET_NAME.sub("", clean_text(name)).replace("\n", " ")
    return name[:MAX_SHEET_NAME].strip(" '") or "Sheet1"


def count_lines(text, width):
    """Return how many lines ``text`` takes in a column of ``width``; at most MAX_LINES.

    Excel would find out itself when it opens the file, other programs do not.
    """
    room = max(width * CHARACTERS_PER_WIDTH, 1)
    if "\n" not in text and len(text) * 2 <= room:
        return 1
    lines = 0
    for line in text[: MAX_LINES * int(room)].split("\n"):
        # Chinese characters, full-width signs and emoji are twice as wide.
        cells = len(line) + sum(character >= "\u2e80" for character in line)
        lines += max(ceil(cells / room), 1)
    return min(lines, MAX_LINES)


def criterion(text):
    """Return the literal of a COUNTIF or SUMIF that means just ``text``."""
    escaped = re.sub(r"([~*?])", r"~\1", text).replace('"', '""')
    return f'"{escaped}"'


class Book:
    """A workbook on disk; use it as a context manager.

    :param path: file to write.
    :param str font: font of all cells; the program that opens the file needs to have it.
    :param dict properties: title, author, company, created (naive UTC datetime).
    :param float size: of the letters, in points.
    :param bool streamed: rows are written from top to bottom and not kept in memory.
    """

    def __init__(self, path, font="Calibri", properties=None, size=FONT_SIZE, streamed=True):
        self._workbook = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": streamed,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._base = {"font_name": font, "font_size": size}
        self._formats = {}
        self._workbook.set_properties(properties or {})

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._workbook.close()

    def format(self, **properties):
        """Return the format with these properties; equal ones are one format of the workbook."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format({**self._base, **properties})
        return self._formats[key]

    def add_table(self, name, columns, title, **options):
        """Add a sheet with one table; see :class:`Table` for the options."""
        sheet = self._workbook.add_worksheet(clean_sheet_name(name))
        return Table(self, sheet, columns, title, **options)


class Table:
    """A sheet that is filled from top to bottom, row by row.

    :param Book book: the workbook, for its formats.
    :param sheet: the ``xlsxwriter`` worksheet, empty.
    :param list[Column] columns: from left to right.
    :param str title: merged over all columns.
    :param str note: one line under the title.
    :param ZoneInfo zone: the wall clock of ``datetime`` columns; None writes them as they come.
    :param int frozen: columns on the left that stay when scrolling.
    :param tuple footer: texts on the left and on the right of each printed page; the right one
        may hold :data:`PAGE` and :data:`PAGES`.
    """

    def __init__(
        self, book, sheet, columns, title, note="", zone=None, frozen=0, footer=("", PAGE)
    ):
        self._book = book
        self._sheet = sheet
        self._columns = tuple(columns)
        self._places = {column.key: place for place, column in enumerate(self._columns)}
        self._zone = zone
        self._row = FIRST_ROW
        self._sums = {place: [0, 0] for place, col in enumerate(self._columns) if col.total}
        self._cell_formats = {
            style: [self._cell_format(column, **look) for column in self._columns]
            for style, look in _STYLES.items()
        }
        self._alert_formats = [self._cell_format(column, **_ALERT) for column in self._columns]
        self._set_up(frozen, footer)
        self._write_head(title, note)

    # === LAYOUT === #

    def _cell_format(self, column, **look):
        own = {"num_format": amount_format(column.digits)} if column.kind == "amount" else {}
        if column.centered:
            own["align"] = "center"
        return self._book.format(**{**_GRID, **_KINDS[column.kind], **own, **look})

    def _set_up(self, frozen, footer):
        sheet, left, right = self._sheet, *footer
        for place, column in enumerate(self._columns):
            sheet.set_column(place, place, column.width)
        sheet.set_default_row(LINE_HEIGHT + ROW_MARGIN)
        sheet.freeze_panes(FIRST_ROW, frozen)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.5)  # inches
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(TITLE_ROW, HEADER_ROW)
        left = clean_text(left)[:MAX_FOOTER].replace("&", "&&")
        # The blanks keep a text that begins with a digit apart from the font size.
        sheet.set_footer(f"&L&8 {left}&R&8 {right}")
        # Order numbers are text on purpose: no green corners.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _write_head(self, title, note):
        sheet, last = self._sheet, len(self._columns) - 1
        big = self._book.format(bold=True, font_size=16, align="center", valign="vcenter")
        sheet.set_row(TITLE_ROW, 30)
        if last:
            sheet.merge_range(TITLE_ROW, 0, TITLE_ROW, last, "", big)
        sheet.write_string(TITLE_ROW, 0, clean_text(title), big)
        small = self._book.format(font_color="#5A6270", valign="vcenter")
        sheet.set_row(NOTE_ROW, 18)
        sheet.write_string(NOTE_ROW, 0, clean_text(note), small)
        header = self._book.format(**{**_GRID, **_HEADER})
        sheet.set_row(HEADER_ROW, 32)
        for place, column in enumerate(self._columns):
            sheet.write_string(HEADER_ROW, place, clean_text(column.header), header)

    # === ROWS === #

    def add(self, values, style="normal"):
        """Write one row.

        :param values: one per column; None, False and "" leave the cell empty. Datetimes are naive
            UTC.
        :param str style: "normal" or "muted" (what does not count).
        """
        sheet, row, formats = self._sheet, self._row, self._cell_formats[style]
        lines = 1
        for place, (column, value) in enumerate(zip(self._columns, values, strict=True)):
            kind = column.kind
            if value is None or value is False or value == "":
                sheet.write_blank(row, place, None, formats[place])
            elif kind == "text":
                text = clean_text(value)
                alert = column.alert and text == column.alert
                look = self._alert_formats[place] if alert else formats[place]
                sheet.write_string(row, place, text, look)
                lines = max(lines, count_lines(text, column.width))
            elif kind in ("date", "datetime"):
                self._write_moment(row, place, value, formats[place])
            else:
                sheet.write_number(row, place, value, formats[place])
        if lines > 1:
            sheet.set_row(row, LINE_HEIGHT * lines + ROW_MARGIN)
        self._row += 1
        for place, sums in self._sums.items():
            self._count_in(sums, place, values)

    def _write_moment(self, row, place, value, look):
        if isinstance(value, datetime) and self._zone:
            value = to_local(value, self._zone).replace(tzinfo=None)
        if value.year < 1900:  # Excel's calendar begins there
            self._sheet.write_string(row, place, str(value), look)
        else:
            self._sheet.write_datetime(row, place, value, look)

    def _count_in(self, sums, place, values):
        total, value = self._columns[place].total, values[place]
        if value is None or value is False or value == "":
            return
        if total.only and value != total.only:
            return
        if total.unless:
            key, text = total.unless
            if values[self._places[key]] == text:
                return
        sums[0] += 1
        if total.function != "count":
            sums[1] += value

    # === TOTALS === #

    def close(self, label, empty=""):
        """Write the totals, or ``empty`` when there was no row; return them.

        :param str label: stands in the first column.
        :param str empty: what a table without rows says.
        :return: {key of the column: number}; an average of nothing is None.
        """
        last = len(self._columns) - 1
        if self._row == FIRST_ROW and empty:
            quiet = self._book.format(italic=True, font_color="#5A6270")
            self._sheet.write_string(self._row, 0, clean_text(empty), quiet)
            self._row += 1
            rows = 0
        else:
            rows = self._row - FIRST_ROW
        self._sheet.autofilter(HEADER_ROW, 0, max(self._row - 1, HEADER_ROW), last)
        self._sheet.set_row(self._row, LINE_HEIGHT + 2 * ROW_MARGIN)
        figures = {}
        for place, column in enumerate(self._columns):
            if place in self._sums:
                value = figures[column.key] = self._figure(place)
                self._write_total(place, value, rows)
            else:
                text = label if place == 0 else ""
                look = self._total_format(text_wrap=False)
                self._sheet.write_string(self._row, place, clean_text(text), look)
        return figures

    def _figure(self, place):
        column, (count, amount) = self._columns[place], self._sums[place]
        if column.total.function == "count":
            return count
        if column.total.function == "sum":
            return round(amount, column.digits)
        return amount / count if count else None

    def _total_format(self, **look):
        return self._book.format(**{**_GRID, **_TOTAL, **look})

    def _write_total(self, place, value, rows):
        column = self._columns[place]
        digits = 0 if column.total.function == "count" else column.digits
        align = _KINDS[column.kind]["align"] if not column.centered else "center"
        look = self._total_format(num_format=amount_format(digits), align=align)
        if rows:
            cached = "" if value is None else value
            formula = self._formula(column, place)
            self._sheet.write_formula(self._row, place, formula, look, cached)
        elif value is None:
            self._sheet.write_blank(self._row, place, None, look)
        else:
            self._sheet.write_number(self._row, place, value, look)

    def _formula(self, column, place):
        total, cells = column.total, self._cells(place)
        if total.function == "count":
            if total.only:
                return f"=COUNTIF({cells},{criterion(total.only)})"
            return f"=COUNTA({cells})"
        if total.function == "average":
            return f'=IFERROR(AVERAGE({cells}),"")'
        if total.unless:
            key, text = total.unless
            others = self._cells(self._places[key])
            return f"=SUMIF({others},{criterion('<>' + text)},{cells})"
        return f"=SUM({cells})"

    def _cells(self, place):
        return xl_range(FIRST_ROW, place, self._row - 1, place)


def amount_format(digits):
    """Return Excel's number format with thousands separators and so many decimals."""
    return "#,##0" + ("." + "0" * digits if digits else "")
