import base64
import hashlib
import tempfile
from pathlib import Path

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.calendar_file import CalendarFileError, read_days
from ..tools.cell_values import FIRST_YEAR, LAST_YEAR
from ..tools.import_sheet import ImportColumn, write_template
from ..tools.sheet import font_for
from ..tools.template_words import template_words
from ..tools.workbook_reader import WorkbookError

GROUP = "crm_policy.group_policy_admin"
SHOWN = 30  # problems on the screen


class CrmPolicyCalendarLoad(models.TransientModel):
    """Enter a year's statutory or company days from a file: template, check, apply.

    All or nothing: a year with a hole in it counts wrongly without anybody seeing it.
    """

    _name = "crm.policy.calendar.load"
    _description = "Enter the Days of a Year"

    state = fields.Selection(
        [("upload", "File"), ("checked", "Checked"), ("done", "Entered")],
        default="upload",
        required=True,
        readonly=True,
    )
    year = fields.Integer(required=True, default=lambda self: self._default_year())
    owner = fields.Selection(
        [("country", "Statutory days of a country"), ("company", "Days of the company")],
        string="Whose Days",
        required=True,
        default="country",
    )
    country_id = fields.Many2one("res.country", default=lambda self: self._default_country())
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary()
    filename = fields.Char()
    template = fields.Binary(readonly=True)
    template_name = fields.Char(readonly=True)
    day_count = fields.Integer(string="Days in the File", readonly=True)
    new_count = fields.Integer(string="New", readonly=True)
    known_count = fields.Integer(string="There Already", readonly=True)
    problem_count = fields.Integer(string="Problems", readonly=True)
    findings = fields.Html(readonly=True, sanitize=False)

    @api.model
    def _default_year(self):
        """The first year whose days are missing, else the next one."""
        missing = self.env["crm.policy.calendar.day"]._policy_missing_years(self.env.company)
        return missing[0][1] if missing else fields.Date.context_today(self).year + 1

    @api.model
    def _default_country(self):
        company = self.env.company
        followed = company.sudo().resource_calendar_id.policy_statutory_country_id
        return followed or company.country_id

    # === CONSTRAINT METHODS === #

    @api.constrains("year")
    def _check_year(self):
        for load in self:
            if not FIRST_YEAR <= load.year <= LAST_YEAR:
                raise ValidationError(
                    self.env._(
                        "%(date)s is no date of a calendar: it lies before %(first)s or after "
                        "%(last)s.",
                        date=load.year,
                        first=FIRST_YEAR,
                        last=LAST_YEAR,
                    )
                )

    # === ACTION METHODS === #

    def action_policy_template(self):
        """Hand over the Excel file to fill in, in the language of the user."""
        self._policy_check_person()
        with tempfile.TemporaryDirectory(prefix="crm_policy_") as folder:
            path = Path(folder, "template.xlsx")
            example = {
                "until": fields.Date.to_date(f"{self.year}-01-03"),
                "kind": self.env._("Rest"),
                "name": self.env._("New Year's Day"),
            }
            texts, font = self._policy_template_texts(), font_for(self.env.lang)
            write_template(path, self._policy_columns(), example, texts, font)
            self.template = base64.b64encode(path.read_bytes())
        name = self.env._("Days of a Year")
        self.template_name = f"{name} {self.year}.xlsx"
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/template/{self.template_name}"
            "?download=true",
            "target": "download",
        }

    def action_policy_check(self):
        """Read the file and say what would become of it; nothing is written."""
        self._policy_check_person()
        self._policy_show(*self._policy_compare())
        self.state = "checked"
        return self._policy_stay()

    def action_policy_apply(self):
        """Enter the days that are not there yet; with any problem, none."""
        self._policy_check_person()
        fresh, known, problems = self._policy_compare()
        self._policy_show(fresh, known, problems)
        if problems:
            raise UserError(self.env._("Nothing is entered while the file has problems."))
        self.env["crm.policy.calendar.day"].create(
            [
                {
                    "date": day.date,
                    "kind": day.kind,
                    "as_weekday": day.weekday,
                    "name": day.name,
                    **self._policy_owner(),
                }
                for day in fresh
            ]
        )
        self.state = "done"
        self.env["crm.policy.event"]._policy_log(
            "calendar.year_entered",
            self,
            {
                "sha256": hashlib.sha256(base64.b64decode(self.file)).hexdigest(),
                "year": self.year,
                "country": self._policy_owner().get("country_id"),
                "days": len(fresh),
                "before": len(known),
            },
        )
        return self._policy_stay()

    def action_policy_back(self):
        """Choose another file or another year."""
        self._policy_check_person()
        self.write({"state": "upload", "findings": False})
        return self._policy_stay()

    # === GUARDS === #

    def _policy_check_person(self):
        """Refuse whoever does not administer the policy of this company."""
        self.ensure_one()
        user = self.env.user
        if not user._is_superuser():
            if not user.has_group(GROUP):
                raise AccessError(
                    self.env._(
                        "The days of a year are entered by: %(group)s.",
                        group=self.env.ref(GROUP).sudo().display_name,
                    )
                )
            if self.company_id not in user.company_ids:
                raise AccessError(
                    self.env._(
                        "You do not work for %(company)s.", company=self.company_id.sudo().name
                    )
                )
        self.check_access("write")

    # === THE FILE === #

    def _policy_owner(self):
        """Return the values that say whose the days are."""
        if self.owner == "company":
            return {"company_id": self.company_id.id}
        if not self.country_id:
            raise UserError(self.env._("Say whose statutory days these are."))
        return {"country_id": self.country_id.id}

    def _policy_compare(self):
        """Return the days of the file that are new, those that are there, and (line, words)."""
        days, problems = self._policy_read()
        words = [(problem.line, self._policy_words(problem)) for problem in problems]
        owner = {"company_id": False, "country_id": False, **self._policy_owner()}
        there = self.env["crm.policy.calendar.day"].search(
            [
                ("date", "in", [day.date for day in days]),
                *((name, "=", value) for name, value in owner.items()),
            ]
        )
        by_date = {day.date: day for day in there}
        fresh, known = [], []
        for day in days:
            present = by_date.get(day.date)
            if not present:
                fresh.append(day)
            elif (present.kind, present.kind == "work" and present.as_weekday) == (
                day.kind,
                day.weekday or False,
            ):
                known.append(day)
            else:
                words.append((day.line, self._policy_other_words(present)))
        return fresh, known, sorted(words)

    def _policy_read(self):
        content = base64.b64decode(self.file or b"")
        if not content:
            raise UserError(self.env._("Choose a file."))
        try:
            return read_days(content, self.filename, self.year)
        except WorkbookError as error:
            words = self.env["crm.policy.case.import.load"]._policy_file_words(str(error))
            raise UserError(words) from error
        except CalendarFileError as error:
            raise UserError(
                {
                    "size": self.env._("The file is too large for the days of a year."),
                    "text": self.env._("The file is no text. Save it as UTF-8 and try again."),
                    "yaml": self.env._("The file is no YAML: %(why)s", why=error.args[-1]),
                    "columns": self.env._(
                        "The file has no days: it needs the columns Date, Kind and Name (YAML: a "
                        "list 'days'). Start from the template."
                    ),
                }[error.args[0]]
            ) from error

    def _policy_words(self, problem):
        value = problem.value
        return {
            "date": self.env._("There is no such date: %(value)s", value=value or "-"),
            "until": self.env._("There is no such date: %(value)s", value=value),
            "span": self.env._("The last day %(value)s does not fit the first one.", value=value),
            "kind": self.env._("%(value)s is neither rest nor work.", value=value or "-"),
            "weekday": self.env._("%(value)s is no weekday. Write Monday.", value=value),
            "weekday_missing": self.env._(
                "A make-up workday must say which weekday's working hours count."
            ),
            "work_span": self.env._("A make-up workday is one day: each has a row of its own."),
            "name": self.env._("The day has no name."),
            "year": self.env._(
                "%(value)s is not in the year %(year)s.", value=value, year=str(self.year)
            ),
            "twice": self.env._("This date stands in line %(value)s already.", value=value),
        }[problem.code]

    def _policy_other_words(self, present):
        kinds = dict(present._fields["kind"]._description_selection(self.env))
        return self.env._(
            "%(date)s is there already, as another kind of day: %(kind)s (%(name)s). Change it "
            "there.",
            date=str(present.date),
            kind=kinds[present.kind],
            name=present.name,
        )

    # === THE TEMPLATE === #

    def _policy_columns(self):
        weekdays = self.env["crm.policy.calendar.day"]._fields["as_weekday"]
        return [
            ImportColumn("date", self.env._("Date"), "day", required=True, width=16),
            ImportColumn(
                "until",
                self.env._("Until"),
                "day",
                hint=self.env._("The last day of several days of rest."),
                width=16,
            ),
            ImportColumn(
                "kind",
                self.env._("Kind"),
                "choice",
                required=True,
                choices={"rest": self.env._("Rest"), "work": self.env._("Work")},
            ),
            ImportColumn(
                "weekday",
                self.env._("Works as"),
                "choice",
                choices=dict(weekdays._description_selection(self.env)),
                hint=self.env._("For a make-up workday: whose working hours count."),
            ),
            ImportColumn("name", self.env._("Name"), required=True, width=30),
        ]

    def _policy_template_texts(self):
        return template_words(self.env, self.env._("Days of a Year")) | {
            "notes": [
                self.env._(
                    "One row is one day, or several days of rest in a row. The gray example row is "
                    "not read."
                ),
                self.env._(
                    "Weekends that stay weekends need no row. A make-up workday needs one, with "
                    "the weekday whose working hours count."
                ),
            ],
        }

    # === ON THE SCREEN === #

    def _policy_show(self, fresh, known, problems):
        rows = Markup().join(
            Markup("<tr><td class='text-end text-nowrap pe-3'>%s</td><td>%s</td></tr>")
            % (line, words)
            for line, words in problems[:SHOWN]
        )
        more = len(problems) - SHOWN
        if more > 0:
            rows += Markup("<tr><td></td><td>%s</td></tr>") % self.env._("and %s more", more)
        table = Markup(
            "<table class='table table-sm'><thead><tr><th class='text-end pe-3'>%s</th>"
            "<th>%s</th></tr></thead><tbody class='text-danger'>%s</tbody></table>"
        ) % (self.env._("Line"), self.env._("Problem"), rows)
        self.write(
            {
                "day_count": len(fresh) + len(known),
                "new_count": len(fresh),
                "known_count": len(known),
                "problem_count": len(problems),
                "findings": problems and table,
            }
        )

    def _policy_stay(self):
        title = self.env["ir.model"]._get(self._name).name
        return {**self.get_formview_action(), "target": "new", "name": title}
