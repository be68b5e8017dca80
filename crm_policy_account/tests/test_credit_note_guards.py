"""What may not be posted, and by whom; doors beside the way."""

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.crm_policy.exceptions import PolicyRefusal

from .common import ALLOWANCE, RETURN, CreditNoteCommon


class TestCreditNoteGuards(CreditNoteCommon):
    def _draft(self, line=RETURN, quantity=100):
        case, remedy = self._case_with(line)
        if line["kind"] == "return":
            document = self._returned(remedy, quantity)
        else:
            document = self._allowed(remedy)
        return case, document, self._credit_of(document)

    # === THE AMOUNT === #

    def test_more_than_was_decided_is_not_posted(self):
        """9,605.00 × 1.05 = 10,085.25 may be, 10,085.26 may not."""
        self._set_parameter("execution_tolerance_percent", 5)
        _case, note, move = self._draft()
        line = move.invoice_line_ids
        line.tax_ids = [Command.clear()]
        line.write({"quantity": 1, "price_unit": 10085.26})
        words = r"^Clause .*10,085\.26.*9,605\.00 were decided.*most .*10,085\.25.*May decide: "
        finance = self._by("finance", move)
        for post in (
            finance.action_post,
            lambda: finance.write({"state": "posted"}),
            finance.sudo()._post,
        ):
            with self.assertRefused(PolicyRefusal, words), self.cr.savepoint():
                post()
            self.env.invalidate_all()
        self.assertEqual((move.state, note.state), ("draft", "accounting"))
        line.price_unit = 10085.25
        finance.action_post()
        self.assertEqual((note.state, note.remedy_id.executed_amount), ("booked", 10085.25))

    def test_an_allowance_neither(self):
        self._set_parameter("execution_tolerance_percent", 0)
        _case, allowance, move = self._draft(ALLOWANCE)
        move.invoice_line_ids.quantity = 51
        with self.assertRefused(PolicyRefusal, r"979\.71.*960\.50"):
            self._by("finance", move).action_post()

    def test_what_did_not_come_is_not_credited(self):
        self._set_parameter("execution_tolerance_percent", 5)
        _case, note, move = self._draft(quantity=50)
        self.assertEqual(move.amount_total, 4802.50)
        move.invoice_line_ids.quantity = 60
        with self.assertRefused(PolicyRefusal, r"5,763\.00"):
            self._by("finance", move).action_post()

    def test_an_excess_that_was_decided_is_posted(self):
        self._set_parameter("execution_tolerance_percent", 0)
        _case, note, move = self._draft()
        move.invoice_line_ids.quantity = 102
        finance = self._by("finance", move)
        with self.assertRaises(PolicyRefusal) as caught, self.cr.savepoint():
            finance.action_post()
        self.assertTrue(caught.exception.context["policy_action"])
        remedy = note.remedy_id
        self._by("specialist", remedy).action_policy_ask_excess(9797.10)
        part = remedy.excess_ids
        part.with_user(part.policy_approval_id.eligible_user_ids[:1]).action_policy_approve("同意")
        finance.action_post()
        self.assertEqual((note.state, remedy.executed_amount), ("booked", 9797.10))

    # === WHOSE, AND WHEN === #

    def test_another_customer_currency_or_kind_is_not_what_was_decided(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        other = self.partner.copy({"name": "别的客户"})
        other.with_company(self.company).property_account_receivable_id = self.accounts[
            "asset_receivable"
        ]
        for vals in ({"partner_id": other.id}, {"currency_id": dollar.id}):
            _case, note, move = self._draft()
            move.write(vals)
            with self.subTest(vals), self.assertRefused(UserError, "stay"):
                self._by("finance", move).action_post()
            self.assertEqual(note.state, "accounting")
        _case, note, move = self._draft()
        move.action_switch_move_type()
        with self.assertRefused(UserError, "stay"):
            self._by("finance", move).action_post()

    def test_a_document_that_was_taken_back_is_not_posted(self):
        _case, allowance, move = self._draft(ALLOWANCE)
        self._by("specialist", allowance).action_policy_cancel("开错")
        finance = self._by("finance", move)
        finance.button_draft()
        with self.assertRefused(UserError, "is not with Accounting"):
            finance.action_post()

    def test_not_before_the_case_is_settled(self):
        case, note, move = self._draft()
        case._policy_guarded_write({"policy_settled_at": False})
        with self.assertRefused(PolicyRefusal, "^Clause .* once .* is settled"):
            self._by("finance", move).action_post()

    def test_by_nobody_but_accounting(self):
        _case, note, move = self._draft()
        clerk = new_test_user(
            self.env,
            login="t_bill",
            groups="base.group_user,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for act in (
            lambda: move.with_user(clerk).action_post(),
            lambda: move.with_user(clerk).sudo()._post(),
            lambda: self._as("specialist", move).action_post(),
            lambda: self._as("specialist", note).action_policy_make_credit_note(),
            lambda: self._as("supervisor", move).read(["name"]),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                act()
        self._by("finance", move).action_post()
        with self.assertRaises(AccessError):
            move.with_user(clerk).button_draft()
        self.assertEqual(note.state, "booked")

    def test_not_by_whom_the_case_is_about(self):
        case, note, move = self._draft()
        case.policy_accused_user_ids = self.users["finance"]
        with self.assertRaises(AccessError):
            self._by("finance", move).sudo().action_post()

    def test_whom_the_case_is_about_neither_makes_nor_takes_one_back(self):
        case, note, move = self._draft()
        self._by("finance", move).action_post()
        case.policy_accused_user_ids = self.users["finance"]
        with self.assertRefused(AccessError, "about yourself"):
            self._by("finance", move).sudo().button_draft()
        self.assertEqual(note.state, "booked")
        case, note, move = self._draft()
        self._by("finance", move).button_cancel()
        case.policy_accused_user_ids = self.users["finance"]
        with self.assertRefused(AccessError, "about yourself"):
            self._by("finance", note).sudo().action_policy_make_credit_note()
        self.assertEqual(note.credit_note_state, "none")

    def test_nothing_is_made_without_a_journal_or_before_accounting_has_it(self):
        _case, remedy = self._case_with(RETURN)
        note = self._received(remedy)
        with self.assertRefused(UserError, "is not with Accounting"):
            self._by("finance", note).action_policy_make_credit_note()
        self.accounts["journal"].active = False
        self._prove(note)
        self._by("specialist", note).action_policy_hand_over()
        with self.assertRefused(UserError, "no sales journal"):
            self._by("finance", note).action_policy_make_credit_note()
        self.assertEqual(note.credit_note_state, "none")

    def test_the_portal_sees_nothing_of_it(self):
        _case, note, move = self._draft()
        portal = new_test_user(self.env, login="t_credit_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.partner
        for act in (
            lambda: note.with_user(portal).action_policy_make_credit_note(),
            lambda: note.with_user(portal).action_policy_open_credit_note(),
            lambda: move.with_user(portal).action_policy_open_document(),
            lambda: self.env["crm.policy.collection.rate"].with_user(portal).search([]),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                act()

    # === ONE === #

    @mute_logger("odoo.sql_db")
    def test_one_document_has_one_credit_note(self):
        """Also where two make it at the same time: the database keeps the second out."""
        for line in (RETURN, ALLOWANCE):
            _case, document, _move = self._draft(line)
            with self.subTest(line["kind"]), self.assertRaises(IntegrityError):
                with self.cr.savepoint():
                    document.sudo()._policy_make_credit_note()
                    self.env.flush_all()

    def test_the_link_is_nobody_s_to_write(self):
        _case, note, move = self._draft()
        _case, allowance, _move = self._draft(ALLOWANCE)
        Move = self.env["account.move"].with_user(self.users["finance"])
        for vals in ({"policy_return_id": note.id}, {"policy_allowance_id": allowance.id}):
            with self.subTest(vals):
                with self.assertRaises(AccessError):
                    Move.create({"move_type": "out_refund", **vals})
                with self.assertRaises(AccessError):
                    move.sudo().write({name: False for name in vals})
                with self.assertRaises(AccessError):
                    move.copy(vals)
        for forged in (
            {"credit_note_ids": [Command.update(move.id, {"narration": "x"})]},
            {"voucher_ref": "x"},
            {"policy_booked_at": False},
        ):
            with self.assertRaises(AccessError):
                self._by("specialist", note).sudo().write(forged)
        born = Move.with_context(default_policy_return_id=note.id).create(
            {"move_type": "out_refund", "partner_id": self.partner.id}
        )
        self.assertFalse(born.policy_return_id or move.copy().policy_return_id)

    def test_nothing_of_a_caller_s_context_reaches_the_credit_note(self):
        """Neither his defaults nor what accounting is told to leave out."""
        other = self.partner.copy({"name": "别的客户"})
        currency = self.env.ref("base.USD")
        currency.active = True
        forged = {
            "default_partner_shipping_id": other.id,
            "default_partner_id": other.id,
            "default_narration": "x",
            "default_auto_post": "at_date",
            "default_payment_reference": "x",
            "default_move_type": "entry",
            "default_currency_id": currency.id,
            "default_date": "2000-01-01",
            "default_invoice_date": "2000-01-01",
            "default_state": "posted",
            "default_checked": True,
            "default_discount": 50,
            "default_account_id": self.accounts["liability_current"].id,
            "default_display_type": "line_note",
            "skip_invoice_sync": True,
            "skip_account_move_synchronization": True,
            "check_move_validity": False,
            "move_reverse_cancel": True,
        }
        names = ("move_type", "partner_id", "partner_shipping_id", "currency_id", "narration",
                 "auto_post", "payment_reference", "invoice_date", "state", "amount_untaxed",
                 "amount_tax", "amount_total")  # fmt: skip
        of_lines = ("display_type", "account_id", "quantity", "price_unit", "discount", "balance")

        def told(move):
            lines = [[line[name] for name in of_lines] for line in move.line_ids]
            return [move[name] for name in names], sorted(map(str, lines))

        for way in ("hand_over", "make_credit_note"):
            _case, remedy = self._case_with(RETURN)
            note = self._returned(remedy)
            plain = told(self._credit_of(note))
            if way == "make_credit_note":
                self._by("finance", self._credit_of(note)).button_cancel()
                self._by("finance", note).with_context(**forged).action_policy_make_credit_note()
            else:
                _case, remedy = self._case_with(RETURN)
                note = self._received(remedy)
                self._prove(note)
                self._by("specialist", note).with_context(**forged).action_policy_hand_over()
            move = self._credit_of(note)
            with self.subTest(way):
                self.assertEqual(told(move), plain)
                self.assertEqual(len(move.line_ids), 3, "goods, tax and what the customer gets")

    @mute_logger("odoo.sql_db")
    def test_a_credited_document_stays(self):
        _case, note, _move = self._draft()
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.cr.execute("DELETE FROM crm_policy_return_note WHERE id = %s", [note.id])

    def test_it_is_not_posted_by_itself(self):
        _case, _note, move = self._draft()
        for user in (self.users["finance"], self.env.user):
            with self.subTest(user.login), self.assertRefused(UserError, "not by itself"):
                move.with_user(user).write({"auto_post": "at_date"})
        self.assertEqual(move.auto_post, "no")
        invoice = self._new_invoice((self.product, 1, 10), post=False)
        invoice.auto_post = "at_date"

    def test_other_entries_are_posted_as_ever(self):
        invoice = self._new_invoice((self.product, 1, 10), post=False)
        invoice.with_user(self.users["finance"]).action_post()
        self.assertEqual(invoice.state, "posted")
