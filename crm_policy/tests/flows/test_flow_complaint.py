"""One complaint from intake to close, under its policy (S2 in small)."""

from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon, at, shanghai


class TestFlowComplaint(PolicyCommon):
    def test_complaint_from_intake_to_close(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self.assertEqual(case.policy_step, "received")
            self.assertEqual(case.policy_version_id, self.version)
            self.assertFalse(case.policy_number)
            self._as("specialist", case).action_policy_accept()
        due = {line.rule_code: line.due_at for line in case.policy_deadline_ids}
        self.assertEqual(
            due,
            {
                "complaint-response": shanghai("2026-03-03 10:20"),
                "complaint-solution": shanghai("2026-03-04 10:20"),
            },
        )
        with at("2026-03-03 09:15"):
            self._as("specialist", case).action_policy_register()
            self.assertEqual(case.policy_number, "260301")
            self._as("specialist", case).action_policy_respond("已致电")
            remedy = (
                self.env["crm.policy.remedy"]
                .with_user(self.users["specialist"])
                .create({"ticket_id": case.id, "kind": "compensation", "amount": 5000})
            )
            self._as("specialist", case).action_policy_propose("赔偿并返工")
        with self.assertRaisesRegex(PolicyRefusal, r"4\.1.*5,000\.00.*500\.00") as refusal:
            self._as("specialist", case).action_policy_decide()
        self.assertIn(self.users["manager"].name, str(refusal.exception))
        self._as("specialist", case).action_policy_submit()
        self.assertEqual(case.policy_next_action, "wait")
        with self.assertRaises(UserError):
            self._as("specialist", case).action_policy_decide()
        approval = remedy.policy_approval_id
        self._as("manager", approval).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")
        self._as("specialist", case).action_policy_decide()
        self._as("specialist", case).action_policy_settle()
        self._as("specialist", case).action_policy_reply("同意赔偿", "phone")
        with self.assertRaisesRegex(UserError, r"Clause 3\.6.*Called Back At \(3\.5\).*\(3\.6\)"):
            self._as("specialist", case).action_policy_close()
        self._as("specialist", case).action_policy_callback(4, "满意")
        self._as("qc", case).action_policy_recheck("记录齐全")
        with self.assertRaisesRegex(UserError, r"Receipt \(4\.7\): .*5,000\.00, to be ackn"):
            self._as("specialist", case).action_policy_close()
        self._receive(remedy)
        self.assertEqual(remedy.executed_amount, 5000)
        self._as("specialist", case).action_policy_close()
        self.assertEqual(case.policy_step, "closed")
        self.assertTrue(case.stage_id.closed)
        self.assertTrue(case.closed_date)
