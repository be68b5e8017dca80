from odoo import api, fields, models

from ..policy.rule_mixin import check_companies


class CrmPolicyRouteStep(models.Model):
    """One signature of a route, and the amount from which it is needed."""

    _name = "crm.policy.route.step"
    _description = "Approval Route Step"
    _order = "route_id, sequence, id"
    _rec_name = "role_id"

    route_id = fields.Many2one("crm.policy.route", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="route_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    role_id = fields.Many2one("crm.policy.role", required=True, index=True, ondelete="restrict")
    mode = fields.Selection(
        [("any", "Any one of them"), ("all", "All of them"), ("majority", "More than half")],
        default="any",
        required=True,
    )
    amount_from = fields.Monetary(string="Needed Above", help="Zero: always.")
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )

    @api.constrains("role_id", "route_id")
    def _check_role(self):
        for step in self:
            check_companies(step, ["role_id"], step.route_id.code)

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps.route_id.version_id._policy_check_draft()
        return steps

    def write(self, vals):
        self.route_id.version_id._policy_check_draft()
        result = super().write(vals)
        if "route_id" in vals:
            self.route_id.version_id._policy_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.route_id.version_id._policy_check_draft()
