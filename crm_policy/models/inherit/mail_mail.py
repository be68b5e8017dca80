from odoo import models


class MailMail(models.Model):
    _name = "mail.mail"
    _inherit = ["crm.policy.mail.proof", "mail.mail"]
