"""The Excel files of an import: the template to fill in, and the rejected rows to correct."""

from dataclasses import dataclass
from datetime import date, datetime, time

from xlsxwriter.utility import xl_col_to_name

from .sheet import LINE_HEIGHT, ROW_MARGIN, Book, clean_sheet_name, clean_text, count_lines

# In this column of this row stands an example; such a row is never imported.
EXAMPLE = "示例 EXAMPLE"
REASON = "原因 / Reason"
KEY_ROW, HEADER_ROW, EXAMPLE_ROW = range(3)
LAST_ROW = 5_000  # down to which lists and date formats reach
FONT_SIZE = 10  # points
GUIDE_WIDTHS = (24, 8, 50)
MAX_CHOICES = 30  # that have a column of a readable width
REASON_WIDTH = 60  # in Excel's unit, like all widths
MAX_LIST = 255  # characters of a list that stands in a validation itself
MOMENT_FORMAT = "yyyy-mm-dd hh:mm"
FORMATS = {"moment": MOMENT_FORMAT, "day": "yyyy-mm-dd", "text": "@"}
_REQUIRED, _OPTIONAL, _BAD = "#F8CBAD", "#DCE6F1", "#FFC7CE"
_GRID = {"border": 1, "border_color": "#BFC8D2", "valign": "vcenter"}


@dataclass(frozen=True)
class ImportColumn:
    """A column of the file.

    :ivar str key: its technical name, in the hidden first row of the template.
    :ivar str header: what people read.
    :ivar str kind: text | moment | day | number | choice | list (several choices, with commas).
    :ivar str field: the field of the case that it fills; problems of that field are shown here.
    :ivar bool required: every row needs it.
    :ivar dict choices: {code: label} of a choice or list.
    :ivar str hint: what else stands about it on the second sheet.
    :ivar float width: in Excel's unit.
    """

    key: str
    header: str
    kind: str = "text"
    field: str = ""
    required: bool = False
    choices: dict | None = None
    hint: str = ""
    width: float = 14


class _Book(Book):
    def __init__(self, path, font):
        super().__init__(path, font, size=FONT_SIZE, streamed=False)

    def __enter__(self):
        return self._workbook, self.format


def write_template(path, columns, example, texts, font):
    """Write the file to fill in.

    :param list[ImportColumn] columns: from left to right.
    :param dict example: {key: value} of the example row; its first column says that it is one.
    :param dict texts: "sheet" and "guide" (names of the sheets), "heads" (four: column, needed,
        what it holds, allowed values), "needed", "kinds" ({kind: words}), "notes" (lines above the
        table of the second sheet), "list" (title of the error when a value is not in its list).
    :param str font: of all cells.
    """
    with _Book(path, font) as (workbook, look):
        sheet = workbook.add_worksheet(clean_sheet_name(texts["sheet"]))
        guide = workbook.add_worksheet(clean_sheet_name(texts["guide"]))
        places = _write_guide(guide, look, columns, texts)
        sheet.set_landscape()
        sheet.set_row(KEY_ROW, None, None, {"hidden": True})
        sheet.set_row(HEADER_ROW, 30)
        sheet.freeze_panes(EXAMPLE_ROW, 1)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        gray = {"italic": True, "font_color": "#7F7F7F", "bg_color": "#F2F2F2", **_GRID}
        for place, column in enumerate(columns):
            shape = {"num_format": FORMATS[column.kind]} if column.kind in FORMATS else {}
            sheet.set_column(place, place, column.width, look(**shape))
            sheet.write_string(KEY_ROW, place, column.key)
            head = {"bold": True, "text_wrap": True, "align": "center", **_GRID}
            head["bg_color"] = _REQUIRED if column.required else _OPTIONAL
            mark = " *" if column.required else ""
            sheet.write_string(HEADER_ROW, place, clean_text(column.header) + mark, look(**head))
            value = EXAMPLE if place == 0 else example.get(column.key)
            _write_cell(sheet, EXAMPLE_ROW, place, value, look, {**gray, **shape})
            if column.kind == "choice" and column.choices:
                _validate(sheet, place, column, guide.get_name(), places[column.key], texts["list"])


def _write_guide(guide, look, columns, texts):
    """Write the second sheet; return {key: (row, first place, last place) of the choices}."""
    guide.hide_gridlines(2)
    guide.set_landscape()
    guide.fit_to_pages(1, 0)
    for place, width in enumerate(GUIDE_WIDTHS):
        guide.set_column(place, place, width)
    guide.set_column(len(GUIDE_WIDTHS), len(GUIDE_WIDTHS) + MAX_CHOICES, 12)
    row = 0
    for line in texts["notes"]:
        guide.merge_range(row, 0, row, 9, "", look(text_wrap=True, valign="top"))
        guide.write_string(row, 0, clean_text(line), look(text_wrap=True, valign="top"))
        guide.set_row(row, 18)
        row += 1
    row += 1
    head = look(bold=True, bg_color=_OPTIONAL, **_GRID)
    for place, title in enumerate(texts["heads"]):
        guide.write_string(row, place, clean_text(title), head)
    places = {}
    for column in columns:
        row += 1
        wrapped = look(text_wrap=True, **_GRID)
        guide.write_string(row, 0, clean_text(column.header), look(bold=True, **_GRID))
        guide.write_string(row, 1, texts["needed"] if column.required else "", wrapped)
        what = " ".join(part for part in (texts["kinds"][column.kind], column.hint) if part)
        guide.write_string(row, 2, clean_text(what), wrapped)
        guide.set_row(row, LINE_HEIGHT * count_lines(what, GUIDE_WIDTHS[2]) + ROW_MARGIN)
        labels = list((column.choices or {}).values())
        for number, label in enumerate(labels):
            guide.write_string(row, 3 + number, clean_text(label), wrapped)
        if labels:
            places[column.key] = (row, 3, 2 + len(labels))
    return places


def _validate(sheet, place, column, guide, choices, title):
    row, first, last = choices
    source = list(map(clean_text, column.choices.values()))
    if len(",".join(source)) > MAX_LIST or any("," in label for label in source):
        start, stop = xl_col_to_name(first, True), xl_col_to_name(last, True)
        quoted = guide.replace("'", "''")
        source = f"='{quoted}'!{start}${row + 1}:{stop}${row + 1}"
    sheet.data_validation(
        EXAMPLE_ROW,
        place,
        LAST_ROW,
        place,
        {"validate": "list", "source": source, "error_title": title[:32], "error_type": "warning"},
    )


def write_rejects(path, header, rows, font, sheet_name):
    """Write rejected rows as they came, with the reason in the last column.

    :param list header: the headings of the file, as they were.
    :param list rows: of (values of the cells, places of the cells in question, reason).
    :param str font: of all cells.
    :param str sheet_name: name of the sheet.
    """
    with _Book(path, font) as (workbook, look):
        sheet = workbook.add_worksheet(clean_sheet_name(sheet_name))
        sheet.freeze_panes(1, 1)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        width = len(header)
        head = look(bold=True, text_wrap=True, bg_color=_OPTIONAL, align="center", **_GRID)
        sheet.set_row(0, 30)
        sheet.set_column(0, max(width - 1, 0), 14)
        sheet.set_column(width, width, REASON_WIDTH)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for place, title in enumerate([*header, REASON]):
            _write_cell(sheet, 0, place, title, None, None, head)
        for row, (values, bad, reason) in enumerate(rows, start=1):
            for place in range(width):
                value = values[place] if place < len(values) else None
                shape = {"bg_color": _BAD} if place in bad else {}
                _write_cell(sheet, row, place, value, look, {**shape, **_GRID})
            wrapped = look(text_wrap=True, font_color="#9C0006", **_GRID)
            sheet.write_string(row, width, clean_text(reason), wrapped)
            sheet.set_row(row, LINE_HEIGHT * count_lines(reason, REASON_WIDTH) + ROW_MARGIN)


def _write_cell(sheet, row, place, value, look, shape, done=None):
    """Write a value as what it is; texts stay texts, whatever they look like."""
    moment = isinstance(value, datetime | date)
    if done is None:
        if moment and "num_format" not in shape:
            shape = {**shape, "num_format": MOMENT_FORMAT}
        if isinstance(value, time):
            shape = {**shape, "num_format": "hh:mm"}
        done = look(**shape)
    if value is None or value == "":
        sheet.write_blank(row, place, None, done)
    elif moment and value.year < 1900:  # Excel's calendar begins there
        sheet.write_string(row, place, str(value), done)
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value, done)
    elif moment or isinstance(value, time):
        sheet.write_datetime(row, place, value, done)
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value, done)
    else:
        sheet.write_string(row, place, clean_text(value), done)
