from odoo import fields, models


class CrmPolicyClause(models.Model):
    """The rules that the sentences of a clause may mean."""

    _inherit = "crm.policy.clause"

    suggestion_ids = fields.One2many(
        "crm.policy.suggestion",
        "clause_id",
        string="Suggested Rules",
        groups="crm_policy.group_policy_admin,crm_policy.group_director,crm_policy.group_ceo,"
        "crm_policy.group_committee",
    )
