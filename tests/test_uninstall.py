"""Uninstalling leaves helpdesk as it was, with the tickets that were governed."""

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
