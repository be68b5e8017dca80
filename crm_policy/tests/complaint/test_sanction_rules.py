"""What the rules propose: bands, one for each person and occasion, the heavier for the lighter."""

import psycopg2

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ...models.complaint.sanction_source import Proposal
from ..common import at
from .test_sanction import SanctionCommon


class TestSanctionRules(SanctionCommon):
    def _rule(self, trigger, amount, **vals):
        """Add a rule to the version in force, as the pack of its policy would."""
        values = {
            "code": trigger,
            "name": trigger,
            "trigger": trigger,
            "amount": amount,
            "clause_id": self.clause.id,
            **vals,
        }
        return self.env["crm.policy.sanction.rule"]._policy_guarded_create([values])

    def _propose(self, rule, whose, basis, **kwargs):
        return self.env["crm.policy.sanction"]._policy_propose(rule, whose, basis, **kwargs)

    def test_the_border_belongs_to_the_higher_band(self):
        rules = self.env["crm.policy.sanction.rule"]._policy_rules_of(
            self.governing, "person_share"
        )
        for amount, kind in (
            (0.01, "oral_warning"), (999.99, "oral_warning"), (1000.00, "warning"),
            (4296.00, "warning"), (9999.99, "warning"), (10000.00, "demerit"),
            (49999.99, "demerit"), (50000.00, "major_demerit"), (10**7, "major_demerit"),
        ):  # fmt: skip
            with self.subTest(amount):
                self.assertEqual(rules._policy_band(amount).kind, kind)

    def test_s6_two_grievances_are_two_sanctions(self):
        """Li: two customers did not know the notice: 2 × 50 = 100 (RWD-FIN-01)."""
        rule = self._rule("grievance_unknown", 50)
        first, second = self._quality_case(), self._quality_case()
        sanctions = self._propose(rule, self.zhao, first) | self._propose(rule, self.zhao, second)
        self.assertEqual(sum(sanctions.mapped("amount")), 100)
        again = self._propose(rule, self.zhao, first) | self._propose(rule, self.zhao, second)
        self.assertEqual(again, sanctions)
        # An employee is the person that his user is.
        self.assertEqual(self._propose(rule, self.zhao_employee, first), sanctions[0])

    def test_a_case_is_not_closed_before_its_grievance_is_decided(self):
        rule = self._rule("grievance_unknown", 50)
        case = self._quality_case()
        self._share(case, 100, department_id=self.quality.id)
        sanction = self._propose(rule, self.zhao, case)
        for step in ("decide", "settle"):
            getattr(self._as("specialist", case), f"action_policy_{step}")()
        case._policy_guarded_write(
            {
                name: case.policy_settled_at
                for name in ("policy_replied_at", "policy_callback_at", "policy_rechecked_at")
            }
        )
        with self.assertRefused(UserError, "is decided first"):
            self._as("specialist", case).action_policy_close()
        sanction.with_user(self.hr).action_policy_submit()
        sanction.with_user(self.deputy).action_policy_approve("属实")
        self._as("ceo", sanction).action_policy_reject("客户已签收通知")
        self._as("specialist", case).action_policy_close()
        self.assertTrue(case.policy_closed_at)

    def test_who_closes_does_not_learn_of_his_own(self):
        rule = self._rule("grievance_unknown", 50)
        case = self._quality_case()
        self._share(case, 100, department_id=self.quality.id)
        sanction = self._propose(rule, self.users["specialist"], case)
        [words] = self._as("specialist", case)._policy_close_problems()
        self.assertEqual(words, "Another decision on the case is taken first.")
        [words] = self._as("manager", case)._policy_close_problems()
        self.assertIn(sanction.number, words)

    def test_s6_the_heavier_takes_the_place_of_the_lighter(self):
        """Zhou spread a rule on 05-12: 50; on 05-20 with Wu, and a complaint followed: 100 each."""
        light = self._rule("unauthorised_notice", 50)
        heavy = self._rule("unauthorised_complaint", 100)
        wu = self.head
        first, second = self._quality_case(), self._quality_case()
        zhou = self._propose(light, self.zhao, first)
        both = self._propose(light, self.zhao, second) | self._propose(light, wu, second)
        self.assertEqual(both.mapped("amount"), [50, 50])
        both[0].with_user(self.hr).action_policy_submit()
        request = both[0].policy_approval_id
        again = self._propose(heavy, self.zhao, second) | self._propose(heavy, wu, second)
        self.assertEqual(again, both)
        self.assertEqual(both.mapped("amount"), [100, 100])
        self.assertEqual(both.mapped("proposed_amount"), [100, 100])
        self.assertEqual(request.state, "lapsed", "nobody signs 100 by what was asked for 50")
        self.assertEqual(sum((zhou | both).mapped("amount")), 250)
        # The lighter one does not come back, nor does anything a second time.
        self.assertEqual(self._propose(light, self.zhao, second).amount, 100)
        self.assertEqual(self._propose(heavy, wu, second), both[1])

    def test_what_was_executed_is_supplemented(self):
        light = self._rule("unauthorised_notice", 50)
        heavy = self._rule("unauthorised_complaint", 100)
        case = self._quality_case()
        sanction = self._approve(self._propose(light, self.zhao, case))
        sanction.with_user(self.hr).action_policy_execute()
        supplement = self._propose(heavy, self.zhao, case)
        self.assertEqual((sanction.amount, supplement.amount), (50, 50))
        self.assertEqual(supplement.supplement_of_id, sanction)
        self.assertEqual(self._propose(heavy, self.zhao, case), supplement)

    def test_what_was_rejected_is_not_proposed_again(self):
        light = self._rule("unauthorised_notice", 50)
        heavy = self._rule("unauthorised_complaint", 100)
        case = self._quality_case()
        sanction = self._propose(light, self.zhao, case)
        sanction.with_user(self.hr).action_policy_submit()
        sanction.with_user(self.deputy).action_policy_reject("不属实")
        self.assertEqual(self._propose(heavy, self.zhao, case), sanction)
        self.assertEqual(sanction.amount, 50)

    def test_the_database_knows_it_as_well(self):
        rule = self._rule("grievance_unknown", 50)
        case = self._quality_case()
        Sanction = self.env["crm.policy.sanction"]
        self._propose(rule, self.zhao, case)
        proposal = Proposal(rule, self.zhao, case, 0.0, 50)
        vals = Sanction._policy_proposed_values(proposal)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            Sanction._policy_new_sanctions([vals])
            self.env.flush_all()

    def test_nobody_of_another_company(self):
        rule = self._rule("grievance_unknown", 50)
        case = self._quality_case()
        other = self._new_company("杭州分公司")
        stranger = self._new_user("specialist", login="t_stranger", company=other)
        portal = self._new_person("t_portal")
        portal.group_ids = [Command.set(self.env.ref("base.group_portal").ids)]
        department = self.env["hr.department"].create({"name": "生产", "company_id": other.id})
        for whose in (stranger, portal, department, self.env["res.users"]):
            with self.subTest(whose), self.assertRefused(ValidationError, "does not work for"):
                self._propose(rule, whose, case)
        partner_rule = rule.sudo()
        theirs = self.env["helpdesk.ticket"].create({"name": "x", "description": "x",
                                                     "company_id": other.id})  # fmt: skip
        with self.assertRefused(ValidationError, "another company than"):
            self._propose(partner_rule, self.zhao, theirs)

    def test_what_is_no_rule(self):
        for vals in (
            {"amount": 0}, {"amount": -1}, {"percent": 101, "amount": 0},
            {"percent": 10}, {"kind": "warning"}, {"cap": -1},
        ):  # fmt: skip
            with self.subTest(vals), self.assertRefused(ValidationError, "one of the two"):
                self._rule("grievance_unknown", **{"amount": 50, **vals})

    def test_the_linter_finds_gaps_and_cash(self):
        Rule = self.env["crm.policy.sanction.rule"]

        def found():
            return {finding["code"] for finding in Rule._policy_findings(self.governing)}

        self.assertFalse(found())
        self._rule("grievance_unknown", 50, kind="cash", from_amount=10)
        self.assertEqual(found(), {"sanction_gap", "sanction_cash"})
        self.company.policy_cash_fines = True
        self.assertEqual(found(), {"sanction_gap"})

    def test_two_bands_from_the_same_amount(self):
        self._rule("grievance_unknown", 50)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self._rule("grievance_unknown", 60, code="other")
            self.env.flush_all()

    def test_numbers_of_a_year(self):
        rule = self._rule("grievance_unknown", 50)
        with at("2026-12-31 23:59"):
            last = self._propose(rule, self.zhao, self._quality_case())
        with at("2027-01-01 00:00"):
            first = self._propose(rule, self.zhao, self._quality_case())
        self.assertEqual(last.number, "SC-2026-0001")
        self.assertEqual(first.number, "SC-2027-0001")
