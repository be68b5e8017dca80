from odoo import api, fields, models

from ...exceptions import PolicyRefusal
from ...tools.zones import local_day
from ...words import list_words


class CrmPolicyExchange(models.AbstractModel):
    """A rule with an amount that is compared with amounts in other currencies.

    At the rate of the day on which they are compared, in the company of the rule; never one to
    one for want of a rate.
    """

    _name = "crm.policy.exchange"
    _description = "Rule with an Amount"

    def _policy_exchange_clause(self):
        """Return the clause that a refusal names."""
        return self.clause_id

    def _policy_convert(self, amount, source, target, day=None):
        """Return ``amount`` of ``source`` in ``target``.

        :param date day: today in the company's zone by default: the day of the decision.
        :raises PolicyRefusal: one of the currencies has no rate up to that day.
        """
        if source == target or not amount:
            return amount
        day = day or self._policy_today()
        for currency in source | target:
            self._policy_check_rate(currency, amount, source, day)
        return source._convert(amount, target, self.company_id, day)

    def _policy_today(self):
        return self._policy_day(self.company_id)

    @api.model
    def _policy_day(self, company):
        """Return the day it is now where the company works."""
        return local_day(fields.Datetime.now(), company)

    @api.model
    def _policy_has_rate(self, currency, company, day):
        """Return whether a currency has a rate of ``day`` or before; the company's own needs none.

        Odoo would take the first later rate, or one to one.
        """
        if currency == company.currency_id:
            return True
        found = (
            self.env["res.currency.rate"]
            .sudo()
            .search_count(
                [
                    ("currency_id", "=", currency.id),
                    ("company_id", "in", (False, company.root_id.id)),
                    ("name", "<=", day),
                ],
                limit=1,
            )
        )
        return bool(found)

    def _policy_check_rate(self, currency, amount, source, day):
        """Refuse a currency that has no rate of ``day`` or before."""
        company = self.company_id
        if self._policy_has_rate(currency, company, day):
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(amount)s is compared with a limit in %(limit)s, and %(currency)s "
                "has no exchange rate for %(day)s. May enter one: %(users)s.",
                clause=self._policy_exchange_clause()._policy_citation(),
                amount=source.format(amount),
                limit=self.currency_id.name,
                currency=currency.name,
                day=day,
                users=list_words(self.env, self._policy_rate_keepers().mapped("name"))
                or self.env._("nobody yet"),
            )
        )

    def _policy_rate_keepers(self):
        """Return who may enter exchange rates in the company."""
        rights = (
            self.env["ir.model.access"]
            .sudo()
            .search([("model_id.model", "=", "res.currency.rate"), ("perm_create", "=", True)])
        )
        users = rights.group_id.all_user_ids
        return users.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
