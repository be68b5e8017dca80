from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...exceptions import PolicyRefusal


class CrmPolicyPublicationEnd(models.AbstractModel):
    """How a version ends that a committee has approved: two of its members abolish it."""

    _name = "crm.policy.publication.end"
    _description = "End of a Version of a Committee"
    _inherit = ["crm.policy.publication.chain"]

    end_asked_by_id = fields.Many2one(
        "res.users",
        string="Abolition Asked For By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="The version is abolished once another member of the committee asks for it as well.",
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"end_asked_by_id"}

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
                        members=", ".join(team._policy_voters().mapped("name"))
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

    def _policy_end_agreed(self):
        """Two members of the committee end what the committee has approved; the first one asks."""
        agreed = super()._policy_end_agreed()
        version = self.sudo()
        team = version._policy_ending_team()
        if not team:
            return agreed
        # Who has left the committee since does not count any more.
        first = version.end_asked_by_id & team._policy_voters()
        if first == self.env.user:
            raise UserError(
                self.env._(
                    "%(version)s: you have asked for it already. It is abolished once another "
                    "member of %(team)s asks for it as well.",
                    version=version.display_name,
                    team=team.name,
                )
            )
        if first:
            return agreed
        version._policy_guarded_write({"end_asked_by_id": self.env.uid})
        self.env["crm.policy.event"]._policy_log("version.end_asked", version, clause=version)
        return False
