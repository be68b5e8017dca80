from odoo import models

from .milestone import field_of

MERGE = "merge_steps"


class CrmPolicyCaseMergedSteps(models.AbstractModel):
    """A case whose consecutive steps of one role, or one person, are one request.

    Where the policy says so (parameter ``merge_steps``), whoever would be asked again at once by
    his own answer is asked once: his answer is recorded for each of the steps.
    """

    _name = "crm.policy.case.merged.steps"
    _description = "Case with Merged Steps"

    def _policy_merged_steps(self, line):
        """Return the steps that are answered together with an opinion, in their order.

        Superuser only: what follows at once, waits for nothing else, and is due to the same role
        or to the same single person.
        """
        Step = self.env["crm.policy.countersign.step"].sudo()
        merged = Step.browse()
        if not line.step_id or not self._policy_parameter(MERGE):
            return merged
        steps = Step._policy_steps_of(self)
        asked = self._policy_asked()
        present = line.step_id
        for step in steps:
            chain = {*present.mapped("code"), *merged.mapped("code")}
            if chain.isdisjoint(step._policy_after()) or step.code in asked:
                continue
            begun = not step.starts or self[field_of(step.starts)]
            waits = self._policy_waits_for(step, steps).filtered(
                lambda before, chain=chain: before.code not in chain
            )
            if step.optional or not begun or waits or not self._policy_same_people(line, step):
                continue
            merged += step
        return merged

    def _policy_same_people(self, line, step):
        """Return whether a step is due to whoever is asked now: his role, or he alone."""
        if step.role_id == line.role_id:
            return True
        first, other = (
            role._users_for(self)[self.id] - self.policy_accused_user_ids
            for role in (line.role_id, step.role_id)
        )
        return len(first) == 1 and first == other
