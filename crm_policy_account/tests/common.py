"""A company with books: accounts, a sales journal, 13 % tax, and goods documents to be booked."""

from odoo import Command

from odoo.addons.crm_policy.tests.complaint.goods_common import GoodsCommon

RETURN = {"kind": "return", "quantity": 100, "price_unit": 85, "tax_percent": 13}
ALLOWANCE = {
    "kind": "allowance",
    "quantity": 50,
    "price_unit": 85,
    "percent": 20,
    "tax_percent": 13,
}
FAPIAO = "25322000000012345678"


class CreditNoteCommon(GoodsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["finance"].group_ids = [
            Command.link(cls.env.ref("account.group_account_invoice").id)
        ]
        cls.accounts = cls._new_books(cls.company)
        cls.product = cls.env["product.product"].create(
            {"name": "PCB 204", "default_code": "PCB-204", "taxes_id": [Command.clear()]}
        )

    @classmethod
    def _new_books(cls, company):
        """Give a company accounts, a sales journal and a tax of 13 %."""
        company.country_id = cls.env.ref("base.cn")
        company.account_fiscal_country_id = company.country_id
        env = cls.env(context=dict(cls.env.context, allowed_company_ids=company.ids))
        accounts = {
            kind: env["account.account"].create(
                {"name": name, "code": code, "account_type": kind, "company_ids": company.ids}
            )
            for kind, code, name in (
                ("asset_receivable", "112200", "应收账款"),
                ("income", "600100", "主营业务收入"),
                ("liability_current", "222101", "应交税费"),
            )
        }
        cls.partner.with_company(company).property_account_receivable_id = accounts[
            "asset_receivable"
        ]
        journal = env["account.journal"].create(
            {
                "name": "销售",
                "code": "XS",
                "type": "sale",
                "company_id": company.id,
                "default_account_id": accounts["income"].id,
            }
        )
        group = env["account.tax.group"].create({"name": "增值税", "company_id": company.id})
        tax = env["account.tax"].create(
            {
                "name": "13%",
                "amount": 13,
                "type_tax_use": "sale",
                "company_id": company.id,
                "country_id": company.country_id.id,
                "tax_group_id": group.id,
                "invoice_repartition_line_ids": cls._repartition(accounts),
                "refund_repartition_line_ids": cls._repartition(accounts),
            }
        )
        return {**accounts, "journal": journal, "tax": tax}

    @classmethod
    def _repartition(cls, accounts):
        return [
            Command.create({"repartition_type": "base"}),
            Command.create(
                {
                    "repartition_type": "tax",
                    "account_id": accounts["liability_current"].id,
                }
            ),
        ]

    @classmethod
    def _new_invoice(cls, *lines, post=True, **vals):
        """Create an invoice of the customer; a line is (product or words, quantity, price)."""
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.partner.id,
                "company_id": cls.company.id,
                "journal_id": cls.accounts["journal"].id,
                "invoice_date": "2026-02-26",
                "invoice_date_due": "2026-03-31",
                "currency_id": cls.company.currency_id.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": False if isinstance(item, str) else item.id,
                            "name": item if isinstance(item, str) else item.name,
                            "quantity": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.set(cls.accounts["tax"].ids)],
                        }
                    )
                    for item, quantity, price in lines
                ],
                **vals,
            }
        )
        if post:
            move.action_post()
        return move

    def _received(self, remedy, quantity=100):
        """Return a return note whose goods have come, as many as were approved."""
        note = self._issue("crm.policy.return.note", remedy, basis="交涉结果")
        self._by("specialist", note).action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        self._by("specialist", note).action_policy_send()
        for picking in note.picking_ids if "picking_ids" in note._fields else ():
            picking.sudo().action_cancel()  # of the sibling that knows the warehouse
        self._by("warehouse", note).action_policy_receive(quantity)
        if note.state == "mismatch":
            self._by("supervisor", note).action_policy_instruct("按实收签收")
            self._by("warehouse", note).action_policy_receive(quantity)
        return note

    def _prove(self, note, **vals):
        quantity = note.actual_quantity
        values = {
            "return_id": note.id,
            "type": "annotated_copy",
            "invoice_ref": FAPIAO,
            "invoice_date": "2026-02-26",
            "returned_quantity": quantity,
            "returned_price": 85,
            "returned_amount": quantity * 85,
            "received_quantity": quantity,
            "received_price": 85,
            "received_amount": quantity * 85,
            "sealed": True,
            "attachment_ids": [(4, self._scan().id)],
            **vals,
        }
        return self.env["crm.policy.proof"].with_user(self.users["specialist"]).create(values)

    def _returned(self, remedy, quantity=100, **proof):
        """Return a return note that is with Accounting."""
        note = self._received(remedy, quantity)
        self._prove(note, **proof)
        self._by("specialist", note).action_policy_hand_over()
        return note

    def _allowed(self, remedy, **vals):
        """Return an allowance certificate that is with Accounting."""
        vals.setdefault("invoice_ref", FAPIAO)
        allowance = self._issue("crm.policy.allowance", remedy, **vals)
        clerk = self._by("specialist", allowance)
        clerk.action_policy_submit()
        self._by("manager_office", allowance).action_policy_approve("同意")
        self._by("deputy_gm", allowance).action_policy_approve("同意")
        clerk.seal_attachment_ids = [(4, self._scan().id)]
        clerk.action_policy_seal()
        clerk.action_policy_hand_over()
        return allowance

    def _credit_of(self, document):
        return document.sudo()._policy_credit_note().sudo(False)
