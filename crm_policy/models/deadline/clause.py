from odoo import api, fields, models
from odoo.fields import Domain


class CrmPolicyClause(models.Model):
    """A clause counts the clocks that ran under it."""

    _name = "crm.policy.clause"
    _inherit = ["crm.policy.clause"]

    def action_policy_open_deadlines(self):
        """List the clocks that ran under this clause."""
        return self._policy_open("crm_policy.deadline_action")

    def action_policy_open_late(self):
        """List the clocks that ended late under this clause or are overdue."""
        action = self._policy_open("crm_policy.deadline_action")
        late = self._policy_late_domain() & Domain("clause_id", "=", self.id)
        return action | {"domain": list(late)}

    def action_policy_open_violations(self):
        """List the violations of this clause."""
        return self._policy_open("crm_policy.violation_action")

    @api.model
    def _policy_late_domain(self):
        late = Domain("state", "=", "late") | Domain("is_overdue", "=", True)
        return late & Domain("is_trial", "=", False) & Domain("excluded", "=", False)

    @api.model
    def _policy_count_queries(self):
        Company = self.env["res.company"].sudo()
        ran = Domain("state", "!=", "cancelled")
        recent = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain(
                "start_at",
                ">=",
                fields.Datetime.subtract(fields.Datetime.now(), days=company.policy_coverage_days),
            )
            for company in Company.search([])
        )
        return super()._policy_count_queries() | {
            "hit_count": self._policy_clauses_of("crm.policy.deadline", ran),
            "recent_hit_count": self._policy_clauses_of("crm.policy.deadline", ran & recent),
            "late_count": self._policy_clauses_of(
                "crm.policy.deadline", self._policy_late_domain()
            ),
            "violation_count": self._policy_clauses_of(
                "crm.policy.violation", Domain("state", "not in", ("waived", "withdrawn"))
            ),
        }
