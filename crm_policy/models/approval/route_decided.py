from odoo import models


class CrmPolicyRouteDecided(models.AbstractModel):
    """A document of the house: the route of its policy alone says who signs.

    Limits are about what customers get: they make nobody a signatory here, and it uses up none.
    """

    _name = "crm.policy.route.decided"
    _description = "Document Signed by Its Route"
    _inherit = ["crm.policy.approvable"]

    def _policy_authorities(self):
        return self.env["crm.policy.authority"]

    def _policy_use_values(self, user, line, approval):
        return []

    def _policy_approval_version(self):
        return self.policy_version_id
