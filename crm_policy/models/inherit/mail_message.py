from odoo import models


class MailMessage(models.Model):
    _name = "mail.message"
    _inherit = ["crm.policy.customer.message", "mail.message"]
