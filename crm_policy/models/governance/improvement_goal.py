import math

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare, float_is_zero

from ...const import AMOUNT_CEILING

DIGITS = 4
NUMBERS = ("baseline", "target", "actual")
MEASURED = frozenset({"actual", "measured"})


class CrmPolicyImprovementGoal(models.Model):
    """What an improvement plan wants to reach: from a baseline to a target, up or down (IMP-04)."""

    _name = "crm.policy.improvement.goal"
    _description = "Goal of an Improvement Plan"
    _inherit = ["crm.policy.improvement.entry"]
    _order = "improvement_id, sequence, id"
    _rec_name = "indicator"
    _policy_signed = ("indicator", "unit", "baseline", "target", "sequence")

    indicator = fields.Char(required=True)
    unit = fields.Char(help="%, ppm, pieces, days.")
    baseline = fields.Float(required=True, digits=(16, DIGITS), aggregator=None)
    target = fields.Float(required=True, digits=(16, DIGITS), aggregator=None)
    actual = fields.Float(digits=(16, DIGITS), copy=False, aggregator=None)
    measured = fields.Boolean(
        copy=False, help="The actual value was measured; it may well be zero."
    )
    measured_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    achievement = fields.Float(
        string="Achievement (%)",
        compute="_compute_achievement",
        store=True,
        digits=(12, 2),
        aggregator="avg",
        help="(actual - baseline) / (target - baseline).",
    )
    is_reached = fields.Boolean(string="Target Reached", compute="_compute_achievement", store=True)

    # === COMPUTE METHODS === #

    @api.depends("baseline", "target", "actual", "measured")
    def _compute_achievement(self):
        for goal in self:
            way = goal.target - goal.baseline
            if not goal.measured or float_is_zero(way, DIGITS):
                goal.achievement, goal.is_reached = 0.0, False
                continue
            beyond = float_compare(goal.actual, goal.target, DIGITS)
            goal.is_reached = beyond >= 0 if way > 0 else beyond <= 0
            share = (goal.actual - goal.baseline) / way * 100
            # What is missed by a hair does not read as reached.
            goal.achievement = share if goal.is_reached else min(share, 99.99)

    # === CONSTRAINT METHODS === #

    @api.constrains("baseline", "target")
    def _check_way(self):
        for goal in self:
            if float_is_zero(goal.target - goal.baseline, DIGITS):
                raise ValidationError(
                    self.env._(
                        "%(goal)s: the target is the baseline; there is nothing to reach.",
                        goal=goal.indicator,
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "company_id",
            "measured_by_id",
            "achievement",
            "is_reached",
        }

    @api.model
    def default_get(self, fields):
        """Take no measurement from a context or a user's defaults."""
        return super().default_get([name for name in fields if name not in MEASURED])

    def _policy_new_lines(self, vals_list):
        for vals in vals_list:
            self._policy_check_numbers(vals)
            if MEASURED.intersection(vals) and (vals.get("actual") or vals.get("measured")):
                raise UserError(self.env._("A goal is measured when the effect is checked."))
        return super()._policy_new_lines(vals_list)

    def write(self, vals):
        self._policy_check_numbers(vals)
        if not MEASURED.intersection(vals):
            return super().write(vals)
        self._policy_check_measurable()
        result = super().write({"measured": True, **vals})
        self._policy_guarded_write({"measured_by_id": self.env.uid})
        return result

    def _policy_check_numbers(self, vals):
        """Refuse a number before rounding it and the database stumble over it."""
        for name in NUMBERS:
            value = vals.get(name)
            try:
                number = float(value or 0)
            except (TypeError, ValueError):
                number = math.nan
            if value is True or not math.isfinite(number) or abs(number) >= AMOUNT_CEILING:
                raise ValidationError(
                    self.env._(
                        "%(field)s: %(value)s is no number that can be meant.",
                        field=self._fields[name].get_description(self.env, ["string"])["string"],
                        value=value,
                    )
                )

    def _policy_hidden(self, operation):
        """Let those write who judge the effect, though the plan is not theirs."""
        hidden = super()._policy_hidden(operation)
        if operation == "read":
            return hidden
        user = self.env.user
        readable = hidden.sudo().improvement_id.with_env(self.env)._filtered_access("read").sudo()
        judged = readable.filtered(
            lambda plan: plan.state == "evaluating" and not plan._policy_supervise_problem(user)
        )
        return hidden.filtered(lambda goal: goal.sudo().improvement_id not in judged)

    # === BUSINESS METHODS === #

    def _policy_check_measurable(self):
        """Refuse actual values before the plan is carried out, after its check, or one's own."""
        for plan in self.sudo().improvement_id:
            if plan.state != "evaluating" or plan.checked_at:
                raise UserError(
                    self.env._(
                        "%(clause)s: goals of %(plan)s are measured between its last action and "
                        "the effect check.",
                        clause=plan._policy_cited("checked_at"),
                        plan=plan.display_name,
                    )
                )
            plan._policy_check_supervisor(self.env.user)

    def _policy_words(self):
        """Return a missed goal as a refusal names it."""
        return self.env._(
            "%(indicator)s %(actual)g instead of %(target)g",
            indicator=self.indicator,
            actual=self.actual,
            target=self.target,
        )
