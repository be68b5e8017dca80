"""What a list shows of receipts costs the same number of queries for N rows and for twice as
many."""

from .test_remedy_receipt import ReceiptCommon


class TestReceiptQueries(ReceiptCommon):
    def setUp(self):
        super().setUp()
        pairs = [self._handed() for _number in range(8)]
        self.cases = self.env["helpdesk.ticket"].union(*(case for case, _remedy in pairs))
        self.remedies = self.env["crm.policy.remedy"].union(*(remedy for _case, remedy in pairs))

    def _assert_flat(self, records, names, ceiling):
        mine = self._as("specialist", records)

        def count(number):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = mine[:number].read(names)
            self.assertEqual(len(rows), number)
            return self.env.cr.sql_log_count - before

        count(8)  # caches are filled once
        few, many = count(4), count(8)
        self.assertEqual(few, many, f"4 rows: {few} queries, 8: {many}")
        self.assertLessEqual(many, ceiling)

    def test_whether_a_remedy_wants_a_receipt_and_has_it(self):
        self.assertEqual(set(self.remedies.mapped("receipt_state")), {"asked"})
        self._assert_flat(self.remedies, ["wants_receipt", "receipt_state"], 12)

    def test_what_a_case_waits_for(self):
        for case in self.cases:
            self.assertIn("4.7", case.policy_still_needed)
        self._assert_flat(self.cases, ["policy_next_action", "policy_still_needed"], 60)
