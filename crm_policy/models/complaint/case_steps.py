from odoo import api, fields, models

from ...const import STEP_FACTS


class CrmPolicyCaseSteps(models.AbstractModel):
    """The steps of a case with their dates, for the bar at its head (mixin of cases)."""

    _name = "crm.policy.case.steps"
    _description = "Steps of a Case"

    policy_step_dates = fields.Json(
        string="Dates of the Steps", compute="_compute_policy_step_dates", groups="base.group_user"
    )

    policy_step_name = fields.Char(
        string="Present Step", compute="_compute_policy_step_name", groups="base.group_user"
    )

    @api.depends_context("lang")
    @api.depends("policy_step", "policy_version_id", "policy_complaint_type_id")
    def _compute_policy_step_name(self):
        """The step as the course of the case calls it, where lists show one kind of case."""
        steps = dict(self._fields["policy_step"]._description_selection(self.env))
        for case in self:
            names = case._policy_step_names()
            case.policy_step_name = names.get(case.policy_step) or steps.get(case.policy_step)

    @api.depends_context("lang")
    @api.depends(
        *STEP_FACTS.values(),
        "policy_kind",
        "policy_version_id",
        "policy_complaint_type_id",
        "policy_deadline_ids.due_at",
        "policy_deadline_ids.state",
        "policy_deadline_ids.paused_at",
        "policy_countersign_ids.policy_answered_at",
    )
    def _compute_policy_step_dates(self):
        """Return {step: {at, due, late, paused}}: when it was taken, or is due; and ``name``
        where the course has its own word for it.

        The steps are those of the case's own course, and whatever was recorded beside it. Of
        several clocks that wait for one step the first counts, those of the departments that
        answer before it included.
        """
        now = fields.Datetime.now()
        text = fields.Datetime.to_string
        steps = {fact: step for step, fact in STEP_FACTS.items()}
        for case in self:
            dates = {
                step: {"at": at and text(at), "due": False, "late": False, "paused": False}
                for step, at in case._policy_own_steps().items()
            }
            clocks = [
                (steps[clock.rule_id.done_path], clock)
                for clock in case._policy_live_clocks()
                if clock.rule_id.done_path in steps
            ]
            clocks += case._policy_department_clocks()
            clocks.sort(key=lambda pair: pair[1].due_at, reverse=True)
            for step, clock in clocks:
                late = clock.state == "late" or (
                    clock.state == "open" and not clock.paused_at and clock.due_at < now
                )
                place = dates.setdefault(step, {"at": False, "late": False})
                place |= {
                    "due": text(clock.due_at),
                    "late": late or place["late"],
                    "paused": bool(clock.paused_at),
                }
            for step, name in case._policy_step_names().items():
                if step in dates:
                    dates[step]["name"] = name
            case.policy_step_dates = dates

    def _policy_own_steps(self):
        """Return {step: instant or False} of the case's course, in the order of the steps."""
        self.ensure_one()
        if not self.policy_kind:
            return {}
        course = self._policy_own_order()
        return {"received": self.policy_intake_at} | {
            step: self[fact]
            for step, fact in STEP_FACTS.items()
            if self[fact] or (fact in course and not self._policy_passes_by(fact))
        }

    def _policy_step_names(self):
        """Return {step: name} of those that the course of the case calls in its own way."""
        course = self._policy_course() if self.policy_kind else {}
        names = {}
        if self.sudo().policy_complaint_type_id.is_anomaly:
            names = {"investigated": self.env._("Handled"), "replied": self.env._("Informed")}
        return names | {
            step: course[fact].title
            for step, fact in STEP_FACTS.items()
            if fact in course and course[fact].title
        }

    def _policy_live_clocks(self):
        """Return the clocks of the case since it was last opened, as superuser."""
        return self.sudo().policy_deadline_ids.filtered(
            lambda clock: clock.cycle == self.policy_cycle and clock.state != "cancelled"
        )

    def _policy_department_clocks(self):
        """Return [(step, clock)]: departments that have not answered yet, by what waits for it."""
        lines = self.sudo().policy_countersign_ids.filtered(
            lambda line: (
                line.cycle == self.policy_cycle
                and line.policy_asked_at
                and not line.policy_answered_at
            )
        )
        if not lines:
            return []
        awaited = {
            code: step
            for step, fact in reversed(STEP_FACTS.items())
            if not self[fact]
            for code in self._policy_milestone(fact)._policy_opinions()
        }
        return [
            (awaited[line.step_code], clock)
            for line in lines
            if line.step_code in awaited
            for clock in line.policy_deadline_ids
            if clock.state == "open"
        ]
