"""The dialogues take the same steps as the buttons, with the rights of whoever uses them."""

import base64
from pathlib import Path

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon

PACK = Path(__file__).parents[2] / "packs" / "service.yaml"
STEPS = {
    "accept": {},
    "register": {},
    "respond": {"text": "已致电"},
    "propose": {"text": "返工"},
    "decide": {},
    "settle": {},
    "reply": {"text": "同意返工", "channel": "visit"},
    "callback": {"text": "满意", "score": "4"},
    "recheck": {"text": "无误"},
    "close": {},
}


class TestCaseWizards(PolicyCommon):
    def _step(self, role, case, step, **vals):
        wizard = self.env["crm.policy.case.step"].with_user(self.users[role])
        return wizard.create({"ticket_id": case.id, "step": step, **vals}).action_policy_confirm()

    def test_each_step_through_the_dialogue(self):
        case = self._new_case()
        for step, vals in STEPS.items():
            role = "supervisor" if step == "recheck" else "specialist"
            self._step(role, case, step, **vals)
        self.assertEqual(case.policy_step, "closed")
        self.assertEqual((case.policy_reply_text, case.policy_reply_channel), ("同意返工", "visit"))
        self.assertEqual((case.policy_callback_score, case.policy_callback_text), (4, "满意"))

    def test_the_dialogue_lends_no_right(self):
        case = self._new_case()
        for role in ("finance", "ceo", "qc", "analyst", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._step(role, case, "accept")
        with self.assertRaises(AccessError):
            self._step("specialist", case, "cancel", reason="误登")
        self._drive(case, "callback")
        with self.assertRaises(AccessError):
            self._step("specialist", case, "recheck", text="无误")
        self.assertFalse(case.policy_rechecked_at or case.policy_outcome)

    def test_the_dialogue_asks_for_what_is_missing(self):
        case = self._new_case()
        self._drive(case, "settle")
        with self.assertRaises(ValidationError):
            self._step("specialist", case, "reply", channel="phone")
        with self.assertRaises(ValidationError):
            self._step("specialist", case, "reply", text="答复", happened_earlier=True)
        self._step("specialist", case, "reply", text="答复", channel="phone")
        with self.assertRaises(ValidationError):
            self._step("specialist", case, "callback", text="满意")
        with self.assertRaises(ValidationError):
            self._step("specialist", case, "callback", score="4")

    def test_cancelling_through_the_dialogue(self):
        case = self._new_case()
        with self.assertRaises(ValidationError):
            self._step("supervisor", case, "cancel")
        self._step("supervisor", case, "cancel", reason="误登")
        self.assertEqual(case.policy_step, "cancelled")

    def test_nobody_uses_the_dialogue_of_another(self):
        case = self._new_case()
        wizard = self.env["crm.policy.case.step"].with_user(self.users["supervisor"])
        theirs = wizard.create({"ticket_id": case.id, "step": "cancel", "reason": "误登"})
        with self.assertRaises(AccessError):
            theirs.with_user(self.users["specialist"]).action_policy_confirm()

    # === SIGNING === #

    def _requested(self):
        case = self._new_case()
        remedy = self._new_remedy(case, 5000)
        self._as("specialist", remedy).action_policy_submit()
        return remedy

    def _sign(self, role, remedy, **vals):
        wizard = self.env["crm.policy.approval.sign"].with_user(self.users[role])
        vals["approval_id"] = remedy.policy_approval_id.id
        return wizard.create(vals).action_policy_confirm()

    def test_signing_through_the_dialogue(self):
        remedy = self._requested()
        for role in ("specialist", "supervisor", "finance", "policy_admin"):
            for outcome in ("approve", "reject"):
                with self.subTest(role), self.assertRaises(UserError):
                    self._sign(role, remedy, outcome=outcome, comment="意见")
        with self.assertRaisesRegex(UserError, "Say why"):
            self._sign("manager", remedy, outcome="reject")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign("manager", remedy, outcome="approve", comment="同意")
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertEqual(remedy.policy_approval_id.decision_ids.comment, "同意")
        remedy = self._requested()
        self._sign("manager", remedy, outcome="reject", comment="证据不足")
        self.assertEqual(remedy.policy_approval_state, "rejected")

    # === LOADING A PACK === #

    def _load(self, role, content=None, **vals):
        content = content or PACK.read_text().replace('number: "1"\n  tr', 'number: "2"\n  tr')
        vals.setdefault("file", base64.b64encode(content.encode()))
        wizard = self.env["crm.policy.pack.load"].with_user(self.users[role])
        return wizard.create({"company_id": self.company.id, **vals})

    def test_the_policy_administrator_checks_and_loads_a_pack(self):
        wizard = self._load("policy_admin")
        wizard.action_policy_check()
        self.assertIn("version 2 of SVC", wizard.finding)
        versions = self.version.policy_id.version_ids
        self.assertEqual(len(versions), 1, "checking writes nothing")
        action = wizard.action_policy_apply()
        version = self.env["crm.policy.version"].browse(action["res_id"])
        self.assertEqual((version.number, version.state), ("2", "draft"))
        self.assertEqual(self.version.state, "effective")

    def test_nobody_else_loads_a_pack(self):
        for role in ("specialist", "supervisor", "manager", "director", "ceo", "qc", "analyst"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._load(role)

    def test_a_pack_is_not_loaded_into_a_foreign_company(self):
        other = self._new_company("杭州分公司")
        with self.assertRaises(AccessError):
            self._load("policy_admin", company_id=other.id).action_policy_apply()
        self.assertFalse(self.env["crm.policy"].search([("company_id", "=", other.id)]))

    def test_a_broken_pack_is_refused_as_a_whole(self):
        for content in ("a: [", "- 1", "policy: {code: X}", "\x00", "x: !!python/name:os.system"):
            with self.subTest(content), self.assertRaises(ValidationError):
                self._load("policy_admin", content).action_policy_apply()
        with self.assertRaisesRegex(UserError, "Choose a pack"):
            self._load("policy_admin", file=False).action_policy_check()
