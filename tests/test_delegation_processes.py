"""Two people delegate the same powers at the same time, in real processes that really commit."""

SETUP = """
group = env.ref("crm_policy.group_manager")
env["crm.policy.role"].create(
    {"code": "boss", "name": "Boss", "kind": "group", "group_id": group.id}
)
users = env["res.users"].with_context(no_reset_password=True).create(
    [
        {"login": login, "name": login, "group_ids": [(6, 0, [group.id])]}
        for login in ("boss", "first", "second")
    ]
)
env.cr.commit()
"""
WRITE = """
from odoo.exceptions import ValidationError
from odoo.service.model import retrying

Delegation = env["crm.policy.delegation"]
users = {user.login: user.id for user in env["res.users"].search([])}
today = Delegation._policy_today(env.company)


def write(login):
    return Delegation.create(
        {"from_user_id": users["boss"], "to_user_id": users[login], "date_to": today}
    )


print("ready", flush=True)
input()
"""
FIRST = f"""{WRITE}
print("written", write("first").number, flush=True)
input()
env.cr.commit()
"""
SECOND = f"""{WRITE}
try:
    print("written", retrying(lambda: write("second"), env).number, flush=True)
except ValidationError as error:
    print("refused:", " ".join(str(error).split()), flush=True)
    env.cr.rollback()
"""


def start(database, script):
    process = database.start(script)
    assert process.stdout.readline().strip() == "ready", process.stderr.read()
    return process


def say(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_of_two_who_delegate_the_same_at_once_one_is_refused(scratch_db):
    scratch_db.run_in_odoo(SETUP)
    first, second = start(scratch_db, FIRST), start(scratch_db, SECOND)
    say(first)
    assert first.stdout.readline().strip() == "written 1"
    say(second)  # he looked before the first one had written, and waits for him
    say(first)
    scratch_db.finish(first)
    answer = scratch_db.finish(second)
    assert "refused: boss has delegated" in answer, answer
    assert "delegation 1" in answer
    count = "print(env['crm.policy.delegation'].search_count([]))"
    assert scratch_db.run_in_odoo(count).split() == ["1"]
