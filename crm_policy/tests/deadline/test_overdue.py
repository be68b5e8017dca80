"""The overdue cron: each clock once, with its event and its note, whatever else happens."""

from ..common import PolicyCommon, at, shanghai

LOGGER = "odoo.addons.crm_policy.models.deadline.deadline_alert"


class TestOverdue(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with at("2026-03-04 11:30"):  # due 13:30
            cls.cases = cls._new_case(policy_kind="request") + cls._new_case(policy_kind="request")
        cls.case, cls.other = cls.cases

    def _run(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()

    def _clocks(self, cases):
        return self.env["crm.policy.deadline"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "in", cases.ids)]
        )

    def _events(self, clocks):
        return self.env["crm.policy.event"].search(
            [("type", "=", "deadline.overdue"), ("res_id", "in", clocks.ids)]
        )

    def _notes(self, case):
        return case.message_ids.filtered(lambda message: "overdue since" in message.body)

    def test_overdue_one_second_after_the_instant_and_once(self):
        clocks = self._clocks(self.cases)
        self._run("2026-03-04 13:30:00")
        self.assertFalse(clocks.filtered("overdue_at"))
        self._run("2026-03-04 13:30:01")
        self.assertEqual(clocks.mapped("overdue_at"), [shanghai("2026-03-04 13:30:01")] * 2)
        self.assertEqual(clocks.mapped("state"), ["open"] * 2)
        for moment in ("2026-03-04 13:31", "2026-03-05 13:31"):
            self._run(moment)
        self.assertEqual(clocks.mapped("overdue_at"), [shanghai("2026-03-04 13:30:01")] * 2)
        self.assertEqual(len(self._events(clocks)), 2)
        self.assertEqual([len(self._notes(case)) for case in self.cases], [1, 1])

    def test_the_event_names_clause_version_and_document(self):
        self._run("2026-03-04 14:00")
        clock = self._clocks(self.case)
        event = self._events(clock)
        self.assertEqual((event.policy, event.version, event.clause), ("SVC", "1", "2.2"))
        self.assertEqual(event.res_model, "crm.policy.deadline")
        self.assertEqual(event.company_id, self.company.id)
        self.assertEqual(event.payload, {"res_model": "helpdesk.ticket", "res_id": self.case.id})

    def test_the_note_names_clause_and_local_time(self):
        self._run("2026-03-04 14:00")
        [note] = self._notes(self.case)
        self.assertIn("Clause 2.2", note.body)
        self.assertIn("First response", note.body)
        self.assertIn("overdue since 2026-03-04 13:30", note.body)

    def test_the_note_speaks_the_language_of_the_company(self):
        if not self.env["res.lang"]._lang_get("zh_CN"):
            self.skipTest("zh_CN is not installed")
        self.company.partner_id.lang = "zh_CN"
        self._run("2026-03-04 14:00")
        note = self.case.message_ids.filtered(lambda message: "13:30" in message.body)
        self.assertIn("首次响应", note.body)

    def test_two_clocks_of_one_case_share_a_note(self):
        with at("2026-03-02 10:20"):
            complaint = self._new_case()
            self._as("specialist", complaint).action_policy_accept()
        self._run("2026-03-06 10:00")
        [note] = self._notes(complaint)
        self.assertIn("Clause 3.2", note.body)
        self.assertIn("Clause 3.3", note.body)
        self.assertEqual(len(self._events(self._clocks(complaint))), 2)

    def test_ended_clocks_are_left_alone(self):
        with at("2026-03-04 13:00"):
            self.case._policy_set_fact("policy_accepted_at")
            self.case._policy_set_fact("policy_responded_at")
            self._as("supervisor", self.other).action_policy_cancel("误录")
        self._run("2026-03-05 14:00")
        self.assertFalse(self._clocks(self.cases).filtered("overdue_at"))

    def test_one_failing_document_does_not_stop_the_rest(self):
        Ticket = type(self.env["helpdesk.ticket"])
        log_batch = Ticket._message_log_batch

        def stumble(tickets, bodies, **kwargs):
            if self.case.id in bodies:
                raise ValueError("this one takes no note")
            return log_batch(tickets, bodies, **kwargs)

        self.patch(Ticket, "_message_log_batch", stumble)
        with self.assertLogs(LOGGER, "ERROR") as log:
            self._run("2026-03-04 14:00")
        self.assertIn(f"helpdesk.ticket {self.case.id} takes no note", log.output[0])
        clocks = self._clocks(self.cases)
        self.assertEqual(len(clocks.filtered("overdue_at")), 2)
        self.assertEqual(len(self._events(clocks)), 2)
        self.assertEqual([len(self._notes(case)) for case in self.cases], [0, 1])

    def test_chunks_add_up(self):
        Deadline = type(self.env["crm.policy.deadline"])
        mark = Deadline._policy_mark_overdue
        self.patch(Deadline, "_policy_mark_overdue", lambda clocks, limit: mark(clocks, 1))
        self._run("2026-03-04 14:00")
        clocks = self._clocks(self.cases)
        self.assertEqual(len(clocks.filtered("overdue_at")), 2)
        self.assertEqual(len(self._events(clocks)), 2)
