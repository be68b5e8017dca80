from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.amounts import is_plausible
from .complaint_mixin import WINDOW

# A complaint without foundation is told to the customer and closed like any other.
UNFOUNDED = "not_established"
# With these a ruling comes too late.
ENDS = frozenset({"policy_decided_at", "policy_settled_at", "policy_closed_at"})
SKIPPED = frozenset({"policy_investigated_at", "policy_mandated_at", "policy_executed_at"})


class CrmPolicyCaseRuling(models.AbstractModel):
    """A case on which more is decided than its remedies: mandate, not established."""

    _name = "crm.policy.case.ruling"
    _description = "Case with Rulings"

    policy_ruling_ids = fields.One2many(
        "crm.policy.ruling", "ticket_id", string="Rulings", readonly=True, copy=False
    )

    policy_ruling_kinds = fields.Char(
        compute="_compute_policy_ruling_kinds", export_string_translation=False
    )

    @api.depends("policy_version_id")
    def _compute_policy_ruling_kinds(self):
        """Return the rulings that the policy of the case knows, for the buttons."""
        Route = self.env["crm.policy.route"]
        for case in self:
            case.policy_ruling_kinds = ",".join(
                Route._policy_route_subjects(case.policy_version_id.id, "crm.policy.ruling")
            )

    # === ACTION METHODS === #

    def action_policy_ask_mandate(self, amount=None, text=None):
        """Ask whoever is competent for ``amount`` for the mandate to negotiate (CMP-FLOW-06).

        :param float amount: in the currency of the case; by default what its remedies come to, or
            the ceiling while the quantity cannot be told (Correction 8).
        :param str text: what Sales wants to offer, and why.
        :raises UserError: the departments before have not answered, or a mandate is being asked.
        """
        self.ensure_one()
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        if isinstance(amount, str | bool) or not is_plausible(amount) or (amount or 0) < 0:
            raise ValidationError(
                self.env._("An amount of %(amount)s cannot be meant.", amount=amount)
            )
        text = self._policy_text(text, self.env._("Write down what Sales is to offer, and why."))
        case = self.sudo()
        case._policy_check_mandate_due()
        case._policy_check_ceiling(amount)
        amount = case._policy_mandate_wanted() if amount is None else amount
        if not amount:
            raise ValidationError(
                self.env._(
                    "%(case)s: say up to which amount Sales may negotiate.",
                    case=self.display_name,
                )
            )
        case._policy_ask_mandate_for(amount, text)
        return True

    def action_policy_ask_not_established(self, text=None):
        """Ask for the decision that the complaint is not established (CMP-FLOW-13).

        :param str text: the reasons; the customer is told them afterwards.
        """
        self.ensure_one()
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        text = self._policy_text(
            text, self.env._("Write down why the complaint is not established.")
        )
        case = self.sudo()
        if not case.policy_registered_at or case.policy_decided_at or case.policy_outcome:
            raise UserError(
                self.env._(
                    "%(case)s: that a complaint is not established is decided after its "
                    "registration, and instead of its remedies.",
                    case=self.display_name,
                )
            )
        granted = case.policy_remedy_ids.filtered(
            lambda remedy: (
                remedy.cycle == case.policy_cycle
                and remedy.policy_approval_state in ("pending", "approved")
            )
        )
        if granted:
            raise UserError(
                self.env._(
                    "%(case)s: %(remedy)s is approved or being approved: the complaint is taken "
                    "for established.",
                    case=self.display_name,
                    remedy=granted[0].display_name,
                )
            )
        case._policy_ask_ruling("not_established", 0.0, text)
        return True

    # === BUSINESS METHODS === #

    def _policy_passes_by(self, fact):
        return self._policy_is_skipped(fact) or super()._policy_passes_by(fact)

    def _policy_missing_facts(self, name):
        missing = super()._policy_missing_facts(name)
        return [fact for fact in missing if not self._policy_is_skipped(fact)]

    def _policy_is_skipped(self, fact):
        """Return whether a fact is not asked for any more: nothing is granted, nobody asked."""
        return self.policy_outcome == UNFOUNDED and fact in SKIPPED

    def _policy_rulings(self, kind, states=("pending", "approved")):
        """Return the rulings of a kind in the present cycle, as superuser."""
        return self.sudo().policy_ruling_ids.filtered(
            lambda ruling: (
                ruling.kind == kind
                and ruling.cycle == self.policy_cycle
                and ruling.policy_approval_state in states
            )
        )

    def _policy_ask_ruling(self, kind, amount, text, **vals):
        """Create a ruling and submit it for the current user; ``self`` is superuser's.

        :param vals: what rulings of this kind say beside the usual.
        """
        self.ensure_one()
        if self._policy_rulings(kind, ("pending",)):
            raise UserError(
                self.env._(
                    "%(case)s: %(kind)s is being decided already.",
                    case=self.display_name,
                    kind=dict(
                        self.env["crm.policy.ruling"]
                        ._fields["kind"]
                        ._description_selection(self.env)
                    )[kind],
                )
            )
        with self.env.cr.savepoint():
            [ruling] = self.env["crm.policy.ruling"]._policy_guarded_create(
                [
                    {
                        "ticket_id": self.id,
                        "kind": kind,
                        "amount": amount,
                        "text": text,
                        "cycle": self.policy_cycle,
                        **vals,
                    }
                ]
            )
            ruling._policy_submit()
        return ruling

    def _policy_check_mandate_due(self):
        """Refuse a mandate before those have spoken on whose opinion it rests."""
        fact = "policy_mandated_at"
        milestone = self._policy_milestone(fact)
        if milestone.set_by != "ruling":
            raise UserError(
                self.env._(
                    "%(version)s asks for no mandate in such a case.",
                    version=self.policy_version_id.display_name,
                )
            )
        if self.policy_decided_at or self.policy_outcome:
            raise UserError(self.env._("%(case)s is decided.", case=self.display_name))
        missing = self._policy_missing_words(fact)
        if missing:
            raise UserError(missing)

    def _policy_check_ceiling(self, amount):
        """Refuse a mandate below the ceiling while the quantity cannot be told (Correction 8).

        :param amount: what is asked for; None: the ceiling, which then has to be known.
        """
        if not self.policy_quantity_undetermined:
            return
        ceiling, currency = self._policy_ceiling(), self.policy_currency_id
        if amount is not None and currency.compare_amounts(amount, ceiling) < 0:
            raise ValidationError(
                self.env._(
                    "%(clause)s: the quantity cannot be told yet: the mandate is asked for with "
                    "%(ceiling)s, what the case can cost at most, not with %(amount)s.",
                    clause=self._policy_fact_clause("policy_mandated_at")._policy_citation(),
                    ceiling=currency.format(ceiling),
                    amount=currency.format(amount),
                )
            )

    def _policy_mandate_wanted(self):
        """Return the amount a mandate is asked for by itself; 0 where a person has to say it.

        While the quantity cannot be told it is what the case can cost at most (Correction 8).
        """
        if self.policy_quantity_undetermined:
            return self.policy_ceiling_amount
        return sum(self._policy_drafted().mapped("amount"))

    def _policy_drafted(self):
        """Return the remedies that are meant for the customer: none that was rejected."""
        return self.policy_remedy_ids.filtered(
            lambda remedy: (
                remedy.cycle == self.policy_cycle and remedy.policy_approval_state != "rejected"
            )
        )

    def _policy_ask_mandate_for(self, amount, text):
        self._policy_ask_ruling("mandate", amount, text, tax_amount=self._policy_tax_in(amount))

    def _policy_tax_in(self, amount):
        """Return the tax in the amount of a mandate, as far as the case says its rate (T8).

        That of the drafted remedies; of the goods while their quantity cannot be told, no more
        than the version allows: too much of it, and the amount would fit under any limit.
        """
        if self.policy_quantity_undetermined:
            percent = min(self.policy_tax_percent, self._policy_number_of("tax_max_percent"))
            share = percent / (100 + percent)
        else:
            drafted = self._policy_drafted()
            total = sum(drafted.mapped("amount"))
            share = sum(drafted.mapped("tax_amount")) / total if total else 0.0
        return self.policy_currency_id.round(amount * share)

    def _policy_mandate(self):
        """Return the ruling within which Sales negotiates: the last that was given."""
        return self._policy_rulings("mandate", ("approved",))[-1:]

    def _policy_ask_mandates(self):
        """Ask for the mandates whose time has come, where it is known for how much.

        In the name of who has given the last opinion, with his words. What hinders it does not
        undo his opinion: the case says it, and somebody asks by hand.
        """
        for case in self.sudo():
            milestone = case._policy_milestone("policy_mandated_at")
            opinions = milestone._policy_opinions()
            if milestone.set_by != "ruling" or case.policy_mandated_at or not opinions:
                continue
            if case._policy_rulings("mandate", ("none", "pending", "approved", "rejected")):
                continue
            amount = case._policy_mandate_wanted()
            if not amount or case._policy_missing_words("policy_mandated_at"):
                continue
            asked = case._policy_asked()
            answered = [asked[code] for code in opinions if code in asked]
            if not answered:
                continue
            last = max(answered, key=lambda line: (line.policy_answered_at, line.id))
            try:
                case._policy_ask_mandate_for(amount, last.opinion)
            except UserError as error:
                case._message_log(body=str(error))

    # === BUSINESS METHODS - WHAT A RULING DOES NOT OUTLIVE === #

    def action_policy_cancel(self, reason=None):
        result = super().action_policy_cancel(reason)
        self._policy_lapse_rulings()
        return result

    def _policy_set_fact(self, name, at=None, reason=None):
        result = super()._policy_set_fact(name, at, reason)
        if name in ENDS:
            self._policy_lapse_rulings()
        return result

    def _policy_reopen(self, reason):
        self._policy_lapse_rulings()
        return super()._policy_reopen(reason)

    def _policy_lapse_rulings(self):
        """Let rulings lapse that nobody needs any more: what they are about is over."""
        pending = self.sudo().policy_ruling_ids.filtered(
            lambda ruling: ruling.policy_approval_state == "pending"
        )
        if pending:
            pending.policy_approval_id._policy_lapse()

    def _policy_decide_problems(self):
        problems = super()._policy_decide_problems()
        if self._policy_rulings(UNFOUNDED, ("pending",)):
            problems = [
                *problems,
                self.env._("Whether the complaint is established at all is being decided."),
            ]
        return problems

    def _policy_ruled_mandate(self):
        self._policy_bring_about()

    def _policy_ruled_not_established(self):
        """Settle the cases: nobody is asked any more, and the customer is told the reasons."""
        for case in self:
            ruling = case._policy_rulings(UNFOUNDED, ("approved",))[-1:]
            case._policy_guarded_write(
                {"policy_outcome": UNFOUNDED, "policy_solution": ruling.text}
            )
        for name in ("policy_solution_at", "policy_decided_at", "policy_settled_at"):
            self.filtered(lambda case, name=name: not case[name])._policy_settle_unfounded(name)

    def _policy_settle_unfounded(self, name):
        """Record that the decision is there, though nothing was proposed or granted."""
        moment = fields.Datetime.now()
        self._policy_guarded_write(self._policy_fact_vals(name, moment))
        for case in self:
            clause = case._policy_rulings(UNFOUNDED, ("approved",))[
                -1:
            ].policy_approval_id.clause_id
            self.env["crm.policy.event"]._policy_log(
                f"fact.{name.removeprefix('policy_').removesuffix('_at')}",
                case,
                {"at": str(moment), "ruling": UNFOUNDED},
                clause=clause,
            )
