from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPolicyRouteTurn(models.TransientModel):
    """Ask for what a step of a light route needs; nothing typed is lost when it is refused."""

    _name = "crm.policy.route.turn"
    _description = "Step of a Route"

    ticket_id = fields.Many2one("helpdesk.ticket", ondelete="cascade")
    verdict_id = fields.Many2one("crm.policy.verdict", ondelete="cascade")
    accident_id = fields.Many2one("crm.policy.accident", ondelete="cascade")
    handover_id = fields.Many2one("crm.policy.handover", ondelete="cascade")
    turn = fields.Selection(
        [
            ("hand_over", "Hand Over"),
            ("hand_back", "Hand Back to the Window"),
            ("decline", "Do Not Take"),
            ("present", "Show to the Customer"),
            ("object", "Customer Objects"),
            ("agree", "Customer Agrees"),
            ("withdraw_accident", "Withdraw the Decision"),
            ("consult_group", "Ask the Group"),
            ("group_answer", "Answer of the Group"),
            ("repaired", "Goods Repaired"),
            ("shipped", "Repaired Goods Shipped"),
            ("delivered", "Repaired Goods Delivered"),
        ],
        required=True,
    )
    asks_transfer = fields.Boolean(compute="_compute_asks_transfer", compute_sudo=False)
    possible_user_ids = fields.Many2many(
        "res.users", compute="_compute_possible_user_ids", compute_sudo=False
    )
    user_id = fields.Many2one(
        "res.users",
        string="To",
        compute="_compute_user_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain="[('id', 'in', possible_user_ids)]",
    )
    at = fields.Datetime(help="Empty: now.")
    text = fields.Text()

    @api.depends("ticket_id", "turn")
    def _compute_possible_user_ids(self):
        for turn in self:
            turn.ticket_id.check_access("read")
            asked = turn.turn == "hand_over" and turn.ticket_id
            case = turn.ticket_id.sudo()
            turn.possible_user_ids = asked and case._policy_possible_receivers()

    @api.depends("ticket_id", "turn")
    def _compute_asks_transfer(self):
        for turn in self:
            turn.ticket_id.check_access("read")
            turn.asks_transfer = turn.turn == "hand_over" and turn.ticket_id.policy_asks_transfer

    @api.depends("ticket_id", "turn")
    def _compute_user_id(self):
        for turn in self:
            turn.ticket_id.check_access("read")
            asked = turn.turn == "hand_over" and turn.ticket_id
            turn.user_id = asked and turn.ticket_id.sudo()._policy_first_receivers()[:1]

    attachment_ids = fields.Many2many("ir.attachment", string="Signed by the Customer")
    confirmed_at = fields.Datetime(related="verdict_id.confirmed_at", related_sudo=False)
    memo = fields.Text(related="verdict_id.memo", related_sudo=False)
    delivery_date = fields.Date(related="verdict_id.delivery_date", related_sudo=False)
    customer_amount = fields.Monetary(
        related="verdict_id.customer_amount", related_sudo=False, currency_field="currency_id"
    )
    currency_id = fields.Many2one(related="verdict_id.currency_id", related_sudo=False)

    @api.constrains("ticket_id", "handover_id", "verdict_id", "accident_id")
    def _check_document(self):
        """Show nothing of a document, its name neither, to whoever may not read it."""
        windows = self.sudo(False)
        for name in self._policy_documents():
            windows[name].check_access("read")

    def _policy_documents(self):
        return ("ticket_id", "handover_id", "verdict_id", "accident_id")

    def action_policy_confirm(self):
        """Do it as the current user."""
        self.ensure_one()
        if not any(self[name] for name in self._policy_documents()):
            raise UserError(self.env._("There is no document to open."))
        getattr(self, f"_policy_turn_{self.turn}")()
        return {"type": "ir.actions.act_window_close"}

    def _policy_turn_hand_over(self):
        if self.ticket_id.policy_asks_transfer:
            self.ticket_id.action_policy_ask_transfer(self.user_id.id, self.text)
        else:
            self.ticket_id.action_policy_hand_over(self.user_id.id, self.text)

    def _policy_turn_hand_back(self):
        self.ticket_id.action_policy_hand_back(self.text)

    def _policy_turn_decline(self):
        self.handover_id.action_policy_decline(self.text)

    def _policy_turn_present(self):
        self.verdict_id.action_policy_present(self.text)

    def _policy_turn_object(self):
        self.verdict_id.action_policy_object(self.text)

    def _policy_turn_agree(self):
        self.verdict_id.action_policy_agree(self.attachment_ids.ids, self.text)

    def _policy_turn_withdraw_accident(self):
        self.accident_id.action_policy_withdraw(self.text)

    def _policy_turn_consult_group(self):
        self.ticket_id.action_policy_consult_group(self.text)

    def _policy_turn_group_answer(self):
        self.ticket_id.action_policy_group_answer(self.text)

    def _policy_turn_repaired(self):
        self.ticket_id.action_policy_follow_repair(self.turn, self.at, self.text)

    def _policy_turn_shipped(self):
        self.ticket_id.action_policy_follow_repair(self.turn, self.at, self.text)

    def _policy_turn_delivered(self):
        self.ticket_id.action_policy_follow_repair(self.turn, self.at, self.text)
