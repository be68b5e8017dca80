"""Who never decides, who decides instead, and what becomes of a request whose values change."""

from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon


class TestDeciders(PolicyCommon):
    def _requested(self, amount=5000, role="specialist", **vals):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, amount, **vals)
        self._as(role, remedy).action_policy_submit()
        return remedy

    def _assert_undecided(self, remedy):
        self.assertEqual(remedy.policy_approval_state, "pending")
        self.assertEqual(remedy.policy_approval_id.state, "pending")
        self.assertFalse(remedy.policy_approval_id.decision_ids)

    # === WHO NEVER DECIDES === #

    def test_a_manager_does_not_decide_his_own_request(self):
        remedy = self._requested(role="manager")
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["director"])
        for outcome in ("approve", "reject"):
            with self.assertRaisesRegex(PolicyRefusal, "own request.*t_director"):
                getattr(self._as("manager", remedy), f"action_policy_{outcome}")("同意")
        self._assert_undecided(remedy)
        self._as("director", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_role_held_by_the_requester_alone_goes_up(self):
        remedy = self._requested(30_000, role="director")
        self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "ceo")
        with self.assertRaisesRegex(PolicyRefusal, "own request.*t_ceo"):
            self._as("director", remedy).action_policy_approve("同意")
        self._as("ceo", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_whoever_has_written_it_does_not_decide_it_whoever_submits_it(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 5000, role="manager")
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["director"])
        for outcome in ("approve", "reject"):
            with self.assertRaisesRegex(PolicyRefusal, "what he has written himself.*t_director"):
                getattr(self._as("manager", remedy), f"action_policy_{outcome}")("同意")
        with self.assertRaisesRegex(PolicyRefusal, "has no part in the decision"):
            self._as("director", remedy).action_policy_forward(self.users["manager"].id)
        self._assert_undecided(remedy)
        self._as("director", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_whoever_has_set_the_amount_does_not_decide_it(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 4000)
        self._as("manager", remedy).write({"amount": 5000})
        # Whoever writes on it afterwards does not make the manager's amount his own.
        self._as("specialist", remedy).write({"note": "含运费"})
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["director"])
        with self.assertRaisesRegex(PolicyRefusal, "what he has written himself"):
            self._as("manager", remedy).action_policy_approve("同意")

    def test_whoever_has_the_case_write_for_him_is_not_named_by_hand(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 5000)
        for attempt in (
            lambda: self._as("specialist", remedy).write({"writer_ids": [(5,)]}),
            lambda: self._new_remedy(case, 10, writer_ids=[(4, self.users["manager"].id)]),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_the_deputy_of_whoever_has_written_it_does_not_decide_it(self):
        self.env["crm.policy.delegation"].with_user(self.users["manager"]).create(
            {"to_user_id": self.users["supervisor"].id, "date_to": date.today() + timedelta(days=5)}
        )
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 5000, role="manager")
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["director"])

    def test_what_a_robot_has_written_bars_nobody(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self.env["crm.policy.remedy"].create(
            {"ticket_id": case.id, "kind": "compensation", "amount": 5000}
        )
        self._as("specialist", remedy).action_policy_submit()
        self.assertIn(self.users["manager"], remedy.policy_approval_id.eligible_user_ids)

    def test_what_only_its_writer_could_decide_is_refused_at_the_submission(self):
        case = self._new_case()
        self._drive(case, "respond")
        self.users["ceo"].active = False
        remedy = self._new_remedy(case, 30_000, role="director")
        with self.assertRaisesRegex(PolicyRefusal, "t_director.*let somebody else write"):
            self._as("specialist", remedy).action_policy_submit()
        self.assertFalse(remedy.policy_approval_id)

    def test_the_beneficiary_never_decides(self):
        remedy = self._requested(beneficiary_id=self.users["manager"].partner_id.id)
        with self.assertRaises(AccessError):
            self._as("manager", remedy).action_policy_approve("同意")
        self._assert_undecided(remedy)
        self._as("director", remedy).action_policy_approve("同意")

    def test_the_customer_of_the_case_never_decides(self):
        case = self._new_case(partner_id=self.users["manager"].partner_id.id)
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 5000)
        self._as("specialist", remedy).action_policy_submit()
        with self.assertRaises(AccessError):
            self._as("manager", remedy).action_policy_approve("同意")

    def test_whoever_is_not_asked_does_not_decide(self):
        remedy = self._requested()
        for role in ("specialist", "supervisor", "finance", "qc", "analyst", "policy_admin"):
            for user_remedy in (self._as(role, remedy), self._as(role, remedy).sudo()):
                with self.subTest(role), self.assertRaises(UserError):
                    user_remedy.action_policy_approve("同意")
        self._assert_undecided(remedy)

    def test_the_superuser_and_the_administrator_do_not_decide(self):
        remedy = self._requested()
        admin = self.env.ref("base.user_admin")
        for mine in (remedy, remedy.with_user(admin).sudo()):
            with self.assertRaises(AccessError):
                mine.action_policy_approve("同意")
        self._assert_undecided(remedy)

    def test_a_manager_of_another_company_does_not_decide(self):
        remedy = self._requested()
        other = self._new_company("杭州分公司")
        stranger = self._new_user("manager", login="t_stranger", company=other)
        self.assertNotIn(stranger, remedy.policy_approval_id.eligible_user_ids)
        for mine in (remedy.with_user(stranger), remedy.with_user(stranger).sudo()):
            with self.assertRaises(AccessError):
                mine.with_context(allowed_company_ids=other.ids).action_policy_approve("同意")
        with self.assertRaises(AccessError):
            remedy.with_user(stranger).action_policy_approve("同意")
        self._assert_undecided(remedy)

    def test_a_portal_user_does_not_decide(self):
        remedy = self._requested()
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        for mine in (remedy.with_user(portal), remedy.with_user(portal).sudo()):
            with self.assertRaises(AccessError):
                mine.action_policy_approve("同意")
        self._assert_undecided(remedy)

    # === WHO DECIDES INSTEAD === #

    def test_an_archived_approver_leaves_no_request_stuck(self):
        remedy = self._requested()
        self.users["manager"].active = False
        with self.assertRaises(UserError):
            self._as("manager", remedy).action_policy_approve("同意")
        self._as("director", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_higher_authority_decides_when_the_whole_role_has_gone(self):
        remedy = self._requested()
        (self.users["manager"] | self.users["director"]).active = False
        self._as("ceo", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_front_line_limit_is_no_higher_authority(self):
        """300 is within every specialist's limit, for his own cases: not for a colleague's."""
        remedy = self._requested(300)
        (self.users["manager"] | self.users["director"]).active = False
        with self.assertRaises(UserError):
            remedy.with_user(self.other_specialist).action_policy_approve("同意")
        self._assert_undecided(remedy)

    def test_nobody_to_decide_is_said_at_the_submission(self):
        (self.users["manager"] | self.users["director"] | self.users["ceo"]).active = False
        case = self._new_case()
        remedy = self._new_remedy(case, 5000)
        with self.assertRaisesRegex(PolicyRefusal, r"Clause 4\.2.*nobody can decide.*5,000\.00"):
            self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_state, "none")
        self.assertFalse(remedy.policy_approval_id)

    # === WHEN THE VALUES CHANGE === #

    def test_a_changed_value_voids_what_was_asked_and_what_was_signed(self):
        for signed in (False, True):
            for vals in (
                {"amount": 5001},
                {"kind": "refund"},
                {"note": "另送手机一部"},
                {"beneficiary_id": self.partner.id},
            ):
                remedy = self._requested()
                approval = remedy.policy_approval_id
                if signed:
                    self._as("manager", remedy).action_policy_approve("同意")
                self._as("specialist", remedy).write(vals)
                with self.subTest(f"signed {signed} {vals}"):
                    self.assertEqual(remedy.policy_approval_state, "none")
                    self.assertEqual(approval.state, "lapsed")
                    event = self.env["crm.policy.event"].search(
                        [("type", "=", "approval.lapsed"), ("res_id", "=", approval.id)]
                    )
                    self.assertEqual((len(event), event.clause), (1, "4.2"))

    def test_the_same_value_written_again_voids_nothing(self):
        remedy = self._requested()
        self._as("specialist", remedy).write({"amount": 5000, "kind": "compensation"})
        self._assert_undecided(remedy)

    def test_a_changed_amount_is_not_decided_whoever_changed_it(self):
        remedy = self._requested()
        self.env.flush_all()
        self.env.cr.execute("UPDATE crm_policy_remedy SET amount = 9999 WHERE id = %s", [remedy.id])
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "has changed since"):
            self._as("manager", remedy).action_policy_approve("同意")
        self._assert_undecided(remedy)

    def test_a_lapsed_request_is_not_decided_in_place_of_the_new_one(self):
        remedy = self._requested()
        seen = remedy.policy_approval_id
        self._as("specialist", remedy).write({"amount": 9000})
        for outcome in ("approve", "reject"):
            with self.assertRaises(UserError):
                getattr(self._as("manager", seen), f"action_policy_{outcome}")("同意")
        self._as("specialist", remedy).action_policy_submit()
        with self.assertRaisesRegex(UserError, "replaced by a new request"):
            self._as("manager", seen).action_policy_approve("同意")
        self._assert_undecided(remedy)
        self._as("manager", remedy.policy_approval_id).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_cancelled_case_asks_for_nothing_any_more(self):
        remedy = self._requested()
        approval, case = remedy.policy_approval_id, remedy.ticket_id
        self._as("supervisor", case).action_policy_cancel("客户撤诉")
        self.assertEqual((approval.state, remedy.policy_approval_state), ("lapsed", "none"))
        self.assertFalse(approval.with_user(self.users["manager"]).can_decide)
        with self.assertRaises(UserError):
            self._as("manager", approval).action_policy_approve("同意")
        with self.assertRaisesRegex(UserError, "is ended"):
            self._as("specialist", remedy).action_policy_submit()
        with self.assertRaisesRegex(UserError, "is ended"):
            self._new_remedy(case, 1)

    # === THE SIGNATURE === #

    def test_a_rejection_needs_a_comment(self):
        remedy = self._requested()
        for comment in (None, "", "   ", "\n\t"):
            with self.assertRaisesRegex(UserError, "Say why"):
                self._as("manager", remedy).action_policy_reject(comment)
        self._assert_undecided(remedy)
        self._as("manager", remedy).action_policy_reject("证据不足")
        self.assertEqual(remedy.policy_approval_state, "rejected")
        decision = remedy.policy_approval_id.decision_ids
        self.assertEqual((decision.outcome, decision.comment), ("rejected", "证据不足"))

    def test_what_is_decided_is_not_decided_again(self):
        for outcome in ("approve", "reject"):
            remedy = self._requested()
            getattr(self._as("manager", remedy), f"action_policy_{outcome}")("意见")
            for role in ("manager", "director"):
                for again in ("approve", "reject"):
                    with self.assertRaisesRegex(UserError, "already"):
                        getattr(self._as(role, remedy), f"action_policy_{again}")("意见")
            self.assertEqual(len(remedy.policy_approval_id.decision_ids), 1)

    def test_what_is_submitted_is_not_submitted_again(self):
        remedy = self._requested()
        with self.assertRaisesRegex(UserError, "submitted already"):
            self._as("specialist", remedy).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        with self.assertRaisesRegex(UserError, "submitted already"):
            self._as("specialist", remedy).action_policy_submit()

    def test_what_was_never_submitted_is_not_decided(self):
        remedy = self._new_remedy(self._new_case(), 5000)
        with self.assertRaisesRegex(UserError, "not submitted"):
            self._as("manager", remedy).action_policy_approve("同意")

    def test_only_the_window_submits(self):
        remedy = self._new_remedy(self._new_case(), 5000)
        for role in ("finance", "ceo", "qc", "analyst", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, remedy).action_policy_submit()
        with self.assertRaisesRegex(UserError, "no remedy to submit"):
            self._as("specialist", self._new_case()).action_policy_submit()

    def test_what_was_submitted_is_kept(self):
        remedy = self._requested()
        self._as("manager", remedy).action_policy_reject("证据不足")
        with self.assertRaisesRegex(UserError, "kept, not deleted"):
            self._as("specialist", remedy).unlink()

    def test_who_sees_requests_and_remedies(self):
        """They follow the case; another employee sees what he asked for or may decide."""
        plain = new_test_user(
            self.env,
            login="t_plain",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        head = plain.copy({"login": "t_head"})
        role = self.env["crm.policy.role"].search(
            [("code", "=", "manager"), ("company_id", "=", self.company.id)]
        )
        role.write({"kind": "user", "user_id": head.id})
        remedy = self._requested()
        request = remedy.policy_approval_id
        self.assertEqual(request.eligible_user_ids, head)
        for record in (remedy, request, request.step_ids):
            with self.subTest(record._name):
                self.assertTrue(record.with_user(head).has_access("read"))
                self.assertTrue(self._as("analyst", record).has_access("read"))
                self.assertFalse(record.with_user(plain).has_access("read"))
                self.assertFalse(record.with_user(plain).search([("id", "in", record.ids)]))
        remedy.with_user(head).action_policy_approve("同意")
        self.env.flush_all()
        for record in (remedy, request, request.step_ids, request.decision_ids):
            self.assertTrue(record.with_user(head).has_access("read"))
            self.assertFalse(record.with_user(plain).has_access("read"))

    def test_my_requests_are_those_that_i_may_decide(self):
        remedy = self._requested()
        approval = remedy.policy_approval_id
        for role, mine in (("manager", True), ("director", True), ("ceo", False)):
            approvals = self.env["crm.policy.approval"].with_user(self.users[role])
            with self.subTest(role):
                self.assertEqual(approval in approvals.search([("can_decide", "=", True)]), mine)
                self.assertEqual(approval.with_user(self.users[role]).can_decide, mine)
