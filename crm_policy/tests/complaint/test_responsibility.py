"""Shares of the responsibility: 100 percent at the decision, and who may be named (CMP-FLOW-08)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..common import at
from .blame_common import BlameCommon


class TestResponsibility(BlameCommon):
    def test_s2_line_9(self):
        case = self._quality_case()
        self._losses(case)
        lines = self._shares(case)
        self.assertEqual(case.policy_loss_amount, 5370.00)
        self.assertEqual(lines.mapped("amount"), [4296.00, 1074.00])
        self.assertEqual(case.policy_share_total, 100)
        self.assertEqual(lines.mapped("decided_amount"), [0, 0])
        with at("2026-03-13 11:00"):
            self._as("specialist", case).action_policy_decide()
        self.assertEqual(lines.mapped("decided_amount"), [4296.00, 1074.00])
        self.assertEqual(lines.mapped("amount"), [4296.00, 1074.00])
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", lines._name), ("res_id", "in", lines.ids)], order="id"
        )
        self.assertEqual(events.mapped("type"), ["responsibility.written"] * 2)
        self.assertEqual(events[0].payload["share"], 80)
        self.assertEqual(events[0].payload["employee"], self.zhao_employee.id)

    def test_the_first_party_takes_the_rest(self):
        case = self._quality_case()
        self.env["crm.policy.loss"].create(
            {"ticket_id": case.id, "kind": "repair", "amount": 100.01}
        )
        factory = self._share(case, 66.67, department_id=self.manufacturing.id)
        customer = self._share(case, 33.33, party="customer", partner_id=self.partner.id)
        self.assertEqual((factory.amount, customer.amount), (66.68, 33.33))
        factory.sequence = 20
        (factory | customer).invalidate_recordset(["amount"])
        self.assertEqual((factory.amount, customer.amount), (66.68, 33.33))
        self.assertEqual(factory.amount + customer.amount, 100.01)

    def test_shares_that_do_not_sum_bear_no_decision(self):
        case = self._quality_case()
        self._losses(case)
        lines = self._shares(case, 70, 20)
        mine = self._as("specialist", case)
        with self.assertRefused(UserError, "are 90 percent together; they have to be 100"):
            mine.action_policy_decide()
        lines[1].with_user(self.users["specialist"]).share = 30
        mine.action_policy_decide()
        self.assertTrue(case.policy_decided_at)

    def test_the_policy_wants_shares_before_the_decision(self):
        case = self._quality_case()
        with self.assertRefused(UserError, "Say who is responsible"):
            self._as("specialist", case).action_policy_decide()
        # The service policy does not ask for them; where they are given, they are 100 all the same.
        other = self._new_case()
        self._drive(other, "propose")
        self._share(other, 50, department_id=self.department.id)
        with self.assertRefused(UserError, "50 percent together"):
            self._as("specialist", other).action_policy_decide()
        other.policy_responsibility_ids.unlink()
        self._as("specialist", other).action_policy_decide()
        self.assertTrue(other.policy_decided_at)

    def test_what_is_no_share(self):
        case = self._quality_case()
        for share in (0, -1, 100.01, 0.001, "x", [1], True, None, float("nan"), float("inf"), 1e30):
            with self.subTest(share=share), self.assertRefused(ValidationError, "cannot be meant"):
                self._share(case, share, department_id=self.manufacturing.id)
        line = self._share(case, 100, department_id=self.manufacturing.id)
        with self.assertRefused(ValidationError, "cannot be meant"):
            line.share = 101

    def test_who_is_named(self):
        case = self._quality_case()
        with self.assertRefused(ValidationError, "Department: fill in Department"):
            self._share(case, 10)
        with self.assertRefused(ValidationError, "Supplier: fill in Third Party"):
            self._share(case, 10, party="supplier")
        with self.assertRefused(ValidationError, "Other: fill in Remark"):
            self._share(case, 10, party="other")
        # Nobody of the supplier's or the customer's is sanctioned (RWD-ADM-02).
        for party in ("supplier", "carrier", "customer"):
            with self.assertRefused(ValidationError, "Only who works for the company"):
                self._share(
                    case, 10, party=party, partner_id=self.partner.id,
                    employee_id=self.zhao_employee.id,
                )  # fmt: skip
        with self.assertRefused(ValidationError, "does not belong there"):
            self._share(
                case, 10, party="employee", employee_id=self.zhao_employee.id,
                department_id=self.manufacturing.id,
            )  # fmt: skip
        self._share(case, 10, party="other", name="物业")
        self._share(case, 10, party="employee", employee_id=self.zhao_employee.id)

    def test_nobody_is_named_twice(self):
        case = self._quality_case()
        self._share(case, 10, department_id=self.manufacturing.id)
        with self.assertRefused(ValidationError, "生产部 is there already"):
            self._share(case, 20, department_id=self.manufacturing.id)
        # Another person of the department is another line.
        self._share(
            case, 20, department_id=self.manufacturing.id, employee_id=self.zhao_employee.id
        )
        self._share(case, 10, party="other", name="物业")
        with self.assertRefused(ValidationError, "物业 is there already"):
            self._share(case, 10, party="other", name=" 物业 ")

    def test_nobody_of_another_company(self):
        case = self._quality_case()
        other = self._new_company("杭州分公司")
        department = self.env["hr.department"].create({"name": "生产", "company_id": other.id})
        employee = self.env["hr.employee"].create({"name": "钱", "company_id": other.id})
        partner = self.env["res.partner"].create({"name": "供应商", "company_id": other.id})
        for vals in (
            {"department_id": department.id},
            {"party": "employee", "employee_id": employee.id},
            {"party": "supplier", "partner_id": partner.id},
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, "another company"):
                self._share(case, 10, role="director", **vals)

    def test_what_is_decided_stays(self):
        case = self._decided()
        line = case.policy_responsibility_ids[0]
        for attempt in (
            lambda: line.write({"share": 10}),
            lambda: line.unlink(),
            lambda: self._share(case, 10, party="other", name="物业"),
        ):
            with self.assertRefused(UserError, "stays as it was"):
                attempt()

    def test_nobody_writes_his_own_share(self):
        case = self._quality_case()
        specialist = self.users["specialist"]
        own = (
            specialist.with_company(self.company).employee_id
            or (self._new_employees([specialist], self.quality)[specialist])
        )
        words = "others say what share"
        with self.assertRefused(UserError, words):
            self._share(case, 10, party="employee", employee_id=own.id)
        line = self._share(case, 10, "supervisor", party="employee", employee_id=own.id)
        mine = line.with_user(specialist)
        for attempt in (
            lambda: mine.write({"share": 1}),
            lambda: mine.write({"employee_id": self.zhao_employee.id}),
            lambda: mine.sudo().write({"share": 1}),
            mine.unlink,
        ):
            with self.assertRefused(UserError, words):
                attempt()
        other = self._share(case, 10, department_id=self.manufacturing.id)
        with self.assertRefused(UserError, words):
            other.employee_id = own
            other.with_user(specialist).share = 5
        with self.assertRefused(UserError, words):
            other.with_user(specialist).employee_id = own
        # The head answers for his department.
        other.employee_id = False
        self.manufacturing.manager_id = own
        with self.assertRefused(UserError, words):
            other.with_user(specialist).share = 5
        with self.assertRefused(UserError, words):
            other.with_user(specialist).unlink()

    def test_approvers_read_what_stays(self):
        case = self._quality_case()
        line = self._share(case, 100, department_id=self.manufacturing.id)
        remedy = self._new_remedy(case, 10)
        remedy._policy_guarded_write({"policy_approval_state": "pending"})
        for attempt in (
            lambda: line.write({"share": 10}),
            line.unlink,
            lambda: self._share(case, 10, party="other", name="物业"),
            lambda: self._losses(case),
        ):
            with self.assertRefused(UserError, "is being signed"):
                attempt()
        remedy._policy_guarded_write({"policy_approval_state": "rejected"})
        line.share = 10

    def test_a_party_is_one_of_the_list(self):
        case = self._quality_case()
        line = self._share(case, 10, party="other", name="物业")
        for party in (False, None, "", "x", [1], 1):
            with self.subTest(party), self.assertRefused(ValidationError, "is no party"):
                line.write({"party": party})
            with self.subTest(party), self.assertRefused(ValidationError, "is no party"):
                self._share(case, 10, party=party, name="x")

    def test_amounts_are_not_written_by_hand(self):
        line = self._shares(self._quality_case())[0]
        for vals in ({"decided_amount": 1}, {"is_decided": True}, {"cycle": 1}):
            with self.assertRefused(AccessError, "cannot be written"):
                line.sudo().write(vals)

    def test_whom_it_is_about_writes_none(self):
        case = self._quality_case()
        case.policy_accused_user_ids = self.users["supervisor"]
        line = self._share(case, 10, party="other", name="物业")
        mine = line.with_user(self.users["supervisor"])
        for attempt in (
            lambda: mine.write({"share": 20}),
            mine.unlink,
            lambda: self._share(case, 20, role="supervisor", party="other", name="他人"),
        ):
            with self.assertRefused(AccessError, "complaint about yourself"):
                attempt()

    def test_who_sees_and_who_writes_them(self):
        case = self._quality_case()
        line = self._share(case, 10, party="other", name="物业")
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            line.with_user(self.users["qc"]).write({"share": 20})
        self.assertEqual(line.with_user(self.users["qc"]).share, 10)
        # Whoever does not see the case sees nobody's share of it.
        self.assertFalse(self.env[line._name].with_user(self.zhao).search([]))
        portal = self._new_person("t_customer", "")
        portal.write({"group_ids": [(6, 0, self.env.ref("base.group_portal").ids)]})
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            line.with_user(portal).read(["share"])

    def test_after_a_reopening_it_is_divided_anew(self):
        case = self._decided()
        before = case.policy_responsibility_ids
        case._policy_guarded_write({"policy_cycle": 1, "policy_decided_at": False})
        mine = self._as("specialist", case)
        with self.assertRefused(UserError, "Say who is responsible"):
            mine.action_policy_decide()
        self.env["crm.policy.loss"].create({"ticket_id": case.id, "kind": "freight", "amount": 30})
        line = self._share(case, 100, department_id=self.quality.id)
        self.assertEqual(case.policy_loss_amount, 5400)
        self.assertEqual(line.amount, 30)
        self.assertEqual(sum(before.mapped("amount")), 5370)
        with self.assertRefused(UserError, "before the case was reopened"):
            before[0].share = 10
