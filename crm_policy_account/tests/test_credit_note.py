"""Returns and allowances become credit notes, and are booked by posting them (S2.10)."""

from odoo.exceptions import UserError

from .common import ALLOWANCE, FAPIAO, RETURN, CreditNoteCommon


class TestCreditNote(CreditNoteCommon):
    def _events(self, document):
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", document._name), ("res_id", "=", document.id)], order="id"
        )
        return [kind for kind in events.mapped("type") if "credit" in kind or "book" in kind]

    def test_a_return_and_an_allowance_are_credited(self):
        """S2.10: 9,605.00 for the return, 960.50 for the allowance."""
        invoice = self._new_invoice((self.product, 2000, 85), ref=FAPIAO)
        _case, goods, money = self._case_with(RETURN, ALLOWANCE)
        note, allowance = self._returned(goods), self._allowed(money)
        wanted = ((note, goods, 100, 85, 9605.00), (allowance, money, 50, 17, 960.50))
        for document, remedy, quantity, price, amount in wanted:
            move = self._credit_of(document)
            self.assertEqual(
                (move.move_type, move.state, move.amount_total, move.company_id),
                ("out_refund", "draft", amount, self.company),
            )
            line = move.invoice_line_ids
            self.assertEqual((line.quantity, line.price_unit), (quantity, price))
            self.assertEqual(line.tax_ids, self.accounts["tax"])
            self.assertEqual((line.product_id, move.reversed_entry_id), (self.product, invoice))
            self.assertEqual((document.state, remedy.executed_at), ("accounting", False))
            self._by("finance", move).action_post()
            self.assertEqual((document.state, document.voucher_ref), ("booked", move.name))
            self.assertEqual(remedy.executed_amount, amount)
        self.assertEqual(self._events(note), ["return.credited", "fact.booked"])
        self.assertEqual(self._events(allowance), ["allowance.credited", "fact.booked"])

    def test_what_came_is_credited(self):
        """RET-ACC-02: fewer, or more within the ratio: the actual quantity."""
        for quantity, amount in ((94, 9028.70), (105, 10085.25)):
            with self.subTest(quantity):
                _case, remedy = self._case_with(RETURN)
                note = self._returned(remedy, quantity)
                move = self._credit_of(note)
                self.assertEqual(move.amount_total, amount)
                self._by("finance", move).action_post()
                self.assertEqual((note.state, remedy.executed_amount), ("booked", amount))

    def test_without_an_invoice_the_rate_of_the_policy_counts(self):
        _case, remedy = self._case_with(RETURN)
        move = self._credit_of(self._returned(remedy))
        self.assertFalse(move.reversed_entry_id)
        self.assertEqual((move.invoice_line_ids.tax_ids, move.amount_tax),
                         (self.accounts["tax"], 1105.00))  # fmt: skip

    def test_the_tax_of_the_invoice_goes_before_that_of_the_policy(self):
        six = self.accounts["tax"].copy({"name": "6%", "amount": 6})
        invoice = self._new_invoice((self.product, 2000, 85), post=False, invoice_origin="SO-77")
        invoice.invoice_line_ids.tax_ids = six
        invoice.action_post()
        _case, remedy = self._case_with(RETURN, policy_order_ref="SO-77")
        move = self._credit_of(self._returned(remedy))
        self.assertEqual((move.reversed_entry_id, move.amount_total), (invoice, 9010.00))

    def test_the_line_of_the_item_is_found_among_others(self):
        other = self.product.copy({"name": "FPC", "default_code": "FPC-1"})
        self._new_invoice((other, 1, 10), (self.product, 2000, 85), ref=FAPIAO)
        _case, remedy = self._case_with(RETURN)
        move = self._credit_of(self._returned(remedy))
        self.assertEqual(move.invoice_line_ids.product_id, self.product)

    def test_two_invoices_of_one_name_are_none(self):
        for _number in range(2):
            self._new_invoice((self.product, 2000, 85), invoice_origin="SO-77")
        _case, remedy = self._case_with(RETURN, policy_order_ref="SO-77")
        self.assertFalse(self._credit_of(self._returned(remedy)).reversed_entry_id)

    def test_a_price_of_four_digits_comes_to_what_was_approved(self):
        _case, remedy = self._case_with({**RETURN, "price_unit": 85.1234})
        move = self._credit_of(self._returned(remedy))
        self.assertEqual(move.amount_total, remedy.amount)

    def test_an_amount_without_a_price_is_credited_as_it_is(self):
        _case, remedy = self._case_with({"kind": "compensation", "amount": 113, "tax_amount": 13})
        move = self._credit_of(self._allowed(remedy))
        self.assertEqual((move.amount_total, move.amount_tax), (113, 13))

    def test_a_red_letter_invoice_is_named(self):
        _case, remedy = self._case_with(RETURN)
        note = self._returned(remedy, type="red_letter", red_letter_ref="3205012603000018")
        move = self._credit_of(note)
        self.assertEqual(move.policy_red_letter_ref, "3205012603000018")
        self.assertIn("3205012603000018", move.ref)

    def test_where_the_books_are_not_ready_accounting_makes_it_later(self):
        self.accounts["tax"].active = False
        _case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        self.assertEqual((note.state, note.credit_note_state), ("accounting", "none"))
        self.assertIn("13", note.ticket_id.message_ids[0].body)
        finance = self._by("finance", note)
        with self.assertRefused(UserError, "no sales tax of 13 %"):
            finance.action_policy_make_credit_note()
        self.accounts["tax"].active = True
        action = finance.action_policy_make_credit_note()
        self.assertEqual(action["res_id"], self._credit_of(note).id)
        with self.assertRefused(UserError, "has its credit note"):
            finance.action_policy_make_credit_note()

    def test_a_company_without_books_here_books_by_hand(self):
        self.accounts["journal"].active = False
        _case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        self.assertEqual(note.credit_note_state, "none")
        self._by("finance", note).action_policy_book("记-2026-03-018")
        self.assertEqual((note.state, remedy.executed_amount), ("booked", 9605.00))

    def test_by_hand_is_no_way_beside_a_credit_note(self):
        _case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        with self.assertRefused(UserError, "by posting its credit note"):
            self._by("finance", note).action_policy_book("记-2026-03-018")

    # === TAKEN BACK === #

    def test_reset_to_draft_takes_the_booking_back(self):
        self._ask_for_execution()
        case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        move = self._by("finance", self._credit_of(note))
        move.action_post()
        self.assertTrue(case.policy_executed_at)
        move.button_draft()
        self.assertEqual((note.state, note.voucher_ref), ("accounting", False))
        self.assertFalse(remedy.executed_at or remedy.executed_amount or case.policy_executed_at)
        self.assertEqual(self._events(note)[-1], "return.unbooked")
        move.action_post()
        self.assertEqual((note.state, remedy.executed_amount), ("booked", 9605.00))
        self.assertTrue(case.policy_executed_at)

    def test_cancelled_it_is_made_anew(self):
        _case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        first = self._by("finance", self._credit_of(note))
        first.action_post()
        first.button_cancel()
        self.assertEqual((note.state, note.credit_note_state), ("accounting", "none"))
        self.assertEqual(self._events(note)[-2:], ["return.unbooked", "return.uncredited"])
        self._by("finance", note).action_policy_make_credit_note()
        self._by("finance", self._credit_of(note)).action_post()
        self.assertEqual((note.state, note.voucher_ref), ("booked", self._credit_of(note).name))

    def test_deleted_it_is_made_anew(self):
        _case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        self._by("finance", self._credit_of(note)).unlink()
        self.assertEqual((note.state, note.credit_note_state), ("accounting", "none"))
        self.assertEqual(self._events(note)[-1], "return.uncredited")

    def test_a_cancelled_certificate_cancels_its_draft(self):
        _case, remedy = self._case_with(ALLOWANCE)
        allowance = self._allowed(remedy)
        move = self._credit_of(allowance)
        self._by("specialist", allowance).action_policy_cancel("开错")
        self.assertEqual((allowance.state, move.state), ("cancelled", "cancel"))

    def test_a_closed_case_keeps_its_credit_note(self):
        case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        move = self._by("finance", self._credit_of(note))
        move.action_post()
        case._policy_guarded_write({"policy_closed_at": case.policy_settled_at})
        with self.assertRefused(UserError, "is closed"):
            move.button_draft()

    def test_links_lead_both_ways(self):
        _case, remedy = self._case_with(RETURN)
        note = self._returned(remedy)
        move = self._credit_of(note)
        action = self._by("finance", note).action_policy_open_credit_note()
        self.assertEqual(action["res_id"], move.id)
        action = self._by("finance", move).action_policy_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), (note._name, note.id))
