"""What a customer does on his phone: with an account, and by a QR code without one."""

from freezegun import freeze_time

from odoo.tests import tagged

from ..committee_common import CommitteeCommon
from ..common import at, shanghai
from ..portal_common import PortalCommon

# What the customer reads of the findings.
FINDINGS = "贴面起泡由烘烤温度偏低引起，与使用无关。"


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

    def _tell(self, case, words):
        """Find a solution and tell the customer of it, as the house does."""
        mine = self._as("specialist", case)
        mine.action_policy_respond("已致电")
        mine.action_policy_propose(words)
        mine.action_policy_decide()
        mine.action_policy_settle()
        mine.action_policy_reply(words, "letter")

    def _said(self, case):
        """Return what the customer has said, the oldest first."""
        self.env.invalidate_all()
        words = self.env["crm.policy.interaction"].search(
            [("ticket_id", "=", case.id), ("user_id", "=", False)], order="id"
        )
        return [
            (word.kind, word.outcome, word.score, word.nps, word.text, word.cycle, word.round,
             word.channel, word.author_id)
            for word in words
        ]  # fmt: skip

    def test_from_the_complaint_to_the_rating(self):
        """He files it, refuses the first solution, confirms the second, and rates 5 and 10."""
        self.start_tour("/new/ticket", "crm_policy_portal", login="t_customer")
        case = self._only("外箱破损")
        case.write(
            {
                "policy_complaint_type_id": self.types["packaging"].id,
                "user_id": self.users["specialist"].id,
            }
        )
        mine = self._as("specialist", case)
        mine.action_policy_accept()
        mine.action_policy_register()
        self._tell(case, "我们为您返工")
        url = f"/my/ticket/{case.id}"
        self.start_tour(url, "crm_policy_portal_refuse", login="t_customer")
        own = ("portal", self.customer.partner_id)
        refused = ("answer", "refused", 0, False, "返工后仍然分层", 0, 0, *own)
        self.assertEqual(self._said(case), [refused])
        self.assertEqual((case.policy_cycle, case.policy_step), (1, "registered"))
        self.assertFalse(case.policy_replied_at)
        self._tell(case, "我们为您换货")
        self.start_tour("/my/tickets", "crm_policy_portal_confirm", login="t_customer")
        self.assertEqual(
            self._said(case),
            [
                refused,
                ("answer", "confirmed", 0, False, "换货已收到", 1, 0, *own),
                ("rating", False, 5, "10", "很快", 1, 0, *own),
            ],
        )
        self.assertEqual((case.policy_cycle, case.policy_step), (1, "replied"))
        who = {"partner": self.customer.partner_id.id}
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id),
             ("type", "in", ("customer.answer", "customer.rating"))], order="id"
        )  # fmt: skip
        self.assertEqual(
            events.mapped("payload"),
            [
                {"outcome": "refused", "channel": "portal", **who},
                {"outcome": "confirmed", "channel": "portal", **who},
                {"score": 5, "nps": "10", "channel": "portal", **who},
            ],
        )


@tagged("post_install", "-at_install")
class TestTourFindings(PortalCommon, CommitteeCommon):
    browser_size = "390x844"
    touch_enabled = True

    def _round(self, case, day, factory):
        """Have the committee meet and its findings shown to the customer."""
        verdict = self._verdict(case, f"{day} 10:00", factory, 100 - factory)
        self._sign(verdict, f"{day} 10:30")
        with at(f"{day} 11:00"):
            self._by("sales_manager", verdict).action_policy_present(FINDINGS)
        return verdict

    def test_he_objects_and_agrees_to_the_next_findings(self):
        self.customer.lang = "zh_CN"
        case = self._registered("2026-03-12 14:10", partner_id=self.customer.partner_id.id)
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        self._report(case, "2026-03-13 08:50")
        url = f"/my/ticket/{case.id}"
        first = self._round(case, "2026-03-13", 70)
        with freeze_time(shanghai("2026-03-13 14:00"), tick=True):
            self.start_tour(url, "crm_policy_portal_object", login="t_customer")
        self.env.invalidate_all()
        self.assertEqual((first.state, first.objection), ("objected", "我们只承担两成"))
        second = self._round(case, "2026-03-16", 80)
        with freeze_time(shanghai("2026-03-16 14:00"), tick=True):
            self.start_tour(url, "crm_policy_portal_agree", login="t_customer")
        self.env.invalidate_all()
        self.assertEqual(
            (second.state, second.confirmed_by_id, second.policy_approval_state),
            ("agreed", self.customer.partner_id, "pending"),
        )
