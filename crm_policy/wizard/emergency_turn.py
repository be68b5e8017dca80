from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import EMERGENCY_TRIGGERS, SCORES


class CrmPolicyEmergencyTurn(models.TransientModel):
    """Ask for what a step of an emergency needs, then take it; a refusal loses nothing typed."""

    _name = "crm.policy.emergency.turn"
    _description = "Step of an Emergency Being Taken"

    ticket_id = fields.Many2one("helpdesk.ticket", ondelete="cascade")
    emergency_id = fields.Many2one(
        "crm.policy.emergency", string="Emergency Handling", ondelete="cascade"
    )
    remedy_id = fields.Many2one("crm.policy.remedy", ondelete="cascade")
    turn = fields.Selection(
        [
            ("start", "Start an Emergency"),
            ("execute", "Execute Before Approval"),
            ("act", "Write Down an Action"),
            ("record", "Record a Stage"),
            ("stabilise", "Situation Is Stable"),
            ("close", "Close the Emergency"),
        ],
        required=True,
    )
    trigger = fields.Selection(EMERGENCY_TRIGGERS)
    text = fields.Text()
    recovery = fields.Text()
    currency_id = fields.Many2one(related="emergency_id.currency_id")
    amount = fields.Monetary()
    happened_earlier = fields.Boolean()
    at = fields.Datetime(string="Happened At")
    stage = fields.Selection(
        [("response", "Response"), ("onsite", "On Site"), ("follow_up", "Follow-up")],
        compute="_compute_stage",
        store=True,
        readonly=False,
    )
    score = fields.Selection(SCORES, string="Satisfaction")
    is_refused = fields.Boolean(compute="_compute_is_refused")

    @api.depends("emergency_id")
    def _compute_stage(self):
        for step in self:
            stage = step.emergency_id.stage
            step.stage = stage if stage != "recorded" else False

    @api.depends("emergency_id")
    def _compute_is_refused(self):
        for step in self:
            step.is_refused = step.emergency_id.state == "refused"

    def _policy_document(self):
        """Return what is executed before its approval; another app's documents join here."""
        return self.remedy_id

    def action_policy_confirm(self):
        """Take the step with what was filled in."""
        self.ensure_one()
        at = None
        if self.happened_earlier:
            if not self.at:
                raise ValidationError(self.env._("Say when it happened."))
            at = self.at
        emergency = self.emergency_id
        score = int(self.score) if self.score else None
        steps = {
            "start": lambda: self.ticket_id.action_policy_start_emergency(self.trigger, self.text),
            "execute": lambda: self._policy_document().action_policy_execute_emergency(self.text),
            "act": lambda: emergency.action_policy_act(self.text, self.amount, at),
            "record": lambda: emergency.action_policy_record(self.stage, self.text, score),
            "stabilise": lambda: emergency.action_policy_stabilise(self.text),
            "close": lambda: emergency.action_policy_close(self.text, self.recovery),
        }
        steps[self.turn]()
        if self.turn == "start":
            return {
                "type": "ir.actions.act_window",
                "res_model": "crm.policy.emergency",
                "res_id": self.ticket_id.policy_emergency_id.id,
                "view_mode": "form",
                "views": [(False, "form")],
            }
        return {"type": "ir.actions.act_window_close"}
