"""Limits in total: per approver, per customer, per period; linked cases count together (D10)."""

from odoo.exceptions import AccessError, UserError

from ...exceptions import PolicyRefusal
from ..common import at
from .authority_common import AuthorityCommon


class TestLimitsInTotal(AuthorityCommon):
    def setUp(self):
        super().setUp()
        self.hengda = self.partner
        self.beichen = self.env["res.partner"].create({"name": "南通北辰", "is_company": True})

    def _total(self, amount, per="approver", period="month", code="manager"):
        line = self._line(code)
        self._set(line, cumulative_amount=amount, cumulative_per=per, cumulative_period=period)
        return line

    def _decided(self, amount, role="manager", **vals):
        remedy = self._requested(amount, **vals)
        self._as(role, remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")
        return remedy

    def _able(self, remedy, amount=None):
        """Return the roles of those with a limit who could decide."""
        roles = ("specialist", "manager", "director", "ceo")
        users = self.env["res.users"].union(*(self.users[role] for role in roles))
        able = remedy._policy_able(users, remedy.amount if amount is None else amount)
        return [role for role in roles if self.users[role] in able]

    def test_what_is_decided_is_written_down(self):
        remedy = self._decided(9000)
        use = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
        self.assertEqual(
            (use.user_id, use.partner_id, use.amount, use.subject, use.authority_id.code),
            (self.users["manager"], self.hengda, 9000, "compensation", "manager"),
        )
        self.assertEqual(use.approval_id, remedy.policy_approval_id)
        for attempt in (
            lambda: use.write({"amount": 0}),
            lambda: use.unlink(),
            lambda: use.copy(),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_to_the_cent_then_it_climbs(self):
        self._total(15_000)
        self._decided(9000, partner_id=self.beichen.id)
        fits, more = self._requested(6000), self._requested(6000.01)
        self.assertEqual(self._able(fits), ["manager", "director", "ceo"])
        self.assertEqual(self._able(more), ["director", "ceo"])
        with self.assertRaises(PolicyRefusal) as caught:
            self._as("manager", more).action_policy_approve("同意")
        for part in (
            "Clause 4.2", "Compensation", "6,000.01", "15,000.00", "Month", "6,000.00", "t_director"
        ):  # fmt: skip
            self.assertIn(part, str(caught.exception))
        self._as("manager", fits).action_policy_approve("同意")
        self._as("director", more).action_policy_approve("同意")
        self.assertEqual(more.policy_approval_state, "approved")

    def test_a_limit_of_a_business_type_counts_that_type_only(self):
        self._set(self._line("manager"), subject="compensation")
        self._add_line("all-else", "manager", max_amount=10_000)
        self._total(10_000)
        self._decided(9000)
        other = self._requested(9000, kinds=["return"], partner_id=self.beichen.id)
        self.assertEqual(self._sum(other), 9000)
        self._as("manager", other).action_policy_approve("同意")
        self.assertEqual(self._sum(other), 9000)

    def test_what_is_elsewhere_is_so_in_the_same_version_only(self):
        """What a draft gives limits of its own is still the general line's until it is in force."""
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        gifts = self._line("manager", draft).copy({"code": "gifts", "subject": "gift"})
        self.assertEqual(gifts._policy_elsewhere(), set())
        self.assertNotIn("gift", self._line("manager")._policy_elsewhere())
        self.assertIn("gift", self._line("manager", draft)._policy_elsewhere())

    def _sum(self, document):
        """Return what counts against the manager's limit so far."""
        users, line = self.users["manager"], self._line("manager")
        sums = self.env["crm.policy.authority.use"]._policy_sums(line, users, document.company_id)
        return sums[users.id]

    def test_another_company_s_and_another_policy_s_decisions_do_not_count(self):
        self._total(10_000)
        remedy = self._decided(9000)
        use = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
        self.assertEqual(self._sum(remedy), 9000)
        other = self._new_company("杭州分公司")
        policy = self.env["crm.policy"].search([("id", "!=", use.policy_id.id)], limit=1)
        policy = policy or self._install_policy("manufacturer").policy_id
        for vals in ({"company_id": other.id}, {"policy_id": policy.id}):
            former = {name: use[name].id for name in vals}
            use._policy_update(vals)
            with self.subTest(vals):
                self.assertEqual(self._sum(remedy), 0)
            use._policy_update(former)
        self.assertEqual(self._sum(remedy), 9000)

    def test_a_route_of_fixed_signatures_knows_no_total(self):
        """The manager signs there because the route says so, not by what he may decide alone."""
        self._total(10_000)
        first, second = self._requested(9000), self._requested(5000, partner_id=self.beichen.id)
        self._as("manager", first).action_policy_approve("同意")
        self._let_route_fix(second.policy_approval_id)
        self._as("manager", second).action_policy_approve("同意")
        self.assertEqual(second.policy_approval_state, "approved")
        use = self.env["crm.policy.authority.use"].search([("res_id", "=", second.id)])
        self.assertFalse(use.authority_id)

    def test_each_approver_has_his_own(self):
        self._total(10_000)
        self._decided(9000)
        colleague = self._new_user("manager", login="t_manager2")
        remedy = self._requested(9000, partner_id=self.beichen.id)
        self.assertEqual(remedy._policy_able(self.users["manager"] | colleague, 9000), colleague)

    def test_each_customer_has_his_own(self):
        self._total(10_000, per="customer")
        self._decided(9000)
        self.assertEqual(self._able(self._requested(1000.01)), ["director", "ceo"])
        self.assertIn("manager", self._able(self._requested(1000)))
        self.assertIn("manager", self._able(self._requested(9000, partner_id=self.beichen.id)))

    def test_for_a_customer_whoever_has_decided_counts(self):
        self._total(10_000, per="customer")
        self._decided(9000, role="director")
        self.assertEqual(self._able(self._requested(1000.01)), ["director", "ceo"])

    def test_a_contact_of_the_customer_is_the_customer(self):
        self._total(10_000, per="customer")
        contact = self.env["res.partner"].create({"name": "陈工", "parent_id": self.hengda.id})
        self._decided(9000, partner_id=contact.id)
        self.assertEqual(self._able(self._requested(1000.01)), ["director", "ceo"])

    def test_per_approver_and_customer_both_must_be_the_same(self):
        self._total(10_000, per="both")
        self._decided(9000, role="director")
        self.assertIn("manager", self._able(self._requested(9000)))
        self._decided(9000)
        self.assertNotIn("manager", self._able(self._requested(1000.01)))
        self.assertIn("manager", self._able(self._requested(9000, partner_id=self.beichen.id)))

    def test_periods_are_calendar_periods_of_the_company(self):
        with at("2026-03-31 23:30"):
            self._decided(9000, partner_id=self.beichen.id)
        for period, moment, free in (
            ("day", "2026-03-31 23:59", False),
            ("day", "2026-04-01 00:00", True),
            ("week", "2026-04-05 23:59", False),  # Tuesday to Sunday
            ("week", "2026-04-06 00:00", True),
            ("month", "2026-03-31 23:59", False),
            ("month", "2026-04-01 00:30", True),  # March 31 in UTC
            ("quarter", "2026-04-01 00:30", True),
            ("year", "2026-04-01 00:30", False),
            ("year", "2027-01-01 00:00", True),
        ):
            self._total(10_000, period=period)
            with at(moment), self.subTest(f"{period} {moment}"):
                self.assertEqual("manager" in self._able(self._requested(5000)), free)

    def test_what_has_lapsed_counts_no_more(self):
        self._total(10_000)
        remedy = self._decided(9000, partner_id=self.beichen.id)
        other = self._requested(5000)
        self.assertNotIn("manager", self._able(other))
        self._as("specialist", remedy).amount = 100
        self.assertEqual(remedy.policy_approval_id.state, "lapsed")
        self.assertIn("manager", self._able(other))

    def test_what_is_rejected_or_pending_does_not_count(self):
        self._total(10_000)
        remedy = self._requested(9000, partner_id=self.beichen.id)
        self.assertIn("manager", self._able(self._requested(9000)))
        self._as("manager", remedy).action_policy_reject("太多")
        self.assertIn("manager", self._able(self._requested(9000)))

    def test_a_request_goes_to_who_has_room(self):
        self._total(10_000)
        self._decided(9000, partner_id=self.beichen.id)
        remedy = self._requested(5000)
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["director"])

    def test_a_role_that_has_used_up_its_limit_is_not_asked_at_all(self):
        self._total(10_000)
        self.users["director"].active = False
        self._decided(9000, partner_id=self.beichen.id)
        remedy = self._requested(5000)
        self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "ceo")
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["ceo"])

    def test_nobody_acts_for_whom_has_used_up_his_limit(self):
        self._total(10_000)
        self._decided(9000, partner_id=self.beichen.id)
        delegation = self.env["crm.policy.delegation"].with_user(self.users["manager"])
        today = delegation._policy_today(self.company)
        delegation.create({"to_user_id": self.users["supervisor"].id, "date_to": today})
        fits, more = self._requested(1000), self._requested(1000.01)
        asked = [each.policy_approval_id.eligible_user_ids for each in (fits, more)]
        self.assertIn(self.users["supervisor"], asked[0])
        self.assertEqual(asked[1], self.users["director"])
        with self.assertRaises(UserError):
            self._as("supervisor", more).action_policy_approve("同意")

    def test_general_limits_count_all_that_has_no_lines_of_its_own(self):
        self._total(10_000)
        self._add_line("gifts", "manager", subject="gift", max_amount=10_000)
        self._add_line("gifts-above", "ceo", subject="gift", unlimited=True)
        self._decided(9000, kinds=["gift"], partner_id=self.beichen.id)
        self.assertIn("manager", self._able(self._requested(9000)))
        self._decided(9000, kinds=["refund"], partner_id=self.beichen.id)
        self.assertNotIn("manager", self._able(self._requested(1000.01)))

    def test_a_limit_in_another_currency_counts_each_decision_at_its_own_day(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        for code in ("manager", "director", "ceo"):
            self._set(self._line(code), currency_id=usd.id)
        self._total(2000)
        self._rate(usd, 1 / 7, "2026-03-01")
        self._rate(usd, 1 / 10, "2026-03-20")
        with at("2026-03-02 10:00"):
            self._decided(7000, partner_id=self.beichen.id)  # 1,000 dollars
        with at("2026-03-20 10:00"):
            self.assertIn("manager", self._able(self._requested(10_000)))
            self.assertNotIn("manager", self._able(self._requested(10_000.10)))

    # === OWN DECISIONS === #

    def test_front_line_decisions_count_and_end_with_the_limit(self):
        self._total(800, per="customer", code="front-line")
        case, _remedy = self._proposed_case(500)
        self._as("specialist", case).action_policy_decide()
        use = self.env["crm.policy.authority.use"].search([("partner_id", "=", self.hengda.id)])
        self.assertEqual((use.amount, use.user_id), (500, self.users["specialist"]))
        self.assertFalse(use.approval_id)
        case, remedy = self._proposed_case(300.01)
        with self.assertRaises(PolicyRefusal) as caught:
            self._as("specialist", case).action_policy_decide()
        for part in ("Clause 4.1", "300.01", "800.00", "300.00", "t_manager"):
            self.assertIn(part, str(caught.exception))
        self.assertEqual(caught.exception.context["policy_button"], "Submit for Approval")
        self.assertEqual(remedy.policy_approval_state, "none")
        case, _remedy = self._proposed_case(300)
        self._as("specialist", case).action_policy_decide()
        self.assertTrue(case.policy_decided_at)

    def test_the_front_line_counts_for_those_above(self):
        self._total(10_000, per="customer")
        case, _remedy = self._proposed_case(500)
        self._as("specialist", case).action_policy_decide()
        self.assertNotIn("manager", self._able(self._requested(9500.01)))
        self.assertIn("manager", self._able(self._requested(9500)))

    def test_many_signed_at_once_count_together(self):
        self._total(10_000)
        remedies = self._requested(6000) | self._requested(6000, partner_id=self.beichen.id)
        with self.assertRefused(PolicyRefusal, r"6,000\.00 exceeds what is left .*4,000\.00"):
            self._as("manager", remedies).action_policy_approve("同意")
        self.assertEqual(set(remedies.mapped("policy_approval_state")), {"pending"})

    # === SIGNERS ADDED AFTERWARDS === #

    def _countersigned(self, remedy):
        """Have the manager decide, and somebody without any limit sign after him."""
        self._as("manager", remedy).action_policy_add_signer(self.users["qc"].id)
        self._as("manager", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "pending")

    def test_whoever_is_added_signs_within_the_limit_of_who_has_decided(self):
        self._total(10_000)
        remedy = self._requested(9000)
        self._countersigned(remedy)
        self._as("qc", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")
        use = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
        self.assertEqual(
            (use.user_id, use.authority_id.code, use.amount),
            (self.users["manager"], "manager", 9000),
        )
        other = self._requested(1000.01, partner_id=self.beichen.id)
        self.assertEqual(self._able(other), ["director", "ceo"])

    def test_whoever_is_added_is_told_whose_limit_is_used_up(self):
        self._total(10_000)
        first, second = self._requested(9000), self._requested(9000)
        self._countersigned(first)
        self._countersigned(second)
        self._as("qc", first).action_policy_approve("同意")
        with self.assertRaisesRegex(PolicyRefusal, r"limit of .* that t_manager .*has") as caught:
            self._as("qc", second).action_policy_approve("同意")
        self.assertNotIn("your limit", str(caught.exception))
        self.assertIn("t_director", str(caught.exception))

    def test_added_signers_do_not_pass_a_limit_in_total(self):
        for per in ("approver", "customer"):
            with self.subTest(per):
                self._total(10_000, per=per, period="day")
                with at("2026-03-03 10:00" if per == "approver" else "2026-03-04 10:00"):
                    first, second = self._requested(9000), self._requested(9000)
                    self._countersigned(first)
                    self._countersigned(second)
                    self._as("qc", first).action_policy_approve("同意")
                    with self.assertRefused(PolicyRefusal, r"9,000\.00 exceeds .*1,000\.00"):
                        self._as("qc", second).action_policy_approve("同意")
                    self.assertEqual(second.policy_approval_state, "pending")

    def test_whoever_has_no_limit_is_forbidden_nothing_by_one(self):
        remedy = self._requested(5000)
        finance, specialist = self.users["finance"], self.other_specialist
        self.assertEqual(remedy._policy_able(finance | specialist, 5000), finance)


class TestLinkedCases(AuthorityCommon):
    def test_cases_about_the_same_order_count_together(self):
        case, _remedy = self._proposed_case(400, policy_order_ref="S00125")
        self._as("specialist", case).action_policy_decide()
        case, _remedy = self._proposed_case(100.01, policy_order_ref=" s00125 ")
        with self.assertRaises(PolicyRefusal) as caught:
            self._as("specialist", case).action_policy_decide()
        for part in ("100.01", "400.00 of the cases linked", "500.00", "t_manager"):
            self.assertIn(part, str(caught.exception))
        case, _remedy = self._proposed_case(100, policy_order_ref="S00125")
        self._as("specialist", case).action_policy_decide()

    def test_another_order_or_another_customer_is_another_matter(self):
        other = self.env["res.partner"].create({"name": "南通北辰", "is_company": True})
        for vals in (
            {"policy_order_ref": "S00125"},
            {"policy_order_ref": "S00126"},
            {"policy_order_ref": "S00125", "partner_id": other.id},
            {"policy_order_ref": False},
            {"policy_order_ref": False},
        ):
            case, _remedy = self._proposed_case(400, **vals)
            self._as("specialist", case).action_policy_decide()

    def test_two_halves_asked_for_on_two_cases_go_up(self):
        first = self._requested(9000, policy_order_ref="S00125")
        second = self._requested(9000, policy_order_ref="S00125")
        self.assertEqual(second.policy_approval_id.step_ids.role_id.code, "director")
        for remedy in (first, second):
            with self.assertRaisesRegex(PolicyRefusal, r"9,000\.00, with .*9,000\.00 of the cases"):
                self._as("manager", remedy).action_policy_approve("同意")
            self._as("director", remedy).action_policy_approve("同意")

    def test_what_was_rejected_elsewhere_does_not_count(self):
        first = self._requested(9000, policy_order_ref="S00125")
        self._as("manager", first).action_policy_reject("太多")
        second = self._requested(9000, policy_order_ref="S00125")
        self._as("manager", second).action_policy_approve("同意")

    def test_a_chain_of_cases_is_one_matter_in_both_directions(self):
        first, second, third = (self._requested(4000) for _number in range(3))
        second.ticket_id._policy_guarded_write({"policy_origin_id": first.ticket_id.id})
        third.ticket_id._policy_guarded_write({"policy_origin_id": second.ticket_id.id})
        for remedy in (first, second, third):
            self.assertEqual(remedy._policy_linked_amount(), 8000)
            self.assertNotIn(
                self.users["manager"], remedy._policy_able(self.users["manager"], 4000)
            )

    def test_what_followed_from_a_case_of_the_same_order_is_of_the_matter(self):
        first = self._requested(4000, policy_order_ref="S00125")
        second = self._requested(4000, policy_order_ref="S00125")
        third = self._requested(4000)
        third.ticket_id._policy_guarded_write({"policy_origin_id": second.ticket_id.id})
        for remedy in (first, second, third):
            self.assertEqual(remedy._policy_linked_amount(), 8000)
