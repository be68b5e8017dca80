from odoo import api, fields, models


class CrmPolicyRemedyTurn(models.TransientModel):
    """Ask for what a remedy needs beside its approval: who agreed orally, what it has come to, who
    has acknowledged it."""

    _name = "crm.policy.remedy.turn"
    _description = "Remedy Being Carried Out"

    remedy_id = fields.Many2one("crm.policy.remedy", required=True, ondelete="cascade")
    turn = fields.Selection(
        [
            ("oral", "Oral Consent"),
            ("executed", "Carried Out"),
            ("handed", "Handing Over"),
            ("receipt", "Signed Receipt"),
        ],
        required=True,
        default="executed",
    )
    currency_id = fields.Many2one(related="remedy_id.currency_id")
    leader_ids = fields.Many2many("res.users", string="Who May Agree", compute="_compute_leaders")
    leader_id = fields.Many2one(
        "res.users",
        string="Who Agreed",
        compute="_compute_leader_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', leader_ids)]",
        help="Competent for the amount. He signs afterwards, within the time of the policy.",
    )
    happened_earlier = fields.Boolean()
    at = fields.Datetime(string="Agreed At")
    comment = fields.Text()
    recipient_id = fields.Many2one("res.partner", compute="_compute_recipient_id")
    received_name = fields.Char(
        string="Acknowledged By",
        compute="_compute_received_name",
        store=True,
        readonly=False,
        help="Who has signed for it.",
    )
    received_on = fields.Date(default=fields.Date.context_today)
    attachment_ids = fields.Many2many("ir.attachment", string="Signed Receipt")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="What it has come to. Beyond the tolerance of the policy the excess is decided first.",
    )

    @api.depends("remedy_id")
    def _compute_leaders(self):
        for wizard in self:
            remedy = wizard.remedy_id
            wizard.leader_ids = remedy._policy_leaders() if remedy else False

    @api.depends("remedy_id")
    def _compute_leader_id(self):
        for wizard in self:
            # Where only one could have agreed nobody has to look for him.
            one = len(wizard.leader_ids) == 1
            wizard.leader_id = wizard.leader_ids if one else False

    @api.depends("remedy_id")
    def _compute_recipient_id(self):
        for wizard in self:
            wizard.recipient_id = wizard.remedy_id.sudo()._policy_recipient()

    @api.depends("recipient_id")
    def _compute_received_name(self):
        for wizard in self:
            wizard.received_name = wizard.recipient_id.name

    @api.depends("remedy_id")
    def _compute_amount(self):
        for wizard in self:
            # Of its excesses, too, which its handler need not see.
            remedy = wizard.remedy_id.sudo()
            handed = remedy.handed_at and remedy.handed_amount
            wizard.amount = handed or remedy._policy_decided_amount()

    def action_policy_confirm(self):
        """Do it as the current user."""
        self.ensure_one()
        if self.turn == "oral":
            at = self.at if self.happened_earlier else None
            self.remedy_id.action_policy_oral_yes(self.leader_id.id, at, self.comment)
        elif self.turn == "handed":
            self.remedy_id.action_policy_hand_over(self.amount)
        elif self.turn == "receipt":
            self.remedy_id.action_policy_receipt(
                self.attachment_ids.ids, self.received_name, self.received_on, self.amount
            )
        else:
            self.remedy_id.action_policy_execute_amount(self.amount)
        return {"type": "ir.actions.act_window_close"}
