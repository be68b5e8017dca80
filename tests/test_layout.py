"""Things lie where everybody will look for them (and where Odoo and its tools do)."""

import ast
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest
from conftest import ADDON, ADDONS, ROOT, SIBLINGS
from sources import PREFIX, addon_of, imports, models, python_files


def relative(path):
    return path.relative_to(addon_of(path)).as_posix()


def name_of(path):
    """Return the name of a file or an add-on in this repository."""
    return path.relative_to(ROOT).as_posix()


def own_files():
    files = python_files("models") + python_files("wizard")
    return [path for path in files if "models/inherit/" not in path.as_posix()]


def manifest(addon=ADDON):
    return ast.literal_eval((addon / "__manifest__.py").read_text())


each_addon = pytest.mark.parametrize("addon", ADDONS, ids=name_of)


# === MODELS ===


@pytest.mark.parametrize("path", own_files(), ids=relative)
def test_a_file_holds_one_model_and_has_its_name(path):
    """Its own model, or what a higher room adds to the model of a lower one."""
    names = [model.model for model in models(path)]
    stem = path.stem.replace("_", ".")
    expected = PREFIX if relative(path) == "models/policy/policy.py" else f"{PREFIX}.{stem}"
    assert names == [expected]


@pytest.mark.parametrize("path", python_files("models/inherit"), ids=relative)
def test_a_foreign_model_is_extended_in_a_file_of_its_name(path):
    [model] = models(path)
    assert model.name is None or model.name in model.inherit
    assert not model.model.startswith(PREFIX)
    assert model.model.replace(".", "_") == path.stem


def test_foreign_models_are_extended_nowhere_else():
    """In one place, so that one sees what a core model has become."""
    elsewhere = [
        f"{relative(path)}: {model.model}"
        for path in python_files("models") + python_files("wizard")
        for model in models(path)
        if not relative(path).startswith("models/inherit/")
        and not (model.model or "").startswith(PREFIX)
    ]
    assert not elsewhere


# === SIBLINGS ===


def sibling_files():
    return python_files("models", *SIBLINGS) + python_files("wizard", *SIBLINGS)


@pytest.mark.parametrize("path", sibling_files(), ids=name_of)
def test_a_sibling_s_file_holds_one_model_and_has_its_name(path):
    """It is small: what it adds to the other app's models needs no room of its own."""
    [model] = models(path)
    assert model.name is None or model.name in model.inherit or model.name.startswith(PREFIX)
    assert model.model.removeprefix(f"{PREFIX}.").replace(".", "_") == path.stem


@pytest.mark.parametrize("addon", SIBLINGS, ids=name_of)
def test_a_sibling_comes_by_itself_with_the_app_it_joins(addon):
    told = manifest(addon)
    assert told["auto_install"] and not told.get("application")
    assert ADDON.name in told["depends"] and len(told["depends"]) > 1
    assert told["version"].split(".")[:2] == manifest()["version"].split(".")[:2]


def test_the_core_knows_no_sibling():
    names = [addon.name for addon in SIBLINGS]
    files = [path for path in ADDON.rglob("*") if path.suffix in (".py", ".xml", ".js", ".csv")]
    assert not [name_of(path) for path in files if any(n in path.read_text() for n in names)]


@pytest.mark.parametrize("path", python_files("tools", *ADDONS), ids=name_of)
def test_tools_are_pure(path):
    assert not imports(path) & {"odoo", "psycopg2"}
    assert not models(path)


# === TESTS ===


def test_every_test_file_has_a_name_of_its_own():
    """Star imports hide the first of two modules of one name, and so its tests."""
    files = python_files("tests", *ADDONS)
    stems = Counter(path.stem for path in files if path.name.startswith("test_"))
    assert not [stem for stem, count in stems.items() if count > 1]


@each_addon
def test_every_test_file_is_imported(addon):
    holes = []
    for path in python_files("tests", addon):
        init = path.with_name("__init__.py")
        if path.name.startswith("test_"):
            wanted = rf"^from \. import \(?.*\b{path.stem}\b"
            if not init.exists() or not re.search(wanted, init.read_text(), re.M | re.S):
                holes.append(f"{relative(init)} does not import {path.stem}")
    for folder in (path.parent for path in (addon / "tests").rglob("*/__init__.py")):
        init = folder.parent / "__init__.py"
        if not re.search(rf"^from \.{folder.name} import \*", init.read_text(), re.M):
            holes.append(f"{relative(init)}: from .{folder.name} import *")
    assert not holes, "\n".join(holes)


# === DATA ===

FOLDERS = ("security", "data", "views", "report", "wizard", "demo")


@each_addon
def test_nothing_is_listed_twice(addon):
    files = [name for key in ("data", "demo") for name in manifest(addon).get(key, ())]
    assert sorted(files) == sorted(set(files))
    for access in (addon / "security").glob("ir.model.access.csv"):
        ids = [line.partition(",")[0] for line in access.read_text().splitlines()]
        assert sorted(ids) == sorted(set(ids))


@each_addon
def test_the_manifest_lists_every_data_file(addon):
    listed = {name for key in ("data", "demo") for name in manifest(addon).get(key, ())}
    there = {
        relative(path)
        for folder in FOLDERS
        for path in (addon / folder).rglob("*")
        if path.suffix in (".xml", ".csv")
    }
    assert there == {name for name in listed if name.partition("/")[0] in FOLDERS}
    assert all((addon / name).is_file() for name in listed)


@each_addon
def test_data_folders_are_flat(addon):
    """OCA's check for forgotten files does not look deeper."""
    assert not [relative(path) for name in FOLDERS for path in (addon / name).glob("*/*.xml")]


@each_addon
def test_what_data_files_compute_is_python(addon):
    """Odoo installs an add-on whose demo data do not load, without them and with a warning only."""
    broken = []
    for path in sorted(path for name in FOLDERS for path in (addon / name).glob("*.xml")):
        for element in ElementTree.parse(path).iter():
            for attribute in {"eval", "search"}.intersection(element.keys()):
                try:
                    ast.parse(element.get(attribute).strip(), mode="eval")
                except SyntaxError as error:
                    broken.append(f"{relative(path)}: {error}: {error.text[: error.offset][-60:]}")
    assert not broken, "\n".join(broken)


# === THE REPOSITORY ===


def test_what_the_add_on_imports_is_locked_by_name():
    """Not as a guest of another package, which may be there for one Python only."""
    wanted = {
        name.lower() for name in manifest().get("external_dependencies", {}).get("python", ())
    }
    assert wanted <= set((ROOT / "requirements.in").read_text().split())


def tracked_files():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def lines_with(pattern, excepted=()):
    found = []
    for path in tracked_files():
        if path.suffix not in (".png", ".svg", ".woff2") and path.name not in excepted:
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if re.search(pattern, line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return found


def test_no_file_names_a_package_registry():
    """Where packages come from is for the machine's own configuration to say."""
    hosts = [r"python" + "hosted", r"py" + r"pi\.org", r"deb\.deb" + "ian", r"registry\.np" + "mjs"]
    assert not lines_with("|".join(hosts))


def test_no_file_names_a_path_of_one_machine():
    assert not lines_with(r"(^|[^A-Za-z0-9_.])/(wo" + r"rk|ho" + r"me|Us" + r"ers)/[a-z]")


def test_the_changelog_begins_with_what_comes_next_or_the_version_of_the_manifest():
    text = (ROOT / "CHANGELOG.rst").read_text()
    first = re.search(r"^(Unreleased|\d+(\.\d+){4})\b", text, re.M)
    assert first and first.group() in ("Unreleased", manifest()["version"])
