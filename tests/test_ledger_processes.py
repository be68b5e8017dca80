"""The chain is built by two nodes at once, or by one that is killed, while others write events.

Real processes on a real database, each committing batches of ten.
"""

import json
import subprocess
import sys

import pytest
from conftest import ADDON, COMMITTING

EVENTS = 300

SETUP = f"""
env.cr.execute("UPDATE ir_cron SET active = FALSE")
companies = env.company | env["res.company"].create({{"name": "second"}})
for company in companies:
    env["crm.policy.event"]._policy_log("test.event", company.browse([company.id] * {EVENTS}))
"""
SMALL = (
    """
from odoo.addons.crm_policy.models.evidence import ledger_chain

ledger_chain.BATCH = 10
Chain = env["crm.policy.ledger.chain"]
"""
    + COMMITTING
)
# A node that finds another one at work leaves it the company; its next run takes what is left.
RUN = (
    SMALL
    + """
for _run in range(500):
    env.cr.commit()
    Chain._cron_chain()
    env.cr.commit()
    env.cr.execute("SELECT count(*) FROM crm_policy_event WHERE seq IS NULL")
    if not env.cr.fetchone()[0]:
        break
else:
    raise AssertionError("never came to an end")
"""
)
WRITE = f"""
for _number in range({EVENTS // 10}):
    env["crm.policy.event"]._policy_log("test.event", env.company.browse([env.company.id] * 10))
    env.cr.commit()
"""
DIE = (
    SMALL
    + """
batches = []
chain = type(Chain)._policy_chain_batch

def some(self, company_id):
    count = chain(self, company_id)
    batches.append(count)
    if len(batches) == 4:
        env.flush_all()
        print("in the middle", flush=True)
        input()
    return count

type(Chain)._policy_chain_batch = some
Chain._cron_chain()
"""
)
RESULT = """
import json

problems = []
Chain = env["crm.policy.ledger.chain"]
for company_id in (*env["res.company"].search([]).ids, 0):
    problems += Chain._policy_check(company_id, full=True)
env.cr.execute(
    "SELECT count(*), count(seq), count(DISTINCT (company_id, seq)) FILTER (WHERE seq > 0)"
    "  FROM crm_policy_event"
)
print(json.dumps([env.cr.fetchone(), problems]))
"""


def result(database):
    return json.loads(database.run_in_odoo(RESULT).splitlines()[-1])


@pytest.fixture
def ledger_db(scratch_db):
    scratch_db.run_in_odoo(SETUP)
    return scratch_db


def test_two_nodes_at_once_give_each_event_one_place(ledger_db):
    ledger_db.run_together(RUN, RUN)
    (total, chained, places), problems = result(ledger_db)
    assert total >= 2 * EVENTS
    assert (chained, places, problems) == (total, total, [])


def test_nodes_chain_while_others_write(ledger_db):
    ledger_db.run_together(RUN, WRITE, RUN, WRITE)
    ledger_db.run_in_odoo(RUN)
    (total, chained, places), problems = result(ledger_db)
    assert total >= 4 * EVENTS
    assert (chained, places, problems) == (total, total, [])


def test_a_writer_does_not_wait_for_the_chain(ledger_db):
    """Nor the chain for a writer: here the one holds its batch and the other its event."""
    chaining = ledger_db.start(DIE)
    assert chaining.stdout.readline() == "in the middle\n", chaining.stderr.read()
    ledger_db.run_in_odoo("env.cr.execute(\"SET lock_timeout = '2s'\")" + WRITE)
    chaining.communicate("\n", timeout=60)
    assert chaining.returncode == 0
    ledger_db.run_in_odoo(RUN)
    (total, chained, places), problems = result(ledger_db)
    assert (chained, places, problems) == (total, total, [])


def test_a_node_that_is_killed_leaves_whole_batches(ledger_db):
    process = ledger_db.start(DIE)
    assert process.stdout.readline() == "in the middle\n", process.stderr.read()
    process.kill()
    assert process.wait(timeout=30) == -9
    (_total, chained, places), problems = result(ledger_db)
    assert (chained, places, problems) == (30, 30, [])
    ledger_db.run_in_odoo(RUN)
    (total, chained, places), problems = result(ledger_db)
    assert (chained, places, problems) == (total, total, [])


def test_an_export_is_verified_without_database_and_after_the_uninstallation(ledger_db, tmp_path):
    ledger_db.run_in_odoo(RUN)
    file = tmp_path / "ledger.jsonl"
    export = """
Chain = env["crm.policy.ledger.chain"]
about = Chain._policy_export(env.company.id)
with open(%r, "wb") as file:
    file.writelines(Chain._policy_export_lines(about))
print("HEAD", *about["head"], sep=":")
env.cr.commit()
env["ir.module.module"].search([("name", "=", "crm_policy")]).button_immediate_uninstall()
"""
    answer = ledger_db.run_in_odoo(export % str(file))
    [head] = [line[5:] for line in answer.splitlines() if line.startswith("HEAD:")]
    found = subprocess.run(
        [sys.executable, "-I", ADDON / "tools" / "ledger.py", file, "--head", head],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"The head {head} was found again." in found.stdout
