from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmPolicyDuty(models.Model):
    """Which role does what: each action on each object has one owner (ORG-DUTY-DEPT-01)."""

    _name = "crm.policy.duty"
    _description = "Duty"
    _inherit = ["crm.policy.pack.section"]
    _order = "object, sequence, action, id"

    _pack_section = "duties"
    _pack_sequence = 15
    _pack_schema = {
        "code": (str, True),
        "object": ("text", True),
        "action": ("text", True),
        "role": (str, False),
        "clause": (str, False),
    }

    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    object = fields.Char(required=True, translate=True, help="What it is done to: the budget.")
    action = fields.Char(required=True, translate=True, help="What is done with it: check.")
    role_id = fields.Many2one(
        "crm.policy.role", string="Owner", index="btree_not_null", ondelete="restrict"
    )
    clause_id = fields.Many2one("crm.policy.clause", index="btree_not_null", ondelete="restrict")
    active = fields.Boolean(default=True)
    status = fields.Selection(
        [("owned", "Owned"), ("vacant", "Owner Vacant"), ("none", "No Owner")],
        compute="_compute_status",
    )

    _code_uniq = models.Constraint("UNIQUE(company_id, code)", "A company has each duty code once.")

    # === COMPUTE METHODS === #

    @api.depends("object", "action")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for duty in self:
            duty.display_name = f"{duty.object}: {duty.action}"

    @api.depends("role_id")
    def _compute_status(self):
        for role, duties in self.grouped("role_id").items():
            staffed = bool(role) and bool(role.sudo()._policy_staff())
            duties.status = "owned" if staffed else "vacant" if role else "none"

    # === CONSTRAINT METHODS === #

    @api.constrains("object", "action", "company_id", "role_id", "active")
    def _check_owner(self):
        for duty in self.filtered("active"):
            twin = self.sudo().search(
                [
                    ("company_id", "=", duty.company_id.id),
                    ("object", "=", duty.object),
                    ("action", "=", duty.action),
                    ("id", "!=", duty.id),
                ],
                limit=1,
            )
            if twin:
                raise ValidationError(
                    self.env._(
                        "%(duty)s is the duty of %(role)s already: an action has one owner.",
                        duty=duty.display_name,
                        role=twin.role_id.name or twin.code,
                    )
                )
            if duty.role_id.company_id - duty.company_id:
                raise ValidationError(
                    self.env._(
                        "%(duty)s: its owner belongs to another company.", duty=duty.display_name
                    )
                )

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"duties ({row['code']})"
        role, clause = row.pop("role", None), row.pop("clause", None)
        owner = role and self._pack_reference("crm.policy.role", version, place, role)
        return {
            "role_id": owner and owner.id,
            "clause_id": clauses[clause].id if clause else False,
            **super()._pack_prepare(version, row, clauses),
        }
