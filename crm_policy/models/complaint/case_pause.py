from odoo import api, models
from odoo.fields import Domain

from ...const import ENDED_OUTCOMES

PAUSERS = ("crm_policy.group_specialist",)
# What ends a case, or begins it anew: no pause outlives it.
ENDING_FACTS = ("policy_closed_at", "policy_reopened_at")


class CrmPolicyCasePause(models.AbstractModel):
    """Who lets the clocks of a case stand still, and what ends it."""

    _name = "crm.policy.case.pause"
    _description = "Pauses of a Case"

    @api.model
    def _policy_open_domain(self):
        return super()._policy_open_domain() & Domain("policy_closed_at", "=", False)

    def _policy_check_pauser(self):
        self._policy_check_actor(PAUSERS)
        self._policy_check_governed()

    def _policy_guarded_write(self, vals):
        result = super()._policy_guarded_write(vals)
        if vals.get("policy_outcome") in ENDED_OUTCOMES or any(map(vals.get, ENDING_FACTS)):
            self.env["crm.policy.pause"]._policy_end(self, "document")
        return result
