"""Overdue deadlines come back while crons run in other processes, and one is killed midway."""

import json

import pytest
from conftest import AGAIN, COMMITTING
from test_alert_processes import CASES, SETUP

# Every case was found overdue, its manager was told, a violation stands. Then the days since are
# entered as days without work.
CHANGE = (
    SETUP
    + """
from datetime import timedelta
from odoo import fields

clocks = env["crm.policy.deadline"].search([("rule_code", "=", "response-normal")])
env["crm.policy.deadline"]._cron_mark_overdue()
assert all(clocks.mapped("judged_at"))
env.cr.execute("DELETE FROM crm_policy_replan")
env["resource.calendar.leaves"].create({
    "name": "closed", "calendar_id": company.resource_calendar_id.id, "company_id": company.id,
    "date_from": fields.Datetime.now() - timedelta(days=90),
    "date_to": fields.Datetime.now() + timedelta(days=10),
})
"""
)

SMALL = (
    """
from odoo.addons.crm_policy.models.deadline import deadline_alert, replan

deadline_alert.CHUNK = replan.CHUNK = 3
"""
    + COMMITTING
)
RUN = SMALL + AGAIN + 'print("ready", flush=True)\n'
REPLAN = RUN + 'again(env["crm.policy.replan"]._cron_replan)\n'
MARK = (
    RUN
    + """
for _time in range(10):
    again(env["crm.policy.deadline"]._cron_mark_overdue)
"""
)
# One is upheld after the other while the deadlines come back.
DECIDE = (
    RUN
    + """
from odoo.exceptions import UserError

def uphold():
    for violation in director.search([("state", "=", "open")], order="id desc"):
        env.invalidate_all()  # it may have been taken back since
        if violation.state != "open":
            continue
        try:
            violation.sudo()._policy_update({"explained_at": violation.opened_at,
                                             "state": "explained"})
            violation.action_policy_uphold()
            env.cr.commit()
        except UserError:
            env.cr.rollback()

user = env["res.users"].search([("login", "=", "t_director")])
director = env["crm.policy.violation"].with_user(user)
again(uphold)
"""
)

DIE = (
    SMALL
    + """
calls = []
plan = type(env["crm.policy.replan"])._policy_replan_chunk

def some(self, *arguments):
    last = plan(self, *arguments)
    calls.append(last)
    if len(calls) == 4:
        env.flush_all()
        print("in the middle", flush=True)
        input()
    return last

type(env["crm.policy.replan"])._policy_replan_chunk = some
env["crm.policy.replan"]._cron_replan()
"""
)

RESULT = """
import json

def count(query):
    env.cr.execute(query)
    return env.cr.fetchone()

def events(name):
    return count(f"SELECT count(*), count(DISTINCT res_id) FROM crm_policy_event"
                 f" WHERE type = '{name}'")

CLOCK = "FROM crm_policy_deadline WHERE rule_code = 'response-normal'"
print(json.dumps({
    "back": events("deadline.not_overdue"),
    "withdrawn": events("violation.withdrawn"),
    "overdue": events("deadline.overdue"),
    "marked": count(f"SELECT count(*) {CLOCK} AND (overdue_at IS NOT NULL"
                    " OR judged_at IS NOT NULL)")[0],
    "states": dict(env["crm.policy.violation"]._read_group([], ["state"], ["__count"])),
    "reminders": count("SELECT count(*) FROM mail_activity a JOIN crm_policy_deadline d"
                       " ON d.id = a.policy_deadline_id"
                       " WHERE d.rule_code = 'response-normal'")[0],
    "asked": count("SELECT count(*) FROM mail_activity WHERE res_model = 'crm.policy.violation'"
                   " AND active AND policy_deadline_id IS NULL")[0],
    "waiting": env["crm.policy.replan"].search_count([]),
}))
"""

ALL_BACK = {
    "back": [CASES, CASES],
    "withdrawn": [CASES, CASES],
    "overdue": [CASES, CASES],
    "marked": 0,
    "states": {"withdrawn": CASES},
    "reminders": 0,
    "asked": 0,
    "waiting": 0,
}


@pytest.fixture
def changed_db(scratch_db):
    scratch_db.run_in_odoo(CHANGE)
    return scratch_db


def result(database):
    return json.loads(database.run_in_odoo(RESULT))


def test_two_jobs_and_the_cron_take_each_back_once(changed_db):
    changed_db.run_together(REPLAN, REPLAN, MARK)
    assert result(changed_db) == ALL_BACK


def test_killed_in_the_middle_nothing_is_half_taken_back(changed_db):
    process = changed_db.start(DIE)
    assert process.stdout.readline() == "in the middle\n", process.stderr.read()
    process.kill()
    process.wait(timeout=30)
    found = result(changed_db)
    assert found["waiting"] == 1
    back = found["back"][0]
    assert 0 < back < CASES
    assert found["withdrawn"] == [back, back]
    assert found["marked"] == found["reminders"] / 2 == CASES - back
    assert found["states"] == {"withdrawn": back, "open": CASES - back}
    changed_db.run_in_odoo(REPLAN)
    assert result(changed_db) == ALL_BACK


def test_whoever_decides_meanwhile_has_decided_or_comes_too_late(changed_db):
    changed_db.run_together(REPLAN, DECIDE)
    found = result(changed_db)
    states = found["states"]
    assert set(states) <= {"withdrawn", "upheld"} and sum(states.values()) == CASES
    assert found["withdrawn"] == [states.get("withdrawn", 0)] * 2
    assert (found["back"], found["marked"]) == ([CASES, CASES], 0)
