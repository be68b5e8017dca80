"""What a customer sees of a case that has everything: none of it is ours.

Every text and number of every row that belongs to the case is given a mark; then each page, file
and answer that a customer reaches is looked through, whatever model a part of the house adds.
"""

import json

import psycopg2

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

MARK = "绝不外传"
NUMBER = 7654321
NUMBERS = ("7654321", "7,654,321")
TEXTS = ("char", "text", "html")
AMOUNTS = ("float", "monetary", "integer")
# What is written for the customer, or by him.
HIS = {
    "helpdesk.ticket": {
        "name", "number", "policy_number", "policy_handle", "description", "policy_order_ref",
        "policy_item_ref", "policy_lot_ref", "policy_delivery_ref", "policy_reply_text",
        "policy_solution", "partner_name", "partner_email", "access_token",
        "policy_contact_phone", "policy_quantity",
    },
    "crm.policy.verdict": {"customer_text", "memo", "customer_amount", "customer_percent"},
}  # fmt: skip
# What rows are found and read by.
KEYS = frozenset({"res_model", "model_name", "document_model", "type", "cycle", "round", "seq"})
# Whose rows a case with everything has; more may come, none of these may go missing.
EVERYTHING = (
    "claim", "countersign", "eightd", "handover", "improvement", "loss", "negotiation",
    "petition", "remedy", "responsibility", "ruling", "sanction", "verdict", "accident",
    "accident.line", "accident.signature", "verdict.signature", "deadline", "violation",
    "approval", "case.access",
)  # fmt: skip


class PortalAttacks:
    def test_a_customer_reads_nothing_of_ours(self):
        case = self.rows["own"]["crm.policy.verdict"].ticket_id
        marked = self._mark_everything(case)
        lacking = {f"crm.policy.{name}" for name in EVERYTHING} - marked.keys()
        self.assertFalse(lacking, "the case with everything lacks rows of these")
        customer = new_test_user(
            self.env, login="t_leak_customer", groups="base.group_portal",
            company_id=self.company.id, company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        customer.partner_id.parent_id = case.partner_id.commercial_partner_id
        self.env.flush_all()
        self.env.invalidate_all()
        seen = {
            **self._pages(case, customer),
            **self._files(marked, customer),
            **self._answers(case, marked, customer),
        }
        self.assertIn(case.name, seen[f"t_leak_customer /my/ticket/{case.id}"])
        for where, text in seen.items():
            for word in (MARK, *NUMBERS):
                with self.subTest(where, word=word):
                    self.assertNotIn(word, text)

    # === THE CASE WITH EVERYTHING === #

    def _mark_everything(self, case):
        """Give all rows of our models to ``case``, mark them, and tell the customer something.

        :return: {model name: ids of its marked rows}
        """
        known = {"helpdesk.ticket": case.ids}
        models = [name for name in self.env if self._is_ours(name)]
        for name in models:
            self._give(case, name)
        while True:
            found = {
                name: ids
                for name in models
                if name not in known
                for ids in [self._rows_of(self.env[name], known)]
                if ids
            }
            if not found:
                break
            known |= found
        for name, ids in known.items():
            self._mark(self.env[name], ids)
        self._tell(case)
        users = self.env["res.users"].search([("share", "=", False)])
        self._write("res_partner", users.partner_id.ids, {"name": MARK, "complete_name": MARK})
        customers = self.env["crm.policy.customer"].search([])
        self._mark(self.env["crm.policy.customer"], customers.ids)
        self.env.invalidate_all()
        return known

    def _is_ours(self, name):
        model = self.env[name]
        concrete = model._auto and not (model._abstract or model._transient)
        return name.startswith("crm.policy.") and concrete

    def _give(self, case, name):
        """Let the rows of one scope belong to the one case, as far as the database takes it."""
        rows = self.rows["own"].get(name)
        field = self.env[name]._fields.get("ticket_id")
        if rows and field and field.store and field.type == "many2one":
            for row in rows:
                self._write(rows._table, row.ids, {"ticket_id": case.id})
                self.env.invalidate_all()

    def _rows_of(self, model, known):
        """Return the ids of the rows that point at one of the known ones."""
        paths = [
            SQL("%s IN %s", SQL.identifier(name), tuple(known[field.comodel_name]))
            for name, field in model._fields.items()
            if field.type == "many2one" and field.store and field.comodel_name in known
            and field.column_type and field.comodel_name != model._name
        ]  # fmt: skip
        if {"res_model", "res_id"} <= model._fields.keys() and model._fields["res_id"].store:
            paths += [
                SQL("(res_model = %s AND res_id IN %s)", name, tuple(ids))
                for name, ids in known.items()
            ]
        if not paths:
            return []
        table = SQL.identifier(model._table)
        query = SQL("SELECT id FROM %s WHERE %s", table, SQL(" OR ").join(paths))
        return [row for [row] in self.env.execute_query(query)]

    def _mark(self, model, ids):
        """Mark each column of the rows by itself: a constraint may want it otherwise."""
        own = HIS.get(model._name, ())
        for name, field in model._fields.items():
            if not field.store or not field.column_type or name in own or name in KEYS:
                continue
            if field.translate or name.endswith(("_id", "_code", "_hash", "_path", "token")):
                continue
            if model._name == "helpdesk.ticket" and not name.startswith("policy_"):
                continue
            if field.type in TEXTS:
                self._write(model._table, ids, {name: MARK})
            elif field.type in AMOUNTS:
                self._write(model._table, ids, {name: NUMBER})

    def _write(self, table, ids, vals):
        """Write what our own methods refuse; what the database refuses stays."""
        if not ids:
            return
        sets = SQL(", ").join(
            SQL("%s = %s", SQL.identifier(name), value) for name, value in vals.items()
        )
        with mute_logger("odoo.sql_db"):
            try:
                with self.env.cr.savepoint(flush=False):
                    self.env.cr.execute(
                        SQL(
                            "UPDATE %s SET %s WHERE id IN %s",
                            SQL.identifier(table), sets, tuple(ids),
                        )
                    )  # fmt: skip
            except psycopg2.Error:
                return

    def _tell(self, case):
        """Bring the case as far as it goes: what is not shown now is never shown."""
        now = fields.Datetime.now()
        facts = ("accepted", "registered", "responded", "decided", "settled", "replied")
        self._write(
            "helpdesk_ticket",
            case.ids,
            {f"policy_{fact}_at": now for fact in facts}
            | {"policy_reply_text": "我们为您返工", "policy_solution": "返工", "policy_cycle": 0,
               "policy_outcome": None, "policy_closed_at": None},
        )  # fmt: skip
        [verdict] = self.rows["own"]["crm.policy.verdict"][:1]
        self._write(
            "crm_policy_verdict",
            verdict.ids,
            {"presented_at": now, "signed_at": now, "objected_at": None, "agreed_at": None,
             "state": "signed", "cycle": 0, "round": 99, "customer_text": "烘烤温度偏低",
             "memo": "返厂", "customer_amount": 12, "customer_percent": 20},
        )  # fmt: skip

    # === HIS DOORS === #

    def _pages(self, case, customer):
        """Return {address: text} of each page, logged in, by the token and by the private link."""
        token = case.sudo()._portal_ensure_token()
        link = self.env["crm.policy.follow.link"]._policy_issue(case, 30)
        url = f"/my/ticket/{case.id}"
        reports = self.env["ir.actions.report"].search([("report_name", "=like", "crm_policy.%")])
        prints = [f"/report/html/{report.report_name}/{case.id}" for report in reports]
        pages = {}
        doors = {
            customer.login: ["/my", "/my/tickets", url, "/my/policies", "/new/ticket", *prints],
            "": [f"{url}?access_token={token}", f"/policy/case/{link}", *prints],
        }
        for login, addresses in doors.items():
            self.authenticate(login or None, login or None)
            for address in addresses:
                with mute_logger("odoo.http", "odoo.addons.web.controllers.report"):
                    pages[f"{login} {address}"] = self.url_open(address, timeout=60).text
        self.assertIn("烘烤温度偏低", pages[f" /policy/case/{link}"])
        self.assertIn("我们为您返工", pages[f" {url}?access_token={token}"])
        return pages

    def _files(self, marked, customer):
        """Return {address: text} of a file at each paper of ours."""
        self.authenticate(customer.login, customer.login)
        File = self.env["ir.attachment"].sudo()
        pages = {}
        for name, ids in marked.items():
            file = File.create(
                {"name": "x.txt", "raw": MARK.encode(), "res_model": name, "res_id": ids[0]}
            )
            self.env.flush_all()
            address = f"/web/content/{file.id}"
            with mute_logger("odoo.http"):
                pages[f"{name} {address}"] = self.url_open(address).text
        return pages

    def _answers(self, case, marked, customer):
        """Return {method: text} of what he reads over RPC: each field of the case, each model."""
        answers = {}
        Case = case.with_user(customer)
        for name in Case.fields_get():
            answers[f"read {name}"] = self._told(lambda name=name: Case.read([name]))
            answers[f"group {name}"] = self._told(
                lambda name=name: Case._read_group([("id", "=", case.id)], [name], ["__count"])
            )
        for name in marked.keys() - {case._name}:
            model = self.env[name].with_user(customer)
            answers[f"search {name}"] = self._told(lambda model=model: model.search_read([]))
        self.authenticate(customer.login, customer.login)
        thread = {"thread_model": case._name, "thread_id": case.id}
        for route, params in (
            ("/mail/thread/messages", thread),
            ("/mail/thread/recipients", thread),
            ("/mail/data", {"fetch_params": ["init_messaging"]}),
        ):
            with mute_logger("odoo.http"):
                answer = self.url_open(
                    route,
                    data=json.dumps({"jsonrpc": "2.0", "params": params}),
                    headers={"Content-Type": "application/json"},
                )
            answers[route] = answer.json().get("result", "") and answer.text
        return answers

    def _told(self, ask):
        try:
            with (
                mute_logger("odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_rule"),
                self.env.cr.savepoint(),
            ):
                return str(ask())
        except (UserError, ValueError, psycopg2.Error):
            return ""
