"""The quick linters."""

import subprocess

import pytest
from conftest import ROOT


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "--no-cache", "."], id="ruff-check"),
        pytest.param(["ruff", "format", "--no-cache", "--check", "--diff", "."], id="ruff-format"),
        pytest.param(["lint-imports", "--no-cache"], id="import-linter"),
    ],
)
def test_linter_is_content(run, command):
    program = run.VENV / "bin" / command[0]
    answer = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
