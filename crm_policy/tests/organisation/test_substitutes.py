"""The complaint officer: never without a substitute from his department (002 篇六 4.2.2.1)."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError

from ..common import PolicyCommon, at


class TestSubstitutes(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Department = cls.env["hr.department"].with_company(cls.company)
        cls.service = Department.create({"name": "客户服务部", "company_id": cls.company.id})
        cls.sales = Department.create({"name": "业务部", "company_id": cls.company.id})
        for name, department in (
            ("officer", cls.service),
            ("deputy", cls.service),
            ("second", cls.service),
            ("seller", cls.sales),
        ):
            cls.users[name] = cls._new_user("specialist", login=f"t_{name}")
            cls._new_employee(cls.users[name], department_id=department.id)
        cls.role = cls._role_of("complaint_officer")

    def _appoint(self, substitute="deputy", officer="officer", **vals):
        users = self.users[officer]
        return self._new_post(
            "complaint_officer", users, substitute and self.users[substitute], **vals
        )

    def test_the_role_demands_a_substitute_and_names_its_clause(self):
        self.assertTrue(self.role.substitute_required)
        with self.assertRaises(ValidationError) as refused:
            self._appoint(substitute=None)
        message = str(refused.exception)
        self.assertIn("Clause 9.1", message)
        self.assertIn("002 篇六 4.2.2.1", message)
        self.assertIn("None is named", message)

    def test_who_cannot_stand_in(self):
        other = self._new_company("无锡分公司")
        self.users["stranger"] = self._new_user("manager", login="t_stranger", company=other)
        self.users["archived"] = self._new_user("specialist", login="t_archived")
        self._new_employee(self.users["archived"], department_id=self.service.id)
        self.users["archived"].active = False
        self.users["freelance"] = self._new_user("specialist", login="t_freelance")
        for name, problem in {
            "officer": "holds the post himself",
            "archived": "no longer works here",
            "stranger": "not a member of",
            "seller": "not in the department",
            "freelance": "not in the department",
        }.items():
            with self.subTest(name), self.assertRefused(ValidationError, problem):
                self._appoint(name)

    def test_a_colleague_of_the_department_stands_in(self):
        post = self._appoint()
        self.assertEqual(post.acting_user_ids, self.users["officer"])
        case = self._new_case()
        self._away(self.users["officer"], "2026-03-02 09:00", "2026-03-06 18:00")
        with at("2026-03-03 10:00"):
            self.assertEqual(self.role._users_for(case)[case.id], self.users["deputy"])

    def test_each_of_two_officers_needs_the_substitute(self):
        with self.assertRefused(ValidationError, "not in the department"):
            self._new_post(
                "complaint_officer", self.users["officer"] | self.users["seller"],
                self.users["deputy"],
            )  # fmt: skip

    def test_the_substitute_is_not_taken_away(self):
        post = self._appoint()
        for vals in (
            {"substitute_id": False},
            {"substitute_id": self.users["seller"].id},
            {"user_ids": [Command.link(self.users["deputy"].id)]},
        ):
            with self.assertRaises(ValidationError):
                post.write(vals)

    def test_a_role_that_comes_to_demand_one_checks_who_is_appointed(self):
        post = self._new_post("quality", self.users["officer"])
        with self.assertRefused(ValidationError, "Role .*None is named"):
            post.role_id.substitute_required = True

    def test_a_vacant_post_needs_none(self):
        post = self._new_post("complaint_officer")
        self.assertFalse(post.acting_user_ids)

    # === ABSENCE === #

    def test_the_officer_does_not_leave_without_a_substitute(self):
        post = self._appoint()
        for change, problem in (
            (lambda: self.users["deputy"].write({"active": False}), "no longer works here"),
            (
                lambda: self.users["deputy"].employee_id.write({"department_id": self.sales.id}),
                "not in the department",
            ),
        ):
            with self.subTest(problem), at("2026-03-01 10:00"):
                savepoint = self.env.cr.savepoint(flush=True)
                change()
                with self.assertRefused(UserError, f"Clause 9.1.*{problem}"):
                    self._away(self.users["officer"], "2026-03-02 09:00", "2026-03-02 18:00")
                savepoint.rollback()
                self.env.invalidate_all()
        with at("2026-03-01 10:00"):
            self.assertTrue(
                self._away(self.users["officer"], "2026-03-02 09:00", "2026-03-02 18:00")
            )
        self.assertEqual(post.substitute_id, self.users["deputy"])

    def test_officer_and_substitute_are_not_away_together(self):
        self._appoint()
        with at("2026-03-01 10:00"):
            self._away(self.users["officer"], "2026-03-02 09:00", "2026-03-04 18:00")
            for start, stop in (
                ("2026-03-04 17:59", "2026-03-05 18:00"),
                ("2026-03-01 09:00", "2026-03-02 09:01"),
                ("2026-03-03 09:00", "2026-03-03 18:00"),
            ):
                with self.subTest(start), self.assertRefused(UserError, "at the same time"):
                    self._away(self.users["deputy"], start, stop)
            later = self._away(self.users["deputy"], "2026-03-04 18:00", "2026-03-05 18:00")
            with self.assertRefused(UserError, "at the same time"):
                later.date_from = "2026-03-03 01:00:00"
            with self.assertRefused(UserError, "at the same time"):
                self._away(self.users["officer"], "2026-03-05 09:00", "2026-03-05 18:00")

    def test_other_time_off_is_nobodys_business(self):
        self._appoint()
        self.users["deputy"].active = False
        with at("2026-03-10 10:00"):
            officer = self.users["officer"]
            self._away(officer, "2026-03-02 09:00", "2026-03-02 18:00")  # it is past
            self._away(officer, "2026-03-12 09:00", "2026-03-12 18:00", time_type="other")
            self._away(officer, "2026-03-12 09:00", "2026-03-12 18:00", resource_id=False)
            self._away(self.users["second"], "2026-03-12 09:00", "2026-03-12 18:00")
            machine = self.env["resource.resource"].create(
                {"name": "检测台", "resource_type": "material", "company_id": self.company.id}
            )
            self._away(officer, "2026-03-12 09:00", "2026-03-12 18:00", resource_id=machine.id)

    def test_a_post_without_that_demand_asks_nobody(self):
        self._new_post("quality", self.users["officer"])
        with at("2026-03-01 10:00"):
            self.assertTrue(
                self._away(self.users["officer"], "2026-03-02 09:00", "2026-03-02 18:00")
            )

    def test_a_leave_costs_one_query_more_when_it_concerns_nobody(self):
        self._appoint()
        resource = self.users["seller"].employee_id.resource_id
        with at("2026-03-01 10:00"):
            vals = {
                "resource_id": resource.id,
                "date_from": "2026-03-02 01:00:00",
                "date_to": "2026-03-02 10:00:00",
            }
            leave = self.env["resource.calendar.leaves"].create([vals])
            self.env.flush_all()
            with self.assertQueryCount(1):
                leave._policy_check_substitutes()
