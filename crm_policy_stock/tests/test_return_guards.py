"""Doors beside the way: nobody takes goods in for a note unless he may, and as it says."""

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.crm_policy.exceptions import PolicyRefusal

from .common import RETURN, ReturnStockCommon


class TestReturnGuards(ReturnStockCommon):
    def test_nothing_is_received_before_the_note_is_with_the_warehouse(self):
        _case, remedy = self._case_with(RETURN)
        note = self._approved(remedy)
        picking = self._by("warehouse", note.picking_ids)
        words = r"^Clause .* is not with the warehouse \(Approved\).*100.*May decide"
        for act in (
            picking.button_validate,
            picking.sudo()._action_done,
            picking.sudo().move_ids._action_done,
        ):
            with self.assertRefused(PolicyRefusal, words), self.cr.savepoint():
                act()
        self.assertEqual(note.quantity_in_stock, 0)

    def test_nor_for_one_that_is_cancelled(self):
        note, picking = self._arrived()
        self._by("specialist", note).action_policy_cancel("客户自行处理")
        again = picking.sudo().copy()
        again._policy_guarded_write({"policy_return_id": note.id})
        with self.assertRefused(PolicyRefusal, r"not with the warehouse \(Cancelled\)"):
            self._by("warehouse", again).button_validate()

    def test_the_last_door_refuses_what_nobody_has_decided(self):
        """Whoever goes around the screen's question is refused, and nothing is in stock."""
        note, picking = self._arrived()
        picking.move_ids.quantity = 94
        picking.move_ids.picked = True
        for act in (
            lambda: picking.sudo().with_context(cancel_backorder=True)._action_done(),
            lambda: picking.sudo().move_ids._action_done(cancel_backorder=True),
        ):
            with self.assertRefused(PolicyRefusal, "94 came"), self.cr.savepoint():
                act()
            self.env.invalidate_all()
        self.assertEqual((note.state, note.quantity_in_stock), ("sent", 0))
        self.assertEqual(self.product.with_company(self.company).qty_available, 0)

    def test_by_nobody_but_the_warehouse(self):
        note, picking = self._arrived()
        for user in (self._clerk(), self.env.ref("base.user_root")):
            for act in (
                lambda picking: picking.button_validate(),
                lambda picking: picking.sudo()._action_done(),
            ):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    act(picking.with_user(user))
        for who in ("specialist", "supervisor", "finance"):
            with self.assertRaises(AccessError):
                self._as(who, picking).button_validate()
        self.assertEqual(note.state, "sent")

    def _clerk(self):
        """Return somebody of stock who does not hold the post of the warehouse."""
        return new_test_user(
            self.env,
            login="t_stock",
            groups="base.group_user,stock.group_stock_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def test_nor_does_anybody_else_report_a_difference(self):
        """What differs is kept: so it is asked who says so, and whether the note is there yet."""
        note, picking = self._arrived()
        picking.move_ids.write({"quantity": 105, "picked": True})
        with self.assertRaises(AccessError):
            picking.with_user(self._clerk()).button_validate()
        self.assertEqual((note.state, note.actual_quantity), ("sent", 0))
        _case, remedy = self._case_with(RETURN)
        waiting = self._approved(remedy)
        early = self._by("warehouse", waiting.picking_ids)
        early.move_ids.write({"quantity": 105, "picked": True})
        with self.assertRefused(PolicyRefusal, "not with the warehouse"):
            early.button_validate()
        self.assertEqual((waiting.state, waiting.actual_quantity), ("approved", 0))

    def test_nor_calls_the_rest_off(self):
        note, picking = self._arrived()
        picking.move_ids.quantity = 60
        self._rest(picking, backorder=True)
        rest = note.picking_ids.filtered(lambda one: one.state == "assigned")
        for user in (self._clerk(), self.users["specialist"]):
            with self.subTest(user.login), self.assertRaises(AccessError):
                rest.with_user(user).sudo().action_cancel()
        self.assertEqual((rest.state, note.state), ("assigned", "sent"))

    def test_a_company_without_a_warehouse_makes_no_transfer(self):
        note, picking = self._arrived()
        picking.action_cancel()
        self.env["stock.warehouse"].search([("company_id", "=", self.company.id)]).active = False
        with self.assertRefused(UserError, "has no warehouse"):
            self._by("specialist", note).action_policy_make_transfer()

    def test_not_by_whom_the_case_is_about(self):
        note, picking = self._arrived()
        note.ticket_id.policy_accused_user_ids = self.posts["warehouse"]
        with self.assertRaises(AccessError), self.cr.savepoint():
            picking.button_validate()
        with self.assertRaises(AccessError):
            picking.sudo()._action_done()

    def test_the_portal_sees_nothing_of_it(self):
        note, picking = self._arrived()
        portal = new_test_user(self.env, login="t_return_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.partner
        for act in (
            lambda: note.with_user(portal).action_policy_make_transfer(),
            lambda: note.with_user(portal).action_policy_open_transfers(),
            lambda: note.with_user(portal).read(["product_id"]),
            lambda: picking.with_user(portal).action_policy_open_return(),
            lambda: picking.with_user(portal).button_validate(),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                act()

    def test_the_link_is_nobody_s_to_write(self):
        note, picking = self._arrived()
        forged = {"policy_return_id": note.id}
        kind = self.warehouse.in_type_id
        Picking = self.env["stock.picking"].with_user(self.posts["warehouse"])
        with self.assertRaises(AccessError):
            picking.write({"policy_return_id": False})
        with self.assertRaises(AccessError):
            picking.sudo().write({"policy_return_id": False})
        with self.assertRaises(AccessError):
            Picking.create({"picking_type_id": kind.id, **forged})
        with self.assertRaises(AccessError):
            picking.copy(forged)
        born = Picking.with_context(default_policy_return_id=note.id).create(
            {"picking_type_id": kind.id}
        )
        self.assertFalse(born.policy_return_id or picking.copy().policy_return_id)
        for name in ("quantity_in_stock", "picking_ids"):
            with self.assertRaises(AccessError):
                self._by("specialist", note).write({name: False})

    def test_the_transfer_is_not_deleted(self):
        _note, picking = self._arrived()
        picking.action_cancel()
        for records in (picking, picking.sudo()):
            with self.assertRefused(UserError, "cancelled, not deleted"), self.cr.savepoint():
                records.unlink()
            self.env.invalidate_all()

    def test_goods_leave_their_transfer_by_no_side_door(self):
        note, picking = self._arrived()
        other = picking.copy()
        with self.assertRefused(UserError, "its own return note"):
            picking.move_ids.picking_id = other
        with self.assertRefused(UserError, "its own return note"):
            other.move_ids.write({"picking_id": picking.id})
        # What is bought or returned elsewhere does not join it either.
        self.assertIn(
            ("policy_return_id", "in", [False]),
            [
                (leaf.field_expr, leaf.operator, list(leaf.value))
                for leaf in other.move_ids._search_picking_for_assignation_domain()
                .optimize(self.env["stock.picking"])
                .iter_conditions()
                if leaf.field_expr == "policy_return_id"
            ],
        )

    def test_other_goods_do_not_come_with_it(self):
        note, picking = self._arrived()
        stranger = self.env["product.product"].create({"name": "别的料", "type": "consu"})
        self.env["stock.move"].with_user(picking.env.user).create(
            {
                "picking_id": picking.id,
                "product_id": stranger.id,
                "product_uom_qty": 1,
                "quantity": 1,
                "location_id": picking.location_id.id,
                "location_dest_id": picking.location_dest_id.id,
            }
        )
        with self.assertRefused(UserError, "not for 别的料"):
            picking.button_validate()

    def test_what_was_signed_for_stays(self):
        note, picking = self._arrived()
        picking.button_validate()
        move, line = picking.move_ids, picking.move_line_ids
        picking.action_toggle_is_locked()
        other = self.product.copy({"name": "别的料"})
        dozen = self.env.ref("uom.product_uom_dozen")
        for act in (
            lambda: move.write({"quantity": 90}),
            lambda: move.write({"state": "draft"}),
            lambda: move.sudo().write({"location_id": picking.location_dest_id.id}),
            lambda: move.sudo().write({"product_id": other.id}),
            lambda: move.sudo().write({"product_uom": dozen.id}),
            lambda: move.sudo().write({"picking_id": False}),
            lambda: line.sudo().write({"product_id": other.id}),
            lambda: line.sudo().write({"product_uom_id": dozen.id}),
            lambda: line.sudo().write({"picking_id": False}),
            lambda: line.sudo().write({"location_id": picking.location_dest_id.id}),
            lambda: line.sudo().write({"move_id": False}),
            lambda: line.write({"quantity": 90}),
            lambda: line.sudo().write({"quantity": 90}),
            lambda: line.copy({"quantity": 5}),
            lambda: (
                self.env["stock.move"]
                .with_user(picking.env.user)
                .create(
                    {
                        "picking_id": picking.id,
                        "product_id": self.product.id,
                        "product_uom_qty": 5,
                        "quantity": 5,
                        "location_id": picking.location_id.id,
                        "location_dest_id": picking.location_dest_id.id,
                    }
                )
            ),
        ):
            with self.assertRefused(UserError, "stays as it was signed for"):
                with self.cr.savepoint():
                    act()
            self.env.invalidate_all()
        self.assertEqual(note.actual_quantity, 100)

    def test_nobody_signs_beside_an_open_transfer(self):
        note, picking = self._arrived()
        with self.assertRefused(UserError, "receive the goods in the transfer"):
            self._by("warehouse", note).action_policy_receive(100)

    def test_only_who_works_on_the_case_makes_a_transfer(self):
        note, picking = self._arrived()
        picking.action_cancel()
        for who in ("finance", "qc", "warehouse"):
            with self.subTest(who), self.assertRaises(AccessError):
                self._by(who, note).action_policy_make_transfer()

    def test_nothing_of_a_caller_s_context_reaches_the_transfer(self):
        """Neither his defaults nor what stock is told to leave out, by any way to a transfer."""
        note, picking = self._arrived()
        other = self.env["res.partner"].create({"name": "别人"})
        elsewhere = self.env["stock.location"].create(
            {"name": "别处", "usage": "internal", "company_id": self.company.id}
        )
        forged = {
            "default_owner_id": other.id,
            "default_partner_id": other.id,
            "default_location_id": elsewhere.id,
            "default_location_dest_id": elsewhere.id,
            "default_quantity": 1.0,
            "default_picked": True,
            "default_state": "done",
            "default_date_deadline": "2000-01-01 00:00:00",
            "default_note": "x",
            "default_backorder_id": picking.id,
            "default_policy_return_id": False,
            "tracking_disable": True,
            "mail_notrack": True,
            "skip_sanity_check": True,
            "bypass_reservation_update": True,
        }
        names = ("partner_id", "location_id", "location_dest_id", "picking_type_id", "state",
                 "owner_id", "note", "backorder_id", "policy_return_id")  # fmt: skip
        of_moves = ("location_id", "location_dest_id", "product_uom_qty", "quantity", "picked",
                    "state", "date_deadline", "restrict_partner_id")  # fmt: skip

        def told(picking):
            move = picking.move_ids
            return [*(picking[name] for name in names), *(move[name] for name in of_moves)]

        plain = told(picking.sudo())
        picking.action_cancel()
        self._by("specialist", note).with_context(**forged).action_policy_make_transfer()
        self.assertEqual(told(note._policy_open_pickings()), plain)
        # The signature makes one too.
        _case, remedy = self._case_with(RETURN)
        again = self._note(remedy)
        self._by("specialist", again).action_policy_submit()
        self._by("manager_office", again).with_context(**forged).action_policy_approve("同意")
        made = again.sudo()._policy_open_pickings()
        self.assertEqual(made.policy_return_id, again)
        made = told(made)
        own = names.index("policy_return_id")
        self.assertEqual(made[:own] + made[own + 1 :], plain[:own] + plain[own + 1 :])

    def test_a_service_of_that_number_is_no_product_to_take_in(self):
        self.product.write({"type": "service", "is_storable": False})
        _case, remedy = self._case_with(RETURN)
        self.assertFalse(self._approved(remedy).product_id)

    def test_a_product_of_another_company_is_none(self):
        company = self._new_company("无锡分公司")
        self.product.company_id = company
        _case, remedy = self._case_with(RETURN)
        note = self._approved(remedy)
        self.assertFalse(note.product_id or note.picking_ids)
        with self.assertRaises(UserError):
            self._by("specialist", note).product_id = self.product
        service = self.env["product.product"].create({"name": "服务", "type": "service"})
        with self.assertRefused(UserError, "takes in"):
            self._by("specialist", note).product_id = service

    @mute_logger("odoo.sql_db")
    def test_a_note_with_a_transfer_stays(self):
        note, _picking = self._arrived()
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.cr.execute("DELETE FROM crm_policy_return_note WHERE id = %s", [note.id])
