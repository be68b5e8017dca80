from odoo import api, fields, models


class BenchDocument(models.Model):
    _name = "bench.document"
    _description = "Document"
    _inherit = ["tier.validation"]
    _tier_validation_manual_config = True

    name = fields.Char()
    amount = fields.Float()
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    state = fields.Selection(
        [("draft", "Draft"), ("confirmed", "Confirmed"), ("cancel", "Cancelled")], default="draft"
    )


class BenchChatter(models.Model):
    _name = "bench.chatter"
    _description = "Document with Chatter"
    _inherit = ["bench.document", "mail.thread"]


class TierDefinition(models.Model):
    _inherit = "tier.definition"

    @api.model
    def _get_tier_validation_model_names(self):
        return [*super()._get_tier_validation_model_names(), "bench.document", "bench.chatter"]
