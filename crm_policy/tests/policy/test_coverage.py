"""How far the text is carried out: the numbers on a clause, their search, and the report."""

from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..common import PolicyCommon, at


class TestCoverage(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by_number = {clause.number: clause for clause in cls.version.clause_ids}

    def _late_and_met(self):
        """Have one answer in time, one late and one overdue under clause 2.2."""
        with at("2026-03-04 09:00"):
            cases = [self._new_case(policy_kind="request") for _number in range(3)]
        with at("2026-03-04 09:30"):
            self._as("specialist", cases[0]).action_policy_accept()
            self._as("specialist", cases[0]).action_policy_respond("已答复")
        with at("2026-03-04 15:00"):
            self._as("specialist", cases[1]).action_policy_accept()
            self._as("specialist", cases[1]).action_policy_respond("已答复")
        self.env.invalidate_all()

    def _report(self, domain=()):
        self.env.invalidate_all()
        return self.env["crm.policy.coverage"].search(
            [("version_id", "=", self.version.id), *domain]
        )

    def test_numbers_of_a_clause(self):
        self._late_and_met()
        clause = self.by_number["2.2"]
        with at("2026-03-04 16:00"):
            self.assertEqual(
                (clause.rule_count, clause.hit_count, clause.late_count, clause.violation_count),
                (1, 3, 2, 0),
            )
        self.assertEqual(self.by_number["2"].rule_count, 0)
        self.assertTrue(self.by_number["2"].is_covered, "a clause below it is carried out")

    def test_a_trial_is_hit_but_never_late(self):
        self.version._policy_guarded_write({"enforcement": "trial"})
        self._late_and_met()
        clause = self.by_number["2.2"]
        self.assertEqual((clause.hit_count, clause.late_count), (3, 0))

    def test_each_number_can_be_searched(self):
        self._late_and_met()
        clauses = self.env["crm.policy.clause"]
        mine = [("version_id", "=", self.version.id)]
        every = clauses.search(mine)
        for name in ("rule_count", "hit_count", "late_count", "violation_count"):
            for operator, compare in (
                (">", lambda one, two: one > two),
                (">=", lambda one, two: one >= two),
                ("<", lambda one, two: one < two),
                ("=", lambda one, two: one == two),
                ("!=", lambda one, two: one != two),
            ):
                for value in (0, 1, 3):
                    found = clauses.search([*mine, (name, operator, value)])
                    expected = every.filtered(
                        lambda clause, name=name, compare=compare, value=value: compare(
                            clause[name], value
                        )
                    )
                    self.assertEqual(found, expected, (name, operator, value))
        for value in (True, False):
            found = clauses.search([*mine, ("is_covered", "=", value)])
            self.assertEqual(found, every.filtered(lambda c, value=value: c.is_covered == value))

    def test_the_numbers_cost_the_same_for_any_number_of_clauses(self):
        self._late_and_met()
        names = ("rule_count", "hit_count", "late_count", "violation_count")
        self.version.clause_ids._policy_counts(names)  # what the first call reads stays cached
        counts = []
        for number in (10, 20):
            clauses = self.version.clause_ids[:number]
            self.env.invalidate_all()
            clauses.mapped("parent_id.number")
            before = self.env.cr.sql_log_count
            for name in names:
                clauses.mapped(name)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 8)

    def test_the_report_says_the_same_as_the_clauses(self):
        self._late_and_met()
        lines = self._report()
        self.assertEqual(lines.clause_id, self.version.clause_ids)
        for line in lines:
            for name in ("rule_count", "hit_count", "late_count", "violation_count"):
                self.assertEqual(line[name], line.clause_id[name], (line.number, name))
            self.assertEqual(line.is_heading, bool(line.clause_id.child_ids))
        without = self._report([("rule_count", "=", 0), ("is_heading", "=", False)])
        self.assertEqual(
            without.clause_id,
            self.version.clause_ids.filtered(lambda c: not c.rule_count and not c.child_ids),
        )
        with at("2026-03-05 09:00"):
            self.assertEqual(self._report([("number", "=", "2.2")]).recent_hit_count, 3)
        with at("2026-08-01 09:00"):
            self.assertEqual(self._report([("number", "=", "2.2")]).recent_hit_count, 0)
        [[hits]] = self.env["crm.policy.coverage"]._read_group(
            [("version_id", "=", self.version.id)], [], ["hit_count:sum"]
        )
        self.assertEqual(hits, sum(lines.mapped("hit_count")))

    def test_the_report_is_one_query_of_each_kind(self):
        counts = []
        for number in ("2.2", "%"):
            self.env.invalidate_all()
            lines = self._report([("number", "=like", number)])
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines.read(["rule_count", "hit_count", "late_count", "number"])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_signatures_stand_beside_the_rules(self):
        rows = self.version.acknowledgement_ids
        [day] = set(rows.mapped("due_on"))
        names = ("sign_count", "signed_count", "signed_late_count", "unsigned_count")

        def numbers():
            [found] = {tuple(line[name] for name in names) for line in self._report()}
            return found

        everybody = len(rows)
        self.assertEqual(numbers(), (everybody, 0, 0, everybody))
        # The day itself is in time until its last second in the company's zone.
        for role, moment in (
            ("qc", f"{day} 23:59:59"),
            ("finance", f"{day + timedelta(days=1)} 00:00:00"),
        ):
            with at(moment):
                mine = self._as(role, self.version)
                mine.action_policy_read()
                mine.action_policy_sign()
        self.assertEqual(numbers(), (everybody, 2, 1, everybody - 2))
        self.assertEqual(numbers()[:2], (self.version.sign_count, self.version.signed_count))
        # Who has left is not waited for.
        self.users["analyst"].active = False
        self.assertEqual(numbers(), (everybody - 1, 2, 1, everybody - 3))
        # A version has its number once, however many clauses it has.
        [[signed, late]] = self.env["crm.policy.coverage"]._read_group(
            [("version_id", "=", self.version.id)],
            [],
            ["signed_count:max", "signed_late_count:max"],
        )
        self.assertEqual((signed, late), (2, 1))
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        self.env.invalidate_all()
        lines = self.env["crm.policy.coverage"].search([("version_id", "=", draft.id)])
        self.assertEqual(set(lines.mapped("sign_count")), {0})
        self.assertEqual(set(lines.mapped("unsigned_count")), {0})

    def test_who_sees_the_report(self):
        for role in ("manager", "director", "ceo", "qc", "analyst", "policy_admin"):
            self.assertTrue(self._report().with_user(self.users[role]).read(["hit_count"]), role)
        for role in ("specialist", "supervisor", "finance"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._report().with_user(self.users[role]).read(["hit_count"])

    def test_the_rules_of_a_clause_in_one_list(self):
        clause = self.by_number["2.2"]
        [row] = self._as("specialist", clause).rule_ids
        self.assertEqual((row.kind, row.code), ("crm.policy.deadline.rule", "response-normal"))
        self.assertEqual(row.action_policy_open()["res_id"], row.rule_id)
        # a limit of somebody else is not told by the list
        limit = self.env["crm.policy.authority"].search(
            [("version_id", "=", self.version.id)], limit=1
        )
        rows = self._as("specialist", limit.clause_id).rule_ids
        hidden = rows.filtered(lambda row: row.kind == "crm.policy.authority")
        self.assertTrue(hidden)
        self.assertEqual(hidden.mapped("name"), hidden.mapped("code"))
        self.assertEqual(len(set(self.env["crm.policy.rule.index"].search([]).ids)),
                         self.env["crm.policy.rule.index"].search_count([]))  # fmt: skip

    def test_days_that_nobody_means_are_refused(self):
        for name in ("policy_coverage_days", "policy_sign_days"):
            for days in (-1, 10**9):
                with self.subTest(name=name, days=days), mute_logger("odoo.sql_db"):
                    with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                        self.company[name] = days
                        self.company.flush_recordset()
        self.assertEqual(self.by_number["2.2"].hit_count, 0)

    def test_a_rule_is_listed_as_soon_as_it_is_made(self):
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        clause, other = draft.clause_ids[:2]
        rule = self.env["crm.policy.parameter"].create(
            {"code": "new", "name": "New", "value": 1, "clause_id": clause.id}
        )
        rows = self.env["crm.policy.rule.index"].with_user(self.users["specialist"])
        [row] = rows.search([("code", "=", "new")])
        self.assertEqual((row.rule_id, row.version_id), (rule.id, draft))
        before = other.rule_count
        rule.clause_id = other
        other.invalidate_recordset(["rule_count"])
        self.assertEqual(other.rule_count, before + 1)

    def test_a_clause_is_below_one_of_its_own_version(self):
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        first, second = draft.clause_ids[:2]
        with self.assertRaisesRegex(ValidationError, "belongs to another version"):
            first.parent_id = self.version.clause_ids[0]
        with self.assertRaisesRegex(ValidationError, "not below itself"):
            second.write({"parent_id": second.id})
