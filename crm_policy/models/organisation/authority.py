from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import AMOUNT_CEILING, CUMULATIVE_PER, PERIODS, SUBJECTS, codes_of
from ...exceptions import PolicyRefusal
from ...tools.zones import company_zone, to_local


class CrmPolicyAuthority(models.Model):
    """Up to which amount a role decides (AUT-MAT-01; 篇一 第十一条, 000/004 四(一)).

    The lines of a business type and currency are its bands, the lowest first. A line decides what
    is above its ``min_amount`` and not above its ``max_amount``; whoever has a higher line decides
    below it as well when nobody else is there. What is beyond every line goes to the highest:
    never to nobody.

    A line may also limit what is decided in total in a period (D10).
    """

    _name = "crm.policy.authority"
    _description = "Authority Limit"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, subject, max_amount, id"

    _pack_section = "authorities"
    _pack_sequence = 20
    _pack_schema = {
        "code": (str, True),
        "subject": (codes_of(SUBJECTS), False),
        "role": (str, True),
        "currency": (str, False),
        "min_amount": (float, False),
        "max_amount": (float, False),
        "unlimited": (bool, False),
        "own_cases": (bool, False),
        "cumulative_amount": (float, False),
        "cumulative_per": (codes_of(CUMULATIVE_PER), False),
        "cumulative_period": (codes_of(PERIODS), False),
    }

    subject = fields.Selection(
        SUBJECTS, string="Business Type", help="Empty: whatever is asked for."
    )
    role_id = fields.Many2one("crm.policy.role", required=True, index=True, ondelete="restrict")
    min_amount = fields.Monetary(
        string="Above",
        help="Where the band begins: exactly this amount still belongs to the band below. Zero: "
        "wherever the band below ends.",
    )
    max_amount = fields.Monetary(help="The limit itself is still within the authority.")
    unlimited = fields.Boolean()
    own_cases = fields.Boolean(
        string="Decides on His Own Cases",
        help="Front-line authority: within the limit the person signs without asking anyone.",
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    cumulative_amount = fields.Monetary(
        string="Limit in Total",
        help="What is decided in the period may not exceed this, however it is split. Zero: any "
        "number of times.",
    )
    cumulative_per = fields.Selection(CUMULATIVE_PER, string="In Total For")
    cumulative_period = fields.Selection(PERIODS, string="In Total Within")

    _amount_positive = models.Constraint(
        "CHECK(max_amount >= 0)", "An authority limit is not negative."
    )
    _bounds_positive = models.Constraint(
        "CHECK(min_amount >= 0 AND cumulative_amount >= 0)",
        "Neither the beginning of a band nor a limit in total is negative.",
    )

    @api.depends("role_id.name", "max_amount", "unlimited", "clause_id.number")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for limit in self:
            amount = self.env._("any amount") if limit.unlimited else f"{limit.max_amount:,.2f}"
            limit.display_name = f"{limit.clause_id.number}: {limit.role_id.name} ≤ {amount}"

    @api.constrains("min_amount", "max_amount", "unlimited")
    def _check_band(self):
        for line in self:
            if not line.unlimited and line.min_amount and line.min_amount >= line.max_amount:
                raise ValidationError(
                    self.env._(
                        "%(line)s: a band that begins above %(minimum)s cannot end at %(maximum)s.",
                        line=line.display_name,
                        minimum=line.currency_id.format(line.min_amount),
                        maximum=line.currency_id.format(line.max_amount),
                    )
                )

    @api.constrains("cumulative_amount", "cumulative_per", "cumulative_period")
    def _check_cumulative(self):
        for line in self:
            parts = (line.cumulative_amount, line.cumulative_per, line.cumulative_period)
            if any(parts) and not all(parts):
                raise ValidationError(
                    self.env._(
                        "%(line)s: a limit in total has an amount, a period, and says for whom it "
                        "counts.",
                        line=line.display_name,
                    )
                )

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"authorities ({row['code']})"
        role = self._pack_reference("crm.policy.role", version, place, row.pop("role"))
        currency = version.company_id.currency_id
        if name := row.pop("currency", None):
            currency = self._pack_reference("res.currency", version, place, name, by="name")
        return {
            "role_id": role.id,
            "currency_id": currency.id,
            **super()._pack_prepare(version, row, clauses),
        }

    # === BUSINESS METHODS === #

    def _policy_ceiling(self):
        """Return the amount up to which this line decides, in its own currency."""
        return AMOUNT_CEILING if self.unlimited else self.max_amount

    def _policy_covers(self, amount, currency):
        """Return whether ``amount`` is within the limit; the limit itself is (AUT-MAT-03).

        :raises PolicyRefusal: there is no rate to compare the currencies by.
        """
        own = self._policy_in_own_currency(amount, currency)
        return self.currency_id.compare_amounts(own, self._policy_ceiling()) <= 0

    def _policy_in_own_currency(self, amount, currency, day=None):
        """Return ``amount`` in the currency of the limit, at the rate of ``day``.

        :param date day: today in the company's zone by default: the day of the decision.
        :raises PolicyRefusal: one of the currencies has no rate up to that day.
        """
        return self._policy_convert(amount, currency, self.currency_id, day)

    def _policy_convert(self, amount, source, target, day=None):
        """Return ``amount`` of ``source`` in ``target``, never one to one for want of a rate."""
        if source == target or not amount:
            return amount
        day = day or self._policy_today()
        company = self.company_id
        for currency in source | target:
            self._policy_check_rate(currency, amount, source, day)
        return source._convert(amount, target, company, day)

    def _policy_today(self):
        return self._policy_day(self.company_id)

    @api.model
    def _policy_day(self, company):
        """Return the day it is now where the company works."""
        return to_local(fields.Datetime.now(), company_zone(company)).date()

    def _policy_check_rate(self, currency, amount, source, day):
        """Refuse a currency that has no rate of ``day`` or before; the company's own needs none.

        Odoo would take the first later rate, or one to one.
        """
        company = self.company_id
        if currency == company.currency_id:
            return
        Rate = self.env["res.currency.rate"].sudo()
        if Rate.search_count(
            [
                ("currency_id", "=", currency.id),
                ("company_id", "in", (False, company.root_id.id)),
                ("name", "<=", day),
            ],
            limit=1,
        ):
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(amount)s is compared with a limit in %(limit)s, and %(currency)s "
                "has no exchange rate for %(day)s. May enter one: %(users)s.",
                clause=self.clause_id._policy_citation(),
                amount=source.format(amount),
                limit=self.currency_id.name,
                currency=currency.name,
                day=day,
                users=", ".join(self._policy_rate_keepers().mapped("name"))
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

    @api.model
    def _policy_lines(self, version, subject, currency=None):
        """Return the limits for a subject under a policy version, the lowest first.

        Lines of the subject itself come instead of the general ones. Those for a person's own
        cases say nothing of who decides for others: a subject that has only such lines is decided
        for others by the general ones. Lines in the currency of the amount come instead of those
        in another.

        :param currency: ``res.currency`` of the amount; None for any.
        """
        lines = self.sudo().search(
            [("version_id", "=", version.id), ("subject", "in", [subject, False])]
        )
        special = lines.filtered("subject")
        if special:
            deciding = special.filtered(lambda line: not line.own_cases)
            general = (lines - special).filtered(lambda line: not line.own_cases)
            lines = special.filtered("own_cases") | (deciding or general)
        if currency:
            parts = [lines.filtered("own_cases"), lines.filtered(lambda line: not line.own_cases)]
            lines = lines.browse().union(
                *(
                    part.filtered(lambda line: line.currency_id == currency) or part
                    for part in parts
                )
            )
        return lines.sorted(lambda line: (line.unlimited, line.max_amount, line.id))

    def _policy_elsewhere(self):
        """Return the subjects that a general line does not speak of: they have lines of their own.

        :rtype: set[str]
        """
        self.ensure_one()
        if self.subject:
            return set()
        special = self.sudo().search(
            [("version_id", "=", self.version_id.id), ("subject", "!=", False)]
        )
        if not self.own_cases:
            special = special.filtered(lambda line: not line.own_cases)
        return set(special.mapped("subject"))
