"""Clocks of cases: when they start, fall due, are met or late, stop and start again."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..common import PolicyCommon, at, shanghai

CASES = Domain("model_name", "=", "helpdesk.ticket")


class TestClocks(PolicyCommon):
    def _clocks(self, case):
        """Return the clocks of a case, also those that nobody looks at: code -> deadline."""
        deadlines = self.env["crm.policy.deadline"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", case.id)]
        )
        return {deadline.rule_code: deadline for deadline in deadlines}

    def _request(self, **vals):
        return self._new_case(policy_kind="request", **vals)

    # === S1 === #

    def test_s1_a_to_c_response_is_due_in_working_time(self):
        rows = [
            ("2026-03-06 17:50", "urgent", "response-urgent", "2026-03-09 09:05"),
            ("2026-03-04 11:30", "normal", "response-normal", "2026-03-04 13:30"),
            ("2026-03-07 20:00", "normal", "response-normal", "2026-03-09 10:00"),
        ]
        for start, urgency, code, due in rows:
            with self.subTest(start=start), at(start):
                clocks = self._clocks(self._request(policy_urgency=urgency))
                self.assertEqual(list(clocks), [code])
                clock = clocks[code]
                self.assertEqual((clock.start_at, clock.due_at), (shanghai(start), shanghai(due)))
                self.assertEqual(clock.state, "open")

    def test_s1_b_met_at_the_instant_late_one_second_later(self):
        for answered, state, lateness in (
            ("2026-03-04 13:30:00", "met", 0),
            ("2026-03-04 13:30:01", "late", 1),
            ("2026-03-04 13:29:59", "met", 0),
            ("2026-03-05 09:00:00", "late", 4 * 3600 + 1800),  # working time until 18:00
        ):
            with self.subTest(answered=answered):
                with at("2026-03-04 11:30"):
                    case = self._request()
                with at("2026-03-04 11:40"):
                    self._as("specialist", case).action_policy_accept()
                with at(answered):
                    self._as("specialist", case).action_policy_respond("已答复")
                clock = self._clocks(case)["response-normal"]
                self.assertEqual(clock.state, state)
                self.assertEqual(clock.done_at, shanghai(answered))
                self.assertEqual(clock.lateness_seconds, lateness)

    def test_t1_t3_of_s2(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self.assertFalse(self._clocks(case), "nothing runs before the acceptance")
            self._as("specialist", case).action_policy_accept()
        clocks = self._clocks(case)
        self.assertEqual(clocks["complaint-response"].due_at, shanghai("2026-03-03 10:20"))
        self.assertEqual(clocks["complaint-solution"].due_at, shanghai("2026-03-04 10:20"))
        with at("2026-03-02 15:00"):
            case._policy_set_fact("policy_registered_at")
            self._as("specialist", case).action_policy_respond("已致电")
            self._as("specialist", case).action_policy_propose("返工")
            self._as("specialist", case).action_policy_decide()
            self._as("specialist", case).action_policy_settle()
            self._as("specialist", case).action_policy_reply("同意返工", "phone")
        clocks = self._clocks(case)
        self.assertEqual(clocks["reply"].state, "met")
        self.assertEqual(clocks["callback"].due_at, shanghai("2026-03-17 23:59:59"))

    # === WHAT A CLOCK KEEPS === #

    def test_a_clock_names_its_clause_and_its_person(self):
        with at("2026-03-04 11:30"):
            case = self._request()
        clock = self._clocks(case)["response-normal"]
        clause = self.version.clause_ids.filtered(lambda clause: clause.number == "2.2")
        self.assertEqual(clock.clause_id, clause)
        self.assertEqual(clock.clause_number, "2.2")
        self.assertEqual(clock.version_label, self.version.display_name)
        self.assertEqual(clock.user_id, self.users["specialist"])
        self.assertEqual(clock.partner_id, self.partner)
        self.assertEqual(clock.company_id, self.company)
        self.assertFalse(clock.is_trial)

    def test_an_open_clock_follows_person_and_department(self):
        department = self.env["hr.department"].create(
            {"name": "客服部", "company_id": self.company.id}
        )
        with at("2026-03-04 11:30"):
            case = self._request()
            case.write({"user_id": self.other_specialist.id, "policy_department_id": department.id})
        clock = self._clocks(case)["response-normal"]
        self.assertEqual(clock.user_id, self.other_specialist)
        self.assertEqual(clock.department_id, department)
        case.user_id = False
        self.assertFalse(clock.user_id)

    def test_a_clock_that_ended_keeps_person_and_time(self):
        with at("2026-03-04 11:30"):
            case = self._request()
            self._as("specialist", case).action_policy_accept()
        with at("2026-03-04 14:00"):
            self._as("specialist", case).action_policy_respond("已答复")
            case.user_id = self.other_specialist
        clock = self._clocks(case)["response-normal"]
        self.assertEqual(clock.state, "late")
        self.assertEqual(clock.user_id, self.users["specialist"])

    # === WHAT STOPS AND STARTS THEM === #

    def test_urgency_cancels_one_clock_and_starts_another(self):
        with at("2026-03-04 11:30"):
            case = self._request()
        with at("2026-03-04 11:35"):
            case.policy_urgency = "urgent"
        clocks = self._clocks(case)
        self.assertEqual(clocks["response-normal"].state, "cancelled")
        self.assertEqual(clocks["response-normal"].cancel_reason, "not_applicable")
        self.assertEqual(clocks["response-urgent"].state, "open")
        self.assertEqual(clocks["response-urgent"].due_at, shanghai("2026-03-04 11:45"))
        case.policy_urgency = "normal"
        clocks = self._clocks(case)
        self.assertEqual(clocks["response-normal"].state, "open")
        self.assertFalse(clocks["response-normal"].cancel_reason)
        self.assertEqual(clocks["response-urgent"].state, "cancelled")

    def test_a_late_clock_stays_late_whatever_is_changed_later(self):
        with at("2026-03-04 11:30"):
            case = self._request(policy_urgency="urgent")
            self._as("specialist", case).action_policy_accept()
        with at("2026-03-04 13:10"):
            self._as("specialist", case).action_policy_respond("已答复")
            case.policy_urgency = "normal"
        self.assertEqual(self._clocks(case)["response-urgent"].state, "late")

    def test_a_cancelled_case_stops_its_clocks(self):
        with at("2026-03-04 11:30"):
            case = self._request()
            self._as("supervisor", case).action_policy_cancel("误录")
        clock = self._clocks(case)["response-normal"]
        self.assertEqual((clock.state, clock.cancel_reason), ("cancelled", "not_applicable"))

    def test_an_archived_case_keeps_its_clocks(self):
        with at("2026-03-04 11:30"):
            case = self._request()
            case.active = False
            case.policy_urgency = "urgent"
        self.assertEqual(self._clocks(case)["response-urgent"].state, "open")
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(CASES)
        own = rules.filtered(lambda rule: rule.version_id == self.version)
        self.assertFalse(
            self.env["crm.policy.deadline"]._policy_differences("helpdesk.ticket", own)
        )

    def test_an_ungoverned_ticket_has_no_clock(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "x", "description": "x"})
        ticket.write({"policy_urgency": "urgent"})
        self.assertFalse(self._clocks(ticket))

    # === WHOSE RULES === #

    def test_a_draft_does_not_run_and_a_new_version_leaves_old_cases_alone(self):
        with at("2026-03-04 11:30"):
            old = self._request()
        content = self.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        content = content.replace('number: "1"\n  transition', 'number: "2"\n  transition', 1)
        content = content.replace("duration: 1\n", "duration: 2\n", 1)
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        draft = policy._policy_apply_pack(content, self.company)
        with at("2026-03-04 11:31"):
            case = self._request()
            self.assertEqual(len(self._clocks(case)), 1)
            self.assertEqual(case.policy_version_id, self.version)
        self._hand_over(draft)
        with at("2026-03-04 11:32"):
            self._as("director", draft).action_policy_publish()
            new = self._request()
            old.name = "changed"
            old.policy_urgency = "urgent"
        self.assertEqual(new.policy_version_id.number, "2")
        self.assertEqual(self._clocks(new)["response-normal"].due_at, shanghai("2026-03-04 14:32"))
        self.assertEqual(len(self._clocks(new)), 1)
        self.assertEqual(old.policy_version_id, self.version)
        self.assertEqual(
            self._clocks(old)["response-urgent"].rule_id.version_id, self.version,
            "a superseded version goes on for its cases",
        )  # fmt: skip
        (old + new).write({"policy_urgency": "normal"})
        (old + new).write({"policy_urgency": "urgent"})
        for case in old + new:
            self.assertEqual(len(case.policy_deadline_ids), 2)
            self.assertEqual(case.policy_deadline_ids.rule_id.version_id, case.policy_version_id)
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(CASES)
        rules = rules.filtered(lambda rule: rule.company_id == self.company)
        self.assertFalse(
            self.env["crm.policy.deadline"]._policy_differences("helpdesk.ticket", rules)
        )

    def test_a_rule_of_another_company_does_not_apply(self):
        other = self._new_company("无锡分公司")
        other.resource_calendar_id.tz = "Asia/Tokyo"
        for user in ("policy_admin", "director"):
            self.users[user].company_ids = [Command.link(other.id)]
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"]).with_context(
            allowed_company_ids=other.ids
        )  # fmt: skip
        version = policy._policy_install_shipped("service", other)
        version.with_user(self.users["director"]).action_policy_publish()
        clerk = self._new_user("specialist", login="t_wuxi", company=other)
        with at("2026-03-04 11:30"):
            tickets = self.env["helpdesk.ticket"].with_user(clerk)
            case = tickets.with_context(allowed_company_ids=other.ids).create(
                {"name": "x", "description": "x", "policy_kind": "request"}
            )
            mine = self._request()
        clock = self._clocks(case)["response-normal"]
        self.assertEqual(clock.company_id, other)
        self.assertEqual(clock.rule_id.company_id, other)
        # 11:30 here is 12:30 in Tokyo, at lunch: the hour ends at 14:00 there.
        self.assertEqual(clock.due_at, shanghai("2026-03-04 13:00"))
        self.assertEqual(self._clocks(mine)["response-normal"].rule_id.company_id, self.company)
        Deadline = self.env["crm.policy.deadline"].with_user(clerk)
        self.assertEqual(
            Deadline.with_context(allowed_company_ids=other.ids).search([]).company_id, other
        )

    # === WHAT IS SHOWN === #

    def test_next_due_is_the_earliest_and_follows_within_the_transaction(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self.assertFalse(case.policy_next_due_at)
            self._as("specialist", case).action_policy_accept()
            self.assertEqual(case.policy_next_due_at, shanghai("2026-03-03 10:20"))
            self.assertEqual(case.policy_next_due_name, "Complaint response")
            self.assertEqual(case.policy_next_warn_at, shanghai("2026-03-03 05:32"))
            self._as("specialist", case).action_policy_respond("已致电")
            self.assertEqual(case.policy_next_due_at, shanghai("2026-03-04 10:20"))
            self.assertFalse(case.policy_is_late)

    def test_late_cases_are_found(self):
        with at("2026-03-04 11:30"):
            late = self._request()
            other = self._request(policy_urgency="normal")
            self._as("specialist", other).action_policy_accept()
            self._as("specialist", other).action_policy_respond("已答复")
        Ticket = self._as("specialist", self.env["helpdesk.ticket"])
        Deadline = self._as("specialist", self.env["crm.policy.deadline"])
        both = late + other
        with at("2026-03-04 13:30:00"):
            self.assertFalse(Ticket.search([("policy_is_late", "=", True)]))
            self.assertFalse(Deadline.search([("is_overdue", "=", True)]))
        self.env.invalidate_all()
        with at("2026-03-04 13:30:01"):
            self.assertEqual(Ticket.search([("policy_is_late", "=", True)]).ids, late.ids)
            self.assertEqual(
                Ticket.search([("policy_is_late", "=", False), ("id", "in", both.ids)]).ids,
                other.ids,
            )
            found = Deadline.search([("is_overdue", "!=", False)])
            self.assertEqual(found.mapped("res_id"), late.ids)
            self.assertEqual(found.mapped("is_overdue"), [True])
            self.assertEqual(len(Deadline.search([("is_overdue", "=", False)])), 1)
            self.assertTrue(late.policy_is_late)

    def test_the_name_of_a_document_is_only_for_its_readers(self):
        with at("2026-03-04 11:30"):
            case = self._request(name="张三的投诉")
        clock = self._clocks(case)["response-normal"]
        self.assertIn("张三的投诉", self._as("specialist", clock).display_name)
        outsider = self.env["res.users"].create(
            {
                "name": "outsider",
                "login": "t_outsider",
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        self.env.invalidate_all()
        clock = clock.with_user(outsider)
        with self.assertRaises(AccessError):
            clock.read(["due_at"])
        # Even where it is his own clock, that of a document he does not see.
        clock.sudo()._policy_update({"user_id": outsider.id})
        clock.read(["due_at"])
        kind = self.env["ir.model"]._get("helpdesk.ticket").name
        self.assertEqual(clock.res_name, f"{kind}, clause {clock.clause_number}")
        self.assertEqual(clock.display_name, f"{clock.res_name} {clock.name}")

    def test_clocks_of_a_model_that_is_gone_do_not_break_the_list(self):
        gone, other = self._new_case(policy_kind="request"), self._new_case(policy_kind="request")
        clocks = gone.policy_deadline_ids | other.policy_deadline_ids
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE crm_policy_deadline SET res_model = 'x.gone' WHERE res_id = %s", gone.id)
        )
        self.env.invalidate_all()
        mine = self._as("specialist", clocks).search([("id", "in", clocks.ids)])
        self.assertEqual(set(mine.ids), set(clocks.ids))
        named = {bool(clock.res_name) for clock in mine if clock.res_model != "x.gone"}
        self.assertEqual(named, {True})
        for clock in mine.filtered(lambda clock: clock.res_model == "x.gone"):
            self.assertFalse(clock.res_name)
            self.assertTrue(clock.display_name)
            self.assertTrue(clock.explain()["rows"])

    # === NOBODY WRITES THEM === #

    def test_nobody_creates_changes_or_deletes_a_clock(self):
        with at("2026-03-04 11:30"):
            clock = self._clocks(self._request())["response-normal"]
        later = {"due_at": clock.due_at + timedelta(days=9)}
        vals = {"rule_id": clock.rule_id.id, "res_model": "helpdesk.ticket", "res_id": 1,
                "start_at": clock.start_at, "due_at": clock.due_at}  # fmt: skip
        actors = [clock, clock.sudo(), clock.with_user(self.env.ref("base.user_root"))]
        actors += [clock.with_user(self.env.ref("base.user_admin"))]
        actors += [self._as(role, clock) for role in ("specialist", "director", "policy_admin")]
        actors += [self._as("specialist", clock).sudo()]
        for actor in actors:
            with self.subTest(user=actor.env.user.login, su=actor.env.su):
                for refused in (
                    lambda actor=actor: actor.create([vals]),
                    lambda actor=actor: actor.write(later),
                    lambda actor=actor: actor.unlink(),
                    lambda actor=actor: actor.copy(),
                    lambda actor=actor: actor.write({"state": "met"}),
                ):
                    with self.assertRaises(AccessError):
                        refused()
        self.assertEqual(clock.state, "open")

    def test_the_caller_s_context_sets_nothing_on_a_clock(self):
        forged = {
            "default_state": "met",
            "default_overdue_at": "2026-01-01 00:00:00",
            "default_cycle": 7,
            "default_cancel_reason": "forged",
            "default_actor_id": 1,
            "default_on_behalf_id": 1,
        }
        self.env["ir.default"].set("crm.policy.deadline", "paused_seconds", 99)
        user = self.users["specialist"]
        with at("2026-03-04 11:30"):
            tickets = self.env["helpdesk.ticket"].with_user(user).with_context(**forged)
            case = tickets.create(
                {"name": "x", "description": "x", "policy_kind": "request",
                 "company_id": self.company.id}
            ).with_env(self.env)  # fmt: skip
        clock = self._clocks(case)["response-normal"]
        self.assertEqual((clock.state, clock.cycle, clock.paused_seconds), ("open", 0, 0))
        self.assertFalse(clock.overdue_at)
        self.assertFalse(clock.cancel_reason)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", case.id)]
        )
        self.assertTrue(events)
        self.assertEqual(set(events.mapped("actor_id")), {user.id})
        self.assertEqual(set(events.mapped("on_behalf_id")), {0})

    def test_a_calendar_without_hours_says_so(self):
        self.company.resource_calendar_id.attendance_ids = [Command.clear()]
        with self.assertRaisesRegex(UserError, "No working time found.*苏州明远电子"):
            self._request()
        self.company.resource_calendar_id = False
        with self.assertRaisesRegex(UserError, r"2\.2.*苏州明远电子 has no working calendar"):
            self._request()
