from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmPolicyCopyRule(models.Model):
    """A copy of the complaint form that a policy has handed out, and to whom (CMP-FLOW-09)."""

    _name = "crm.policy.copy.rule"
    _description = "Copy to Hand Out"
    _inherit = ["crm.policy.rule.mixin", "crm.policy.linter"]
    _order = "version_id, number, id"

    _pack_section = "case_copies"
    _pack_sequence = 67
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "number": (int, True),
        "role": (str, True),
    }

    name = fields.Char(required=True, translate=True, help="What stands on the copy.")
    number = fields.Integer(
        string="Copy No.", required=True, default=1, help="Which copy it is: the first, the second."
    )
    role_id = fields.Many2one("crm.policy.role", required=True, index=True, ondelete="restrict")

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each copy once."
    )
    _number_uniq = models.Constraint(
        "UNIQUE(version_id, number)", "A policy version has each number of a copy once."
    )

    @api.constrains("number")
    def _check_number(self):
        for rule in self:
            if not 1 <= rule.number <= 99:
                raise ValidationError(
                    self.env._("Copy %(copy)s: its number is between 1 and 99.", copy=rule.code)
                )

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        role = self._pack_reference(
            "crm.policy.role", version, f"case_copies ({row['code']})", row.pop("role")
        )
        return super()._pack_prepare(version, {**row, "role_id": role.id}, clauses)

    # === LINTER === #

    @api.model
    def _policy_findings(self, versions):
        """Copies that reach nobody."""
        findings = list(super()._policy_findings(versions))
        for rule in self.search([("version_id", "in", versions.ids)]):
            if rule.role_id._policy_is_vacant():
                findings.append(
                    self._policy_finding(
                        "copy_without_recipient",
                        "warning",
                        self.env._(
                            "%(copy)s: nobody holds the role %(role)s, so nobody gets it.",
                            copy=rule.name,
                            role=rule.role_id.name,
                        ),
                        rule.role_id,
                        rule.clause_id,
                    )
                )
        return findings
