from odoo import api, models


class CrmPolicyPublicationLinter(models.AbstractModel):
    """Committees that could not approve the versions of their policy (POL-OWN-01)."""

    _name = "crm.policy.publication.linter"
    _description = "Linter of Committees"
    _inherit = ["crm.policy.linter"]

    @api.model
    def _policy_findings(self, versions):
        findings = list(super()._policy_findings(versions))
        for version in versions:
            route = version._policy_publication_route()
            own = route.version_id == version
            for record, sentence in version._policy_committee_gaps():
                findings.append(
                    self._policy_finding(
                        "committee_gap",
                        "error",
                        sentence,
                        record,
                        route.clause_id if own else None,
                        version,
                    )
                )
        return findings
