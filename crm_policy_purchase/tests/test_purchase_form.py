"""The form for the file: the order as it was signed, with who signed it."""

from odoo.exceptions import AccessError, UserError

from odoo.addons.crm_policy.exceptions import PolicyRefusal
from odoo.addons.crm_policy.tests.common import at

from .common import PurchaseCommon

REPORT = "crm_policy_purchase.purchase_approval"


class TestPurchaseForm(PurchaseCommon):
    def _print(self, order, user=None, lang="en_US"):
        reports = self.env["ir.actions.report"].with_user(user or self.asker)
        html, _kind = reports.with_context(lang=lang)._render_qweb_html(REPORT, order.ids)
        return " ".join(html.decode().split())

    def test_it_tells_who_signed_what_and_under_which_clause(self):
        order = self._signed()
        page = self._print(order)
        request = order.policy_approval_id
        for words in (
            f"{order.name}-{request.id:06d}",
            "昆山精工刀具",
            "铣刀 6mm",
            "10,000.00",
            "Clause 3.2 (Rules of the Customer Service Department v1)",
            "Head of Department",
            self.users["ceo"].name,
            "同意",
            "<svg",
            request.fingerprint,
        ):
            self.assertIn(words, page)
        events = self.env["crm.policy.event"].search([("res_model", "=", request._name)])
        self.assertIn(str(events.filtered(lambda e: e.res_id == request.id)[-1:].id), page)
        self.assertNotIn("no longer what was asked for", page)

    def test_who_has_signed_for_another_is_told_with_his_delegation(self):
        with at("2026-03-02 10:00"):
            line = (
                self.env["crm.policy.delegation"]
                .with_user(self.users["manager"])
                .create({"to_user_id": self.users["supervisor"].id, "date_to": "2026-03-06"})
            )
            order = self._new_order()
            order.with_user(self.asker).action_policy_submit()
            order.policy_approval_id.with_user(self.users["supervisor"]).action_policy_reject("贵")
            words = (
                f"{self.users['supervisor'].name} for {self.users['manager'].name} under "
                f"delegation {line.sudo().number}"
            )
            self.assertIn(words, order.message_ids[0].body)
            self.assertIn(words, self._print(order))
            with self.assertRaises(PolicyRefusal) as caught:
                order.with_user(self.asker).button_confirm()
            self.assertIn(f"was rejected by {words}: 贵", str(caught.exception))

    def test_it_is_there_in_chinese(self):
        page = self._print(self._signed(), lang="zh_CN")
        posts = ("部门负责人", "财务部", "总经理")
        for words in ("采购审批单", "客户服务部管理制度", *posts, "已批准"):
            self.assertIn(words, page)
        orders = self.env["purchase.order"].with_context(lang="zh_CN")
        told = orders.fields_get(["policy_approval_state"], ["selection"])
        states = told["policy_approval_state"]["selection"]
        self.assertIn(("pending", "待审批"), states)

    def test_its_times_are_those_of_the_company_whoever_prints_it(self):
        with at("2026-03-06 23:30"):
            order = self._signed()
        self.asker.tz = "Europe/Paris"
        page = self._print(order, lang="zh_CN")
        self.assertIn("23:30", page)
        self.assertIn("Asia/Shanghai", page)

    def test_it_says_when_the_signatures_do_not_cover_the_order_any_more(self):
        order = self._signed()
        order.order_line.price_unit = 1
        self.assertIn("these signatures do not cover it", self._print(order))

    def test_a_signer_reads_it_and_nobody_else(self):
        order = self._new_order()
        order.with_user(self.asker).action_policy_submit()
        self.assertIn(order.name, self._print(order, self.users["manager"]))
        with self.assertRaises(AccessError):
            self._print(order, self.users["ceo"])

    def test_there_is_none_of_what_was_not_submitted(self):
        with self.assertRefused(UserError, "was not submitted"):
            self._print(self._new_order())
