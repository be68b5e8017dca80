"""Who decides which amount: the limit itself is still within the authority, a cent more is not."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon


class TestAuthorityBands(PolicyCommon):
    def _proposed(self, *amounts, **vals):
        case = self._new_case(**vals)
        self._drive(case, "respond")
        remedies = [self._new_remedy(case, amount) for amount in amounts]
        self._as("specialist", case).action_policy_propose("赔偿")
        return case, *remedies

    def _submitted(self, amount):
        case, remedy = self._proposed(amount)
        self._as("specialist", case).action_policy_submit()
        return remedy

    # === THE FRONT LINE === #

    def test_the_specialist_decides_500_alone(self):
        case, remedy = self._proposed(500)
        self._as("specialist", case).action_policy_decide()
        self.assertTrue(case.policy_decided_at)
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertFalse(remedy.policy_approval_id)
        event = self.env["crm.policy.event"].search(
            [("type", "=", "remedy.own_authority"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual((event.clause, event.res_id), ("4.1", remedy.id))
        self.assertEqual(event.payload, {"amount": 500.0})

    def test_a_cent_more_is_refused_with_clause_amount_limit_and_who_may(self):
        case, remedy = self._proposed(500.01)
        with self.assertRaises(PolicyRefusal) as caught:
            self._as("specialist", case).action_policy_decide()
        words = str(caught.exception)
        for part in ("Clause 4.1", "Compensation", "500.01", "500.00", "t_manager"):
            self.assertIn(part, words)
        self.assertNotIn("t_specialist", words)
        self.assertFalse(case.policy_decided_at)
        self.assertEqual(remedy.policy_approval_state, "none")

    def test_the_refusal_carries_a_button_that_submits_and_nothing_else(self):
        case, remedy = self._proposed(500.01)
        with self.assertRaises(PolicyRefusal) as caught:
            self._as("specialist", case).action_policy_decide()
        context = caught.exception.context
        self.assertEqual(set(context), {"exception_class", "policy_action", "policy_button"})
        self.assertNotIn("code", context["policy_action"])
        action = self.env["ir.actions.server"].browse(context["policy_action"]["id"])
        action.with_user(self.users["specialist"]).with_context(
            **context["policy_action"]["context"]
        ).run()
        self.assertEqual(remedy.policy_approval_state, "pending")

    def test_the_button_does_not_lend_its_right_to_others(self):
        case, remedy = self._proposed(500.01)
        action = self.env.ref("crm_policy.case_submit_action")
        context = {"active_model": case._name, "active_id": case.id, "active_ids": case.ids}
        for role in ("finance", "qc", "analyst", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                action.with_user(self.users[role]).with_context(**context).run()
        self.assertEqual(remedy.policy_approval_state, "none")

    def test_splitting_does_not_help(self):
        case, first, second = self._proposed(300, 200.01)
        with self.assertRaisesRegex(PolicyRefusal, r"500\.01"):
            self._as("specialist", case).action_policy_decide()
        self.assertEqual((first | second).mapped("policy_approval_state"), ["none", "none"])

    def test_what_was_rejected_does_not_count(self):
        case, first = self._proposed(5000)
        self._as("specialist", case).action_policy_submit()
        self._as("manager", first).action_policy_reject("太多")
        self._new_remedy(case, 400)
        self._as("specialist", case).action_policy_decide()
        self.assertTrue(case.policy_decided_at)

    def test_nobody_grants_himself_a_remedy(self):
        case, remedy = self._proposed(100)
        remedy.beneficiary_id = self.users["specialist"].partner_id
        with self.assertRaisesRegex(PolicyRefusal, "Clause 4.1.*himself"):
            self._as("specialist", case).action_policy_decide()
        self.assertEqual(remedy.policy_approval_state, "none")

    # === THE BANDS ABOVE === #

    def test_each_amount_goes_to_the_lowest_role_that_may(self):
        for amount, role in (
            (500.01, "manager"),
            (10_000.00, "manager"),
            (10_000.01, "director"),
            (50_000.00, "director"),
            (50_000.01, "ceo"),
            (9_000_000, "ceo"),
        ):
            with self.subTest(amount):
                approval = self._submitted(amount).policy_approval_id
                self.assertEqual(approval.step_ids.role_id.code, role)
                self.assertEqual(approval.clause_id.number, "4.2")
                self.assertEqual(approval.amount, amount)

    def test_who_is_below_is_told_his_limit_and_who_may(self):
        for amount, role, limit, decider in (
            (10_000.01, "manager", "10,000.00", "director"),
            (50_000.01, "director", "50,000.00", "ceo"),
            (50_000.01, "manager", "10,000.00", "ceo"),
        ):
            remedy = self._submitted(amount)
            with self.subTest(f"{amount} {role}"):
                with self.assertRaises(PolicyRefusal) as caught:
                    self._as(role, remedy).action_policy_approve("同意")
                words = str(caught.exception)
                for part in ("Clause 4.2", f"{amount:,.2f}", limit, f"t_{decider}"):
                    self.assertIn(part, words)
                self.assertEqual(remedy.policy_approval_state, "pending")
                self.assertFalse(remedy.policy_approval_id.decision_ids)

    def test_who_is_competent_decides(self):
        for amount, role in (
            (10_000.00, "manager"),
            (10_000.00, "director"),
            (50_000.00, "director"),
            (50_000.01, "ceo"),
        ):
            remedy = self._submitted(amount)
            self._as(role, remedy).action_policy_approve("同意")
            with self.subTest(f"{amount} {role}"):
                self.assertEqual(remedy.policy_approval_state, "approved")
                decision = remedy.policy_approval_id.decision_ids
                self.assertEqual(decision.user_id, self.users[role])
                self.assertEqual((decision.outcome, decision.comment), ("approved", "同意"))

    def test_the_total_of_the_case_is_submitted_not_the_part(self):
        case, first, second = self._proposed(6000, 6000)
        self._as("specialist", case).action_policy_submit()
        for remedy in first | second:
            self.assertEqual(remedy.policy_approval_id.amount, 12_000)
            with self.assertRaises(PolicyRefusal):
                self._as("manager", remedy).action_policy_approve("同意")

    def test_what_is_added_after_the_submission_counts_at_the_decision(self):
        """Two halves, each submitted while the other was not there yet."""
        case, first = self._proposed(9000)
        self._as("specialist", case).action_policy_submit()
        self._new_remedy(case, 9000)
        with self.assertRaisesRegex(PolicyRefusal, r"18,000\.00.*10,000\.00.*t_director"):
            self._as("manager", first).action_policy_approve("同意")
        self._as("director", first).action_policy_approve("同意")
        self.assertEqual(first.policy_approval_state, "approved")

    def test_a_limit_of_its_own_subject_comes_instead_of_the_general_one(self):
        lines = self.env["crm.policy.authority"]._policy_lines(self.version, "gift")
        self.assertEqual(len(lines), 4)
        self.assertEqual(lines[0].max_amount, 500)

    # === AMOUNTS THAT NOBODY CAN MEAN === #

    def test_absurd_amounts_are_refused(self):
        case = self._new_case()
        for amount in (-0.01, -1e9, 1e10, 1e300, float("nan"), float("inf"), float("-inf")):
            with self.subTest(amount), self.assertRaises(ValidationError):
                self._new_remedy(case, amount)
                self.env.flush_all()

    def test_the_company_of_a_remedy_is_that_of_its_case(self):
        case, remedy = self._proposed(100)
        other = self._new_company("杭州分公司")
        with self.assertRaises(AccessError):
            self._as("specialist", remedy).write({"company_id": other.id})
        with self.assertRaises(AccessError):
            self._new_remedy(case, 1, company_id=other.id)

    # === A DECIDED CASE === #

    def test_remedies_of_a_decided_case_stay_as_they_were_decided(self):
        case, remedy = self._proposed(100)
        self._as("specialist", case).action_policy_decide()
        elsewhere = self._new_remedy(self._new_case(), 7)
        mine = self._as("specialist", remedy)
        for name, attempt in {
            "amount": lambda: mine.write({"amount": 50}),
            "kind": lambda: mine.write({"kind": "refund"}),
            "what": lambda: mine.write({"note": "另送手机一部"}),
            "beneficiary": lambda: mine.write({"beneficiary_id": self.partner.id}),
            "another case": lambda: mine.write({"ticket_id": elsewhere.ticket_id.id}),
            "new": lambda: self._new_remedy(case, 1),
            "gone": lambda: mine.unlink(),
            "moved in": lambda: self._as("specialist", elsewhere).write({"ticket_id": case.id}),
        }.items():
            with self.subTest(name), self.assertRaises(UserError):
                attempt()

    def test_what_was_rejected_is_not_submitted_again_once_the_case_is_decided(self):
        case, remedy = self._proposed(5000)
        self._as("specialist", case).action_policy_submit()
        self._as("manager", remedy).action_policy_reject("太多")
        self._as("specialist", case).action_policy_decide()
        with self.assertRaisesRegex(UserError, "is decided"):
            self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_state, "rejected")

    def test_an_ungoverned_ticket_has_no_remedy(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "t", "description": "d"})
        with self.assertRaisesRegex(ValidationError, "not governed"):
            self.env["crm.policy.remedy"].create({"ticket_id": ticket.id, "amount": 1})
