from odoo import fields, models
from odoo.tools import SQL


class CrmPolicyStaffingReport(models.Model):
    """Planned and actual head count of each post, as it is now (ORG-HC-01, ORG-HC-02)."""

    _name = "crm.policy.staffing.report"
    _description = "Staffing"
    _auto = False
    _order = "role_id, department_id, id"
    _rec_name = "post_id"

    post_id = fields.Many2one("crm.policy.post", readonly=True)
    role_id = fields.Many2one("crm.policy.role", readonly=True)
    department_id = fields.Many2one("hr.department", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    clause_id = fields.Many2one("crm.policy.clause", readonly=True)
    planned = fields.Integer(string="Planned From", readonly=True)
    planned_max = fields.Integer(string="Planned To", readonly=True)
    actual = fields.Integer(readonly=True)
    deviation = fields.Integer(
        readonly=True, help="Below the plan: negative. Within the planned range: zero."
    )
    status = fields.Selection(
        [
            ("short", "Too Few"),
            ("met", "As Planned"),
            ("over", "Too Many"),
            ("unplanned", "No Plan"),
        ],
        readonly=True,
    )

    def action_policy_open_post(self):
        """Open the post, where its plan and its holders are kept."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.policy.post",
            "res_id": self.post_id.id,
            "views": [(False, "form")],
        }

    @property
    def _table_query(self):
        # Who fills a post is known to the roles only; there are some dozens of posts.
        posts = (
            self.env["crm.policy.post"]
            .sudo()
            .search([("company_id", "in", self.env.companies.ids)])
        )
        counts = posts._policy_head_count()
        rows = []
        for post in posts:
            low, high, actual = counts[post.id]
            planned = bool(post.planned or post.planned_max or post.plan_per)
            deviation = min(actual - low, 0) or max(actual - high, 0) if planned else 0
            status = "short" if deviation < 0 else "over" if deviation else "met"
            rows.append(
                (
                    post.id,
                    post.role_id.id,
                    post.department_id.id or None,
                    post.company_id.id,
                    post.clause_id.id or None,
                    low,
                    high,
                    actual,
                    deviation,
                    status if planned else "unplanned",
                )
            )
        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(10)]
        return SQL(
            """
            SELECT id, id AS post_id, role_id, department_id, company_id, clause_id,
                   planned, planned_max, actual, deviation, status
              FROM UNNEST(%s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
                          %s::int[], %s::int[], %s::int[], %s::varchar[])
                AS row(id, role_id, department_id, company_id, clause_id,
                       planned, planned_max, actual, deviation, status)
            """,
            *columns,
        )
