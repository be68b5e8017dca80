"""Uninstalling leaves helpdesk as it was, and a sibling the app that it had joined."""

UNINSTALL = """
env["res.company"].search([]).resource_calendar_id.tz = "Asia/Shanghai"
Policy = env["crm.policy"]
version = Policy._policy_install_shipped("service")
director = env["res.users"].create({
    "name": "d", "login": "d",
    "group_ids": [(6, 0, [env.ref("base.group_user").id, env.ref("crm_policy.group_director").id])],
})
version.with_user(director).action_policy_publish()
case = env["helpdesk.ticket"].create({
    "name": "query", "description": "x", "policy_kind": "query",
    "channel_id": env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
})
case.action_policy_accept()
case.action_policy_respond("answered")
number = case.number
env.cr.commit()
env["ir.module.module"].search([("name", "=", "crm_policy")]).button_immediate_uninstall()
"""

AFTERWARDS = """
ticket = env["helpdesk.ticket"].search([("name", "=", "query")])
closed = env["helpdesk.ticket.stage"].search([("closed", "=", True)], limit=1)
ticket.stage_id = closed
fresh = env["helpdesk.ticket"].create({"name": "new", "description": "x"})
ticket.unlink()
env.cr.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'crm_policy%'")
tables = env.cr.fetchone()[0]
env.cr.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'crm_policy%'")
functions = env.cr.fetchone()[0]
env.cr.execute(
    "SELECT count(*) FROM information_schema.columns "
    "WHERE table_name = 'helpdesk_ticket' AND column_name LIKE 'policy%'"
)
columns = env.cr.fetchone()[0]
access = env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public")
print("LEFT", tables, functions, columns, fresh.number != "/", bool(ticket.exists()))
print("ACCESS", access.perm_read, access.perm_write)
"""


def test_uninstall_leaves_helpdesk_as_it_was(scratch_db):
    scratch_db.run_in_odoo(UNINSTALL)
    answer = scratch_db.run_in_odoo(AFTERWARDS)
    assert "LEFT 0 0 0 True False" in answer
    assert "ACCESS True True" in answer


SIBLING = """
env["res.company"].search([]).resource_calendar_id.tz = "Asia/Shanghai"
groups = lambda *names: [(6, 0, [env.ref(name).id for name in ("base.group_user", *names)])]
Users = env["res.users"].with_context(no_reset_password=True)
director = Users.create(
    {"name": "d", "login": "d", "group_ids": groups("crm_policy.group_director")}
)
for role in ("finance", "ceo"):
    Users.create({"name": role, "login": role, "group_ids": groups("crm_policy.group_" + role)})
version = env["crm.policy"]._policy_install_shipped("service_department")
version.with_user(director).action_policy_publish()
order = env["purchase.order"].create({
    "partner_id": env["res.partner"].create({"name": "v"}).id,
    "order_line": [(0, 0, {
        "product_id": env["product.product"].create({"name": "p", "type": "service"}).id,
        "product_qty": 1, "price_unit": 100,
    })],
})
try:
    order.button_confirm()
except Exception as refusal:
    print("REFUSED", type(refusal).__name__)
order.action_policy_submit()
env.cr.commit()
env["ir.module.module"].search([("name", "=", "crm_policy_purchase")]).button_immediate_uninstall()
"""

AFTER_THE_SIBLING = """
order = env["purchase.order"].search([], limit=1)
order.order_line.price_unit = 200
order.button_confirm()
env.cr.execute(
    "SELECT count(*) FROM information_schema.columns "
    "WHERE table_name LIKE 'purchase_order%' AND column_name LIKE 'policy%'"
)
print("LEFT", env.cr.fetchone()[0], order.state, order.amount_untaxed)
requests = env["crm.policy.approval"].search([])
print("KEPT", requests.mapped("res_model"), requests.with_user(2)._policy_seen_domain() is not None)
route = env["crm.policy.route"].search([("model_name", "=", "purchase.order")])
env["crm.policy.finding"]._policy_refresh(route.version_id)
findings = env["crm.policy.finding"].search([("code", "=", "rule_not_running")])
print("SAID", findings.mapped("severity"))
"""


def test_uninstalling_the_sibling_leaves_purchase_as_it_was(wide_scratch_db):
    assert "REFUSED PolicyRefusal" in wide_scratch_db.run_in_odoo(SIBLING)
    answer = wide_scratch_db.run_in_odoo(AFTER_THE_SIBLING)
    assert "LEFT 0 purchase 200.0" in answer
    assert "KEPT ['purchase.order'] True" in answer
    assert "SAID ['warning']" in answer
