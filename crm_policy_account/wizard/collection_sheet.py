import base64
import tempfile
from pathlib import Path

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.crm_policy.tools.sheet import PAGE, PAGES, Book, Column, Total, font_for
from odoo.addons.crm_policy.tools.zones import company_zone


class CrmPolicyCollectionSheet(models.TransientModel):
    """The basis of the collection bonus of a period as an Excel file (E.27)."""

    _name = "crm.policy.collection.sheet"
    _description = "Collection Rate Sheet"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, readonly=True
    )
    date_from = fields.Date(string="Due From", required=True, default=lambda self: self._month(0))
    date_to = fields.Date(string="Due Until", required=True, default=lambda self: self._month(1))
    file = fields.Binary(string="Excel File", readonly=True, attachment=False)
    filename = fields.Char(readonly=True)

    @api.model
    def _month(self, end):
        """Return the first day of the last month, or its last one."""
        first = fields.Date.context_today(self).replace(day=1)
        return first - relativedelta(days=1) if end else first - relativedelta(months=1)

    @api.constrains("date_from", "date_to")
    def _check_period(self):
        for window in self:
            if window.date_from > window.date_to:
                raise ValidationError(self.env._("The period ends before it begins."))

    # === ACTION METHODS === #

    def action_policy_export(self):
        """Write the file, as the current user may read the invoices, and offer it."""
        self.ensure_one()
        self.env["crm.policy.collection.rate"].check_access("read")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "collection.xlsx")
            self._policy_write_sheet(path)
            content = path.read_bytes()
        name = self.env._("Collection Rate")
        self.write(
            {
                "file": base64.b64encode(content),
                "filename": f"{name} {self.date_from} {self.date_to}.xlsx",
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    # === BUSINESS METHODS === #

    def _policy_period(self):
        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("due_on", ">=", self.date_from)
            & Domain("due_on", "<=", self.date_to)
        )

    def _policy_rows(self):
        """Return [(salesperson, due, disputed, items, collected, raw, official rate)].

        The rates are in percent; None where nothing was due.
        """
        Rate = self.env["crm.policy.collection.rate"]
        items = {}
        for line in Rate.search(self._policy_period() & Domain("disputed", ">", 0)):
            amount = line.currency_id.format(line.disputed)
            items.setdefault(line.user_id.id, []).append(f"{line.disputed_items or '-'}: {amount}")
        rows = Rate._read_group(
            self._policy_period(),
            ["user_id"],
            ["due:sum", "disputed:sum", "collected:sum", "raw_rate:avg", "official_rate:avg"],
        )
        return [
            (
                user.name or self.env._("No Sales Representative"),
                due,
                disputed,
                "\n".join(items.get(user.id, ())),
                collected,
                None if raw is None or due <= 0 else raw * 100,
                None if official is None or due - disputed <= 0 else official * 100,
            )
            for user, due, disputed, collected, raw, official in rows
        ]

    def _policy_write_sheet(self, path):
        """Write the sheet, in the language of the user."""
        title = self.env._("Collection Rate")
        company = self.company_id
        period = f"{self.date_from} – {self.date_to}"
        money = company.currency_id.decimal_places
        total = Total("sum")
        columns = [
            Column("user", self.env._("Sales Representative"), width=14),
            Column("due", self.env._("Amount Due"), "amount", 14, money, total),
            Column("disputed", self.env._("Disputed"), "amount", 14, money, total),
            Column("items", self.env._("Disputed Items"), width=28),
            Column("collected", self.env._("Collected"), "amount", 14, money, total),
            Column("raw", self.env._("Raw Rate (%)"), "amount", 10),
            Column("official", self.env._("Official Rate (%)"), "amount", 10),
        ]
        properties = {
            "title": title,
            "company": company.name,
            "created": fields.Datetime.now(),
        }
        with Book(path, font=font_for(self.env.lang), properties=properties) as book:
            table = book.add_table(
                title,
                columns,
                f"{company.name} {title} {period}",
                note=self.env._(
                    "Due in the period, tax included, in %(currency)s. Official rate = collected ÷ "
                    "(due − disputed), at most 100 %%; empty where nothing was due.",
                    currency=company.currency_id.name,
                ),
                zone=company_zone(company),
                frozen=1,
                footer=(
                    f"{company.name} {title} {period}",
                    self.env._("Page %(page)s of %(pages)s", page=PAGE, pages=PAGES),
                ),
            )
            for row in self._policy_rows():
                table.add(list(row))
            return table.close(
                self.env._("Total"), empty=self.env._("Nothing was due in this period.")
            )
