from odoo import models


class CrmPolicyOralRequest(models.AbstractModel):
    """A request that waits for the signature of the leader who has agreed orally."""

    _name = "crm.policy.oral.request"
    _description = "Request after an Oral Consent"

    def _policy_hand_to(self, step, person):
        """Let the open step wait for ``person`` alone; whoever it waited for signs if he cannot."""
        self.ensure_one()
        if step.person_id == person:
            return
        self._policy_hand_over(step, person)
        self._policy_log_requests("approval.oral", {self.id: {"leader": person.id}})
