"""Whether two conditions can hold for one record: domains as plain lists, without a database.

What cannot be decided from the text alone (a path over two links, a hierarchy) is "maybe": the
caller says so instead of guessing.
"""

from itertools import product
from math import inf

MAX_BRANCHES = 64  # a condition with more alternatives is not taken apart
_NEGATED = {
    "=": "!=",
    "!=": "=",
    "in": "not in",
    "not in": "in",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}


class _Undecidable(Exception):
    """A condition that plain text does not decide."""


def overlap(first, second, multiple=frozenset()):
    """Return "yes", "no" or "maybe": whether some record can match both domains.

    :param list first: a domain in prefix notation, as in a view or a policy pack.
    :param list second: another one on the same model.
    :param multiple: fields that hold several values at once; what two conditions say of one of
        them does not contradict itself.
    """
    answers = set()
    for branch in _branches(["&", *_closed(first), *_closed(second)]):
        answers.add(_satisfiable(branch, multiple))
        if "yes" in answers:
            return "yes"
    return "maybe" if "maybe" in answers else "no"


def _closed(domain):
    """Return a domain as one expression: its implicit ands written out."""
    missing, expected = 0, 1
    for token in domain:
        if expected == 0:
            missing += 1
            expected = 1
        if token in ("&", "|"):
            expected += 1
        elif token != "!":
            expected -= 1
    return ["&"] * missing + list(domain) or [(1, "=", 1)]


def _branches(tokens):
    """Return the alternatives of an expression: lists of conditions that all hold."""
    tokens = iter(tokens)

    def read(positive):
        token = next(tokens)
        if token == "!":
            return read(not positive)
        if token in ("&", "|"):
            left, right = read(positive), read(positive)
            if (token == "&") == positive:
                if len(left) * len(right) > MAX_BRANCHES:
                    return [[("?", "?", None)]]
                return [one + other for one, other in product(left, right)]
            return left + right
        field, operator, value = token
        if not positive:
            if operator not in _NEGATED:
                return [[("?", "?", None)]]
            operator = _NEGATED[operator]
        return [[(field, operator, value)]]

    return read(True)


def _satisfiable(conditions, multiple):
    """Return whether one record can meet all the conditions of a branch."""
    known, sure = {}, True
    for field, operator, value in conditions:
        if (field, operator, value) == (1, "=", 1):
            continue
        if (field, operator, value) in ((0, "=", 1), (1, "=", 0)):
            return "no"
        if field in multiple:
            sure = False
            continue
        try:
            known.setdefault(field, _Values()).narrow(operator, value)
        except _Undecidable:
            sure = False
    if any(values.empty() for values in known.values()):
        return "no"
    # Two paths over links may lead to one value; what is narrowed by hand is not all there is.
    sure = sure and not any("." in str(field) for field in known)
    return "yes" if sure else "maybe"


class _Values:
    """What one field may still be."""

    def __init__(self):
        self.allowed = None  # a set once something says "one of"
        self.barred = set()
        self.low, self.high = (-inf, True), (inf, True)  # bound, inclusive

    def narrow(self, operator, value):
        if operator in ("=", "in"):
            values = set(_listed(value, operator))
            self.allowed = values if self.allowed is None else self.allowed & values
        elif operator in ("!=", "not in"):
            self.barred |= set(_listed(value, operator))
        elif operator in ("<", "<=", ">", ">=") and _is_number(value):
            inclusive = operator.endswith("=")
            if operator.startswith("<"):
                self.high = min(self.high, (value, inclusive))
            else:
                bound, closed = self.low
                if value > bound or (value == bound and closed and not inclusive):
                    self.low = (value, inclusive)
        else:
            raise _Undecidable

    def empty(self):
        (low, low_in), (high, high_in) = self.low, self.high
        if low > high or (low == high and not (low_in and high_in)):
            return True
        if self.allowed is None:
            return False
        left = self.allowed - self.barred
        return not [value for value in left if not _is_number(value) or self._within(value)]

    def _within(self, value):
        (low, low_in), (high, high_in) = self.low, self.high
        above = value > low or (value == low and low_in)
        return above and (value < high or (value == high and high_in))


def _listed(value, operator):
    values = value if operator in ("in", "not in") else [value]
    if not isinstance(values, list | tuple | set):
        raise _Undecidable
    try:
        # In a domain an empty value is False, whatever the type of the field.
        return [False if item is None else item for item in values if hash(item) is not None]
    except TypeError as error:
        raise _Undecidable from error


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)
