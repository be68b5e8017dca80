"""The window of a remedy: who agreed orally, and what it has come to."""

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from ..common import at
from .authority_common import AuthorityCommon


class TestRemedyTurns(AuthorityCommon):
    def _window(self, remedy, turn, role="specialist"):
        Turn = self.env["crm.policy.remedy.turn"].with_user(self.users[role])
        return Form(Turn.with_context(default_remedy_id=remedy.id, default_turn=turn))

    def test_an_oral_consent_is_entered_in_the_window(self):
        with at("2026-03-02 10:00"):
            _case, remedy = self._proposed_case(5000)
            self.assertTrue(self._as("specialist", remedy).policy_oral_possible)
            with self._window(remedy, "oral") as window:
                window.leader_id = self.users["manager"]
                window.happened_earlier = True
                window.at = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
                window.comment = "电话请示，经理同意"
            window.record.action_policy_confirm()
            consent = self.env["crm.policy.oral.consent"].search([("res_id", "=", remedy.id)])
            self.assertEqual(
                (consent.user_id, str(consent.policy_agreed_at), consent.comment),
                (self.users["manager"], "2026-03-02 01:00:00", "电话请示，经理同意"),
            )
            self.assertTrue(remedy._policy_may_execute())
            # A second word would be refused: it is not offered.
            self.assertFalse(self._as("specialist", remedy).policy_oral_possible)
            with self._window(remedy, "executed") as window:
                self.assertEqual(window.amount, 5000)
                window.amount = 4900
            window.record.action_policy_confirm()
            self.assertEqual(remedy.executed_amount, 4900)

    def test_what_was_decided_in_all_is_offered(self):
        case, remedy = self._proposed_case(5000)
        self._as("specialist", case).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        self._as("specialist", case).action_policy_decide()
        self._as("specialist", remedy).action_policy_ask_excess(6000)
        with self._window(remedy, "executed") as window:
            self.assertEqual(window.amount, 5000)
        self._as("manager", remedy.excess_ids).action_policy_approve("同意")
        self._as("specialist", case).action_policy_settle()
        with self._window(remedy, "executed") as window:
            self.assertEqual(window.amount, 6000)
        window.record.action_policy_confirm()
        self.assertEqual(remedy.executed_amount, 6000)

    def test_the_window_offers_who_may_decide_and_nobody_else(self):
        _case, remedy = self._proposed_case(20_000)
        window = self._window(remedy, "oral")
        offered = window.leader_ids
        self.assertEqual({user.login for user in offered}, {"t_director", "t_ceo"})
        self.assertFalse(window.leader_id)
        _case, large = self._proposed_case(60_000)
        self.assertEqual(self._window(large, "oral").leader_id, self.users["ceo"])

    def test_the_button_is_there_when_it_may_be_carried_out(self):
        case, remedy = self._proposed_case(5000)
        self.assertFalse(remedy.can_execute)
        self._as("specialist", remedy).action_policy_submit()
        self.assertFalse(remedy.can_execute, "asked for, not decided")
        self._as("manager", remedy).action_policy_approve()
        self._as("specialist", case).action_policy_decide()
        self.assertFalse(remedy.can_execute, "decided, not settled")
        self._as("specialist", case).action_policy_settle()
        self.assertTrue(remedy.can_execute)
        self._as("specialist", remedy).action_policy_execute_amount(5000)
        self.assertFalse(remedy.can_execute)

    def test_the_window_lifts_no_limit(self):
        _case, remedy = self._proposed_case(5000)
        window = self._window(remedy, "executed").save()
        with self.assertRefused(PolicyRefusal, "once it is decided"):
            window.action_policy_confirm()
        window = self._window(remedy, "oral")
        window.leader_id = self.users["supervisor"]
        with self.assertRefused(PolicyRefusal, "may not decide"):
            window.save().action_policy_confirm()
        self.assertEqual(remedy.policy_approval_state, "none")

    def test_who_works_on_no_case_has_no_window(self):
        _case, remedy = self._proposed_case(5000)
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self._window(remedy, "executed", "analyst").save().action_policy_confirm()

    def test_what_several_sign_is_not_agreed_orally(self):
        route = self.env["crm.policy.route"].search(
            [("version_id", "=", self.version.id), ("model_name", "=", "crm.policy.remedy")]
        )
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_submit()
        self.assertTrue(remedy.policy_oral_possible)
        self._as("manager", remedy).action_policy_add_signer(self.users["director"].id)
        self.env.invalidate_all()
        self.assertFalse(remedy.policy_oral_possible)
        _case, other = self._proposed_case(5000)
        self.assertTrue(other.policy_oral_possible)
        step = {"sequence": 1, "role_id": self._role_of("manager").id}
        self.version._policy_guarded_write({"state": "draft"})
        route.write({"kind": "sequence", "step_ids": [Command.create(step)]})
        self.version._policy_guarded_write({"state": "effective"})
        self.env.invalidate_all()
        self.assertFalse(other.policy_oral_possible)

    def test_where_the_policy_knows_no_oral_consent_none_is_offered(self):
        _case, remedy = self._proposed_case(5000)
        self.assertTrue(remedy.policy_oral_possible)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET model_name = 'gone' WHERE code = 'oral-signature'"
        )
        self.env.invalidate_all()
        self.assertFalse(remedy.policy_oral_possible)
