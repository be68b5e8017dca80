from odoo import api, models


class CrmPolicyCaseAccess(models.Model):
    """Who joins a team sees the emergencies that it handles."""

    _inherit = "crm.policy.case.access"

    @api.model
    def _policy_keep_teams(self, teams):
        result = super()._policy_keep_teams(teams)
        for team in teams:
            running = (
                self.env["crm.policy.emergency"]
                .sudo()
                .search([("team_id", "=", team.id), ("closed_at", "=", False)])
            )
            for case in running.ticket_id:
                people = team._policy_people() - case._policy_concerned_users()
                self._policy_grant(case, people, "team")
        return result
