from odoo import fields, models


class CrmPolicyAllowance(models.Model):
    """An allowance is credited as its certificate says (RET-ALW-01)."""

    _inherit = "crm.policy.allowance"
    _policy_credit_link = "policy_allowance_id"

    credit_note_ids = fields.One2many(
        "account.move",
        "policy_allowance_id",
        string="Credit Notes",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )

    def _policy_invoice_names(self):
        return [self.invoice_ref]

    def _policy_credited(self):
        currency = self.currency_id
        net = currency.round(self.amount - self.tax_amount)
        price = self.price_unit * self.remedy_id.percent / 100
        return self.quantity or 1.0, price, net, self.tax_amount
