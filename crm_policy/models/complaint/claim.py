from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...tools.amounts import is_plausible
from ...tools.zones import company_zone, local_day, to_local
from .complaint_mixin import WINDOW

PURCHASING = "purchasing"  # the role that follows it up
NUMBERS = "CL-YYYY-NNNN"
# Whom a claim can be against, as the shares of the responsibility name them.
PARTIES = [("supplier", "Supplier"), ("carrier", "Carrier"), ("other", "Another Partner")]
# What was sent stays as it was.
SENT = ("party", "partner_id", "basis", "amount", "text", "ticket_id")
GUARDED = frozenset(
    {"number", "company_id", "answer_text", "settled_amount", "result", "end_text", "state"}
)


class CrmPolicyClaim(models.Model):
    """A claim against whoever else bears a part of the loss: supplier, carrier (CMP-CLS-04).

    At most what the decided shares say of him. Purchasing sends it, hears the answer and settles
    it; nothing of what the departments thought of the case stands in the letter.
    """

    _name = "crm.policy.claim"
    _description = "Claim against a Third Party"
    _inherit = [
        "crm.policy.sealed.paper",
        "crm.policy.case.entry",
        "crm.policy.subject",
        "mail.thread",  # activities need it
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _rec_name = "number"
    # It begins where the decision ends; its own facts lock it.
    _policy_locked_by = None
    _policy_of_one_cycle = False

    number = fields.Char(string="No.", readonly=True, copy=False, index=True)
    party = fields.Selection(PARTIES, string="Against", required=True, default="supplier")
    partner_id = fields.Many2one(
        "res.partner", string="Third Party", required=True, index=True, ondelete="restrict"
    )
    basis = fields.Char(
        required=True, help="The contract and its clause, the rule on which the claim rests."
    )
    amount = fields.Monetary(string="Claimed", required=True)
    limit_amount = fields.Monetary(
        string="His Part of the Loss",
        compute="_compute_limit_amount",
        help="What the shares of the responsibility leave to claim from him.",
    )
    text = fields.Text(
        string="What Happened",
        required=True,
        help="Stands in the letter: what was delivered or carried, and what was wrong with it.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Followed Up By",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Purchasing, where the policy knows that role.",
    )
    policy_department_id = fields.Many2one(related="ticket_id.policy_department_id")
    attachment_ids = fields.Many2many(
        "ir.attachment",
        relation="crm_policy_claim_attachment_rel",
        string="Proofs",
        copy=False,
        ondelete="restrict",
        help="Photos of the damage, the record of receipt, his answer.",
    )
    policy_sent_at = fields.Datetime(string="Sent At", readonly=True, copy=False)
    policy_answered_at = fields.Datetime(string="Answered At", readonly=True, copy=False)
    policy_ended_at = fields.Datetime(string="Ended At", readonly=True, copy=False)
    due_at = fields.Datetime(string="Answer Due", compute="_compute_due_at")
    answer_text = fields.Text(string="His Answer", readonly=True, copy=False)
    result = fields.Selection(
        [("settled", "Settled"), ("refused", "Turned Down"), ("withdrawn", "Withdrawn")],
        readonly=True,
        copy=False,
    )
    settled_amount = fields.Monetary(string="He Pays", readonly=True, copy=False)
    end_text = fields.Text(string="How It Ended", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("answered", "Answered"),
            ("settled", "Settled"),
            ("refused", "Turned Down"),
            ("withdrawn", "Withdrawn"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )

    _amounts = models.Constraint(
        "CHECK(amount > 0 AND settled_amount >= 0)", "A claim is about an amount."
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_sent_at", "policy_answered_at", "result")
    def _compute_state(self):
        for claim in self:
            claim.state = (
                claim.result
                or (claim.policy_answered_at and "answered")
                or (claim.policy_sent_at and "sent")
                or "draft"
            )

    @api.depends("ticket_id", "party", "partner_id", "amount", "result")
    def _compute_limit_amount(self):
        for claim in self:
            claim.limit_amount = claim.sudo()._policy_limit()

    @api.depends("policy_deadline_ids.due_at", "policy_deadline_ids.state")
    def _compute_due_at(self):
        for claim in self:
            clocks = claim.sudo().policy_deadline_ids.filtered(
                lambda clock: clock.state != "cancelled"
            )
            claim.due_at = min(clocks.mapped("due_at"), default=False)

    # === CONSTRAINT METHODS === #

    @api.constrains("amount", "partner_id", "party", "ticket_id")
    def _check_amount(self):
        """Claim from nobody more than what the shares say of him, all claims together."""
        for claim in self.sudo():
            company = claim.partner_id.company_id
            if company and company != claim.company_id:
                raise ValidationError(
                    self.env._(
                        "%(partner)s belongs to another company.",
                        partner=claim.partner_id.display_name,
                    )
                )
            limit = claim._policy_limit()
            if claim.currency_id.compare_amounts(claim.amount, limit) > 0:
                raise ValidationError(
                    self.env._(
                        "%(clause)s: %(amount)s are claimed from %(partner)s, whose part of the "
                        "loss of %(case)s leaves %(limit)s. Who decides on the case divides the "
                        "responsibility anew.",
                        clause=claim._policy_citation(),
                        amount=claim.currency_id.format(claim.amount),
                        partner=claim.partner_id.display_name,
                        case=claim.ticket_id.display_name,
                        limit=claim.currency_id.format(max(limit, 0)),
                    )
                )

    @api.constrains("user_id", "ticket_id")
    def _check_follower(self):
        """Let nobody follow it up to whom the case must not be opened."""
        Share = self.env["crm.policy.responsibility"]
        for claim in self.sudo().filtered("user_id"):
            user = Share._policy_employee_of(claim.user_id.id, claim.company_id)
            if user in claim.ticket_id.policy_accused_user_ids:
                raise ValidationError(
                    self.env._("%(user)s is complained about in this case.", user=user.name)
                )

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {
            "policy_sent_at",
            "policy_answered_at",
            "policy_ended_at",
        }

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | GUARDED

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_numbers(vals_list)
        claims = super().create(vals_list)
        for claim in claims:
            claim.ticket_id._policy_check_actor(WINDOW)
            stored = claim.sudo()
            day = local_day(fields.Datetime.now(), stored.company_id)
            [number] = (
                self.env["crm.policy.counter"]
                .sudo()
                ._policy_reserve(stored.company_id, NUMBERS, "year", day, 1)
            )
            stored._policy_guarded_write(
                {
                    "number": number,
                    "policy_version_id": stored.ticket_id.policy_version_id.id,
                    "user_id": (stored.user_id or stored._policy_purchaser()).id,
                }
            )
            stored._policy_open_to_purchasing()
            stored._policy_remind_purchasing()
        self.env["crm.policy.event"]._policy_log(
            "claim.created",
            claims,
            payloads={
                claim.id: {"ticket": claim.ticket_id.id, "amount": claim.amount}
                for claim in claims.sudo()
            },
        )
        return claims

    def write(self, vals):
        self._policy_check_numbers([vals])
        if set(SENT).intersection(vals):
            for claim in self.sudo().filtered("policy_sent_at"):
                raise UserError(
                    self.env._(
                        "%(claim)s was sent: it stays as it is. Withdraw it and make another one.",
                        claim=claim.number,
                    )
                )
        sent = self.sudo().filtered("policy_sent_at") if "attachment_ids" in vals else ()
        before = {claim: claim.attachment_ids for claim in sent}
        result = super().write(vals)
        for claim, proofs in before.items():
            if proofs - claim.attachment_ids:
                raise UserError(
                    self.env._(
                        "%(claim)s was sent: proofs are added, none is taken away.",
                        claim=claim.number,
                    )
                )
        if "user_id" in vals:
            self.sudo()._policy_open_to_purchasing()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A claim is withdrawn, with a reason, not deleted."))

    def _policy_check_numbers(self, vals_list):
        for vals in vals_list:
            amount = vals.get("amount", 1)
            if isinstance(amount, bool) or not is_plausible(amount) or not amount:
                raise ValidationError(
                    self.env._("An amount of %(amount)s cannot be meant.", amount=amount)
                )

    # === ACTION METHODS === #

    def action_policy_send(self, at=None, reason=None):
        """Note that the letter was sent; the clock of the answer starts."""
        for claim in self:
            stored = claim._policy_take("draft")
            if not stored.ticket_id.policy_decided_at:
                raise UserError(
                    self.env._(
                        "%(clause)s: %(claim)s is sent once the case is decided: until then the "
                        "shares may change.",
                        clause=stored._policy_citation(),
                        claim=stored.number,
                    )
                )
            stored._check_amount()
            stored._policy_set_fact("policy_sent_at", at, reason)
        return True

    def action_policy_answer(self, text=None, at=None, reason=None):
        """Take down what the third party answers."""
        text = self._policy_text(text, self.env._("Write down what he answers."))
        for claim in self:
            stored = claim._policy_take("sent")
            stored._policy_guarded_write({"answer_text": text})
            stored._policy_set_fact("policy_answered_at", at, reason)
        return True

    def action_policy_settle(self, amount=None, text=None):
        """End the claim with what he pays; with a proof.

        :param float amount: more than 0, at most what was claimed.
        """
        stored = self._policy_take("sent", "answered")
        sound = not isinstance(amount, bool | str) and is_plausible(amount) and (amount or 0) > 0
        if not sound or stored.currency_id.compare_amounts(amount, stored.amount) > 0:
            raise ValidationError(
                self.env._(
                    "%(claim)s: he pays more than nothing and at most what is claimed, "
                    "%(limit)s, not %(amount)s.",
                    claim=stored.number,
                    limit=stored.currency_id.format(stored.amount),
                    amount=amount,
                )
            )
        if not stored.attachment_ids:
            raise UserError(
                self.env._("%(claim)s: attach the proof of what was agreed.", claim=stored.number)
            )
        stored._policy_end("settled", text or "", amount)
        return True

    def action_policy_refuse(self, text=None):
        """End the claim: he pays nothing."""
        text = self._policy_text(text, self.env._("Write down why he does not pay."))
        for claim in self:
            claim._policy_take("sent", "answered")._policy_end("refused", text)
        return True

    def action_policy_withdraw(self, text=None):
        """Take the claim back."""
        text = self._policy_text(text, self.env._("Say why it is withdrawn."))
        for claim in self:
            claim._policy_take("draft", "sent", "answered")._policy_end("withdrawn", text)
        return True

    # === INTO ANOTHER CASE === #

    def _policy_lock_problem(self, case):
        """What was sent goes on when its case was merged: as long as the main case is not over."""
        return super()._policy_lock_problem(case._policy_main_case())

    def _policy_move_to(self, into):
        """Let claims that were not sent be those of ``into``; as superuser.

        :raises ValidationError: they claim more than the shares there leave.
        """
        for claim in self:
            vals = {
                "ticket_id": into.id,
                "cycle": into.policy_cycle,
                "policy_version_id": into.policy_version_id.id,
            }
            if claim.user_id in into.policy_accused_user_ids:
                vals["user_id"] = False
            claim._policy_guarded_write(vals)
            if not claim.user_id:
                claim._policy_guarded_write({"user_id": claim._policy_purchaser().id})
                claim._policy_remind_purchasing()
            claim._policy_open_to_purchasing()
            self.env["crm.policy.event"]._policy_log(
                "claim.moved",
                claim,
                {"number": claim.number, "into": into.id},
                clause=into.policy_version_id,
            )

    # === BUSINESS METHODS === #

    def _policy_take(self, *states):
        """Check person and state for a step; return the claim as superuser."""
        self.ensure_one()
        self.check_access("read")
        stored = self.sudo()
        stored._policy_hold_rows()
        self.ticket_id._policy_refuse_accused()
        if self.env.user != stored.user_id and not self.env.user._is_superuser():
            self.check_access("write")
            self.ticket_id._policy_check_actor(WINDOW)
        if stored.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(claim)s: %(state)s. This step was taken or is not due.",
                    claim=stored.number,
                    state=labels[stored.state],
                )
            )
        return stored

    def _policy_end(self, result, text, amount=0.0):
        self._policy_guarded_write({"result": result, "end_text": text, "settled_amount": amount})
        self._policy_set_fact("policy_ended_at")
        self.activity_ids.unlink()
        self.ticket_id._message_log(
            body=self.env._(
                "Claim %(claim)s against %(partner)s: %(result)s %(amount)s. %(text)s",
                claim=self.number,
                partner=self.partner_id.display_name,
                result=dict(self._fields["result"]._description_selection(self.env))[result],
                amount=self.currency_id.format(amount) if amount else "",
                text=text,
            )
        )

    @api.model
    def _policy_running_domain(self):
        return Domain("policy_ended_at", "=", False)

    def _policy_limit(self):
        """Return what is left to claim from the third party: his shares less the other claims."""
        case = self.ticket_id._policy_main_case()
        lines = case._policy_present_shares().filtered(
            lambda line: (
                line.party in ("supplier", "carrier", "other")
                and (
                    line.partner_id == self.partner_id
                    if line.partner_id
                    else self.party == "other"
                    and (line.name or "").strip() == (self.partner_id.name or "").strip()
                )
            )
        )
        others = (case | case._policy_merged_cases()).policy_claim_ids.filtered(
            lambda claim: (
                claim != self._origin
                and claim.partner_id == self.partner_id
                and claim.result not in ("refused", "withdrawn")
            )
        )
        return sum(lines.mapped("amount")) - sum(others.mapped("amount"))

    def _policy_rule(self):
        """Return the deadline rule of the version on the answer to a claim."""
        version = self.policy_version_id or self.ticket_id.policy_version_id
        return self.env["crm.policy.deadline.rule"].sudo().search(
            [("version_id", "=", version.id), ("model_name", "=", self._name)], limit=1
        )  # fmt: skip

    def _policy_citation(self):
        rule = self._policy_rule()
        version = self.policy_version_id or self.ticket_id.policy_version_id
        return rule.clause_id._policy_citation() if rule else version.display_name

    def _policy_purchaser(self):
        """Return who follows it up: purchasing, else whoever handles the case."""
        role = self.env["crm.policy.role"].search(
            [("code", "=", PURCHASING), ("company_id", "=", self.company_id.id)], limit=1
        )
        case = self.ticket_id
        holders = role._users_for(case)[case.id] if role else role.user_id
        fit = (holders | case.user_id).filtered(
            lambda user: user.active and user._is_internal() and self.company_id in user.company_ids
        )
        return (fit - case.policy_accused_user_ids)[:1]

    def _policy_open_to_purchasing(self):
        for claim in self.filtered("user_id"):
            self.env["crm.policy.case.access"].sudo()._policy_grant(
                claim.ticket_id, claim.user_id, "manual"
            )

    def _policy_remind_purchasing(self):
        words = self.with_context(lang=self.user_id.lang)
        if self.user_id:
            self.env["crm.policy.escalation"]._policy_remind_quietly(
                [
                    {
                        "res_model_id": self.env["ir.model"]._get_id(self._name),
                        "res_id": self.id,
                        "user_id": self.user_id.id,
                        "summary": words.env._(
                            "%(clause)s: send claim %(claim)s to %(partner)s",
                            clause=self._policy_citation(),
                            claim=self.number,
                            partner=self.partner_id.display_name,
                        ),
                    }
                ]
            )

    def _policy_printed(self):
        """Return the claims whose letters are printed; each print leaves a trace.

        The letter leaves the house: it holds what the third party may know, and nothing else.
        """
        self.check_access("read")
        if not self.env.user._is_internal():
            raise AccessError(self.env._("This document is internal."))
        self.env["crm.policy.event"]._policy_log("claim.printed", self.sudo())
        return self.sudo()

    def _policy_request_words(self):
        """Return the sentence of the letter that asks for the money, and by when for an answer."""
        words = {"amount": self.currency_id.format(self.amount), "basis": self.basis}
        rule = self._policy_rule()
        if not (self.due_at or rule):
            return self.env._("On the basis of %(basis)s we claim %(amount)s from you.", **words)
        # Printed before it is sent: as if it were sent now.
        due = self.due_at or rule._policy_due([fields.Datetime.now()], self.company_id)[0]
        return self.env._(
            "On the basis of %(basis)s we claim %(amount)s from you, and ask for your answer by "
            "%(day)s.",
            day=self._policy_day(due),
            **words,
        )

    def _policy_lang(self):
        return self.partner_id.lang or self.company_id.partner_id.lang or self.env.lang

    def _policy_day(self, moment):
        return moment and f"{to_local(moment, company_zone(self.company_id)):%Y-%m-%d}" or ""
