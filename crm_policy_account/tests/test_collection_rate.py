"""Receivables in dispute leave the collection rate (RET-ACC-03, E.27, CMP-FLOW-13)."""

import base64
import io

from openpyxl import load_workbook

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user

from .common import RETURN, CreditNoteCommon

RATE = "crm.policy.collection.rate"
SUMS = ["due:sum", "disputed:sum", "collected:sum", "raw_rate:avg", "official_rate:avg"]


class TestCollectionRate(CreditNoteCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls.other_specialist
        cls.other = cls.env["product.product"].create(
            {"name": "FPC 1", "default_code": "FPC-1", "taxes_id": [Command.clear()]}
        )

    def _invoice(self, *lines, paid=0.0, **vals):
        """Return a posted invoice of the salesperson, of which so much was paid."""
        vals.setdefault("invoice_user_id", self.seller.id)
        move = self._new_invoice(*(lines or ((self.product, 100, 100),)), **vals)
        if paid:
            self._pay(move, paid)
        return move

    def _pay(self, move, amount):
        bank = self.env["account.account"].search(
            [("code", "=", "100200"), ("company_ids", "in", self.company.ids)]
        ) or self.env["account.account"].create(
            {
                "name": "银行存款",
                "code": "100200",
                "account_type": "asset_cash",
                "company_ids": self.company.ids,
            }
        )
        journal = self.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", self.company.id)], limit=1
        ) or self.env["account.journal"].create(
            {"name": "杂项", "code": "ZX", "type": "general", "company_id": self.company.id}
        )
        receivable = move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        entry = self.env["account.move"].create(
            {
                "journal_id": journal.id,
                "date": "2026-03-20",
                "line_ids": [
                    Command.create({"account_id": bank.id, "debit": amount}),
                    Command.create(
                        {
                            "account_id": receivable.account_id.id,
                            "partner_id": self.partner.id,
                            "credit": amount,
                        }
                    ),
                ],
            }
        )
        entry.action_post()
        credit = entry.line_ids.filtered(lambda line: line.account_id == receivable.account_id)
        (receivable + credit).reconcile()

    def _disputing(self, **vals):
        """Return an accepted complaint about an item of an order."""
        vals = {"policy_order_ref": "SO-77", "policy_item_ref": "PCB-204", **vals}
        case = self._new_case(**vals)
        self._drive(case, "respond")
        return case

    @classmethod
    def _let_decide_unfounded(cls):
        """Give the policy in force a route for "not established", as the manufacturer's has one."""
        cls.version._policy_guarded_write({"state": "draft"})
        cls.env["crm.policy.route"].create(
            {
                "code": "not-established",
                "clause_id": cls._line("manager").clause_id.id,
                "name": "客诉不成立",
                "model_name": "crm.policy.ruling",
                "subject": "not_established",
                "kind": "sequence",
                "step_ids": [Command.create({"role_id": cls._role_of("sales_manager").id})],
            }
        )
        cls.version._policy_guarded_write({"state": "effective"})
        cls.env.registry.clear_cache()

    def _sums(self, who="finance", domain=()):
        [sums] = (
            self.env[RATE]
            .with_user(self.users[who])
            ._read_group([("company_id", "=", self.company.id), *domain], [], SUMS)
        )
        return sums

    def test_what_is_disputed_is_taken_out(self):
        """113,000 due, 11,300 in dispute, 56,500 collected: 50 %, and 55.56 % that counts."""
        self._invoice((self.other, 500, 100), paid=56500)
        self._invoice((self.other, 400, 100), (self.product, 100, 100), invoice_origin="SO-77")
        self._disputing()
        due, disputed, collected, raw, official = self._sums()
        self.assertEqual((due, disputed, collected), (113000, 11300, 56500))
        self.assertAlmostEqual(raw, 0.5)
        self.assertAlmostEqual(official, 56500 / 101700)

    def test_by_salesperson_and_month(self):
        self._invoice(paid=5650)
        self._invoice(invoice_user_id=self.users["specialist"].id, paid=11300)
        self._invoice(invoice_date_due="2026-04-15")
        groups = self._as("finance", self.env[RATE])._read_group(
            [("company_id", "=", self.company.id)], ["user_id", "due_on:month"], SUMS
        )
        self.assertEqual(
            {(user, str(month)[:7]): round(rate, 2) for user, month, *_, rate in groups},
            {
                (self.seller, "2026-03"): 0.5,
                (self.users["specialist"], "2026-03"): 1.0,
                (self.seller, "2026-04"): 0.0,
            },
        )

    def test_no_more_is_in_dispute_than_is_open(self):
        invoice = self._invoice(invoice_origin="SO-77", paid=9300)
        self._disputing()
        line = self.env[RATE].search([("move_id", "=", invoice.id)])
        self.assertEqual((line.disputed, line.disputed_items), (2000, "PCB-204"))
        self.assertAlmostEqual(line.official_rate, 1.0)  # 9,300 ÷ 9,300

    def test_at_most_a_hundred_percent(self):
        """Paid is what was due and more is disputed elsewhere: 1, not 1.3."""
        self._invoice((self.other, 100, 100), paid=11300)
        invoice = self._invoice(invoice_origin="SO-77", paid=5650)
        self._disputing()
        self.assertEqual(self._sums()[-1], 1.0)
        self._pay(invoice, 5650)
        self.assertEqual(self._sums()[-2:], (1.0, 1.0))
        # A credit note of the period pushes what is left below what was collected.
        refund = invoice._reverse_moves([{"invoice_date": "2026-03-05"}])
        refund.action_post()
        self.assertEqual(self._sums()[-2:], (1.0, 1.0))

    def test_nothing_due_is_no_rate(self):
        self.assertEqual(self._sums()[-2:], (False, False))  # no value, as Odoo says it
        self._invoice(invoice_origin="SO-77")
        self._disputing()
        # All that was due is in dispute.
        raw, official = self._sums()[-2:]
        self.assertEqual((raw, raw is False, official is False), (0.0, False, True))

    def test_a_line_is_in_dispute_once(self):
        self._invoice((self.product, 100, 100), (self.other, 500, 100), invoice_origin="SO-77")
        self._disputing()
        self._disputing()
        self.assertEqual(self._sums()[1], 11300)

    def test_only_while_a_case_about_it_is_open(self):
        self._invoice((self.product, 100, 100), (self.other, 1, 100), invoice_origin="SO-77")
        case = self._new_case(policy_order_ref="SO-77", policy_item_ref="PCB-204")
        self.assertEqual(self._sums()[1], 0)  # nobody has accepted it yet
        self._drive(case, "respond")
        self.assertEqual(self._sums()[1], 11300)
        for vals in (
            {"policy_outcome": "not_established"},
            {"policy_outcome": "withdrawn"},
            {"policy_outcome": False, "policy_closed_at": case.policy_accepted_at},
        ):
            case._policy_guarded_write(vals)
            with self.subTest(vals):
                self.assertEqual(self._sums()[1], 0)

    def test_of_another_customer_company_or_item_is_nothing_in_dispute(self):
        self._invoice(invoice_origin="SO-77")
        stranger = self.env["res.partner"].create({"name": "无锡某公司", "is_company": True})
        self._disputing(partner_id=stranger.id)
        self._disputing(policy_item_ref="PCB-999")
        self._disputing(policy_order_ref="SO-78")
        self.assertEqual(self._sums()[1], 0)

    def test_a_credit_note_counts_with_its_invoice(self):
        invoice = self._invoice(invoice_date_due="2026-03-31")
        refund = invoice._reverse_moves(
            [{"invoice_date": "2026-05-05", "invoice_date_due": "2026-05-05"}], cancel=False
        )
        refund.invoice_line_ids.quantity = 40
        refund.action_post()
        lines = (invoice + refund).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        lines.reconcile()
        due, _disputed, collected, *_rates = self._sums(domain=[("due_on", "<=", "2026-03-31")])
        self.assertEqual((due, collected), (6780, 0))  # no money came

    # === WHO SEES IT === #

    def test_finance_sees_it_with_the_rules_on_invoices(self):
        self._invoice()
        company = self._new_company("无锡分公司")
        theirs = new_test_user(
            self.env,
            login="t_finance_wuxi",
            groups="base.group_user,crm_policy.group_finance,account.group_account_invoice",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        Theirs = self.env[RATE].with_user(theirs).with_context(allowed_company_ids=company.ids)
        self.assertFalse(Theirs.search([]))
        self.assertTrue(self._as("finance", self.env[RATE]).search([]))
        self.env["ir.rule"].create(
            {
                "name": "t_none",
                "model_id": self.env["ir.model"]._get("account.move").id,
                "domain_force": "[('amount_total', '<', 0)]",
            }
        )
        self.assertFalse(self._as("finance", self.env[RATE]).search([]))
        for who in ("specialist", "supervisor", "qc", "analyst"):
            with self.subTest(who), self.assertRaises(AccessError):
                self._as(who, self.env[RATE]).search([])

    def test_the_number_of_queries_does_not_grow(self):
        window = self._window()
        counts = []
        for _times in (1, 2):
            for _number in range(3):
                self._invoice(invoice_origin="SO-77")
            self._disputing()
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                window._policy_rows()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    # === THE SHEET === #

    def _window(self, **vals):
        Window = self.env["crm.policy.collection.sheet"].with_user(self.users["finance"])
        return Window.create({"date_from": "2026-03-01", "date_to": "2026-03-31", **vals})

    def _sheet(self, window):
        window.action_policy_export()
        content = base64.b64decode(window.file)
        return list(load_workbook(io.BytesIO(content)).active.values)

    def test_the_sheet_has_a_line_for_each_salesperson(self):
        self._invoice((self.other, 500, 100), paid=56500)
        self._invoice((self.other, 400, 100), (self.product, 100, 100), invoice_origin="SO-77")
        self._invoice(invoice_date_due="2026-04-01")
        self._disputing()
        rows = self._sheet(self._window())
        self.assertIn("2026-03-01", rows[0][0])
        [line] = [row for row in rows if row[0] == self.seller.name]
        self.assertEqual(line[1:3] + line[4:5], (113000, 11300, 56500))
        self.assertIn("PCB-204", line[3])
        self.assertEqual((round(line[5], 2), round(line[6], 2)), (50.0, 55.56))

    def test_an_empty_period_has_no_rate(self):
        rows = self._sheet(self._window())
        self.assertTrue(any("Nothing was due" in str(row[0]) for row in rows))

    def test_a_period_that_ends_before_it_begins_is_none(self):
        with self.assertRefused(ValidationError, "ends before it begins"):
            self._window(date_to="2026-02-01")
        with Form(self.env["crm.policy.collection.sheet"].with_user(self.users["finance"])) as form:
            self.assertLess(form.date_from, form.date_to)

    # === NOT ESTABLISHED === #

    def test_not_established_asks_for_the_money(self):
        self._let_decide_unfounded()
        invoice = self._invoice(invoice_origin="SO-77", paid=1300)
        paid = self._invoice(invoice_origin="SO-77", paid=11300)
        case = self._disputing()
        self._as("specialist", case).action_policy_ask_not_established("客户使用不当")
        ruling = case._policy_rulings("not_established", ("pending",))
        decider = ruling.policy_approval_id.eligible_user_ids[:1]
        ruling.with_user(decider).action_policy_approve("同意")
        self.assertEqual(case.policy_outcome, "not_established")
        activity = invoice.activity_ids
        self.assertEqual((len(activity), activity.user_id), (1, self.seller))
        self.assertGreaterEqual(activity.date_deadline, invoice.invoice_date_due)
        self.assertIn("10,000.00", activity.note)
        self.assertFalse(paid.activity_ids)
        self.assertEqual(self._sums()[1], 0)
        event = self.env["crm.policy.event"].search(
            [("type", "=", "receivable.released"), ("res_id", "=", case.id)]
        )
        self.assertEqual(event.payload["moves"], invoice.ids)

    def test_nothing_to_collect_is_nothing_to_do(self):
        case, _remedy = self._case_with(RETURN)
        case._policy_release_receivables()
        self.assertFalse(self.env["crm.policy.event"].search_count(
            [("type", "=", "receivable.released"), ("res_id", "=", case.id)]
        ))  # fmt: skip
