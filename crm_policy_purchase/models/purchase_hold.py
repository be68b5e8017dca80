from odoo import models

from odoo.addons.crm_policy.exceptions import PolicyRefusal


class CrmPolicyPurchaseHold(models.AbstractModel):
    """A confirmed order stays as it was signed, and one of an emergency as it was ordered."""

    _name = "crm.policy.purchase.hold"
    _description = "Purchase That Stays As It Was Signed"
    _inherit = ["crm.policy.purchase.document"]

    def _policy_void_changed(self):
        """A confirmed order keeps what was signed; see :meth:`_policy_check_bought`."""
        open_orders = self.filtered(lambda order: order.state != "purchase")
        return super(CrmPolicyPurchaseHold, open_orders)._policy_void_changed()

    def _policy_is_fixed(self):
        """Return whether the order was confirmed with signatures, which hold on to its values.

        Or an emergency team has ordered it: it stays as it was executed, unless that was refused
        before the vendor had it.
        """
        if self._policy_by_emergency():
            return self.state == "purchase" or self.policy_approval_state != "rejected"
        signed = self.policy_approval_state in ("pending", "approved")
        return self.state == "purchase" and signed

    def _policy_stays_as_executed(self):
        return self._policy_by_emergency() and self._policy_is_fixed()

    def _policy_execution_values(self):
        return super()._policy_execution_values() | {"policy_signed_dates": self._policy_dates()}

    def _policy_bought(self):
        """Return {id: what is bought} of the orders that are fixed."""
        return {
            order.id: order._policy_signed_values()
            for order in self.sudo()
            if order._policy_is_fixed()
        }

    def _policy_check_bought(self, before):
        """Refuse to change what was signed of a confirmed order.

        :param dict before: of :meth:`_policy_bought`.
        """
        self.sudo().filtered(
            lambda order: (
                order.id in before
                and order._policy_is_fixed()
                and order._policy_signed_values() != before[order.id]
            )
        )._policy_refuse_change()

    def _policy_refuse_change(self):
        for order in self:
            if order._policy_by_emergency():
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: %(order)s was ordered in %(emergency)s and stays as it was "
                        "ordered.",
                        clause=order.policy_emergency_id.clause_id._policy_citation(),
                        order=order.name,
                        emergency=order.policy_emergency_id.display_name,
                    )
                )
            clause = order.policy_approval_id.clause_id
            if clause.version_id.enforcement == "trial":
                order.policy_approval_id._policy_lapse()
                order._policy_note_trial(clause)
                continue
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(order)s is confirmed as it was signed, over %(amount)s. Vendor, "
                    "goods and prices stay: order the rest separately, or cancel it and have the "
                    "new one signed.",
                    clause=clause._policy_citation(),
                    order=order.name,
                    amount=order.currency_id.format(order.policy_approval_id.amount),
                )
            )

    def _policy_lapse_live(self):
        """What is cancelled needs no signature any more, and if it comes back new ones."""
        approvals = self.sudo().policy_approval_id
        approvals.filtered(lambda a: a.state in ("pending", "approved"))._policy_lapse()
