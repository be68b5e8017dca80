from odoo import models


class CrmPolicyAmountBasis(models.AbstractModel):
    """A company that begins to compare amounts in another way: what waits is asked for anew (T8).

    The steps of a request and who signs them follow from its amount with or without tax.
    """

    _name = "crm.policy.amount.basis"
    _description = "Amount Basis of a Company"

    def write(self, vals):
        before = {company: company.policy_amount_basis for company in self}
        result = super().write(vals)
        changed = self.filtered(lambda company: company.policy_amount_basis != before[company])
        if "policy_amount_basis" in vals and changed:
            waiting = self.env["crm.policy.approval"].sudo()
            waiting.search(
                [("company_id", "in", changed.ids), ("state", "=", "pending")]
            )._policy_lapse_changed()
        return result
