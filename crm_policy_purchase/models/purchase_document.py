from odoo import api, models
from odoo.exceptions import UserError


class CrmPolicyPurchaseDocument(models.AbstractModel):
    """What signatures under a purchase order are asked for, and what they decide."""

    _name = "crm.policy.purchase.document"
    _description = "Purchase That Is Signed"
    _inherit = ["crm.policy.approvable"]
    _policy_counts_tax = True

    # === WHAT IS SIGNED === #

    def _policy_route(self):
        return self.env["crm.policy.route"]._policy_purchase_route(self)

    def _policy_approval_version(self):
        return self._policy_route().version_id

    def _policy_approval_subject(self):
        return "purchase"

    def _policy_approval_amount(self):
        """Return the sum, with or without tax as the company compares it (T8)."""
        untaxed = self.company_id.policy_amount_basis == "excluded"
        return self.amount_untaxed if untaxed else self.amount_total

    def _policy_approval_currency(self):
        return self.currency_id

    def _policy_approval_name(self):
        return f"{self.name}, {self.partner_id.display_name}"

    def _policy_approval_values(self):
        # Once it is confirmed, the vendor says when the goods come: those that were signed count.
        dates = self._policy_is_fixed() and self.policy_signed_dates
        return {**self._policy_signed_values(), "dates": dates or self._policy_dates()}

    def _policy_signed_values(self):
        """Return what is bought, from whom and for how much. When it arrives may still move."""
        return {
            "partner": self.partner_id.id,
            "currency": self.currency_id.id,
            "case": self.policy_ticket_id.id,
            "total": f"{self.amount_total:.6f}",
            "lines": [
                [
                    line.product_id.id,
                    line.name,
                    f"{line.product_qty:.6f}",
                    line.product_uom_id.id,
                    f"{line.price_unit:.6f}",
                    f"{line.discount:.6f}",
                    sorted(line.tax_ids.ids),
                ]
                for line in self._policy_goods()
            ],
        }

    def _policy_goods(self):
        """Return the lines that are bought: no headings, no down payments of bills.

        Odoo's down payments have no quantity: what has one arrives, whatever it calls itself.
        """
        lines = self.order_line
        goods = lines.filtered(
            lambda line: not line.display_type and (line.product_qty or not line.is_downpayment)
        )
        # Their fields are read for all orders at once.
        return goods.with_prefetch(lines._prefetch_ids).sorted("id")

    def _policy_dates(self):
        return [str(line.date_planned) for line in self._policy_goods()]

    def _policy_approval_barred_users(self):
        """Return the buyer, and whoever belongs to the vendor."""
        vendor = self.partner_id.commercial_partner_id
        Users = self.env["res.users"].sudo()
        return self.user_id | Users.search([("partner_id.commercial_partner_id", "=", vendor.id)])

    def _policy_proposers(self):
        return super()._policy_proposers() | self.policy_writer_ids

    def _policy_wanted(self):
        """Return {order: what would be signed} of those that are still written."""
        return {
            order: order._policy_signed_values()
            for order in self.sudo()
            if order.state in ("draft", "sent") and order.policy_governed
        }

    def _policy_note_writer(self, before):
        """Note who has changed what would be signed, beside who has created the order.

        :param before: as :meth:`_policy_wanted` has said.
        """
        for order, values in before.items():
            if order.create_uid != self.env.user and order._policy_signed_values() != values:
                order._policy_guarded_write({"policy_writer_ids": [(4, self.env.uid)]})

    def _policy_emergency(self):
        return self.policy_ticket_id.policy_emergency_id

    # === REQUEST AND DECISION === #

    @api.model
    def _policy_department_of(self, user, company):
        return user.sudo().with_company(company).employee_id.department_id

    def _policy_submit(self):
        for order in self:
            if order.state not in ("draft", "sent"):
                raise UserError(
                    self.env._(
                        "%(order)s is no request for quotation: there is nothing to approve.",
                        order=order.display_name,
                    )
                )
            department = self._policy_department_of(self.env.user, order.company_id)
            order.sudo()._policy_guarded_write(
                {
                    "policy_department_id": department.id,
                    "policy_signed_dates": order._policy_dates(),
                }
            )
        return super()._policy_submit()

    def _policy_on_approved(self):
        self._policy_note_decision(self.env._("approved"))

    def _policy_on_rejected(self):
        self._policy_note_decision(self.env._("rejected"))

    def _policy_note_decision(self, outcome):
        for order in self:
            # What an emergency team has ordered is ratified with its emergency.
            approval = order._policy_deciding_request()
            decision = approval.decision_ids[-1:]
            order._message_log(
                body=self.env._(
                    "%(clause)s: purchase of %(amount)s %(outcome)s by %(user)s. %(comment)s",
                    clause=approval.clause_id._policy_citation(),
                    amount=order.currency_id.format(order._policy_approval_amount()),
                    outcome=outcome,
                    user=decision._policy_signer_words(),
                    comment=decision.comment or "",
                )
            )

    def _policy_deciding_request(self):
        """Return the request that decides on this order: its own, or that of its emergency."""
        source = self.policy_emergency_id if self._policy_by_emergency() else self
        return source.policy_approval_id

    def _policy_by_emergency(self):
        """Return whether it is ordered, or refused, with its emergency and not by a request.

        What an emergency team has ordered is ratified with its emergency. Where that was refused,
        the order is submitted anew: from then on its own request counts.
        """
        emergency, own = self.policy_emergency_id, self.policy_approval_id
        refused = emergency.policy_approval_state == "rejected"
        return bool(emergency) and not (refused and own.id > emergency.policy_approval_id.id)
