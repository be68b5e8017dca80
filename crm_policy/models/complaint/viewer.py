from odoo import api, models


class CrmPolicyViewer(models.AbstractModel):
    """The organisation chart names the holders of some roles: they see what those are asked."""

    _name = "crm.policy.viewer"
    _inherit = ["crm.policy.viewer"]

    @api.model
    def _policy_chart_changed(self):
        result = super()._policy_chart_changed()
        # Appointed persons come and go by their posts.
        self.env["crm.policy.countersign"]._policy_keep_opened(
            self.env["crm.policy.role"].sudo().search([("kind", "!=", "user")])
        )
        self.env["crm.policy.notice"]._policy_keep_opened()
        return result
