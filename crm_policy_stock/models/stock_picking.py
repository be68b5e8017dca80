from odoo import fields, models
from odoo.exceptions import UserError


class StockPicking(models.Model):
    """The transfer of a return note: who receives, how many, and after which instruction."""

    _name = "stock.picking"
    _inherit = ["crm.policy.guarded", "stock.picking"]

    policy_return_id = fields.Many2one(
        "crm.policy.return.note",
        string="Return Note",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    policy_return_number = fields.Char(related="policy_return_id.number", string="Return Note No.")
    policy_return_quantity = fields.Float(
        related="policy_return_id.quantity", string="Return Approved"
    )
    policy_return_instruction = fields.Text(
        related="policy_return_id.instruction", string="Instruction for the Return"
    )
    policy_return_state = fields.Selection(
        related="policy_return_id.state", string="State of the Return"
    )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_return_id"}

    def unlink(self):
        # Before stock deletes the moves, which it does before it asks.
        for picking in self.sudo().filtered("policy_return_id"):
            raise UserError(  # pylint: disable=no-raise-unlink
                self.env._(
                    "%(picking)s brings back the goods of %(note)s: it is cancelled, not deleted.",
                    picking=picking.name,
                    note=picking.policy_return_number,
                )
            )
        return super().unlink()

    # === ACTION METHODS === #

    def action_policy_open_return(self):
        """Open the return note whose goods come with this transfer."""
        self.ensure_one()
        self.check_access("read")
        note = self.sudo().policy_return_id.sudo(False)
        note.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": note._name,
            "res_id": note.id,
            "views": [(False, "form")],
        }

    def action_cancel(self):
        notes = self.sudo().policy_return_id.filtered(lambda note: not note.cancelled_at)
        if notes.filtered("quantity_in_stock"):
            for note in notes:
                note.sudo(False)._policy_check_receiver()
        result = super().action_cancel()
        notes._policy_end_short()
        return result

    # === BUSINESS METHODS === #

    def _pre_action_done_hook(self):
        """Report a difference, and keep that, instead of validating what would be refused."""
        result = super()._pre_action_done_hook()
        if result is not True:
            return result
        asked = self.env["crm.policy.return.note"]
        for note, pickings in self.sudo().grouped("policy_return_id").items():
            if note and pickings._policy_report_difference(note):
                asked += note
        if not asked:
            return True
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("What Came Differs"),
                "message": "\n".join(note._policy_news("asked")[1] for note in asked),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _policy_report_difference(self, note):
        """Report that these transfers of a note bring another quantity, unless that is known.

        :return: whether it was reported just now.
        """
        note._policy_refuse_unready()
        note.sudo(False)._policy_check_receiver()
        self.move_ids.filtered(lambda move: move._policy_comes())._policy_refuse_other_goods()
        others = note._policy_open_pickings() - self
        final = not others and not any(picking._policy_leaves_rest() for picking in self)
        came = note.quantity_in_stock + sum(self.move_ids.mapped(lambda move: move._policy_comes()))
        if not came or not note._policy_is_different(came, final):
            return False
        same = note.product_id.uom_id.compare(came, note.actual_quantity) == 0
        if note.state == "mismatch" and same:
            note._policy_refuse_uninstructed(came)
        note._policy_report_difference(came)
        return True

    def _policy_leaves_rest(self):
        """Return whether what does not come now is expected with a transfer of its own."""
        kind = self.picking_type_id.create_backorder
        called_off = self.env.context.get("picking_ids_not_to_backorder") or []
        if kind == "never" or (kind == "ask" and self.id in called_off):
            return False
        return any(
            move.product_uom.compare(move._get_picked_quantity(), move.product_uom_qty) < 0
            for move in self.move_ids
            if move.state not in ("done", "cancel")
        )

    def _create_backorder_picking(self):
        backorder = super()._create_backorder_picking()
        if self.policy_return_id:
            backorder._policy_guarded_write({"policy_return_id": self.policy_return_id.id})
        return backorder
