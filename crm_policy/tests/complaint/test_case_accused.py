"""Who is complained about: he neither handles the case nor decides anything on it (S3)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import COMPLETE, PolicyCommon


class TestCaseAccused(PolicyCommon):
    def _about(self, *roles, **vals):
        people = self.env["res.users"].union(*(self.users[role] for role in roles))
        vals.setdefault("user_id", self.other_specialist.id)
        return self._new_case(policy_accused_user_ids=[Command.set(people.ids)], **vals)

    def test_ma_does_not_handle_the_complaint_about_himself(self):
        with self.assertRefused(ValidationError, "complaint about t_specialist"):
            self._about("specialist", user_id=self.users["specialist"].id)
        case = self._about("specialist")
        with self.assertRefused(ValidationError, "somebody else handles it"):
            self._as("supervisor", case).user_id = self.users["specialist"]
        other = self._new_case()
        with self.assertRefused(ValidationError, "somebody else handles it"):
            self._as("supervisor", other).policy_accused_user_ids = self.users["specialist"]

    def test_he_takes_no_step_of_the_case(self):
        case = self._about("specialist")
        mine = self._as("specialist", case)
        for attempt in (mine.action_policy_accept, mine.sudo().action_policy_accept):
            with self.assertRefused(AccessError, "complaint about yourself"):
                attempt()
        case.with_user(self.other_specialist).action_policy_accept()
        supervisor = self._about("supervisor")
        with self.assertRefused(AccessError, "complaint about yourself"):
            self._as("supervisor", supervisor).action_policy_recheck("记录齐全")

    def test_he_takes_nobody_off_the_list(self):
        case = self._about("specialist", "supervisor")
        for vals in (
            {"policy_accused_user_ids": [Command.clear()]},
            {"policy_accused_user_ids": [Command.unlink(self.users["specialist"].id)]},
            {"policy_accused_user_ids": [Command.set(self.users["manager"].ids)]},
        ):
            for mine in (self._as("supervisor", case), self._as("supervisor", case).sudo()):
                with self.assertRefused(AccessError, "complaint about yourself"):
                    mine.write(vals)
        self.assertEqual(len(case.policy_accused_user_ids), 2)

    def test_others_write_the_list_and_leave_a_trace(self):
        case = self._about("specialist")
        self._as("manager", case).policy_accused_user_ids |= self.users["supervisor"]
        events = self.env["crm.policy.event"].search(
            [("type", "=", "case.accused"), ("res_id", "=", case.id)], order="id"
        )
        self.assertEqual(
            [event.payload["users"] for event in events],
            [
                self.users["specialist"].ids,
                (self.users["specialist"] | self.users["supervisor"]).ids,
            ],
        )
        self.assertEqual(events[-1].actor_id, self.users["manager"].id)

    def test_the_same_list_again_leaves_no_trace(self):
        case = self._about("specialist")
        self._as("manager", case).write(
            {"policy_accused_user_ids": [Command.set(self.users["specialist"].ids)]}
        )
        self.assertEqual(len(self._traces(case)), 1)

    def test_cases_about_nobody_leave_none(self):
        case, about = self.env["helpdesk.ticket"].create(
            [
                {"name": "x", "description": "x"},
                {
                    "name": "y",
                    "description": "y",
                    "policy_accused_user_ids": [Command.set(self.users["specialist"].ids)],
                },
            ]
        )
        self.assertFalse(self._traces(case))
        self.assertEqual(len(self._traces(about)), 1)

    def _traces(self, case):
        domain = [("type", "=", "case.accused"), ("res_id", "=", case.id)]
        return self.env["crm.policy.event"].search(domain)

    def test_he_decides_on_no_remedy(self):
        case = self._about("manager")
        remedy = self._new_remedy(case, 5000, role="supervisor")
        self._as("supervisor", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["director"])
        with self.assertRaises(UserError):
            self._as("manager", remedy).action_policy_approve("同意")
        self._as("director", remedy).action_policy_approve("同意")

    def test_who_is_named_after_the_submission_does_not_decide_either(self):
        case = self._new_case()
        remedy = self._new_remedy(case, 5000)
        self._as("specialist", remedy).action_policy_submit()
        self._as("director", case).policy_accused_user_ids = self.users["manager"]
        with self.assertRaises(UserError):
            self._as("manager", remedy).action_policy_approve("同意")
        self._as("director", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_he_grants_nothing_by_his_own_authority(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 100)
        self._as("specialist", case).action_policy_propose("赔偿")
        case._policy_guarded_write({"user_id": self.other_specialist.id})
        case.policy_accused_user_ids = self.users["specialist"]
        with self.assertRefused(AccessError, "complaint about yourself"):
            self._as("specialist", case).action_policy_decide()
        with self.assertRefused(PolicyRefusal, "nobody grants a remedy"):
            case.with_user(self.users["specialist"])._policy_check_beneficiary(remedy)
        case.with_user(self.other_specialist).action_policy_decide()

    def test_he_works_on_no_remedy(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 5000)
        self._as("specialist", case).action_policy_propose("赔偿")
        case._policy_guarded_write({"user_id": self.other_specialist.id})
        case.policy_accused_user_ids = self.users["specialist"]
        mine = self._as("specialist", remedy).sudo()
        for attempt in (
            lambda: mine.create({"ticket_id": case.id, "amount": 1}),
            lambda: mine.write({"amount": 1}),
            mine.unlink,
            mine.action_policy_submit,
        ):
            with self.assertRefused(AccessError, "complaint about yourself"):
                attempt()
        manager = self.users["manager"].id
        with self.assertRefused(PolicyRefusal, "concerns you yourself"):
            mine.action_policy_oral_yes(manager)
        remedy.with_user(self.other_specialist).action_policy_oral_yes(manager)
        with self.assertRefused(AccessError, "complaint about yourself"):
            mine.action_policy_execute_amount(5000)

    def test_he_writes_no_line_of_it(self):
        case = self._new_case()
        report = self.env["crm.policy.field.report"].create(
            {"ticket_id": case.id, "site": "现场", "facts": "起泡"}
        )
        self._as("supervisor", case).user_id = self.other_specialist
        case.policy_accused_user_ids = self.users["specialist"]
        mine = self._as("specialist", report).sudo()
        for attempt in (
            lambda: mine.create({"ticket_id": case.id, "site": "x", "facts": "x"}),
            lambda: mine.write({"facts": "无损"}),
            mine.unlink,
        ):
            with self.assertRefused(AccessError, "complaint about yourself"):
                attempt()
        report.with_user(self.other_specialist).sudo().facts = "起泡 17 处"

    def test_he_gives_no_opinion_on_it(self):
        self._install_policy("manufacturer")
        quality = self._new_user("qc", login="t_quality")
        self._new_post("quality", quality)
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id), ("code", "=", "mfr-quality")]
        )
        case = self._new_case(policy_complaint_type_id=kind.id, **COMPLETE)
        self._as("specialist", case).action_policy_accept()
        self._as("supervisor", case).policy_accused_user_ids = quality
        office = self._new_user("qc", login="t_office")
        self._new_post("gm_office", office)
        case.with_user(office).action_policy_register()
        self.assertFalse(case.policy_countersign_ids, "he is not asked by itself either")
        with self.assertRefused(UserError, "nobody holds the role"):
            self._as("supervisor", case).action_policy_ask("quality")
        colleague = self._new_user("qc", login="t_quality2")
        self._new_post("quality", quality | colleague)
        self._as("supervisor", case).action_policy_ask("quality")
        opinion = case.policy_countersign_ids
        with self.assertRaises(AccessError):
            opinion.with_user(quality).action_policy_answer("无责任")
        opinion.with_user(colleague).action_policy_answer("工艺问题")
        self.assertEqual(opinion.answered_by_id, colleague)
