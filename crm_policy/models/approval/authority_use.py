from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import FRONT_LINE, SUBJECTS
from ...tools.periods import period_bounds
from .approval_changes import as_rows, columns_of


class CrmPolicyAuthorityUse(models.Model):
    """What somebody has decided by his authority: what limits in total are counted from (D10).

    Written once, with the signature that completes a request or with a decision on one's own
    case. A row whose request has lapsed since does not count any more; one whose request is pending
    is being completed in this very transaction.
    """

    _name = "crm.policy.authority.use"
    _description = "Decided Amount"
    _inherit = ["crm.policy.gathered", "crm.policy.dependent"]
    _policy_document_mixin = "crm.policy.approvable"
    _order = "id desc"
    _rec_name = "subject"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    policy_id = fields.Many2one("crm.policy", required=True, readonly=True, ondelete="restrict")
    authority_id = fields.Many2one(
        "crm.policy.authority",
        string="Limit",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: a route of fixed signatures, which knows no limit.",
    )
    approval_id = fields.Many2one(
        "crm.policy.approval",
        string="Request",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: decided on one's own case.",
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    subject = fields.Selection(SUBJECTS, string="Business Type", readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Decided By", required=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="restrict"
    )
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    decided_on = fields.Date(required=True, readonly=True, help="The day where the company works.")

    _document_idx = models.Index("(res_model, res_id)")
    _approver_idx = models.Index("(user_id, decided_on)")
    _customer_idx = models.Index("(partner_id, decided_on)")

    @api.model
    def _policy_store(self, rows):
        # As with events: there is nothing that the ORM would add but its price.
        columns = columns_of(tuple(rows[0]))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_authority_use
                            (%(columns)s, create_uid, write_uid, create_date, write_date)
                     SELECT %(columns)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                       FROM jsonb_populate_recordset(NULL::crm_policy_authority_use, %(rows)s)
                            WITH ORDINALITY
                   ORDER BY ordinality
                """,
                columns=columns,
                uid=self.env.uid,
                now=self.env.cr.now(),
                rows=as_rows(rows),
            )
        )

    # === WHO SEES IT === #

    @api.model
    def _policy_own_domain(self):
        return Domain("user_id", "=", self.env.uid)

    # === BUSINESS METHODS === #

    @api.model
    def _policy_sums(self, line, users, partner):
        """Return what counts against a limit in total so far, in the currency of the limit.

        :param line: ``crm.policy.authority`` that has a limit in total.
        :param users: ``res.users`` who might decide next.
        :param partner: ``res.partner`` of the customer; empty where there is none.
        :rtype: dict[int, float]
        """
        first, last = period_bounds(line._policy_today(), line.cumulative_period)
        each_user = line.cumulative_per != "customer"
        conditions = [
            SQL("use.company_id = %s", line.company_id.id),
            SQL("use.policy_id = %s", line.version_id.policy_id.id),
            SQL("use.decided_on BETWEEN %s AND %s", first, last),
        ]
        if each_user:
            conditions.append(SQL("use.user_id = ANY(%s)", users.ids))
        if line.cumulative_per != "approver":
            conditions.append(SQL("use.partner_id = %s", partner.id or None))
        if line.subject:
            conditions.append(SQL("use.subject = %s", line.subject))
        elif elsewhere := line._policy_elsewhere():
            conditions.append(SQL("COALESCE(use.subject, '') <> ALL(%s)", sorted(elsewhere)))
        self._policy_write_gathered()
        self.flush_model()
        self.env["crm.policy.approval"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(user)s, use.currency_id,
                       CASE WHEN use.currency_id <> %(currency)s THEN use.decided_on END,
                       SUM(use.amount)
                  FROM crm_policy_authority_use use
             LEFT JOIN crm_policy_approval request ON request.id = use.approval_id
                 WHERE %(conditions)s
                   AND (request.id IS NULL OR request.state IN ('approved', 'pending'))
              GROUP BY 1, 2, 3
                """,
                user=SQL("use.user_id") if each_user else SQL("NULL::int"),
                currency=line.currency_id.id,
                conditions=SQL(" AND ").join(conditions),
            )
        )
        sums = defaultdict(float)
        for user_id, currency_id, day, amount in rows:
            currency = self.env["res.currency"].browse(currency_id)
            sums[user_id] += line._policy_in_own_currency(float(amount), currency, day)
        return {user_id: sums[user_id if each_user else None] for user_id in users.ids}

    @api.model
    def _policy_front_line_sums(self, partners, companies):
        """Return {(company id, customer id): what the front line has let him off this month}."""
        sums = {}
        for company in companies:
            day = self.env["crm.policy.authority"]._policy_day(company)
            first, last = period_bounds(day, "month")
            groups = self._read_group(
                [
                    ("company_id", "=", company.id),
                    ("partner_id", "in", partners.ids),
                    ("subject", "in", FRONT_LINE),
                    ("approval_id", "=", False),
                    ("decided_on", ">=", first),
                    ("decided_on", "<=", last),
                ],
                ["partner_id"],
                ["amount:sum"],
            )
            sums |= {(company.id, partner.id): amount for partner, amount in groups}
        return sums
