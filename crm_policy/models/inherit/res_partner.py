from odoo import api, models


class ResPartner(models.Model):
    """The customer of a case that an authority watches stays known."""

    _name = "res.partner"
    _inherit = [
        "res.partner",
        "crm.policy.caller",
        "crm.policy.customer.facts",
        "crm.policy.external.evidence",
    ]

    def write(self, vals):
        if "active" in vals and not vals["active"]:
            self._policy_refuse_if_kept(
                [("partner_id", "child_of", self.ids)], self.env._("archiving the contact")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        self._policy_refuse_if_kept(
            [("partner_id", "child_of", self.ids)], self.env._("deleting the contact")
        )
