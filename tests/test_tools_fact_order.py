"""The order of facts over any number of steps: what is missing, what contradicts it."""

from crm_policy.const import COMPLAINT_ORDER, LIGHT_ORDER
from crm_policy.tools import fact_order


def test_predecessors_reach_back_to_the_intake():
    assert fact_order.predecessors(COMPLAINT_ORDER, "policy_solution_at") == [
        "policy_intake_at",
        "policy_accepted_at",
        "policy_registered_at",
        "policy_responded_at",
    ]
    assert fact_order.predecessors(COMPLAINT_ORDER, "policy_intake_at") == []
    assert len(fact_order.predecessors(COMPLAINT_ORDER, "policy_closed_at")) == 10


def test_missing_names_the_gaps_only():
    assert fact_order.missing(COMPLAINT_ORDER, []) == []
    assert fact_order.missing(COMPLAINT_ORDER, ["policy_intake_at"]) == []
    assert fact_order.missing(LIGHT_ORDER, ["policy_closed_at", "policy_intake_at"]) == [
        "policy_accepted_at",
        "policy_responded_at",
    ]
    # A light case is closed without having been registered.
    known = ["policy_intake_at", "policy_accepted_at", "policy_responded_at", "policy_closed_at"]
    assert fact_order.missing(LIGHT_ORDER, known) == []


def test_inversions_look_over_gaps_and_allow_the_same_instant():
    facts = {"policy_registered_at": 5, "policy_closed_at": 4}
    assert fact_order.inversions(COMPLAINT_ORDER, facts) == [
        ("policy_registered_at", "policy_closed_at")
    ]
    assert fact_order.inversions(COMPLAINT_ORDER, facts | {"policy_closed_at": 5}) == []
    # Registration and first answer have no order between them.
    facts = {"policy_registered_at": 5, "policy_responded_at": 4}
    assert fact_order.inversions(COMPLAINT_ORDER, facts) == []


def test_short_is_the_word_of_a_fact():
    assert fact_order.short("policy_closed_at") == "closed"
