"""Two administrators load the same pack at the same time, in real processes that really commit."""

LOAD = """
from odoo.exceptions import UserError

policy = env["crm.policy"]
content = policy._policy_packs()["handbook"].read_bytes()
policy.search_count([])  # from here on it sees the database as it is now
print("ready", flush=True)
input()
try:
    version = policy._policy_apply_pack(content, env.company)
    print("loaded", version.number, flush=True)
    input()
except UserError as error:
    print("refused:", " ".join(str(error).split()), flush=True)
    env.cr.rollback()
"""
COUNT = (
    "print(env['crm.policy'].search_count([('code', '=', 'HBK')]),"
    " env['crm.policy.version'].search_count([('policy_id.code', '=', 'HBK')]),"
    " env['crm.policy.role'].search_count([('code', '=', 'marketing')]))"
)


def start(database):
    process = database.start(LOAD)
    assert process.stdout.readline().strip() == "ready", process.stderr.read()
    return process


def say(process, word="go"):
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def test_of_two_who_load_a_pack_at_once_one_does_and_the_other_is_told(scratch_db):
    first, second, late = (start(scratch_db) for _process in range(3))
    say(first)
    assert first.stdout.readline().strip() == "loaded 1"
    say(second)  # while the first one has not committed
    answer = scratch_db.finish(second)
    assert "refused: Somebody else is loading a policy pack" in answer
    say(first, "commit")
    scratch_db.finish(first)
    say(late)  # he looked before the first one had committed
    answer = scratch_db.finish(late)
    assert "refused: The policy pack cannot be loaded; nothing was changed." in answer
    assert scratch_db.run_in_odoo(COUNT).split() == ["1", "1", "1"]
