"""Save hooks and sweep say the same; the sweep mends what happened behind the ORM."""

import random
from datetime import timedelta

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tools import SQL, mute_logger

from ..common import at, shanghai
from ..pause_common import PauseCommon

LOGGER = "odoo.addons.crm_policy.models.deadline.deadline"
KEPT = ["rule_id", "res_id", "state", "start_at", "due_at", "done_at", "lateness_seconds",
        "user_id", "department_id", "partner_id", "cancel_reason", "version_label",
        "clause_id", "clause_number", "company_id", "role_id", "is_trial", "factor", "paused_at",
        "paused_seconds"]  # fmt: skip
GRADES = """grades:
  - {code: A, name: A, sla_factor: 0.5}
  - {code: B, name: B, sla_factor: 1.5}
  - {code: C, name: C}
"""
FACTOR = "    factor: commercial_partner_id.policy_sla_factor\n"
STRETCHED = tuple(
    f"    duration: {text}" for text in ("1\n    pauses", "48\n    pauses", "15\n    pauses: [s")
)
PLAIN_LIFE = ("fact", "fact", "fact", "urgency", "user", "archive", "cancel")
LIFE = (
    *PLAIN_LIFE,
    *PLAIN_LIFE,
    "kind",
    "pause",
    "pause",
    "pause",
    "resume",
    "resume",
    "decide",
    "grade",
)


class TestSweep(PauseCommon):
    @classmethod
    def _content(cls, number, transition="keep"):
        content = super()._content(number, transition)
        for text in STRETCHED:
            assert content.count(text) == 1, text
            content = content.replace(text, FACTOR + text)
        return content.replace("deadline_rules:\n", f"{GRADES}deadline_rules:\n", 1)

    def setUp(self):
        super().setUp()
        self.rules = self._own_rules()
        self.other_partner = self.env["res.partner"].create(
            {"name": "另一客户", "is_company": True}
        )
        self.graded = self.env["crm.policy.customer"].create(
            [
                {"partner_id": partner.id, "company_id": self.company.id}
                for partner in (self.partner, self.other_partner)
            ]
        )
        self.grades = self.env["crm.policy.grade"].search([("company_id", "=", self.company.id)])

    def _differences(self):
        return self.Deadline._policy_differences("helpdesk.ticket", self.rules)

    def _rows(self):
        self.env.invalidate_all()
        rows = self.Deadline.search([("company_id", "=", self.company.id)]).read(KEPT)
        return sorted(
            (tuple(row[name] for name in KEPT) for row in rows), key=lambda row: (row[0], row[1])
        )

    def _sweep(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()

    def _sql(self, query, *args):
        self.env.flush_all()
        self.env.cr.execute(SQL(query, *args))
        self.env.invalidate_all()

    # === RANDOM LIVES === #

    def _random_step(self, rng, case, life):
        """Do one thing to a case that a user could do now."""
        step = rng.choice(life)
        if step == "grade":
            rng.choice(self.graded).grade_id = rng.choice([*self.grades, False])
        elif step in ("pause", "resume", "decide"):
            self._random_pause(rng, case, step)
        elif case.policy_step != "cancelled":
            self._random_change(rng, case, step)

    def _random_pause(self, rng, case, step):
        mine = self._as("specialist", case)
        try:
            with self.env.cr.savepoint():
                if step == "pause":
                    mine.action_policy_pause(rng.choice(["samples", "customer", "group"]), "等")
                elif step == "resume":
                    mine.action_policy_resume()
                else:
                    asked = case.policy_pause_ids.filtered(lambda pause: pause.state == "asked")
                    self._as("manager", asked).action_policy_approve()
        except UserError:
            self.env.invalidate_all()

    def _random_change(self, rng, case, step):
        if not case.policy_accepted_at:
            facts = ["policy_accepted_at"]
        elif case.policy_kind == "complaint":
            order = ["registered", "responded", "solution", "decided", "settled", "replied",
                     "callback"]  # fmt: skip
            facts = [f"policy_{name}_at" for name in order]
            facts = [next((fact for fact in facts if not case[fact]), None)]
        else:
            facts = ["policy_responded_at"]
        if step == "fact" and facts[0] and not case[facts[0]]:
            if facts[0] == "policy_solution_at":
                case.policy_solution = "返工"
            case._policy_set_fact(facts[0])
        elif step == "urgency":
            case.policy_urgency = rng.choice(["normal", "urgent"])
        elif step == "user":
            case.user_id = rng.choice([self.users["specialist"], self.other_specialist])
        elif step == "archive":
            case.active = not case.active
        elif step == "kind" and case.policy_kind != "complaint" and not case.policy_accepted_at:
            case.policy_kind = rng.choice(["request", "inquiry"])
            case.partner_id = rng.choice([self.partner, self.other_partner])
        elif step == "cancel" and not case.policy_settled_at and rng.random() < 0.3:
            self._as("supervisor", case).action_policy_cancel("误录")

    def _random_lives(self, seed, life=LIFE, switched=False):
        rng = random.Random(seed)
        now = shanghai("2026-03-02 08:00")
        cases = self.env["helpdesk.ticket"]
        for _number in range(20):
            now += timedelta(minutes=rng.randrange(200))
            with freeze_time(now):
                cases += self._new_case(
                    policy_kind=rng.choice(["request", "complaint"]),
                    policy_urgency=rng.choice(["normal", "urgent"]),
                )
        for number in range(200):
            now += timedelta(minutes=rng.randrange(45))
            with freeze_time(now):
                self.Pause._policy_expired(set())._policy_stop("limit")
                if switched and number == 80:
                    self._switch_version()
                self._random_step(rng, rng.choice(cases), life)
        return now

    def _switch_version(self):
        content = self._content("3", "switch")
        for old, new in (("    duration: 48\n    pauses", "    duration: 24\n    pauses"),):
            self.assertEqual(content.count(old), 1)
            content = content.replace(old, new)
        self._publish(content)
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_switch_cases").method_direct_trigger()
        self.env.invalidate_all()
        self.rules = self._own_rules()

    def test_hooks_leave_nothing_to_the_sweep(self):
        for seed in (1, 2):
            now = self._random_lives(seed)
            with self.subTest(seed=seed), freeze_time(now):
                self.assertFalse(self._differences())
                rows = self._rows()
                states = {row[2] for row in rows}
                self.assertLessEqual({"open", "met", "late", "cancelled"}, states)
                self.assertTrue(any(row[KEPT.index("paused_seconds")] for row in rows))
                self.assertGreater(len({row[KEPT.index("factor")] for row in rows}), 1)
                self._sweep()
                self.assertEqual(self._rows(), rows)

    def test_hooks_leave_nothing_to_the_sweep_when_the_version_changes(self):
        now = self._random_lives(7, switched=True)
        with freeze_time(now):
            self.assertFalse(self._differences())
            rows = self._rows()
            self.assertIn("switched", {row[KEPT.index("cancel_reason")] for row in rows})
            self._sweep()
            self.assertEqual(self._rows(), rows)

    def test_the_sweep_alone_says_what_the_hooks_said_of_pauses_and_grades(self):
        """What runs comes back as it was, whatever has happened to it."""
        for seed in (5,):
            with self.subTest(seed=seed):
                now = self._random_lives(seed)
                with freeze_time(now):
                    before = [row for row in self._rows() if row[2] == "open"]
                    self.assertTrue(before)
                    self._sql("DELETE FROM crm_policy_deadline WHERE state = 'open'")
                    self._sweep()
                    after = [row for row in self._rows() if row[2] == "open"]
                    self.assertEqual(after, before)

    def test_the_sweep_alone_says_what_the_hooks_said(self):
        """Deadlines that vanish come back as they were; but what did not apply stays away."""
        now = self._random_lives(4, PLAIN_LIFE)
        with freeze_time(now):
            before = {row[:2]: row for row in self._rows()}
            self._sql("DELETE FROM crm_policy_deadline WHERE company_id = %s", self.company.id)
            self._sweep()
            after = {row[:2]: row for row in self._rows()}
            ended = {before[key][2] for key in before.keys() - after.keys()}
            self.assertLessEqual(ended, {"met", "late", "cancelled"})
            self.assertGreater(len(after), 20)
            user = KEPT.index("user_id")  # who it was when the clock ended, only the hooks know
            for key, row in after.items():
                known = before[key]
                self.assertEqual(row[:user] + row[user + 1 :], known[:user] + known[user + 1 :])
            self.assertFalse(self._differences())

    # === BEHIND THE ORM === #

    def _two_requests(self):
        with at("2026-03-04 11:30"):
            return self._new_case(policy_kind="request"), self._new_case(policy_kind="request")

    def _clock(self, case, code="response-normal"):
        return self.Deadline.search([("res_id", "=", case.id), ("rule_code", "=", code)])

    def test_a_fact_set_behind_the_orm_is_found(self):
        case, other = self._two_requests()
        self._sql(
            "UPDATE helpdesk_ticket SET policy_responded_at = %s WHERE id = %s",
            shanghai("2026-03-04 14:30"), case.id,
        )  # fmt: skip
        self.assertEqual(self._clock(case).state, "open")
        self._sweep()
        clock = self._clock(case)
        self.assertEqual((clock.state, clock.lateness_seconds), ("late", 3600))
        self.assertEqual(self._clock(other).state, "open")

    def test_a_changed_start_behind_the_orm_is_found(self):
        case, _other = self._two_requests()
        self._sql(
            "UPDATE helpdesk_ticket SET policy_intake_at = %s WHERE id = %s",
            shanghai("2026-03-04 15:00"), case.id,
        )  # fmt: skip
        self._sweep()
        clock = self._clock(case)
        self.assertEqual(clock.start_at, shanghai("2026-03-04 15:00"))
        self.assertEqual(clock.due_at, shanghai("2026-03-04 16:00"))

    def test_a_missing_clock_is_started(self):
        case, _other = self._two_requests()
        self._sql("DELETE FROM crm_policy_deadline WHERE res_id = %s", case.id)
        self._sweep()
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:30"))

    def test_a_changed_condition_behind_the_orm_is_found(self):
        case, _other = self._two_requests()
        self._sql("UPDATE helpdesk_ticket SET policy_urgency = 'urgent' WHERE id = %s", case.id)
        self._sweep()
        self.assertEqual(self._clock(case).state, "cancelled")
        self.assertEqual(self._clock(case, "response-urgent").state, "open")
        self._sql("UPDATE helpdesk_ticket SET policy_urgency = 'normal' WHERE id = %s", case.id)
        self._sweep()
        self.assertEqual(self._clock(case).state, "open")

    def test_the_clock_of_a_document_that_is_no_more_stops(self):
        case, other = self._two_requests()
        clock = self._clock(case)
        self._sql("DELETE FROM helpdesk_ticket WHERE id = %s", case.id)
        self._sweep()
        self.assertEqual((clock.state, clock.cancel_reason), ("cancelled", "document_deleted"))
        self.assertEqual(self._clock(other).state, "open")
        self.assertFalse(self._differences())

    def test_met_and_late_never_move(self):
        case, _other = self._two_requests()
        with at("2026-03-04 13:30"):
            case._policy_set_fact("policy_accepted_at")
            case._policy_set_fact("policy_responded_at")
        self._sql(
            "UPDATE helpdesk_ticket SET policy_responded_at = %s WHERE id = %s",
            shanghai("2026-03-05 13:30"), case.id,
        )  # fmt: skip
        self._sweep()
        self.assertEqual(self._clock(case).state, "met")
        self.assertEqual(self._clock(case).done_at, shanghai("2026-03-04 13:30"))

    # === WHAT GOES WRONG === #

    def _stumble_over(self, bad):
        """Let the sweep fail at one record."""
        Rule = type(self.env["crm.policy.deadline.rule"])
        snapshot = Rule._policy_snapshot

        def stumble(rule, record):
            if record.id == bad.id:
                raise ValueError("bad record")
            return snapshot(rule, record)

        self.patch(Rule, "_policy_snapshot", stumble)

    def test_one_bad_record_does_not_stop_the_rest(self):
        case, other = self._two_requests()
        self._sql("DELETE FROM crm_policy_deadline WHERE res_id IN %s", (case.id, other.id))
        self._stumble_over(case)
        with self.assertLogs(LOGGER, "ERROR") as log:
            self._sweep()
        self.assertIn(f"helpdesk.ticket {case.id}: its deadlines cannot be kept", log.output[0])
        self.assertFalse(self._clock(case))
        self.assertEqual(self._clock(other).state, "open")

    def test_one_bad_record_does_not_keep_the_clock_of_a_gone_one_running(self):
        gone, bad = self._two_requests()
        clock = self._clock(gone)
        self._sql("DELETE FROM helpdesk_ticket WHERE id = %s", gone.id)
        self._sql("DELETE FROM crm_policy_deadline WHERE res_id = %s", bad.id)
        self._stumble_over(bad)
        with self.assertLogs(LOGGER, "ERROR") as log:
            self._sweep()
        self.assertEqual(len(log.output), 1)
        self.assertEqual((clock.state, clock.cancel_reason), ("cancelled", "document_deleted"))

    def test_what_somebody_saves_meanwhile_waits_for_the_next_sweep(self):
        case, other = self._two_requests()
        self._sql("DELETE FROM crm_policy_deadline WHERE res_id IN %s", (case.id, other.id))
        Rule = type(self.env["crm.policy.deadline.rule"])
        snapshot = Rule._policy_snapshot

        def busy(rule, record):
            if record.id == case.id:
                raise SerializationFailure
            return snapshot(rule, record)

        self.patch(Rule, "_policy_snapshot", busy)
        with self.assertNoLogs(LOGGER, "WARNING"):
            self._sweep()
        self.assertFalse(self._clock(case))
        self.assertEqual(self._clock(other).state, "open")

    def test_a_rule_whose_field_is_gone_does_not_stop_the_rest(self):
        case, _other = self._two_requests()
        own = self.rules.filtered(lambda rule: rule.version_id == self.version)
        broken = own.filtered(lambda rule: rule.code == "reply")
        self._sql("UPDATE crm_policy_deadline_rule SET start_path = 'x_gone' WHERE id = %s",
                  broken.id)  # fmt: skip
        gone = own.filtered(lambda rule: rule.code == "callback")
        self._sql("UPDATE crm_policy_deadline_rule SET model_name = 'x.gone' WHERE id = %s",
                  gone.id)  # fmt: skip
        self._sql("DELETE FROM crm_policy_deadline WHERE res_id = %s", case.id)
        self.env.registry.clear_cache()
        with self.assertLogs("odoo.addons.crm_policy.models.deadline.deadline_rule") as log:
            self._sweep()
            saved = self._new_case(policy_kind="request")
        self.assertIn("Deadline rule reply: x_gone", "".join(log.output))
        self.assertIn("Deadline rule callback: x.gone", "".join(log.output))
        self.assertTrue(self._clock(case))
        self.assertTrue(self._clock(saved))

    @mute_logger("odoo.addons.base.models.ir_cron")
    def test_the_sweep_says_how_much_is_left(self):
        case, other = self._two_requests()
        self._sql("DELETE FROM crm_policy_deadline WHERE res_id IN %s", (case.id, other.id))
        progress = []
        Cron = type(self.env["ir.cron"])
        self.patch(
            Cron, "_commit_progress",
            lambda cron, processed=0, *, remaining=None, deactivate=False: (
                progress.append((processed, remaining)) or 60.0
            ),
        )  # fmt: skip
        self.Deadline._cron_sweep()
        self.assertIn((0, 2), progress)
        self.assertIn((2, None), progress)

    def _save_at(self, moments):
        """Say of each case when it was saved; ``moments`` maps cases to local times."""
        for case, moment in moments.items():
            self._sql(
                "UPDATE helpdesk_ticket SET write_date = %s WHERE id = %s",
                shanghai(moment), case.id,
            )  # fmt: skip

    def _sweep_recent(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_sweep_recent").method_direct_trigger()
        self.env.invalidate_all()

    def test_the_recent_sweep_looks_at_what_was_saved_lately(self):
        fresh, old = self._two_requests()
        self._sql("DELETE FROM crm_policy_deadline WHERE res_id IN %s", (fresh.id, old.id))
        self._save_at({old: "2026-03-04 13:59", fresh: "2026-03-04 14:01"})
        self._sweep_recent("2026-03-04 15:00")
        self.assertTrue(self._clock(fresh))
        self.assertFalse(self._clock(old))
        self._sweep()
        self.assertTrue(self._clock(old))

    def test_the_recent_sweep_stops_clocks_too(self):
        fresh, old = self._two_requests()
        cases = (fresh.id, old.id)
        self._sql("UPDATE helpdesk_ticket SET policy_intake_at = NULL WHERE id IN %s", cases)
        self._save_at({old: "2026-03-04 13:59", fresh: "2026-03-04 14:01"})
        self._sweep_recent("2026-03-04 15:00")
        self.assertEqual(self._clock(fresh).state, "cancelled")
        self.assertEqual(self._clock(old).state, "open")
