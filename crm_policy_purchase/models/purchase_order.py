from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crm_policy.exceptions import PolicyRefusal

# In them the order binds the company, or waits for nothing but Odoo's own second validation.
CONFIRMED = ("to approve", "purchase")


class PurchaseOrder(models.Model):
    """An order that is signed before it is confirmed (AUT-MAT-04; 000 三(一), 004 三(一)).

    A company without a route for purchase orders in force buys as Odoo does.
    """

    _name = "purchase.order"
    _inherit = ["purchase.order", "crm.policy.approvable"]
    _policy_counts_tax = True

    # Odoo translates the words of a selection with the module that has them.
    policy_approval_state = fields.Selection(
        selection_add=[
            ("none", "Not Submitted"),
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ]
    )
    policy_governed = fields.Boolean(string="Needs Signatures", compute="_compute_policy_governed")
    policy_department_id = fields.Many2one(
        "hr.department",
        string="Requesting Department",
        default=lambda self: self._policy_department_of(self.env.user, self.env.company),
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Of whoever asks for the purchase: its head signs first.",
    )
    policy_ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The case it is bought for. Its emergency team may order before the signatures.",
    )
    policy_requester_id = fields.Many2one(related="policy_approval_id.requester_id")
    policy_can_execute = fields.Boolean(
        string="May Be Ordered Before Approval", compute="_compute_policy_can_execute"
    )
    policy_signed_dates = fields.Json(string="Arrival as Signed", readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_policy_governed(self):
        for order in self:
            order.policy_governed = bool(order._policy_route())

    @api.depends(
        "state",
        "policy_approval_state",
        "policy_emergency_id",
        "policy_ticket_id.policy_emergency_id.state",
    )
    @api.depends_context("uid")
    def _compute_policy_can_execute(self):
        for order in self:
            emergency = order.sudo()._policy_emergency()
            order.policy_can_execute = (
                order.state in ("draft", "sent")
                and order.policy_approval_state in ("none", "pending")
                and not order.policy_emergency_id
                and emergency.state in ("activated", "acting")
                and emergency.is_member
            )

    # === APPROVAL === #

    def _policy_guarded_fields(self):
        # Who could choose the department could choose who signs.
        own = {"policy_department_id", "policy_signed_dates"}
        return super()._policy_guarded_fields() | own

    @api.model
    def _policy_department_of(self, user, company):
        return user.sudo().with_company(company).employee_id.department_id

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

    def _policy_dates(self):
        return [str(line.date_planned) for line in self._policy_goods()]

    def _policy_approval_barred_users(self):
        """Return the buyer, and whoever belongs to the vendor."""
        vendor = self.partner_id.commercial_partner_id
        Users = self.env["res.users"].sudo()
        return self.user_id | Users.search([("partner_id.commercial_partner_id", "=", vendor.id)])

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

    def _policy_emergency(self):
        return self.policy_ticket_id.policy_emergency_id

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

    # === WHO SEES IT === #

    def _check_access(self, operation):
        """Let whoever is asked to sign an order, or has signed it, read it.

        He may have no right in Purchase at all; an order must not get stuck on that.
        """
        result = super()._check_access(operation)
        if operation != "read" or not result or not any(self._ids):
            return result
        forbidden, error = result
        Approval = self.env["crm.policy.approval"]
        asked = Approval.sudo().search(
            Domain("res_model", "=", self._name)
            & Domain("res_id", "in", forbidden.ids)
            & Approval._policy_own_domain()
        )
        forbidden -= self.browse(asked.mapped("res_id"))
        return (forbidden, error) if forbidden else None

    def _policy_approval_action(self):
        """Open the order, or its form for signature for those who have no right in Purchase."""
        if self.browse().has_access("read"):
            return super()._policy_approval_action()
        report = self.env.ref("crm_policy_purchase.purchase_approval_report").sudo()
        return {**report.report_action(self, config=False), "report_type": "qweb-html"}

    def action_policy_open_request(self):
        """Open the request with its signatures."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.policy.approval",
            "res_id": self.policy_approval_id.id,
            "views": [(False, "form")],
        }

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.filtered(lambda order: order.state in CONFIRMED)._policy_check_signed()
        return orders

    def write(self, vals):
        before = self._policy_bought()
        state = vals.get("state")
        entering = self.browse()
        if state in CONFIRMED:
            entering = self.filtered(lambda order: order.state not in (state, "purchase"))
        result = super().write(vals)
        self._policy_check_bought(before)
        # After the write, which may have changed what was signed, too.
        entering._policy_check_signed()
        if state == "cancel":
            self._policy_lapse_live()
        return result

    def button_confirm(self):
        # Before Odoo tells the vendor's price list of it, or another add-on asks something.
        self.filtered(lambda order: order.state in ("draft", "sent"))._policy_refuse_unsigned()
        return super().button_confirm()

    # === BUSINESS METHODS === #

    def _policy_void_changed(self):
        """A confirmed order keeps what was signed; see :meth:`_policy_check_bought`."""
        open_orders = self.filtered(lambda order: order.state != "purchase")
        return super(PurchaseOrder, open_orders)._policy_void_changed()

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

    def _policy_check_signed(self):
        """Refuse to confirm what the policy in force wants signed, and is not; on trial, say so."""
        self._policy_refuse_unsigned()
        for order in self._policy_unsigned("trial"):
            order._policy_note_trial(order._policy_route().clause_id)

    def _policy_unsigned(self, enforcement):
        """Return those that a version of that ``enforcement`` wants signed, and are not."""
        return self.sudo().filtered(
            lambda order: (
                order._policy_route().version_id.enforcement == enforcement
                and not order._policy_is_signed()
            )
        )

    def _policy_refuse_unsigned(self):
        """Refuse to confirm what the policy in force wants signed, and is not.

        :raises PolicyRefusal: with clause, amount, who signs, and the button that asks for it.
        """
        unsigned = self._policy_unsigned("enforced")
        if not unsigned:
            return
        words = [order._policy_unsigned_words() for order in unsigned]
        asked = unsigned.filtered(lambda order: order.policy_approval_state == "pending")
        if asked == unsigned:
            raise PolicyRefusal("\n".join(words))
        raise PolicyRefusal(
            "\n".join(words),
            action={
                **self.env["ir.actions.actions"]._for_xml_id(
                    "crm_policy_purchase.purchase_order_submit_action"
                ),
                "context": {
                    "active_model": self._name,
                    "active_id": (unsigned - asked)[:1].id,
                    "active_ids": (unsigned - asked).ids,
                },
            },
            button=self.env._("Submit for Approval"),
        )

    def _policy_is_signed(self):
        """Return whether the signatures are there, and for these values."""
        if not self._policy_may_execute():
            return False
        return self._policy_by_emergency() or self._policy_is_as_asked()

    def _policy_note_trial(self, clause):
        """Say what would have been refused: the policy is on trial and warns only."""
        self.env["crm.policy.event"]._policy_log("purchase.unsigned", self, clause=clause)
        for order in self:
            order._message_log(
                body=self.env._(
                    "%(clause)s, on trial: this order lacks the signatures that it will need.",
                    clause=clause._policy_citation(),
                )
            )

    def _policy_unsigned_words(self):
        """Return the sentence of the refusal for one order."""
        approval, route = self.policy_approval_id, self._policy_route()
        told = {
            "clause": route.clause_id._policy_citation(),
            "order": self.name,
            "amount": self.currency_id.format(self._policy_approval_amount()),
        }
        if self.policy_approval_state == "pending":
            step = approval.step_ids.filtered(lambda line: line.state == "pending")[:1]
            return self.env._(
                "%(clause)s: %(order)s over %(amount)s is confirmed once it is signed. Next: "
                "%(role)s (%(people)s).",
                **told,
                role=step.display_name or "",
                people=", ".join(approval.eligible_user_ids.mapped("name")),
            )
        if self.policy_approval_state == "rejected":
            decision = self._policy_deciding_request().decision_ids[-1:]
            return self.env._(
                "%(clause)s: %(order)s over %(amount)s was rejected by %(user)s: %(comment)s "
                "Change it and submit it again.",
                **told,
                user=decision._policy_signer_words(),
                comment=decision.comment or "",
            )
        _clause, steps = self._policy_plan_steps(route)
        return self.env._(
            "%(clause)s: %(order)s over %(amount)s is confirmed once it is signed by %(posts)s. "
            "First: %(people)s.",
            **told,
            posts=" → ".join(step.role.name or step.team.name for step in steps),
            people=", ".join(self._policy_first_signers(route, steps[0]).mapped("name"))
            or self.env._("nobody yet"),
        )

    def _policy_first_signers(self, route, step):
        """Return who could sign first if the current user asked for it now."""
        Approval, nobody = self.env["crm.policy.approval"].sudo(), self.env["res.users"]
        amount = self._policy_approval_amount()
        place = Approval._policy_place_for(
            self, route, self.env.user, amount, step.role, step.team, nobody
        )
        return Approval._policy_can_now(*Approval._policy_seats([place]))
