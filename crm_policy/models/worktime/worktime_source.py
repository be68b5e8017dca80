from odoo import api, models


class CrmPolicyWorktimeSource(models.AbstractModel):
    """Whatever decides when work is done: a change makes the cached working time stale."""

    _name = "crm.policy.worktime.source"
    _description = "Source of Working Time"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
