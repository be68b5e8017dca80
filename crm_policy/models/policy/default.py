from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...const import KINDS


class CrmPolicyDefault(models.Model):
    """Which policy governs the cases of a kind when their type does not say so."""

    _name = "crm.policy.default"
    _description = "Default Policy of a Kind"
    _inherit = ["crm.policy.cached"]
    _order = "company_id, kind"
    _rec_name = "kind"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(KINDS, required=True)
    policy_id = fields.Many2one(
        "crm.policy", required=True, index=True, ondelete="restrict", check_company=True
    )

    _kind_uniq = models.Constraint(
        "UNIQUE(company_id, kind)", "A company has one default policy for each kind of case."
    )

    @api.model
    def _policy_offer(self, policy, kinds):
        """Make ``policy`` the default of those ``kinds`` that have none yet in its company."""
        unknown = sorted(set(kinds) - dict(KINDS).keys())
        if unknown:
            raise ValidationError(
                self.env._(
                    "Policy pack, default_for: unknown kinds %(kinds)s.", kinds=", ".join(unknown)
                )
            )
        taken = self.search([("company_id", "=", policy.company_id.id)]).mapped("kind")
        self.create(
            [
                {"company_id": policy.company_id.id, "kind": kind, "policy_id": policy.id}
                for kind in dict.fromkeys(kinds)
                if kind not in taken
            ]
        )

    @api.model
    def _policy_for(self, kind, company):
        """Return the policy in use for a kind of case in a company, or none."""
        policy_id = self._policy_ids(company.id).get(kind)
        policy = self.env["crm.policy"].sudo().browse(policy_id)
        return policy.filtered("active_in_company")

    @api.model
    @tools.ormcache("company_id")
    def _policy_ids(self, company_id):
        """Return {kind: id of its policy}: every new case asks for it."""
        defaults = self.sudo().search([("company_id", "=", company_id)])
        return {default.kind: default.policy_id.id for default in defaults}
