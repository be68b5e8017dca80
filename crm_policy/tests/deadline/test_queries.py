"""Keeping deadlines costs the same number of queries for N cases and for twice as many."""

from odoo.fields import Domain

from ..common import PolicyCommon, at

CASES = Domain("model_name", "=", "helpdesk.ticket")


class TestQueries(PolicyCommon):
    def _count(self, action):
        """Return how many statements an action sends, once everything else is written."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _vals(self, number):
        return [
            {
                "name": f"case {number}",
                "description": "x",
                "policy_kind": "request",
                "partner_id": self.partner.id,
                "company_id": self.company.id,
                "user_id": self.users["specialist"].id,
                "channel_id": self.phone.id,
            }
            for number in range(number)
        ]

    def _cases(self, number):
        with at("2026-03-04 11:30"):
            return self.env["helpdesk.ticket"].create(self._vals(number))

    def _rules(self):
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(CASES)
        return rules.filtered(lambda rule: rule.version_id == self.version)

    def _assert_flat(self, measure, small, large):
        measure(small)  # caches are filled once
        few, many = measure(small), measure(large)
        self.assertEqual(few, many, f"{small} records: {few} queries, {large}: {many}")
        return few

    def _deadline_statements(self, number):
        """Return the statements on deadlines, rules and calendars of one creation."""
        seen = []
        cr = type(self.env.cr._obj) if hasattr(self.env.cr, "_obj") else None
        self.assertIsNotNone(cr)
        execute = type(self.env.cr).execute

        def note(cursor, query, *args, **kwargs):
            text = str(getattr(query, "code", query))
            seen.append(text)
            return execute(cursor, query, *args, **kwargs)

        with at("2026-03-04 11:30"):
            self.env.flush_all()
            self.patch(type(self.env.cr), "execute", note)
            try:
                self.env["helpdesk.ticket"].create(self._vals(number))
                self.env.flush_all()
            finally:
                self.patch(type(self.env.cr), "execute", execute)
        words = ("crm_policy_deadline", "resource_calendar", "crm_policy_role")
        return len([text for text in seen if any(word in text for word in words)])

    def test_a_creation(self):
        queries = self._assert_flat(self._deadline_statements, 10, 20)
        self.assertLessEqual(queries, 6)

    def test_a_sync(self):
        Deadline = self.env["crm.policy.deadline"]

        def first(number):
            cases = self._cases(number)
            self.env.flush_all()
            self.env.cr.execute(
                "DELETE FROM crm_policy_deadline WHERE res_id = ANY(%s)", [cases.ids]
            )
            return self._count(lambda: Deadline._policy_sync(self._rules(), cases))

        def nothing_to_do(number):
            cases = self._cases(number)
            return self._count(lambda: Deadline._policy_sync(self._rules(), cases))

        def all_cancelled(number):
            cases = self._cases(number)
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET policy_urgency = 'urgent' WHERE id = ANY(%s)",
                [cases.ids],
            )
            return self._count(lambda: Deadline._policy_sync(self._rules(), cases))

        for measure in (first, nothing_to_do, all_cancelled):
            with self.subTest(measure=measure.__name__):
                self._assert_flat(measure, 50, 100)

    def test_a_fact_of_many_cases(self):
        def accept(number):
            cases = self._cases(number)
            return self._count(lambda: cases._policy_set_fact("policy_accepted_at"))

        self._assert_flat(accept, 10, 20)

    def test_next_due(self):
        def read(number):
            cases = self._cases(number)
            names = ["policy_next_due_at", "policy_next_due_name", "policy_is_late"]
            return self._count(lambda: cases.read(names))

        self.assertLessEqual(self._assert_flat(read, 10, 20), 8)

    def test_marking_overdue(self):
        Deadline = self.env["crm.policy.deadline"]

        def mark(number):
            self._cases(number)

            def run():
                with at("2026-03-05 14:00"):
                    clocks = Deadline._policy_mark_overdue(500)
                    self.assertEqual(len(clocks), number)
                    Deadline._policy_announce_overdue(clocks)

            return self._count(run)

        self._assert_flat(mark, 10, 20)

    def test_comparing(self):
        def compare(number):
            self._cases(number)
            rules = self._rules()
            Deadline = self.env["crm.policy.deadline"]
            return self._count(lambda: Deadline._policy_differences("helpdesk.ticket", rules))

        self._assert_flat(compare, 10, 20)
