from odoo import fields, models


class CrmPolicyEmergencyAction(models.Model):
    """A line of the log of an emergency: who did what when, and what it cost. Never changed."""

    _name = "crm.policy.emergency.action"
    _description = "Action in an Emergency"
    _inherit = ["crm.policy.emergency.part", "crm.policy.protected", "crm.policy.named.document"]
    _order = "emergency_id, happened_at, id"

    currency_id = fields.Many2one(related="company_id.currency_id")
    happened_at = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Done By",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    name = fields.Text(string="What Was Done", required=True, readonly=True)
    amount = fields.Monetary(readonly=True, aggregator="sum")
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(string="Document ID", model_field="res_model", readonly=True)

    _amount_positive = models.Constraint(
        "CHECK(amount IS NULL OR amount >= 0)", "What an action costs is not negative."
    )

    def init(self):
        result = super().init()
        self._policy_build_wall()
        return result
