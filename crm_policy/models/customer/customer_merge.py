from odoo import models


class CrmPolicyCustomerMerge(models.AbstractModel):
    """Contacts that are merged keep one row of each company (mixin of the merge wizard).

    The standard deletes the rows that would be there twice, all of them where only the contacts
    that vanish have one. Here the grade that gives the customer the shortest time stays.
    """

    _name = "crm.policy.customer.merge"
    _description = "Merging of Customers"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        rows = (
            self.env["crm.policy.customer"]
            .sudo()
            .search([("partner_id", "in", list(partner_ids))], order="id")
        )
        kept = rows.browse()
        for same in rows.grouped("company_id").values():
            first = same.sorted(
                lambda row: (not row.grade_id, row.grade_id.sla_factor, row.grade_id.sequence)
            )[0]
            kept += first
            dropped = same - first
            if dropped:
                self.env["crm.policy.event"]._policy_log(
                    "customer.merged",
                    first,
                    {
                        "partners": same.partner_id.ids,
                        "dropped": [row.grade_id.code or "" for row in dropped],
                    },
                )
                dropped.unlink()
        kept.flush_recordset()
        result = super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        kept.invalidate_recordset()
        if kept:
            kept._policy_graded()
        return result
