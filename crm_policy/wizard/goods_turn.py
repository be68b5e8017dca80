from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPolicyGoodsTurn(models.TransientModel):
    """Ask for what a step of a return note or an allowance certificate needs."""

    _name = "crm.policy.goods.turn"
    _description = "Step of a Return or an Allowance"

    return_id = fields.Many2one("crm.policy.return.note", ondelete="cascade")
    allowance_id = fields.Many2one("crm.policy.allowance", ondelete="cascade")
    turn = fields.Selection(
        [
            ("receive", "Receive"),
            ("instruct", "Instruct"),
            ("book", "Book"),
            ("cancel", "Cancel"),
        ],
        required=True,
    )
    quantity = fields.Float(
        string="Quantity Received",
        digits=(16, 2),
        compute="_compute_quantity",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="What really came. Where it differs from the note, somebody else says what to do.",
    )
    text = fields.Text()
    voucher = fields.Char(help="Number of the voucher or credit note.")

    @api.depends("return_id")
    def _compute_quantity(self):
        for wizard in self:
            note = wizard.return_id
            wizard.quantity = note.actual_quantity or note.quantity

    @api.constrains("return_id", "allowance_id")
    def _check_document(self):
        """Show nothing of a document, its name neither, to whoever may not read it."""
        windows = self.sudo(False)
        windows.return_id.check_access("read")
        windows.allowance_id.check_access("read")

    def action_policy_confirm(self):
        """Do it as the current user."""
        self.ensure_one()
        document = self.return_id or self.allowance_id
        if not document:
            raise UserError(self.env._("There is no document to open."))
        if self.turn == "receive":
            self.return_id.action_policy_receive(self.quantity)
        elif self.turn == "instruct":
            self.return_id.action_policy_instruct(self.text)
        elif self.turn == "book":
            document.action_policy_book(self.voucher)
        else:
            document.action_policy_cancel(self.text)
        return {"type": "ir.actions.act_window_close"}
