"""All that people read is there in Chinese, with the same placeholders (U17)."""

import ast
import os
import re
import subprocess

import polib
import pytest
from conftest import ADDON, ADDONS, ROOT, SIBLINGS

# helpdesk_mgmt has no Chinese; what Odoo shows of its records and scripts, our file translates.
EXTRA = ADDON / "i18n_extra" / "zh_CN.po"
CHINESE_FILES = [*(addon / "i18n" / "zh_CN.po" for addon in ADDONS), EXTRA]
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdfr]|%%|\{\w*\}|</?[a-z][^>]*>")


# What a tag says to people may differ.
SPOKEN = re.compile(r'\b(title|alt|aria-label|placeholder)="[^"]*"')


def placeholders(text):
    return sorted(PLACEHOLDER.findall(SPOKEN.sub(r"\1", text)))


def pot(addon):
    return addon / "i18n" / f"{addon.name}.pot"


def chinese_of(addon):
    return messages(addon / "i18n" / "zh_CN.po")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


each_addon = pytest.mark.parametrize("addon", ADDONS, ids=name_of)


def messages(path):
    assert path.is_file(), f"{path} is missing"
    return {entry.msgid: entry for entry in polib.pofile(str(path)) if not entry.obsolete}


def test_no_string_hides_in_another():
    """Before Python 3.12 nothing inside of an f-string is found, and stays English."""
    hidden = [
        f"{name_of(path)}:{call.lineno}"
        for path in sorted(path for addon in ADDONS for path in addon.rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ("_", "_lt")
    ]
    assert not hidden, "\n".join(hidden)


@each_addon
def test_every_string_has_a_translation(addon):
    chinese = chinese_of(addon)
    strings = messages(pot(addon))
    missing = [msgid for msgid in strings if not getattr(chinese.get(msgid), "msgstr", "")]
    assert not missing, f"{len(missing)} without translation:\n" + "\n".join(missing)


@each_addon
def test_no_translation_is_a_guess_or_of_nothing(addon):
    chinese = chinese_of(addon)
    assert not [entry.msgid for entry in chinese.values() if entry.fuzzy]
    assert not set(chinese) - set(messages(pot(addon)))


def test_what_a_sibling_says_with_the_core_s_words_is_translated_as_there():
    core = chinese_of(ADDON)
    for addon in SIBLINGS:
        own = chinese_of(addon)
        other = {msgid for msgid in set(own) & set(core) if own[msgid].msgstr != core[msgid].msgstr}
        assert not other, addon.name


@pytest.mark.parametrize("path", CHINESE_FILES, ids=name_of)
def test_placeholders_and_tags_are_the_same(path):
    different = [
        f"{entry.msgid}\n  -> {entry.msgstr}"
        for entry in messages(path).values()
        if placeholders(entry.msgid) != placeholders(entry.msgstr)
    ]
    assert not different, "\n".join(different)


def export(run, folder, module, database=None):
    """Return the file of all strings of a module, as Odoo exports them from the test database."""
    file = folder / f"{module}.pot"
    database = database or os.environ["CRM_POLICY_DATABASE"]
    command = [run.PYTHON, run.VENV / "bin" / "odoo", "i18n", "export", "-d", database]
    answer = subprocess.run(
        [*command, "-l", "pot", "-o", file, module], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return file


def compare_strings(file, addon):
    code, kept = set(messages(file)), set(messages(pot(addon)))
    advice = f"./run odoo i18n export -d NAME -l pot -o {name_of(pot(addon))} {addon.name}"
    assert code == kept, f"not in the file: {code - kept}\nnot in the code: {kept - code}\n{advice}"


def test_the_list_of_strings_is_that_of_the_code(run, tmp_path):
    compare_strings(export(run, tmp_path, ADDON.name), ADDON)


def test_the_siblings_lists_of_strings_are_those_of_their_code(run, tmp_path, wide_scratch_db):
    for addon in SIBLINGS:
        compare_strings(export(run, tmp_path, addon.name, wide_scratch_db.name), addon)


def places(entry):
    """Return where a string of helpdesk_mgmt is shown; records are translated one by one.

    Not its Python code: Odoo looks for those strings in the files of their own module only.
    """
    script = "odoo-javascript" in entry.comment
    return {place for place, _line in entry.occurrences if script or not place.startswith("code:")}


def test_what_helpdesk_mgmt_shows_has_a_translation(run, tmp_path):
    chinese = messages(EXTRA)
    missing = [
        f"{place}: {msgid}"
        for msgid, entry in messages(export(run, tmp_path, "helpdesk_mgmt")).items()
        for place in places(entry)
        if msgid not in chinese
        or not chinese[msgid].msgstr
        or chinese[msgid].fuzzy
        or place not in places(chinese[msgid])
    ]
    assert not missing, f"{len(missing)} without translation:\n" + "\n".join(missing)


# Half-width punctuation between Chinese characters, as a foreign keyboard leaves it.
CHINESE_CHARACTER = "[\u4e00-\u9fff]"
HALF_WIDTH = re.compile(f"(?<={CHINESE_CHARACTER})[,:;?!(]|[,;?!)](?={CHINESE_CHARACTER})")


@pytest.mark.parametrize("path", CHINESE_FILES, ids=name_of)
def test_chinese_has_chinese_punctuation(path):
    texts = [entry.msgstr for entry in messages(path).values()]
    # A placeholder or a tag between two characters is as good as none.
    assert not [text for text in texts if HALF_WIDTH.search(PLACEHOLDER.sub("", text))]


def test_packs_have_chinese_punctuation():
    packs = sorted((ADDON / "packs").glob("*.yaml"))
    lines = [line for pack in packs for line in pack.read_text(encoding="utf-8").splitlines()]
    # In YAML, punctuation before a space divides.
    dense = re.compile(f"(?:{HALF_WIDTH.pattern})(?! )")
    assert packs and not [line for line in lines if dense.search(line)]
