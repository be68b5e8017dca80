"""What people mean by a cell: a date, a number, a text; ValueError when it cannot be told."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from math import isfinite

from openpyxl.utils.datetime import from_excel

from .workbook_reader import CellError

# Outside of these years a date is a slip of the keyboard or a number that is none.
FIRST_YEAR, LAST_YEAR = 1980, 2099
_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s,]*(上午|下午)?\s*(\d{1,2})\s*[:时点]\s*(?:(\d{1,2})\s*(?:[:分]\s*(?:(\d{1,2})\s*秒?)?)?)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_MONEY = str.maketrans("", "", ",¥￥$€元 \u00a0")
_BRACKETS = re.compile(r"\([^)]*\)\s*$")
_BLANKS = re.compile(r"[\s*:]+")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(value):
    """Return a text in one spelling: no full-width letters, no blanks at the ends."""
    return unicodedata.normalize("NFKC", value).strip()


def header_key(value):
    """Return what makes a heading recognisable: without case, blanks, marks, a unit in brackets."""
    if not isinstance(value, str):
        return ""
    return _BLANKS.sub("", _BRACKETS.sub("", plain(value))).casefold()


def text_of(value):
    """Return the text of a cell, "" for an empty one; 260301.0 is "260301"."""
    if isinstance(value, CellError):
        raise ValueError(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        value = value.strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00")
    return _CONTROLS.sub("", str(value).replace("\r\n", "\n")).strip()


def number_of(value):
    """Return a number, None for an empty cell; "1,000.50 元" is 1000.5."""
    if isinstance(value, CellError | bool | date | timedelta):
        raise ValueError(value)
    if isinstance(value, str):
        value = plain(value).translate(_MONEY)
        if not value:
            return None
        value = float(value)
    if value is None:
        return None
    if not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(value)
    return value


def moment_of(value, epoch):
    """Return a date and time, None for an empty cell.

    Understood are Excel's dates, its serial numbers, 20240305, 2024-03-05, 2024/3/5 14:30 and
    2024年3月5日 14时30分. Midnight stands for "no time was written down".

    :param datetime epoch: the day from which serial numbers count in this file.
    :rtype: datetime
    """
    if isinstance(value, CellError | bool):
        raise ValueError(value)
    if isinstance(value, str):
        value = plain(value)
        if not value:
            return None
        moment = _written_moment(value)
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, int | float):
        moment = _numbered_moment(value, epoch)
    elif value is None:
        return None
    else:
        raise ValueError(value)
    if moment.microsecond:
        moment = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(value)
    return moment


def _written_moment(text):
    match = _MOMENT.fullmatch(text)
    if not match:
        match = _COMPACT.fullmatch(text)
        if not match:
            raise ValueError(text)
        return datetime(*map(int, match.groups()))
    year, month, day, half, hour, minute, second = match.groups()
    hour = int(hour or 0)
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "下午" else 0)
    return datetime(int(year), int(month), int(day), hour, int(minute or 0), int(second or 0))


def _numbered_moment(value, epoch):
    if float(value).is_integer() and _COMPACT.fullmatch(str(int(value))):
        return _written_moment(str(int(value)))
    if not isfinite(value) or not 0 < value < 100_000:  # the serial of the year 2173
        raise ValueError(value)
    moment = from_excel(value, epoch)
    if not isinstance(moment, datetime):
        raise ValueError(value)
    return moment
