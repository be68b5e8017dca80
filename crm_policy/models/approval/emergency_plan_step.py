from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPolicyEmergencyPlanStep(models.Model):
    """What is done in an emergency, by whom, within how many minutes of its start (EMG-03)."""

    _name = "crm.policy.emergency.plan.step"
    _description = "Step of an Emergency Plan"
    _inherit = ["crm.policy.pack.section"]
    _order = "plan_id, sequence, id"

    _pack_section = "emergency_steps"
    _pack_sequence = 56
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "plan": (str, True),
        "role": (str, True),
        "minutes": (int, True),
    }

    code = fields.Char(required=True)
    plan_id = fields.Many2one(
        "crm.policy.emergency.plan", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    role_id = fields.Many2one(
        "crm.policy.role",
        string="Responsible",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
    )
    minutes = fields.Integer(
        required=True, default=60, help="Within how many minutes of the start, around the clock."
    )

    _code_uniq = models.Constraint("UNIQUE(plan_id, code)", "A plan has each step once.")
    _minutes_positive = models.Constraint(
        "CHECK(minutes > 0)", "A step has more than zero minutes."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("role_id", "plan_id")
    def _check_companies(self):
        self.plan_id._check_companies()

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["crm.policy.emergency.step"].sudo()
        if used.search_count([("plan_step_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("This step was part of an emergency: archive it instead."))

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        place = f"{self._pack_section} ({row['code']})"
        plan = self._pack_reference("crm.policy.emergency.plan", version, place, row["plan"])
        role = self._pack_reference("crm.policy.role", version, place, row["role"])
        # In the order of their times, as they are read in the pack.
        return {
            "code": row["code"],
            "plan_id": plan.id,
            "role_id": role.id,
            "minutes": row["minutes"],
            "sequence": row["minutes"],
        }

    @api.model
    def _pack_known(self, vals):
        return self.with_context(active_test=False).search(
            [("code", "=", vals["code"]), ("plan_id", "=", vals["plan_id"])], limit=1
        )
