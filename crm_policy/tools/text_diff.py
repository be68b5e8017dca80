"""What changed between two texts, word by word; Chinese character by character."""

import difflib
import re

_TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[A-Za-zÀ-ɏ]+|\s+|.", re.DOTALL)


def words(text):
    """Return the text in pieces that are kept or replaced as a whole; joined they are the text."""
    return _TOKEN.findall(text or "")


def compare(old, new):
    """Return what became of a text as pairs (kind, piece), kind "same", "gone" or "new".

    The pieces of "same" and "gone" are the old text, those of "same" and "new" the new one.

    :rtype: list[tuple[str, str]]
    """
    left, right = words(old), words(new)
    found = []
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, start, stop, other_start, other_stop in matcher.get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(left[start:stop])))
            continue
        if stop > start:
            found.append(("gone", "".join(left[start:stop])))
        if other_stop > other_start:
            found.append(("new", "".join(right[other_start:other_stop])))
    return found
