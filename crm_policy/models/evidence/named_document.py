from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPolicyNamedDocument(models.AbstractModel):
    """A record that points at its document by ``res_model`` and ``res_id``: its name, and the way.

    The model declares the two fields itself; what it shows of the document is the same everywhere.
    """

    _name = "crm.policy.named.document"
    _description = "Record That Names Its Document"

    res_name = fields.Char(string="Document", compute="_compute_res_name")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "lang")
    def _compute_res_name(self):
        names = self._policy_names_for(self.env)
        for record in self:
            record.res_name = names[record.id]

    def _policy_names_for(self, env):
        """Return {record id: the name of its document} as the user of ``env`` may know it."""
        found = {}
        for model_name, records in self.grouped("res_model").items():
            if model_name not in env:
                # It went away with its module; what is told of it stays.
                found |= {record.id: "" for record in records}
                continue
            documents = env[model_name].browse(records.mapped("res_id"))
            # The name of a document is only for those who may read it.
            readable = documents.exists()._filtered_access("read").sudo()
            names = {document.id: self._policy_name_of(document) for document in readable}
            for record in records:
                found[record.id] = names.get(record.res_id) or record._policy_hidden_name(env)
        return found

    def _policy_hidden_name(self, env):
        """Return what the record says instead of a name that is not for the user of ``env``."""
        return ""

    @api.model
    def _policy_name_of(self, document):
        """Return what a document is called beside others, not on its own page."""
        if hasattr(document, "_policy_listed_name"):
            return document._policy_listed_name()
        return document.display_name

    def action_policy_open_document(self):
        """Open the document that it is about.

        :raises UserError: it is about none, or about one that went away with its module.
        """
        self.ensure_one()
        self.check_access("read")
        if self.res_model not in self.env:
            raise UserError(self.env._("There is no document to open."))
        document = self.env[self.res_model].browse(self.res_id)
        if hasattr(document, "_policy_shown"):
            document.check_access("read")
            document = document._policy_shown()
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "view_mode": "form",
        }
