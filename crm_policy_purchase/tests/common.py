"""A company whose policy wants purchases signed by head of department, Finance and CEO."""

from odoo import Command

from odoo.addons.crm_policy.tests.common import PolicyCommon


class PurchaseCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.purchase_group = cls.env.ref("purchase.group_purchase_user")
        cls.asker = cls.users["specialist"]
        cls.asker.group_ids = [Command.link(cls.purchase_group.id)]
        cls.vendor = cls.env["res.partner"].create({"name": "昆山精工刀具", "is_company": True})
        cls.product = cls.env["product.product"].create(
            {"name": "铣刀 6mm", "type": "service", "purchase_ok": True}
        )
        cls.rules = cls._install_policy("service_department")

    @classmethod
    def _new_order(cls, user=None, price=5000.0, **vals):
        """Create a request for quotation of two pieces, without taxes, as the specialist."""
        values = {
            "partner_id": cls.vendor.id,
            "company_id": cls.company.id,
            "order_line": [
                Command.create(
                    {
                        "product_id": cls.product.id,
                        "product_qty": 2,
                        "price_unit": price,
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
            **vals,
        }
        order = cls.env["purchase.order"].with_user(user or cls.asker).create(values)
        return order.with_env(cls.env)

    def _sign(self, order, *roles):
        """Sign as those roles, one after the other, the way the inbox does."""
        for role in roles:
            self._as(role, order.policy_approval_id).action_policy_approve("同意")

    def _signed(self, **vals):
        """Return an order that all three have signed."""
        order = self._new_order(**vals)
        order.with_user(self.asker).action_policy_submit()
        self._sign(order, "manager", "finance", "ceo")
        self.assertEqual(order.policy_approval_state, "approved")
        return order

    def _confirmed(self, **vals):
        order = self._signed(**vals)
        order.with_user(self.asker).button_confirm()
        self.assertEqual(order.state, "purchase")
        return order
