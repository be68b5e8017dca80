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
        step._policy_update({"state": "skipped"})
        self._policy_make_room(1)
        self._policy_insert_steps(
            [
                step._policy_copy_values(
                    sequence=step.sequence + 1,
                    role_id=False,
                    team_id=False,
                    person_id=person.id,
                    origin="forwarded",
                    replaced_id=step.id,
                )
            ]
        )
        self._policy_log_requests("approval.oral", {self.id: {"leader": person.id}})
        self._policy_open_steps()
