from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import AMOUNT_CEILING


class CrmPolicyAllowance(models.Model):
    """An allowance: signed in the house, sealed by the customer, booked (RET-ALW-01)."""

    _name = "crm.policy.allowance"
    _description = "Allowance Certificate"
    _inherit = ["crm.policy.sealed.paper", "crm.policy.goods.document"]
    _policy_scans = "seal_attachment_ids"

    _policy_numbers = "AL-YYYY-NNNN"
    _policy_kinds = ("allowance", "compensation")
    _policy_signed_names = ("reason", "invoice_ref", "item_ref", "quantity", "price_unit",
                            "amount", "tax_amount")  # fmt: skip
    _policy_needed_names = ("reason", "invoice_ref")
    _policy_measures = ("quantity", "price_unit", "amount", "tax_amount")
    _policy_order_of_facts = {
        "policy_approved_at": (),
        "policy_sealed_at": ("policy_approved_at",),
        "policy_handed_at": ("policy_sealed_at",),
        "policy_booked_at": ("policy_handed_at",),
    }
    _policy_final_fact = "policy_booked_at"

    invoice_ref = fields.Char(string="Invoice No.")
    price_unit = fields.Float(
        string="Unit Price",
        digits=(16, 4),
        compute="_compute_from_remedy",
        store=True,
        readonly=False,
        precompute=True,
        help="Without tax.",
    )
    amount = fields.Monetary(
        compute="_compute_from_remedy",
        store=True,
        readonly=False,
        precompute=True,
        help="Tax included (T8). At most what was decided.",
    )
    tax_amount = fields.Monetary(
        string="Tax in It",
        compute="_compute_from_remedy",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount_untaxed = fields.Monetary(string="Without Tax", compute="_compute_amount_untaxed")
    seal_attachment_ids = fields.Many2many(
        "ir.attachment",
        string="Sealed Certificate",
        copy=False,
        ondelete="restrict",
        help="Scan of the certificate with the seal of the customer.",
    )
    policy_sealed_at = fields.Datetime(
        string="Sealed by the Customer At", readonly=True, copy=False
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("signing", "Being Signed"),
            ("signed", "Signed in the House"),
            ("sealed", "Sealed by the Customer"),
            ("accounting", "With Accounting"),
            ("booked", "Booked"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )

    _remedy_uniq = models.UniqueIndex(
        "(remedy_id) WHERE cancelled_at IS NULL",
        "A remedy has one allowance certificate at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends("remedy_id")
    def _compute_from_remedy(self):
        result = super()._compute_from_remedy()
        for allowance in self:
            remedy = allowance.remedy_id
            allowance.price_unit = remedy.price_unit
            allowance.amount, allowance.tax_amount = remedy.amount, remedy.tax_amount
        return result

    @api.depends("amount", "tax_amount")
    def _compute_amount_untaxed(self):
        for allowance in self:
            allowance.amount_untaxed = allowance.amount - allowance.tax_amount

    @api.depends(
        "policy_approval_state",
        "policy_approved_at",
        "policy_sealed_at",
        "policy_handed_at",
        "policy_booked_at",
        "cancelled_at",
    )
    def _compute_state(self):
        for allowance in self:
            allowance.state = (
                (allowance.cancelled_at and "cancelled")
                or (allowance.policy_booked_at and "booked")
                or (allowance.policy_handed_at and "accounting")
                or (allowance.policy_sealed_at and "sealed")
                or (allowance.policy_approved_at and "signed")
                or (allowance.policy_approval_state == "pending" and "signing")
                or "draft"
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("amount", "tax_amount", "remedy_id")
    def _check_amount(self):
        for allowance in self.sudo():
            currency = allowance.currency_id
            decided = allowance.remedy_id._policy_decided_amount()
            if not 0 < allowance.amount < AMOUNT_CEILING or (
                currency.compare_amounts(allowance.amount, decided) > 0
            ):
                raise ValidationError(
                    self.env._(
                        "%(remedy)s: %(decided)s were decided; an allowance of %(amount)s is not "
                        "possible.",
                        remedy=allowance.remedy_id.display_name,
                        decided=currency.format(decided),
                        amount=currency.format(allowance.amount),
                    )
                )
            if not 0 <= allowance.tax_amount <= allowance.amount:
                raise ValidationError(
                    self.env._("The tax in an amount is neither negative nor more than the amount.")
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"state"}

    def write(self, vals):
        if "seal_attachment_ids" in vals and any(self.sudo().mapped("policy_sealed_at")):
            raise UserError(self.env._("What the customer has sealed stays as it is."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_policy_seal(self, at=None, reason=None):
        """Record that the customer has sealed the certificate; its scan is there."""
        self._policy_check_clerk()
        self.sudo()._policy_set_fact("policy_sealed_at", at, reason)
        for allowance in self.sudo():
            self.env["crm.policy.event"]._policy_log(
                "allowance.sealed", allowance, {"scans": allowance._policy_checksums()}
            )
        return True

    # === BUSINESS METHODS === #

    def _policy_papers_amount(self):
        return self.amount

    def _policy_approval_amount(self):
        return self.amount

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        if name == "policy_sealed_at" and not self.seal_attachment_ids:
            raise UserError(
                self.env._(
                    "%(document)s: attach the certificate with the seal of the customer.",
                    document=self.display_name,
                )
            )
        return result

    def _policy_copies(self):
        return [self.env._("Copy 1: Sales"), self.env._("Copy 2: Accounting")]
