"""What a customer does on his phone: with an account, and by a QR code without one."""

from odoo.tests import tagged

from ..portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestTourPortal(PortalCommon):
    browser_size = "390x844"
    touch_enabled = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.lang = "zh_CN"

    def _only(self, name):
        self.env.invalidate_all()
        case = self.env["helpdesk.ticket"].search(
            [("name", "=like", f"{name}%"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(len(case), 1)
        self.assertEqual(case.policy_kind, "complaint")
        self.assertEqual(case.policy_version_id, self.version)
        return case

    def test_a_customer_with_an_account(self):
        self.start_tour("/new/ticket", "crm_policy_portal", login="t_customer")
        case = self._only("外箱破损")
        self.assertEqual(case.policy_order_ref, "SO-2603-18")
        self.assertEqual(case.attachment_ids.name, "box.png")
        said = case.message_ids.filtered(lambda message: "又发现 3 箱" in message.body)
        self.assertEqual(said.author_id, self.customer.partner_id)

    def test_somebody_with_a_delivery_note(self):
        page = self.env["crm.policy.intake.page"].create(
            {
                "name": "送货单",
                "company_id": self.company.id,
                "partner_id": self.partner.id,
                "type_id": self.types["packaging"].id,
                "delivery_ref": "DN-2603-001",
            }
        )
        self.start_tour(f"/policy/qr/{page.token}", "crm_policy_qr")
        case = self._only("外箱破损,里面漏液")
        self.assertEqual(case.policy_contact_phone, "13811112222")
        self.assertEqual(case.attachment_ids.name, "leak.png")
