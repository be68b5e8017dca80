"""The numbers that Word puts before the paragraphs of automatic lists.

They stand nowhere in the file: they are counted from the definitions in its part "numbering".
"""

import re
import string

from docx.oxml.ns import qn
from docx.parts.numbering import NumberingPart

from .chinese_numbers import CIRCLED, to_chinese

LEVELS = 9
_CHINESE = {
    "chineseCounting",
    "chineseCountingThousand",
    "ideographDigital",
    "japaneseCounting",
    "japaneseDigitalTenThousand",
    "taiwaneseCounting",
    "taiwaneseCountingThousand",
}
_HIGHEST = 9_999


def shown_as(number, kind):
    """Return a number in one of Word's formats: 3 as "三", "c", "iii", "③", "3"."""
    if kind in _CHINESE:
        return to_chinese(number)
    if kind in ("lowerLetter", "upperLetter"):
        letters = string.ascii_lowercase if kind == "lowerLetter" else string.ascii_uppercase
        return letters[(number - 1) % 26] * ((number - 1) // 26 + 1)
    if kind in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman.lower() if kind == "lowerRoman" else roman
    if kind.startswith("decimalEnclosedCircle") and 0 < number <= len(CIRCLED):
        return CIRCLED[number - 1]
    if kind == "decimalZero":
        return f"{number:02d}"
    return str(number)


def _roman(number):
    words = ""
    for value, sign in (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        words += sign * (number // value)
        number %= value
    return words


class Numbering:
    """Counts through a document; ask it for each paragraph once, in their order."""

    def __init__(self, document):
        self.styles = {style.style_id: style.element for style in document.styles}
        default = document.styles.element.xpath("w:style[@w:type='paragraph' and @w:default='1']")
        self.default_style = default[0].get(qn("w:styleId")) if default else None
        part = next(
            (
                relation.target_part
                for relation in document.part.rels.values()
                if not relation.is_external and isinstance(relation.target_part, NumberingPart)
            ),
            None,
        )
        root = part.element if part is not None else None
        self.abstracts = _by_id(root, "w:abstractNum", "w:abstractNumId")
        self.lists = _by_id(root, "w:num", "w:numId")
        self.counters = {}
        self.restarted = set()

    def style_of(self, paragraph):
        """Return the id of a paragraph's style."""
        found = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        return found.get(qn("w:val")) if found is not None else self.default_style

    def label(self, paragraph):
        """Return the number that Word shows before a paragraph, "" for none; and count it."""
        list_id, level = self._place(paragraph)
        definition = self.lists.get(list_id)
        if definition is None:
            return ""
        abstract_id = _value(definition, "w:abstractNumId")
        abstract = self._abstract(abstract_id)
        if abstract is None:
            return ""
        if level is None:
            level = self._level_of_style(abstract, self.style_of(paragraph))
        if not 0 <= level < LEVELS:
            return ""
        numbers = self._count(abstract_id, list_id, definition, abstract, level)
        return self._words(definition, abstract, level, numbers)

    def _place(self, paragraph):
        """Return (numId, level or None): the paragraph's own, else that of its style."""
        own = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        list_id, level = _numbering(own)
        style_id, seen = self.style_of(paragraph), set()
        while list_id is None and style_id in self.styles and style_id not in seen:
            seen.add(style_id)
            style = self.styles[style_id]
            list_id, of_style = _numbering(style.find(f"{qn('w:pPr')}/{qn('w:numPr')}"))
            level = of_style if level is None else level
            style_id = _value(style, "w:basedOn")
        if own is not None and level is None and _numbering(own)[0] is not None:
            level = 0
        return list_id, level

    def _abstract(self, abstract_id):
        """Return the definition of a list; one that is only a link to a style is followed."""
        abstract = self.abstracts.get(abstract_id)
        for _hop in range(3):
            link = _value(abstract, "w:numStyleLink")
            style = self.styles.get(link)
            if style is None:
                return abstract
            list_id, _level = _numbering(style.find(f"{qn('w:pPr')}/{qn('w:numPr')}"))
            abstract = self.abstracts.get(_value(self.lists.get(list_id), "w:abstractNumId"))
        return abstract

    def _level_of_style(self, abstract, style_id):
        for level in abstract.findall(qn("w:lvl")):
            if _value(level, "w:pStyle") == style_id:
                return _whole(level.get(qn("w:ilvl")), 0)
        return 0

    def _count(self, abstract_id, list_id, definition, abstract, level):
        """Return the numbers of the levels down to ``level`` after this paragraph."""
        numbers = self.counters.setdefault(abstract_id, [None] * LEVELS)
        if list_id not in self.restarted:
            self.restarted.add(list_id)
            for override in definition.findall(qn("w:lvlOverride")):
                if _value(override, "w:startOverride") is not None:
                    place = _whole(override.get(qn("w:ilvl")), LEVELS)
                    numbers[place:] = [None] * len(numbers[place:])
        for upper in range(level):
            if numbers[upper] is None:
                numbers[upper] = self._start(definition, abstract, upper)
        if numbers[level] is None:
            numbers[level] = self._start(definition, abstract, level)
        else:
            numbers[level] += 1
        numbers[level + 1 :] = [None] * (LEVELS - level - 1)
        return numbers

    def _start(self, definition, abstract, level):
        for override in definition.findall(qn("w:lvlOverride")):
            start = _value(override, "w:startOverride")
            if override.get(qn("w:ilvl")) == str(level) and start is not None:
                return _whole(start, 1)
        return _whole(_value(self._level(definition, abstract, level), "w:start"), 1)

    def _level(self, definition, abstract, level):
        """Return the definition of a level, the list's own before the general one."""
        places = [
            *definition.findall(f"{qn('w:lvlOverride')}/{qn('w:lvl')}"),
            *abstract.findall(qn("w:lvl")),
        ]
        return next((each for each in places if each.get(qn("w:ilvl")) == str(level)), None)

    def _words(self, definition, abstract, level, numbers):
        own = self._level(definition, abstract, level)
        kind = _value(own, "w:numFmt") or "decimal"
        if own is None or kind in ("bullet", "none"):
            return ""
        is_legal = own.find(qn("w:isLgl")) is not None

        def figure(match):
            place = int(match[1]) - 1
            number = numbers[place] if 0 <= place < LEVELS else None
            if number is None:
                return ""
            its = _value(self._level(definition, abstract, place), "w:numFmt") or "decimal"
            return shown_as(number, "decimal" if is_legal else its)

        return re.sub(r"%([1-9])", figure, _value(own, "w:lvlText") or "").strip()


def _by_id(root, tag, key):
    if root is None:
        return {}
    return {each.get(qn(key)): each for each in root.findall(qn(tag))}


def _value(element, tag):
    """Return the value of a child element, or None."""
    child = element.find(qn(tag)) if element is not None else None
    return child.get(qn("w:val")) if child is not None else None


def _numbering(element):
    """Return (numId, level) of a numPr, None for what it does not say; numId "0" is "no list"."""
    level = _value(element, "w:ilvl")
    return _value(element, "w:numId"), None if level is None else _whole(level, 0)


def _whole(text, default):
    text = str(text)
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) and int(text) <= _HIGHEST else default
