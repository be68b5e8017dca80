"""The matrix: bands, with and without tax, currencies at the day of the decision (AUT-MAT)."""

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from ..common import at
from .authority_common import AuthorityCommon


class TestAmountBasis(AuthorityCommon):
    def _hengda(self):
        """S2.6: 100 pieces returned, 20 percent off 50 more, at 85.00 net and 13 percent."""
        case = self._new_case()
        self._drive(case, "respond")
        returned = self._new_remedy(case, 9605.00, kind="return", tax_amount=1105.00)
        allowance = self._new_remedy(case, 960.50, kind="allowance", tax_amount=110.50)
        self._as("specialist", case).action_policy_propose("退货100片，另50片折让20%")
        return case, returned, allowance

    def test_s2_with_tax_it_is_the_directors(self):
        case, returned, allowance = self._hengda()
        self._as("specialist", case).action_policy_submit()
        for remedy in returned | allowance:
            self.assertEqual(remedy.policy_approval_id.amount, 10_565.50)
            self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "director")
        with self.assertRaises(PolicyRefusal) as caught:
            self._as("manager", returned).action_policy_approve("同意")
        for part in ("Clause 4.2", "10,565.50", "10,000.00", "t_director"):
            self.assertIn(part, str(caught.exception))

    def test_s2_without_tax_it_is_the_managers(self):
        self.company.policy_amount_basis = "excluded"
        case, returned, allowance = self._hengda()
        self.assertEqual((returned.amount_untaxed, allowance.amount_untaxed), (8500.00, 850.00))
        self._as("specialist", case).action_policy_submit()
        for remedy in returned | allowance:
            self.assertEqual(remedy.policy_approval_id.amount, 9350.00)
            self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "manager")
            self._as("manager", remedy).action_policy_approve("同意")
            self.assertEqual(remedy.policy_approval_state, "approved")

    def test_s2_94_pieces_are_the_managers_with_tax(self):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 9028.70, kind="return", tax_amount=1038.70)
        self._new_remedy(case, 960.50, kind="allowance", tax_amount=110.50)
        self._as("specialist", case).action_policy_propose("退货94片")
        self._as("specialist", case).action_policy_submit()
        self.assertEqual(remedy.policy_approval_id.amount, 9989.20)
        self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "manager")

    def test_a_changed_tax_voids_what_was_asked(self):
        _case, remedy, _allowance = self._hengda()
        self._as("specialist", remedy).action_policy_submit()
        self._as("specialist", remedy).tax_amount = 0
        self.assertEqual(remedy.policy_approval_state, "none")
        self.assertEqual(remedy.policy_approval_id.state, "lapsed")

    def test_when_the_company_counts_in_another_way_what_waits_is_asked_for_anew(self):
        for before, after, role in (
            ("excluded", "included", "director"),
            ("included", "excluded", "manager"),
        ):
            with self.subTest(after):
                self.company.policy_amount_basis = before
                case, returned, _allowance = self._hengda()
                self._as("specialist", case).action_policy_submit()
                request = returned.policy_approval_id
                self.company.policy_amount_basis = after
                self.assertEqual(request.state, "lapsed")
                self.assertEqual(returned.policy_approval_state, "none")
                with self.assertRaisesRegex(UserError, "submit it again"):
                    self._as("ceo", returned).action_policy_approve("同意")
                self._as("specialist", returned).action_policy_submit()
                self.assertEqual(returned.policy_approval_id.step_ids.role_id.code, role)
                self._as(role, returned).action_policy_approve("同意")
                self.assertEqual(returned.policy_approval_state, "approved")

    def test_a_request_asked_for_while_the_setting_changes_is_not_decided(self):
        """Two transactions: the one that changes the setting does not see the request yet."""
        case, returned, _allowance = self._hengda()
        self._as("specialist", case).action_policy_submit()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_company SET policy_amount_basis = 'excluded' WHERE id = %s",
            [self.company.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "has changed since.*submit it again"):
            self._as("director", returned).action_policy_approve("同意")

    def test_what_is_signed_stays_signed_however_the_company_counts(self):
        _case, remedy, _allowance = self._hengda()
        self._as("specialist", remedy).action_policy_submit()
        self._as("director", remedy).action_policy_approve("同意")
        self.company.policy_amount_basis = "excluded"
        remedy.with_user(self.users["specialist"]).write({"note": remedy.note})
        self.assertEqual(remedy.policy_approval_state, "approved")
        self._as("specialist", remedy).write({"amount": 9605.01})
        self.assertEqual(remedy.policy_approval_state, "none")

    def test_what_was_carried_out_on_somebodys_word_is_signed_all_the_same(self):
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)
        self.company.policy_amount_basis = "excluded"
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._as("manager", remedy).action_policy_approve("补签")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_another_companys_requests_wait_on(self):
        case, returned, _allowance = self._hengda()
        self._as("specialist", case).action_policy_submit()
        self._new_company("杭州分公司").policy_amount_basis = "excluded"
        self.assertEqual(returned.policy_approval_state, "pending")

    @mute_logger("odoo.sql_db")
    def test_nobody_invents_tax_to_stay_below_a_limit(self):
        case = self._new_case()
        self._new_remedy(case, 11_300, tax_amount=1300)
        for tax in (1300.01, 11_300, -1, float("nan"), 1e10):
            with self.subTest(tax), self.assertRaises(ValidationError):
                self._new_remedy(case, 11_300, tax_amount=tax)
        with self.assertRaises(CheckViolation):
            self._new_remedy(case, 11_300, tax_amount=11_300.01)

    def test_without_a_rate_in_the_policy_tax_is_only_part_of_the_amount(self):
        self._set_parameter("tax_max_percent", 0)
        case = self._new_case()
        self.assertEqual(self._new_remedy(case, 100, tax_amount=40).amount_untaxed, 60)


class TestBands(AuthorityCommon):
    def setUp(self):
        super().setUp()
        self.draft = (
            self.version.with_user(self.users["policy_admin"])._policy_new_version()
        ).with_env(self.env)

    def _drafted(self, code):
        return self._line(code, self.draft)

    def _errors(self):
        findings = self.env["crm.policy.finding"]._policy_refresh(self.draft)
        return {
            (finding.code, finding.res_id)
            for finding in findings
            if finding.severity == "error" and finding.res_model == "crm.policy.authority"
        }

    def test_bands_that_meet_are_sound(self):
        self._drafted("director").min_amount = 10_000
        self._drafted("ceo").min_amount = 50_000
        self.assertFalse(self._errors())

    def test_an_overlap_is_refused_at_the_publication(self):
        line = self._drafted("director")
        line.min_amount = 9999.99
        self.assertEqual(self._errors(), {("authority_overlap", line.id)})
        with self.assertRaisesRegex(UserError, r"4\.2.*Director.*9,999\.99.*Manager.*10,000\.00"):
            self._hand_over(self.draft)

    def test_a_gap_is_refused_at_the_publication(self):
        line = self._drafted("director")
        line.min_amount = 10_000.01
        self.assertEqual(self._errors(), {("authority_hole", line.id)})
        with self.assertRaisesRegex(UserError, r"Between.*Manager.*10,000\.01 nobody is in charge"):
            self._hand_over(self.draft)

    def test_a_matrix_that_does_not_begin_at_zero_is_refused(self):
        line = self._drafted("manager")
        line.min_amount = 1
        self.assertEqual(self._errors(), {("authority_hole", line.id)})

    def test_two_roles_with_the_same_limit_are_refused(self):
        line = self._drafted("director")
        line.max_amount = 10_000
        self.assertEqual(self._errors(), {("authority_overlap", line.id)})

    def test_a_role_with_two_limits_is_refused(self):
        line = self._drafted("director").copy({"code": "twice", "max_amount": 7})
        self.assertEqual(self._errors(), {("authority_twice", line.id)})

    def test_bands_of_another_currency_or_subject_are_bands_of_their_own(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        self._drafted("director").copy({"code": "usd", "currency_id": usd.id})
        self._drafted("director").copy({"code": "gift", "subject": "gift", "unlimited": True})
        self.assertFalse(self._errors())

    def test_own_limits_of_a_business_type_leave_the_rest_to_the_general_lines(self):
        found = self.env["crm.policy.finding"]._policy_refresh(self.draft)
        self.assertNotIn("authority_gap", found.mapped("code"))
        self._drafted("manager").write({"own_cases": True})
        (self._drafted("director") | self._drafted("ceo")).unlink()
        found = self.env["crm.policy.finding"]._policy_refresh(self.draft)
        self.assertIn("authority_gap", found.mapped("code"))

    def test_an_impossible_line_is_refused_at_once(self):
        line = self._drafted("director")
        for vals, words in (
            ({"min_amount": 50_000}, "cannot end at"),
            ({"min_amount": 60_000}, "cannot end at"),
            ({"cumulative_amount": 5}, "for whom it counts"),
            ({"cumulative_per": "customer"}, "for whom it counts"),
            ({"cumulative_per": "customer", "cumulative_period": "month"}, "for whom it counts"),
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, words):
                line.write(vals)
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            line.min_amount = -1
            self.env.flush_all()

    # === NO MATCHING RULE === #

    def test_what_no_band_covers_goes_to_the_top_never_to_nobody(self):
        self._set(self._line("ceo"), unlimited=False, max_amount=100_000)
        remedy = self._requested(100_000.01)
        self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "ceo")
        self.assertEqual(remedy.policy_approval_id.eligible_user_ids, self.users["ceo"])
        with self.assertRaisesRegex(PolicyRefusal, r"100,000\.01.*50,000\.00.*t_ceo"):
            self._as("director", remedy).action_policy_approve("同意")
        self._as("ceo", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_which_limits_count_for_which_business_type(self):
        """A draft beside it says nothing; a type with limits of its own has no others."""
        self._add_line("gifts", "manager", subject="gift", max_amount=1000)
        self._add_line("gifts-own", "specialist", subject="gift", max_amount=50, own_cases=True)
        self._drafted("manager").max_amount = 1
        self.env.registry.clear_cache()
        for subject, codes in (
            ("compensation", ["front-line", "manager", "director", "ceo"]),
            ("gift", ["gifts-own", "gifts"]),
            ("waiver", ["front-line-waiver", "manager", "director", "ceo"]),
        ):
            with self.subTest(subject):
                lines = self.env["crm.policy.authority"]._policy_lines(self.version, subject)
                self.assertEqual(lines.mapped("code"), codes)
                self.assertEqual(lines.version_id, self.version)

    def test_own_limits_only_leave_the_deciding_to_the_general_lines(self):
        remedy = self._requested(600, kinds=["waiver"], note="老客户")
        self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "manager")

    def test_deciding_lines_of_a_business_type_close_it_to_the_general_front_line(self):
        self._add_line("gifts", "manager", subject="gift", unlimited=True)
        case, _remedy = self._proposed_case(100, kinds=["gift"])
        with self.assertRaisesRegex(PolicyRefusal, r"100\.00 exceeds your limit of .*0\.00"):
            self._as("specialist", case).action_policy_decide()


class TestCurrencies(AuthorityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd = cls.env.ref("base.USD")
        cls.usd.active = True
        cls.env["res.currency.rate"].search([("currency_id", "=", cls.usd.id)]).unlink()

    def _limit_in_dollars(self):
        """The manager decides up to 1,000 dollars."""
        self._set(self._line("manager"), currency_id=self.usd.id, max_amount=1000)

    def test_the_rate_of_the_day_of_the_decision_counts(self):
        self._limit_in_dollars()
        self._rate(self.usd, 1 / 7, "2026-03-01")
        self._rate(self.usd, 1 / 6.99, "2026-03-03")
        # The lines in yuan are no bands of the same currency: only the dollars are left.
        for line in ("director", "ceo"):
            self._set(self._line(line), currency_id=self.usd.id)
        with at("2026-03-02 10:00"):
            remedy = self._requested(7000)
            self.assertEqual(remedy.policy_approval_id.step_ids.role_id.code, "manager")
        with at("2026-03-03 10:00"):  # 1,001.43 dollars by now
            with self.assertRaisesRegex(PolicyRefusal, r"7,000\.00.*6,990\.00.*t_director"):
                self._as("manager", remedy).action_policy_approve("同意")
            self._as("director", remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_the_day_is_that_of_the_company(self):
        """00:30 of March 3 in Shanghai is still March 2 in UTC."""
        self._limit_in_dollars()
        self._rate(self.usd, 1 / 7, "2026-03-01")
        self._rate(self.usd, 1 / 6.99, "2026-03-03")
        line, cny = self._line("manager"), self.company.currency_id
        with at("2026-03-02 23:59"):
            self.assertTrue(line._policy_covers(7000, cny))
        with at("2026-03-03 00:30"):
            self.assertFalse(line._policy_covers(7000, cny))

    def test_a_currency_without_a_rate_is_refused_not_taken_one_to_one(self):
        for code in ("manager", "director", "ceo"):
            self._set(self._line(code), currency_id=self.usd.id)
        admin = self.env.ref("base.user_admin")
        admin.company_ids |= self.company
        # They have the right, and are not here to use it.
        gone, far = (
            new_test_user(
                self.env,
                login=login,
                groups="base.group_system",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            for login, company in (
                ("t_gone", self.company),
                ("t_far", self._new_company("杭州分公司")),
            )
        )
        gone.active = False
        self._rate(self.usd, 1 / 7, "2026-03-05")  # a later one does not help
        with at("2026-03-02 10:00"):
            case, remedy = self._proposed_case(7000)
            with self.assertRaises(PolicyRefusal) as caught:
                self._as("specialist", case).action_policy_submit()
        words = str(caught.exception)
        for part in (
            "Clause 4.2",
            "7,000.00",
            "USD",
            "no exchange rate for 2026-03-02",
            admin.name,
        ):
            self.assertIn(part, words)
        for user in gone | far | self.users["specialist"]:  # who reads rates enters none
            self.assertNotIn(user.name, words)
        self.assertEqual(remedy.policy_approval_state, "none")

    def test_the_rate_of_another_company_does_not_help(self):
        other = self._new_company("杭州分公司")
        self._rate(self.usd, 1 / 7, "2020-01-01", company=other)
        line = self._line("manager")
        self._limit_in_dollars()
        with self.assertRaisesRegex(PolicyRefusal, "no exchange rate"):
            line._policy_covers(1, self.company.currency_id)

    def test_the_currency_of_the_company_needs_no_rate(self):
        self.assertTrue(self._line("manager")._policy_covers(10_000, self.company.currency_id))

    def test_lines_in_the_currency_of_the_amount_come_instead_of_others(self):
        self._rate(self.usd, 1 / 7, "2020-01-01")
        dollars = self._add_line("dollars", "director", currency_id=self.usd.id, unlimited=True)
        lines = self.env["crm.policy.authority"]._policy_lines
        self.assertEqual(
            lines(self.version, "gift", self.usd).filtered(lambda one: not one.own_cases), dollars
        )
        self.assertNotIn(dollars, lines(self.version, "gift", self.company.currency_id))
