from odoo import fields, models


class CrmPolicyEmergencyPart(models.AbstractModel):
    """A line of the log or a step of the plan of one emergency; seen with its case."""

    _name = "crm.policy.emergency.part"
    _description = "Part of an Emergency"
    _inherit = ["crm.policy.dependent"]
    _policy_document_field = "ticket_id"

    emergency_id = fields.Many2one(
        "crm.policy.emergency",
        string="Emergency Handling",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
