"""Telephone numbers as callers, phone systems and address books write them.

National numbers of mainland China are brought to the form one dials inside the country; a number
of another country keeps its "+". What was typed is never thrown away by the callers of this module.
"""

import re
import unicodedata

SHORTEST, LONGEST = 3, 15  # digits: a short service number; E.164
READ = 64  # characters; nothing longer is a number
TAIL = 7  # digits that a local number without its area code has at least

_EXTENSION = re.compile(r"\s*(?:转|轉|分机|分機|ext\.?|x|#|,|;|\*).*$", re.IGNORECASE)
_DASHED_EXTENSION = re.compile(r"(\d{7,})\s*-\s*\d{1,6}$")
_LOOKS_LIKE_ONE = re.compile(r"\+?[\d\s().\-/]+")
_COUNTRY = re.compile(r"^(?:00)?86(?=1[3-9]\d{9}$|[1-9]\d{8,10}$|0\d{9,11}$)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_SERVICE = re.compile(r"[48]00\d{7}")


def without_extension(text):
    """Return the number itself, half-width, without the extension behind it."""
    text = unicodedata.normalize("NFKC", text or "")[:READ].strip()
    return _DASHED_EXTENSION.sub(r"\1", _EXTENSION.sub("", text))


def normalise(text):
    """Return the number that ``text`` is, or "" when it is none.

    >>> normalise("+86 138-1234-5678")
    '13812345678'
    >>> normalise("+86 512 6555 1234")
    '051265551234'
    """
    text = without_extension(text)
    if not _LOOKS_LIKE_ONE.fullmatch(text):
        return ""
    digits = re.sub(r"\D", "", text)
    if not SHORTEST <= len(digits) <= LONGEST + 2:
        return ""
    national, from_abroad = _COUNTRY.subn("", digits)
    if not from_abroad and (text.startswith("+") or digits.startswith("00")):
        return "+" + digits.removeprefix("00")
    if len(national) > LONGEST:
        return ""
    if _MOBILE.fullmatch(national.removeprefix("0")):
        return national.removeprefix("0")
    if from_abroad and not national.startswith("0") and not _SERVICE.fullmatch(national):
        return "0" + national
    return national


def tail(number):
    """Return the last digits, by which an index finds the candidates; "" for a shorter number."""
    digits = re.sub(r"\D", "", number or "")
    return digits[-TAIL:] if len(digits) >= TAIL else ""


def is_same(left, right):
    """Tell whether two normalised numbers reach the same telephone.

    A number without its area code is the same as one with it.
    """
    left, right = (re.sub(r"\D", "", number or "") for number in (left, right))
    shorter, longer = sorted((left, right), key=len)
    if len(shorter) < TAIL:
        return False
    return longer == shorter or (len(shorter) <= TAIL + 1 and longer.endswith(shorter))
