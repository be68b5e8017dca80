from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...words import list_words


class CrmPolicyEmergencyStep(models.Model):
    """A step of an emergency's plan: who does it, until when, and when it was done (EMG-03)."""

    _name = "crm.policy.emergency.step"
    _description = "Step of an Emergency"
    _inherit = ["crm.policy.emergency.part", "crm.policy.emergency.subject"]
    _order = "emergency_id, due_at, id"
    _rec_name = "plan_step_id"

    # Roles look for the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    leader_id = fields.Many2one(related="emergency_id.leader_id", string="Leader")
    policy_department_id = fields.Many2one(
        related="ticket_id.policy_department_id", string="Department in Charge"
    )
    plan_step_id = fields.Many2one(
        "crm.policy.emergency.plan.step",
        string="Step",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    role_id = fields.Many2one(
        "crm.policy.role",
        string="Responsible",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    opened_at = fields.Datetime(string="Running Since", readonly=True)
    due_at = fields.Datetime(string="Due", required=True, readonly=True)
    done_at = fields.Datetime(readonly=True)
    done_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    is_mine = fields.Boolean(compute="_compute_is_mine")

    # === COMPUTE METHODS === #

    @api.depends("role_id", "done_at")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for step in self:
            step.is_mine = not step.done_at and self.env.user in step._policy_doers()

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"opened_at", "done_at"}

    # === ACTION METHODS === #

    def action_policy_done(self):
        """Record that a step of the plan is done, now; its role or the team does."""
        self.check_access("read")
        for step in self:
            doers = step._policy_doers()
            if self.env.user not in doers:
                raise AccessError(
                    self.env._(
                        "%(step)s is done by %(role)s: %(users)s.",
                        step=step.sudo().display_name,
                        role=step.role_id.sudo().name,
                        users=list_words(self.env, doers.sudo().mapped("name")) or "-",
                    )
                )
        steps = self.sudo()
        steps.emergency_id._policy_hold_rows()
        steps.invalidate_recordset()
        for step in steps:
            if step.emergency_id.closed_at:
                raise UserError(
                    self.env._("%(emergency)s is closed.", emergency=step.emergency_id.number)
                )
        steps._policy_set_fact("done_at")
        steps._policy_guarded_write({"done_by_id": self.env.uid})
        return True

    # === BUSINESS METHODS === #

    def _policy_shown(self):
        return self.emergency_id

    def _policy_doers(self):
        """Return who may do the step: who holds its role now, and the team."""
        self.ensure_one()
        step = self.sudo()
        members, leaders = step.emergency_id._policy_people()
        holders = step.role_id._users_for(step)[step.id]
        return (holders - step.ticket_id._policy_concerned_users()) | members | leaders

    def _policy_responsible_people(self):
        """Return who holds the roles of these steps now."""
        users = self.env["res.users"]
        for role, steps in self.grouped("role_id").items():
            users = users.union(users, *role._users_for(steps).values())
        return users
