"""Two nodes open the analysis of the same quarter: it is there once."""

import json

import pytest

PREPARE = """
company = env.ref("base.main_company")
env["crm.policy"].search([]).active_in_company = False
policy = env["crm.policy"].create([{"code": "NODES", "name": "Nodes", "company_id": company.id}])
version = env["crm.policy.version"].create([{"policy_id": policy.id, "number": "1"}])
clause = env["crm.policy.clause"].create(
    [{"version_id": version.id, "number": "1", "name": "Analysis"}]
)
env["crm.policy.parameter"].create(
    [{"code": "conflict_review_months", "name": "x", "value": 3, "clause_id": clause.id}]
)
version._policy_guarded_write({"state": "effective", "effective_from": "2020-01-01"})
env.cr.execute("UPDATE crm_policy SET active_in_company = TRUE WHERE id = %s", [policy.id])
env.cr.commit()
"""
CRON = """
env["crm.policy.conflict.review"]._cron_open()
env.cr.commit()
"""
COUNT = """
import json
reviews = env["crm.policy.conflict.review"].search([])
events = env["crm.policy.event"].search(
    [("res_model", "=", reviews._name), ("type", "=", "fact.opened")]
)
print(json.dumps([len(reviews), len(events)]))
"""


@pytest.fixture
def nodes(scratch_db):
    scratch_db.run_in_odoo(PREPARE)
    return scratch_db


def counts(nodes):
    return json.loads(nodes.run_in_odoo(COUNT))


def test_nodes_that_start_together_open_one(nodes):
    nodes.run_together(CRON, CRON)
    assert counts(nodes) == [1, 1]


def test_what_another_node_begins_is_left_to_it(nodes):
    first = nodes.start(
        "from odoo.fields import Domain\n"
        "reviews = env['crm.policy.conflict.review'].sudo()\n"
        "reviews._policy_open(reviews._policy_asking(Domain.TRUE))\n"
        "env.flush_all()\n"
        "print('opened', flush=True)\n"
        "assert input() == 'commit'\n"
        "env.cr.commit()\n"
    )
    assert first.stdout.readline() == "opened\n"
    second = nodes.start("print('on', flush=True)\n" + CRON)
    assert second.stdout.readline() == "on\n"
    first.stdin.write("commit\n")
    nodes.finish(first)
    nodes.finish(second)
    assert counts(nodes) == [1, 1]
    nodes.run_in_odoo(CRON)
    assert counts(nodes) == [1, 1]
