"""No way leads to a confirmed order without the signatures."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from odoo.addons.crm_policy.exceptions import PolicyRefusal

from .common import PurchaseCommon


class TestConfirmGate(PurchaseCommon):
    def _assert_refused(self, order, confirm):
        with self.assertRaises(PolicyRefusal), self.cr.savepoint():
            confirm()
        self.assertEqual(order.state, "draft")

    def test_every_way_to_confirm(self):
        order = self._new_order()
        mine = order.with_user(self.asker)
        boss = self._as("ceo", order).sudo()
        ways = {
            "button": mine.button_confirm,
            "second button": mine.button_approve,
            "forced": lambda: mine.button_approve(force=True),
            "write": lambda: mine.write({"state": "purchase"}),
            "to Odoo's own validation": lambda: mine.write({"state": "to approve"}),
            "superuser": order.sudo().button_confirm,
            "root": lambda: order.with_user(1).write({"state": "purchase"}),
            "another, as superuser": boss.button_confirm,
            "context": lambda: mine.with_context(
                skip_validation_check=True, install_mode=True, force=True
            ).button_confirm(),
        }
        for name, confirm in ways.items():
            with self.subTest(name):
                self._assert_refused(order, confirm)

    def test_no_order_is_born_confirmed(self):
        for state in ("purchase", "to approve"):
            with self.subTest(state), self.assertRaises(PolicyRefusal), self.cr.savepoint():
                self._new_order(state=state)
        orders = self.env["purchase.order"].with_user(self.asker)
        with self.assertRaises(PolicyRefusal), self.cr.savepoint():
            orders.with_context(default_state="purchase").create({"partner_id": self.vendor.id})
        with self.assertRaises(PolicyRefusal), self.cr.savepoint():
            self._new_order().with_user(self.asker).copy({"state": "purchase"})
        loaded = orders.load(["partner_id/.id", "state"], [[str(self.vendor.id), "purchase"]])
        self.assertFalse(loaded["ids"])
        self.assertIn("signed by", loaded["messages"][0]["message"])

    def test_a_server_action_confirms_nothing_either(self):
        order = self._new_order()
        action = self.env["ir.actions.server"].create(
            {
                "name": "x",
                "model_id": self.env.ref("purchase.model_purchase_order").id,
                "state": "code",
                "code": "records.write({'state': 'purchase'})",
            }
        )
        context = {"active_model": order._name, "active_id": order.id, "active_ids": order.ids}
        self._assert_refused(order, action.with_context(**context).run)

    def test_several_at_once_are_refused_together(self):
        signed, unsigned = self._signed(), self._new_order()
        with self.assertRefused(PolicyRefusal, unsigned.name):
            (signed | unsigned).with_user(self.asker).button_confirm()

    # === THE WORDS === #

    def test_the_words_of_the_refusal_and_its_button(self):
        order = self._new_order()
        with self.assertRaises(PolicyRefusal) as caught:
            order.with_user(self.asker).button_confirm()
        self.assertEqual(
            str(caught.exception),
            f"Clause 3.2 (Rules of the Customer Service Department v1): {order.name} over "
            "¥\xa010,000.00 is confirmed once it is signed by Head of Department → Finance → CEO. "
            "First: t_manager (base.group_user,crm_policy.group_manager).",
        )
        context = caught.exception.context
        self.assertEqual(context["policy_button"], "Submit for Approval")
        action = context["policy_action"]
        self.env["ir.actions.server"].browse(action["id"]).with_user(self.asker).with_context(
            **action["context"]
        ).run()
        self.assertEqual(order.policy_approval_state, "pending")
        with self.assertRaises(PolicyRefusal) as caught:
            order.with_user(self.asker).button_confirm()
        self.assertRegex(str(caught.exception), r"Next: Head of Department \(t_manager ")
        self.assertFalse(caught.exception.context["policy_action"])

    # === ODOO'S OWN VALIDATION === #

    def _new_chief(self):
        return new_test_user(
            self.env,
            login="t_purchase_chief",
            groups="base.group_user,purchase.group_purchase_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def test_odoo_s_second_validation_comes_after_ours(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 100})
        order = self._signed()
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "to approve")
        order.with_user(self._new_chief()).button_approve()
        self.assertEqual(order.state, "purchase")

    def test_what_changes_before_odoo_s_second_validation_is_signed_anew(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 100})
        order = self._signed()
        order.with_user(self.asker).button_confirm()
        order.with_user(self.asker).order_line.price_unit = 6000
        self.assertEqual(order.policy_approval_state, "none")
        with self.assertRaises(PolicyRefusal):
            order.with_user(self._new_chief()).button_approve()

    # === WHERE NO POLICY SAYS SO === #

    def test_without_a_route_in_force_odoo_buys_as_ever(self):
        self.rules.with_user(self.users["director"]).action_policy_abolish("试行结束")
        order = self._new_order()
        self.assertFalse(order.policy_governed)
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")
        order.with_user(self.asker).order_line.price_unit = 9999
        self.assertEqual(order.amount_total, 19_998)
        self.assertFalse(order.policy_approval_id)
        with self.assertRefused(UserError, "no approval route"):
            self._new_order().with_user(self.asker).action_policy_submit()

    def test_a_version_on_trial_does_not_shadow_an_enforced_one(self):
        admin = self.users["policy_admin"]
        draft = self.version.with_user(admin)._policy_new_version()
        self.env["crm.policy.route"].with_user(admin).create(
            {
                "code": "buy",
                "name": "采购",
                "clause_id": draft.clause_ids[0].id,
                "model_name": "purchase.order",
                "subject": "purchase",
                "kind": "sequence",
                "step_ids": [Command.create({"sequence": 1, "role_id": self._role_of("ceo").id})],
            }
        )
        self._hand_over(draft)
        self._approve_version(draft)
        draft._policy_guarded_write({"enforcement": "trial"})
        order = self._new_order()
        self.assertEqual(order._policy_route().version_id, self.rules)
        with self.assertRaises(PolicyRefusal):
            order.with_user(self.asker).button_confirm()

    def test_a_route_may_speak_of_some_purchases_only(self):
        """What the condition of the route does not fit is bought as ever."""
        self.env.cr.execute(
            "UPDATE crm_policy_route SET domain = %s WHERE model_name = 'purchase.order'",
            ["[('amount_total', '>', 1000)]"],
        )
        self.env.invalidate_all()
        small, big = self._new_order(price=500), self._new_order(price=500.01)
        small.with_user(self.asker).button_confirm()
        self.assertEqual(small.state, "purchase")
        with self.assertRaises(PolicyRefusal):
            big.with_user(self.asker).button_confirm()

    def test_another_company_buys_as_it_likes(self):
        other = self._new_company("宁波明远")
        buyer = new_test_user(
            self.env,
            login="t_ningbo_buyer",
            groups="base.group_user,purchase.group_purchase_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        theirs = self.env(user=buyer, context={"allowed_company_ids": other.ids})
        order = theirs["purchase.order"].create({"partner_id": self.vendor.id})
        self.assertEqual(order.company_id, other)
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
        with self.assertRaises(AccessError):
            theirs["purchase.order"].browse(self._new_order().id).action_policy_submit()

    def test_a_policy_on_trial_warns_only(self):
        self.rules._policy_guarded_write({"enforcement": "trial"})
        order = self._new_order()
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")
        self.assertIn("on trial", order.message_ids[0].body)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", order._name), ("res_id", "=", order.id)]
        )
        self.assertEqual(events.mapped("type"), ["purchase.unsigned"])
        self.assertEqual(events.clause, "3.2")

    def test_the_form_can_be_filled_in_as_ever(self):
        with Form(self.env["purchase.order"].with_user(self.asker)) as form:
            form.partner_id = self.vendor
            with form.order_line.new() as line:
                line.product_id = self.product
                line.product_qty = 3
        self.assertEqual(form.record.policy_approval_state, "none")

    # === HOW OFTEN THE DATABASE IS ASKED === #

    def test_confirming_asks_no_more_for_more_orders(self):
        def queries(count):
            orders = self.env["purchase.order"].concat(
                *(self._signed() for _number in range(count))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            orders.with_user(self.asker)._policy_check_signed()
            return self.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(2), queries(4))
