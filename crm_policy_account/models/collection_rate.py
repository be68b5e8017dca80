from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crm_policy.const import UNHEARD_OUTCOMES

KINDS = ("complaint", "conflict")
RATES = {"raw_rate": "due", "official_rate": "undisputed"}


class CrmPolicyCollectionRate(models.Model):
    """What was due, what of it is in dispute, and what was collected (RET-ACC-03, E.27).

    The open receivables of the goods of a complaint are taken out before the bonus is computed. One
    line per invoice that the user may read; a credit note counts with the invoice it corrects. That
    a line is disputed says nothing of the case, so all cases count, those that are hidden too.
    """

    _name = "crm.policy.collection.rate"
    _description = "Collection Rate"
    _auto = False
    _rec_name = "move_id"
    _order = "due_on desc, id desc"
    _depends = {
        "account.move": [
            "amount_residual_signed",
            "amount_total",
            "amount_total_signed",
            "commercial_partner_id",
            "company_id",
            "invoice_date",
            "invoice_date_due",
            "invoice_origin",
            "invoice_user_id",
            "move_type",
            "name",
            "payment_reference",
            "ref",
            "reversed_entry_id",
            "state",
        ],
        "account.move.line": ["display_type", "move_id", "name", "price_total", "product_id"],
        "helpdesk.ticket": [
            "commercial_partner_id",
            "company_id",
            "policy_accepted_at",
            "policy_closed_at",
            "policy_item_ref",
            "policy_kind",
            "policy_order_ref",
            "policy_outcome",
        ],
        "product.product": ["default_code"],
    }

    move_id = fields.Many2one("account.move", string="Invoice", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Sales Representative", readonly=True)
    due_on = fields.Date(readonly=True)
    due = fields.Monetary(
        string="Amount Due", readonly=True, help="Tax included, in the currency of the company."
    )
    disputed = fields.Monetary(
        readonly=True, help="Open receivables of goods that a customer complains about."
    )
    undisputed = fields.Monetary(string="Due without Disputed", readonly=True)
    collected = fields.Monetary(readonly=True)
    disputed_items = fields.Char(readonly=True)
    raw_rate = fields.Float(
        readonly=True, aggregator="avg", help="Collected ÷ due. Empty where nothing was due."
    )
    official_rate = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Collected ÷ (due − disputed), at most 100 %. It counts for the bonus. Empty where "
        "nothing was due.",
    )

    # === SQL === #

    @property
    def _table_query(self):
        moves = self.env["account.move"]._search(
            Domain("move_type", "in", ["out_invoice", "out_refund"])
            & Domain("state", "=", "posted")
            & Domain("invoice_date_due", "!=", False)
        )
        return SQL(
            """
            SELECT facts.*,
                   facts.due - facts.disputed AS undisputed,
                   %(raw)s AS raw_rate,
                   %(official)s AS official_rate
              FROM (
                SELECT move.id,
                       move.id AS move_id,
                       move.company_id,
                       move.commercial_partner_id AS partner_id,
                       COALESCE(move.invoice_user_id, origin.invoice_user_id) AS user_id,
                       COALESCE(origin.invoice_date_due, move.invoice_date_due) AS due_on,
                       move.amount_total_signed AS due,
                       move.amount_total_signed - move.amount_residual_signed AS collected,
                       CASE WHEN disputed.move_id IS NULL THEN 0 ELSE LEAST(
                           disputed.amount * move.amount_total_signed
                           / NULLIF(move.amount_total, 0),
                           move.amount_residual_signed
                       ) END AS disputed,
                       disputed.items AS disputed_items
                  FROM account_move move
                  LEFT JOIN account_move origin ON origin.id = move.reversed_entry_id
                  LEFT JOIN (%(disputed)s) disputed ON disputed.move_id = move.id
                 WHERE move.id IN %(moves)s
              ) facts
            """,
            disputed=self._policy_disputed(),
            moves=moves.subselect(),
            raw=self._policy_rate(SQL("facts.collected"), SQL("facts.due")),
            official=self._policy_rate(SQL("facts.collected"), SQL("(facts.due - facts.disputed)")),
        )

    def _policy_disputed(self):
        """Return the statement of the amounts in dispute: (move_id, amount, items).

        A line is in dispute once, however many customers' cases name it.
        """
        return SQL(
            """
            SELECT line.move_id,
                   SUM(line.price_total) AS amount,
                   STRING_AGG(DISTINCT line.item, ', ') AS items
              FROM (
                SELECT line.id,
                       line.move_id,
                       line.price_total,
                       COALESCE(MIN(product.default_code), MIN(ticket.policy_item_ref)) AS item
                  FROM helpdesk_ticket ticket
                  JOIN account_move move
                    ON move.commercial_partner_id = ticket.commercial_partner_id
                   AND move.company_id = ticket.company_id
                   AND TRIM(ticket.policy_order_ref) IN (
                       move.name, move.ref, move.payment_reference, move.invoice_origin
                   )
                  JOIN account_move_line line
                    ON line.move_id = move.id AND line.display_type = 'product'
                  LEFT JOIN product_product product ON product.id = line.product_id
                 WHERE ticket.policy_kind IN %(kinds)s
                   AND ticket.policy_accepted_at IS NOT NULL
                   AND ticket.policy_closed_at IS NULL
                   AND COALESCE(ticket.policy_outcome, '') NOT IN %(ended)s
                   AND move.state = 'posted'
                   AND move.move_type = 'out_invoice'
                   AND move.amount_residual_signed > 0
                   AND (
                       COALESCE(TRIM(ticket.policy_item_ref), '') = ''
                       OR product.default_code = TRIM(ticket.policy_item_ref)
                       OR POSITION(TRIM(ticket.policy_item_ref) IN line.name) > 0
                   )
                 GROUP BY line.id
              ) line
             GROUP BY line.move_id
            """,
            kinds=KINDS,
            ended=UNHEARD_OUTCOMES,
        )

    @api.model
    def _policy_rate(self, collected, base):
        """Return the statement of a rate: at most 1, and no value where nothing was due."""
        return SQL(
            "CASE WHEN %(base)s > 0 THEN LEAST(%(collected)s / %(base)s, 1) END",
            collected=collected,
            base=base,
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """Rates of a group are those of its sums, not the average of its lines."""
        name = aggregate_spec.partition(":")[0]
        if name not in RATES:
            return super()._read_group_select(aggregate_spec, query)
        return self._policy_rate(
            SQL("SUM(%s)", self._field_to_sql(self._table, "collected", query)),
            SQL("SUM(%s)", self._field_to_sql(self._table, RATES[name], query)),
        )
