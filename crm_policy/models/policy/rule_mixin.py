from odoo import api, fields, models


class CrmPolicyRuleMixin(models.AbstractModel):
    """A rule: something executable that a clause demands. Valid as long as its version is."""

    _name = "crm.policy.rule.mixin"
    _description = "Policy Rule"
    _inherit = ["crm.policy.cached", "crm.policy.pack.section", "crm.policy.guarded"]

    _pack_needs_clause = True

    code = fields.Char(required=True)
    clause_id = fields.Many2one("crm.policy.clause", required=True, index=True, ondelete="restrict")
    version_id = fields.Many2one(related="clause_id.version_id", store=True, index=True)
    company_id = fields.Many2one(related="clause_id.company_id", store=True, index=True)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        # They follow the clause: nobody slips a rule into a version that is in force.
        return super()._policy_guarded_fields() | {"version_id", "company_id"}

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules.clause_id.version_id._policy_check_draft()
        return rules

    def write(self, vals):
        self.clause_id.version_id._policy_check_draft()
        result = super().write(vals)
        if "clause_id" in vals:
            self.clause_id.version_id._policy_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.clause_id.version_id._policy_check_draft()

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        return {"clause_id": clauses[row.pop("clause")].id, **row}

    @api.model
    def _pack_known(self, vals):
        # A rule belongs to its version: never shared with an older one.
        return self.browse()

    @api.model
    def _pack_given(self, vals):
        # All of it is the pack's, what it leaves to the defaults as well.
        return self._pack_compared_fields()
