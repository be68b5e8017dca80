from odoo import api, models

from ..complaint.inner_paper import OPENED_BY

# What an attachment is and where it belongs.
CONTENT = frozenset({"raw", "datas", "db_datas", "url", "type", "name", "res_model", "res_id"})


class IrAttachment(models.Model):
    """An attachment of a case that an authority watches is neither deleted nor replaced, and one
    that is a complaint form is nobody's outside."""

    _name = "ir.attachment"
    _inherit = ["ir.attachment", "crm.policy.external.evidence", "crm.policy.inner.paper"]

    @api.model_create_multi
    def create(self, vals_list):
        files = super().create(vals_list)
        # A default, of the context or of the user, opens a file as well as a value does.
        defaults = self.sudo().default_get(list(OPENED_BY))
        for file, vals in zip(files, vals_list, strict=True):
            opened = {name: {**defaults, **vals}.get(name) for name in OPENED_BY}
            if any(opened.values()):
                file._policy_check_attachments(opened)
        return files

    def write(self, vals):
        names = CONTENT.intersection(vals)
        if names:
            self._policy_check_kept(self.env._("replacing an attachment"), vals, names)
        result = super().write(vals)
        self._policy_check_attachments(vals)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        self._policy_check_kept(self.env._("deleting an attachment"))
