"""Recognising what came in: whether a text with its circumstances fits the conditions of a rule.

Chinese has no spaces between words, so a word is looked for anywhere in the text. Both sides are
folded first: full-width and half-width forms, upper and lower case and runs of spaces are the same.
"""

import re
import unicodedata
from typing import NamedTuple

# After folding: the full-width comma and semicolon have become these already.
SEPARATORS = re.compile(r"[,;、|\n]")


class Condition(NamedTuple):
    """What a rule asks for; whatever is empty asks for nothing."""

    any_words: tuple = ()
    all_words: tuple = ()
    channel: int = 0
    domains: tuple = ()
    categories: frozenset = frozenset()
    items: tuple = ()
    kind: str = ""
    type: int = 0


class Signals(NamedTuple):
    """What is known of a case; ``text``, ``domain`` and ``item`` are folded."""

    text: str = ""
    channel: int = 0
    domain: str = ""
    categories: frozenset = frozenset()
    item: str = ""
    kind: str = ""
    type: int = 0


def fold(text):
    """Return ``text`` in the form in which it is compared."""
    lines = unicodedata.normalize("NFKC", text or "").casefold().splitlines()
    return "\n".join(" ".join(line.split()) for line in lines)


def words(text):
    """Return the folded words of a list such as "漏水, 渗水、Leak"; a word may hold spaces.

    :rtype: tuple[str]
    """
    parts = (part.strip() for part in SEPARATORS.split(fold(text)))
    return tuple(dict.fromkeys(part for part in parts if part))


def domain_of(email):
    """Return the folded domain of a plain address, "" without one."""
    return fold(email).rpartition("@")[2] if "@" in (email or "") else ""


def fits(condition, signals):
    """Return whether a case fits; one that is known to be of another kind or type does not."""
    return (
        (not condition.kind or signals.kind in ("", condition.kind))
        and (not condition.type or signals.type in (0, condition.type))
        and (not condition.channel or condition.channel == signals.channel)
        and (not condition.categories or not condition.categories.isdisjoint(signals.categories))
        and (not condition.items or signals.item.startswith(condition.items))
        and (not condition.domains or _from_one_of(signals.domain, condition.domains))
        and all(word in signals.text for word in condition.all_words)
        and (not condition.any_words or any(word in signals.text for word in condition.any_words))
    )


def _from_one_of(domain, domains):
    """Return whether ``domain`` is one of ``domains`` or lies below one of them."""
    return any(domain == known or domain.endswith(f".{known}") for known in domains)
