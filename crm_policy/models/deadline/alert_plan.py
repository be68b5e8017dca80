from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ...const import ALERT_KINDS, ALERT_UNITS, TELLS, codes_of
from ...tools.zones import company_zone, day_start, to_local

SECOND = timedelta(seconds=1)
SECONDS = {"working_minutes": 60, "working_hours": 3600, "calendar_hours": 3600}
# In a company without a working calendar nobody counts working time.
ELAPSED = {
    "working_minutes": "calendar_hours",
    "working_hours": "calendar_hours",
    "working_days": "calendar_days",
}
PACK_KEYS = {"kind", "offset", "unit", "tell", "role", "levels"}


class Step(NamedTuple):
    """An escalation step as the engine reads it, from the registry's cache."""

    id: int
    kind: str
    offset: float
    unit: str
    tell: str
    role_id: int
    levels: int


class CrmPolicyAlertPlan(models.AbstractModel):
    """Who is told of a deadline, and when: before it falls due and once it is overdue."""

    _name = "crm.policy.alert.plan"
    _description = "Alerts of a Deadline"

    alert_ids = fields.One2many(
        "crm.policy.escalation.step", "rule_id", string="Warnings and Escalations", copy=True
    )

    def _policy_check_ladder(self):
        """Refuse a ladder that goes round: an escalation tells each one once, and only upwards.

        :raises ValidationError: names the rule and who would be told again.
        """
        self.ensure_one()
        steps = self.alert_ids.filtered(lambda step: step.kind == "escalation")
        seen, highest = set(), {}
        for step in steps.sorted(lambda step: (step.unit, step.offset, step.sequence, step.id)):
            target = (step.tell, step.role_id.id, step.levels if step.tell == "manager" else 0)
            rank = {"responsible": 0, "manager": step.levels}.get(step.tell)
            falls = rank is not None and rank < highest.get(step.unit, 0)
            if target in seen or falls:
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s: the escalation goes round in a circle, "
                        "%(who)s is told again or after somebody higher.",
                        rule=self.code,
                        who=step._policy_target_words(),
                    )
                )
            seen.add(target)
            if rank is not None:
                highest[step.unit] = rank
        warnings = self.alert_ids - steps
        keys = [(s.offset, s.unit, s.tell, s.role_id.id, s.levels) for s in warnings]
        if len(set(keys)) < len(keys):
            raise ValidationError(
                self.env._("Deadline rule %(rule)s: a warning is there twice.", rule=self.code)
            )

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        alerts = row.pop("alerts", None) or []
        place = f"deadline_rules ({row['code']}) alert"
        steps = [
            fields.Command.create(self._pack_alert(version, f"{place} {number}", alert, number))
            for number, alert in enumerate(alerts, start=1)
        ]
        return {**super()._pack_prepare(version, row, clauses), "alert_ids": steps}

    @api.model
    def _pack_alert(self, version, place, alert, number):
        """Return the fields of an alert; unlike rows, they have no schema of their own."""
        alert = dict(alert) if isinstance(alert, dict) else {}
        offset, levels = alert.get("offset", 0), alert.get("levels", 0)
        sound = (
            alert.keys() <= PACK_KEYS
            and alert.get("kind") in codes_of(ALERT_KINDS)
            and alert.get("unit") in codes_of(ALERT_UNITS)
            and alert.get("tell") in codes_of(TELLS)
            and isinstance(offset, int | float)
            and isinstance(levels, int)
            and not isinstance(offset, bool)
            and (alert["tell"] == "role") == isinstance(alert.get("role"), str)
        )
        if not sound:
            raise ValidationError(
                self.env._(
                    "Policy pack, %(place)s: an alert has kind (%(kinds)s), offset (a number), "
                    "unit (%(units)s) and tell (%(tells)s), with role or levels as it needs.",
                    place=place,
                    kinds=", ".join(codes_of(ALERT_KINDS)),
                    units=", ".join(codes_of(ALERT_UNITS)),
                    tells=", ".join(codes_of(TELLS)),
                )
            )
        vals = {key: alert[key] for key in ("kind", "unit", "tell")}
        vals |= {"offset": offset, "levels": levels, "sequence": number}
        if alert["tell"] == "role":
            role = self._pack_reference("crm.policy.role", version, place, alert["role"])
            vals["role_id"] = role.id
        return vals

    # === BUSINESS METHODS === #

    @tools.ormcache("self.id")
    def _policy_steps(self):
        """Return the steps of this rule as :class:`Step` tuples: each save asks for them."""
        return tuple(
            Step(
                step.id,
                step.kind,
                step.offset,
                step.unit,
                step.tell,
                step.role_id.id,
                step.levels,
            )
            for step in self.sudo().alert_ids
        )

    def _policy_alert_vals(self, vals, deadline=None):
        """Return what a deadline keeps of its alerts: the instant of the next one.

        :param dict vals: what is written to the deadline.
        :param deadline: None for a new one; where nothing that moves the alerts is written, {}.
        """
        if deadline is not None and not vals.keys() & {"state", "start_at", "due_at"}:
            return {}

        def value(name):
            return vals[name] if name in vals else deadline is not None and deadline[name]

        silent = value("is_trial") or value("accepted_overdue")
        if not self._policy_steps() or silent or value("state") != "open":
            return {"next_alert_at": False}
        company = (
            deadline.company_id
            if deadline is not None
            else self.env["res.company"].browse(vals["company_id"])
        )
        fired = deadline._policy_fired_steps() if deadline is not None else ()
        return {
            "next_alert_at": self._policy_alert_at(
                value("start_at"),
                value("due_at"),
                company,
                value("paused_seconds") or 0,
                fired,
                value("retracted_at"),
            )
        }

    def _policy_alert_at(self, start, due, company, paused=0, fired=(), since=False):
        """Return when the next alert of a deadline fires, or False.

        :param datetime start, due: naive UTC.
        :param company: ``res.company`` whose calendar and zone count.
        :param int paused: seconds that the clock stood still.
        :param fired: ids of the steps that have fired; each fires once.
        :param since: when the deadline last came back from being overdue.
        """
        now = fields.Datetime.now()
        instants = self._policy_alert_instants(start, due, company, paused, since)
        return min(
            (
                at
                for step, at in instants.items()
                if step.id not in fired and not (step.kind == "warning" and due < now)
            ),
            default=False,
        )

    def _policy_alert_instants(self, start, due, company, paused=0, since=False):
        """Return {step: instant} of one deadline, naive UTC.

        Working units are taken away and added in working time (U5, U19). A day is a whole day: a
        warning two working days before comes when work begins on that day, an escalation of day 1
        when the day after the first overdue day begins. Day 0 is the first overdue instant
        (correction 15). A warning never comes before the start.

        :param since: when the deadline last came back from being overdue. Its warnings before that
            are left out: their time was and is over. An escalation of before it is not: the due
            date has gone back once more, and it is overdue after all.
        """
        planned = self._policy_planned_instants(start, due, company, paused)
        instants = {}
        for step, at in planned.items():
            at = max(at, start if step.kind == "warning" else due + SECOND)
            if not since or step.kind == "escalation" or at > since:
                instants[step] = at
        return instants

    def _policy_planned_instants(self, start, due, company, paused=0):
        """Return {step: instant} as the steps say it, wherever it lies to the start and the due."""
        self.ensure_one()
        calendar = (self.calendar_id or company.resource_calendar_id).with_company(company)
        if not calendar or calendar.flexible_hours:
            calendar = None
        instants = {}
        for step in self._policy_steps():
            try:
                at = self._policy_instant(step, start, due, company, calendar, paused)
            except UserError:  # the calendar has no working time: nobody stops a case for that
                at = self._policy_instant(step, start, due, company, None, paused)
            instants[step] = at
        return instants

    def _policy_instant(self, step, start, due, company, calendar, paused):
        sign = -1 if step.kind == "warning" else 1
        unit, offset = step.unit, step.offset
        if unit == "percent":
            working = calendar and self.unit.startswith("working_")
            if working:
                [whole] = calendar._policy_work_between([(start, due)])
            else:
                whole = (due - start).total_seconds()
            share = (100 - offset if sign < 0 else offset) / 100
            seconds = round(max(0, whole - paused) * share)
            return self._policy_shift(due, sign * seconds, calendar if working else None)
        if not calendar and unit in ELAPSED:
            offset = offset / 60 if unit == "working_minutes" else offset
            unit = ELAPSED[unit]
        if unit in SECONDS:
            seconds = round(offset * SECONDS[unit])
            working = unit.startswith("working_")
            return self._policy_shift(due, sign * seconds, calendar if working else None)
        if not offset:
            return due + SECOND
        base = due if sign < 0 else due + SECOND
        if unit == "working_days":
            [at] = calendar._policy_nth_day_start([base], sign * int(offset))
            return at
        zone = company_zone(company)
        return day_start(to_local(base, zone).date() + timedelta(days=sign * int(offset)), zone)

    @staticmethod
    def _policy_shift(moment, seconds, calendar):
        """Return ``moment`` moved by seconds, in working time where there is a calendar."""
        if not calendar:
            return moment + timedelta(seconds=seconds)
        if seconds < 0:
            [at] = calendar._policy_take_work([moment], [-seconds])
        else:
            [at] = calendar._policy_add_work([moment], [seconds])
        return at
