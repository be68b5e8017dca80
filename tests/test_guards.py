"""./run guards: a guard that no test would miss is named, and the others are not."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

TOY = """\
class Till:
    def __init__(self):
        self.money = 100

    def ensure_one(self):
        pass

    def take(self, amount, who):
        if amount > self.money:
            raise ValueError("too much")
        if who == "thief":
            raise PermissionError(who)
        if who == "ghost":
            return None
        self._check_amount(amount)
        self.money -= amount
        return amount

    def many(self, amounts):
        if not amounts:  # saves work
            return 0
        return sum(amounts)

    def _check_amount(self, amount):
        self.ensure_one()
        if amount < 0:
            raise ValueError("negative")
"""
TESTS = """\
import unittest

from till import Till


class TestTill(unittest.TestCase):
    def setUp(self):
        self.till = Till()

    def test_enough(self):
        self.assertEqual(self.till.take(1, "me"), 1)
        self.assertEqual(self.till.many([]), 0)

    def test_too_much(self):
        with self.assertRaises(ValueError):
            self.till.take(1000, "me")

    def test_negative(self):
        with self.assertRaises(ValueError):
            self.till.take(-1, "me")

    def test_a_thief_is_looked_at_only(self):
        try:
            self.till.take(1, "thief")
        except PermissionError:
            pass
"""


def guards(folder, *options):
    environment = dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONDONTWRITEBYTECODE="1")
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests"), str(folder)])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "guards", "--guards=till.py", *options, "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def toy(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "till.py").write_text(TOY)
    (tmp_path / "test_till.py").write_text(TESTS)
    return tmp_path


def test_what_no_test_would_miss_is_named(toy):
    result = guards(toy)
    told = [line for line in result.stdout.splitlines() if re.match("SURVIVES|never", line)]
    assert [line.partition("  (")[0] for line in told] == [
        f'SURVIVES: {toy}/till.py:11  if who == "thief":',
        f'never has a say: {toy}/till.py:13  if who == "ghost":',
    ], result.stdout
    assert "6 guards: 1 SURVIVES, 3 killed, 1 never has a say, 1 saves work only" in result.stdout
    assert result.returncode == 1


def test_all_is_well(toy):
    for line in ("            raise PermissionError(who)", '        if who == "thief":'):
        text = (toy / "till.py").read_text().replace(f"{line}\n", "")
        (toy / "till.py").write_text(text)
    text = (toy / "till.py").read_text()
    (toy / "till.py").write_text(
        text.replace('        if who == "ghost":\n            return None\n', "")
    )
    result = guards(toy)
    assert "4 guards: 3 killed, 1 saves work only" in result.stdout, result.stdout
    assert result.returncode == 0


def test_tests_that_fail_before_say_nothing(toy):
    (toy / "test_till.py").write_text(TESTS.replace('-1, "me"', '1, "me"'))
    result = guards(toy)
    assert "FAILED unchanged" in result.stdout and result.returncode == 1
