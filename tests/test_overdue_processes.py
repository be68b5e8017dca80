"""Two processes mark overdue deadlines at once: each deadline gets exactly one event."""

from conftest import AGAIN, COMMITTING, TWO_PEOPLE

CASES = 40

SETUP = f"""
from datetime import timedelta
from odoo import fields

{TWO_PEOPLE}
version = env["crm.policy"].with_user(admin)._policy_install_shipped("service", company)
version.with_user(director).action_policy_publish()
cases = env["helpdesk.ticket"].create(
    [{{"name": "x", "description": "x", "policy_kind": "request"}} for _number in range({CASES})]
)
env.flush_all()
env.cr.execute("UPDATE crm_policy_deadline SET due_at = due_at - interval '60 days'")
env.cr.execute("UPDATE ir_cron SET active = FALSE")
"""

MARK = (
    """
from odoo.addons.crm_policy.models.deadline import deadline_alert

deadline_alert.CHUNK = 3
Deadline = env["crm.policy.deadline"]
marked = []
mark = type(Deadline)._policy_mark_overdue

def count(self, limit):
    found = mark(self, limit)
    marked.extend(found.ids)
    return found

type(Deadline)._policy_mark_overdue = count
"""
    + COMMITTING
)

RUN = MARK + AGAIN + "again(Deadline._cron_mark_overdue)\nprint(len(marked))\n"
# Marks one chunk, tells so, and keeps its transaction open until it is told to go on.
HESITATE = (
    MARK
    + """
chunk = Deadline._policy_mark_overdue(3)
Deadline._policy_announce_overdue(chunk)
env.flush_all()
print(len(chunk), flush=True)
assert input() == "go on"
env.cr.commit()
"""
)

RESULT = """
env.cr.execute(
    "SELECT count(*), count(DISTINCT res_id) FROM crm_policy_event"
    " WHERE type = 'deadline.overdue'"
)
events = env.cr.fetchone()
env.cr.execute(
    "SELECT count(*) FROM crm_policy_deadline WHERE state = 'open' AND overdue_at IS NULL"
    " AND res_model = 'helpdesk.ticket'"
)
[left] = env.cr.fetchone()
notes = env["mail.message"].search_count(
    [("model", "=", "helpdesk.ticket"), ("body", "ilike", "overdue since")]
)
print(*events, left, notes)
"""


def test_a_process_skips_what_another_is_marking(scratch_db):
    scratch_db.run_in_odoo(SETUP)
    first = scratch_db.start(HESITATE)
    assert first.stdout.readline() == "3\n"
    assert scratch_db.run_in_odoo(RUN).strip() == str(CASES - 3)
    first.stdin.write("go on\n")
    scratch_db.finish(first)
    assert scratch_db.run_in_odoo(RESULT).split() == [str(CASES), str(CASES), "0", str(CASES)]


def test_two_processes_at_once_mark_each_deadline_once(scratch_db):
    scratch_db.run_in_odoo(SETUP)
    scratch_db.run_together(RUN, RUN)
    assert scratch_db.run_in_odoo(RESULT).split() == [str(CASES), str(CASES), "0", str(CASES)]
