"""Case numbers: patterns such as ``YYMMNN`` (篇一 第八条) and ``YYMMDDNNN`` (篇六 4.2.2.2).

``YY`` / ``YYYY``, ``MM`` and ``DD`` are the day of numbering in the company's zone, the run of
``N`` is the serial, padded to its length and widened beyond it. Digits, dashes and slashes stand
for themselves, and so do capital letters before the first dash (``CF-YYYY-NNNN``).
"""

import re
from datetime import date

RESETS = ("month", "year", "never")
# Letters that are no part of a day and no serial: what the numbers of this kind begin with.
_PREFIX = r"\A(?![YMDN]+-)[A-Z]{1,8}-"
_TOKEN = re.compile(rf"{_PREFIX}|YYYY|YY|MM|DD|N+|[0-9/-]+|.", re.DOTALL)
_PARTS = {"YYYY": r"(\d{4})", "YY": r"(\d\d)", "MM": r"(\d\d)", "DD": r"(\d\d)"}
MAX_SERIAL = 9  # digits: what a counter can hold
# What the number must show so that two periods never give the same number.
_NEEDS = {"month": ("YY", "MM"), "year": ("YY",), "never": ()}


def check_pattern(pattern, reset):
    """Return None when the pattern gives unique numbers, else what is wrong with it, in English.

    :param str pattern: for example "YYMMDDNNN".
    :param str reset: "month", "year" or "never": when the serial starts again at 1.
    """
    tokens = _TOKEN.findall(pattern or "")
    serials = [token for token in tokens if re.fullmatch("N+", token)]
    if len(serials) != 1 or tokens[-1] != serials[0]:
        return "it must end with one run of N, the serial"
    if tokens and re.match(_PREFIX, pattern):
        tokens = tokens[1:]
    unknown = [token for token in tokens if not re.fullmatch(r"YYYY|YY|MM|DD|N+|[0-9/-]+", token)]
    if unknown:
        return f"unknown letters {''.join(unknown)}"
    if reset not in RESETS:
        return f"unknown period {reset}"
    shown = "".join(tokens)
    missing = [need for need in _NEEDS[reset] if need not in shown]
    if missing:
        return f"a serial that starts again each {reset} needs {' and '.join(missing)}"
    return None


def counter_key(pattern):
    """Return what patterns share that could give the same number once they are widened.

    The 100th of YYMMNN is the 100th of YYMMNNN too: both count on one counter.
    """
    return re.sub("N+$", "N", pattern)


def period_key(day, reset):
    """Return the period whose counter numbers a case of ``day``: "202603", "2026" or ""."""
    return {"month": f"{day:%Y%m}", "year": f"{day:%Y}", "never": ""}[reset]


def format_number(pattern, day, serial):
    """Return the number; a serial wider than its run of N widens the number (100th: YYMM100)."""
    parts = {"YYYY": f"{day:%Y}", "YY": f"{day:%y}", "MM": f"{day:%m}", "DD": f"{day:%d}"}
    return "".join(
        f"{serial:0{len(token)}d}" if re.fullmatch("N+", token) else parts.get(token, token)
        for token in _TOKEN.findall(pattern)
    )


def parse_number(number, pattern):
    """Return (day, serial) that would give ``number`` under ``pattern``, or None.

    A part of the day that the pattern does not show is 1. A widened serial is understood.
    """
    expression, names = "", []
    for token in _TOKEN.findall(pattern):
        if token in _PARTS:
            expression += _PARTS[token]
            names.append(token)
        elif re.fullmatch("N+", token):
            # Padded to its length, or wider and then without a leading zero.
            expression += rf"(\d{{{len(token)}}}|[1-9]\d{{{len(token)},{MAX_SERIAL - 1}}})"
        else:
            expression += re.escape(token)
    match = re.fullmatch(expression, number, re.ASCII)
    if not match:
        return None
    *values, serial = match.groups()
    parts = dict(zip(names, map(int, values), strict=True))
    year = parts.get("YYYY", parts.get("YY", 0) + 2000)
    try:
        day = date(year, parts.get("MM", 1), parts.get("DD", 1))
    except ValueError:
        return None
    return (day, int(serial)) if int(serial) else None


def counters_of(number, own, schemes):
    """Return the counters that must not give ``number`` again: [((key, period), serial)].

    260312099 is the 99th by YYMMDDNNN, hardly the 12099th of March by YYMMNN: a pattern of just
    that length is meant; a widened one only when it is that of the case's own type.

    :param tuple own: (pattern, reset) of the type of the case, or None.
    :param schemes: (pattern, reset) of all types of the company.
    """
    fitting = [scheme for scheme in schemes if len(scheme[0]) == len(number)]
    fitting = [scheme for scheme in fitting if parse_number(number, scheme[0])]
    found = {}
    for pattern, reset in fitting or ([own] if own else []):
        parsed = parse_number(number, pattern)
        if parsed:
            day, serial = parsed
            found[counter_key(pattern), period_key(day, reset)] = serial
    return list(found.items())
