from odoo import models


class CrmPolicyRole(models.Model):
    """A role that signs: whoever holds it from now on finds what waits for it."""

    _inherit = "crm.policy.role"

    def _policy_holders_changed(self):
        result = super()._policy_holders_changed()
        self.env["crm.policy.team.member"]._policy_rostered(self).team_id._policy_follow_roles()
        self.env["crm.policy.approval"].sudo().search(
            [
                ("state", "=", "pending"),
                ("step_ids", "any", [("state", "=", "pending"), ("role_id", "in", self.ids)]),
            ]
        )._policy_keep_deciders()
        return result
