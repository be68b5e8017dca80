from odoo import fields, models
from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal
from ...tools.zones import local_day, moment_words, reader_zone
from ...words import list_words

# What the clocks of a ratification end with: its decision.
DECIDED = "decided_at"


class CrmPolicyEmergencyRatification(models.AbstractModel):
    """What an emergency is allowed to do before its approval, and the approval afterwards (补办).

    One request ratifies everything. The emergency itself is the document of that request: its
    amount is the sum of the log, its values are the lines of the log, and it goes the ordinary way
    of routes, limits and signatures, marked as an emergency. The documents executed under it wait
    without requests of their own and become approved or rejected with it. Otherwise somebody could
    ratify half of an emergency, each half within a lower limit, and nobody the whole.

    Nothing is lowered for it: whoever is competent for the sum decides, and nobody who started,
    led, acted or benefits. The time for it is given by deadline rules of the policy that end with
    ``decided_at``. Once one of them is overdue the right to act before approval is suspended for
    the team and its leader until somebody has decided.
    """

    _name = "crm.policy.emergency.ratification"
    _description = "Ratification of an Emergency"
    _inherit = ["crm.policy.case.document"]

    suspended_since = fields.Datetime(
        string="Right Suspended Since",
        compute="_compute_suspended_since",
        help="The ratification is overdue: its team and its leader do not act before approval.",
    )
    document_count = fields.Integer(compute="_compute_document_count", string="Executed Documents")

    # === COMPUTE METHODS === #

    def _compute_suspended_since(self):
        waiting = self.sudo().filtered(lambda record: not record[DECIDED])
        clocks = self._policy_overdue_clocks(waiting)
        since = {clock.res_id: clock.due_at for clock in reversed(clocks)}
        for emergency in self:
            emergency.suspended_since = since.get(emergency.id, False)

    def _compute_document_count(self):
        for emergency in self:
            lines = emergency.sudo().action_ids
            emergency.document_count = len(lines.filtered("res_id"))

    # === ACTION METHODS === #

    def action_policy_submit(self):
        """Hand the log in for ratification; the leader does, once the situation is stable.

        :raises UserError: it is not stable, or was handed in or decided already.
        """
        self._policy_hold("leaders", ("stabilised",))
        self._policy_submit()
        return True

    # === EXECUTING BEFORE THE APPROVAL === #

    def _policy_execute(self, document, reason):
        """Let a member of the team execute a document now; the caller has read access to it.

        :param document: an approvable of the emergency's case, with the real user.
        :param str reason: why it cannot wait.
        """
        self.ensure_one()
        members, _leaders = self._policy_people()
        record = document.sudo()
        if self.env.user not in members:
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: only the team of %(emergency)s acts before the approval: "
                    "%(users)s.",
                    clause=self.sudo().clause_id._policy_citation(),
                    emergency=self.sudo().number,
                    users=list_words(self.env, members.mapped("name")) or self.env._("nobody"),
                )
            )
        emergency = self.sudo()
        emergency._policy_hold_rows()
        record.invalidate_recordset()
        emergency._policy_check_executable(record)
        emergency._policy_check_right(
            emergency.team_id, emergency.leader_id | self.env.user, emergency.company_id
        )
        request = record.policy_approval_id
        if request.state == "pending":
            # There is one ratification: nobody is asked a second time for the same.
            request._policy_lapse()
        company = emergency.company_id
        now = fields.Datetime.now()
        amount = record._policy_approval_currency()._convert(
            record._policy_emergency_amount(), company.currency_id, company, local_day(now, company)
        )
        record._policy_guarded_write(
            {
                "policy_approval_state": "pending",
                "policy_emergency_id": emergency.id,
                **record._policy_execution_values(),
            }
        )
        line = emergency._policy_log_action(
            self.env._(
                "%(document)s executed: %(reason)s", document=record.display_name, reason=reason
            ),
            amount,
            now,
            record,
        )
        self.env["crm.policy.event"]._policy_log(
            "emergency.executed",
            record,
            {
                "emergency": emergency.id,
                "action": line.id,
                "team": emergency.team_id.id,
                "amount": amount,
            },
            clause=emergency.clause_id,
        )

    def _policy_check_executable(self, record):
        """Refuse what is decided already, and whatever may wait because all is stable."""
        state = record.policy_approval_state
        if self.state not in ("activated", "acting"):
            raise UserError(
                self.env._(
                    "%(clause)s: %(emergency)s is over. %(record)s is submitted for approval as "
                    "usual.",
                    clause=self.clause_id._policy_citation(),
                    emergency=self.number,
                    record=record.display_name,
                )
            )
        if record.policy_emergency_id or state == "approved":
            raise UserError(
                self.env._("%(record)s may be carried out already.", record=record.display_name)
            )
        if state == "rejected":
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(record)s was rejected. No emergency executes what the competent "
                    "approver has refused.",
                    clause=self.clause_id._policy_citation(),
                    record=record.display_name,
                )
            )

    def _policy_check_right(self, team, leaders, company):
        """Refuse who has left an earlier emergency unratified beyond its time (EMG-02).

        :param team: the ``crm.policy.team`` that would act.
        :param leaders: ``res.users`` who lead it or start it.
        """
        Emergency = self.env["crm.policy.emergency"].sudo()
        waiting = Emergency.search(
            [
                ("company_id", "=", company.id),
                (DECIDED, "=", False),
                "|",
                ("team_id", "=", team.id),
                ("leader_id", "in", leaders.ids),
            ]
        )
        clock = self._policy_overdue_clocks(waiting)[:1]
        if not clock:
            return
        late = Emergency.browse(clock.res_id)
        deciders = late._policy_ratifiers()
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: the right to act before approval is suspended. %(emergency)s of "
                "%(team)s was to be ratified by %(due)s and is not. May ratify: %(deciders)s.",
                clause=clock.clause_id._policy_citation(),
                emergency=late.number,
                team=late.team_id.name,
                due=moment_words(clock.due_at, reader_zone(self.env.user, company)),
                deciders=list_words(self.env, deciders.mapped("name")) or self.env._("nobody yet"),
            ),
            action={
                "type": "ir.actions.act_window",
                "res_model": late._name,
                "res_id": late.id,
                "views": [(False, "form")],
            },
            button=self.env._("Open the Emergency"),
        )

    def _policy_overdue_clocks(self, emergencies):
        """Return the clocks of ratifications that are past their due now, the oldest first.

        Read from the dues themselves, not from what the cron has marked: the right ends with the
        second after the due. What runs on trial suspends nothing.
        """
        return (
            self.env["crm.policy.deadline"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "crm.policy.emergency"),
                    ("res_id", "in", emergencies.ids),
                    ("state", "=", "open"),
                    ("due_at", "<", fields.Datetime.now()),
                    ("is_trial", "=", False),
                    ("rule_id.done_path", "=", DECIDED),
                ],
                order="due_at, id",
            )
        )

    def _policy_ratifiers(self):
        """Return who may ratify: those asked, or before it is handed in those who would be."""
        self.ensure_one()
        request = self.policy_approval_id
        if request.state == "pending":
            return request.eligible_user_ids
        barred = self._policy_nondeciders() | self.leader_id
        for line in self._policy_covering_lines(self._policy_approval_amount()):
            users = line.role_id._users_for(self)[self.id] - barred
            if users:
                return users
        return self.env["res.users"]

    def _policy_check_ratifiable(self, users):
        """Refuse what would leave nobody to ratify the emergency, whatever it comes to cost.

        :param users: who is about to act in it or is concerned by it, too.
        :raises PolicyRefusal: all who hold the highest authority have started or done it.
        """
        route, _subject = self._policy_find_route()
        lines = self._policy_deciding_lines()
        top = lines.filtered("unlimited") or lines[-1:]
        if route.kind != "competent" or not top:
            return
        found = [line.role_id._users_for(self)[self.id] for line in top]
        holders = self.env["res.users"].sudo().union(*found)
        if holders - self._policy_nondeciders() - users:
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: nobody would be left to ratify %(emergency)s: as %(role)s there are "
                "%(holders)s, and nobody ratifies what he has started or done himself, or what "
                "concerns him. Let somebody else do it, or give the role another person.",
                clause=self.clause_id._policy_citation(),
                emergency=self.number,
                role=list_words(self.env, top.role_id.mapped("name")),
                holders=list_words(self.env, holders.mapped("name")) or self.env._("nobody"),
            )
        )

    def _policy_check_decided(self):
        if self.policy_approval_state in ("approved", "rejected"):
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(emergency)s is closed after its ratification only. May ratify: "
                "%(deciders)s.",
                clause=self.clause_id._policy_citation(),
                emergency=self.number,
                deciders=list_words(self.env, self._policy_ratifiers().mapped("name"))
                or self.env._("nobody yet"),
            )
        )

    # === APPROVAL === #

    def _policy_request_values(self):
        return super()._policy_request_values() | {"emergency": True}

    def _policy_approval_values(self):
        return {
            "ticket": self.ticket_id.id,
            "trigger": self.trigger,
            "statement": self.statement or "",
            "actions": [
                [line.id, line.user_id.id, str(line.happened_at), line.name, f"{line.amount:.2f}"]
                for line in self.action_ids.sorted("id")
            ],
        }

    def _policy_approval_amount(self):
        """Return what the whole case costs: all its emergencies, and what was granted or asked for
        in the ordinary way. Neither a second emergency nor a remedy beside it makes smaller sums.
        """
        case = self.ticket_id
        return case._policy_emergency_spent() + case._policy_ordinary_amount()

    def _policy_linked_amount(self, kinds=None):
        cases = self.sudo().ticket_id.policy_matter_case_ids
        return cases._policy_emergency_spent() + cases._policy_ordinary_amount(kinds)

    def _policy_claimed_amount(self):
        return self.total_amount

    def _policy_approval_version(self):
        return self.policy_version_id

    def _policy_approval_subject(self):
        return "emergency"

    def _policy_approval_name(self):
        return f"{self.number} {self.ticket_id.display_name}"

    def _policy_approval_barred_users(self):
        """Who started, led or acted has asked for it; nobody ratifies what he has done himself,
        nor what was done in his own matter."""
        barred = self.started_by_id | self.leader_id | self.action_ids.user_id
        barred |= self.ticket_id._policy_concerned_users()
        for document in self._policy_documents():
            barred |= document._policy_approval_barred_users()
        return barred

    def _policy_proposers(self):
        """Return who has written it or something that was executed in it."""
        writers = super()._policy_proposers()
        for document in self._policy_documents():
            for record in document:
                writers |= record._policy_proposers()
        return writers

    def _policy_on_approved(self):
        self._policy_decide_documents("approved", "_policy_on_approved")

    def _policy_on_rejected(self):
        self._policy_decide_documents("rejected", "_policy_on_rejected")

    def _policy_documents(self):
        """Return the documents executed in this emergency, one recordset of each model.

        Without those of an add-on that is not installed any more: nothing of theirs is decided.
        """
        signed = self.env.registry.descendants(["crm.policy.approvable"], "_inherit")
        lines = self.action_ids.filtered("res_id")
        return [
            self.env[model].browse(group.mapped("res_id"))
            for model, group in lines.grouped("res_model").items()
            if model in signed
        ]

    def _policy_decide_documents(self, state, hook):
        """Let everything executed become approved or rejected with its emergency."""
        self._policy_set_fact(DECIDED)
        for emergency in self:
            for documents in emergency._policy_documents():
                documents._policy_guarded_write({"policy_approval_state": state})
                getattr(documents, hook)()
