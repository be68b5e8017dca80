from odoo import fields, models


class MailActivity(models.Model):
    """A reminder may belong to a deadline or to a request for a pause: it ends with them."""

    _inherit = "mail.activity"

    policy_deadline_id = fields.Many2one(
        "crm.policy.deadline",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    policy_pause_id = fields.Many2one(
        "crm.policy.pause",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
