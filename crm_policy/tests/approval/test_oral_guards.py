"""What an oral consent is refused for, one guard each (AUT-FRONT-02)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from .authority_common import AuthorityCommon


class TestOralGuards(AuthorityCommon):
    def _ask(self, remedy, leader="manager", role="specialist", **vals):
        self._as(role, remedy).action_policy_oral_yes(self.users[leader].id, **vals)
        return self.env["crm.policy.oral.consent"].search([("res_id", "=", remedy.id)])

    def _total(self, **vals):
        self._set(
            self._line("manager"),
            cumulative_amount=10_000,
            cumulative_per="approver",
            cumulative_period="month",
            **vals,
        )

    def test_what_was_said_is_a_text(self):
        _case, remedy = self._proposed_case(5000)
        for comment in (["x"], {"x": 1}, 5, True):
            with self.subTest(comment), self.assertRefused(ValidationError, "A comment is a text"):
                self._ask(remedy, comment=comment)

    def test_a_word_is_given_on_one_document_at_a_time(self):
        _case, first, second = self._proposed_case(1000, 1000)
        for wrong in (first | second, first.browse()):
            with self.subTest(len(wrong)), self.assertRaises(ValueError):
                self._as("specialist", wrong).action_policy_oral_yes(self.users["manager"].id)
        self.assertFalse((first | second).policy_approval_id)

    def test_what_is_decided_needs_no_word(self):
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        with self.assertRefused(UserError, "is decided already"):
            self._ask(remedy)
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_submit()
        self._as("manager", remedy).action_policy_reject("证据不足")
        self.assertFalse(remedy.policy_oral_possible)
        with self.assertRefused(UserError, "is decided already"):
            self._ask(remedy)

    def test_who_may_not_write_it_writes_down_no_word(self):
        _case, remedy = self._proposed_case(5000)
        with self.assertRaises(AccessError):
            self._ask(remedy, role="finance")
        self._as("specialist", remedy).action_policy_submit()
        self.assertTrue(self._as("ceo", remedy).has_access("read"))
        with self.assertRaises(AccessError):
            self._ask(remedy, role="ceo")
        self.assertFalse(self.env["crm.policy.oral.consent"].search([("res_id", "=", remedy.id)]))

    def test_a_signature_is_that_of_its_own_word(self):
        _case, first, second, third = self._proposed_case(1000, 1000, 1000)
        words = [self._ask(remedy) for remedy in (first, second, third)]
        # Of something else with the same number.
        words[2]._policy_guarded_write({"res_model": "crm.policy.emergency", "res_id": first.id})
        self._as("manager", first).action_policy_approve("补签")
        self.assertEqual([bool(word.policy_signed_at) for word in words], [True, False, False])

    def test_a_draft_of_the_policy_lets_nobody_agree_orally(self):
        """The clause of a version that is not in force, or not this one, says nothing here."""
        rule = self.env["crm.policy.deadline.rule"].search(
            [("code", "=", "oral-signature"), ("version_id", "=", self.version.id)]
        )
        self.version.with_user(self.users["policy_admin"])._policy_new_version()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET model_name = 'gone' WHERE id = %s", rule.ids
        )
        self.env.invalidate_all()
        _case, remedy = self._proposed_case(5000)
        with self.assertRefused(PolicyRefusal, "knows no oral consent"):
            self._ask(remedy)

    def test_whom_the_request_waits_for_by_his_word_is_in_the_ledger(self):
        _case, remedy = self._proposed_case(5000)
        self._ask(remedy)
        event = self.env["crm.policy.event"].search(
            [("type", "=", "approval.oral"), ("res_id", "=", remedy.policy_approval_id.id)]
        )
        self.assertEqual(event.payload["leader"], self.users["manager"].id)

    def test_several_signatures_are_not_one_word(self):
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_submit()
        request = self._as("manager", remedy.policy_approval_id)
        request.action_policy_add_signer(self.users["director"].id)
        with self.assertRefused(UserError, "signed by several"):
            self._ask(remedy)

    def test_a_route_of_fixed_signatures_knows_no_word(self):
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_submit()
        self._let_route_fix(remedy.policy_approval_id)
        with self.assertRefused(UserError, "signed by several"):
            self._ask(remedy)

    def test_a_place_that_was_passed_on_counts_once(self):
        """The step that was handed to the director stands for the manager's, which is skipped."""
        _case, remedy = self._proposed_case(5000)
        self._as("specialist", remedy).action_policy_submit()
        request = self._as("manager", remedy.policy_approval_id)
        request.action_policy_forward(self.users["director"].id, "请总监决定")
        self.assertIn("skipped", remedy.policy_approval_id.step_ids.mapped("state"))
        consent = self._ask(remedy, leader="director")
        self.assertEqual(consent.user_id, self.users["director"])
        # It waited for him alone already: no third place.
        self.assertEqual(len(remedy.policy_approval_id.step_ids), 2)

    def test_whom_the_window_offers(self):
        case, remedy = self._proposed_case(5000)
        for role in ("specialist", "finance", "supervisor"):
            self.assertNotIn(self.users[role], self._as("specialist", remedy)._policy_leaders())
        offered = self._as("manager", remedy)._policy_leaders()
        self.assertNotIn(self.users["manager"], offered, "nobody agrees to what he asks for")
        self.assertIn(self.users["director"], offered)
        case.policy_accused_user_ids = self.users["director"]
        self.assertNotIn(self.users["director"], self._as("manager", remedy)._policy_leaders())

    # === HIS TOTAL === #

    def test_words_that_count_elsewhere_do_not_count_here(self):
        """A limit in total of one business type is used up by words on that type only."""
        self._total(subject="compensation")
        self._add_line("all-else", "manager", max_amount=10_000)
        _case, other = self._proposed_case(6000, kinds=["return"])
        self._ask(other)
        _case, remedy = self._proposed_case(6000)
        self._ask(remedy)
        _case, more = self._proposed_case(4000.01)
        with self.assertRefused(PolicyRefusal, "may not decide"):
            self._ask(more)

    def test_the_words_of_another_leader_do_not_count_in_his_total(self):
        self._total()
        for leader in ("director", "manager"):
            _case, remedy = self._proposed_case(9000)
            self.assertTrue(self._ask(remedy, leader=leader))

    def test_words_of_a_type_with_its_own_limit_do_not_count_in_the_general_one(self):
        self._total()
        self._add_line("returns", "manager", subject="return", max_amount=10_000)
        _case, other = self._proposed_case(6000, kinds=["return"])
        self._ask(other)
        _case, remedy = self._proposed_case(6000)
        self._ask(remedy)

    def test_a_word_that_was_overtaken_counts_no_more(self):
        """Its request has lapsed: what was asked for since has another one."""
        self._total()
        _case, remedy = self._proposed_case(6000)
        self._ask(remedy)
        remedy.policy_approval_id._policy_lapse()
        remedy.invalidate_recordset()
        _case, other = self._proposed_case(6000)
        self._ask(other)

    def test_words_of_another_company_do_not_count(self):
        line = self._line("manager")
        self._total()
        _case, remedy = self._proposed_case(6000)
        consent = self._ask(remedy)
        given = consent._policy_given_under(line, self.users["manager"], self.partner)
        self.assertEqual(given, [remedy])
        consent._policy_guarded_write({"company_id": self._new_company("杭州分公司").id})
        self.assertFalse(consent._policy_given_under(line, self.users["manager"], self.partner))

    def test_words_under_another_policy_do_not_count(self):
        line = self._line("manager")
        self._total()
        _case, remedy = self._proposed_case(6000)
        consent = self._ask(remedy)
        version = self._install_policy("manufacturer")
        other = self.env["crm.policy.authority"].search([("version_id", "=", version.id)], limit=1)
        other = other or line.new({"version_id": version.id, "cumulative_per": "approver"})
        self.assertFalse(consent._policy_given_under(other, self.users["manager"], self.partner))

    # === A WORD THAT IS DENIED === #

    def test_on_trial_a_denied_word_is_no_violation(self):
        _case, remedy = self._proposed_case(5000)
        consent = self._ask(remedy)
        consent.policy_version_id._policy_guarded_write({"enforcement": "trial"})
        self._as("manager", remedy).action_policy_reject("从未同意")
        self.assertTrue(consent.denied)
        domain = [("res_model", "=", consent._name), ("res_id", "=", consent.id)]
        self.assertFalse(self.env["crm.policy.violation"].search(domain))

    def test_it_stays_on_record(self):
        _case, remedy = self._proposed_case(5000)
        consent = self._ask(remedy)
        with self.assertRefused(UserError, "stays on record"):
            consent.sudo().unlink()

    def test_no_client_smuggles_in_a_case_without_the_accused(self):
        """Who is accused agrees to nothing, whoever offers him."""
        case, remedy = self._proposed_case(5000)
        case.policy_accused_user_ids = [Command.link(self.users["manager"].id)]
        with self.assertRefused(PolicyRefusal, "is concerned by it"):
            self._ask(remedy)
