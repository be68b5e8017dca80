from odoo import models


class AccountMoveLine(models.Model):
    """A line of an invoice, as a case names its goods."""

    _inherit = "account.move.line"

    def _policy_of_item(self, item):
        """Return those that sell an item: by the number of the product, or in their words."""
        item = (item or "").strip()
        if not item:
            return self.browse()
        return self.filtered(
            lambda line: line.product_id.default_code == item or item in (line.name or "")
        )
