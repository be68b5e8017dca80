from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    policy_register_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_register_recipient_rel",
        string="Register Recipients",
        help="Who gets the complaint register of each month by mail. Empty: the directors.",
    )
    policy_ring_max = fields.Integer(
        string="Answered Within Rings",
        default=3,
        help="A call that rang longer is flagged (002 篇八 6.1(1)).",
    )
    policy_similar_days = fields.Integer(
        string="Similar Cases of the Last Days",
        default=30,
        help="Whoever logs a call is shown the customer's similar cases of these days (proposed).",
    )
    policy_call_greeting = fields.Text(string="Greeting", help="Read out when a call is answered.")
    policy_call_closing = fields.Text(string="Closing Words")
    policy_call_calming = fields.Text(
        string="Words to an Upset Caller", help="How to calm the caller and come to the facts."
    )
