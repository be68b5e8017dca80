"""Who is told of a deadline, once and never nobody; what stays and what goes away again."""

from datetime import timedelta

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from ..common import PolicyCommon, at, shanghai
from .alert_common import AlertCommon

LOGGER = "odoo.addons.crm_policy.models.deadline.deadline_alert"
LADDER = (
    {"kind": "warning", "offset": 80, "unit": "percent"},
    {"offset": 0, "role": "supervisor"},
    {"offset": 1, "role": "manager"},
    {"offset": 2, "role": "director"},
)
CHAIN = ({"offset": 0, "levels": 1}, {"offset": 1, "levels": 2}, {"offset": 2, "levels": 3})


class TestEscalations(AlertCommon):
    def _activities(self, case):
        return self.env["mail.activity"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)]
        )

    def _mails(self, login):
        partner = self.users[login].partner_id
        return self.env["mail.mail"].search([("recipient_ids", "in", partner.ids)])

    # === THE LADDER === #

    def test_a_ladder_climbs_day_by_day_to_the_second(self):
        self._set_alerts("response-normal", *LADDER)
        case = self._request("2026-03-05 16:30")  # Thursday; due 17:30
        clock = self._clocks(case)
        told = []
        for moment, login in (
            ("2026-03-05 17:17:59", None),
            ("2026-03-05 17:18:00", "specialist"),
            ("2026-03-05 17:30:00", None),
            ("2026-03-05 17:30:01", "supervisor"),
            ("2026-03-06 08:59:59", None),
            ("2026-03-06 09:00:00", "manager"),
            ("2026-03-08 12:00:00", None),  # Sunday
            ("2026-03-09 08:59:59", None),
            ("2026-03-09 09:00:00", "director"),
            ("2026-03-12 09:00:00", None),
        ):
            self._run(moment)
            told += [login] if login else []
            with self.subTest(moment):
                self.assertEqual(self._logins(case), told)
                if login:
                    self.assertEqual(clock.escalation_ids[0].at, shanghai(moment))
                    self.assertEqual(clock.alerted_at, shanghai(moment))
        self.assertFalse(clock.next_alert_at)
        self.assertEqual(len(clock.escalation_ids), 4)

    def test_managers_are_told_level_by_level(self):
        self._set_alerts("response-normal", *CHAIN)
        case = self._request("2026-03-05 16:30")
        for day in ("2026-03-05 18:00", "2026-03-06 18:00", "2026-03-09 18:00"):
            self._run(day)
        self.assertEqual(self._told(case), [("supervisor", ""), ("manager", ""), ("director", "")])

    def test_after_a_standstill_everything_fires_once_and_no_warning_of_the_past(self):
        self._set_alerts("response-normal", *LADDER)
        case = self._request("2026-03-05 16:30")
        self._run("2026-03-20 10:00")
        self.assertEqual(self._logins(case), ["supervisor", "manager", "director"])
        self._run("2026-03-20 10:01")
        self.assertEqual(len(self._told(case)), 3)

    def test_a_step_fires_once_even_when_the_due_date_moves(self):
        self._set_alerts("response-normal", *LADDER)
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 09:50")
        clock = self._clocks(case)
        self.assertEqual(self._logins(case), ["specialist"])
        clock._policy_update({"due_at": shanghai("2026-03-06 11:00")})
        with at("2026-03-05 09:51"):
            clock._policy_reset_alerts()
        self.assertEqual(clock.next_alert_at, shanghai("2026-03-06 11:00:01"))
        self._run("2026-03-06 10:59")
        self.assertEqual(self._logins(case), ["specialist"])

    def test_a_stale_instant_fires_nothing(self):
        """Dates moved in bulk: what is not due by its new time waits for it."""
        self._set_alerts("response-normal", {"kind": "warning", "offset": 50, "unit": "percent"})
        case = self._request("2026-03-05 09:00")
        clock = self._clocks(case)
        clock._policy_update({"due_at": shanghai("2026-03-05 16:00")})
        self._run("2026-03-05 09:40")
        self.assertFalse(self._told(case))
        self.assertEqual(clock.next_alert_at, shanghai("2026-03-05 13:00"))

    # === WHAT FIRES NOTHING === #

    def test_what_is_over_paused_accepted_or_on_trial_fires_nothing(self):
        self._set_alerts("response-normal", *LADDER)
        cases = {
            name: self._request("2026-03-05 09:00")
            for name in ("met", "cancelled", "paused", "accepted", "trial", "running")
        }
        with at("2026-03-05 09:10"):
            cases["met"]._policy_set_fact("policy_accepted_at")
            cases["met"]._policy_set_fact("policy_responded_at")
            self._as("supervisor", cases["cancelled"]).action_policy_cancel("误录")
            self._clocks(cases["paused"])._policy_update(
                {"paused_at": shanghai("2026-03-05 09:05")}
            )
            self._clocks(cases["trial"])._policy_update({"is_trial": True})
        with at("2026-03-05 10:10"):
            self.env["crm.policy.deadline"]._policy_accept_overdue(cases["accepted"])
        for day in ("2026-03-05 12:00", "2026-03-20 10:00"):
            self._run(day)
        told = {name: self._logins(case) for name, case in cases.items()}
        running = told.pop("running")
        self.assertEqual(running, ["supervisor", "manager", "director"])
        self.assertEqual(told, dict.fromkeys(told, []))
        self.assertFalse(self._clocks(cases["paused"]).overdue_at)
        violations = {name: len(self._violations(case)) for name, case in cases.items()}
        self.assertEqual(
            violations,
            {"met": 0, "cancelled": 0, "paused": 0, "accepted": 0, "trial": 0, "running": 1},
        )

    def test_an_archived_case_keeps_its_clock(self):
        self._set_alerts("response-normal", *CHAIN)
        case = self._request("2026-03-05 09:00")
        case.active = False
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("supervisor", "")])
        self.assertEqual(len(self._violations(case)), 1)

    # === NEVER A DEAD END === #

    def test_an_absent_manager_is_stood_in_for_by_his_substitute(self):
        self._set_alerts("response-normal", {"levels": 2})
        self._new_post("complaint_officer", self.users["manager"], self.users["director"])
        self._away(self.users["manager"], "2026-03-05 00:00", "2026-03-07 00:00")
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("director", "substitute")])

    def test_an_absent_manager_without_a_substitute_is_passed_over(self):
        self._set_alerts("response-normal", {"levels": 1})
        self._away(self.users["supervisor"], "2026-03-05 00:00", "2026-03-07 00:00")
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("manager", "higher")])

    def test_an_archived_manager_is_passed_over(self):
        self._set_alerts("response-normal", {"levels": 1})
        case = self._request("2026-03-05 09:00")
        self.users["supervisor"].active = False
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("manager", "higher")])

    def test_nobody_is_told_of_himself_as_substitute_of_his_manager(self):
        self._set_alerts("response-normal", {"levels": 1})
        self._new_post("quality", self.users["supervisor"], self.users["specialist"])
        self._away(self.users["supervisor"], "2026-03-05 00:00", "2026-03-07 00:00")
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("manager", "higher")])

    def test_an_absent_responsible_is_stood_in_for(self):
        self._set_alerts("response-normal", {})
        self._away(self.users["specialist"], "2026-03-05 00:00", "2026-03-07 00:00")
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("supervisor", "higher")])

    def test_a_handler_without_an_employee_has_the_head_of_the_case_s_department(self):
        self._set_alerts("response-normal", {"levels": 1})
        self.employees["specialist"].unlink()
        case = self._request("2026-03-05 09:00", policy_department_id=self.department.id)
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("manager", "")])

    def test_without_any_manager_the_administrators_of_the_policy_are_told(self):
        self._set_alerts("response-normal", {"levels": 1})
        self.employees["specialist"].unlink()
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("policy_admin", "nobody")])

    def test_that_nobody_was_there_is_noted_in_the_company_s_language(self):
        self._activate_chinese()
        self._set_alerts("response-normal", {"levels": 1})
        self.employees["specialist"].unlink()
        self.users["policy_admin"].active = False
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        [row] = self._clocks(case).escalation_ids
        self.assertEqual((row.user_id.id, row.how), (False, "nobody"))
        note = case.message_ids.filtered(lambda message: "首次响应" in (message.body or ""))[:1]
        self.assertIn("无", note.body)
        self.assertNotIn("nobody", note.body)

    def _activate_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.company.partner_id.lang = "zh_CN"

    def test_managers_in_a_circle_are_found_and_end(self):
        self._set_alerts("response-normal", *CHAIN)
        self.employees["supervisor"].parent_id = self.employees["specialist"]
        case = self._request("2026-03-05 09:00")
        for day in ("2026-03-05 12:00", "2026-03-06 18:00", "2026-03-09 18:00"):
            self._run(day)
        self.assertEqual(
            self._told(case),
            [("supervisor", ""), ("policy_admin", "circle"), ("policy_admin", "circle")],
        )
        events = self.env["crm.policy.event"].search(
            [("type", "=", "deadline.escalated"), ("res_id", "in", self._clocks(case).ids)]
        )
        self.assertEqual(
            sorted(event.payload.get("how", "") for event in events), ["", "circle", "circle"]
        )

    def test_a_chain_that_is_too_short_ends_at_its_top(self):
        self._set_alerts("response-normal", {"levels": 9})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("ceo", "top")])

    def test_a_role_that_nobody_fills_falls_to_the_next_level(self):
        self._set_alerts("response-normal", {"role": "deputy_gm"})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("supervisor", "higher")])

    def test_a_post_whose_holder_is_away_is_stood_in_for(self):
        self._set_alerts("response-normal", {"role": "deputy_gm"})
        self._new_post("deputy_gm", self.users["director"], self.users["ceo"])
        self._away(self.users["director"], "2026-03-05 00:00", "2026-03-07 00:00")
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._logins(case), ["ceo"])

    def test_of_a_group_those_are_told_who_see_the_case(self):
        self._set_alerts("response-normal", {"role": "supervisor"})
        stranger = self._new_user("supervisor", login="t_stranger")
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._logins(case), ["supervisor"])
        self.assertFalse(self.env["helpdesk.ticket"].with_user(stranger).search(
            [("id", "=", case.id)]
        ))  # fmt: skip

    def test_a_supervisor_s_own_case_is_told_to_the_next_level(self):
        self._set_alerts("response-normal", {"role": "supervisor"})
        case = self._request("2026-03-05 09:00", user_id=self.users["supervisor"].id)
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("manager", "higher")])

    def test_a_case_without_a_handler_tells_its_pool_s_managers(self):
        self._set_alerts("response-normal", {})
        case = self._request(
            "2026-03-05 09:00", user_id=False, policy_department_id=self.department.id
        )
        self._run("2026-03-05 12:00")
        self.assertEqual(self._told(case), [("manager", "")])

    def test_two_companies_keep_their_people_apart(self):
        other = self._new_company("杭州分公司")
        self._set_alerts("response-normal", {"role": "director"})
        self._new_user("director", login="t_other_director", company=other)
        both = self._new_user("director", login="t_both_director")
        both.company_ids = [Command.link(other.id)]
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(set(self._logins(case)), {"director", "both_director"})

    # === WHAT STAYS, WHAT GOES === #

    def test_whoever_is_told_finds_an_activity_and_may_open_the_case(self):
        self._set_alerts("response-normal", {"levels": 4})
        case = self._request("2026-03-05 09:00")
        boss = self._new_user("finance", login="t_boss")
        self.employees["director"].parent_id = self._new_employee(boss)
        followers = case.message_partner_ids
        with self.assertRaises(AccessError):
            case.with_user(boss).check_access("read")
        self._run("2026-03-05 12:00")
        self.assertEqual(self._logins(case), ["boss"])
        activity = self._activities(case)
        self.assertEqual(activity.user_id, boss)
        self.assertIn("2.2", activity.summary)
        self.assertIn("2026-03-05 10:00 (Asia/Shanghai)", activity.summary)
        case.with_user(boss).check_access("read")
        self.assertEqual(case.message_partner_ids, followers)

    def test_the_reminder_goes_away_with_the_clock_and_the_record_stays(self):
        self._set_alerts("response-normal", {})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.assertEqual(len(self._activities(case)), 1)
        with at("2026-03-05 13:10"):
            case._policy_set_fact("policy_accepted_at")
            case._policy_set_fact("policy_responded_at")
        self.assertFalse(self._activities(case))
        self.assertEqual(self._logins(case), ["specialist"])

    def test_one_reminder_per_person_and_deadline(self):
        self._set_alerts(
            "response-normal", {"kind": "warning", "offset": 50, "unit": "percent"}, {}
        )
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 09:40")
        self.assertIn("is due", self._activities(case).summary)
        self._run("2026-03-05 12:00")
        self.assertEqual(len(self._told(case)), 2)
        self.assertEqual(len(self._activities(case)), 1)
        self.assertIn("is overdue", self._activities(case).summary)

    def test_archiving_the_person_deletes_the_reminder_not_the_record(self):
        """U41: activities are never the store."""
        self._set_alerts("response-normal", {"levels": 1})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        self.users["supervisor"].action_archive()
        self.assertFalse(self._activities(case))
        self.assertEqual(self._logins(case), ["supervisor"])

    def test_event_and_note_say_who_was_told(self):
        self._set_alerts("response-normal", {"levels": 1})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        clock = self._clocks(case)
        event = self.env["crm.policy.event"].search(
            [("type", "=", "deadline.escalated"), ("res_id", "=", clock.id)]
        )
        self.assertEqual((event.policy, event.clause), ("SVC", "2.2"))
        self.assertEqual(
            event.payload,
            {
                "step": clock.rule_id.alert_ids.id,
                "users": self.users["supervisor"].ids,
                "res_model": "helpdesk.ticket",
                "res_id": case.id,
            },
        )
        note = case.message_ids.filtered(lambda message: "Told:" in message.body)
        self.assertEqual(len(note), 1)
        self.assertIn("2026-03-05 10:00 (Asia/Shanghai)", note.body)

    def test_one_mail_per_person_and_run(self):
        """U46."""
        self._set_alerts("response-normal", {"levels": 1}, {"offset": 1, "levels": 2})
        self.users["supervisor"].email = "supervisor@example.com"
        cases = self.env["helpdesk.ticket"]
        for _number in range(3):
            cases += self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        [mail] = self._mails("supervisor")
        self.assertIn("3 overdue", mail.subject)
        for case in cases:
            self.assertIn(case.display_name, mail.body_html)
        self.assertIn("Clause 2.2", mail.body_html)
        self.assertIn("2026-03-05 10:00 (Asia/Shanghai)", mail.body_html)
        self._run("2026-03-05 12:10")
        self.assertEqual(len(self._mails("supervisor")), 1)
        self.assertEqual(
            set(self._clocks(cases).escalation_ids.mapped("mailed_at")),
            {shanghai("2026-03-05 12:00")},
        )

    def test_the_mail_names_no_document_that_its_reader_does_not_read(self):
        """Between telling and mailing somebody may have lost the sight of it."""
        self._set_alerts("response-normal", {"levels": 1})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        clock = self._clocks(case)
        for login, told in (("supervisor", True), ("finance", False)):
            user = self.users[login]
            self.assertEqual(case.with_user(user).has_access("read"), told)
            [mail] = clock.escalation_ids._policy_digest(user)
            self.assertEqual(case.display_name in mail["body_html"], told)
            self.assertEqual(f", clause {clock.clause_number}" in mail["body_html"], not told)

    def test_the_mail_speaks_the_language_of_its_reader(self):
        if not self.env["res.lang"]._lang_get("zh_CN"):
            self.skipTest("zh_CN is not installed")
        self._set_alerts("response-normal", {"levels": 1})
        self.users["supervisor"].write({"email": "s@example.com", "lang": "zh_CN"})
        self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        [mail] = self._mails("supervisor")
        self.assertIn("首次响应", mail.body_html)

    # === PROTECTION === #

    @mute_logger("odoo.sql_db")
    def test_nobody_writes_who_was_told(self):
        self._set_alerts("response-normal", {"levels": 1})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        row = self._clocks(case).escalation_ids
        for user in (self.users["policy_admin"], self.env.ref("base.user_admin"), self.env.user):
            mine = row.with_user(user)
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    mine.write({"user_id": user.id})
                with self.assertRaises(AccessError):
                    mine.unlink()
                with self.assertRaises(AccessError):
                    mine.create({"deadline_id": row.deadline_id.id, "step_id": row.step_id.id})
        for statement in (
            "UPDATE crm_policy_escalation SET user_id = NULL WHERE id = %s",
            "UPDATE crm_policy_escalation SET mailed_at = NULL WHERE id = %s",
            "DELETE FROM crm_policy_escalation WHERE id = %s",
        ):
            with (
                self.subTest(statement),
                self.assertRaises(psycopg2.errors.RestrictViolation),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement, [row.id])
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO crm_policy_escalation (deadline_id, step_id, user_id, company_id, at)"
                " SELECT deadline_id, step_id, user_id, company_id, now()"
                "   FROM crm_policy_escalation WHERE id = %s",
                [row.id],
            )

    def test_who_was_told_is_seen_by_those_who_see_the_case(self):
        self._set_alerts("response-normal", {"levels": 1})
        case = self._request("2026-03-05 09:00")
        self._run("2026-03-05 12:00")
        row = self._clocks(case).escalation_ids
        for user, sees in (
            (self.users["specialist"], True),
            (self.users["supervisor"], True),
            (self.other_specialist, False),
            (self.users["finance"], False),
        ):
            with self.subTest(user.login):
                found = row.with_user(user).search([("id", "=", row.id)])
                self.assertEqual(bool(found), sees)

    # === ONE BAD RECORD === #

    def test_one_bad_record_does_not_stop_the_rest(self):
        self._set_alerts("response-normal", {"levels": 1})
        bad, good = self._request("2026-03-05 09:00"), self._request("2026-03-05 09:00")
        Escalation = type(self.env["crm.policy.escalation"])
        tell = Escalation._policy_tell

        def stumble(escalations, pairs, now):
            if bad.id in [deadline.res_id for deadline, _step in pairs]:
                raise ValueError("nobody can be told of this one")
            return tell(escalations, pairs, now)

        self.patch(Escalation, "_policy_tell", stumble)
        with self.assertLogs(LOGGER, "ERROR") as log:
            self._run("2026-03-05 12:00")
        self.assertIn(f"of helpdesk.ticket {bad.id} cannot be told of", log.output[0])
        self.assertEqual((self._logins(bad), self._logins(good)), ([], ["supervisor"]))
        self.patch(Escalation, "_policy_tell", tell)
        self._run("2026-03-05 12:01")
        self.assertEqual((self._logins(bad), self._logins(good)), (["supervisor"],) * 2)

    def test_chunks_add_up(self):
        self._set_alerts("response-normal", {"levels": 1})
        cases = self.env["helpdesk.ticket"]
        for _number in range(5):
            cases += self._request("2026-03-05 09:00")
        Deadline = type(self.env["crm.policy.deadline"])
        take = Deadline._policy_take
        self.patch(
            Deadline,
            "_policy_take",
            lambda clocks, condition, order, limit, failed: take(
                clocks, condition, order, 2, failed
            ),
        )
        self._run("2026-03-05 12:00")
        self.assertEqual(self._logins(cases), ["supervisor"] * 5)
        self.assertEqual(len(self._violations(cases)), 5)


class TestAlertQueries(AlertCommon):
    """A run costs the same number of queries for N deadlines and for twice as many."""

    def _count(self, action):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _flat(self, measure, slack=0):
        measure(10)  # caches are filled once
        few, many = measure(10), measure(20)
        self.assertLessEqual(many, few + slack, f"10: {few} queries, 20: {many}")
        return few

    def test_firing(self):
        self._set_alerts("response-normal", {"levels": 1}, {"role": "director"})

        def fire(number):
            self._new_cases(number)

            def run():
                with at("2026-03-05 12:00"):
                    failed = set()
                    done = self.env["crm.policy.deadline"]._policy_fire_alerts(500, failed)
                    self.assertEqual((done, failed), (number, set()))

            return self._count(run)

        self._flat(fire)

    def test_judging(self):
        def judge(number):
            self._new_cases(number)
            Deadline = self.env["crm.policy.deadline"]
            with at("2026-03-05 12:00"):
                Deadline._policy_mark_overdue(500)
                return self._count(lambda: Deadline._policy_judge_breaches(500, set()))

        self._flat(judge)

    def test_mailing(self):
        self.users["supervisor"].email = "supervisor@example.com"
        self._set_alerts("response-normal", {"levels": 1})
        Escalation = self.env["crm.policy.escalation"]
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **names: 0)

        def mail(number):
            self._new_cases(number)
            with at("2026-03-05 12:00"):
                self.env["crm.policy.deadline"]._policy_fire_alerts(500, set())
                return self._count(Escalation._policy_mail_digests)

        self._flat(mail)

    def test_an_idle_run_is_one_query(self):
        self._set_alerts("response-normal", {"levels": 1})
        self._new_cases(20)
        Deadline = self.env["crm.policy.deadline"]
        with at("2026-03-05 09:30"), self.enter_registry_test_mode():
            self.assertEqual(self._count(Deadline._cron_mark_overdue), 1)
            self._new_cases(20)
            self.assertEqual(self._count(Deadline._cron_mark_overdue), 1)


class TestLadder(PolicyCommon):
    """The chain of managers alone."""

    def test_a_chain_of_departments(self):
        below = self.env["hr.department"].create(
            {"name": "一组", "company_id": self.company.id, "parent_id": self.department.id}
        )
        employee = self._new_employee(self.users["specialist"], department_id=below.id)
        employee.parent_id = False  # Odoo fills it in
        chains = self.env["crm.policy.ladder"]._policy_chains(
            [(self.users["specialist"].id, False)], self.company
        )
        self.assertFalse(employee.parent_id)
        self.assertEqual(
            chains, {(self.users["specialist"].id, False): ([self.users["manager"].id], False)}
        )

    def test_a_circle_of_any_length_ends(self):
        people = [
            self._new_employee(self.users[role])
            for role in ("specialist", "supervisor", "manager", "director")
        ]
        for employee, boss in zip(people, people[1:] + people[1:2], strict=False):
            employee.parent_id = boss
        chains = self.env["crm.policy.ladder"]._policy_chains(
            [(self.users["specialist"].id, False)], self.company
        )
        [(chain, circle)] = chains.values()
        self.assertEqual(
            chain, [self.users[role].id for role in ("supervisor", "manager", "director")]
        )
        self.assertTrue(circle)

    def test_who_heads_his_department_is_below_the_head_of_the_next(self):
        """Odoo makes him his own manager; that is no circle."""
        below = self.env["hr.department"].create(
            {"name": "一组", "company_id": self.company.id, "parent_id": self.department.id}
        )
        head = self._new_employee(self.users["supervisor"], department_id=below.id)
        below.manager_id = head
        head.parent_id = head
        ladder, place = self.env["crm.policy.ladder"], (self.users["supervisor"].id, False)
        self.assertEqual(
            ladder._policy_chains([place], self.company),
            {place: ([self.users["manager"].id], False)},
        )
        top = self.department.manager_id
        top.parent_id = top
        place = (self.users["manager"].id, False)
        self.assertEqual(ladder._policy_chains([place], self.company), {place: ([], False)})
        self.assertFalse(ladder._policy_circles(self.users["manager"], self.company))

    def test_a_manager_without_a_login_is_passed_over(self):
        boss = self.env["hr.employee"].create({"name": "无账号", "company_id": self.company.id})
        boss.parent_id = self._new_employee(self.users["director"])
        self._new_employee(self.users["specialist"]).parent_id = boss
        climbed = self.env["crm.policy.ladder"]._policy_climb(
            [(self.users["specialist"].id, False, 1)], self.company
        )
        self.assertEqual(list(climbed.values()), [(self.users["director"], "higher")])

    def test_somebody_back_from_his_leave_is_told_himself(self):
        self._new_employee(self.users["supervisor"])
        self._away(self.users["supervisor"], "2026-03-05 00:00", "2026-03-06 00:00")
        ladder = self.env["crm.policy.ladder"]
        for moment, found in (
            (shanghai("2026-03-06 00:00") - timedelta(seconds=1), self.env["res.users"]),
            (shanghai("2026-03-06 00:00"), self.users["supervisor"]),
        ):
            with self.subTest(moment), at(str(moment + timedelta(hours=8))):
                acting = ladder._policy_standing_in(self.users["supervisor"], self.company)
                self.assertEqual(acting[self.users["supervisor"].id], found)
