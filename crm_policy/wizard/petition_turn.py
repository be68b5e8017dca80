from odoo import api, fields, models


class CrmPolicyPetitionTurn(models.TransientModel):
    """Ask the head of a department for his reasons and for the shares that he holds right."""

    _name = "crm.policy.petition.turn"
    _description = "Petition of a Department"

    ticket_id = fields.Many2one("helpdesk.ticket", string="Case", required=True, ondelete="cascade")
    line_ids = fields.Many2many(
        "crm.policy.responsibility", compute="_compute_line_ids", string="Shares"
    )
    mine_id = fields.Many2one(
        "crm.policy.responsibility",
        string="Our Share",
        required=True,
        domain="[('id', 'in', line_ids)]",
    )
    share = fields.Float(string="Should Be (%)", digits=(5, 2))
    other_id = fields.Many2one(
        "crm.policy.responsibility",
        string="The Difference Goes To",
        required=True,
        domain="[('id', 'in', line_ids), ('id', '!=', mine_id)]",
    )
    text = fields.Text(string="Reasons")

    @api.depends("ticket_id")
    def _compute_line_ids(self):
        for turn in self:
            turn.ticket_id.check_access("read")
            turn.line_ids = turn.ticket_id._policy_present_shares()

    @api.constrains("ticket_id", "mine_id", "other_id")
    def _check_case(self):
        """Show nothing of a case, its title and shares neither, to whoever may not read it."""
        own = self.sudo(False)
        own.ticket_id.check_access("read")
        (own.mine_id | own.other_id).check_access("read")

    def action_policy_confirm(self):
        """File the petition."""
        self.ensure_one()
        lines = self.mine_id | self.other_id
        lines.check_access("read")
        wanted = {
            self.mine_id.id: self.share,
            self.other_id.id: self.other_id.share + self.mine_id.share - self.share,
        }
        self.ticket_id.action_policy_petition(wanted, self.text)
        return {"type": "ir.actions.act_window_close"}
