from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...tools.amounts import is_plausible
from ...tools.zones import company_zone, local_day, to_local
from ...words import list_words

WINDOW = ("crm_policy.group_specialist",)
ACCOUNTING = "crm_policy.group_finance"
# What a document is for does not change any more.
FIXED = ("ticket_id", "remedy_id")


class CrmPolicyGoodsDocument(models.AbstractModel):
    """A paper that carries out a remedy: goods come back, or an allowance is granted (C.8).

    It is issued once the case is settled, signed, and goes from hand to hand: each hand-over is a
    fact. What it has come to is booked by Accounting; with that its remedy is carried out.
    """

    _name = "crm.policy.goods.document"
    _description = "Document That Carries Out a Remedy"
    _inherit = ["crm.policy.case.entry", "crm.policy.case.signature", "crm.policy.subject"]
    _order = "id desc"
    _rec_name = "number"

    # It begins where the decision ends; its own facts lock it.
    _policy_locked_by = None
    _policy_of_one_cycle = False
    _policy_numbers = ""  # pattern of its numbers, anew each year
    _policy_kinds = ()  # of remedies that it carries out
    _policy_signed_names = ("reason",)  # what nobody changes once it is signed
    _policy_needed_names = ("reason",)  # without which nobody signs it
    _policy_measures = ()
    _policy_order_of_facts = {}
    _policy_final_fact = None  # from here on it is not cancelled any more

    number = fields.Char(string="No.", readonly=True, copy=False, index=True)
    remedy_id = fields.Many2one(
        "crm.policy.remedy", required=True, index=True, ondelete="restrict", copy=False
    )
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    policy_department_id = fields.Many2one(related="ticket_id.policy_department_id")
    partner_id = fields.Many2one(related="ticket_id.partner_id", string="Customer")
    order_ref = fields.Char(related="ticket_id.policy_order_ref", string="Order")
    treatment = fields.Selection(related="remedy_id.kind", string="Treatment")
    reason = fields.Text(help="What was wrong with the goods.")
    item_ref = fields.Char(
        string="Item", compute="_compute_from_remedy", store=True, readonly=False, precompute=True
    )
    quantity = fields.Float(
        digits=(16, 2),
        compute="_compute_from_remedy",
        store=True,
        readonly=False,
        precompute=True,
    )
    writer_ids = fields.Many2many(
        "res.users",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has changed it since it was created: none of them decides on it.",
    )
    policy_approved_at = fields.Datetime(string="Approved At", readonly=True, copy=False)
    policy_handed_at = fields.Datetime(string="Handed to Accounting At", readonly=True, copy=False)
    policy_booked_at = fields.Datetime(string="Booked At", readonly=True, copy=False)
    voucher_ref = fields.Char(string="Voucher", readonly=True, copy=False)
    cancelled_at = fields.Datetime(readonly=True, copy=False)
    cancel_reason = fields.Text(string="Why It Was Cancelled", readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends("number", "ticket_id.policy_handle")
    def _compute_display_name(self):
        for document in self:
            parts = (document.number, document.ticket_id.policy_handle)
            document.display_name = " ".join(part for part in parts if part)

    @api.depends("remedy_id")
    def _compute_from_remedy(self):
        """Propose what was decided; whoever issues the document may say it more exactly."""
        for document in self:
            remedy = document.remedy_id
            document.item_ref = remedy.item_ref or remedy.ticket_id.policy_item_ref
            document.quantity = remedy.quantity

    # === SIGHT === #

    @api.model
    def _policy_own_domain(self):
        # What was handed to Accounting stays with it, though the case was reopened since.
        own = super()._policy_own_domain()
        if self.env.user.has_group(ACCOUNTING):
            own |= Domain("policy_handed_at", "!=", False)
        return own

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | frozenset(self._policy_order_of_facts)

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "company_id",
            "number",
            "writer_ids",
            "voucher_ref",
            "cancelled_at",
            "cancel_reason",
        }

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_measures(vals_list)
        Remedy = self.env["crm.policy.remedy"]
        remedies = [
            Remedy.browse(vals["remedy_id"]).exists()
            if isinstance(vals.get("remedy_id"), int)
            else Remedy
            for vals in vals_list
        ]
        # What it is for says of which case it is.
        documents = super().create(
            [
                {**vals, "ticket_id": remedy.sudo().ticket_id.id}
                for vals, remedy in zip(vals_list, remedies, strict=True)
            ]
        )
        documents._policy_check_issuable()
        documents.sudo()._policy_assign_numbers()
        self.env["crm.policy.event"]._policy_log(
            f"{self._policy_event_prefix()}.issued",
            documents,
            payloads={document.id: {"remedy": document.remedy_id.id} for document in documents},
        )
        return documents

    def write(self, vals):
        self.check_access("write")
        self._policy_check_measures([vals])
        for document in self.sudo():
            changed = [
                name
                for name in (*FIXED, *self._policy_signed_names)
                if name in vals and document._policy_is_changed(name, vals[name])
            ]
            if changed and (document.policy_approved_at or set(changed).intersection(FIXED)):
                raise UserError(
                    self.env._(
                        "%(document)s: %(field)s stays as it was signed. Cancel it and issue "
                        "another one.",
                        document=document.display_name,
                        field=document._policy_label(changed[0]),
                    )
                )
            if document.policy_booked_at or document.cancelled_at:
                raise UserError(document._policy_ended_words())
        if set(self._policy_signed_names).intersection(vals):
            others = self.filtered(lambda document: document.create_uid != self.env.user)
            others._policy_guarded_write({"writer_ids": [(4, self.env.uid)]})
        return super().write(vals)

    def _policy_is_changed(self, name, value):
        present = self._fields[name].convert_to_write(self[name], self)
        return (present or False) != (value or False)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What was issued is cancelled, with a reason, not deleted."))

    def _policy_check_measures(self, vals_list):
        """Refuse a number before rounding it and the database stumble over it."""
        for vals in vals_list:
            for name in self._policy_measures:
                if not is_plausible(vals.get(name)):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(amount)s cannot be meant.",
                            field=self._policy_label(name),
                            amount=vals[name],
                        )
                    )

    def _policy_assign_numbers(self):
        counter = self.env["crm.policy.counter"].sudo()
        for company, documents in self.grouped("company_id").items():
            day = local_day(fields.Datetime.now(), company)
            numbers = counter._policy_reserve(
                company, self._policy_numbers, "year", day, len(documents)
            )
            for document, number in zip(documents, numbers, strict=True):
                document._policy_guarded_write(
                    {
                        "number": number,
                        "policy_version_id": document.ticket_id.policy_version_id.id,
                    }
                )

    # === ACTION METHODS === #

    def action_policy_submit(self):
        """Ask for the signatures that the policy requires."""
        for document in self:
            document._policy_check_clerk()
        return super().action_policy_submit()

    def action_policy_hand_over(self, at=None, reason=None):
        """Hand it to Accounting."""
        self._policy_check_clerk()
        self.sudo()._policy_set_fact("policy_handed_at", at, reason)
        return True

    def action_policy_book(self, voucher=None, at=None, reason=None):
        """Book what it has come to, as Accounting: its remedy is carried out (RET-ACC-01).

        :param str voucher: number of the voucher or credit note.
        :raises AccessError: the user does not work in Accounting.
        :raises ValidationError: there is no number.
        :raises UserError: it was not handed over, or is booked already.
        """
        self.ensure_one()
        self.check_access("read")
        self.ticket_id._policy_refuse_accused()
        if not (self.env.user._is_superuser() or self.env.user.has_group(ACCOUNTING)):
            raise AccessError(
                self.env._(
                    "This step is taken by: %(groups)s.",
                    groups=self.env.ref(ACCOUNTING).sudo().display_name,
                )
            )
        text = self._policy_text(voucher, self.env._("Give the number of the voucher."))
        self.sudo()._policy_book(text, at, reason)
        return True

    def action_policy_cancel(self, reason=None):
        """Take it back; another one may be issued in its place.

        :param str reason: why; required.
        """
        text = self._policy_text(reason, self.env._("Say why it is cancelled."))
        self._policy_check_clerk()
        for document in self.sudo():
            if document.cancelled_at or document[self._policy_final_fact]:
                raise UserError(document._policy_ended_words())
            request = document.policy_approval_id
            if request.state in ("pending", "approved"):
                request._policy_lapse()
            document._policy_guarded_write(
                {"cancelled_at": fields.Datetime.now(), "cancel_reason": text}
            )
        # One that takes its place is inserted before what waits to be written.
        self.flush_recordset(["cancelled_at"])
        self.env["crm.policy.event"]._policy_log(
            f"{self._policy_event_prefix()}.cancelled", self.sudo()
        )
        return True

    # === BUSINESS METHODS === #

    def _policy_event_prefix(self):
        return self._name.removeprefix("crm.policy.").split(".")[0]

    def _policy_book(self, voucher, at=None, reason=None):
        """Write down that it is booked and its remedy carried out; the person is checked."""
        with self.env.cr.savepoint():
            self._policy_set_fact("policy_booked_at", at, reason)
            self._policy_guarded_write({"voucher_ref": voucher})
            self.remedy_id.filtered("executed_at")._policy_refuse_paid()
            amount, clause = self._policy_booked_amount()
            self.remedy_id._policy_carry_out(amount, clause)

    def _policy_booked_amount(self):
        """Return (what it has come to, in the currency of the case; the clause it follows)."""
        return self._policy_papers_amount(), self._policy_booked_clause()

    def _policy_papers_amount(self):
        """Return what it comes to by its own papers."""
        return self.remedy_id.amount

    def _policy_booked_clause(self):
        return self.policy_approval_id.clause_id

    def _policy_check_clerk(self):
        """Refuse whoever does not work on the case."""
        self.check_access("write")
        self.ticket_id._policy_check_actor(WINDOW)

    def _policy_check_issuable(self):
        """Refuse a document before the settlement, and one for what is not granted (CMP-SET-01)."""
        for document in self:
            document._policy_check_clerk()
            remedy = document.sudo().remedy_id
            if remedy.kind not in self._policy_kinds or remedy.excess_of_id:
                raise ValidationError(
                    self.env._(
                        "%(remedy)s is not carried out by a document of this kind: %(document)s.",
                        remedy=remedy.display_name,
                        document=self.env["ir.model"]._get(self._name).name,
                    )
                )
            remedy.filtered("executed_at")._policy_refuse_paid()
            remedy._policy_refuse_undecided()
            remedy._policy_refuse_unsettled()

    def _policy_ended_words(self):
        if self.cancelled_at:
            return self.env._("%(document)s is cancelled.", document=self.display_name)
        return self.env._(
            "%(document)s: %(fact)s is recorded; it stays as it is.",
            document=self.display_name,
            fact=self._policy_label("policy_booked_at" if self.policy_booked_at
                                    else self._policy_final_fact),
        )  # fmt: skip

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        if self.cancelled_at:
            raise UserError(self._policy_ended_words())
        before = self._policy_order_of_facts[name]
        missing = [self._policy_label(fact) for fact in before if not self[fact]]
        if missing:
            raise UserError(
                self.env._(
                    "%(document)s, %(fact)s: missing first: %(missing)s.",
                    document=self.display_name,
                    fact=self._policy_label(name),
                    missing=list_words(self.env, missing),
                )
            )
        self._policy_check_after(name, moment, before)
        return result

    def _policy_printed(self):
        """Return the documents that are printed: signed ones only; each print leaves a trace.

        :raises UserError: one of them is not signed, or cancelled.
        """
        self.check_access("read")
        for document in self.sudo():
            if document.cancelled_at:
                raise UserError(document._policy_ended_words())
            if not document.policy_approved_at:
                raise UserError(
                    self.env._(
                        "%(document)s is printed once it is signed.",
                        document=document.display_name,
                    )
                )
        self.env["crm.policy.event"]._policy_log(
            f"{self._policy_event_prefix()}.printed", self.sudo()
        )
        return self

    def _policy_tell(self, what, users):
        """Tell people what waits for them, each in his language.

        :param str what: as :meth:`_policy_news` of the document knows it.
        """
        for lang, people in (users - self.env.user).grouped("lang").items():
            there = self.sudo().with_context(lang=lang or None)
            subject, body = there._policy_news(what)
            there.env["mail.thread"].with_company(self.company_id).message_notify(
                model=self._name,
                res_id=self.id,
                partner_ids=people.partner_id.ids,
                subject=subject,
                body=body,
            )

    def _policy_copies(self):
        """Return the names of the copies that are printed, in their order."""
        return [self.env._("Original")]

    def _policy_signatures(self):
        """Return who has signed and when, as the print says it."""
        zone = company_zone(self.company_id)
        signed = self.sudo().policy_approval_id.decision_ids.filtered(
            lambda decision: decision.outcome == "approved"
        )
        return [
            f"{line._policy_signer_words()} {to_local(line.decided_at, zone):%Y-%m-%d %H:%M}"
            for line in signed
        ]

    def _policy_for_another_app(self):
        """Return the document to make something of it in another app, in its company.

        Of the caller's context only his language and time zone take part: defaults, and what that
        app is told there to skip or not to check, are nobody's to set.
        """
        names = ("lang", "tz", "allowed_company_ids")
        kept = {name: self.env.context[name] for name in names if name in self.env.context}
        # pylint: disable=context-overridden
        return self.with_context(kept).with_company(self.company_id)

    # === APPROVAL === #

    def _policy_submit(self):
        for document in self:
            document._policy_check_issuable()
            if document.cancelled_at:
                raise UserError(document._policy_ended_words())
            document._policy_check_complete()
        return super()._policy_submit()

    def _policy_check_complete(self):
        """Refuse to have something signed that does not say why."""
        for name in self._policy_needed_names:
            if not (self[name] or "").strip():
                raise ValidationError(
                    self.env._("Fill in %(field)s.", field=self._policy_label(name))
                )

    def _policy_approval_values(self):
        return {
            "remedy": self.remedy_id.id,
            **{name: str(self[name] or "") for name in self._policy_signed_names},
        }

    def _policy_approval_subject(self):
        return self.remedy_id.kind

    def _policy_approval_name(self):
        return f"{self.number} {self.ticket_id.display_name}"

    def _policy_claimed_amount(self):
        # It counted in the limits in total when its remedy was decided.
        return 0.0

    def _policy_approval_barred_users(self):
        return self.remedy_id._policy_approval_barred_users()

    def _policy_proposers(self):
        return super()._policy_proposers() | self.writer_ids

    def _policy_on_approved(self):
        result = super()._policy_on_approved()
        self._policy_set_fact("policy_approved_at")
        return result
