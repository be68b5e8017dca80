from odoo import api, models


class CrmPolicyCached(models.AbstractModel):
    """Records that are read from the registry's cache: a change makes it stale.

    It is cleared after the change: what is read while it is made must not stay in the cache.
    """

    _name = "crm.policy.cached"
    _description = "Cached Records"

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
