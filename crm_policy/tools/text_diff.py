"""What changed between two texts, word by word; Chinese character by character."""

import difflib
import re

_TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[A-Za-zÀ-ɏ]+|\s+|.", re.DOTALL)
_SENTENCE = re.compile(r"[^。；！？\n]*[。；！？\n]|[^。；！？\n]+")
MOST = 20_000_000  # pairs of words that are compared: some 4,500 characters


def sentences(text):
    """Return the text sentence by sentence; joined they are the text."""
    return _SENTENCE.findall(text or "")


def words(text):
    """Return the text in pieces that are kept or replaced as a whole; joined they are the text."""
    return _TOKEN.findall(text or "")


def compare(old, new):
    """Return what became of a text as pairs (kind, piece), kind "same", "gone" or "new".

    Word by word; texts of many pages sentence by sentence. The pieces of "same" and "gone" are the
    old text, those of "same" and "new" the new one.

    :rtype: list[tuple[str, str]]
    """
    left, right = words(old), words(new)
    if len(left) * len(right) > MOST:  # the same few signs come again and again: quadratic
        left, right = sentences(old), sentences(new)
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
