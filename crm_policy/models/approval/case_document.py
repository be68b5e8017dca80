from odoo import models


class CrmPolicyCaseDocument(models.AbstractModel):
    """What is approved for a case, in ``ticket_id``: who is asked about it sees the case."""

    _name = "crm.policy.case.document"
    _description = "Approvable Document of a Case"
    _inherit = ["crm.policy.approvable"]

    def _policy_on_requested(self, users):
        self.env["crm.policy.case.access"]._policy_grant(self.ticket_id, users, "approver")

    def _policy_on_delegated(self, delegation):
        self.env["crm.policy.case.access"]._policy_grant(
            self.ticket_id, delegation.to_user_id, "delegation", delegation
        )
