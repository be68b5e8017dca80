from odoo import models


class CrmPolicyVersion(models.Model):
    """Where nobody approves unsigned, those who approve are asked to sign."""

    _inherit = "crm.policy.version"

    def _policy_audience(self):
        users = super()._policy_audience()
        if self.company_id.policy_sign_gate:
            limits = self.env["crm.policy.authority"].sudo().search([("version_id", "=", self.id)])
            routes = self.env["crm.policy.route"].sudo().search([("version_id", "=", self.id)])
            users |= (limits.role_id | routes.step_ids.role_id)._policy_holders()
        return users
