from odoo import fields, models


class CrmPolicyDecision(models.Model):
    """One signature: who decided what, when, for whom. Written once, by the request only."""

    _name = "crm.policy.decision"
    _description = "Approval Decision"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "approval_id"
    _order = "id"
    _rec_name = "outcome"

    approval_id = fields.Many2one(
        "crm.policy.approval", required=True, readonly=True, index=True, ondelete="restrict"
    )
    step_id = fields.Many2one(
        "crm.policy.approval.step", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    on_behalf_of_id = fields.Many2one(
        "res.users", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    delegation_id = fields.Many2one(
        "crm.policy.delegation", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    outcome = fields.Selection(
        [
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("returned", "Returned"),
            ("forwarded", "Forwarded"),
            ("added", "Signer Added"),
        ],
        required=True,
        readonly=True,
    )
    to_user_id = fields.Many2one(
        "res.users",
        string="To",
        readonly=True,
        ondelete="restrict",
        help="Who was added, or to whom it was forwarded.",
    )
    comment = fields.Text(readonly=True)
    decided_at = fields.Datetime(string="Signed At", required=True, readonly=True)

    def init(self):
        result = super().init()
        self._policy_build_wall()
        return result
