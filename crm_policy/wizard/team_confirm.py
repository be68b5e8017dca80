from odoo import fields, models


class CrmPolicyTeamConfirm(models.TransientModel):
    """Read what somebody wants to change about a team that signs, and confirm exactly that.

    Only the team makes these windows: what one shows and what it confirms are the same.
    """

    _name = "crm.policy.team.confirm"
    _description = "Confirming a Change of a Team"

    team_id = fields.Many2one("crm.policy.team", required=True, readonly=True, ondelete="cascade")
    wisher_id = fields.Many2one("res.users", string="Wanted By", readonly=True, ondelete="cascade")
    change_words = fields.Text(string="Change That Waits", readonly=True)
    wish = fields.Char(readonly=True)

    def action_policy_confirm(self):
        """Let the change count that this window shows."""
        self.ensure_one()
        self.check_access("read")
        self.team_id.action_policy_confirm_change(self.wish)
        return {"type": "ir.actions.act_window_close"}
