from odoo import fields, models


class CrmPolicyCasePaper(models.Model):
    """The complaint form as it stood when the case was settled: what its copies show for good."""

    _name = "crm.policy.case.paper"
    _description = "Settled Complaint Form"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "ticket_id"
    _order = "ticket_id, id"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    cycle = fields.Integer(readonly=True, help="How often the case had been reopened.")
    settled_at = fields.Datetime(required=True, readonly=True)
    lang = fields.Char(string="Language", readonly=True)
    # Read through a copy, which checks its reader.
    content = fields.Json(
        readonly=True, groups=fields.NO_ACCESS, help="What the form said, in words."
    )

    _once = models.UniqueIndex("(ticket_id, cycle)", "A case is settled once in each round.")
