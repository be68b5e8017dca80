from odoo import api, fields, models

from ...words import list_words
from .production_finding import FOUND


class CrmPolicyCaseProduction(models.AbstractModel):
    """A case of which Manufacturing finds out how the goods were made (CMP-FLOW-05)."""

    _name = "crm.policy.case.production"
    _description = "Case with Findings of Production"

    policy_production_ids = fields.One2many(
        "crm.policy.production.finding", "ticket_id", string="Production", copy=False
    )

    @api.model
    def _policy_needs(self):
        return {**super()._policy_needs(), "production": "_policy_need_production"}

    def _policy_need_production(self):
        """Unit, machine, shift, workers and date; what people did has no machine."""
        if self.policy_cause_class == "non_quality":
            return []
        findings = self.policy_production_ids.filtered(
            lambda finding: finding.cycle == self.policy_cycle
        )
        if not findings:
            return [self.env["crm.policy.production.finding"]._policy_field_label(n) for n in FOUND]
        gaps = [gap for finding in findings for gap in finding._policy_gaps()]
        return list(dict.fromkeys(gaps))

    def _policy_fill_problems(self, section):
        problems = super()._policy_fill_problems(section)
        missing = self.sudo()._policy_need_production() if section == "production" else []
        if missing:
            problems = [
                *problems,
                self.env._(
                    "Write down how the goods were made: %(fields)s.",
                    fields=list_words(self.env, missing),
                ),
            ]
        return problems
