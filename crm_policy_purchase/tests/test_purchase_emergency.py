"""What an emergency team orders before the signatures (EMG-01, AUT-MAT-05)."""

from odoo import Command

from odoo.addons.crm_policy.exceptions import PolicyRefusal
from odoo.addons.crm_policy.tests.approval.emergency_common import EmergencyCommon

from .common import PurchaseCommon


class TestPurchaseEmergency(PurchaseCommon, EmergencyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["supervisor"].group_ids = [Command.link(cls.purchase_group.id)]
        cls.crisis = cls._new_crisis()

    def _ordered(self):
        order = self._new_order(policy_ticket_id=self.crisis.id)
        self._start(self.crisis)
        self._execute(order)
        return order

    def test_the_team_orders_before_the_signatures(self):
        order = self._ordered()
        self.assertEqual(order.policy_approval_state, "pending")
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")
        [line] = self.crisis.policy_emergency_id.action_ids
        self.assertEqual((line.res_model, line.res_id), (order._name, order.id))
        self.assertEqual(line.amount, 10_000)

    def test_what_it_has_ordered_stays_as_it_is(self):
        order = self._ordered()
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.order_line.price_unit = 1
        order.with_user(self.asker).button_confirm()
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.order_line.product_qty = 9
        order.order_line.date_planned = "2030-01-01 00:00:00"
        self.assertEqual(order.state, "purchase")

    def test_the_ratification_ends_it(self):
        order = self._ordered()
        self._hand_in(self.crisis.policy_emergency_id)
        request = self.crisis.policy_emergency_id.policy_approval_id
        signer = request.eligible_user_ids[0]
        request.with_user(signer).action_policy_approve("属实")
        self.assertEqual(order.policy_approval_state, "approved")
        self.assertIn("属实", order.message_ids[0].body)
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_what_the_ratification_refuses_is_not_ordered_any_more(self):
        order = self._ordered()
        self._hand_in(self.crisis.policy_emergency_id)
        request = self.crisis.policy_emergency_id.policy_approval_id
        request.with_user(request.eligible_user_ids[0]).action_policy_reject("可以等")
        with self.assertRefused(PolicyRefusal, "was rejected by .*可以等"):
            order.with_user(self.asker).button_confirm()

    def test_without_an_emergency_the_signatures_come_first(self):
        order = self._new_order(policy_ticket_id=self.crisis.id)
        with self.assertRaises(PolicyRefusal):
            order.with_user(self.asker).button_confirm()
