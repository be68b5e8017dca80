"""A company stops using an add-on beside the policy: what was done with it stays readable.

With real data in the middle of their way, in a database with all of them.
"""

import json
import subprocess

import pytest
from conftest import COMMITTING, ROOT, WORLD

RETURNED = (
    WORLD.format(module="crm_policy_stock.tests.common", common="ReturnStockCommon")
    + """
_note, picking = world._arrived()
picking.button_validate()
world._arrived(policy_order_ref="SO-2")
"""
)
CREDITED = (
    WORLD.format(module="crm_policy_account.tests.common", common="CreditNoteCommon")
    + """
_case, remedy = world._case_with(RETURN)
note = world._returned(remedy)
world._credit_of(note).with_user(world.users["finance"]).action_post()
_case, remedy = world._case_with(ALLOWANCE)
world._allowed(remedy)
"""
)
ORDERED = (
    WORLD.format(
        module="crm_policy_purchase.tests.test_purchase_emergency", common="TestPurchaseEmergency"
    )
    + """
env["stock.warehouse"].create({"name": "W", "code": "W", "company_id": world.company.id})
world._confirmed()
waiting = world._new_order()
waiting.with_user(world.asker).action_policy_submit()
world._sign(waiting, "manager")
rejected = world._new_order()
rejected.with_user(world.asker).action_policy_submit()
rejected.policy_approval_id.with_user(world.users["manager"]).action_policy_reject("太贵")
# Ordered by an emergency team, and not ratified yet.
world._ordered()
world._hand_in(world.crisis.policy_emergency_id)
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
# The evidence leaves the database: anybody verifies it without us.
EXPORT = """
Chain = env["crm.policy.ledger.chain"]
company = env["crm.policy.approval"].search([], limit=1).company_id
company = company or env["crm.policy.return.note"].search([], limit=1).company_id
about = Chain._policy_export(company.id)
with open({file!r}, "wb") as file:
    file.writelines(Chain._policy_export_lines(about))
print("HEAD", *about["head"], sep=":")
"""
# What people do next, without the sibling.
AFTERWARDS = {
    "crm_policy_stock": """
note = env["crm.policy.return.note"].search([("state", "=", "sent")])
warehouse = env["res.users"].search([("login", "=", "t_warehouse")])
note.with_user(warehouse).action_policy_receive(100)
notes = note.search([])
pickings = env["stock.picking"].search([("origin", "in", notes.mapped("number"))])
pickings.filtered(lambda picking: picking.state != "done").button_validate()
print(notes.mapped("state"), pickings.mapped("state"), notes.ticket_id.mapped("policy_step"))
""",
    "crm_policy_account": """
finance = env["res.users"].search([("login", "=", "t_finance")])
allowance = env["crm.policy.allowance"].search([]).with_user(finance)
draft = env["account.move"].search([("state", "=", "draft"), ("move_type", "=", "out_refund")])
draft.button_cancel()
allowance.action_policy_book("记-0042")
note = env["crm.policy.return.note"].search([])
posted = env["account.move"].search([("state", "=", "posted"), ("move_type", "=", "out_refund")])
print(note.state, allowance.state, allowance.remedy_id.executed_amount > 0, len(draft), len(posted))
""",
    "crm_policy_purchase": """
from odoo.exceptions import UserError

Request = env["crm.policy.approval"]
user = lambda name: env["res.users"].search([("login", "=", "t_" + name)])
orders = env["purchase.order"].search([], order="id")
requests = Request.search([("res_model", "=", "purchase.order")], order="id")
lapsed = requests[1]
ratification = Request.search([("state", "=", "pending")])
assert ratification.res_model == "crm.policy.emergency"
print(requests.mapped("state"), requests.mapped("decision_ids.outcome"))

# The inbox of everybody, its counter, and what he has signed or was asked to.
action = env.ref("crm_policy.approval_action").sudo()
fields = {"name": {}, "chain": {}, "waiting_for": {}, "res_id": {}, "can_decide": {}}
for person in env["res.users"].search([("login", "=like", "t\\_%"), ("share", "=", False)]):
    mine = Request.with_user(person)
    if not mine.has_access("read"):
        continue
    waiting = mine.search_count([("can_decide", "=", True)])
    assert waiting == (person in ratification.eligible_user_ids), person.login
    assert mine.web_search_read([("can_decide", "=", True)], fields)["length"] == waiting
    mine.web_search_read([], fields)
for name in ("specialist", "manager", "finance"):
    [seen] = lapsed.with_user(user(name)).web_read(fields)
    assert seen["chain"]["state"] == "lapsed", seen
    messages = env["mail.message"].search([
        ("model", "=", Request._name),
        ("res_id", "=", lapsed.id),
        ("partner_ids", "in", user(name).partner_id.ids),
    ])
    told = [message.subject for message in messages if message.subject.startswith("Withdrawn")]
    assert len(told) == (name != "manager"), (name, messages.mapped("subject"))
event = env["crm.policy.event"].search([("type", "=", "approval.withdrawn")])
assert (event.res_id, bool(event.clause)) == (lapsed.id, True), event
[note] = [text for text in orders[1].message_ids.mapped("body") if "withdrawn" in text]

# Every button answers in words.
BUTTONS = {
    "approve": ["x"], "reject": ["x"], "return": [None, "x"], "recall": [], "remind": [],
    "add_signer": [user("ceo").id], "forward": [user("ceo").id], "copy": [[user("ceo").id]],
}
for button, arguments in BUTTONS.items():
    for who in ("specialist", "finance"):
        try:
            getattr(lapsed.with_user(user(who)), "action_policy_" + button)(*arguments)
        except UserError as refusal:
            assert "what had it signed is not installed any more" in str(refusal), refusal
        else:
            raise AssertionError(button)
assert lapsed.action_policy_open_document()["res_model"] == "purchase.order"

# The emergency is ratified although its order is signed by nobody any more.
ratification.with_user(ratification.eligible_user_ids[:1]).action_policy_approve("同意")
orders[1].button_confirm()
print(ratification.state, orders.mapped("state"))
""",
}
EXPECTED = {
    "crm_policy_stock": ["['received', 'received'] ['done', 'done'] ['settled', 'settled']"],
    "crm_policy_account": ["booked booked True 1 1"],
    "crm_policy_purchase": [
        "['approved', 'lapsed', 'rejected'] ['approved', 'approved', 'approved', 'approved', "
        "'rejected']",
        "approved ['purchase', 'purchase', 'draft', 'draft']",
    ],
}


@pytest.mark.parametrize(
    ("addon", "script"),
    [
        ("crm_policy_stock", RETURNED),
        ("crm_policy_account", CREDITED),
        ("crm_policy_purchase", ORDERED),
    ],
    ids=["stock", "account", "purchase"],
)
def test_what_was_done_with_a_sibling_outlives_it(wide_scratch_db, tmp_path, addon, script):
    wide_scratch_db.run_in_odoo(script + UNINSTALL.format(addon=addon))
    problems = json.loads(wide_scratch_db.run_in_odoo(LOOK).splitlines()[-1])
    assert not problems, "\n\n".join(problems)
    answer = wide_scratch_db.run_in_odoo(AFTERWARDS[addon])
    for words in EXPECTED[addon]:
        assert words in answer
    file = tmp_path / "ledger.jsonl"
    answer = wide_scratch_db.run_in_odoo(EXPORT.format(file=str(file)))
    [head] = [line[5:] for line in answer.splitlines() if line.startswith("HEAD:")]
    found = subprocess.run(
        [ROOT / "run", "verify", file, "--head", head], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    if addon == "crm_policy_purchase":
        assert '"approval.withdrawn"' in file.read_text()
