"""Head of department, Finance, CEO, in this order (AUT-MAT-04; S11)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.crm_policy.exceptions import PolicyRefusal

from .common import PurchaseCommon


class TestPurchaseChain(PurchaseCommon):
    def test_s11_head_finance_ceo_in_this_order(self):
        order = self._new_order()
        order.with_user(self.asker).action_policy_submit()
        self.assertEqual(order.policy_approval_id.amount, 10_000)
        self._sign(order, "manager")
        with self.assertRaises(UserError):
            self._sign(order, "ceo")
        self.assertEqual(order.policy_approval_state, "pending")
        self._sign(order, "finance", "ceo")
        self.assertEqual(order.policy_approval_state, "approved")
        decisions = order.policy_approval_id.decision_ids
        signers = [self.users[role] for role in ("manager", "finance", "ceo")]
        self.assertEqual([decision.user_id for decision in decisions], signers)
        self.assertEqual(set(decisions.mapped("comment")), {"同意"})
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_one_refusal_closes_the_request_as_refused(self):
        order = self._new_order()
        order.with_user(self.asker).action_policy_submit()
        self._sign(order, "manager")
        self._as("finance", order.policy_approval_id).action_policy_reject("预算已用完")
        self.assertEqual(order.policy_approval_state, "rejected")
        with self.assertRaises(UserError):
            self._sign(order, "ceo")
        with self.assertRefused(PolicyRefusal, "was rejected by .*预算已用完"):
            order.with_user(self.asker).button_confirm()

    def test_the_signers_need_no_right_in_purchase(self):
        order = self._new_order()
        finance = order.with_user(self.users["finance"])
        self.assertFalse(finance.browse().has_access("read"))
        order.with_user(self.asker).action_policy_submit()
        self.assertFalse(finance.has_access("read"))  # it is not his turn yet
        self._sign(order, "manager")
        self.assertTrue(finance.has_access("read"))
        self.assertFalse(finance.has_access("write"))
        action = self._as("finance", order.policy_approval_id).action_policy_open_document()
        self.assertEqual(
            (action["type"], action["report_type"]), ("ir.actions.report", "qweb-html")
        )
        self._sign(order, "finance")
        self.assertTrue(finance.has_access("read"))  # he sees what he has signed
        other = self._new_order()
        self.assertFalse(other.with_user(self.users["finance"]).has_access("read"))

    def test_who_works_in_purchase_opens_the_order(self):
        order = self._new_order()
        order.with_user(self.asker).action_policy_submit()
        action = order.policy_approval_id.with_user(self.asker).action_policy_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("purchase.order", order.id))

    # === THE OTHER TURNS === #

    def test_the_requester_recalls_and_asks_anew(self):
        order = self._new_order()
        mine = order.with_user(self.asker)
        mine.action_policy_submit()
        mine.action_policy_recall()
        self.assertEqual(order.policy_approval_state, "none")
        with self.assertRaises(PolicyRefusal):
            mine.button_confirm()
        mine.action_policy_submit()
        self._sign(order, "manager", "finance", "ceo")
        mine.button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_finance_returns_it_to_the_requester(self):
        order = self._new_order()
        order.with_user(self.asker).action_policy_submit()
        self._sign(order, "manager")
        self._as("finance", order.policy_approval_id).action_policy_return(comment="请附报价单")
        self.assertEqual(order.policy_approval_id.state, "returned")
        with self.assertRaises(PolicyRefusal):
            order.with_user(self.asker).button_confirm()

    def test_several_orders_are_signed_in_one_go(self):
        orders = self._new_order() | self._new_order() | self._new_order()
        orders.with_user(self.asker).action_policy_submit()
        self._sign(orders, "manager", "finance", "ceo")
        self.assertEqual(set(orders.mapped("policy_approval_state")), {"approved"})
        orders.with_user(self.asker).button_confirm()
        self.assertEqual(set(orders.mapped("state")), {"purchase"})

    # === NEVER BY === #

    def _eligible_of_first_step(self, order):
        order.with_user(self.asker).action_policy_submit()
        return order.policy_approval_id.eligible_user_ids

    def test_the_requester_never_signs(self):
        manager = self.users["manager"]
        manager.group_ids = [Command.link(self.purchase_group.id)]
        order = self._new_order(user=manager)
        order.with_user(manager).action_policy_submit()
        self.assertNotIn(manager, order.policy_approval_id.eligible_user_ids)
        with self.assertRefused(PolicyRefusal, "nobody decides on his own request"):
            self._sign(order, "manager")

    def test_the_buyer_never_signs(self):
        order = self._new_order(user_id=self.users["manager"].id)
        self.assertNotIn(self.users["manager"], self._eligible_of_first_step(order))

    def test_whoever_has_written_the_order_never_signs(self):
        """The asker is the buyer and submits it; another one has drafted it."""
        finance = self.users["finance"]
        finance.group_ids = [Command.link(self.purchase_group.id)]
        order = self._new_order(finance, user_id=self.asker.id)
        order.with_user(self.asker).action_policy_submit()
        self._sign(order, "manager")
        self.assertNotIn(finance, order.policy_approval_id.eligible_user_ids)
        with self.assertRaisesRegex(PolicyRefusal, "what he has written himself"):
            self._sign(order, "finance")

    def test_whoever_has_changed_the_order_never_signs(self):
        finance = self.users["finance"]
        finance.group_ids = [Command.link(self.purchase_group.id)]
        more = {"product_id": self.product.id, "product_qty": 1, "price_unit": 10.0}
        ways = {
            "a line": lambda order: order.order_line.write({"price_unit": 4000.0}),
            "lines": lambda order: order.write(
                {"order_line": [Command.update(order.order_line.id, {"product_qty": 3})]}
            ),
            "a new line": lambda order: order.order_line.create({"order_id": order.id, **more}),
            "a line less": lambda order: order.order_line.unlink(),
            "the vendor": lambda order: order.write({"partner_id": self.vendor.copy().id}),
        }
        for what, change in ways.items():
            with self.subTest(what):
                order = self._new_order()
                change(order.with_user(finance))
                self.assertEqual(order.policy_writer_ids, finance)
                self.assertIn(finance, order._policy_nondeciders())
        order = self._new_order()
        ways["a line"](order.with_user(finance))
        # Whoever changes it afterwards takes nothing away from that.
        order.with_user(self.asker).order_line.price_unit = 6000.0
        order.with_user(self.asker).action_policy_submit()
        self._sign(order, "manager")
        self.assertNotIn(finance, order.policy_approval_id.eligible_user_ids)
        with self.assertRaisesRegex(PolicyRefusal, "written himself"):
            self._sign(order, "finance")

    def test_what_is_not_signed_makes_nobody_a_writer(self):
        order = self._new_order()
        finance = self.users["finance"]
        finance.group_ids = [Command.link(self.purchase_group.id)]
        order.with_user(finance).write({"priority": "1"})
        order.with_user(finance).order_line.date_planned = "2031-01-01"
        order.with_user(self.asker).order_line.price_unit = 6000.0
        self.assertFalse(order.policy_writer_ids)

    def test_nobody_of_the_vendor_signs(self):
        self.users["manager"].partner_id.parent_id = self.vendor
        order = self._new_order()
        self.assertNotIn(self.users["manager"], self._eligible_of_first_step(order))

    def test_the_department_is_that_of_whoever_asks(self):
        """Who could choose it could choose who signs."""
        other = self.env["hr.department"].create({"name": "市场部", "company_id": self.company.id})
        order = self._new_order()
        self.assertEqual(order.policy_department_id, self.department)
        with self.assertRaises(AccessError):
            order.with_user(self.asker).policy_department_id = other
        with self.assertRaises(AccessError):
            self._new_order(policy_department_id=other.id)
        head = self._new_user("manager", login="t_marketing")
        other.manager_id = self._new_employee(head, department_id=other.id)
        buyer = new_test_user(
            self.env,
            login="t_buyer",
            groups="base.group_user,purchase.group_purchase_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self._new_employee(buyer, department_id=other.id)
        order.with_user(buyer).action_policy_submit()
        self.assertEqual(order.policy_department_id, other)
        self.assertEqual(order.policy_approval_id.eligible_user_ids, head)

    def test_who_may_only_read_an_order_cannot_submit_it(self):
        order = self._new_order()
        with self.assertRaises(AccessError):
            self._as("finance", order).action_policy_submit()

    def test_only_a_request_for_quotation_is_submitted(self):
        order = self._new_order()
        order.with_user(self.asker).button_cancel()
        with self.assertRefused(UserError, "no request for quotation"):
            order.with_user(self.asker).action_policy_submit()
