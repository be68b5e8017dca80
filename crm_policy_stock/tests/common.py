"""A warehouse that takes back what the return notes of cases say."""

from odoo import Command

from odoo.addons.crm_policy.tests.complaint.goods_common import GoodsCommon

RETURN = {"kind": "return", "quantity": 100, "price_unit": 85, "tax_percent": 13}


class ReturnStockCommon(GoodsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock_group = cls.env.ref("stock.group_stock_user")
        cls.posts["warehouse"].group_ids = [Command.link(cls.stock_group.id)]
        cls.product = cls.env["product.product"].create(
            {"name": "PCB 204", "default_code": "PCB-204", "type": "consu", "is_storable": True}
        )
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["stock.warehouse"].create(
            {"name": "苏州仓", "code": "SZ", "company_id": cls.company.id}
        )

    def _note(self, remedy, **vals):
        vals.setdefault("basis", "2026-03-12 交涉结果")
        return self._issue("crm.policy.return.note", remedy, **vals)

    def _approved(self, remedy, **vals):
        note = self._note(remedy, **vals)
        self._by("specialist", note).action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        return note

    def _sent(self, remedy, **vals):
        note = self._approved(remedy, **vals)
        self._by("specialist", note).action_policy_send()
        return note

    def _arrived(self, **vals):
        """Return a note that was sent, and its transfer, as the warehouse."""
        _case, remedy = self._case_with(RETURN, **vals)
        note = self._sent(remedy)
        return note, self._by("warehouse", note.picking_ids)

    def _rest(self, picking, backorder):
        """Answer Odoo's question about the rest of a transfer that is short."""
        action = picking.button_validate()
        self.assertEqual(action["res_model"], "stock.backorder.confirmation")
        window = (
            self.env["stock.backorder.confirmation"]
            .with_user(picking.env.user)
            .with_context(**action["context"])
            .create({})
        )
        return window.process() if backorder else window.process_cancel_backorder()
