"""Return, recall, add, forward, copy, remind: what was signed stays as it was signed."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..approval_common import ApprovalCommon
from ..common import at


class TestApprovalTurns(ApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_route("manager", "finance", "ceo")

    def _mails(self, remedy):
        self.env.cr.precommit.run()  # people are told once per transaction
        return self.env["mail.message"].search(
            [
                ("model", "=", "crm.policy.approval"),
                ("res_id", "=", remedy.policy_approval_id.id),
            ]
        )

    def test_who_has_asked_for_what_is_in_the_ledger(self):
        [event] = self._events(self._submitted(5000), "approval.submitted")
        self.assertEqual(
            (event.actor_id, event.payload["amount"]), (self.users["specialist"].id, 5000)
        )

    # === RETURN === #

    def test_returned_to_an_earlier_step_the_rest_is_signed_anew(self):
        remedy = self._submitted()
        self._sign(remedy, "manager", "finance")
        request = remedy.policy_approval_id
        first = request.step_ids[0]
        self._as("ceo", remedy).action_policy_return(first.id, "金额依据不足")
        self.assertEqual(
            self._steps(remedy),
            [
                ("manager", "returned"),
                ("finance", "returned"),
                ("ceo", "returned"),
                ("manager", "pending"),
                ("finance", "waiting"),
                ("ceo", "waiting"),
            ],
        )
        self.assertEqual(self._who(remedy), ["director", "manager"])
        self.assertEqual(len(request.decision_ids), 3)
        self.assertEqual(
            request.decision_ids.mapped("outcome"), ["approved", "approved", "returned"]
        )
        self.assertEqual(request.decision_ids[-1:].comment, "金额依据不足")
        self._sign(remedy, "manager", "finance", "ceo2")
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertEqual(len(request.decision_ids), 6)

    def test_returned_in_the_middle_the_later_steps_wait_behind(self):
        remedy = self._submitted()
        self._sign(remedy, "manager")
        first = remedy.policy_approval_id.step_ids[0]
        self._as("finance", remedy).action_policy_return(first.id, "补充说明")
        self._sign(remedy, "director", "finance")
        self.assertEqual(
            self._steps(remedy)[2:],
            [("manager", "approved"), ("finance", "approved"), ("ceo", "pending")],
        )

    def test_returned_in_the_middle_what_was_signed_before_stays(self):
        remedy = self._submitted()
        self._sign(remedy, "manager", "finance")
        second = remedy.policy_approval_id.step_ids[1]
        self._as("ceo", remedy).action_policy_return(second.id, "请财务核对")
        self.assertEqual(
            self._steps(remedy),
            [
                ("manager", "approved"),
                ("finance", "returned"),
                ("ceo", "returned"),
                ("finance", "pending"),
                ("ceo", "waiting"),
            ],
        )

    def test_returned_to_the_requester_he_changes_it_and_asks_anew(self):
        remedy = self._submitted()
        former = remedy.policy_approval_id
        self._as("manager", former).action_policy_return(None, "请减少金额")
        self.assertEqual((former.state, remedy.policy_approval_state), ("returned", "none"))
        self.assertFalse(former.eligible_user_ids)
        self.assertIn("请减少金额", self._mails(remedy)[:1].body)
        self._as("specialist", remedy).write({"amount": 4000})
        self._as("specialist", remedy).action_policy_submit()
        self.assertNotEqual(remedy.policy_approval_id, former)
        self.assertEqual(remedy.policy_approval_id.amount, 4000)
        self.assertEqual(former.amount, 5000)
        with self.assertRaisesRegex(UserError, "replaced by a new request"):
            self._as("manager", former).action_policy_approve("同意")

    def test_a_return_needs_its_reason_and_a_step_that_was_signed(self):
        remedy = self._submitted()
        steps = remedy.policy_approval_id.step_ids
        other = self._submitted().policy_approval_id.step_ids
        self._sign(remedy, "manager")
        for comment in (None, "", "  "):
            with self.assertRaisesRegex(UserError, "Say why you return"):
                self._as("finance", remedy).action_policy_return(steps[0].id, comment)
        for step in (steps[1], steps[2], other[0]):
            with self.assertRaisesRegex(UserError, "signed before"):
                self._as("finance", remedy).action_policy_return(step.id, "理由")
        with self.assertRaises(AccessError):
            self._as("manager", remedy).action_policy_return(None, "理由")
        self.assertEqual(self._steps(remedy)[1], ("finance", "pending"))

    # === RECALL === #

    def test_who_has_asked_takes_it_back_and_asks_anew(self):
        remedy = self._submitted()
        former = remedy.policy_approval_id
        self._sign(remedy, "manager")
        self._as("specialist", remedy).action_policy_recall()
        self.assertEqual((former.state, remedy.policy_approval_state), ("recalled", "none"))
        self.assertEqual(
            self._steps(remedy),
            [("manager", "approved"), ("finance", "skipped"), ("ceo", "waiting")],
        )
        self.assertEqual(len(self._events(former, "approval.recalled")), 1)
        with self.assertRaises(UserError):
            self._sign(remedy, "finance")
        with self.assertRaisesRegex(UserError, "already"):
            self._as("specialist", former).action_policy_recall()
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(self._steps(remedy)[0], ("manager", "pending"))

    def test_nobody_else_takes_it_back_and_nobody_what_is_decided(self):
        remedy = self._submitted()
        for role in ("manager", "director", "ceo", "supervisor"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, remedy).action_policy_recall()
        self._sign(remedy, "manager", "finance", "ceo")
        with self.assertRaisesRegex(UserError, "already"):
            self._as("specialist", remedy).action_policy_recall()
        self.assertEqual(remedy.policy_approval_state, "approved")

    # === ADD A SIGNER === #

    def test_a_signer_is_added_before_and_it_comes_back(self):
        remedy = self._submitted()
        qc = self.users["qc"]
        self._as("manager", remedy).action_policy_add_signer(
            qc.id, before=True, comment="请质量部核实"
        )
        self.assertEqual(
            self._steps(remedy),
            [
                ("manager", "skipped"),
                ("t_qc", "pending"),
                ("manager", "waiting"),
                ("finance", "waiting"),
                ("ceo", "waiting"),
            ],
        )
        self.assertEqual(self._who(remedy), ["qc"])
        with self.assertRaises(AccessError):
            self._sign(remedy, "manager")
        self._sign(remedy, "qc", "manager", "finance", "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")
        added = remedy.policy_approval_id.decision_ids[0]
        self.assertEqual((added.outcome, added.to_user_id), ("added", qc))

    def test_a_signer_is_added_after(self):
        remedy = self._submitted()
        self._as("manager", remedy).action_policy_add_signer(self.users["qc"].id)
        self._as("manager", remedy).action_policy_add_signer(self.users["analyst"].id)
        self.assertEqual(
            [name for name, _state in self._steps(remedy)],
            ["manager", "t_analyst", "t_qc", "finance", "ceo"],
        )
        # To add somebody is no signature.
        self._sign(remedy, "manager", "analyst")
        self.assertEqual(self._who(remedy), ["qc"])
        self._as("qc", remedy).action_policy_reject("检验合格")
        self.assertEqual(remedy.policy_approval_state, "rejected")

    def test_nobody_is_put_before_those_who_have_signed(self):
        self._set_route({"role": "ceo", "mode": "all"})
        remedy = self._submitted()
        self._sign(remedy, "ceo")
        with self.assertRaisesRegex(UserError, "signed this step already"):
            self._as("ceo2", remedy).action_policy_add_signer(self.users["qc"].id, before=True)
        self._as("ceo2", remedy).action_policy_add_signer(self.users["qc"].id)
        self._sign(remedy, "ceo2", "ceo3", "qc")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_nobody_is_put_before_those_who_have_rejected(self):
        self._set_route({"role": "ceo", "mode": "majority"})
        remedy = self._submitted()
        self._as("ceo", remedy).action_policy_reject("不同意")
        with self.assertRaisesRegex(UserError, "signed this step already"):
            self._as("ceo2", remedy).action_policy_add_signer(self.users["qc"].id, before=True)

    def test_only_who_may_decide_adds_forwards_and_returns(self):
        remedy = self._submitted()
        qc, director = self.users["qc"].id, self.users["director"].id
        for role in ("specialist", "finance", "analyst"):
            mine = self._as(role, remedy)
            for attempt in (
                lambda mine=mine: mine.action_policy_add_signer(qc),
                lambda mine=mine: mine.action_policy_add_signer(qc, before=True),
                lambda mine=mine: mine.action_policy_forward(director, "请处理"),
                lambda mine=mine: mine.action_policy_return(None, "理由"),
            ):
                with self.subTest(role), self.assertRaises(UserError):
                    attempt()
        self.assertEqual(self._steps(remedy)[0], ("manager", "pending"))

    # === FORWARD === #

    def test_forwarded_to_one_who_could_decide_it(self):
        remedy = self._submitted()
        director = self.users["director"]
        self._as("manager", remedy).action_policy_forward(director.id, "请总监定")
        self.assertEqual(
            self._steps(remedy)[:3],
            [("manager", "skipped"), ("t_director", "pending"), ("finance", "waiting")],
        )
        self.assertEqual(self._who(remedy), ["director"])
        with self.assertRaises(AccessError):
            self._sign(remedy, "manager")
        decision = remedy.policy_approval_id.decision_ids
        self.assertEqual(
            (decision.outcome, decision.user_id, decision.to_user_id, decision.comment),
            ("forwarded", self.users["manager"], director, "请总监定"),
        )
        [event] = self._events(remedy, "approval.forwarded")
        self.assertEqual(event.payload["to"], director.id)
        self._as("director", remedy).action_policy_forward(self.users["manager"].id, "由您决定")
        self.assertEqual(self._who(remedy), ["manager"])
        self._sign(remedy, "manager", "finance", "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_forwarded_up_the_chain_of_managers(self):
        remedy = self._submitted()
        boss = self._new_employee(self.users["qc"])
        employee = self._new_employee(self.users["finance"], parent_id=boss.id)
        self.assertEqual(employee.parent_id, boss)
        self._sign(remedy, "manager")
        with self.assertRaisesRegex(PolicyRefusal, "analyst.* cannot decide"):
            self._as("finance", remedy).action_policy_forward(self.users["analyst"].id, "请阅")
        self._as("finance", remedy).action_policy_forward(self.users["qc"].id, "请领导定")
        self.assertEqual(self._who(remedy), ["qc"])
        self._sign(remedy, "qc", "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_not_forwarded_to_whom_the_amount_exceeds(self):
        self._set_route()
        remedy = self._submitted(30_000)
        self.assertEqual(self._who(remedy), ["director"])
        self._new_employee(
            self.users["director"], parent_id=self._new_employee(self.users["manager"]).id
        )
        for role in ("manager", "specialist", "analyst"):
            with self.subTest(role), self.assertRaises(PolicyRefusal):
                self._as("director", remedy).action_policy_forward(self.users[role].id, "请处理")
        # A manager of the director whom no limit names has no authority over an amount either.
        self._new_employee(
            self.users["director"], parent_id=self._new_employee(self.users["qc"]).id
        )
        with self.assertRaises(PolicyRefusal):
            self._as("director", remedy).action_policy_forward(self.users["qc"].id, "请处理")
        self._as("director", remedy).action_policy_forward(self.users["ceo"].id, "请总经理定")
        self._sign(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_to_whom_it_was_forwarded_needs_his_limit_at_the_signature(self):
        self._set_route()
        remedy = self._submitted(30_000)
        ceo = self.users["ceo2"]
        self._as("director", remedy).action_policy_forward(ceo.id, "请总经理定")
        ceo.group_ids -= self.env.ref("crm_policy.group_ceo")
        remedy.policy_approval_id._policy_keep_deciders()
        self.assertEqual(self._who(remedy), ["director"])
        with self.assertRaises(AccessError):
            self._sign(remedy, "ceo2")

    def test_not_forwarded_to_whom_has_signed_an_earlier_step(self):
        remedy = self._submitted()
        boss = self._new_employee(self.users["manager"])
        self._new_employee(self.users["finance"], parent_id=boss.id)
        self._sign(remedy, "manager")
        with self.assertRaisesRegex(PolicyRefusal, "manager.* cannot decide"):
            self._as("finance", remedy).action_policy_forward(self.users["manager"].id, "请处理")
        self._as("finance", remedy).action_policy_forward(self.users["director"].id, "请处理")
        self._sign(remedy, "director", "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_delegate_forwards_up_the_chain_of_his_principal(self):
        manager, deputy = self.users["manager"], self.users["supervisor"]
        analyst, qc = self.users["analyst"], self.users["qc"]
        self._new_employee(deputy, parent_id=self._new_employee(analyst).id)
        self._new_employee(manager, parent_id=self._new_employee(qc).id)
        with at("2026-03-02 10:00"):
            self.env["crm.policy.delegation"].with_user(manager).create(
                {"to_user_id": deputy.id, "date_to": "2026-03-06"}
            )
            remedy = self._submitted()
            mine = remedy.with_user(deputy)
            with self.assertRefused(PolicyRefusal, "analyst.* cannot decide"):
                mine.action_policy_forward(analyst.id, "请处理")
            mine.action_policy_forward(qc.id, "请处理")
            self.assertEqual(self._who(remedy), ["qc"])

    def test_who_has_asked_takes_no_part_though_another_has_written_it(self):
        """He submits what he has not written: only his request bars him."""
        remedy = self._submitted(role="director")
        director = self.users["director"]
        for attempt in (
            lambda mine: mine.action_policy_forward(director.id),
            lambda mine: mine.action_policy_add_signer(director.id),
        ):
            with self.assertRefused(PolicyRefusal, "has asked for it"):
                attempt(self._as("manager", remedy))
        self.assertEqual(self._who(remedy), ["manager"])

    def test_nobody_forwards_to_himself(self):
        remedy = self._submitted()
        with self.assertRefused(PolicyRefusal, "t_manager.* cannot decide"):
            self._as("manager", remedy).action_policy_forward(self.users["manager"].id)
        self.assertEqual(self._steps(remedy)[0], ("manager", "pending"))

    def test_several_requests_are_not_returned_to_the_step_of_one(self):
        first, second = self._submitted(), self._submitted()
        self._sign(first | second, "manager")
        step = first.policy_approval_id.step_ids[0]
        with self.assertRefused(ValidationError, "one step of the request"):
            self._as("finance", first | second).action_policy_return(step.id, "补材料")
        self.assertEqual(self._who(second), ["finance"])

    def test_a_place_that_was_handed_over_does_not_come_back_twice(self):
        remedy = self._submitted()
        self._sign(remedy, "manager")
        self._as("finance", remedy).action_policy_forward(self.users["director"].id)
        self._sign(remedy, "director")
        first = remedy.policy_approval_id.step_ids[0]
        self._as("ceo", remedy).action_policy_return(first.id, "金额依据不足")
        self.assertEqual(
            self._steps(remedy),
            [
                ("manager", "returned"),
                ("finance", "skipped"),
                ("t_director", "returned"),
                ("ceo", "returned"),
                ("manager", "pending"),
                ("t_director", "waiting"),
                ("ceo", "waiting"),
            ],
        )

    def test_a_voice_among_several_is_not_handed_over(self):
        self._set_route({"role": "ceo", "mode": "majority"})
        remedy = self._submitted()
        with self.assertRaisesRegex(UserError, "decided by several together"):
            self._as("ceo", remedy).action_policy_forward(self.users["ceo2"].id, "请处理")

    def test_forwarded_to_somebody_who_leaves_it_goes_back_to_the_role(self):
        remedy = self._submitted()
        self._as("manager", remedy).action_policy_forward(self.users["director"].id, "请定")
        self.users["director"].active = False
        remedy.policy_approval_id._policy_keep_deciders()
        self.assertEqual(self._who(remedy), ["manager"])
        self._sign(remedy, "manager")
        self.assertEqual(self._steps(remedy)[1], ("t_director", "approved"))

    # === COPY AND REMIND === #

    def test_a_copy_lets_him_read_and_tells_him(self):
        remedy = self._submitted()
        request, reader = remedy.policy_approval_id, self._new_user("legal", login="t_reader")
        self.assertFalse(request.with_user(reader).has_access("read"))
        self._as("specialist", remedy).action_policy_copy([reader.id])
        self.assertTrue(request.with_user(reader).has_access("read"))
        self.assertTrue(request.step_ids.with_user(reader).has_access("read"))
        self.assertFalse(remedy.with_user(reader).has_access("read"))
        self.assertIn(reader.partner_id, self._mails(remedy).notified_partner_ids)
        self._as("specialist", remedy).action_policy_copy([reader.id])
        self.assertEqual(len(self._events(remedy, "approval.copied")), 1)
        for method in ("approve", "reject"):
            with self.assertRaises(AccessError):
                getattr(request.with_user(reader), f"action_policy_{method}")("同意")
        with self.assertRaises(AccessError):
            request.with_user(reader).action_policy_copy([self.users["qc"].id])
        # The analyst reads all cases; he has no part in this request.
        with self.assertRaisesRegex(AccessError, "copied to others by"):
            self._as("analyst", remedy).action_policy_copy([self.users["qc"].id])

    def test_the_route_copies(self):
        role = self._role_of("finance")
        self._set_route("manager", copy_role_ids=[(6, 0, role.ids)])
        remedy = self._submitted()
        self.assertEqual(remedy.policy_approval_id.copy_user_ids, self.users["finance"])
        self.assertEqual(self._who(remedy), ["director", "manager"])
        # Not to whom it concerns.
        remedy = self._submitted(beneficiary_id=self.users["finance"].partner_id.id)
        self.assertFalse(remedy.policy_approval_id.copy_user_ids)

    def test_reminded_once_in_the_hours_of_the_policy(self):
        with at("2026-03-03 10:00"):
            remedy = self._submitted()
            self._as("specialist", remedy).action_policy_remind()
        notified = self._mails(remedy).notified_partner_ids
        self.assertEqual(notified, (self.users["manager"] | self.users["director"]).partner_id)
        with at("2026-03-03 13:59"), self.assertRaisesRegex(PolicyRefusal, r"less than 4 hours"):
            self._as("specialist", remedy).action_policy_remind()
        with at("2026-03-03 14:00"):
            self._as("specialist", remedy).action_policy_remind()
        self.assertEqual(len(self._events(remedy, "approval.reminded")), 2)
        with self.assertRaises(AccessError):
            self._as("manager", remedy).action_policy_remind()

    # === THE CLOCK OF A STEP === #

    def _clocks(self, remedy):
        steps = remedy.policy_approval_id.step_ids
        clocks = self.env["crm.policy.deadline"].search(
            [("res_model", "=", steps._name), ("res_id", "in", steps.ids)], order="id"
        )
        return [(clock.rule_code, clock.state) for clock in clocks]

    def test_each_step_has_its_time_from_its_opening(self):
        with at("2026-03-06 17:00"):
            remedy = self._submitted()
        step = remedy.policy_approval_id.step_ids[0]
        clock = step.policy_deadline_ids
        self.assertEqual(clock.clause_number, "4.6")
        self.assertEqual(
            clock.due_at - timedelta(hours=10), fields.Datetime.to_datetime("2026-03-09")
        )
        self.assertFalse(clock.user_id)
        self.assertEqual(clock.role_id.code, "signer")
        with at("2026-03-10 09:00"):
            self._sign(remedy, "manager")
        self.assertEqual(
            self._clocks(remedy), [("approval-step", "late"), ("approval-step", "open")]
        )
        second = remedy.policy_approval_id.step_ids[1]
        self.assertEqual(second.policy_deadline_ids.user_id, self.users["finance"])
        self.assertEqual(second.user_id, self.users["finance"])
        with at("2026-03-10 10:00"):
            self._as("specialist", remedy).action_policy_recall()
        self.assertEqual(self._clocks(remedy)[1], ("approval-step", "cancelled"))
