from odoo import Command, api, fields, models


class CrmPolicyConsultationAnswer(models.TransientModel):
    """Answer comments of customers, one or several that say the same."""

    _name = "crm.policy.consultation.answer"
    _description = "Answer Customers"

    consultation_ids = fields.Many2many(
        "crm.policy.consultation", string="Comments", required=True, readonly=True
    )
    answer = fields.Selection(
        [("accepted", "Adopted"), ("partly", "Partly Adopted"), ("rejected", "Not Adopted")],
        required=True,
    )
    reason = fields.Text(required=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        if context.get("active_model") == "crm.policy.consultation":
            values["consultation_ids"] = [Command.set(context.get("active_ids") or [])]
        return values

    def action_policy_confirm(self):
        """Answer them all; the comments themselves check who may."""
        self.ensure_one()
        self.consultation_ids.action_policy_answer(self.answer, self.reason)
        return {"type": "ir.actions.act_window_close"}
