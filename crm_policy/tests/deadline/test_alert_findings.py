"""What the linter says of warnings and escalations: their moment, their order, whom they reach."""

from ..common import at
from .alert_common import AlertCommon

CODES = (
    "alert_at_start",
    "alert_before_due",
    "alert_not_before_due",
    "alert_order",
    "alert_to_nobody",
    "manager_circle",
)


class TestAlertFindings(AlertCommon):
    def setUp(self):
        super().setUp()
        self.rule = self.rules["response-normal"]  # one working hour, clause 2.2
        for rule in self.rules.values():
            self._set_alerts(rule.code)

    def _findings(self):
        with at("2026-03-02 08:00"):
            found = self.env["crm.policy.finding"]._policy_refresh(self.version)
        return found.filtered(lambda finding: finding.code in CODES)

    def _assert_found(self, *expected):
        """Compare what is found with (code, severity, clause number, record)."""
        findings = self._findings()
        self.assertEqual(
            {
                (found.code, found.severity, found.clause_id.number, found.res_model, found.res_id)
                for found in findings
            },
            {
                (code, severity, number, record._name, record.id)
                for code, severity, number, record in expected
            },
        )
        return findings

    # === MOMENTS === #

    def test_sound_alerts_are_not_spoken_of(self):
        self._set_alerts(
            "response-normal",
            {"kind": "warning", "offset": 80, "unit": "percent"},
            {"kind": "warning", "offset": 10, "unit": "working_minutes"},
            {"offset": 0, "unit": "working_minutes"},
            {"offset": 1, "levels": 1},
            {"offset": 2, "levels": 2},
            {"offset": 2, "role": "director"},
        )
        self._assert_found()

    def test_a_warning_that_would_not_come_before(self):
        # 0.006 seconds before the end of an hour: that is the end itself
        step = self._set_alerts(
            "response-normal",
            {"kind": "warning", "offset": 99.99, "unit": "percent"},
            duration=1,
            unit="working_minutes",
        )
        [finding] = self._assert_found(("alert_not_before_due", "error", "2.2", step))
        self.assertIn("would not come before the deadline", finding.text)
        self._set_alerts("response-normal", {"kind": "warning", "offset": 90, "unit": "percent"})
        self._assert_found()

    def test_a_warning_earlier_than_the_start(self):
        step = self._set_alerts(
            "response-normal", {"kind": "warning", "offset": 2, "unit": "working_days"}
        )
        self._assert_found(("alert_at_start", "warning", "2.2", step))
        # The time was shortened after the warning was written.
        step = self._set_alerts(
            "response-normal",
            {"kind": "warning", "offset": 2, "unit": "working_hours"},
            duration=3,
            unit="working_hours",
        )
        self._assert_found()
        self._set_alerts(
            "response-normal", {"kind": "warning", "offset": 2, "unit": "working_hours"}
        )
        version = self.version
        version._policy_guarded_write({"state": "draft"})
        self.rule.duration = 2
        version._policy_guarded_write({"state": "effective"})
        self._assert_found(("alert_at_start", "warning", "2.2", self.rule.alert_ids))

    def test_an_escalation_before_anything_is_overdue(self):
        step = self._set_alerts("response-normal", {"offset": 0, "unit": "working_hours"})
        self._assert_found()
        # Behind the back of the checks, as a damaged copy of the database may have it.
        self.env.flush_all()
        self.env.cr.execute(
            'UPDATE crm_policy_escalation_step SET "offset" = -0.5 WHERE id = %s', [step.id]
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        [finding] = self._assert_found(("alert_before_due", "error", "2.2", step))
        # The step is put right in its rule.
        opened = finding.with_user(self.users["policy_admin"]).action_policy_open()
        self.assertEqual(
            (opened["res_model"], opened["res_id"], opened["views"][0][1]),
            (self.rule._name, self.rule.id, "form"),
        )

    def test_an_error_stops_the_publication(self):
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        rule = self.env["crm.policy.deadline.rule"].search(
            [("version_id", "=", draft.id), ("code", "=", "response-normal")]
        )
        rule.write({"duration": 1, "unit": "working_minutes"})
        rule.write({"alert_ids": [(0, 0, self._alert("warning", 99.99, "percent"))]})
        found = self.env["crm.policy.finding"]._policy_refresh(draft.sudo())
        self.assertEqual(
            found.filtered(lambda one: one.severity == "error").mapped("code"),
            ["alert_not_before_due"],
        )

    # === ORDER === #

    def test_a_higher_level_that_may_be_told_first(self):
        steps = self._set_alerts(
            "response-normal",
            {"offset": 1, "unit": "working_days", "levels": 1},
            {"offset": 1, "unit": "calendar_days", "levels": 2},
        )
        # What is due on a Friday: the second level on Saturday, the first on Monday.
        higher = steps.filtered(lambda step: step.levels == 2)
        [finding] = self._assert_found(("alert_order", "warning", "2.2", higher))
        self.assertIn("2 levels up", finding.with_context(lang="en_US").text)
        if self.env["res.lang"]._lang_get("zh_CN"):
            # Each language says all of it: the step, too.
            self.assertNotIn("levels up", finding.with_context(lang="zh_CN").text)
        self._set_alerts(
            "response-normal",
            {"offset": 1, "unit": "working_days", "levels": 1},
            {"offset": 5, "unit": "calendar_days", "levels": 2},
        )
        self._assert_found()

    def test_nobody_above_is_told_before_the_responsible(self):
        steps = self._set_alerts(
            "response-normal",
            {"offset": 1, "unit": "calendar_days"},
            {"offset": 0, "unit": "working_days", "levels": 1},
        )
        higher = steps.filtered(lambda step: step.tell == "manager")
        self._assert_found(("alert_order", "warning", "2.2", higher))

    # === WHO IS REACHED === #

    def test_a_role_that_nobody_holds(self):
        self._set_alerts("response-normal", {"offset": 0, "role": "quality"})
        role = self._role_of("quality")
        self._new_post("quality", self.env["res.users"])
        role.user_id = False
        self._assert_found(("alert_to_nobody", "warning", "2.2", role))
        # A substitute is somebody; one who has left is not.
        self._new_post("quality", self.env["res.users"], substitute=self.users["qc"])
        self._assert_found()
        self.users["qc"].active = False
        self._assert_found(("alert_to_nobody", "warning", "2.2", role))

    def test_a_group_whose_members_all_stand_higher(self):
        self._set_alerts("response-normal", {"offset": 0, "role": "supervisor"})
        self._assert_found()
        self.users["supervisor"].active = False
        self.assertTrue(self.users["manager"].has_group("crm_policy.group_supervisor"))
        self._assert_found(("alert_to_nobody", "warning", "2.2", self._role_of("supervisor")))

    def test_whom_a_case_names_is_not_looked_for(self):
        self._set_alerts("response-normal", {"offset": 0, "role": "handler"})
        self._assert_found()

    def test_managers_in_a_circle(self):
        self._set_alerts("response-normal", {"offset": 0, "levels": 1})
        self._assert_found()
        people = self.employees
        people["director"].parent_id = people["manager"]  # manager, director, manager
        first = min(people["manager"], people["director"], key=lambda employee: employee.id)
        other = (people["manager"] | people["director"]) - first
        [finding] = self._assert_found(("manager_circle", "warning", "2.2", first))
        self.assertIn(f"{first.name} → {other.name} → {first.name}", finding.text)
        opened = finding.with_user(self.users["policy_admin"]).action_policy_open()
        self.assertEqual(opened["res_id"], first.id)
        # Odoo makes the head of a department his own manager: he stands at the top.
        people["director"].parent_id = people["director"]
        self._assert_found()
        people["director"].parent_id = people["manager"]
        # Where no ladder climbs, nobody is in its way.
        self._set_alerts("response-normal", {"offset": 0, "role": "director"})
        self._assert_found()

    def test_a_circle_that_no_responsible_is_below(self):
        self._set_alerts(
            "response-normal",
            {"offset": 0, "levels": 1},
            role_id=self._role_of("ceo").id,
        )
        people = self.employees
        people["supervisor"].parent_id = people["specialist"]
        self._assert_found()
        self._set_alerts(
            "response-normal",
            {"offset": 0, "levels": 1},
            role_id=self._role_of("specialist").id,
        )
        first = min(people["supervisor"], people["specialist"], key=lambda employee: employee.id)
        self._assert_found(("manager_circle", "warning", "2.2", first))
