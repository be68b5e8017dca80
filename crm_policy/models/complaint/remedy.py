from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from ...const import ENDED_OUTCOMES, FRONT_LINE, REMEDIES
from ...exceptions import PolicyRefusal
from ...tools.amounts import is_plausible
from .remedy_quantity import MEASURED

AMOUNTS = ("amount", "tax_amount")
DECIDED_FIELDS = frozenset(
    {"kind", *AMOUNTS, *MEASURED, "item_ref", "note", "ticket_id", "beneficiary_id", "is_comfort"}
)
# What counts of the other cases of a matter: what was granted, and what is being asked for.
COUNTED = ("approved", "pending")


class CrmPolicyRemedy(models.Model):
    """What the customer gets: money, goods or words. Nobody promises it before it is approved."""

    _name = "crm.policy.remedy"
    _description = "Remedy"
    _inherit = [
        "crm.policy.dependent",
        "crm.policy.remedy.receipt",
        "crm.policy.remedy.comfort",
        "crm.policy.remedy.execution",
        "crm.policy.remedy.quantity",
        "crm.policy.remedy.document",
        "crm.policy.oral.document",
        "crm.policy.case.signature",
    ]
    _policy_document_field = "ticket_id"
    _policy_counts_tax = True
    _order = "ticket_id, id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, index=True, ondelete="restrict", string="Case"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    # The roles of a route find the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    policy_department_id = fields.Many2one(related="ticket_id.policy_department_id")
    kind = fields.Selection(REMEDIES, required=True, default="compensation")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="Tax included (T8). Of a quantity with a unit price it follows from them.",
    )
    tax_amount = fields.Monetary(
        string="Tax in It",
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="The part of the amount that is tax.",
    )
    amount_untaxed = fields.Monetary(
        string="Without Tax",
        compute="_compute_amount_untaxed",
        help="Counts against authority limits where the company compares them without tax.",
    )
    currency_id = fields.Many2one(related="ticket_id.policy_currency_id")
    note = fields.Char(string="Description")
    front_line_amount = fields.Monetary(
        string="Let Off This Month",
        compute="_compute_front_line_amount",
        help="What the front line has waived and rounded off for this customer in this calendar "
        "month.",
    )
    cycle = fields.Integer(
        readonly=True,
        copy=False,
        help="How often the case had been reopened: the remedies of a former cycle stay as they "
        "were decided.",
    )
    writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_remedy_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has changed it since it was created: none of them decides on it.",
    )
    beneficiary_id = fields.Many2one(
        "res.partner", index=True, help="Who gets it, when that is not the customer of the case."
    )

    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "The amount of a remedy is not negative."
    )

    _tax_within = models.Constraint(
        "CHECK(tax_amount IS NULL OR tax_amount >= 0 AND tax_amount <= amount)",
        "The tax in an amount is neither negative nor more than the amount.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amount", "tax_amount")
    def _compute_amount_untaxed(self):
        for remedy in self:
            remedy.amount_untaxed = remedy.amount - remedy.tax_amount

    @api.depends("ticket_id.partner_id", "policy_approval_state")
    def _compute_front_line_amount(self):
        """AUT-FRONT-01: of the customer and month, whoever has decided it."""
        sums = (
            self.env["crm.policy.authority.use"]
            .sudo()
            ._policy_front_line_sums(
                self.sudo().ticket_id.partner_id.commercial_partner_id, self.sudo().company_id
            )
        )
        for remedy in self:
            customer = remedy.sudo().ticket_id.partner_id.commercial_partner_id
            remedy.front_line_amount = sums.get((remedy.company_id.id, customer.id), 0.0)

    @api.depends("kind", "amount", "ticket_id.display_name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for remedy in self:
            amount = remedy.currency_id.format(remedy.amount) if remedy.amount else ""
            parts = [remedy.ticket_id.policy_handle or "", kinds.get(remedy.kind, ""), amount]
            remedy.display_name = " ".join(part for part in parts if part)

    # === CONSTRAINT METHODS === #

    @api.constrains(*AMOUNTS)
    def _check_amount(self):
        for remedy in self:
            remedy._policy_check_amounts([{name: remedy[name] for name in AMOUNTS}])

    @api.constrains(*AMOUNTS, "ticket_id")
    def _check_tax(self):
        """Refuse more tax than there can be: without tax, the amount would fit under any limit.

        As much as the version says under which the case stands; where limits are compared without
        tax and it says nothing, none.
        """
        Parameter = self.env["crm.policy.parameter"]
        for remedy in self.sudo().filtered("tax_amount"):
            parameter = Parameter._policy_of(remedy._policy_approval_version(), "tax_max_percent")
            excluded = remedy.company_id.policy_amount_basis == "excluded"
            if not parameter.value and not excluded:
                continue
            currency = remedy.currency_id
            most = currency.round(remedy.amount_untaxed * parameter.value / 100)
            if currency.compare_amounts(remedy.tax_amount, most) > 0:
                raise ValidationError(
                    self.env._(
                        "%(tax)s of tax in %(amount)s: at %(percent)g percent there are %(most)s "
                        "at most.",
                        tax=currency.format(remedy.tax_amount),
                        amount=currency.format(remedy.amount),
                        percent=parameter.value,
                        most=currency.format(most),
                    )
                )

    @api.constrains("ticket_id")
    def _check_governed(self):
        for remedy in self:
            if not remedy.ticket_id.policy_kind:
                raise ValidationError(
                    self.env._(
                        "%(case)s is not governed by a policy: it has no remedies.",
                        case=remedy.ticket_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_amounts(vals_list)
        remedies = super().create(vals_list)
        remedies._policy_check_open()
        for remedy in remedies:
            if remedy.ticket_id.policy_cycle:
                remedy._policy_guarded_write({"cycle": remedy.ticket_id.policy_cycle})
        return remedies

    def write(self, vals):
        self._policy_check_amounts([vals])
        if DECIDED_FIELDS.intersection(vals):
            self._policy_check_open()
            others = self.filtered(lambda remedy: remedy.create_uid != self.env.user)
            others._policy_guarded_write({"writer_ids": [Command.link(self.env.uid)]})
        result = super().write(vals)
        if "ticket_id" in vals:
            self._policy_check_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        self._policy_check_open()

    def _policy_guarded_fields(self):
        # Stored for the record rules; it follows the case.
        return super()._policy_guarded_fields() | {"company_id", "cycle", "writer_ids"}

    @api.model
    def _policy_import(self, vals_list):
        """Create the remedies of imported cases; the import has checked them.

        Those that were granted in the old register are approved without a request: who decided
        there is not known here, and the event says so.
        """
        remedies = self._policy_guarded_create(vals_list)
        self.env["crm.policy.event"]._policy_log(
            "remedy.imported",
            remedies,
            payloads={
                remedy.id: {"amount": remedy.amount, "state": remedy.policy_approval_state}
                for remedy in remedies
            },
        )
        return remedies

    def _policy_check_amounts(self, vals_list):
        """Refuse an amount before rounding it and the database stumble over it."""
        for vals in vals_list:
            for name in (*AMOUNTS, *MEASURED):
                if not is_plausible(vals.get(name)):
                    raise ValidationError(
                        self.env._("An amount of %(amount)s cannot be meant.", amount=vals[name])
                    )

    def _policy_check_open(self):
        # Nor does whom the case is about put amounts on it.
        self.ticket_id._policy_refuse_accused()
        for remedy in self:
            if remedy.ticket_id.policy_outcome in ENDED_OUTCOMES:
                raise UserError(
                    self.env._("%(case)s is ended.", case=remedy.ticket_id.display_name)
                )
            # One that is just being created has no cycle of its own yet.
            former = remedy.policy_approval_state != "none" and (
                remedy.cycle < remedy.ticket_id.policy_cycle
            )
            case = remedy.ticket_id
            # Of a conflict only its settlement; whose fault it was is decided later.
            if case.policy_settled_at or case.policy_decided_at or former:
                raise UserError(
                    self.env._(
                        "%(case)s is decided: its remedies stay as they were decided.",
                        case=remedy.ticket_id.display_name,
                    )
                )

    # === APPROVAL === #

    def _policy_submit(self):
        # An excess comes up when the case is decided.
        self.filtered(lambda remedy: not remedy.excess_of_id)._policy_check_open()
        self.filtered(lambda remedy: not remedy.excess_of_id).ticket_id._policy_check_signable()
        return super()._policy_submit()

    def _policy_approval_values(self):
        values = {
            "kind": self.kind,
            "amount": f"{self.amount:.2f}",
            "note": self.note or "",
            "ticket": self.ticket_id.id,
            "beneficiary": self.beneficiary_id.id,
        }
        if self.tax_amount:
            values["tax"] = f"{self.tax_amount:.2f}"
        return {**values, **self._policy_quantity_values(), **self._policy_comfort_values()}

    def _policy_approval_amount(self):
        """Return what the whole case costs: splitting a remedy does not help (AUT-MAT-03).

        With or without tax, as the company compares it (T8).
        """
        return self._policy_case_amount()

    def _policy_case_amount(self, kinds=None):
        """Return what the remedies of the case cost that were not rejected, and its emergencies.

        :param set kinds: only of these kinds; what an emergency has cost beside them is of none.
        """
        live = self.ticket_id.policy_remedy_ids.filtered(
            lambda remedy: remedy.policy_approval_state != "rejected"
        )
        amount = (live | self)._policy_counted_amount(kinds)
        if kinds is None:
            amount += self.ticket_id._policy_emergency_spent(but=self._name)
        return amount

    def _policy_counted_amount(self, kinds=None):
        """Return the sum that counts against authority limits."""
        return sum(
            remedy.amount_untaxed
            if remedy.company_id.policy_amount_basis == "excluded"
            else remedy.amount
            for remedy in self
            if kinds is None or remedy.kind in kinds
        )

    def _policy_linked_amount(self, kinds=None):
        linked = self.sudo().ticket_id.policy_matter_case_ids.policy_remedy_ids
        counted = linked.filtered(lambda remedy: remedy.policy_approval_state in COUNTED)
        amount = counted._policy_counted_amount(kinds)
        if kinds is None:
            cases = self.sudo().ticket_id.policy_matter_case_ids
            amount += cases._policy_emergency_spent(but=self._name)
        return amount

    def _policy_claimed_amount(self):
        return self._policy_counted_amount()

    def _policy_emergency(self):
        return self.ticket_id.policy_emergency_id

    def _policy_emergency_amount(self):
        return self.amount

    def _policy_approval_subject(self):
        return self.kind

    def _policy_approval_barred_users(self):
        beneficiaries = self.beneficiary_id.with_context(active_test=False).user_ids
        return super()._policy_approval_barred_users() | beneficiaries

    def _policy_proposers(self):
        return super()._policy_proposers() | self.writer_ids

    # === ONE'S OWN AUTHORITY === #

    def _policy_sign_alone(self, user):
        """Let the handler of the case decide by his own authority (AUT-FRONT-01).

        :return: the line of the matrix by which he does, and the amount that was compared.
        :raises PolicyRefusal: it is beyond his limit, or what is left of it.
        """
        self._policy_check_comfort()
        self._policy_hold_sums([(self, user)])
        own = self._policy_own_lines(user).filtered("own_cases")
        covering = own.browse()
        amount, limit = self._policy_approval_amount(), 0.0
        for line in own:
            for amount, linked, ceiling in self._policy_own_bounds(line, own, user):
                limit = ceiling._policy_ceiling()
                if not ceiling._policy_covers(amount + linked, self.currency_id):
                    break
            else:
                covering |= line
        line = covering.filtered(lambda line: self._policy_with_room(line, user))[:1]
        if not covering:
            raise PolicyRefusal(self._policy_limit_words(user, amount, limit))
        if not line:
            raise PolicyRefusal(self._policy_room_words(user, covering[-1], amount))
        if self.kind in FRONT_LINE and not (self.note or "").strip():
            raise UserError(
                self.env._(
                    "%(clause)s: write down the reason of %(remedy)s.",
                    clause=line.clause_id._policy_citation(),
                    remedy=self.display_name,
                )
            )
        rows = self._policy_use_values(user, line, self.env["crm.policy.approval"])
        self.env["crm.policy.authority.use"]._policy_gather(rows)
        return line, amount

    def _policy_own_bounds(self, line, own, user):
        """Return what is compared with what: [(amount, that of linked cases, line with the limit)].

        A general line bounds what the whole case costs. A line of its own kind bounds that kind,
        and all such kinds together stay within the highest of these lines: one limit per case.
        """
        if not line.subject:
            return [(self._policy_case_amount(), self._policy_linked_amount(), line)]
        special = (
            self.env["crm.policy.authority"]
            .sudo()
            .search(
                [
                    ("version_id", "=", line.version_id.id),
                    ("own_cases", "=", True),
                    ("subject", "!=", False),
                ]
            )
            .filtered(lambda other: other.role_id._policy_held_by(user, self))
        )
        bounds = [({line.subject}, line)]
        bounds.append((set(special.mapped("subject")), special.sorted("max_amount")[-1:]))
        return [
            (self._policy_case_amount(kinds), self._policy_linked_amount(kinds), ceiling)
            for kinds, ceiling in bounds
        ]

    def _policy_approval_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
            "view_mode": "form",
        }

    def _policy_on_approved(self):
        self._policy_note_decision(self.env._("approved"))
        result = super()._policy_on_approved()
        # Where the policy says so, the last signature settles the case (CMP-FLOW-09).
        self.ticket_id._policy_bring_about()
        return result

    def _policy_on_rejected(self):
        self._policy_note_decision(self.env._("rejected"))
        result = super()._policy_on_rejected()
        # The others may all be signed.
        self.ticket_id._policy_bring_about()
        return result

    def _policy_deciding_request(self):
        return (self.policy_emergency_id or self).policy_approval_id
