from odoo import fields, models


class CrmPolicyApprovalStep(models.Model):
    """One step of a request, as the route stood when it was submitted."""

    _name = "crm.policy.approval.step"
    _description = "Approval Step"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "approval_id"
    _order = "approval_id, sequence, id"
    _rec_name = "role_id"

    approval_id = fields.Many2one(
        "crm.policy.approval", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    sequence = fields.Integer(readonly=True)
    role_id = fields.Many2one(
        "crm.policy.role", required=True, readonly=True, index=True, ondelete="restrict"
    )
    mode = fields.Selection(
        [("any", "Any one of them"), ("all", "All of them"), ("majority", "More than half")],
        default="any",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ],
        default="waiting",
        required=True,
        readonly=True,
    )
    opened_at = fields.Datetime(readonly=True)
    decision_ids = fields.One2many("crm.policy.decision", "step_id", readonly=True)

    def _policy_is_complete(self, eligible):
        """Return whether enough of the ``eligible`` users have approved this step."""
        approved = self.decision_ids.filtered(lambda line: line.outcome == "approved").user_id
        if self.mode == "any":
            return bool(approved)
        if self.mode == "all":
            return not (eligible - approved)
        return len(approved) * 2 > len(eligible | approved)
