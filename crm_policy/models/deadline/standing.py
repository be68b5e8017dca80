from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import STANDINGS, codes_of
from ...tools.zones import day_end, to_local

# Of Odoo's palette, as everywhere: red late, amber due today, green met; grey is not due yet.
COLORS = {"overdue": 1, "late": 1, "today": 2, "met": 10}


class CrmPolicyStanding(models.AbstractModel):
    """Where a deadline stands now, and what it adds to the figures (mixin of deadlines).

    What a fault of the system made late adds nothing to them: it is neither late nor in time. While
    it is open it stands with what is due today, for it is still to be done.

    Nothing of it is stored: it follows from the clock on the wall. The database works it out where
    lists group and reports count, so that 300,000 deadlines need not be read for it.
    """

    _name = "crm.policy.standing"
    _description = "Standing of a Deadline"

    standing = fields.Selection(
        STANDINGS, compute="_compute_standing", search="_search_standing", string="Where It Stands"
    )
    color = fields.Integer(compute="_compute_standing")
    on_time = fields.Float(
        compute="_compute_standing",
        aggregator="avg",
        help="Share of what was done in time in all that is done or overdue.",
    )
    late_count = fields.Integer(
        string="Late or Overdue", compute="_compute_standing", aggregator="sum"
    )
    late_hours = fields.Float(
        string="Hours Late",
        compute="_compute_standing",
        aggregator="avg",
        help="Working hours between due and done, of those that are late.",
    )
    of_my_team = fields.Boolean(
        compute="_compute_of_my_team", search="_search_of_my_team", string="My Team's"
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "due_at", "paused_at", "lateness_seconds", "excluded")
    @api.depends_context("tz")
    def _compute_standing(self):
        now, today, week = self._policy_standing_edges()
        for deadline in self:
            standing = deadline.state
            if standing == "open":
                due = deadline.due_at
                if deadline.paused_at:
                    standing = "paused"
                elif due < now:
                    standing = "today" if deadline.excluded else "overdue"
                else:
                    standing = "today" if due <= today else "week" if due <= week else "later"
            deadline.standing = standing
            deadline.color = COLORS.get(standing, 0)
            deadline.on_time = standing == "met"
            counted = not deadline.excluded
            deadline.late_count = counted and standing in ("overdue", "late")
            deadline.late_hours = counted and deadline.lateness_seconds / 3600

    def _search_standing(self, operator, value):
        if operator != "in":
            return NotImplemented
        now, today, week = self._policy_standing_edges()
        running = Domain("state", "=", "open") & Domain("paused_at", "=", False)
        domains = {
            "paused": Domain("state", "=", "open") & Domain("paused_at", "!=", False),
            "overdue": running & Domain("due_at", "<", now) & Domain("excluded", "=", False),
            "today": running
            & (Domain("due_at", ">=", now) | Domain("excluded", "=", True))
            & Domain("due_at", "<=", today),
            "week": running
            & Domain("due_at", ">=", now)
            & Domain("due_at", ">", today)
            & Domain("due_at", "<=", week),
            "later": running & Domain("due_at", ">=", now) & Domain("due_at", ">", week),
        }
        return Domain.OR(
            domains.get(standing) or Domain("state", "=", standing)
            for standing in value
            if standing in codes_of(STANDINGS)
        )

    @api.depends_context("uid")
    @api.depends("user_id", "department_id")
    def _compute_of_my_team(self):
        mine = self.filtered_domain(self._policy_team_domain())
        for deadline in self:
            deadline.of_my_team = deadline in mine

    def _search_of_my_team(self, operator, value):
        return self._policy_team_domain() if operator == "in" else NotImplemented

    # === BUSINESS METHODS === #

    @api.model
    def _policy_team_domain(self):
        """Return the deadlines of the user's team mates, and of the departments he works for.

        By the department come those that nobody has taken yet. What he may not see stays hidden:
        a domain only narrows.
        """
        user = self.env.user.sudo()
        departments = user.policy_department_ids | user.employee_ids.department_id
        return Domain("user_id", "in", user._policy_mates().ids) | Domain(
            "department_id", "in", departments.ids
        )

    @api.model
    def _policy_standing_edges(self):
        """Return now, the end of the user's day and of his week, naive UTC."""
        now = fields.Datetime.now()
        zone = ZoneInfo(self.env.tz.zone)
        today = to_local(now, zone).date()
        sunday = today + timedelta(days=6 - today.weekday())
        return now, day_end(today, zone), day_end(sunday, zone)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr not in ("standing", "on_time", "late_count", "late_hours"):
            return super()._field_to_sql(alias, field_expr, query)
        now, today, week = self._policy_standing_edges()
        columns = {
            name: super(CrmPolicyStanding, self)._field_to_sql(alias, name, query)
            for name in ("state", "due_at", "paused_at", "lateness_seconds", "excluded")
        }
        expressions = {
            "standing": """
                CASE WHEN %(state)s != 'open' THEN %(state)s
                     WHEN %(paused_at)s IS NOT NULL THEN 'paused'
                     WHEN %(due_at)s < %(now)s AND %(excluded)s IS NOT TRUE THEN 'overdue'
                     WHEN %(due_at)s <= %(today)s THEN 'today'
                     WHEN %(due_at)s <= %(week)s THEN 'week'
                     ELSE 'later' END""",
            # What is open and in time, and what is cancelled, says nothing yet: null.
            "on_time": """
                CASE WHEN %(excluded)s THEN NULL
                     WHEN %(state)s = 'met' THEN 1.0
                     WHEN %(state)s = 'late'
                          OR %(state)s = 'open' AND %(paused_at)s IS NULL AND %(due_at)s < %(now)s
                     THEN 0.0 END""",
            "late_count": """
                CASE WHEN %(excluded)s THEN 0
                     WHEN %(state)s = 'late'
                          OR %(state)s = 'open' AND %(paused_at)s IS NULL AND %(due_at)s < %(now)s
                     THEN 1 ELSE 0 END""",
            "late_hours": """
                CASE WHEN %(state)s = 'late' AND %(excluded)s IS NOT TRUE
                     THEN %(lateness_seconds)s / 3600.0 END""",
        }
        return SQL(expressions[field_expr], now=now, today=today, week=week, **columns)

    def _read_group_orderby(self, order, groupby_terms, query):
        # Groups come in the order of their urgency, not of the alphabet.
        if "standing" not in groupby_terms:
            return super()._read_group_orderby(order, groupby_terms, query)
        term = groupby_terms["standing"]
        groupby_terms["standing"] = SQL(
            "array_position(%s::text[], %s::text)", list(codes_of(STANDINGS)), term
        )
        result = super()._read_group_orderby(order, groupby_terms, query)
        groupby_terms["standing"] = term
        return result
