from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.sheet import PAGE, PAGES, Book, Column, Total, font_for
from ...tools.zones import company_zone, day_start, to_local

BATCH = 2000  # cases per query: what is in memory at a time
KINDS = ("complaint", "conflict")
# Where the plain values of a case are found, from the ticket.
PATHS = {
    "registered_at": ("policy_registered_at",),
    "policy_number": ("policy_number",),
    "ticket_number": ("number",),
    "partner": ("partner_id", "complete_name"),
    "partner_name": ("partner_name",),
    "order": ("policy_order_ref",),
    "item": ("policy_item_ref",),
    "subject": ("name",),
    "type": ("policy_complaint_type_id", "name"),
    "severity": ("policy_severity",),
    "department": ("policy_department_id", "name"),
    "handler": ("user_id", "partner_id", "name"),
    "step": ("policy_step",),
    "settled_at": ("policy_settled_at",),
    "replied_at": ("policy_replied_at",),
    "score": ("policy_callback_score",),
    "rechecked_by": ("policy_recheck_user_id", "partner_id", "name"),
    "closed_at": ("policy_closed_at",),
}


class CrmPolicyRegister(models.AbstractModel):
    """The complaint register of a month as an Excel sheet (客诉登记跟踪台账, 002 篇一 九(三)).

    Cases are read in pages, in the order of their registration, and written as they come: neither
    memory nor the number of queries per page grows with the month.
    """

    _name = "crm.policy.register"
    _description = "Complaint Register Sheet"

    # === BUSINESS METHODS === #

    @api.model
    def _policy_write_register(self, path, company, period_start, draft_of=None, head=None):
        """Write the register of a month to a file, in the language of the context.

        :param path: file to write.
        :param company: ``res.company`` whose cases are listed: those that the user may read.
        :param date period_start: first day of the month, in the company's zone.
        :param draft_of: the user who made a draft for himself; None for the copy that is filed.
        :param str head: the ledger's, to be found again by whoever verifies it; None for no line.
        :return: {"number": lines, "overdue": lines, "amount": sum, "score": average or None}.
        """
        zone = company_zone(company)
        now = fields.Datetime.now()
        title = self.env._("Complaint Register")
        columns = self._policy_columns(company.currency_id)
        properties = {"title": title, "company": company.name, "created": now}
        with Book(path, font=font_for(self.env.lang), properties=properties) as book:
            table = book.add_table(
                title,
                columns,
                f"{company.name} {title} {period_start:%Y-%m}",
                note=self._policy_note(period_start, to_local(now, zone), zone, draft_of, head),
                zone=zone,
                frozen=1,
                footer=(
                    f"{company.name} {title} {period_start:%Y-%m}",
                    self.env._("Page %(page)s of %(pages)s", page=PAGE, pages=PAGES),
                ),
            )
            labels = self._policy_labels()
            for case in self._policy_cases(company, period_start, now):
                values = self._policy_line(case, labels, now, zone)
                style = "muted" if case["step"] == "cancelled" else "normal"
                table.add([values[column.key] for column in columns], style)
            return table.close(
                self.env._("Total"), empty=self.env._("No case was registered in this month.")
            )

    def _policy_note(self, period_start, local_now, zone, draft_of, head):
        """Return the line under the title: what is listed, how old it is, the ledger's head."""
        period_end = period_start + relativedelta(months=1, days=-1)
        values = {
            "start": f"{period_start:%Y-%m-%d}",
            "end": f"{period_end:%Y-%m-%d}",
            "now": f"{local_now:%Y-%m-%d %H:%M}",
            "zone": zone.key,
        }
        if not draft_of:
            words = self.env._(
                "Cases registered from %(start)s to %(end)s, as of %(now)s (%(zone)s).", **values
            )
            if head:
                words += " " + self.env._("Ledger head: %(head)s", head=head)
            return words
        return self.env._(
            "DRAFT: cases registered from %(start)s to %(end)s that %(user)s may read, as of "
            "%(now)s (%(zone)s).",
            user=draft_of.name,
            **values,
        )

    # === COLUMNS === #

    def _policy_labels(self):
        """Return {field: {value: label}} in the language of the file."""

        def labels(model_name, field_name):
            field = self.env[model_name]._fields[field_name]
            return dict(field._description_selection(self.env))

        return {
            "severity": labels("helpdesk.ticket", "policy_severity"),
            "step": labels("helpdesk.ticket", "policy_step"),
            "remedies": labels("crm.policy.remedy", "kind"),
            "overdue": {True: self.env._("Yes"), False: self.env._("No")},
        }

    def _policy_columns(self, currency):
        """Return the columns of the sheet (requirement E.2), headed in the language of the file."""
        labels = self._policy_labels()
        overdue = labels["overdue"][True]
        cancelled = labels["step"]["cancelled"]
        amount = self.env._("Remedy Amount (%(currency)s)", currency=currency.name)
        return [
            Column("number", self.env._("Number"), width=9.5),
            Column(
                "registered_at", self.env._("Registered At"), "datetime", 14, total=Total("count")
            ),
            Column("customer", self.env._("Customer"), width=22),
            Column("order", self.env._("Order"), width=12),
            Column("item", self.env._("Item"), width=13),
            Column("subject", self.env._("Subject"), width=24),
            Column("type", self.env._("Type"), width=9),
            Column("severity", self.env._("Severity"), width=7, centered=True),
            Column("department", self.env._("Department in Charge"), width=10),
            Column("handler", self.env._("Handler"), width=8),
            Column("step", self.env._("Step"), width=8.5, centered=True),
            Column("due_name", self.env._("What Is Due"), width=11),
            Column("due_at", self.env._("Next Due"), "datetime", 14),
            Column("days", self.env._("Days Used"), "integer", 6),
            Column(
                "overdue",
                self.env._("Overdue"),
                width=7,
                centered=True,
                alert=overdue,
                total=Total("count", overdue),
            ),
            Column("settled_at", self.env._("Settled At"), "datetime", 14),
            Column("remedies", self.env._("Remedies"), width=10),
            Column(
                "amount",
                amount,
                "amount",
                width=11,
                digits=currency.decimal_places,
                total=Total("sum", unless=("step", cancelled)),
            ),
            Column("replied_at", self.env._("Replied At"), "datetime", 14),
            Column("score", self.env._("Satisfaction (1-5)"), "integer", 8, total=Total("average")),
            Column("rechecked_by", self.env._("Re-checked By"), width=8),
            Column("closed_at", self.env._("Closed At"), "datetime", 14),
        ]

    def _policy_line(self, case, labels, now, zone):
        """Return {column: value} of one case as :meth:`_policy_cases` gives it."""
        return {
            **case,
            "number": case["policy_number"] or case["ticket_number"],
            "customer": case["partner"] or case["partner_name"],
            "severity": labels["severity"].get(case["severity"]),
            "step": labels["step"].get(case["step"]),
            "days": self._policy_days_used(case, now, zone),
            "overdue": labels["overdue"][bool(case["overdue"])],
            "remedies": ", ".join(labels["remedies"][kind] for kind in case["remedies"] or ()),
            "score": case["score"] or None,
        }

    def _policy_days_used(self, case, now, zone):
        """Return the days from registration to settlement, or till now (T3: day 0 is the first).

        :return: calendar days in ``zone``; None for a case that was cancelled unsettled.
        """
        end = case["settled_at"] or (now if case["step"] != "cancelled" else None)
        if not end:
            return None
        return (to_local(end, zone).date() - to_local(case["registered_at"], zone).date()).days

    # === QUERIES === #

    @api.model
    def _policy_domain(self, company, period_start):
        """Return which cases were registered in the month, by the company's clock."""
        zone = company_zone(company)
        return Domain(
            [
                ("company_id", "=", company.id),
                ("policy_kind", "in", KINDS),
                ("policy_registered_at", ">=", day_start(period_start, zone)),
                (
                    "policy_registered_at",
                    "<",
                    day_start(period_start + relativedelta(months=1), zone),
                ),
            ]
        )

    @api.model
    def _policy_cases(self, company, period_start, now):
        """Yield the cases of a month in the order of their registration, one query per page.

        Archived and cancelled ones are among them. Record rules apply as in any search.
        """
        self.env.flush_all()
        Ticket = self.env["helpdesk.ticket"].with_context(active_test=False)
        query = Ticket._search(self._policy_domain(company, period_start))
        values = SQL(", ").join(
            SQL("%s AS %s", self._policy_path_sql(Ticket, query, path), SQL.identifier(key))
            for key, path in PATHS.items()
        )
        after = None
        while True:
            rows = self.env.execute_query_dict(self._query_page(query, values, after, now))
            yield from rows
            if len(rows) < BATCH:
                return
            after = (rows[-1]["registered_at"], rows[-1]["id"])

    @api.model
    def _policy_path_sql(self, model, query, path):
        """Return the SQL of a field that is reached over many2one fields, joined to ``query``.

        The names of linked records come along with the case, as in its form.
        """
        alias, (*hops, last) = query.table, path
        for name in hops:
            model, alias = model.sudo()._fields[name].join(model.sudo(), alias, query)
        return model._field_to_sql(alias, last, query)

    def _query_page(self, query, values, after, now):
        """Return the SQL of the next cases, with their clocks and remedies summed up.

        The page is cut first, so that clocks and remedies are looked up for its cases only. Trial
        clocks run like others but nobody is overdue by them, nor by what a fault of the system made
        late.
        """
        table = SQL.identifier(query.table)
        keys = SQL("(%(table)s.policy_registered_at, %(table)s.id)", table=table)
        return SQL(
            """
            WITH page AS MATERIALIZED (
                SELECT %(table)s.id, %(values)s
                  FROM %(from_clause)s
                 WHERE %(where_clause)s AND %(further)s
                 ORDER BY %(table)s.policy_registered_at, %(table)s.id
                 LIMIT %(limit)s
            )
            SELECT page.*, clock.due_at, clock.due_name, clock.overdue,
                   remedy.remedies, remedy.amount
              FROM page
              LEFT JOIN LATERAL (
                   SELECT min(d.due_at) FILTER (WHERE d.state = 'open') AS due_at,
                          (array_agg(%(rule_name)s ORDER BY d.due_at, d.id)
                              FILTER (WHERE d.state = 'open'))[1] AS due_name,
                          bool_or(d.is_trial IS NOT TRUE AND d.excluded IS NOT TRUE
                              AND (d.state = 'late'
                              OR d.state = 'open' AND d.due_at < %(now)s)) AS overdue
                     FROM crm_policy_deadline AS d
                     JOIN crm_policy_deadline_rule AS rule ON rule.id = d.rule_id
                    WHERE d.res_model = 'helpdesk.ticket' AND d.res_id = page.id
                   ) AS clock ON TRUE
              LEFT JOIN LATERAL (
                   SELECT array_agg(DISTINCT kind ORDER BY kind) AS remedies,
                          sum(amount) AS amount
                     FROM crm_policy_remedy
                    WHERE ticket_id = page.id AND policy_approval_state != 'rejected'
                   ) AS remedy ON TRUE
             ORDER BY page.registered_at, page.id
            """,
            table=table,
            values=values,
            from_clause=query.from_clause,
            where_clause=query.where_clause,
            further=SQL("%s > %s", keys, after) if after else SQL("TRUE"),
            limit=BATCH,
            rule_name=self.env["crm.policy.deadline.rule"].sudo()._field_to_sql("rule", "name"),
            now=now,
        )
