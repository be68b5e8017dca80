from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import SEVERITIES_OF_BREACH, WAIVER_REASONS
from ...exceptions import PolicyRefusal
from ...tools.zones import company_zone, to_local

NUMBERS = "VIO-YYYY-NNNN"
REPORTERS = "crm_policy.group_supervisor"
APPEAL_DAYS = "violation_appeal_days"  # the parameter of the clause on appeals


class CrmPolicyViolation(models.Model):
    """A breach of a clause by somebody: he explains, his manager upholds or waives, he may appeal.

    Each step is taken once, by whom it is due to, and stays as it was taken. Nobody decides on
    himself, on what he reported or explained, nor twice on the same violation.
    """

    _name = "crm.policy.violation"
    _description = "Violation"
    _inherit = [
        "crm.policy.protected",
        "crm.policy.subject",
        "mail.thread",  # activities need it
        "mail.activity.mixin",
    ]
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
    version_label = fields.Char(string="Policy Version", readonly=True)
    severity = fields.Selection(SEVERITIES_OF_BREACH, required=True, readonly=True)
    deadline_id = fields.Many2one(
        "crm.policy.deadline", string="Deadline Missed", readonly=True, ondelete="restrict"
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    res_name = fields.Char(string="Document", compute="_compute_res_name")
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Whose duty it was. Empty: a group's.",
    )
    department_id = fields.Many2one("hr.department", readonly=True, index=True, ondelete="restrict")
    policy_department_id = fields.Many2one(related="department_id")
    reporter_id = fields.Many2one(
        "res.users",
        string="Reported By",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: found by the policy's own clock.",
    )
    description = fields.Text(readonly=True)
    reader_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_violation_reader_rel",
        string="Opened For",
        readonly=True,
        help="Managers of the person and who stands in for him.",
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("explained", "Explained"),
            ("upheld", "Upheld"),
            ("waived", "Waived"),
        ],
        default="open",
        required=True,
        readonly=True,
        index=True,
    )
    opened_at = fields.Datetime(string="Recorded At", required=True, readonly=True, index=True)
    explanation = fields.Text(readonly=True)
    explained_at = fields.Datetime(readonly=True)
    explained_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(readonly=True)
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
        "(deadline_id) WHERE deadline_id IS NOT NULL",
        "A deadline that was missed is one violation.",
    )
    _document_idx = models.Index("(res_model, res_id)")

    # === COMPUTE METHODS === #

    @api.depends("number", "clause_number")
    def _compute_display_name(self):
        for violation in self:
            violation.display_name = f"{violation.number} ({violation.clause_number})"

    @api.depends("res_model", "res_id")
    def _compute_res_name(self):
        for model_name, violations in self.grouped("res_model").items():
            records = self.env[model_name].browse(violations.mapped("res_id"))
            # The name of a document is only for those who may read it.
            readable = records.exists()._filtered_access("read").sudo()
            names = {record.id: record.display_name for record in readable}
            for violation in violations:
                violation.res_name = names.get(violation.res_id, "")

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

    # === RECORDING === #

    @api.model
    def _policy_record_breaches(self, deadlines):
        """Record a violation for each breached deadline, once; the caller holds their rows.

        A violation that is not answered in time is overdue and escalates, but is no violation of
        its own: it would go on for ever.
        """
        deadlines = deadlines.sudo()
        now = fields.Datetime.now()
        known = self.sudo().search([("deadline_id", "in", deadlines.ids)]).deadline_id
        breaches = (deadlines - known).filtered(
            lambda deadline: (
                deadline.res_model != self._name
                and not deadline.is_trial
                and not deadline.accepted_overdue
            )
        )
        vals_list = [
            {
                "deadline_id": deadline.id,
                "company_id": deadline.company_id.id,
                "clause_id": deadline.clause_id.id,
                "clause_number": deadline.clause_number,
                "version_label": deadline.version_label,
                "policy_version_id": deadline.rule_id.version_id.id,
                "severity": deadline.rule_id.severity,
                "res_model": deadline.res_model,
                "res_id": deadline.res_id,
                "user_id": deadline.user_id.id,
                "department_id": deadline.department_id.id,
            }
            for deadline in breaches
        ]
        violations = self._policy_open(vals_list, now)
        self.env.execute_query(
            SQL(
                "UPDATE crm_policy_deadline SET judged_at = %s WHERE id = ANY(%s) RETURNING id",
                now,
                deadlines.ids,
            )
        )
        deadlines.invalidate_recordset(["judged_at"], flush=False)
        return violations

    @api.model
    def _policy_open(self, vals_list, now):
        """Number and store new violations, tell the ledger and the persons; as superuser."""
        if not vals_list:
            return self.sudo()
        by_company = {}
        for vals in vals_list:
            by_company.setdefault(vals["company_id"], []).append(vals)
        for company_id, group in by_company.items():
            company = self.env["res.company"].sudo().browse(company_id)
            day = to_local(now, company_zone(company)).date()
            numbers = (
                self.env["crm.policy.counter"]
                .sudo()
                ._policy_reserve(company, NUMBERS, "year", day, len(group))
            )
            readers = self._policy_readers(group, company)
            for vals, number in zip(group, numbers, strict=True):
                vals["number"] = number
                vals["opened_at"] = now
                place = (vals["user_id"] or False, vals["department_id"] or False)
                vals["reader_ids"] = [(6, 0, sorted(readers[place]))]
        # "Created", by nobody, on each of thousands: the ledger says it.
        silent = self.sudo().with_context(tracking_disable=True)
        violations = silent._policy_insert(vals_list)
        for clause, group in violations.grouped("clause_id").items():
            self.env["crm.policy.event"]._policy_log(
                "violation.opened",
                group,
                payloads={
                    violation.id: {
                        "number": violation.number,
                        "person": violation.user_id.id,
                        "severity": violation.severity,
                        "deadline": violation.deadline_id.id,
                        "res_model": violation.res_model,
                        "res_id": violation.res_id,
                    }
                    for violation in group
                },
                clause=clause,
            )
        violations._policy_ask_for_explanation()
        return violations

    @api.model
    def _policy_readers(self, vals_list, company):
        """Return {(user id, department id): ids of who reads along}: managers and substitutes."""
        places = {(v["user_id"] or False, v["department_id"] or False) for v in vals_list}
        chains = self.env["crm.policy.ladder"]._policy_chains(places, company)
        posts = (
            self.env["crm.policy.post"]
            .sudo()
            .search(
                [
                    ("user_ids", "in", [user for user, _place in places if user]),
                    ("company_id", "=", company.id),
                ]
            )
        )
        readers = {}
        for place in places:
            substitutes = posts.filtered(
                lambda post, person=place[0]: person in post.user_ids.ids
            ).substitute_id
            readers[place] = {user for user in chains[place][0] if user} | set(substitutes.ids)
            readers[place].discard(place[0])
        return readers

    def _policy_ask_for_explanation(self):
        """Leave an activity for the persons: they have to explain themselves."""
        kind = self.env.ref("crm_policy.activity_violation", raise_if_not_found=False)
        vals_list = []
        for violation in self.filtered("user_id"):
            user = violation.user_id
            if not user.active:
                continue
            until = violation.policy_next_due_at or violation.opened_at
            zone = company_zone(violation.company_id)
            vals_list.append(
                {
                    "activity_type_id": kind.id if kind else False,
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": violation.id,
                    "user_id": user.id,
                    "summary": violation.with_context(lang=user.lang).env._(
                        "Explain %(violation)s", violation=violation.display_name
                    ),
                    "date_deadline": to_local(until, zone).date(),
                }
            )
        self.env["crm.policy.escalation"]._policy_remind_quietly(vals_list)

    # === ACTION METHODS === #

    @api.model
    def action_policy_report(
        self, clause_id, res_model, res_id, description, user_id=None, severity="minor"
    ):
        """Record a violation by hand; supervisors and above, with a clause and a document.

        :param int clause_id: clause of a version in force of the company of the document.
        :param str res_model: model of the document; a governed one.
        :param str description: what happened.
        :param int user_id: whose duty it was; None for a group's.
        :return: the action that opens it.
        :raises AccessError: no supervisor, or the document is hidden from him.
        :raises UserError: somebody reports himself; the version runs on trial.
        """
        if not self.env.user.has_group(REPORTERS):
            raise AccessError(self.env._("Supervisors and above record violations."))
        Model = self.env.get(res_model)
        if Model is None or Model._abstract or not hasattr(Model, "_policy_set_fact"):
            raise ValidationError(self.env._("%(model)s is no governed document.", model=res_model))
        document = Model.browse(res_id).exists()
        if not document or document._name == self._name:
            raise ValidationError(self.env._("Name the document that the violation is about."))
        document.check_access("read")
        clause = self.env["crm.policy.clause"].browse(clause_id).exists()
        clause.check_access("read")
        document, clause = document.sudo(), clause.sudo()
        company = document.company_id
        if not clause or clause.company_id != company:
            raise ValidationError(
                self.env._("Name the clause, one of %(company)s.", company=company.name)
            )
        if clause.version_id.state not in ("effective", "superseded"):
            raise ValidationError(
                self.env._("%(clause)s was never in force.", clause=clause._policy_citation())
            )
        if clause.version_id.enforcement == "trial":
            raise UserError(
                self.env._(
                    "%(clause)s runs on trial: a breach is no violation.",
                    clause=clause._policy_citation(),
                )
            )
        if severity not in dict(SEVERITIES_OF_BREACH):
            raise ValidationError(
                self.env._("There is no severity %(severity)s.", severity=severity)
            )
        person = self.env["res.users"].sudo().browse(user_id or ()).exists()
        if person == self.env.user:
            raise UserError(self.env._("Nobody reports himself: let your manager do it."))
        if person and (person.share or company not in person.company_ids):
            raise ValidationError(
                self.env._(
                    "%(person)s does not work for %(company)s.",
                    person=person.name,
                    company=company.name,
                )
            )
        employee = person.with_company(company).employee_id
        department = employee.department_id
        if not department and "policy_department_id" in document:
            department = document.policy_department_id
        violation = self._policy_open(
            [
                {
                    "company_id": company.id,
                    "clause_id": clause.id,
                    "clause_number": clause.number,
                    "version_label": clause.version_id.display_name,
                    "policy_version_id": clause.version_id.id,
                    "severity": severity,
                    "res_model": document._name,
                    "res_id": document.id,
                    "user_id": person.id,
                    "department_id": department.id,
                    "reporter_id": self.env.uid,
                    "description": self._policy_text(description, self.env._("Say what happened.")),
                }
            ],
            fields.Datetime.now(),
        )
        return violation.with_env(self.env)._policy_form()

    def action_policy_explain(self, text=None):
        """Explain why it happened; the person himself, or his substitute while he is away."""
        text = self._policy_text(text, self.env._("Say why it happened."))
        for violation in self:
            stored = violation._policy_take("explain")
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
            stored = violation._policy_take("decide")
            now = fields.Datetime.now()
            days = self.env["crm.policy.parameter"]._policy_value(stored.company_id.id, APPEAL_DAYS)
            stored._policy_move(
                "violation.upheld",
                {
                    "state": "upheld",
                    "decided_at": now,
                    "decided_by_id": self.env.uid,
                    "decision_text": (text or "").strip() or False,
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
            stored = violation._policy_take("decide")
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
            stored = violation._policy_take("appeal")
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
            stored = violation._policy_take("answer")
            stored._policy_move("violation.confirmed", self._policy_answer_vals(text))
        return True

    def action_policy_grant(self, reason=None, text=None):
        """Grant the appeal: it is waived after all. The level above the first decision."""
        text = self._policy_waiver(reason, text)
        for violation in self:
            stored = violation._policy_take("answer")
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

    def action_policy_open_document(self):
        """Open what the violation is about."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS === #

    def _policy_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    @api.model
    def _policy_text(self, text, problem):
        text = text.strip() if isinstance(text, str) else ""
        if not text:
            raise ValidationError(problem)
        return text

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

    def _policy_take(self, step):
        """Check the current user for a step and hold the row; return it as superuser.

        :param str step: explain, decide, appeal or answer.
        :raises AccessError: he does not see it, or the step is not his.
        :raises UserError: the step is not due.
        """
        self.ensure_one()
        self.check_access("read")
        stored = self.sudo()
        # The second of two who decide at once waits here, and is told what the first has done.
        self.env.cr.execute(
            SQL(
                "UPDATE crm_policy_violation SET write_date = %s WHERE id = %s",
                self.env.cr.now(),
                self.id,
            )
        )
        stored.invalidate_recordset()
        problem = getattr(stored, f"_policy_{step}_problem")(self.env.user)
        if problem:
            raise problem
        return stored

    def _policy_move(self, event, vals, payload=None):
        self._policy_update(vals)
        self.env["crm.policy.event"]._policy_log(
            event, self, {"number": self.number, **(payload or {})}, clause=self.clause_id
        )

    def _policy_exclude(self):
        """Take the deadline out of the late figures when the system was at fault; it stays late."""
        if self.waiver_reason == "system_fault" and self.deadline_id:
            self.deadline_id._policy_update({"excluded": True})

    # Each returns why ``user`` may not take the step now, None where he may.

    def _policy_wrong_moment(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        return UserError(
            self.env._(
                "%(violation)s is %(state)s: this step was taken or is not due.",
                violation=self.display_name,
                state=states[self.state],
            )
        )

    def _policy_explain_problem(self, user):
        if self.state != "open" or not self.user_id:
            return self._policy_wrong_moment()
        acting = self.env["crm.policy.ladder"]._policy_standing_in(self.user_id, self.company_id)
        if user != self.user_id and user != acting[self.user_id.id]:
            return AccessError(
                self.env._(
                    "%(violation)s: only %(person)s explains it, or who stands in for him.",
                    violation=self.display_name,
                    person=self.user_id.name,
                )
            )
        return None

    def _policy_decide_problem(self, user):
        if self.state not in ("open", "explained"):
            return self._policy_wrong_moment()
        if not self._policy_may_decide(user):
            return AccessError(
                self.env._(
                    "%(violation)s is decided by the head of the department or a manager above, "
                    "never by the person himself, by who reported or who explained it.",
                    violation=self.display_name,
                )
            )
        until = self._policy_heard_until()
        if until and fields.Datetime.now() <= until:
            return PolicyRefusal(
                self.env._(
                    "%(clause)s: %(person)s may explain %(violation)s until %(until)s. It is "
                    "decided after that, or once it is explained.",
                    clause=self.clause_id._policy_citation(),
                    person=self.user_id.name,
                    violation=self.display_name,
                    until=to_local(until, company_zone(self.company_id)).strftime("%Y-%m-%d %H:%M"),
                )
            )
        return None

    def _policy_heard_until(self):
        """Return until when the person is still heard, or False."""
        if self.state != "open" or not self.user_id:
            return False
        clocks = self.policy_deadline_ids.filtered(
            lambda clock: clock.state == "open" and clock.rule_id.done_path == "explained_at"
        )
        return max(clocks.mapped("due_at"), default=False)

    def _policy_appeal_problem(self, user):
        if self.state != "upheld" or self.appealed_at:
            return self._policy_wrong_moment()
        if user != self.user_id:
            return AccessError(
                self.env._(
                    "%(violation)s: only the person concerned appeals.",
                    violation=self.display_name,
                )
            )
        if not self.appeal_until or fields.Datetime.now() > self.appeal_until:
            return UserError(
                self.env._("%(violation)s: the time for an appeal is over.",
                           violation=self.display_name)
            )  # fmt: skip
        return None

    def _policy_answer_problem(self, user):
        if self.state != "upheld" or not self.appealed_at or self.appeal_decided_at:
            return self._policy_wrong_moment()
        if user not in self._policy_next_level():
            return AccessError(
                self.env._(
                    "%(violation)s: an appeal is decided by the level above %(decider)s, never by "
                    "who decided first.",
                    violation=self.display_name,
                    decider=self.decided_by_id.name,
                )
            )
        return None

    def _policy_barred(self):
        """Return who never decides: the person, who reported it, who explained it."""
        return self.user_id | self.reporter_id | self.explained_by_id

    def _policy_may_decide(self, user):
        """Return whether ``user`` stands above: in the person's chain, or a manager of his place.

        Directors and the CEO stand above everybody of their company.
        """
        if user in self._policy_barred() or user.share or self.company_id not in user.company_ids:
            return False
        if user.has_group("crm_policy.group_director") or user.has_group("crm_policy.group_ceo"):
            return True
        if user.has_group("crm_policy.group_manager"):
            return self.department_id in user.policy_department_ids
        # A head of the organisation chart who holds no group of ours.
        place = (self.user_id.id, self.department_id.id)
        chains = self.env["crm.policy.ladder"]._policy_chains([place], self.company_id)
        return user.id in chains[place][0]

    def _policy_next_level(self):
        """Return who decides an appeal: those above the first decider, never himself.

        His own chain of managers; the directors and the CEO where he is none of them, the CEO and
        the other directors where he is.
        """
        first = self.decided_by_id
        place = (first.id, False)
        chains = self.env["crm.policy.ladder"]._policy_chains([place], self.company_id)
        users = self.env["res.users"].sudo().browse(filter(None, chains[place][0]))
        for name in ("director", "ceo"):
            users |= self.env.ref(f"crm_policy.group_{name}").sudo().all_user_ids
        users -= self._policy_barred() | first
        return users.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )

    @api.model
    def _policy_of_document(self, res_model, res_ids):
        return Domain("res_model", "=", res_model) & Domain("res_id", "in", res_ids)
