"""Limits in total under real concurrency: two who decide at once never pass one together (D10)."""

import time

import pytest
from test_concurrency import CASE, SETUP, TAKE_TURN, say, start

LIMIT = """
line = env["crm.policy.authority"].search([("code", "=", "{code}")])
line._policy_guarded_write({{
    "cumulative_amount": 10000, "cumulative_per": "{per}", "cumulative_period": "month",
}})
"""
# Two requests about different orders: nothing but the limit in total holds them together.
REQUESTS = """
specialist = someone("a specialist")
for number in range(2):
    case = new_case()
    if "PER" == "approver":  # then no customer holds them together either
        case.partner_id = env["res.partner"].create({"name": f"customer {number}"})
    remedy = env["crm.policy.remedy"].create({"ticket_id": case.id, "amount": 6000})
    remedy.with_user(specialist).action_policy_submit()
# Somebody has decided before: the rows that are held are there already.
people = someone("manager 1") | someone("manager 2")
env["crm.policy.authority.lock"]._policy_hold(env.company, people, env.company.partner_id)
"""
SIGN = (
    """
remedy = env["crm.policy.remedy"].search([], order="id")[{number}].with_user(someone("{login}"))

def decide():
    remedy.env.invalidate_all()
    return remedy.action_policy_approve("{login}")
"""
    + TAKE_TURN
)
STATE = """
remedies = env["crm.policy.remedy"].search([], order="id")
uses = env["crm.policy.authority.use"].search([])
print(*remedies.mapped("policy_approval_state"), sum(uses.mapped("amount")))
"""


@pytest.mark.parametrize(
    ("per", "second"),
    [("approver", "manager 1"), ("customer", "manager 2"), ("both", "manager 1")],
)
def test_two_signatures_at_once_do_not_pass_a_limit_together(scratch_db, per, second):
    """The second one waits; then Odoo repeats it, and it sees what the first has decided."""
    scratch_db.run_in_odoo(SETUP)
    limit = LIMIT.format(code="manager", per=per)
    scratch_db.run_in_odoo(CASE + limit + REQUESTS.replace("PER", per))
    holding = SIGN.format(number=0, login="manager 1", how="decide()")
    coming = SIGN.format(number=1, login=second, how="retrying(decide, remedy.env)")
    first = start(scratch_db, CASE + holding)
    other = start(scratch_db, CASE + coming)
    say(first)
    assert first.stdout.readline().strip() == "done"
    say(other)  # its snapshot is taken by now; it waits for the sum that the first one holds
    time.sleep(1)
    assert other.poll() is None
    say(first, "commit")
    scratch_db.finish(first)
    answer = scratch_db.finish(other)
    assert "refused:" in answer and "6,000.00 exceeds what is left of your limit" in answer
    assert "4,000.00" in answer and "the director" in answer
    assert scratch_db.run_in_odoo(STATE).split() == ["approved", "pending", "6000.0"]


def both_at_once(scratch_db, records, call):
    """Have two workers of a specialist call the same, each on a record of its own.

    :return: what they say, sorted: "done", or "refused: " and why.
    """
    script = """
record = {records}[{number}].with_user(someone("a specialist"))

def act():
    record.env.invalidate_all()
    return record.{call}

print("ready", flush=True)
input()
try:
    retrying(act, record.env)
    print("done", flush=True)
except UserError as error:
    print("refused:", error, flush=True)
"""
    workers = [
        start(scratch_db, CASE + script.format(records=records, number=number, call=call))
        for number in range(2)
    ]
    for worker in workers:
        say(worker)
    return sorted(scratch_db.finish(worker).strip() for worker in workers)


def test_two_front_line_decisions_at_once_do_not_pass_a_limit_together(scratch_db):
    scratch_db.run_in_odoo(SETUP)
    scratch_db.run_in_odoo(
        CASE
        + LIMIT.format(code="front-line", per="customer").replace("10000", "800")
        + "for number in range(2):\n"
        "    case = new_case()\n"
        "    case.action_policy_register()\n"
        "    case.action_policy_respond('已致电')\n"
        "    env['crm.policy.remedy'].create({'ticket_id': case.id, 'amount': 500})\n"
        "    case.action_policy_propose('赔偿')\n"
    )
    answers = both_at_once(
        scratch_db, 'env["helpdesk.ticket"].search([], order="id")', "action_policy_decide()"
    )
    assert answers[0] == "done"
    assert "500.00 exceeds what is left of your limit of" in answers[1]
    stored = scratch_db.run_in_odoo(STATE).split()
    assert sorted(stored[:2]) == ["approved", "none"] and stored[2] == "500.0"


def test_two_words_at_once_do_not_pass_a_limit_together(scratch_db):
    """What a leader has agreed to orally counts before he has signed it."""
    scratch_db.run_in_odoo(SETUP)
    scratch_db.run_in_odoo(
        CASE + LIMIT.format(code="manager", per="approver") + "for number in range(2):\n"
        "    env['crm.policy.remedy'].create({'ticket_id': new_case().id, 'amount': 6000})\n"
    )
    answers = both_at_once(
        scratch_db,
        'env["crm.policy.remedy"].search([], order="id")',
        'action_policy_oral_yes(someone("manager 1").id)',
    )
    assert answers[0] == "done"
    assert "manager 1 may not decide" in answers[1]
