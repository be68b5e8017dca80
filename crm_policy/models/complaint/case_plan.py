from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.zones import local_day
from .case_legal import SEVERE
from .complaint_mixin import WINDOW

PLAN = "policy_plan_at"


class CrmPolicyCasePlan(models.AbstractModel):
    """A complaint whose solution takes longer: the customer is given an interim plan (CMP-RSP-02).

    Of a complex quality case the steps and the day on which the solution is expected stop the clock
    of the plan; of any other only the solution does.
    """

    _name = "crm.policy.case.plan"
    _description = "Interim Plan of a Case"

    policy_plan_at = fields.Datetime(
        string="Plan Given At",
        readonly=True,
        copy=False,
        help="When the customer was given the solution, or the interim plan until then.",
    )
    policy_plan_text = fields.Text(string="Interim Plan", readonly=True, copy=False)
    policy_plan_expected_on = fields.Date(string="Solution Expected On", readonly=True, copy=False)

    policy_knows_plan = fields.Boolean(
        compute="_compute_policy_knows_plan",
        help="A time limit of the policy is kept by the interim plan already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_version_id")
    def _compute_policy_knows_plan(self):
        Rule = self.env["crm.policy.deadline.rule"]
        for version, cases in self.grouped("policy_version_id").items():
            cases.policy_knows_plan = Rule._policy_is_kept_by(version.id, self._name, PLAN)

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {PLAN}

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_plan_text", "policy_plan_expected_on"}

    # === ACTION METHODS === #

    def action_policy_plan(self, text=None, expected_on=None, at=None, reason=None):
        """Record the interim plan that the customer was given (CMP-RSP-02).

        :param str text: the steps.
        :param str expected_on: the day on which the solution is expected.
        :raises UserError: it is no complex quality case; such a case gets its solution at once.
        """
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        self._policy_require("policy_plan_text", text)
        for case in self.sudo():
            day = case._policy_day(expected_on)
            if day < local_day(fields.Datetime.now(), case.company_id):
                raise ValidationError(
                    self.env._("The solution is expected on a day to come, not on %(day)s.",
                               day=day)
                )  # fmt: skip
            complex_ = case.policy_cause_class == "quality" or case.policy_severity in SEVERE
            if not complex_ or case.policy_solution_at or not case.policy_knows_plan:
                raise UserError(
                    self.env._(
                        "%(clause)s: %(case)s: an interim plan is given in a quality or severe "
                        "case that has no solution yet, where the policy knows such a plan.",
                        clause=case._policy_clause_words("policy_solution_at"),
                        case=case.display_name,
                    )
                )
        with self.env.cr.savepoint():
            for case in self:
                vals = {
                    "policy_plan_text": text,
                    "policy_plan_expected_on": case._policy_day(expected_on),
                }
                case._policy_act(PLAN, WINDOW, at, reason, vals)
        return True

    # === BUSINESS METHODS === #

    def _policy_day(self, value):
        """Return a day as a caller has given it; name what is none."""
        try:
            day = fields.Date.to_date(value or None)
        except (TypeError, ValueError):
            day = None
        if not day:
            raise ValidationError(self.env._("%(value)s is no day.", value=value or "-"))
        return day

    def _policy_fact_order(self):
        order = super()._policy_fact_order()
        if "policy_solution_at" not in order:
            return order
        return {**order, PLAN: ("policy_accepted_at",)}

    def _policy_fact_vals(self, name, moment):
        vals = super()._policy_fact_vals(name, moment)
        if name == "policy_solution_at" and not any(case[PLAN] for case in self):
            vals[PLAN] = moment
        return vals

    def _policy_set_fact(self, name, at=None, reason=None):
        # Each gets its plan with its solution; those that have one keep it.
        if name == "policy_solution_at":
            for cases in self.grouped(lambda case: bool(case[PLAN])).values():
                super(CrmPolicyCasePlan, cases)._policy_set_fact(name, at, reason)
            return None
        return super()._policy_set_fact(name, at, reason)

    def _policy_reopen_vals(self):
        return {
            **super()._policy_reopen_vals(),
            PLAN: False,
            "policy_plan_text": False,
            "policy_plan_expected_on": False,
        }
