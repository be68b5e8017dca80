from odoo import api, models


class CrmPolicyGathered(models.AbstractModel):
    """Evidence that a transaction gathers and writes together.

    At the end of the transaction, at that of a savepoint, or before anybody searches the model:
    whoever looks finds it. What is rolled back takes along what was gathered since.
    """

    _name = "crm.policy.gathered"
    _description = "Evidence Written Together"
    _inherit = ["crm.policy.protected"]

    @api.model
    def _policy_gather(self, rows):
        """Keep rows for :meth:`_policy_store`."""
        precommit = self.env.cr.precommit
        if self._name not in precommit.data:
            precommit.add(self.sudo()._policy_write_gathered)
            precommit.data[self._name] = []
        precommit.data[self._name] += rows

    @api.model
    def _policy_write_gathered(self):
        """Write the rows that were gathered so far."""
        rows = self.env.cr.precommit.data.pop(self._name, None)
        if rows:
            self.sudo()._policy_store(rows)

    @api.model
    def _policy_store(self, rows):
        """Write rows, in their order; a model that has many of them overrides it."""
        self._policy_insert(rows)

    @api.model
    def _search(self, domain, *args, **kwargs):
        self._policy_write_gathered()
        return super()._search(domain, *args, **kwargs)
