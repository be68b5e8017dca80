"""A company with an emergency team: the manager leads it, the supervisor acts in it."""

from odoo import Command

from ..common import PolicyCommon


class EmergencyCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.emergency_team = cls.env["crm.policy.team"].search(
            [("kind", "=", "emergency"), ("company_id", "=", cls.company.id)]
        )
        cls.emergency_team.member_ids = [
            Command.clear(),
            Command.create({"user_id": cls.users["manager"].id, "sequence": 1}),
            Command.create({"user_id": cls.users["supervisor"].id, "sequence": 2}),
        ]
        cls.manager2 = cls._new_user("manager", login="t_manager2")
        cls._new_employee(cls.manager2, department_id=cls.department.id)

    @classmethod
    def _new_crisis(cls, **vals):
        return cls._new_case(policy_severity="crisis", **vals)

    def _start(self, case, trigger="crisis", role="manager", reason="客户产线停产"):
        self._as(role, case).action_policy_start_emergency(trigger, reason)
        return case.policy_emergency_id

    def _act(self, emergency, amount=0.0, role="supervisor"):
        self._as(role, emergency).action_policy_act("空运替换件", amount)

    def _record(self, emergency, stage, *score):
        self._as("supervisor", emergency).action_policy_record(stage, "已到场处理", *score)

    def _stabilise(self, emergency, amount=0.0):
        """Let the team act, record its stages and say that all is stable."""
        if not emergency.acted_at:
            self._act(emergency, amount)
        for stage in ("response", "onsite"):
            if emergency.stage == stage:
                self._record(emergency, stage)
        self._as("manager", emergency).action_policy_stabilise("产线已恢复")

    def _hand_in(self, emergency, amount=0.0):
        self._stabilise(emergency, amount)
        self._as("manager", emergency).action_policy_submit()

    def _execute(self, remedy, role="supervisor", reason="客户当天要货"):
        self._as(role, remedy).action_policy_execute_emergency(reason)

    def _events(self, kind, record):
        return self.env["crm.policy.event"].search(
            [("type", "=", kind), ("res_model", "=", record._name), ("res_id", "=", record.id)]
        )

    def _clocks(self, record):
        return {
            clock.rule_code: clock.due_at
            for clock in record.policy_deadline_ids
            if clock.state != "cancelled"
        }
