from odoo import fields, models
from odoo.exceptions import ValidationError


class CrmPolicyExternalStep(models.TransientModel):
    """Ask for what the authority has said or was told, then record it on the case."""

    _name = "crm.policy.external.step"
    _description = "Step with an Authority"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="ticket_id.company_id")
    step = fields.Selection(
        [
            ("receive", "Hand-over by the Authority"),
            ("due", "New Date of the Authority"),
            ("reply", "Answer to the Authority"),
        ],
        required=True,
    )
    source_id = fields.Many2one(
        "crm.policy.complaint.source",
        string="Authority",
        domain="[('is_external', '=', True), ('company_id', '=', company_id)]",
    )
    needs_reference = fields.Boolean(related="source_id.needs_reference")
    is_known = fields.Boolean(help="The case came through this source from the start.")
    reference = fields.Char(string="Number There")
    due_at = fields.Datetime(string="Date Set by the Authority")
    text = fields.Text(string="Answer")
    happened_earlier = fields.Boolean()
    at = fields.Datetime(string="Happened At")
    reason = fields.Char()

    def action_policy_confirm(self):
        """Take the step with what was filled in; nothing typed is lost when it is refused."""
        self.ensure_one()
        when = {}
        if self.happened_earlier:
            if not self.at:
                raise ValidationError(self.env._("Say when it happened."))
            when = {"at": self.at, "reason": self.reason}
        if self.step == "receive":
            self.ticket_id.action_policy_receive_external(
                reference=self.reference,
                due_at=self.due_at,
                source_id=self.source_id.id,
                **when,
            )
        elif self.step == "due":
            self.ticket_id.action_policy_external_due(self.due_at, self.reason)
        else:
            self.ticket_id.action_policy_reply_external(self.text, **when)
        return {"type": "ir.actions.act_window_close"}
