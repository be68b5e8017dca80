"""What an emergency team orders before the signatures (EMG-01, AUT-MAT-05)."""

from freezegun import freeze_time

from odoo import Command
from odoo.tests import Form

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

    def test_what_it_costs_is_converted_at_the_rate_of_the_company_s_day(self):
        """At 23:30 in Greenwich it is tomorrow in Shanghai."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        dollar.rate_ids = [
            Command.create({"name": day, "rate": rate, "company_id": self.company.id})
            for day, rate in (("2026-03-01", 1 / 7), ("2026-03-02", 1 / 10))
        ]
        with freeze_time("2026-03-01 23:30:00"):
            crisis = self._new_crisis()
            order = self._new_order(policy_ticket_id=crisis.id, currency_id=dollar.id)
            self._start(crisis)
            self._execute(order)
        [line] = crisis.policy_emergency_id.action_ids
        self.assertEqual(line.amount, 100_000)

    def test_what_it_has_ordered_stays_as_it_is(self):
        order = self._ordered()
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.order_line.price_unit = 1
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.order_line.unlink()
        order.with_user(self.asker).button_confirm()
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.order_line.product_qty = 9
        order.order_line.date_planned = "2030-01-01 00:00:00"
        self.assertEqual(order.state, "purchase")

    def test_what_was_asked_for_before_it_was_ordered_stays_as_it_is_too(self):
        """The request gave way to the emergency: it holds nothing any more, the emergency does."""
        order = self._new_order(policy_ticket_id=self.crisis.id)
        order.with_user(self.asker).action_policy_submit()
        self._start(self.crisis)
        self._execute(order)
        self.assertEqual(order.policy_approval_id.state, "lapsed")
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.order_line.price_unit = 1
        order.with_user(self.asker).button_confirm()
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.order_line.product_qty = 9

    def test_the_arrival_may_move_from_the_form_as_well(self):
        order = self._ordered()
        order.with_user(self.asker).button_confirm()
        line = order.order_line
        order.with_user(self.asker).write(
            {"order_line": [Command.update(line.id, {"date_planned": "2030-01-01 00:00:00"})]}
        )
        self.assertEqual(str(line.date_planned), "2030-01-01 00:00:00")
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.with_user(self.asker).write(
                {"order_line": [Command.update(line.id, {"product_qty": 9})]}
            )

    def test_the_window_is_for_open_orders_that_nobody_has_decided(self):
        signed = self._signed(policy_ticket_id=self.crisis.id)
        order = self._new_order(policy_ticket_id=self.crisis.id)
        emergency = self._start(self.crisis)
        self.env.invalidate_all()
        mine, other = (each.with_user(self.users["supervisor"]) for each in (order, signed))
        self.assertTrue(mine.policy_can_execute)
        self.assertFalse(other.policy_can_execute, "it is signed")
        order.button_cancel()
        self.assertFalse(mine.policy_can_execute, "it is cancelled")
        order.button_draft()
        self.assertTrue(mine.policy_can_execute)
        self._stabilise(emergency)
        self.env.invalidate_all()
        self.assertFalse(mine.policy_can_execute, "the team has done its work")

    def test_the_window_of_the_order_executes_it(self):
        order = self._new_order(policy_ticket_id=self.crisis.id)
        member = order.with_user(self.users["supervisor"])
        self.assertFalse(member.policy_can_execute)
        self._start(self.crisis)
        self.env.invalidate_all()
        self.assertTrue(member.policy_can_execute)
        self.assertFalse(order.with_user(self.asker).policy_can_execute)
        turn = Form(
            self.env["crm.policy.emergency.turn"]
            .with_user(member.env.user)
            .with_context(default_turn="execute", default_order_id=order.id)
        )
        turn.text = "客户当天要货"
        turn.save().action_policy_confirm()
        self.assertEqual(order.policy_emergency_id, self.crisis.policy_emergency_id)
        self.assertFalse(member.policy_can_execute)
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")

    def _ratify(self, outcome, words):
        """Hand the emergency in and let the first who may decide on it."""
        self._hand_in(self.crisis.policy_emergency_id)
        request = self.crisis.policy_emergency_id.policy_approval_id
        signer = request.with_user(request.eligible_user_ids[0])
        getattr(signer, f"action_policy_{outcome}")(words)

    def _refused(self):
        order = self._ordered()
        self._ratify("reject", "可以等")
        self.assertEqual(order.policy_approval_state, "rejected")
        return order

    def test_what_was_refused_is_changed_and_submitted_anew(self):
        order = self._refused()
        mine = order.with_user(self.asker)
        mine.write({"order_line": [Command.update(order.order_line.id, {"price_unit": 4000})]})
        with self.assertRaises(PolicyRefusal), self.cr.savepoint():
            mine.button_confirm()
        mine.action_policy_submit()
        with self.assertRefused(PolicyRefusal, "is confirmed once it is signed. Next"):
            mine.button_confirm()
        self._sign(order, "manager", "finance")
        self._as("ceo", order.policy_approval_id).action_policy_approve("这次可以")
        self.assertIn("这次可以", order.message_ids[0].body)
        # What changes after the new signatures voids them as ever.
        with self.cr.savepoint() as savepoint:
            mine.order_line.price_unit = 6000
            with self.assertRaises(PolicyRefusal), self.cr.savepoint():
                mine.button_confirm()
            savepoint.rollback()
            self.env.invalidate_all()
        mine.button_confirm()
        self.assertEqual(order.state, "purchase")
        with self.assertRefused(PolicyRefusal, "is confirmed as it was signed"):
            mine.order_line.price_unit = 1

    def test_the_later_refusal_is_the_one_that_is_told(self):
        order = self._refused()
        order.with_user(self.asker).action_policy_submit()
        self._as("manager", order.policy_approval_id).action_policy_reject("还是太贵")
        self.assertIn("还是太贵", order.message_ids[0].body)
        with self.assertRefused(PolicyRefusal, "was rejected by .*还是太贵"):
            order.with_user(self.asker).button_confirm()

    def test_what_the_vendor_has_stays_although_it_is_refused_later(self):
        order = self._ordered()
        order.with_user(self.asker).button_confirm()
        self._ratify("reject", "可以等")
        with self.assertRefused(PolicyRefusal, "stays as it was ordered"):
            order.with_user(self.asker).order_line.price_unit = 1
        order.with_user(self.asker).order_line.date_planned = "2030-01-01 00:00:00"
        order.with_user(self.asker).button_cancel()
        order.with_user(self.asker).button_draft()
        order.with_user(self.asker).order_line.price_unit = 1
        self.assertEqual(order.amount_total, 2)

    def test_the_ratification_ends_it(self):
        order = self._ordered()
        self._ratify("approve", "属实")
        self.assertEqual(order.policy_approval_state, "approved")
        self.assertIn("属实", order.message_ids[0].body)
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_what_the_ratification_refuses_is_not_ordered_any_more(self):
        order = self._refused()
        with self.assertRefused(PolicyRefusal, "was rejected by .*可以等"):
            order.with_user(self.asker).button_confirm()

    def test_without_an_emergency_the_signatures_come_first(self):
        order = self._new_order(policy_ticket_id=self.crisis.id)
        with self.assertRaises(PolicyRefusal):
            order.with_user(self.asker).button_confirm()
