from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import EMERGENCY_TRIGGERS
from ...tools.amounts import is_plausible
from ...tools.zones import company_zone, to_local

NUMBERS = "EMG-YYYY-NNNN"
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


class CrmPolicyEmergency(models.Model):
    """An emergency on a case: who was sent, what they did before anybody approved it, and what the
    competent approver says afterwards (EMG-01 to EMG-04; 000 and 004 四(一), 001 第6章 三3.2).

    How it may execute before an approval and how it is ratified stands in
    ``crm.policy.emergency.ratification``.
    """

    _name = "crm.policy.emergency"
    _description = "Emergency Handling"
    _inherit = [
        "crm.policy.dependent",
        "crm.policy.emergency.ratification",
        "crm.policy.subject",
    ]
    _policy_document_field = "ticket_id"
    _order = "id desc"
    _rec_name = "number"

    number = fields.Char(required=True, readonly=True)
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    # Roles and the chain of managers find the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    partner_id = fields.Many2one(related="ticket_id.partner_id", string="Customer")
    policy_department_id = fields.Many2one(
        related="ticket_id.policy_department_id", string="Department in Charge"
    )
    trigger = fields.Selection(EMERGENCY_TRIGGERS, required=True, readonly=True)
    reason = fields.Text(required=True, readonly=True)
    clause_id = fields.Many2one(
        "crm.policy.clause", required=True, readonly=True, index=True, ondelete="restrict"
    )
    plan_id = fields.Many2one(
        "crm.policy.emergency.plan", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    team_id = fields.Many2one(
        "crm.policy.team", required=True, readonly=True, index=True, ondelete="restrict"
    )
    leader_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    started_by_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    member_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_emergency_member_rel",
        string="Members at the Start",
        readonly=True,
    )
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

    action_ids = fields.One2many(
        "crm.policy.emergency.action", "emergency_id", string="Actions", readonly=True
    )
    step_ids = fields.One2many(
        "crm.policy.emergency.step", "emergency_id", string="Steps of the Plan", readonly=True
    )
    total_amount = fields.Monetary(compute="_compute_total_amount", string="Spent in Total")
    is_member = fields.Boolean(compute="_compute_mine")
    is_leader = fields.Boolean(compute="_compute_mine")

    _number_uniq = models.Constraint(
        "UNIQUE(company_id, number)", "A company has each number of an emergency once."
    )
    # Two managers who start at once: the second is told, whatever worker he is on.
    _running_uniq = models.UniqueIndex(
        "(ticket_id) WHERE closed_at IS NULL", "A case has one emergency at a time."
    )
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

    @api.depends("action_ids.amount")
    def _compute_total_amount(self):
        for emergency in self:
            emergency.total_amount = sum(emergency.sudo().action_ids.mapped("amount"))

    @api.depends("team_id", "leader_id", "state")
    @api.depends_context("uid")
    def _compute_mine(self):
        for emergency in self:
            running = emergency.state != "closed"
            members, leaders = emergency._policy_people() if running else ((), ())
            emergency.is_member = self.env.user in members
            emergency.is_leader = self.env.user in leaders

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"started_at", *FACT_ORDER}

    def _policy_guarded_fields(self):
        # Nobody types one in: a case starts it, its team keeps it.
        return super()._policy_guarded_fields() | (
            {name for name, field in self._fields.items() if field.store} - {"id"}
        )

    @api.model
    def _policy_open_domain(self):
        # It is ratified under the version under which it was started.
        return Domain.FALSE

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("An emergency is evidence: it stays."))

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

    def action_policy_open_case(self):
        """Open the case."""
        self.ensure_one()
        self.check_access("read")
        return self._policy_approval_action() | {
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
        }

    # === BUSINESS METHODS === #

    @api.model
    def _policy_start(self, case, route, trigger, reason):
        """Start an emergency of a case whose trigger the caller has found true.

        :param case: the ``helpdesk.ticket``, as superuser.
        :param route: the route of its policy, which says who ratifies and by which clause.
        :return: the emergency, as superuser.
        :raises UserError: it has one, or there is no team.
        :raises PolicyRefusal: the right of the team or its leader is suspended.
        """
        running = self.sudo().search([("ticket_id", "=", case.id), ("closed_at", "=", False)])
        if running:
            raise UserError(
                self.env._(
                    "%(case)s: %(emergency)s is running already.",
                    case=case.display_name,
                    emergency=running.number,
                )
            )
        company, now = case.company_id, fields.Datetime.now()
        team = self.env["crm.policy.team"]._policy_team_of("emergency", company).sudo()
        concerned = case._policy_concerned_users()
        members = team._policy_voters() - concerned
        chair = (team._policy_seats().get(team._policy_chair(), members) - concerned) or members
        if not members:
            raise UserError(
                self.env._(
                    "%(team)s has nobody for %(case)s: whoever is complained about, or is the "
                    "customer himself, does not act in it. Appoint somebody else.",
                    team=team.name,
                    case=case.display_name,
                )
            )
        leader = (chair & self.env.user) or chair[:1]
        self._policy_check_right(team, leader | self.env.user, company)
        day = to_local(now, company_zone(company)).date()
        counter = self.env["crm.policy.counter"].sudo()
        [number] = counter._policy_reserve(company, NUMBERS, "year", day, 1)
        plan = self.env["crm.policy.emergency.plan"]._policy_plan_for(trigger, company)
        [emergency] = self.sudo()._policy_guarded_create(
            [
                {
                    "number": number,
                    "ticket_id": case.id,
                    "company_id": company.id,
                    "policy_version_id": route.version_id.id,
                    "clause_id": route.clause_id.id,
                    "trigger": trigger,
                    "reason": reason,
                    "plan_id": plan.id,
                    "team_id": team.id,
                    "leader_id": leader.id,
                    "started_by_id": self.env.uid,
                    "member_ids": [(6, 0, members.ids)],
                    "started_at": now,
                }
            ]
        )
        emergency._policy_check_ratifiable(self.env.user)
        self.env["crm.policy.event"]._policy_log(
            "emergency.started",
            emergency,
            {
                "case": case.id,
                "trigger": trigger,
                "team": team.id,
                "leader": leader.id,
                "members": members.ids,
            },
            clause=route.clause_id,
        )
        steps = emergency._policy_copy_plan()
        responsible = steps._policy_responsible_people() - concerned
        people = (team._policy_people() - concerned) | responsible
        self.env["crm.policy.case.access"].sudo()._policy_grant(case, people, "team")
        emergency._policy_tell(members | responsible)
        return emergency

    def _policy_copy_plan(self):
        """Copy the steps of the plan: each is due its minutes after the start (EMG-03)."""
        self.ensure_one()
        return (
            self.env["crm.policy.emergency.step"]
            .sudo()
            ._policy_guarded_create(
                [
                    {
                        "emergency_id": self.id,
                        "policy_version_id": self.policy_version_id.id,
                        "plan_step_id": step.id,
                        "role_id": step.role_id.id,
                        "opened_at": self.started_at,
                        "due_at": fields.Datetime.add(self.started_at, minutes=step.minutes),
                    }
                    for step in self.plan_id.step_ids
                ]
            )
        )

    def _policy_tell(self, users):
        """Tell the team, in each one's language."""
        for lang, group in users.grouped("lang").items():
            there = self.with_context(lang=lang or None)
            there.ticket_id.message_notify(
                partner_ids=group.partner_id.ids,
                subject=there.env._("Emergency %(number)s", number=there.number),
                body=there.env._(
                    "%(clause)s: %(leader)s leads the emergency %(number)s on %(case)s. You are in "
                    "its team: act now, write down what you do and what it costs. It is ratified "
                    "afterwards.",
                    clause=there.clause_id._policy_citation(),
                    leader=there.leader_id.name,
                    number=there.number,
                    case=there.ticket_id.display_name,
                ),
            )

    def _policy_people(self):
        """Return who may act now and who leads now.

        Whoever sits in the team and votes acts; the leader of the start and the chair lead. Where
        nobody of the team is left the next level above the leader leads: nothing is stuck. Nobody
        acts or leads in his own matter.

        :return: (members, leaders), both ``res.users``
        """
        self.ensure_one()
        emergency = self.sudo()
        team = emergency.team_id
        concerned = emergency.ticket_id._policy_concerned_users()
        members = self.env["res.users"].sudo()
        chair = members
        if team._policy_is_running():
            seats = team._policy_seats()
            members = members.union(*team._policy_voting_seats(seats).values()) - concerned
            chair = seats.get(team._policy_chair(), members.browse()) - concerned
        leaders = (emergency.leader_id & members) | chair or members
        if not leaders:
            leaders = emergency._policy_next_leaders(concerned)
        return members, leaders

    def _policy_next_leaders(self, concerned):
        """Return the nearest level above the leader where somebody is whom it does not concern."""
        Ladder, company = self.env["crm.policy.ladder"], self.company_id
        place = (self.leader_id.id, self.policy_department_id.id)
        chain, _circle = Ladder._policy_chains([place], company)[place]
        rungs = [(*place, level) for level in range(1, max(len(chain), 1) + 1)]
        told = Ladder._policy_climb(rungs, company)
        levels = [told[rung][0] for rung in rungs] + [Ladder._policy_administrators(company)]
        return next(
            (users - concerned for users in levels if users - concerned), concerned.browse()
        )

    def _policy_hold(self, who, states=None):
        """Check the user and the state, and let two who act at once do so one after the other.

        :param str who: "members" or "leaders".
        :param tuple states: in which it may be; None for any but closed.
        """
        self.check_access("read")
        for emergency in self:
            members, leaders = emergency._policy_people()
            people = members | leaders if who == "members" else leaders
            if self.env.user not in people:
                raise AccessError(
                    self.env._(
                        "%(clause)s: this is done by the team of %(emergency)s: %(users)s.",
                        clause=emergency.sudo().clause_id._policy_citation(),
                        emergency=emergency.number,
                        users=", ".join(people.sudo().mapped("name")),
                    )
                )
        emergencies = self.sudo()
        emergencies._policy_lock()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for emergency in emergencies:
            if emergency.state == "closed" or (states and emergency.state not in states):
                raise UserError(
                    self.env._(
                        "%(emergency)s is %(state)s: this is not done any more.",
                        emergency=emergency.number,
                        state=labels[emergency.state],
                    )
                )

    def _policy_lock(self):
        """Hold the rows: whoever comes second repeats his call on what the first has written."""
        self.flush_recordset()
        # In the order of their ids: two who act on many never wait for each other.
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_policy_emergency SET write_date = %(now)s
                  FROM (SELECT id FROM crm_policy_emergency
                         WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE) AS held
                 WHERE crm_policy_emergency.id = held.id
                """,
                now=self.env.cr.now(),
                ids=self.ids,
            )
        )
        self.invalidate_recordset()

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
                    missing=", ".join(map(self._policy_label, missing)),
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

    @api.model
    def _policy_text(self, text, problem):
        text = text.strip() if isinstance(text, str) else ""
        if not text:
            raise ValidationError(problem)
        return text

    def _policy_open_for(self, users):
        self.env["crm.policy.case.access"].sudo()._policy_grant(self.ticket_id, users, "escalation")
