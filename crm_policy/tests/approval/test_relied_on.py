"""What a signature on a remedy relied on stays: customer, order, policy; and the tax in it."""

from odoo.exceptions import UserError, ValidationError

from .authority_common import AuthorityCommon


class TestReliedOn(AuthorityCommon):
    def _approved(self, **vals):
        case, remedy = self._proposed_case(5000, **vals)
        self._as("specialist", case).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        return case, remedy

    def test_the_handler_does_not_become_the_customer_afterwards(self):
        case, _remedy = self._approved()
        mine = self._as("specialist", case)
        other = self.env["res.partner"].create({"name": "南通北辰", "is_company": True})
        for vals in (
            {"partner_id": self.users["specialist"].partner_id.id},
            {"partner_id": other.id},
            {"partner_id": False},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "does not change any more"):
                mine.write(vals)
        contact = self.env["res.partner"].create({"name": "陈工", "parent_id": self.partner.id})
        mine.write({"partner_id": contact.id})
        self.users["specialist"].partner_id.parent_id = self.partner
        with self.assertRefused(UserError, "does not change any more"):
            mine.write({"partner_id": self.users["specialist"].partner_id.id})

    def test_an_order_is_not_exchanged(self):
        case, remedy = self._proposed_case(5000, policy_order_ref="S00125")
        mine = self._as("specialist", case)
        mine.policy_order_ref = "S00126"
        mine.action_policy_submit()
        for value in ("S00125", False):
            with self.subTest(value), self.assertRefused(UserError, "does not change any more"):
                mine.policy_order_ref = value
        self._as("manager", remedy).action_policy_reject("太多")
        mine.policy_order_ref = "S00125"

    def test_what_was_empty_is_filled_in_but_not_with_a_colleague(self):
        case = self._new_case(policy_kind="request", partner_id=False)
        remedy = self._new_remedy(case, 5000)
        self._as("specialist", remedy).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        mine = self._as("specialist", case)
        with self.assertRefused(UserError, "does not change any more"):
            mine.partner_id = self.users["specialist"].partner_id
        mine.write({"partner_id": self.partner.id, "policy_order_ref": "S00125"})
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_its_policy_does_not_change_under_it(self):
        case = self._new_case()
        remedy = self._new_remedy(case, 5000)
        self._as("specialist", remedy).action_policy_submit()
        kind = self.types["quality"].copy({"code": "other", "name": "其他"})
        for vals in (
            {"policy_complaint_type_id": kind.id},
            {"policy_kind": "request"},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "does not change any more"):
                self._as("specialist", case).write(vals)


class TestTaxOfItsOwnPolicy(AuthorityCommon):
    """004 beside 002: each case counts by the numbers of its own policy."""

    def _tax_of(self, version, value):
        parameter = self.env["crm.policy.parameter"]._policy_of(version, "tax_max_percent")
        parameter._policy_guarded_write({"value": value})
        self.env.registry.clear_cache()
        return parameter

    def test_a_policy_beside_it_says_nothing_about_its_tax(self):
        self.company.policy_amount_basis = "excluded"
        other = self._install_policy("service_department")
        self.assertTrue(self._tax_of(other, 50))
        case = self._new_case()
        self.assertEqual(case.policy_version_id, self.version)
        self._new_remedy(case, 11_300, tax_amount=1300)
        with self.assertRefused(ValidationError, "at 13 percent"):
            self._new_remedy(case, 11_300, tax_amount=1300.01)
        Parameter = self.env["crm.policy.parameter"]
        self.assertEqual(Parameter._policy_of(other, "execution_tolerance_percent").value, 5)
        self.assertFalse(Parameter._policy_of(other, "no_such_code"))

    def test_without_a_number_there_is_no_tax_to_deduct(self):
        self.env.cr.execute(
            "UPDATE crm_policy_parameter SET code = 'gone' WHERE code = 'tax_max_percent'"
        )
        self.env.invalidate_all()
        case = self._new_case()
        remedy = self._new_remedy(case, 11_300, tax_amount=1300)
        self.company.policy_amount_basis = "excluded"
        with self.assertRefused(ValidationError, "at 0 percent"):
            remedy.tax_amount = 1200
        remedy.tax_amount = 0
