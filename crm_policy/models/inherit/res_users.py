from odoo import api, fields, models


class ResUsers(models.Model):
    """Whose cases a user sees by his teams; teams are helpdesk's, so no room may name them."""

    _name = "res.users"
    _inherit = ["crm.policy.viewer", "res.users"]

    policy_team_ids = fields.Many2many(
        "helpdesk.ticket.team", string="Teams Seen", compute="_compute_policy_team_ids"
    )

    def write(self, vals):
        result = super().write(vals)
        if "helpdesk_team_ids" in vals:
            self._policy_teams_changed()
        return result

    @api.model
    def _policy_teams_changed(self):
        """Forget the teams that the record rules on cases have in their cache."""
        self.env["res.users"].invalidate_model(["policy_team_ids"])
        self.env.registry.clear_cache()

    def _policy_mates(self):
        return super()._policy_mates() | self.policy_team_ids.user_ids

    def _compute_policy_team_ids(self):
        """Teams that he is in or leads, and the teams below."""
        Team = self.env["helpdesk.ticket.team"].sudo()
        for user in self:
            own = Team.search(["|", ("user_ids", "in", user.ids), ("user_id", "=", user.id)])
            user.policy_team_ids = Team.search([("id", "child_of", own.ids)]) if own else own
