from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    policy_register_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_register_recipient_rel",
        string="Register Recipients",
        help="Who gets the complaint register of each month by mail. Empty: the directors.",
    )
    policy_default_department_id = fields.Many2one(
        "hr.department",
        string="Default Department",
        check_company=True,
        help="Gets what comes in and no intake rule recognises.",
    )
    policy_default_team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="Default Team",
        check_company=True,
        help="Gets what comes in and no intake rule recognises.",
    )
