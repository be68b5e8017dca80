"""A delegation is written in a real browser: by its button, and not by leaving the page."""

from odoo.tests import HttpCase, tagged

from ..common import PolicyCommon


@tagged("post_install", "-at_install")
class TestTourDelegation(HttpCase, PolicyCommon):
    def test_a_delegation_comes_into_force_by_its_button_alone(self):
        self.env["ir.default"].set(
            "crm.policy.delegation", "date_to", "2099-12-31", company_id=self.company.id
        )
        self.start_tour(
            "/odoo/action-crm_policy.delegation_action_mine",
            "crm_policy_delegation",
            login="t_manager",
        )
        [line] = self.env["crm.policy.delegation"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            (line.from_user_id, line.to_user_id, line.reason, line.state),
            (self.users["manager"], self.users["supervisor"], "Trade fair", "active"),
        )
