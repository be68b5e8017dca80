from odoo import api, fields, models
from odoo.tools import SQL

COUNTS = ("rule_count", "hit_count", "recent_hit_count", "late_count", "violation_count")


class CrmPolicyCoverage(models.Model):
    """How far the written policy is carried out: a line for each clause with its numbers.

    A text is signed as a whole: the signatures are those of the version, on each of its clauses.
    """

    _name = "crm.policy.coverage"
    _description = "Policy Coverage"
    _auto = False
    _order = "version_id, sequence, id"
    _rec_name = "clause_id"

    clause_id = fields.Many2one("crm.policy.clause", readonly=True)
    number = fields.Char(readonly=True)
    sequence = fields.Integer(readonly=True)
    parent_id = fields.Many2one("crm.policy.clause", string="Chapter", readonly=True)
    version_id = fields.Many2one("crm.policy.version", string="Policy Version", readonly=True)
    policy_id = fields.Many2one("crm.policy", readonly=True)
    version_state = fields.Selection(related="version_id.state")
    company_id = fields.Many2one("res.company", readonly=True)
    is_heading = fields.Boolean(
        string="Heading", readonly=True, help="Clauses stand below it; they say what is to do."
    )
    rule_count = fields.Integer(string="Rules", readonly=True)
    hit_count = fields.Integer(string="Hits", readonly=True)
    recent_hit_count = fields.Integer(
        string="Recent Hits",
        readonly=True,
        help="Hits in the last days; how many of them is set in the company.",
    )
    late_count = fields.Integer(string="Late or Overdue", readonly=True)
    violation_count = fields.Integer(string="Violations", readonly=True)
    finding_count = fields.Integer(string="Findings", readonly=True)
    sign_count = fields.Integer(
        string="To Sign",
        readonly=True,
        aggregator="max",
        help="Who is asked to sign the version and still works here.",
    )
    signed_count = fields.Integer(string="Signed", readonly=True, aggregator="max")
    signed_late_count = fields.Integer(
        string="Signed Late",
        readonly=True,
        aggregator="max",
        help="How many of the signatures came after their day.",
    )
    unsigned_count = fields.Integer(string="Not Signed", readonly=True, aggregator="max")

    @property
    def _table_query(self):
        clauses = self.env["crm.policy.clause"]
        queries = clauses._policy_count_queries()
        queries["finding_count"] = clauses._policy_clauses_of("crm.policy.finding")
        columns, joins = [], []
        for name in (*COUNTS, "finding_count"):
            alias = SQL.identifier(name)
            if name not in queries:
                columns.append(SQL("0 AS %s", alias))
                continue
            columns.append(SQL("COALESCE(%s.number, 0)::int AS %s", alias, alias))
            joins.append(
                SQL(
                    "LEFT JOIN (SELECT clause_id, count(*) AS number FROM (%s) AS thing"
                    " GROUP BY clause_id) AS %s ON %s.clause_id = clause.id",
                    queries[name],
                    alias,
                    alias,
                )
            )
        return SQL(
            """
            SELECT clause.id, clause.id AS clause_id, clause.number, clause.sequence,
                   clause.parent_id, clause.version_id, clause.policy_id, clause.company_id,
                   EXISTS (SELECT FROM crm_policy_clause below WHERE below.parent_id = clause.id)
                   AS is_heading, %s,
                   COALESCE(signature.asked, 0)::int AS sign_count,
                   COALESCE(signature.signed, 0)::int AS signed_count,
                   COALESCE(signature.late, 0)::int AS signed_late_count,
                   COALESCE(signature.asked - signature.signed, 0)::int AS unsigned_count
              FROM crm_policy_clause clause %s
              LEFT JOIN (%s) AS signature ON signature.version_id = clause.version_id
            """,
            SQL(", ").join(columns),
            SQL(" ").join(joins),
            self._policy_signatures_sql(),
        )

    @api.model
    def _policy_signatures_sql(self):
        """Return SELECT version_id, asked, signed, late: as the version counts them."""
        return SQL(
            """
            SELECT asked.version_id, count(*) AS asked,
                   count(*) FILTER (WHERE asked.state = 'signed') AS signed,
                   count(*) FILTER (
                       WHERE (asked.signed_at AT TIME ZONE 'UTC'
                              AT TIME ZONE COALESCE(calendar.tz, 'UTC'))::date > asked.due_on
                   ) AS late
              FROM crm_policy_acknowledgement asked
              JOIN res_users person ON person.id = asked.user_id AND person.active IS TRUE
              JOIN res_company company ON company.id = asked.company_id
              LEFT JOIN resource_calendar calendar ON calendar.id = company.resource_calendar_id
             WHERE asked.active IS TRUE
             GROUP BY asked.version_id
            """
        )

    def action_policy_open(self):
        """Open the clause."""
        self.ensure_one()
        self.check_access("read")
        return self.clause_id.get_formview_action()
