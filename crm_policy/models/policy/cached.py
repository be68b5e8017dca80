from odoo import api, models


class CrmPolicyCached(models.AbstractModel):
    """Records that are read from the registry's cache: a change makes it stale.

    It is cleared after the change: what is read while it is made must not stay in the cache.
    """

    _name = "crm.policy.cached"
    _description = "Cached Records"

    @api.model
    def _policy_cached_fields(self):
        """Return the fields whose change makes the cache stale; None: any, and each new record.

        A model names them where only values of records are in the cache, not which there are.

        :rtype: frozenset[str] | None
        """
        return None

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if self._policy_cached_fields() is None:
            self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        names = self._policy_cached_fields()
        if names is None or names.intersection(vals):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
