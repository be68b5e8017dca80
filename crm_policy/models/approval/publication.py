import hashlib
import json

from odoo import models
from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal
from ...words import list_words
from .publication_chain import SUBJECT


class CrmPolicyPublication(models.AbstractModel):
    """How a version is approved where its policy wants more than one signature (POL-VER-01).

    Where a policy has a route for its own versions (Legal, then the committee with its quorum),
    a version that is handed over is a request along that route: its last signature approves the
    version, a refusal makes it a draft again. Nobody approves it past the route.
    """

    _name = "crm.policy.publication"
    _description = "Publication by a Chain of Signatures"
    _inherit = ["crm.policy.publication.end"]

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
            version._policy_publication_route().step_ids.team_id._policy_begin_deciding()
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
                chain=list_words(self.env, [step.display_name for step in route.step_ids]),
                next=step.display_name or self.env._("hand it over"),
                deciders=list_words(self.env, users.mapped("name")) or self.env._("nobody yet"),
            ),
        )

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

    def _policy_publish(self, approver):
        # From now on its routes have teams sign.
        routes = self.env["crm.policy.route"].sudo().search([("version_id", "in", self.ids)])
        asked = self.sudo().policy_approval_id.step_ids.team_id
        routes.step_ids.team_id._policy_begin_deciding(asked)
        return super()._policy_publish(approver)

    def _policy_take_back(self):
        self.sudo().policy_approval_id.filtered(
            lambda approval: approval.state == "pending"
        )._policy_lapse()
        return super()._policy_take_back()
