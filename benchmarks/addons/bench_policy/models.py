from odoo import fields, models


class BenchDocument(models.Model):
    _name = "bench.document"
    _description = "Document"
    _inherit = ["crm.policy.approvable"]

    name = fields.Char()
    amount = fields.Monetary()
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    policy_version_id = fields.Many2one("crm.policy.version")

    def _policy_approval_values(self):
        return {"name": self.name, "amount": f"{self.amount:.2f}"}

    def _policy_approval_amount(self):
        return self.amount

    def _policy_approval_version(self):
        return self.policy_version_id


class BenchChatter(models.Model):
    _name = "bench.chatter"
    _description = "Document with Chatter"
    _inherit = ["bench.document", "mail.thread"]

    def _policy_on_approved(self):
        super()._policy_on_approved()
        self._message_log_batch(bodies=dict.fromkeys(self.ids, "Approved"))
