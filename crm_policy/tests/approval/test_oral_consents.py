"""A leader agrees orally and signs within 24 hours (AUT-FRONT-02)."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import at
from .authority_common import AuthorityCommon


class TestOralConsents(AuthorityCommon):
    def _asked(self, amount=5000, leader="manager", **vals):
        """Return a case and a remedy to which a leader has agreed orally."""
        case, remedy = self._proposed_case(amount)
        self._as("specialist", remedy).action_policy_oral_yes(self.users[leader].id, **vals)
        return case, remedy

    def _consent(self, remedy):
        return self.env["crm.policy.oral.consent"].search([("res_id", "=", remedy.id)])

    def _events(self, kind):
        return self.env["crm.policy.event"].search(
            [("type", "=", kind), ("company_id", "=", self.company.id)]
        )

    # === THE WORD === #

    def test_on_his_word_it_is_carried_out_and_waits_for_him(self):
        with at("2026-03-02 10:00"):
            case, remedy = self._asked(comment="电话请示，经理同意")
            consent = self._consent(remedy)
            self.assertEqual(
                (consent.user_id, consent.requester_id, consent.comment, consent.clause_id.number),
                (self.users["manager"], self.users["specialist"], "电话请示，经理同意", "4.4"),
            )
            clock = consent.policy_deadline_ids
            self.assertEqual(str(clock.due_at), "2026-03-03 02:00:00")  # 24 hours
            self.assertEqual(clock.user_id, self.users["manager"])
            request = remedy.policy_approval_id
            self.assertEqual(request.state, "pending")
            self.assertEqual(request.eligible_user_ids, self.users["manager"])
            self.assertTrue(remedy._policy_may_execute())
            self._as("specialist", case).action_policy_decide()
            self.assertTrue(case.policy_decided_at)
            self._as("specialist", remedy).action_policy_execute_amount(5000)
            self.assertEqual(remedy.executed_amount, 5000)
            [event] = self._events("oral.agreed")
            self.assertEqual(event.payload["leader"], self.users["manager"].id)
            self.assertEqual(event.actor_id, self.users["specialist"].id)
        with at("2026-03-03 09:59"):
            self._as("manager", remedy).action_policy_approve("补签")
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertEqual(clock.state, "met")
        self.assertEqual(consent.signed_by_id, self.users["manager"])

    def test_without_a_word_nothing_is_carried_out(self):
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_submit()
        self.assertFalse(remedy._policy_may_execute())
        with self.assertRefused(PolicyRefusal, "Clause 4.2.*once it is decided.*t_manager"):
            self._as("specialist", remedy).action_policy_execute_amount(5000)

    def test_the_leader_is_competent_for_the_amount(self):
        _case, remedy = self._proposed_case(10_000.01)
        for leader, words in (
            ("manager", r"Clause 4\.2.*t_manager.*may not decide.*10,000\.01.*t_director"),
            ("finance", "may not decide"),
            ("supervisor", "may not decide"),
        ):
            with self.subTest(leader), self.assertRefused(PolicyRefusal, words):
                self._as("specialist", remedy).action_policy_oral_yes(self.users[leader].id)
        self.assertFalse(self._consent(remedy))
        self.assertEqual(remedy.policy_approval_state, "none")
        self._as("specialist", remedy).action_policy_oral_yes(self.users["ceo"].id)
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["ceo"])

    def test_who_cannot_agree(self):
        _case, remedy = self._proposed_case(5000)
        mine = self._as("specialist", remedy)
        self.users["director"].active = False
        for leader in (self.users["director"].id, 10**9, "1", True, None, self.env.uid):
            with self.subTest(leader), self.assertRaises(ValidationError):
                mine.action_policy_oral_yes(leader)
        with self.assertRefused(PolicyRefusal, "has asked for it"):
            self._as("manager", remedy).action_policy_oral_yes(self.users["manager"].id)
        with self.assertRaises(AccessError):
            self._as("finance", remedy).action_policy_oral_yes(self.users["manager"].id)

    def test_a_leader_without_room_in_his_total_cannot_agree(self):
        self._set(
            self._line("manager"),
            cumulative_amount=4999.99,
            cumulative_per="approver",
            cumulative_period="month",
        )
        _case, remedy = self._proposed_case(5000)
        with self.assertRefused(PolicyRefusal, "may not decide"):
            self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)

    def test_a_word_of_yesterday_only_within_the_clause_and_with_a_reason(self):
        _case, remedy = self._proposed_case(5000)
        mine, manager = self._as("specialist", remedy), self.users["manager"].id
        with at("2026-12-02 10:00"):
            with self.assertRefused(PolicyRefusal, "limit is 24 hours"):
                mine.action_policy_oral_yes(manager, at="2026-12-01 01:00:00", comment="昨日电话")
            with self.assertRefused(ValidationError, "reason"):
                mine.action_policy_oral_yes(manager, at="2026-12-01 08:00:00")
            mine.action_policy_oral_yes(manager, at="2026-12-01 08:00:00", comment="昨日电话")
        self.assertEqual(str(self._consent(remedy).policy_agreed_at), "2026-12-01 08:00:00")

    def test_a_policy_without_a_time_for_the_signature_knows_no_word(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET model_name = 'gone' WHERE code = 'oral-signature'"
        )
        self.env.invalidate_all()
        _case, remedy = self._proposed_case(5000)
        with self.assertRefused(PolicyRefusal, "knows no oral consent"):
            self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)

    # === UNTIL HE SIGNS === #

    def test_what_was_carried_out_on_a_word_is_neither_changed_nor_taken_back(self):
        _case, remedy = self._asked()
        mine = self._as("specialist", remedy)
        for attempt in (
            lambda: mine.write({"amount": 1}),
            lambda: mine.write({"note": "x"}),
            mine.action_policy_recall,
            lambda: mine.write({"kind": "refund"}),
        ):
            with self.assertRefused(PolicyRefusal, "Clause 4.4.*on the word of t_manager"):
                attempt()
        with self.assertRefused(UserError, "waits for the signature of t_manager"):
            mine.action_policy_oral_yes(self.users["director"].id)
        self.assertEqual(remedy.policy_approval_state, "pending")

    def test_what_rests_on_a_word_is_neither_returned_nor_cancelled(self):
        case, remedy = self._asked()
        request = remedy.policy_approval_id
        for attempt in (
            lambda: self._as("manager", remedy).action_policy_return(comment="请补充材料"),
            lambda: self._as("manager", request).action_policy_return(comment="请补充材料"),
            lambda: self._as("supervisor", case).action_policy_cancel("录入错误"),
            lambda: self._as("specialist", request).action_policy_recall(),
        ):
            with self.assertRefused(PolicyRefusal, "Clause 4.4.*on the word of t_manager"):
                attempt()
        self.assertEqual((request.state, case.policy_outcome), ("pending", False))
        self._as("manager", remedy).action_policy_reject("从未同意")
        self._as("supervisor", case).action_policy_cancel("录入错误")

    def test_who_does_not_read_it_is_told_nothing_of_it(self):
        _case, remedy = self._asked()
        stranger = self._new_user("specialist", login="t_elsewhere")
        for attempt in (
            remedy.with_user(stranger).action_policy_recall,
            remedy.with_user(stranger).action_policy_return,
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_an_old_word_covers_no_other_request(self):
        _case, remedy = self._asked()
        consent = self._consent(remedy)
        self.assertEqual(consent.approval_id, remedy.policy_approval_id)
        # Whatever ended the first request: another one stands on its own feet.
        remedy.policy_approval_id._policy_lapse()
        remedy.invalidate_recordset()
        self._as("specialist", remedy).amount = 9000
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_state, "pending")
        self.assertNotEqual(consent.approval_id, remedy.policy_approval_id)
        self.assertFalse(remedy._policy_may_execute())
        with self.assertRefused(PolicyRefusal, "once it is decided"):
            self._as("specialist", remedy).action_policy_execute_amount(9000)

    def test_his_words_not_signed_yet_count_in_his_total(self):
        self._set(
            self._line("manager"),
            cumulative_amount=10_000,
            cumulative_per="approver",
            cumulative_period="month",
        )
        self._asked(6000)
        _case, remedy = self._proposed_case(4000.01)
        with self.assertRefused(PolicyRefusal, "may not decide"):
            self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)
        self._asked(4000)

    def test_words_for_a_customer_count_whoever_gave_them(self):
        self._set(
            self._line("manager"),
            cumulative_amount=10_000,
            cumulative_per="customer",
            cumulative_period="month",
        )
        self._asked(6000, leader="director")
        _case, remedy = self._proposed_case(4000.01)
        with self.assertRefused(PolicyRefusal, "may not decide"):
            self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)
        other = self.env["res.partner"].create({"name": "南通北辰", "is_company": True})
        _case, remedy = self._proposed_case(4000.01, partner_id=other.id)
        self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)

    def test_whom_it_concerns_asks_for_no_word(self):
        _case, remedy = self._proposed_case(5000)
        mine, manager = self._as("specialist", remedy), self.users["manager"].id
        remedy.beneficiary_id = self.users["specialist"].partner_id
        with self.assertRefused(PolicyRefusal, "concerns you yourself"):
            mine.action_policy_oral_yes(manager)
        self._as("supervisor", remedy).action_policy_oral_yes(manager)
        with self.assertRefused(PolicyRefusal, "concerns you yourself"):
            mine.action_policy_execute_amount(5000)
        self._as("supervisor", remedy).action_policy_execute_amount(5000)

    def test_nobody_writes_a_consent(self):
        _case, remedy = self._asked()
        consent = self._consent(remedy)
        for user in (self.users["specialist"], self.users["manager"], self.env.user):
            mine = consent.with_user(user)
            for attempt in (
                lambda mine=mine: mine.write({"denied": True}),
                lambda mine=mine: mine.write({"policy_signed_at": "2026-01-01 00:00:00"}),
                lambda mine=mine: mine.write({"user_id": self.users["director"].id}),
                lambda mine=mine: mine.create({"name": "x", "denied": False}),
            ):
                with self.assertRaises(AccessError):
                    attempt()
        with self.assertRaises(UserError):
            consent.unlink()

    def test_an_overdue_signature_is_a_violation_and_stops_further_words(self):
        with at("2026-03-02 10:00"):
            _case, first = self._asked()
        with at("2026-03-03 10:00"):
            self._asked()  # to the second
        with at("2026-03-03 10:01"):
            _case, remedy = self._proposed_case(5000)
            with self.assertRaises(PolicyRefusal) as caught:
                self._as("specialist", remedy).action_policy_oral_yes(self.users["ceo"].id)
            for part in (
                "Clause 4.4",
                first.display_name,
                "2026-03-03 10:00 (Asia/Shanghai)",
                "t_manager",
            ):
                self.assertIn(part, str(caught.exception))
            colleague = remedy.with_user(self.users["supervisor"])
            colleague.action_policy_oral_yes(self.users["manager"].id)
            with self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
            self.env.invalidate_all()
            violation = self.env["crm.policy.violation"].search(
                [
                    ("res_model", "=", "crm.policy.oral.consent"),
                    ("company_id", "=", self.company.id),
                ]
            )
            self.assertEqual(violation.user_id, self.users["manager"])
            self.assertEqual(violation.clause_id.number, "4.4")
            self._as("manager", first).action_policy_approve("补签")
            _case, remedy = self._proposed_case(5000)
            self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)

    def test_who_denies_his_word_leaves_the_other_with_a_violation(self):
        _case, remedy = self._asked()
        self._as("manager", remedy).action_policy_reject("从未同意")
        consent = self._consent(remedy)
        self.assertTrue(consent.denied)
        self.assertEqual(remedy.policy_approval_state, "rejected")
        self.assertFalse(remedy._policy_may_execute())
        self.assertEqual(consent.policy_deadline_ids.state, "cancelled")
        [event] = self._events("oral.denied")
        self.assertEqual(event.actor_id, self.users["manager"].id)
        violation = self.env["crm.policy.violation"].search(
            [("res_model", "=", "crm.policy.oral.consent"), ("res_id", "=", consent.id)]
        )
        self.assertEqual(
            (violation.user_id, violation.state, violation.clause_number),
            (self.users["specialist"], "open", "4.4"),
        )

    def test_when_the_leader_has_left_whoever_was_asked_before_signs(self):
        _case, remedy = self._asked(leader="director")
        self.users["director"].active = False
        self._as("manager", remedy).action_policy_approve("代为补签")
        self.assertEqual(self._consent(remedy).signed_by_id, self.users["manager"])
