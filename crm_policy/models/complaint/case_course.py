from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...words import list_words
from .complaint_fields import ACTIONS
from .complaint_mixin import WINDOW


class CrmPolicyCaseCourse(models.AbstractModel):
    """A case that goes the way its policy says: in which order, by whom, and what by itself (C.1).

    The way is data (``crm.policy.milestone``); where a version says nothing, the order of the kind
    holds and everything here stands aside.
    """

    _name = "crm.policy.case.course"
    _description = "Case on the Course of its Policy"

    policy_waits_for = fields.Char(
        string="Waits For",
        compute="_compute_policy_waits_for",
        help="Who has to do what before the case goes on.",
    )

    policy_by_role = fields.Boolean(
        compute="_compute_policy_waits_for",
        help="The next step is the current user's by a role of the policy.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_version_id",
        "policy_complaint_type_id",
        "policy_countersign_ids.policy_answered_at",
    )
    @api.depends_context("uid")
    def _compute_policy_next_action(self):
        return super()._compute_policy_next_action()

    @api.depends("policy_next_action")
    @api.depends_context("lang", "uid")
    def _compute_policy_waits_for(self):
        facts = {action: fact for fact, action in ACTIONS.items()}
        for case in self:
            action = case.policy_next_action
            waits = action in ("opinions", "role", "remedies", "ruling", "handover")
            case.policy_waits_for = case.sudo()._policy_waiting_words() if waits else False
            # Nobody else is told that this step is the next one.
            case.policy_by_role = action in facts and bool(
                case._policy_milestone(facts[action]).role_id
            )

    def _policy_waiting_words(self):
        """Return who is waited for: the departments asked, or who records the next facts."""
        opinions = self.policy_countersign_ids.filtered(
            lambda line: (
                line.cycle == self.policy_cycle
                and line.policy_asked_at
                and not line.policy_answered_at
            )
        )
        words = [
            self.env._(
                "%(step)s (%(users)s)",
                step=line.step_id.name,
                users=list_words(self.env, line._policy_holders().mapped("name")) or "-",
            )
            for line in opinions
        ]
        if self.policy_next_action == "ruling":
            rulings = self.policy_ruling_ids.filtered(
                lambda ruling: ruling.policy_approval_state == "pending"
            )
            words += [
                self.env._(
                    "%(step)s (%(users)s)",
                    step=ruling.display_name,
                    users=list_words(
                        self.env, ruling.policy_approval_id.eligible_user_ids.mapped("name")
                    )
                    or "-",
                )
                for ruling in rulings
            ]
        if self.policy_next_action == "remedies":
            words.append(self.env._("A remedy to sign: with its signature the case is settled"))
        for name, milestone in self._policy_course().items():
            if milestone.role_id and not self[name] and not self._policy_missing_facts(name):
                users = milestone.role_id._users_for(self)[self.id]
                words.append(
                    self.env._(
                        "%(step)s (%(users)s)",
                        step=milestone.display_name,
                        users=list_words(self.env, users.mapped("name")) or milestone.role_id.name,
                    )
                )
        return list_words(self.env, words)

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "policy_quantity_undetermined" in vals:
            # Every signature may be there already.
            self._policy_bring_about()
        return result

    # === ACTION METHODS === #

    def action_policy_investigate(self, at=None, reason=None):
        """Record that the cause was found, where no department does (CMP-FLOW-02)."""
        return self._policy_act("policy_investigated_at", WINDOW, at, reason)

    def action_policy_mandate(self, at=None, reason=None):
        """Record that the mandate to negotiate was given, where none is asked for (CMP-FLOW-06)."""
        return self._policy_act("policy_mandated_at", WINDOW, at, reason)

    def action_policy_execute(self, at=None, reason=None):
        """Record that everything decided for the customer was carried out (CMP-SET-01)."""
        return self._policy_act("policy_executed_at", WINDOW, at, reason)

    # === BUSINESS METHODS === #

    def _policy_course(self):
        """Return {fact: milestone} of the case, as superuser; empty where its policy has none."""
        self.ensure_one()
        return self.env["crm.policy.milestone"]._policy_course_of(
            self.policy_version_id.id, self.policy_complaint_type_id.id, self.policy_kind
        )

    def _policy_milestone(self, name):
        """Return the milestone of a fact; an empty record where the policy has none."""
        return self._policy_course().get(name, self.env["crm.policy.milestone"].sudo())

    def _policy_label(self, name):
        """Return what the course of the case calls a fact, where it has a word of its own."""
        own = name.endswith("_at") and len(self) == 1 and self.sudo()._policy_milestone(name).title
        return own or super()._policy_label(name)

    def _policy_own_order(self):
        order = self.env["crm.policy.milestone"]._policy_order_of(
            self.policy_version_id.id, self.policy_complaint_type_id.id, self.policy_kind
        )
        return order or super()._policy_own_order()

    def _policy_passes_by(self, fact):
        return not self._policy_course() and super()._policy_passes_by(fact)

    @api.model
    def _policy_fact_orders(self, version):
        return self.env["crm.policy.milestone"]._policy_orders_of(version) or (
            super()._policy_fact_orders(version)
        )

    def _policy_fact_clause(self, name):
        return self._policy_milestone(name).clause_id or super()._policy_fact_clause(name)

    def _policy_action_of(self, fact):
        milestone = self._policy_milestone(fact)
        if milestone and self.sudo()._policy_missing_opinions(fact):
            return "opinions"
        if milestone.set_by == "execution":
            return "execution"
        if milestone.set_by == "approval":
            return self._policy_signing_action()
        if milestone.set_by == "ruling":
            return "ruling" if self._policy_rulings("mandate", ("pending",)) else "ask_mandate"
        if milestone.role_id and self.env.user not in self._policy_recorders(milestone):
            return "role"
        return super()._policy_action_of(fact)

    def _policy_signing_action(self):
        """Return what a case does whose remedies have to be signed: submit them, or wait."""
        states = set(self.sudo()._policy_undecided().mapped("policy_approval_state"))
        if "none" in states:
            return "submit"
        return "wait" if "pending" in states else "remedies"

    def _policy_recorders(self, milestone):
        """Return who records a milestone with a role: never who the case is about."""
        case = self.sudo()
        holders = milestone.role_id._users_for(case)[case.id]
        return (holders - case.policy_accused_user_ids).sudo(False)

    # === BUSINESS METHODS - WHO RECORDS IT === #

    def _policy_check_doer(self, fact, groups):
        """Refuse whoever does not hold the role that the policy names, and clicks at what no click
        brings about."""
        by_group, by_milestone = self.browse(), defaultdict(self.browse)
        for case in self:
            milestone = case.sudo()._policy_milestone(fact)
            if milestone.set_by not in (False, "person"):
                case._policy_refuse_by_hand(fact, milestone)
            if milestone.role_id and not self.env.user._is_superuser():
                by_milestone[milestone] += case
            else:
                by_group += case
        for milestone, cases in by_milestone.items():
            cases._policy_check_recorder(fact, milestone)
        if not by_group:
            return None
        return super(CrmPolicyCaseCourse, by_group)._policy_check_doer(fact, groups)

    def _policy_check_recorder(self, fact, milestone):
        """Refuse whoever does not hold the role of a milestone in each of these cases."""
        people = milestone.role_id._users_for(self.sudo())
        for case in self:
            holders = people[case.id] - case.sudo().policy_accused_user_ids
            if self.env.user not in holders:
                raise AccessError(
                    self.env._(
                        "%(clause)s: %(fact)s is recorded by %(role)s: %(users)s.",
                        clause=milestone.clause_id._policy_citation(),
                        fact=self._policy_label(fact),
                        role=milestone.role_id.name,
                        users=list_words(self.env, holders.mapped("name")) or "-",
                    )
                )
        self.check_access("read")

    def _policy_refuse_by_hand(self, fact, milestone):
        words = dict(milestone._fields["set_by"]._description_selection(self.env))
        raise UserError(
            self.env._(
                "%(clause)s: %(fact)s of %(case)s comes about by itself: %(how)s.",
                clause=milestone.clause_id._policy_citation(),
                fact=self._policy_label(fact),
                case=self.display_name,
                how=words[milestone.set_by],
            )
        )

    # === BUSINESS METHODS - WHAT MUST BE THERE BEFORE === #

    def _policy_missing_opinions(self, fact):
        """Return the steps of departments that are answered before ``fact`` and are not."""
        codes = self._policy_milestone(fact)._policy_opinions()
        Step = self.env["crm.policy.countersign.step"]
        if not codes:
            return Step.sudo()
        asked = self._policy_asked()
        return Step._policy_steps_of(self).filtered(
            lambda step: (
                step.code in codes
                and (
                    not asked[step.code].policy_answered_at
                    if step.code in asked
                    else not step.optional
                )
            )
        )

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        steps = self.sudo()._policy_missing_opinions(name) if self.policy_kind else ()
        if steps:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s, %(fact)s: these answer first: %(steps)s.",
                    clause=self.sudo()._policy_milestone(name).clause_id._policy_citation(),
                    case=self.display_name,
                    fact=self._policy_label(name),
                    steps=list_words(self.env, steps.mapped("name")),
                )
            )
        return result

    def _policy_check_replied(self):
        """Refuse a channel by which the policy lets nobody be told (CMP-FLOW-12)."""
        milestone = self.sudo()._policy_milestone("policy_replied_at")
        allowed = milestone._policy_channels()
        if not allowed or self.policy_reply_channel in allowed:
            return
        labels = dict(self._fields["policy_reply_channel"]._description_selection(self.env))
        raise UserError(
            self.env._(
                "%(clause)s: the customer is told by %(channels)s, not by %(channel)s.",
                clause=milestone.clause_id._policy_citation(),
                channels=list_words(self.env, [labels[code] for code in allowed]),
                channel=labels.get(self.policy_reply_channel, "-"),
            )
        )

    def _policy_check_signable(self):
        """Refuse to have remedies signed before the case is ready for the signature.

        Where the signature settles the case nothing else may be missing when it is given.
        """
        for case in self.sudo():
            problem = case._policy_milestone("policy_decided_at").set_by == "approval" and (
                case._policy_signing_problem()
            )
            if problem:
                raise UserError(problem)

    def _policy_missing_words(self, name):
        """Return what must be there before a fact and is not, as a refusal; or None."""
        missing = self._policy_missing_first(name)
        if not missing:
            return None
        return self.env._(
            "%(clause)s: %(case)s, %(fact)s: missing first: %(missing)s.",
            clause=self._policy_milestone(name).clause_id._policy_citation(),
            case=self.display_name,
            fact=self._policy_label(name),
            missing=list_words(self.env, missing),
        )

    def _policy_missing_first(self, name):
        """Return the words of all that must be there before a fact and is not."""
        facts = map(self._policy_fact_words, self._policy_missing_facts(name))
        return [*facts, *self._policy_missing_opinions(name).mapped("name")]

    def _policy_signing_problem(self):
        """Return why the decision cannot be recorded yet, or None; remedies apart."""
        self.ensure_one()
        missing = self._policy_missing_words("policy_decided_at")
        if missing:
            return missing
        if self.policy_quantity_undetermined:
            return self.env._(
                "%(case)s: determine the quantity before the decision.", case=self.display_name
            )
        return "\n".join(self._policy_decide_problems()) or None

    # === BUSINESS METHODS - WHAT COMES ABOUT BY ITSELF === #

    def _policy_set_fact(self, name, at=None, reason=None):
        result = super()._policy_set_fact(name, at, reason)
        if name != "policy_closed_at":
            self._policy_bring_about()
        return result

    def _policy_bring_about(self):
        """Record the facts whose time has come: the last opinion, signature or execution is there.

        Cases of the same state go together; whoever gave the last word is the actor of the event.
        """
        ready = defaultdict(self.browse)
        for case in self.sudo():
            if not case.policy_kind or case.policy_closed_at or case.policy_outcome:
                continue
            for name, milestone in case._policy_automatic().items():
                if not case[name] and case._policy_has_come(name, milestone):
                    ready[name] += case
                    break  # recording it looks again
        for name, cases in ready.items():
            cases._policy_set_fact(name)

    def _policy_automatic(self):
        """Return {fact: milestone} of those that no person records, in their order."""
        ids = (
            self.env["crm.policy.milestone"]
            .sudo()
            ._policy_automatic_ids(
                self.policy_version_id.id, self.policy_complaint_type_id.id, self.policy_kind
            )
        )
        return self.env["crm.policy.milestone"].sudo().browse(ids)._policy_by_field()

    def _policy_has_come(self, name, milestone):
        if self._policy_missing_facts(name) or self._policy_missing_opinions(name):
            return False
        if name == "policy_decided_at":
            present = self.policy_remedy_ids.filtered(
                lambda remedy: (
                    remedy.cycle == self.policy_cycle and remedy.policy_approval_state != "rejected"
                )
            )
            # A leader's word and an emergency may be carried out; signed they are not.
            signed = present and not present.filtered(
                lambda remedy: remedy.policy_approval_state != "approved"
            )
            return bool(signed) and not self._policy_signing_problem()
        if milestone.set_by == "execution":
            return not self._policy_unexecuted()
        return milestone.set_by != "ruling" or bool(self._policy_mandate())
