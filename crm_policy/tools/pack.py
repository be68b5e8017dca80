"""Reading policy packs: canonical YAML in, checked plain values out.

A pack is one policy: its clauses and, in sections, the rules that hang on them. Rooms declare
their section's fields as a schema, so that every mistake is found, named and reported at once,
before anything is written.
"""

import hashlib
import json
import re
import reprlib

import yaml

MAX_BYTES = 1_000_000
LARGEST = 1e15  # beyond that floats have no cents any more


class PackError(ValueError):
    """A pack that cannot be loaded.

    :ivar list[str] problems: one sentence each, with the place in the file.
    """

    def __init__(self, problems):
        super().__init__("\n".join(problems))
        self.problems = problems


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice, where YAML keeps the last one silently.

    It also refuses aliases: a few lines of them stand for more text than any memory holds.
    """

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise PackError([f"line {mark.line + 1}: aliases (*name) are not read"])
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _value in node.value:
            scalar = isinstance(key_node, yaml.ScalarNode)
            key = self.construct_object(key_node, deep=deep) if scalar else None
            if not isinstance(key, str):
                raise PackError([f"line {key_node.start_mark.line + 1}: a key must be text"])
            if key in seen:
                raise PackError([f"line {key_node.start_mark.line + 1}: {key} is written twice"])
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def parse(content):
    """Return the pack as a dict of plain values.

    :param content: str or bytes of a UTF-8 YAML file.
    :raises PackError: not UTF-8, not YAML, too large, or no mapping.
    """
    if len(content) > MAX_BYTES:
        raise PackError([f"the file is larger than {MAX_BYTES} bytes"])
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        # _Loader is a SafeLoader: it builds plain values only.
        pack = yaml.load(text, Loader=_Loader)  # noqa: S506
    except UnicodeDecodeError as error:
        raise PackError([f"the file is not UTF-8: {error}"]) from error
    except PackError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a date such as 2026-02-30, which YAML reads without being asked.
        raise PackError([f"the file is not YAML: {error}"]) from error
    if not isinstance(pack, dict):
        raise PackError(["the file must be a mapping with policy, version and clauses"])
    return pack


HEAD = {"code": (str, True), "name": ("text", True), "default_for": ("texts", False)}
VERSION = {
    "number": (str, True),
    "transition": (("keep", "switch"), False),
    "enforcement": (("trial", "enforced"), False),
}
CLAUSE = {
    "number": (str, True),
    "name": ("text", True),
    "text": ("text", False),
    "parent": (str, False),
    "source": (str, False),
}
# Beside the fields of its section a row may say that its value is not fixed by the sources.
COMMON = {"proposed": (bool, False)}
_PACK_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")


def fingerprint(pack):
    """Return the SHA-256 of what a parsed pack says, whatever its layout and comments."""
    content = json.dumps(pack, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def check(pack, schemas):
    """Check a parsed pack against the schemas of its sections.

    :param dict pack: what :func:`parse` returned.
    :param dict schemas: section name -> (schema, needs_clause); a schema is a dict
        field -> (kind, required), kind a type, "text" (str or language -> str), or a tuple of
        allowed values.
    :raises PackError: with every problem found.
    """
    problems = []
    known = {"policy", "version", "pack_version", "clauses", *schemas}
    problems += [f"unknown section {name}" for name in pack if name not in known]
    problems += _row_problems("policy", pack.get("policy"), HEAD)
    problems += _row_problems("version", pack.get("version"), VERSION)
    number = pack.get("pack_version")
    if not isinstance(number, str) or not _PACK_VERSION.fullmatch(number):
        problems.append('pack_version is missing or is not text such as "1.2"')
    clauses = _rows(pack, "clauses", problems)
    if not clauses:
        problems.append("clauses: a policy needs at least one clause")
    numbers = set()
    for place, row in clauses:
        problems += _row_problems(place, row, CLAUSE | COMMON)
        number, parent = _text(row, "number"), _text(row, "parent")
        if number in numbers:
            problems.append(f"{place}: clause {number} is there twice")
        if parent and parent not in numbers:
            problems.append(f"{place}: parent clause {parent} does not come before it")
        numbers.add(number)
    numbers.discard(None)
    for section, (schema, needs_clause) in schemas.items():
        problems += _section_problems(pack, section, schema, needs_clause, numbers)
    if problems:
        raise PackError(problems)


def texts(value):
    """Return (English, {language: text}) of a translatable value."""
    if isinstance(value, dict):
        others = {lang: text for lang, text in value.items() if lang != "en_US"}
        return value.get("en_US") or next(iter(value.values())), others
    return value, {}


def name(content, lang):
    """Return what the policy of a shipped pack is called, without reading the whole of it."""
    head = parse(content.partition("\nversion:")[0])
    english, others = texts(head["policy"]["name"])
    return others.get(lang, english)


def _section_problems(pack, section, schema, needs_clause, numbers):
    problems, codes = [], set()
    for place, row in _rows(pack, section, problems):
        extra = ("clause",) if needs_clause else ()
        problems += _row_problems(place, row, schema | COMMON, extra=extra)
        if not isinstance(row, dict):
            continue
        code, clause = _text(row, "code"), _text(row, "clause")
        place = f"{place} ({code or 'no code'})"
        if code in codes:
            problems.append(f"{place}: the code is there twice")
        codes |= {code} - {None}
        if needs_clause and not clause:
            problems.append(f"{place}: clause is missing; a rule belongs to a clause")
        elif clause and clause not in numbers:
            problems.append(f"{place}: the policy has no clause {clause}")
    return problems


def _text(row, key):
    """Return the text that a row has under ``key``, None for anything else."""
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, str) else None


def _rows(pack, section, problems):
    rows = pack.get(section)
    if rows is None:
        return []
    if not isinstance(rows, list):
        problems.append(f"{section}: must be a list")
        return []
    return [(f"{section}[{number}]", row) for number, row in enumerate(rows, start=1)]


def _row_problems(place, row, schema, extra=()):
    if not isinstance(row, dict):
        return [f"{place}: is missing or is not a mapping"]
    problems = [f"{place}: unknown field {key}" for key in row if key not in (*schema, *extra)]
    for key, (kind, required) in schema.items():
        if key not in row or row[key] is None:
            if required:
                problems.append(f"{place}: {key} is missing")
        elif not _fits(row[key], kind):
            found = reprlib.repr(row[key])
            problems.append(f"{place}: {key} must be {_kind_name(kind)}, not {found}")
    return problems


def _fits(value, kind):
    if kind == "text":
        return (isinstance(value, str) and bool(value.strip())) or (
            isinstance(value, dict)
            and bool(value)
            and all(isinstance(item, str) and item for pair in value.items() for item in pair)
        )
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if isinstance(kind, tuple):
        return value in kind
    if kind is str:
        return isinstance(value, str) and bool(value.strip())
    if kind is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # An integer may be too long for any float, which isfinite() does not survive.
        return is_number and abs(value) < LARGEST
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _kind_name(kind):
    if isinstance(kind, tuple):
        return "one of " + ", ".join(kind)
    return {
        "text": "text",
        "texts": "a list of texts",
        str: "text in quotes",
        int: "a whole number",
        float: "a number",
        list: "a list",
        bool: "true or false",
        dict: "a mapping",
    }[kind]
