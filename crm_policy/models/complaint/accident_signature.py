from odoo import fields, models


class CrmPolicyAccidentSignature(models.Model):
    """A member of the team stands by a decision on a quality accident: who, and when he clicked."""

    _name = "crm.policy.accident.signature"
    _description = "Signature on a Quality Accident"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "accident_id"
    _order = "id"
    _rec_name = "user_id"

    accident_id = fields.Many2one(
        "crm.policy.accident", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="accident_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users", string="Member", required=True, readonly=True, ondelete="restrict"
    )
    signed_at = fields.Datetime(required=True, readonly=True)

    _once = models.UniqueIndex("(accident_id, user_id)", "A member signs a decision once.")
