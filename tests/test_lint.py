"""The slow linters, for ./run lint: each is content with the add-on, or its output is shown."""

import os
import re
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest
from conftest import ADDONS, ROOT

from odoo.modules import Manifest
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name

from odoo.addons.test_lint.tests import (
    test_index,
    test_naming,
    test_override_signatures,
    test_pofile,
    test_test_holes,
)

pytestmark = pytest.mark.lint
OURS = [addon.name for addon in ADDONS]


def check(*command):
    answer = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


# === OCA'S LINTERS ===


def test_pylint_odoo(run):
    check(run.VENV / "bin" / "pylint", "--jobs=2", *OURS)


def test_oca_checks_odoo_module(run):
    check(run.VENV / "bin" / "oca-checks-odoo-module", *OURS)


def test_oca_checks_po(run):
    files = [path for addon in ADDONS for path in sorted(addon.glob("i18n*/*.po*"))]
    assert files
    check(run.VENV / "bin" / "oca-checks-po", *files)


# === XML AND JAVASCRIPT ===


@pytest.fixture
def node_modules():
    if not os.environ.get("NODE_PATH"):
        pytest.skip("there is no npm")
    return Path(os.environ["NODE_PATH"])


def test_prettier(node_modules):
    check("node", node_modules / "prettier/bin/prettier.cjs", "--check", ".")


def test_eslint(node_modules):
    check("node", node_modules / "eslint/bin/eslint.js", "--no-error-on-unmatched-pattern", ".")


# === ODOO'S OWN TEST_LINT, FOR OUR ADD-ONS ONLY ===


def needs_index(name, env):
    """Tell whether `model.field` is ours and has no index.

    A `res_id` is looked for together with its `res_model`: an index that begins with both will do.
    """
    model, _, field = name.rpartition(".")
    objects = env[model]._table_objects.values()
    definitions = [table_object.get_definition(env.registry) for table_object in objects]
    covered = field == "res_id" and any("(res_model, res_id" in text for text in definitions)
    return not covered and not set(OURS).isdisjoint(env[model]._fields[field]._modules)


class TestIndex(test_index.TestIndex):
    def fail(self, msg):
        found = re.findall(r"^(\S+) \(inverse of (\S+)\)$", msg, re.M)
        missing = sorted({inverse for inverse, _ in found if needs_index(inverse, self.env)})
        if missing:
            super().fail("Inverses of one2many fields that need an index: " + ", ".join(missing))


class OnlyOurs:
    """Runs only the subtests about models and methods of our add-ons."""

    def subTest(self, **about):
        model = Registry(get_db_name())[about["model"]]
        ours = about.get("module") in OURS or any(
            base.__module__.startswith(tuple(f"odoo.addons.{name}." for name in OURS))
            for base in model.mro()
            if about["method"] in base.__dict__ and "module" not in about
        )
        return super().subTest(**about) if ours else Anything()


class Anything:
    """A context in which everything may fail."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return True


class TestLintOverrideSignatures(OnlyOurs, test_override_signatures.TestLintOverrideSignatures):
    pass


class TestNaming(OnlyOurs, test_naming.TestNaming):
    pass


class PotLinter(test_pofile.PotLinter):
    def test_pot_duplicate_entries(self):
        with patch.object(test_pofile, "get_modules", lambda: OURS):
            super().test_pot_duplicate_entries()


class TestTestHoles(test_test_holes.TestTestHoles):
    def test_check_tests(self):
        ours = [Manifest.for_addon(name) for name in OURS]
        with patch.object(test_test_holes.Manifest, "all_addon_manifests", lambda: ours):
            super().test_check_tests()
