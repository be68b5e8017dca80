"""The matrix of duties: each action on each object has one owner."""

from odoo.exceptions import ValidationError

from ..common import PolicyCommon


class TestDuties(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.duties = cls.env["crm.policy.duty"].search([("company_id", "=", cls.company.id)])

    def test_the_pack_brings_the_duties_of_the_policy(self):
        owners = {duty.code: duty.role_id.code for duty in self.duties}
        self.assertEqual(owners["cost-budget"], "finance")
        self.assertEqual(owners["policy-compliance"], "legal")
        self.assertEqual(owners["staff-training"], "hr")
        self.assertEqual(owners["customers-develop"], "marketing")
        self.assertEqual(self.duties.clause_id.version_id, self.version)
        budget = self.duties.filtered(lambda duty: duty.code == "cost-budget")
        if self.env["res.lang"]._lang_get("zh_CN"):
            self.assertEqual(budget.with_context(lang="zh_CN").action, "预算与控制")
        self.assertEqual(budget.with_context(lang="en_US").action, "Budget and control")

    def test_an_action_has_one_owner(self):
        duty = self.duties[0]
        vals = {"code": "x", "object": duty.object, "action": duty.action}
        with self.assertRefused(ValidationError, "has one owner"):
            duty.create(vals)
        other = duty.create({**vals, "action": "Archive"})
        with self.assertRefused(ValidationError, "has one owner"):
            other.action = duty.action
        duty.active = False
        other.action = duty.action

    def test_each_company_has_its_own(self):
        other = self._new_company("无锡分公司")
        duty = self.duties[0]
        duty.create({"code": "x", "object": duty.object, "action": duty.action,
                     "company_id": other.id})  # fmt: skip
        with self.assertRefused(ValidationError, "another company"):
            duty.create({"code": "y", "object": "x", "action": "y", "company_id": other.id,
                         "role_id": duty.role_id.id})  # fmt: skip

    def test_a_duty_says_whether_somebody_is_there(self):
        by_code = {duty.code: duty for duty in self.duties}
        self.assertEqual(by_code["cost-budget"].status, "owned")
        self.assertEqual(by_code["customers-develop"].status, "vacant")
        by_code["cost-budget"].role_id = False
        self.assertEqual(by_code["cost-budget"].status, "none")
