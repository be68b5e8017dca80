"""Planned and actual head count (ORG-HC-01, ORG-HC-02)."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..common import PolicyCommon


class TestStaffing(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Report = cls.env["crm.policy.staffing.report"]

    def _plan(self, code, department=False):
        return self.env["crm.policy.post"].search(
            [("role_id", "=", self._role_of(code).id), ("department_id", "=", department)]
        )

    def _line(self, post):
        self.env.flush_all()
        self.env.invalidate_all()
        line = self.Report.search([("post_id", "=", post.id)])
        return (line.planned, line.planned_max, line.actual, line.deviation, line.status)

    def test_everybody_counts_once_under_his_highest_group(self):
        rows = {
            # the users of the scenarios: one of each, two specialists
            "director": (1, 1, 1, 0, "met"),
            "manager": (3, 3, 1, -2, "short"),
            "specialist": (0, 0, 2, 2, "over"),
        }
        for code, expected in rows.items():
            with self.subTest(code):
                self.assertEqual(self._line(self._plan(code)), expected)
        self.users["director"].group_ids -= self.env.ref("crm_policy.group_director")
        self.users["director"].group_ids |= self.env.ref("crm_policy.group_manager")
        self.assertEqual(self._line(self._plan("director")), (1, 1, 0, -1, "short"))
        self.assertEqual(self._line(self._plan("manager")), (3, 3, 2, -1, "short"))
        self.users["manager"].active = False
        self.assertEqual(self._line(self._plan("manager")), (3, 3, 1, -2, "short"))

    def test_the_posts_of_another_company_are_its_own(self):
        other = self._new_company("杭州分公司")
        role = self._role_of("manager").copy({"company_id": other.id, "clause_id": False})
        post = self.env["crm.policy.post"].create({"role_id": role.id, "planned": 3})
        self.env.flush_all()
        self.assertEqual(self.Report.search([]).company_id, self.company)
        there = self.Report.with_context(allowed_company_ids=other.ids)
        self.assertEqual(there.search([]).post_id, post)

    def test_one_for_so_many_open_cases(self):
        plan = self._plan("specialist")
        self.assertEqual((plan.plan_per, plan.plan_of), (25, "open_work"))
        plan.plan_per = 2
        cases = [self._new_case(name=str(number)) for number in range(5)]
        self.assertEqual(self._line(plan), (3, 3, 2, -1, "short"))
        self._drive(cases[0], "close")
        self._as("supervisor", cases[1]).action_policy_cancel("withdrawn")
        self.assertEqual(self._line(plan), (2, 2, 2, 0, "met"))
        self.env["helpdesk.ticket"].create(
            {"name": "普通工单", "description": "x", "company_id": self.company.id}
        )
        self.assertEqual(self._line(plan), (2, 2, 2, 0, "met"))

    def test_one_for_so_many_holders_of_another_role(self):
        plan = self._plan("qc")
        self.assertEqual((plan.plan_per, plan.plan_role_id.code), (10, "specialist"))
        self.assertEqual(self._line(plan), (1, 1, 1, 0, "met"))
        plan.plan_per = 1
        self.assertEqual(self._line(plan), (2, 2, 1, -1, "short"))

    def test_a_range_is_kept_within(self):
        plan = self._plan("specialist")
        plan.write({"plan_of": False, "plan_per": 0, "plan_role_id": False})
        for low, high, expected in (
            (2, 3, (2, 3, 2, 0, "met")),
            (3, 4, (3, 4, 2, -1, "short")),
            (0, 1, (0, 1, 2, 1, "over")),
            (0, 0, (0, 0, 2, 0, "unplanned")),
        ):
            plan.write({"planned": low, "planned_max": high})
            self.assertEqual(self._line(plan), expected)

    def test_a_department_counts_those_who_work_in_it_or_below(self):
        Department = self.env["hr.department"].with_company(self.company)
        service = Department.create({"name": "客户服务部", "company_id": self.company.id})
        desk = Department.create({"name": "总台", "parent_id": service.id})
        self._new_employee(self.users["specialist"], department_id=desk.id)
        self._new_employee(self.other_specialist)
        plan = self.env["crm.policy.post"].create(
            {
                "role_id": self._role_of("specialist").id,
                "department_id": service.id,
                "planned": 2,
            }
        )
        self.assertEqual(self._line(plan), (2, 2, 1, -1, "short"))

    def test_holders_of_an_appointed_post_count_where_they_are_appointed(self):
        post = self._new_post("quality", self.users["qc"] | self.users["analyst"], planned=1)
        self.assertEqual(self._line(post), (1, 1, 2, 1, "over"))
        self.users["qc"].active = False
        self.assertEqual(self._line(post), (1, 1, 1, 0, "met"))

    def test_the_report_is_grouped_and_filtered(self):
        rows = self.Report._read_group(
            [("status", "=", "short")], ["role_id"], ["planned:sum", "actual:sum"]
        )
        found = {role.code: (planned, actual) for role, planned, actual in rows}
        self.assertEqual(found, {"manager": (3, 1), "complaint_officer": (1, 0)})

    def test_no_plan_and_no_post_no_line(self):
        self.env["crm.policy.post"].search([]).active = False
        self.assertFalse(self.Report.search([]))

    def test_who_reads_it(self):
        for role in ("manager", "director", "ceo", "policy_admin"):
            self.assertTrue(self._as(role, self.Report).search([]))
        for role in ("specialist", "supervisor", "analyst"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.Report).search([])

    def test_who_opens_the_post_of_a_line(self):
        """Also where another has read the line in the same transaction."""
        lines = self.Report.search([], limit=2)
        self.assertTrue(all(lines.mapped("post_id")))
        action = self._as("manager", lines[0]).action_policy_open_post()
        self.assertEqual(action["res_id"], lines[0].post_id.id)
        with self.assertRaises(AccessError):
            self._as("specialist", lines[0]).action_policy_open_post()
        for wrong in (lines, lines.browse()):
            with self.subTest(len(wrong)), self.assertRaises(ValueError):
                self._as("manager", wrong).action_policy_open_post()

    def test_a_plan_makes_sense(self):
        plan = self._plan("qc")
        for vals in (
            {"plan_per": 0},
            {"plan_of": False},
            {"plan_role_id": False},
            {"plan_role_id": plan.role_id.id},
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, "counted in"):
                plan.write(vals)
        for vals in ({"planned": -1}, {"planned": 3, "planned_max": 2}):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                with self.cr.savepoint():
                    plan.write(vals)
                    plan.flush_recordset()
