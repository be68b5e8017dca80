from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain

from ...tools.amounts import is_plausible
from .sanction_rule import KINDS, MONEY

APPEAL_DAYS = "sanction_appeal_days"  # the parameter of the clause on sanctions
# What the signature stands for.
SIGNED = ("kind", "amount", "fact", "department_id", "employee_id", "ticket_id", "violation_id",
          "clause_id", "reason_changed")  # fmt: skip
# What only methods write: whose it is, what the rule said, and what has happened since.
GUARDED = frozenset(
    {
        "number", "company_id", "user_id", "policy_department_id", "res_model", "res_id",
        "clause_number", "rule_id", "family", "cycle", "supplement_of_id", "base_amount",
        "proposed_kind", "proposed_amount", "reader_ids", "state", "opinion", "policy_version_id",
        "proposed_at", "decided_at", "executed_at", "executed_by_id", "revoked_at",
        "revoked_by_id", "revoked_text", "appeal_until", "appealed_at", "appeal_text",
        "appeal_decided_at", "appeal_decided_by_id", "appeal_decision_text", "copy_ids",
        "writer_ids",
    }
)  # fmt: skip
DECIDED_STATES = ("approved", "executed", "revoked")


class CrmPolicySanction(models.Model):
    """A sanction or an award: proposed, given an opinion, decided, executed (E.7, C.12).

    It is a department's or a person's, and the person reads it once it is decided. Whoever
    proposes it, whom it concerns and the head of the department decide nothing on it.
    """

    _name = "crm.policy.sanction"
    _description = "Sanction"
    _inherit = [
        "crm.policy.sanction.source",
        "crm.policy.sanction.right",
        "crm.policy.sanction.word",
        "crm.policy.named.document",
        "crm.policy.opened.document",  # before the subject, whose hook it fills
        "crm.policy.subject",
        "mail.thread",  # activities need it
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _rec_name = "number"
    _rec_names_search = ["number"]
    # The first of the signatures is the opinion (RWD-FIN-04).
    _policy_wants_opinion = True
    _policy_clock_fields = ("revoked_at",)

    number = fields.Char(string="No.", required=True, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,  # the form shows its currency
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(KINDS, required=True, default="performance_deduction")
    amount = fields.Monetary(help="Of what is money; a warning has none.")
    department_id = fields.Many2one("hr.department", index="btree_not_null", ondelete="restrict")
    employee_id = fields.Many2one(
        "hr.employee", string="Person", index="btree_not_null", ondelete="restrict"
    )
    user_id = fields.Many2one(
        "res.users",
        string="User of the Person",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    # The role of the head of department, and chains of managers, find the place by this name.
    policy_department_id = fields.Many2one(
        "hr.department",
        string="Department Concerned",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Case", index="btree_not_null", ondelete="restrict"
    )
    violation_id = fields.Many2one(
        "crm.policy.violation", index="btree_not_null", ondelete="restrict"
    )
    res_model = fields.Char(string="Document Model", readonly=True, copy=False)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", readonly=True, copy=False
    )
    clause_id = fields.Many2one("crm.policy.clause", required=True, index=True, ondelete="restrict")
    # What the policy said then: kept although versions come and go.
    clause_number = fields.Char(string="Clause No.", readonly=True, copy=False)
    rule_id = fields.Many2one(
        "crm.policy.sanction.rule",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The rule that has proposed it. Empty: a person has.",
    )
    family = fields.Char(string="What It Is For", readonly=True, copy=False)
    cycle = fields.Integer(readonly=True, copy=False)
    supplement_of_id = fields.Many2one(
        "crm.policy.sanction",
        string="Supplement To",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    base_amount = fields.Monetary(
        string="Part of the Loss", readonly=True, copy=False, help="What it was worked out from."
    )
    proposed_kind = fields.Selection(KINDS, string="Kind by the Rule", readonly=True, copy=False)
    proposed_amount = fields.Monetary(string="Amount by the Rule", readonly=True, copy=False)
    reason_changed = fields.Text(
        string="Reason for the Change", help="Why it is not what the rule says."
    )
    fact = fields.Text(string="What Happened", required=True)
    reader_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_sanction_reader_rel",
        string="Opened For",
        readonly=True,
        copy=False,
    )
    writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_sanction_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has changed it since it was proposed: none of them decides on it.",
    )
    state = fields.Selection(
        [
            ("proposed", "Put Forward"),
            ("opinion", "Opinion and Decision"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("executed", "Executed"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )
    opinion = fields.Text(readonly=True, copy=False)
    proposed_at = fields.Datetime(readonly=True, copy=False)
    decided_at = fields.Datetime(string="Time of Decision", readonly=True, copy=False)
    executed_at = fields.Datetime(readonly=True, copy=False)
    executed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    revoked_at = fields.Datetime(readonly=True, copy=False)
    revoked_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    revoked_text = fields.Text(string="Why It Was Revoked", readonly=True, copy=False)
    appeal_until = fields.Datetime(readonly=True, copy=False)
    appealed_at = fields.Datetime(readonly=True, copy=False)
    appeal_text = fields.Text(string="Appeal", readonly=True, copy=False)
    appeal_decided_at = fields.Datetime(readonly=True, copy=False)
    appeal_decided_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict"
    )
    appeal_decision_text = fields.Text(string="Answer to the Appeal", readonly=True, copy=False)
    copy_ids = fields.One2many(
        "crm.policy.sanction.copy", "sanction_id", string="Copies", readonly=True, copy=False
    )
    can_execute = fields.Boolean(compute="_compute_can")
    can_revoke = fields.Boolean(compute="_compute_can")
    can_appeal = fields.Boolean(compute="_compute_can")
    can_answer = fields.Boolean(compute="_compute_can")

    _number_uniq = models.Constraint(
        "UNIQUE(company_id, number)", "A sanction has its number alone."
    )
    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "The amount of a sanction is not negative."
    )
    _whose = models.Constraint(
        "CHECK(department_id IS NULL OR employee_id IS NULL AND user_id IS NULL)",
        "A sanction is a department's or a person's.",
    )
    _once = models.UniqueIndex(
        "(family, res_model, res_id, cycle, COALESCE(department_id, 0), COALESCE(employee_id, 0),"
        " COALESCE(user_id, 0)) WHERE rule_id IS NOT NULL AND supplement_of_id IS NULL",
        "Nobody is sanctioned twice for the same.",
    )
    _supplement_once = models.UniqueIndex(
        "(supplement_of_id) WHERE supplement_of_id IS NOT NULL",
        "A sanction is supplemented once.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_approval_state", "executed_at", "revoked_at")
    def _compute_state(self):
        states = {"pending": "opinion", "approved": "approved", "rejected": "rejected"}
        for sanction in self:
            sanction.state = (
                (sanction.revoked_at and "revoked")
                or (sanction.executed_at and "executed")
                or states.get(sanction.policy_approval_state, "proposed")
            )

    @api.depends("state", "appealed_at", "appeal_decided_at")
    @api.depends_context("uid")
    def _compute_can(self):
        user = self.env.user
        for sanction in self:
            stored = sanction.sudo()._origin
            if not stored:
                sanction.can_execute = sanction.can_revoke = False
                sanction.can_appeal = sanction.can_answer = False
                continue
            sanction.can_execute = not stored._policy_execute_problem(user)
            sanction.can_revoke = not stored._policy_revoke_problem(user)
            sanction.can_appeal = not stored._policy_appeal_problem(user)
            sanction.can_answer = not stored._policy_answer_problem(user)

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "amount")
    def _check_kind(self):
        for sanction in self.sudo():
            amount = sanction.amount
            if not is_plausible(amount) or bool(amount) != (sanction.kind in MONEY):
                raise ValidationError(
                    self.env._(
                        "%(sanction)s: money has an amount, a warning has none.",
                        sanction=sanction.display_name,
                    )
                )
            if sanction.kind == "cash" and not sanction.company_id.policy_cash_fines:
                raise ValidationError(
                    self.env._(
                        "%(sanction)s: %(company)s allows no fines in cash. Labour law knows a "
                        "deduction from the performance pay; let Legal check before this is "
                        "changed in the settings of the company.",
                        sanction=sanction.display_name,
                        company=sanction.company_id.name,
                    )
                )

    @api.constrains("kind", "amount", "reason_changed")
    def _check_changed(self):
        for sanction in self.sudo().filtered("rule_id"):
            same = sanction.kind == sanction.proposed_kind and not (
                sanction.currency_id.compare_amounts(sanction.amount, sanction.proposed_amount)
            )
            if not same and not (sanction.reason_changed or "").strip():
                raise ValidationError(
                    self.env._(
                        "%(clause)s: %(sanction)s is not what the rule proposes. Give a reason.",
                        clause=sanction.clause_id._policy_citation(),
                        sanction=sanction.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model
    def _policy_running_domain(self):
        return Domain("revoked_at", "=", False)

    def _policy_fact_fields(self):
        return frozenset(
            {
                "proposed_at",
                "decided_at",
                "executed_at",
                "revoked_at",
                "appealed_at",
                "appeal_decided_at",
            }
        )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | GUARDED

    def write(self, vals):
        self._policy_check_editable(vals)
        if "amount" in vals:
            self._policy_check_amounts([vals])
        if set(SIGNED).intersection(vals):
            self.check_access("write")
            others = self.filtered(lambda sanction: sanction.create_uid != self.env.user)
            others._policy_guarded_write({"writer_ids": [Command.link(self.env.uid)]})
        return super().write(vals)

    def _policy_check_editable(self, vals):
        """Refuse to change what is decided, to move it to somebody else, and one's own."""
        if not set(SIGNED).intersection(vals):
            return
        for sanction in self.sudo():
            if self.env.user in sanction._policy_concerned():
                raise AccessError(
                    self.env._(
                        "%(sanction)s is about yourself or your department: others say what it is.",
                        sanction=sanction.display_name,
                    )
                )
            if sanction.decided_at or sanction.state in ("rejected", *DECIDED_STATES):
                raise UserError(
                    self.env._("%(sanction)s is decided: it stays as it is.",
                               sanction=sanction.display_name)
                )  # fmt: skip
            whose = ("department_id", "employee_id", "ticket_id", "violation_id", "clause_id")
            if any(name in vals and vals[name] != sanction[name].id for name in whose):
                raise UserError(
                    self.env._(
                        "%(sanction)s: whose it is and for what stays. Propose another one.",
                        sanction=sanction.display_name,
                    )
                )

    # === APPROVAL === #

    def _policy_approval_values(self):
        return {
            "kind": self.kind,
            "amount": f"{self.amount:.2f}",
            "department": self.department_id.id,
            "employee": self.employee_id.id,
            "user": self.user_id.id,
            "document": [self.res_model or "", self.res_id or 0],
            "fact": self.fact or "",
            "reason": self.reason_changed or "",
        }

    def _policy_approval_amount(self):
        return self.amount

    def _policy_proposers(self):
        return super()._policy_proposers() | self.writer_ids

    def _policy_approval_barred_users(self):
        return self.user_id | self.policy_department_id.manager_id.user_id.filtered(
            lambda user: self.department_id
        )

    def _policy_submit(self):
        for sanction in self.sudo():
            if sanction.decided_at or sanction.revoked_at:
                raise UserError(
                    self.env._("%(sanction)s is decided: it stays as it is.",
                               sanction=sanction.display_name)
                )  # fmt: skip
        return super()._policy_submit()

    def _policy_on_approved(self):
        for sanction in self:
            opinion = sanction._policy_written_opinion()
            if not opinion:
                raise UserError(
                    self.env._(
                        "%(clause)s: %(sanction)s has no opinion yet. Return it to who signs "
                        "first.",
                        clause=sanction.clause_id._policy_citation(),
                        sanction=sanction.display_name,
                    )
                )
            sanction._policy_guarded_write(
                {"opinion": opinion, "appeal_until": sanction._policy_appeal_end()}
            )
            # The department has a copy of it.
            head = sanction.policy_department_id.manager_id.user_id
            sanction._policy_open_for(sanction._policy_concerned() | head)
        self._policy_set_fact("decided_at")
        self.env["crm.policy.sanction.copy"]._policy_hand_out(self)
        self._policy_tell()
        return super()._policy_on_approved()

    def _policy_on_rejected(self):
        self._policy_set_fact("decided_at")
        return super()._policy_on_rejected()

    def _policy_written_opinion(self):
        """Return the words of who signed first, or an empty text."""
        first = self.policy_approval_id.decision_ids.filtered(
            lambda decision: (
                decision.step_id.sequence == 1
                and decision.outcome == "approved"
                and decision.comment
            )
        )
        return first.sorted("id")[:1].comment or ""

    def _policy_appeal_end(self):
        days = self.env["crm.policy.parameter"]._policy_of(self.policy_version_id, APPEAL_DAYS)
        if not self._policy_concerned() or not days.value:
            return False
        return fields.Datetime.now() + timedelta(days=days.value)

    # === ACTION METHODS === #

    def action_policy_execute(self):
        """Carry out what was approved: Personnel, Finance or a director, never the person."""
        for sanction in self:
            stored = sanction._policy_take_step("execute")
            stored._policy_guarded_write({"executed_by_id": self.env.uid})
            stored._policy_set_fact("executed_at")
        return True

    def action_policy_revoke(self, text=None):
        """Revoke a sanction, or take a proposal back; with a reason, and it stays to be seen."""
        text = self._policy_text(text, self.env._("Say why it is revoked."))
        for sanction in self:
            stored = sanction._policy_take_step("revoke")
            stored._policy_revoke(text)
            stored._policy_tell_revoked()
        return True

    def action_policy_appeal(self, text=None):
        """Appeal, once and within the days given: the person, or the head of the department."""
        text = self._policy_text(text, self.env._("Say why the decision is wrong."))
        for sanction in self:
            stored = sanction._policy_take_step("appeal")
            stored._policy_guarded_write({"appeal_text": text})
            stored._policy_set_fact("appealed_at")
            stored._policy_open_for(stored._policy_appeal_level())
            stored._policy_tell_appeal()
        return True

    def action_policy_confirm(self, text=None):
        """Reject the appeal: it stands."""
        self._policy_answer(text)._policy_tell_answer()
        return True

    def action_policy_grant(self, text=None):
        """Grant the appeal: it is revoked."""
        for sanction in self._policy_answer(text):
            sanction._policy_revoke(text.strip())
            sanction._policy_tell_answer()
        return True

    def _policy_answer(self, text):
        text = self._policy_text(text, self.env._("Give the reasons of your answer."))
        answered = self.sudo().browse()
        for sanction in self:
            stored = sanction._policy_take_step("answer")
            stored._policy_guarded_write(
                {"appeal_decision_text": text, "appeal_decided_by_id": self.env.uid}
            )
            stored._policy_set_fact("appeal_decided_at")
            answered += stored
        return answered

    def _policy_revoke(self, text):
        request = self.policy_approval_id
        if request.state == "pending":
            request._policy_lapse()
        self._policy_guarded_write({"revoked_text": text, "revoked_by_id": self.env.uid})
        self._policy_set_fact("revoked_at")
        self.activity_ids.unlink()
