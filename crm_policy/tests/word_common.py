"""A written complaint policy of three pages, as a company's office writes it in Word."""

from io import BytesIO
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt

TITLE = "客户投诉管理制度"
# A paragraph is a text; one with "#" is numbered by Word itself, "|" separates cells of a table.
POLICY = (Path(__file__).parent / "data" / "complaint_policy.txt").read_text("utf-8").splitlines()

_LIST = f"""
<w:abstractNum {nsdecls("w")} w:abstractNumId="77">
  <w:multiLevelType w:val="hybridMultilevel"/>
  <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/>
    <w:lvlText w:val="（%1）"/></w:lvl>
</w:abstractNum>"""


def policy_document(lines=None):
    """Return the policy as a ``docx.Document``; or one of other lines, written in the same way."""
    document = Document()
    document.styles["Normal"].font.name = "宋体"
    document.styles["Normal"].font.size = Pt(10.5)
    _add_list(document)
    table = None
    for line in lines or POLICY:
        if "|" in line:
            table = _add_row(document, table, line.split("|"))
            continue
        table = None
        paragraph = document.add_paragraph(line.lstrip("#"))
        if line == TITLE:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        elif line.startswith("#"):
            number(paragraph)
    return document


def as_bytes(document):
    """Return the file of a document."""
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def policy_docx(lines=None):
    """Return the .docx file of the policy, or of other lines."""
    return as_bytes(policy_document(lines))


def number(paragraph, list_id=77, level=0):
    """Let Word number a paragraph itself."""
    numbering = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    numbering.get_or_add_numId().val = list_id
    numbering.get_or_add_ilvl().val = level


def add_definitions(document, abstract, list_ids, abstract_id):
    """Add the definition of an automatic list, and the lists that follow it."""
    root = document.part.numbering_part.element
    first = root.find(qn("w:num"))
    position = len(root) if first is None else list(root).index(first)
    root.insert(position, parse_xml(abstract))
    for list_id, more in list_ids.items():
        root.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{list_id}">'
                f'<w:abstractNumId w:val="{abstract_id}"/>{more}</w:num>'
            )
        )


def _add_list(document):
    add_definitions(document, _LIST, {77: ""}, 77)


def _add_row(document, table, cells):
    if table is None:
        table = document.add_table(rows=0, cols=len(cells))
    for cell, text in zip(table.add_row().cells, cells, strict=True):
        cell.text = text
    return table
