"""What is carried out, and when it outgrows its decision (Correction 8, S5: 105 pieces)."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import at
from .authority_common import AuthorityCommon


class TestRemedyExecution(AuthorityCommon):
    def _approved(self, amount=9605.00, role="manager", **vals):
        case, remedy = self._proposed_case(amount, **vals)
        self._as("specialist", case).action_policy_submit()
        self._as(role, remedy).action_policy_approve("同意")
        self._as("specialist", case).action_policy_decide()
        self._as("specialist", case).action_policy_settle()
        return case, remedy

    def test_within_the_tolerance_the_decision_covers_it(self):
        """105 pieces instead of 100: 10,085.25, exactly five percent more."""
        _case, remedy = self._approved()
        self._as("specialist", remedy).action_policy_execute_amount(10_085.25)
        self.assertEqual(remedy.executed_amount, 10_085.25)
        self.assertTrue(remedy.executed_at)
        self.assertEqual((remedy.amount, remedy.policy_approval_state), (9605.00, "approved"))

    def test_a_cent_beyond_goes_back_to_the_competent_decider(self):
        case, remedy = self._approved()
        mine = self._as("specialist", remedy)
        with self.assertRaises(PolicyRefusal) as caught:
            mine.action_policy_execute_amount(10_085.26)
        for part in ("Clause 4.5", "10,085.26", "9,605.00", "10,085.25", "t_director"):
            self.assertIn(part, str(caught.exception))
        self.assertNotIn("t_manager", str(caught.exception))
        self.assertFalse(remedy.executed_at)
        context = caught.exception.context
        action = self.env["ir.actions.server"].browse(context["policy_action"]["id"])
        action.with_user(self.users["specialist"]).with_context(
            **context["policy_action"]["context"]
        ).run()
        excess = case.policy_remedy_ids - remedy
        self.assertEqual((excess.amount, excess.excess_of_id), (480.26, remedy))
        self.assertEqual(excess.policy_approval_id.amount, 10_085.26)
        self.assertEqual(excess.policy_approval_id.eligible_user_ids, self.users["director"])
        with self.assertRefused(PolicyRefusal, "exceeds your limit"):
            self._as("manager", excess).action_policy_approve("同意")
        with self.assertRefused(PolicyRefusal, "at most"):
            mine.action_policy_execute_amount(10_085.26)
        self._as("director", excess).action_policy_approve("同意")
        mine.action_policy_execute_amount(10_085.26)
        self.assertEqual(remedy.executed_amount, 10_085.26)
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_within_the_limit_of_the_decider_but_beyond_the_tolerance_he_decides_again(self):
        case, remedy = self._approved(1000)
        with self.assertRefused(PolicyRefusal, r"2,000\.00.*1,050\.00.*t_manager"):
            self._as("specialist", remedy).action_policy_execute_amount(2000)
        self._as("specialist", remedy).action_policy_ask_excess(2000)
        excess = case.policy_remedy_ids - remedy
        self.assertIn(self.users["manager"], excess.policy_approval_id.eligible_user_ids)

    def test_a_refused_excess_leaves_the_decision_as_it_was(self):
        case, remedy = self._approved()
        self._as("specialist", remedy).action_policy_ask_excess(20_000)
        excess = case.policy_remedy_ids - remedy
        with self.assertRefused(UserError, "is pending"):
            self._as("specialist", remedy).action_policy_ask_excess(20_000)
        self._as("director", excess).action_policy_reject("不予增加")
        self.assertEqual(remedy.policy_approval_state, "approved")
        with self.assertRefused(PolicyRefusal, "at most"):
            self._as("specialist", remedy).action_policy_execute_amount(20_000)
        self._as("specialist", remedy).action_policy_execute_amount(9605)

    def test_the_tax_of_an_excess_is_its_share(self):
        self.company.policy_amount_basis = "excluded"
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 9605.00, kind="return", tax_amount=1105.00)
        self._as("specialist", case).action_policy_propose("退货")
        self._as("specialist", case).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        self._as("specialist", case).action_policy_decide()
        self._as("specialist", remedy).action_policy_ask_excess(9605.00 + 1130.00)
        excess = case.policy_remedy_ids - remedy
        self.assertEqual((excess.amount, excess.tax_amount), (1130.00, 130.00))
        self.assertEqual(excess.policy_approval_id.amount, 9500.00)

    def test_nothing_is_carried_out_before_the_case_is_settled(self):
        """CMP-SET-01."""
        case, remedy = self._proposed_case(5000)
        mine = self._as("specialist", remedy)
        mine.action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        for step in ("decide", "settle"):
            self.assertFalse(remedy.can_execute)
            with self.assertRefused(PolicyRefusal, "once .* is settled"):
                mine.action_policy_execute_amount(5000)
            getattr(self._as("specialist", case), f"action_policy_{step}")()
        self.assertTrue(remedy.can_execute)
        mine.action_policy_execute_amount(5000)
        with self.assertRefused(UserError, "was carried out"):
            mine.action_policy_execute_amount(4000)
        self.assertEqual(remedy.executed_amount, 5000)

    def test_what_the_front_line_lets_off_and_a_leader_has_agreed_to_wait_for_nothing(self):
        case, waived, granted = self._proposed_case(
            5, 400, kinds=["rounding", "compensation"], note="老客户"
        )
        self._as("specialist", case).action_policy_decide()
        self.assertEqual([waived.can_execute, granted.can_execute], [True, False])
        self._as("specialist", waived).action_policy_execute_amount(5)
        with self.assertRefused(PolicyRefusal, "is settled"):
            self._as("specialist", granted).action_policy_execute_amount(400)
        case, remedy = self._proposed_case(5000)
        mine = self._as("specialist", remedy)
        mine.action_policy_oral_yes(self.users["manager"].id)
        self.assertTrue(remedy.can_execute)
        # His signature makes it no slower.
        self._as("manager", remedy).action_policy_approve("补签")
        mine.action_policy_execute_amount(5000)
        self.assertFalse(case.policy_settled_at)

    def test_what_is_no_complaint_is_never_settled(self):
        case = self._new_case(policy_kind="request", policy_complaint_type_id=False)
        remedy = self._new_remedy(case, 5000)
        mine = self._as("specialist", remedy)
        mine.action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        mine.action_policy_execute_amount(5000)
        self.assertEqual(remedy.executed_amount, 5000)

    def test_nothing_else_is_carried_out(self):
        case, remedy = self._proposed_case(5000)
        mine = self._as("specialist", remedy)
        with self.assertRefused(PolicyRefusal, "once it is decided"):
            mine.action_policy_execute_amount(5000)
        _case, remedy = self._approved(5000)
        for amount in (-1, float("nan"), 1e12, "5000", True):
            with self.subTest(amount), self.assertRaises(ValidationError):
                self._as("specialist", remedy).action_policy_execute_amount(amount)
            with self.subTest(amount), self.assertRaises(ValidationError):
                self._as("specialist", remedy).action_policy_ask_excess(amount)
        for role in ("finance", "qc", "analyst"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, remedy).action_policy_execute_amount(5000)
        with self.assertRefused(UserError, "nothing exceeds that"):
            self._as("specialist", remedy).action_policy_ask_excess(5000)

    def test_what_was_carried_out_stays_as_it_was_decided(self):
        """The word is signed before the case is decided: the remedy is open, the money is spent."""
        case, remedy = self._proposed_case(5000)
        mine = self._as("specialist", remedy)
        mine.action_policy_oral_yes(self.users["manager"].id)
        mine.action_policy_execute_amount(5000)
        self._as("manager", remedy).action_policy_approve("补签")
        self.assertFalse(case.policy_decided_at)
        for vals in (
            {"amount": 1},
            {"tax_amount": 1},
            {"kind": "refund"},
            {"note": "x"},
            {"beneficiary_id": self.partner.id},
            {"ticket_id": self._new_case().id},
        ):
            for who in (mine, remedy):
                with self.subTest(vals), self.assertRefused(UserError, "was carried out"):
                    who.write(vals)
        for who in (mine, remedy):
            with self.assertRefused(UserError, "was carried out"):
                who.unlink()
        mine.write({"amount": 5000})
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_nor_does_an_excess_that_was_paid(self):
        case, remedy = self._proposed_case(5000)
        mine = self._as("specialist", remedy)
        mine.action_policy_oral_yes(self.users["manager"].id)
        self._as("manager", remedy).action_policy_approve("补签")
        mine.action_policy_ask_excess(6000)
        excess = case.policy_remedy_ids - remedy
        self._as("manager", excess).action_policy_approve("同意")
        mine.action_policy_execute_amount(6000)
        with self.assertRefused(UserError, "was carried out"):
            self._as("specialist", excess).amount = 1

    def test_an_excess_is_no_remedy_of_its_own(self):
        case, remedy = self._approved()
        self._as("specialist", remedy).action_policy_ask_excess(20_000)
        excess = case.policy_remedy_ids - remedy
        self._as("director", excess).action_policy_approve("同意")
        self.assertFalse(excess.can_execute)
        for method in ("action_policy_execute_amount", "action_policy_ask_excess"):
            with self.subTest(method), self.assertRefused(UserError, "record there what it has"):
                getattr(self._as("specialist", excess), method)(20_000)

    def test_an_excess_that_nobody_decided_is_not_paid_with_its_remedy(self):
        """Who asked for it takes it back, whatever became of the rest."""
        case, remedy = self._approved()
        self._as("specialist", remedy).action_policy_ask_excess(20_000)
        excess = case.policy_remedy_ids - remedy
        self._as("specialist", remedy).action_policy_execute_amount(9605)
        self.assertTrue((remedy | excess)._policy_paid() == remedy)

    def test_what_was_carried_out_is_not_written_by_hand(self):
        case, remedy = self._approved(5000)
        for vals in (
            {"executed_amount": 1},
            {"executed_at": "2026-01-01 00:00:00"},
            {"excess_of_id": remedy.id},
            {"excess_ids": [(0, 0, {"ticket_id": case.id, "amount": 1})]},
        ):
            for mine in (self._as("specialist", remedy), remedy):
                with self.assertRaises(AccessError):
                    mine.write(vals)
        with self.assertRaises(AccessError):
            self._new_remedy(self._new_case(), 1, excess_of_id=remedy.id)


class TestFrontLine(AuthorityCommon):
    """AUT-FRONT-01: waive and round off, within limits of their own."""

    def _let_off(self, *amounts, kinds, **vals):
        vals.setdefault("note", "老客户，首次逾期")
        case, *remedies = self._proposed_case(*amounts, kinds=kinds, **vals)
        return case, remedies

    def test_each_kind_to_its_limit(self):
        for kind, limit in (("waiver", 500), ("penalty_waiver", 500), ("rounding", 10)):
            case, [remedy] = self._let_off(limit, kinds=[kind])
            self._as("specialist", case).action_policy_decide()
            self.assertEqual(remedy.policy_approval_state, "approved")
            case, [remedy] = self._let_off(limit + 0.01, kinds=[kind])
            with self.assertRaises(PolicyRefusal) as caught:
                self._as("specialist", case).action_policy_decide()
            for part in ("Clause 4.3", f"{limit + 0.01:,.2f}", f"{limit:,.2f}", "t_manager"):
                self.assertIn(part, str(caught.exception))

    def test_all_kinds_of_a_case_share_the_highest_of_the_limits(self):
        case, _remedies = self._let_off(300, 195, 5, kinds=["waiver", "penalty_waiver", "rounding"])
        self._as("specialist", case).action_policy_decide()
        case, _remedies = self._let_off(
            300, 195.01, 5, kinds=["waiver", "penalty_waiver", "rounding"]
        )
        with self.assertRefused(PolicyRefusal, r"500\.01.*500\.00"):
            self._as("specialist", case).action_policy_decide()

    def test_a_reason_is_written_down(self):
        case, [remedy] = self._let_off(5, kinds=["rounding"], note=" ")
        with self.assertRefused(UserError, "Clause 4.3.*write down the reason"):
            self._as("specialist", case).action_policy_decide()
        remedy.note = "抹零"
        self._as("specialist", case).action_policy_decide()
        use = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
        self.assertEqual((use.user_id, use.amount), (self.users["specialist"], 5))
        self.assertEqual(use.authority_id.code, "front-line-rounding")

    def test_the_sum_counts_what_the_front_line_has_decided_alone(self):
        with at("2026-03-31 10:00"):
            case, [remedy] = self._let_off(400, kinds=["waiver"])
            self._as("specialist", case).action_policy_decide()
            use = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
            other = self.env["res.partner"].create({"name": "南通北辰"})
            request = self.env["crm.policy.approval"].search([], limit=1)
            request = request or self._requested(5000).policy_approval_id

            def total():
                sums = use._policy_front_line_sums(self.partner, self.company)
                return sums.get((self.company.id, self.partner.id), 0)

            self.assertEqual(total(), 400)
            for vals in (
                {"company_id": self._new_company("杭州分公司").id},
                {"partner_id": other.id},
                {"subject": "compensation"},
                {"approval_id": request.id},
                {"decided_on": "2026-02-28"},
                {"decided_on": "2026-04-01"},
            ):
                former = use._convert_to_write(use.read(list(vals), load=False)[0])
                use._policy_update(vals)
                with self.subTest(vals):
                    self.assertEqual(total(), 0)
                use._policy_update({name: former[name] for name in vals})
            self.assertEqual(total(), 400)

    def test_the_sum_of_the_customer_and_month_is_shown(self):
        other = self.env["res.partner"].create({"name": "南通北辰", "is_company": True})
        with at("2026-03-31 10:00"):
            case, _remedies = self._let_off(400, kinds=["waiver"])
            self._as("specialist", case).action_policy_decide()
        with at("2026-04-01 10:00"):
            case, _remedies = self._let_off(300, 7, kinds=["waiver", "rounding"])
            self._as("specialist", case).action_policy_decide()
            _case, [remedy] = self._let_off(1, kinds=["rounding"])
            self.assertEqual(remedy.front_line_amount, 307)
            _case, [remedy] = self._let_off(1, kinds=["rounding"], partner_id=other.id)
            self.assertEqual(remedy.front_line_amount, 0)
