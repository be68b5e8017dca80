from odoo import models


class ResGroups(models.Model):
    _name = "res.groups"
    _inherit = ["crm.policy.viewer.source", "res.groups"]

    _policy_viewer_fields = frozenset({"user_ids", "implied_ids", "all_user_ids"})
