"""A case that two people end at once, in processes that really commit: it ends once.

Whoever comes second is told in words what was done; nothing is there twice.
"""

import pytest
from conftest import WORLD
from test_concurrency import COME_MEANWHILE, TAKE_TURN
from test_goods_processes import one_after_the_other

CASES = (
    WORLD.format(module="crm_policy.tests.common", common="PolicyCommon")
    + """
for name, kind, until in (
    ("fresh", "inquiry", None),
    ("inquiry", "inquiry", None),
    ("first", "complaint", None),
    ("second", "complaint", None),
    ("third", "complaint", None),
    ("fourth", "complaint", None),
    ("decided", "complaint", "decide"),
    ("checked", "complaint", "recheck"),
):
    case = world._new_case(name=name, policy_kind=kind)
    if until:
        world._drive(case, until)
    elif name == "inquiry":
        world._as("specialist", case).action_policy_accept()
"""
)
TOLD = (
    WORLD.format(module="crm_policy.tests.complaint.test_case_refusal", common="TestCaseRefusal")
    + """
world._set_parameter("new_case_on_refusal", {new_case})
case = world._told()
case.name = "told"
"""
)
STEP = """
from odoo.exceptions import UserError
from odoo.service.model import retrying

user = env["res.users"].search([("login", "=", "t_{login}")])

def case(name):
    return env["helpdesk.ticket"].with_user(user).search([("name", "=", name)], order="id", limit=1)

def type_id(code):
    return env["crm.policy.complaint.type"].search([("code", "=", code)]).id

def act():
    env.invalidate_all()
    return {step}
"""
FIRST = STEP + TAKE_TURN.format(how="act()")
COMING = STEP + COME_MEANWHILE
# How it ended, in how many cases it goes on, and how often that was logged.
RESULT = """
case = env["helpdesk.ticket"].search([("name", "=", "{name}")], order="id", limit=1)
events = env["crm.policy.event"].search(
    [("res_model", "=", case._name), ("res_id", "=", case.id), ("type", "=", "{event}")]
)
print(case.policy_outcome, case.search_count([("policy_origin_id", "=", case.id)]), len(events))
"""


def at_once(database, name, event, first, second=None, people=("specialist", "supervisor")):
    """Let two people end a case at once.

    :return: what the second is told, and what is there afterwards.
    """
    told = one_after_the_other(
        database,
        FIRST.format(login=people[0], step=first),
        COMING.format(login=people[1], step=second or first),
    )
    return told.strip(), database.run_in_odoo(RESULT.format(name=name, event=event)).strip()


@pytest.fixture
def cases_db(scratch_db):
    scratch_db.run_in_odoo(CASES)
    return scratch_db


def test_two_who_convert_a_case_at_once(cases_db):
    convert = 'case("{}").action_policy_convert("complaint", type_id("{}"), "x")'
    told, there = at_once(
        cases_db,
        "inquiry",
        "case.converted",
        convert.format("inquiry", "quality"),
        convert.format("inquiry", "packaging"),
    )
    assert told.startswith("refused:") and "is decided or ended: it stays" in told
    assert there == "converted 1 1"
    # Before its acceptance it simply changes: the second asks for what it is already.
    told, there = at_once(cases_db, "fresh", "case.converted", convert.format("fresh", "quality"))
    assert told.startswith("refused:") and "is that already" in told
    assert there == "False 0 1"


def test_two_who_merge_a_case_at_once(cases_db):
    merge = 'case("{}").action_policy_merge(case("{}").id, "x")'
    people = ("supervisor", "manager")
    told, there = at_once(
        cases_db,
        "third",
        "case.merged",
        merge.format("third", "first"),
        merge.format("third", "second"),
        people,
    )
    assert told.startswith("refused:") and "is decided or ended: it stays" in told
    assert there == "cancelled 0 1"
    # Nothing is merged into what is merged itself at that moment.
    told, there = at_once(
        cases_db,
        "fourth",
        "case.merged",
        merge.format("second", "first"),
        merge.format("fourth", "second"),
        people,
    )
    assert told.startswith("refused:") and "is ended: nothing goes on in it" in told
    assert there == "False 0 0"


def test_two_who_take_the_same_step_at_once(cases_db):
    # Accepting and settling start clocks: the second does not stumble over those.
    for name, action, outcome in (
        ("first", "accept", False),
        ("decided", "settle", False),
        ("checked", "close", "accepted"),
    ):
        event = f"fact.{action.removesuffix('e')}ed"
        told, there = at_once(cases_db, name, event, f'case("{name}").action_policy_{action}()')
        assert told.startswith("refused:") and "is recorded already" in told, action
        assert there == f"{outcome} 0 1", action


REFUSE = 'case("told").action_policy_not_accept("reject", text="不同意")'
ANSWER = (
    'print(case("told")._policy_customer_answers({"saying": "refuse", "words": "退钱"}, "link"))'
)
WORDS = """
words = env["crm.policy.interaction"].search([("kind", "=", "answer")])
print(words.mapped("text"))
"""


@pytest.mark.parametrize(
    ("new_case", "event", "after"),
    [(1, "case.not_accepted", "not_accepted 1 1"), (0, "case.reopened", "False 0 1")],
    ids=["a new case", "the same one anew"],
)
def test_two_who_refuse_a_solution_at_once(scratch_db, new_case, event, after):
    scratch_db.run_in_odoo(TOLD.format(new_case=new_case))
    told, there = at_once(scratch_db, "told", event, REFUSE)
    assert told.startswith("refused:") and ("is ended" in told) is bool(new_case)
    assert there == after
    assert scratch_db.run_in_odoo(WORDS).strip() == "['不同意']"


def test_the_customer_refuses_while_somebody_notes_it(scratch_db):
    scratch_db.run_in_odoo(TOLD.format(new_case=1))
    told, there = at_once(scratch_db, "told", "case.not_accepted", REFUSE, ANSWER)
    assert "Write to us below" in told, "what he has typed stays before him"
    assert there == "not_accepted 1 1"
    assert scratch_db.run_in_odoo(WORDS).strip() == "['不同意']"
