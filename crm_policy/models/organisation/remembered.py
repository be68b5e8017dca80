from datetime import timedelta

from odoo import api, models

# How long what was read about the present serves: longer than a transaction takes.
HORIZON = timedelta(hours=1)


class CrmPolicyRemembered(models.AbstractModel):
    """Rows with a time of their own that engines ask for again and again: who is away, who acts.

    What lies around the present is read once in a transaction. PostgreSQL shows a transaction the
    same rows from its first statement to its last, so nobody else can make them stale meanwhile;
    the transaction's own changes, and Odoo at the end of it and of a savepoint, forget them.
    """

    _name = "crm.policy.remembered"
    _description = "Rows Remembered within a Transaction"

    @api.model
    def _policy_around(self, now, company, domain):
        """Return the rows of ``company`` that may be in force at ``now``, as superuser.

        :param now: naive UTC.
        :param domain: called with (first, last), returns the domain of those in force somewhere
            between the two.
        """
        known = self.env.cr.cache.setdefault(self._name, {})
        first, last, ids = known.get(company.id, (None, None, ()))
        if first is None or not first <= now < last:
            first, last = now, now + HORIZON
            ids = self.sudo().search(domain(first, last))._ids
            known[company.id] = (first, last, ids)
        return self.sudo().browse(ids)

    def _policy_forget(self):
        self.env.cr.cache.pop(self._name, None)

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_forget()
        return super().create(vals_list)

    def write(self, vals):
        self._policy_forget()
        return super().write(vals)

    def unlink(self):
        self._policy_forget()
        return super().unlink()
