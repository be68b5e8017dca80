"""The departments a manager answers for, kept with the organisation chart."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError

from ..common import PolicyCommon, at


class TestViewers(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.users["manager"]
        cls.Department = cls.env["hr.department"].with_company(cls.company)
        cls.quality = cls._department("质量部")
        cls.lab = cls._department("实验室", parent_id=cls.quality.id)
        cls.boss = cls.manager.with_company(cls.company).employee_id

    @classmethod
    def _department(cls, name, **vals):
        return cls.Department.create({"name": name, "company_id": cls.company.id, **vals})

    def _seen(self, user=None):
        self.env.flush_all()
        return set((user or self.manager).policy_department_ids.mapped("name"))

    def test_a_manager_answers_for_his_own_department_and_those_he_heads(self):
        self.assertEqual(self._seen(), {"客户服务部"})
        self.quality.manager_id = self.boss
        self.assertEqual(self._seen(), {"客户服务部", "质量部", "实验室"})
        self._department("校准室", parent_id=self.lab.id)
        self.assertEqual(self._seen(), {"客户服务部", "质量部", "实验室", "校准室"})
        self.lab.parent_id = False
        self.assertEqual(self._seen(), {"客户服务部", "质量部"})
        self.quality.manager_id = False
        self.assertEqual(self._seen(), {"客户服务部"})

    def test_only_managers_have_departments(self):
        self.quality.manager_id = self.users["specialist"].with_company(self.company).employee_id
        self.assertEqual(self._seen(self.users["specialist"]), set())
        self.assertEqual(self._seen(self.users["supervisor"]), set())
        group = self.env.ref("crm_policy.group_manager")
        self.users["specialist"].group_ids += group
        self.assertEqual(self._seen(self.users["specialist"]), {"客户服务部", "质量部", "实验室"})
        group.user_ids -= self.users["specialist"]
        self.assertEqual(self._seen(self.users["specialist"]), set())

    def test_moving_a_person_moves_what_he_sees(self):
        self.boss.department_id = self.lab
        # He still heads the service department.
        self.assertEqual(self._seen(), {"客户服务部", "实验室"})
        self.department.manager_id = False
        self.assertEqual(self._seen(), {"实验室"})
        self.boss.user_id = False
        self.assertEqual(self._seen(), set())

    def test_a_future_version_of_an_employee_moves_him_on_its_day(self):
        self.department.manager_id = False
        with at("2026-03-02 09:00"):
            self.boss.create_version({"date_version": "2026-03-10", "department_id": self.lab.id})
            self.env["hr.employee"]._cron_update_current_version_id()
            self.assertEqual(self._seen(), {"客户服务部"})
        with at("2026-03-10 09:00"):
            self.env["hr.employee"]._cron_update_current_version_id()
            self.assertEqual(self._seen(), {"实验室"})

    def test_archived_and_other_companies(self):
        self.quality.manager_id = self.boss
        other = self._new_company("杭州分公司")
        away = self.env["hr.department"].create(
            {"name": "杭州客服部", "company_id": other.id, "manager_id": self.boss.id}
        )
        self.assertEqual(self._seen(), {"客户服务部", "质量部", "实验室"})
        self.manager.company_ids = [Command.link(other.id)]
        self.assertEqual(self._seen(), {"客户服务部", "质量部", "实验室", "杭州客服部"})
        # The cases of a closed department still have somebody who answers for them.
        away.active = False
        self.assertIn(
            "杭州客服部",
            self.manager.with_context(active_test=False).policy_department_ids.mapped("name"),
        )
        self.manager.active = False
        self.assertEqual(self._seen(), set())

    def test_an_archived_employee_answers_for_nothing(self):
        self.quality.manager_id = self.boss
        self.boss.active = False
        self.env["res.users"]._policy_refresh_departments()
        self.assertTrue(self.manager.active)
        self.assertEqual(self._seen(), set())

    def test_nobody_writes_them_by_hand(self):
        vals = {"policy_department_ids": [Command.set(self.quality.ids)]}
        for user in (*self.users.values(), self.env.ref("base.user_admin"), self.env.user):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.manager.with_user(user).write(vals)
        with self.assertRaises(AccessError):
            self.env["res.users"].create({"name": "x", "login": "t_forged", **vals})

    def test_the_cache_is_cleared_only_by_a_change(self):
        with patch.object(type(self.env.registry), "clear_cache") as cleared:
            self.env["res.users"]._policy_refresh_departments()
            self.quality.name = "品质部"
            self.assertFalse(cleared.called)
            self.quality.manager_id = self.boss
            self.env["res.users"]._policy_refresh_departments()
        self.assertEqual(cleared.call_count, 1)

    def test_refreshing_costs_the_same_for_more_people(self):
        def count(number):
            self._new_employees(
                [
                    self._new_user("manager", login=f"t_many_{number}_{index}")
                    for index in range(number)
                ],
                self.lab,
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["res.users"]._policy_refresh_departments()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        self.assertEqual(count(4), count(8))
