from odoo import models


class CrmPolicyReplanSource(models.AbstractModel):
    """A calendar whose changes move the open deadlines that count in it."""

    _name = "crm.policy.replan.source"
    _description = "Calendar of Deadlines"

    def _policy_calendar_changed(self, since, zone=False):
        result = super()._policy_calendar_changed(since, zone)
        self.env["crm.policy.replan"]._policy_request(self, since, zone)
        return result
