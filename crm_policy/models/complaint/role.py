from odoo import models


class CrmPolicyRole(models.Model):
    """Whoever comes to hold a role sees the cases on which it was asked before."""

    _name = "crm.policy.role"
    _inherit = ["crm.policy.role"]

    def _policy_holders_changed(self):
        result = super()._policy_holders_changed()
        self.env["crm.policy.countersign"]._policy_keep_opened(self)
        self.env["crm.policy.notice"]._policy_keep_opened()
        return result
