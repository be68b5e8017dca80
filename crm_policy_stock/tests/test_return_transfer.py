"""The transfer of a return note: made, received, short, more, in parts, called off."""

from odoo.exceptions import UserError

from odoo.addons.crm_policy.exceptions import PolicyRefusal

from .common import RETURN, ReturnStockCommon


class TestReturnTransfer(ReturnStockCommon):
    def _events(self, note):
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", note._name), ("res_id", "=", note.id)], order="id"
        )
        return events.mapped("type")

    # === MADE === #

    def test_the_signatures_make_the_transfer(self):
        _case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        self.assertEqual(note.product_id, self.product)
        self._by("specialist", note).action_policy_submit()
        self.assertFalse(note.picking_ids)
        self._by("manager_office", note).action_policy_approve("同意")
        picking = note.picking_ids
        self.assertEqual(len(picking), 1)
        self.assertEqual(
            (picking.picking_type_code, picking.location_id.usage, picking.origin),
            ("incoming", "customer", note.number),
        )
        self.assertEqual(
            (picking.partner_id, picking.company_id, picking.state),
            (self.partner, self.company, "assigned"),
        )
        move = picking.move_ids
        self.assertEqual((move.product_id, move.product_uom_qty), (self.product, 100))
        self.assertIn("return.transfer", self._events(note))

    def test_it_goes_back_the_way_of_the_delivery(self):
        self.product.tracking = "lot"
        lot = self.env["stock.lot"].create(
            {"name": "L0203", "product_id": self.product.id, "company_id": self.company.id}
        )
        out_type = self.warehouse.out_type_id
        customers = self.partner.property_stock_customer
        delivery = self.env["stock.picking"].create(
            {
                "picking_type_id": out_type.id,
                "partner_id": self.partner.id,
                "origin": "SO-77",
                "location_id": self.warehouse.lot_stock_id.id,
                "location_dest_id": customers.id,
            }
        )
        move = self.env["stock.move"].create(
            {
                "picking_id": delivery.id,
                "product_id": self.product.id,
                "product_uom_qty": 2000,
                "location_id": self.warehouse.lot_stock_id.id,
                "location_dest_id": customers.id,
            }
        )
        delivery.action_confirm()
        move.move_line_ids = [
            (5,),
            (0, 0, {"product_id": self.product.id, "lot_id": lot.id, "quantity": 2000}),
        ]
        move.picked = True
        delivery._action_done()
        _case, remedy = self._case_with(RETURN, policy_order_ref="SO-77", policy_lot_ref="L0203")
        picking = self._approved(remedy).picking_ids
        self.assertEqual(picking.return_id, delivery)
        self.assertEqual(picking.move_ids.origin_returned_move_id, move)
        self.assertEqual(picking.move_line_ids.lot_id, lot)
        self.assertEqual(picking.picking_type_id, out_type.return_picking_type_id)

    def test_an_item_that_is_no_product_waits_for_somebody_to_choose_one(self):
        _case, remedy = self._case_with(RETURN, policy_item_ref="没有这个料号")
        note = self._sent(remedy)
        self.assertFalse(note.product_id or note.picking_ids)
        clerk = self._by("specialist", note)
        with self.assertRefused(UserError, "choose the product"):
            clerk.action_policy_make_transfer()
        clerk.product_id = self.product
        clerk.action_policy_make_transfer()
        self.assertEqual(note.picking_ids.move_ids.product_uom_qty, 100)
        with self.assertRefused(UserError, "has its transfer"):
            clerk.action_policy_make_transfer()
        with self.assertRefused(UserError, "its product stays"):
            clerk.product_id = False

    def test_without_a_product_the_warehouse_signs_as_ever(self):
        _case, remedy = self._case_with(RETURN, policy_item_ref="没有这个料号")
        note = self._sent(remedy)
        self._by("warehouse", note).action_policy_receive(100)
        self.assertEqual(note.state, "received")

    # === RECEIVED === #

    def test_a_hundred_of_a_hundred(self):
        note, picking = self._arrived()
        self.assertIs(picking.button_validate(), True)
        self.assertEqual((picking.state, note.state), ("done", "received"))
        self.assertEqual((note.actual_quantity, note.quantity_in_stock), (100, 100))
        self.assertEqual(note.received_by_id, self.posts["warehouse"])
        self.assertEqual(self.product.with_company(self.company).qty_available, 100)

    def test_what_came_short_waits_for_the_instruction(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 94
        told = self._rest(picking, backorder=False)
        self.assertEqual(told["tag"], "display_notification")
        self.assertEqual((note.state, note.actual_quantity), ("mismatch", 94))
        self.assertNotEqual(picking.state, "done")
        with self.assertRefused(PolicyRefusal, "^Clause .* 94 came, .* is for 100.*May decide"):
            self._rest(picking, backorder=False)
        self._by("supervisor", note).action_policy_instruct("按实收签收")
        self.assertIs(self._rest(picking, backorder=False), True)
        self.assertEqual((note.state, note.actual_quantity), ("received", 94))
        self.assertEqual(note.instructed_by_id, self.users["supervisor"])

    def test_what_is_more_waits_too(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 105
        self.assertEqual(picking.button_validate()["tag"], "display_notification")
        self.assertEqual((note.state, note.actual_quantity), ("mismatch", 105))
        self._by("supervisor", note).action_policy_instruct("在允收比率内，签收")
        self.assertIs(picking.button_validate(), True)
        self.assertEqual((note.state, note.actual_quantity), ("received", 105))

    def test_an_instruction_is_for_the_quantity_that_was_reported(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 105
        picking.button_validate()
        self._by("supervisor", note).action_policy_instruct("签收105片")
        picking.move_ids.quantity = 104
        self.assertEqual(picking.button_validate()["tag"], "display_notification")
        self.assertEqual((note.actual_quantity, note.instruction), (104, False))

    # === IN PARTS === #

    def test_parts_count_together(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 60
        self._rest(picking, backorder=True)
        self.assertEqual((note.state, note.quantity_in_stock), ("sent", 60))
        rest = self._by("warehouse", note.picking_ids) - picking
        self.assertEqual(rest.move_ids.product_uom_qty, 40)
        rest.button_validate()
        self.assertEqual((note.state, note.actual_quantity), ("received", 100))

    def test_parts_that_are_more_together_wait(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 60
        self._rest(picking, backorder=True)
        rest = self._by("warehouse", note.picking_ids) - picking
        rest.move_ids.quantity = 45
        self.assertEqual(rest.button_validate()["tag"], "display_notification")
        self.assertEqual((note.state, note.actual_quantity), ("mismatch", 105))

    def test_the_rest_that_is_called_off_is_a_difference(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 60
        self._rest(picking, backorder=True)
        rest = self._by("warehouse", note.picking_ids) - picking
        rest.action_cancel()
        self.assertEqual((note.state, note.actual_quantity), ("mismatch", 60))
        self._by("supervisor", note).action_policy_instruct("余数不再退回")
        with self.assertRefused(UserError, "brought 60 pieces"):
            self._by("warehouse", note).action_policy_receive(100)
        self._by("warehouse", note).action_policy_receive(60)
        self.assertEqual((note.state, note.actual_quantity), ("received", 60))

    # === CALLED OFF === #

    def test_a_cancelled_note_cancels_its_transfer(self):
        note, picking = self._arrived()
        self._by("specialist", note).action_policy_cancel("客户自行处理")
        self.assertEqual((note.state, picking.state), ("cancelled", "cancel"))

    def test_a_note_whose_goods_have_come_is_not_cancelled(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 60
        self._rest(picking, backorder=True)
        with self.assertRefused(UserError, "in stock already"):
            self._by("specialist", note).action_policy_cancel("客户自行处理")

    def test_another_transfer_after_the_first_was_cancelled(self):
        note, picking = self._arrived()
        picking.action_cancel()
        self.assertEqual((note.state, note.picking_state), ("sent", "ended"))
        self._by("specialist", note).action_policy_make_transfer()
        self._by("warehouse", note._policy_open_pickings()).button_validate()
        self.assertEqual(note.state, "received")

    # === LINKS === #

    def test_links_lead_both_ways(self):
        note, picking = self._arrived()
        action = self._by("warehouse", note).action_policy_open_transfers()
        self.assertEqual(action["res_id"], picking.id)
        action = picking.action_policy_open_return()
        self.assertEqual((action["res_model"], action["res_id"]), (note._name, note.id))
        menu = self.env.ref("crm_policy_stock.menu_return_note_warehouse")
        visible = self.env["ir.ui.menu"].with_user(self.posts["warehouse"])._visible_menu_ids()
        self.assertIn(menu.id, visible)
