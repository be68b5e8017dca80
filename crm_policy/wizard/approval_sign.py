from odoo import fields, models


class CrmPolicyApprovalSign(models.TransientModel):
    """Approve or reject a request with a comment."""

    _name = "crm.policy.approval.sign"
    _description = "Sign a Request"

    approval_id = fields.Many2one("crm.policy.approval", required=True, ondelete="cascade")
    outcome = fields.Selection(
        [("approve", "Approve"), ("reject", "Reject")], required=True, default="approve"
    )
    comment = fields.Text()

    def action_policy_confirm(self):
        """Sign as the current user."""
        self.ensure_one()
        if self.outcome == "approve":
            self.approval_id.action_policy_approve(self.comment)
        else:
            self.approval_id.action_policy_reject(self.comment)
        return {"type": "ir.actions.act_window_close"}
