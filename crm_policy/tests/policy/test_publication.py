"""A version of the handbook is approved by Legal and the committee, by nobody else (POL-VER-01)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon, at, shanghai


class PublicationCommon(PolicyCommon):
    """The handbook as a draft, and a committee of five persons that covers what it must."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.users["policy_admin"]
        policy = cls.env["crm.policy"].with_user(cls.admin)
        cls.draft = policy._policy_apply_pack(
            policy._policy_packs()["handbook"].read_bytes(), cls.company
        )
        cls.committee = cls._seat_committee()
        members = cls.committee.member_ids.user_id
        cls.ceo, cls.director, cls.finance, cls.legal, cls.marketing = members
        cls.people = {user.login: user for user in members}

    def _handed_over(self):
        self.draft.action_policy_review()
        return self.draft.sudo().policy_approval_id

    def _sign(self, user, comment="无意见"):
        self.draft.with_user(user).action_policy_approve(comment)

    def _states(self):
        return self.draft.sudo().policy_approval_id.step_ids.mapped("state")

    def _at_committee(self):
        request = self._handed_over()
        self._sign(self.legal, "合规，无意见")
        return request

    def _become_writer(self, user):
        self.draft._policy_guarded_write({"writer_ids": [Command.link(user.id)]})


class TestPublication(PublicationCommon):
    # === THE WAY === #

    def test_legal_then_the_committee_with_its_quorum(self):
        with at("2026-03-02 09:00"):
            request = self._handed_over()
        self.assertEqual(self.draft.state, "review")
        self.assertEqual(self._states(), ["pending", "waiting"])
        self.assertEqual(request.requester_id, self.admin)
        self.assertEqual(request.clause_id.number, "1.7")
        self.assertEqual(request.eligible_user_ids, self.legal)
        with at("2026-03-03 09:00"):
            self._sign(self.legal, "合规")
        self.assertEqual(self._states(), ["approved", "pending"])
        self.assertEqual(set(request.eligible_user_ids), set(self.people.values()))
        with at("2026-03-04 09:00"):
            self._sign(self.ceo)
            self._sign(self.finance)
            self.assertEqual(self.draft.state, "review")
            self._sign(self.marketing)
        self.assertEqual(self.draft.state, "effective")
        self.assertEqual(self.draft.approver_id, self.marketing)
        self.assertEqual(self.draft.approved_at, shanghai("2026-03-04 09:00"))
        self.assertEqual(str(self.draft.effective_from), "2026-03-04")
        self.assertEqual(self.draft.content_hash, self.draft._policy_content_hash())
        self.assertEqual(self.draft.policy_approval_state, "approved")
        decisions = request.decision_ids.sorted("id")
        self.assertEqual(
            decisions.mapped("user_id"), self.legal | self.ceo | self.finance | self.marketing
        )
        self.assertEqual(decisions[0].comment, "合规")
        self.assertEqual(decisions[0].decided_at, shanghai("2026-03-03 09:00"))
        self.assertTrue(self.draft.policy_id.active_in_company)

    def test_it_takes_effect_on_its_day(self):
        with at("2026-03-02 09:00"):
            self.draft.effective_from = "2026-04-01"
            self._at_committee()
            for user in (self.ceo, self.finance, self.marketing):
                self._sign(user)
            self.assertEqual((self.draft.state, self.draft.approver_id), ("review", self.marketing))
        with at("2026-04-01 00:00:00"):
            self.draft.sudo()._policy_take_effect()
        self.assertEqual(self.draft.state, "effective")

    def test_signed_too_late_it_binds_no_past(self):
        with at("2026-03-02 09:00"):
            self.draft.effective_from = "2026-03-03"
            self._at_committee()
        with (
            at("2026-03-04 09:00"),
            self.assertRefused(ValidationError, "no policy binds the past"),
        ):
            self._sign(self.ceo)

    def test_two_of_five_are_no_quorum_and_no_majority(self):
        self._at_committee()
        self._sign(self.ceo)
        self._sign(self.finance)
        self.assertEqual(self._states(), ["approved", "pending"])
        self.assertFalse(self.draft.approver_id)
        with self.assertRefused(UserError, "have signed"):
            self._sign(self.ceo)
        self.assertFalse(self.draft.approver_id)

    def test_a_majority_is_no_quorum(self):
        """Three of five approve; the rules of this committee want four of them to vote."""
        self.committee.quorum = 80
        self._at_committee()
        for user in (self.ceo, self.finance, self.marketing):
            self._sign(user)
        self.assertFalse(self.draft.approver_id)
        self.draft.with_user(self.director).action_policy_reject("不同意")
        self.assertEqual(self.draft.state, "effective", "three of the four who have voted")

    def test_a_vacant_seat_counts_for_the_quorum(self):
        """Of six seats 60 % are four, and more than half of them as well."""
        self._role_of("production")
        self.committee.member_ids = [
            Command.create({"role_id": self._role_of("production").id, "sequence": 9})
        ]
        self.assertEqual((self.committee.voter_count, self.committee.quorum_count), (6, 4))
        self._at_committee()
        for user in (self.ceo, self.finance, self.marketing):
            self._sign(user)
        self.assertFalse(self.draft.approver_id)
        self._sign(self.director)
        self.assertEqual(self.draft.approver_id, self.director)

    def test_a_substitute_votes_for_his_member_while_he_is_away(self):
        substitute = self._new_user("specialist", login="t_substitute")
        self._new_employee(self.marketing)
        self.committee.member_ids[-1].substitute_id = substitute
        with at("2026-03-02 08:00"):
            self._at_committee()
            with self.assertRaises(AccessError):
                self._sign(substitute)
        self._away(self.marketing, "2026-03-02 09:00", "2026-03-03 18:00")
        with at("2026-03-02 10:00"):
            with self.assertRaises(AccessError):
                self._sign(self.marketing)
            for user in (self.ceo, self.finance, substitute):
                self._sign(user)
        self.assertEqual(self.draft.approver_id, substitute)

    def test_legal_and_the_committee_have_their_time(self):
        """Under the version in force: five working days each, not the one of a remedy."""
        first = self._in_force()
        draft = first.with_user(self.admin)._policy_new_version()
        with at("2026-03-02 10:00"):
            self._hand_over(draft)
        [clock] = draft.sudo().policy_approval_id.step_ids[0].policy_deadline_ids
        self.assertEqual(clock.rule_code, "publication-step")
        self.assertEqual(clock.due_at, shanghai("2026-03-09 18:00"))

    # === BACK TO THE AUTHOR === #

    def test_what_legal_refuses_is_a_draft_again_with_the_reason(self):
        self._handed_over()
        with self.assertRefused(UserError, "Say why"):
            self.draft.with_user(self.legal).action_policy_reject(" ")
        self.draft.with_user(self.legal).action_policy_reject("第3.2条缺少法律依据")
        self.assertEqual(
            (self.draft.state, self.draft.policy_approval_state), ("draft", "rejected")
        )
        note = self.draft.message_ids.sorted("id")[-1]
        self.assertIn("第3.2条缺少法律依据", note.body)
        self.assertEqual(note.author_id, self.legal.partner_id)
        self.assertIn(self.admin.partner_id, note.partner_ids)

    def test_what_the_committee_refuses_or_returns_as_well(self):
        request = self._at_committee()
        for user in (self.ceo, self.finance):
            self.draft.with_user(user).action_policy_reject("不同意")
        self.assertEqual(self.draft.state, "review", "two of five do not refuse it")
        self.draft.with_user(self.director).action_policy_return(None, "请补充第六章")
        self.assertEqual((self.draft.state, request.state), ("draft", "returned"))
        self.assertIn("请补充第六章", self.draft.message_ids.sorted("id")[-1].body)
        again = self._handed_over()
        self.assertNotEqual(again, request)
        self.assertEqual(self._states(), ["pending", "waiting"])

    def test_returned_to_legal_it_stays_under_review(self):
        request = self._at_committee()
        legal = request.step_ids[0]
        self.draft.with_user(self.director).action_policy_return(legal.id, "请再看第六章")
        self.assertEqual((self.draft.state, request.state), ("review", "pending"))
        self.assertEqual(self._states(), ["returned", "returned", "pending", "waiting"])
        self.assertEqual(request.eligible_user_ids, self.legal)

    def test_no_emergency_publishes_a_version(self):
        self._handed_over()
        with self.assertRefused(UserError, "not published in an emergency"):
            self.draft.with_user(self.legal).action_policy_execute_emergency("急")
        self.assertEqual(self.draft.state, "review")

    def test_a_majority_against_it_refuses_it(self):
        self._at_committee()
        for user in (self.ceo, self.finance, self.marketing):
            self.draft.with_user(user).action_policy_reject("不同意")
        self.assertEqual(self.draft.state, "draft")

    def test_back_to_draft_ends_the_request(self):
        request = self._at_committee()
        self.draft.action_policy_draft()
        self.assertEqual((self.draft.state, request.state), ("draft", "lapsed"))
        self.assertEqual(self.draft.policy_approval_state, "none")
        with self.assertRaises(UserError):
            self._sign(self.ceo)
        request = self._handed_over()
        self.draft.action_policy_recall()
        self.assertEqual((self.draft.state, request.state), ("draft", "recalled"))

    def test_a_change_during_the_review_voids_what_was_signed(self):
        self._at_committee()
        clause = self.draft.clause_ids.filtered("text")[0]
        self.env.cr.execute(
            "UPDATE crm_policy_clause SET text = jsonb_build_object('en_US', 'x') WHERE id = %s",
            [clause.id],
        )
        clause.invalidate_recordset()
        with self.assertRefused(UserError, "has changed since it was submitted"):
            self._sign(self.ceo)

    def test_a_change_of_a_rule_voids_it_too(self):
        self._at_committee()
        parameter = self.env["crm.policy.parameter"].search(
            [("version_id", "=", self.draft.id)], limit=1
        )
        parameter._policy_guarded_write({"value": parameter.value + 1})
        with self.assertRefused(UserError, "has changed since it was submitted"):
            self._sign(self.ceo)

    def test_an_approved_version_stays_approved(self):
        """Whatever its rules come to say of themselves after an update of the add-on."""
        self._at_committee()
        for user in (self.ceo, self.finance, self.marketing):
            self._sign(user)
        parameter = self.env["crm.policy.parameter"].search(
            [("version_id", "=", self.draft.id)], limit=1
        )
        parameter._policy_guarded_write({"value": parameter.value + 1})
        self.draft.message_subscribe(self.admin.partner_id.ids)
        self.draft.write({"message_follower_ids": []})
        self.assertEqual(self.draft.policy_approval_state, "approved")

    # === WHO NEVER SIGNS === #

    def test_nobody_publishes_past_the_chain(self):
        Version = self.env["crm.policy.version"]
        users = [self.director, self.ceo, self.admin, self.env.ref("base.user_admin")]
        for step in (None, self._handed_over, lambda: self._sign(self.legal)):
            if step:
                step()
            for user in users:
                with self.subTest(user=user.login, state=self.draft.state):
                    with self.assertRaises(UserError):
                        call_kw(
                            Version.with_user(user),
                            "action_policy_publish",
                            [self.draft.ids],
                            {"context": {"allowed_company_ids": self.company.ids}},
                        )
                    with self.assertRaises(UserError):
                        self.draft.with_user(user).sudo().action_policy_publish()
            self.assertFalse(self.draft.approver_id)
        with self.assertRefused(
            PolicyRefusal,
            r"Clause 1\.7 .*approved by Legal, CRM Committee.*Next: CRM Committee\. "
            r"May decide: .*t_finance",
        ):
            self.draft.with_user(self.director).action_policy_publish()

    def test_the_author_never_signs(self):
        self.admin.group_ids = [Command.link(self.env.ref("crm_policy.group_legal").id)]
        self.committee.member_ids = [Command.create({"user_id": self.admin.id, "sequence": 9})]
        self._handed_over()
        with self.assertRaises(UserError):
            self._sign(self.admin)
        self._sign(self.legal)
        with self.assertRaises(UserError):
            self._sign(self.admin)

    def test_who_did_not_hand_it_over_but_wrote_it_never_signs(self):
        """Neither the author nor a writer, though somebody else has asked for the signatures."""
        other = self._new_user("policy_admin", login="t_admin2")
        self.admin.group_ids = [Command.link(self.env.ref("crm_policy.group_legal").id)]
        self.draft._policy_guarded_write(
            {"writer_ids": [Command.set((self.legal | self.ceo).ids)]}  # the author apart
        )
        second = self._new_user("legal", login="t_legal2")
        self.draft.with_user(other).action_policy_review()
        for user in (self.admin, self.legal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._sign(user)
        self._sign(second)
        with self.assertRaises(AccessError):
            self._sign(self.ceo)
        with self.assertRaises(AccessError):
            self.draft.with_user(self.ceo).action_policy_reject("x")

    def test_who_is_no_member_does_not_vote(self):
        outsiders = [
            self._new_user("committee", login="t_group_only"),
            self._new_user("director", login="t_director2"),
            self.users["manager"],
            self.users["qc"],
        ]
        self._at_committee()
        for user in outsiders:
            for path in (self.draft.with_user(user), self.draft.with_user(user).sudo()):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    path.action_policy_approve("同意")
        self.assertFalse(
            self.draft.sudo().policy_approval_id.step_ids[1].decision_ids, "nobody has voted"
        )

    def test_nobody_stands_in_for_legal(self):
        """Not who may decide any amount, nor the manager of who has asked."""
        self._new_employee(self.admin, parent_id=self._new_employee(self.ceo).id)
        self._new_employee(self.legal)
        self._handed_over()
        self._away(self.legal, "2026-03-02 09:00", "2026-03-03 18:00")
        with at("2026-03-02 10:00"):
            for user in (self.director, self.ceo, self.finance):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    self._sign(user)

    def test_a_signature_is_not_forwarded(self):
        self._handed_over()
        with self.assertRefused(UserError, "not forwarded"):
            self.draft.with_user(self.legal).action_policy_forward(self.ceo.id, "请代签")

    def test_who_was_added_does_not_approve_in_place_of_the_committee(self):
        self._at_committee()
        self.draft.with_user(self.ceo).action_policy_add_signer(self.users["qc"].id, False, "请看")
        for user in (self.ceo, self.finance, self.marketing):
            self._sign(user)
        self.assertFalse(self.draft.approver_id)
        self._sign(self.users["qc"])
        self.assertEqual(self.draft.approver_id, self.marketing)

    def test_a_draft_is_not_submitted_without_being_handed_over(self):
        with self.assertRefused(UserError, "hand it over first"):
            self.draft.action_policy_submit()

    def test_the_guarded_fields(self):
        for name, value in (
            ("policy_approval_state", "approved"),
            ("policy_approval_id", False),
            ("approver_id", self.ceo.id),
        ):
            for actor in (self.draft, self.draft.sudo()):
                with self.subTest(name), self.assertRaises(AccessError):
                    actor.write({name: value})

    # === WHICH VERSIONS === #

    def _in_force(self):
        self.draft.action_policy_review()
        self._approve_version(self.draft)
        return self.draft

    def test_a_draft_does_not_do_away_with_the_chain(self):
        first = self._in_force()
        draft = first.with_user(self.admin)._policy_new_version()
        self.env["crm.policy.route"].search(
            [("version_id", "=", draft.id), ("code", "=", "publication")]
        ).with_user(self.admin).unlink()
        self._hand_over(draft)
        self.assertEqual(draft.publication_route_id.version_id, first)
        with self.assertRefused(PolicyRefusal, r"Clause 1\.7"):
            draft.with_user(self.director).action_policy_publish()
        # Nor by ending the version in force first.
        draft.action_policy_draft()
        for user in (self.ceo, self.director):
            first.with_user(user).action_policy_abolish("改版")
        self.assertEqual(first.state, "abolished")
        self._hand_over(draft)
        self.assertEqual(draft.policy_approval_state, "pending")

    def test_only_members_end_and_confirm_a_version_of_theirs(self):
        first = self._in_force()
        outsider = self._new_user("director", login="t_director2")
        for action, args in (
            ("action_policy_abolish", ["不再适用"]),
            ("action_policy_confirm_review", ["已看过"]),
        ):
            with self.subTest(action), self.assertRefused(AccessError, "members of CRM Committee"):
                getattr(first.with_user(outsider), action)(*args)
        first.with_user(self.ceo).action_policy_confirm_review("已看过")
        self.assertTrue(first.reviewed_on)

    def test_two_members_end_what_the_committee_has_approved(self):
        first = self._in_force()
        first.with_user(self.ceo).action_policy_abolish("改版")
        self.assertEqual((first.state, first.end_asked_by_id), ("effective", self.ceo))
        asked = self.env["crm.policy.event"].search([("type", "=", "version.end_asked")])
        self.assertEqual((asked.res_id, asked.actor_id), (first.id, self.ceo.id))
        with self.assertRefused(UserError, "asked for it already"):
            first.with_user(self.ceo).action_policy_abolish("改版")
        first.with_user(self.director).action_policy_abolish("不再适用")
        self.assertEqual((first.state, first.abolish_reason), ("abolished", "不再适用"))

    def _wish_events(self, first, kind):
        return self.env["crm.policy.event"].search(
            [("type", "=", f"version.end_{kind}"), ("res_id", "=", first.id)]
        )

    def test_the_wish_to_abolish_is_withdrawn_by_whose_it_is(self):
        first = self._in_force()
        first.with_user(self.ceo).action_policy_abolish("改版")
        for user in (self.director, self.admin, self.users["finance"]):
            with self.subTest(user.login), self.assertRefused(AccessError, "have not asked"):
                first.with_user(user).action_policy_withdraw_end()
        self.assertLessEqual({"end_asked_by_id", "end_asked_at"}, first._policy_guarded_fields())
        first.with_user(self.ceo).action_policy_withdraw_end()
        self.assertFalse(first.end_asked_by_id or first.end_asked_at)
        [event] = self._wish_events(first, "withdrawn")
        self.assertEqual((event.actor_id, event.payload), (self.ceo.id, {"asked_by": self.ceo.id}))
        first.with_user(self.director).action_policy_abolish("不再适用")
        self.assertEqual((first.state, first.end_asked_by_id), ("effective", self.director))
        with self.assertRefused(AccessError, "have not asked"):
            first.with_user(self.ceo).action_policy_withdraw_end()

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_take_effect").method_direct_trigger()
        self.env.invalidate_all()

    def test_the_wish_to_abolish_lapses(self):
        first = self._in_force()
        with at("2026-11-02 10:00"):
            first.with_user(self.ceo).action_policy_abolish("改版")
            self.assertEqual(str(first.end_lapses_at), "2026-11-16 02:00:00")
        with at("2026-11-16 10:00"):
            self._run_cron()
            self.assertEqual(first.end_asked_by_id, self.ceo)
        with at("2026-11-16 10:00:01"):
            self._run_cron()
            self.assertFalse(first.end_asked_by_id)
        [event] = self._wish_events(first, "lapsed")
        self.assertEqual(event.payload, {"asked_by": self.ceo.id})
        self.assertEqual(event.policy, first.policy_id.code)

    def test_a_wish_that_no_job_has_looked_at_lapses_with_the_next_look(self):
        first = self._in_force()
        with at("2026-11-02 10:00"):
            first.with_user(self.ceo).action_policy_abolish("改版")
        with at("2026-11-16 10:00:01"):
            first.with_user(self.director).action_policy_abolish("不再适用")
        self.assertEqual((first.state, first.end_asked_by_id), ("effective", self.director))
        self.assertEqual(len(self._wish_events(first, "lapsed")), 1)

    def test_a_policy_that_gives_it_no_time_lets_the_wish_stand(self):
        first = self._in_force()
        self.env["crm.policy.parameter"].search(
            [("version_id", "=", first.id), ("code", "=", "end_wish_days")]
        )._policy_guarded_write({"value": 0})
        with at("2026-11-02 10:00"):
            first.with_user(self.ceo).action_policy_abolish("改版")
        with at("2027-11-02 10:00"):
            first.with_user(self.director).action_policy_abolish("不再适用")
        self.assertEqual(first.state, "abolished")

    def test_who_has_left_the_committee_does_not_count_as_the_first(self):
        first = self._in_force()
        first.with_user(self.director).action_policy_abolish("改版")
        self.assertEqual(first.end_asked_by_id, self.director)
        self.committee.member_ids.filtered(lambda seat: seat.user_id == self.director).unlink()
        first.with_user(self.ceo).action_policy_abolish("改版")
        self.assertEqual((first.state, first.end_asked_by_id), ("effective", self.ceo))

    def test_who_wrote_a_version_never_ends_it(self):
        first = self._in_force()
        self._become_writer(self.ceo)
        with self.assertRefused(AccessError, "does not decide on it"):
            first.with_user(self.ceo).action_policy_abolish("改版")
        self.assertFalse(first.end_asked_by_id)
        self.assertIn("end_asked_by_id", first._policy_guarded_fields())

    def test_one_member_does_not_take_it_out_of_use(self):
        policy = self._in_force().policy_id
        for user in (self.ceo, self.admin):
            with self.subTest(user.login), self.assertRaises(UserError):
                policy.with_user(user).action_policy_out_of_use()
        with self.assertRefused(PolicyRefusal, "until two of its members abolish it"):
            policy.with_user(self.ceo).action_policy_out_of_use()
        self.assertTrue(policy.active_in_company)

    def test_the_request_tells_its_business_type(self):
        request = self._handed_over()
        self.assertEqual(request.subject, "publication")
        self.env.cr.execute("UPDATE crm_policy_route SET subject = 'publication' WHERE id = %s",
                            [self.draft.publication_route_id.id])  # fmt: skip
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertTrue(self.draft._policy_publication_route())

    def test_policies_without_a_route_are_approved_as_before(self):
        draft = self.version.with_user(self.admin)._policy_new_version()
        self._hand_over(draft)
        self.assertFalse(draft.publication_route_id)
        self.assertEqual(draft.policy_approval_state, "none")
        draft.with_user(self.director).action_policy_publish()
        self.assertEqual(draft.state, "effective")

    # === THE COMMITTEE === #

    def test_every_department_that_is_not_represented_is_named(self):
        self.committee.member_ids = [
            Command.clear(),
            Command.create({"user_id": self.ceo.id}),
            Command.create({"user_id": self.director.id}),
        ]
        with self.assertRaises(UserError) as caught:
            self.draft.action_policy_review()
        for words in ("1.7", "vote for Marketing", "vote for Finance", "vote for Legal"):
            self.assertIn(words, str(caught.exception))
        self.assertNotIn("vote for CEO", str(caught.exception))
        self.env["crm.policy.finding"]._policy_refresh(self.draft)
        findings = self.env["crm.policy.finding"].search(
            [("version_id", "=", self.draft.id), ("code", "=", "committee_gap")]
        )
        self.assertEqual(
            {self.env["crm.policy.role"].browse(line.res_id).code for line in findings},
            {"marketing", "finance", "legal"},
        )
        self.assertEqual(set(findings.mapped("severity")), {"error"})

    def test_a_committee_that_loses_a_department_approves_nothing(self):
        self._at_committee()
        self._sign(self.ceo)
        self._sign(self.director)
        self.marketing.active = False
        with self.assertRefused(UserError, "vote for Marketing"):
            self._sign(self.finance)
        self.assertFalse(self.draft.approver_id)

    def test_taking_into_use_needs_the_committee_as_well(self):
        policy = self._in_force().policy_id
        policy.sudo().active_in_company = False
        self.committee.member_ids[-1].unlink()
        with self.assertRefused(PolicyRefusal, "vote for Marketing"):
            policy.active_in_company = True
        self.committee.member_ids = [Command.create({"user_id": self.marketing.id})]
        policy.active_in_company = True

    def test_a_newcomer_is_told_how_to_set_up_the_committee(self):
        """As the pack brings it: a seat for the committee's group, in which nobody is."""
        self.committee.member_ids = [
            Command.clear(),
            Command.create({"role_id": self._role_of("committee").id}),
        ]
        Page = self.env["crm.policy.version.publish"].with_user(self.admin)
        page = Page.browse(Page.action_policy_open(self.draft.id)["res_id"])
        self.assertEqual(page.error_count, 5)
        for words in ("Legal", "CRM Committee", "nobody at present", "Organisation, Teams"):
            self.assertIn(words, page.chain)
        with self.assertRefused(UserError, "Organisation, Teams"):
            page.action_policy_hand_over()
        # The group's members sit in it: nothing else has to be set up.
        group = self.env.ref("crm_policy.group_committee")
        for user in self.people.values():
            user.group_ids = [Command.link(group.id)]
        self.env.invalidate_all()
        page = Page.browse(Page.action_policy_open(self.draft.id)["res_id"])
        self.assertEqual(page.error_count, 0)
        self.assertIn(self.marketing.name, page.chain)
        self.assertNotIn("nobody at present", page.chain)
        page.action_policy_hand_over()
        self.assertEqual(self.draft.policy_approval_state, "pending")

    def test_a_committee_of_those_who_wrote_it_is_refused_before(self):
        for user in (self.ceo, self.director, self.finance):
            self._become_writer(user)
        with self.assertRefused(PolicyRefusal, "2 of its 5 voting members.*3 are needed"):
            self.draft.action_policy_review()
        self.assertEqual(self.draft.state, "draft")

    def test_the_page_signs_for_who_may(self):
        self._at_committee()
        Page = self.env["crm.policy.version.publish"]
        for user in (self.ceo, self.director):
            mine = Page.with_user(user)
            page = mine.browse(mine.action_policy_open(self.draft.id)["res_id"])
            self.assertTrue(page.can_decide)
            page.action_policy_approve()
        other = self._new_user("director", login="t_director2")
        mine = Page.with_user(other)
        page = mine.browse(mine.action_policy_open(self.draft.id)["res_id"])
        self.assertFalse(page.can_decide)
        with self.assertRaises(AccessError):
            page.action_policy_approve()

    # === THE CUSTOMERS === #

    def test_the_committee_waits_for_the_customers_legal_does_not(self):
        customer = self.env["res.users"].create(
            {
                "name": "客户代表",
                "login": "t_heard",
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        customer.partner_id.parent_id = self.partner
        self.draft.write(
            {
                "affects_customers": True,
                "consulted_partner_ids": [Command.set(self.partner.ids)],
            }
        )
        with at("2026-03-02 09:00"):
            self._at_committee()
            self.assertEqual(self.draft.consultation_closes_at, shanghai("2026-03-16 23:59:59"))
            said = self.env["crm.policy.consultation"]._policy_say(
                customer, self.draft.id, None, "太长"
            )
            with self.assertRefused(UserError, "asked until 2026-03-16"):
                self._sign(self.ceo)
        with at("2026-03-17 09:00"):
            with self.assertRefused(UserError, "太长"):
                self._sign(self.ceo)
            self._as("policy_admin", said).action_policy_answer("rejected", "已有说明")
            for user in (self.ceo, self.finance, self.marketing):
                self._sign(user)
        self.assertEqual(self.draft.state, "effective")
