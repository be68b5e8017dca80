from odoo import fields, models


class MailActivity(models.Model):
    """A reminder may belong to a deadline: it goes away when the deadline ends."""

    _inherit = "mail.activity"

    policy_deadline_id = fields.Many2one(
        "crm.policy.deadline",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
