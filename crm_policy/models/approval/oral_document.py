from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...exceptions import PolicyRefusal
from ...tools.zones import moment_words, reader_zone
from ..organisation.role import can_act


class CrmPolicyOralDocument(models.AbstractModel):
    """A document that may be carried out on the word of a leader who signs afterwards.

    AUT-FRONT-02. Only where the policy gives the signature a time: a deadline rule on
    ``crm.policy.oral.consent``.
    """

    _name = "crm.policy.oral.document"
    _description = "Document with Oral Consents"
    _inherit = ["crm.policy.approvable"]

    policy_oral_possible = fields.Boolean(
        compute="_compute_policy_oral_possible",
        help="It is not decided, and the policy lets a leader agree orally and sign afterwards.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_approval_state", "policy_emergency_id")
    def _compute_policy_oral_possible(self):
        rules = (
            self.env["crm.policy.deadline.rule"]
            .sudo()
            .search_fetch([("model_name", "=", "crm.policy.oral.consent")], ["version_id"])
        )
        versions = rules.version_id
        # Neither on what rests on a word already, nor on what a team has executed.
        settled = self._policy_on_word() | self.sudo().filtered("policy_emergency_id")
        for record in self:
            record.policy_oral_possible = (
                record.policy_approval_state in ("none", "pending")
                and record.sudo() not in settled
                and record.sudo()._policy_approval_version() in versions
                and record.sudo()._policy_by_one()
            )

    # === ACTION METHODS === #

    def action_policy_oral_yes(self, leader_id=None, at=None, comment=None):
        """Write down that a leader has agreed orally; it may be carried out, and waits for him.

        :param int leader_id: the user who agreed; competent for the amount.
        :param at: naive UTC; when he agreed. Earlier than now only within the limit of a clause.
        :param str comment: what was said; needed for an earlier ``at``.
        :raises PolicyRefusal: the policy knows no oral consent, the leader may not decide it, or
            a signature for an earlier one is overdue.
        :raises UserError: it is decided already, or signed by several.
        :raises ValidationError: the leader is no active employee of the company.
        """
        self.check_access("write")
        self.ensure_one()
        if comment and not isinstance(comment, str):
            raise ValidationError(self.env._("A comment is a text."))
        document, user = self.sudo(), self.env.user
        rule = document._policy_oral_rule()
        document._policy_refuse_concerned(rule.clause_id)
        document._policy_check_oral_overdue(user, rule.clause_id)
        if document.policy_approval_state not in ("none", "pending"):
            raise UserError(
                self.env._("%(record)s is decided already.", record=document.display_name)
            )
        with self.env.cr.savepoint():
            if document.policy_approval_state == "none":
                self.action_policy_submit()
            approval = document.policy_approval_id
            [(step, _seats)] = approval._policy_take().values()
            leader = approval._policy_person(leader_id)
            self.env["crm.policy.oral.consent"]._policy_unsigned_of(self)._policy_check_once()
            document._policy_check_leader(approval, leader)
            approval._policy_hand_to(step, leader)
            consent = self._policy_write_consent(leader, rule.clause_id, at, comment)
            approval._policy_ask_nobody_else()
            consent._policy_tell_leader()
        return True

    def action_policy_return(self, step_id=None, comment=None):
        """Return it; what was carried out on somebody's word is signed or refused, nothing else."""
        self.check_access("read")
        if not step_id:
            self._policy_on_word()._policy_refuse_oral()
        return super().action_policy_return(step_id, comment)

    def action_policy_recall(self):
        """Take back what one has asked for; not what was carried out on somebody's word."""
        self.check_access("read")
        self._policy_on_word()._policy_refuse_oral()
        return super().action_policy_recall()

    # === CRUD METHODS === #

    def write(self, vals):
        former = {record: record._policy_fingerprint() for record in self._policy_on_word()}
        result = super().write(vals)
        for record, fingerprint in former.items():
            if record._policy_fingerprint() != fingerprint:
                record._policy_refuse_oral()
        return result

    # === BUSINESS METHODS === #

    def _policy_may_execute(self):
        if super()._policy_may_execute():
            return True
        return self.policy_approval_state == "pending" and bool(self._policy_on_word())

    def _policy_on_word(self):
        """Return those of ``self`` that rest on a word without signature, as superuser.

        On the word that was given for their present request: one for a former request covers
        nothing that was asked for since.
        """
        waiting = self.sudo().filtered(lambda record: record.policy_approval_state == "pending")
        if not waiting:  # saves work
            return waiting
        requests = self.env["crm.policy.oral.consent"]._policy_unsigned_of(waiting).approval_id
        return waiting.filtered(lambda record: record.policy_approval_id in requests)

    def _policy_refuse_oral(self):
        """Refuse to touch documents that rest on a word."""
        for record in self:
            consent = self.env["crm.policy.oral.consent"]._policy_unsigned_of(record)[:1]
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(record)s was carried out on the word of %(leader)s and stays as "
                    "it is until he has signed it or refused to.",
                    clause=consent.clause_id._policy_citation(),
                    record=record.display_name,
                    leader=consent.user_id.name,
                )
            )

    def _policy_on_approved(self):
        result = super()._policy_on_approved()
        for consents, user in self._policy_words_decided():
            consents._policy_sign(user)
        return result

    def _policy_on_rejected(self):
        result = super()._policy_on_rejected()
        for consents, user in self._policy_words_decided():
            consents._policy_deny(user)
        return result

    def _policy_words_decided(self):
        """Yield the words that still lack their signature, and who has just decided on each."""
        Consent = self.env["crm.policy.oral.consent"]
        for record in self:
            if consents := Consent._policy_unsigned_of(record):
                yield consents, record.policy_approval_id.decision_ids[-1:].user_id

    def _policy_oral_rule(self):
        """Return the rule that gives the signature its time; refuse where the policy has none."""
        version = self._policy_approval_version()
        rule = (
            self.env["crm.policy.deadline.rule"]
            .sudo()
            .search(
                [
                    ("version_id", "=", version.id),
                    ("model_name", "=", "crm.policy.oral.consent"),
                ],
                limit=1,
            )
        )
        if not rule:
            raise PolicyRefusal(
                self.env._(
                    "%(version)s knows no oral consent: submit %(record)s for approval.",
                    version=version.display_name or self.env._("no policy in force"),
                    record=self.display_name,
                )
            )
        return rule

    def _policy_refuse_concerned(self, clause):
        """Refuse whoever gets something by it, or whom it is about."""
        if self.env.user in self._policy_approval_barred_users():
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(record)s concerns you yourself: others carry it out.",
                    clause=clause._policy_citation(),
                    record=self.display_name,
                )
            )

    def _policy_check_oral_overdue(self, user, clause):
        """Refuse who still lacks a signature that is overdue."""
        overdue = self.env["crm.policy.oral.consent"]._policy_overdue_of(user, self.company_id)[:1]
        if overdue:
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: the signature for %(record)s is overdue since %(since)s. Until "
                    "%(leader)s has signed it, nothing further is carried out on somebody's word.",
                    clause=clause._policy_citation(),
                    record=overdue.name,
                    since=moment_words(
                        overdue.policy_next_due_at, reader_zone(self.env.user, self.company_id)
                    ),
                    leader=overdue.user_id.name,
                )
            )

    def _policy_by_one(self):
        """Return whether one signature decides it: the word of one stands for no more."""
        pending = self.policy_approval_state == "pending"
        approval = self.policy_approval_id if pending else self.policy_approval_id.browse()
        route = approval.route_id or self.env["crm.policy.route"]._policy_route_for(
            self._policy_approval_version(), self._name, self._policy_approval_subject(), self
        )
        lines = approval.step_ids.filtered(lambda step: step.state not in ("skipped", "returned"))
        return route.kind == "competent" and len(lines) <= 1

    def _policy_check_leader(self, approval, leader):
        """Refuse a leader who could not decide it himself, and a request of several signatures."""
        if not self._policy_by_one():
            raise UserError(
                self.env._(
                    "%(record)s is signed by several: the word of one is not enough.",
                    record=self.display_name,
                )
            )
        amount = approval._policy_amount_now(self)
        # Two who write down his words at the same time do so one after the other.
        self._policy_hold_sums([(self, leader)])
        held = self._policy_covering_lines(amount).filtered(
            lambda line: leader in self._policy_holders_of(line)
        )
        if not any(self._policy_with_room_for_words(line, leader) for line in held):
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(leader)s may not decide %(amount)s. May decide: %(deciders)s.",
                    clause=approval.clause_id._policy_citation(),
                    leader=leader.name,
                    amount=approval.currency_id.format(amount),
                    deciders=self._policy_decider_words(leader, amount),
                )
            )

    def _policy_leaders(self):
        """Return who could agree to this document orally: competent, not concerned, not oneself."""
        self.ensure_one()
        record = self.sudo()
        lines = record._policy_covering_lines(record._policy_approval_amount())
        holders = self.env["res.users"].union(*map(record._policy_holders_of, lines))
        return can_act(holders, record.company_id) - (self.env.user | record._policy_nondeciders())

    def _policy_with_room_for_words(self, line, leader):
        """Return whether a limit in total leaves room for this beside the words not signed yet."""
        if not line.cumulative_per:
            return True
        room = self._policy_rooms(line, leader)[leader.id]
        given = self.env["crm.policy.oral.consent"]._policy_given_under(
            line, leader, self._policy_approval_customer()
        )
        wanted = sum(
            line._policy_in_own_currency(
                document._policy_claimed_amount(), document._policy_approval_currency()
            )
            for document in [*given, self]
        )
        return line.currency_id.compare_amounts(wanted, room) <= 0

    def _policy_write_consent(self, leader, clause, at, comment):
        document = self.sudo()
        department = document.policy_department_id if "policy_department_id" in document else None
        Consent = self.env["crm.policy.oral.consent"].sudo()
        [consent] = Consent._policy_guarded_create(
            [
                {
                    "company_id": document.company_id.id,
                    "res_model": self._name,
                    "res_id": self.id,
                    "name": document.display_name,
                    "approval_id": document.policy_approval_id.id,
                    "requester_id": self.env.uid,
                    "user_id": leader.id,
                    "policy_department_id": department and department.id,
                    "clause_id": clause.id,
                    "comment": comment,
                    "policy_version_id": document._policy_approval_version().id,
                }
            ]
        )
        consent._policy_set_fact("policy_agreed_at", at, comment)
        self.env["crm.policy.event"]._policy_log(
            "oral.agreed", document, {"leader": leader.id, "consent": consent.id}, clause=clause
        )
        return consent
