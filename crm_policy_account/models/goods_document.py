from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import float_compare, float_is_zero, float_round

from odoo.addons.crm_policy.models.complaint.goods_document import ACCOUNTING


class CrmPolicyGoodsDocument(models.AbstractModel):
    """What is handed to Accounting becomes one draft credit note; posting that books it (C.8)."""

    _inherit = "crm.policy.goods.document"

    credit_note_state = fields.Selection(
        [("none", "None"), ("draft", "Draft"), ("posted", "Posted")],
        string="Credit Note",
        compute="_compute_credit_note_state",
        compute_sudo=True,
    )

    @api.depends("credit_note_ids.state")
    def _compute_credit_note_state(self):
        for document in self:
            document.credit_note_state = document._policy_credit_note().state or "none"

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"credit_note_ids"}

    # === ACTION METHODS === #

    def action_policy_hand_over(self, at=None, reason=None):
        result = super().action_policy_hand_over(at, reason)
        for document in self.sudo():
            document._policy_try_credit_note()
        return result

    def action_policy_make_credit_note(self):
        """Make the draft credit note, as Accounting, where handing over has made none."""
        self.ensure_one()
        self.check_access("read")
        self.ticket_id._policy_refuse_accused()
        self._policy_check_bookkeeper()
        document = self.sudo()
        if document.state != "accounting":
            raise UserError(
                self.env._("%(document)s is not with Accounting.", document=document.display_name)
            )
        if document._policy_credit_note():
            raise UserError(
                self.env._("%(document)s has its credit note.", document=document.display_name)
            )
        document._policy_make_credit_note()
        return self.action_policy_open_credit_note()

    def action_policy_open_credit_note(self):
        """Open the credit note."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.sudo()._policy_credit_note().id,
            "views": [(False, "form")],
        }

    def action_policy_book(self, voucher=None, at=None, reason=None):
        """Book it by hand; where it has a credit note, posting that books it.

        :raises UserError: there is a credit note.
        """
        move = self.sudo()._policy_credit_note()
        if move:
            raise UserError(
                self.env._(
                    "%(document)s is booked by posting its credit note %(move)s.",
                    document=self.display_name,
                    move=move.display_name,
                )
            )
        return super().action_policy_book(voucher, at, reason)

    def action_policy_cancel(self, reason=None):
        result = super().action_policy_cancel(reason)
        for document in self.sudo():
            # It is not booked: what there is, is a draft.
            document._policy_credit_note().button_cancel()
        return result

    # === BUSINESS METHODS === #

    def _policy_check_bookkeeper(self):
        """Refuse whoever does not work in Accounting."""
        if not (self.env.user._is_superuser() or self.env.user.has_group(ACCOUNTING)):
            raise AccessError(
                self.env._(
                    "This step is taken by: %(groups)s.",
                    groups=self.env.ref(ACCOUNTING).sudo().display_name,
                )
            )

    def _policy_credit_note(self):
        """Return the credit note that counts; one that was cancelled does not."""
        return self.credit_note_ids.filtered(lambda move: move.state != "cancel")

    def _policy_try_credit_note(self):
        """Make the credit note; where the books are not ready, hand over all the same and say so.

        A company that keeps its books elsewhere has no sales journal: it books by hand as before.
        """
        if not self._policy_sales_journal():
            return
        try:
            with self.env.cr.savepoint():
                self._policy_make_credit_note()
        except UserError as error:
            self.ticket_id._message_log(
                body=self.env._(
                    "%(document)s: there is no credit note yet. %(problem)s",
                    document=self.number,
                    problem=str(error),
                )
            )

    def _policy_sales_journal(self):
        return self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(self.company_id),
                ("type", "=", "sale"),
            ],
            limit=1,
        )

    def _policy_make_credit_note(self):
        """Make the draft: quantity × price, its tax, linked to the invoice it corrects."""
        self = self._policy_for_another_app()
        journal = self._policy_sales_journal()
        if not journal:
            raise UserError(
                self.env._("%(company)s has no sales journal.", company=self.company_id.name)
            )
        invoice = self._policy_invoice()
        red_letter = self._policy_red_letter()
        values = {
            "move_type": "out_refund",
            "company_id": self.company_id.id,
            "journal_id": (invoice.journal_id or journal).id,
            "partner_id": (invoice.partner_id or self.partner_id.commercial_partner_id).id,
            "currency_id": self.currency_id.id,
            "invoice_user_id": invoice.invoice_user_id.id or False,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "ref": " ".join(filter(None, (self.number, red_letter))),
            "invoice_origin": invoice.name or self.order_ref or self.number,
            "reversed_entry_id": invoice.id,
            "policy_red_letter_ref": red_letter,
            self._policy_credit_link: self.id,
            "invoice_line_ids": [(0, 0, self._policy_credit_line(invoice))],
        }
        move = self.env["account.move"]._policy_guarded_create([values])
        self.env["crm.policy.event"]._policy_log(
            f"{self._policy_event_prefix()}.credited",
            self,
            {"move": move.id, "amount": move.amount_total, "invoice": invoice.id},
        )
        return move

    def _policy_credit_line(self, invoice):
        """Return the values of the one line of the credit note."""
        original = self._policy_invoice_line(invoice)
        quantity, price, net, tax = self._policy_credited()
        item = self.item_ref or original.name or ""
        words = f"{self.number} {item}".strip()
        digits = self.env["decimal.precision"].precision_get("Product Price")
        exact = not float_compare(price, float_round(price, digits), digits + 6)
        if not (exact and price and self.currency_id.compare_amounts(quantity * price, net) == 0):
            # A price with more digits than the books keep: the amount is what was approved.
            words += f" ({quantity:g} × {price:g})" if price else ""
            quantity, price = 1.0, net
        line = {
            "name": words,
            "quantity": quantity,
            "price_unit": price,
            "product_id": (original.product_id or self._policy_credited_product()).id,
            "tax_ids": [(6, 0, self._policy_credit_taxes(original, net, tax).ids)],
        }
        if original.product_uom_id:
            line["product_uom_id"] = original.product_uom_id.id
        if original.account_id:
            line["account_id"] = original.account_id.id
        return line

    def _policy_credit_taxes(self, original, net, tax):
        """Return the taxes of the invoice that is corrected; else the one of the policy's rate."""
        if original:
            return original.tax_ids
        remedy = self.remedy_id
        rate = remedy.tax_percent if remedy._policy_is_priced() else 0.0
        if not rate and net:
            rate = float_round(tax / net * 100, precision_digits=2)
        Tax = self.env["account.tax"]
        if float_is_zero(rate, precision_digits=2):
            return Tax
        taxes = Tax.search(
            [
                *Tax._check_company_domain(self.company_id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
                ("amount", "=", rate),
            ]
        ).filtered(lambda candidate: not candidate.price_include)[:1]
        if not taxes:
            raise UserError(
                self.env._(
                    "%(company)s has no sales tax of %(rate)g %% that comes on top of the price.",
                    company=self.company_id.name,
                    rate=rate,
                )
            )
        return taxes

    # === THE INVOICE THAT IS CORRECTED === #

    def _policy_invoice(self):
        """Return the one posted invoice that the papers of the case name, in their currency."""
        case = self.ticket_id
        names = [*self._policy_invoice_names(), case.policy_order_ref]
        for name in filter(None, ((text or "").strip() for text in names)):
            found = self.env["account.move"]._policy_invoices_of(case, name)
            found = found.filtered(lambda move: move.currency_id == self.currency_id)
            if len(found) == 1:
                return found
        return self.env["account.move"]

    def _policy_invoice_line(self, invoice):
        """Return the line of the invoice with the item of the document; the only one otherwise."""
        lines = invoice.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        named = lines._policy_of_item(self.item_ref)
        found = named or lines
        return found if len(found) == 1 else lines.browse()

    def _policy_credited_product(self):
        return self.env["product.product"].search(
            [
                *self.env["product.product"]._check_company_domain(self.company_id),
                ("default_code", "=", (self.item_ref or "").strip() or "-"),
            ],
            limit=1,
        )

    # === WHAT EACH KIND OF DOCUMENT SAYS === #

    _policy_credit_link = ""  # field of the credit note that points at it

    def _policy_invoice_names(self):
        """Return what its own papers call the invoice, the most certain first; the order of the
        case is looked for after them."""
        return []

    def _policy_credited(self):
        """Return (quantity, price of a piece, amount without tax, tax) of the credit note.

        A document that counts no pieces is one line with what was approved.
        """
        remedy = self.remedy_id
        net = self.currency_id.round(remedy.amount - remedy.tax_amount)
        return 1.0, net, net, remedy.tax_amount

    def _policy_red_letter(self):
        """Return the number with which the tax office has confirmed it, or nothing."""
        return False

    # === POSTING === #

    def _policy_check_posting(self, move):
        """Refuse to post what the decision does not cover.

        :raises AccessError: the user does not work in Accounting, or the case is about him.
        :raises UserError: it is no longer with Accounting, or is another customer's.
        :raises PolicyRefusal: the case is not settled, or the amount is higher than was decided.
        """
        self.ticket_id._policy_refuse_accused()
        self._policy_check_bookkeeper()
        if self.state != "accounting":
            raise UserError(
                self.env._("%(document)s is not with Accounting.", document=self.display_name)
            )
        partner = move.partner_id.commercial_partner_id
        if (
            move.move_type != "out_refund"
            or move.company_id != self.company_id
            or move.currency_id != self.currency_id
            or partner != self.partner_id.commercial_partner_id
        ):
            raise UserError(
                self.env._(
                    "%(move)s is the credit note of %(document)s: its customer, company and "
                    "currency (%(currency)s) stay.",
                    move=move.display_name,
                    document=self.display_name,
                    currency=self.currency_id.name,
                )
            )
        remedy = self.remedy_id
        remedy._policy_refuse_unsettled()
        limit, clause = self._policy_credit_limit()
        if self.currency_id.compare_amounts(move.amount_total, limit) > 0:
            decided = remedy._policy_decided_amount()
            remedy._policy_refuse_excess(move.amount_total, decided, limit, clause)

    def _policy_credit_limit(self):
        """Return (the highest amount that may be posted, the clause that says so).

        What did not come is not credited either: the tolerance is on the goods that came. Where
        more came than was approved, the ratio of the note says how much more.
        """
        remedy = self.remedy_id
        own = self._policy_papers_amount()
        decided = remedy._policy_decided_amount()
        missing = max(remedy.amount - own, 0.0)
        base = max(own, decided - missing)
        limit, clause = remedy._policy_execution_limit(base)
        most, _clause = remedy._policy_execution_limit(decided)
        return max(base, min(limit, most)), clause

    def _policy_booked_amount(self):
        # What was posted counts, also where the tolerance made it another amount.
        amount, clause = super()._policy_booked_amount()
        posted = self._policy_credit_note().filtered(lambda move: move.state == "posted")
        return (posted.amount_total, clause) if posted else (amount, clause)

    def _policy_unbook(self, move):
        """Take back that it is booked: its credit note is a draft again, or cancelled.

        :raises UserError: its case is closed with it.
        """
        case = self.ticket_id
        if case.policy_closed_at:
            raise UserError(
                self.env._(
                    "%(case)s is closed: %(move)s stays as it was posted. Reopen the case first.",
                    case=case.display_name,
                    move=move.name,
                )
            )
        self._policy_check_bookkeeper()
        case._policy_refuse_accused()
        self._policy_guarded_write({"policy_booked_at": False, "voucher_ref": False})
        self.remedy_id._policy_guarded_write({"executed_at": False, "executed_amount": 0.0})
        if case.policy_executed_at:
            case._policy_guarded_write({"policy_executed_at": False})
        self.env["crm.policy.event"]._policy_log(
            f"{self._policy_event_prefix()}.unbooked", self, {"move": move.id}
        )
