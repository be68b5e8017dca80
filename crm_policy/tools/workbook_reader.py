"""Rows of an Excel file that a stranger made: checked before it is opened, never calculated.

Only the values are read: no formulas, no links to other files, no macros.
"""

from dataclasses import dataclass
from io import BytesIO

from openpyxl import load_workbook

from .office_file import Limits, OfficeError, check_container

MAX_BYTES = 15 * 1024 * 1024  # of the file
MAX_UNPACKED = 200 * 1024 * 1024  # bytes of all its parts
MAX_PARTS = 1_000
MAX_ROWS = 5_000  # with content, the head included
MAX_COLUMNS = 200
MAX_GAP = 1_000  # empty rows in a row: what comes after them belongs to something else


class WorkbookError(ValueError):
    """The file is not read; ``args[0]`` is one of the codes of :func:`read_workbook`."""


class CellError(str):
    """A cell in which Excel shows an error such as #REF!"""


@dataclass(frozen=True)
class Sheet:
    """A visible sheet.

    :ivar str title: its name.
    :ivar list rows: [(number of the row as Excel shows it, tuple of values)], without empty rows.
        A value is None, a str, an int, a float, a bool, a datetime, a time or a CellError.
    """

    title: str
    rows: list


def read_workbook(content):
    """Return the visible sheets of an .xlsx file, and the day its serial dates count from.

    :param bytes content: the file.
    :return: (list[Sheet], datetime of the epoch).
    :raises WorkbookError: "empty", "size", "xls" (or another old Office file), "encrypted",
        "not_excel", "macros", "bomb" (too big once unpacked), "damaged", "rows" (more than
        MAX_ROWS).
    """
    _check_container(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [
            Sheet(sheet.title, list(_rows(sheet)))
            for sheet in book.worksheets
            if sheet.sheet_state == "visible" and hasattr(sheet, "reset_dimensions")
        ]
        return sheets, book.epoch
    except WorkbookError:
        raise
    except Exception as error:  # whatever a broken part makes of the parser
        raise WorkbookError("damaged") from error


def _check_container(content):
    limits = Limits(MAX_BYTES, MAX_UNPACKED, MAX_PARTS)
    try:
        check_container(content, "xl/workbook", limits)
    except OfficeError as error:
        code = error.args[0]
        raise WorkbookError({"old": "xls", "other": "not_excel"}.get(code, code)) from error


def _rows(sheet):
    sheet.reset_dimensions()  # what the file says about them may be wrong
    seen, last = 0, 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        values = tuple(
            CellError(cell.value) if cell.data_type == "e" else cell.value for cell in cells
        )
        filled = [place for place, value in enumerate(values) if value not in (None, "")]
        if not filled:
            if number - last > MAX_GAP:
                return
            continue
        seen, last = seen + 1, number
        if seen > MAX_ROWS:
            raise WorkbookError("rows")
        yield number, values[: filled[-1] + 1]
