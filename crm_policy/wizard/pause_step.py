from odoo import fields, models


class CrmPolicyPauseStep(models.TransientModel):
    """Ask what a pause is for, or why it is allowed or refused, then do it."""

    _name = "crm.policy.pause.step"
    _description = "Step of a Pause"

    step = fields.Selection(
        [("pause", "Pause"), ("approve", "Allow"), ("refuse", "Refuse")], required=True
    )
    ticket_id = fields.Many2one("helpdesk.ticket", ondelete="cascade")
    version_id = fields.Many2one(related="ticket_id.policy_version_id")
    pause_id = fields.Many2one("crm.policy.pause", ondelete="cascade")
    reason_id = fields.Many2one(
        "crm.policy.pause.reason", domain="[('version_id', '=', version_id)]"
    )
    text_required = fields.Boolean(related="reason_id.text_required")
    role_id = fields.Many2one(related="reason_id.role_id")
    clause_id = fields.Many2one(related="reason_id.clause_id")
    max_duration = fields.Float(related="reason_id.max_duration")
    max_total = fields.Float(related="reason_id.max_total")
    unit = fields.Selection(related="reason_id.unit")
    text = fields.Text()

    def action_policy_confirm(self):
        """Take the step with what was filled in; nothing typed is lost when it is refused."""
        self.ensure_one()
        if self.step == "pause":
            self.ticket_id.action_policy_pause(self.reason_id.code, self.text)
        elif self.step == "approve":
            self.pause_id.action_policy_approve(self.text)
        else:
            self.pause_id.action_policy_refuse(self.text)
        return {"type": "ir.actions.act_window_close"}
