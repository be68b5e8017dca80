"""Case numbers: unique, in order, in the company's own days, never given twice."""

import re
from datetime import date
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from ..common import PolicyCommon, at


class TestCaseNumbers(PolicyCommon):
    def _registered(self, moment, kind="quality", count=1, **vals):
        with at(moment):
            cases = self.env["helpdesk.ticket"]
            for _number in range(count):
                cases |= self._new_case(policy_complaint_type_id=self.types[kind].id, **vals)
            mine = self._as("specialist", cases)
            mine.action_policy_accept()
            mine.action_policy_register()
        return cases

    def _numbers(self, *arguments, **options):
        return self._registered(*arguments, **options).mapped("policy_number")

    def _given(self, pattern, reset, day, count, company=None):
        self.env["crm.policy.counter"]._policy_reserve(
            company or self.company, pattern, reset, day, count
        )

    def test_scheme_a_starts_again_each_month(self):
        self.assertEqual(self._numbers("2026-03-02 10:00"), ["260301"])
        self.assertEqual(self._numbers("2026-03-31 17:00"), ["260302"])
        self.assertEqual(self._numbers("2026-04-01 09:00"), ["260401"])

    def test_scheme_b_counts_through_the_year(self):
        """S3: 98 complaints earlier this year."""
        self._given("YYMMDDNNN", "year", date(2026, 1, 5), 98)
        self.assertEqual(self._numbers("2026-03-12 10:00", "service"), ["260312099"])
        self.assertEqual(self._numbers("2026-03-13 10:00", "service"), ["260313100"])
        self.assertEqual(self._numbers("2027-01-04 10:00", "service"), ["270104001"])

    def test_the_hundredth_of_a_month_widens(self):
        self._given("YYMMNN", "month", date(2026, 3, 2), 98)
        numbers = self._numbers("2026-03-12 10:00", count=3)
        self.assertEqual(numbers, ["260399", "2603100", "2603101"])

    def test_the_thousandth_of_a_year_widens(self):
        self._given("YYMMDDNNN", "year", date(2026, 1, 5), 999)
        self.assertEqual(self._numbers("2026-03-12 10:00", "service"), ["2603121000"])

    def test_day_month_and_year_are_the_company_s(self):
        """In Greenwich it is still the evening before."""
        self.assertEqual(self._numbers("2026-04-01 00:30"), ["260401"])
        self.assertEqual(self._numbers("2026-03-31 23:59:59"), ["260301"])
        self.assertEqual(self._numbers("2026-03-13 07:59", "service"), ["260313001"])
        self.assertEqual(self._numbers("2027-01-01 00:30", "service"), ["270101001"])

    def test_types_of_one_pattern_share_its_serial(self):
        self.assertEqual(self._numbers("2026-03-02 10:00"), ["260301"])
        self.assertEqual(self._numbers("2026-03-02 11:00", "packaging"), ["260302"])

    def test_patterns_of_another_width_share_the_serial(self):
        """Else the 100th of the narrow one would be the 100th of the wide one."""
        self.types["packaging"].number_pattern = "YYMMNNN"
        self._given("YYMMNN", "month", date(2026, 3, 2), 99)
        self.assertEqual(self._numbers("2026-03-12 10:00"), ["2603100"])
        self.assertEqual(self._numbers("2026-03-12 11:00", "packaging"), ["2603101"])

    def test_one_query_for_a_block_whatever_its_size(self):
        for count in (10, 20):
            with patch.object(self.env.cr, "execute", wraps=self.env.cr.execute) as execute:
                numbers = self._numbers("2026-03-02 10:00", count=count)
            queries = [
                call
                for call in execute.call_args_list
                if re.search(r"crm_policy_counter\b", str(call.args[0]))
            ]
            self.assertEqual(len(queries), 1)
            self.assertEqual(len(set(numbers)), count)
        self.assertEqual(numbers, [f"2603{serial}" for serial in range(11, 31)])

    def test_a_cancelled_case_keeps_its_number(self):
        case = self._registered("2026-03-02 10:00")
        self._as("supervisor", case).action_policy_cancel("误登")
        self.assertEqual(case.policy_number, "260301")
        self.assertEqual(self._numbers("2026-03-02 11:00"), ["260302"])

    def test_a_refused_registration_gives_its_number_back(self):
        with at("2026-03-02 10:00"):
            case = self._new_case(partner_id=False)
            self._as("specialist", case).action_policy_accept()
            with self.assertRaises(ValidationError):
                self._as("specialist", case).action_policy_register()
        self.assertEqual(self._numbers("2026-03-02 11:00"), ["260301"])

    def test_a_type_may_number_at_the_intake(self):
        self.types["quality"].number_event = "intake"
        with at("2026-03-02 10:00"):
            case = self._new_case()
            self.assertEqual(case.policy_number, "260301")
            self._as("specialist", case).action_policy_accept()
            self._as("specialist", case).action_policy_register()
        self.assertEqual(case.policy_number, "260301")

    def test_the_handle_is_the_number_or_helpdesk_s(self):
        case = self._new_case()
        self.assertTrue(case.number)
        self.assertEqual(case.policy_handle, case.number)
        case = self._registered("2026-03-02 10:00")
        self.assertEqual(case.policy_handle, "260301")

    def test_the_database_refuses_a_number_given_twice(self):
        first, second = self._registered("2026-03-02 10:00", count=2)
        self.env.flush_all()
        query = "UPDATE helpdesk_ticket SET policy_number = %s WHERE id = %s"
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            with self.env.cr.savepoint():
                self.env.cr.execute(query, [first.policy_number, second.id])

    def test_each_company_counts_for_itself(self):
        self._given("YYMMNN", "month", date(2026, 3, 2), 7, self._new_company("杭州分公司"))
        self.assertEqual(self._numbers("2026-03-02 10:00"), ["260301"])
        counters = self.env["crm.policy.counter"].search([("period", "=", "202603")])
        self.assertEqual(len(counters.company_id), 2)
