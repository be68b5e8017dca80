"""Policy packs: every way in which one can be broken is found, named and never half accepted."""

import copy

import pytest
import yaml
from conftest import ADDON
from hypothesis import given
from hypothesis import strategies as st

from crm_policy.tools import pack

SOUND = {
    "pack_version": "1.0",
    "policy": {"code": "SVC", "name": {"en_US": "Service", "zh_CN": "服务"}},
    "version": {"number": "1", "transition": "keep", "enforcement": "trial"},
    "clauses": [
        {"number": "3", "name": "Complaints"},
        {"number": "3.1", "name": "Answer", "parent": "3", "text": "Within a day."},
    ],
    "roles": [{"code": "clerk", "name": "Clerk", "kind": "group"}],
    "limits": [{"code": "front", "clause": "3.1", "amount": 500, "own": True}],
}
SCHEMAS = {
    "roles": ({"code": (str, True), "name": ("text", True), "kind": (("group",), True)}, False),
    "limits": (
        {
            "code": (str, True),
            "amount": (float, True),
            "own": (bool, False),
            "days": (int, False),
            "domain": (list, False),
            "more": (dict, False),
        },
        True,
    ),
}
MISSING = object()


def changed(path, value):
    """Return a sound pack with one thing put in its place, or taken away."""
    broken = copy.deepcopy(SOUND)
    *way, last = path
    place = broken
    for step in way:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return broken


def problems_of(values):
    """Return the problems of a pack that is written as YAML and read again."""
    with pytest.raises(pack.PackError) as error:
        pack.check(pack.parse(yaml.safe_dump(values, allow_unicode=True)), SCHEMAS)
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


def test_a_sound_pack_passes_unchanged():
    values = pack.parse(yaml.safe_dump(SOUND, allow_unicode=True).encode())
    pack.check(values, SCHEMAS)
    assert values == SOUND


@pytest.mark.parametrize("path", sorted((ADDON / "packs").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_shipped_packs_can_be_read(path):
    values = pack.parse(path.read_bytes())
    assert values["clauses"] and values["policy"]["code"]
    assert {row["clause"] for row in values.get("deadline_rules", [])} <= {
        row["number"] for row in values["clauses"]
    }


# === FILES THAT ARE NO PACK ===


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "must be a mapping"),
        (b"- a\n- b\n", "must be a mapping"),
        (b"just words", "must be a mapping"),
        (b"42", "must be a mapping"),
        ("policy: {name: 制度}".encode("gb18030"), "not UTF-8"),
        ("policy: {name: 制度}".encode("utf-16"), "not UTF-8"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"policy: {code: [", "not YAML"),
        (b"a: b: c", "not YAML"),
        (b"\tpolicy: 1", "not YAML"),
        (b"a: \x00", "not YAML"),
        (b"policy: !!python/object/apply:os.system [true]", "not YAML"),
        (b"a: !unknown 1", "not YAML"),
        (b"a: 1\n---\nb: 2\n", "not YAML"),
        (b"version: {number: 2026-02-30}", "not YAML"),
        (b"a: !!int x", "not YAML"),
        (b"a: " + b"[" * 20_000, "not YAML"),
        (b"a: " + b"x" * pack.MAX_BYTES, "larger than 1000000 bytes"),
        (b"a: 1\nb: 2\na: 3\n", "line 3: a is written twice"),
        (b"policy:\n  code: A\n  name: B\n  code: C\n", "line 4: code is written twice"),
        (b"a: &one [1]\nb: *one\n", "line 2: aliases"),
        (b"? [a, b]\n: 1\n", "line 1: a key must be text"),
        (b"? {a: b}\n: 1\n", "line 1: a key must be text"),
        (b"a: [{b: 1,\n 2: 3}]\n", "line 2: a key must be text"),
        (b"a: {no: Ja}\n", "line 1: a key must be text"),
    ],
)
def test_a_file_that_is_no_pack(content, problem):
    with pytest.raises(pack.PackError, match=problem) as error:
        pack.parse(content)
    assert len(str(error.value)) < 1000


def test_the_largest_file_and_a_byte_order_mark_are_read():
    content = b"a: 1\n#" + b"x" * (pack.MAX_BYTES - 6)
    assert len(content) == pack.MAX_BYTES
    assert pack.parse(content) == {"a": 1}
    assert pack.parse(b"\xef\xbb\xbfa: 1") == {"a": 1}
    assert pack.parse("a: 制度") == {"a": "制度"}


def test_a_few_aliases_do_not_fill_the_memory():
    lines = ["a0: &a0 lol"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(pack.PackError, match="line 2: aliases"):
        pack.parse("\n".join(lines))


# === PACKS WITH A MISTAKE ===


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        # the head
        (["pack_version"], MISSING, "pack_version is missing or is not text"),
        (["pack_version"], 1.0, "pack_version is missing or is not text"),
        (["policy"], MISSING, "policy: is missing or is not a mapping"),
        (["policy"], [], "policy: is missing or is not a mapping"),
        (["policy", "code"], MISSING, "policy: code is missing"),
        (["policy", "code"], None, "policy: code is missing"),
        (["policy", "code"], 5, "policy: code must be text in quotes, not 5"),
        (["policy", "code"], "", "policy: code must be text in quotes, not ''"),
        (["policy", "code"], "  ", "policy: code must be text in quotes, not '  '"),
        (["policy", "name"], {}, "policy: name must be text, not {}"),
        (["policy", "name"], {"en_US": ""}, "policy: name must be text, not {'en_US': ''}"),
        (["policy", "name"], {"en_US": 4}, "policy: name must be text, not {'en_US': 4}"),
        (["policy", "name"], ["Service"], "policy: name must be text, not ['Service']"),
        (["policy", "owner"], "me", "policy: unknown field owner"),
        (["policy", "default_for"], "complaint", "default_for must be a list of texts"),
        (["policy", "default_for"], [["complaint"]], "default_for must be a list of texts"),
        (["policy", "default_for"], [1], "default_for must be a list of texts"),
        (["version"], MISSING, "version: is missing or is not a mapping"),
        (["version", "number"], MISSING, "version: number is missing"),
        (["version", "number"], 1, "version: number must be text in quotes, not 1"),
        (["version", "transition"], "later", "transition must be one of keep, switch, not 'later'"),
        (["version", "enforcement"], True, "must be one of trial, enforced, not True"),
        (["version", "state"], "effective", "version: unknown field state"),
        (["version", "author_id"], 1, "version: unknown field author_id"),
        # the clauses
        (["clauses"], MISSING, "clauses: a policy needs at least one clause"),
        (["clauses"], [], "clauses: a policy needs at least one clause"),
        (["clauses"], {}, "clauses: must be a list"),
        (["clauses"], "3.1", "clauses: must be a list"),
        (["clauses", 0], "3", "clauses[1]: is missing or is not a mapping"),
        (["clauses", 0], None, "clauses[1]: is missing or is not a mapping"),
        (["clauses", 1, "number"], "3", "clauses[2]: clause 3 is there twice"),
        (["clauses", 1, "number"], 3.1, "clauses[2]: number must be text in quotes, not 3.1"),
        (["clauses", 1, "number"], ["3.1"], "clauses[2]: number must be text in quotes"),
        (["clauses", 1, "number"], MISSING, "clauses[2]: number is missing"),
        (["clauses", 1, "name"], MISSING, "clauses[2]: name is missing"),
        (["clauses", 1, "parent"], "9", "clauses[2]: parent clause 9 does not come before it"),
        (["clauses", 1, "parent"], "3.1", "parent clause 3.1 does not come before it"),
        (["clauses", 1, "parent"], ["3"], "clauses[2]: parent must be text in quotes"),
        (["clauses", 1, "titel"], "x", "clauses[2]: unknown field titel"),
        # the sections
        (["surprise"], [], "unknown section surprise"),
        ([7], [], "a key must be text"),
        (["limits"], {"code": "front"}, "limits: must be a list"),
        (["limits"], 0, "limits: must be a list"),
        (["limits", 0], 500, "limits[1]: is missing or is not a mapping"),
        (["limits", 0, "clause"], MISSING, "limits[1] (front): clause is missing"),
        (["limits", 0, "clause"], None, "limits[1] (front): clause is missing"),
        (["limits", 0, "clause"], "", "limits[1] (front): clause is missing"),
        (["limits", 0, "clause"], ["3.1"], "limits[1] (front): clause is missing"),
        (["limits", 0, "clause"], "8.8", "limits[1] (front): the policy has no clause 8.8"),
        (["limits", 0, "clause"], 3.1, "limits[1] (front): clause is missing"),
        (["limits", 0, "code"], MISSING, "limits[1]: code is missing"),
        (["limits", 0, "code"], {"a": 1}, "limits[1]: code must be text in quotes"),
        (["limits", 0, "ammount"], 5, "limits[1]: unknown field ammount"),
        (["limits", 0, "amount"], "500", "limits[1]: amount must be a number, not '500'"),
        (["limits", 0, "amount"], True, "limits[1]: amount must be a number, not True"),
        (["limits", 0, "amount"], float("nan"), "amount must be a number, not nan"),
        (["limits", 0, "amount"], float("-inf"), "amount must be a number, not -inf"),
        (["limits", 0, "amount"], 10**400, "limits[1]: amount must be a number, not 1000"),
        (["limits", 0, "amount"], MISSING, "limits[1]: amount is missing"),
        (["limits", 0, "own"], "yes", "limits[1]: own must be true or false, not 'yes'"),
        (["limits", 0, "own"], 1, "limits[1]: own must be true or false, not 1"),
        (["limits", 0, "days"], 1.5, "limits[1]: days must be a whole number, not 1.5"),
        (["limits", 0, "days"], True, "limits[1]: days must be a whole number, not True"),
        (["limits", 0, "domain"], "[]", "limits[1]: domain must be a list, not '[]'"),
        (["limits", 0, "more"], [], "limits[1]: more must be a mapping, not []"),
        (["roles", 0, "kind"], "team", "roles[1]: kind must be one of group, not 'team'"),
        (["roles", 0, "kind"], ["group"], "roles[1]: kind must be one of group"),
        (["roles", 0, "clause"], "3.1", "roles[1]: unknown field clause"),
    ],
)
def test_a_mistake_is_named_with_its_place(path, value, problem):
    assert any(problem in found for found in problems_of(changed(path, value)))


def test_a_code_that_is_there_twice():
    row = SOUND["limits"][0]
    found = problems_of({**SOUND, "limits": [row, dict(row)]})
    assert found == ["limits[2] (front): the code is there twice"]


def test_all_mistakes_are_named_at_once():
    broken = changed(["limits", 0, "clause"], "9")
    broken["clauses"][0]["name"] = 4
    broken["policy"]["x"] = 1
    assert problems_of(broken) == [
        "policy: unknown field x",
        "clauses[1]: name must be text, not 4",
        "limits[1] (front): the policy has no clause 9",
    ]


def test_a_long_wrong_value_does_not_fill_the_message():
    [problem] = problems_of(changed(["limits", 0, "amount"], "9" * 100_000))
    assert len(problem) < 120


@pytest.mark.parametrize(
    ("value", "english", "others"),
    [
        ("Answer", "Answer", {}),
        ({"en_US": "Answer", "zh_CN": "答复"}, "Answer", {"zh_CN": "答复"}),
        ({"zh_CN": "答复"}, "答复", {"zh_CN": "答复"}),
        ("", "", {}),
    ],
)
def test_texts(value, english, others):
    assert pack.texts(value) == (english, others)


# === WHATEVER COMES ===

SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=4) | st.dates()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(), inner)
    ),
    max_leaves=6,
)


def places(values, way=()):
    """Return the path of everything in nested values."""
    pairs = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in pairs:
        yield [*way, key]
        if isinstance(value, dict | list):
            yield from places(value, (*way, key))


@given(st.sampled_from(list(places(SOUND))), VALUES)
def test_anything_anywhere_is_accepted_or_named(path, value):
    """Nothing but a PackError comes out, whatever stands where something else should."""
    try:
        pack.check(pack.parse(yaml.safe_dump(changed(path, value))), SCHEMAS)
    except pack.PackError as error:
        assert error.problems


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_file_is_read_or_refused(content):
    try:
        assert isinstance(pack.parse(content), dict)
    except pack.PackError as error:
        assert error.problems
