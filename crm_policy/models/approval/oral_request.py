from odoo import models

from .approval_notice import NOTICES


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

    def _policy_ask_nobody_else(self):
        """Send none of the ordinary messages that the request waits for somebody.

        Those who would have been asked a moment ago are not any more, and the leader is told why he
        of all people is.
        """
        self.ensure_one()
        notices = self.env.cr.precommit.data.get(NOTICES, {})
        for (kind, _user), comments in notices.items():
            if kind == "asked":
                comments.pop(self.id, None)
