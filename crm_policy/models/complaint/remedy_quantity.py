from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

# What an amount follows from, where it follows from a quantity.
MEASURED = ("quantity", "price_unit", "percent", "tax_percent")
# What is done with goods that the customer has: no piece of them twice.
GOODS = ("return", "exchange", "rework")


class CrmPolicyRemedyQuantity(models.AbstractModel):
    """A remedy for so many pieces: quantity × unit price × percent, and the tax on it (S2.6)."""

    _name = "crm.policy.remedy.quantity"
    _description = "Remedy by Quantity and Price"

    currency_id = fields.Many2one("res.currency")
    quantity = fields.Float(digits=(16, 2), help="How many pieces it is granted for.")
    item_ref = fields.Char(string="Item")
    price_unit = fields.Float(string="Unit Price", digits=(16, 4), help="Without tax.")
    percent = fields.Float(
        string="Percent of the Price",
        digits=(5, 2),
        default=100.0,
        help="How much of the price is granted: 20 for an allowance of a fifth.",
    )
    tax_percent = fields.Float(string="Tax (%)", digits=(5, 2))

    _measures_positive = models.Constraint(
        "CHECK(COALESCE(quantity, 0) >= 0 AND COALESCE(price_unit, 0) >= 0)",
        "Neither the quantity nor the unit price of a remedy is negative.",
    )
    _percent_within = models.Constraint(
        "CHECK(percent IS NULL OR percent > 0 AND percent <= 100)",
        "The percent of the price is more than 0 and at most 100.",
    )
    _tax_percent_within = models.Constraint(
        "CHECK(tax_percent IS NULL OR tax_percent >= 0 AND tax_percent <= 100)",
        "The tax is between 0 and 100 percent.",
    )

    # === COMPUTE METHODS === #

    @api.depends(*MEASURED)
    def _compute_amount(self):
        for remedy in self:
            if remedy._policy_is_priced():
                remedy.amount, remedy.tax_amount = remedy._policy_price_of(remedy.quantity)
            else:
                # Somebody types it.
                remedy.amount, remedy.tax_amount = remedy.amount, remedy.tax_amount

    # === CONSTRAINT METHODS === #

    @api.constrains("amount", "tax_amount", *MEASURED)
    def _check_priced(self):
        """Refuse another amount than the quantity comes to, and a price of nothing."""
        for remedy in self:
            if remedy.price_unit and not remedy.quantity:
                raise ValidationError(
                    self.env._(
                        "%(remedy)s: a unit price needs a quantity.", remedy=remedy.display_name
                    )
                )
            if not remedy._policy_is_priced():
                continue
            amount, tax = remedy._policy_price_of(remedy.quantity)
            currency = remedy.currency_id
            if currency.compare_amounts(remedy.amount, amount) or currency.compare_amounts(
                remedy.tax_amount, tax
            ):
                raise ValidationError(
                    self.env._(
                        "%(remedy)s: %(quantity)g at %(price)g come to %(amount)s, %(tax)s of it "
                        "tax. Change the quantity, not the amount.",
                        remedy=remedy.display_name,
                        quantity=remedy.quantity,
                        price=remedy.price_unit,
                        amount=currency.format(amount),
                        tax=currency.format(tax),
                    )
                )

    @api.constrains("kind", "amount", "note")
    def _check_refusal(self):
        for remedy in self.filtered(lambda remedy: remedy.kind == "refusal"):
            if remedy.amount:
                raise ValidationError(self.env._("A refusal grants no amount."))
            if not (remedy.note or "").strip():
                raise ValidationError(self.env._("Say in the description why it is refused."))

    @api.constrains("kind", "quantity", "ticket_id")
    def _check_delivered(self):
        self.ticket_id._policy_check_goods()

    # === BUSINESS METHODS === #

    def _policy_is_priced(self):
        """Return whether the amount follows from quantity and unit price."""
        return bool(self.quantity and self.price_unit)

    def _policy_price_of(self, quantity):
        """Return (amount, tax in it) of a number of pieces, each rounded half up.

        :param float quantity: what was granted, or what really came back.
        """
        currency = self.currency_id
        net = currency.round(quantity * self.price_unit * self.percent / 100)
        tax = currency.round(net * self.tax_percent / 100)
        return currency.round(net + tax), tax

    def _policy_quantity_values(self):
        """Return what a signature stands for beside the amount: only what is said.

        Requests of remedies without a quantity stand for what they stood for before.
        """
        values = {name: self[name] for name in ("quantity", "price_unit") if self[name]}
        if self._policy_is_priced() and float_compare(self.percent, 100.0, precision_digits=2):
            values["percent"] = self.percent
        if self.item_ref:
            values["item"] = self.item_ref
        return values
