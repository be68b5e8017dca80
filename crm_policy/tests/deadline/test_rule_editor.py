"""Making a deadline rule on its clause: pickers, the sentence, a try before saving."""

from odoo.exceptions import UserError
from odoo.tests import Form

from ..common import PolicyCommon, shanghai


class TestRuleEditor(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        admin = cls.users["policy_admin"]
        draft = cls.env["crm.policy.version"].with_user(admin).create(
            {"policy_id": cls.version.policy_id.id, "number": 2}
        )  # fmt: skip
        cls.clause = cls.env["crm.policy.clause"].with_user(admin).create(
            {"version_id": draft.id, "number": "9.1", "name": "电话告知", "text": "……"}
        )  # fmt: skip
        cls.rules = cls.env["crm.policy.deadline.rule"].with_user(admin)

    def _new(self, **vals):
        return self.rules.create(
            {
                "clause_id": self.clause.id,
                "code": f"rule-{len(self.rules.search([]))}",
                "name": "Call",
                "model_name": "helpdesk.ticket",
                "start_path": "policy_accepted_at",
                "done_path": "policy_responded_at",
                "duration": 4,
                **vals,
            }
        )

    def test_a_rule_made_on_a_clause_is_named_after_it(self):
        context = {"default_clause_id": self.clause.id, "default_model_name": "helpdesk.ticket"}
        made = self.rules.with_context(**context)
        self.assertEqual(made.default_get(["code", "name", "clause_id"])["code"], "9.1-1")
        self._new(code="9.1-1")
        self.assertEqual(made.default_get(["code", "name", "clause_id"])["code"], "9.1-2")

    def test_the_form_tells_when_it_would_be_due_before_it_is_saved(self):
        form = Form(self.rules.with_context(default_clause_id=self.clause.id))
        form.model_choice = "helpdesk.ticket"
        form.start_path = "policy_accepted_at"
        form.done_path = "policy_responded_at"
        form.duration = 4
        form.try_at = shanghai("2026-03-06 16:00")
        self.assertIn("03-09", form.try_account["facts"][1][1])
        self.assertEqual(form.try_account["total"], "Counted altogether: 4 h")
        self.assertEqual(form.sentence, '"Responded At" within 4 working hours of "Accepted At".')
        form.duration = 0
        self.assertFalse(form.try_account)
        self.assertIn("more than zero", form.try_problem)
        form.duration = 4
        rule = form.save()
        self.assertEqual((rule.model_name, rule.code), ("helpdesk.ticket", "9.1-1"))

    def test_a_try_in_another_age_is_no_try(self):
        for unit in ("working_hours", "working_days", "calendar_hours", "calendar_months"):
            rule = self._new(unit=unit)
            for year in ("9999", "0026", "2100"):
                with self.subTest(unit=unit, year=year):
                    rule.try_at = f"{year}-12-31 10:00:00"
                    self.assertFalse(rule.try_account)
                    self.assertIn("no date of a calendar", rule.try_problem)

    def test_another_model_empties_the_paths(self):
        rule = self.rules.new({"model_name": "mail.thread", "start_path": "create_date"})
        rule.model_choice = "helpdesk.ticket"
        rule._onchange_model_choice()
        self.assertEqual((rule.model_name, rule.start_path), ("helpdesk.ticket", False))

    def test_the_pickers_write_the_paths(self):
        rule = self._new()
        field = self.env["ir.model.fields"]._get("helpdesk.ticket", "policy_registered_at")
        self.assertEqual(rule.sudo().start_field_id.name, "policy_accepted_at")
        rule.sudo().start_field_id = field
        self.assertEqual(rule.start_path, "policy_registered_at")
        rule.start_path = "policy_origin_id.policy_closed_at"
        self.assertFalse(rule.sudo().start_field_id)

    def test_no_picker_gets_into_a_published_version(self):
        rule = self.rules.search([("version_id", "=", self.version.id)], limit=1)
        self.assertTrue(rule.is_published)
        with self.assertRaises(UserError):
            rule.model_choice = "helpdesk.ticket"
        with self.assertRaises(UserError):
            rule.sudo().start_field_id = self.env["ir.model.fields"]._get(
                "helpdesk.ticket", "policy_registered_at"
            )

    def test_the_sentence_says_all_of_the_rule(self):
        role = self._role_of("specialist") or self.env["crm.policy.role"].search([], limit=1)
        rule = self._new(
            unit="calendar_days",
            duration=1,
            before=True,
            roll="next_workday",
            window="day",
            severity="grave",
            domain="[('policy_kind', 'in', ('complaint', 'conflict')),"
            " ('partner_id', '!=', False)]",
            role_id=role.id,
        )
        self.assertEqual(
            rule.sentence,
            '"Responded At" within 1 day of "Accepted At". '
            "The last day is excluded: due at the end of the day before. "
            "A day without work becomes the next working day. "
            "What is done before the day it is due does not count. "
            f"Applies where {rule._policy_path_label('policy_kind')} is Complaint or Conflict "
            f"and {rule._policy_path_label('partner_id')} is set. "
            f"Responsible: {role.name}. Missing it is: Grave.",
        )

    def test_a_day_of_the_month_and_a_date_given_are_sentences(self):
        rule = self._new(unit="day_of_month", duration=5, before=True)
        self.assertEqual(
            rule.sentence, '"Responded At" before day 5 of the month after "Accepted At".'
        )
        rule = self._new(unit="given", duration=0, due_path="policy_registered_at")
        self.assertEqual(rule.sentence, '"Responded At" no later than "Registered At".')
