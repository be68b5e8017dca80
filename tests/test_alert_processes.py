"""The deadline cron in two processes at once, and killed midway: nothing twice, nothing lost.

Real processes on a real database, each committing by chunks of three.
"""

import json

import pytest
from conftest import COMMITTING

CASES = 30

SETUP = f"""
from odoo import Command

company = env.company
company.resource_calendar_id.tz = "Asia/Shanghai"
Users = env["res.users"].with_context(no_reset_password=True)
group = lambda name: env.ref("crm_policy.group_" + name).id
people = {{
    name: Users.create(
        {{
            "name": name,
            "login": "t_" + name,
            "email": name + "@example.com",
            "group_ids": [Command.link(env.ref("base.group_user").id), Command.link(group(name))],
        }}
    )
    for name in ("policy_admin", "specialist", "supervisor", "manager", "director")
}}
above = None
for name in ("director", "manager", "supervisor", "specialist"):
    above = env["hr.employee"].create(
        {{"name": name, "user_id": people[name].id, "parent_id": above and above.id}}
    )
version = env["crm.policy"].with_user(people["policy_admin"])._policy_install_shipped(
    "service", company
)
version._policy_guarded_write({{"state": "draft"}})
rule = env["crm.policy.deadline.rule"].search(
    [("version_id", "=", version.id), ("code", "=", "response-normal")]
)
rule.write({{"alert_ids": [
    Command.create({{"kind": "escalation", "offset": day, "tell": "manager", "levels": day + 1}})
    for day in range(2)
]}})
version.action_policy_review()
version.with_user(people["director"]).action_policy_publish()
cases = env["helpdesk.ticket"].create(
    [
        {{
            "name": "x", "description": "x", "policy_kind": "request",
            "user_id": people["specialist"].id,
        }}
        for _number in range({CASES})
    ]
)
env.flush_all()
env.cr.execute(
    "UPDATE crm_policy_deadline SET start_at = start_at - interval '60 days',"
    " due_at = due_at - interval '60 days', next_alert_at = next_alert_at - interval '60 days'"
)
env.cr.execute("UPDATE ir_cron SET active = FALSE")
"""

SMALL = """
from odoo.addons.crm_policy.models.deadline import deadline_alert

deadline_alert.CHUNK = 3
Deadline = env["crm.policy.deadline"]
"""

# A cron that meets rows which the other has just committed is repeated, as Odoo repeats it.
RUN = (
    SMALL
    + COMMITTING
    + """
import psycopg2

print("ready", flush=True)
for attempt in range(500):
    try:
        Deadline._cron_mark_overdue()
        env.cr.commit()
        if not any(Deadline._policy_waiting().values()):
            break
    except psycopg2.errors.SerializationFailure:
        pass
    env.cr.rollback()
    env.invalidate_all()
else:
    raise AssertionError("never came to an end")
"""
)

# Commits some chunks, does the work of the next one, and waits to be killed before its commit.
DIE = (
    SMALL
    + """
commits = 0

def commit(cron, processed=0, *, remaining=None, deactivate=False):
    global commits
    env.flush_all()
    if commits == {chunks}:
        print("in the middle", flush=True)
        input()
    env.cr.commit()
    commits += 1
    return 60.0

commit.__globals__["commits"] = 0
type(env["ir.cron"])._commit_progress = commit
Deadline._cron_mark_overdue()
print("came to its end", flush=True)
"""
)

RESULT = """
import json

def count(query):
    env.cr.execute(query)
    return env.cr.fetchone()

print(json.dumps({
    "overdue": count("SELECT count(*), count(DISTINCT res_id) FROM crm_policy_event"
                     " WHERE type = 'deadline.overdue'"),
    "told": count("SELECT count(*), count(DISTINCT (deadline_id, step_id))"
                  " FROM crm_policy_escalation"),
    "events": count("SELECT count(*), count(DISTINCT (res_id, payload ->> 'step'))"
                    " FROM crm_policy_event WHERE type = 'deadline.escalated'"),
    "activities": count("SELECT count(*), count(DISTINCT (policy_deadline_id, user_id))"
                        " FROM mail_activity WHERE policy_deadline_id IS NOT NULL"),
    "violations": count("SELECT count(*), count(DISTINCT deadline_id) FROM crm_policy_violation"),
    "numbers": count("SELECT count(DISTINCT number), max(number) FROM crm_policy_violation"),
    "opened": count("SELECT count(*), count(DISTINCT res_id) FROM crm_policy_event"
                    " WHERE type = 'violation.opened'"),
    "unmailed": count("SELECT count(*) FROM crm_policy_escalation WHERE mailed_at IS NULL"),
    "left": count("SELECT count(*) FROM crm_policy_deadline WHERE res_model = 'helpdesk.ticket'"
                  " AND state = 'open' AND (overdue_at IS NULL OR judged_at IS NULL"
                  " OR next_alert_at IS NOT NULL)"),
    "notes": count("SELECT count(*) FROM mail_message WHERE model = 'helpdesk.ticket'"
                   " AND (body LIKE '%overdue since%' OR body LIKE '%Told:%')"),
    "mails": [len(env["mail.mail"].search([("recipient_ids.email", "=", name + "@example.com"),
                                           ("subject", "ilike", "overdue")]))
              for name in ("supervisor", "manager")],
}))
"""

# Every case: overdue once; its supervisor and its manager told once; one violation; two notes.
EVERYTHING = {
    "overdue": [CASES, CASES],
    "told": [2 * CASES, 2 * CASES],
    "events": [2 * CASES, 2 * CASES],
    "activities": [2 * CASES, 2 * CASES],
    "violations": [CASES, CASES],
    "opened": [CASES, CASES],
    "unmailed": [0],
    "left": [0],
    "notes": [2 * CASES],
}


@pytest.fixture
def late_db(scratch_db):
    scratch_db.run_in_odoo(SETUP)
    return scratch_db


def result(database):
    found = json.loads(database.run_in_odoo(RESULT))
    count, last = found.pop("numbers")
    assert count == found["violations"][0] and last.endswith(f"-{count:04d}"), (count, last)
    return found


def test_one_process_does_everything_once(late_db):
    late_db.run_in_odoo(RUN)
    assert result(late_db) == {**EVERYTHING, "mails": [1, 1]}
    late_db.run_in_odoo(RUN)
    assert result(late_db) == {**EVERYTHING, "mails": [1, 1]}


def test_two_processes_at_once_do_everything_once(late_db):
    late_db.run_together(RUN, RUN)
    found = result(late_db)
    mails = found.pop("mails")
    assert found == EVERYTHING
    # A digest per person and run, and a run that met the other's rows is repeated: a few, and
    # never one for each case.
    assert all(1 <= count <= CASES // 5 for count in mails), mails


@pytest.mark.parametrize("chunks", [0, 1, 4])
def test_killed_in_the_middle_nothing_is_lost_and_nothing_doubled(late_db, chunks):
    process = late_db.start(DIE.format(chunks=chunks))
    assert process.stdout.readline() == "in the middle\n", process.stderr.read()
    process.kill()  # SIGKILL: no rollback, no clean-up of its own
    assert process.wait(timeout=30) == -9
    before = result(late_db) if chunks else {"overdue": [0, 0]}
    assert before["overdue"] == [3 * chunks, 3 * chunks]
    late_db.run_in_odoo(RUN)
    assert result(late_db) == {**EVERYTHING, "mails": [1, 1]}


def test_a_process_that_died_before_its_mail_leaves_it_to_the_next(late_db):
    dying = RUN.replace(
        "for attempt",
        'env["crm.policy.escalation"].__class__._policy_mail_digests = lambda rows: exit(9)\n'
        "for attempt",
    )
    process = late_db.start(dying)
    process.wait(timeout=120)
    assert process.returncode == 9
    found = result(late_db)
    assert (found["mails"], found["unmailed"]) == ([0, 0], [2 * CASES])
    late_db.run_in_odoo(RUN)
    assert result(late_db) == {**EVERYTHING, "mails": [1, 1]}
