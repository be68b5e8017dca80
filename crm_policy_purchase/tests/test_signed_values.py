"""What was signed is what is bought."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.crm_policy.exceptions import PolicyRefusal

from .common import PurchaseCommon


class TestSignedValues(PurchaseCommon):
    def _new_tax(self):
        group = {"name": "增值税", "company_id": self.company.id}
        return self.env["account.tax"].create(
            {
                "name": "13%",
                "amount": 13,
                "type_tax_use": "purchase",
                "company_id": self.company.id,
                "country_id": self.env.ref("base.cn").id,
                "tax_group_id": self.env["account.tax.group"].create(group).id,
            }
        )

    def _changes(self, order):
        """Yield what changes an order, by name."""
        line = order.order_line
        other = self.env["res.partner"].create({"name": "另一供应商"})
        tax = self._new_tax()
        second = {"product_id": self.product.id, "product_qty": 1, "price_unit": 1}
        elsewhere = self._new_order().order_line
        yield "price", lambda: line.write({"price_unit": 5000.01})
        yield "quantity", lambda: line.write({"product_qty": 3})
        yield "description", lambda: line.write({"name": "另一种铣刀"})
        yield "discount", lambda: line.write({"discount": 1})
        yield "taxes", lambda: line.write({"tax_ids": [Command.set(tax.ids)]})
        yield "vendor", lambda: order.write({"partner_id": other.id})
        yield "line more", lambda: line.create({**second, "order_id": order.id})
        yield "line in the order", lambda: order.write({"order_line": [Command.create(second)]})
        yield "line moved here", lambda: elsewhere.write({"order_id": order.id})
        yield (
            "line changed in the order",
            lambda: order.write({"order_line": [Command.update(line.id, {"price_unit": 1})]}),
        )
        yield "by the superuser", lambda: line.sudo().write({"price_unit": 7000})

    def test_a_changed_value_voids_the_signatures(self):
        order = self._signed()
        for name, change in self._changes(order):
            with self.subTest(name), self.cr.savepoint() as savepoint:
                self.assertEqual(order.policy_approval_state, "approved")
                change()
                self.assertEqual(order.policy_approval_state, "none")
                self.assertEqual(order.policy_approval_id.state, "lapsed")
                with self.assertRaises(PolicyRefusal), self.cr.savepoint():
                    order.with_user(self.asker).button_confirm()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_removed_line_and_another_date_void_them_too(self):
        order = self._signed()
        order.order_line.date_planned = "2030-01-01 00:00:00"
        self.assertEqual(order.policy_approval_state, "none")
        order = self._signed()
        order.order_line.unlink()
        self.assertEqual(order.policy_approval_state, "none")

    def test_a_pending_request_lapses_with_its_values(self):
        order = self._new_order()
        order.with_user(self.asker).action_policy_submit()
        request = order.policy_approval_id
        order.with_user(self.asker).order_line.price_unit = 1
        self.assertEqual((order.policy_approval_state, request.state), ("none", "lapsed"))

    def test_what_else_is_written_voids_nothing(self):
        order = self._signed()
        order.write({"note": "<p>x</p>", "partner_ref": "R1", "origin": "O1", "priority": "1"})
        order.order_line.create(
            {
                "order_id": order.id,
                "display_type": "line_note",
                "name": "请按图纸",
                "product_qty": 0,
            }
        )
        order.order_line.filtered("product_id").write({"sequence": 99})
        self.assertEqual(order.policy_approval_state, "approved")

    def test_changing_and_confirming_in_one_write_is_refused(self):
        order = self._signed()
        line = order.order_line
        with self.assertRaises(PolicyRefusal):
            order.with_user(self.asker).write(
                {"order_line": [Command.update(line.id, {"price_unit": 1})], "state": "purchase"}
            )

    def test_a_change_that_no_hook_has_seen_is_seen_at_the_confirmation(self):
        order = self._signed()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE purchase_order_line SET price_unit = 1 WHERE order_id = %s", [order.id]
        )
        self.env.invalidate_all()
        with self.assertRaises(PolicyRefusal):
            order.with_user(self.asker).button_confirm()

    # === CONFIRMED === #

    def test_a_confirmed_order_keeps_what_was_signed(self):
        order = self._confirmed()
        for name, change in self._changes(order):
            with self.subTest(name):
                with self.assertRaises(PolicyRefusal) as caught, self.cr.savepoint():
                    change()
                self.assertIn(
                    "is confirmed as it was signed, over ¥\xa010,000.00", str(caught.exception)
                )
                self.env.invalidate_all()
        self.assertEqual(order.policy_approval_state, "approved")

    def test_receiving_billing_and_dates_go_on(self):
        order = self._confirmed()
        line = order.order_line
        line.with_user(self.asker).qty_received = 2
        line.date_planned = "2030-01-01 00:00:00"
        order.write({"acknowledged": True, "locked": True})
        order.button_unlock()
        order._create_downpayments(
            [
                {
                    "name": "预付款",
                    "product_qty": 0,
                    "price_unit": 1000,
                    "order_id": order.id,
                    "is_downpayment": True,
                }
            ]
        )
        self.assertEqual((order.state, order.policy_approval_state), ("purchase", "approved"))
        self.assertEqual(line.qty_to_invoice, 2)
        # The signatures still are those of this order.
        request = order.policy_approval_id
        self.assertEqual(order._policy_fingerprint(), request.fingerprint)

    def test_goods_that_call_themselves_a_down_payment_are_goods(self):
        order = self._confirmed()
        smuggled = {
            "order_id": order.id,
            "name": "预付款",
            "product_id": self.product.id,
            "price_unit": 1000,
            "is_downpayment": True,
        }
        Line = self.env["purchase.order.line"].with_user(self.asker)
        with self.assertRefused(PolicyRefusal, "is confirmed as it was signed"):
            with self.cr.savepoint():
                Line.create({**smuggled, "product_qty": 5})
        self.env.invalidate_all()
        paid = Line.create({**smuggled, "product_qty": 0})
        with self.assertRefused(PolicyRefusal, "is confirmed as it was signed"):
            with self.cr.savepoint():
                paid.product_qty = 5
        self.env.invalidate_all()
        with self.assertRefused(PolicyRefusal, "is confirmed as it was signed"):
            order.order_line[0].write({"is_downpayment": True, "product_qty": 9})

    def test_on_trial_a_change_of_a_confirmed_order_voids_the_signatures_and_is_said(self):
        order = self._confirmed()
        self.rules._policy_guarded_write({"enforcement": "trial"})
        order.order_line.price_unit = 1
        self.assertEqual((order.state, order.policy_approval_state), ("purchase", "none"))
        self.assertIn("on trial", order.message_ids[0].body)

    def test_a_cancelled_order_needs_new_signatures(self):
        for make in (self._signed, self._confirmed):
            with self.subTest(make.__name__):
                order = make()
                order.with_user(self.asker).button_cancel()
                self.assertEqual(order.policy_approval_id.state, "lapsed")
                order.with_user(self.asker).button_draft()
                with self.assertRaises(PolicyRefusal):
                    order.with_user(self.asker).button_confirm()

    def test_a_copy_is_not_signed(self):
        copy = self._signed().with_user(self.asker).copy()
        self.assertEqual(copy.policy_approval_state, "none")
        self.assertFalse(copy.policy_approval_id)
        with self.assertRaises(PolicyRefusal):
            copy.button_confirm()

    def test_what_was_submitted_is_not_deleted(self):
        order = self._signed()
        order.with_user(self.asker).button_cancel()
        with self.assertRefused(UserError, "kept, not deleted"):
            order.with_user(self.asker).unlink()

    # === FORGED === #

    def test_nobody_writes_the_approval(self):
        order = self._new_order()
        foreign = self._signed().policy_approval_id
        for vals in ({"policy_approval_state": "approved"}, {"policy_approval_id": foreign.id}):
            with self.subTest(vals):
                with self.assertRaises(AccessError):
                    order.with_user(self.asker).write(vals)
                with self.assertRaises(AccessError):
                    self._new_order(**vals)
                with self.assertRaises(AccessError):
                    order.with_user(self.asker).copy(vals)
        defaults = {f"default_{name}": value for name, value in vals.items()}
        born = self._new_order(user=self.asker).with_context(
            default_policy_approval_state="approved", **defaults
        )
        self.assertEqual(born.copy().policy_approval_state, "none")

    def test_a_vendor_sees_and_changes_nothing_of_it(self):
        order = self._new_order()
        portal = new_test_user(self.env, login="t_vendor", groups="base.group_portal")
        portal.partner_id.parent_id = self.vendor
        theirs = order.with_user(portal)
        for act in (
            theirs.action_policy_submit,
            theirs.action_policy_approve,
            theirs.button_confirm,
            lambda: theirs.write({"state": "purchase"}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        self.assertEqual((order.state, order.policy_approval_state), ("draft", "none"))

    # === AMOUNTS === #

    def test_the_amount_is_with_tax_unless_the_company_compares_without(self):
        tax = self._new_tax()
        for basis, amount in (("included", 11_300), ("excluded", 10_000)):
            self.company.policy_amount_basis = basis
            order = self._new_order()
            order.order_line.tax_ids = tax
            order.with_user(self.asker).action_policy_submit()
            with self.subTest(basis):
                self.assertEqual(order.policy_approval_id.amount, amount)

    def test_when_the_company_counts_in_another_way_what_waits_is_asked_for_anew(self):
        waiting, signed = self._new_order(), self._signed()
        waiting.with_user(self.asker).action_policy_submit()
        self.company.policy_amount_basis = "excluded"
        self.assertEqual(waiting.policy_approval_state, "none")
        self.assertEqual(waiting.policy_approval_id.state, "lapsed")
        signed.with_user(self.asker).button_confirm()
        self.assertEqual((signed.state, signed.policy_approval_state), ("purchase", "approved"))

    def test_the_amount_stands_in_the_order_s_currency(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": dollar.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "rate": 0.125,
            }
        )
        order = self._signed(currency_id=dollar.id)
        self.assertEqual(order.policy_approval_id.currency_id, dollar)
        self.assertEqual(order.policy_approval_id.amount, 10_000)
        order.currency_id = self.company.currency_id
        self.assertEqual(order.policy_approval_state, "none")
