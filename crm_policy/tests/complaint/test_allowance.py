"""Allowance certificates: signed, sealed, booked (C.8, S2.10), and what is printed."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from .goods_common import GoodsCommon

MODEL = "crm.policy.allowance"
ALLOWANCE = {
    "kind": "allowance",
    "quantity": 50,
    "price_unit": 85,
    "percent": 20,
    "tax_percent": 13,
}
RETURN = {"kind": "return", "quantity": 100, "price_unit": 85, "tax_percent": 13}
INVOICE = "25322000000012345678"


class TestAllowance(GoodsCommon):
    def _certificate(self, remedy, **vals):
        vals.setdefault("invoice_ref", INVOICE)
        return self._issue(MODEL, remedy, **vals)

    def _signed(self, remedy, **vals):
        allowance = self._certificate(remedy, **vals)
        self._by("specialist", allowance).action_policy_submit()
        self._by("manager_office", allowance).action_policy_approve("同意")
        self._by("deputy_gm", allowance).action_policy_approve("同意")
        return allowance

    def _sealed(self, remedy):
        allowance = self._signed(remedy)
        clerk = self._by("specialist", allowance)
        clerk.seal_attachment_ids = [(4, self._scan().id)]
        clerk.action_policy_seal()
        return allowance

    def test_it_is_signed_by_two_sealed_and_booked(self):
        """S2.10: 960.50 after manager, GM and seal."""
        _case, remedy = self._case_with(ALLOWANCE)
        allowance = self._certificate(remedy)
        self.assertRegex(allowance.number, r"^AL-\d{4}-0001$")
        self.assertEqual(
            (allowance.quantity, allowance.price_unit, allowance.item_ref, allowance.state),
            (50, 85, "PCB-204", "draft"),
        )
        self.assertEqual(
            (allowance.amount, allowance.tax_amount, allowance.amount_untaxed),
            (960.50, 110.50, 850.00),
        )
        clerk = self._by("specialist", allowance)
        clerk.action_policy_submit()
        self.assertEqual(allowance.state, "signing")
        self._by("manager_office", allowance).action_policy_approve("同意")
        self.assertEqual(allowance.state, "signing")
        self._by("deputy_gm", allowance).action_policy_approve("同意")
        self.assertEqual(allowance.state, "signed")
        clerk.seal_attachment_ids = [(4, self._scan().id)]
        clerk.action_policy_seal()
        self.assertEqual(allowance.state, "sealed")
        clerk.action_policy_hand_over()
        self._by("finance", allowance).action_policy_book("记-2026-03-019")
        self.assertEqual((allowance.state, remedy.executed_amount), ("booked", 960.50))

    def test_a_reopening_of_the_case_leaves_it_under_way(self):
        case, remedy = self._case_with(ALLOWANCE)
        allowance = self._signed(remedy)
        case._policy_reopen("客户来电")
        clerk = self._by("specialist", allowance)
        clerk.seal_attachment_ids = [(4, self._scan().id)]
        clerk.action_policy_seal()
        with self.assertRefused(UserError, "stays as it was signed"):
            clerk.amount = 1
        accounting = self._by("finance", allowance)
        self.assertFalse(accounting.search([("id", "=", allowance.id)]))
        clerk.action_policy_hand_over()
        self.assertEqual(accounting.search([("id", "=", allowance.id)]), allowance)
        accounting.action_policy_book("记-2026-03-019")
        self.assertEqual((allowance.state, remedy.executed_amount), ("booked", 960.50))

    def test_no_step_before_its_turn(self):
        _case, remedy = self._case_with(ALLOWANCE)
        allowance = self._certificate(remedy)
        clerk, finance = self._by("specialist", allowance), self._by("finance", allowance)
        with self.assertRefused(UserError, "missing first: Approved At"):
            clerk.action_policy_seal()
        allowance = self._by("specialist", allowance)
        allowance.action_policy_submit()
        self._by("manager_office", allowance).action_policy_approve("同意")
        self._by("deputy_gm", allowance).action_policy_approve("同意")
        with self.assertRefused(UserError, "attach the certificate"):
            clerk.action_policy_seal()
        with self.assertRefused(UserError, "missing first: Sealed by the Customer At"):
            clerk.action_policy_hand_over()
        with self.assertRefused(ValidationError, "neither a picture"):
            clerk.seal_attachment_ids = [(4, self._scan(b"<html>x</html>").id)]
        clerk.seal_attachment_ids = [(4, self._scan().id)]
        clerk.action_policy_seal()
        with self.assertRefused(UserError, "has sealed stays"):
            clerk.seal_attachment_ids = [(5, 0, 0)]
        with self.assertRefused(UserError, "missing first: Handed"):
            finance.action_policy_book("1")
        clerk.action_policy_hand_over()
        with self.assertRaises(AccessError):
            clerk.action_policy_book("1")

    def test_large_ones_are_signed_by_the_general_manager_as_well(self):
        for amount, signers in ((50_000, 2), (50_000.01, 3)):
            _case, remedy = self._case_with({"kind": "compensation", "amount": amount})
            allowance = self._certificate(remedy)
            self._by("specialist", allowance).action_policy_submit()
            with self.subTest(amount):
                self.assertEqual(len(allowance.policy_approval_id.step_ids), signers)

    def test_at_most_what_was_decided(self):
        _case, remedy = self._case_with(ALLOWANCE)
        for vals in (
            {"amount": 960.51},
            {"amount": 0},
            {"amount": -1},
            {"amount": float("nan")},
            {"tax_amount": 960.51},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError):
                self._certificate(remedy, **vals)
        allowance = self._certificate(remedy, amount=900, tax_amount=100)
        self.assertEqual(allowance.amount_untaxed, 800)

    def test_none_before_the_settlement_nor_for_another_kind(self):
        _case, remedy = self._case_with(ALLOWANCE, settle=False)
        with self.assertRefused(PolicyRefusal, "is settled"):
            self._certificate(remedy)
        _case, back = self._case_with(RETURN)
        with self.assertRefused(ValidationError, "not carried out by a document"):
            self._certificate(back)

    def test_what_was_signed_is_not_changed(self):
        _case, remedy = self._case_with(ALLOWANCE)
        allowance = self._signed(remedy)
        for vals in (
            {"reason": "x"},
            {"invoice_ref": "x"},
            {"quantity": 1},
            {"price_unit": 1},
            {"amount": 1, "tax_amount": 0},
            {"item_ref": "x"},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "as it was signed"):
                self._by("specialist", allowance).write(vals)

    def test_it_names_the_invoice_and_the_reason(self):
        _case, remedy = self._case_with(ALLOWANCE)
        for vals in ({"reason": False}, {"invoice_ref": " "}):
            allowance = self._certificate(remedy, **vals)
            with self.subTest(vals), self.assertRefused(ValidationError, "Fill in"):
                self._by("specialist", allowance).action_policy_submit()
            self._by("specialist", allowance).action_policy_cancel("x")

    def test_it_is_counted_once_in_the_limits_in_total(self):
        """The money was counted when the remedy was decided."""
        _case, remedy = self._case_with(ALLOWANCE)
        Use = self.env["crm.policy.authority.use"]
        before = Use.search_count([])
        self._signed(remedy)
        self.assertEqual(Use.search_count([]), before)

    # === PRINTS === #

    def _print(self, name, record, who="specialist"):
        report = self.env["ir.actions.report"].with_user(self.posts.get(who) or self.users[who])
        [html, _kind] = report._render_qweb_html(f"crm_policy.{name}", record.ids)
        return html.decode()

    def test_nothing_is_printed_before_it_is_signed(self):
        _case, remedy = self._case_with(ALLOWANCE)
        allowance = self._certificate(remedy)
        with self.assertRefused(UserError, "once it is signed"):
            self._print("allowance", allowance)
        allowance.with_user(self.users["specialist"]).action_policy_cancel("x")
        with self.assertRefused(UserError, "is cancelled"):
            self._print("allowance", allowance)

    def test_two_copies_of_a_certificate_and_four_of_a_note(self):
        case, remedy, back = self._case_with(ALLOWANCE, RETURN)
        allowance = self._signed(remedy)
        page = self._print("allowance", allowance)
        for words in (allowance.number, case.policy_number, INVOICE, "960.50", "t_deputy_gm"):
            self.assertEqual(page.count(words), 2, words)
        self.assertIn("Copy 2: Accounting", page)
        note = self._issue("crm.policy.return.note", back, basis="交涉结果")
        self._by("specialist", note).action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        page = self._print("return_note", note)
        for words in (note.number, "PCB-204", "交涉结果", "t_manager_office"):
            self.assertEqual(page.count(words), 4, words)
        for number, name in enumerate(("Issuer", "Warehouse", "Accounting", "Sales"), start=1):
            self.assertIn(f"Copy {number}: {name}", page)
        # What the buyer seals says what came.
        self._by("specialist", note).action_policy_send()
        with self.assertRefused(UserError, "nothing has come back"):
            self._print("return_certificate", note)
        self._by("warehouse", note).action_policy_receive(100)
        self.assertEqual(self._print("return_certificate", note).count("9,605.00"), 2)
        printed = self.env["crm.policy.event"].search([("type", "=", "allowance.printed")])
        self.assertEqual(printed.res_id, allowance.id)

    def test_who_does_not_see_the_case_prints_nothing(self):
        _case, remedy = self._case_with(ALLOWANCE)
        allowance = self._signed(remedy)
        with self.assertRaises(AccessError):
            self._print("allowance", allowance, "warehouse")
