from odoo import api, models


class DiscussChannelMember(models.Model):
    """Nobody from outside joins a channel in which a complaint form was shown."""

    _inherit = "discuss.channel.member"

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        outside = members.sudo().filtered(
            lambda member: not member.partner_id or member.partner_id.partner_share
        )
        if outside:
            Message = self.env["mail.message"].sudo()
            shown = Message.search(
                [
                    ("model", "=", "discuss.channel"),
                    ("res_id", "in", outside.channel_id.ids),
                    ("attachment_ids", "!=", False),
                ]
            )
            if Message._policy_inner_print(shown.attachment_ids):
                shown._policy_check_messages()
        return members
