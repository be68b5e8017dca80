"""Guards of purchases that no flow meets by itself, one each."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import SQL

from odoo.addons.crm_policy.exceptions import PolicyRefusal

from ..hooks import uninstall_hook
from .common import PurchaseCommon


class TestPurchaseGuards(PurchaseCommon):
    def test_no_field_of_ours_is_written_by_hand(self):
        order = self._new_order()
        for vals in (
            {"policy_department_id": self.department.id},
            {"policy_signed_dates": ["2026-01-01 00:00:00"]},
            {"policy_writer_ids": [Command.clear()]},
            {"policy_approval_state": "approved"},
            {"policy_approval_id": 1},
            {"policy_emergency_id": 1},
        ):
            for mine in (order.with_user(self.asker), order.sudo()):
                with self.subTest(vals), self.assertRaises(AccessError):
                    mine.write(vals)
            with self.subTest(vals, method="create"), self.assertRaises(AccessError):
                self._new_order(**vals)

    def test_an_order_is_not_born_confirmed(self):
        for state in ("purchase", "to approve"):
            with self.subTest(state), self.assertRaises(PolicyRefusal):
                self._new_order(state=state)

    def test_an_order_is_not_written_to_confirmed(self):
        order = self._new_order()
        for state in ("purchase", "to approve"):
            for mine in (order.with_user(self.asker), order.sudo()):
                with self.subTest(state), self.assertRaises(PolicyRefusal):
                    mine.write({"state": state})

    def test_the_button_refuses_before_odoo_speaks_to_anybody(self):
        order = self._new_order()
        with (
            patch.object(type(order), "_add_supplier_to_product") as told,
            self.assertRaises(PolicyRefusal),
        ):
            order.with_user(self.asker).button_confirm()
        told.assert_not_called()

    def test_what_was_confirmed_before_is_left_alone(self):
        """Bought before the policy spoke of purchases: no button asks for signatures now."""
        order = self._confirmed()
        order._policy_lapse_live()
        order.invalidate_recordset()
        self.assertFalse(order._policy_is_signed())
        order.with_user(self.asker).button_confirm()
        order.with_user(self.asker).write({"state": "purchase"})
        self.assertEqual(order.state, "purchase")

    def test_what_was_signed_stays_however_it_is_written(self):
        order = self._confirmed()
        line = order.order_line
        attempts = (
            lambda o: o.write({"partner_id": self.partner.id}),
            lambda o: o.write({"order_line": [Command.update(line.id, {"price_unit": 1})]}),
            lambda o: o.order_line.write({"price_unit": 1}),
            lambda o: o.order_line.write({"product_qty": 1}),
            lambda o: o.order_line.unlink(),
            lambda o: o.order_line.copy({"order_id": o.id}),
            lambda o: o.order_line.create(
                {"order_id": o.id, "product_id": self.product.id, "product_qty": 0}
            ),
        )
        for number, attempt in enumerate(attempts):
            for mine in (order.with_user(self.asker), order.sudo()):
                with self.subTest(number), self.assertRaises(UserError):
                    attempt(mine)

    def test_no_line_of_another_order_moves_in(self):
        order, other = self._confirmed(), self._new_order()
        with self.assertRefused(PolicyRefusal, "confirmed as it was signed"):
            other.order_line.sudo().write({"order_id": order.id})

    def test_a_line_that_moves_in_voids_what_is_asked(self):
        order, other = self._new_order(), self._new_order()
        order.with_user(self.asker).action_policy_submit()
        other.order_line.with_user(self.asker).write({"order_id": order.id})
        self.assertEqual(order.policy_approval_state, "none")

    def test_a_cancelled_order_needs_new_signatures(self):
        order = self._signed()
        order.with_user(self.asker).button_cancel()
        self.assertEqual(order.policy_approval_id.state, "lapsed")
        order.with_user(self.asker).button_draft()
        with self.assertRaises(PolicyRefusal):
            order.with_user(self.asker).button_confirm()

    def test_before_the_add_on_goes_what_waits_is_withdrawn_and_nothing_else(self):
        signed, waiting = self._signed(), self._new_order()
        waiting.with_user(self.asker).action_policy_submit()
        uninstall_hook(self.env)
        self.assertEqual(waiting.policy_approval_id.state, "lapsed")
        self.assertEqual(signed.policy_approval_id.state, "approved")
        self.assertFalse(waiting.policy_approval_id.eligible_user_ids)

    def test_a_refusal_stays_one_after_the_cancellation(self):
        order = self._new_order()
        order.with_user(self.asker).action_policy_submit()
        self._as("manager", order.policy_approval_id).action_policy_reject("不买")
        order.with_user(self.asker).button_cancel()
        self.assertEqual(order.policy_approval_id.state, "rejected")

    def test_who_reads_no_order_opens_no_request(self):
        order = self._signed()
        action = order.with_user(self.asker).action_policy_open_request()
        self.assertEqual(action["res_id"], order.policy_approval_id.id)
        stranger = new_test_user(
            self.env,
            login="t_no_buyer",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        order.sudo().read(["policy_approval_id"])  # what is in the cache is everybody's
        with self.assertRaises(AccessError):
            order.with_user(stranger).action_policy_open_request()
        report = self.env["report.crm_policy_purchase.purchase_approval"].with_user(stranger)
        with self.assertRaises(AccessError):
            report._get_report_values(order.ids)

    def test_who_is_asked_reads_that_order_and_no_other(self):
        order, other = self._new_order(), self._new_order()
        order.with_user(self.asker).action_policy_submit()
        mine = self._as("manager", order)
        self.assertFalse(mine.browse().has_access("read"), "he has no right in Purchase")
        self.assertTrue(mine.has_access("read"))
        for operation in ("write", "unlink"):
            self.assertFalse(mine.has_access(operation))
        self.assertFalse(self._as("manager", other).has_access("read"))
        self.assertFalse(self._as("finance", order).has_access("read"), "it is not his turn")
        request = order.policy_approval_id
        request._policy_update({"res_model": "crm.policy.remedy"})
        self.assertFalse(mine.has_access("read"), "a request of something with the same number")

    def test_goods_of_no_quantity_are_goods_and_down_payments_are_not(self):
        order = self._confirmed()
        Line = self.env["purchase.order.line"].sudo()
        vals = {"order_id": order.id, "product_id": self.product.id, "name": "x", "product_qty": 0}
        with self.assertRefused(PolicyRefusal, "confirmed as it was signed"):
            Line.create(vals)
        Line.create({**vals, "is_downpayment": True, "price_unit": 0})
        with self.assertRefused(PolicyRefusal, "confirmed as it was signed"):
            Line.create({**vals, "is_downpayment": True, "product_qty": 1})

    def test_the_form_tells_of_its_own_request_only(self):
        order, other = self._signed(), self._signed()
        number = order.policy_approval_id.id
        # About something else with the same number.
        self.env["crm.policy.event"]._policy_log("x", self.env["res.company"].browse(number))
        report = self.env["report.crm_policy_purchase.purchase_approval"]
        told = [report._policy_request(each)["entries"].split(", ") for each in (order, other)]
        self.assertFalse(set(told[0]) & set(told[1]))
        for each, entries in zip((order, other), told, strict=True):
            events = self.env["crm.policy.event"].browse(map(int, entries))
            self.assertEqual(set(events.mapped("res_model")), {"crm.policy.approval"})
            self.assertEqual(set(events.mapped("res_id")), {each.policy_approval_id.id})

    # === WHICH ROUTE === #

    def test_another_company_s_route_governs_no_order(self):
        other = self._new_company("杭州分公司")
        order = self._new_order()
        self.assertTrue(order.policy_governed)
        versions = self.env["crm.policy.route"]._policy_purchase_version_ids
        self.assertTrue(versions(self.company.id))
        self.assertFalse(versions(other.id))

    def test_only_a_version_in_force_with_a_route_for_orders_governs(self):
        Route = self.env["crm.policy.route"]
        before = Route._policy_purchase_version_ids(self.company.id)
        route = Route.sudo().search(
            [("version_id", "in", before), ("model_name", "=", "purchase.order")]
        )
        for record, vals in (
            (route, {"model_name": "crm.policy.remedy"}),
            (route.version_id, {"state": "superseded"}),
            (route.version_id.policy_id, {"active_in_company": False}),
        ):
            former = {name: record[0][name] for name in vals}
            self._store(record, vals)
            with self.subTest(vals):
                self.assertFalse(Route._policy_purchase_version_ids(self.company.id))
            self._store(record, former)
        self.assertEqual(Route._policy_purchase_version_ids(self.company.id), before)

    def _store(self, records, vals):
        """Write past all that the models would say to it."""
        for name, value in vals.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id = ANY(%s)",
                    SQL.identifier(records._table),
                    SQL.identifier(name),
                    value,
                    records.ids,
                )
            )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
