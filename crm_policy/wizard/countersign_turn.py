from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmPolicyCountersignTurn(models.TransientModel):
    """Ask a department, or answer for it; nothing typed is lost when it is refused."""

    _name = "crm.policy.countersign.turn"
    _description = "Asking a Department"

    ticket_id = fields.Many2one("helpdesk.ticket", ondelete="cascade")
    countersign_id = fields.Many2one("crm.policy.countersign", ondelete="cascade")
    askable_ids = fields.Many2many("crm.policy.countersign.step", compute="_compute_askable_ids")
    step_id = fields.Many2one("crm.policy.countersign.step", domain="[('id', 'in', askable_ids)]")
    merged_names = fields.Char(related="countersign_id.merged_names")
    opinion = fields.Text()
    happened_earlier = fields.Boolean()
    at = fields.Datetime(string="Happened At")
    reason = fields.Char()

    @api.depends("ticket_id")
    def _compute_askable_ids(self):
        for turn in self:
            turn.ticket_id.check_access("read")
            turn.askable_ids = turn.ticket_id._policy_askable() if turn.ticket_id else False

    def action_policy_confirm(self):
        """Ask or answer with what was filled in."""
        self.ensure_one()
        when = {}
        if self.happened_earlier:
            if not self.at:
                raise ValidationError(self.env._("Say when it happened."))
            when = {"at": self.at, "reason": self.reason}
        if self.countersign_id:
            self.countersign_id.action_policy_answer(self.opinion, **when)
        else:
            self.ticket_id.action_policy_ask(self.step_id.code, **when)
        return {"type": "ir.actions.act_window_close"}
