"""The Excel copy of a version's numbers: out, changed, checked, in again."""

import base64
from io import BytesIO

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools.parameter_sheet import FIRST_ROW, HEADER_ROW, HEADERS, VALUE
from ..common import PolicyCommon


class TestParameterSheet(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        content = cls.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        content = content.replace('number: "1"\n  transition', 'number: "2"\n  transition', 1)
        admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        cls.draft = admin._policy_apply_pack(content, cls.company)

    def _exported(self, version=None):
        Sheet = self.env["crm.policy.parameter.sheet"].with_user(self.users["policy_admin"])
        wizard = Sheet.create({"version_id": (version or self.draft).id})
        wizard.action_policy_export()
        return wizard, load_workbook(BytesIO(base64.b64decode(wizard.copy_file)))

    def _uploaded(self, wizard, book):
        stream = BytesIO()
        book.save(stream)
        wizard.file = base64.b64encode(stream.getvalue())
        return wizard

    def _cell(self, book, key, place=VALUE):
        sheet = book.active
        for row in sheet.iter_rows(min_row=FIRST_ROW + 1):
            if row[0].value == key:
                return row[place]
        raise AssertionError(key)

    def _rule(self, version, code):
        return self.env["crm.policy.deadline.rule"].search(
            [("version_id", "=", version.id), ("code", "=", code)]
        )

    def test_it_holds_every_number_with_its_clause(self):
        _wizard, book = self._exported()
        sheet = book.active
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST_ROW + 1)]
        by_key = {row[0]: row for row in rows}
        self.assertEqual([cell.value or "" for cell in sheet[HEADER_ROW + 1]], list(HEADERS))
        urgent = by_key["deadline_rules/response-urgent/duration"]
        self.assertEqual(urgent[1], "2.1")
        self.assertEqual(urgent[5:7], ["Working Minutes", 15])
        self.assertEqual(by_key["authorities/manager/max_amount"][5:7], ["CNY", 10000])
        self.assertEqual(by_key["parameters/ring_max/value"][6], 3)
        self.assertEqual(by_key["fact_rules/handed-over/backdate_hours"][6], 96)
        self.assertNotIn("authorities/ceo/max_amount", by_key)  # it is unlimited
        self.assertNotIn("deadline_rules/external-date/duration", by_key)  # the date is given
        numbers = [[int(part) for part in row[1].split(".")] for row in rows]
        self.assertEqual(numbers, sorted(numbers))
        cell = self._cell(book, "parameters/ring_max/value")
        self.assertFalse(cell.protection.locked)
        self.assertTrue(cell.offset(column=-1).protection.locked)
        self.assertTrue(sheet.protection.sheet)
        self.assertEqual(sheet.data_validations.count, len(rows))
        proposed = self._cell(book, "parameters/similar_days/value")
        self.assertNotEqual(proposed.fill.fgColor.rgb, cell.fill.fgColor.rgb)

    def test_changes_go_into_the_draft(self):
        wizard, book = self._exported()
        self._cell(book, "deadline_rules/response-urgent/duration").value = 20
        self._cell(book, "authorities/manager/max_amount").value = "12,000 元"
        self._uploaded(wizard, book).action_policy_check()
        self.assertEqual(len(wizard.finding.splitlines()), 2)
        self.assertIn("Duration: 15 → 20 Working Minutes", wizard.finding)
        self.assertEqual(self._rule(self.draft, "response-urgent").duration, 15)
        action = wizard.action_policy_apply()
        self.assertEqual(action["res_id"], self.draft.id)
        rule = self._rule(self.draft, "response-urgent")
        self.assertEqual(rule.duration, 20)
        self.assertTrue(rule.policy_changed_by_company)
        self.assertEqual(self._rule(self.version, "response-urgent").duration, 15)
        event = self.env["crm.policy.event"].search([("type", "=", "version.parameters")])
        self.assertEqual(
            event.payload["values"],
            {
                "deadline_rules/response-urgent/duration": 20,
                "authorities/manager/max_amount": 12000,
            },
        )
        _wizard, book = self._exported()
        self.assertEqual(
            self._cell(book, "deadline_rules/response-urgent/duration", VALUE + 2).value, 15
        )

    def test_a_code_may_hold_a_slash(self):
        self._rule(self.draft, "response-urgent").code = "6/1/a"
        wizard, book = self._exported()
        self._cell(book, "deadline_rules/6/1/a/duration").value = 20
        self._uploaded(wizard, book).action_policy_apply()
        self.assertEqual(self._rule(self.draft, "6/1/a").duration, 20)

    def test_a_copy_comes_back_through_somebody_of_another_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.company.partner_id.lang = "zh_CN"
        self.env = self.env(context=dict(self.env.context, lang="zh_CN"))
        wizard, book = self._exported()
        cell = self._cell(book, "deadline_rules/response-urgent/duration")
        self.assertEqual(cell.offset(column=-1).value, "个工作分钟")
        cell.value = 20
        self._uploaded(wizard.with_context(lang="en_US"), book).action_policy_apply()
        self.assertEqual(self._rule(self.draft, "response-urgent").duration, 20)

    def test_a_published_version_gets_a_successor(self):
        wizard, book = self._exported(self.version)
        self._cell(book, "parameters/ring_max/value").value = 4
        self._uploaded(wizard, book).action_policy_check()
        self.assertTrue(wizard.has_changes, wizard.finding)
        versions = self.version.policy_id.version_ids
        action = wizard.action_policy_apply()
        successor = self.env["crm.policy.version"].browse(action["res_id"])
        self.assertEqual((successor.state, successor.number), ("draft", "3"))
        self.assertNotIn(successor, versions)
        values = self.env["crm.policy.parameter"].search([("code", "=", "ring_max")])
        self.assertEqual(
            {row.version_id: row.value for row in values},
            {self.version: 3, self.draft: 3, successor: 4},
        )
        for model in self.env["crm.policy.pack.section"]._pack_models():
            if "version_id" in model._fields:
                counts = [
                    model.search_count([("version_id", "=", version.id)])
                    for version in (self.version, successor)
                ]
                self.assertEqual(*counts, model._name)
        clause = successor.clause_ids.filtered(lambda clause: clause.number == "2.1")
        self.assertEqual(clause.parent_id.version_id, successor)
        self.assertEqual(
            clause.with_context(lang="zh_CN").name,
            "紧急问题首次响应" if self.env["res.lang"]._lang_get("zh_CN") else clause.name,
        )

    def test_what_cannot_be_taken_over_is_named_row_by_row(self):
        key = "deadline_rules/response-urgent/duration"
        cases = [
            (lambda book: setattr(self._cell(book, key), "value", "soon"), "soon is not the kind"),
            (lambda book: setattr(self._cell(book, key), "value", None), "the value is missing"),
            (lambda book: setattr(self._cell(book, key), "value", -5), "-5 is out of range"),
            (lambda book: setattr(self._cell(book, key, 0), "value", "parameters/x/value"),
             "no such number: parameters/x/value"),
            (lambda book: setattr(self._cell(book, key, 0), "value", "parameters/ring_max/value"),
             "was changed; only values may be|there twice"),
            (lambda book: setattr(self._cell(book, key, 1), "value", "9.9"),
             "Clause was changed; only values"),
            (lambda book: setattr(self._cell(book, key), "value", 0), "0 is no duration"),
            (lambda book: setattr(self._cell(book, "deadline_rules/callback/duration"),
                                  "value", 1.5), "1.5 is no duration"),
            (lambda book: setattr(book.active["A1"], "value", "other"), "not an Excel copy made"),
            (lambda book: setattr(book.active["B1"], "value", "0" * 64), "Make a new copy"),
        ]  # fmt: skip
        for change, problem in cases:
            with self.subTest(problem):
                wizard, book = self._exported()
                change(book)
                self._uploaded(wizard, book).action_policy_check()
                self.assertTrue(wizard.has_problems)
                self.assertRegex(wizard.finding, problem)
                with self.assertRaisesRegex(ValidationError, problem):
                    wizard.action_policy_apply()
        self.assertEqual(self._rule(self.draft, "response-urgent").duration, 15)

    def test_all_problems_come_at_once(self):
        wizard, book = self._exported()
        self._cell(book, "deadline_rules/response-urgent/duration").value = "soon"
        self._cell(book, "parameters/ring_max/value").value = -1
        self._uploaded(wizard, book).action_policy_check()
        self.assertEqual(wizard.finding.count("\n- Row "), 2)

    def test_a_stale_copy_is_refused(self):
        wizard, book = self._exported()
        self._cell(book, "parameters/ring_max/value").value = 5
        self._rule(self.draft, "response-urgent").duration = 14
        self._uploaded(wizard, book).action_policy_check()
        self.assertIn("The version has changed since the copy was made", wizard.finding)

    def test_the_copy_of_another_version_is_refused(self):
        _wizard, book = self._exported(self.version)
        wizard, _book = self._exported()
        self._uploaded(wizard, book).action_policy_check()
        self.assertIn("the copy of another version", wizard.finding)

    def test_nothing_changed_and_no_file(self):
        wizard, book = self._exported()
        with self.assertRaisesRegex(UserError, "Choose the changed copy"):
            wizard.action_policy_check()
        self._uploaded(wizard, book).action_policy_check()
        self.assertEqual(wizard.finding, "The file changes nothing.")
        with self.assertRaisesRegex(UserError, "changes nothing"):
            wizard.action_policy_apply()
        wizard.file = base64.b64encode(b"PK no excel")
        wizard.action_policy_check()
        self.assertIn("no Excel file that can be read", wizard.finding)

    def test_only_policy_administrators(self):
        for role in self.users.keys() - {"policy_admin"}:
            with self.subTest(role), self.assertRaises(AccessError):
                self.env["crm.policy.parameter.sheet"].with_user(self.users[role]).create(
                    {"version_id": self.draft.id}
                )
