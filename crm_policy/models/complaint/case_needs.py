from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import html2plaintext

from ...const import NEEDS, STEP_FACTS
from ...words import clause_words, list_words
from .complaint_fields import ACTIONS

# Of a quality case: which goods, and what the customer wants for them (CMP-INT-01).
GOODS = ("policy_order_ref", "policy_item_ref", "policy_shipped_on", "policy_quantity")
# What nobody can tell while the customer is still processing (CMP-INT-03).
DEFECTIVE = "policy_defective_quantity"
SEVERE = ("major", "crisis")
DESCRIPTION_MIN = "description_min"
# What a view shows only where the course asks for it: field of the case -> code of the need.
SHOWN_NEEDS = {
    "policy_needs_reason": "grievance",
    "policy_needs_value": "suggestion",
    "policy_needs_verdict": "verdict",
    "policy_needs_carrier": "carrier",
}


# What no field of the case and no window of its step says: somebody does something else first.
ELSEWHERE = frozenset(
    {
        "field_report",
        "verdict",
        "handed_back",
        "settlement",
        "rights",
        "legal",
        "signatures",
        "sheet",
    }
)
# What keeps a step from being taken beside its needs: the method that says it in sentences.
PROBLEMS = {
    "policy_decided_at": "_policy_decide_problems",
    "policy_closed_at": "_policy_close_problems",
}


class CrmPolicyCaseNeeds(models.AbstractModel):
    """What must be there before a milestone is recorded, however it comes about.

    Which milestone needs what is data (``crm.policy.milestone.needs``). Each part of the room that
    knows another thing adds its code to :data:`crm_policy.const.NEEDS` and its method to
    :meth:`_policy_needs`.
    """

    _name = "crm.policy.case.needs"
    _description = "What the Milestones of a Case Need"

    policy_still_needed = fields.Char(
        string="Still Needed",
        compute="_compute_policy_still_needed",
        help="What has to be filled in before the next step can be taken.",
    )
    policy_tracking = fields.Boolean(
        string="Improvement Tracked",
        compute="_compute_policy_tracking",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
        help="Whether the improvement is followed up. So it is unless somebody's negligence has "
        "caused the trouble; it may be said otherwise until the decision.",
    )

    policy_needs_reason = fields.Boolean(
        compute="_compute_policy_shown_needs", groups="base.group_user"
    )
    policy_needs_value = fields.Boolean(
        compute="_compute_policy_shown_needs", groups="base.group_user"
    )
    policy_needs_verdict = fields.Boolean(
        compute="_compute_policy_shown_needs", groups="base.group_user"
    )
    policy_needs_carrier = fields.Boolean(
        compute="_compute_policy_shown_needs", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_solution",
        "policy_rights_told_at",
        "policy_mediation_ids.result",
        "policy_verdict_ids.policy_approval_state",
        "policy_field_report_ids.submitted_at",
        "policy_handover_ids.state",
        "policy_responsibility_ids.share",
        "policy_responsibility_ids.signature_state",
    )
    def _compute_policy_next_action(self):
        return super()._compute_policy_next_action()

    @api.depends("policy_version_id", "policy_complaint_type_id", "policy_kind")
    def _compute_policy_shown_needs(self):
        for case in self:
            for name, code in SHOWN_NEEDS.items():
                case[name] = bool(case._policy_clause_of_need(code))

    @api.depends("policy_next_action")
    @api.depends_context("lang")
    def _compute_policy_still_needed(self):
        for case in self:
            parts = case.sudo()._policy_needed_next() if case.policy_next_action else []
            case.policy_still_needed = clause_words(self.env, parts) if parts else False

    @api.depends("policy_cause_class", "policy_cause_negligence")
    def _compute_policy_tracking(self):
        for case in self:
            case.policy_tracking = case.policy_cause_class and not case.policy_cause_negligence

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if any(name.startswith("policy_") or name == "description" for name in vals):
            # What comes about by itself may have waited for just this.
            self.sudo().filtered("policy_kind")._policy_look_at_needs()
        return result

    @api.model
    def _policy_decided_names(self):
        return super()._policy_decided_names() | {"policy_tracking"}

    # === BUSINESS METHODS === #

    @api.model
    def _policy_needs(self):
        """Return {code of a need: name of the method that says what is missing of it}.

        The method gets one case as superuser and returns words, a list of str; empty: all there.

        :rtype: dict[str, str]
        """
        return {
            "product": "_policy_need_product",
            "sample": "_policy_need_sample",
            "sales_opinion": "_policy_need_sales_opinion",
            "facts": "_policy_need_facts",
            "cause_class": "_policy_need_cause_class",
            "tracking": "_policy_need_tracking",
        }

    def _policy_clause_of_need(self, code):
        """Return the clause by which the course of the case needs ``code``, as superuser; empty
        where it does not."""
        self.ensure_one()
        Milestone = self.env["crm.policy.milestone"].sudo()
        clause_id = Milestone._policy_clause_of_need(*self._policy_course_key(), code)
        return self.env["crm.policy.clause"].sudo().browse(clause_id or ())

    def _policy_course_key(self):
        """Return version, type and kind of the course of the case, of one being typed in, too."""
        self.ensure_one()
        kind = self.policy_complaint_type_id
        version = self.policy_version_id
        if not version and self.policy_kind:
            version = kind.sudo().policy_id.current_version_id
        return version.id, kind._origin.id, self.policy_kind

    def _policy_missing_needs(self, fact, only=None):
        """Return the words of what a milestone needs and is not there; once each, in order.

        :param str fact: the field of the fact, as in ``_policy_set_fact``.
        :param only: of these needs alone.
        :rtype: list[str]
        """
        self.ensure_one()
        methods, case = self._policy_needs(), self.sudo()
        codes = case._policy_milestone(fact)._policy_needs()
        if only is not None:
            codes = [code for code in codes if code in only]
        words = [
            word for code in codes if code in methods for word in getattr(case, methods[code])()
        ]
        return list(dict.fromkeys(words))

    def _policy_needed_next(self):
        """Return what the next milestones still need, a text for each."""
        texts, names = [], self._policy_step_names()
        steps = {fact: step for step, fact in STEP_FACTS.items()}
        for name, milestone in self._policy_course().items():
            waits = self[name] or self._policy_is_skipped(name) or self._policy_missing_facts(name)
            if waits or not milestone.needs or self._policy_missing_opinions(name):
                continue
            missing = self._policy_missing_needs(name)
            if missing:
                texts.append(
                    self.env._(
                        "%(fact)s (%(clause)s): %(needs)s",
                        fact=names.get(steps.get(name)) or milestone.display_name,
                        clause=milestone.clause_id.number,
                        needs=list_words(self.env, missing),
                    )
                )
        for name in PROBLEMS:
            if self._policy_is_next(name):
                texts += self._policy_step_problems(name)
        return texts

    def _policy_is_next(self, fact):
        """Return whether a person records a fact now, as far as its order goes."""
        return (
            fact in self._policy_own_order()
            and not self[fact]
            and not self._policy_missing_facts(fact)
            and not self._policy_missing_opinions(fact)
            and self._policy_milestone(fact).set_by in (False, "person")
        )

    def _policy_look_at_needs(self):
        """Let come about what is ready now, where a milestone of the course needs something."""
        waiting = self.filtered(
            lambda case: any(
                milestone.needs and milestone.set_by != "person" and not case[name]
                for name, milestone in case._policy_course().items()
            )
        )
        if waiting:
            waiting._policy_bring_about()

    # === BUSINESS METHODS - WHERE THE COURSE ASKS === #

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        missing = self._policy_missing_needs(name) if self.policy_kind else ()
        if missing:
            raise ValidationError(
                self.env._(
                    "%(clause)s: %(case)s, %(fact)s: still needed: %(needs)s.",
                    clause=self.sudo()._policy_milestone(name).clause_id._policy_citation(),
                    case=self.display_name,
                    fact=self._policy_label(name),
                    needs=list_words(self.env, missing),
                )
            )
        return result

    def _policy_missing_first(self, name):
        return [*super()._policy_missing_first(name), *self._policy_missing_needs(name)]

    def _policy_action_of(self, fact):
        action = super()._policy_action_of(fact)
        by_itself = self._policy_milestone(fact).set_by in ("opinions", "execution")
        # Nobody clicks for it, and nothing else is waited for.
        if by_itself and self._policy_missing_needs(fact):
            return "needs"
        # Nobody is offered what is refused until somebody has done something else.
        refused = action == ACTIONS.get(fact) and (
            self._policy_missing_needs(fact, ELSEWHERE) or self._policy_step_problems(fact)
        )
        return "needs" if refused else action

    def _policy_step_problems(self, fact):
        """Return what keeps the next step from being taken beside its needs, a sentence each."""
        case = self.sudo()._origin
        return getattr(case, PROBLEMS[fact])() if case and fact in PROBLEMS else []

    def _policy_has_come(self, name, milestone):
        return super()._policy_has_come(name, milestone) and not self._policy_missing_needs(name)

    # === BUSINESS METHODS - THE NEEDS === #

    def _policy_lacking(self, *names):
        """Return the labels of those fields that are empty."""
        return [self._policy_label(name) for name in names if not self[name]]

    def _policy_need_product(self):
        if self.policy_cause_class == "non_quality":
            return []
        unknown = () if self.policy_quantity_undetermined else (DEFECTIVE,)
        return self._policy_lacking(*GOODS, *unknown, "policy_remedy_sought")

    def _policy_need_sample(self):
        if self.policy_sample == "none" and not (self.policy_sample_note or "").strip():
            return [self.env._("why there is no sample")]
        return self._policy_lacking("policy_sample")

    def _policy_need_sales_opinion(self):
        given = (self.policy_sales_opinion or "").strip()
        return [] if given else [self._policy_label("policy_sales_opinion")]

    def _policy_need_facts(self):
        """Time, place and content; of severe cases who saw it or what shows it (CMP-INT-06)."""
        missing = self._policy_lacking("policy_occurred_on", "policy_place")
        least = max(int(self._policy_parameter(DESCRIPTION_MIN)), 1)
        if len(html2plaintext(self.description or "").strip()) < least:
            missing.append(
                self.env._("a description of at least %(count)s characters", count=least)
            )
        if self.policy_severity in SEVERE:
            missing += self._policy_lacking("policy_evidence")
            if self.policy_evidence == "attached" and not self._policy_has_files():
                missing.append(self.env._("the evidence as an attachment"))
        return missing

    def _policy_has_files(self):
        return bool(
            self.env["ir.attachment"]
            .sudo()
            .search_count(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("res_field", "=", False),
                ],
                limit=1,
            )
        )

    def _policy_need_cause_class(self):
        return self._policy_lacking("policy_cause_class")

    def _policy_need_tracking(self):
        """Whether the improvement is tracked follows from the cause, or is said otherwise."""
        said = self.policy_cause_class or self.policy_tracking
        return [] if said else [self._policy_label("policy_tracking")]


def known_needs(env):
    """Return {code: label} of the needs that a milestone may name, in the order of NEEDS."""
    methods = env["helpdesk.ticket"]._policy_needs()
    return {code: label for code, label in NEEDS if code in methods}
