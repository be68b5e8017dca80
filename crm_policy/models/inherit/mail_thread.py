from odoo import models


class MailThread(models.AbstractModel):
    _name = "mail.thread"
    _inherit = ["crm.policy.mail.gateway", "crm.policy.notice.bounce", "mail.thread"]
