"""All that people read is there in Chinese, with the same placeholders (U17)."""

import ast
import os
import re
import subprocess

import polib
import pytest
from conftest import ADDON

POT = ADDON / "i18n" / "crm_policy.pot"
CHINESE = ADDON / "i18n" / "zh_CN.po"
# helpdesk_mgmt has no Chinese; what Odoo shows of its records and scripts, our file translates.
EXTRA = ADDON / "i18n_extra" / "zh_CN.po"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdfr]|%%|\{\w*\}|</?[a-z][^>]*>")


# What a tag says to people may differ.
SPOKEN = re.compile(r'\b(title|alt|aria-label|placeholder)="[^"]*"')


def placeholders(text):
    return sorted(PLACEHOLDER.findall(SPOKEN.sub(r"\1", text)))


def messages(path):
    assert path.is_file(), f"{path} is missing"
    return {entry.msgid: entry for entry in polib.pofile(str(path)) if not entry.obsolete}


def test_no_string_hides_in_another():
    """Before Python 3.12 nothing inside of an f-string is found, and stays English."""
    hidden = [
        f"{path.relative_to(ADDON)}:{call.lineno}"
        for path in sorted(ADDON.rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ("_", "_lt")
    ]
    assert not hidden, "\n".join(hidden)


def test_every_string_has_a_translation():
    chinese = messages(CHINESE)
    missing = [msgid for msgid in messages(POT) if not getattr(chinese.get(msgid), "msgstr", "")]
    assert not missing, f"{len(missing)} without translation:\n" + "\n".join(missing)


def test_no_translation_is_a_guess_or_of_nothing():
    chinese = messages(CHINESE)
    assert not [entry.msgid for entry in chinese.values() if entry.fuzzy]
    assert not set(chinese) - set(messages(POT))


@pytest.mark.parametrize("path", [CHINESE, EXTRA], ids=["own", "extra"])
def test_placeholders_and_tags_are_the_same(path):
    different = [
        f"{entry.msgid}\n  -> {entry.msgstr}"
        for entry in messages(path).values()
        if placeholders(entry.msgid) != placeholders(entry.msgstr)
    ]
    assert not different, "\n".join(different)


def export(run, folder, module):
    """Return the file of all strings of a module, as Odoo exports them from the test database."""
    file = folder / f"{module}.pot"
    database = os.environ["CRM_POLICY_DATABASE"]
    command = [run.PYTHON, run.VENV / "bin" / "odoo", "i18n", "export", "-d", database]
    answer = subprocess.run(
        [*command, "-l", "pot", "-o", file, module], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return file


def test_the_list_of_strings_is_that_of_the_code(run, tmp_path):
    code, kept = set(messages(export(run, tmp_path, "crm_policy"))), set(messages(POT))
    advice = f"./run odoo i18n export -d NAME -l pot -o {POT.relative_to(ADDON.parent)} crm_policy"
    assert code == kept, f"not in the file: {code - kept}\nnot in the code: {kept - code}\n{advice}"


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


@pytest.mark.parametrize("path", [CHINESE, EXTRA], ids=["own", "extra"])
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
