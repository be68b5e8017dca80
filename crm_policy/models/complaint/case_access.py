from odoo import api, models

from .case_accident import SECTION, TEAM


class CrmPolicyCaseAccess(models.Model):
    """Who joins the team on quality accidents sees the cases that wait for it."""

    _name = "crm.policy.case.access"
    _inherit = ["crm.policy.case.access"]

    @api.model
    def _policy_keep_teams(self, teams):
        result = super()._policy_keep_teams(teams)
        for team in teams.filtered(lambda team: team.kind == TEAM and team.active):
            waiting = (
                self.env["crm.policy.countersign"]
                .sudo()
                .search(
                    [
                        ("company_id", "=", team.company_id.id),
                        ("policy_asked_at", "!=", False),
                        ("policy_answered_at", "=", False),
                        ("step_id.fills", "ilike", SECTION),
                        ("ticket_id.policy_closed_at", "=", False),
                    ]
                )
            )
            for case in waiting.ticket_id._policy_accident_lines().ticket_id:
                people = team._policy_people() - case._policy_concerned_users()
                self._policy_grant(case, people, "team")
        return result
