from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.amounts import is_plausible
from ...words import list_words

# What is recorded in which order; none of these is typed in.
FACT_ORDER = {
    "acted_at": ("started_at",),
    "response_at": ("started_at",),
    "onsite_at": ("response_at",),
    "stabilised_at": ("acted_at", "response_at", "onsite_at"),
    "follow_up_at": ("stabilised_at",),
    "decided_at": ("stabilised_at",),
    "closed_at": ("decided_at", "follow_up_at"),
}
STAGES = ("response", "onsite", "follow_up")
RUNNING = ("activated", "acting")


class CrmPolicyEmergencyCourse(models.AbstractModel):
    """What happens in an emergency from its start to its end, and its log (EMG-01, EMG-04)."""

    _name = "crm.policy.emergency.course"
    _description = "Course of an Emergency"
    _inherit = ["crm.policy.emergency.subject"]

    state = fields.Selection(
        [
            ("activated", "Activated"),
            ("acting", "Acting"),
            ("stabilised", "Stabilised"),
            ("ratification_pending", "Ratification Pending"),
            ("ratified", "Ratified"),
            ("refused", "Ratification Refused"),
            ("closed", "Closed"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )
    stage = fields.Selection(
        [
            ("response", "Response"),
            ("onsite", "On Site"),
            ("follow_up", "Follow-up"),
            ("recorded", "All Recorded"),
        ],
        string="Stage to Record",
        compute="_compute_stage",
    )

    # What was said at the stages and in the end
    response_text = fields.Text(string="Response: Team Convened", readonly=True)
    onsite_text = fields.Text(string="On Site: Customer Protected", readonly=True)
    follow_up_text = fields.Text(string="Follow-up: Result", readonly=True)
    satisfaction = fields.Integer(readonly=True, aggregator="avg", help="From 1 to 5.")
    statement = fields.Text(
        string="Statement of Stability", readonly=True, help="Why the situation is stable."
    )
    lessons = fields.Text(readonly=True)
    recovery = fields.Text(
        readonly=True,
        help="What is done to make good what nobody has ratified.",
    )

    # Facts
    started_at = fields.Datetime(readonly=True)
    acted_at = fields.Datetime(string="First Action At", readonly=True)
    response_at = fields.Datetime(string="Response Recorded At", readonly=True)
    onsite_at = fields.Datetime(string="On Site Recorded At", readonly=True)
    stabilised_at = fields.Datetime(readonly=True)
    follow_up_at = fields.Datetime(string="Follow-up Recorded At", readonly=True)
    decided_at = fields.Datetime(string="Ratification Decided At", readonly=True)
    closed_at = fields.Datetime(readonly=True)

    _satisfaction_range = models.Constraint(
        "CHECK(satisfaction IS NULL OR satisfaction BETWEEN 0 AND 5)",
        "Satisfaction is a whole number from 1 to 5.",
    )

    # === COMPUTE METHODS === #

    @api.depends("acted_at", "stabilised_at", "policy_approval_state", "closed_at")
    def _compute_state(self):
        decision = {
            "pending": "ratification_pending",
            "approved": "ratified",
            "rejected": "refused",
        }
        for emergency in self:
            emergency.state = (
                (emergency.closed_at and "closed")
                or decision.get(emergency.policy_approval_state)
                or (emergency.stabilised_at and "stabilised")
                or (emergency.acted_at and "acting")
                or "activated"
            )

    @api.depends("response_at", "onsite_at", "follow_up_at")
    def _compute_stage(self):
        for emergency in self:
            missing = [stage for stage in STAGES if not emergency[f"{stage}_at"]]
            emergency.stage = missing[0] if missing else "recorded"

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"started_at", *FACT_ORDER}

    # === ACTION METHODS === #

    def action_policy_act(self, text=None, amount=0.0, at=None):
        """Write down what the team has done; nobody changes the line later (EMG-01, C.3).

        :param str text: what was done.
        :param float amount: what it cost, in the currency of the company.
        :param at: when, naive UTC; now by default. Not before the start, not in the future.
        """
        text = self._policy_text(text, self.env._("Say what was done."))
        if not is_plausible(amount):
            raise ValidationError(
                self.env._("An amount of %(amount)s cannot be meant.", amount=amount)
            )
        self._policy_hold("members", (*RUNNING, "stabilised"))
        for emergency in self.sudo():
            moment = emergency._policy_moment("acted_at", at, fields.Datetime.now())
            if moment < emergency.started_at:
                raise ValidationError(
                    self.env._(
                        "%(emergency)s: nothing was done before it was started.",
                        emergency=emergency.number,
                    )
                )
            emergency._policy_log_action(text, float(amount or 0), moment)
        return True

    def action_policy_record(self, stage=None, text=None, score=None):
        """Record a stage of the handling: response, onsite, follow_up, in this order (EMG-04).

        :param str text: what was done in this stage.
        :param int score: satisfaction of the customer from 1 to 5; only the follow-up has one.
        """
        if stage not in STAGES:
            raise ValidationError(self.env._("Say which stage is recorded."))
        text = self._policy_text(text, self.env._("Say what was done in this stage."))
        vals = {f"{stage}_text": text}
        if stage == "follow_up":
            if isinstance(score, bool) or not isinstance(score, int) or not 1 <= score <= 5:
                raise ValidationError(
                    self.env._(
                        "Satisfaction is a whole number from 1 to 5, not %(score)s.", score=score
                    )
                )
            vals["satisfaction"] = score
        self._policy_hold("members")
        return self._policy_reach(f"{stage}_at", vals)

    def action_policy_stabilise(self, statement=None):
        """Say that the situation is stable: the time for the ratification runs (EMG-02)."""
        text = self._policy_text(statement, self.env._("Say why the situation is stable."))
        self._policy_hold("leaders", RUNNING)
        return self._policy_reach("stabilised_at", {"statement": text})

    def action_policy_close(self, lessons=None, recovery=None):
        """Close what is ratified, or refused and made good (EMG-02, C.3).

        :param str lessons: what was learned.
        :param str recovery: what is done after a refusal; mandatory then.
        :raises PolicyRefusal: nobody has decided on the ratification.
        """
        text = self._policy_text(lessons, self.env._("Say what was learned."))
        self._policy_hold("leaders")
        for emergency in self.sudo():
            emergency._policy_check_decided()
            vals = {"lessons": text}
            if emergency.state == "refused":
                vals["recovery"] = self._policy_text(
                    recovery,
                    self.env._(
                        "%(emergency)s was refused: say what is done to make it good.",
                        emergency=emergency.number,
                    ),
                )
            emergency._policy_reach("closed_at", vals)
        return True

    # === BUSINESS METHODS === #

    def _policy_reach(self, fact, vals):
        """Record a fact with what was said of it; the texts stay as they were said first."""
        emergencies = self.sudo()
        with self.env.cr.savepoint():
            emergencies._policy_set_fact(fact)
            emergencies._policy_guarded_write(vals)
        return True

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        missing = [fact for fact in FACT_ORDER[name] if not self[fact]]
        if missing:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s, %(fact)s: missing first: %(missing)s.",
                    clause=self.clause_id._policy_citation(),
                    case=self.number,
                    fact=self._policy_label(name),
                    missing=list_words(self.env, list(map(self._policy_label, missing))),
                )
            )
        return result

    def _policy_log_action(self, text, amount, moment, document=None):
        """Write a line of the log, which nobody changes later; the first one starts the acting."""
        self.ensure_one()
        barred = document._policy_nondeciders() if document else self.env["res.users"]
        self._policy_check_ratifiable(self.env.user | barred)
        line = (
            self.env["crm.policy.emergency.action"]
            .sudo()
            ._policy_insert(
                [
                    {
                        "emergency_id": self.id,
                        "ticket_id": self.ticket_id.id,
                        "company_id": self.company_id.id,
                        "user_id": self.env.uid,
                        "happened_at": moment,
                        "name": text,
                        "amount": amount,
                        "res_model": document._name if document else False,
                        "res_id": document.id if document else False,
                    }
                ]
            )
        )
        self.env["crm.policy.event"]._policy_log(
            "emergency.acted",
            self,
            {"action": line.id, "amount": amount, "team": self.team_id.id, "at": str(moment)},
            clause=self.clause_id,
        )
        if not self.acted_at:
            self._policy_set_fact("acted_at")
        return line
