"""Members of a committee who sign at the same time, in processes that really commit."""

import pytest
from conftest import WORLD
from test_concurrency import COME_MEANWHILE, TAKE_TURN
from test_goods_processes import one_after_the_other

# The company of the add-on's own tests, committed: a verdict that one of three has signed.
VERDICT = (
    WORLD.format(module="crm_policy.tests.flows.test_committee_route", common="CommitteeCommon")
    + """
case = world._registered("2026-03-12 14:10")
world._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
world._report(case, "2026-03-13 08:50")
verdict = world._verdict(case, "2026-03-13 10:00", 70, 30)
world._sign(verdict, "2026-03-13 11:00", {signed})
print(verdict.state)
"""
)
STEP = """
from odoo.exceptions import UserError
from odoo.service.model import retrying

user = env["res.users"].search([("login", "=", "t_{login}")])
verdict = env["crm.policy.verdict"].search([]).with_user(user)

def act():
    verdict.env.invalidate_all()
    return verdict.action_policy_{step}
"""
FIRST = STEP + TAKE_TURN.format(how="act()")
COMING = STEP + COME_MEANWHILE
RESULT = """
verdict = env["crm.policy.verdict"].search([])
print(verdict.state, sorted(verdict.signature_ids.user_id.mapped("login")), bool(verdict.signed_at))
"""


@pytest.mark.parametrize(
    ("coming", "answer", "after"),
    [
        # Neither misses the other's signature, which would leave the quorum open for ever.
        ("warehouse", "done", "signed ['t_production', 't_quality', 't_warehouse'] True"),
        ("quality", "you have signed it", "draft ['t_production', 't_quality'] False"),
    ],
    ids=["two members", "one member, two clicks"],
)
def test_two_signatures_at_once(scratch_db, coming, answer, after):
    made = scratch_db.run_in_odoo(VERDICT.format(signed='"production"'))
    assert made.strip() == "draft"
    told = one_after_the_other(
        scratch_db,
        FIRST.format(login="quality", step="sign()"),
        COMING.format(login=coming, step="sign()"),
    )
    assert answer in told
    assert scratch_db.run_in_odoo(RESULT).strip() == after


def test_an_objection_while_another_one_comes(scratch_db):
    scratch_db.run_in_odoo(VERDICT.format(signed='"production", "quality", "warehouse"'))
    told = one_after_the_other(
        scratch_db,
        FIRST.format(login="sales_manager", step='object("不同意")'),
        COMING.format(login="sales_manager", step='object("再说")'),
    )
    assert "Customer Objects. This step was taken" in told
    assert scratch_db.run_in_odoo(RESULT).startswith("objected")
