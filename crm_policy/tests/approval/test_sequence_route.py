"""A route whose steps sign one after the other: any of them, all of them, more than half."""

from pathlib import Path

import yaml

from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal
from ..approval_common import ApprovalCommon

PACK = Path(__file__).parents[2] / "packs" / "service.yaml"


class TestSequenceRoute(ApprovalCommon):
    versions = 1

    def _requested(self, steps, amount=5000, **vals):
        """Put a version with such a route in force and submit a remedy under it."""
        pack = yaml.safe_load(PACK.read_text())
        type(self).versions += 1
        pack["version"]["number"] = str(self.versions)
        pack["routes"][0] |= {"kind": "sequence", "steps": steps}
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        version = admin._policy_apply_pack(yaml.safe_dump(pack, allow_unicode=True), self.company)
        self._hand_over(version)
        version.with_user(self.users["director"]).action_policy_publish()
        case = self._new_case(**vals)
        self.assertEqual(case.policy_version_id.id, version.id)
        remedy = self._new_remedy(case, amount)
        self._as("specialist", remedy).action_policy_submit()
        return remedy

    def _states(self, remedy):
        return remedy.policy_approval_id.step_ids.mapped("state")

    def test_steps_sign_in_their_order(self):
        remedy = self._requested(["manager", "finance", "ceo"])
        self.assertEqual(self._states(remedy), ["pending", "waiting", "waiting"])
        for early in ("finance", "ceo"):
            with self.assertRaises(UserError):
                self._sign(remedy, early)
        self._sign(remedy, "manager")
        self.assertEqual(self._states(remedy), ["approved", "pending", "waiting"])
        with self.assertRaises(UserError):
            self._sign(remedy, "manager")
        self._sign(remedy, "finance", "ceo2")
        self.assertEqual(self._states(remedy), ["approved"] * 3)
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertEqual(
            remedy.policy_approval_id.decision_ids.user_id,
            self.users["manager"] | self.users["finance"] | self.users["ceo2"],
        )

    def test_a_rejection_ends_the_request_and_opens_no_further_step(self):
        remedy = self._requested(["manager", "ceo"])
        self._as("manager", remedy).action_policy_reject("证据不足")
        self.assertEqual(self._states(remedy), ["rejected", "waiting"])
        self.assertEqual(remedy.policy_approval_state, "rejected")
        with self.assertRaises(UserError):
            self._sign(remedy, "ceo")

    def test_any_one_of_them(self):
        remedy = self._requested([{"role": "ceo", "mode": "any"}])
        self._sign(remedy, "ceo3")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_all_of_them(self):
        remedy = self._requested([{"role": "ceo", "mode": "all"}])
        self._sign(remedy, "ceo", "ceo3")
        self.assertEqual(remedy.policy_approval_state, "pending")
        with self.assertRaisesRegex(UserError, "You have signed"):
            self._sign(remedy, "ceo")
        self._sign(remedy, "ceo2")
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertEqual(len(remedy.policy_approval_id.decision_ids), 3)

    def test_more_than_half_of_them(self):
        remedy = self._requested([{"role": "ceo", "mode": "majority"}])
        self._sign(remedy, "ceo2")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "ceo3")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_half_of_them_is_no_majority(self):
        self.users["ceo3"].active = False
        remedy = self._requested([{"role": "ceo", "mode": "majority"}])
        self._sign(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "ceo2")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_whoever_leaves_before_signing_is_not_waited_for(self):
        remedy = self._requested([{"role": "ceo", "mode": "all"}])
        self._sign(remedy, "ceo", "ceo2")
        self.users["ceo3"].active = False
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "ceo2")
        self.assertEqual(remedy.policy_approval_state, "approved")
        self.assertEqual(len(remedy.policy_approval_id.decision_ids), 2)

    def test_a_step_is_needed_above_its_amount(self):
        steps = ["manager", {"role": "ceo", "amount_from": 1000}]
        for amount, roles in ((999.99, 1), (1000.00, 1), (1000.01, 2), (9000, 2)):
            remedy = self._requested(steps, amount)
            with self.subTest(amount):
                self.assertEqual(len(remedy.policy_approval_id.step_ids), roles)

    def test_linked_cases_count_for_the_amount_of_a_step(self):
        for halves, limit, roles in (
            ((800, 800), 1000, 2),
            ((500, 500), 1000, 1),
            ((0.1, 0.2), 0.3, 1),  # more than 0.3 as floats
        ):
            steps = ["manager", {"role": "ceo", "amount_from": limit}]
            first, second = (
                self._requested(steps, amount, policy_order_ref=f"S{halves[0]}")
                for amount in halves
            )
            with self.subTest(halves):
                self.assertEqual(len(first.policy_approval_id.step_ids), 1)
                self.assertEqual(len(second.policy_approval_id.step_ids), roles)

    def test_a_route_that_needs_no_signature_for_an_amount_approves_nothing(self):
        steps = [{"role": "manager", "amount_from": 1000}, {"role": "ceo", "amount_from": 5000}]
        with self.assertRaisesRegex(PolicyRefusal, "has no signature for"):
            self._requested(steps, 999)
        remedy = self._requested(steps, 1000.01)
        self.assertEqual(len(remedy.policy_approval_id.step_ids), 1)

    def test_an_empty_role_is_signed_by_whoever_has_the_authority(self):
        self.users["finance"].active = False
        remedy = self._requested(["finance"])
        self.assertEqual(
            remedy.policy_approval_id.eligible_user_ids,
            self.users["manager"] | self.users["director"] | self.ceos,
        )
        self._sign(remedy, "manager")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_a_step_that_nobody_can_sign_is_said_at_the_submission(self):
        people = self.users["finance"] | self.users["manager"] | self.ceos
        people.active = False
        with self.assertRaisesRegex(PolicyRefusal, "nobody can sign as Finance"):
            self._requested(["director", "finance"], 60_000)

    # === A VERSION IN FORCE STAYS AS IT WAS APPROVED === #

    def test_nobody_slips_a_limit_into_a_version_in_force(self):
        published = self.version.clause_ids[:1]
        draft = self.version.policy_id.version_ids.with_user(self.users["policy_admin"]).create(
            {"policy_id": self.version.policy_id.id, "number": "draft"}
        )
        clause = (
            self.env["crm.policy.clause"]
            .with_user(self.users["policy_admin"])
            .create({"version_id": draft.id, "number": "9", "name": "Mine"})
        )
        role = self.env["crm.policy.role"].search(
            [("code", "=", "specialist"), ("company_id", "=", self.company.id)]
        )
        Authority = self.env["crm.policy.authority"].with_user(self.users["policy_admin"])
        vals = {"code": "x", "clause_id": clause.id, "role_id": role.id, "unlimited": True}
        line = Authority.create(vals)
        version = self.version.id
        for name, attempt in {
            "version written": lambda: line.write({"version_id": version}),
            "version given": lambda: Authority.create({**vals, "version_id": version}),
            "moved": lambda: line.write({"clause_id": published.id}),
            "clause moved": lambda: clause.write({"version_id": version}),
            "created there": lambda: Authority.create({**vals, "clause_id": published.id}),
        }.items():
            with self.subTest(name), self.assertRaises(UserError):
                attempt()
        forged = Authority.with_context(default_version_id=version).create({**vals, "code": "y"})
        self.assertEqual(forged.version_id.id, draft.id)

    def test_nobody_slips_a_step_into_a_route_in_force(self):
        remedy = self._requested(["manager", "ceo"])
        route = remedy.policy_approval_id.route_id.with_user(self.users["policy_admin"])
        role = route.step_ids.role_id[:1]
        for attempt in (
            lambda: route.step_ids[:1].write({"amount_from": 1}),
            lambda: route.step_ids[:1].unlink(),
            lambda: route.write({"kind": "competent"}),
            lambda: route.step_ids.create({"route_id": route.id, "role_id": role.id}),
        ):
            with self.assertRaises(UserError):
                attempt()
