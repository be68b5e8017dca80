from odoo import api, models


class CrmPolicyLedgerLinter(models.AbstractModel):
    """Says that the ledger of a company is broken, as long as its last check found it so."""

    _name = "crm.policy.ledger.linter"
    _description = "Linter of the Ledger"
    _inherit = ["crm.policy.linter"]

    @api.model
    def _policy_findings(self, versions):
        return [*super()._policy_findings(versions), *self._policy_find_broken_chains(versions)]

    def _policy_find_broken_chains(self, versions):
        """Events that were changed outside of the system."""
        for company in versions.company_id:
            check = self.env["crm.policy.ledger.anchor"]._policy_last_check(company.id)
            if check.state == "broken":
                yield self._policy_finding(
                    "ledger_broken",
                    "error",
                    self.env._(
                        "The event ledger is broken: %(problems)s. Export it and keep a backup.",
                        problems="; ".join(check.problems.split("\n")),
                    ),
                    check,
                )
