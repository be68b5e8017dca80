"""Two who act in an emergency at the same time, in real processes that really commit."""

import time

import pytest
from test_concurrency import SETUP, TAKE_TURN, say, start

CRISIS = """
user("the executive", "ceo")  # somebody is left to ratify it
env.flush_all()
kind = env["crm.policy.complaint.type"].search([("code", "=", "quality")])
case = env["helpdesk.ticket"].create({
    "name": "x", "description": "x", "policy_kind": "complaint", "policy_severity": "crisis",
    "policy_complaint_type_id": kind.id, "partner_id": company.partner_id.id,
    "channel_id": env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
    "user_id": env["res.users"].search([("login", "=", "a specialist")]).id,
})
employees = env["hr.employee"].create([
    {"name": user.name, "user_id": user.id, "company_id": company.id}
    for user in env["res.users"].search([("login", "like", "manager ")])
])
department = env["hr.department"].create(
    {"name": "d", "company_id": company.id, "manager_id": employees[0].id}
)
employees.department_id = department
case.policy_department_id = department
env["crm.policy.remedy"].create({"ticket_id": case.id, "amount": 20000})
"""
TURN = (
    """
from odoo.exceptions import UserError
from odoo.service.model import retrying

someone = env["res.users"].search([("login", "=", "{login}")])
case = env["helpdesk.ticket"].search([("policy_severity", "=", "crisis")]).with_user(someone)
remedy = case.sudo().policy_remedy_ids.with_user(someone)

def turn():
    env.invalidate_all()
    return {call}
"""
    + TAKE_TURN
)
START = "case.action_policy_start_emergency('crisis', 'x')"
EXECUTE = "remedy.action_policy_execute_emergency('x')"


@pytest.fixture
def crisis_db(scratch_db):
    scratch_db.run_in_odoo(SETUP + CRISIS)
    return scratch_db


def begin(database, **words):
    return start(database, TURN.format(**words))


def at_once(database, call):
    """Return what the second one is told, who comes while the first has not committed yet."""
    first = begin(database, login="manager 1", call=call, how="turn()")
    second = begin(database, login="manager 2", call=call, how="retrying(turn, case.env)")
    say(first)
    assert first.stdout.readline().strip() == "done", first.stderr.read()
    say(second)
    time.sleep(1)
    assert second.poll() is None
    say(first, "commit")
    database.finish(first)
    return database.finish(second)


def test_of_two_who_start_at_once_one_does_and_the_other_is_told(crisis_db):
    answer = at_once(crisis_db, START)
    assert "refused:" in answer and "running already" in answer
    assert crisis_db.run_in_odoo("print(env['crm.policy.emergency'].search_count([]))").split() == [
        "1"
    ]


def test_of_two_who_execute_at_once_one_does_and_it_is_paid_once(crisis_db):
    crisis_db.run_in_odoo(TURN.split("print(")[0].format(login="manager 1", call=START) + "turn()")
    answer = at_once(crisis_db, EXECUTE)
    assert "refused:" in answer and "may be carried out already" in answer
    log = crisis_db.run_in_odoo(
        "print(*env['crm.policy.emergency.action'].search([]).mapped("
        "lambda line: (line.user_id.login, line.amount)))"
    )
    assert log.strip() == "('manager 1', 20000.0)"
