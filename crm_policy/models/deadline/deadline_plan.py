from math import ceil

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ...const import COUNTS_FROM, ROLLS, UNITS, WINDOWS
from ...tools import elapsed_time, pauses
from ...tools.zones import company_zone, day_start, to_local

SECONDS = {"working_minutes": 60, "working_hours": 3600}
WORKING = (*SECONDS, "working_days")
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
    pause_reason_ids = fields.Many2many(
        "crm.policy.pause.reason",
        "crm_policy_deadline_rule_pause_reason_rel",
        "rule_id",
        "reason_id",
        string="Stopped By",
        copy=False,
        domain="[('version_id', '=', version_id)]",
        help="The reasons for a pause that stop this clock; another pause does not touch it.",
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

    @api.constrains("pause_reason_ids", "unit", "due_path", "clause_id")
    def _check_pause_reasons(self):
        for rule in self:
            foreign = rule.pause_reason_ids.filtered(
                lambda reason, rule=rule: reason.version_id != rule.version_id
            )
            if foreign:
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s: the reason %(reason)s belongs to another policy "
                        "version.",
                        rule=rule.code,
                        reason=foreign[0].code,
                    )
                )
            if rule.pause_reason_ids and rule.due_path:
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s: no pause moves a date that was given or promised.",
                        rule=rule.code,
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
        if not self.factor_path:
            return 1
        # A customer may have another grade with another company of the group.
        value = self._policy_at(record.with_company(self.company_id), "factor")
        return value if value and value > 0 else 1

    def _policy_plan(self, records, company, stops=None):
        """Return what each record's deadline says of its time, its pauses counted in.

        A date that is given counts as it is. A promise counts where it is earlier than the
        duration, and not when it is from before the clock started (a former cycle's).

        :param records: records of one company whose start is there.
        :param dict stops: what :meth:`_policy_pause_log` says of the records; None to ask it.
        :return: a dict per record: ``start_at``, ``due_at``, ``earliest_at`` (False: any time),
            ``factor``, ``paused_at`` (False: it runs), ``paused_seconds``, ``pause_log``.
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
        paused = [{"paused_at": False, "paused_seconds": 0, "pause_log": False} for _due in dues]
        if codes := self._policy_pause_codes():
            stops = records._policy_pause_log() if stops is None else stops
            for position, record in enumerate(records):
                own = [pause for pause in stops.get(record.id, ()) if pause.code in codes]
                if own:
                    dues[position], counted = self._policy_replay(
                        starts[position], company, factors[position], own
                    )
                    paused[position] = self._policy_paused(counted, company, own)
        zone = company_zone(company) if self.window == "day" else None
        return [
            {
                "start_at": start,
                "due_at": due,
                "earliest_at": zone and day_start(to_local(due, zone).date(), zone) or False,
                "factor": factor,
                **standing,
            }
            for start, due, factor, standing in zip(starts, dues, factors, paused, strict=True)
        ]

    def _policy_due(self, starts, company, factors=None, lost=None):
        """Return when this rule falls due after each start.

        :param list[datetime] starts: naive UTC.
        :param company: ``res.company`` whose calendar and zone count.
        :param factors: a number per start that stretches the duration; 1 for all by default.
        :param lost: per start what pauses took of the rule's own clock, as
            :meth:`_policy_span` counts it; nothing by default.
        :return: naive UTC datetimes; being on time includes the instant itself (T7).
        """
        self.ensure_one()
        if not starts:
            return []
        factors = factors or [1] * len(starts)
        lost = lost or [0] * len(starts)
        if self.unit in SECONDS:
            seconds = [
                round(self.duration * factor * SECONDS[self.unit]) + paused
                for factor, paused in zip(factors, lost, strict=True)
            ]
            return self._policy_calendar(company)._policy_add_work(starts, seconds)
        if self.unit == "calendar_hours":
            return [
                elapsed_time.hours_after(start, self.duration * factor + paused / 3600)
                for start, factor, paused in zip(starts, factors, lost, strict=True)
            ]
        counts = [self._policy_whole(factor) for factor in factors]
        if self.unit == "working_days":
            counts = [count + paused for count, paused in zip(counts, lost, strict=True)]
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
        shifts = [paused - self.before for paused in lost]
        dues = [
            elapsed_time.days_after(due, shift, zone) if shift else due
            for due, shift in zip(dues, shifts, strict=True)
        ]
        if self.roll == "none":
            return dues
        step = 1 if self.roll == "next_workday" else -1
        return self._policy_calendar(company)._policy_roll(dues, step)

    # === BUSINESS METHODS - PAUSES === #

    @tools.ormcache("self.id")
    def _policy_pause_codes(self):
        """Return the codes of the reasons that stop this rule's clocks.

        Codes and not records: a pause goes on when its case comes under a new version.

        :rtype: frozenset[str]
        """
        return frozenset(self.sudo().pause_reason_ids.mapped("code"))

    def _policy_replay(self, start, company, factor, stops):
        """Return when a clock with pauses falls due and the stops that it counted (U3, U12).

        :param stops: pauses of the record for reasons of this rule.
        """
        return pauses.replay(
            start,
            [stop.stop for stop in stops],
            lambda lost: self._policy_due([start], company, [factor], [lost])[0],
            lambda begin, end: self._policy_span(begin, end, company),
        )

    def _policy_span(self, begin, end, company):
        """Return what this rule's clock loses while it stands still between two instants.

        Seconds of working time or around the clock; of a clock that counts days the days, working
        days or others, that end meanwhile, so that a weekend costs a clock of working days none
        (U4).

        :rtype: int
        """
        if self.unit == "working_days":
            return self._policy_calendar(company)._policy_days_ended(begin, end)
        if self.unit in SECONDS or self.unit == "calendar_hours":
            return self._policy_span_seconds(begin, end, company)
        zone = company_zone(company)
        return (to_local(end, zone).date() - to_local(begin, zone).date()).days

    def _policy_span_seconds(self, begin, end, company):
        """Return the seconds between two instants in the rule's own clock."""
        if self.unit in WORKING:
            [seconds] = self._policy_calendar(company)._policy_work_between([(begin, end)])
            return seconds
        return int((end - begin).total_seconds())

    def _policy_paused(self, counted, company, stops):
        """Return what a deadline says of its pauses.

        :param counted: the stops that :meth:`_policy_replay` counted; one that runs is known when
            it is over.
        """
        running = [stop for stop in counted if stop.running]
        return {
            "paused_at": running[0].start if running else False,
            "paused_seconds": self._policy_paused_seconds(counted, company),
            "pause_log": ";".join(stop.mark for stop in stops),
        }

    def _policy_paused_seconds(self, stops, company):
        """Return for how long a clock stood still, in its own time."""
        return sum(
            self._policy_span_seconds(stop.start, stop.stop, company)
            for stop in stops
            if not stop.running
        )

    def _policy_whole(self, factor):
        """Return the whole number of days or months under a factor: rounded up, at least one."""
        if self.unit == "day_of_month" or factor == 1:
            return int(self.duration)
        # Rounded before: 3 x 1.1 is 3.3000000000000003.
        return max(1, ceil(round(self.duration * factor, 6)))
