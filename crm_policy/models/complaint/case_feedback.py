from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

NEED = "feedback"
TOPICS = [
    ("product", "Product"),
    ("service", "Service"),
    ("delivery", "Delivery and Transport"),
    ("price", "Price"),
    ("channel", "Website and Channels"),
    ("other", "Something Else"),
]
SENTIMENTS = [("positive", "Positive"), ("neutral", "Neutral"), ("negative", "Negative")]
# What each step writes down, by the fact that records the step: it stays so from then on.
WRITTEN = {
    "policy_investigated_at": ("policy_feedback_analysis",),
    "policy_decided_at": ("policy_feedback_cause", "policy_feedback_department_id"),
    "policy_settled_at": ("policy_feedback_measure",),
    "policy_closed_at": ("policy_feedback_topic", "policy_feedback_sentiment"),
}
REPLIED = "policy_replied_at"


class CrmPolicyCaseFeedback(models.AbstractModel):
    """What a customer tells us of himself about us, in five steps that end with him: received,
    analysed, attributed, improved upon, answered (SAT-04, SAT-05).

    The steps are milestones of a type of case; a course that needs ``feedback`` is one of it.
    """

    _name = "crm.policy.case.feedback"
    _description = "Feedback of a Customer"

    policy_feedback_topic = fields.Selection(
        TOPICS, string="Topic", copy=False, tracking=True, groups="base.group_user"
    )
    policy_feedback_sentiment = fields.Selection(
        SENTIMENTS, string="Sentiment", copy=False, tracking=True, groups="base.group_user"
    )
    policy_feedback_analysis = fields.Text(
        string="Analysis", copy=False, groups="base.group_user",
        help="What it tells us: how often it happens, whom else it concerns.",
    )  # fmt: skip
    policy_feedback_cause = fields.Text(
        string="Cause", copy=False, groups="base.group_user", help="What it comes from."
    )
    policy_feedback_department_id = fields.Many2one(
        "hr.department",
        string="Attributed To",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        groups="base.group_user",
    )
    policy_feedback_measure = fields.Text(
        string="What We Improve", copy=False, groups="base.group_user",
        help="Or why nothing is to be improved.",
    )  # fmt: skip
    policy_is_feedback = fields.Boolean(
        compute="_compute_policy_is_feedback",
        search="_search_policy_is_feedback",
        compute_sudo=True,
    )

    @api.depends("policy_version_id", "policy_complaint_type_id", "policy_kind")
    def _compute_policy_is_feedback(self):
        for case in self:
            case.policy_is_feedback = bool(case._policy_clause_of_need(NEED))

    def _search_policy_is_feedback(self, operator, value):
        """Find the cases whose course needs feedback."""
        if operator != "in":
            return NotImplemented
        courses = self.env["crm.policy.milestone"].sudo().search([("needs", "like", NEED)])
        domain = Domain.OR(
            Domain("policy_version_id", "=", line.version_id.id)
            & Domain("policy_kind", "=", line.kind)
            & (
                Domain("policy_complaint_type_id", "=", line.complaint_type_id.id)
                if line.complaint_type_id
                else Domain.TRUE
            )
            for line in courses
            if NEED in line._policy_needs()
        )
        return (domain if True in value else Domain.FALSE) | (
            ~domain if False in value else Domain.FALSE
        )

    @api.depends("partner_id", "partner_email", "policy_contact_phone", "policy_complaint_type_id")
    def _compute_policy_next_action(self):
        return super()._compute_policy_next_action()

    # === CONSTRAINT METHODS === #

    @api.constrains("policy_feedback_department_id", "company_id")
    def _check_policy_feedback_department(self):
        for case in self.sudo():
            company = case.policy_feedback_department_id.company_id
            if company and company != case.company_id:
                raise ValidationError(
                    self.env._(
                        "%(department)s belongs to another company.",
                        department=case.policy_feedback_department_id.name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        for fact, names in WRITTEN.items():
            changed = [name for name in names if name in vals]
            for case in self.sudo().filtered(fact) if changed else ():
                case._policy_refuse_rewriting(fact, [n for n in changed if vals[n] != case[n]])
        return super().write(vals)

    def _policy_refuse_rewriting(self, fact, names):
        """Keep what a step has written down; the same once more changes nothing."""
        names = [name for name in names if self[name] and self.policy_is_feedback]
        if names:
            raise UserError(
                self.env._(
                    "%(case)s: %(field)s stays as it was when this was recorded: %(fact)s.",
                    case=self.display_name,
                    field=self._policy_label(names[0]),
                    fact=self._policy_label(fact),
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _policy_needs(self):
        return {
            **super()._policy_needs(),
            NEED: "_policy_need_feedback",
            "feedback_analysis": "_policy_need_feedback_analysis",
            "feedback_cause": "_policy_need_feedback_cause",
            "feedback_measure": "_policy_need_feedback_measure",
        }

    def _policy_need_feedback(self):
        return self._policy_lacking(
            "channel_id", "policy_feedback_topic", "policy_feedback_sentiment"
        )

    def _policy_need_feedback_analysis(self):
        return self._policy_unwritten("policy_feedback_analysis")

    def _policy_need_feedback_cause(self):
        names = ("policy_feedback_department_id",)
        return self._policy_unwritten("policy_feedback_cause") + self._policy_lacking(*names)

    def _policy_need_feedback_measure(self):
        return self._policy_unwritten("policy_feedback_measure")

    def _policy_unwritten(self, name):
        return [] if (self[name] or "").strip() else [self._policy_label(name)]

    def _policy_is_skipped(self, fact):
        """Let feedback of nobody we know end without a reply: there is nobody to give it to."""
        nobody = fact == REPLIED and not self[REPLIED] and self._policy_is_anonymous()
        return nobody or super()._policy_is_skipped(fact)

    def _policy_is_anonymous(self):
        """Return whether it is feedback and neither a customer nor a way to reach him is known."""
        case = self.sudo()
        known = case.partner_id or case.partner_email or case.policy_contact_phone
        return not known and case.policy_is_feedback
