import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class CrmPolicyYearWatch(models.AbstractModel):
    """Somebody who notices in time that the statutory days of a year are missing."""

    _name = "crm.policy.year.watch"
    _description = "Watch for Missing Years"

    @api.model
    def _cron_watch_years(self):
        """Say once per company, country and year that the statutory days are missing.

        The ledger gets an event and the administrators of the company's policy a message: from
        October on for the coming year, at once for the present one. That nobody enters them stays
        visible above the lists of deadlines and in the policy check.
        """
        companies = self.env["res.company"].search([("resource_calendar_id", "!=", False)])
        for company in companies:
            try:
                with self.env.cr.savepoint():
                    self._policy_watch(company)
            except Exception:
                # Its calendar may be anything; the others are told all the same.
                _logger.exception("The statutory days of %s could not be looked at", company.name)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _policy_watch(self, company):
        missing = [
            (country, year)
            for country, year in self.env["crm.policy.calendar.day"]._policy_missing_years(company)
            if not self._policy_is_told(company, country, year)
        ]
        for country, year in missing:
            self.env["crm.policy.event"]._policy_log(
                "calendar.year_missing", company, {"country": country.id, "year": year}
            )
        if missing:
            self._policy_tell_administrators(company, missing)

    @api.model
    def _policy_is_told(self, company, country, year):
        events = self.env["crm.policy.event"].sudo()
        told = events.search(
            [
                ("type", "=", "calendar.year_missing"),
                ("res_model", "=", company._name),
                ("res_id", "=", company.id),
            ]
        )
        payload = {"country": country.id, "year": year}
        return any(event.payload == payload for event in told)

    @api.model
    def _policy_tell_administrators(self, company, missing):
        group = self.env.ref("crm_policy.group_policy_admin").sudo()
        people = group.all_user_ids.filtered(
            lambda user: user.active and company in user.company_ids
        )
        for lang, users in people.grouped("lang").items():
            day = self.env["crm.policy.calendar.day"].with_context(lang=lang)
            sentences = [
                day._policy_missing_words(country.with_context(lang=lang), year)
                for country, year in missing
            ]
            self.env["mail.thread"].with_company(company).message_notify(
                partner_ids=users.partner_id.ids,
                subject=day.env._("Statutory days are missing: %s", company.name),
                body=" ".join([*sentences, day.env._("Enter them under Settings.")]),
            )
