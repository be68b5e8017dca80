"""Many dates move at once: their alerts follow in a few statements, each as if it were alone."""

from unittest.mock import patch

from ..common import at, shanghai
from .alert_common import AlertCommon

LADDER = (
    {"kind": "warning", "offset": 80, "unit": "percent"},
    {"kind": "warning", "offset": 30, "unit": "working_minutes"},
    {"offset": 0},
    {"offset": 2, "unit": "working_days", "levels": 1},
    {"offset": 5, "unit": "calendar_days", "levels": 2},
)


class TestAlertBatch(AlertCommon):
    def setUp(self):
        super().setUp()
        self._set_alerts("response-normal", *LADDER)

    def _cases(self, number):
        return self._clocks(self._new_cases(number)).sorted("id")

    def _move(self, clocks):
        """Give each another due date, as a statement does, and nothing of its next alert."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline"
            "   SET due_at = due_at + interval '7 hours' * (id - %s), next_alert_at = NULL"
            " WHERE id = ANY(%s)",
            [clocks.ids[0], clocks.ids],
        )
        self.env.invalidate_all()

    def _odd_ones(self):
        """Return clocks of which each has something that the others do not have."""
        clocks = self._cases(12)
        self._run("2026-03-05 09:50")  # the warnings of all have fired
        later = self._cases(4)
        clocks[0]._policy_update({"state": "met"})
        clocks[1]._policy_update({"accepted_overdue": True})
        clocks[2]._policy_update({"is_trial": True})
        clocks[3]._policy_update({"paused_seconds": 1200})
        other = self._new_company("东京分公司")
        other.resource_calendar_id.tz = "Asia/Tokyo"
        (clocks[4] + later[:2])._policy_update({"company_id": other.id})
        return clocks + later

    def test_together_as_each_alone(self):
        clocks = self._odd_ones()
        self._move(clocks)
        with at("2026-03-05 10:30"):
            clocks._policy_reset_alerts()
            together = {clock.id: clock.next_alert_at for clock in clocks}
            self._move(clocks[:1])
            self.env.cr.execute("UPDATE crm_policy_deadline SET next_alert_at = NULL")
            for clock in clocks:
                self.env.invalidate_all()
                clock._policy_reset_alerts()
            alone = {clock.id: clock.next_alert_at for clock in clocks}
        self.assertEqual(together, alone)
        self.assertEqual([bool(at) for at in together.values()], [False] * 3 + [True] * 13)
        self.assertGreater(len(set(together.values())), 10)

    def test_the_calendar_is_that_of_each_company(self):
        clocks = self._cases(2)
        tokyo = self._new_company("东京分公司")
        tokyo.resource_calendar_id.tz = "Asia/Tokyo"
        clocks[1]._policy_update({"company_id": tokyo.id})
        clocks._policy_update({"due_at": shanghai("2026-03-06 08:30")})
        with at("2026-03-05 09:00"):
            clocks._policy_reset_alerts()
        # Eight hours here, seven and a half there: Tokyo works from 8 to 17 o'clock of Shanghai.
        self.assertEqual(
            clocks.mapped("next_alert_at"),
            [shanghai("2026-03-05 16:24"), shanghai("2026-03-05 16:00")],
        )

    def _count(self, action):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_statements_do_not_grow(self):
        def reset(number):
            clocks = self._cases(number)
            self._move(clocks)
            with at("2026-03-05 10:30"):
                return self._count(clocks._policy_reset_alerts)

        reset(10)  # caches are filled once
        few, many = reset(10), reset(20)
        self.assertEqual(few, many)
        self.assertLessEqual(few, 12)

    def test_nor_do_those_of_a_calendar_s_change(self):
        Replan = self.env["crm.policy.replan"]
        calendar = self.company.resource_calendar_id

        def replan(number):
            clocks = self._cases(number)
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE crm_policy_deadline SET due_at = due_at + interval '1 hour'"
                " WHERE id = ANY(%s)",
                [clocks.ids],
            )
            with at("2026-03-05 09:10"):
                return self._count(
                    lambda: Replan._policy_replan_chunk(
                        calendar, shanghai("2026-03-01 00:00"), False
                    )
                )

        replan(10)
        self.assertEqual(replan(10), replan(20))

    def test_a_chunk_in_which_nothing_counts_is_not_the_last(self):
        clocks = self._cases(3)
        elsewhere = self._new_company("杭州分公司")
        clocks[:2]._policy_update({"company_id": elsewhere.id})
        self.env["crm.policy.calendar.day"].create(
            {"date": "2026-03-05", "name": "停工", "company_id": self.company.id}
        )
        with (
            at("2026-03-05 09:10"),
            patch("odoo.addons.crm_policy.models.deadline.replan.CHUNK", 1),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("crm_policy.cron_replan").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(
            clocks.mapped("due_at"),
            [shanghai("2026-03-05 10:00")] * 2 + [shanghai("2026-03-06 10:00")],
        )
