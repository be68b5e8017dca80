from math import ceil

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import COUNTS_FROM, ROLLS, UNITS, WINDOWS
from ...tools import elapsed_time
from ...tools.zones import company_zone, day_start, to_local

SECONDS = {"working_minutes": 60, "working_hours": 3600}
WHOLE_UNITS = ("working_days", "calendar_days", "calendar_months", "day_of_month")
LONGEST = 10_000  # beyond this a duration is a slip of the keyboard, whatever its unit


class CrmPolicyDeadlinePlan(models.AbstractModel):
    """When a rule falls due: how long, in which unit, counted how (requirements T1 to T7)."""

    _name = "crm.policy.deadline.plan"
    _description = "Counting of a Deadline"

    duration = fields.Float(required=True, digits=(12, 2))
    unit = fields.Selection(UNITS, required=True, default="working_hours")
    calendar_id = fields.Many2one(
        "resource.calendar",
        index=True,
        ondelete="restrict",
        help="Empty: the calendar of the record's company.",
    )
    due_path = fields.Char(
        string="Date Given In",
        help="The field with a date that somebody has set, an authority say (unit: date given), or "
        "that was promised: with a duration it falls due at the earlier of the two.",
    )
    count_from = fields.Selection(
        COUNTS_FROM,
        required=True,
        default="next_day",
        help="For working days: whether the day of the start counts as the first one. It does not "
        "when its work is over already.",
    )
    before = fields.Boolean(
        string="Day Itself Excluded",
        help="For days and months: due at the end of the day before.",
    )
    roll = fields.Selection(
        ROLLS,
        string="On a Day Without Work",
        required=True,
        default="none",
        help="For days and months that end on a day without work.",
    )
    window = fields.Selection(
        WINDOWS,
        string="Counts When Done",
        required=True,
        default="any",
        help="A callback on a day that is named: what is done earlier does not count.",
    )
    factor_path = fields.Char(
        string="Factor",
        help="A number on the record that stretches or shortens the duration: that of the "
        "customer's grade, say. None or zero counts as one. Whole days and months are rounded up.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("duration", "unit", "due_path")
    def _check_duration(self):
        for rule in self:
            if rule.unit == "given" and not rule.due_path:
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s: say which field holds the date that is given.",
                        rule=rule.code,
                    )
                )
            if rule.unit == "day_of_month" and not 1 <= rule.duration <= 31:
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s: %(day)g is no day of a month.",
                        rule=rule.code,
                        day=rule.duration,
                    )
                )
            fits = 0 < rule.duration <= LONGEST or (rule.unit == "given" and not rule.duration)
            if not fits or (rule.unit in WHOLE_UNITS and rule.duration % 1):
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s: %(duration)g is no duration. It is more than "
                        "zero, at most %(longest)s, and whole for days and months.",
                        rule=rule.code,
                        duration=rule.duration,
                        longest=LONGEST,
                    )
                )

    # === BUSINESS METHODS === #

    def _policy_calendar(self, company):
        """Return the working calendar in which this rule counts for a company."""
        calendar = (self.calendar_id or company.resource_calendar_id).with_company(company)
        if not calendar:
            raise UserError(
                self.env._(
                    "%(clause)s counts working time, but %(company)s has no working calendar.",
                    clause=self.clause_id._policy_citation(),
                    company=company.name,
                )
            )
        return calendar

    def _policy_factor(self, record):
        """Return by how much the duration of a record is stretched; 1 where nothing says so."""
        value = self._policy_at(record, "factor") if self.factor_path else 1
        return value if value and value > 0 else 1

    def _policy_plan(self, records, company):
        """Return what each record's deadline says of its time.

        A date that is given counts as it is. A promise counts where it is earlier than the
        duration, and not when it is from before the clock started (a former cycle's).

        :param records: records of one company whose start is there.
        :return: a dict per record: ``start_at``, ``due_at``, ``earliest_at`` (False: any time) and
            ``factor``.
        """
        starts = [self._policy_start(record) for record in records]
        factors = [self._policy_factor(record) for record in records]
        if self.unit == "given":
            dues = [self._policy_at(record, "due") for record in records]
        else:
            dues = self._policy_due(starts, company, factors)
            if self.due_path:
                promised = [self._policy_at(record, "due") for record in records]
                dues = [
                    min(due, at) if at and at > start else due
                    for start, due, at in zip(starts, dues, promised, strict=True)
                ]
        zone = company_zone(company) if self.window == "day" else None
        return [
            {
                "start_at": start,
                "due_at": due,
                "earliest_at": zone and day_start(to_local(due, zone).date(), zone) or False,
                "factor": factor,
            }
            for start, due, factor in zip(starts, dues, factors, strict=True)
        ]

    def _policy_due(self, starts, company, factors=None):
        """Return when this rule falls due after each start.

        :param list[datetime] starts: naive UTC.
        :param company: ``res.company`` whose calendar and zone count.
        :param factors: a number per start that stretches the duration; 1 for all by default.
        :return: naive UTC datetimes; being on time includes the instant itself (T7).
        """
        self.ensure_one()
        if not starts:
            return []
        factors = factors or [1] * len(starts)
        if self.unit in SECONDS:
            seconds = [round(self.duration * factor * SECONDS[self.unit]) for factor in factors]
            return self._policy_calendar(company)._policy_add_work(starts, seconds)
        if self.unit == "calendar_hours":
            return [
                elapsed_time.hours_after(start, self.duration * factor)
                for start, factor in zip(starts, factors, strict=True)
            ]
        counts = [self._policy_whole(factor) for factor in factors]
        if self.unit == "working_days":
            return self._policy_calendar(company)._policy_nth_day_end(
                starts, counts, same_day=self.count_from == "same_day"
            )
        after = {
            "calendar_days": elapsed_time.days_after,
            "calendar_months": elapsed_time.months_after,
            "day_of_month": elapsed_time.day_of_next_month,
        }[self.unit]
        zone = company_zone(company)
        dues = [after(start, count, zone) for start, count in zip(starts, counts, strict=True)]
        if self.before:
            dues = [elapsed_time.days_after(due, -1, zone) for due in dues]
        if self.roll == "none":
            return dues
        step = 1 if self.roll == "next_workday" else -1
        return self._policy_calendar(company)._policy_roll(dues, step)

    def _policy_whole(self, factor):
        """Return the whole number of days or months under a factor: rounded up, at least one."""
        if self.unit == "day_of_month" or factor == 1:
            return int(self.duration)
        # Rounded before: 3 x 1.1 is 3.3000000000000003.
        return max(1, ceil(round(self.duration * factor, 6)))
