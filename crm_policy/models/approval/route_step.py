from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..policy.rule_mixin import check_companies

MODES = [
    ("any", "Any one of them"),
    ("all", "All of them"),
    ("majority", "More than half"),
    ("quorum", "Quorum of the Team"),
]
TIMEOUTS = [
    ("remind", "They are reminded"),
    ("climb", "Those above may decide as well"),
]


class CrmPolicyRouteStep(models.Model):
    """One signature of a route, and the amount from which it is needed."""

    _name = "crm.policy.route.step"
    _description = "Approval Route Step"
    _order = "route_id, sequence, id"
    _rec_name = "role_id"

    route_id = fields.Many2one("crm.policy.route", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="route_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    role_id = fields.Many2one("crm.policy.role", index=True, ondelete="restrict")
    team_id = fields.Many2one(
        "crm.policy.team",
        index="btree_not_null",
        ondelete="restrict",
        help="A committee that decides together, instead of a role.",
    )
    mode = fields.Selection(MODES, default="any", required=True)
    on_timeout = fields.Selection(
        TIMEOUTS,
        string="When It Is Overdue",
        default="remind",
        required=True,
        help="The time limit is a deadline rule on approval steps. Nothing is ever approved by "
        "itself.",
    )
    amount_from = fields.Monetary(string="Needed Above", help="Zero: always.")
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )

    @api.constrains("role_id", "team_id", "mode", "route_id")
    def _check_signer(self):
        for step in self:
            check_companies(step, ["role_id", "team_id"], step.route_id.code)
            if bool(step.role_id) == bool(step.team_id):
                raise ValidationError(
                    self.env._(
                        "Route %(route)s: at each step signs a role or a team, one of them.",
                        route=step.route_id.code,
                    )
                )
            if step.mode == "quorum" and not step.team_id:
                raise ValidationError(
                    self.env._(
                        "Route %(route)s: only a team has a quorum.", route=step.route_id.code
                    )
                )

    @api.depends("role_id.name", "team_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for step in self:
            step.display_name = step.role_id.name or step.team_id.name

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
