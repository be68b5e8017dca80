from odoo import api, fields, models

from ..const import RULINGS

# A suggestion is put to decision by whoever has studied it, a hand-over with its receiver.
ASKED = [line for line in RULINGS if line[0] not in ("suggestion", "transfer")]


class CrmPolicyRulingTurn(models.TransientModel):
    """Ask for a ruling on a case; nothing typed is lost when it is refused."""

    _name = "crm.policy.ruling.turn"
    _description = "Asking for a Ruling"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, ondelete="cascade")
    kind = fields.Selection(ASKED, required=True, default="mandate")
    amount = fields.Monetary(
        compute="_compute_amount", compute_sudo=False, store=True, readonly=False
    )
    currency_id = fields.Many2one(related="ticket_id.policy_currency_id")
    text = fields.Text(string="Reasons")

    @api.depends("ticket_id", "kind")
    def _compute_amount(self):
        for turn in self:
            turn.ticket_id.check_access("read")
            wanted = turn.ticket_id and turn.kind == "mandate"
            turn.amount = turn.ticket_id.sudo()._policy_mandate_wanted() if wanted else 0.0

    @api.constrains("ticket_id")
    def _check_case(self):
        """Show nothing of a case, its title neither, to whoever may not read it."""
        self.sudo(False).ticket_id.check_access("read")

    def action_policy_confirm(self):
        """Ask for it with what was filled in."""
        self.ensure_one()
        if self.kind == "mandate":
            self.ticket_id.action_policy_ask_mandate(self.amount, self.text)
        else:
            self.ticket_id.action_policy_ask_not_established(self.text)
        return {"type": "ir.actions.act_window_close"}
