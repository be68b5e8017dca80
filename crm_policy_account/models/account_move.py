from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AccountMove(models.Model):
    """The credit note of a return or an allowance: posted as decided, and booked with that."""

    _name = "account.move"
    _inherit = ["crm.policy.guarded", "account.move"]

    policy_return_id = fields.Many2one(
        "crm.policy.return.note",
        string="Return Note",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    policy_allowance_id = fields.Many2one(
        "crm.policy.allowance",
        string="Allowance Certificate",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    policy_document_number = fields.Char(
        string="By Document", compute="_compute_policy_document_number", compute_sudo=True
    )
    policy_red_letter_ref = fields.Char(
        string="Red-Letter Confirmation No.",
        copy=False,
        help="With which the tax office has confirmed the red-letter invoice.",
    )

    _policy_return_uniq = models.UniqueIndex(
        "(policy_return_id) WHERE policy_return_id IS NOT NULL AND state != 'cancel'",
        "A return note has one credit note.",
    )
    _policy_allowance_uniq = models.UniqueIndex(
        "(policy_allowance_id) WHERE policy_allowance_id IS NOT NULL AND state != 'cancel'",
        "An allowance certificate has one credit note.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_return_id.number", "policy_allowance_id.number")
    def _compute_policy_document_number(self):
        for move in self:
            move.policy_document_number = (
                move.policy_return_id.number or move.policy_allowance_id.number
            )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_return_id", "policy_allowance_id"}

    def write(self, vals):
        # The nightly job posts as the system: nobody of Accounting would have looked at it.
        if vals.get("auto_post", "no") != "no" and self._policy_credit_notes():
            raise UserError(
                self.env._(
                    "A credit note of a return or an allowance is posted by Accounting, not by "
                    "itself."
                )
            )
        moves = self._policy_credit_notes() if "state" in vals else self.browse()
        before = {move: move.state for move in moves}
        if vals.get("state") == "posted":
            for move in moves.filtered(lambda move: move.state != "posted"):
                move._policy_document()._policy_check_posting(move)
        result = super().write(vals)
        for move, state in before.items():
            move._policy_follow(state)
        return result

    def unlink(self):
        for move in self._policy_credit_notes().filtered(lambda move: move.state != "cancel"):
            move._policy_log_gone("deleted")
        return super().unlink()

    # === ACTION METHODS === #

    def action_policy_open_document(self):
        """Open the return note or the certificate that is credited."""
        self.ensure_one()
        self.check_access("read")
        document = self.sudo()._policy_document().sudo(False)
        document.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _policy_credit_notes(self):
        """Return those of a return or an allowance, as superuser."""
        return self.sudo().filtered(lambda move: move.policy_return_id or move.policy_allowance_id)

    def _policy_document(self):
        return self.policy_return_id or self.policy_allowance_id

    def _policy_follow(self, before):
        """Let the document follow the state of its credit note.

        :param str before: the state that it had.
        """
        document = self._policy_document()
        if self.state == before:
            return
        if self.state == "posted":
            document._policy_book(self.name)
        elif before == "posted":
            document._policy_unbook(self)
        if self.state == "cancel":
            self._policy_log_gone("cancelled")

    def _policy_log_gone(self, how):
        document = self._policy_document()
        self.env["crm.policy.event"]._policy_log(
            f"{document._policy_event_prefix()}.uncredited", document, {"move": self.id, "by": how}
        )

    @api.model
    def _policy_invoices_of(self, case, name):
        """Return the posted invoices of the customer of a case that are called so."""
        return self.search(
            Domain("move_type", "=", "out_invoice")
            & Domain("state", "=", "posted")
            & Domain("company_id", "=", case.company_id.id)
            & Domain("commercial_partner_id", "=", case.commercial_partner_id.id)
            & (
                Domain("name", "=", name)
                | Domain("ref", "=", name)
                | Domain("payment_reference", "=", name)
                | Domain("invoice_origin", "=", name)
            )
        )
