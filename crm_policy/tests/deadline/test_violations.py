"""From a breach to a violation, its explanation, decision and appeal; each step once."""

from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, mute_logger

from ...exceptions import PolicyRefusal
from ..common import at, shanghai
from .alert_common import AlertCommon

LOGGER = "odoo.addons.crm_policy.models.deadline.deadline_alert"
DAY = "2026-03-05"  # a Thursday


class ViolationCommon(AlertCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_alerts("response-normal", severity="serious")

    def _new_violation(self, **vals):
        """Return the violation of a request that was due on Thursday at 10:00."""
        case = self._request(f"{DAY} 09:00", policy_department_id=self.department.id, **vals)
        self._run(f"{DAY} 10:30")
        return self._violations(case)

    def _act(self, role, violation, step, *args, moment=f"{DAY} 11:00"):
        user = self.users.get(role) or role
        with at(moment):
            getattr(violation.with_user(user), f"action_policy_{step}")(*args)

    def _events(self, violation):
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", violation._name), ("res_id", "=", violation.id)], order="id"
        )
        return events.mapped("type")


class TestViolations(ViolationCommon):
    # === HOW IT COMES ABOUT === #

    def test_the_columns_of_the_board_stand_in_the_order_of_its_steps(self):
        waits, explained = self._new_violation(), self._new_violation()
        self._act("specialist", explained, "explain", "客户临时改期")
        Violation = self.env["crm.policy.violation"].with_context(read_group_expand=True)
        rows = Violation.web_read_group(
            [("id", "in", (waits | explained).ids)], ["state"], ["__count"]
        )
        self.assertEqual([row["state"] for row in rows["groups"]], ["open", "explained"])

    def test_a_missed_deadline_becomes_a_violation_once(self):
        case = self._request(f"{DAY} 09:00", policy_department_id=self.department.id)
        self._run(f"{DAY} 10:00:00")
        self.assertFalse(self._violations(case))
        for moment in (f"{DAY} 10:00:01", f"{DAY} 10:01", "2026-03-20 10:00"):
            self._run(moment)
        [violation] = self._violations(case)
        clock = self._clocks(case)
        self.assertRecordValues(
            violation,
            [
                {
                    "deadline_id": clock.id,
                    "clause_number": "2.2",
                    "clause_id": clock.clause_id.id,
                    "version_label": clock.version_label,
                    "severity": "serious",
                    "user_id": self.users["specialist"].id,
                    "department_id": self.department.id,
                    "state": "open",
                    "opened_at": shanghai(f"{DAY} 10:00:01"),
                    "company_id": self.company.id,
                    "reporter_id": False,
                }
            ],
        )
        self.assertEqual(self._events(violation), ["violation.opened"])

    def test_what_was_answered_late_before_the_cron_came_is_one_as_well(self):
        case = self._request(f"{DAY} 09:00")
        with at(f"{DAY} 10:05"):
            case._policy_set_fact("policy_accepted_at")
            case._policy_set_fact("policy_responded_at")
        self.assertEqual(self._clocks(case).state, "late")
        for moment in (f"{DAY} 10:06", f"{DAY} 10:07"):
            self._run(moment)
        self.assertEqual(len(self._violations(case)), 1)
        self.assertFalse(self._clocks(case).overdue_at)

    def test_what_the_sweep_finds_late_is_one_as_well(self):
        case = self._request(f"{DAY} 09:00")
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET policy_responded_at = %s WHERE id = %s",
            [shanghai(f"{DAY} 10:05"), case.id],
        )
        self.env.invalidate_all()
        with at(f"{DAY} 10:06"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self._clocks(case).state, "late")
        self._run(f"{DAY} 10:07")
        self.assertEqual(len(self._violations(case)), 1)

    def test_found_overdue_and_answered_late_is_one(self):
        violation = self._new_violation()
        case = self.env["helpdesk.ticket"].browse(violation.res_id)
        with at(f"{DAY} 11:00"):
            case._policy_set_fact("policy_accepted_at")
            case._policy_set_fact("policy_responded_at")
        self._run(f"{DAY} 11:01")
        self.assertEqual(self._violations(case), violation)

    def test_numbers_are_the_company_s_and_start_again_each_year(self):
        first = self._new_violation()
        second = self._new_violation()
        serial = int(first.number.rsplit("-", 1)[1])
        self.assertEqual(first.number, f"VIO-2026-{serial:04d}")
        self.assertEqual(second.number, f"VIO-2026-{serial + 1:04d}")
        case = self._request("2026-12-31 16:00")
        self._run("2027-01-01 00:30")  # still 2026 by UTC
        self.assertEqual(self._violations(case).number, "VIO-2027-0001")

    def test_an_unexplained_violation_is_no_violation_of_its_own(self):
        violation = self._new_violation()
        clock = self._clocks(violation, "violation-explain")
        self.assertEqual(clock.due_at, shanghai("2026-03-10 18:00"))
        self._run("2026-03-11 09:00")
        self.assertTrue(clock.overdue_at)
        self._run("2026-04-20 09:00")
        found = self.env["crm.policy.violation"].search([("res_model", "=", violation._name)])
        self.assertFalse(found)
        self.assertEqual(self._logins(violation, "violation-explain")[-1], "supervisor")

    def test_one_bad_record_does_not_stop_the_rest(self):
        bad, good = self._request(f"{DAY} 09:00"), self._request(f"{DAY} 09:00")
        Violation = type(self.env["crm.policy.violation"])
        record = Violation._policy_record_breaches

        def stumble(violations, deadlines):
            if bad.id in deadlines.mapped("res_id"):
                raise ValueError("no violation of this one")
            return record(violations, deadlines)

        self.patch(Violation, "_policy_record_breaches", stumble)
        with self.assertLogs(LOGGER, "ERROR") as log:
            self._run(f"{DAY} 10:30")
        self.assertIn(f"helpdesk.ticket {bad.id} becomes no violation", log.output[0])
        self.assertEqual([len(self._violations(case)) for case in (bad, good)], [0, 1])
        self.patch(Violation, "_policy_record_breaches", record)
        self._run(f"{DAY} 10:31")
        self.assertEqual([len(self._violations(case)) for case in (bad, good)], [1, 1])

    def test_a_breach_on_trial_is_none(self):
        case = self._request(f"{DAY} 09:00")
        self._clocks(case)._policy_update({"is_trial": True})
        self._run(f"{DAY} 10:30")
        clock = self._clocks(case)
        self.assertTrue(clock.overdue_at)
        self.assertFalse(self._violations(case))
        # Neither looked at by the cron, nor recorded by whoever asks for it.
        self.assertFalse(clock.judged_at)
        Violation = self.env["crm.policy.violation"]
        self.assertFalse(Violation._policy_record_breaches(clock))
        clock._policy_update({"is_trial": False, "accepted_overdue": True})
        self.assertFalse(Violation._policy_record_breaches(clock))
        clock._policy_update({"accepted_overdue": False})
        self.assertTrue(Violation._policy_record_breaches(clock))

    def test_the_database_keeps_each_once(self):
        violation = self._new_violation()
        names = ["company_id", "clause_id", "severity", "res_model", "res_id", "state"]
        names += ["opened_at", "number", "deadline_id"]
        columns = SQL(", ").join(map(SQL.identifier, names))
        for other in ({"number": "VIO-2026-9999"}, {"deadline_id": None}):
            values = SQL(", ").join(
                SQL("%s", other[name]) if name in other else SQL.identifier(name) for name in names
            )
            with (
                self.subTest(**other),
                self.assertRaises(UniqueViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(
                    SQL(
                        "INSERT INTO crm_policy_violation (%s)"
                        " SELECT %s FROM crm_policy_violation WHERE id = %s",
                        columns,
                        values,
                        violation.id,
                    )
                )

    def test_the_person_is_asked_and_the_case_shows_it(self):
        violation = self._new_violation()
        activity = self.env["mail.activity"].search(
            [("res_model", "=", violation._name), ("res_id", "=", violation.id)]
        )
        self.assertEqual(activity.user_id, self.users["specialist"])
        self.assertIn(violation.number, activity.summary)
        self.assertEqual(activity.date_deadline, fields.Date.to_date("2026-03-10"))
        case = self.env["helpdesk.ticket"].browse(violation.res_id)
        for role, count in (("specialist", 1), ("supervisor", 1), ("director", 1), ("analyst", 0)):
            mine = case.with_user(self.users[role])
            mine.invalidate_recordset()
            with self.subTest(role):
                self.assertEqual(mine.policy_violation_count, count)
                self.assertEqual(mine.policy_violation_open, count)
        action = case.with_user(self.users["specialist"]).action_policy_open_violations()
        self.assertEqual(self.env["crm.policy.violation"].search(action["domain"]), violation)

    # === EXPLAINING === #

    def test_the_person_explains_once(self):
        violation = self._new_violation()
        self._act("specialist", violation, "explain", "客户电话占线，已多次回拨。")
        self.assertRecordValues(
            violation,
            [
                {
                    "state": "explained",
                    "explanation": "客户电话占线，已多次回拨。",
                    "explained_at": shanghai(f"{DAY} 11:00"),
                    "explained_by_id": self.users["specialist"].id,
                }
            ],
        )
        self.assertEqual(self._clocks(violation, "violation-explain").state, "met")
        self.assertFalse(violation.activity_ids)
        self.assertEqual(self._events(violation), ["violation.opened", "violation.explained"])
        with self.assertRefused(UserError, "this step was taken"):
            self._act("specialist", violation, "explain", "again")

    def test_nobody_lets_its_clock_stand_still(self):
        violation = self._new_violation()
        for role in ("specialist", "supervisor", "manager", "director", "ceo"):
            mine = violation.with_user(self.users[role])
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    mine.action_policy_pause("lab", "x")
                with self.assertRaises(AccessError):
                    mine.action_policy_resume()

    def test_an_explanation_has_words(self):
        violation = self._new_violation()
        for words in (None, "", "  \n", 7, ["x"]):
            with self.subTest(words), self.assertRefused(ValidationError, "Say why"):
                self._act("specialist", violation, "explain", words)

    def test_the_words_stay_out_of_the_ledger(self):
        violation = self._new_violation()
        self._act("specialist", violation, "explain", "私人原因")
        events = self.env["crm.policy.event"].search([("res_id", "=", violation.id)])
        self.assertNotIn("私人原因", str(events.mapped("payload")))

    def test_nobody_else_explains(self):
        violation = self._new_violation()
        for role in ("supervisor", "manager", "director", "ceo", "qc"):
            with self.subTest(role), self.assertRefused(AccessError, "only .* explains"):
                self._act(role, violation, "explain", "x")
        with self.assertRaises(AccessError):
            self._act(self.other_specialist, violation, "explain", "x")

    def test_the_substitute_explains_while_the_person_is_away(self):
        self._new_post("quality", self.users["specialist"], self.other_specialist)
        violation = self._new_violation()
        with self.assertRefused(AccessError, "only .* explains"):
            self._act(self.other_specialist, violation, "explain", "x")
        self._away(self.users["specialist"], f"{DAY} 10:45", "2026-03-09 00:00")
        self._act(self.other_specialist, violation, "explain", "代为说明")
        self.assertEqual(violation.explained_by_id, self.other_specialist)
        event = self.env["crm.policy.event"].search([("type", "=", "violation.explained")])
        self.assertEqual(event[:1].payload["on_behalf"], self.users["specialist"].id)

    def test_a_case_that_was_late_is_not_closed_before_the_reason_is_given(self):
        """CMP-DLN-02: the reason of a delay is mandatory."""
        violation = self._new_violation()
        case = self._as("specialist", self.env["helpdesk.ticket"].browse(violation.res_id))
        with at(f"{DAY} 11:00"):
            case.action_policy_accept()
            case.action_policy_respond("已恢复")
            with self.assertRefused(ValidationError, f"{violation.number}.* must be explained"):
                case.action_policy_close()
        self._act("specialist", violation, "explain", "忙")
        with at(f"{DAY} 11:05"):
            case.action_policy_close()
        self.assertTrue(case.policy_closed_at)

    # === DECIDING === #

    def _explained(self, **vals):
        violation = self._new_violation(**vals)
        self._act("specialist", violation, "explain", "忙")
        return violation

    def test_managers_uphold(self):
        for role in ("supervisor", "manager", "director", "ceo"):
            violation = self._explained()
            self._act(role, violation, "uphold", "属实")
            with self.subTest(role):
                self.assertRecordValues(
                    violation,
                    [
                        {
                            "state": "upheld",
                            "decided_by_id": self.users[role].id,
                            "decided_at": shanghai(f"{DAY} 11:00"),
                            "decision_text": "属实",
                            "appeal_until": shanghai("2026-03-10 11:00"),
                        }
                    ],
                )
                self.assertFalse(self._clocks(violation).excluded)
                self.assertEqual(self._clocks(violation, "violation-decide").state, "met")

    def test_whoever_does_not_stand_above_decides_nothing(self):
        violation = self._explained()
        people = [self.users["qc"], self.users["policy_admin"], self.users["specialist"]]
        people += [self.other_specialist, self._new_user("manager", login="t_foreign_manager")]
        people += [self._new_user("hr", login="t_hr")]
        for user in people:
            for step, args in (("uphold", ()), ("waive", ("other", "x"))):
                with self.subTest(user.login, step=step), self.assertRaises(AccessError):
                    self._act(user, violation, step, *args)
        self.assertEqual(violation.state, "explained")

    def test_nobody_decides_on_himself(self):
        for role in ("manager", "director"):
            violation = self._new_violation(user_id=self.users[role].id)
            self.assertEqual(violation.user_id, self.users[role])
            self._act(role, violation, "explain", "x")
            with self.subTest(role), self.assertRefused(AccessError, "never by the person"):
                self._act(role, violation, "waive", "other", "x")
            self._act("ceo", violation, "uphold")

    def test_who_explained_for_him_does_not_decide(self):
        self._new_post("quality", self.users["specialist"], self.users["manager"])
        violation = self._new_violation()
        self._away(self.users["specialist"], f"{DAY} 10:45", "2026-03-09 00:00")
        self._act("manager", violation, "explain", "代为说明")
        with self.assertRefused(AccessError, "who explained it"):
            self._act("manager", violation, "uphold")
        self._act("director", violation, "uphold")
        self.assertEqual(violation.decided_by_id, self.users["director"])

    def test_a_manager_decides_in_his_departments_and_company_only(self):
        violation = self._explained()
        manager = self._new_user("manager", login="t_manager2")
        violation._policy_open_for(manager)
        with self.assertRefused(AccessError, "is decided by the head"):
            self._act(manager, violation, "uphold")
        other = self._new_company("杭州分公司")
        for role in ("director", "ceo"):
            stranger = self._new_user(role, login=f"t_hz_{role}", company=other)
            with self.subTest(role):
                self.assertFalse(violation._policy_may_decide(stranger))
                self.assertTrue(violation._policy_may_decide(self.users[role]))

    def test_the_person_is_heard_first(self):
        violation = self._new_violation()
        with self.assertRefused(
            PolicyRefusal, "Clause 2.2.*may explain.*until 2026-03-10 18:00 .Asia.Shanghai"
        ):
            self._act("manager", violation, "uphold")
        with self.assertRefused(PolicyRefusal, "may explain"):
            self._act("manager", violation, "uphold", moment="2026-03-10 18:00")
        self._act("manager", violation, "uphold", moment="2026-03-10 18:00:01")
        self.assertEqual(violation.state, "upheld")

    def test_what_nobody_in_person_has_missed_is_decided_at_once(self):
        violation = self._new_violation(user_id=False)
        self.assertFalse(violation.user_id)
        self._act("manager", violation, "uphold")
        self.assertEqual((violation.state, violation.appeal_until), ("upheld", False))

    def test_a_waiver_has_a_reason(self):
        violation = self._explained()
        for reason, text, words in (
            (None, "x", "is waived for a reason"),
            ("because", "x", "is waived for a reason"),
            ("other", "", "Say why"),
            ("system_fault", None, "Say why"),
        ):
            with self.subTest(reason), self.assertRefused(ValidationError, words):
                self._act("manager", violation, "waive", reason, text)
        self.assertEqual(violation.state, "explained")

    def test_a_fault_of_the_system_takes_the_deadline_out_of_the_figures(self):
        for reason in ("system_fault", "customer_delay", "force_majeure", "other"):
            violation = self._explained()
            clock = violation.deadline_id
            before = clock.read(["state", "due_at", "done_at", "overdue_at", "lateness_seconds"])
            self._act("manager", violation, "waive", reason, "系统停机")
            with self.subTest(reason):
                self.assertEqual((violation.state, violation.waiver_reason), ("waived", reason))
                self.assertEqual(clock.excluded, reason == "system_fault")
                self.assertEqual(
                    clock.read(["state", "due_at", "done_at", "overdue_at", "lateness_seconds"]),
                    before,
                )

    def test_every_figure_leaves_it_out(self):
        """One in time, two late, two overdue; of these each one by a fault of the system."""
        done = self._request(f"{DAY} 09:00")
        with at(f"{DAY} 09:30"):
            done._policy_set_fact("policy_accepted_at")
            done._policy_set_fact("policy_responded_at")
        met, cases = self._clocks(done), []
        for done in (True, True, False, False):
            violation = self._explained()
            case = self.env["helpdesk.ticket"].browse(violation.res_id)
            if done:
                with at(f"{DAY} 11:30"):
                    case._policy_set_fact("policy_accepted_at")
                    case._policy_set_fact("policy_responded_at")
            cases.append(case)
        late, late_by_fault, overdue, overdue_by_fault = clocks = [
            self._clocks(case) for case in cases
        ]
        for case in (cases[1], cases[3]):
            violation = self._violations(case)
            self._act(
                "manager", violation, "waive", "system_fault", "系统停机", moment=f"{DAY} 12:00"
            )
        Deadline = self.env["crm.policy.deadline"].with_context(tz="Asia/Shanghai")
        five = Deadline.browse(clock.id for clock in (*clocks, met))
        mine = [("id", "in", five.ids)]
        self.env.flush_all()
        self.env.invalidate_all()
        with at(f"{DAY} 12:00"):
            # The pivot and the graph.
            [row] = Deadline._read_group(
                mine, [], ["late_count:sum", "on_time:avg", "late_hours:avg", "__count"]
            )
            self.assertAlmostEqual(row[1], 1 / 3)
            self.assertEqual((row[0], *row[2:]), (2, 1.5, 5))
            self.assertEqual(five.mapped("late_count"), [1, 0, 1, 0, 0])
            self.assertEqual(five.mapped("late_hours"), [1.5, 0, 0, 0, 0])
            # The board.
            groups = dict(Deadline._read_group(mine, ["standing"], ["id:recordset"]))
            self.assertEqual(groups["late"], late + late_by_fault)
            self.assertEqual(groups["overdue"], overdue)
            self.assertEqual(groups["today"], overdue_by_fault)
            for standing, rows in groups.items():
                self.assertEqual(set(rows.mapped("standing")), {standing})
                self.assertEqual(Deadline.search([*mine, ("standing", "=", standing)]), rows)
            # Clause, coverage and the monthly register.
            clause = late.clause_id
            coverage = self.env["crm.policy.coverage"].search([("clause_id", "=", clause.id)])
            self.assertEqual((clause.late_count, coverage.late_count), (2, 2))
            shown = self.env["crm.policy.deadline"].search(
                clause.action_policy_open_late()["domain"]
            )
            self.assertEqual(shown, late + overdue)

    def test_a_decision_is_final(self):
        for step, args in (("uphold", ()), ("waive", ("other", "x"))):
            violation = self._explained()
            self._act("manager", violation, step, *args)
            for again, words in (("uphold", ()), ("waive", ("other", "y")), ("explain", ("z",))):
                with self.subTest(f"{step} {again}"), self.assertRefused(UserError, "was taken"):
                    self._act("director" if again != "explain" else "specialist",
                              violation, again, *words)  # fmt: skip

    # === APPEALING === #

    def _upheld(self, by="manager"):
        violation = self._explained()
        self._act(by, violation, "uphold")
        return violation

    def test_the_person_appeals_once_within_the_days(self):
        violation = self._upheld()
        with self.assertRefused(UserError, "time for an appeal is over"):
            self._act("specialist", violation, "appeal", "x", moment="2026-03-10 11:00:01")
        with self.assertRefused(ValidationError, "Say why"):
            self._act("specialist", violation, "appeal", "")
        for role in ("supervisor", "director"):
            with self.assertRefused(AccessError, "only the person"):
                self._act(role, violation, "appeal", "x")
        self._act("specialist", violation, "appeal", "当时系统故障", moment="2026-03-10 11:00")
        self.assertEqual(violation.appealed_at, shanghai("2026-03-10 11:00"))
        with self.assertRefused(UserError, "was taken"):
            self._act("specialist", violation, "appeal", "again")

    def test_a_waiver_is_not_appealed(self):
        violation = self._explained()
        self._act("manager", violation, "waive", "other", "x")
        with self.assertRefused(UserError, "was taken"):
            self._act("specialist", violation, "appeal", "x")

    def test_an_appeal_is_decided_by_the_level_above_and_never_by_the_first_decider(self):
        violation = self._upheld()
        self._act("specialist", violation, "appeal", "x")
        for role in ("manager", "supervisor", "specialist", "qc"):
            for step, args in (("confirm", ("x",)), ("grant", ("other", "x"))):
                with (
                    self.subTest(role, step=step),
                    self.assertRefused(AccessError, "level above t_manager|level above"),
                ):
                    self._act(role, violation, step, *args)
        self._act("director", violation, "grant", "system_fault", "查明系统故障")
        self.assertEqual((violation.state, violation.waiver_reason), ("waived", "system_fault"))
        self.assertEqual(violation.decided_by_id, self.users["manager"])
        self.assertEqual(violation.appeal_decided_by_id, self.users["director"])
        self.assertTrue(violation.deadline_id.excluded)
        self.assertEqual(self._clocks(violation, "violation-appeal").state, "met")

    def test_a_rejected_appeal_leaves_it_upheld_for_good(self):
        violation = self._upheld(by="director")
        self._act("specialist", violation, "appeal", "x")
        with self.assertRefused(AccessError, "level above"):
            self._act("director", violation, "confirm", "x")
        self._act("ceo", violation, "confirm", "维持")
        self.assertEqual((violation.state, violation.appeal_decision_text), ("upheld", "维持"))
        with self.assertRefused(UserError, "was taken"):
            self._act("ceo", violation, "grant", "other", "x")
        self.assertEqual(
            self._events(violation)[1:],
            [f"violation.{word}" for word in ("explained", "upheld", "appealed", "confirmed")],
        )

    # === BY HAND === #

    def _report(self, role, case, **vals):
        user = self.users.get(role) or role
        values = {
            "clause_id": self.rules["reply"].clause_id.id,
            "res_model": "helpdesk.ticket",
            "res_id": case.id,
            "description": "未经批准告知客户处理结果",
            "user_id": self.users["specialist"].id,
            "severity": "grave",
            **vals,
        }
        Violation = self.env["crm.policy.violation"].with_user(user)
        return self.env["crm.policy.violation"].browse(
            Violation.action_policy_report(**values)["res_id"]
        )

    def test_a_supervisor_reports_and_does_not_decide(self):
        case = self._request(f"{DAY} 09:00")
        violation = self._report("supervisor", case)
        self.assertRecordValues(
            violation,
            [
                {
                    "clause_number": "3.4",
                    "severity": "grave",
                    "user_id": self.users["specialist"].id,
                    "reporter_id": self.users["supervisor"].id,
                    "department_id": self.department.id,
                    "description": "未经批准告知客户处理结果",
                    "deadline_id": False,
                    "state": "open",
                }
            ],
        )
        violation.with_user(self.users["specialist"]).action_policy_explain("已获口头同意")
        with self.assertRefused(AccessError, "who reported"):
            violation.with_user(self.users["supervisor"]).action_policy_uphold()
        violation.with_user(self.users["manager"]).action_policy_uphold()
        self.assertEqual(violation.state, "upheld")

    def test_who_reported_it_does_not_answer_the_appeal(self):
        violation = self._report("director", self._request(f"{DAY} 09:00"))
        for role, step in (("specialist", "explain"), ("manager", "uphold"),
                           ("specialist", "appeal")):  # fmt: skip
            getattr(violation.with_user(self.users[role]), f"action_policy_{step}")("x")
        with self.assertRefused(AccessError, "level above"):
            violation.with_user(self.users["director"]).action_policy_confirm("x")
        violation.with_user(self.users["ceo"]).action_policy_confirm("x")
        self.assertEqual(violation.appeal_decided_by_id, self.users["ceo"])

    def test_the_clause_is_one_of_the_company_of_the_case(self):
        case = self._request(f"{DAY} 09:00")
        other = self._new_company("杭州分公司")
        policy = self.env["crm.policy"].create(
            {"code": "H1", "name": "杭州制度", "company_id": other.id}
        )
        version = policy.version_ids.create({"policy_id": policy.id, "number": "1"})
        clause = version.clause_ids.create(
            {"version_id": version.id, "number": "1", "name": "总则"}
        )
        version._policy_guarded_write({"state": "effective"})
        with self.assertRefused(AccessError, "."):  # he does not read it
            self._report("supervisor", case, clause_id=clause.id)
        self.users["supervisor"].company_ids |= other
        supervisor = self.users["supervisor"]
        both = (
            self.env["crm.policy.violation"]
            .with_user(supervisor)
            .with_context(allowed_company_ids=supervisor.company_ids.ids)
        )
        with self.assertRefused(ValidationError, "one of 苏州明远电子"):
            both.action_policy_report(clause.id, case._name, case.id, "x")

    def test_who_reports_what(self):
        case = self._request(f"{DAY} 09:00")
        foreign = self._new_company("杭州分公司")
        stranger = self._new_user("specialist", login="t_hz", company=foreign)
        supervisor2 = self._new_user("supervisor", login="t_supervisor2")
        draft = self.env["crm.policy"].with_user(self.users["policy_admin"])._policy_apply_pack(
            self.env["crm.policy"]._policy_packs()["service"].read_text().replace(
                'number: "1"\n  transition', 'number: "2"\n  transition'
            )
        )  # fmt: skip
        for role, vals, exception, words in (
            ("specialist", {}, AccessError, "Supervisors"),
            ("qc", {}, AccessError, "Supervisors"),
            (supervisor2, {}, AccessError, "."),  # does not see the case
            ("supervisor", {"description": " "}, ValidationError, "Say what happened"),
            ("supervisor", {"severity": "huge"}, ValidationError, "no severity"),
            ("supervisor", {"res_model": "res.partner"}, ValidationError, "governed document"),
            ("supervisor", {"res_model": "no.model"}, ValidationError, "governed document"),
            ("supervisor", {"res_id": 0}, ValidationError, "governed document"),
            ("supervisor", {"clause_id": 0}, ValidationError, "Name the clause"),
            ("supervisor", {"clause_id": draft.clause_ids[0].id}, ValidationError, "not in force"),
            ("supervisor", {"user_id": stranger.id}, ValidationError, "does not work for"),
            ("supervisor", {"user_id": self.users["supervisor"].id}, UserError, "himself"),
        ):
            with self.subTest(vals, role=role), self.assertRefused(exception, words):
                self._report(role, case, **vals)
        self.assertFalse(self._violations(case))

    def test_under_a_trial_there_are_none_by_hand_either(self):
        case = self._request(f"{DAY} 09:00")
        self.version._policy_guarded_write({"enforcement": "trial"})
        with self.assertRefused(UserError, "on trial"):
            self._report("supervisor", case)

    def test_the_wizards_do_what_the_actions_do(self):
        case = self._request(f"{DAY} 09:00")
        Report = self.env["crm.policy.violation.report"].with_user(self.users["supervisor"])
        action = Report.create(
            {
                "res_model": case._name,
                "res_id": case.id,
                "company_id": self.company.id,
                "clause_id": self.rules["reply"].clause_id.id,
                "user_id": self.users["specialist"].id,
                "description": "x",
            }
        ).action_policy_confirm()
        violation = self.env["crm.policy.violation"].browse(action["res_id"])
        Step = self.env["crm.policy.violation.step"]
        for role, step, vals in (
            ("specialist", "explain", {"text": "x"}),
            ("manager", "uphold", {}),
            ("specialist", "appeal", {"text": "y"}),
            ("director", "grant", {"text": "z", "reason": "other"}),
        ):
            Step.with_user(self.users[role]).create(
                {"violation_id": violation.id, "step": step, **vals}
            ).action_policy_confirm()
        self.assertEqual(violation.state, "waived")

    def test_what_each_may_do_is_offered(self):
        violation = self._new_violation()
        names = ["can_explain", "can_decide", "can_appeal", "can_decide_appeal"]

        def offered(role, moment=f"{DAY} 11:00"):
            violation.invalidate_recordset()
            with at(moment):
                [vals] = violation.with_user(self.users[role]).read(names)
            return [name for name in names if vals[name]]

        self.assertEqual(offered("specialist"), ["can_explain"])
        self.assertEqual(offered("manager"), [])
        self.assertEqual(offered("manager", "2026-03-10 18:00:01"), ["can_decide"])
        self._act("specialist", violation, "explain", "x")
        self.assertEqual(offered("specialist"), [])
        self.assertEqual(offered("manager"), ["can_decide"])
        self._act("manager", violation, "uphold")
        self.assertEqual(offered("specialist"), ["can_appeal"])
        self._act("specialist", violation, "appeal", "x")
        self.assertEqual(offered("manager"), [])
        self.assertEqual(offered("director"), ["can_decide_appeal"])

    def test_the_days_of_appeal_are_the_parameter_s(self):
        self._set_parameter("violation_appeal_days", 2)
        violation = self._upheld()
        self.assertEqual(violation.appeal_until, shanghai(f"{DAY} 11:00") + timedelta(days=2))
