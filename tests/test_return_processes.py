"""Goods that two people take in at once, in processes that really commit."""

from conftest import WORLD
from test_concurrency import COME_MEANWHILE, TAKE_TURN
from test_goods_processes import one_after_the_other

# The company of the add-on's own tests, committed: a note whose goods are at the door.
ARRIVED = (
    WORLD
    + """
{arrive}
print(note.state)
"""
)
TRANSFER = ARRIVED.format(
    module="crm_policy_stock.tests.common",
    common="ReturnStockCommon",
    arrive="note, _picking = world._arrived()",
)
APPROVED = ARRIVED.format(
    module="crm_policy_stock.tests.common",
    common="ReturnStockCommon",
    arrive="note, picking = world._arrived()\npicking.sudo().action_cancel()",
)
STEP = """
from odoo.exceptions import UserError
from odoo.service.model import retrying

user = env["res.users"].search([("login", "=", "t_{login}")])
note = env["crm.policy.return.note"].search([]).with_user(user)
picking = note.sudo().picking_ids.filtered(lambda one: one.state != "cancel").with_user(user)

def act():
    note.env.invalidate_all()
    return {step}
"""
FIRST = STEP + TAKE_TURN.format(how="act()")
COMING = STEP + COME_MEANWHILE
RESULT = """
note = env["crm.policy.return.note"].search([])
events = env["crm.policy.event"].search([("res_model", "=", note._name)], order="id")
moves = note.picking_ids.move_ids.filtered(lambda move: move.state == "done")
print(note.state, note.actual_quantity, sum(moves.mapped("quantity")),
      note.product_id.with_company(note.company_id).qty_available,
      len(note.picking_ids.filtered(lambda one: one.state != "cancel")),
      events.mapped("type").count("fact.received"))
"""


def at_once(database, world, login, step):
    database.run_in_odoo(world)
    told = one_after_the_other(
        database, FIRST.format(login=login, step=step), COMING.format(login=login, step=step)
    )
    return told, database.run_in_odoo(RESULT).strip()


def test_a_transfer_that_two_validate_at_once_is_received_once(wide_scratch_db):
    _told, result = at_once(wide_scratch_db, TRANSFER, "warehouse", "picking.button_validate()")
    assert result == "received 100.0 100.0 100.0 1 1"


def test_two_who_sign_for_the_goods_at_once(wide_scratch_db):
    told, result = at_once(
        wide_scratch_db, APPROVED, "warehouse", "note.action_policy_receive(100)"
    )
    assert "refused" in told
    assert result == "received 100.0 0 0.0 0 1"


def test_two_who_make_the_transfer_at_once_make_one(wide_scratch_db):
    told, result = at_once(
        wide_scratch_db, APPROVED, "specialist", "note.action_policy_make_transfer()"
    )
    assert "has its transfer" in told
    assert result.split()[4] == "1"
