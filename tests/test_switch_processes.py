"""A new version takes over open cases: a process killed half-way loses nothing and repeats nothing.

And so do pauses that end: two processes at once end each of them once.
"""

from conftest import COMMITTING, TWO_PEOPLE

CASES = 23

SETUP = f"""
{TWO_PEOPLE}
text = env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
REASON = '''pause_reasons:
  - {{code: wait, clause: "2.2", name: Wait, unit: calendar_hours, max_duration: 1,
     text_required: false}}
'''

def publish(number, transition):
    content = text.replace(
        'number: "1"\\n  transition: keep', f'number: "{{number}}"\\n  transition: {{transition}}'
    )
    content = content.replace("pause_reasons:\\n", REASON, 1)
    content = content.replace("    duration: 1\\n", "    duration: 1\\n    pauses: [wait]\\n", 1)
    version = env["crm.policy"].with_user(admin)._policy_apply_pack(content, company)
    version.write({{"revision_reason": "practice", "change_summary": "x"}})
    version.action_policy_review()
    version.with_user(director).action_policy_publish()
    return version

publish("1", "keep")
cases = env["helpdesk.ticket"].create(
    [{{"name": "x", "description": "x", "policy_kind": "request"}} for _number in range({CASES})]
)
env.cr.execute("UPDATE ir_cron SET active = FALSE")
"""
SWITCH = SETUP + "\npublish('2', 'switch')\n"
PAUSE = (
    SETUP
    + """
cases.action_policy_pause("wait")
env.flush_all()
env.cr.execute(
    "UPDATE crm_policy_pause SET from_at = from_at - interval '2 days',"
    " limit_at = limit_at - interval '2 days'"
)
"""
)

REAL = (
    """
from odoo.addons.crm_policy.models.deadline import pause, version

pause.CHUNK = version.CHUNK = 5
"""
    + COMMITTING
)
# Stops within the third chunk, before its commit, until it is killed.
HESITATE = (
    REAL
    + """
Ticket = type(env["helpdesk.ticket"])
switch = Ticket._policy_switch_to
turns = []

def hesitate(records, to):
    switch(records, to)
    turns.append(len(records))
    if len(turns) == 3:
        env.flush_all()
        print("within the third", flush=True)
        input()

Ticket._policy_switch_to = hesitate
env["crm.policy.version"]._cron_switch_cases()
"""
)
GO_ON = REAL + "\nenv['crm.policy.version']._cron_switch_cases()\n"
SWITCHED = """
env.cr.execute(
    "SELECT count(*) FROM helpdesk_ticket t JOIN crm_policy_version v ON v.id = policy_version_id"
    " WHERE v.number = '2' AND policy_switched_at IS NOT NULL"
)
print(*env.cr.fetchone())
events = env["crm.policy.event"].search([("type", "=", "version.switched")])
named = [case for event in events for case in event.payload["from"]]
print(len(named), len(set(named)))
env.cr.execute(
    "SELECT v.number, d.state, count(*) FROM crm_policy_deadline d"
    " JOIN crm_policy_deadline_rule r ON r.id = d.rule_id"
    " JOIN crm_policy_version v ON v.id = r.version_id GROUP BY 1, 2 ORDER BY 1"
)
print(*env.cr.fetchall())
print(env["crm.policy.version"].search_count([("switch_pending", "=", True)]))
"""
END = (
    REAL
    + """
import psycopg2
for _attempt in range(200):
    try:
        env["crm.policy.pause"]._cron_end_pauses()
        break
    except psycopg2.errors.SerializationFailure:
        env.cr.rollback()
        env.invalidate_all()
else:
    raise AssertionError("never came to an end")
"""
)
ENDED = """
env.cr.execute("SELECT state, count(*) FROM crm_policy_pause GROUP BY 1")
print(*env.cr.fetchall())
env.cr.execute(
    "SELECT count(*), count(DISTINCT res_id) FROM crm_policy_event WHERE type = 'pause.ended'"
)
print(*env.cr.fetchone())
env.cr.execute("SELECT count(*) FROM crm_policy_deadline WHERE paused_at IS NOT NULL")
print(*env.cr.fetchone())
"""


def test_a_killed_switch_goes_on(scratch_db):
    scratch_db.run_in_odoo(SWITCH)
    process = scratch_db.start(HESITATE)
    assert process.stdout.readline() == "within the third\n"
    process.kill()
    process.wait(30)
    cases, named, _clocks, pending = scratch_db.run_in_odoo(SWITCHED).splitlines()
    assert (cases, named, pending) == ("10", "10 10", "1")
    scratch_db.run_in_odoo(GO_ON)
    cases, named, clocks, pending = scratch_db.run_in_odoo(SWITCHED).splitlines()
    assert (cases, named, pending) == (str(CASES), f"{CASES} {CASES}", "0")
    assert clocks == f"('1', 'cancelled', {CASES}) ('2', 'open', {CASES})"
    scratch_db.run_in_odoo(GO_ON)
    assert scratch_db.run_in_odoo(SWITCHED).splitlines()[1] == f"{CASES} {CASES}"


def test_two_processes_at_once_end_each_pause_once(scratch_db):
    scratch_db.run_in_odoo(PAUSE)
    scratch_db.run_together(END, END)
    states, events, standing = scratch_db.run_in_odoo(ENDED).splitlines()
    assert states == f"('ended', {CASES})"
    assert events == f"{CASES} {CASES}"
    assert standing == "0"
