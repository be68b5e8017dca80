from odoo import api, models


class CrmPolicyViewer(models.AbstractModel):
    """Groups and the organisation chart say who holds some roles: also those behind a seat."""

    _name = "crm.policy.viewer"
    _inherit = ["crm.policy.viewer"]

    @api.model
    def _policy_chart_changed(self):
        result = super()._policy_chart_changed()
        self.env["crm.policy.team.member"]._policy_rostered().team_id._policy_follow_roles()
        return result
