"""How PostgreSQL finds what somebody may see: by indexes, however many cases there are.

The tests forbid the detours that pay off in a small table, and look whether there is a way left.
"""

from odoo.fields import Domain
from odoo.tools import SQL

from ..common import PolicyCommon

CASES = 2000
# As the menus ask: governed, and not ended.
OPEN = (
    Domain("policy_kind", "!=", False)
    & Domain("policy_closed_at", "=", False)
    & Domain("policy_step", "!=", "cancelled")
)


class TestCaseSightPlan(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.departments = cls.env["hr.department"].create(
            [{"name": f"区域 {number}", "company_id": cls.company.id} for number in range(19)]
        )
        cls.env.flush_all()
        places = [cls.department.id, *cls.departments.ids]
        cls.env.cr.execute(
            SQL(
                """
                INSERT INTO helpdesk_ticket (number, name, description, company_id, stage_id,
                                             priority, sequence, active, user_id, policy_kind,
                                             policy_step, policy_department_id, team_id,
                                             policy_closed_at)
                SELECT 'P' || g, 'case', '<p>d</p>', %s, %s, (g %% 4)::text, 10, TRUE, %s,
                       'complaint', 'received', (%s)[1 + g %% %s], %s,
                       CASE WHEN g / 20 %% 5 > 0 THEN now() AT TIME ZONE 'utc' END
                  FROM generate_series(1, %s) g
                """,
                cls.company.id,
                cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_new").id,
                cls.other_specialist.id,
                places,
                len(places),
                cls.team.id,
                CASES,
            )
        )
        cls.env.cr.execute("ANALYZE helpdesk_ticket")

    def _plan(self, role, select, model="helpdesk.ticket", without="seqscan", domain=(), **options):
        """Return the plan of what the ORM would ask, without a way that costs more and more."""
        records = self.env[model].with_user(self.users[role])
        query = records._search(domain, **options)
        self.env.cr.execute("SELECT set_config(%s, 'off', TRUE)", [f"enable_{without}"])
        rows = self.env.execute_query(SQL("EXPLAIN %s", query.select(*select)))
        return "\n".join(line for [line] in rows)

    def _page(self, role, model="helpdesk.ticket"):
        order = self.env[model]._order
        return self._plan(role, (), model, without="sort", order=order, limit=80)

    def test_the_cases_of_a_manager_are_counted_by_indexes(self):
        for role in ("specialist", "supervisor", "manager"):
            with self.subTest(role):
                plan = self._plan(role, [SQL("COUNT(*)")])
                self.assertIn("BitmapOr", plan)
                self.assertNotIn("Seq Scan on helpdesk_ticket", plan)
        self.assertIn("helpdesk_ticket__policy_department_id_index", plan)

    def _plan_of_open(self, index, role, domain=OPEN):
        """Return the plan of counting open cases; so small a table needs one index alone."""
        for other in {"open", "open_department"} - {index}:
            name = SQL.identifier(f"helpdesk_ticket_policy_{other}_idx")
            self.env.cr.execute(SQL("DROP INDEX %s", name))
        return self._plan(role, [SQL("COUNT(*)")], domain=domain)

    def test_open_cases_are_counted_without_the_rows(self):
        self.env.cr.execute("SET LOCAL enable_bitmapscan = off")
        plan = self._plan_of_open("open", "director")
        self.assertIn("Index Only Scan using helpdesk_ticket_policy_open_idx", plan)

    def test_open_cases_of_a_department_are_counted_without_the_closed_ones(self):
        plan = self._plan_of_open("open_department", "manager")
        self.assertIn("helpdesk_ticket_policy_open_department_idx", plan)

    def test_the_first_page_comes_in_the_order_of_an_index(self):
        for role in ("specialist", "supervisor", "manager", "director"):
            with self.subTest(role):
                plan = self._page(role)
                self.assertIn("Index Scan using helpdesk_ticket_policy_order_idx", plan)
                self.assertNotIn("Sort", plan)

    def test_the_first_page_of_deadlines_comes_in_the_order_of_an_index(self):
        for role in ("specialist", "manager", "director"):
            with self.subTest(role):
                plan = self._page(role, "crm.policy.deadline")
                self.assertIn("Index Scan using crm_policy_deadline_order_idx", plan)

    def test_a_page_costs_a_handful_of_statements(self):
        specification = {"number": {}, "name": {}}
        for role, length in {"manager": CASES // 20, "supervisor": CASES}.items():
            cases = self.env["helpdesk.ticket"].with_user(self.users[role])
            cases.web_search_read([], specification, limit=80)
            self.env.invalidate_all()
            cases.env.user.fetch(["share"])  # as every request has read its user
            # The page with what the rules read, and the number of cases. Neither who follows them
            # (helpdesk's rule) nor for whom they were opened is asked where a rule shows them.
            with self.subTest(role), self.assertQueryCount(2):
                found = cases.web_search_read([], specification, limit=80)
            self.assertEqual((len(found["records"]), found["length"]), (80, length))
