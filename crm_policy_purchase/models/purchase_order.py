from odoo import api, fields, models
from odoo.fields import Domain

# In them the order binds the company, or waits for nothing but Odoo's own second validation.
CONFIRMED = ("to approve", "purchase")


class PurchaseOrder(models.Model):
    """An order that is signed before it is confirmed (AUT-MAT-04; 000 三(一), 004 三(一)).

    A company without a route for purchase orders in force buys as Odoo does.
    """

    _name = "purchase.order"
    _inherit = ["purchase.order", "crm.policy.purchase.gate", "crm.policy.purchase.hold"]

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
    policy_writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_purchase_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has changed it since it was created: none of them decides on it.",
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

    def _policy_guarded_fields(self):
        # Who could choose the department could choose who signs.
        own = {"policy_department_id", "policy_signed_dates", "policy_writer_ids"}
        return super()._policy_guarded_fields() | own

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.filtered(lambda order: order.state in CONFIRMED)._policy_check_signed()
        return orders

    def write(self, vals):
        before, wanted = self._policy_bought(), self._policy_wanted()
        state = vals.get("state")
        entering = self.browse()
        if state in CONFIRMED:
            entering = self.filtered(lambda order: order.state not in (state, "purchase"))
        result = super().write(vals)
        self._policy_check_bought(before)
        self._policy_note_writer(wanted)
        # After the write, which may have changed what was signed, too.
        entering._policy_check_signed()
        if state == "cancel":
            self._policy_lapse_live()
        return result

    def button_confirm(self):
        # Before Odoo tells the vendor's price list of it, or another add-on asks something.
        self.filtered(lambda order: order.state in ("draft", "sent"))._policy_refuse_unsigned()
        return super().button_confirm()
