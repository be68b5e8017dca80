from odoo import api, fields, models

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
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.company.currency_id)
    amount = fields.Monetary(string="He Pays")
    text = fields.Text(string="In Words")

    @api.constrains("claim_id")
    def _check_claim(self):
        """Show nothing of a claim, its number neither, to whoever may not read it."""
        self.sudo(False).claim_id.check_access("read")

    def action_policy_confirm(self):
        """Take the step."""
        self.ensure_one()
        claim = self.claim_id
        if self.turn == "settle":
            claim.action_policy_settle(self.amount, self.text)
        else:
            getattr(claim, f"action_policy_{self.turn}")(self.text)
        return {"type": "ir.actions.act_window_close"}
