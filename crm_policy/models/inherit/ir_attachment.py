from odoo import api, models

# What an attachment is and where it belongs.
CONTENT = frozenset({"raw", "datas", "db_datas", "url", "type", "name", "res_model", "res_id"})


class IrAttachment(models.Model):
    """An attachment of a case that an authority watches is neither deleted nor replaced."""

    _name = "ir.attachment"
    _inherit = ["ir.attachment", "crm.policy.external.evidence"]

    def write(self, vals):
        names = CONTENT.intersection(vals)
        if names:
            self._policy_check_kept(self.env._("replacing an attachment"), vals, names)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        self._policy_check_kept(self.env._("deleting an attachment"))
