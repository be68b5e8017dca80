from odoo import fields, models

from ..const import WAIVER_REASONS


class CrmPolicyViolationStep(models.TransientModel):
    """Ask for what a step of a violation needs, then take it."""

    _name = "crm.policy.violation.step"
    _description = "Step of a Violation"

    violation_id = fields.Many2one("crm.policy.violation", required=True, ondelete="cascade")
    step = fields.Selection(
        [
            ("explain", "Explain"),
            ("uphold", "Uphold"),
            ("waive", "Waive"),
            ("appeal", "Appeal"),
            ("confirm", "Reject the Appeal"),
            ("grant", "Grant the Appeal"),
        ],
        required=True,
    )
    # What was said so far, as far as the user may read the violation.
    clause_id = fields.Many2one(related="violation_id.clause_id", related_sudo=False)
    explanation = fields.Text(related="violation_id.explanation", related_sudo=False)
    decision_text = fields.Text(related="violation_id.decision_text", related_sudo=False)
    appeal_text = fields.Text(related="violation_id.appeal_text", related_sudo=False)
    appeal_until = fields.Datetime(related="violation_id.appeal_until", related_sudo=False)
    reason = fields.Selection(WAIVER_REASONS)
    text = fields.Text()

    def action_policy_confirm(self):
        """Take the step with what was filled in; nothing typed is lost when it is refused."""
        self.ensure_one()
        violation = self.violation_id
        if self.step in ("waive", "grant"):
            getattr(violation, f"action_policy_{self.step}")(self.reason, self.text)
        else:
            steps = {
                "explain": violation.action_policy_explain,
                "uphold": violation.action_policy_uphold,
                "appeal": violation.action_policy_appeal,
                "confirm": violation.action_policy_confirm,
            }
            steps[self.step](self.text)
        return {"type": "ir.actions.act_window_close"}
