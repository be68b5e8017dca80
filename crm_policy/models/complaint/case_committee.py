from odoo import fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import ENDED_OUTCOMES

CALLERS = ("crm_policy.group_supervisor",)


class CrmPolicyCaseCommittee(models.AbstractModel):
    """A case that a standing team looks at: a case does not go there unless it can decide.

    (ORG-TEAM-01; 002 篇六: product quality complaints go to the complaint committee.)
    """

    _name = "crm.policy.case.committee"
    _description = "Case Before a Committee"

    policy_committee_id = fields.Many2one(
        "crm.policy.team",
        string="Committee",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="The standing team that looks at the case; its members read it.",
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_committee_id"}

    def action_policy_call_committee(self, kind=None):
        """Put the cases before the running team of a kind; its members see them from now on.

        :param str kind: a kind of ``crm.policy.team``.
        :raises UserError: there is no such team, or too few of it can vote now; says what to do.
        """
        self._policy_check_actor(CALLERS)
        self._policy_check_governed()
        Team = self.env["crm.policy.team"]
        if kind not in dict(Team._fields["kind"].selection):
            raise ValidationError(self.env._("Say which committee is called."))
        for case in self:
            if case.policy_closed_at or case.policy_outcome in ENDED_OUTCOMES:
                raise UserError(self.env._("%(case)s is ended.", case=case.display_name))
        for company, cases in self.grouped("company_id").items():
            cases._policy_put_before(Team._policy_team_of(kind, company))
        return True

    def _policy_put_before(self, team):
        """Put the cases before a team that can decide; the caller has checked the person."""
        self.sudo()._policy_guarded_write({"policy_committee_id": team.id})
        self.env["crm.policy.case.access"].sudo()._policy_keep_teams(team.sudo())
        for case in self:
            self.env["crm.policy.event"]._policy_log(
                "case.committee",
                case,
                {"team": team.id, "code": team.code},
                clause=team.sudo().clause_id or case.policy_version_id,
            )
