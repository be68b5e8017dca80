from odoo import api, models

TAKEN = ("quantity", "product_id", "product_uom_id", "move_id", "picking_id", "location_id")


class StockMoveLine(models.Model):
    """A detail of what came back: it stays as the warehouse has signed for it."""

    _inherit = "stock.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.filtered(lambda line: line.state == "done").move_id._policy_refuse_signed()
        return lines

    def write(self, vals):
        if not set(TAKEN).isdisjoint(vals):
            done = self.filtered(lambda line: line.state == "done")
            done.move_id._policy_refuse_signed()
        return super().write(vals)
