from odoo import api, fields, models

from ..models.governance.improvement import RESULTS

# Which method of the plan, or of one of its actions, a step is.
STEPS = [
    ("done", "Action Done"),
    ("give_up", "Give Up"),
    ("check", "Effect Check"),
    ("close", "Close"),
    ("cancel", "Cancel"),
]
OF_ACTIONS = ("done", "give_up")


class CrmPolicyImprovementTurn(models.TransientModel):
    """A step of an improvement plan with its words; nothing typed is lost when it is refused."""

    _name = "crm.policy.improvement.turn"
    _description = "Step of an Improvement Plan"

    improvement_id = fields.Many2one("crm.policy.improvement", ondelete="cascade")
    action_id = fields.Many2one("crm.policy.improvement.action", ondelete="cascade")
    step = fields.Selection(STEPS, required=True, readonly=True)
    result = fields.Selection(RESULTS)
    text = fields.Text(string="In Words")

    @api.constrains("improvement_id", "action_id")
    def _check_plan(self):
        """Show nothing of a plan, its title neither, to whoever may not read it."""
        own = self.sudo(False)
        own.improvement_id.check_access("read")
        own.action_id.check_access("read")

    def action_policy_confirm(self):
        """Take the step with what was filled in."""
        self.ensure_one()
        if self.step in OF_ACTIONS:
            getattr(self.action_id, f"action_policy_{self.step}")(self.text)
        elif self.step == "close":
            self.improvement_id.action_policy_close(self.result, self.text)
        else:
            getattr(self.improvement_id, f"action_policy_{self.step}")(self.text)
        return {"type": "ir.actions.act_window_close"}
