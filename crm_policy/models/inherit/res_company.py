from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    policy_register_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_register_recipient_rel",
        string="Register Recipients",
        help="Who gets the complaint register of each month by mail. Empty: the directors.",
    )
    policy_acknowledge_hours = fields.Integer(
        string="One Acknowledgement in Hours",
        default=1,
        help="Who writes several mails within these hours gets one acknowledgement. 0: one each.",
    )
