"""What the tests of the whole repository share. They run outside of Odoo's own test runner."""

import importlib.machinery
import importlib.util
import itertools
import logging
import os
import re
import subprocess
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "crm_policy"
# Those that join it to another app.
SIBLINGS = sorted(path.parent for path in ROOT.glob("*/__manifest__.py") if path.parent != ADDON)
ADDONS = [ADDON, *SIBLINGS]
# For scripts in processes of their own: who writes a policy, and who puts it in force.
TWO_PEOPLE = """
from odoo import Command

company = env.company
company.resource_calendar_id.tz = "Asia/Shanghai"
Users = env["res.users"].with_context(no_reset_password=True)
group = lambda name: env.ref("crm_policy.group_" + name).id
admin, director = (
    Users.create(
        {
            "name": name,
            "login": "t_" + name,
            "group_ids": [Command.link(env.ref("base.group_user").id), Command.link(group(name))],
        }
    )
    for name in ("policy_admin", "director")
)
"""

# Property tests measure what comes out, not how fast a busy machine is.
hypothesis.settings.register_profile(
    "crm_policy",
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("crm_policy")

# So that `crm_policy.tools` can be imported without `crm_policy/__init__.py`, which needs Odoo.
package = types.ModuleType("crm_policy")
package.__path__ = [str(ADDON)]
sys.modules.setdefault("crm_policy", package)


def load_run():
    """Return the script `run` as a module."""
    loader = importlib.machinery.SourceFileLoader("run", str(ROOT / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def run():
    return load_run()


# === OUR OWN WARNINGS ===


class OurWarnings(logging.Handler):
    """Collects what the add-on logs as a warning or worse.

    What a test expects it declares with `assertLogs` or `mute_logger`; that does not come here.
    """

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        if re.match(r"odoo\.addons\.crm_policy\w*\.tests", record.name):
            return  # Odoo's test cases talking about the browser
        if record.name == "odoo.http" and record.levelno == logging.WARNING:
            return  # a refusal, told to the person who clicked
        message = record.getMessage()
        text = f"{record.name} {record.pathname} {message}"
        if "crm_policy" in text.replace(str(ROOT), "") or "crm.policy" in text:
            test = os.environ.get("PYTEST_CURRENT_TEST", "")
            self.lines.append(f"{record.levelname} {record.name}: {message}   [{test}]")


our_warnings = OurWarnings()


def pytest_configure():
    logging.getLogger().addHandler(our_warnings)


def pytest_collection_modifyitems(items):
    """Look at the log when everything else has run."""
    items.sort(key=lambda item: item.name == "test_the_tests_logged_no_warning_of_ours")


@pytest.fixture
def logged_warnings():
    return our_warnings.lines


# === REAL PROCESSES ON A REAL DATABASE ===

# Pieces of scripts. A job commits its chunks as it does in a server, ...
COMMITTING = """
def commit(cron, processed=0, *, remaining=None, deactivate=False):
    env.cr.commit()
    return 60.0

type(env["ir.cron"])._commit_progress = commit
"""
# ... and is repeated as Odoo repeats it, when another process was faster.
AGAIN = """
import psycopg2
from odoo.exceptions import MissingError

def again(method):
    for _attempt in range(500):
        try:
            method()
            env.cr.commit()
            return
        except (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected,
                MissingError):
            env.cr.rollback()
            env.invalidate_all()
    raise AssertionError("never came to an end")
"""

# The company of the add-ons' own tests, committed: it is the script's `world`.
WORLD = """
from odoo.tests.common import TransactionCase
from odoo.addons.{module} import *

def set_up(cls):
    cls.env, cls.cr = env, env.cr

TransactionCase.setUpClass = classmethod(set_up)

class World({common}):
    pass

World.setUpClass()
world = World()
"""

PREAMBLE = """
import sys
import odoo.api
from odoo.modules.registry import Registry
from odoo.tools import config

config.parse_config([])
[name] = config["db_name"]
with Registry(name).cursor() as cr:
    env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
    exec(compile(sys.argv[1], "<script>", "exec"), {"env": env})
"""


class ScratchDatabase:
    """A database of its own, which real processes of Odoo can commit to.

    :ivar str name: its name.
    :ivar Path conf: an Odoo configuration that names it; `environment` has it as ODOO_RC.
    :ivar Path python: the interpreter that can import Odoo.
    """

    def __init__(self, run, name):
        self.name = name
        self.conf = run.STATE / f"odoo-{name}.conf"
        self.python = run.PYTHON
        self.odoo = [str(run.PYTHON), str(run.VENV / "bin" / "odoo")]
        self.environment = dict(run.database_environment(self.conf))

    def start(self, script):
        """Start a process that runs `script` with `env`, commits at its end, and has open pipes."""
        return subprocess.Popen(
            [self.python, "-c", PREAMBLE, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def finish(self, process, timeout=600):
        """Return what the process printed; fail with its traceback if it failed."""
        output, errors = process.communicate(timeout=timeout)
        assert process.returncode == 0, errors
        return output

    def run_in_odoo(self, script):
        """Run `script` in a process of its own and return what it printed."""
        return self.finish(self.start(script))

    def run_together(self, *scripts):
        """Run the scripts at the same time, a process each, and return what they printed.

        All of them are read at once: one that waits until somebody reads its log keeps its locks.
        """
        processes = [self.start(script) for script in scripts]
        with ThreadPoolExecutor(len(processes)) as readers:
            return list(readers.map(self.finish, processes))


@pytest.fixture
def make_scratch_db(run):
    """Return a function that makes scratch databases; they vanish after the test.

    Without siblings, unless another template than the add-on's own is given.
    """
    numbers = itertools.count(1)
    made = []

    def make(template=os.environ["CRM_POLICY_BARE"]):
        name = f"{os.environ['CRM_POLICY_DATABASE']}_{next(numbers)}"
        run.clone_database(template, name)
        database = ScratchDatabase(run, name)
        made.append(database)
        run.write_conf(database.conf, db_name=name, dbfilter=f"^{name}$")
        return database

    yield make
    for database in made:
        run.drop_database(database.name)
        run.remove(database.conf)


@pytest.fixture
def scratch_db(make_scratch_db):
    return make_scratch_db()


@pytest.fixture
def wide_scratch_db(run, make_scratch_db):
    """A scratch database with all siblings."""
    return make_scratch_db(run.template(False, *run.SIBLINGS))
