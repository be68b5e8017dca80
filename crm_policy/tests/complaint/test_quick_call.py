"""Registering a call: who is found, what is seen, what is refused, and what comes of it."""

from odoo.tests import Form

from ..common import PolicyCommon, at


class TestQuickCall(PolicyCommon):
    def test_smoke(self):
        Call = self.env["crm.policy.call"].with_user(self.users["specialist"])
        self.partner.phone = "+86 512 6555 1234"
        form = Form(Call)
        form.caller = "0512-65551234"
        self.assertEqual(form.partner_id, self.partner)
        form.kind = "complaint"
        form.what = "PCB 分层\n150 片"
        call = form.save()
        call.action_policy_save()
        print(call.result, call.card)
