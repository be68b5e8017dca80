from odoo import fields, models


class CrmPolicyReturnNote(models.Model):
    """Goods that came back are credited with the quantity that came (RET-ACC-01, RET-ACC-02)."""

    _inherit = "crm.policy.return.note"
    _policy_credit_link = "policy_return_id"

    credit_note_ids = fields.One2many(
        "account.move",
        "policy_return_id",
        string="Credit Notes",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )

    def _policy_invoice_names(self):
        return self.proof_ids.mapped("invoice_ref")

    def _policy_red_letter(self):
        return self.proof_ids[:1].red_letter_ref or False

    def _policy_credited(self):
        remedy, quantity = self.remedy_id, self.actual_quantity
        amount = self._policy_amount_of_goods()
        if remedy._policy_is_priced():
            amount, tax = remedy._policy_price_of(quantity)
            price = remedy.price_unit * remedy.percent / 100
            return quantity, price, remedy.currency_id.round(amount - tax), tax
        share = remedy.tax_amount / remedy.amount if remedy.amount else 0.0
        tax = remedy.currency_id.round(amount * share)
        return 1.0, 0.0, remedy.currency_id.round(amount - tax), tax
