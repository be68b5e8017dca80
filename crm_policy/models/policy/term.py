from odoo import api, fields, models

KINDS = [
    ("activity", "Activity"),
    ("customer_type", "Customer Type"),
    ("section", "Section of a Policy"),
]


class CrmPolicyTerm(models.Model):
    """A word with which a policy says what it covers and what its parts are (POL-SCOPE-01).

    The sections are those that a policy must have where the company asks for it (POL-VER-04).
    """

    _name = "crm.policy.term"
    _description = "Term of a Policy"
    _order = "kind, sequence, id"

    kind = fields.Selection(KINDS, required=True, index=True)
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: of all companies.")

    _code_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), kind, code)", "A company has each term once."
    )

    @api.model
    def _policy_sections(self, company):
        """Return the sections that a policy of the company must have."""
        return self.sudo().search(
            [("kind", "=", "section"), ("company_id", "in", [company.id, False])]
        )
