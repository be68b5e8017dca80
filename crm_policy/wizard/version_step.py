from odoo import fields, models
from odoo.exceptions import UserError


class CrmPolicyVersionStep(models.TransientModel):
    """Ask for what a decision on a version in force needs: a reason, a day."""

    _name = "crm.policy.version.step"
    _description = "Decision on a Policy Version"

    version_id = fields.Many2one(
        "crm.policy.version", string="Policy Version", required=True, readonly=True
    )
    step = fields.Selection(
        [
            ("abolish", "Abolish"),
            ("enforce", "End the Trial"),
            ("confirm_review", "Confirm after Review"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Text()
    day = fields.Date(string="From", default=fields.Date.context_today)

    def action_policy_do(self):
        """Take the step; the version itself checks who may."""
        self.ensure_one()
        if self.step == "abolish":
            self.version_id.action_policy_abolish(self.reason)
        elif self.step == "enforce":
            if not self.day:
                raise UserError(self.env._("Say from which day on it is enforced."))
            self.version_id.action_policy_enforce(self.day)
        else:
            self.version_id.action_policy_confirm_review(self.reason)
        return {"type": "ir.actions.act_window_close"}
