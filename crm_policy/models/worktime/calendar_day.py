from datetime import datetime, timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...const import WEEKDAYS
from ...tools.cell_values import FIRST_YEAR, LAST_YEAR
from ...tools.zones import local_day

# In this month the State Council has told, or is about to tell, the days of the coming year.
NEXT_YEAR_FROM_MONTH = 10


class CrmPolicyCalendarDay(models.Model):
    """A day that is not what its weekday says: a holiday, or a workday in its stead (调休).

    Whose day it is:

    - a *country's* (statutory): of the calendars that follow that country
      (``resource.calendar.policy_statutory_country_id``), whatever their company;
    - a *company's*: of all calendars of that company; it goes before the country's;
    - neither: of all calendars of all companies; it comes last.

    A day of rest has no attendances. A make-up workday has those of the weekday that it stands
    for, by the calendar's own clock; leaves are subtracted from it as from any other day.
    """

    _name = "crm.policy.calendar.day"
    _description = "Statutory or Company Day"
    _order = "date desc, id"

    date = fields.Date(required=True, index=True)
    weekday = fields.Selection(WEEKDAYS, compute="_compute_weekday")
    kind = fields.Selection(
        [("rest", "Rest Day"), ("work", "Make-up Workday")], required=True, default="rest"
    )
    as_weekday = fields.Selection(
        WEEKDAYS,
        string="Works as",
        help="The weekday whose working hours count on this day.",
    )
    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", ondelete="cascade", help="Empty: all companies."
    )
    country_id = fields.Many2one(
        "res.country",
        string="Statutory In",
        index="btree_not_null",
        ondelete="restrict",
        help="The calendars that follow this country have this day. Empty: no statutory day.",
    )

    _date_uniq = models.UniqueIndex(
        "(date, COALESCE(company_id, 0), COALESCE(country_id, 0))",
        "This date is there already: a company and a country have each date once.",
    )
    _work_weekday = models.Constraint(
        "CHECK(kind != 'work' OR as_weekday IS NOT NULL)",
        "Say which weekday's working hours count on a make-up workday.",
    )
    _one_owner = models.Constraint(
        "CHECK(company_id IS NULL OR country_id IS NULL)",
        "A day is a company's or a country's, not both.",
    )

    # === COMPUTE METHODS === #

    @api.depends("date")
    def _compute_weekday(self):
        for day in self:
            day.weekday = day.date and str(day.date.weekday())

    # === CONSTRAINT METHODS === #

    @api.constrains("date")
    def _check_date(self):
        for day in self:
            if not FIRST_YEAR <= day.date.year <= LAST_YEAR:
                raise ValidationError(
                    self.env._(
                        "%(date)s is no date of a calendar: it lies before %(first)s or after "
                        "%(last)s.",
                        date=day.date,
                        first=FIRST_YEAR,
                        last=LAST_YEAR,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        days = super().create(vals_list)
        days._policy_tell_calendars(days._policy_reach())
        return days

    def write(self, vals):
        before = self._policy_reach()
        result = super().write(vals)
        if set(vals) - {"name"}:
            self._policy_tell_calendars(before + self._policy_reach())
        return result

    def unlink(self):
        before = self._policy_reach()
        result = super().unlink()
        self._policy_tell_calendars(before)
        return result

    @api.model
    def _load_records_create(self, vals_list):
        """Take over the days that people entered before the add-on shipped their year."""
        known = []
        for vals in vals_list:
            owner = {"company_id": False, "country_id": False, **vals}
            domain = [(name, "=", owner[name]) for name in ("date", "company_id", "country_id")]
            known.append(self.search(domain))
        fresh = [vals for vals, day in zip(vals_list, known, strict=True) if not day]
        created = iter(super()._load_records_create(fresh))
        for vals, day in zip(vals_list, known, strict=True):
            day.write(vals)
        return self.concat(*(day or next(created) for day in known))

    # === BUSINESS METHODS === #

    @api.model
    @tools.ormcache("company_id", "country_id")
    def _policy_days_of(self, company_id, country_id):
        """Return {date: weekday that it works as, or None for rest} of a calendar.

        :param company_id: id of the company that counts in the calendar.
        :param country_id: id of the country that the calendar follows, or False.
        """
        days = self.sudo().search(
            Domain("company_id", "in", [company_id, False])
            & Domain("country_id", "in", [country_id, False])
        )
        # The nearest one has the last word.
        days = days.sorted(lambda day: (bool(day.company_id), bool(day.country_id)))
        return {day.date: day.as_weekday if day.kind == "work" else None for day in days}

    def _policy_reach(self):
        """Return pairs (calendars, since) that these days reach; ``since`` is naive UTC."""
        Calendar = self.env["resource.calendar"].sudo().with_context(active_test=False)
        reach = []
        for (company, country), days in self.grouped(
            lambda day: (day.company_id, day.country_id)
        ).items():
            domain = Domain.TRUE
            if company:
                domain = Domain("company_id", "in", [company.id, False])
            elif country:
                domain = Domain("policy_statutory_country_id", "=", country.id)
            first = datetime.combine(min(days.mapped("date")), datetime.min.time())
            # No zone is further than that ahead of UTC.
            reach.append((Calendar.search(domain), first - timedelta(hours=14)))
        return reach

    def _policy_tell_calendars(self, reach):
        self.env["resource.calendar"]._policy_tell(reach)

    # === YEARS WITHOUT DATA === #

    @api.model
    def _policy_missing_years(self, company):
        """Return the pairs (country, year) whose statutory days a company follows without data.

        The present year always, the coming one from October on. Without data the weekly pattern
        counts, which is wrong about each holiday, so somebody must know.
        """
        today = self._policy_today(company)
        years = [today.year] + [today.year + 1] * (today.month >= NEXT_YEAR_FROM_MONTH)
        missing = []
        calendars = self.env["resource.calendar"].sudo()._policy_calendars_of(company.sudo())
        for country in calendars.policy_statutory_country_id:
            known = {day.year for day in self._policy_days_of(False, country.id)}
            missing += [(country, year) for year in years if year not in known]
        return missing

    @api.model
    def _policy_year_findings(self, company):
        """Return what the policy check has to say about a company's statutory days.

        :return: dicts {code, severity (error | warning), text, res_model, res_id}.
        """
        today = self._policy_today(company)
        findings = [
            {
                "code": "calendar_year_missing",
                "severity": "error" if year <= today.year else "warning",
                "text": self._policy_missing_words(country, year),
                "res_model": company._name,
                "res_id": company.id,
            }
            for country, year in self._policy_missing_years(company)
        ]
        calendar = company.sudo().resource_calendar_id
        country = company.sudo().country_id
        if calendar and not calendar.policy_statutory_country_id and self._policy_has_days(country):
            findings.append(
                {
                    "code": "calendar_follows_nobody",
                    "severity": "warning",
                    "text": self.env._(
                        "%(calendar)s does not follow the statutory days of %(country)s: deadlines "
                        "run on its holidays.",
                        calendar=calendar.display_name,
                        country=country.name,
                    ),
                    "res_model": calendar._name,
                    "res_id": calendar.id,
                }
            )
        return findings

    @api.model
    def _policy_today(self, company):
        return local_day(fields.Datetime.now(), company.sudo())

    @api.model
    def _policy_missing_words(self, country, year):
        return self.env._(
            "The statutory days of %(country)s for %(year)s are not there: deadlines are counted "
            "by the weekly pattern alone.",
            country=country.name,
            year=year,
        )

    @api.model
    def _policy_has_days(self, country):
        """Return whether statutory days of a country are known at all."""
        return bool(
            country and self.sudo().search_count([("country_id", "=", country.id)], limit=1)
        )

    @api.model
    def policy_year_warnings(self):
        """Return the sentences of the banner for the user's present companies.

        The present year concerns everybody whose deadlines are counted wrongly; the coming one only
        those who can enter it.
        """
        self.check_access("read")
        enters = self.has_access("create")
        return list(
            dict.fromkeys(
                self._policy_missing_words(country, year)
                for company in self.env.companies
                for country, year in self._policy_missing_years(company)
                if enters or year <= self._policy_today(company).year
            )
        )
