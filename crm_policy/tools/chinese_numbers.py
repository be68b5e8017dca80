"""Numbers as Chinese texts write them: 二十一, 两, １２, 3,000, 1.5万, ①."""

import re

# The figures and signs that a Chinese keyboard types full width.
_HALF_WIDTH = str.maketrans(
    "０１２３４５６７８９．（）　：％",
    "0123456789.() :%",
)
_DIGITS = {
    **dict(zip("〇一二三四五六七八九", range(10), strict=True)),
    **dict(zip("零壹贰叁肆伍陆柒捌玖", range(10), strict=True)),
    "○": 0,
    "两": 2,
    "贰": 2,
}
_UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000, "万": 10_000, "千": 1_000}
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
CHINESE = "[〇○零一二三四五六七八九十百千两壹贰叁肆伍陆柒捌玖拾佰仟]"
HIGHEST = 9999


def half_width(text):
    """Return the text with half-width figures and signs, place for place as long as it was."""
    text = text.translate(_HALF_WIDTH)
    return re.sub(r"(?<=[0-9])，(?=[0-9]{3}(?![0-9]))", ",", text)  # thousands


def parse_chinese(text):
    """Return the number that 十二, 二十一, 一百零三, 两 or 二〇二六 means, or None.

    :rtype: int | None
    """
    if not text or any(sign not in _DIGITS and sign not in _UNITS for sign in text):
        return None
    if not any(sign in _UNITS for sign in text):  # said figure by figure
        return int("".join(str(_DIGITS[sign]) for sign in text)) if len(text) <= 4 else None
    total, digit, last = 0, None, HIGHEST + 1
    for sign in text:
        if sign in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[sign]
            continue
        unit = _UNITS[sign]
        if unit >= last or (digit is None and unit != 10):
            return None
        total, digit, last = total + (digit or 1) * unit, None, unit
    return total + (digit or 0)


def parse_number(text):
    """Return the number that 24, ３, 3,000, 1.5, 十二, 半 or ④ means, or None.

    :rtype: int | float | None
    """
    text = half_width(text).replace(",", "").replace("，", "").strip()
    if text in CIRCLED and len(text) == 1:
        return CIRCLED.index(text) + 1
    if text == "半":
        return 0.5
    if re.fullmatch(r"[0-9]{1,12}", text):
        return int(text)
    if re.fullmatch(r"[0-9]{1,12}\.[0-9]{1,6}", text):
        return float(text)
    return parse_chinese(text)


def parse_amount(text, unit=""):
    """Return the amount of money that a number and its unit before 元 mean, or None.

    :param str unit: "", 千, 万, 百万, 千万 or 亿.
    """
    number = parse_number(text)
    if number is None or unit not in {"", *_LARGE}:
        return None
    return round(number * _LARGE.get(unit, 1), 2)


def to_chinese(number):
    """Return 1 to 9999 as 一, 十二, 二十一, 一百零三; anything else as figures."""
    if not 0 < number <= HIGHEST:
        return str(number)
    words, figures = "", str(number)
    for place, figure in enumerate(figures):
        unit = ("", "十", "百", "千")[len(figures) - place - 1]
        if figure != "0":
            words += "零一二三四五六七八九"[int(figure)] + unit
        elif not words.endswith("零"):
            words += "零"
    words = words.rstrip("零")
    return words[1:] if words.startswith("一十") else words
