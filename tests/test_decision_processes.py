"""Two approvers click at once, in two processes: one decision, one clear message."""

import pytest
from conftest import TWO_PEOPLE

SETUP = f"""
{TWO_PEOPLE}
env.ref("base.CNY").active = True
company.currency_id = env.ref("base.CNY")
version = env["crm.policy"].with_user(admin)._policy_install_shipped("service", company)
# ROUTE
version.with_user(director).action_policy_publish()
people = Users.create(
    [
        {{
            "name": name,
            "login": "t_" + name,
            "group_ids": [Command.link(env.ref("base.group_user").id), Command.link(group(role))],
        }}
        for name, role in (("clerk", "specialist"), ("anna", "manager"), ("bert", "manager"))
    ]
)
department = env["hr.department"].create({{"name": "x", "company_id": company.id}})
env["hr.employee"].create(
    [
        {{"name": user.name, "user_id": user.id, "department_id": department.id}}
        for user in people | director
    ]
)
case = env["helpdesk.ticket"].with_user(people[0]).create(
    {{
        "name": "x",
        "description": "x",
        "policy_kind": "complaint",
        "policy_complaint_type_id": env["crm.policy.complaint.type"]
        .search([("code", "=", "quality"), ("company_id", "=", company.id)]).id,
        "partner_id": env["res.partner"].create({{"name": "x"}}).id,
        "user_id": people[0].id,
        "policy_department_id": department.id,
        "channel_id": env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
    }}
)
case.action_policy_accept()
remedy = env["crm.policy.remedy"].with_user(people[0]).create(
    {{"ticket_id": case.id, "kind": "compensation", "amount": 5000}}
)
remedy.action_policy_submit()
assert people[1:] <= remedy.sudo().policy_approval_id.eligible_user_ids
"""
# Both managers sign the same step.
ALL_SIGN = """
version.action_policy_draft()
env["crm.policy.route"].search(
    [("version_id", "=", version.id), ("model_name", "=", "crm.policy.remedy")]
).write(
    {
        "kind": "sequence",
        "step_ids": [
            Command.clear(),
            Command.create(
                {
                    "role_id": env["crm.policy.role"].search(
                        [("code", "=", "manager"), ("company_id", "=", company.id)]
                    ).id,
                    "mode": "all",
                }
            ),
        ],
    }
)
version.with_user(admin).action_policy_review()
"""
# Each has looked at the request, and his transaction has begun, before either clicks.
CLICK = """
import time
from odoo.exceptions import UserError
from odoo.service.model import retrying

user = env["res.users"].search([("login", "=", "t_{login}")])
remedy = env["crm.policy.remedy"].with_user(user).search([])
assert remedy.policy_approval_state == "pending"
request = remedy.policy_approval_id

def wait_for_the_other():
    env.cr.execute("SELECT pg_advisory_lock_shared(5)")
    for _turn in range(600):
        env.cr.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 5"
                       " AND database = (SELECT oid FROM pg_database"
                       " WHERE datname = current_database())")
        if env.cr.fetchone()[0] == 2:
            return
        time.sleep(0.05)
    raise AssertionError("the other never came")

def click():
    if not waited:
        waited.append(True)
        wait_for_the_other()
    else:
        tries.append(True)
    request.action_policy_{method}("{login}")

waited, tries = [], []
try:
    retrying(click, env)
    print("decided", len(tries))
except UserError as error:
    env.cr.rollback()
    print("refused", len(tries), error)
"""
RESULT = """
remedy = env["crm.policy.remedy"].search([])
request = remedy.policy_approval_id
print(remedy.policy_approval_state, request.state, request.step_ids.mapped("state"))
print(*[(line.user_id.login, line.outcome) for line in request.decision_ids])
events = env["crm.policy.event"].search([("res_model", "=", "crm.policy.approval")], order="id")
print(*events.mapped("type"))
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [("approve", "approve"), ("approve", "reject")],
    ids=["both approve", "one approves, one rejects"],
)
def test_two_clicks_at_once_are_one_decision(scratch_db, first, second):
    scratch_db.run_in_odoo(SETUP)
    clicks = {"anna": first, "bert": second}
    told = scratch_db.run_together(
        *(CLICK.format(login=login, method=method) for login, method in clicks.items())
    )
    answers = {login: text.split(" ", 2) for login, text in zip(clicks, told, strict=True)}
    [winner] = [login for login, words in answers.items() if words[0] == "decided"]
    [loser] = set(answers) - {winner}
    outcome = {"approve": "approved", "reject": "rejected"}[clicks[winner]]
    # He was repeated as a server repeats him, saw the other's signature, and is told so.
    _refused, repeated, message = answers[loser]
    assert int(repeated) >= 1
    assert f"is {outcome.capitalize()} already" in message
    states, decisions, events = scratch_db.run_in_odoo(RESULT).splitlines()
    assert states == f"{outcome} {outcome} ['{outcome}']"
    assert decisions == f"('t_{winner}', '{outcome}')"
    assert events.split() == ["approval.submitted", f"approval.{outcome}"]


def test_two_who_must_both_sign_at_once_complete_the_step(scratch_db):
    # Neither misses the other's signature, which would leave the step open for ever.
    director_signs = 'remedy.with_user(director).policy_approval_id.action_policy_approve("x")'
    scratch_db.run_in_odoo(SETUP.replace("# ROUTE", ALL_SIGN) + director_signs)
    told = scratch_db.run_together(
        *(CLICK.format(login=login, method="approve") for login in ("anna", "bert"))
    )
    assert sorted(words.split()[0] for words in told) == ["decided", "decided"]
    assert sum(int(words.split()[1]) for words in told) >= 1, "nobody was repeated"
    states, decisions, _events = scratch_db.run_in_odoo(RESULT).splitlines()
    assert states == "approved approved ['approved']"
    assert set(decisions.replace(") (", ")|(").split("|")) == {
        "('t_director', 'approved')",
        "('t_anna', 'approved')",
        "('t_bert', 'approved')",
    }
