from odoo import models
from odoo.fields import Command


class CrmPolicyOpenedDocument(models.AbstractModel):
    """One that few may read: its ``reader_ids`` grow by whoever is asked to sign it."""

    _name = "crm.policy.opened.document"
    _description = "Document Opened for Its Signatories"
    _inherit = ["crm.policy.route.decided"]

    def _policy_on_requested(self, users):
        self._policy_open_for(users)

    def _policy_on_delegated(self, delegation):
        self._policy_open_for(delegation.to_user_id)

    def _policy_open_for(self, users):
        """Let ``users`` read the documents."""
        for document in self.sudo():
            new = users - document.reader_ids
            if new:
                document._policy_guarded_write(
                    {"reader_ids": [Command.link(user.id) for user in new]}
                )
