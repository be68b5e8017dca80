"""The Excel writer alone, without Odoo: what it writes is read back."""

import tracemalloc
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from crm_policy.tools import sheet

SHANGHAI = ZoneInfo("Asia/Shanghai")


def write(path, rows, columns=None, name="Register", **options):
    """Write a table of the rows (values, or values and style); return its figures."""
    columns = columns or [
        sheet.Column("text", "Text", total=None),
        sheet.Column("amount", "Amount", "amount", total=sheet.Total("sum")),
    ]
    with sheet.Book(path) as book:
        table = book.add_table(name, columns, "Title", **options)
        for row in rows:
            table.add(row)
        return table.close("Total", empty="Nothing")


def read(path, values=False):
    return load_workbook(path, data_only=values).worksheets[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "book.xlsx"


def written(path, text):
    write(path, [[text, 1]])
    return read(path)["A4"]


# === TEXT ===


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+8613800000000",
        "-1",
        "@SUM(A1)",
        "{=A1}",
        "https://example.com/x",
        "mailto:a@example.com",
        "00123",
        "客诉😀👨‍👩‍👧",
        "two\nlines",
        " leading and trailing ",
        "_x0041_",
        '<b>"&amp;</b>',
        "<r>ab",
    ],
)
def test_what_people_typed_stays_text(path, text):
    cell = written(path, text)
    assert cell.data_type != "f"
    assert cell.hyperlink is None
    # openpyxl leaves Excel's escape of a literal _x0041_ as it is in the file.
    assert cell.value.replace("_x005F", "") == text


def test_text_that_looks_like_the_writer_s_own_markup_is_escaped(path):
    assert written(path, "<r><t>&x</t></r>").value.strip() == "<r><t>&x</t></r>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x1b[0m", "abc[0m"),
        ("a\x7f\x9fb", "ab"),
        ("a\ud83db\ufffe\uffff", "ab"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\tb", "a\tb"),
        (12, "12"),
    ],
)
def test_control_characters_go(path, text, expected):
    assert sheet.clean_text(text) == expected
    assert written(path, text).value == expected


@pytest.mark.parametrize("character", ["客", "😀", "a"])
def test_text_longer_than_a_cell_is_cut_with_an_ellipsis(path, character):
    units = len(character.encode("utf-16-le")) // 2
    longest = character * (sheet.MAX_TEXT // units)
    assert sheet.clean_text(longest) == longest
    cut = sheet.clean_text(longest + character)
    assert cut.endswith("…")
    assert sheet.MAX_TEXT - 2 <= len(cut.encode("utf-16-le")) // 2 <= sheet.MAX_TEXT
    assert written(path, longest + character).value == cut


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, 1),
        ("a" * 11, 10, 1),
        ("a" * 12, 10, 2),
        ("客" * 5, 10, 1),
        ("客" * 6, 10, 2),
        ("😀" * 6, 10, 2),
        ("a\nb\n\nc", 10, 4),
        ("a\n" + "客" * 11, 10, 3),
        ("a" * 32_000, 10, sheet.MAX_LINES),
        ("\n" * 100, 10, sheet.MAX_LINES),
        ("ab", 0.1, 2),
    ],
)
def test_lines_are_counted_with_wide_characters(text, width, lines):
    assert sheet.count_lines(text, width) == lines


def test_a_row_is_as_high_as_its_longest_text(path):
    write(path, [["short", 1], ["客" * 8, 1], ["x" * 30_000, 1]])
    table = read(path)
    heights = [table.row_dimensions[row].height for row in (4, 5, 6)]
    assert heights[0] < heights[1] < heights[2] < 120


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A/B: [x]*?\\", "AB x"),
        ("'quoted'", "quoted"),
        ("客" * 40, "客" * 31),
        ("", "Sheet1"),
        ("//", "Sheet1"),
    ],
)
def test_a_sheet_s_name_is_one_that_excel_takes(path, name, expected):
    write(path, [], name=name)
    assert read(path).title == expected


# === MOMENTS ===


def moments(path, rows, **options):
    columns = [sheet.Column("at", "At", "datetime"), sheet.Column("on", "On", "date")]
    write(path, rows, columns, **options)
    return read(path)


def test_moments_are_real_dates_on_the_wall_clock_of_the_zone(path):
    table = moments(path, [[datetime(2026, 3, 31, 15, 30), date(2026, 3, 31)]], zone=SHANGHAI)
    assert table["A4"].value == datetime(2026, 3, 31, 23, 30)
    assert table["A4"].number_format == "yyyy-mm-dd hh:mm"
    assert table["A4"].is_date
    assert table["B4"].value == datetime(2026, 3, 31)


def test_moments_without_a_zone_come_as_they_are(path):
    assert moments(path, [[datetime(2026, 3, 31, 15, 30), None]])["A4"].value.hour == 15


def test_a_moment_before_excel_s_calendar_is_text(path):
    assert moments(path, [[None, date(1899, 12, 31)]])["B4"].value == "1899-12-31"


# === TOTALS ===

COLUMNS = [
    sheet.Column("step", "Step"),
    sheet.Column("day", "Day", "date", total=sheet.Total("count")),
    sheet.Column("late", "Late", alert="Yes", total=sheet.Total("count", only="Yes")),
    sheet.Column(
        "amount", "Amount", "amount", total=sheet.Total("sum", unless=("step", "Cancelled"))
    ),
    sheet.Column("plain", "Plain", "amount", total=sheet.Total("sum")),
    sheet.Column("score", "Score", "integer", total=sheet.Total("average")),
]
DAY = date(2026, 3, 2)
ROWS = [
    ["Closed", DAY, "Yes", 100.1, 1, 5],
    ["Cancelled", DAY, "No", 1000, 2, None],
    ["Open", None, "Yes", 0.2, 0, 4],
]


def test_totals_are_formulas_that_carry_their_values(path):
    figures = write(path, ROWS, COLUMNS)
    assert figures == {"day": 2, "late": 2, "amount": 100.3, "plain": 3, "score": 4.5}
    formulas = [cell.value for cell in read(path)[7]]
    assert formulas == [
        "Total",
        "=COUNTA(B4:B6)",
        '=COUNTIF(C4:C6,"Yes")',
        '=SUMIF(A4:A6,"<>Cancelled",D4:D6)',
        "=SUM(E4:E6)",
        '=IFERROR(AVERAGE(F4:F6),"")',
    ]
    assert [cell.value for cell in read(path, values=True)[7]] == ["Total", 2, 2, 100.3, 3, 4.5]


def test_nothing_to_average_is_empty_not_a_division_by_zero(path):
    assert write(path, [["Open", DAY, "No", 1, 1, None]], COLUMNS)["score"] is None
    assert read(path, values=True)["F5"].value in ("", None)


def test_a_table_without_rows_says_so_and_has_no_formulas(path):
    figures = write(path, [], COLUMNS)
    assert figures == {"day": 0, "late": 0, "amount": 0, "plain": 0, "score": None}
    table = read(path)
    assert table["A4"].value == "Nothing"
    assert [cell.value for cell in table[5]] == ["Total", 0, 0, 0, 0, None]


@pytest.mark.parametrize(
    ("text", "expected"), [("Yes", '"Yes"'), ('a"b', '"a""b"'), ("a*b?~", '"a~*b~?~~"')]
)
def test_criterion_means_just_its_text(text, expected):
    assert sheet.criterion(text) == expected


@pytest.mark.parametrize(
    ("lang", "font"),
    [
        ("zh_CN", "Microsoft YaHei"),
        ("zh_TW", "Microsoft YaHei"),
        ("en_US", "Calibri"),
        (None, "Calibri"),
    ],
)
def test_a_font_that_has_the_letters_of_the_language(lang, font):
    assert sheet.font_for(lang) == font


@pytest.mark.parametrize(("digits", "expected"), [(0, "#,##0"), (2, "#,##0.00"), (3, "#,##0.000")])
def test_amounts_show_the_decimals_of_their_currency(digits, expected):
    assert sheet.amount_format(digits) == expected


def test_zero_is_a_number_and_nothing_is_empty(path):
    write(path, [["", 0], [None, None], [False, False]])
    table = read(path)
    assert [table["A4"].value, table["B4"].value] == [None, 0]
    assert [table["B5"].value, table["B6"].value] == [None, None]


# === LAYOUT ===


def test_layout_for_screen_and_paper(path):
    write(path, ROWS, COLUMNS, note="Note", frozen=1, footer=("A & B 2026", f"{sheet.PAGE}"))
    table = read(path)
    assert table["A1"].value == "Title"
    assert table["A2"].value == "Note"
    assert [str(merged) for merged in table.merged_cells.ranges] == ["A1:F1"]
    assert [cell.value for cell in table[3]] == [column.header for column in COLUMNS]
    assert table.freeze_panes == "B4"
    assert table.auto_filter.ref == "A3:F6"
    assert table.print_title_rows == "$1:$3"
    assert table.page_setup.orientation == "landscape"
    assert table.page_setup.paperSize == 9
    assert table.page_setup.fitToWidth in (1, None)  # 1 is what is left out
    assert table.page_setup.fitToHeight == 0
    assert table.sheet_properties.pageSetUpPr.fitToPage
    assert "A && B 2026" in table.oddFooter.left.text
    assert table.column_dimensions["A"].width == pytest.approx(12, abs=1)


def test_alerts_and_muted_rows_look_different(path):
    with sheet.Book(path) as book:
        table = book.add_table("Register", COLUMNS, "Title")
        table.add(ROWS[0])
        table.add(ROWS[1], "muted")
        table.close("Total")
    table = read(path)
    assert table["C4"].font.bold and table["C4"].font.color.rgb == "FFC00000"
    assert not table["C5"].font.bold
    assert table["A4"].font.color.rgb != table["A5"].font.color.rgb


def test_a_single_column_needs_no_merge(path):
    write(path, [["x"]], [sheet.Column("only", "Only")])
    assert read(path)["A4"].value == "x"


def test_formats_are_made_once_however_many_cells(path):
    with sheet.Book(path) as book:
        table = book.add_table("Register", COLUMNS, "Title")
        before = len(book._formats)
        for _time in range(50):
            table.add(ROWS[0])
        assert len(book._formats) == before
        table.close("Total")


def test_memory_does_not_grow_with_the_rows(path):
    def peak(count):
        tracemalloc.start()
        write(path, ([f"row {number}", number] for number in range(count)))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(8000) < peak(2000) * 1.5


def test_the_same_rows_give_the_same_bytes(tmp_path):
    """Its fingerprint stands in the ledger."""
    files = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for file in files:
        with sheet.Book(file, properties={"created": datetime(2026, 4, 1)}) as book:
            table = book.add_table("Register", COLUMNS, "Title")
            for row in ROWS:
                table.add(row)
            table.close("Total")
    assert files[0].read_bytes() == files[1].read_bytes()
