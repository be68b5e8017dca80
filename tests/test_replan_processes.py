"""A calendar change is planned for by two processes at once, or by one that is killed."""

import signal

from conftest import AGAIN, COMMITTING
from test_overdue_processes import CASES, SETUP

# All deadlines are open; the cron plans a few of them in each transaction.
CHANGE = (
    SETUP
    + """
env.cr.execute("UPDATE crm_policy_deadline SET due_at = due_at + interval '60 days'")
env.cr.execute("DELETE FROM crm_policy_replan")
calendar = company.resource_calendar_id
env["resource.calendar.leaves"].create({
    "name": "closed", "calendar_id": calendar.id, "company_id": company.id,
    "date_from": fields.Datetime.now() - timedelta(hours=1),
    "date_to": fields.Datetime.now() + timedelta(days=10),
})
env.cr.commit()
units = ("working_minutes", "working_hours", "working_days")
print(env["crm.policy.deadline"].search_count(
    [("state", "=", "open"), ("rule_id.unit", "in", units)]
))
"""
)

SMALL = (
    """
from odoo.addons.crm_policy.models.deadline import replan

replan.CHUNK = 3
Replan = env["crm.policy.replan"]
"""
    + COMMITTING
)
RUN = SMALL + AGAIN + "again(Replan._cron_replan)\n"

# Plans some chunks, commits them, begins another one and waits to be killed.
HALF = (
    SMALL
    + """
calls = []
plan = type(Replan)._policy_replan_chunk

def some(self, *arguments):
    last = plan(self, *arguments)
    calls.append(last)
    if len(calls) == 4:
        env.flush_all()
        print("in the middle", flush=True)
        input()
    return last

type(Replan)._policy_replan_chunk = some
Replan._cron_replan()
"""
)

RESULT = """
events = env["crm.policy.event"].search([("type", "=", "deadline.replanned")])
moved = [row[0] for event in events for row in event.payload["moved"]]
wrong = 0
for deadline in env["crm.policy.deadline"].search([("state", "=", "open")]):
    document = env[deadline.res_model].browse(deadline.res_id)
    [plan] = deadline.rule_id._policy_plan(document, deadline.company_id)
    wrong += plan["due_at"] != deadline.due_at
print(len(moved), len(set(moved)), wrong, env["crm.policy.replan"].search_count([]))
"""


def test_two_processes_at_once_move_each_deadline_once(scratch_db):
    deadlines = int(scratch_db.run_in_odoo(CHANGE).split()[-1])
    assert deadlines >= CASES
    scratch_db.run_together(RUN, RUN)
    assert scratch_db.run_in_odoo(RESULT).split() == [str(deadlines), str(deadlines), "0", "0"]


def test_a_process_that_is_killed_loses_and_doubles_nothing(scratch_db):
    deadlines = int(scratch_db.run_in_odoo(CHANGE).split()[-1])
    process = scratch_db.start(HALF)
    assert process.stdout.readline() == "in the middle\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    _moved, _once, wrong, waiting = scratch_db.run_in_odoo(RESULT).split()
    assert int(wrong) > 0 and waiting == "1"
    scratch_db.run_in_odoo(RUN)
    assert scratch_db.run_in_odoo(RESULT).split() == [str(deadlines), str(deadlines), "0", "0"]
