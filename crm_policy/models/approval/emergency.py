from odoo import api, fields, models

from ...const import EMERGENCY_TRIGGERS


class CrmPolicyEmergency(models.Model):
    """An emergency on a case: who was sent, what they did before anybody approved it, and what the
    competent approver says afterwards (EMG-01 to EMG-04; 000 and 004 四(一), 001 第6章 三3.2).
    """

    _name = "crm.policy.emergency"
    _description = "Emergency Handling"
    _inherit = [
        "crm.policy.dependent",
        "crm.policy.emergency.start",
        "crm.policy.emergency.people",
        "crm.policy.emergency.course",
        "crm.policy.emergency.ratification",
        "crm.policy.emergency.subject",
    ]
    _policy_document_field = "ticket_id"
    _order = "id desc"
    _rec_name = "number"

    number = fields.Char(required=True, readonly=True)
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    # Roles and the chain of managers find the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    partner_id = fields.Many2one(related="ticket_id.partner_id", string="Customer")
    policy_department_id = fields.Many2one(
        related="ticket_id.policy_department_id", string="Department in Charge"
    )
    trigger = fields.Selection(EMERGENCY_TRIGGERS, required=True, readonly=True)
    reason = fields.Text(required=True, readonly=True)
    clause_id = fields.Many2one(
        "crm.policy.clause", required=True, readonly=True, index=True, ondelete="restrict"
    )
    plan_id = fields.Many2one(
        "crm.policy.emergency.plan", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    team_id = fields.Many2one(
        "crm.policy.team", required=True, readonly=True, index=True, ondelete="restrict"
    )
    leader_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    started_by_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    member_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_emergency_member_rel",
        string="Members at the Start",
        readonly=True,
    )
    action_ids = fields.One2many(
        "crm.policy.emergency.action", "emergency_id", string="Actions", readonly=True
    )
    step_ids = fields.One2many(
        "crm.policy.emergency.step", "emergency_id", string="Steps of the Plan", readonly=True
    )
    total_amount = fields.Monetary(compute="_compute_total_amount", string="Spent in Total")

    _number_uniq = models.Constraint(
        "UNIQUE(company_id, number)", "A company has each number of an emergency once."
    )
    # Two managers who start at once: the second is told, whatever worker he is on.
    _running_uniq = models.UniqueIndex(
        "(ticket_id) WHERE closed_at IS NULL", "A case has one emergency at a time."
    )

    # === COMPUTE METHODS === #

    @api.depends("action_ids.amount")
    def _compute_total_amount(self):
        for emergency in self:
            emergency.total_amount = sum(emergency.sudo().action_ids.mapped("amount"))

    # === ACTION METHODS === #

    def action_policy_open_case(self):
        """Open the case."""
        self.ensure_one()
        self.check_access("read")
        return self._policy_approval_action() | {
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
        }
