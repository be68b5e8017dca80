"""A delegate decides where his principal might, within the cap and on the days (D.3 no. 11)."""

from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon, at


class TestDeputies(PolicyCommon):
    """The supervisor acts for the manager, who decides 5,000; the director stands above."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager, cls.deputy = cls.users["manager"], cls.users["supervisor"]
        cls.director = cls.users["director"]
        # Who sees nothing of the case by his own post.
        cls.stranger = cls._new_user("legal", login="t_legal")

    def _delegate(self, to_user=None, from_user=None, stop="2026-03-06", **vals):
        model = self.env["crm.policy.delegation"].with_user(from_user or self.manager)
        values = {"to_user_id": (to_user or self.deputy).id, "date_to": stop, **vals}
        return model.create(values).with_env(self.env)

    def _requested(self, amount=5000, role="specialist", **vals):
        case = self._new_case()
        self._drive(case, "respond")
        remedy = self._new_remedy(case, amount, **vals)
        self._as(role, remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_state, "pending")
        return remedy

    def _eligible(self, remedy):
        """Return who may decide; a director is always among the managers."""
        self.env.invalidate_all()
        return remedy.policy_approval_id.eligible_user_ids - self.director

    def _sees(self, user, remedy):
        self.env.invalidate_all()
        return bool(remedy.with_user(user).search([("id", "=", remedy.id)]))

    def _approve(self, user, remedy):
        remedy.with_user(user).action_policy_approve("同意")

    # === HE DECIDES === #

    def test_the_deputy_decides_and_every_trace_says_for_whom(self):
        with at("2026-03-02 10:00"):
            line = self._delegate(max_amount=5000)
            remedy = self._requested(5000)
            self.assertEqual(self._eligible(remedy), self.manager | self.deputy)
            self.assertTrue(remedy.policy_approval_id.with_user(self.deputy).can_decide)
            self._approve(self.deputy, remedy)
        self.assertEqual(remedy.policy_approval_state, "approved")
        decision = remedy.policy_approval_id.decision_ids
        self.assertEqual(
            (decision.user_id, decision.on_behalf_of_id, decision.delegation_id),
            (self.deputy, self.manager, line),
        )
        event = self.env["crm.policy.event"].search([("type", "=", "approval.approved")], limit=1)
        self.assertEqual((event.actor_id, event.on_behalf_id), (self.deputy.id, self.manager.id))
        self.assertEqual(event.payload["delegation"], line.id)
        words = f"{self.deputy.name} for {self.manager.name} under delegation 1"
        self.assertTrue(
            [body for body in remedy.ticket_id.message_ids.mapped("body") if words in body]
        )

    def test_the_principal_decides_for_himself(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested()
            self._approve(self.manager, remedy)
        decision = remedy.policy_approval_id.decision_ids
        self.assertFalse(decision.on_behalf_of_id or decision.delegation_id)
        event = self.env["crm.policy.event"].search([("type", "=", "approval.approved")], limit=1)
        self.assertFalse(event.on_behalf_id)

    def test_the_deputy_rejects_as_well(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested()
            remedy.with_user(self.deputy).action_policy_reject("证据不足")
        self.assertEqual(remedy.policy_approval_state, "rejected")
        self.assertEqual(remedy.policy_approval_id.decision_ids.on_behalf_of_id, self.manager)

    def test_of_an_appointed_person_who_is_away_the_deputy_decides_beside_the_substitute(self):
        """The holder is no longer among those who act: he is still the one who delegated."""
        role = self._role_of("manager")
        role.write({"kind": "user"})
        holder, substitute = self.users["qc"], self.users["analyst"]
        self._new_post("manager", holder, substitute)
        self._new_employee(holder)
        with at("2026-03-02 10:00"):
            line = self._delegate(self.stranger, holder)
            self._away(holder, "2026-03-02 09:00", "2026-03-06 18:00")
            remedy = self._requested()
            self.assertEqual(self._eligible(remedy), substitute | self.stranger)
            self._approve(self.stranger, remedy)
        self.assertEqual(remedy.policy_approval_id.decision_ids.delegation_id, line)

    def test_who_signs_after_the_deputy_uses_the_limit_of_the_principal(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested(5000)
            remedy.with_user(self.deputy).action_policy_add_signer(self.users["qc"].id)
            self._approve(self.deputy, remedy)
            self._approve(self.users["qc"], remedy)
        self.assertEqual(remedy.policy_approval_state, "approved")
        use = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
        self.assertEqual(use.user_id, self.manager)

    def test_two_may_delegate_to_the_same_person(self):
        with at("2026-03-02 10:00"):
            low = self._delegate(max_amount=1000)
            high = self._delegate(from_user=self.director)
            small, large = self._requested(1000), self._requested(30_000)
            self.assertEqual(large.policy_approval_id.step_ids.role_id.code, "director")
            self._approve(self.deputy, small)
            self._approve(self.deputy, large)
            decisions = (small | large).policy_approval_id.decision_ids.sorted("id")
            self.assertEqual(decisions.delegation_id, low | high)
            # A director is a manager, too: where the one cap is too low the other helps.
            middle = self._requested(1001)
            self._approve(self.deputy, middle)
            self.assertEqual(middle.policy_approval_id.decision_ids.delegation_id, high)

    def test_whoever_may_not_read_the_delegation_reads_for_whom_was_signed(self):
        with at("2026-03-02 10:00"):
            self._delegate(reason="住院")
            remedy = self._requested()
            self._approve(self.deputy, remedy)
        self.env.invalidate_all()
        decision = self._as("specialist", remedy.policy_approval_id.decision_ids)
        [row] = decision.web_read({"delegation_id": {"fields": {"display_name": {}}}})
        self.assertIn(self.manager.name, row["delegation_id"]["display_name"])
        with self.assertRaises(UserError):
            decision.delegation_id.read(["reason"])

    # === HE DOES NOT === #

    def test_above_the_cap_he_is_refused_in_words(self):
        with at("2026-03-02 10:00"):
            self._delegate(max_amount=4999.99)
            remedy = self._requested(5000)
            self.assertEqual(self._eligible(remedy), self.manager)
            with self.assertRefused(
                PolicyRefusal,
                r"Clause .*5,000\.00.*exceeds.*4,999\.99.*, the cap of delegation 1 from t_manager"
                r".*May decide: t_manager",
            ):
                self._approve(self.deputy, remedy.sudo())
        self.assertFalse(remedy.policy_approval_id.decision_ids)

    def test_what_grows_past_the_cap_is_no_longer_his(self):
        with at("2026-03-02 10:00"):
            self._delegate(max_amount=5000)
            remedy = self._requested(5000)
            self._new_remedy(remedy.ticket_id, 100)
            with self.assertRefused(PolicyRefusal, "the cap of delegation 1"):
                self._approve(self.deputy, remedy)

    def test_what_linked_cases_cost_counts_against_the_cap(self):
        with at("2026-03-02 10:00"):
            self._delegate(max_amount=5000)
            first, second = self._requested(3000), self._requested(3000)
            self.assertIn(self.deputy, self._eligible(second))
            (first | second).ticket_id.policy_order_ref = "S00125"
            with self.assertRefused(
                PolicyRefusal, r"6,000\.00 exceeds.*5,000\.00, the cap of delegation 1"
            ):
                self._approve(self.deputy, second)
            self._approve(self.manager, second)

    def test_what_grows_past_his_principals_limit_is_no_longer_his_either(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested(5000)
            self._new_remedy(remedy.ticket_id, 20_000)
            with self.assertRaises(UserError):
                self._approve(self.deputy, remedy)

    def test_above_his_principals_own_limit_he_decides_nothing(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested(30_000)
            self.assertFalse(self._eligible(remedy))
            with self.assertRaises(UserError):
                self._approve(self.deputy, remedy.sudo())

    def test_not_where_his_principal_has_asked(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested(role="manager")
            self.assertFalse(self._eligible(remedy))
            with self.assertRefused(
                PolicyRefusal, "t_manager.* has asked for it.*delegation 1.*May decide: t_director"
            ):
                self._approve(self.deputy, remedy.sudo())

    def test_not_where_his_principal_benefits(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested(beneficiary_id=self.manager.partner_id.id)
            self.assertNotIn(self.deputy, self._eligible(remedy))
            with self.assertRefused(PolicyRefusal, "concerned by it"):
                self._approve(self.deputy, remedy.sudo())

    def test_not_on_his_own_request(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested(role="supervisor")
            self.assertEqual(self._eligible(remedy), self.manager)
            with self.assertRefused(PolicyRefusal, "own request.*t_manager"):
                self._approve(self.deputy, remedy)

    def test_not_where_he_benefits_himself(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested(beneficiary_id=self.deputy.partner_id.id)
            self.assertNotIn(self.deputy, self._eligible(remedy))
            with self.assertRaises(UserError):
                self._approve(self.deputy, remedy)

    def test_not_once_it_has_ended_between_opening_and_decision(self):
        with at("2026-03-06 10:00"):
            self._delegate()
            remedy = self._requested()
        with at("2026-03-06 23:59:59"):
            savepoint = self.env.cr.savepoint(flush=True)
            self._approve(self.deputy, remedy)
            savepoint.rollback()
            self.env.invalidate_all()
        with at("2026-03-07 00:00:00"):
            # No cron has run yet: he is still named.
            self.assertIn(self.deputy, self._eligible(remedy))
            with self.assertRefused(
                PolicyRefusal, "delegation 1 from t_manager.* is over. May decide: t_manager"
            ):
                self._approve(self.deputy, remedy)

    def test_not_before_it_begins(self):
        with at("2026-03-02 10:00"):
            self._delegate(date_from="2026-03-03")
            remedy = self._requested()
        with at("2026-03-02 23:59:59"), self.assertRaises(UserError):
            self._approve(self.deputy, remedy.sudo())
        with at("2026-03-03 00:00:00"):
            self._approve(self.deputy, remedy.sudo())
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_not_once_it_is_revoked(self):
        with at("2026-03-02 10:00"):
            line = self._delegate()
            remedy = self._requested()
            line.with_user(self.manager).action_policy_revoke()
            self.assertEqual(self._eligible(remedy), self.manager)
            with self.assertRefused(PolicyRefusal, "delegation 1 from t_manager.* is over"):
                self._approve(self.deputy, remedy.sudo())

    def test_not_in_a_role_that_was_not_delegated(self):
        with at("2026-03-02 10:00"):
            self._delegate(role_ids=self._role_of("supervisor").ids)
            remedy = self._requested()
            self.assertEqual(self._eligible(remedy), self.manager)
            with self.assertRaises(UserError):
                self._approve(self.deputy, remedy.sudo())

    def test_not_when_he_is_away_archived_or_works_elsewhere(self):
        self._new_employee(self.deputy)
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested()
            self._away(self.deputy, "2026-03-03 09:00", "2026-03-03 18:00")
        with at("2026-03-03 10:00"), self.assertRaises(UserError):
            self._approve(self.deputy, remedy.sudo())
        with at("2026-03-04 10:00"):
            self.manager.active = False
            with self.assertRaises(UserError):
                self._approve(self.deputy, remedy.sudo())

    def test_what_a_deputy_delegates_himself_carries_nothing_of_his_principal(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            self._delegate(self.stranger, self.deputy)
            remedy = self._requested()
            self.assertEqual(self._eligible(remedy), self.manager | self.deputy)
            with self.assertRaises(UserError):
                self._approve(self.stranger, remedy.sudo())

    def test_a_principal_who_no_longer_holds_the_role_lends_nothing(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            remedy = self._requested()
            self.manager.group_ids -= self.env.ref("crm_policy.group_manager")
            with self.assertRaises(UserError):
                self._approve(self.deputy, remedy.sudo())

    # === WHAT HE SEES === #

    def test_he_sees_what_waits_while_it_runs_and_not_afterwards(self):
        cron = self.env.ref("crm_policy.cron_keep_delegations")
        with at("2026-03-02 10:00"):
            waiting = self._requested()
            line = self._delegate(self.stranger, date_from="2026-03-03")
            self.assertFalse(self._sees(self.stranger, waiting))
        with at("2026-03-03 00:00:00"), self.enter_registry_test_mode():
            cron.method_direct_trigger()
            self.assertTrue(self._sees(self.stranger, waiting))
            self.assertIn(self.stranger, self._eligible(waiting))
        with at("2026-03-04 10:00"):
            later, signed = self._requested(), self._requested()
            self._approve(self.stranger, signed)
            for remedy in (waiting, later, signed):
                self.assertTrue(self._sees(self.stranger, remedy))
            rows = self.env["crm.policy.case.access"].search([("user_id", "=", self.stranger.id)])
            self.assertEqual(
                {row.ticket_id: (row.reason, row.delegation_id) for row in rows},
                {
                    waiting.ticket_id: ("delegation", line),
                    later.ticket_id: ("delegation", line),
                    signed.ticket_id: ("approver", line.browse()),
                },
            )
        with at("2026-03-07 00:00:00"), self.enter_registry_test_mode():
            cron.method_direct_trigger()
            self.assertFalse(self._sees(self.stranger, waiting))
            self.assertFalse(self._sees(self.stranger, later))
            self.assertTrue(self._sees(self.stranger, signed))
            self.assertEqual(self._eligible(waiting), self.manager)

    def test_what_he_saw_before_stays(self):
        with at("2026-03-02 10:00"):
            remedy = self._requested()
            self.env["crm.policy.case.access"]._policy_grant(
                remedy.ticket_id, self.stranger, "manual"
            )
            line = self._delegate(self.stranger)
            row = self.env["crm.policy.case.access"].search(
                [("user_id", "=", self.stranger.id), ("ticket_id", "=", remedy.ticket_id.id)]
            )
            self.assertEqual((row.reason, row.delegation_id), ("manual", line.browse()))
            line.with_user(self.manager).action_policy_revoke()
            self.assertTrue(self._sees(self.stranger, remedy))

    def test_what_a_second_delegation_opens_stays_when_the_first_ends(self):
        second_manager = self._new_user("manager", login="t_manager2")
        with at("2026-03-02 10:00"):
            remedy = self._requested()
            first = self._delegate(self.stranger)
            second = self._delegate(self.stranger, second_manager)
            self.assertTrue(self._sees(self.stranger, remedy))
            first.with_user(self.manager).action_policy_revoke()
            self.assertTrue(self._sees(self.stranger, remedy))
            second.with_user(second_manager).action_policy_revoke()
            self.assertFalse(self._sees(self.stranger, remedy))

    # === COST === #

    def test_a_delegation_costs_the_same_for_one_request_and_for_many(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            approvals = [self._requested().policy_approval_id for _number in range(4)]
            counts = []
            for number in (2, 4):
                some = approvals[0].union(*approvals[:number])
                # What a limit costs is asked of each document, with or without delegations.
                places = [
                    approval._policy_place(*approval._policy_steps().values())._replace(
                        by_amount=False
                    )
                    for approval in some
                ]
                some._policy_deputies_of(places)
                before = self.env.cr.sql_log_count
                found = some._policy_deputies_of(places)
                counts.append(self.env.cr.sql_log_count - before)
                self.assertEqual([set(deputies) for deputies in found], [{self.deputy}] * number)
            self.assertEqual(counts[0], counts[1])

    def test_without_any_it_costs_one_query(self):
        with at("2026-03-02 10:00"):
            approval = self._requested().policy_approval_id
            places = [approval._policy_place(*approval._policy_steps().values())]
            with self.assertQueryCount(1):
                self.assertEqual(approval._policy_deputies_of(places), [{}])
