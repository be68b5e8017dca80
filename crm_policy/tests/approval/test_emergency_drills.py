"""EMG-05: plans are rehearsed; who keeps one is reminded once of each drill that is overdue."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import at
from .emergency_common import EmergencyCommon


class TestEmergencyDrills(EmergencyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.env["crm.policy.emergency.plan"].search(
            [("code", "=", "crisis"), ("company_id", "=", cls.company.id)]
        )

    def _drill(self, held_on, role="manager", **vals):
        return (
            self.env["crm.policy.emergency.drill"]
            .with_user(self.users[role])
            .create(
                {
                    "plan_id": self.plan.id,
                    "held_on": held_on,
                    "participant_ids": self.users["supervisor"].ids,
                    "findings": "联系方式已更新",
                    **vals,
                }
            )
        )

    def _overdue(self, moment):
        self.plan.invalidate_recordset()
        with at(moment):
            found = self.env["crm.policy.emergency.plan"].search(
                [("drill_overdue", "=", True), ("company_id", "=", self.company.id)]
            )
            self.assertEqual(self.plan.drill_overdue, self.plan in found)
            return self.plan.drill_overdue

    def _reminders(self):
        return self.env["mail.message"].search(
            [("body", "ilike", "was to be rehearsed"), ("body", "ilike", self.plan.name)]
        )

    def _remind(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_remind_drills").method_direct_trigger()
        self.env.invalidate_all()

    def test_only_whether_it_is_overdue_can_be_asked(self):
        Plan = self.env["crm.policy.emergency.plan"]
        for operator in ("=", "not in", ">", "like"):
            with self.subTest(operator):
                self.assertIs(Plan._search_drill_overdue(operator, [True]), NotImplemented)

    def test_a_drill_is_due_six_months_after_the_last(self):
        with at("2026-03-02 10:00"):
            self._drill("2026-03-01")
            self._drill("2026-02-01")
        self.assertEqual(
            (self.plan.last_drill_on, self.plan.next_drill_on),
            (date(2026, 3, 1), date(2026, 9, 1)),
        )
        self.assertFalse(self._overdue("2026-09-01 23:59"))
        self.assertTrue(self._overdue("2026-09-02 00:01"))
        self._set_parameter("drill_interval_months", 12)
        self.assertFalse(self._overdue("2026-09-02 00:01"))
        self._set_parameter("drill_interval_months", 0)
        self.plan.invalidate_recordset()
        self.assertFalse(self.plan.next_drill_on)

    def test_a_plan_without_a_drill_counts_from_when_it_was_written(self):
        self.env.cr.execute(
            "UPDATE crm_policy_emergency_plan SET create_date = '2026-01-10 02:00' WHERE id = %s",
            [self.plan.id],
        )
        self.assertFalse(self._overdue("2026-07-10 12:00"))
        self.assertTrue(self._overdue("2026-07-11 12:00"))

    def test_the_day_it_was_written_is_the_company_s(self):
        """At 23:30 in Greenwich it is the 11th in Shanghai."""
        self.env.cr.execute(
            "UPDATE crm_policy_emergency_plan SET create_date = '2026-01-10 23:30' WHERE id = %s",
            [self.plan.id],
        )
        self.assertFalse(self._overdue("2026-07-11 12:00"))
        self.assertTrue(self._overdue("2026-07-12 12:00"))

    def test_a_drill_is_of_today_where_the_company_is(self):
        """Wherever its clerk sits: in Auckland it is tomorrow already, and that is refused."""
        self.users["manager"].tz = "Pacific/Auckland"
        with at("2026-03-02 22:00"):
            Drill = self.env["crm.policy.emergency.drill"].with_user(self.users["manager"])
            self.assertEqual(Drill.default_get(["held_on"])["held_on"], date(2026, 3, 2))

    def test_who_keeps_the_plan_is_reminded_once(self):
        with at("2026-03-02 10:00"):
            self._drill("2026-03-01")
        self._remind("2026-09-01 12:00")
        self.assertFalse(self._reminders())
        self._remind("2026-09-02 12:00")
        self._remind("2026-09-03 12:00")
        self.assertEqual(len(self._reminders()), 1)
        self.assertIn(self.users["manager"].partner_id, self._reminders().partner_ids)
        self.assertEqual(len(self._events("emergency.drill_overdue", self.plan)), 1)
        with at("2026-09-04 10:00"):
            self._drill("2026-09-04")
        self._remind("2027-03-05 12:00")
        self.assertEqual(len(self._reminders()), 2)

    def test_a_plan_that_fails_does_not_stop_the_others(self):
        plans = self.env["crm.policy.emergency.plan"].search([("company_id", "=", self.company.id)])
        self.assertGreater(len(plans), 1)
        with at("2026-03-02 10:00"):
            for plan in plans:
                self._drill("2026-03-01", plan_id=plan.id)
        Plan, broken = type(plans), plans[0]
        remind = Plan._policy_remind_drill

        def _remind(plan):
            remind(plan)
            if plan == broken:
                raise ValueError("no template")

        with (
            patch.object(Plan, "_policy_remind_drill", _remind),
            self.assertLogs("odoo.addons.crm_policy.models.approval.emergency_plan", "ERROR"),
        ):
            self._remind("2026-09-02 12:00")
        self.assertFalse(broken.reminded_for)
        self.assertFalse(self._events("emergency.drill_overdue", broken))
        for plan in plans - broken:
            self.assertEqual(plan.reminded_for, date(2026, 9, 1))
        self._remind("2026-09-02 13:00")
        self.assertEqual(broken.reminded_for, date(2026, 9, 1))

    def test_a_drill_is_written_down_once(self):
        drill = self._drill("2026-03-01")
        [event] = self._events("emergency.drill", drill)
        self.assertEqual(event.payload["participants"], self.users["supervisor"].ids)
        for user in (self.users["director"], self.users["policy_admin"]):
            with self.assertRaises(UserError):
                drill.with_user(user).findings = "一切正常"
            with self.assertRaises(UserError):
                drill.with_user(user).unlink()
        with self.assertRefused(UserError, "written down once"):
            drill.sudo().write({"findings": "x"})
        with self.assertRefused(UserError, "stays"):
            drill.sudo().unlink()

    def test_what_cannot_be_a_drill(self):
        with at("2026-03-02 10:00"):
            with self.assertRefused(ValidationError, "after it was held"):
                self._drill("2026-03-03")
            with self.assertRefused(ValidationError, "who took part"):
                self._drill("2026-03-01", participant_ids=[])
            for role in ("specialist", "supervisor", "ceo", "qc"):
                with self.subTest(role), self.assertRaises(AccessError):
                    self._drill("2026-03-01", role)

    def test_a_company_has_one_plan_of_a_kind_and_keeps_it(self):
        with self.assertRefused(UserError, "archive it"):
            self.plan.unlink()
        stranger = self._new_company("杭州分公司")
        with self.assertRefused(ValidationError, "another company"):
            self.plan.company_id = stranger

    def test_where_nobody_keeps_the_plan_the_administrators_are_told(self):
        role = self.env["crm.policy.role"].create(
            {"code": "x", "name": "x", "kind": "user", "company_id": self.company.id}
        )
        self.plan.write({"role_id": role.id, "clause_id": False})
        with at("2026-03-02 10:00"):
            self._drill("2026-03-01")
        self._remind("2026-09-02 12:00")
        admins = self.env["crm.policy.ladder"]._policy_administrators(self.company)
        self.assertTrue(admins)
        self.assertEqual(self._reminders().partner_ids, admins.partner_id)

    def test_a_plan_is_that_of_its_company_and_kind(self):
        Plan, other = self.env["crm.policy.emergency.plan"], self._new_company("杭州分公司")
        self.assertEqual(Plan._policy_plan_for("crisis", self.company), self.plan)
        self.assertFalse(Plan._policy_plan_for("crisis", other))
        self.plan.active = False
        self.assertFalse(Plan._policy_plan_for("crisis", self.company))

    def test_an_archived_plan_is_rehearsed_no_more(self):
        with at("2026-03-02 10:00"):
            self._drill("2026-03-01")
        self.plan.active = False
        self._remind("2026-09-02 12:00")
        self.assertFalse(self._reminders())

    def test_a_step_of_a_plan_is_taken_by_a_post_of_the_same_company(self):
        """Its holders are asked to act in an emergency of this company."""
        stranger = self._new_company("杭州分公司")
        role = self.env["crm.policy.role"].create(
            {"code": "x", "name": "x", "kind": "user", "company_id": stranger.id}
        )
        step = self.plan.step_ids[:1]
        with self.assertRefused(ValidationError, "another company"):
            step.role_id = role
        with self.assertRefused(ValidationError, "another company"):
            step.copy({"code": "x", "role_id": role.id})
