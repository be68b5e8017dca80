"""From the paragraphs of a written policy to its clauses, with numbers that are unique.

Understood are 第一编, 第一章, 第一节, 第一条, 一、, （一）, 1., 1.1, 4.2.3, (1), ①, a), 附件1 and
Word's heading styles. What is no heading belongs to the clause before it; nothing is lost.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from .chinese_numbers import CHINESE, CIRCLED, half_width, parse_number

NAME_LENGTH = 24  # characters of a clause's name where the text itself must give it
HEADING_LENGTH = 40  # a line that is longer is a sentence, not a name
MAX_CLAUSES = 2_000

# From the outside to the inside; decimals of more figures lie deeper: 6.1, 6.2 ...
ANNEX, PART, CHAPTER, SECTION, ARTICLE, ITEM, SUBITEM, FIGURE, BRACKET, LETTER, CIRCLE = range(11)
STYLED = -1  # a heading without number: its depth is that of its style
_NUMBER = rf"(?:[0-9]{{1,4}}|{CHINESE}{{1,7}})"
# After these a number is a quantity, not the number of a clause.
_QUANTITY = (
    r"(?![0-9 ]*(?:个|%|％|‰|元|万|千|亿|百|小时|分钟|秒|天|日|号|周|月|年|季|"
    r"倍|次|人|份|件|名|家|级|"
    r"kg|mm|cm|km|℃|°|[-—–~～至到/:：]))"
)
# After these 第十二条 is spoken of, not begun.
_MENTIONED = (
    r"(?!规定|所|的|之|及|和|与|或|至|到|、|，|,|第|中|内|外|款|项|要求|执行|办理|处理|为准)"
)
_PATTERNS = [
    (ANNEX, re.compile(rf"(?P<label>附(?:件|录|表)(?P<n>{_NUMBER}|[A-Z])?)(?=[ :：、.]|$)")),
    (PART, re.compile(rf"(?P<label>第 ?(?P<n>{_NUMBER}) ?[编篇部]分?)(?=[ :：、]|$)")),
    (CHAPTER, re.compile(rf"(?P<label>第 ?(?P<n>{_NUMBER}) ?章){_MENTIONED}")),
    (SECTION, re.compile(rf"(?P<label>第 ?(?P<n>{_NUMBER}) ?节){_MENTIONED}")),
    (ARTICLE, re.compile(rf"(?P<label>第 ?(?P<n>{_NUMBER}) ?条){_MENTIONED}")),
    (ITEM, re.compile(rf"(?P<label>(?P<n>{CHINESE}{{1,4}}))[、.](?!{CHINESE}+[是不])")),
    (SUBITEM, re.compile(rf"(?P<label>\((?P<n>{CHINESE}{{1,4}})\))")),
    (SUBITEM, re.compile(rf"(?P<label>(?P<n>{CHINESE}{{1,4}}))\)")),
    (
        FIGURE,  # decimals: 1.1, 4.2.3, with or without a last point
        re.compile(
            rf"(?P<label>(?P<n>[0-9]{{1,2}}(?:\.[0-9]{{1,2}}){{1,5}}))(?!\.?[0-9])\.?{_QUANTITY}"
        ),
    ),
    (FIGURE, re.compile(rf"(?P<label>(?P<n>[0-9]{{1,2}}))[.、](?![0-9]){_QUANTITY}")),
    (FIGURE, re.compile(rf"(?P<label>(?P<n>[0-9]{{1,2}})) (?![0-9|]){_QUANTITY}(?=[^ -~])")),
    (BRACKET, re.compile(r"(?P<label>\((?P<n>[0-9]{1,2})\))")),
    (BRACKET, re.compile(r"(?P<label>(?P<n>[0-9]{1,2}))\)")),
    (LETTER, re.compile(r"(?P<label>(?P<n>[a-zA-Z]))[.)、](?![a-zA-Z.])")),
    (CIRCLE, re.compile(rf"(?P<label>(?P<n>[{CIRCLED}]))")),
]
_TITLE = re.compile(
    r"制度|办法|规定|规程|规范|细则|守则|手册|流程|程序|章程|policy|procedure|rules|manual", re.I
)
_CODE = re.compile(r"(?:文件编号|制度编号|文件号|编号)[:：]? ?([A-Za-z0-9][A-Za-z0-9/_.-]{1,30})")
_EDITION = re.compile(r"(?:版本号?|版次)[:：]? ?[Vv]?([0-9A-Za-z][0-9A-Za-z./-]{0,10})")
_SENTENCE = re.compile(r"[。；;！!？?]")
_SAYS = re.compile(
    rf"[0-9０-９]|应|须|不得|必须|可以|负责|审批|批准|→|{CHINESE}个?(?:工作日|小时|天|日|月|分钟)|[当次隔][日天]"
)


@dataclass
class Clause:
    """One clause.

    :ivar str number: unique in the document: "3", "3.1", "第2章", "附件1.2".
    :ivar str label: the number as the document writes it, "第十二条"; "" when it has none.
    :ivar str name: never empty.
    :ivar str text: may be empty, for a chapter say.
    :ivar int | None parent: place of the parent in the list.
    :ivar int rows: how many lines of the text are rows of tables.
    """

    label: str
    rank: float
    local: str
    parent: int | None = None
    name: str = ""
    lines: list = field(default_factory=list)
    number: str = ""
    head: str = ""
    rows: int = 0

    @property
    def text(self):
        return "\n".join(self.lines)


@dataclass
class Tree:
    """The clauses of a document.

    :ivar str title: "" when it has none.
    :ivar str code: the number that the document gives itself (文件编号), or "".
    :ivar str edition: its edition (版本), or "".
    :ivar list[Clause] clauses: in the order of the text, parents first.
    :ivar list remarks: (code, number of the clause, detail): "preface" (text before the first
        clause), "duplicate" (the document gives a number twice; detail: its label), "unnumbered"
        (a heading without number), "table" (detail: rows that are kept as text), "no_headings".
    """

    title: str = ""
    code: str = ""
    edition: str = ""
    clauses: list = field(default_factory=list)
    remarks: list = field(default_factory=list)


class TreeError(ValueError):
    """Nothing is made of the text; ``args[0]`` is "long" (more than MAX_CLAUSES)."""


def build(paragraphs, preface="前言"):
    """Return the clauses of a text.

    :param paragraphs: :class:`word_reader.Paragraph`, or what has text, level and table.
    :param str preface: the name of the clause that takes what stands before the first one.
    :rtype: Tree
    :raises TreeError: "long".
    """
    paragraphs = list(paragraphs)
    tree = Tree()
    heads = [None if each.table else heading(each.text, each.level) for each in paragraphs]
    first = next((place for place, head in enumerate(heads) if head), len(heads))
    rest = _take_title(tree, paragraphs, first)
    if first == len(paragraphs):
        _each_paragraph(tree, rest)
    else:
        _place_all(tree, rest, list(zip(paragraphs, heads, strict=True))[first:], preface)
    if len(tree.clauses) > MAX_CLAUSES:
        raise TreeError("long")
    _number(tree)
    for clause in tree.clauses:
        _name(clause)
    return tree


def heading(text, level=None):
    """Return (rank, label, number, what follows it) of a line that begins a clause, or None."""
    plain = half_width(text)
    for rank, pattern in _PATTERNS:
        match = pattern.match(plain)
        if not match:
            continue
        number = _local(match["n"] or "")
        if number is None:
            continue
        depth = rank + number.count(".") / 10
        after = text[match.end() :].lstrip(" 　:：、.．)）")
        return depth, text[: match.end("label")], number, after
    if level:
        return STYLED + level / 10, "", "", text
    return None


def _local(number):
    """Return the figures of a number as written, or None when they mean none."""
    if re.fullmatch(r"[0-9.]*|[A-Za-z]", number):
        return ".".join(str(int(part)) for part in number.split(".")) if number[:1].isdigit() else (
            number
        )  # fmt: skip
    value = parse_number(number)
    return None if value is None else str(value)


def _take_title(tree, paragraphs, first):
    """Find title, code and edition before the first clause; return what is left of the text."""
    lead = paragraphs[:first]
    short = [
        each
        for each in lead[:6]
        if not each.table and len(each.text) <= HEADING_LENGTH and not _SENTENCE.search(each.text)
    ]
    styled = [each for each in lead if each.level == 0]
    named = [each for each in short if _TITLE.search(each.text)]
    # Without any heading the first short line is not told from the others.
    title = (styled or named or (short[:1] if first < len(paragraphs) else []) or [None])[0]
    if title:
        tree.title = title.text.strip("《》 ")
        lead.remove(title)
    for each in lead:
        code, edition = _CODE.search(each.text), _EDITION.search(each.text)
        tree.code = tree.code or (code[1] if code else "")
        tree.edition = tree.edition or (edition[1] if edition else "")
    return lead


def _each_paragraph(tree, paragraphs):
    """Make a clause of each paragraph of a text without headings."""
    for number, each in enumerate(paragraphs, start=1):
        tree.clauses.append(Clause("", FIGURE, str(number), lines=[each.text]))
    tree.remarks.append(("no_headings", "", len(paragraphs)))


def _place_all(tree, lead, pairs, preface):
    if lead:
        lines = [each.text for each in lead]
        tree.clauses.append(Clause("", ANNEX, "0", name=preface, lines=lines))
        tree.remarks.append(("preface", "0", len(lead)))
    opened = []
    for paragraph, head in pairs:
        if head is None:
            tree.clauses[-1].lines.append(paragraph.text)
            tree.clauses[-1].rows += paragraph.table
            continue
        rank, label, local, after = head
        while opened and not _holds(tree.clauses[opened[-1]], rank, local):
            opened.pop()
        parent = opened[-1] if opened else None
        tree.clauses.append(Clause(label, rank, local, parent, head=after))
        opened.append(len(tree.clauses) - 1)


def _holds(outer, rank, local):
    """Return whether a clause of ``rank`` and number ``local`` may lie inside ``outer``."""
    if outer.rank >= rank:
        # A heading by its style without a number may hold any numbered clause.
        return False
    both_decimal = FIGURE <= outer.rank < BRACKET and FIGURE < rank < BRACKET
    return not both_decimal or local.startswith(f"{outer.local}.")


def _number(tree):
    """Give each clause a number that no other has.

    Articles that count through the whole document keep their own number; where they begin again
    in each chapter, the chapter's number comes before theirs.
    """
    clauses = tree.clauses
    for place, clause in enumerate(clauses):
        clause.number = _own_number(clauses, clause, place)
    counts = Counter(clause.number for clause in clauses)
    repeated = {number for number, count in counts.items() if count > 1}
    kinds = {clause.rank for clause in clauses if clause.number in repeated}
    if repeated:
        for place, clause in enumerate(clauses):
            clause.number = _own_number(clauses, clause, place, kinds)
    taken = set()
    for clause in clauses:
        wanted, serial = clause.number, 1
        while clause.number in taken:
            serial += 1
            clause.number = f"{wanted}-{serial}"
        taken.add(clause.number)
        if serial > 1:
            tree.remarks.append(("duplicate", clause.number, clause.label or wanted))
        if clause.rank < ANNEX:
            tree.remarks.append(("unnumbered", clause.number, clause.head))
        if clause.rows:
            tree.remarks.append(("table", clause.number, clause.rows))


def _own_number(clauses, clause, place, prefixed=()):
    """Return the number of a clause from its own and those above it, which have theirs.

    :param prefixed: ranks whose numbers begin again in each chapter.
    """
    above = clauses[clause.parent] if clause.parent is not None else None
    if clause.rank < ANNEX:  # a heading without number
        before = sum(1 for other in clauses[:place] if other.rank == clause.rank)
        base = f"§{before + 1}"
        return base if above is None else f"{above.number}{base}"
    if clause.rank == ANNEX:
        return clause.label or clause.local
    if clause.rank in (PART, CHAPTER, SECTION):
        own = f"第{clause.local}{clause.label.rstrip('分')[-1]}"
        nested = above is not None and (
            above.rank == ANNEX or clause.rank == SECTION or clause.rank in prefixed
        )
        return f"{above.number}{own}" if nested else own
    if above is None:
        return clause.local
    if above.rank == ANNEX:
        return f"{above.number}.{clause.local}"
    outer = above.rank < ARTICLE  # a chapter or section: numbers may count through
    decimal = FIGURE < clause.rank < BRACKET
    if decimal and (outer or clause.local.startswith(f"{above.local}.")):
        # 4.2.3 says itself where it stands; inside an annex or an article it stands below that.
        base = _base(clauses, above)
        return f"{base}.{clause.local}" if base else clause.local
    if not outer:
        return f"{above.number}.{clause.local}"
    annex = _annex(clauses, above)
    if annex:
        return f"{annex.number}.{clause.local}"
    if clause.rank in prefixed:
        return f"{_figures(above.number)}.{clause.local}"
    return clause.local


def _annex(clauses, clause):
    """Return the annex that a clause lies in, itself included, or None."""
    while clause is not None and clause.rank != ANNEX:
        clause = clauses[clause.parent] if clause.parent is not None else None
    return clause if clause is not None and clause.label else None


def _base(clauses, clause):
    """Return the number of what a decimal's whole family lies in: an annex, an article or ""."""
    while clause is not None and FIGURE <= clause.rank < BRACKET:
        clause = clauses[clause.parent] if clause.parent is not None else None
    if clause is None or clause.rank < ARTICLE and clause.rank != ANNEX:
        return ""
    return clause.number


def _figures(number):
    """Return 第2章第1节 as "2.1"."""
    return ".".join(re.findall(r"[0-9]+", number)) or number


def _name(clause):
    """Name a clause by its heading; a heading that is a sentence is text, and names it shortly."""
    if clause.name:
        return
    head = clause.head.strip()
    name, text = _split_head(head)
    if text:
        clause.lines.insert(0, text)
    clause.name = (
        name.rstrip("：:") or _short(clause.text.split("\n")[0]) or clause.label or clause.number
    )


def _split_head(head):
    """Return (name, text) of what follows the number."""
    marked = re.match(r"[【\[（(《]([^】\]）)》]{2,20})[】\]）)》][ :：]?(.+)", head)
    if marked:
        return marked[1], marked[2].strip()
    parts = re.match(r"([^ 　，,。；;：:|]{2,15})(?:[：:]|[ 　]+)([^ 　].*)", head)
    if parts and len(head) > len(parts[1]) + 1 and _is_chinese(parts[1]):
        return parts[1], parts[2].strip()
    if len(head) <= HEADING_LENGTH and not re.search(r"[。；;，,！？]", head):
        # A short line is the name; when it says something by itself it is the text as well.
        return head, head if _SAYS.search(head) else ""
    return _short(head), head


def _is_chinese(text):
    return bool(re.search(r"[\u4e00-\u9fff]", text))


def _short(text):
    """Return the first phrase of a sentence, at most NAME_LENGTH characters."""
    phrase = re.split(r"[，,。；;：:！？|]", text.strip(), maxsplit=1)[0].strip() or text.strip()
    return phrase if len(phrase) <= NAME_LENGTH else f"{phrase[: NAME_LENGTH - 1]}…"
