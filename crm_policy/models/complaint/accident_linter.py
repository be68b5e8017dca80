from odoo import api, models

from .case_accident import SECTION, TEAM, TRIGGER


class CrmPolicyAccidentLinter(models.AbstractModel):
    """Steps that the team on quality accidents answers: there is one, and a rule for what it
    proposes (CMP-RTE-10, ORG-TEAM-01)."""

    _name = "crm.policy.accident.linter"
    _description = "Checks of Steps for Quality Accidents"

    @api.model
    def _policy_findings(self, versions):
        findings = list(super()._policy_findings(versions))
        steps = self.search([("version_id", "in", versions.ids), ("fills", "!=", False)])
        Rule = self.env["crm.policy.sanction.rule"]
        Team = self.env["crm.policy.team"]
        for step in steps.filtered(lambda step: SECTION in step._policy_fills()):
            company = step.company_id
            if not Rule._policy_rules_of(step.version_id, TRIGGER):
                findings.append(
                    self._policy_finding(
                        "accident_rule",
                        "error",
                        self.env._(
                            "%(step)s: the team may name persons, but no sanction rule says what "
                            "is proposed for them. Add one for a quality accident.",
                            step=step.name,
                        ),
                        step,
                        step.clause_id,
                    )
                )
            if not Team.search([("kind", "=", TEAM), ("company_id", "=", company.id)]):
                findings.append(
                    self._policy_finding(
                        "accident_team",
                        "warning",
                        self.env._(
                            "%(step)s: %(company)s has no team for quality accidents, so nobody "
                            "can decide. Set it up under Organisation, Teams.",
                            step=step.name,
                            company=company.name,
                        ),
                        step,
                        step.clause_id,
                    )
                )
        return findings
