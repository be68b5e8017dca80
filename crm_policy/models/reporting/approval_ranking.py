from odoo import fields, models
from odoo.tools import SQL

from ...const import SUBJECTS
from ...tools.zones import company_zone

EPOCH_OF = "EXTRACT(EPOCH FROM %s)::bigint"


class CrmPolicyApprovalRanking(models.Model):
    """How long decisions take and how much money waits for them: a row for each, as it is now.

    What was decided stands under the person who signed; what waits, under the only one who may
    decide, or under the role where several may.
    """

    _name = "crm.policy.approval.ranking"
    _description = "Approval Times and Money Waiting"
    _auto = False
    _order = "opened_at desc, id desc"
    _rec_name = "approval_id"

    approval_id = fields.Many2one("crm.policy.approval", string="Request", readonly=True)
    kind = fields.Selection(
        [("decided", "Signed Off"), ("waiting", "Waiting")], string="Where It Stands", readonly=True
    )
    outcome = fields.Selection(
        [("approved", "Approved"), ("rejected", "Rejected"), ("returned", "Returned")],
        readonly=True,
    )
    role_id = fields.Many2one("crm.policy.role", readonly=True)
    user_id = fields.Many2one("res.users", string="Person", readonly=True)
    requester_id = fields.Many2one("res.users", readonly=True)
    subject = fields.Selection(
        SUBJECTS, string="Business Type", readonly=True
    )  # of a list: what a function returns is not translated
    clause_id = fields.Many2one("crm.policy.clause", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    opened_at = fields.Datetime(string="Asked to Decide At", readonly=True)
    decided_at = fields.Datetime(readonly=True)
    waited_hours = fields.Float(
        string="Hours of Work", readonly=True, aggregator="avg", digits=(12, 1),
        help="From being asked to the decision, or to this moment, in the company's working time.",
    )  # fmt: skip
    longest_hours = fields.Float(
        string="Longest Working Hours", readonly=True, aggregator="max", digits=(12, 1)
    )
    amount = fields.Monetary(
        readonly=True,
        help="In the currency of the company, at the rate of the day on which it was submitted.",
    )

    def action_policy_open_approval(self):
        """Open the request of a row."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.policy.approval",
            "res_id": self.approval_id.id,
            "views": [(False, "form")],
        }

    # === DATABASE === #

    @property
    def _table_query(self):
        self.env.flush_all()
        now = fields.Datetime.now()
        since, until = SQL("line.opened_at"), SQL("COALESCE(line.decided_at, %s)", now)
        waited = SQL(
            "GREATEST(0, %s - %s) / 3600.0", self._policy_worked(until), self._policy_worked(since)
        )
        return SQL(
            """
            WITH clock AS (%(clock)s),
            line AS (
                SELECT signature.id, 'decided' AS kind, signature.outcome, signature.step_id,
                       COALESCE(signature.on_behalf_of_id, signature.user_id) AS user_id,
                       signature.decided_at, step.opened_at, step.role_id, step.approval_id
                  FROM crm_policy_decision signature
                  JOIN crm_policy_approval_step step ON step.id = signature.step_id
                 WHERE signature.outcome IN ('approved', 'rejected', 'returned')
                UNION ALL
                SELECT -step.id, 'waiting', NULL, step.id, step.user_id, NULL, step.opened_at,
                       step.role_id, step.approval_id
                  FROM crm_policy_approval_step step
                 WHERE step.state = 'pending'
            )
            SELECT line.id, line.kind, line.outcome, line.user_id, line.role_id, line.opened_at,
                   line.decided_at, approval.id AS approval_id, approval.subject,
                   approval.clause_id, approval.requester_id, approval.company_id,
                   company.currency_id, %(waited)s AS waited_hours, %(waited)s AS longest_hours,
                   approval.amount * %(rate)s AS amount
              FROM line
              JOIN crm_policy_approval approval ON approval.id = line.approval_id
              JOIN res_company company ON company.id = approval.company_id
              JOIN clock ON clock.company_id = approval.company_id
            """,
            clock=self._policy_clocks(),
            waited=waited,
            rate=self._policy_rate(),
        )

    def _policy_clocks(self):
        """Return SELECTs of (company_id, zone, starts, stops, done): how each company works."""
        this_year = fields.Date.today().year
        [[first]] = self.env.execute_query(
            SQL(
                "SELECT COALESCE(EXTRACT(YEAR FROM MIN(opened_at))::int, %s)"
                " FROM crm_policy_approval_step",
                this_year,
            )
        )
        rows = []
        for company in self.env.companies:
            calendar = company.resource_calendar_id.sudo()
            plain = calendar and not calendar.flexible_hours
            index = (
                calendar.with_company(company)._policy_work_index(first, this_year + 1)
                if plain
                else ([], [], [])
            )
            rows.append(
                SQL(
                    "SELECT %s AS company_id, %s AS zone, %s::bigint[] AS starts,"
                    " %s::bigint[] AS stops, %s::bigint[] AS done",
                    company.id,
                    company_zone(company.sudo()).key,
                    *map(list, index),
                )
            )
        return SQL(" UNION ALL ").join(rows)

    @staticmethod
    def _policy_worked(moment):
        """Return the seconds worked before ``moment``, an SQL timestamp, on the row's clock."""
        at = SQL(EPOCH_OF, moment)
        place = SQL("width_bucket(%s, clock.starts)", at)
        return SQL(
            "COALESCE(clock.done[%s] - GREATEST(0, clock.stops[%s] - %s), 0)", place, place, at
        )

    @staticmethod
    def _policy_rate():
        """Return what one unit of the request's currency is worth in that of its company."""

        def rate(currency):
            return SQL(
                """
                COALESCE((SELECT rate.rate FROM res_currency_rate rate
                           WHERE rate.currency_id = %s
                             AND rate.name <= (approval.requested_at AT TIME ZONE 'UTC'
                                                AT TIME ZONE clock.zone)::date
                             AND (rate.company_id IS NULL
                                  OR rate.company_id = COALESCE(
                                      SPLIT_PART(company.parent_path, '/', 1)::int, company.id))
                        ORDER BY rate.company_id, rate.name DESC LIMIT 1), 1.0)
                """,
                SQL(currency),
            )

        return SQL(
            "CASE WHEN approval.currency_id IS NULL OR approval.currency_id = company.currency_id"
            " THEN 1.0 ELSE %s / %s END",
            rate("company.currency_id"),
            rate("approval.currency_id"),
        )
