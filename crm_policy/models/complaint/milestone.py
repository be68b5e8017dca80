from types import MappingProxyType

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...const import KINDS, MILESTONES, SET_BY, codes_of
from ...words import codes_in
from .case_needs import known_needs

# What can bring a fact about by itself: whoever reads the case knows that it has happened.
SET_BY_FACTS = {
    "opinions": frozenset({"investigated", "mandated"}),
    "approval": frozenset({"decided", "settled"}),
    "ruling": frozenset({"mandated"}),
    "execution": frozenset({"executed"}),
    "handover": frozenset({"handed"}),
}


def field_of(fact):
    """Return the field of the ticket that holds a fact: "closed" -> "policy_closed_at"."""
    return f"policy_{fact}_at"


class CrmPolicyMilestone(models.Model):
    """A fact that the cases of a policy go through: after what, by whom, and by which clause.

    The milestones of a kind, or of one type of case, are its course (state machine C.1). A policy
    without any leaves its cases the course of :data:`crm_policy.const.FACT_ORDER`.
    """

    _name = "crm.policy.milestone"
    _description = "Milestone of a Case"
    _inherit = ["crm.policy.rule.mixin", "crm.policy.linter"]
    _order = "version_id, sequence, id"
    _rec_name = "code"

    _pack_section = "milestones"
    _pack_sequence = 66
    _pack_schema = {
        "code": (str, True),
        "title": ("text", False),
        "fact": (codes_of(MILESTONES), True),
        "kind": (codes_of(KINDS), True),
        "complaint_type": (str, False),
        "after": ("texts", False),
        "opinions": ("texts", False),
        "needs": ("texts", False),
        "set_by": (codes_of(SET_BY), False),
        "role": (str, False),
        "channels": ("texts", False),
    }

    title = fields.Char(
        translate=True, help="What this course calls the step. Empty: as the fact is called."
    )
    sequence = fields.Integer(default=10)
    fact = fields.Selection(MILESTONES, required=True)
    kind = fields.Selection(KINDS, required=True, default="complaint")
    complaint_type_id = fields.Many2one(
        "crm.policy.complaint.type",
        index="btree_not_null",
        ondelete="restrict",
        help="Cases of this type have a course of their own. Empty: the other cases of the kind.",
    )
    after = fields.Char(help="Codes of the milestones that lie before, with commas.")
    opinions = fields.Char(
        help="Codes of the departments' steps that are answered before, with commas."
    )
    needs = fields.Char(
        help="Codes of what must be filled in before, with commas, such as product, sample, facts."
    )
    set_by = fields.Selection(
        SET_BY,
        required=True,
        default="person",
        string="Comes About By",
        help="A person's click; or by itself: with the last opinion, with the signature on the "
        "last remedy, or once everything is carried out.",
    )
    role_id = fields.Many2one(
        "crm.policy.role",
        index="btree_not_null",
        ondelete="restrict",
        help="Who records it. Empty: whoever handles the case.",
    )

    channels = fields.Char(
        help="How the customer may be told, with commas: phone, letter, email, visit. Empty: by "
        "any channel."
    )

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each milestone once."
    )

    # === COMPUTE METHODS === #

    @api.depends("title", "fact", "complaint_type_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        facts = dict(self._fields["fact"]._description_selection(self.env))
        for milestone in self:
            parts = (
                milestone.title or facts.get(milestone.fact),
                milestone.complaint_type_id.sudo().name,
            )
            milestone.display_name = " - ".join(part for part in parts if part)

    # === CONSTRAINT METHODS === #

    @api.constrains("set_by", "fact", "opinions", "role_id")
    def _check_set_by(self):
        """A fact comes about only by what can be seen to have happened."""
        for milestone in self:
            by = milestone.set_by
            # Nobody clicks for a hand-over: it is there when the receiver has signed.
            if by == "person" and milestone.fact != "handed":
                continue
            if milestone.fact not in SET_BY_FACTS.get(by, ()):
                raise ValidationError(
                    self.env._(
                        "Milestone %(code)s: %(fact)s does not come about by itself in this way.",
                        code=milestone.code,
                        fact=milestone.display_name,
                    )
                )
            if by == "opinions" and not milestone._policy_opinions():
                raise ValidationError(
                    self.env._(
                        "Milestone %(code)s comes about with the last opinion: name the opinions.",
                        code=milestone.code,
                    )
                )
            if milestone.role_id:
                raise ValidationError(
                    self.env._(
                        "Milestone %(code)s comes about by itself: it has no role.",
                        code=milestone.code,
                    )
                )

    @api.constrains("channels", "fact")
    def _check_channels(self):
        known = self.env["helpdesk.ticket"]._fields["policy_reply_channel"].get_values(self.env)
        for milestone in self.filtered("channels"):
            unknown = [code for code in milestone._policy_channels() if code not in known]
            if unknown or milestone.fact != "replied":
                raise ValidationError(
                    self.env._(
                        "Milestone %(code)s: the channels %(channels)s do not fit; only the reply "
                        "has channels, among %(known)s.",
                        code=milestone.code,
                        channels=", ".join(milestone._policy_channels()),
                        known=", ".join(known),
                    )
                )

    @api.constrains("needs")
    def _check_needs(self):
        for milestone in self:
            unknown = milestone._policy_unknown_needs()
            if unknown:
                raise ValidationError(
                    self.env._(
                        "Milestone %(code)s: nothing is known under %(needs)s; there are: "
                        "%(known)s.",
                        code=milestone.code,
                        needs=", ".join(unknown),
                        known=", ".join(known_needs(self.env)),
                    )
                )

    @api.constrains("after", "fact", "kind", "complaint_type_id", "sequence")
    def _check_after(self):
        """Only what stands before it in its course: so no fact ever waits for itself."""
        for course in self._policy_courses():
            passed = set()
            for milestone in course:  # in their order
                late = [fact for fact in milestone._policy_after() if fact not in passed]
                if late:
                    raise ValidationError(
                        self.env._(
                            "Milestone %(code)s comes after %(facts)s, which does not stand "
                            "before it.",
                            code=milestone.code,
                            facts=", ".join(late),
                        )
                    )
                if milestone.fact in passed:
                    raise ValidationError(
                        self.env._(
                            "Milestone %(code)s: its course has this fact already.",
                            code=milestone.code,
                        )
                    )
                passed.add(milestone.fact)

    def _policy_courses(self):
        """Return the whole courses to which ``self`` belongs, each in its order; as superuser."""
        whole = self.sudo().search([("version_id", "in", self.sudo().version_id.ids)])
        keys = {milestone._policy_course_key() for milestone in self.sudo()}
        return [
            course
            for key, course in whole.grouped(lambda line: line._policy_course_key()).items()
            if key in keys
        ]

    def _policy_course_key(self):
        return self.version_id, self.kind, self.complaint_type_id

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"milestones ({row['code']})"
        for name in ("after", "opinions", "needs", "channels"):
            row[name] = ", ".join(row.get(name) or [])
        for name, model in (
            ("role", "crm.policy.role"),
            ("complaint_type", "crm.policy.complaint.type"),
        ):
            code = row.pop(name, None)
            if code:
                row[f"{name}_id"] = self._pack_reference(model, version, place, code).id
        return super()._pack_prepare(version, row, clauses)

    @api.model
    def _pack_upsert(self, version, vals_list):
        return super()._pack_upsert(version, self._pack_in_order(vals_list))

    # === LINTER === #

    @api.model
    def _policy_findings(self, versions):
        """Courses that never end, wait for opinions nobody is asked for, or for nobody."""
        findings = list(super()._policy_findings(versions))
        milestones = self.search([("version_id", "in", versions.ids)])
        Step = self.env["crm.policy.countersign.step"]
        steps = Step.search([("version_id", "in", versions.ids)]).grouped("version_id")
        for (version, _kind, kind_type), course in milestones.grouped(
            lambda line: line._policy_course_key()
        ).items():
            lacking = {"accepted", "closed"} - set(course.mapped("fact"))
            if lacking:
                findings.append(
                    self._policy_milestone_finding(
                        "course_without_end",
                        "error",
                        self.env._(
                            "The course with %(milestone)s lacks: %(facts)s. Its cases could not "
                            "be taken in or closed.",
                            milestone=course[0].display_name,
                            facts=", ".join(sorted(lacking)),
                        ),
                        course[0],
                    )
                )
            own = steps.get(version, Step).filtered(
                lambda step, kind_type=kind_type: (
                    step.complaint_type_id in (kind_type, Step.complaint_type_id)
                )
            )
            for milestone in course:
                unknown = [
                    code for code in milestone._policy_opinions() if code not in own.mapped("code")
                ]
                if unknown:
                    findings.append(
                        self._policy_milestone_finding(
                            "milestone_without_opinion",
                            "error",
                            self.env._(
                                "%(milestone)s waits for %(codes)s: no department is asked for it.",
                                milestone=milestone.display_name,
                                codes=", ".join(unknown),
                            ),
                            milestone,
                        )
                    )
                if milestone._policy_unknown_needs():
                    # Of a part that was uninstalled since.
                    findings.append(
                        self._policy_milestone_finding(
                            "milestone_with_unknown_need",
                            "error",
                            self.env._(
                                "%(milestone)s needs what nothing here looks for: %(needs)s.",
                                milestone=milestone.display_name,
                                needs=", ".join(milestone._policy_unknown_needs()),
                            ),
                            milestone,
                        )
                    )
                if milestone.role_id and milestone.role_id._policy_is_vacant():
                    findings.append(
                        self._policy_milestone_finding(
                            "milestone_without_holder",
                            "warning",
                            self.env._(
                                "%(milestone)s: nobody holds the role %(role)s, so nobody can "
                                "record it.",
                                milestone=milestone.display_name,
                                role=milestone.role_id.name,
                            ),
                            milestone,
                        )
                    )
        return findings

    def _policy_milestone_finding(self, code, severity, text, milestone):
        return self._policy_finding(code, severity, text, milestone, milestone.clause_id)

    # === BUSINESS METHODS === #

    def _policy_after(self):
        """Return the facts that lie before this one."""
        return codes_in(self.after)

    def _policy_opinions(self):
        """Return the codes of the departments' steps that are answered before this one."""
        return codes_in(self.opinions)

    def _policy_needs(self):
        """Return the codes of what must be there before this one."""
        return codes_in(self.needs)

    def _policy_unknown_needs(self):
        known = known_needs(self.env)
        return [code for code in self._policy_needs() if code not in known]

    def _policy_channels(self):
        """Return by which channels the customer may be told; empty: by any."""
        return codes_in(self.channels)

    @api.model
    def _policy_course_of(self, version_id, type_id, kind):
        """Return {field of the fact: milestone} of the cases of a kind and type; as superuser.

        Empty where the version says nothing about them.
        """
        ids = self.sudo()._policy_course_ids(version_id, type_id, kind)
        return self.sudo().browse(ids)._policy_by_field()

    def _policy_by_field(self):
        return {field_of(milestone.fact): milestone for milestone in self}

    @api.model
    @tools.ormcache("version_id", "type_id", "kind")
    def _policy_automatic_ids(self, version_id, type_id, kind):
        """Return the ids of the milestones of a course that no person records."""
        course = self._policy_course_of(version_id, type_id, kind).values()
        return [milestone.id for milestone in course if milestone.set_by != "person"]

    @api.model
    @tools.ormcache("version_id", "type_id", "kind")
    def _policy_course_ids(self, version_id, type_id, kind):
        lines = self.search(
            [
                ("version_id", "=", version_id),
                ("kind", "=", kind),
                ("complaint_type_id", "in", [type_id, False]),
            ]
        )
        own = lines.filtered("complaint_type_id")
        return (own or lines).ids

    @api.model
    @tools.ormcache("version_id", "type_id", "kind", "code")
    def _policy_clause_of_need(self, version_id, type_id, kind, code):
        """Return the id of the clause by which a course needs ``code``; False where it does not."""
        for milestone in self._policy_course_of(version_id, type_id, kind).values():
            if code in milestone._policy_needs():
                return milestone.clause_id.id
        return False

    @api.model
    @tools.ormcache("version_id", "type_id", "kind")
    def _policy_order_of(self, version_id, type_id, kind):
        """Return {fact: the facts that must be there before it}, as of FACT_ORDER; or None.

        Nothing is accepted before it came in.
        """
        course = self._policy_course_of(version_id, type_id, kind)
        return (
            MappingProxyType(
                {
                    name: tuple(map(field_of, line._policy_after())) or ("policy_intake_at",)
                    for name, line in course.items()
                }
            )
            or None
        )

    @api.model
    def _policy_orders_of(self, version):
        """Return the orders of all courses of a version, as of FACT_ORDER."""
        courses = self.sudo().search([("version_id", "=", version.id)])
        keys = {(line.complaint_type_id.id, line.kind) for line in courses}
        return [self._policy_order_of(version.id, *key) for key in keys]
