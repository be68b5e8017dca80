from odoo import api, fields, models
from odoo.exceptions import ValidationError

TURNS = [
    ("answer", "He Has Answered"),
    ("settle", "He Pays"),
    ("refuse", "He Does Not Pay"),
    ("withdraw", "Withdraw"),
]


class CrmPolicyClaimTurn(models.TransientModel):
    """Ask for what a step of a claim needs, then take it as the current user."""

    _name = "crm.policy.claim.turn"
    _description = "Step of a Claim"

    claim_id = fields.Many2one("crm.policy.claim", required=True, ondelete="cascade")
    turn = fields.Selection(TURNS, required=True, default="answer")
    # Not readonly: what a caller says is compared, not dropped without a word.
    currency_id = fields.Many2one(related="claim_id.currency_id", store=True, readonly=False)
    amount = fields.Monetary(string="He Pays")
    text = fields.Text(string="In Words")

    @api.constrains("claim_id")
    def _check_claim(self):
        """Show nothing of a claim, its number neither, to whoever may not read it."""
        self.sudo(False).claim_id.check_access("read")

    @api.constrains("claim_id", "currency_id")
    def _check_currency(self):
        """Take no amount that is meant in another currency than the claim's."""
        for turn in self:
            if turn.currency_id != turn.claim_id.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(claim)s is in %(currency)s: give the amount in that, not in %(other)s.",
                        claim=turn.claim_id.number,
                        currency=turn.claim_id.currency_id.name,
                        other=turn.currency_id.name or "-",
                    )
                )

    def action_policy_confirm(self):
        """Take the step."""
        self.ensure_one()
        claim = self.claim_id
        if self.turn == "settle":
            claim.action_policy_settle(self.amount, self.text)
        else:
            getattr(claim, f"action_policy_{self.turn}")(self.text)
        return {"type": "ir.actions.act_window_close"}
