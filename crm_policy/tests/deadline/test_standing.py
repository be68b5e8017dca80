"""Where deadlines stand: what lists group by and reports count, worked out by the database."""

from datetime import timedelta

from odoo.fields import Datetime
from odoo.tools import SQL

from ..common import PolicyCommon, at, shanghai

COUNT = 2000


class TestStanding(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with at("2026-03-04 11:30"):  # a Wednesday
            case = cls._new_case()
            case.with_user(cls.users["specialist"]).action_policy_accept()
        cls.deadlines = case.policy_deadline_ids
        cls.case = case
        rule = cls.deadlines[0].rule_id
        stands = [
            ("overdue", {"due_at": shanghai("2026-03-04 11:00")}),
            ("today", {"due_at": shanghai("2026-03-04 23:59:59")}),
            ("week", {"due_at": shanghai("2026-03-08 23:59:59")}),
            ("later", {"due_at": shanghai("2026-03-09 00:00:00")}),
            (
                "paused",
                {"due_at": shanghai("2026-03-04 18:00"), "paused_at": shanghai("2026-03-04 11:00")},
            ),
            ("met", {"state": "met"}),
            ("late", {"state": "late", "lateness_seconds": 5400}),
            ("cancelled", {"state": "cancelled"}),
        ]
        cls.rows = {}
        for number, (standing, vals) in enumerate(stands, start=10):
            cls.rows[standing] = cls.env["crm.policy.deadline"]._policy_insert(
                [
                    {
                        "rule_id": rule.id,
                        "company_id": cls.company.id,
                        "res_model": case._name,
                        "res_id": case.id,
                        "cycle": number,
                        "user_id": cls.users["specialist"].id,
                        "department_id": cls.department.id,
                        "start_at": shanghai("2026-03-02 09:00"),
                        "due_at": shanghai("2026-03-03 09:00"),
                        **vals,
                    }
                ]
            )
        cls.mine = cls.env["crm.policy.deadline"].with_context(tz="Asia/Shanghai")
        cls.domain = [("id", "in", [row.id for row in cls.rows.values()])]

    def test_python_search_and_group_say_the_same(self):
        with at("2026-03-04 12:00"):
            self.mine.invalidate_model(["standing"])
            for standing, row in self.rows.items():
                with self.subTest(standing):
                    self.assertEqual(row.with_env(self.mine.env).standing, standing)
                    found = self.mine.search([*self.domain, ("standing", "=", standing)])
                    self.assertEqual(found, row)
            groups = self.mine._read_group(self.domain, ["standing"], ["id:recordset"])
        self.assertEqual({name: rows.id for name, rows in groups},
                         {name: row.id for name, row in self.rows.items()})  # fmt: skip

    def test_groups_come_in_the_order_of_their_urgency(self):
        with at("2026-03-04 12:00"):
            groups = self.mine._read_group(self.domain, ["standing"])
            down = self.mine._read_group(self.domain, ["standing"], order="standing desc")
        order = ["overdue", "today", "week", "later", "paused", "late", "met", "cancelled"]
        self.assertEqual([name for [name] in groups], order)
        self.assertEqual([name for [name] in down], order[::-1])

    def test_the_rate_leaves_out_what_says_nothing_yet(self):
        with at("2026-03-04 12:00"):
            [(rate, late, hours, count)] = self.mine._read_group(
                self.domain, [], ["on_time:avg", "late_count:sum", "late_hours:avg", "__count"]
            )
        # Met 1, late 1, overdue 1; the other five are open in time, paused or cancelled.
        self.assertAlmostEqual(rate, 1 / 3)
        self.assertEqual((late, hours, count), (2, 1.5, 8))

    def test_the_day_is_that_of_the_user(self):
        row = self.rows["today"].with_context(tz="America/New_York")
        with at("2026-03-04 12:00"):  # still the 3rd in New York, where it is due on the 4th
            row.invalidate_recordset(["standing"])
            self.assertEqual(row.standing, "week")

    def test_the_pivot_offers_the_rate_as_a_measure(self):
        described = self.mine.fields_get(["on_time", "late_count", "standing"])
        self.assertEqual(described["on_time"]["aggregator"], "avg")
        self.assertEqual(described["late_count"]["aggregator"], "sum")
        self.assertTrue(described["standing"]["groupable"])

    def test_my_team_is_my_departments(self):
        seen = [("of_my_team", "=", True), *self.domain]
        self.assertEqual(len(self._as("manager", self.mine).search(seen)), 8)
        foreign = self.rows["met"]
        department = self.env["hr.department"].create(
            {"name": "他部门", "company_id": self.company.id}
        )
        foreign._policy_update({"department_id": department.id})
        self.assertNotIn(foreign, self._as("manager", self.mine).search(seen))

    def test_my_team_is_my_team_mates(self):
        supervisor = self._as("supervisor", self.mine)
        theirs = [("of_my_team", "=", True), *self.domain]
        self.assertEqual(len(supervisor.search(theirs)), 8)
        # In no department, but in the team still.
        self._new_employee(self.users["supervisor"], department_id=False)
        self.assertEqual(len(supervisor.search(theirs)), 8)
        self.team.user_ids -= self.users["specialist"]
        self.assertFalse(supervisor.search(theirs))

    def test_my_team_has_what_nobody_has_taken(self):
        pooled = self.rows["week"]
        pooled._policy_update({"user_id": False})
        theirs = [("of_my_team", "=", True), ("id", "=", pooled.id)]
        supervisor = self._as("supervisor", self.mine)
        self.assertEqual(supervisor.search(theirs), pooled)
        self._new_employee(self.users["supervisor"], department_id=False)
        self.assertFalse(supervisor.search(theirs))

    def test_red_is_late_and_green_is_met(self):
        with at("2026-03-04 12:00"):
            colors = {name: row.with_env(self.mine.env).color for name, row in self.rows.items()}
        self.assertEqual(
            colors,
            {"overdue": 1, "today": 2, "week": 0, "later": 0, "paused": 0, "met": 10, "late": 1}
            | {"cancelled": 0},
        )

    # === THE FIRST PAGE === #

    def _many(self, first=1000):
        """Make thousands of deadlines of two people, a tenth of them open."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_deadline (rule_id, company_id, res_model, res_id, cycle,
                                                 user_id, start_at, due_at, state)
                SELECT %(rule)s, %(company)s, 'helpdesk.ticket', %(case)s, %(first)s + g,
                       CASE WHEN g %% 2 = 0 THEN %(one)s ELSE %(other)s END, %(at)s,
                       %(at)s::timestamp + g * INTERVAL '1 minute',
                       CASE WHEN g %% 10 < 2 THEN 'open' ELSE 'met' END
                  FROM generate_series(1, %(count)s) g
                """,
                rule=self.deadlines[0].rule_id.id,
                company=self.company.id,
                case=self.case.id,
                one=self.users["specialist"].id,
                other=self.other_specialist.id,
                at=Datetime.now() - timedelta(days=1),
                count=COUNT,
                first=first,
            )
        )
        self.env.cr.execute("ANALYZE crm_policy_deadline")

    def test_the_page_of_my_deadlines_comes_by_its_index(self):
        self._many()
        mine = self._as("specialist", self.env["crm.policy.deadline"])
        query = mine._search(
            [("user_id", "=", self.users["specialist"].id), ("state", "=", "open")],
            order=mine._order,
            limit=80,
        )
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_sort = off")
        self.env.cr.execute("SET LOCAL enable_incremental_sort = off")
        rows = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        plan = "\n".join(line for [line] in rows)
        self.assertIn("Index Scan using crm_policy_deadline_mine_idx", plan)
        self.assertNotIn("Sort", plan)

    def test_the_groups_of_my_deadlines_cost_no_more_with_more_of_them(self):
        mine = self._as("specialist", self.env["crm.policy.deadline"])
        domain = [("user_id", "=", self.users["specialist"].id), ("state", "=", "open")]
        specification = {"res_name": {}, "due_at": {}, "paused_at": {}}

        def page():
            self.env.invalidate_all()
            mine.env.user.fetch(["share"])  # as every request has read its user
            before = self.env.cr.sql_log_count
            mine.web_read_group(
                domain, ["standing"], ["__count"], auto_unfold=True,
                unfold_read_specification=specification, unfold_read_default_limit=80,
            )  # fmt: skip
            return self.env.cr.sql_log_count - before

        # On a running clock a deadline may come into a group of its own between the pages.
        with at("2026-03-04 12:00"):
            self._many()
            page()
            few = page()
            self._many(first=1000 + COUNT)
            self.assertEqual(page(), few)
