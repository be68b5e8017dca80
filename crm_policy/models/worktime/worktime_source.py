from odoo import api, models


class CrmPolicyWorktimeSource(models.AbstractModel):
    """Whatever decides when work is done: a change makes the cached working time stale."""

    _name = "crm.policy.worktime.source"
    _description = "Source of Working Time"

    # After the change: what is read while it is made must not stay in the cache.

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
