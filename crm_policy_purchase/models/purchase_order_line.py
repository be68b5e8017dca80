from odoo import api, models


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._policy_check_added(lines.order_id)
        # An order that has just been created with them has its creator already.
        lines.order_id._policy_note_writer(dict.fromkeys(lines.order_id._policy_wanted()))
        return lines

    def write(self, vals):
        orders = self.order_id
        before, wanted = orders._policy_bought(), orders._policy_wanted()
        result = super().write(vals)
        orders._policy_check_bought(before)
        orders._policy_note_writer(wanted)
        self._policy_check_added(self.order_id - orders)
        moved = self.order_id - orders
        moved._policy_note_writer(dict.fromkeys(moved._policy_wanted()))
        orders._policy_void_changed()
        return result

    def unlink(self):
        orders = self.order_id
        before, wanted = orders._policy_bought(), orders._policy_wanted()
        result = super().unlink()
        orders._policy_check_bought(before)
        orders._policy_note_writer(wanted)
        orders._policy_void_changed()
        return result

    def _policy_check_added(self, orders):
        """Refuse goods that have come to orders which are confirmed as they were signed."""
        for order in orders.sudo():
            if order._policy_is_fixed() and order._policy_goods() & self:
                order._policy_refuse_change()
        orders._policy_void_changed()
