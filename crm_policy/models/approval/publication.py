import hashlib
import json

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...exceptions import PolicyRefusal

COMMITTEE = "committee"
# The business type of its requests, in const.SUBJECTS.
SUBJECT = "publication"


class CrmPolicyPublication(models.AbstractModel):
    """How a version is approved where its policy wants more than one signature (POL-VER-01).

    Where a policy has a route for its own versions (Legal, then the committee with its quorum),
    a version that is handed over is a request along that route: its last signature approves the
    version, a refusal makes it a draft again. Nobody approves it past the route.
    """

    _name = "crm.policy.publication"
    _description = "Publication by a Chain of Signatures"
    _inherit = ["crm.policy.abolition", "crm.policy.approvable"]

    publication_route_id = fields.Many2one(
        "crm.policy.route", string="Chain of Signatures", compute="_compute_publication_route_id"
    )
    publication_step_ids = fields.One2many(
        related="policy_approval_id.step_ids", string="Signatures"
    )
    publication_decision_ids = fields.One2many(
        related="policy_approval_id.decision_ids", string="What Was Signed"
    )
    # === COMPUTE METHODS === #

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

    # === HOOKS OF THE ENGINE === #

    def _policy_approval_subject(self):
        return SUBJECT

    def _policy_approval_version(self):
        return self._policy_publication_route().version_id

    def _policy_authorities(self):
        # No amount is decided: whoever has the highest limit does not stand in for Legal.
        return self.env["crm.policy.authority"].sudo()

    def _policy_only_named(self):
        # Legal is Legal and the committee is the committee, whoever stands above them.
        return True

    def _policy_approval_name(self):
        return self.env._("Publication of %(version)s", version=self.display_name)

    def _policy_approval_barred_users(self):
        """Those who wrote it: four eyes look at each version."""
        version = self.sudo()
        return super()._policy_approval_barred_users() | version.author_id | version.writer_ids

    def _policy_proposers(self):
        # The author and the writers are barred; who loaded the pack has written nothing of it.
        return self.env["res.users"]

    def _policy_approval_values(self):
        """What a signature stands for: the text in all languages, the rules, and from when on."""
        version = self.sudo()
        return {
            "number": version.number,
            "content": version._policy_content_hash(),
            "rules": version._policy_rules_hash(),
            "effective_from": str(version.effective_from or ""),
            "transition": version.transition,
            "enforcement": version.enforcement,
            "departments": sorted(version.department_ids.ids),
            "jobs": sorted(version.job_ids.ids),
        }

    def _policy_rules_hash(self):
        """Return the SHA-256 of all rules of this version, in every language."""
        self.ensure_one()
        content = {}
        for model in self.env["crm.policy.rule.mixin"]._policy_rule_models():
            rules = (
                model.sudo()
                .with_context(active_test=False)
                .search([("version_id", "=", self.id)], order="code, id")
            )
            snapshots = rules._pack_snapshots()
            content[model._name] = [[rule.code, snapshots[rule.id]] for rule in rules]
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _policy_void_changed(self):
        # Of an approved version the hash stays as it was signed; only while it is decided it voids.
        return super(
            CrmPolicyPublication,
            self.filtered(lambda version: version.state == "review" and not version.approver_id),
        )._policy_void_changed()

    def _policy_on_approved(self):
        result = super()._policy_on_approved()
        for version in self:
            version._policy_check_waiting()
            signed = version.sudo().policy_approval_id.decision_ids.filtered(
                lambda line: line.outcome == "approved"
            )
            # Who was asked on top of the committee does not approve in its place.
            committee = signed.filtered("step_id.team_id") or signed
            version._policy_publish(committee.sorted("id")[-1:].user_id)
        return result

    def _policy_on_rejected(self):
        result = super()._policy_on_rejected()
        self._policy_back_to_author()
        return result

    def _policy_back_to_author(self):
        """Make a draft again of what was refused or returned, with the reason in its chatter."""
        for version in self.sudo():
            said = version.policy_approval_id.decision_ids.filtered(
                lambda line: line.outcome in ("rejected", "returned")
            ).sorted("id")[-1:]
            version._policy_take_back()
            if said:
                version.message_post(
                    body=said.comment or "",
                    subject=dict(said._fields["outcome"]._description_selection(self.env))[
                        said.outcome
                    ],
                    author_id=said.user_id.partner_id.id,
                    partner_ids=version.author_id.partner_id.ids,
                    message_type="comment",
                    subtype_xmlid="mail.mt_note",
                )

    # === ACTION METHODS === #

    def action_policy_submit(self):
        """Begin the chain of signatures of versions that were handed over."""
        self.check_access("write")
        for version in self:
            if version.state != "review":
                raise UserError(
                    self.env._(
                        "%(version)s: hand it over first; the signatures are asked for then.",
                        version=version.display_name,
                    )
                )
            version._policy_refuse_gaps(version._policy_chain_gaps())
        return super().action_policy_submit()

    def action_policy_approve(self, comment=None):
        """Sign what waits for the current user.

        The committee signs nothing before the customers were heard (POL-CON-01).
        """
        self.check_access("read")
        for version in self:
            version._policy_check_waiting()
            if version._policy_pending_step().team_id:
                version._policy_check_heard()
        return super().action_policy_approve(comment)

    def action_policy_return(self, step_id=None, comment=None):
        """Return it to Legal, or to its author: then it is a draft again."""
        result = super().action_policy_return(step_id, comment)
        self._policy_drop_ended("returned")
        return result

    def action_policy_recall(self):
        """Take back what one has handed over: it is a draft again."""
        result = super().action_policy_recall()
        self._policy_drop_ended("recalled")
        return result

    def _policy_drop_ended(self, state):
        self.filtered(
            lambda version: version.sudo().policy_approval_id.state == state
        )._policy_back_to_author()

    def action_policy_forward(self, user_id=None, comment=None):
        """Refuse it: who is to sign a version is Legal or the committee itself."""
        self.check_access("read")
        raise UserError(
            self.env._(
                "The signature under a policy is not forwarded: whoever cannot sign leaves it to "
                "the others of his role, or is represented by his substitute."
            )
        )

    def action_policy_execute_emergency(self, reason=None):
        """Refuse it: what binds everybody is signed first."""
        self.check_access("read")
        raise UserError(
            self.env._("A policy is not published in an emergency: it is signed first.")
        )

    # === WHAT THE LOWER ROOM ASKS === #

    def _policy_check_direct(self):
        result = super()._policy_check_direct()
        for version in self:
            route = version._policy_publication_route()
            if route:
                version._policy_refuse_direct(route)
        return result

    def _policy_refuse_direct(self, route):
        """Say that this version is approved by its chain, and who is next."""
        approval = self.sudo().policy_approval_id
        step = self._policy_pending_step()
        users = approval.eligible_user_ids if step else self.env["res.users"]
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(version)s is approved by %(chain)s, one after the other, not by one "
                "signature. Next: %(next)s. May decide: %(deciders)s.",
                clause=route.clause_id._policy_citation(),
                version=self.display_name,
                chain=", ".join(step.display_name for step in route.step_ids),
                next=step.display_name or self.env._("hand it over"),
                deciders=", ".join(users.mapped("name")) or self.env._("nobody yet"),
            ),
        )

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

    def _policy_ending_team(self):
        """Return the committee whose members end this version; empty where no chain approves it."""
        return self._policy_publication_route().step_ids.team_id[-1:]

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

    def _policy_check_usable(self):
        for version in self:
            version._policy_refuse_gaps([gap for _record, gap in version._policy_committee_gaps()])
        return super()._policy_check_usable()

    def _policy_on_handed_over(self):
        result = super()._policy_on_handed_over()
        chained = self.filtered(lambda version: version._policy_publication_route())
        if chained:
            chained.action_policy_submit()
        return result

    def _policy_take_back(self):
        self.sudo().policy_approval_id.filtered(
            lambda approval: approval.state == "pending"
        )._policy_lapse()
        return super()._policy_take_back()

    # === THE COMMITTEE (POL-OWN-01) === #

    def _policy_pending_step(self):
        """Return the step of the request whose turn it is, as superuser."""
        self.ensure_one()
        approval = self.sudo().policy_approval_id
        return approval.step_ids.filtered(
            lambda step: step.state == "pending" and approval.state == "pending"
        )[:1]

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

    def _policy_chain_barred(self):
        """Return who does not sign this version: who wrote it, and who hands or handed it over."""
        requester = self.env.user.filtered(
            lambda user: user.has_group("crm_policy.group_policy_admin")
        )
        if self._policy_pending_step():
            requester = self.sudo().policy_approval_id.requester_id
        return self._policy_approval_barred_users() | requester

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
