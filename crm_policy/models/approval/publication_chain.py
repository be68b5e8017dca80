from odoo import fields, models

from ...exceptions import PolicyRefusal

COMMITTEE = "committee"
# The business type of its requests, in const.SUBJECTS.
SUBJECT = "publication"


class CrmPolicyPublicationChain(models.AbstractModel):
    """Who signs a version, in which order, and what is missing before they can (POL-OWN-01)."""

    _name = "crm.policy.publication.chain"
    _description = "Chain of Signatures under a Version"
    _inherit = ["crm.policy.approvable"]

    publication_route_id = fields.Many2one(
        "crm.policy.route", string="Chain of Signatures", compute="_compute_publication_route_id"
    )
    publication_step_ids = fields.One2many(
        related="policy_approval_id.step_ids", string="Signatures"
    )
    publication_decision_ids = fields.One2many(
        related="policy_approval_id.decision_ids", string="What Was Signed"
    )

    # === THE CHAIN === #

    def _compute_publication_route_id(self):
        for version in self:
            version.publication_route_id = version._policy_publication_route()

    def _policy_publication_route(self):
        """Return the route by which this version is approved, if its policy has one.

        What binds is the version in force, or the last that was: a draft does not do away with the
        signatures under its own text. A first version has its own.
        """
        self.ensure_one()
        Route = self.env["crm.policy.route"]
        for version in (self._policy_binding_version(), self.sudo()):
            route = Route._policy_route_for(version, self._name, SUBJECT)
            if route:
                return route
        return Route.sudo()

    def _policy_binding_version(self):
        """Return the version in force, or the last one that was; as superuser, maybe empty."""
        versions = self.sudo().policy_id.version_ids
        approved = versions.filtered(
            lambda version: version.state in ("effective", "superseded", "abolished")
        )
        now = approved.filtered(lambda version: version.state == "effective")
        return now[:1] or approved.sorted("approved_at")[-1:]

    def _policy_pending_step(self):
        """Return the step of the request whose turn it is, as superuser."""
        self.ensure_one()
        approval = self.sudo().policy_approval_id
        return approval.step_ids.filtered(
            lambda step: step.state == "pending" and approval.state == "pending"
        )[:1]

    def _policy_chain(self):
        """Return who signs this version, for the page that publishes it, in the order of signing.

        :return: list of {"name", "mode", "users", "barred"}: people as superuser.
        """
        self.ensure_one()
        version = self.sudo()
        route = version._policy_publication_route()
        barred = version._policy_chain_barred()
        rows = []
        modes = dict(route.step_ids._fields["mode"]._description_selection(self.env))
        for step in route.step_ids:
            users = (
                step.team_id._policy_voters()
                if step.team_id
                else step.role_id._users_for(version)[version.id]
            )
            rows.append(
                {
                    "name": step.display_name,
                    "mode": modes[step.mode],
                    "users": (users - barred).sudo(),
                    "barred": (users & barred).sudo(),
                }
            )
        return rows

    def _policy_chain_barred(self):
        """Return who does not sign this version: who wrote it, and who hands or handed it over."""
        requester = self.env.user.filtered(
            lambda user: user.has_group("crm_policy.group_policy_admin")
        )
        if self._policy_pending_step():
            requester = self.sudo().policy_approval_id.requester_id
        return self._policy_approval_barred_users() | requester

    # === WHAT IS MISSING === #

    def _policy_chain_gaps(self):
        """Return all that is missing before this version can be handed over, in sentences."""
        self.ensure_one()
        gaps = [sentence for _record, sentence in self._policy_committee_gaps()]
        barred = self._policy_chain_barred()
        for team in self._policy_publication_route().step_ids.team_id if not gaps else ():
            voters = team._policy_voters() - barred
            if not team._policy_has_quorum(voters):
                gaps.append(
                    self.env._(
                        "%(team)s cannot decide: %(present)s of its %(size)s voting members can "
                        "act on it now (nobody who wrote it does), %(needed)s are needed. Appoint "
                        "members or substitutes under Organisation, Teams.",
                        team=team.name,
                        present=len(voters),
                        size=team.voter_count,
                        needed=team.quorum_count,
                    )
                )
        for role in self._policy_publication_route().step_ids.role_id:
            if not role._users_for(self)[self.id] - barred:
                gaps.append(
                    self.env._(
                        "Nobody can sign as %(role)s: give the role a person who has not written "
                        "in this version.",
                        role=role.name,
                    )
                )
        return gaps

    def _policy_committee_gaps(self):
        """Return what the committees of the chain lack to decide on this version, in sentences.

        :rtype: list[tuple[models.Model, str]]: what is to be put right, and the sentence.
        """
        self.ensure_one()
        gaps = []
        for team in self._policy_publication_route().step_ids.team_id:
            for role in team._policy_uncovered():
                gaps.append(
                    (
                        role,
                        self.env._(
                            "%(team)s has no member with a vote for %(role)s: give a holder of "
                            "that role a seat under Organisation, Teams.",
                            team=team.name,
                            role=role.name,
                        ),
                    )
                )
            if not team._policy_is_running():
                gaps.append(
                    (team, self.env._("%(team)s is archived, or its time is over.", team=team.name))
                )
        return gaps

    def _policy_refuse_gaps(self, gaps):
        if not gaps:
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: nobody can approve %(version)s yet.\n%(gaps)s",
                clause=self._policy_publication_route().clause_id._policy_citation(),
                version=self.display_name,
                gaps="\n".join(f"- {gap}" for gap in gaps),
            ),
            action={
                "type": "ir.actions.act_window",
                "res_model": "crm.policy.team",
                "views": [(False, "list"), (False, "form")],
                "domain": [("kind", "=", COMMITTEE)],
                "name": self.env._("Teams"),
            },
            button=self.env._("Set Up the Committee"),
        )
