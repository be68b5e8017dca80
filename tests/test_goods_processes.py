"""Credit notes under real concurrency: one that two people post at once."""

import time

from conftest import WORLD
from test_concurrency import TAKE_TURN, say, start

CREDITED = (
    WORLD.format(module="crm_policy_account.tests.common", common="CreditNoteCommon")
    + """
_case, remedy = world._case_with(RETURN)
print(world._credit_of(world._returned(remedy)).amount_total)
"""
)
POST = (
    """
from odoo.exceptions import UserError
from odoo.service.model import retrying

user = env["res.users"].search([("login", "=", "t_finance")])
move = env["account.move"].search([("policy_return_id", "!=", False)]).with_user(user)

def post():
    move.env.invalidate_all()
    return move.action_post()
"""
    + TAKE_TURN
)
POSTED = """
move = env["account.move"].search([("policy_return_id", "!=", False)])
events = env["crm.policy.event"].search([("type", "in", ["fact.booked", "remedy.executed"])])
print(move.state, move.policy_return_id.state, sorted(events.mapped("type")))
"""


def one_after_the_other(database, holding, coming):
    """Let the first hold what it has done while the other comes; return what the other says."""
    first, other = start(database, holding), start(database, coming)
    say(first)
    assert first.stdout.readline().strip() == "done"
    say(other)  # its snapshot is taken by now; it waits for the row that the first one holds
    time.sleep(1)
    assert other.poll() is None
    say(first, "commit")
    database.finish(first)
    return database.finish(other)


def test_a_credit_note_that_two_post_at_once_is_booked_once(wide_scratch_db):
    assert wide_scratch_db.run_in_odoo(CREDITED).strip() == "9605.0"
    one_after_the_other(
        wide_scratch_db, POST.format(how="post()"), POST.format(how="retrying(post, move.env)")
    )
    answer = wide_scratch_db.run_in_odoo(POSTED)
    assert answer.strip() == "posted booked ['fact.booked', 'remedy.executed']"
