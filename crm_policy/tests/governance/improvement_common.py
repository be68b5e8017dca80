"""A company with its departments, and a plan for S2's case."""

from odoo.tests import new_test_user

from ..common import PolicyCommon, at


class ImprovementCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Department = cls.env["hr.department"]
        cls.manufacturing, cls.quality = Department.create(
            [{"name": name, "company_id": cls.company.id} for name in ("生产部", "质量管理部")]
        )
        cls.head = cls._new_person("t_head")
        cls.zhao = cls._new_person("t_zhao")
        employees = cls._new_employees([cls.head, cls.zhao], cls.manufacturing)
        cls.manufacturing.manager_id = employees[cls.head]
        cls.zhao_employee = employees[cls.zhao]
        cls.stranger = cls._new_person("t_stranger")

    @classmethod
    def _new_person(cls, login, groups="base.group_user"):
        return new_test_user(
            cls.env,
            login=login,
            groups=groups,
            company_id=cls.company.id,
            company_ids=cls.company.ids,
            tz="Asia/Shanghai",
        )

    def _plan(self, user=None, **vals):
        """Draw up a complete plan, by default as its owner, the head of Manufacturing."""
        values = {
            "name": "PCB-204 分层",
            "user_id": self.head.id,
            "policy_department_id": self.manufacturing.id,
            "problem": "150 片分层",
            "root_cause": "压合温度曲线未锁定",
            "goal_ids": [
                (0, 0, {"indicator": "分层不良率", "unit": "ppm", "baseline": 800, "target": 200})
            ],
            "action_ids": [
                (0, 0, {"name": "锁定温度曲线", "kind": "process", "user_id": self.zhao.id,
                        "department_id": self.manufacturing.id, "due": "2026-03-25"}),
                (0, 0, {"name": "培训压合班组", "kind": "training", "user_id": self.head.id,
                        "department_id": self.manufacturing.id, "due": "2026-03-31"}),
            ],
            **vals,
        }  # fmt: skip
        Plan = self.env["crm.policy.improvement"].with_user(user or self.head)
        return Plan.create(values).with_env(self.env)

    def _approve(self, plan):
        plan.with_user(self.head).action_policy_submit()
        self._as("director", plan).action_policy_approve("同意")

    def _running(self, moment="2026-03-16 09:00", **vals):
        with at(moment):
            plan = self._plan(**vals)
            self._approve(plan)
            plan.with_user(self.head).action_policy_start()
        return plan

    def _done(self, plan, moment="2026-03-31 17:00"):
        with at(moment):
            for action in plan.action_ids.filtered(lambda line: line.state == "open"):
                action.with_user(action.user_id).action_policy_done("作业指导书 WI-17 第3版")

    def _evaluating(self, **vals):
        plan = self._running(**vals)
        self._done(plan)
        return plan

    def _measure(self, plan, *values, role="qc"):
        for goal, value in zip(plan.goal_ids, values, strict=True):
            goal.with_user(self.users[role]).write({"actual": value})

    def _checked(self, *values, moment="2026-06-30 10:00", **vals):
        plan = self._evaluating(**vals)
        with at(moment):
            self._measure(plan, *values)
            self._as("qc", plan).action_policy_check("连续三个月统计")
        return plan

    def _clocks(self, record):
        return {
            clock.rule_code: (clock.due_at, clock.state) for clock in record.policy_deadline_ids
        }
