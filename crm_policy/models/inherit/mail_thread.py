from odoo import models


class MailThread(models.AbstractModel):
    _name = "mail.thread"
    _inherit = ["crm.policy.mail.gateway", "mail.thread"]
