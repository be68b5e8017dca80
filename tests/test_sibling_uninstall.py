"""A company stops using an add-on beside the policy: what was done with it stays readable.

With real data in the middle of their way, in a database with all of them.
"""

import json

from conftest import COMMITTING, WORLD

RETURNED = (
    WORLD.format(module="crm_policy_stock.tests.common", common="ReturnStockCommon")
    + """
_note, picking = world._arrived()
picking.button_validate()
world._arrived(policy_order_ref="SO-2")
"""
)
UNINSTALL = """
env.cr.commit()
env["ir.module.module"].search([("name", "=", "{addon}")]).button_immediate_uninstall()
"""
# Everything that a person, a job or an auditor looks at; a list of what does not work any more.
LOOK = (
    COMMITTING
    + """
import json
import logging
import traceback
from odoo.exceptions import AccessError

problems = []

class Ears(logging.Handler):
    def emit(self, record):
        problems.append(f"{record.name}: {record.getMessage()}")

logging.getLogger().addHandler(Ears(logging.WARNING))

def attempt(words, act):
    try:
        act()
    except AccessError:
        pass  # a clear refusal
    except Exception:
        problems.append(f"{words}: {traceback.format_exc()}")

ours = [
    name
    for name, Model in env.items()
    if (name.startswith("crm.policy.") or name in ("helpdesk.ticket", OTHERS))
    and not (Model._abstract or Model._transient)
]
people = env["res.users"].search([("login", "=like", "t\\\\_%")])
for name in ours:
    attempt(name, lambda: env[name].search([]).read())
    for user in people:
        records = env[name].with_user(user)
        if records.has_access("read"):
            attempt(f"{user.login}, {name}", lambda: records.search([]).read())
    views = env["ir.ui.view"].search([("model", "=", name)])
    attempt(f"views of {name}", views._check_xml)
    for kind in {view.type for view in views} - {"qweb"}:
        attempt(f"{kind} of {name}", lambda: env[name].get_view(view_type=kind))
for user in people:
    attempt(f"menus of {user.login}", lambda: env["ir.ui.menu"].with_user(user).load_menus(False))
env.flush_all()
env.cr.commit()
cron_names = env["ir.model.data"].search([("model", "=", "ir.cron"), ("module", "=", "crm_policy")])
for cron in env["ir.cron"].browse(cron_names.mapped("res_id")):
    attempt(cron.name, cron.ir_actions_server_id.run)
    env.cr.commit()
Chain = env["crm.policy.ledger.chain"]
for company_id in (*env["res.company"].search([]).ids, 0):
    problems += map(str, Chain._policy_check(company_id, full=True))
print(json.dumps(problems))
"""
).replace("OTHERS", '"stock.picking", "account.move", "purchase.order"')
# What people do next, without the sibling.
RECEIVE = """
note = env["crm.policy.return.note"].search([("state", "=", "sent")])
warehouse = env["res.users"].search([("login", "=", "t_warehouse")])
note.with_user(warehouse).action_policy_receive(100)
notes = note.search([])
pickings = env["stock.picking"].search([("origin", "in", notes.mapped("number"))])
pickings.filtered(lambda picking: picking.state != "done").button_validate()
print(notes.mapped("state"), pickings.mapped("state"), notes.ticket_id.mapped("policy_step"))
"""


def test_returns_go_on_without_the_sibling_of_the_warehouse(wide_scratch_db):
    wide_scratch_db.run_in_odoo(RETURNED + UNINSTALL.format(addon="crm_policy_stock"))
    problems = json.loads(wide_scratch_db.run_in_odoo(LOOK).splitlines()[-1])
    assert not problems, "\n\n".join(problems)
    answer = wide_scratch_db.run_in_odoo(RECEIVE)
    assert "['received', 'received'] ['done', 'done'] ['settled', 'settled']" in answer
