"""Deadline rules that cannot run are refused at once, by name; all units are counted."""

from odoo.exceptions import ValidationError

from ..common import PolicyCommon, at, shanghai

SOUND = {
    "code": "t-rule",
    "name": "Rule",
    "model_name": "helpdesk.ticket",
    "start_path": "policy_intake_at",
    "done_path": "policy_responded_at",
    "duration": 1,
    "unit": "working_hours",
}
PACK = """
pack_version: "1"
policy: {code: T, name: Test}
version: {number: "1"}
clauses: [{number: "1", name: One}]
deadline_rules:
  - code: t-rule
    clause: "1"
    name: Rule
    model: helpdesk.ticket
    start: policy_intake_at
    done: policy_responded_at
    duration: 1
    unit: working_hours
"""


class TestRules(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        content = PACK.replace("    unit: working_hours\n", "    unit: working_days\n")
        cls.draft = admin._policy_apply_pack(content, cls.company)
        cls.clause = cls.draft.clause_ids

    def _rule(self, **vals):
        return self.env["crm.policy.deadline.rule"].create(
            [{**SOUND, "code": "t-own", "clause_id": self.clause.id, **vals}]
        )

    def test_a_sound_rule(self):
        rule = self._rule(duration=0.5, domain="[('policy_kind', '=', 'request')]")
        self.assertEqual(rule.company_id, self.company)
        self.assertIn("0.5", rule.sentence)

    def test_unsound_rules_are_refused_by_name(self):
        rows = [
            ({"duration": 0}, "0 is no duration"),
            ({"duration": -1}, "-1 is no duration"),
            ({"duration": 0.001}, "0 is no duration"),
            ({"duration": 10_001}, "10001 is no duration"),
            ({"duration": 1e12, "unit": "calendar_hours"}, "is no duration"),
            ({"duration": 1.5, "unit": "working_days"}, "1.5 is no duration"),
            ({"duration": 0.5, "unit": "calendar_days"}, "0.5 is no duration"),
            ({"duration": 2.5, "unit": "calendar_months"}, "2.5 is no duration"),
            ({"model_name": "no.such.model"}, "no.such.model is not a governed model"),
            ({"model_name": "res.partner"}, "res.partner is not a governed model"),
            ({"model_name": "crm.policy.subject"}, "crm.policy.subject is not a governed model"),
            ({"model_name": "crm.policy.complaint.mixin"}, "is not a governed model"),
            ({"start_path": "no_such_field"}, "no_such_field is no stored point in time"),
            ({"done_path": "no_such_field"}, "no_such_field is no stored point in time"),
            ({"start_path": "name"}, "name is no stored point in time"),
            ({"start_path": "policy_next_due_at"}, "policy_next_due_at is no stored point"),
            ({"start_path": "policy_shipped_on"}, "policy_shipped_on is no stored point"),
            ({"start_path": "tag_ids.create_date"}, "tag_ids.create_date is no stored point"),
            ({"start_path": "policy_intake_at.x"}, "policy_intake_at.x is no stored point"),
            ({"start_path": "."}, ". is no stored point"),
            (
                {"start_path": "policy_origin_id.policy_origin_id.policy_origin_id.create_date"},
                "over at most 2 links",
            ),
            ({"domain": "[('no_such_field', '=', 1)]"}, "no_such_field"),
            ({"domain": "[('policy_kind', '=', "}, "cannot be used"),
            ({"domain": "[('policy_kind', 'is', 1)]"}, "cannot be used"),
            ({"domain": "[('policy_kind',)]"}, "cannot be used"),
            ({"domain": "['|', ('policy_kind', '=', 'request')]"}, "cannot be used"),
            ({"domain": "[('create_date', '>', context_today())]"}, "cannot be used"),
            ({"domain": "__import__('os').system('true')"}, "cannot be used"),
            ({"domain": "5"}, "cannot be used"),
            ({"domain": "{'a': 1}"}, "cannot be used"),
            ({"domain": "[5]"}, "cannot be used"),
            ({"domain": "[[[]]]"}, "cannot be used"),
            ({"domain": "[" * 5000}, "cannot be used"),
        ]
        for vals, problem in rows:
            with self.subTest(**{**vals, "domain": vals.get("domain", "")[:40]}):
                with self.assertRaises(ValidationError) as refusal, self.env.cr.savepoint():
                    self._rule(**vals)
                self.assertIn("Deadline rule t-own", str(refusal.exception))
                self.assertIn(problem, str(refusal.exception))

    def test_two_hops_are_enough_and_allowed(self):
        rule = self._rule(start_path="policy_origin_id.policy_origin_id.policy_closed_at")
        self.assertEqual(rule._policy_watched_fields() & {"policy_origin_id", "policy_closed_at"},
                         {"policy_origin_id"})  # fmt: skip

    def test_a_pack_with_an_unsound_rule_is_refused_by_name(self):
        rows = [
            ("    duration: 1\n", "    duration: 0\n", "rule t-rule: 0 is no duration"),
            ("    duration: 1\n", "    duration: -3\n", "rule t-rule: -3 is no duration"),
            ("    duration: 1\n", "    duration: .nan\n", "duration must be a number, not nan"),
            ("    duration: 1\n", '    duration: "1"\n', "duration must be a number"),
            ("unit: working_hours", "unit: fortnights", "unit must be one of"),
            ("helpdesk.ticket", "res.partner", "rule t-rule: res.partner is not a governed"),
            ("policy_intake_at", "intake", "rule t-rule: intake is no stored point"),
            ("    unit:", "    calendar: Moon\n    unit:", "(t-rule): there is no Resource Work"),
            ("    unit:", "    roll: sideways\n    unit:", "roll must be one of none, next_w"),
            ("    unit:", "    before: 1\n    unit:", "before must be true or false"),
            ("    unit:", "    factor: mood\n    unit:", "rule t-rule: mood is no number"),
            ("    unit:", "    role: wizard\n    unit:", "(t-rule): there is no Policy Role wi"),
            ("    unit:", "    domain: [[a, b]]\n    unit:", "rule t-rule: the condition"),
            ("    unit:", "    domain: [[x, '=', 1]]\n    unit:", "rule t-rule: the condition"),
            ("    unit:", "    domain: [[create_date, '>', 2026-01-01]]\n    unit:",
             "rule t-rule: the condition"),
            ("    unit:", "    x: 1\n    unit:", "unknown field x"),
        ]  # fmt: skip
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        for sound, broken, problem in rows:
            with self.subTest(broken=broken), self.assertRaises(ValidationError) as refusal:
                content = PACK.replace("code: T,", "code: U,").replace(sound, broken)
                admin._policy_apply_pack(content, self.company)
            self.assertIn(problem, str(refusal.exception))

    def test_a_calendar_of_its_own(self):
        night = self.company.resource_calendar_id.copy()
        night.name = "Night"
        night.attendance_ids.filtered(lambda line: line.hour_from == 9).hour_to = 11
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = PACK.replace("    unit:", "    calendar: Night\n    unit:")
        version = admin._policy_apply_pack(
            content.replace('number: "1"}', 'number: "2"}', 1), self.company
        )
        rule = self.env["crm.policy.deadline.rule"].search([("version_id", "=", version.id)])
        self.assertEqual(rule.calendar_id, night)
        [due] = rule._policy_due([shanghai("2026-03-04 10:30")], self.company)
        self.assertEqual(due, shanghai("2026-03-04 13:30"))

    def test_every_unit(self):
        start = shanghai("2026-01-31 10:00")  # a Saturday
        rows = [
            ("working_minutes", 15, "2026-02-02 09:15"),
            ("working_hours", 0.25, "2026-02-02 09:15"),
            ("working_days", 2, "2026-02-03 18:00"),
            ("calendar_hours", 24, "2026-02-01 10:00"),
            ("calendar_hours", 0.5, "2026-01-31 10:30"),
            ("calendar_days", 15, "2026-02-15 23:59:59"),
            ("calendar_months", 1, "2026-02-28 23:59:59"),
            ("day_of_month", 5, "2026-02-05 23:59:59"),
        ]
        for unit, duration, due in rows:
            with self.subTest(unit=unit):
                rule = self._rule(code=f"{unit}-{duration}", unit=unit, duration=duration)
                self.assertEqual(rule._policy_due([start], self.company), [shanghai(due)])
        self.assertEqual(rule._policy_due([], self.company), [])

    def test_which_day_counts_and_where_it_rolls(self):
        rows = [
            # S2.11: 15 days after 03-13 is a Saturday
            ("2026-03-13 15:00", {"unit": "calendar_days", "duration": 15}, "2026-03-28 23:59:59"),
            ("2026-03-13 15:00", {"unit": "calendar_days", "duration": 15, "roll": "next_workday"},
             "2026-03-30 23:59:59"),
            ("2026-03-13 15:00", {"unit": "calendar_days", "duration": 15,
                                  "roll": "previous_workday"}, "2026-03-27 23:59:59"),
            # A day with work stays where it is.
            ("2026-03-12 15:00", {"unit": "calendar_days", "duration": 15, "roll": "next_workday"},
             "2026-03-27 23:59:59"),
            # T5: before the 5th, with and without the day; Sunday 04-05 rolled back
            ("2026-03-31 10:00", {"unit": "day_of_month", "duration": 5, "before": True},
             "2026-04-04 23:59:59"),
            ("2026-03-31 10:00", {"unit": "day_of_month", "duration": 5,
                                  "roll": "previous_workday"}, "2026-04-03 23:59:59"),
            ("2026-01-31 10:00", {"unit": "calendar_months", "duration": 1, "before": True},
             "2026-02-27 23:59:59"),
            # T4: day 0, or the first day while it has work left
            ("2026-03-06 10:00", {"unit": "working_days", "duration": 2}, "2026-03-10 18:00"),
            ("2026-03-06 10:00", {"unit": "working_days", "duration": 2, "count_from": "same_day"},
             "2026-03-09 18:00"),
            ("2026-03-06 18:00", {"unit": "working_days", "duration": 2, "count_from": "same_day"},
             "2026-03-10 18:00"),
            ("2026-03-07 10:00", {"unit": "working_days", "duration": 1, "count_from": "same_day"},
             "2026-03-09 18:00"),
        ]  # fmt: skip
        for number, (start, vals, due) in enumerate(rows):
            with self.subTest(start=start, **vals):
                rule = self._rule(code=f"t-{number}", **vals)
                self.assertEqual(rule._policy_due([shanghai(start)], self.company), [shanghai(due)])

    def test_a_factor_stretches_the_duration(self):
        start = shanghai("2026-03-04 11:45")
        rows = [
            ("working_minutes", 60, 0.5, "2026-03-04 13:15"),  # S1 d
            ("working_hours", 8, 0.5, "2026-03-04 16:45"),  # S1 d
            ("calendar_hours", 24, 0.5, "2026-03-04 23:45"),
            ("calendar_days", 3, 0.5, "2026-03-06 23:59:59"),  # 1.5 days: two
            ("calendar_days", 10, 1.1, "2026-03-15 23:59:59"),  # eleven, not twelve
            ("working_days", 1, 0.1, "2026-03-05 18:00"),  # never less than one
            ("calendar_months", 1, 0.5, "2026-04-04 23:59:59"),
            ("day_of_month", 5, 0.5, "2026-04-05 23:59:59"),  # a date, no duration
        ]
        for unit, duration, factor, due in rows:
            with self.subTest(unit=unit, duration=duration):
                rule = self._rule(code=f"f-{unit}-{duration}", unit=unit, duration=duration)
                self.assertEqual(rule._policy_due([start], self.company, [factor]), [shanghai(due)])

    def test_what_is_no_day_of_a_month_and_no_factor(self):
        for vals in ({"duration": 0}, {"duration": 32}, {"duration": 1.5}):
            with self.subTest(**vals), self.assertRaises(ValidationError):
                self._rule(code="t-day", unit="day_of_month", **vals)
        for path in ("name", "nothing", "user_id", "partner_id.name", "policy_intake_at",
                     "user_id.company_id.partner_id.color", "policy_is_late"):  # fmt: skip
            with self.subTest(path=path), self.assertRaisesRegex(ValidationError, "no number of"):
                self._rule(code="t-factor", factor_path=path)
        self._rule(code="t-factor", factor_path="partner_id.color")

    def test_a_trial_version_marks_its_clocks(self):
        content = self.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        content = content.replace('number: "1"\n  transition', 'number: "2"\n  transition', 1)
        content = content.replace("enforcement: enforced", "enforcement: trial")
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        version = admin._policy_apply_pack(content, self.company)
        version.action_policy_review()
        self._as("director", version).action_policy_publish()
        with at("2026-03-04 11:30"):
            case = self._new_case(policy_kind="request")
        self.assertEqual(case.policy_deadline_ids.mapped("is_trial"), [True])
