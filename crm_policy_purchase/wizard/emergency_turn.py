from odoo import fields, models


class CrmPolicyEmergencyTurn(models.TransientModel):
    _inherit = "crm.policy.emergency.turn"

    order_id = fields.Many2one("purchase.order", ondelete="cascade")

    def _policy_document(self):
        return self.order_id or super()._policy_document()
