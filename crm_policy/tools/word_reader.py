"""The paragraphs of a Word file that a stranger made, as Word shows them on the page.

Checked before it is opened; macros, links, fields and pictures are never followed. The numbers
that Word computes for automatic lists are put before their paragraphs; what was deleted under
track changes is left out, what was inserted is read.
"""

import re
from dataclasses import dataclass, field
from io import BytesIO

from docx import Document
from docx.oxml.ns import qn

from .office_file import Limits, OfficeError, check_container
from .word_numbering import Numbering

MAX_BYTES = 15 * 1024 * 1024  # of the file
MAX_UNPACKED = 150 * 1024 * 1024  # bytes of all its parts
MAX_PARTS = 2_000
MAX_PARAGRAPHS = 5_000
MAX_CHARACTERS = 1_000_000

_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Whose content is read as if it stood there itself.
_THROUGH = {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:smartTag"), qn("w:customXml")}
_DELETED = {qn("w:del"), qn("w:moveFrom")}
_SIGNS = {
    qn("w:tab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
_PICTURES = {qn("w:drawing"), qn("w:pict"), qn("w:object")}
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0\u2000-\u200b\ufeff]+")


class WordError(ValueError):
    """The file is not read; ``args[0]`` is one of the codes of :func:`read_word`."""


@dataclass(frozen=True)
class Paragraph:
    """One paragraph, its computed list number in front; the lines of a soft break apart.

    :ivar str text: never empty.
    :ivar int | None level: 0 for the document's title, 1 to 9 for a heading by its style.
    :ivar bool table: it is a row of a table, its cells with " | " between them.
    """

    text: str
    level: int | None = None
    table: bool = False


@dataclass
class WordText:
    """What a Word file says.

    :ivar list[Paragraph] paragraphs: in their order.
    :ivar dict remarks: {code: how many} of what was not read: "contents" (lines of the table of
        contents), "pictures", "footnotes", "deleted" (tracked deletions), "hidden" (hidden words).
    """

    paragraphs: list = field(default_factory=list)
    remarks: dict = field(default_factory=dict)


def read_word(content):
    """Return the text of a .docx file.

    :param bytes content: the file.
    :rtype: WordText
    :raises WordError: "empty" (nothing in the file), "size", "old" (.doc), "encrypted", "other"
        (no Word file), "macros", "bomb" (too big once unpacked), "damaged", "long" (more than
        MAX_PARAGRAPHS or MAX_CHARACTERS), "blank" (a Word file without text).
    """
    try:
        check_container(content, "word/document", Limits(MAX_BYTES, MAX_UNPACKED, MAX_PARTS))
    except OfficeError as error:
        raise WordError(error.args[0]) from error
    try:
        text = _Reader(Document(BytesIO(content))).whole()
    except WordError:
        raise
    except Exception as error:  # whatever a broken part makes of the parser
        raise WordError("damaged") from error
    if not text.paragraphs:
        raise WordError("blank")
    return text


class _Reader:
    """Walks through the body once."""

    def __init__(self, document):
        self.document = document
        self.styles = {style.style_id: style for style in document.styles}
        self.numbering = Numbering(document)
        self.text = WordText()
        self.size = 0

    def whole(self):
        self._blocks(self.document.element.body)
        notes = sum(1 for _ in self.document.element.body.iter(qn("w:footnoteReference")))
        if notes:
            self.text.remarks["footnotes"] = notes
        return self.text

    def _count(self, code, number=1):
        self.text.remarks[code] = self.text.remarks.get(code, 0) + number

    def _blocks(self, element):
        for child in element:
            if child.tag == qn("w:p"):
                self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                self._table(child)
            elif child.tag in _THROUGH:
                self._blocks(child)

    def _paragraph(self, element):
        level, is_contents = self._style(element)
        label = self.numbering.label(element)
        boxes = []
        text = self._words(element, boxes)
        if is_contents:
            self._count("contents", bool(text.strip()))
            return
        for number, line in enumerate(text.split("\n")):
            line = _BLANKS.sub(" ", line).strip()
            if number == 0 and label and line:
                line = f"{label} {line}"
            self._add(Paragraph(line, level if number == 0 else None))
        for box in boxes:
            self._blocks(box)

    def _table(self, element):
        for row in element.iter(qn("w:tr")):
            cells = []
            for cell in row.iter(qn("w:tc")):
                # A table in a cell has rows of its own.
                if next(cell.iterancestors(qn("w:tr"))) is not row:
                    continue
                lines = [self._line(each) for each in cell.iter(qn("w:p"))
                         if next(each.iterancestors(qn("w:tc"))) is cell]  # fmt: skip
                cells.append(" ".join(filter(None, lines)))
            # A cell that spans rows is there once; the empty ones keep their place.
            if any(cells):
                self._add(Paragraph(" | ".join(cells), table=True))

    def _line(self, element):
        label = self.numbering.label(element)
        text = _BLANKS.sub(" ", self._words(element, []).replace("\n", " ")).strip()
        return f"{label} {text}" if label and text else text

    def _add(self, paragraph):
        if not paragraph.text:
            return
        self.size += len(paragraph.text)
        self.text.paragraphs.append(paragraph)
        if self.size > MAX_CHARACTERS or len(self.text.paragraphs) > MAX_PARAGRAPHS:
            raise WordError("long")

    def _words(self, element, boxes):
        """Return the text of a paragraph; text boxes in it are put into ``boxes``."""
        words = []
        for child in element:
            if child.tag in _DELETED:
                self._count("deleted")
            elif child.tag == qn("w:r"):
                words.append(self._run(child, boxes))
            elif child.tag != qn("w:pPr"):
                words.append(self._words(child, boxes))
        return "".join(words)

    def _run(self, run, boxes):
        properties = run.find(qn("w:rPr"))
        hidden = properties is not None and properties.find(qn("w:vanish"))
        if hidden is not None and hidden is not False and hidden.get(qn("w:val")) not in _OFF:
            self._count("hidden")
            return ""
        words = []
        for child in run:
            if child.tag == qn("w:t"):
                words.append(child.text or "")
            elif child.tag == qn("w:br") and child.get(qn("w:type")) in ("page", "column"):
                words.append(" ")
            elif child.tag in _SIGNS:
                words.append(_SIGNS[child.tag])
            elif child.tag in _PICTURES or child.tag == f"{_ALTERNATE}AlternateContent":
                self._picture(child, boxes)
        return "".join(words)

    def _picture(self, element, boxes):
        """Take the text boxes of a drawing; Word writes each twice, for old readers too."""
        choice = element.find(f"{_ALTERNATE}Choice")
        source = element if choice is None else choice
        found = [box for box in source.iter(qn("w:txbxContent"))
                 if not any(other in boxes for other in box.iterancestors())]  # fmt: skip
        if found:
            boxes += found
        else:
            self._count("pictures")

    def _style(self, element):
        """Return the level of the heading that a paragraph's style is, and whether it belongs to
        the table of contents."""
        style_id = self.numbering.style_of(element)
        seen = set()
        while style_id and style_id not in seen:
            seen.add(style_id)
            style = self.styles.get(style_id)
            if style is None:
                break
            name = (style.element.name_val or "").lower()
            if name.startswith("toc ") or name in ("toc heading", "table of contents"):
                return None, True
            if name in ("title", "标题"):
                return 0, False
            found = re.fullmatch(r"(?:heading|标题) ?([1-9])", name)
            if found:
                return int(found[1]), False
            based = style.element.basedOn
            style_id = based.val if based is not None else None
        return None, False


_OFF = ("0", "false", "off")
