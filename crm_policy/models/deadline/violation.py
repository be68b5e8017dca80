from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import SEVERITIES_OF_BREACH, WAIVER_REASONS

APPEAL_DAYS = "violation_appeal_days"  # the parameter of the clause on appeals


class CrmPolicyViolation(models.Model):
    """A breach of a clause by somebody: he explains, his manager upholds or waives, he may appeal.

    Each step is taken once, by whom it is due to, and stays as it was taken. Nobody decides on
    himself, on what he reported or explained, nor twice on the same violation.
    """

    _name = "crm.policy.violation"
    _description = "Violation"
    _inherit = [
        "crm.policy.violation.source",
        "crm.policy.violation.right",
        "crm.policy.violation.withdrawal",
        "crm.policy.named.document",
        "crm.policy.plain.filters",
        "crm.policy.protected",
        "crm.policy.subject",
        "mail.thread",  # activities need it
        "mail.activity.mixin",
    ]
    _policy_technical_fields = frozenset(
        {"activity_exception_decoration", "activity_type_icon", "res_id", "res_model"}
    )
    _order = "id desc"
    _rec_name = "number"
    _rec_names_search = ["number"]

    number = fields.Char(string="No.", required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    clause_id = fields.Many2one(
        "crm.policy.clause", required=True, readonly=True, index=True, ondelete="restrict"
    )
    # What the policy said then: kept although versions come and go.
    clause_number = fields.Char(string="Clause No.", readonly=True)
    version_label = fields.Char(string="Version Then", readonly=True)
    severity = fields.Selection(SEVERITIES_OF_BREACH, required=True, readonly=True)
    deadline_id = fields.Many2one(
        "crm.policy.deadline", string="Deadline Missed", readonly=True, ondelete="restrict"
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Whose duty it was. Empty: a group's.",
    )
    department_id = fields.Many2one("hr.department", readonly=True, index=True, ondelete="restrict")
    # Roles look for the department under this name.
    policy_department_id = fields.Many2one(
        related="department_id", string="Department of the Person"
    )
    reporter_id = fields.Many2one(
        "res.users",
        string="Reported By",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: found by the policy's own clock.",
    )
    description = fields.Text(string="Course of Events", readonly=True)
    reader_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_violation_reader_rel",
        string="Opened For",
        readonly=True,
        help="Managers of the person and who stands in for him.",
    )
    state = fields.Selection(
        [
            ("open", "Not Explained"),
            ("explained", "Explained"),
            ("upheld", "Upheld"),
            ("waived", "Waived"),
            ("withdrawn", "Taken Back"),
        ],
        group_expand="_group_expand_state",
        default="open",
        required=True,
        readonly=True,
        index=True,
    )
    opened_at = fields.Datetime(string="Recorded At", required=True, readonly=True, index=True)
    explanation = fields.Text(readonly=True)
    explained_at = fields.Datetime(readonly=True)
    explained_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(string="Time of Decision", readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decision_text = fields.Text(string="Reason for the Decision", readonly=True)
    waiver_reason = fields.Selection(WAIVER_REASONS, readonly=True)
    appeal_text = fields.Text(string="Appeal", readonly=True)
    appealed_at = fields.Datetime(readonly=True)
    appeal_until = fields.Datetime(readonly=True, help="The person may appeal until then, once.")
    appeal_decided_at = fields.Datetime(readonly=True)
    appeal_decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    appeal_decision_text = fields.Text(string="Answer to the Appeal", readonly=True)
    can_explain = fields.Boolean(compute="_compute_can")
    can_decide = fields.Boolean(compute="_compute_can")
    can_appeal = fields.Boolean(compute="_compute_can")
    can_decide_appeal = fields.Boolean(compute="_compute_can")

    _number_uniq = models.Constraint(
        "UNIQUE(company_id, number)", "A violation has its number alone."
    )
    _deadline_uniq = models.UniqueIndex(
        "(deadline_id) WHERE deadline_id IS NOT NULL AND state != 'withdrawn'",
        "A deadline that was missed is one violation.",
    )
    _document_idx = models.Index("(res_model, res_id)")

    @api.model
    def _group_expand_state(self, states, _domain):
        """Return the columns that there are, in the order in which a violation passes them."""
        return [state for state, _label in self._fields["state"].selection if state in states]

    # === COMPUTE METHODS === #

    @api.depends("number", "clause_number")
    def _compute_display_name(self):
        for violation in self:
            violation.display_name = f"{violation.number} ({violation.clause_number})"

    @api.depends("state", "explained_at", "decided_at", "appealed_at", "appeal_decided_at")
    @api.depends_context("uid")
    def _compute_can(self):
        for violation in self:
            stored = violation.sudo()
            violation.can_explain = not stored._policy_explain_problem(self.env.user)
            violation.can_decide = not stored._policy_decide_problem(self.env.user)
            violation.can_appeal = not stored._policy_appeal_problem(self.env.user)
            violation.can_decide_appeal = not stored._policy_answer_problem(self.env.user)

    # === SUBJECT === #

    def _policy_fact_fields(self):
        return frozenset(
            {"opened_at", "explained_at", "decided_at", "appealed_at", "appeal_decided_at"}
        )

    def _policy_open_for(self, users):
        new = users - self.reader_ids
        if new:
            self._policy_update({"reader_ids": [(4, user.id) for user in new]})

    # === ACTION METHODS === #

    def action_policy_explain(self, text=None):
        """Explain why it happened; the person himself, or his substitute while he is away."""
        text = self._policy_text(text, self.env._("Say why it happened."))
        for violation in self:
            stored = violation._policy_take_step("explain")
            stored._policy_move(
                "violation.explained",
                {
                    "state": "explained",
                    "explanation": text,
                    "explained_at": fields.Datetime.now(),
                    "explained_by_id": self.env.uid,
                },
                {"on_behalf": stored.user_id.id} if stored.user_id != self.env.user else {},
            )
            stored.activity_ids.filtered(
                lambda activity, person=stored.user_id: activity.user_id == person
            ).unlink()
        return True

    def action_policy_uphold(self, text=None):
        """Uphold: it was a violation. The person may appeal while the clause lets him."""
        for violation in self:
            stored = violation._policy_take_step("decide")
            now = fields.Datetime.now()
            days = self.env["crm.policy.parameter"]._policy_value(stored.company_id.id, APPEAL_DAYS)
            stored._policy_move(
                "violation.upheld",
                {
                    "state": "upheld",
                    "decided_at": now,
                    "decided_by_id": self.env.uid,
                    "decision_text": (text.strip() if isinstance(text, str) else "") or False,
                    "appeal_until": now + timedelta(days=days) if stored.user_id else False,
                },
            )
            stored.activity_ids.unlink()
        return True

    def action_policy_waive(self, reason=None, text=None):
        """Waive: it does not count. A fault of the system takes the deadline out of the figures.

        :param str reason: system_fault, customer_delay, force_majeure or other.
        """
        text = self._policy_waiver(reason, text)
        for violation in self:
            stored = violation._policy_take_step("decide")
            stored._policy_move(
                "violation.waived",
                {
                    "state": "waived",
                    "waiver_reason": reason,
                    "decided_at": fields.Datetime.now(),
                    "decided_by_id": self.env.uid,
                    "decision_text": text,
                },
                {"reason": reason},
            )
            stored._policy_exclude()
            stored.activity_ids.unlink()
        return True

    def action_policy_appeal(self, text=None):
        """Appeal against what was upheld; the person himself, once, within the days given."""
        text = self._policy_text(text, self.env._("Say why the decision is wrong."))
        for violation in self:
            stored = violation._policy_take_step("appeal")
            stored._policy_move(
                "violation.appealed",
                {"appeal_text": text, "appealed_at": fields.Datetime.now()},
            )
            stored._policy_open_for(stored._policy_next_level())
        return True

    def action_policy_confirm(self, text=None):
        """Reject the appeal: it stays upheld. The level above the first decision."""
        text = self._policy_text(text, self.env._("Say why the decision stands."))
        for violation in self:
            stored = violation._policy_take_step("answer")
            stored._policy_move("violation.confirmed", self._policy_answer_vals(text))
        return True

    def action_policy_grant(self, reason=None, text=None):
        """Grant the appeal: it is waived after all. The level above the first decision."""
        text = self._policy_waiver(reason, text)
        for violation in self:
            stored = violation._policy_take_step("answer")
            stored._policy_move(
                "violation.granted",
                {
                    **self._policy_answer_vals(text),
                    "state": "waived",
                    "waiver_reason": reason,
                },
                {"reason": reason},
            )
            stored._policy_exclude()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _policy_waiver(self, reason, text):
        if reason not in dict(WAIVER_REASONS):
            raise ValidationError(
                self.env._(
                    "A violation is waived for a reason: a fault of the system, a delay of the "
                    "customer, force majeure, or another one."
                )
            )
        return self._policy_text(text, self.env._("Say why the violation is waived."))

    @api.model
    def _policy_answer_vals(self, text):
        return {
            "appeal_decided_at": fields.Datetime.now(),
            "appeal_decided_by_id": self.env.uid,
            "appeal_decision_text": text,
        }

    def _policy_move(self, event, vals, payload=None):
        self._policy_update(vals)
        self.env["crm.policy.event"]._policy_log(
            event, self, {"number": self.number, **(payload or {})}, clause=self.clause_id
        )

    def _policy_exclude(self):
        """Take the deadline out of the late figures when the system was at fault; it stays late."""
        if self.waiver_reason == "system_fault" and self.deadline_id:
            self.deadline_id._policy_update({"excluded": True})
