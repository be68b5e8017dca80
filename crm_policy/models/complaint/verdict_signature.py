from odoo import fields, models


class CrmPolicyVerdictSignature(models.Model):
    """A member of the committee stands by a verdict: who, and when he clicked."""

    _name = "crm.policy.verdict.signature"
    _description = "Signature on a Verdict"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "verdict_id"
    _order = "id"
    _rec_name = "user_id"

    verdict_id = fields.Many2one(
        "crm.policy.verdict", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="verdict_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users", string="Member", required=True, readonly=True, ondelete="restrict"
    )
    signed_at = fields.Datetime(required=True, readonly=True)

    _once = models.UniqueIndex("(verdict_id, user_id)", "A member signs a verdict once.")
