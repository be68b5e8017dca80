from odoo import models


class MailNotification(models.Model):
    _name = "mail.notification"
    _inherit = ["crm.policy.notice.delivery", "mail.notification"]
