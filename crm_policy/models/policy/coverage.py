from odoo import fields, models
from odoo.tools import SQL

COUNTS = ("rule_count", "hit_count", "recent_hit_count", "late_count", "violation_count")


class CrmPolicyCoverage(models.Model):
    """How far the written policy is carried out: a line for each clause with its numbers."""

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
                   AS is_heading, %s
              FROM crm_policy_clause clause %s
            """,
            SQL(", ").join(columns),
            SQL(" ").join(joins),
        )

    def action_policy_open(self):
        """Open the clause."""
        self.ensure_one()
        self.check_access("read")
        return self.clause_id.get_formview_action()
