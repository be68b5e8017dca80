from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...words import list_words

# What comes first decides: a case with a clock that is late is late, whatever else runs.
CASE_STANDINGS = [
    ("overdue", "Overdue"),
    ("today", "Due Today"),
    ("later", "Due Later"),
    ("paused", "Paused"),
    ("none", "Nothing Due"),
]


class CrmPolicyCaseStanding(models.AbstractModel):
    """Where a case stands by its clocks, for the bars of a board, filters and groups.

    Nothing of it is stored: it follows from the clock on the wall. The database looks at the open
    clocks alone, once for the whole list.
    """

    _name = "crm.policy.case.standing"
    _description = "Standing of a Case"

    policy_standing = fields.Selection(
        CASE_STANDINGS,
        string="Where It Stands",
        compute="_compute_policy_standing",
        search="_search_policy_standing",
        groups="base.group_user",
        help="By its open deadlines: overdue, due today, later, paused, or nothing is due.",
    )

    policy_clause_number = fields.Char(
        string="Clause",
        compute="_compute_policy_clause_number",
        search="_search_policy_clause_number",
        groups="base.group_user",
        help="The clauses whose deadlines ran for the case.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_deadline_ids.state", "policy_deadline_ids.due_at", "policy_deadline_ids.paused_at"
    )
    @api.depends_context("tz")
    def _compute_policy_standing(self):
        clocks = (
            self.env["crm.policy.deadline"]
            .sudo()
            .search_fetch(
                Domain("res_model", "=", self._name)
                & Domain("res_id", "in", self.ids)
                & Domain("state", "=", "open"),
                ["res_id", "due_at", "paused_at"],
            )
        )
        now, today, _week = clocks._policy_standing_edges()
        found = {}
        for clock in clocks:
            if clock.paused_at:
                standing = "paused"
            elif clock.due_at < now:
                standing = "overdue"
            else:
                standing = "today" if clock.due_at <= today else "later"
            found.setdefault(clock.res_id, set()).add(standing)
        for case in self:
            mine = found.get(case.id, ())
            case.policy_standing = next(
                (code for code, _label in CASE_STANDINGS if code in mine), "none"
            )

    def _search_policy_standing(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._check_field_access(self._fields["policy_standing"], "read")
        domain = Domain.FALSE
        # Each leaves out the cases that one before it has taken.
        before = Domain.TRUE
        for code, clocks in self._policy_standing_clocks().items():
            has = Domain("id", "in", clocks.subselect("res_id"))
            if code in value:
                domain |= has & before
            before &= ~has
        return domain | before if "none" in value else domain

    @api.depends("policy_deadline_ids.clause_number", "policy_deadline_ids.state")
    @api.depends_context("lang")
    def _compute_policy_clause_number(self):
        for case in self:
            clocks = case.sudo().policy_deadline_ids.filtered(
                lambda clock: clock.state != "cancelled"
            )
            numbers = dict.fromkeys(clock.clause_number for clock in clocks if clock.clause_number)
            case.policy_clause_number = list_words(self.env, list(numbers))

    def _search_policy_clause_number(self, operator, value):
        if operator not in ("in", "like", "ilike", "=like", "=ilike"):
            return NotImplemented
        self._check_field_access(self._fields["policy_clause_number"], "read")
        clocks = (
            self.env["crm.policy.deadline"]
            .sudo()
            ._search(
                Domain("res_model", "=", self._name)
                & Domain("state", "!=", "cancelled")
                & Domain("clause_id.number", operator, value)
            )
        )
        return [("id", "in", clocks.subselect("res_id"))]

    # === BUSINESS METHODS === #

    @api.model
    def _policy_standing_clocks(self):
        """Return {standing: query of the clocks that bring a case there}, first come first served.

        As superuser: a case that somebody sees shows him its next deadline, too.
        """
        Deadline = self.env["crm.policy.deadline"].sudo()
        now, today, _week = Deadline._policy_standing_edges()
        of_cases = Domain("res_model", "=", self._name) & Domain("state", "=", "open")
        running = of_cases & Domain("paused_at", "=", False)
        domains = {
            "overdue": running & Domain("due_at", "<", now),
            "today": running & Domain("due_at", "<=", today),
            "later": running & Domain("due_at", ">", today),
            "paused": of_cases & Domain("paused_at", "!=", False),
        }
        return {code: Deadline._search(domain) for code, domain in domains.items()}

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "policy_standing":
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        cases = SQL(" ").join(
            SQL(
                "WHEN %s IN %s THEN %s",
                SQL.identifier(alias, "id"),
                clocks.subselect("res_id"),
                code,
            )
            for code, clocks in self._policy_standing_clocks().items()
        )
        return SQL("CASE %s ELSE 'none' END", cases)
