"""What was found overdue and is not any more: the mark, the reminders and the violation go."""

from ..common import at, shanghai
from ..pause_common import PauseCommon
from .alert_common import AlertCommon

DAY = "2026-03-05"  # a Thursday
ALERTS = (
    {"kind": "warning", "offset": 30, "unit": "working_minutes"},
    {"levels": 1},
    {"offset": 1, "levels": 2},
)


class RetractionCommon(AlertCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_alerts("response-normal", *ALERTS, severity="serious")

    def _overdue(self, **vals):
        """Return a request that was due on Thursday at 10:00, warned of and found overdue."""
        case = self._request(f"{DAY} 09:00", policy_department_id=self.department.id, **vals)
        self._run(f"{DAY} 09:30")
        self._run(f"{DAY} 10:00:01")
        return case

    def _close(self, day, moment=f"{DAY} 10:30"):
        """Enter a day without work and let the job plan anew."""
        with at(moment), self.enter_registry_test_mode():
            rest = self.env["crm.policy.calendar.day"].create(
                {"date": day, "name": "停工", "company_id": self.company.id}
            )
            self.env.ref("crm_policy.cron_replan").method_direct_trigger()
        self.env.invalidate_all()
        return rest

    def _events(self, record):
        return self.env["crm.policy.event"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)], order="id"
        )

    def _sweep(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()
        self.env.invalidate_all()


class TestRetraction(RetractionCommon):
    def test_a_holiday_that_is_entered_afterwards(self):
        case = self._overdue()
        clock, violation = self._clocks(case), self._violations(case)
        self.assertEqual(clock.overdue_at, shanghai(f"{DAY} 10:00:01"))
        self.assertEqual(self._logins(case), ["specialist", "supervisor"])
        self._close(DAY)
        self.assertRecordValues(
            clock,
            [
                {
                    "state": "open",
                    "due_at": shanghai("2026-03-06 10:00"),
                    "overdue_at": False,
                    "judged_at": False,
                    "retracted_at": shanghai(f"{DAY} 10:30"),
                    # Its warning is still to come, and comes again.
                    "next_alert_at": shanghai("2026-03-06 09:30"),
                }
            ],
        )
        self.assertFalse(self.env["mail.activity"].search([("policy_deadline_id", "=", clock.id)]))
        event = self._events(clock)[-1]
        self.assertEqual((event.type, event.clause), ("deadline.not_overdue", "2.2"))
        self.assertEqual(
            event.payload,
            {
                "res_model": "helpdesk.ticket",
                "res_id": case.id,
                "overdue": str(shanghai(f"{DAY} 10:00:01")),
                "due": str(shanghai("2026-03-06 10:00")),
                "done": "",
            },
        )
        note = case.message_ids.filtered(lambda message: "not overdue any more" in message.body)
        self.assertIn("it is due 2026-03-06 10:00 (Asia/Shanghai) now", note.body)
        # The violation is taken back, in evidence under its clause and version.
        self.assertEqual(
            (violation.state, violation.withdrawn_at), ("withdrawn", shanghai(f"{DAY} 10:30"))
        )
        self.assertFalse(violation.activity_ids)
        event = self._events(violation)[-1]
        self.assertEqual(
            (event.type, event.policy, event.version, event.clause),
            ("violation.withdrawn", "SVC", "1", "2.2"),
        )
        self.assertEqual(
            event.payload,
            {
                "number": violation.number,
                "person": self.users["specialist"].id,
                "reason": "moved",
                "deadline": clock.id,
                "due": str(shanghai("2026-03-06 10:00")),
            },
        )
        clocks = violation.policy_deadline_ids
        self.assertEqual(set(clocks.mapped("state")), {"cancelled"})
        case.invalidate_recordset()
        self.assertEqual((case.policy_violation_count, case.policy_violation_open), (0, 0))

    def test_what_is_really_overdue_later_is_told_and_judged_again(self):
        case = self._overdue()
        first = self._violations(case)
        self._close(DAY)
        for moment, logins in (
            (f"{DAY} 18:00", ["specialist", "supervisor"]),
            ("2026-03-06 09:29:59", ["specialist", "supervisor"]),
            ("2026-03-06 09:30", ["specialist", "supervisor", "specialist"]),
            ("2026-03-06 10:00", ["specialist", "supervisor", "specialist"]),
            ("2026-03-06 10:00:01", ["specialist", "supervisor"] * 2),
            ("2026-03-06 12:00", ["specialist", "supervisor"] * 2),
            ("2026-03-09 09:00", ["specialist", "supervisor"] * 2 + ["manager"]),
            ("2026-03-20 09:00", ["specialist", "supervisor"] * 2 + ["manager"]),
        ):
            self._run(moment)
            self.assertEqual(self._logins(case), logins, moment)
        clock = self._clocks(case)
        self.assertEqual(clock.overdue_at, shanghai("2026-03-06 10:00:01"))
        second = self._violations(case) - first
        self.assertEqual((first.state, second.state), ("withdrawn", "open"))
        self.assertEqual(second.opened_at, shanghai("2026-03-06 10:00:01"))
        # Each line says what was told then.
        rows = self.env["crm.policy.escalation"].search([("deadline_id", "=", clock.id)])
        self.assertEqual(
            [(row.due_at, row.since) for row in rows.sorted("id")],
            [(shanghai(f"{DAY} 10:00"), False)] * 2
            + [(shanghai("2026-03-06 10:00"), shanghai(f"{DAY} 10:30"))] * 3,
        )

    def test_a_warning_whose_time_is_over_is_not_repeated(self):
        alerts = [{"kind": "warning", "offset": 2, "unit": "calendar_days"}, {"levels": 1}]
        self._set_alerts("response-normal", *alerts)
        case = self._overdue()
        self.assertEqual(self._logins(case), ["specialist", "supervisor"])
        self._close(DAY)
        # Two days before Friday is Wednesday.
        self.assertEqual(self._clocks(case).next_alert_at, shanghai("2026-03-06 10:00:01"))
        self._run(f"{DAY} 10:31")
        self.assertEqual(self._logins(case), ["specialist", "supervisor"])

    def test_due_in_the_past_again_by_the_same_holiday_s_end(self):
        """The holiday was a slip of the keyboard: it is overdue after all, and told again."""
        case = self._overdue()
        rest = self._close(DAY)
        with at(f"{DAY} 10:40"), self.enter_registry_test_mode():
            rest.unlink()
            self.env.ref("crm_policy.cron_replan").method_direct_trigger()
        self.env.invalidate_all()
        clock = self._clocks(case)
        self.assertEqual((clock.due_at, clock.overdue_at), (shanghai(f"{DAY} 10:00"), False))
        self._run(f"{DAY} 10:41")
        self.assertEqual(clock.overdue_at, shanghai(f"{DAY} 10:41"))
        self.assertEqual(self._logins(case), ["specialist", "supervisor", "supervisor"])
        self.assertEqual(self._violations(case).mapped("state"), ["withdrawn", "open"])
        self._run(f"{DAY} 10:42")
        self.assertEqual(len(self._told(case)), 3)

    def test_a_due_date_that_stays_in_the_past_changes_nothing(self):
        case = self._overdue()
        self._close(DAY, "2026-03-09 09:30")
        clock = self._clocks(case)
        self.assertEqual(clock.due_at, shanghai("2026-03-06 10:00"))
        self.assertEqual(clock.overdue_at, shanghai(f"{DAY} 10:00:01"))
        self.assertFalse(clock.retracted_at)
        self.assertEqual(self._violations(case).state, "open")

    def test_due_this_very_second_is_not_overdue(self):
        case = self._overdue()
        self._close(DAY, "2026-03-06 10:00:00")
        self.assertFalse(self._clocks(case).overdue_at)
        case = self._overdue()
        with at("2026-03-06 10:00:01"):
            self.assertFalse(self._clocks(case)._policy_is_back())

    def test_an_explained_one_is_taken_back_a_decided_one_stays(self):
        cases = [self._overdue() for _number in range(3)]
        explained, upheld, waived = map(self._violations, cases)
        with at(f"{DAY} 10:10"):
            for violation in (explained, upheld, waived):
                violation.with_user(self.users["specialist"]).action_policy_explain("忙")
            self._as("manager", upheld).action_policy_uphold()
            self._as("manager", waived).action_policy_waive("other", "情有可原")
        self._close(DAY)
        self.assertEqual(
            [violation.state for violation in (explained, upheld, waived)],
            ["withdrawn", "upheld", "waived"],
        )
        self.assertEqual(explained.explanation, "忙")
        self.assertEqual(
            self._events(upheld).mapped("type")[-1], "violation.upheld", "nothing was added"
        )
        # Nobody is judged twice for the same deadline.
        self._run("2026-03-06 10:00:01")
        self.assertEqual([len(self._violations(case)) for case in cases], [2, 1, 1])
        self.assertTrue(all(self._clocks(case).judged_at for case in cases))

    def test_a_withdrawn_one_takes_no_step(self):
        case = self._overdue()
        self._close(DAY)
        violation = self._violations(case)
        for role in ("specialist", "manager", "director"):
            mine = self._as(role, violation)
            self.assertFalse(mine.can_explain or mine.can_decide or mine.can_appeal)
        with at(f"{DAY} 11:00"):
            case._policy_set_fact("policy_accepted_at")
            case._policy_set_fact("policy_responded_at")  # nothing is left to explain
        self.assertEqual(self._clocks(case).state, "met")

    def test_another_factor(self):
        self._set_alerts("response-normal", *ALERTS, factor_path="partner_id.color")
        case = self._overdue()
        case.partner_id.color = 3
        self._sweep(f"{DAY} 10:30")
        clock = self._clocks(case)
        self.assertEqual((clock.factor, clock.due_at), (3, shanghai(f"{DAY} 12:00")))
        self.assertEqual((clock.overdue_at, clock.retracted_at), (False, shanghai(f"{DAY} 10:30")))
        self.assertEqual(self._violations(case).state, "withdrawn")
        self.assertEqual(clock.next_alert_at, shanghai(f"{DAY} 11:30"))

    def test_what_was_recorded_late_but_done_in_time(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        self._run("2026-03-03 10:30")
        clock = self._clocks(case, "complaint-response")
        violation = self._violations(case).filtered(lambda row: row.deadline_id == clock)
        self.assertEqual(
            (clock.overdue_at, violation.state), (shanghai("2026-03-03 10:30"), "open")
        )
        with at("2026-03-03 11:00"):
            self._as("specialist", case).action_policy_respond(
                "已致电", at=shanghai("2026-03-02 16:00"), reason="客户当天已接到电话"
            )
        self.assertEqual((clock.state, clock.overdue_at), ("met", False))
        self.assertEqual(violation.state, "withdrawn")
        self.assertEqual(self._events(violation)[-1].payload["reason"], "kept")
        self.assertTrue(
            case.message_ids.filtered(lambda note: "was done in time after all" in note.body)
        )

    def test_what_is_late_stays_late(self):
        case = self._overdue()
        with at(f"{DAY} 10:10"):
            case._policy_set_fact("policy_accepted_at")
            case._policy_set_fact("policy_responded_at")
        clock = self._clocks(case)
        before = clock.read(["state", "due_at", "overdue_at", "judged_at", "lateness_seconds"])
        self._close(DAY)
        self._sweep(f"{DAY} 10:31")
        after = clock.read(["state", "due_at", "overdue_at", "judged_at", "lateness_seconds"])
        self.assertEqual(after, before)
        self.assertEqual((clock.state, self._violations(case).state), ("late", "open"))

    def test_another_urgency_is_no_way_out(self):
        """The clock of the former rule has stopped with its breach: a manager may waive it."""
        self._set_alerts("response-urgent")
        case = self._request(f"{DAY} 09:00", policy_urgency="urgent")
        self._run(f"{DAY} 09:15:01")
        with at(f"{DAY} 09:20"):
            case.policy_urgency = "normal"
        urgent, normal = self._clocks(case, "response-urgent"), self._clocks(case)
        self.assertEqual((urgent.state, urgent.overdue_at),
                         ("cancelled", shanghai(f"{DAY} 09:15:01")))  # fmt: skip
        self.assertEqual((normal.due_at, normal.overdue_at), (shanghai(f"{DAY} 10:00"), False))
        self.assertEqual(self._violations(case).state, "open")

    def test_what_came_overdue_from_elsewhere_begins_anew(self):
        case = self._request(f"{DAY} 09:00")
        with at(f"{DAY} 10:10"):
            self.env["crm.policy.deadline"]._policy_accept_overdue(case)
        clock = self._clocks(case)
        self._run(f"{DAY} 10:11")
        self.assertTrue(clock.accepted_overdue)
        self.assertFalse(self._told(case))
        self._close(DAY)
        self.assertFalse(clock.accepted_overdue or clock.overdue_at or clock.judged_at)
        self._run("2026-03-06 10:00:01")
        self.assertEqual(self._logins(case), ["supervisor"])
        self.assertEqual(len(self._violations(case)), 1)

    def test_a_chunk_takes_the_same_statements_for_twice_as_many(self):
        counts = []
        for number in (4, 4, 8):  # caches are filled once
            with at(f"{DAY} 09:00"):
                cases = self.env["helpdesk.ticket"].concat(
                    *(
                        self._new_case(policy_kind="request", team_id=self.team.id)
                        for _number in range(number)
                    )
                )
            self._run(f"{DAY} 10:00:01")
            clocks = self._clocks(cases)
            clocks._policy_update({"due_at": shanghai("2026-03-06 10:00")})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with at(f"{DAY} 10:30"):
                self.assertEqual(len(clocks._policy_retract_overdue()), number)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            states = self._violations(cases).mapped("state")
            self.assertEqual(states, ["withdrawn"] * number)
        self.assertLessEqual(counts[2], counts[1], counts)

    def test_a_save_that_takes_nothing_back_asks_nothing(self):
        case = self._overdue()

        def refuse(clocks):
            raise AssertionError("no deadline is back")

        self.patch(type(self.env["crm.policy.deadline"]), "_policy_retract_overdue", refuse)
        with at(f"{DAY} 10:30"):
            case.user_id = self.users["supervisor"]
        self.assertEqual(self._clocks(case).user_id, self.users["supervisor"])


class TestRetractionByPause(PauseCommon):
    def test_a_pause_that_is_entered_for_the_past(self):
        """As an import brings it, or whoever mends the pause log: the sweep replays it."""
        case = self._request(f"{DAY} 09:00")
        with at(f"{DAY} 10:30"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()
        clock = self._clock(case, "response-normal")
        violation = self.env["crm.policy.violation"].search([("deadline_id", "=", clock.id)])
        self.assertTrue(clock.overdue_at and violation)
        reason = self.env["crm.policy.pause.reason"].search(
            [("version_id", "=", self.version.id), ("code", "=", "customer")]
        )
        self.Pause._policy_insert(
            [
                {
                    "res_model": case._name,
                    "res_id": case.id,
                    "company_id": self.company.id,
                    "reason_id": reason.id,
                    "reason_code": "customer",
                    "state": "ended",
                    "from_at": shanghai(f"{DAY} 09:30"),
                    "to_at": shanghai(f"{DAY} 11:30"),
                    "limit_at": shanghai(f"{DAY} 11:30"),
                }
            ]
        )
        with at(f"{DAY} 11:40"):
            self._sweep()
        self.assertEqual(clock.due_at, shanghai(f"{DAY} 12:00"))
        self.assertEqual((clock.overdue_at, clock.retracted_at), (False, shanghai(f"{DAY} 11:40")))
        self.assertEqual(violation.state, "withdrawn")
        with at(f"{DAY} 11:41"):
            self._assert_in_step()

    def test_a_switch_to_a_longer_limit_leaves_the_old_breach(self):
        """It was overdue under the version that held then; the new clock is not."""
        case = self._request(f"{DAY} 09:00")
        with at(f"{DAY} 10:30"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()
        old = self._clock(case, "response-normal")
        violation = self.env["crm.policy.violation"].search([("deadline_id", "=", old.id)])
        content = self._content("3", "switch").replace(
            "    duration: 1\n    pauses: [customer]\n    unit: working_hours\n",
            "    duration: 3\n    pauses: [customer]\n    unit: working_hours\n",
        )
        with at(f"{DAY} 10:40"):
            version = self._publish(content)
            with self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_switch_cases").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(case.policy_version_id, version)
        fresh = self._clock(case, "response-normal")
        self.assertEqual((fresh.due_at, fresh.overdue_at, fresh.accepted_overdue),
                         (shanghai(f"{DAY} 12:00"), False, False))  # fmt: skip
        self.assertEqual((old.state, old.overdue_at),
                         ("cancelled", shanghai(f"{DAY} 10:30")))  # fmt: skip
        self.assertEqual(violation.state, "open")
