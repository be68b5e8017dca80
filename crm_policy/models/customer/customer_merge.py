from odoo import api, models


class CrmPolicyCustomerMerge(models.AbstractModel):
    """Two contacts become one: so does what the policy says of them (of Odoo's merge wizard).

    The row of the contact that stays goes before. Odoo would move the other one beside it, which
    the database refuses, and the whole merge with it.
    """

    _name = "crm.policy.customer.merge"
    _description = "Merge of Customers"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        Customer = self.env["crm.policy.customer"].sudo()
        kept = dst_partner.commercial_partner_id
        Customer._policy_merge(src_partners, kept)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        # It writes into the tables themselves. The cases are the other customer's by now.
        self.env.invalidate_all()
        Customer._policy_keep_clocks(kept)
        return result
