from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.zones import local_day

NEED = "receipt"
# The number of the policy that says how long a customer has to inspect what he has received.
DAYS = "receipt_check_days"


class CrmPolicyCaseReceipt(models.AbstractModel):
    """Goods that the customer inspects on receipt, and reports damaged in time (CMP-RTE-13).

    What comes later is taken in like any other complaint; but before it is decided somebody says
    why it counts all the same: the carrier answers for what was reported in time.
    """

    _name = "crm.policy.case.receipt"
    _description = "Case about Goods Inspected on Receipt"

    policy_goods_received_on = fields.Date(
        string="Goods Received On",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="When the customer has taken over the goods from the carrier.",
    )
    policy_receipt_report_by = fields.Date(
        string="To Be Reported By",
        compute="_compute_policy_receipt",
        groups="base.group_user",
        help="The customer inspects the goods on receipt and reports damage by this day.",
    )
    policy_receipt_is_late = fields.Boolean(
        string="Damage Reported Late", compute="_compute_policy_receipt", groups="base.group_user"
    )
    policy_receipt_late_reason = fields.Text(
        string="Why the Late Report Counts", copy=False, groups="base.group_user"
    )
    policy_needs_receipt = fields.Boolean(
        compute="_compute_policy_needs_receipt", groups="base.group_user"
    )

    @api.depends("policy_version_id", "policy_complaint_type_id", "policy_kind")
    def _compute_policy_needs_receipt(self):
        for case in self:
            case.policy_needs_receipt = bool(case._policy_clause_of_need(NEED))

    @api.depends("policy_goods_received_on", "policy_intake_at", "policy_version_id")
    def _compute_policy_receipt(self):
        for case in self:
            received, days = case.policy_goods_received_on, case._policy_number_of(DAYS)
            # The day of the receipt is day 0 (T3); a policy without the number sets no limit.
            by = received + timedelta(days=days) if received and days else False
            reported = by and case._policy_reported_on()
            case.policy_receipt_report_by = by
            case.policy_receipt_is_late = bool(reported) and reported > by

    def _policy_reported_on(self):
        """Return the day on which the complaint came in, where the company is; None before."""
        if not self.policy_intake_at:
            return None
        return local_day(self.policy_intake_at, self.company_id)

    # === CONSTRAINT METHODS === #

    @api.constrains("policy_goods_received_on", "policy_shipped_on", "policy_intake_at")
    def _check_policy_goods_received(self):
        for case in self.sudo():
            received = case.policy_goods_received_on
            if not received:
                continue
            reported = case._policy_reported_on() or fields.Date.context_today(case)
            shipped = case.policy_shipped_on
            if received > reported or (shipped and received < shipped):
                raise ValidationError(
                    self.env._(
                        "%(field)s: %(day)s lies before the shipment or after the complaint.",
                        field=case._policy_label("policy_goods_received_on"),
                        day=fields.Date.to_string(received),
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _policy_needs(self):
        return {**super()._policy_needs(), NEED: "_policy_need_receipt"}

    def _policy_need_receipt(self):
        """Return what is missing: when the goods came, and of a late report why it counts."""
        missing = self._policy_lacking("policy_goods_received_on")
        if self.policy_receipt_is_late and not (self.policy_receipt_late_reason or "").strip():
            missing += [self._policy_label("policy_receipt_late_reason")]
        return missing
