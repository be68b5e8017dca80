"""What a complaint has cost (CMP-LOSS-01): the formula, its number, and until when it changes."""

from odoo.exceptions import AccessError, UserError, ValidationError

from .blame_common import BlameCommon


class TestLoss(BlameCommon):
    def _loss(self, case, role="specialist", **vals):
        values = {"ticket_id": case.id, "kind": "freight", "amount": 100, **vals}
        Loss = self.env["crm.policy.loss"].with_user(self.users[role])
        return Loss.create(values).with_env(self.env)

    def test_s2_line_9(self):
        case = self._quality_case()
        lines = self._losses(case)
        # 100 × 60.00 × (1 − 30 %) = 4,200.00
        self.assertEqual(lines.mapped("amount"), [4200.00, 850.00, 320.00])
        self.assertEqual(lines[0].salvage_percent, 30)
        self.assertEqual(case.policy_loss_amount, 5370.00)
        lines[0].with_user(self.users["specialist"]).quantity = 99
        self.assertEqual(lines[0].amount, 4158.00)
        self.assertEqual(case.policy_loss_amount, 5328.00)
        lines[2].with_user(self.users["specialist"]).unlink()
        self.assertEqual(case.policy_loss_amount, 5008.00)

    def test_the_policy_says_what_goods_are_worth(self):
        self._set_parameter("salvage_percent", 12.5)
        case = self._quality_case()
        line = self._loss(case, kind="return", amount=0, quantity=3, unit_cost=9.99)
        self.assertEqual(line.amount, 26.22)  # 29.97 × 0.875 = 26.22375
        with self.assertRaises(AccessError):
            line.sudo().salvage_percent = 0
        # Another policy says nothing of it: the goods are worth nothing any more.
        other = self._loss(
            self._new_case(), kind="return", amount=0, quantity=3, unit_cost=9.99
        )  # fmt: skip
        self.assertEqual(other.amount, 29.97)

    def test_what_it_has_cost_makes_it_major(self):
        case = self._quality_case()
        line = self._loss(case, amount=9999.99)
        self.assertEqual(case.policy_severity, "general")
        line.amount = 10000
        self.assertEqual(case.policy_severity, "major")
        line.amount = 1
        self.assertEqual(case.policy_severity, "major", "nothing lowers it by itself")

    def test_what_cannot_be_meant(self):
        case = self._quality_case()
        for name in ("amount", "quantity", "unit_cost"):
            for value in (-1, "x", [1], float("nan"), 1e11):
                with (
                    self.subTest(name=name, value=value),
                    self.assertRefused(ValidationError, "cannot be meant"),
                ):
                    self._loss(case, **{"kind": "return", "amount": 0, name: value})
        line = self._loss(case)
        with self.assertRefused(ValidationError, "cannot be meant"):
            line.amount = -0.01
        with self.assertRefused(ValidationError, "so much cannot be meant"):
            self._loss(case, kind="return", amount=0, quantity=10**3, unit_cost=9 * 10**9)

    def test_more_than_was_delivered(self):
        case = self._quality_case()
        self._loss(case, kind="return", amount=0, quantity=1500, unit_cost=1)
        with self.assertRefused(ValidationError, "2001 returned pieces are more than the 2000"):
            self._loss(case, kind="return", amount=0, quantity=501, unit_cost=1)
        self._loss(case, kind="return", amount=0, quantity=500, unit_cost=1)
        # A case that says no quantity is not measured by it.
        self._loss(
            self._quality_case(policy_quantity=0, policy_defective_quantity=0),
            kind="return", amount=0, quantity=5000, unit_cost=1,
        )  # fmt: skip

    def test_the_amount_of_returned_goods_follows(self):
        case = self._quality_case()
        line = self._loss(case, kind="return", amount=0, quantity=10, unit_cost=10)
        self.assertEqual(line.amount, 70)
        with self.assertRefused(ValidationError, "follows from quantity and unit cost"):
            line.amount = 1
        line.write({"kind": "other", "amount": 1})
        self.assertEqual((line.amount, case.policy_loss_amount), (1, 1))

    def test_a_remedy_of_another_case(self):
        case, other = self._quality_case(), self._quality_case()
        remedy = self._new_remedy(other, 100)
        with self.assertRefused(ValidationError, "belongs to another case"):
            self._loss(case, remedy_id=remedy.id)
        self._loss(other, remedy_id=remedy.id)

    def test_what_is_decided_stays(self):
        case = self._decided()
        line = case.policy_loss_ids[0]
        for attempt in (
            lambda: line.write({"note": "x"}),
            line.unlink,
            lambda: self._loss(case),
        ):
            with self.assertRefused(UserError, "stays as it was"):
                attempt()
        with self.assertRaises(AccessError):
            case.sudo().policy_loss_amount = 1

    def test_ungoverned_and_ended_cases_have_none(self):
        plain = self.env["helpdesk.ticket"].create({"name": "x", "description": "x"})
        with self.assertRefused(UserError, "not governed"):
            self.env["crm.policy.loss"].create({"ticket_id": plain.id, "amount": 1})
        case = self._quality_case()
        self._as("supervisor", case).action_policy_cancel("误登")
        with self.assertRefused(UserError, "is ended"):
            self._loss(case)
