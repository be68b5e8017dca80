from odoo import fields, models


class CrmPolicyPetitionLine(models.Model):
    """A share as it was decided, and as the department wants it."""

    _name = "crm.policy.petition.line"
    _description = "Share in a Petition"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "petition_id"
    _order = "petition_id, id"
    _rec_name = "party"

    petition_id = fields.Many2one(
        "crm.policy.petition", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    responsibility_id = fields.Many2one(
        "crm.policy.responsibility", required=True, readonly=True, index=True, ondelete="restrict"
    )
    party = fields.Char(readonly=True)
    share_before = fields.Float(string="Decided (%)", digits=(5, 2), readonly=True)
    share_after = fields.Float(string="Wanted (%)", digits=(5, 2), readonly=True)

    def _policy_words(self):
        return f"{self.share_before:g} % → {self.share_after:g} %"
