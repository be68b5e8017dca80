from odoo import fields, models


class CrmPolicyReplanCompany(models.AbstractModel):
    """A company that counts in another calendar: its open deadlines are planned by that one."""

    _name = "crm.policy.replan.company"
    _description = "Calendar of a Company"

    def write(self, vals):
        before = {company: company.resource_calendar_id for company in self}
        result = super().write(vals)
        changed = self.filtered(lambda company: company.resource_calendar_id != before[company])
        if "resource_calendar_id" in vals and changed:
            # Rules, deadlines and reports read the calendar's zone from the cache.
            self.env.registry.clear_cache()
            self.env["crm.policy.replan"]._policy_request(
                changed.resource_calendar_id, fields.Datetime.now(), zone=True
            )
        return result
