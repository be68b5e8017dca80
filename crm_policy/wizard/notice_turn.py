from odoo import Command, api, fields, models


class CrmPolicyNoticeTurn(models.TransientModel):
    """Ask for what a step of a notice needs: proof of delivery, what was said, a file number."""

    _name = "crm.policy.notice.turn"
    _description = "Step of a Notice"

    notice_id = fields.Many2one("crm.policy.notice", ondelete="cascade")
    recipient_ids = fields.Many2many(
        "crm.policy.notice.recipient",
        relation="crm_policy_notice_turn_line_rel",
        string="Customers",
    )
    turn = fields.Selection(
        [
            ("address", "Add Customers"),
            ("deliver", "Delivered by Fax or Letter"),
            ("confirm", "Confirmed by the Customer"),
            ("brief", "Explained to the Customer"),
            ("file", "File a Copy"),
            ("withdraw", "Take Back"),
        ],
        required=True,
        default="brief",
    )
    partner_ids = fields.Many2many(
        "res.partner", relation="crm_policy_notice_turn_partner_rel", string="Customers to Add"
    )
    address_channel = fields.Selection(
        [("mail", "E-Mail"), ("fax", "Fax"), ("letter", "Letter")], string="By", default="mail"
    )
    channel = fields.Selection([("fax", "Fax"), ("letter", "Letter")], default="fax")
    text = fields.Text()
    understood = fields.Boolean(default=True)
    happened_earlier = fields.Boolean()
    at = fields.Datetime(string="Happened At")
    reason = fields.Char(string="Why Recorded Late")

    @api.model
    def default_get(self, fields):
        """Take the recipients that are ticked in a list, or whose button was pressed."""
        values, context = super().default_get(fields), self.env.context
        if context.get("active_model") == "crm.policy.notice.recipient":
            values["recipient_ids"] = [Command.set(context.get("active_ids") or [])]
        return values

    def action_policy_confirm(self):
        """Do it as the current user."""
        self.ensure_one()
        lines, notice = self.recipient_ids, self.notice_id
        late = (self.at, self.reason) if self.happened_earlier else (None, None)
        turns = {
            "address": lambda: notice.action_policy_address(
                self.partner_ids.ids, self.address_channel
            ),
            "deliver": lambda: lines.action_policy_deliver(self.channel, self.text, *late),
            "confirm": lambda: lines.action_policy_confirm(*late),
            "brief": lambda: lines.action_policy_brief(self.text, self.understood, *late),
            "file": lambda: notice.action_policy_file(self.text),
            "withdraw": lambda: notice.action_policy_withdraw(self.text),
        }
        turns[self.turn]()
        return {"type": "ir.actions.act_window_close"}
