"""A row of a policy pack that the company has changed, and that a later pack brings again.

Three texts of each value are compared: what the former pack said, what the company has now, and
what the new pack says. Values are plain: None, bool, number, str, list, or for a translated text a
dict language -> text.
"""

from dataclasses import dataclass

# Who changed a value since the former pack.
PACK, COMPANY, BOTH = "pack", "company", "both"


@dataclass(frozen=True)
class Change:
    """A value in which the company's row and the row of the new pack differ.

    :ivar str field: its name.
    :ivar str by: PACK, COMPANY or BOTH.
    :ivar was: what the former pack said; None where nobody knows.
    :ivar ours: what the company has.
    :ivar theirs: what the new pack says.
    """

    field: str
    by: str
    was: object
    ours: object
    theirs: object


def same(left, right):
    """Return whether two values say the same.

    Nothing is nothing, however it is written. Translations are compared in the languages that both
    have: one that was installed later is no change.
    """
    if isinstance(left, dict) and isinstance(right, dict):
        common = left.keys() & right.keys()
        return bool(common) and all((left[key] or "") == (right[key] or "") for key in common)
    if isinstance(left, bool) or isinstance(right, bool):
        return bool(left) == bool(right)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left - right) < 1e-9
    return (left or None) == (right or None)


def changes(was, ours, theirs):
    """Return the :class:`Change` of each value in which ``ours`` and ``theirs`` differ.

    :param was: values of the former pack; None where the row did not come from a pack, so that all
        of it is the company's. A value that it does not name is the pack's.
    :param dict ours: values the company has.
    :param dict theirs: values of the new pack; only what it names is compared.
    """
    found = []
    for name, new in theirs.items():
        if name not in ours or same(ours[name], new):
            continue
        old = None if was is None else was.get(name, ours[name])
        if was is not None and same(ours[name], old):
            by = PACK
        elif was is not None and same(new, old):
            by = COMPANY
        else:
            by = BOTH
        found.append(Change(name, by, old, ours[name], new))
    return found


def number_key(number):
    """Return what orders the numbers of packs: "1.10" comes after "1.9"."""
    return tuple(int(part) for part in number.split("."))
