from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import (
    CONFLICT_CATEGORIES,
    CONFLICT_DEGREES,
    CONFLICT_SCOPES,
    CONFLICT_SOURCES,
)
from .case_legal import SEVERE
from .complaint_mixin import WINDOW

ASSESSED = "policy_investigated_at"
RIGHTS = "policy_rights_told_at"
# What names the source of a conflict: the first of them that is filled in is enough.
LINKS = {
    "complaint": ("policy_arose_case_id",),
    "survey": ("policy_arose_word_id", "policy_arose_note"),
    "feedback": ("policy_arose_word_id", "policy_arose_case_id"),
    "health": ("policy_arose_note",),
    "internal_report": ("policy_arose_user_id",),
}


class CrmPolicyCaseConflict(models.AbstractModel):
    """A conflict with a customer: identified, assessed, treated, told, archived (C.7, 001 第6章).

    Its course is data like any other: assessed is ``policy_investigated_at``, because that is when
    somebody has found out what the conflict is about; resolved is ``policy_settled_at``; the
    responsibility is judged with ``policy_decided_at``, which lies after it; archived is
    ``policy_closed_at``.
    """

    _name = "crm.policy.case.conflict"
    _description = "Conflict with a Customer"

    policy_arose_from = fields.Selection(
        CONFLICT_SOURCES,
        string="Came to Light By",
        tracking=True,
        help="How we have learned of the conflict.",
    )
    policy_arose_case_id = fields.Many2one(
        "helpdesk.ticket",
        string="Arose from Case",
        index="btree_not_null",
        ondelete="restrict",
        help="The complaint or request out of which the conflict came.",
    )
    policy_arose_word_id = fields.Many2one(
        "crm.policy.interaction",
        string="Arose from Rating",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
        help="The rating or answer of the customer that shows it.",
    )
    policy_arose_user_id = fields.Many2one(
        "res.users", string="Reported By", groups="base.group_user"
    )
    policy_arose_note = fields.Char(
        string="What Showed It",
        groups="base.group_user",
        help="Of a survey or of the health of the relation: which figure, of when.",
    )
    policy_conflict_category = fields.Selection(
        CONFLICT_CATEGORIES, string="Conflict About", tracking=True
    )
    policy_conflict_scope = fields.Selection(
        CONFLICT_SCOPES,
        string="Internal or External",
        tracking=True,
        help="Internal: what caused it lies with us.",
    )
    policy_conflict_degree = fields.Selection(
        CONFLICT_DEGREES,
        string="Degree of the Conflict",
        compute="_compute_policy_conflict_degree",
        store=True,
        readonly=False,
        help="High is what a major case is: Legal looks at it before it is settled.",
    )
    policy_mediation_ids = fields.One2many(
        "crm.policy.mediation", "ticket_id", string="Mediation", copy=False
    )
    policy_rights_told_at = fields.Datetime(
        string="Rights Told At",
        readonly=True,
        copy=False,
        help="When the customer was told his rights and what he can choose.",
    )
    policy_rights_text = fields.Text(string="Notice of Rights", readonly=True, copy=False)
    policy_follow_up = fields.Text(
        string="Follow-up Measures",
        readonly=True,
        copy=False,
        help="What is done next for a customer who was not satisfied.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_severity", "policy_kind")
    def _compute_policy_conflict_degree(self):
        for case in self:
            if case.policy_kind != "conflict":
                case.policy_conflict_degree = False
            elif case.policy_severity in SEVERE:
                case.policy_conflict_degree = "high"
            elif case.policy_conflict_degree not in ("low", "medium"):
                case.policy_conflict_degree = "low"

    # === CONSTRAINT METHODS === #

    @api.constrains("policy_conflict_degree", "policy_severity")
    def _check_policy_conflict_degree(self):
        for case in self:
            if case.policy_kind != "conflict":
                continue
            if (case.policy_conflict_degree == "high") != (case.policy_severity in SEVERE):
                raise ValidationError(
                    self.env._(
                        "%(case)s: a conflict of a high degree is at least major, any other is "
                        "not.",
                        case=case.display_name,
                    )
                )

    @api.constrains("policy_arose_case_id", "policy_arose_word_id")
    def _check_policy_arose_readable(self):
        """Nobody links what he may not read: the link would show it to him."""
        for name in ("policy_arose_case_id", "policy_arose_word_id"):
            linked = self.sudo()[name]
            # Whoever has no right to such records at all links none, and may go on without.
            if linked:
                linked.with_env(self.env).sudo(False).check_access("read")

    @api.constrains(
        "policy_arose_case_id", "policy_arose_word_id", "policy_arose_user_id", "partner_id"
    )
    def _check_policy_arose(self):
        """A conflict arises from something of the same customer, in the same company."""
        for case in self:
            self_sudo = case.sudo()
            origins = self_sudo.policy_arose_case_id | self_sudo.policy_arose_word_id.ticket_id
            for origin in origins:
                same = origin.commercial_partner_id == self_sudo.commercial_partner_id
                if origin == self_sudo or origin.company_id != self_sudo.company_id or not same:
                    raise ValidationError(
                        self.env._(
                            "%(case)s arises from another case of the same customer, in the same "
                            "company.",
                            case=case.display_name,
                        )
                    )
            reporter = self_sudo.policy_arose_user_id
            if reporter and not reporter._is_internal():
                raise ValidationError(
                    self.env._("Who has reported the conflict is one of our employees.")
                )

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {RIGHTS}

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_rights_text", "policy_follow_up"}

    def _policy_prepare_create(self, vals_list, moment):
        found = {}
        for vals in vals_list:
            if vals["policy_kind"] == "conflict" and not vals.get("policy_complaint_type_id"):
                company_id = vals.get("company_id") or self.env.company.id
                if company_id not in found:
                    found[company_id] = self._policy_conflict_type_id(company_id)
                vals["policy_complaint_type_id"] = found[company_id]
        return super()._policy_prepare_create(vals_list, moment)

    @api.model
    def _policy_conflict_type_id(self, company_id):
        """Return the type of a company's conflicts: it numbers them when they come in."""
        company = self.env["res.company"].browse(company_id)
        policy = self.env["crm.policy.default"].sudo()._policy_for("conflict", company)
        kinds = self.env["crm.policy.complaint.type"].sudo()
        return kinds.search(
            [("policy_id", "=", policy.id), ("kind", "=", "conflict")], limit=1
        ).id if policy else False  # fmt: skip

    def _policy_step_names(self):
        names = super()._policy_step_names()
        if self.policy_kind != "conflict" or ASSESSED not in self._policy_own_order():
            return names
        return names | {
            "accepted": self.env._("Identified"),
            "investigated": self.env._("Assessed"),
            "settled": self.env._("Agreement Reached"),
            "decided": self.env._("Responsibility Judged"),
            "replied": self.env._("Result Told"),
            "closed": self.env._("Archived"),
        }

    # === ACTION METHODS === #

    def action_policy_open_conflict(self):
        """Open the form of a new conflict that arises from this case (CFL-ID-01)."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Conflict"),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {
                "default_policy_kind": "conflict",
                "default_policy_complaint_type_id": False,
                "default_policy_arose_from": "complaint",
                "default_policy_arose_case_id": self.id,
                "default_partner_id": self.partner_id.id,
                "default_name": self.name,
            },
        }

    def action_policy_assess(self, category=None, degree=None, scope=None, at=None, reason=None):
        """Say what a conflict is about, how severe it is, and where it has its cause (CFL-FLOW-01).

        :param str category: a code of CONFLICT_CATEGORIES.
        :param str degree: low, medium or high; a high one makes the case a major one.
        :param str scope: internal or external.
        """
        self._policy_check_doer(ASSESSED, WINDOW)
        self._policy_check_governed()
        self._policy_check_conflicts()
        vals = {
            "policy_conflict_category": category,
            "policy_conflict_scope": scope,
            "policy_conflict_degree": degree,
        }
        for name, value in vals.items():
            self._policy_require(name, value)
        with self.env.cr.savepoint():
            for case in self.sudo():
                more = {}
                if degree == "high" and case.policy_severity not in SEVERE:
                    more["policy_severity"] = SEVERE[0]
                case.write({**vals, **more})
            return self._policy_act(ASSESSED, WINDOW, at, reason)

    def action_policy_tell_rights(self, text=None, at=None, reason=None):
        """Record that the customer was told his rights and what he can choose (CFL-LGL-01).

        :param str text: what he was told.
        """
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        self._policy_check_conflicts()
        self._policy_require("policy_rights_text", text)
        return self._policy_act(RIGHTS, WINDOW, at, reason, {"policy_rights_text": text})

    def action_policy_reply(
        self, text=None, channel=None, at=None, reason=None, score=None, *, measures=None
    ):
        """Tell the customer the result, and ask him how satisfied he is with it (CFL-FBK-01).

        :param str measures: what is done next; required of a conflict whose customer is not
            satisfied, which is then treated anew.
        """
        conflicts = self.sudo().filtered(lambda case: case.policy_kind == "conflict")
        if not conflicts:
            return super().action_policy_reply(text, channel, at, reason, score)
        self._policy_check_doer("policy_replied_at", WINDOW)
        if score is None:
            raise ValidationError(
                self.env._(
                    "%(clause)s: ask the customer how satisfied he is, from 1 to 5.",
                    clause=conflicts[0]._policy_clause_words("policy_replied_at"),
                )
            )
        score = self.env["crm.policy.interaction"]._policy_check_score(score)
        low = conflicts.filtered(lambda case: score <= case._policy_number_of("low_score"))
        if low and not (isinstance(measures, str) and measures.strip()):
            raise ValidationError(
                self.env._(
                    "%(clause)s: with a satisfaction of %(score)s of 5 say what is done next; the "
                    "conflict is then treated anew.",
                    clause=low[0]._policy_clause_words("policy_replied_at"),
                    score=score,
                )
            )
        with self.env.cr.savepoint():
            result = super().action_policy_reply(text, channel, at, reason, score)
            if low:
                low._policy_guarded_write({"policy_follow_up": measures.strip()})
                low._policy_heed_score(score)
        return result

    # === BUSINESS METHODS === #

    def _policy_check_conflicts(self):
        for case in self:
            if case.policy_kind != "conflict":
                raise UserError(self.env._("%(case)s is no conflict.", case=case.display_name))

    def _policy_clause_words(self, fact):
        clause = self._policy_fact_clause(fact)
        return (clause and clause._policy_citation()) or self.policy_version_id.display_name

    def _policy_is_missing(self, fact):
        """Return whether the course of the case has a fact that is not there yet."""
        return fact in self._policy_fact_order() and not self[fact]

    def _policy_judged_last(self):
        """Return whether the responsibility is judged when the case is settled already."""
        return "policy_settled_at" in self._policy_fact_order().get("policy_decided_at", ())

    def _policy_fact_order(self):
        order = super()._policy_fact_order()
        if self.policy_kind != "conflict":
            return order
        return {**order, RIGHTS: ("policy_accepted_at",)}

    def _policy_check_settled(self):
        """Sign the remedies with the settlement, where the decision is about something else."""
        if self._policy_judged_last():
            self._policy_check_decided()

    def _policy_share_problems(self, required=False):
        if self._policy_judged_last():
            if not self.policy_settled_at:
                return []  # whose fault it was is judged afterwards
            required = True
        return super()._policy_share_problems(required)

    # === BUSINESS METHODS - WHAT MUST BE THERE BEFORE === #

    @api.model
    def _policy_needs(self):
        return super()._policy_needs() | {
            "source": "_policy_need_source",
            "assessment": "_policy_need_assessment",
            "rights": "_policy_need_rights",
            "settlement": "_policy_need_settlement",
            "signatures": "_policy_need_signatures",
        }

    def _policy_need_source(self):
        """By what a conflict came to light, and where (CFL-ID-01)."""
        names = LINKS.get(self.policy_arose_from, ("policy_arose_from",))
        return [] if any(self[name] for name in names) else [self._policy_label(names[0])]

    def _policy_need_assessment(self):
        names = ("policy_conflict_category", "policy_conflict_degree", "policy_conflict_scope")
        return [self._policy_label(name) for name in names if not self[name]]

    def _policy_need_rights(self):
        """The customer knows his rights and what he can choose (CFL-LGL-01)."""
        return [] if self.policy_rights_told_at else [self._policy_label("policy_rights_text")]

    def _policy_need_settlement(self):
        """Something was agreed, or there is a solution without anybody mediating (CFL-MED-01)."""
        rounds = self.policy_mediation_ids.filtered(
            lambda round_: round_.cycle == self.policy_cycle
        ).sorted(lambda round_: (round_.at, round_.id))
        if rounds[-1:].result == "agreed":
            return []
        if rounds:
            return [self.env._("an agreement: the last round of mediation has brought none")]
        if (self.policy_solution or "").strip():
            return []
        return [self.env._("a round of mediation that has brought an agreement, or the solution")]

    def _policy_need_signatures(self):
        """Who is responsible has signed, or refused before a witness (CFL-REC-01)."""
        lines = self._policy_present_shares()
        unsigned = lines.filtered(lambda line: line.signature_state == "open")
        return [
            self.env._("the signature on %(line)s, or a refusal before a witness",
                       line=line.display_name)
            for line in unsigned
        ]  # fmt: skip
