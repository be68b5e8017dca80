"""The order of a case's facts: which must have happened before which, over any number of steps.

An order is a mapping like those of :mod:`crm_policy.const`: {fact: facts right before it}.
"""


def predecessors(order, name):
    """Return all facts that come before ``name``, directly or not, in the order of the mapping.

    :rtype: list[str]
    """
    found, todo = set(), list(order.get(name, ()))
    while todo:
        fact = todo.pop()
        if fact not in found:
            found.add(fact)
            todo += order.get(fact, ())
    first = [fact for fact in found if fact not in order]
    return sorted(first) + [fact for fact in order if fact in found]


def missing(order, known):
    """Return the facts that must lie before those in ``known`` and are not among them.

    :param known: the facts that are there.
    :rtype: list[str]
    """
    wanted = {fact for name in known for fact in predecessors(order, name)}
    first = [fact for fact in wanted if fact not in order]
    return [
        fact
        for fact in sorted(first) + [fact for fact in order if fact in wanted]
        if fact not in known
    ]


def inversions(order, facts):
    """Return the pairs (earlier, later) whose instants contradict the order; equal ones do not.

    :param dict facts: {fact: instant}; gaps between two facts do not hide a contradiction.
    """
    return [
        (earlier, later)
        for later in order
        if later in facts
        for earlier in predecessors(order, later)
        if earlier in facts and facts[later] < facts[earlier]
    ]


def short(name):
    """Return the word of a fact: "policy_closed_at" -> "closed"."""
    return name.removeprefix("policy_").removesuffix("_at")
