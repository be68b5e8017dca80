"""Rows of an Excel file that a stranger made: checked before it is opened, never calculated.

Only the values are read: no formulas, no links to other files, no macros.
"""

import zipfile
from dataclasses import dataclass
from io import BytesIO

from openpyxl import load_workbook

MAX_BYTES = 15 * 1024 * 1024  # of the file
MAX_UNPACKED = 200 * 1024 * 1024  # bytes of all its parts
MAX_PARTS = 1_000
MAX_ROWS = 5_000  # with content, the head included
MAX_COLUMNS = 200
MAX_GAP = 1_000  # empty rows in a row: what comes after them belongs to something else
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# A document type declares entities, which can grow without end; no Excel file has one.
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
_PIECE = 1024 * 1024  # bytes unpacked at a time


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
    """Look at the outside: what it is, how big it becomes, what it must not hold."""
    if not content:
        raise WorkbookError("empty")
    if len(content) > MAX_BYTES:
        raise WorkbookError("size")
    if content.startswith(_OLE):
        raise WorkbookError("encrypted" if _ENCRYPTED in content else "xls")
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            _check_parts(parts)
    except WorkbookError:
        raise
    except Exception as error:  # no archive; or what a forged part makes the library raise
        raise WorkbookError("damaged" if content.startswith(b"PK") else "not_excel") from error


def _check_parts(parts):
    names = {info.filename for info in parts.infolist()}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise WorkbookError("not_excel")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise WorkbookError("macros")
    infos = parts.infolist()
    if len(infos) > MAX_PARTS or sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise WorkbookError("bomb")
    for info in infos:  # whatever they are called: a sheet may have any name
        _check_part(parts, info)


def _check_part(parts, info):
    """Unpack a part piece by piece; its declared size is not believed."""
    unpacked, tail = 0, b""
    with parts.open(info) as part:
        while piece := part.read(_PIECE):
            unpacked += len(piece)
            if unpacked > MAX_UNPACKED:
                raise WorkbookError("bomb")
            if any(mark in tail + piece for mark in _DOCTYPES):
                raise WorkbookError("damaged")
            tail = piece[-32:]


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
