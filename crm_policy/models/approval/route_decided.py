from odoo import models
from odoo.fields import Command


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
