from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

# What says how much of what has come.
TAKEN = ("quantity", "product_id", "product_uom", "picking_id", "location_id", "state")


class StockMove(models.Model):
    """Goods of a return note: taken in as the note says, and counted for it."""

    _inherit = "stock.move"

    # === CRUD METHODS === #

    def write(self, vals):
        if not set(TAKEN).isdisjoint(vals):
            done = self.filtered(lambda move: move.state == "done")
            done._policy_refuse_signed()
        if "picking_id" in vals:
            self._policy_refuse_detour(self.env["stock.picking"].browse(vals["picking_id"]))
        return super().write(vals)

    def _policy_refuse_signed(self):
        """Refuse to change what the warehouse has taken in for a return note."""
        for move in self.sudo():
            note = move.picking_id.policy_return_id
            if note and move._policy_counts():
                raise UserError(
                    self.env._(
                        "%(picking)s: what was taken in for %(note)s stays as it was signed for.",
                        picking=move.picking_id.name,
                        note=note.number,
                    )
                )

    def _policy_refuse_detour(self, picking):
        """Refuse to take goods of a return note in by another transfer, or others by its own."""
        for move in self.sudo():
            note = move.picking_id.policy_return_id
            if move.picking_id and note != picking.sudo().policy_return_id:
                raise UserError(
                    self.env._(
                        "%(move)s comes back with its own return note.", move=move.display_name
                    )
                )

    # === BUSINESS METHODS === #

    def _search_picking_for_assignation_domain(self):
        domain = super()._search_picking_for_assignation_domain()
        return Domain(domain) & Domain("policy_return_id", "=", False)

    def _policy_counts(self):
        """Return whether it brings goods in; scrapping them afterwards does not."""
        return self.location_id.usage not in ("internal", "transit")

    def _policy_came(self):
        """Return the pieces that it has brought, in the unit of the product."""
        if self.state != "done" or not self._policy_counts():
            return 0.0
        return self.product_uom._compute_quantity(self.quantity, self.product_id.uom_id)

    def _policy_comes(self):
        """Return the pieces that it brings once its transfer is validated."""
        if self.state in ("done", "cancel") or not self._policy_counts():
            return 0.0
        return self.product_uom._compute_quantity(
            self._get_picked_quantity(), self.product_id.uom_id
        )

    def _policy_refuse_other_goods(self):
        """Refuse to bring in anything but what its return note is for."""
        for move in self:
            note = move.picking_id.policy_return_id
            if move.product_id != note.product_id:
                raise UserError(
                    self.env._(
                        "%(picking)s: %(note)s is for %(product)s, not for %(other)s.",
                        picking=move.picking_id.name,
                        note=note.number,
                        product=note.product_id.display_name,
                        other=move.product_id.display_name,
                    )
                )

    def _action_done(self, cancel_backorder=False):
        """Take in what a return note says: whatever screen, scanner or batch asks for it."""
        coming = self.sudo().filtered(
            lambda move: (
                move.state not in ("done", "cancel")
                and move.picking_id.policy_return_id
                and move._policy_counts()
            )
        )
        notes = coming.picking_id.policy_return_id
        notes._policy_refuse_unready()
        for note in notes:
            note.sudo(False)._policy_check_receiver()
        coming._policy_refuse_other_goods()
        result = super()._action_done(cancel_backorder=cancel_backorder)
        notes._policy_take_in()
        return result
