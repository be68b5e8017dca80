"""Two workers at the same time: numbers and decisions, in real processes that really commit."""

import time

import pytest

SETUP = """
company = env.company
company.resource_calendar_id.tz = "Asia/Shanghai"

def user(login, group):
    group = env.ref(f"crm_policy.group_{group}")
    vals = {"name": login, "login": login, "group_ids": [(6, 0, group.ids)]}
    return env["res.users"].with_context(no_reset_password=True).create(vals)

director = user("the director", "director")
managers = user("manager 1", "manager") + user("manager 2", "manager")
user("a specialist", "specialist")
version = env["crm.policy"]._policy_install_shipped("service", company)
version.with_user(director).action_policy_publish()
"""
CASE = """
from odoo.exceptions import UserError
from odoo.service.model import retrying

def someone(login):
    return env["res.users"].search([("login", "=", login)])

def new_case():
    kind = env["crm.policy.complaint.type"].search([("code", "=", "quality")])
    case = env["helpdesk.ticket"].create({
        "name": "x", "description": "x", "policy_kind": "complaint",
        "policy_complaint_type_id": kind.id, "partner_id": env.company.partner_id.id,
        "channel_id": env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
        "user_id": someone("a specialist").id,
    })
    case.action_policy_accept()
    return case
"""
REGISTER = """
def register():
    case = new_case()
    case.action_policy_register()
    return case.policy_number

print("ready", flush=True)
input()
for _number in range({count}):
    print(retrying(register, env), flush=True)
"""
# Take it when told to, and hold it until told again.
TAKE_TURN = """
print("ready", flush=True)
input()
try:
    {how}
    print("done", flush=True)
    input()
except UserError as error:
    print("refused:", error, flush=True)
"""
# Come while somebody holds what he has done, and take it when he lets go.
COME_MEANWHILE = """
print("ready", flush=True)
input()
try:
    retrying(act, env)
    print("done")
except UserError as error:
    print("refused:", error)
"""
DECIDE = (
    """
remedy = env["crm.policy.remedy"].search([]).with_user(someone("{login}"))

def decide():
    remedy.env.invalidate_all()
    return getattr(remedy, "action_policy_{outcome}")("{login}")
"""
    + TAKE_TURN
)


JOINT = """
import yaml

pack = yaml.safe_load(env["crm.policy"]._policy_packs()["service"].read_text())
pack["version"]["number"] = "2"
pack["routes"][0].update(kind="sequence", steps=[{"role": "manager", "mode": "all"}])
version = env["crm.policy"]._policy_apply_pack(yaml.safe_dump(pack, allow_unicode=True))
version.write({"revision_reason": "practice", "change_summary": "joint signature"})
version.action_policy_review()
director = env["res.users"].search([("login", "=", "the director")])
version.with_user(director).action_policy_publish()
env.flush_all()
director.active = False
"""


@pytest.fixture
def governed_db(scratch_db):
    scratch_db.run_in_odoo(SETUP)
    return scratch_db


def start(database, script):
    process = database.start(script)
    assert process.stdout.readline().strip() == "ready", process.stderr.read()
    return process


def say(process, word="go"):
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def test_two_workers_give_no_number_twice_and_leave_no_gap(governed_db):
    count = 25
    workers = [start(governed_db, CASE + REGISTER.format(count=count)) for _worker in range(2)]
    for worker in workers:
        say(worker)
    numbers = [line for worker in workers for line in governed_db.finish(worker).split()]
    assert len(set(numbers)) == 2 * count
    serials = sorted(int(number[4:]) for number in numbers)
    assert serials == list(range(1, 2 * count + 1))
    stored = governed_db.run_in_odoo(
        "print(*env['helpdesk.ticket'].search([]).mapped('policy_number'))"
    )
    assert sorted(number for number in stored.split() if number != "False") == sorted(numbers)


@pytest.mark.parametrize("outcome", ["approve", "reject"])
def test_of_two_approvers_at_once_one_decides_and_the_other_is_told(governed_db, outcome):
    governed_db.run_in_odoo(
        f"{CASE}\n"
        "case = new_case()\n"
        "specialist = someone('a specialist')\n"
        "remedy = env['crm.policy.remedy'].create({'ticket_id': case.id, 'amount': 5000})\n"
        "remedy.with_user(specialist).action_policy_submit()\n"
    )
    holding = DECIDE.format(login="manager 1", outcome="approve", how="decide()")
    coming = DECIDE.format(login="manager 2", outcome=outcome, how="retrying(decide, remedy.env)")
    first, second = start(governed_db, CASE + holding), start(governed_db, CASE + coming)
    say(first)
    assert first.stdout.readline().strip() == "done"
    say(second)  # he waits for the first one's lock
    time.sleep(1)
    assert second.poll() is None
    say(first, "commit")
    governed_db.finish(first)
    answer = governed_db.finish(second)
    assert "refused:" in answer and "Approved already" in answer
    decisions = governed_db.run_in_odoo(
        "print(*env['crm.policy.decision'].search([]).mapped("
        "lambda line: (line.user_id.login, line.outcome)))"
    )
    assert decisions.strip() == "('manager 1', 'approved')"


def test_two_who_must_both_sign_may_do_so_at_the_same_time(governed_db):
    """Each of them alone sees a step that is not complete yet."""
    governed_db.run_in_odoo(JOINT)
    governed_db.run_in_odoo(
        f"{CASE}\n"
        "case = new_case()\n"
        "remedy = env['crm.policy.remedy'].create({'ticket_id': case.id, 'amount': 5000})\n"
        "remedy.with_user(someone('a specialist')).action_policy_submit()\n"
    )
    holding = DECIDE.format(login="manager 1", outcome="approve", how="decide()")
    coming = DECIDE.format(login="manager 2", outcome="approve", how="retrying(decide, remedy.env)")
    first, second = start(governed_db, CASE + holding), start(governed_db, CASE + coming)
    say(first)
    assert first.stdout.readline().strip() == "done"
    say(second)
    time.sleep(1)
    say(first, "commit")
    governed_db.finish(first)
    assert second.stdout.readline().strip() == "done"
    say(second, "commit")
    governed_db.finish(second)
    state = governed_db.run_in_odoo(
        "request = env['crm.policy.approval'].search([])\n"
        "print(request.state, request.step_ids.state, len(request.decision_ids))"
    )
    assert state.split() == ["approved", "approved", "2"]


def test_whoever_changes_the_amount_while_it_is_signed_is_not_overlooked(governed_db):
    """Whichever of the two commits first: what is signed is what is then there."""
    governed_db.run_in_odoo(
        f"{CASE}\n"
        "case = new_case()\n"
        "remedy = env['crm.policy.remedy'].create({'ticket_id': case.id, 'amount': 5000})\n"
        "remedy.with_user(someone('a specialist')).action_policy_submit()\n"
    )
    changer = governed_db.start(
        f"{CASE}\n"
        "remedy = env['crm.policy.remedy'].search([])\n"
        "remedy.amount = 9999\n"
        "env.flush_all()\n"
        "print('changed', flush=True)\n"
        "input()\n"
    )
    assert changer.stdout.readline().strip() == "changed"
    how = "retrying(decide, remedy.env)"
    signer = start(governed_db, CASE + DECIDE.format(login="manager 1", outcome="approve", how=how))
    say(signer)
    time.sleep(1)
    say(changer, "commit")
    governed_db.finish(changer)
    assert "refused:" in governed_db.finish(signer)
    state = governed_db.run_in_odoo(
        "remedy = env['crm.policy.remedy'].search([])\n"
        "print(remedy.amount, remedy.policy_approval_state, remedy.policy_approval_id.state)\n"
        "print(env['crm.policy.decision'].search_count([]))"
    )
    assert state.split() == ["9999.0", "none", "lapsed", "0"]


TEAM = """
members = env["res.users"]
for number in range(3):
    members += user(f"member {number}", "specialist")
team = env["helpdesk.ticket.team"].create({"name": "team", "user_ids": [(6, 0, members.ids)]})
rule = env["crm.policy.intake.rule"].search([("code", "=", "quality")])
rule.write({"team_id": team.id, "assign_method": "round_robin"})
"""
TAKE = """
def take():
    vals = {{"name": "漏水", "description": "x"}}
    [vals] = env["helpdesk.ticket"]._policy_prepare_intake([vals])
    return vals["user_id"]

print("ready", flush=True)
input()
for _number in range({count}):
    print(retrying(take, env), flush=True)
"""


def test_two_workers_give_cases_out_in_turn(scratch_db):
    scratch_db.run_in_odoo(SETUP + TEAM)
    workers = [start(scratch_db, CASE + TAKE.format(count=15)) for _worker in range(2)]
    for worker in workers:
        say(worker)
    given = [line for worker in workers for line in scratch_db.finish(worker).split()]
    assert sorted(given.count(user_id) for user_id in set(given)) == [10, 10, 10]
