from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round

from ...const import FRONT_LINE
from ...exceptions import PolicyRefusal
from ...tools.amounts import is_plausible

TOLERANCE = "execution_tolerance_percent"
WINDOW = ("crm_policy.group_specialist",)


class CrmPolicyRemedyExecution(models.AbstractModel):
    """A remedy as it was carried out: 105 pieces came back instead of 100 (Correction 8).

    Within the tolerance of the policy the decision still covers it. What exceeds that is a remedy
    of its own, an excess, which goes to whoever is competent for the larger amount; the decision
    that is there stays as it was signed.
    """

    _name = "crm.policy.remedy.execution"
    _description = "Remedy Carried Out"

    currency_id = fields.Many2one("res.currency")
    executed_amount = fields.Monetary(
        string="Amount Carried Out",
        readonly=True,
        copy=False,
        help="What it has come to in the end.",
    )
    executed_at = fields.Datetime(string="Carried Out At", readonly=True, copy=False)
    can_execute = fields.Boolean(
        compute="_compute_can_execute",
        help="It may be carried out, and nobody has written down how.",
    )
    excess_of_id = fields.Many2one(
        "crm.policy.remedy",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The decided remedy that costs more than was decided.",
    )
    excess_ids = fields.One2many(
        "crm.policy.remedy", "excess_of_id", string="Excesses", readonly=True
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "executed_amount",
            "executed_at",
            "excess_of_id",
            "excess_ids",
        }

    # === CRUD METHODS === #

    def write(self, vals):
        former = {remedy: remedy._policy_fingerprint() for remedy in self._policy_paid()}
        result = super().write(vals)
        for remedy, fingerprint in former.items():
            if remedy._policy_fingerprint() != fingerprint:
                remedy._policy_refuse_paid()
        return result

    def unlink(self):
        # Before the rest: no reason of a room above lets evidence of money spent go.
        self._policy_paid()._policy_refuse_paid()
        cases = self.sudo().ticket_id
        result = super().unlink()
        # The others may all be signed.
        cases._policy_bring_about()
        return result

    def _policy_paid(self):
        """Return those of ``self`` that were carried out, as superuser.

        So was an excess that was decided before its remedy was carried out.
        """
        return self.sudo().filtered(
            lambda remedy: (
                remedy.executed_at
                or (remedy.excess_of_id.executed_at and remedy._policy_may_execute())
            )
        )

    def _policy_refuse_paid(self):
        for remedy in self:
            raise UserError(
                self.env._(
                    "%(remedy)s was carried out: it stays as it was decided.",
                    remedy=remedy.display_name,
                )
            )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_approval_state",
        "executed_at",
        "excess_of_id",
        "ticket_id.policy_settled_at",
        "return_note_ids.cancelled_at",
        "allowance_ids.cancelled_at",
    )
    def _compute_can_execute(self):
        for remedy in self:
            stored = remedy.sudo()
            remedy.can_execute = (
                not (stored.executed_at or stored.excess_of_id)
                and stored._policy_may_execute()
                and not stored._policy_waits_for_settlement()
                and not stored._policy_document_problem()
            )

    # === ACTION METHODS === #

    def action_policy_execute_amount(self, amount=None):
        """Record what the remedy has come to.

        :param float amount: in the currency of the case; what was decided by default.
        :raises PolicyRefusal: it is not approved, the case is not settled (CMP-SET-01), or more
            than the tolerance allows; names clause, what was asked, the limit and who may decide,
            and offers to ask him.
        """
        remedy, amount, clause = self._policy_check_execution(amount)
        remedy._policy_refuse_unreceived(amount)
        remedy._policy_carry_out(amount, clause)
        return True

    def action_policy_ask_excess(self, amount=None):
        """Ask whoever is competent for ``amount`` to decide on what exceeds the decision.

        :param float amount: what the remedy would come to in all.
        """
        self._policy_check_executor(amount)
        remedy = self.sudo()
        decided = remedy._policy_decided_amount()
        excess = remedy.currency_id.round((amount or 0.0) - decided)
        if remedy.currency_id.compare_amounts(excess, 0.0) <= 0:
            raise UserError(
                self.env._(
                    "%(remedy)s is decided with %(decided)s: nothing exceeds that.",
                    remedy=remedy.display_name,
                    decided=remedy.currency_id.format(decided),
                )
            )
        if remedy.excess_ids.filtered(lambda line: line.policy_approval_state == "pending"):
            raise UserError(
                self.env._("An excess of %(remedy)s is pending.", remedy=remedy.display_name)
            )
        with self.env.cr.savepoint():
            [part] = (
                self.env["crm.policy.remedy"]
                .sudo()
                ._policy_guarded_create([remedy._policy_excess_values(excess)])
            )
            part.with_env(self.env).action_policy_submit()
        return True

    # === BUSINESS METHODS === #

    def _policy_check_execution(self, amount):
        """Refuse what may not be given to the customer now, or not by the current user.

        :return: (the remedy as superuser, the amount that he is given, the clause it follows).
        """
        self._policy_check_executor(amount)
        remedy = self.sudo()
        remedy.filtered("executed_at")._policy_refuse_paid()
        remedy._policy_refuse_unsettled()
        remedy._policy_refuse_documented()
        decided = remedy._policy_decided_amount()
        amount = decided if amount is None else amount
        limit, clause = remedy._policy_execution_limit(decided)
        if remedy.currency_id.compare_amounts(amount, limit) > 0:
            remedy._policy_refuse_excess(amount, decided, limit, clause)
        return remedy, amount, clause

    def _policy_check_executor(self, amount):
        self.ensure_one()
        self.check_access("write")
        self.ticket_id._policy_check_actor(WINDOW)
        if isinstance(amount, str | bool) or not is_plausible(amount):
            raise ValidationError(
                self.env._("An amount of %(amount)s cannot be meant.", amount=amount)
            )
        remedy = self.sudo()
        remedy._policy_refuse_concerned(remedy.policy_approval_id.clause_id)
        if remedy.excess_of_id:
            raise UserError(
                self.env._(
                    "%(excess)s belongs to %(remedy)s: record there what it has come to.",
                    excess=remedy.display_name,
                    remedy=remedy.excess_of_id.display_name,
                )
            )
        remedy._policy_refuse_undecided()

    def _policy_refuse_undecided(self):
        """Refuse to carry out what nobody has decided (AUT-MAT-05)."""
        if self._policy_may_execute():
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(remedy)s is carried out once it is decided. May decide: "
                "%(deciders)s.",
                clause=self._policy_deciding_lines()[:1].clause_id._policy_citation(),
                remedy=self.display_name,
                deciders=self._policy_decider_words(
                    self.env["res.users"], self._policy_approval_amount()
                ),
            )
        )

    def _policy_waits_for_settlement(self):
        """Return whether the case must be settled before this is carried out (CMP-SET-01).

        What was decided in a former cycle was settled in it. An emergency, the word of a leader
        and what the front line lets a customer off by its own authority wait for nothing.
        """
        case = self.ticket_id
        if case.policy_settled_at or self.cycle < case.policy_cycle:
            return False
        return "policy_settled_at" in case._policy_fact_order() and not self._policy_at_once()

    def _policy_at_once(self):
        """Return whether the policy lets it be carried out on the spot."""
        if self.policy_emergency_id or (self.kind in FRONT_LINE and not self.policy_approval_id):
            return True
        words = [("approval_id", "=", self.policy_approval_id.id), ("denied", "=", False)]
        Consent = self.env["crm.policy.oral.consent"].sudo()
        return bool(self.policy_approval_id) and bool(Consent.search_count(words, limit=1))

    def _policy_refuse_unsettled(self):
        """Refuse to carry out what waits for the settlement of its case.

        :raises PolicyRefusal: names the clause.
        """
        if not self._policy_waits_for_settlement():
            return
        case = self.ticket_id
        clause = case._policy_fact_clause("policy_settled_at")
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(remedy)s is carried out once %(case)s is settled.",
                clause=(clause and clause._policy_citation())
                or case.policy_version_id.display_name,
                remedy=self.display_name,
                case=case.policy_handle,
            )
        )

    def _policy_refuse_excess(self, amount, decided, limit, clause):
        """Refuse more than was decided, and offer to ask who is competent for it."""
        raise PolicyRefusal(
            self._policy_excess_words(amount, decided, limit, clause),
            action={
                **self.env["ir.actions.actions"]._for_xml_id("crm_policy.remedy_excess_action"),
                "context": {
                    "active_model": self._name,
                    "active_id": self.id,
                    "active_ids": self.ids,
                    "policy_amount": amount,
                },
            },
            button=self.env._("Submit for Approval"),
        )

    def _policy_carry_out(self, amount, clause):
        """Write down what it has come to; the caller has checked person and amount."""
        decided = self._policy_decided_amount()
        self._policy_guarded_write(
            {"executed_amount": amount, "executed_at": fields.Datetime.now()}
        )
        self.env["crm.policy.event"]._policy_log(
            "remedy.executed", self, {"amount": amount, "decided": decided}, clause=clause
        )
        # With the last one the case may say itself that all is carried out.
        self.ticket_id._policy_bring_about()

    def _policy_decided_amount(self):
        """Return what may be carried out: the remedy, and those excesses of it that are decided."""
        return self.amount + sum(
            part.amount for part in self.excess_ids if part._policy_may_execute()
        )

    def _policy_execution_limit(self, decided):
        """Return (what may be carried out at most, the clause that says so)."""
        parameter = self.env["crm.policy.parameter"]._policy_of(
            self._policy_approval_version(), TOLERANCE
        )
        limit = self.currency_id.round(decided * (1 + parameter.value / 100))
        clause = parameter.clause_id or self.policy_approval_id.clause_id
        return limit, clause or self._policy_deciding_lines()[:1].clause_id

    def _policy_excess_words(self, amount, decided, limit, clause):
        currency = self.currency_id
        total = self._policy_approval_amount() + amount - decided
        return self.env._(
            "%(clause)s: %(remedy)s would come to %(amount)s; %(decided)s were decided, and at "
            "most %(limit)s may be carried out. May decide: %(deciders)s.",
            clause=clause._policy_citation(),
            remedy=self.display_name,
            amount=currency.format(amount),
            decided=currency.format(decided),
            limit=currency.format(limit),
            deciders=self._policy_decider_words(self.env.user, total),
        )

    def _policy_excess_values(self, excess):
        share = self.tax_amount / self.amount if self.amount else 0.0
        return {
            "ticket_id": self.ticket_id.id,
            "kind": self.kind,
            "amount": excess,
            "tax_amount": float_round(
                excess * share,
                precision_rounding=self.currency_id.rounding,
                rounding_method="DOWN",
            ),
            "note": self.note,
            "beneficiary_id": self.beneficiary_id.id,
            "cycle": self.ticket_id.policy_cycle,
            "excess_of_id": self.id,
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_excess(self):
        if any(remedy.sudo().excess_of_id for remedy in self):
            raise UserError(self.env._("What was submitted for approval is kept, not deleted."))
