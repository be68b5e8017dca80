"""Any, all, majority, quorum: when a step is signed, and when it cannot be signed any more."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..approval_common import ApprovalCommon
from ..common import at


class TestApprovalModes(ApprovalCommon):
    def _reject(self, remedy, role):
        self._as(role, remedy).action_policy_reject("不同意")

    def _team(self, *roles, quorum=50):
        return self.env["crm.policy.team"].create(
            {
                "code": "board",
                "name": "评审委员会",
                "kind": "committee",
                "company_id": self.company.id,
                "quorum": quorum,
                "member_ids": [
                    Command.create({"user_id": self.users[role].id, "sequence": number})
                    for number, role in enumerate(roles)
                ],
            }
        )

    def test_one_rejection_ends_any_and_all(self):
        for mode in ("any", "all"):
            self._set_route({"role": "ceo", "mode": mode})
            remedy = self._submitted()
            if mode == "all":
                self._sign(remedy, "ceo")
            self._reject(remedy, "ceo2")
            with self.subTest(mode):
                self.assertEqual(remedy.policy_approval_state, "rejected")

    def test_a_majority_survives_one_rejection_of_three(self):
        self._set_route({"role": "ceo", "mode": "majority"})
        remedy = self._submitted()
        self._reject(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "pending")
        with self.assertRaisesRegex(UserError, "You have signed"):
            self._sign(remedy, "ceo")
        self._sign(remedy, "ceo2", "ceo3")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_majority_that_cannot_be_reached_is_rejected(self):
        self._set_route({"role": "ceo", "mode": "majority"})
        remedy = self._submitted()
        self._reject(remedy, "ceo")
        self._reject(remedy, "ceo2")
        self.assertEqual(remedy.policy_approval_state, "rejected")

    # === ONE PERSON, ONE VOICE (D.3 no. 11) === #

    def _for_two(self):
        """Let the supervisor act for two of the three executives, who are away."""
        lines = self.env["crm.policy.delegation"]
        for role in ("ceo", "ceo2"):
            self._new_employee(self.users[role])
            self._away(self.users[role], "2026-03-02 00:00", "2026-03-09 00:00")
            lines |= lines.with_user(self.users[role]).create(
                {"to_user_id": self.users["supervisor"].id, "date_to": "2026-03-08"}
            )
        return lines

    def test_who_acts_for_two_has_one_voice_and_all_is_not_stuck(self):
        self._set_route({"role": "ceo", "mode": "all"})
        with at("2026-03-03 10:00"):
            self._for_two()
            remedy = self._submitted()
            self.assertEqual(self._who(remedy), ["ceo3", "supervisor"])
            self._sign(remedy, "supervisor")
            self.assertEqual(remedy.policy_approval_state, "pending")
            with self.assertRaisesRegex(UserError, "You have signed"):
                self._sign(remedy, "supervisor")
            self._sign(remedy, "ceo3")
        self.assertEqual(remedy.policy_approval_state, "approved")
        decisions = remedy.policy_approval_id.decision_ids.sorted("id")
        self.assertEqual(
            [decision.on_behalf_of_id for decision in decisions],
            [self.users["ceo"], self.env["res.users"]],
        )

    def test_another_delegation_gives_no_second_voice(self):
        for mode in ("all", "majority"):
            with self.subTest(mode), at("2026-03-03 10:00"):
                self._set_route({"role": "ceo", "mode": mode})
                lines = self._for_two()
                remedy = self._submitted()
                self._sign(remedy, "supervisor")
                lines[0].with_user(self.users["ceo"]).action_policy_revoke()
                with self.assertRaisesRegex(UserError, "You have signed"):
                    self._sign(remedy, "supervisor")
                self.assertEqual(remedy.policy_approval_state, "pending")
                self._sign(remedy, "ceo3")
                self.assertEqual(remedy.policy_approval_state, "approved")
                lines[1].with_user(self.users["ceo2"]).action_policy_revoke()

    def test_the_second_principal_who_comes_back_has_his_own_voice(self):
        self._set_route({"role": "ceo", "mode": "all"})
        with at("2026-03-03 10:00"):
            self._for_two()
            remedy = self._submitted()
            self._sign(remedy, "supervisor")
        with at("2026-03-10 10:00"):
            self._sign(remedy, "ceo3")
            self.assertEqual(remedy.policy_approval_state, "pending")
            self._sign(remedy, "ceo2")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_team_decides_with_its_quorum(self):
        """Five members, 60 %: three must have voted, and three of the five be for it."""
        team = self._team("ceo", "ceo2", "ceo3", "finance", "qc", quorum=60)
        self._set_route({"team_id": team.id, "mode": "quorum"})
        remedy = self._submitted()
        self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3", "finance", "qc"])
        self._sign(remedy, "ceo", "ceo2")
        self._reject(remedy, "qc")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "finance")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_team_of_which_too_few_may_vote_is_not_asked(self):
        """One of three has asked for it and one has written it: two would be needed."""
        team = self._team("specialist", "supervisor", "ceo", quorum=60)
        self._set_route({"team_id": team.id, "mode": "quorum"})
        remedy = self._new_remedy(self._new_case(), 5000)
        with self.assertRaisesRegex(PolicyRefusal, "1 of its members may vote .* 2 are needed"):
            self._as("supervisor", remedy).action_policy_submit()
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(self._who(remedy), ["ceo", "supervisor"])

    # === WHO HAS LEFT MEANWHILE === #

    def _half_signed(self, approve, reject):
        """Five sign by majority, some have; those who have not are archived then."""
        roles = ("ceo", "ceo2", "ceo3", "finance", "qc")
        self._set_route({"team_id": self._team(*roles).id, "mode": "majority"})
        remedy = self._submitted()
        self._sign(remedy, *approve)
        for role in reject:
            self._reject(remedy, role)
        self.assertEqual(remedy.policy_approval_state, "pending")
        for role in set(roles) - {*approve, *reject}:
            self.users[role].active = False
        return remedy

    def test_who_has_rejected_does_not_approve_by_rejecting_again(self):
        remedy = self._half_signed(("ceo", "ceo2"), ("ceo3",))
        with self.assertRaisesRegex(UserError, "You have signed"):
            self._reject(remedy, "ceo3")
        with self.assertRaisesRegex(UserError, "You have signed"):
            self._sign(remedy, "ceo3")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")
        request = remedy.policy_approval_id
        self.assertEqual(len(request.decision_ids), 3)
        used = self.env["crm.policy.authority.use"].search([("approval_id", "=", request.id)])
        self.assertEqual(used.user_id, self.users["ceo2"], "whose signature was the last")

    def test_what_can_no_longer_be_reached_is_rejected_without_a_further_signature(self):
        remedy = self._half_signed(("ceo", "ceo2"), ("ceo3", "finance"))
        self.env["crm.policy.approval"].search([])._policy_keep_deciders()
        self.assertEqual(remedy.policy_approval_state, "rejected")

    def test_who_has_approved_rejects_nothing_afterwards_and_approves_nothing_by_it(self):
        remedy = self._half_signed(("ceo", "ceo2"), ("ceo3", "finance"))
        with self.assertRaisesRegex(UserError, "You have signed"):
            self._reject(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "pending")

    def test_more_than_half_is_not_enough_below_the_quorum(self):
        team = self._team("ceo", "ceo2", "ceo3", quorum=100)
        self._set_route({"team_id": team.id, "mode": "quorum"})
        remedy = self._submitted()
        self._sign(remedy, "ceo", "ceo2")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._reject(remedy, "ceo3")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_who_has_left_counts_for_the_size_of_the_team(self):
        team = self._team("ceo", "ceo2", "ceo3", "finance", "qc")
        self._set_route({"team_id": team.id, "mode": "quorum"})
        (self.users["finance"] | self.users["qc"]).active = False
        remedy = self._submitted()
        self._sign(remedy, "ceo", "ceo2")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "ceo3")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_who_has_rejected_and_left_counts_for_the_majority(self):
        team = self._team("ceo", "ceo2", "ceo3", "qc")
        self._set_route({"team_id": team.id, "mode": "majority"})
        remedy = self._submitted()
        self._reject(remedy, "ceo")
        team.sudo().member_ids[0].unlink()
        self.users["ceo"].active = False
        self._sign(remedy, "ceo2", "ceo3")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "qc")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_the_requester_has_no_vote_in_his_team(self):
        team = self._team("specialist", "ceo", "ceo2", "ceo3")
        self._set_route({"team_id": team.id, "mode": "quorum"})
        remedy = self._submitted()
        self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3"])
        with self.assertRaises(UserError):
            self._sign(remedy, "specialist")
        self._sign(remedy, "ceo", "ceo2")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_quorum_is_a_team_s_and_a_step_has_one_signer(self):
        with self.assertRaisesRegex(ValidationError, "only a team has a quorum"):
            self._set_route({"role": "ceo", "mode": "quorum"})
        with self.assertRaisesRegex(ValidationError, "a role or a team"):
            self._set_route({"mode": "any"})
        with self.assertRaisesRegex(ValidationError, "a role or a team"):
            self._set_route({"role": "ceo", "team_id": self._team("ceo").id})

    def test_a_route_fits_by_its_condition(self):
        general = self._set_route("manager")
        self.version._policy_guarded_write({"state": "draft"})
        special = general.copy({"code": "refund", "domain": "[('kind', '=', 'refund')]"})
        special.step_ids.role_id = self._role_of("ceo")
        with self.assertRaisesRegex(ValidationError, "cannot be used"):
            special.domain = "[('nothing', '=', 1)]"
        special.domain = "[('kind', '=', 'refund')]"
        self.version._policy_guarded_write({"state": "effective"})
        self.assertEqual(self._submitted().policy_approval_id.route_id, general)
        self.assertEqual(self._submitted(kind="refund").policy_approval_id.route_id, special)

    def test_a_route_of_another_business_type_is_none(self):
        self._set_route("manager", subject="refund")
        remedy = self._new_remedy(self._new_case(), 5000)
        with self.assertRefused(UserError, "has no approval route"):
            self._as("specialist", remedy).action_policy_submit()
        refund = self._submitted(kind="refund")
        self.assertEqual(self._steps(refund), [("manager", "pending")])

    def test_a_row_of_signatures_has_one_at_least(self):
        with self.assertRefused(ValidationError, "has no step"):
            self._set_route(kind="sequence")

    def test_a_route_copies_to_nobody_of_another_company(self):
        other = self._new_company("杭州分公司")
        stranger = self._role_of("ceo").copy({"company_id": other.id})
        self.assertEqual(stranger.company_id, other)
        with self.assertRefused(ValidationError, "belongs to another company"):
            self._set_route("manager", copy_role_ids=[Command.set(stranger.ids)])

    def test_nobody_of_another_company_signs_a_step(self):
        other = self._new_company("杭州分公司")
        stranger = self._role_of("ceo").copy({"company_id": other.id})
        team = self.env["crm.policy.team"].create(
            {
                "code": "x-other",
                "name": "杭州小组",
                "kind": "quality_accident",
                "company_id": other.id,
                "member_ids": [Command.create({"role_id": stranger.id})],
            }
        )
        for step in ({"role_id": stranger.id}, {"team_id": team.id}):
            with (
                self.subTest(step),
                self.assertRefused(
                    ValidationError, "belongs to another company than the rule remedy"
                ),
            ):
                self._set_route("manager", step)

    def test_no_step_moves_into_a_version_in_force(self):
        """A second signature would come to it, or one that nobody can give."""
        route = self._set_route("manager")
        version = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        draft = self.env["crm.policy.route"].search(
            [("code", "=", route.code), ("version_id", "=", version.id)]
        )
        step = draft.step_ids.with_user(self.users["policy_admin"])
        self.assertEqual(len(step), 1)
        with self.assertRefused(UserError, "draft"):
            step.route_id = route
        self.assertEqual(step.route_id, draft)

    # === DEPUTIES === #

    def test_a_deputy_s_voice_is_his_principal_s(self):
        self._set_route({"role": "ceo", "mode": "all"})
        today = self.env["crm.policy.delegation"]._policy_today(self.company)
        delegation = (
            self.env["crm.policy.delegation"]
            .with_user(self.users["ceo"])
            .create({"to_user_id": self.users["qc"].id, "date_from": today, "date_to": today,
                     "role_ids": self._role_of("ceo").ids})
        )  # fmt: skip
        remedy = self._submitted()
        self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3", "qc"])
        self._sign(remedy, "qc")
        decision = remedy.policy_approval_id.decision_ids
        self.assertEqual(
            (decision.user_id, decision.on_behalf_of_id, decision.delegation_id.id),
            (self.users["qc"], self.users["ceo"], delegation.id),
        )
        self.assertEqual(
            self._events(remedy, "approval.approved").on_behalf_id, self.users["ceo"].id
        )
        with self.assertRaisesRegex(UserError, "You have signed"):
            self._sign(remedy, "ceo")
        with self.assertRaisesRegex(UserError, "You have signed"):
            self._reject(remedy, "ceo")
        self._sign(remedy, "ceo2", "ceo3")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_nobody_acts_for_the_requester(self):
        self._set_route("ceo")
        today = self.env["crm.policy.delegation"]._policy_today(self.company)
        self.env["crm.policy.delegation"].with_user(self.users["ceo"]).create(
            {"to_user_id": self.users["qc"].id, "date_from": today, "date_to": today,
             "role_ids": self._role_of("ceo").ids}
        )  # fmt: skip
        case = self._new_case(user=self.users["supervisor"])
        remedy = self._new_remedy(case, 5000)
        remedy.with_user(self.users["ceo"]).sudo().action_policy_submit()
        self.assertEqual(self._who(remedy), ["ceo2", "ceo3"])
        with self.assertRaises(UserError):
            self._sign(remedy, "qc")
