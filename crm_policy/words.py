"""Putting names into sentences the way the reader's language does."""

from functools import reduce

from odoo.tools.misc import babel_locale_parse


def list_words(env, names):
    """Return names in one line: "A, B, C", for a Chinese reader 「A、B、C」.

    Without an "and": the line may go on, or stand alone after a colon.

    :param Iterable names: texts; what is no text is shown as one.
    :return: empty for no names.
    :rtype: str
    """
    names = [str(name) for name in names]
    patterns = babel_locale_parse(env.lang or "en_US").list_patterns["standard"]
    return reduce(patterns["middle"].format, names) if names else ""


def with_note(env, text, note):
    """Return ``text`` with a note in brackets behind it; alone without one."""
    return env._("%(text)s (%(note)s)", text=text, note=note) if note else text


def clause_words(env, parts):
    """Return parts that are lists themselves in one line, told apart more clearly than names."""
    return reduce(
        lambda said, part: env._("%(said)s; %(part)s", said=said, part=part), parts or [""]
    )


def codes_in(text):
    """Return the codes in a field that holds several with commas between them.

    :rtype: list[str]
    """
    return [code.strip() for code in (text or "").split(",") if code.strip()]
