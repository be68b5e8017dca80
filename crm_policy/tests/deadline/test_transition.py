"""What becomes of open cases when a new version takes effect: they keep theirs, or change (D9)."""

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from ...models.deadline import version as room
from ..common import at, shanghai
from ..pause_common import PauseCommon

KEPT = ("rule_id", "state", "start_at", "due_at", "done_at", "cancel_reason", "overdue_at",
        "paused_seconds", "cycle")  # fmt: skip
# Version 3: two hours instead of one to answer, twenty-four instead of forty-eight for a solution.
LONGER = ("    duration: 1\n    pauses: [customer]\n", "    duration: 2\n    pauses: [customer]\n")
SHORTER = ("    duration: 48\n    pauses", "    duration: 24\n    pauses")


class TestTransition(PauseCommon):
    def setUp(self):
        super().setUp()
        self.cases = self._six_cases()

    def _six_cases(self):
        """Return six cases of version 2, each in another state on 4 March at 10:00."""
        waiting = self._request("2026-03-04 09:30")
        paused = self._request("2026-03-04 09:00")
        self._pause(paused, "2026-03-04 09:20")
        overdue = self._request("2026-03-03 15:00")
        with at("2026-03-03 17:00"):
            self.Deadline._policy_announce_overdue(self.Deadline._policy_mark_overdue(10))
        answered = self._complaint("2026-03-03 11:00")
        with at("2026-03-03 12:00"):
            self._as("specialist", answered).action_policy_register()
            self._as("specialist", answered).action_policy_respond("已致电")
        closed = self._closed("2026-03-02 10:00")
        reopened = self._closed("2026-03-02 10:00")
        with at("2026-03-03 10:00"):
            self._as("supervisor", reopened).action_policy_reopen("未解决")
        names = ("waiting", "paused", "overdue", "answered", "closed", "reopened")
        return dict(zip(names, (waiting, paused, overdue, answered, closed, reopened), strict=True))

    def _closed(self, moment):
        with at(moment):
            case = self._new_case()
            self._drive(case, "close")
        return case

    def _rows(self):
        self.env.invalidate_all()
        records = self.Deadline.search(
            [("res_id", "in", [case.id for case in self.cases.values()])], order="id"
        )
        return {record.id: tuple(record[name] for name in KEPT) for record in records}

    def _take_effect(self, moment, transition, number="3"):
        """Publish version 3 at a local time and let its background job run."""
        content = self._content(number, transition=transition)
        with at(moment):
            version = self._publish(content)
            self._switch()
        return version

    @classmethod
    def _content(cls, number, transition="keep"):
        content = super()._content(number, transition=transition)
        if number == "2":
            return content
        for old, new in (LONGER, SHORTER):
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        return content

    def _switch(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_switch_cases").method_direct_trigger()
        self.env.invalidate_all()

    def _step(self):
        with at("2026-03-04 10:00"):
            self._assert_in_step()

    # === KEEP === #

    def test_keep_moves_nothing(self):
        before = self._rows()
        version = self._take_effect("2026-03-04 10:00", "keep")
        self.assertFalse(version.switch_pending)
        self.assertEqual(self._rows(), before)
        for name, case in self.cases.items():
            with self.subTest(name):
                self.assertEqual(case.policy_version_id, self.version)
                self.assertFalse(case.policy_switched_at)
        self._step()
        new = self._request("2026-03-04 10:00")
        self.assertEqual(new.policy_version_id, version)

    # === SWITCH === #

    def test_switch_takes_over_what_is_open(self):
        before = self._rows()
        version = self._take_effect("2026-03-04 10:00", "switch")
        self.assertFalse(version.switch_pending)
        switched = shanghai("2026-03-04 10:00")
        for name, case in self.cases.items():
            with self.subTest(name):
                ended = name == "closed"
                self.assertEqual(case.policy_version_id, self.version if ended else version)
                self.assertEqual(case.policy_switched_at, False if ended else switched)
        # What had ended stays as it was; what ran under the former version has stopped.
        after = self._rows()
        for key, row in before.items():
            if row[1] != "open":
                self.assertEqual(after[key], row)
        stopped = self.Deadline.browse(key for key, row in before.items() if row[1] == "open")
        self.assertEqual(set(stopped.mapped("state")), {"cancelled"})
        self.assertEqual(set(stopped.mapped("cancel_reason")), {"switched"})
        self.assertFalse(any(stopped.mapped("paused_at")))
        self._step()

        # The rest counts from the same start.
        waiting = self._clock(self.cases["waiting"], "response-normal")
        self.assertEqual((waiting.start_at, waiting.due_at),
                         (shanghai("2026-03-04 09:30"), shanghai("2026-03-04 11:30")))  # fmt: skip
        self.assertEqual(waiting.version_label, version.display_name)

        # Its pause goes on, and stops the new clock.
        paused = self._clock(self.cases["paused"], "response-normal")
        self.assertEqual(paused.paused_at, shanghai("2026-03-04 09:20"))
        self.assertEqual(self.cases["paused"].policy_pause_ids.state, "running")
        self._resume(self.cases["paused"], "2026-03-04 11:20")
        self.assertEqual(paused.due_at, shanghai("2026-03-04 14:00"))
        self.assertEqual(paused.paused_seconds, 2 * 3600)

        # The old breach stays; the new clock is overdue as well, and nobody is told again.
        overdue = self.cases["overdue"]
        old = self.Deadline.search([("res_id", "=", overdue.id), ("state", "=", "cancelled")])
        self.assertEqual(old.overdue_at, shanghai("2026-03-03 17:00"))
        fresh = self._clock(overdue, "response-normal")
        self.assertEqual((fresh.state, fresh.due_at), ("open", shanghai("2026-03-03 17:00")))
        self.assertEqual(fresh.overdue_at, switched)
        with at("2026-03-04 10:01"):
            self.assertFalse(self.Deadline._policy_mark_overdue(10) & fresh)

        # What was done before is not asked again: it was answered, and has a solution to come.
        answered = self.cases["answered"]
        self.assertFalse(self._clock(answered, "complaint-response"))
        solution = self._clock(answered, "complaint-solution")
        self.assertEqual((solution.state, solution.due_at),
                         ("open", shanghai("2026-03-04 11:00")))  # fmt: skip
        with at("2026-03-04 11:00"):
            self._as("specialist", answered).action_policy_propose("返工")
        self.assertEqual(solution.state, "met")

        # A reopened case is in its second cycle and stays there.
        again = self._clock(self.cases["reopened"], "complaint-solution")
        self.assertEqual((again.cycle, again.start_at), (1, shanghai("2026-03-03 10:00")))
        self.assertEqual(again.due_at, shanghai("2026-03-04 10:00"))
        self._step()

    def test_switching_twice_changes_nothing(self):
        version = self._take_effect("2026-03-04 10:00", "switch")
        before = self._rows()
        events = [("type", "=", "version.switched"), ("res_id", "=", version.id)]
        count = self.env["crm.policy.event"].search_count(events)
        version._policy_guarded_write({"switch_pending": True})
        with at("2026-03-04 10:30"):
            self._switch()
        self.assertEqual(self._rows(), before)
        self.assertEqual(self.env["crm.policy.event"].search_count(events), count)
        self.assertEqual(self.cases["waiting"].policy_switched_at, shanghai("2026-03-04 10:00"))

    def test_one_event_per_batch_names_the_cases(self):
        version = self._take_effect("2026-03-04 10:00", "switch")
        event = self.env["crm.policy.event"].search(
            [("type", "=", "version.switched"), ("res_id", "=", version.id)]
        )
        self.assertEqual(len(event), 1)
        moved = {str(case.id) for name, case in self.cases.items() if name != "closed"}
        self.assertEqual(set(event.payload["from"]), moved)
        self.assertEqual(set(event.payload["from"].values()), {self.version.id})

    def test_the_sweep_alone_says_the_same(self):
        self._take_effect("2026-03-04 10:00", "switch")
        rows = self._rows()
        cases = [case.id for case in self.cases.values()]
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM crm_policy_deadline WHERE state = 'open' AND res_id = ANY(%s)", [cases]
        )
        self.env.invalidate_all()
        with at("2026-03-04 10:00"):
            self._sweep()

        def says(found):
            return sorted(
                (row[0].id, *map(str, row[1:6])) for row in found.values() if row[1] == "open"
            )

        self.assertEqual(says(self._rows()), says(rows))
        self._step()

    def test_the_sweep_stops_what_a_switch_behind_the_orm_left(self):
        version = self._take_effect("2026-03-04 10:00", "keep")
        case = self.cases["waiting"]
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET policy_version_id = %s, policy_switched_at = %s"
            " WHERE id = %s",
            [version.id, shanghai("2026-03-04 10:00"), case.id],
        )
        self.env.invalidate_all()
        with at("2026-03-04 10:00"):
            self._sweep()
        states = {
            clock.rule_id.version_id: (clock.state, clock.cancel_reason)
            for clock in case.policy_deadline_ids
        }
        self.assertEqual(
            states, {self.version: ("cancelled", "switched"), version: ("open", False)}
        )
        self._step()

    def test_cases_of_still_older_versions_change_too(self):
        middle = self._take_effect("2026-03-04 10:00", "keep")
        new = self._request("2026-03-04 10:05")
        last = self._take_effect("2026-03-04 10:10", "switch", "4")
        self.assertEqual(new.policy_version_id, last)
        self.assertEqual(self.cases["waiting"].policy_version_id, last)
        self.assertFalse(self.env["helpdesk.ticket"].search(
            [("policy_version_id", "=", middle.id)]))  # fmt: skip

    def test_archived_cases_change_and_another_policy_does_not(self):
        archived = self.cases["waiting"]
        archived.active = False
        other = self.cases["answered"]
        foreign = self._other_policy()
        self.env.flush_all()
        other._policy_guarded_write({"policy_version_id": foreign.id})
        version = self._take_effect("2026-03-04 10:00", "switch")
        self.assertEqual(archived.policy_version_id, version)
        self.assertEqual(other.policy_version_id, foreign)
        self._step()

    def _other_policy(self):
        """Return a version of another policy of the company that was superseded."""
        content = 'pack_version: "1"\npolicy: {code: T, name: T}\nversion: {number: "1"}\n'
        content += 'clauses: [{number: "1", name: One}]\n'
        former = self._publish(content)
        self._publish(content.replace('{number: "1"}\ncl', '{number: "2"}\ncl'))
        self.assertEqual(former.state, "superseded")
        return former

    def test_nothing_is_dated_back_behind_the_switch(self):
        self._take_effect("2026-03-04 10:00", "switch")
        case = self.cases["answered"]
        case.policy_solution = "返工"
        with at("2026-03-04 10:30"), self.assertRefused(PolicyRefusal, "dated back behind that"):
            self._as("specialist", case).action_policy_propose(
                at=shanghai("2026-03-04 09:59:59"), reason="补录"
            )
        with at("2026-03-04 10:30"):
            self._as("specialist", case).action_policy_propose(
                at=shanghai("2026-03-04 10:00"), reason="补录"
            )
        self.assertEqual(self._clock(case, "complaint-solution").state, "met")

    def test_nobody_switches_by_hand(self):
        version = self._take_effect("2026-03-04 10:00", "keep")
        for name, value in (
            ("policy_version_id", version.id),
            ("policy_switched_at", "2026-03-04 10:00:00"),
        ):
            with self.assertRaises(AccessError):
                self.cases["waiting"].sudo().write({name: value})
        with self.assertRaises(UserError):
            version.sudo().write({"switch_pending": True})
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        with self.assertRaises(AccessError):
            policy._policy_apply_pack(self._content("5"), self.company).switch_pending = True

    # === IN THE BACKGROUND === #

    @mute_logger("odoo.addons.base.models.ir_cron")
    def test_it_goes_on_where_it_stopped(self):
        """A run that ends after its first chunk loses nothing and repeats nothing."""
        self.patch(room, "CHUNK", 2)
        Cron = type(self.env["ir.cron"])
        steps = []

        def stop(_cron, processed=0, *, remaining=None, deactivate=False):
            steps.append(processed)
            return 0 if processed else 60.0

        with at("2026-03-04 10:00"):
            version = self._publish(self._content("3", transition="switch"))
            self.assertTrue(version.switch_pending)
            self.patch(Cron, "_commit_progress", stop)
            self.env["crm.policy.version"]._cron_switch_cases()
            self.assertEqual([step for step in steps if step], [2])
            self.assertTrue(version.switch_pending)
            moved = [case for case in self.cases.values() if case.policy_version_id == version]
            self.assertEqual(len(moved), 2)
            self.patch(Cron, "_commit_progress", lambda *_args, **_kwargs: 60.0)
        with at("2026-03-04 10:07"):
            self.env["crm.policy.version"]._cron_switch_cases()
        self.assertFalse(version.switch_pending)
        stamps = sorted(
            str(case.policy_switched_at) for name, case in self.cases.items() if name != "closed"
        )
        early, late = str(shanghai("2026-03-04 10:00")), str(shanghai("2026-03-04 10:07"))
        self.assertEqual(stamps, [early] * 2 + [late] * 3)
        self._step()

    def test_one_bad_case_does_not_stop_the_rest(self):
        bad = self.cases["waiting"]
        Ticket = type(self.env["helpdesk.ticket"])
        switch = Ticket._policy_switch_to

        def stumble(records, version):
            if bad in records:
                raise ValueError("bad case")
            return switch(records, version)

        self.patch(Ticket, "_policy_switch_to", stumble)
        logger = "odoo.addons.crm_policy.models.deadline.version"
        with self.assertLogs(logger, "ERROR") as log:
            version = self._take_effect("2026-03-04 10:00", "switch")
        self.assertIn(f"helpdesk.ticket {bad.id} cannot be switched", log.output[0])
        self.assertEqual(bad.policy_version_id, self.version)
        self.assertEqual(self.cases["answered"].policy_version_id, version)
        self.assertTrue(version.switch_pending, "it is tried again")
        self._step()

    def test_many_cases_cost_the_same_statements(self):
        def vals(number):
            return [
                {
                    "name": "x", "description": "x", "policy_kind": "request",
                    "partner_id": self.partner.id, "company_id": self.company.id,
                    "user_id": self.users["specialist"].id, "channel_id": self.phone.id,
                }
                for _case in range(number)
            ]  # fmt: skip

        with at("2026-03-04 09:50"):
            first, few, many = (
                self.env["helpdesk.ticket"].create(vals(number)) for number in (3, 10, 20)
            )
        version = self._take_effect_without_job("2026-03-04 09:55")
        counts = []
        with at("2026-03-04 10:00"):
            for cases in (first, few, many):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                cases.sudo()._policy_switch_to(version)
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2], counts)

    def _take_effect_without_job(self, moment):
        with at(moment):
            return self._publish(self._content("3", transition="switch"))
