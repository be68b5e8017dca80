"""The script `run`: what it says when something is missing, and that it survives being killed."""

import ast
import os
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import ROOT, load_run


@pytest.fixture
def run(tmp_path):
    """A copy of the script of its own: some tests change what it believes."""
    module = load_run()
    module.LOGS = tmp_path / "log"
    return module


def problem(run, function, *arguments):
    """Return what the person at the keyboard is told."""
    with pytest.raises(run.Problem) as caught:
        function(*arguments)
    return str(caught.value)


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    """A PATH with nothing on it; returns the folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder, name, script):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


# === WHAT IS MISSING ===


def test_an_old_python_can_read_the_script_far_enough_to_be_told():
    ast.parse((ROOT / "run").read_text(), feature_version=(3, 7))


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_wrong_python(run, empty_path, version):
    told = problem(run, run.check_python, version)
    assert f"Python 3.{version[1]} cannot" in told and "3.11, 3.12 or 3.13" in told


def test_a_fitting_python_on_the_path_is_taken_instead(run, empty_path, monkeypatch):
    fitting = program(empty_path, "python3.12", "exit 0")
    taken = []
    monkeypatch.setattr(os, "execv", lambda *arguments: taken.append(arguments))
    with pytest.raises(run.Problem):  # execv returned, which the real one does not
        run.check_python((3, 10))
    assert taken[0][0] == str(fitting)


def test_no_apt(run, empty_path):
    told = problem(run, run.debian_mirror)
    assert "No apt-get" in told and "ODOO_PATH=" in told and "ODOO_DEB=" in told


def test_no_debian_mirror(run, empty_path):
    program(empty_path, "apt-get", "echo 'Packages http://archive.example.org/ubuntu/'")
    assert "no Debian mirror" in problem(run, run.debian_mirror)


@pytest.mark.parametrize("address", ["http://a.example/debian", "mirror+file:/etc/debian.list"])
def test_the_machine_s_own_mirror_is_taken(run, empty_path, address):
    lines = f"Translations {address}\nPackages http://a.example/debian-security\nPackages {address}"
    program(empty_path, "apt-get", f"echo '{lines}'")
    assert run.debian_mirror() == address


def test_no_venv_module(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CACHE", tmp_path)
    monkeypatch.setattr(run, "VENV", tmp_path / "venv")
    python = program(tmp_path, "python", "echo 'No module named venv'; exit 1")
    monkeypatch.setattr(sys, "executable", str(python))
    told = problem(run, run.prepare_venv)
    assert "No module named venv" in told and "apt-get install python3-venv" in told


def test_odoo_path_without_odoo(run, tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_PATH", str(tmp_path))
    assert "holds no Odoo 19.0" in problem(run, run.prepare_odoo)


def test_disk_full(run, tmp_path):
    assert "MB free" in problem(run, run.need_space, tmp_path, 10**9)
    with pytest.raises(OSError, match="No space left"):
        run.work("copy", ["sh", "-c", "echo 'tar: No space left on device'; exit 2"])


def test_port_in_use(run, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        told = problem(run, run.check_port)
    assert "is in use" in told and f"PORT={taken_port(told) + 1} ./run" in told


def taken_port(told):
    return int(told.split()[1])


def test_port_that_is_none(run, monkeypatch):
    monkeypatch.setenv("PORT", "http")
    assert "PORT=http" in problem(run, run.port)


def test_no_browser(run, empty_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "chinese_font", lambda: None)
    monkeypatch.setattr(run, "CI", False)
    run.prepare_browser()
    advice = "apt-get install chromium fonts-wqy-zenhei"
    assert advice in capsys.readouterr().err
    monkeypatch.setattr(run, "CI", True)
    assert advice in problem(run, run.prepare_browser)


# === WHAT IS WRONG ===


@pytest.fixture
def package(run, tmp_path):
    """Return a small package that calls itself the pinned Odoo."""
    control = tmp_path / "deb" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text(
        f"Package: {run.LOCK['package']}\nVersion: {run.LOCK['version']}\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: not Odoo\n"
    )
    file = tmp_path / "odoo.deb"
    subprocess.run(["dpkg-deb", "--build", tmp_path / "deb", file], check=True, capture_output=True)
    return file


def test_a_changed_package_is_refused(run, package, tmp_path):
    run.CACHE = tmp_path
    assert "odoo.lock.json wants" in problem(run, run.unpack, [package])
    assert not list(tmp_path.glob("odoo-*"))


def test_another_version_is_refused_in_ci_only(run, package):
    run.LOCK = dict(run.LOCK, version="19.0.99-1")
    run.CI = False
    assert run.check_package(package) == "19.0.0+dfsg-1"
    run.CI = True
    assert "CI takes no other" in problem(run, run.check_package, package)


def test_what_is_no_package_is_refused(run, tmp_path):
    (tmp_path / "x.deb").write_text("html")
    assert "is no Debian package" in problem(run, run.check_package, tmp_path / "x.deb")


def test_a_failing_step_shows_its_log_and_what_to_do(run):
    told = problem(
        run, run.work, "cooking", ["sh", "-c", "echo burnt; exit 3"], None, "Order pizza."
    )
    assert "cooking failed" in told and "| burnt" in told and told.endswith("Order pizza.")


def test_demo_data_that_do_not_load_are_no_success(run, tmp_path):
    """Odoo's own word for it, from a template's log."""
    log = tmp_path / "tpl_demo.log"
    log.write_text("1 WARNING x odoo.modules.loading: Module y loaded\n")
    run.check_demo(log)
    log.write_text("1 WARNING x odoo.modules.loading: Module y demo data failed to install, z\n")
    assert "demo data failed to install" in problem(run, run.check_demo, log)


def test_names_that_people_may_not_give_a_database(run):
    for name in ("tpl_x", "test_x", "x;y", "x" * 41, ""):
        assert "take up to 40" in problem(run, run.command_db, name)


def test_a_database_that_was_not_made_here_is_not_replaced(run, scratch_db, monkeypatch):
    monkeypatch.setenv("PGHOST", scratch_db.environment["PGHOST"])
    monkeypatch.setenv("PGPORT", scratch_db.environment["PGPORT"])
    monkeypatch.setenv("PGUSER", scratch_db.environment["PGUSER"])
    assert "was not made here" in problem(run, run.make_database, scratch_db.name, False)
    run.set_mark(scratch_db.name, "x")
    assert run.mark(scratch_db.name) == f"{run.OUR_MARK} x"


def test_an_add_on_that_is_not_beside_it_is_named(run):
    told = problem(run, run.command_db, "x", "--with", "crm_policy_moon,crm_policy_purchase")
    there = ", ".join(run.SIBLINGS)
    assert f"--with crm_policy_moon: the add-ons beside it are {there}" in told
    assert run.with_siblings(["--demo", "--with", "crm_policy_purchase"]) == ["crm_policy_purchase"]
    assert run.with_siblings(["--with=crm_policy_purchase", "--reset"]) == ["crm_policy_purchase"]
    assert run.with_siblings(["--demo"]) == []


def test_what_is_no_command(run):
    assert "See ./run --help" in problem(run, run.main, ["tset"])


# === PARALLEL AND KILLED RUNS ===


def test_the_first_failure_stops_the_others_at_once(run):
    def fail():
        time.sleep(0.3)
        raise run.Problem("no mirror")

    started = time.monotonic()
    with pytest.raises(run.Problem, match="no mirror"):
        run.side_by_side(fail, lambda: run.work("sleeping", ["sleep", "60"]))
    assert time.monotonic() - started < 5


def test_a_lock_is_held_by_what_a_killed_run_leaves_running(run, tmp_path):
    """The orphan still writes; whoever comes next has to wait for it."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from conftest import load_run\n"
        "from pathlib import Path; run = load_run(); folder = Path(sys.argv[2])\n"
        "run.LOGS = folder\n"
        "with run.locked(folder / 'lock'):\n"
        "    run.work('orphan', ['sh', '-c', 'echo > started; sleep 2'], cwd=folder)\n"
    )
    command = [sys.executable, "-c", code, str(ROOT / "tests"), str(tmp_path)]
    victim = subprocess.Popen(command)
    while not (tmp_path / "started").exists():
        time.sleep(0.05)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    started = time.monotonic()
    with run.locked(tmp_path / "lock"):
        assert time.monotonic() - started > 1


def test_a_half_made_database_is_none(run, scratch_db):
    assert run.databases(scratch_db.name) == [scratch_db.name]
    run.remove(run.FILESTORE / scratch_db.name)
    assert run.databases(scratch_db.name) == []


# === WHAT COUNTS ===


def test_tests_do_not_count_as_a_change_of_the_add_on(run, tmp_path):
    run.ADDON = tmp_path
    (tmp_path / "tests").mkdir()
    (tmp_path / "a.py").write_text("1")
    before = run.fingerprint()
    (tmp_path / "tests" / "test_a.py").write_text("1")
    (tmp_path / "a.pyc").write_text("1")
    assert run.fingerprint() == before
    (tmp_path / "a.py").write_text("2")
    assert run.fingerprint() != before


def test_a_sibling_changes_its_own_database_and_not_the_core_s(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "ADDON", tmp_path / "core")
    monkeypatch.setattr(run, "SIBLINGS", ("more",))
    for name, needed in (("core", ["hr"]), ("more", ["core", "purchase"])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__manifest__.py").write_text(repr({"depends": needed}))
    assert (run.depends(), run.depends("more")) == ("hr", "hr,purchase")
    core, wide = run.fingerprint(), run.fingerprint("more")
    (tmp_path / "more" / "a.py").write_text("1")
    assert run.fingerprint() == core and run.fingerprint("more") != wide


def test_each_test_runs_on_the_database_of_its_add_on(run):
    every = run.parts_of(())
    assert every["test"][0] == "crm_policy/tests" and every["around"] == ("tests",)
    assert every["wide"][: len(run.SIBLINGS)] == tuple(f"{name}/tests" for name in run.SIBLINGS)
    core, sibling = "crm_policy/tests/flows", f"{run.SIBLINGS[0]}/tests/__init__.py"
    assert run.parts_of((core, "-x")) == {"test": (core, "-x")}
    assert run.parts_of((sibling, "-x")) == {"wide": (sibling, "-x")}
    assert run.parts_of((core, sibling)) == {"test": (core,), "wide": (sibling,)}
    one = (f"{sibling}::TestX", "-k", "y")
    assert run.parts_of(one) == {"wide": one}
    assert run.parts_of(("-k", "y")) == {"test": ("-k", "y")}


def test_the_lock_names_a_hash_for_everything(run):
    text = (ROOT / "requirements.txt").read_text()
    peers = (ROOT / "benchmarks" / "requirements.txt").read_text()
    for lock in (text, peers):
        blocks = lock.count("==")
        assert blocks and lock.count(" \\\n    --hash=sha256:") >= blocks
        assert "\nodoo==" not in lock
    assert "\nuv==" in text


def test_the_peers_of_the_benchmarks_stay_out_of_the_product(run, tmp_path, monkeypatch):
    commands = []

    def work(_label, command):
        commands.append(command)
        command[command.index("--target") + 1].mkdir()

    monkeypatch.setattr(run, "CACHE", tmp_path)
    monkeypatch.setattr(run, "work", work)
    folder = run.prepare_peers()
    assert folder.parent == tmp_path and run.prepare_peers() == folder
    [command] = commands  # the second time they are there
    assert {"--require-hashes", "--no-deps"} <= set(command)
    assert command[-1] == run.ROOT / "benchmarks" / "requirements.txt"


def test_a_benchmark_that_is_none(run, capsys):
    assert "benchmarks/none.py" in problem(run, run.command_bench, "none")
    assert "create " in capsys.readouterr().out and run.command_bench() == 0


def test_guards_of_no_file(run):
    for words in ((), ("none.py",), ("README.rst",), ("--guard-parts", "--", "tests")):
        assert "guards of which files?" in problem(run, run.command_guards, *words)


# A project for the closing line to count; it skips as Odoo does where there is no browser.
SAMPLE = """
import unittest

def test_good(): pass
def test_bad(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number != 1
def test_browser(): raise unittest.SkipTest("Chrome executable not found")
def test_other(): raise unittest.SkipTest("not today")
"""


@pytest.mark.parametrize(
    ("arguments", "strict", "line"),
    [
        ([], False, "1 passed, 1 failed, 2 skipped"),
        ([], True, "1 passed, 2 failed, 1 skipped"),
        (["-k", "good"], True, "1 passed, 0 failed"),
        (["-k", "nothing"], True, "0 passed, 1 failed"),
        (["--no-such-option"], False, "0 passed, 1 failed"),
    ],
)
def test_the_closing_line(run, tmp_path, capfd, arguments, strict, line):
    run.LOGS.mkdir()
    run.CI = strict
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    options = ["-p", "no:odoo", "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    environment = {key: value for key, value in os.environ.items() if key != "ODOO_RC"}
    code = run.pytest(([*options, *arguments], environment))
    assert capfd.readouterr().out.splitlines()[-1] == line
    assert bool(code) == (" 0 failed" not in line)


def test_a_skip_for_want_of_a_browser_is_seen(run):
    for reason, seen in (
        ("Chrome executable not found", True),
        ("websocket-client module is not installed", True),
        ("Test x skipped because it is an HttpCase and --odoo-http is not set", True),
        ("needs wkhtmltopdf", False),
    ):
        case = ElementTree.Element("testcase", classname="a.B", name="test_c")
        ElementTree.SubElement(case, "skipped", message=reason)
        assert run.browser_skips([case]) == (["a.B.test_c"] if seen else [])
