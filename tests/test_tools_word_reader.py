"""A Word file is looked at before it is opened, and read as Word shows it."""

import zipfile
from io import BytesIO
from unittest.mock import patch

import pytest
from docx import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_policy.tools import office_file, word_reader
from crm_policy.tools.word_numbering import shown_as
from crm_policy.tools.word_reader import WordError, read_word

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def as_bytes(document):
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def document(*lines):
    made = Document()
    for line in lines:
        made.add_paragraph(line)
    return made


GOOD = as_bytes(document("第一条 目的", "为规范投诉。"))


def changed(content=GOOD, add=(), **parts):
    """Return a file with parts replaced (document=..., types=...) or added."""
    names = {"document": "word/document.xml", "types": "[Content_Types].xml"}
    new = {names[key]: value for key, value in parts.items()}
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as made:
        for info in old.infolist():
            change = new.get(info.filename, lambda part: part)
            made.writestr(info.filename, change(old.read(info)))
        for name, part in add:
            made.writestr(name, part)
    return stream.getvalue()


def with_entity(part):
    entity = b'<!DOCTYPE d [<!ENTITY x "boom"><!ENTITY y "&x;&x;&x;">]>'
    return part.replace(b"<w:document", entity + b"<w:document", 1)


def codes():
    return {
        "empty": b"",
        "old": OLE + b"\0" * 600,
        "encrypted": OLE + b"\0" * 9 + "EncryptedPackage".encode("utf-16-le"),
        "other": b"%PDF-1.7",
        "macros": changed(add=[("word/vbaProject.bin", b"x")]),
        "damaged": GOOD[: len(GOOD) // 2],
        "blank": as_bytes(Document()),
    }


@pytest.mark.parametrize("code", codes())
def test_bad_files(code):
    with pytest.raises(WordError) as caught:
        read_word(codes()[code])
    assert caught.value.args == (code,)


def test_more_bad_files():
    macro_type = b"application/vnd.ms-word.document.macroEnabled.main+xml"
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("holiday.jpg", b"x")
    rows = [
        ("other", stream.getvalue()),
        ("other", b"\0" * 100),
        ("macros", changed(types=lambda part: part.replace(plain, macro_type))),
        ("damaged", changed(document=with_entity)),
        ("damaged", changed(document=lambda part: with_entity(part).decode().encode("utf-16"))),
        ("damaged", changed(document=lambda part: part[:700])),
        ("damaged", changed(document=lambda part: b"")),
        ("damaged", GOOD.replace(b"PK\x01\x02", b"PK\x01\x03")),
    ]
    for code, content in rows:
        with pytest.raises(WordError) as caught:
            read_word(content)
        assert caught.value.args == (code,)


def test_limits():
    for name, value, code in (
        ("MAX_BYTES", 100, "size"),
        ("MAX_UNPACKED", 1_000, "bomb"),
        ("MAX_PARTS", 3, "bomb"),
        ("MAX_PARAGRAPHS", 1, "long"),
        ("MAX_CHARACTERS", 3, "long"),
    ):
        with patch.object(word_reader, name, value), pytest.raises(WordError, match=code):
            read_word(GOOD)


def test_a_declared_size_is_not_believed():
    """A part that unpacks to more than the archive says is a bomb or damaged, never read whole."""
    bomb = changed(add=[("word/big.xml", b"0" * 3_000_000)])
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(bomb)) as old:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
            for info in old.infolist():
                made.writestr(info.filename, old.read(info))
    content = packed.getvalue()
    size = (3_000_000).to_bytes(4, "little")
    with patch.object(word_reader, "MAX_UNPACKED", 2_000_000):
        for forged in (content, content.replace(size, (9).to_bytes(4, "little"))):
            with pytest.raises(WordError, match="bomb|damaged"):
                read_word(forged)


def texts(made):
    return [paragraph.text for paragraph in read_word(as_bytes(made)).paragraphs]


def test_soft_breaks_blanks_and_levels():
    made = document("第一条　目的\n第二条\u00a0　范围\t全公司", "  ")
    made.add_heading("附则", 2)
    made.add_paragraph("客户投诉制度", style="Title")
    found = read_word(as_bytes(made)).paragraphs
    assert [(each.text, each.level) for each in found] == [
        ("第一条　目的", None), ("第二条 　范围 全公司", None), ("附则", 2), ("客户投诉制度", 0),
    ]  # fmt: skip


def test_tables_row_by_row():
    made = document("第一条 权限")
    table = made.add_table(rows=2, cols=2)
    for cell, text in zip([*table.rows[0].cells, *table.rows[1].cells],
                          ["审批人", "金额", "经理", "5000元\n以下"], strict=True):  # fmt: skip
        cell.text = text
    inner = table.rows[1].cells[0].add_table(rows=1, cols=1)
    inner.rows[0].cells[0].text = "内表"
    found = read_word(as_bytes(made)).paragraphs
    assert [(each.text, each.table) for each in found] == [
        ("第一条 权限", False),
        ("审批人 | 金额", True),
        ("经理 | 5000元 以下", True),
        ("内表", True),
    ]


def test_tracked_changes_hidden_words_boxes_and_controls():
    made = document("受理后")
    paragraph = made.paragraphs[0]._p
    paragraph.append(
        parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>48</w:delText></w:r></w:del>")
    )
    paragraph.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>24</w:t></w:r></w:ins>"))
    paragraph.append(
        parse_xml(f"<w:hyperlink {nsdecls('w')}><w:r><w:t>小时内</w:t></w:r></w:hyperlink>")
    )
    paragraph.append(
        parse_xml(f"<w:r {nsdecls('w')}><w:rPr><w:vanish/></w:rPr><w:t>机密</w:t></w:r>")
    )
    paragraph.append(
        parse_xml(
            f"<w:r {nsdecls('w')}><w:pict><w:txbxContent><w:p><w:r><w:t>框内</w:t></w:r></w:p>"
            "</w:txbxContent></w:pict></w:r>"
        )
    )
    paragraph.append(parse_xml(f"<w:r {nsdecls('w')}><w:pict/></w:r>"))
    control = parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>控件</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>"
    )
    paragraph.addnext(control)
    read = read_word(as_bytes(made))
    assert [each.text for each in read.paragraphs] == ["受理后24小时内", "框内", "控件"]
    assert read.remarks == {"deleted": 1, "hidden": 1, "pictures": 1}


def test_the_table_of_contents_is_left_out():
    made = document("第一条 目的")
    style = made.styles.add_style("toc 1", 1)
    line = made.add_paragraph("第一条 目的\t1")
    line.style = style
    read = read_word(as_bytes(made))
    assert [each.text for each in read.paragraphs] == ["第一条 目的"]
    assert read.remarks == {"contents": 1}


def numbered(levels, *lines, more=""):
    """Return a document whose lines Word numbers: lines are (list, level, text)."""
    made = Document()
    root = made.part.numbering_part.element
    for child in list(root):
        root.remove(child)
    definition = "".join(
        f'<w:lvl w:ilvl="{place}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for place, (kind, text, start) in enumerate(levels)
    )
    root.append(
        parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="1">{definition}</w:abstractNum>')
    )
    for list_id in (1, 2):
        root.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{list_id}"><w:abstractNumId w:val="1"/>'
                f"{more if list_id == 2 else ''}</w:num>"
            )
        )
    for list_id, level, text in lines:
        place = made.add_paragraph(text)._p.get_or_add_pPr().get_or_add_numPr()
        place.get_or_add_numId().val = list_id
        place.get_or_add_ilvl().val = level
    return made


CHAPTERS = [
    ("chineseCountingThousand", "第%1章", 1),
    ("decimal", "%1.%2", 1),
    ("chineseCounting", "（%3）", 1),
]


def test_numbers_that_word_computes():
    made = numbered(
        CHAPTERS,
        (1, 0, "总则"),
        (1, 1, "目的"),
        (1, 1, "范围"),
        (1, 2, "甲"),
        (1, 0, "时限"),
        (1, 1, "响应"),
    )
    assert texts(made) == [
        "第一章 总则", "一.1 目的", "一.2 范围", "（一） 甲", "第二章 时限", "二.1 响应",
    ]  # fmt: skip


def test_lists_go_on_and_begin_again():
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    lines = [(1, 0, "甲"), (2, 0, "乙"), (2, 0, "丙"), (1, 0, "丁")]
    assert texts(numbered([("decimal", "%1.", 3)], *lines)) == ["3. 甲", "4. 乙", "5. 丙", "6. 丁"]
    assert texts(numbered([("decimal", "%1.", 3)], *lines, more=again)) == [
        "3. 甲", "5. 乙", "6. 丙", "7. 丁",
    ]  # fmt: skip


def test_bullets_and_no_list_have_no_number():
    made = numbered([("bullet", "•", 1)], (1, 0, "甲"), (0, 0, "乙"), (9, 0, "丙"))
    assert texts(made) == ["甲", "乙", "丙"]


def test_legal_numbers_are_figures():
    made = numbered(
        [("chineseCounting", "%1、", 1), ("decimal", "%1.%2", 1)], (1, 0, "甲"), (1, 1, "乙")
    )
    level = made.part.numbering_part.element.findall(f".//{qn('w:lvl')}")[1]
    level.insert(2, OxmlElement("w:isLgl"))
    assert texts(made) == ["一、 甲", "1.1 乙"]


def test_numbers_of_a_style():
    made = numbered(CHAPTERS, (1, 0, "总则"))
    style = made.styles.add_style("条", 1)
    style.element.get_or_add_pPr().append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="1"/></w:numPr>')
    )
    level = made.part.numbering_part.element.findall(f".//{qn('w:lvl')}")[1]
    level.insert(2, parse_xml(f'<w:pStyle {nsdecls("w")} w:val="{style.style_id}"/>'))
    made.add_paragraph("目的", style=style)
    assert texts(made) == ["第一章 总则", "一.1 目的"]


def test_formats():
    rows = [
        (3, "lowerLetter", "c"),
        (28, "upperLetter", "BB"),
        (4, "lowerRoman", "iv"),
        (1994, "upperRoman", "MCMXCIV"),
        (12, "decimalEnclosedCircleChinese", "⑫"),
        (21, "decimalEnclosedCircle", "21"),
        (7, "decimalZero", "07"),
        (21, "japaneseCounting", "二十一"),
        (5, "decimal", "5"),
        (5, "unheardOf", "5"),
    ]
    for number, kind, shown in rows:
        assert shown_as(number, kind) == shown


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80), st.integers(0, len(GOOD)), st.integers(0, 60))
def test_broken_bytes_never_raise_anything_else(noise, place, gap):
    for content in (noise, GOOD[:place] + noise + GOOD[place + gap :]):
        try:
            assert read_word(content).paragraphs
        except WordError as error:
            assert error.args[0] in {
                "empty", "size", "old", "encrypted", "other", "macros", "bomb", "damaged", "long",
                "blank",
            }  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.integers(0, 30))
def test_broken_xml_never_raises_anything_else(noise, place):
    tags = ["w:p", "w:numPr", "w:ilvl", "w:tbl", "w:tr", "w:tc", "w:sdt", "w:r", "w:t", "w:br"]
    body = "".join(f"<{tags[(place + index) % 10]}>" for index in range(len(noise) % 12))
    shut = "".join(f"</{tags[(place + index) % 10]}>" for index in reversed(range(len(noise) % 12)))
    part = (
        f'<?xml version="1.0" encoding="UTF-8"?><w:document {nsdecls("w")}><w:body>{body}'
        f"{noise}{shut}</w:body></w:document>"
    ).encode("utf-8", "replace")
    try:
        read_word(changed(document=lambda _old: part))
    except WordError as error:
        assert error.args[0] in {"damaged", "blank", "long"}


def test_excel_is_no_word():
    limits = office_file.Limits(10**7, 10**7, 99)
    with pytest.raises(office_file.OfficeError, match="other"):
        office_file.check_container(GOOD, "xl/workbook", limits)
