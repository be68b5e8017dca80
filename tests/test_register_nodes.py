"""Two nodes file the complaint register of the same month: it is filed and mailed once."""

import json
import subprocess

import pytest

PREPARE = """
company = env.ref("base.main_company")
admin = env.ref("base.user_admin")
admin.email = "admin@example.com"
company.policy_register_user_ids = admin
env["crm.policy"].search([]).active_in_company = False
env["crm.policy"].create([{"code": "NODES", "name": "Nodes", "company_id": company.id}])
env.cr.commit()
"""
CRON = """
env["crm.policy.report.monthly"]._cron_file_registers()
env.cr.commit()
"""
COUNT = """
import json
reports = env["crm.policy.report.monthly"].search([])
mails = env["mail.mail"].search([("model", "=", reports._name)])
events = env["crm.policy.event"].search([("type", "=", "report.filed")])
print(json.dumps([reports.mapped("state"), len(mails), len(events)]))
"""


@pytest.fixture
def nodes(scratch_db):
    scratch_db.run_in_odoo(PREPARE)
    return scratch_db


def counts(nodes):
    return json.loads(nodes.run_in_odoo(COUNT))


def test_nodes_that_start_together_file_once(nodes):
    nodes.run_together(CRON, CRON)
    assert counts(nodes) == [["filed"], 1, 1]


def start_filing(nodes):
    """Start a node that has filed and mailed but not committed; "commit" on its input ends it."""
    node = nodes.start(
        "reports = env['crm.policy.report.monthly']\n"
        "reports._policy_file_last_month(env.ref('base.main_company'))._policy_mail()\n"
        "env.flush_all()\n"
        "print('filed', flush=True)\n"
        "assert input() == 'commit'\n"
        "env.cr.commit()\n"
    )
    assert node.stdout.readline() == "filed\n"
    return node


def test_a_draft_that_another_node_works_on_is_left_to_it(nodes):
    nodes.run_in_odoo("env['crm.policy.report.monthly'].create([{}])\nenv.cr.commit()")
    first = start_filing(nodes)
    nodes.run_in_odoo(CRON)  # does not wait
    first.stdin.write("commit\n")
    nodes.finish(first)
    assert counts(nodes) == [["filed"], 1, 1]


def test_a_register_that_another_node_begins_is_left_to_it(nodes):
    first = start_filing(nodes)
    second = nodes.start("print('on', flush=True)\n" + CRON)
    assert second.stdout.readline() == "on\n"
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=2)  # for the unique index to know
    first.stdin.write("commit\n")
    nodes.finish(first)
    nodes.finish(second)
    assert counts(nodes) == [["filed"], 1, 1]
