from odoo import fields, models


class HelpdeskTicket(models.Model):
    """A case about goods that were invoiced: who collects, and what is in dispute."""

    _inherit = "helpdesk.ticket"

    # === BUSINESS METHODS === #

    def _policy_ruled_not_established(self):
        """Tell who collects that nothing stands in the way any more (CMP-FLOW-13)."""
        result = super()._policy_ruled_not_established()
        for case in self:
            case._policy_release_receivables()
        return result

    def _policy_open_invoices(self):
        """Return the invoices with goods of the case that are not paid, as superuser."""
        self.ensure_one()
        case = self.sudo()
        order = (case.policy_order_ref or "").strip()
        if not order:
            return self.env["account.move"].sudo()
        invoices = self.env["account.move"].sudo()._policy_invoices_of(case, order)
        item = (case.policy_item_ref or "").strip()
        return invoices.filtered(
            lambda move: (
                move.currency_id.compare_amounts(move.amount_residual, 0.0) > 0
                and (not item or move.invoice_line_ids._policy_of_item(item))
            )
        )

    def _policy_release_receivables(self):
        """Ask for what was held back: on each open invoice, until the day it is due."""
        invoices = self._policy_open_invoices()
        ruling = self.sudo()._policy_rulings("not_established", ("approved",))[-1:]
        clause = ruling.policy_approval_id.clause_id
        today = fields.Date.context_today(self)
        for move in invoices:
            move.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=max(move.invoice_date_due or today, today),
                user_id=(move.invoice_user_id or self.user_id or self.env.user).id,
                summary=self.env._("Collect the Receivable"),
                note=self.env._(
                    "%(clause)s: complaint %(case)s is not established. %(amount)s are collected "
                    "in the agreed period; if the customer disagrees, tell your superior.",
                    clause=clause._policy_citation() if clause else "",
                    case=self.policy_handle,
                    amount=move.currency_id.format(move.amount_residual),
                ),
            )
        if invoices:
            self.env["crm.policy.event"]._policy_log(
                "receivable.released", self, {"moves": invoices.ids}, clause=clause or None
            )
