from odoo import api, models

# What the record rules on cases read, from a cache.
SEEN_BY = frozenset({"user_ids", "user_id", "parent_id", "active"})


class HelpdeskTicketTeam(models.Model):
    """A change of a team's people shows at once: the rules' cache holds their teams."""

    _name = "helpdesk.ticket.team"
    _inherit = ["helpdesk.ticket.team", "crm.policy.mailbox"]

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self.env["res.users"]._policy_teams_changed()
        return teams

    def write(self, vals):
        result = super().write(vals)
        if SEEN_BY.intersection(vals):
            self.env["res.users"]._policy_teams_changed()
        return result
