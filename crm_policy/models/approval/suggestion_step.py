from odoo import api, fields, models


class CrmPolicySuggestionStep(models.Model):
    """One signature of a suggested route."""

    _name = "crm.policy.suggestion.step"
    _description = "Step of a Suggested Route"
    _order = "suggestion_id, sequence, id"
    _rec_name = "role_id"

    suggestion_id = fields.Many2one(
        "crm.policy.suggestion", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="suggestion_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    words = fields.Char(string="Post in the Text", readonly=True)
    role_id = fields.Many2one(
        "crm.policy.role",
        index="btree_not_null",
        ondelete="set null",
        domain="[('company_id', '=', company_id)]",
    )
    amount_from = fields.Monetary(string="Needed Above", help="Zero: always.")
    currency_id = fields.Many2one(related="company_id.currency_id")

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps.suggestion_id._policy_check_open()
        return steps

    def write(self, vals):
        self.suggestion_id._policy_check_open()
        result = super().write(vals)
        self.suggestion_id._policy_check_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        self.suggestion_id._policy_check_open()
