"""When warnings and escalations fire, to the second, and which rules of alerts are refused."""

from odoo.exceptions import UserError, ValidationError

from ..common import at, shanghai
from .alert_common import AlertCommon

PERCENT = {"alert_unit": "percent"}
WORKING_HOURS = {"alert_unit": "working_hours"}
WORKING_DAYS = {"alert_unit": "working_days"}
CALENDAR_HOURS = {"alert_unit": "calendar_hours"}
CALENDAR_DAYS = {"alert_unit": "calendar_days"}


class TestAlertInstants(AlertCommon):
    def _instants(self, start, due, *alerts, **vals):
        """Return the instants of alerts on a rule whose clock runs between two wall times."""
        rule = self._set_alerts("response-normal", *alerts, **vals).rule_id
        found = rule._policy_alert_instants(shanghai(start), shanghai(due), self.company)
        return [found[step] for step in rule._policy_steps()]

    def _one(self, start, due, unit="working_hours", duration=40, alert_unit=None, **alert):
        """Return the instant of one alert, counted in ``alert_unit``."""
        alert["unit"] = alert_unit
        [moment] = self._instants(start, due, alert, unit=unit, duration=duration)
        return moment

    def test_eighty_percent_of_working_time_across_lunch(self):
        # Wed 09:30 + 4 h = 14:30; 80 % = 3 h 12 min of work = 13:42, lunch between.
        moment = self._one(
            "2026-03-04 09:30", "2026-03-04 14:30", kind="warning", offset=80, **PERCENT
        )
        self.assertEqual(moment, shanghai("2026-03-04 13:42"))

    def test_eighty_percent_of_working_time_across_a_weekend(self):
        # Fri 16:00 + 4 h = Mon 11:00; 3 h 12 min of work = Mon 10:12.
        moment = self._one(
            "2026-03-06 16:00", "2026-03-09 11:00", kind="warning", offset=80, **PERCENT
        )
        self.assertEqual(moment, shanghai("2026-03-09 10:12"))

    def test_eighty_percent_around_the_clock(self):
        moment = self._one(
            "2026-03-06 16:00", "2026-03-07 16:00", "calendar_hours", 24,
            kind="warning", offset=80, **PERCENT,
        )  # fmt: skip
        self.assertEqual(moment, shanghai("2026-03-07 11:12"))

    def test_percent_of_working_days_counts_their_work(self):
        # Thu 15:00 to Mon 18:00 is 3 + 8 + 8 = 19 h of work; half of it is Fri 09:30 h later.
        moment = self._one(
            "2026-03-05 15:00", "2026-03-09 18:00", "working_days", 2,
            kind="warning", offset=50, **PERCENT,
        )  # fmt: skip
        self.assertEqual(moment, shanghai("2026-03-06 16:30"))

    def test_what_was_paused_is_not_part_of_the_time(self):
        rule = self._set_alerts(
            "response-normal", {"kind": "warning", "offset": 80, "unit": "percent"}, duration=4
        ).rule_id
        # Two of the seven hours from 9:00 to 17:00 it stood still: 20 % of five are one hour.
        found = rule._policy_alert_instants(
            shanghai("2026-03-04 09:00"), shanghai("2026-03-04 17:00"), self.company, 2 * 3600
        )
        self.assertEqual(list(found.values()), [shanghai("2026-03-04 16:00")])

    def test_working_hours_before_are_taken_away_in_working_time(self):
        """U5: an hour before 09:30 is 17:30 the day before, not 08:30."""
        for hours, due, wanted in (
            (1, "2026-03-04 09:30", "2026-03-03 17:30"),
            (1, "2026-03-04 14:00", "2026-03-04 13:00"),
            (1, "2026-03-04 13:30", "2026-03-04 11:30"),
            (1, "2026-03-09 09:30", "2026-03-06 17:30"),
            (1, "2026-03-07 23:59:59", "2026-03-06 17:00"),  # due on a Saturday
        ):
            with self.subTest(due=due):
                moment = self._one(
                    "2026-03-02 09:00",
                    due,
                    kind="warning",
                    offset=hours,
                    **WORKING_HOURS,
                )
                self.assertEqual(moment, shanghai(wanted))

    def test_working_days_before_begin_with_the_work_of_that_day(self):
        for days, due, wanted in (
            (1, "2026-03-04 18:00", "2026-03-03 09:00"),
            (2, "2026-03-09 18:00", "2026-03-05 09:00"),
            (1, "2026-03-08 23:59:59", "2026-03-06 09:00"),  # due on a Sunday
        ):
            with self.subTest(due=due):
                moment = self._one(
                    "2026-03-02 08:00", due, kind="warning", offset=days, **WORKING_DAYS
                )
                self.assertEqual(moment, shanghai(wanted))

    def test_days_and_hours_around_the_clock_before(self):
        moment = self._one(
            "2026-03-02 08:00", "2026-03-17 23:59:59", "calendar_days", 15,
            kind="warning", offset=3, **CALENDAR_DAYS,
        )  # fmt: skip
        self.assertEqual(moment, shanghai("2026-03-14 00:00"))
        moment = self._one(
            "2026-03-02 08:00", "2026-03-17 23:59:59", "calendar_days", 15,
            kind="warning", offset=1.5, **CALENDAR_HOURS,
        )  # fmt: skip
        self.assertEqual(moment, shanghai("2026-03-17 22:29:59"))

    def test_a_warning_never_comes_before_the_start(self):
        moment = self._one(
            "2026-03-04 15:00",
            "2026-03-04 16:00",
            kind="warning",
            offset=2,
            **WORKING_DAYS,
        )
        self.assertEqual(moment, shanghai("2026-03-04 15:00"))

    def test_day_0_is_the_first_overdue_instant_and_day_1_the_day_after_it(self):
        """Correction 15."""
        ladder = [{"offset": day, "unit": "calendar_days", "levels": day + 1} for day in range(3)]
        self.assertEqual(
            self._instants("2026-03-02 10:00", "2026-03-05 23:59:59", *ladder),
            [shanghai(day) for day in ("2026-03-06 00:00", "2026-03-07 00:00", "2026-03-08 00:00")],
        )
        self.assertEqual(
            self._instants("2026-03-02 10:00", "2026-03-05 14:30", *ladder),
            [
                shanghai(moment)
                for moment in ("2026-03-05 14:30:01", "2026-03-06 00:00", "2026-03-07 00:00")
            ],
        )

    def test_working_days_after_skip_the_weekend_and_begin_with_the_work(self):
        ladder = [{"offset": day, "levels": day + 1} for day in range(3)]
        self.assertEqual(
            self._instants("2026-03-02 10:00", "2026-03-06 18:00", *ladder),
            [
                shanghai(moment)
                for moment in ("2026-03-06 18:00:01", "2026-03-09 09:00", "2026-03-10 09:00")
            ],
        )

    def test_working_hours_and_percent_after(self):
        two_hours = {"offset": 2, "unit": "working_hours", "levels": 1}
        half = {"offset": 50, "unit": "percent", "levels": 2}
        self.assertEqual(
            self._instants(
                "2026-03-06 14:00", "2026-03-06 18:00", two_hours, half, unit="working_hours"
            ),
            [shanghai("2026-03-09 11:00"), shanghai("2026-03-09 11:00")],
        )

    def test_holidays_and_make_up_days_count(self):
        """A leave of the company is no work: two hours before are on the day before it."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "清明",
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": shanghai("2026-04-06 00:00"),
                "date_to": shanghai("2026-04-06 23:59:59"),
            }
        )
        moment = self._one(
            "2026-04-01 09:00",
            "2026-04-07 10:00",
            kind="warning",
            offset=2,
            **WORKING_HOURS,
        )
        self.assertEqual(moment, shanghai("2026-04-03 17:00"))
        escalation = {"offset": 1, "levels": 1}
        self.assertEqual(
            self._instants("2026-04-01 09:00", "2026-04-03 18:00", escalation),
            [shanghai("2026-04-07 09:00")],
        )

    def test_without_a_working_calendar_alerts_count_elapsed_time(self):
        rule = self._set_alerts(
            "complaint-response", {"kind": "warning", "offset": 2, "unit": "working_hours"}
        ).rule_id
        self.company.resource_calendar_id = False
        found = rule._policy_alert_instants(
            shanghai("2026-03-06 10:00"), shanghai("2026-03-07 10:00"), self.company
        )
        self.assertEqual(list(found.values()), [shanghai("2026-03-07 08:00")])

    # === THE NEXT ALERT === #

    def test_a_new_clock_knows_its_next_alert(self):
        self._set_alerts(
            "response-normal", {"kind": "warning", "offset": 80, "unit": "percent"}, {}
        )
        clock = self._clocks(self._request("2026-03-04 11:30"))
        self.assertEqual(clock.due_at, shanghai("2026-03-04 13:30"))
        self.assertEqual(clock.next_alert_at, shanghai("2026-03-04 13:18"))

    def test_the_next_alert_moves_with_the_due_date_and_ends_with_the_clock(self):
        self._set_alerts("response-normal", {"kind": "warning", "offset": 80, "unit": "percent"})
        case = self._request("2026-03-04 11:30")
        clock = self._clocks(case)
        with at("2026-03-04 11:40"):
            # What an operator with access to the database may do, the sweep mends.
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET policy_intake_at = policy_intake_at + interval '1 hour'"
                " WHERE id = %s",
                [case.id],
            )
            self.env.invalidate_all()
            self.env["crm.policy.deadline"]._policy_sync(clock.rule_id, case)
            self.assertEqual(clock.due_at, shanghai("2026-03-04 14:00"))
            self.assertEqual(clock.next_alert_at, shanghai("2026-03-04 13:48"))
        with at("2026-03-04 13:10"):
            case._policy_set_fact("policy_accepted_at")
            case._policy_set_fact("policy_responded_at")
        self.assertEqual((clock.state, clock.next_alert_at), ("met", False))

    def test_dates_moved_behind_the_orm_are_worked_out_anew(self):
        self._set_alerts("response-normal", {"kind": "warning", "offset": 80, "unit": "percent"})
        clock = self._clocks(self._request("2026-03-04 11:30"))
        self.env.cr.execute(
            "UPDATE crm_policy_deadline SET due_at = due_at + interval '1 day' WHERE id = %s",
            [clock.id],
        )
        with at("2026-03-04 11:40"):
            clock._policy_reset_alerts()
        # Nine hours of work instead of one: 20 % of them are 1 h 48 min.
        self.assertEqual(clock.next_alert_at, shanghai("2026-03-05 10:42"))

    # === WHAT IS REFUSED === #

    def test_bad_steps_are_refused_by_name(self):
        for alert, words in (
            ({"kind": "warning", "offset": 0}, "some time before"),
            ({"kind": "warning", "offset": -1}, "some time before"),
            ({"offset": -1}, "some time before"),
            ({"offset": 1e9}, "at most 10000"),
            ({"kind": "warning", "offset": 100, "unit": "percent"}, "before 100 percent"),
            ({"kind": "warning", "offset": 120, "unit": "percent"}, "before 100 percent"),
            ({"offset": 1.5}, "days are whole"),
            ({"tell": "role"}, "which role"),
            ({"tell": "manager"}, "1 to 9 levels"),
            ({"levels": 10}, "1 to 9 levels"),
            ({"kind": "warning", "offset": 1, "unit": "working_hours"}, "before the clock"),
        ):
            with (
                self.subTest(alert),
                self.assertRefused(ValidationError, f"response-normal.*{words}"),
            ):
                self._set_alerts("response-normal", alert)

    def test_an_escalation_never_goes_round(self):
        for ladder, who in (
            ([{"levels": 1}, {"offset": 1}], "the responsible"),
            ([{"levels": 2}, {"offset": 1, "levels": 1}], "1 levels up"),
            ([{"role": "manager"}, {"offset": 2, "role": "manager"}], "经理|Manager"),
            ([{}, {"offset": 3}], "the responsible"),
        ):
            with (
                self.subTest(ladder),
                self.assertRefused(ValidationError, f"response-normal.*in a circle, .*({who})"),
            ):
                self._set_alerts("response-normal", *ladder)

    def test_the_same_warning_twice_is_refused(self):
        warning = {"kind": "warning", "offset": 50, "unit": "percent"}
        with self.assertRefused(ValidationError, "a warning is there twice"):
            self._set_alerts("response-normal", warning, warning)

    def test_a_role_of_another_company_is_refused(self):
        other = self._new_company("杭州分公司")
        role = self.env["crm.policy.role"].create(
            {"code": "x", "name": "x", "kind": "user", "company_id": other.id}
        )
        with self.assertRefused(ValidationError, "another company's"):
            self._set_alerts("response-normal", {"tell": "role", "role_id": role.id})

    def test_the_alerts_of_a_version_in_force_stay(self):
        step = self.rules["complaint-response"].alert_ids[0]
        admin = step.with_user(self.users["policy_admin"])
        with self.assertRefused(UserError, "no longer a draft"):
            admin.offset = 50
        with self.assertRefused(UserError, "no longer a draft"):
            admin.unlink()
        with self.assertRefused(UserError, "no longer a draft"):
            admin.create({"rule_id": step.rule_id.id, "tell": "manager", "levels": 3})
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        rule = step.rule_id.search(
            [("version_id", "=", draft.id), ("code", "=", step.rule_id.code)]
        ).with_user(self.users["policy_admin"])
        mine = rule.alert_ids[0]
        mine.offset = 70
        for moved, to in ((mine, step.rule_id), (admin, rule)):
            with self.assertRefused(UserError, "no longer a draft"):
                moved.rule_id = to

    def test_packs_are_checked(self):
        content = self.env["crm.policy"]._policy_packs()["service"].read_text()
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        old = "{kind: warning, offset: 80, unit: percent, tell: responsible}"
        for new, words in (
            ("{kind: warning, offset: 100, unit: percent, tell: responsible}", "100 percent"),
            ("{kind: warning, offset: 0, unit: percent, tell: responsible}", "some time before"),
            ("{kind: hint, offset: 80, unit: percent, tell: responsible}", "alert 1.*warning, esc"),
            ("{kind: warning, offset: a, unit: percent, tell: responsible}", "alert 1.*a number"),
            ("{kind: warning, offset: 80, unit: percent}", "alert 1"),
            ("{kind: warning, offset: 80, unit: percent, tell: role}", "alert 1"),
            ("{kind: warning, offset: 80, unit: years, tell: responsible}", "alert 1"),
            ("{kind: warning, offset: 80, unit: percent, tell: role, role: nobody}", "nobody"),
            ("just words", "alert 1"),
        ):
            pack = content.replace(old, new, 1).replace('number: "1"', 'number: "9"', 1)
            with self.subTest(new), self.assertRefused(ValidationError, f"(?s){words}"):
                policy._policy_apply_pack(
                    pack.replace('number: "1"\n  trans', 'number: "7"\n  trans')
                )

    def test_the_pack_s_ladder_is_loaded(self):
        steps = self.rules["complaint-solution"].alert_ids
        self.assertEqual(
            [(s.kind, s.offset, s.unit, s.tell, s.role_id.code) for s in steps],
            [
                ("warning", 80, "percent", "responsible", False),
                ("escalation", 0, "calendar_days", "responsible", False),
                ("escalation", 0, "calendar_days", "role", "supervisor"),
                ("escalation", 1, "calendar_days", "role", "manager"),
                ("escalation", 2, "calendar_days", "role", "director"),
            ],
        )
