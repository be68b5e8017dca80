from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import EVIDENCES, SAMPLES
from ...tools.cell_values import FIRST_YEAR, LAST_YEAR
from ...tools.zones import local_day
from ...words import list_words

# In the order in which they can only happen; what is past when somebody complains of it.
DAYS = ("policy_ordered_on", "policy_shipped_on", "policy_occurred_on")
MEASURES = (
    "policy_cleared_quantity",
    "policy_price_unit",
    "policy_tax_percent",
    "policy_sample_quantity",
)
# Of what the ceiling is made.
PRICED = frozenset(
    {
        "policy_quantity",
        "policy_cleared_quantity",
        "policy_quantity_undetermined",
        "policy_price_unit",
        "policy_tax_percent",
    }
)


class CrmPolicyCaseProduct(models.AbstractModel):
    """What is complained about: the goods, the sample, where it happened (CMP-INT-01, -02, -06).

    While nobody can tell how much is affected, the case may cost as much as its ceiling (corr. 8).
    """

    _name = "crm.policy.case.product"
    _description = "Goods of a Case"

    # Of the ticket; its own definition stays as it is.
    policy_currency_id = fields.Many2one("res.currency")
    policy_ordered_on = fields.Date(string="Ordered On")
    policy_cleared_quantity = fields.Float(
        string="Cleared Quantity",
        digits=(16, 2),
        copy=False,
        help="Of the quantity delivered: what was examined or used and is sound.",
    )
    policy_price_unit = fields.Float(
        string="Unit Price", digits=(16, 4), help="Without tax, in the currency of the case."
    )
    policy_tax_percent = fields.Float(string="Tax (%)", digits=(5, 2))
    policy_ceiling_amount = fields.Monetary(
        string="Ceiling",
        currency_field="policy_currency_id",
        compute="_compute_policy_ceiling_amount",
        help="What the case can cost at most, tax included: the quantity delivered and not yet "
        "cleared, at its price.",
    )
    policy_sample = fields.Selection(SAMPLES, string="Sample", copy=False, tracking=True)
    policy_sample_quantity = fields.Float(
        string="Quantity of the Sample", digits=(16, 2), copy=False
    )
    policy_sample_note = fields.Char(
        string="Note on the Sample", copy=False, help="What it shows; or why there is none."
    )
    policy_evidence = fields.Selection(EVIDENCES, string="Evidence", copy=False)
    policy_place = fields.Char(string="Place", help="Where it happened.")
    policy_sales_opinion = fields.Text(string="Opinion of the Salesperson", copy=False)

    # === COMPUTE METHODS === #

    @api.depends(*PRICED, "policy_currency_id")
    def _compute_policy_ceiling_amount(self):
        for case in self:
            known = case.policy_quantity and case.policy_price_unit
            case.policy_ceiling_amount = case._policy_ceiling() if known else 0.0

    # === CONSTRAINT METHODS === #

    @api.constrains(*DAYS)
    def _check_policy_days(self):
        now = fields.Datetime.now()
        for case in self:
            today = local_day(now, case.company_id or self.env.company)
            for name in DAYS:
                day = case[name]
                if day and not (FIRST_YEAR <= day.year <= LAST_YEAR and day <= today):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(day)s cannot be meant; it lies in the past.",
                            field=case._policy_label(name),
                            day=day,
                        )
                    )
            ordered, shipped = case.policy_ordered_on, case.policy_shipped_on
            if ordered and shipped and shipped < ordered:
                raise ValidationError(
                    self.env._(
                        "Nothing is shipped before it is ordered: ordered on %(ordered)s, shipped "
                        "on %(shipped)s.",
                        ordered=ordered,
                        shipped=shipped,
                    )
                )
            occurred = case.policy_occurred_on
            if ordered and occurred and occurred < ordered:
                raise ValidationError(
                    self.env._(
                        "%(field)s: %(day)s lies before the order of %(ordered)s.",
                        field=case._policy_label("policy_occurred_on"),
                        day=occurred,
                        ordered=ordered,
                    )
                )

    @api.constrains("policy_quantity", *MEASURES)
    def _check_policy_goods(self):
        for case in self:
            if case.policy_cleared_quantity > case.policy_quantity:
                raise ValidationError(
                    self.env._("The cleared quantity exceeds the quantity delivered.")
                )
            if case.policy_tax_percent > 100:
                raise ValidationError(
                    self.env._(
                        "%(field)s: %(amount)s cannot be meant.",
                        field=case._policy_label("policy_tax_percent"),
                        amount=case.policy_tax_percent,
                    )
                )

    # === CRUD METHODS === #

    def _policy_measures(self):
        return (*super()._policy_measures(), *MEASURES)

    @api.model
    def _policy_decided_names(self):
        return super()._policy_decided_names() | PRICED

    # === BUSINESS METHODS === #

    def _policy_fill_problems(self, section):
        problems = super()._policy_fill_problems(section)
        if section == "quantity" and self.policy_quantity_undetermined:
            problems.append(
                self.env._(
                    "The quantity affected is not determined yet; it is entered by: %(users)s.",
                    users=list_words(self.env, self.sudo().user_id.mapped("name"))
                    or self.env._("the handler of the case"),
                )
            )
        return problems

    def _policy_ceiling(self, basis="included"):
        """Return what the case can cost at most: delivered and not yet cleared, at its price.

        :param str basis: "included" or "excluded", whether tax counts, as AMOUNT_BASES has it.
        :return: in the currency of the case, rounded half up.
        :raises ValidationError: quantity or price are not known; names them.
        """
        self.ensure_one()
        names = ("policy_quantity", "policy_price_unit")
        missing = [self._policy_label(name) for name in names if not self[name]]
        if missing:
            raise ValidationError(
                self.env._(
                    "%(case)s: what it can cost at most is not known without: %(fields)s.",
                    case=self.display_name,
                    fields=list_words(self.env, missing),
                )
            )
        currency = self.policy_currency_id
        uncleared = self.policy_quantity - self.policy_cleared_quantity
        net = currency.round(uncleared * self.policy_price_unit)
        tax = currency.round(net * self.policy_tax_percent / 100)
        return net if basis == "excluded" else currency.round(net + tax)
