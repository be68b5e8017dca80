from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...tools.amounts import is_plausible

# What the signature stands for: it stays as it is once it is asked for.
SIGNED = ("name", "problem", "root_cause", "budget", "policy_department_id", "ticket_id",
          "sanction_id")  # fmt: skip
RESULTS = [("achieved", "Achieved"), ("partly", "Partly Achieved"), ("failed", "Failed")]
# What a person may say of a new plan; everything else is worked out.
HANDMADE = frozenset({*SIGNED, "user_id", "goal_ids", "action_ids"})
# What only methods write.
GUARDED = frozenset(
    {
        "number", "company_id", "source", "previous_id", "next_ids", "is_tracked", "owner_ids",
        "reader_ids", "writer_ids", "policy_version_id", "effect_months", "opened_at", "started_at",
        "implemented_at", "checked_at", "closed_at", "cancelled_at", "checked_by_id",
        "check_text", "result", "closed_by_id", "close_text", "cancelled_by_id", "cancel_text",
        "state", "achievement",
    }
)  # fmt: skip


class CrmPolicyImprovement(models.Model):
    """An improvement plan: what went wrong and why, what is done about it, and whether it helped.

    Its goals have a baseline and a target; months after the last action somebody other than its
    owner measures them. Only a plan that has reached every target is achieved (Correction 16).
    State machine C.11; CMP-IMP-01 to 03, IMP-01, IMP-03, IMP-04.
    """

    _name = "crm.policy.improvement"
    _description = "Improvement Plan"
    _inherit = [
        "crm.policy.improvement.source",
        "crm.policy.improvement.course",
        "crm.policy.opened.document",  # before the subject, whose hook it fills
        "crm.policy.subject",
        "mail.thread",  # activities need it
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _check_company_auto = True
    _rec_names_search = ["number", "name"]
    _policy_clock_fields = ("cancelled_at",)

    number = fields.Char(string="No.", required=True, readonly=True, copy=False)
    name = fields.Char(string="Title", required=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Plan Owner",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who answers for the plan. He does not check its effect.",
    )
    # Roles and clocks find the department by this name.
    policy_department_id = fields.Many2one(
        "hr.department",
        string="Responsible Department",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    # Not everybody who sees the plan learns that somebody was sanctioned.
    sanction_id = fields.Many2one(
        "crm.policy.sanction",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        groups="crm_policy.group_supervisor,crm_policy.group_hr,crm_policy.group_ceo,"
        "crm_policy.group_qc",
    )
    source = fields.Selection(
        [
            ("complaint", "Complaint"),
            ("conflict", "Conflict"),
            ("sanction", "Sanction"),
            ("manual", "By Hand"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="manual",
    )
    previous_id = fields.Many2one(
        "crm.policy.improvement",
        string="Goes On From",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The plan that reached its targets only in part.",
    )
    next_ids = fields.One2many(
        "crm.policy.improvement", "previous_id", string="New Loop", readonly=True, copy=False
    )
    is_tracked = fields.Boolean(
        string="Tracked by the Policy",
        readonly=True,
        copy=False,
        help="The settlement of the case has asked for it.",
    )
    problem = fields.Text()
    root_cause = fields.Text()
    budget = fields.Monetary(help="What carrying it out may cost.")
    goal_ids = fields.One2many("crm.policy.improvement.goal", "improvement_id", string="Goals")
    action_ids = fields.One2many(
        "crm.policy.improvement.action", "improvement_id", string="Improvement Actions"
    )
    owner_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_improvement_owner_rel",
        string="Owners until Now",
        readonly=True,
        copy=False,
        help="Whoever has owned the plan once: none of them checks its effect.",
    )
    reader_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_improvement_reader_rel",
        string="Opened For",
        readonly=True,
        copy=False,
    )
    writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_improvement_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has written what is signed: none of them signs it.",
    )
    effect_months = fields.Integer(
        string="Months until the Effect Shows", readonly=True, copy=False, aggregator=None
    )
    opened_at = fields.Datetime(readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    implemented_at = fields.Datetime(readonly=True, copy=False, help="The last action is done.")
    checked_at = fields.Datetime(string="Effect Checked At", readonly=True, copy=False)
    checked_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    check_text = fields.Text(string="Effect", readonly=True, copy=False)
    closed_at = fields.Datetime(readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    close_text = fields.Text(string="Conclusion", readonly=True, copy=False)
    result = fields.Selection(RESULTS, readonly=True, copy=False)
    cancelled_at = fields.Datetime(readonly=True, copy=False)
    cancelled_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    cancel_text = fields.Text(string="Why It Was Cancelled", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approved", "Approved"),
            ("running", "Being Carried Out"),
            ("evaluating", "Evaluating"),
            *RESULTS,
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
        group_expand="_policy_state_columns",
    )
    achievement = fields.Float(
        string="Achievement (%)",
        compute="_compute_achievement",
        store=True,
        aggregator="avg",
        digits=(12, 2),
        help="The average of the goals that are measured.",
    )
    action_count = fields.Integer(compute="_compute_action_count")
    open_action_count = fields.Integer(string="Open Actions", compute="_compute_action_count")
    is_locked = fields.Boolean(compute="_compute_is_locked")

    _number_uniq = models.Constraint(
        "UNIQUE(company_id, number)", "An improvement plan has its number alone."
    )
    _budget_positive = models.Constraint("CHECK(budget >= 0)", "The budget is not negative.")
    _case_once = models.UniqueIndex(
        "(ticket_id) WHERE previous_id IS NULL AND cancelled_at IS NULL",
        "The case has its improvement plan already: add goals and actions to it.",
    )
    _tracked_once = models.UniqueIndex(
        "(ticket_id) WHERE is_tracked IS TRUE", "A case is tracked by one improvement plan."
    )
    _next_once = models.UniqueIndex(
        "(previous_id) WHERE previous_id IS NOT NULL", "A plan has one new loop."
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_approval_state", "started_at", "implemented_at", "closed_at", "result",
                 "cancelled_at")  # fmt: skip
    def _compute_state(self):
        for plan in self:
            plan.state = (
                (plan.cancelled_at and "cancelled")
                or (plan.closed_at and plan.result)
                or (plan.implemented_at and "evaluating")
                or (plan.started_at and "running")
                or (plan.policy_approval_state == "approved" and "approved")
                or "draft"
            )

    @api.depends("goal_ids.achievement", "goal_ids.measured")
    def _compute_achievement(self):
        for plan in self:
            shares = plan.goal_ids.filtered("measured").mapped("achievement")
            plan.achievement = sum(shares) / len(shares) if shares else 0.0

    @api.depends("action_ids.state")
    def _compute_action_count(self):
        for plan in self:
            plan.action_count = len(plan.action_ids)
            plan.open_action_count = len(
                plan.action_ids.filtered(lambda action: action.state in ("planned", "open"))
            )

    @api.depends("policy_approval_state", "state")
    def _compute_is_locked(self):
        for plan in self:
            plan.is_locked = bool(plan._policy_lock_words())

    @api.depends("number", "name")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = " ".join(part for part in (plan.number, plan.name) if part)

    @api.model
    def _policy_state_columns(self, states, domain):
        """Show the board's columns in their order, the empty ones of the usual course as well."""
        shown = {"draft", "approved", "running", "evaluating", *states}
        return [code for code, _label in self._fields["state"].selection if code in shown]

    # === CRUD METHODS === #

    @api.model
    def _policy_running_domain(self):
        return Domain("cancelled_at", "=", False)

    def _policy_fact_fields(self):
        return frozenset(
            {
                "opened_at",
                "started_at",
                "implemented_at",
                "checked_at",
                "closed_at",
                "cancelled_at",
            }
        )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | GUARDED

    @api.model
    def default_get(self, fields):
        """Take defaults for what a person says only: some plans are stored by the superuser."""
        own = HANDMADE | self._policy_guarded_fields()
        return super().default_get([name for name in fields if name in own])

    @api.model_create_multi
    def create(self, vals_list):
        """Draw up plans by hand: numbered, under the policy in force."""
        # pylint: disable=method-required-super; it is called with what this method has added
        self._policy_refuse_guarded({name for vals in vals_list for name in vals})
        self._policy_check_budget(vals_list)
        return self._policy_open(vals_list)

    def write(self, vals):
        self._policy_check_budget([vals])
        if set(SIGNED).intersection(vals):
            self._policy_check_unlocked()
            self._policy_note_writer()
        if "user_id" in vals:
            self._policy_check_running()
        result = super().write(vals)
        if {"ticket_id", "sanction_id"}.intersection(vals):
            self._policy_check_sources()
        if "user_id" in vals:
            self._policy_owner_changed()
        return result

    def _policy_check_budget(self, vals_list):
        """Refuse an amount before rounding it and the database stumble over it."""
        for vals in vals_list:
            budget = vals.get("budget")
            if isinstance(budget, bool) and budget or not is_plausible(budget):
                raise ValidationError(
                    self.env._("An amount of %(amount)s cannot be meant.", amount=budget)
                )

    def _policy_check_sources(self):
        """Refuse a case or a sanction that the user does not see; what it comes from follows."""
        self.ticket_id.check_access("read")
        stored = self.sudo()
        stored.sanction_id.with_env(self.env).check_access("read")
        for plan in stored:
            plan._policy_guarded_write({"source": plan._policy_source()})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("An improvement plan is cancelled with a reason, not deleted."))

    # === BUSINESS METHODS === #

    def _policy_lock_words(self):
        """Return why the plan itself cannot be changed, or None."""
        self.ensure_one()
        state = self.policy_approval_state
        if self.state != "draft":
            return self.env._("%(plan)s stays as it was approved.", plan=self.display_name)
        if state == "pending":
            return self.env._(
                "%(plan)s is being signed by who has read it: recall it first.",
                plan=self.display_name,
            )
        return None

    def _policy_check_unlocked(self):
        for plan in self.sudo():
            words = plan._policy_lock_words()
            if words:
                raise UserError(words)

    def _policy_note_writer(self):
        """Remember who rewrites what the signature stands for, in the plan or in its lines."""
        new = self.sudo().filtered(lambda plan: self.env.user not in plan.writer_ids)
        new._policy_guarded_write({"writer_ids": [Command.link(self.env.uid)]})

    def _policy_check_running(self):
        """Refuse another owner while somebody signs, and once the plan is over."""
        for plan in self.sudo():
            over = plan.closed_at or plan.cancelled_at
            if over or plan.policy_approval_state == "pending":
                raise UserError(self.env._("%(plan)s keeps its owner now.", plan=plan.display_name))

    def _policy_owner_changed(self):
        """Remember the owner, leave a trace, and tell him."""
        for plan in self.sudo():
            new = plan.user_id
            if new - plan.owner_ids:
                plan._policy_guarded_write({"owner_ids": [Command.link(new.id)]})
            self.env["crm.policy.event"]._policy_log(
                "improvement.owner", plan, {"user": new.id}, clause=plan.policy_version_id
            )
        self._policy_tell_owner()

    def _policy_tell_owner(self):
        """Send each owner a mail about the plans that are his from now on."""
        for plan in self.sudo():
            owner = plan.user_id
            if not owner.active or owner == self.env.user:
                continue
            there = plan.with_context(lang=owner.lang or None)
            there.message_notify(
                author_id=self.env.ref("base.partner_root").id,
                partner_ids=owner.partner_id.ids,
                subject=there.env._("Improvement plan %(number)s is yours", number=there.number),
                body=there.env._(
                    "You answer for the improvement plan %(plan)s. Write down the root cause, the "
                    "goals and the actions, and submit it.",
                    plan=there.display_name,
                ),
            )

    # === APPROVAL === #

    def _policy_approval_values(self):
        return {
            "name": self.name or "",
            "problem": self.problem or "",
            "root_cause": self.root_cause or "",
            "department": self.policy_department_id.id,
            "budget": f"{self.budget:.2f}",
            "goals": [
                [goal.indicator, f"{goal.baseline:.4f}", f"{goal.target:.4f}"]
                for goal in self.goal_ids.sorted("id")
            ],
        }

    def _policy_approval_amount(self):
        return self.budget

    def _policy_proposers(self):
        # Who has opened a plan for the policy has written nothing by himself.
        writers = self.writer_ids
        return writers if self.is_tracked else super()._policy_proposers() | writers

    def _policy_approval_barred_users(self):
        return self.user_id
