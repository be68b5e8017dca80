from odoo import api, fields, models

from ..const import KINDS, SEVERITIES, URGENCIES

FILLED = (
    "policy_kind",
    "policy_complaint_type_id",
    "policy_urgency",
    "policy_severity",
    "policy_source_id",
    "policy_department_id",
    "team_id",
    "user_id",
)


class CrmPolicyIntakeTry(models.TransientModel):
    """Show which rule in force would take a text, and what it would make of it. Nothing is kept."""

    _name = "crm.policy.intake.try"
    _description = "Try the Intake Rules"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    subject = fields.Char()
    text = fields.Text()
    channel_id = fields.Many2one("helpdesk.ticket.channel")
    sender = fields.Char(string="Sender's Address")
    partner_id = fields.Many2one("res.partner", string="Customer")
    item_ref = fields.Char(string="Item")
    rule_id = fields.Many2one("crm.policy.intake.rule", compute="_compute_result")
    clause_id = fields.Many2one(related="rule_id.clause_id")
    condition_words = fields.Char(related="rule_id.condition_words", string="Because")
    is_asked = fields.Boolean(compute="_compute_result")
    policy_kind = fields.Selection(KINDS, string="Kind", compute="_compute_result")
    policy_complaint_type_id = fields.Many2one(
        "crm.policy.complaint.type", string="Type", compute="_compute_result"
    )
    policy_urgency = fields.Selection(URGENCIES, string="Urgency", compute="_compute_result")
    policy_severity = fields.Selection(SEVERITIES, string="Severity", compute="_compute_result")
    policy_source_id = fields.Many2one(
        "crm.policy.complaint.source", string="Source", compute="_compute_result"
    )
    policy_department_id = fields.Many2one(
        "hr.department", string="Department in Charge", compute="_compute_result"
    )
    team_id = fields.Many2one("helpdesk.ticket.team", compute="_compute_result")
    user_id = fields.Many2one("res.users", string="Handler", compute="_compute_result")

    @api.depends("company_id", "subject", "text", "channel_id", "sender", "partner_id", "item_ref")
    def _compute_result(self):
        Ticket = self.env["helpdesk.ticket"].sudo()
        for trial in self:
            vals = {
                "name": trial.subject,
                "description": trial.text,
                "channel_id": trial.channel_id._origin.id,
                "partner_email": trial.sender,
                "partner_id": trial.partner_id._origin.id,
                "policy_item_ref": trial.item_ref,
            }
            trial.is_asked = any(vals.values())
            [rule] = (
                Ticket._policy_route(trial.company_id._origin, [vals], look_only=True)
                if trial.is_asked
                else [None]
            )
            trial.rule_id = rule.id if rule else False
            for name in FILLED:
                trial[name] = vals.get(name, False)
