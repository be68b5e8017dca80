"""S2.9 on the full route: the overall opinion brings shares and loss, the signature keeps them."""

from odoo.exceptions import AccessError, ValidationError

from ..common import at
from .test_shipped_packs import ManufacturerFlow


class TestBlameRoute(ManufacturerFlow):
    def _write(self, user, case, name, **vals):
        model = self.env[f"crm.policy.{name}"].with_user(user)
        return model.create({"ticket_id": case.id, **vals}).with_env(self.env)

    def test_s2_line_9(self):
        case = self._registered(policy_quantity=2000)
        clerk, writer = self._as("specialist", case), self.people["gm_office"]
        with at("2026-03-03 10:00"):
            clerk.action_policy_respond("已联系")
            clerk.action_policy_propose("退货并折让")
            self._new_remedy(case, 9605, kind="return")
            self._opine(case, until="negotiation")
        opinion = self._line(case, "synthesis")
        quality = self.env["hr.department"].create(
            {"name": "质量管理部", "company_id": self.company.id}
        )
        with at("2026-03-12 16:00"):
            with self.assertRefused(ValidationError, "Say who is responsible"):
                self._answer(opinion, "gm_office")
            # Whose turn it is writes them; nobody else of the departments does.
            with self.assertRaises(AccessError):
                self._write(self.people["production"], case, "loss", kind="freight", amount=1)
            self._write(writer, case, "loss", kind="return", quantity=100, unit_cost=60)
            self._write(writer, case, "loss", kind="allowance", amount=850)
            self._write(writer, case, "loss", kind="freight", amount=320)
            first = self._write(
                writer, case, "responsibility", department_id=self.department.id, share=70
            )
            second = self._write(writer, case, "responsibility", department_id=quality.id, share=20)
            with self.assertRefused(ValidationError, "are 90 percent together"):
                self._answer(opinion, "gm_office")
            first.with_user(writer).share = 80
            self._answer(opinion, "gm_office")
            with self.assertRaises(AccessError):
                first.with_user(writer).share = 81
        with at("2026-03-13 11:00"):
            self._sign(case)
        self.assertTrue(case.policy_settled_at)
        self.assertEqual((first | second).mapped("decided_amount"), [4296.00, 1074.00])
        self.assertEqual(case.policy_loss_amount, 5370.00)
