from odoo import models
from odoo.exceptions import AccessError

from ...exceptions import PolicyRefusal
from ...words import list_words


class CrmPolicyPublicationEnd(models.AbstractModel):
    """How a version ends that a committee has approved: two of its members abolish it."""

    _name = "crm.policy.publication.end"
    _description = "End of a Version of a Committee"
    _inherit = ["crm.policy.abolition", "crm.policy.publication.chain"]

    def _policy_ending_team(self):
        """Return the committee whose members end this version; empty where no chain approves it."""
        return self._policy_publication_route().step_ids.team_id[-1:]

    def _policy_check_approver(self):
        """Where the committee approves the versions, its members end and confirm them as well."""
        result = super()._policy_check_approver()
        for version in self:
            route = version._policy_publication_route()
            team = version._policy_ending_team()
            if team and self.env.user not in team._policy_voters():
                raise AccessError(
                    self.env._(
                        "%(clause)s: this is decided by members of %(team)s: %(members)s.",
                        clause=route.clause_id._policy_citation(),
                        team=team.name,
                        members=list_words(self.env, team._policy_voters().mapped("name"))
                        or self.env._("nobody yet"),
                    )
                )
        return result

    def _policy_check_stop(self):
        result = super()._policy_check_stop()
        for version in self.filtered(lambda version: version._policy_ending_team()):
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(version)s was approved by %(team)s and stays in use until two "
                    "of its members abolish it.",
                    clause=version._policy_publication_route().clause_id._policy_citation(),
                    version=version.display_name,
                    team=version._policy_ending_team().name,
                )
            )
        return result
