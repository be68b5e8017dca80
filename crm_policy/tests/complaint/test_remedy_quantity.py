"""Remedies by quantity and price (S2.6), and when all of them are carried out (CMP-SET-01)."""

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from .goods_common import ExecutionCommon

RETURN = {"kind": "return", "quantity": 100, "price_unit": 85, "tax_percent": 13}
ALLOWANCE = {
    "kind": "allowance",
    "quantity": 50,
    "price_unit": 85,
    "percent": 20,
    "tax_percent": 13,
}


class TestRemedyQuantity(ExecutionCommon):
    def _priced(self, case, **vals):
        remedy = self.env["crm.policy.remedy"].with_user(self.users["specialist"])
        return remedy.create({"ticket_id": case.id, **vals}).with_env(self.env)

    def test_the_amount_follows_from_quantity_price_and_percent(self):
        """S2.6: 9,605.00 and 960.50; with 94 pieces 9,028.70, in all 9,989.20."""
        case = self._new_case(policy_quantity=2000)
        back, allowance = self._priced(case, **RETURN), self._priced(case, **ALLOWANCE)
        self.assertEqual((back.amount, back.tax_amount), (9605.00, 1105.00))
        self.assertEqual((allowance.amount, allowance.tax_amount), (960.50, 110.50))
        self.assertEqual(case.policy_remedy_amount, 10_565.50)
        self._as("specialist", back).quantity = 94
        self.assertEqual((back.amount, back.tax_amount), (9028.70, 1038.70))
        self.assertEqual(case.policy_remedy_amount, 9989.20)
        self.assertEqual(back.amount_untaxed, 7990.00)

    def test_each_part_is_rounded_half_up(self):
        # 3 x 0.335 = 1.005 and 13 percent of 1.01 = 0.1313; 0.5 percent of 9.00 = 0.045.
        case = self._new_case()
        for vals, amount in (
            ({"quantity": 3, "price_unit": 0.335, "tax_percent": 13}, (1.14, 0.13)),
            ({"quantity": 9, "price_unit": 1, "percent": 0.5, "tax_percent": 0}, (0.05, 0.0)),
        ):
            remedy = self._priced(case, kind="allowance", **vals)
            with self.subTest(vals):
                self.assertEqual((remedy.amount, remedy.tax_amount), amount)

    def test_who_decides_follows_from_what_the_pieces_come_to(self):
        case = self._new_case(policy_quantity=2000)
        self._drive(case, "respond")
        back, allowance = self._priced(case, **RETURN), self._priced(case, **ALLOWANCE)
        self._as("specialist", case).action_policy_propose("退货并折让")
        self._as("specialist", case).action_policy_submit()
        self.assertEqual(back.policy_approval_id.amount, 10_565.50)
        self.assertEqual(allowance.policy_approval_id.eligible_user_ids, self.users["director"])
        # With 94 pieces: 9,989.20, the manager's.
        self._as("specialist", back).quantity = 94
        self.assertEqual(back.policy_approval_state, "none")
        self._as("specialist", back).action_policy_submit()
        self.assertIn(self.users["manager"], back.policy_approval_id.eligible_user_ids)

    def test_an_amount_without_a_quantity_is_typed_as_ever(self):
        case = self._new_case()
        remedy = self._priced(case, kind="compensation", amount=500, tax_amount=50)
        self.assertEqual((remedy.amount, remedy.tax_amount), (500, 50))
        remedy.quantity = 3
        self.assertEqual((remedy.amount, remedy.tax_amount), (500, 50))
        self.assertEqual(
            remedy._policy_approval_values(),
            {
                "kind": "compensation",
                "amount": "500.00",
                "note": "",
                "ticket": case.id,
                "beneficiary": False,
                "tax": "50.00",
                "quantity": 3,
            },
        )

    def test_a_signature_stands_for_quantity_price_percent_and_item(self):
        case = self._new_case()
        remedy = self._priced(case, item_ref="PCB-204", **ALLOWANCE)
        before = remedy._policy_fingerprint()
        # Twice the pieces at half the price are another promise for the same money.
        for vals in (
            {"quantity": 100, "price_unit": 42.5},
            {"percent": 40, "quantity": 25},
            {"item_ref": "PCB-205"},
        ):
            former = {name: remedy[name] for name in vals}
            remedy.write(vals)
            with self.subTest(vals):
                self.assertEqual(remedy.amount, 960.50)
                self.assertNotEqual(remedy._policy_fingerprint(), before)
            remedy.write(former)
        self.assertEqual(remedy._policy_fingerprint(), before)

    def test_what_cannot_be_meant(self):
        case = self._new_case(policy_quantity=150)
        remedy = self._priced(case, **RETURN)
        for vals, words in (
            ({"amount": 9000}, "Change the quantity"),
            ({"tax_amount": 5}, "Change the quantity"),
            ({"quantity": 0, "amount": 5}, "needs a quantity"),
            ({"quantity": -1}, "cannot be meant|negative"),
            ({"quantity": float("nan")}, "cannot be meant"),
            ({"price_unit": 1e12}, "cannot be meant"),
            ({"tax_percent": -1}, "cannot be meant"),
            ({"tax_percent": 14}, "of tax in"),
            ({"quantity": 150.01}, r"150\.01 pieces; 150 were delivered"),
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, words):
                self._as("specialist", remedy).write(vals)
        for vals in ({"percent": 100.01}, {"percent": 0}):
            with self.subTest(vals), mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                self._as("specialist", remedy).write(vals)
                self.env.flush_all()
        # None of the pieces goes two ways; an allowance on pieces that stay takes none.
        with self.assertRefused(ValidationError, "151 pieces; 150"):
            self._priced(case, kind="exchange", quantity=51)
        self._priced(case, kind="exchange", quantity=50)
        self._priced(case, **{**ALLOWANCE, "quantity": 150})
        with self.assertRefused(ValidationError, "150 pieces; 149"):
            self._as("specialist", case).policy_quantity = 149

    def test_what_is_decided_keeps_its_quantity(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._priced(case, kind="gift", quantity=1, price_unit=100)
        self._as("specialist", case).action_policy_propose("赠品")
        self._as("specialist", case).action_policy_decide()
        for vals in ({"quantity": 2}, {"price_unit": 1}, {"percent": 5}, {"item_ref": "x"}):
            with self.subTest(vals), self.assertRefused(UserError, "is decided"):
                self._as("specialist", remedy).write(vals)

    def test_a_refusal_grants_nothing_and_says_why(self):
        case = self._new_case()
        for vals in ({"note": "超过质保期", "amount": 1}, {"amount": 0}, {"note": " "}):
            with self.subTest(vals), self.assertRaises(ValidationError):
                self._priced(case, kind="refusal", **vals)
        self._priced(case, kind="refusal", note="超过质保期")
        self._priced(case, kind="technical_support", note="提供加工参数资料")

    # === ALL OF IT IS CARRIED OUT === #

    def _settled(self, *remedies):
        case = self._new_case()
        self._drive(case, "respond")
        lines = [self._priced(case, **vals) for vals in remedies]
        self._as("specialist", case).action_policy_propose("处理方案")
        self._as("specialist", case).action_policy_decide()
        self._as("specialist", case).action_policy_settle()
        return case, *lines

    def test_the_case_says_itself_when_all_is_carried_out(self):
        self._ask_for_execution()
        case, first, support, _sorry = self._settled(
            {"kind": "compensation", "amount": 300},
            {"kind": "technical_support", "note": "加工参数"},
            {"kind": "apology"},
        )
        self.assertEqual(case._policy_unexecuted(), [first.display_name, support.display_name])
        self._as("specialist", first).action_policy_execute_amount()
        self.assertFalse(case.policy_executed_at)
        self._as("specialist", support).action_policy_execute_amount()
        self.assertTrue(case.policy_executed_at)
        self.assertEqual(case.policy_step, "executed")

    def test_where_nothing_is_to_be_carried_out_it_is_with_the_settlement(self):
        self._ask_for_execution()
        case, _sorry, _off = self._settled(
            {"kind": "apology"}, {"kind": "rounding", "amount": 5, "note": "抹零"}
        )
        self.assertEqual(case.policy_executed_at, case.policy_settled_at)

    def test_a_policy_that_does_not_ask_for_it_has_no_such_fact(self):
        case, remedy = self._settled({"kind": "compensation", "amount": 300})
        self._as("specialist", remedy).action_policy_execute_amount()
        self.assertFalse(case._policy_unexecuted())
        self.assertFalse(case.policy_executed_at)
