"""What users of other programs complained of for years (U1 to U23), each with exact instants.

Some stand where they belong: U2 and U5 with the working time; U3, U4, U10, U12, U14, U15 and U20
with the pauses; U16 with the register; U17 with the translations; U21, a department's own time,
with the packs whose departments give opinions. U18 (bots) is no matter of the clock. T7 and T8 of
the catalogue's arithmetic are here, T1 to T6 stand with the tools and the rules.
"""

from datetime import datetime, timedelta

from ..common import at, shanghai
from .alert_common import AlertCommon

DAY = "2026-03-05"  # a Thursday


class TestLessons(AlertCommon):
    def _version(self, number, transition, old, new):
        """Publish the shipped policy with one change."""
        content = self.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        for before, after in (
            ('number: "1"\n  transition: keep', f'number: "{number}"\n  transition: {transition}'),
            (old, new),
        ):
            self.assertEqual(content.count(before), 1)
            content = content.replace(before, after)
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        version = policy._policy_apply_pack(content, self.company)
        self._hand_over(version)
        version.with_user(self.users["director"]).action_policy_publish()
        return version.with_env(self.env)

    def _longer(self, number, transition):
        return self._version(
            number,
            transition,
            "    duration: 1\n    unit: working_hours\n",
            "    duration: 3\n    unit: working_hours\n",
        )

    def test_u1_the_clock_stops_at_night_and_at_weekends(self):
        case = self._request("2026-03-06 17:30")
        self.assertEqual(self._clocks(case).due_at, shanghai("2026-03-09 09:30"))
        self._run("2026-03-08 12:00")
        self.assertFalse(self._clocks(case).overdue_at)

    def test_u6_what_moved_a_deadline_can_be_read(self):
        self.env["crm.policy.calendar.day"].create(
            {"date": "2026-03-06", "name": "厂庆", "company_id": self.company.id}
        )
        clock = self._clocks(self._request(f"{DAY} 17:30"))
        told = clock.explain()
        self.assertEqual(told["due"], str(shanghai("2026-03-09 09:30")))
        self.assertEqual(told["seconds"], 3600)
        self.assertIn("厂庆", " ".join(str(row["reason"]) for row in told["rows"]))
        ends = [part["to"] for part in told["intervals"]]
        starts = [part["from"] for part in told["intervals"]]
        self.assertEqual([told["start"], *ends], [*starts, told["due"]], "no gap, no overlap")

    def test_u7_a_rule_that_is_over_tells_nobody_any_more(self):
        self._set_alerts("response-normal", {"levels": 1}, {"offset": 1, "levels": 2})
        case = self._request(f"{DAY} 09:00")
        self._run(f"{DAY} 10:00:01")
        self.assertEqual(self._logins(case), ["supervisor"])
        with at(f"{DAY} 10:30"):
            self._longer("2", "switch")
            with self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_switch_cases").method_direct_trigger()
        for moment in ("2026-03-06 09:00", "2026-03-20 09:00"):
            self._run(moment)
        old = self._clocks(case).filtered(lambda clock: clock.state == "cancelled")
        self.assertEqual(len(old), 1)
        self.assertEqual(old.escalation_ids.mapped("user_id"), self.users["supervisor"])

    def test_u8_one_limit_never_moves_another(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        response = self._clocks(case, "complaint-response")
        solution = self._clocks(case, "complaint-solution")
        with at("2026-03-02 15:00"):
            self._as("specialist", case).action_policy_respond("已致电")
            case.description = "补充"
        self.assertEqual((response.state, response.due_at),
                         ("met", shanghai("2026-03-03 10:20")))  # fmt: skip
        self.assertEqual((solution.state, solution.due_at),
                         ("open", shanghai("2026-03-04 10:20")))  # fmt: skip

    def test_u9_the_figures_measure_what_they_say(self):
        """Three requests: in time, 90 working minutes late over lunch, overdue."""
        cases = [self._request(f"{DAY} 10:00") for _number in range(3)]
        for case, moment in zip(cases, (f"{DAY} 11:00", f"{DAY} 13:30"), strict=False):
            with at(moment):
                case._policy_set_fact("policy_accepted_at")
                case._policy_set_fact("policy_responded_at")
        clocks = self.env["crm.policy.deadline"].concat(*map(self._clocks, cases))
        with at(f"{DAY} 14:00"):
            [row] = clocks._read_group(
                [("id", "in", clocks.ids)],
                [],
                ["late_count:sum", "on_time:avg", "late_hours:avg", "lateness_seconds:sum"],
            )
        self.assertEqual((row[0], round(row[1], 6), row[2], row[3]), (2, 0.333333, 1.5, 5400))

    def test_u11_the_version_stands_beside_the_deadline(self):
        old = self._clocks(self._request(f"{DAY} 09:00"))
        with at(f"{DAY} 09:10"):
            self._longer("2", "keep")
        new = self._clocks(self._request(f"{DAY} 09:20"))
        self.assertEqual((old.due_at, new.due_at),
                         (shanghai(f"{DAY} 10:00"), shanghai(f"{DAY} 13:20")))  # fmt: skip
        for clock, label in ((old, "v1"), (new, "v2")):
            self.assertTrue(clock.version_label.endswith(label), clock.version_label)
            self.assertTrue(clock.explain()["version"].endswith(label))

    def test_u13_a_fresh_case_is_late_in_no_zone(self):
        calendar = self.company.resource_calendar_id
        # 9:30 on a Monday after the clocks changed in Paris, on a Friday in New York.
        for zone, start, due in (
            ("Asia/Shanghai", "2026-03-30 01:30", "2026-03-30 02:30"),
            ("Europe/Paris", "2026-03-30 07:30", "2026-03-30 08:30"),
            ("America/New_York", "2026-03-27 13:30", "2026-03-27 14:30"),
        ):
            calendar.tz = zone
            for reader in ("Asia/Shanghai", "America/New_York"):
                self.env.user.tz = reader
                moment = f"{start}:00"
                with self.subTest(zone, reader=reader):
                    local = datetime.fromisoformat(moment) + timedelta(hours=8)
                    case = self._request(str(local))
                    clock = self._clocks(case)
                    self.assertEqual((str(clock.start_at), str(clock.due_at)),
                                     (moment, f"{due}:00"))  # fmt: skip
                    with at(str(local + timedelta(minutes=60))):
                        self.assertFalse(clock.is_overdue)
                        self.assertEqual(self.env["crm.policy.deadline"].search_count(
                            [("id", "=", clock.id), ("is_overdue", "=", True)]), 0)  # fmt: skip

    def test_u19_reminders_know_the_calendar(self):
        self._set_alerts(
            "response-normal", {"kind": "warning", "offset": 45, "unit": "working_minutes"}
        )
        case = self._request("2026-03-06 17:30")  # due on Monday at 9:30
        self.assertEqual(self._clocks(case).next_alert_at, shanghai("2026-03-06 17:45"))

    def test_u22_the_clause_says_what_starts_the_clock(self):
        """A complaint came on Monday and was accepted on Tuesday."""
        with at("2026-03-02 10:00"):
            case = self._new_case()
        self.assertFalse(self._clocks(case, "complaint-response"))
        with at("2026-03-03 15:00"):
            self._as("specialist", case).action_policy_accept()
        clock = self._clocks(case, "complaint-response")
        self.assertEqual((clock.start_at, clock.due_at),
                         (shanghai("2026-03-03 15:00"), shanghai("2026-03-04 15:00")))  # fmt: skip

    def test_t7_on_time_at_the_very_instant(self):
        case = self._request(f"{DAY} 09:00")
        clock = self._clocks(case)
        for moment, late in ((f"{DAY} 10:00:00", False), (f"{DAY} 10:00:01", True)):
            self._run(moment)
            with at(moment):
                self.assertEqual(bool(clock.overdue_at), late)
                clock.invalidate_recordset(["is_overdue"])
                self.assertEqual(clock.is_overdue, late)

    def test_t8_money_is_rounded_half_up_before_it_is_compared(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        for typed, stored in (
            (10000.004, 10000.00),
            (10000.005, 10000.01),
            (2.675, 2.68),
            (0.125, 0.13),
            (0.124999, 0.12),
        ):
            with self.subTest(typed):
                remedy = self._new_remedy(case, typed)
                self.env.flush_all()
                remedy.invalidate_recordset()
                self.assertEqual(remedy.amount, stored)

    def test_u23_nobody_keeps_a_clock_of_his_own(self):
        """What a person needs to know of his work stands in one list, the next one first."""
        first, second = self._request(f"{DAY} 11:30"), self._request(f"{DAY} 09:00")
        mine = self.env["crm.policy.deadline"].search(
            [
                ("user_id", "=", self.users["specialist"].id),
                ("res_model", "=", first._name),
                ("res_id", "in", (first + second).ids),
                ("state", "=", "open"),
            ]
        )
        self.assertEqual(mine.mapped("res_id"), [second.id, first.id])
        self.assertEqual(
            mine.mapped("due_at"), [shanghai(f"{DAY} 10:00"), shanghai(f"{DAY} 13:30")]
        )
