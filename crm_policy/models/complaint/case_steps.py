from odoo import api, fields, models

from ...const import STEP_FACTS


class CrmPolicyCaseSteps(models.AbstractModel):
    """The steps of a case with their dates, for the bar at its head (mixin of cases)."""

    _name = "crm.policy.case.steps"
    _description = "Steps of a Case"

    policy_step_dates = fields.Json(
        string="Dates of the Steps", compute="_compute_policy_step_dates", groups="base.group_user"
    )

    @api.depends(
        *STEP_FACTS.values(),
        "policy_deadline_ids.due_at",
        "policy_deadline_ids.state",
        "policy_deadline_ids.paused_at",
    )
    def _compute_policy_step_dates(self):
        """Return {step: {at, due, late, paused}}: when it was taken, or is due.

        Of several clocks that wait for one step the first counts.
        """
        now = fields.Datetime.now()
        text = fields.Datetime.to_string
        steps = {fact: step for step, fact in STEP_FACTS.items()}
        for case in self:
            dates = {
                step: {"at": text(case[fact]), "due": False, "late": False, "paused": False}
                for step, fact in STEP_FACTS.items()
                if case[fact]
            }
            if case.policy_intake_at:
                dates["received"] = {"at": text(case.policy_intake_at), "due": False, "late": False}
            clocks = case.sudo().policy_deadline_ids.filtered(
                lambda clock, case=case: (
                    clock.cycle == case.policy_cycle and clock.state != "cancelled"
                )
            )
            for clock in clocks.sorted("due_at", reverse=True):
                step = steps.get(clock.rule_id.done_path)
                if not step:
                    continue
                late = clock.state == "late" or (
                    clock.state == "open" and not clock.paused_at and clock.due_at < now
                )
                place = dates.setdefault(step, {"at": False, "late": False})
                place |= {
                    "due": text(clock.due_at),
                    "late": late or place["late"],
                    "paused": bool(clock.paused_at),
                }
            case.policy_step_dates = dates
