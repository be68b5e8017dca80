from datetime import datetime, timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ...const import PAUSE_UNITS, codes_of
from ...exceptions import PolicyRefusal
from ...tools.zones import company_zone, to_local, to_utc
from ...words import list_words
from .deadline_plan import LONGEST

WHOLE_UNITS = ("working_days", "calendar_days")
ELAPSED = {"calendar_hours": 3600, "calendar_days": 86400}  # seconds


class CrmPolicyPauseReason(models.Model):
    """Why the clocks of a document may stand still: for how long, how often, and who allows it."""

    _name = "crm.policy.pause.reason"
    _description = "Reason for a Pause"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, sequence, id"

    _pack_section = "pause_reasons"
    _pack_sequence = 28
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "unit": (codes_of(PAUSE_UNITS), True),
        "max_duration": (float, False),
        "max_total": (float, False),
        "max_count": (int, False),
        "role": (str, False),
        "text_required": (bool, False),
    }

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    unit = fields.Selection(PAUSE_UNITS, string="Counted In", required=True, default="working_days")
    max_duration = fields.Float(
        string="At Most at a Time", digits=(12, 2), help="Zero: only the limit per case counts."
    )
    max_total = fields.Float(
        string="At Most per Case",
        digits=(12, 2),
        help="All pauses for this reason. Zero: no limit.",
    )
    max_count = fields.Integer(string="Times per Case", help="Zero: any number.")
    role_id = fields.Many2one(
        "crm.policy.role",
        string="Approved By",
        index=True,
        ondelete="restrict",
        help="Empty: the clock stands still as soon as somebody says so.",
    )
    text_required = fields.Boolean(default=True, help="Whoever asks for it says what it is for.")
    rule_ids = fields.Many2many(
        "crm.policy.deadline.rule",
        "crm_policy_deadline_rule_pause_reason_rel",
        "reason_id",
        "rule_id",
        string="Stops",
        copy=False,
        domain="[('version_id', '=', version_id)]",
    )

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each reason for a pause once."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("max_duration", "max_total", "max_count", "unit")
    def _check_limits(self):
        for reason in self:
            limits = (reason.max_duration, reason.max_total, reason.max_count)
            if any(not 0 <= limit <= LONGEST for limit in limits) or (
                reason.unit in WHOLE_UNITS and any(limit % 1 for limit in limits)
            ):
                raise ValidationError(
                    self.env._(
                        "Reason for a pause %(reason)s: a limit is not negative, at most "
                        "%(longest)s, and whole for days.",
                        reason=reason.code,
                        longest=LONGEST,
                    )
                )
            if not (reason.max_duration or reason.max_total):
                raise ValidationError(
                    self.env._(
                        "Reason for a pause %(reason)s: say how long a pause may last; without a "
                        "limit a clock would stand still for ever.",
                        reason=reason.code,
                    )
                )

    @api.constrains("role_id")
    def _check_role(self):
        for reason in self:
            if reason.role_id and reason.role_id.company_id != reason.company_id:
                raise ValidationError(
                    self.env._(
                        "Reason for a pause %(reason)s: the role %(role)s belongs to another "
                        "company.",
                        reason=reason.code,
                        role=reason.role_id.name,
                    )
                )

    @api.constrains("rule_ids")
    def _check_rules(self):
        self.rule_ids._check_pause_reasons()

    # === PACKS AND VERSIONS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        role = row.pop("role", None)
        vals = {}
        if role:
            place = f"pause_reasons ({row['code']})"
            vals["role_id"] = self._pack_reference("crm.policy.role", version, place, role).id
        return {**super()._pack_prepare(version, row, clauses), **vals}

    def _policy_copy_to(self, clauses):
        # Rules are copied before their reasons, and wait for them.
        copies = super()._policy_copy_to(clauses)
        for reason, copied in zip(self, copies, strict=True):
            codes = reason.rule_ids.mapped("code")
            copied.rule_ids = self.env["crm.policy.deadline.rule"].search(
                [("version_id", "=", copied.version_id.id), ("code", "in", codes)]
            )
        return copies

    # === BUSINESS METHODS === #

    @api.model
    @tools.ormcache("version_id")
    def _policy_codes(self, version_id):
        """Return the codes of the reasons that a version knows.

        :rtype: tuple[str]
        """
        return tuple(self.sudo().search([("version_id", "=", version_id)]).mapped("code"))

    @api.model
    def _policy_for(self, version, code):
        """Return the reason that a version knows under a code.

        :raises ValidationError: it has none; names those that it has.
        """
        reasons = self.sudo().search([("version_id", "=", version.id)])
        found = reasons.filtered(lambda reason: isinstance(code, str) and reason.code == code)
        if not found:
            raise ValidationError(
                self.env._(
                    "%(version)s has no reason for a pause %(code)s. It has: %(codes)s.",
                    version=version.display_name,
                    code=code,
                    codes=", ".join(reasons.mapped("code")) or self.env._("none"),
                )
            )
        return found

    def _policy_check_text(self, text):
        """Refuse a pause that does not say what it is for, where its clause asks for it."""
        if text is not None and text is not False and not isinstance(text, str):
            raise ValidationError(self.env._("%(value)s is no text.", value=text))
        if self.text_required and not (text or "").strip():
            raise ValidationError(
                self.env._(
                    "%(clause)s: say what the pause for %(reason)s is for.",
                    clause=self.clause_id._policy_citation(),
                    reason=self.name,
                )
            )

    def _policy_limit(self, document, former, now):
        """Return until when a pause of a document that begins now may last.

        :param list former: (from, to) of its earlier pauses for this reason.
        :raises PolicyRefusal: they have used up the limit per case.
        """
        self.ensure_one()
        company = document.company_id or self.company_id
        if self.max_count and len(former) >= self.max_count:
            self._policy_refuse(document, len(former))
        amount = self.max_duration
        if self.max_total:
            used = sum(self._policy_used(begin, end, company) for begin, end in former)
            left = self.max_total - used
            if left <= 0:
                self._policy_refuse(document, used)
            amount = min(amount or left, left)
        return self._policy_add(now, amount, company)

    def _policy_refuse(self, document, used):
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: another pause of %(document)s for %(reason)s was asked for. The limit "
                "is %(limits)s; %(used)g is used. Nobody may go beyond it: resume the work.",
                clause=self.clause_id._policy_citation(),
                document=document.display_name,
                reason=self.name,
                limits=self._policy_limit_words(),
                used=used,
            )
        )

    def _policy_add(self, start, amount, company):
        """Return the instant at which a pause of ``amount`` units from ``start`` on is over.

        A number of working days later is the same time of day on that working day.
        """
        if self.unit in ("calendar_hours", "calendar_days"):
            return start + timedelta(seconds=round(amount * ELAPSED[self.unit]))
        calendar = self._policy_calendar(company)
        if self.unit == "working_hours":
            return calendar._policy_add_work([start], round(amount * 3600))[0]
        zone = company_zone(company)
        [end] = calendar._policy_nth_day_end([start], [int(amount)])
        moment = to_local(start, zone)
        return to_utc(datetime.combine(to_local(end, zone).date(), moment.time()), zone)

    def _policy_used(self, begin, end, company):
        """Return how many units of the limit per case a pause has used.

        A pause within one working day uses that day: many small ones do not come for nothing.
        """
        if self.unit in ELAPSED:
            return (end - begin).total_seconds() / ELAPSED[self.unit]
        calendar = self._policy_calendar(company)
        [seconds] = calendar._policy_work_between([(begin, end)])
        if self.unit == "working_hours":
            return seconds / 3600
        return max(calendar._policy_days_ended(begin, end), 1 if seconds else 0)

    def _policy_calendar(self, company):
        calendar = company.resource_calendar_id.with_company(company)
        if not calendar:
            raise UserError(
                self.env._(
                    "%(clause)s counts working time, but %(company)s has no working calendar.",
                    clause=self.clause_id._policy_citation(),
                    company=company.name,
                )
            )
        return calendar

    def _policy_limit_words(self):
        """Return the limits of this reason in words, for a refusal or a note."""
        self.ensure_one()
        unit = dict(self._fields["unit"]._description_selection(self.env))[self.unit]
        words = []
        if self.max_duration:
            words.append(
                self.env._("%(limit)g %(unit)s at a time", limit=self.max_duration, unit=unit)
            )
        if self.max_total:
            words.append(self.env._("%(limit)g %(unit)s per case", limit=self.max_total, unit=unit))
        if self.max_count:
            words.append(self.env._("%(limit)s times per case", limit=self.max_count))
        return list_words(self.env, words)
