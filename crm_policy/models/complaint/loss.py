from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.amounts import is_plausible

SALVAGE = "salvage_percent"  # the parameter of the clause on losses
NUMBERS = ("quantity", "unit_cost", "amount")


class CrmPolicyLoss(models.Model):
    """What a complaint has cost us, without VAT (CMP-LOSS-01).

    Returned goods cost what they cost to make, less what they are still worth; everything else is
    an amount. It can be put right until the case is decided.
    """

    _name = "crm.policy.loss"
    _description = "Loss of a Complaint"
    _inherit = ["crm.policy.blame.entry"]
    _policy_section = "loss"
    _order = "ticket_id, cycle, id"

    kind = fields.Selection(
        [
            ("return", "Returned Goods"),
            ("allowance", "Allowance"),
            ("compensation", "Compensation"),
            ("repair", "Repair"),
            ("freight", "Freight"),
            ("other", "Other"),
        ],
        required=True,
        default="return",
    )
    quantity = fields.Float(digits=(16, 2), help="Of returned goods.")
    unit_cost = fields.Monetary(help="What a piece costs to make, without VAT.")
    salvage_percent = fields.Float(
        string="Still Worth (%)",
        digits=(5, 2),
        readonly=True,
        copy=False,
        help="What returned goods are still worth; the policy of the case says it.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="Without VAT. Of returned goods: quantity × unit cost, less what they are still "
        "worth.",
    )
    remedy_id = fields.Many2one(
        "crm.policy.remedy",
        index="btree_not_null",
        ondelete="restrict",
        help="The remedy that has cost it.",
    )
    note = fields.Char(string="Remark")

    _not_negative = models.Constraint(
        "CHECK(amount >= 0 AND quantity >= 0 AND unit_cost >= 0)", "A loss is not negative."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "quantity", "unit_cost", "salvage_percent", "ticket_id")
    def _compute_amount(self):
        for line in self:
            if line.kind == "return":
                line.amount = line._policy_worth()

    @api.depends("kind", "amount")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for line in self:
            amount = line.currency_id.format(line.amount) if line.currency_id else ""
            line.display_name = f"{kinds.get(line.kind, '')} {amount}".strip()

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "quantity", "unit_cost", "amount", "ticket_id")
    def _check_amount(self):
        for line in self.sudo():
            if not is_plausible(line._policy_worth()):
                raise ValidationError(
                    self.env._("%(loss)s: so much cannot be meant.", loss=line.display_name)
                )
            if line.kind == "return" and line.currency_id.compare_amounts(
                line.amount, line._policy_worth()
            ):
                raise ValidationError(
                    self.env._(
                        "%(loss)s: what returned goods have cost follows from quantity and unit "
                        "cost: %(amount)s.",
                        loss=line.display_name,
                        amount=line.currency_id.format(line._policy_worth()),
                    )
                )
        for case in self.sudo().ticket_id:
            returned = case.policy_loss_ids.filtered(
                lambda line, case=case: line.kind == "return" and line.cycle == case.policy_cycle
            )
            quantity = sum(returned.mapped("quantity"))
            if case.policy_quantity and quantity > case.policy_quantity:
                raise ValidationError(
                    self.env._(
                        "%(case)s: %(quantity)g returned pieces are more than the %(delivered)g "
                        "that were delivered.",
                        case=case.display_name,
                        quantity=quantity,
                        delivered=case.policy_quantity,
                    )
                )

    @api.constrains("remedy_id", "ticket_id")
    def _check_remedy(self):
        for line in self.sudo():
            if line.remedy_id and line.remedy_id.ticket_id != line.ticket_id:
                raise ValidationError(
                    self.env._(
                        "%(loss)s: %(remedy)s belongs to another case.",
                        loss=line.display_name,
                        remedy=line.remedy_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"salvage_percent"}

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_numbers(vals_list)
        # What returned goods have cost is worked out, whatever was shown while it was typed.
        lines = super().create(
            [
                {name: value for name, value in vals.items() if name != "amount"}
                if vals.get("kind", "return") == "return"
                else vals
                for vals in vals_list
            ]
        )
        lines.sudo().ticket_id._policy_sum_losses()
        return lines

    def _policy_guarded_create(self, vals_list):
        cases = self.env["helpdesk.ticket"].sudo()
        return super()._policy_guarded_create(
            [
                {
                    "salvage_percent": cases.browse(vals.get("ticket_id"))._policy_parameter(
                        SALVAGE
                    ),
                    **vals,
                }
                for vals in vals_list
            ]
        )

    def write(self, vals):
        self._policy_check_numbers([vals])
        before = self.sudo().ticket_id
        result = super().write(vals)
        (before | self.sudo().ticket_id)._policy_sum_losses()
        return result

    def unlink(self):
        cases = self.sudo().ticket_id
        result = super().unlink()
        cases._policy_sum_losses()
        return result

    def _policy_check_numbers(self, vals_list):
        """Refuse an amount before rounding it and the database stumble over it."""
        for vals in vals_list:
            for name in NUMBERS:
                if name in vals and not is_plausible(vals[name]):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(amount)s cannot be meant.",
                            field=self._fields[name].get_description(self.env, ["string"])[
                                "string"
                            ],
                            amount=vals[name],
                        )
                    )

    def _policy_entry_payload(self):
        return {
            "kind": self.kind,
            "quantity": self.quantity,
            "unit_cost": self.unit_cost,
            "amount": self.amount,
        }

    # === BUSINESS METHODS === #

    def _policy_worth(self):
        """Return what returned goods have cost: quantity × cost × (1 - what they are worth)."""
        percent = self.salvage_percent
        if not self._origin:  # while it is typed
            percent = self.ticket_id._policy_parameter(SALVAGE)
        worth = self.quantity * self.unit_cost * (100 - percent) / 100
        return self.currency_id.round(worth) if self.currency_id else worth

    # === INTO ANOTHER CASE === #

    def _policy_move_to(self, into):
        """Let the losses be those of ``into``; as superuser. Remedies stay with their case."""
        if not self:
            return
        self._policy_guarded_write(
            {"ticket_id": into.id, "cycle": into.policy_cycle, "remedy_id": False}
        )
        self._policy_entry_written("written")
