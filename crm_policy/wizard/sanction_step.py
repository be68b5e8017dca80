from odoo import fields, models


class CrmPolicySanctionStep(models.TransientModel):
    """Ask for what a step of a sanction needs, then take it."""

    _name = "crm.policy.sanction.step"
    _description = "Step of a Sanction"

    sanction_id = fields.Many2one("crm.policy.sanction", required=True, ondelete="cascade")
    step = fields.Selection(
        [
            ("revoke", "Revoke"),
            ("appeal", "Appeal"),
            ("confirm", "Reject the Appeal"),
            ("grant", "Grant the Appeal"),
        ],
        required=True,
    )
    # What was said so far, as far as the user may read the sanction.
    appeal_text = fields.Text(related="sanction_id.appeal_text", related_sudo=False)
    appeal_until = fields.Datetime(related="sanction_id.appeal_until", related_sudo=False)
    text = fields.Text()

    def action_policy_confirm(self):
        """Take the step with what was filled in; nothing typed is lost when it is refused."""
        self.ensure_one()
        sanction = self.sanction_id
        steps = {
            "revoke": sanction.action_policy_revoke,
            "appeal": sanction.action_policy_appeal,
            "confirm": sanction.action_policy_confirm,
            "grant": sanction.action_policy_grant,
        }
        steps[self.step](self.text)
        return {"type": "ir.actions.act_window_close"}
