"""S2's case: 100 pieces come back, Manufacturing and Quality are responsible, Zhao did it."""

from odoo.tests import new_test_user

from ..common import PolicyCommon, at


class BlameCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.governing = cls._install_policy("manufacturer")
        # As a company without departments would have it: nobody is asked before the decision.
        cls.governing._policy_guarded_write({"state": "draft"})
        for model in ("crm.policy.milestone", "crm.policy.countersign.step"):
            cls.env[model].search([("version_id", "=", cls.governing.id)]).unlink()
        cls.governing._policy_guarded_write({"state": "effective"})
        cls.quality_type = cls.env["crm.policy.complaint.type"].search(
            [("company_id", "=", cls.company.id), ("code", "=", "mfr-quality")]
        )
        Department = cls.env["hr.department"]
        cls.manufacturing, cls.quality = Department.create(
            [{"name": name, "company_id": cls.company.id} for name in ("生产部", "质量管理部")]
        )
        cls.zhao = cls._new_person("t_zhao")
        cls.head = cls._new_person("t_manufacturing")
        employees = cls._new_employees([cls.zhao, cls.head], cls.manufacturing)
        cls.zhao_employee = employees[cls.zhao]
        cls.manufacturing.manager_id = employees[cls.head]
        cls.deputy = cls._new_person("t_deputy_gm")
        cls._new_post("deputy_gm", cls.deputy)
        cls.hr = cls._new_person("t_personnel", "crm_policy.group_hr")

    @classmethod
    def _new_person(cls, login, groups=""):
        return new_test_user(
            cls.env,
            login=login,
            groups=",".join(filter(None, ["base.group_user", groups])),
            company_id=cls.company.id,
            company_ids=cls.company.ids,
            tz="Asia/Shanghai",
        )

    def _quality_case(self, **vals):
        values = {
            "policy_complaint_type_id": self.quality_type.id,
            "policy_quantity": 2000,
            "policy_defective_quantity": 150,
            **vals,
        }
        with at("2026-03-02 10:20"):
            case = self._new_case(**values)
            self._drive(case, "propose")
        return case

    def _losses(self, case, role="specialist"):
        """Write S2.9's losses: 5,370.00."""
        rows = [
            {"kind": "return", "quantity": 100, "unit_cost": 60},
            {"kind": "allowance", "amount": 850},
            {"kind": "freight", "amount": 320},
        ]
        Loss = self.env["crm.policy.loss"].with_user(self.users[role])
        return Loss.create([{"ticket_id": case.id, **row} for row in rows]).with_env(self.env)

    def _share(self, case, share, role="specialist", **vals):
        values = {"ticket_id": case.id, "party": "department", "share": share, **vals}
        Share = self.env["crm.policy.responsibility"].with_user(self.users[role])
        return Share.create(values).with_env(self.env)

    def _shares(self, case, first=80, second=20):
        """Write S2.9's shares; Zhao stands for Manufacturing."""
        return self._share(
            case, first, department_id=self.manufacturing.id, employee_id=self.zhao_employee.id
        ) | self._share(case, second, department_id=self.quality.id)

    def _decided(self, **vals):
        """Return a case with S2.9's losses and shares, decided on 2026-03-13 11:00."""
        case = self._quality_case(**vals)
        self._losses(case)
        self._shares(case)
        with at("2026-03-13 11:00"):
            self._as("specialist", case).action_policy_decide()
        return case
