"""Registering calls in a real browser, and what a phone system may open."""

from urllib.parse import parse_qs, urlsplit

from odoo.tests import HttpCase, new_test_user, tagged

from ..common import PolicyCommon

ADDRESS = "/odoo/policy-call?number=051265551234&ref=call-9&rings=4"


@tagged("post_install", "-at_install")
class TestTourCall(HttpCase, PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.phone = "+86 512 6555 1234"

    def _cases(self):
        return self.env["helpdesk.ticket"].search([("company_id", "=", self.company.id)])

    def test_by_keyboard(self):
        before = self._new_case(policy_kind="inquiry", name="询问交期")
        mine = "/odoo/action-crm_policy.case_action_mine"
        self.start_tour(mine, "crm_policy_call_keyboard", login="t_specialist")
        inquiry, complaint = (self._cases() - before).sorted("id", reverse=True)
        self.assertEqual(complaint.name, "外箱破损")
        self.assertEqual(complaint.policy_order_ref, "S00125")
        self.assertEqual(
            (complaint.policy_quantity, complaint.policy_defective_quantity), (100, 50)
        )
        self.assertEqual(complaint.partner_id, self.partner)
        self.assertEqual(inquiry.policy_response_text, "周五发货")
        self.assertTrue(inquiry.policy_closed_at)

    def test_a_phone_system_opens_the_dialog_and_later_the_case(self):
        self.start_tour(ADDRESS, "crm_policy_call_incoming", login="t_specialist")
        case = self._cases()
        self.assertEqual(case.policy_call_ref, "call-9")
        self.assertEqual(case.policy_rings, 4)
        self.assertTrue(case.policy_rang_long)
        self.start_tour(ADDRESS, "crm_policy_call_known", login="t_specialist")
        self.assertEqual(self._cases(), case)

    def test_the_address_alone_creates_nothing_and_survives_the_login(self):
        answer = self.url_open(ADDRESS, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        target = urlsplit(answer.headers["Location"])
        self.assertEqual(target.path, "/web/login")
        self.assertEqual(parse_qs(target.query)["redirect"], [ADDRESS])
        self.authenticate("t_specialist", "t_specialist")
        self.assertEqual(self.url_open(ADDRESS).status_code, 200)
        self.assertFalse(self._cases())
        self.assertFalse(self.env["crm.policy.call"].search([]))

    def test_nothing_of_it_over_rpc_for_the_portal(self):
        new_test_user(self.env, "t_portal_rpc", groups="base.group_portal")
        self.authenticate("t_portal_rpc", "t_portal_rpc")
        calls = [
            ("action_policy_incoming", ["051265551234", "call-9", "1"]),
            ("create", [[{"caller": "051265551234"}]]),
            ("action_policy_save", [[1]]),
            ("onchange", [[], {}, [], {"card": {}}]),
        ]
        for method, args in calls:
            with self.subTest(method=method):
                answer = self.url_open(
                    f"/web/dataset/call_kw/crm.policy.call/{method}",
                    json={
                        "params": {
                            "model": "crm.policy.call",
                            "method": method,
                            "args": args,
                            "kwargs": {},
                        }
                    },
                ).json()
                self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")
