from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import ALERT_KINDS, ALERT_UNITS, TELLS

LONGEST = 10_000  # beyond this an offset is a slip of the keyboard, whatever its unit
WHOLE_UNITS = ("working_days", "calendar_days")
HIGHEST = 9  # levels of managers


class CrmPolicyEscalationStep(models.Model):
    """When somebody is told of a deadline: before it falls due, or once it is overdue."""

    _name = "crm.policy.escalation.step"
    _description = "Escalation Step"
    _inherit = ["crm.policy.cached"]
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one(
        "crm.policy.deadline.rule", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rule_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(ALERT_KINDS, required=True, default="escalation")
    offset = fields.Float(
        digits=(12, 2),
        help="A warning: how long before it falls due, or after which share of the time. An "
        "escalation: how long after it fell due; 0 is the first overdue day.",
    )
    unit = fields.Selection(ALERT_UNITS, required=True, default="working_days")
    tell = fields.Selection(TELLS, required=True, default="responsible")
    role_id = fields.Many2one("crm.policy.role", index=True, ondelete="restrict")
    levels = fields.Integer(
        string="Levels Up", help="1: the manager of the responsible, 2: the manager's manager."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "offset", "unit", "tell", "role_id", "levels")
    @api.depends_context("lang")
    def _compute_display_name(self):
        units = dict(self._fields["unit"]._description_selection(self.env))
        for step in self:
            values = {
                "offset": step.offset,
                "unit": units.get(step.unit, ""),
                "who": step._policy_target_words(),
            }
            if step.kind == "warning" and step.unit == "percent":
                step.display_name = self.env._("At %(offset)g%% of the time tell %(who)s", **values)
            elif step.kind == "warning":
                step.display_name = self.env._(
                    "%(offset)g %(unit)s before it is due tell %(who)s", **values
                )
            elif not step.offset:
                step.display_name = self.env._("As soon as it is overdue tell %(who)s", **values)
            else:
                step.display_name = self.env._(
                    "%(offset)g %(unit)s after it was due tell %(who)s", **values
                )

    def _policy_target_words(self):
        if self.tell == "role":
            return self.role_id.name or ""
        if self.tell == "manager":
            return self.env._("the manager, %(levels)s levels up", levels=self.levels)
        return self.env._("the responsible")

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "offset", "unit", "tell", "role_id", "levels", "rule_id")
    def _check_step(self):
        for step in self:
            problem = step._policy_problem()
            if problem:
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s, alert “%(step)s”: %(problem)s",
                        rule=step.rule_id.code,
                        step=step.display_name,
                        problem=problem,
                    )
                )
        for rule in self.rule_id:
            rule._policy_check_ladder()

    def _policy_problem(self):
        """Return what is wrong with this step alone, None for nothing."""
        if not 0 <= self.offset <= LONGEST or (self.kind == "warning" and not self.offset):
            return self.env._(
                "a warning comes some time before, an escalation at once (0) or later; at most "
                "%(longest)s.",
                longest=LONGEST,
            )
        if self.kind == "warning" and self.unit == "percent" and self.offset >= 100:
            return self.env._("a warning comes before 100 percent of the time have passed.")
        if self.unit in WHOLE_UNITS and self.offset % 1:
            return self.env._("days are whole.")
        if self.tell == "role" and not self.role_id:
            return self.env._("say which role is told.")
        if self.tell == "role" and self.role_id.company_id != self.company_id:
            return self.env._("the role is another company's.")
        if self.tell == "manager" and not 1 <= self.levels <= HIGHEST:
            return self.env._("managers are told 1 to %(highest)s levels up.", highest=HIGHEST)
        rule = self.rule_id
        if self.kind == "warning" and self.unit == rule.unit and self.offset >= rule.duration:
            return self.env._("it would come before the clock has started.")
        return None

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps._policy_check_draft()
        return steps

    def write(self, vals):
        self._policy_check_draft()
        result = super().write(vals)
        self._policy_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._policy_check_draft()

    # === ACTION METHODS === #

    def get_formview_action(self, access_uid=None):
        # A step is read and changed among the others of its rule.
        return self.rule_id.get_formview_action(access_uid=access_uid)

    # === BUSINESS METHODS === #

    def _policy_check_draft(self):
        self.rule_id.clause_id.version_id._policy_check_draft()
