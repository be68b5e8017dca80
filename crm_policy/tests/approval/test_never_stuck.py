"""People come and go while a request waits: somebody can always decide it."""

from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..approval_common import ApprovalCommon
from ..common import at


class TestNeverStuck(ApprovalCommon):
    def _keep(self):
        # A cron finds nothing in its cache.
        self.env.cr.flush()
        self.env.invalidate_all()
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", return_value=1):
            self.env["crm.policy.approval"]._cron_keep_deciders()

    # === ABSENT === #

    def test_while_he_is_away_whoever_is_higher_decides(self):
        (self.users["ceo"]).active = False
        self._set_route()
        manager, director = self.users["manager"], self.users["director"]
        with at("2026-03-03 10:00"):
            remedy = self._submitted()
            self.assertEqual(self._who(remedy), ["director", "manager"])
            for user in (manager, director):
                self._away(user, "2026-03-04 00:00", "2026-03-05 00:00")
        with at("2026-03-04 10:00"):
            with self.assertRaises(UserError):
                self._sign(remedy, "manager")
            self._keep()
            self.assertEqual(self._who(remedy), ["ceo2", "ceo3"])
            self.assertTrue(remedy.with_user(self.users["ceo2"]).has_access("read"))
        with at("2026-03-05 10:00"):
            self._keep()
            self.assertEqual(self._who(remedy), ["director", "manager"])
            self._sign(remedy, "manager")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_when_everybody_is_away_he_who_is_asked_decides_all_the_same(self):
        self._set_route("finance")
        (self.ceos | self.users["manager"] | self.users["director"]).active = False
        with at("2026-03-03 10:00"):
            self._new_employee(self.users["finance"])
            self._away(self.users["finance"], "2026-03-03 00:00", "2026-03-05 00:00")
            remedy = self._submitted()
            self.assertEqual(self._who(remedy), ["finance"])
            self._sign(remedy, "finance")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_who_is_away_today_is_waited_for_by_those_who_sign_together(self):
        """His voice is not dropped by a cron; the last of those who are there completes it."""
        self._set_route({"role": "ceo", "mode": "all"})
        with at("2026-03-03 10:00"):
            remedy = self._submitted()
            self._sign(remedy, "ceo", "ceo2")
            self._new_employee(self.users["ceo3"])
            self._away(self.users["ceo3"], "2026-03-03 00:00", "2026-03-05 00:00")
            self._keep()
            self.assertEqual(remedy.policy_approval_state, "pending")
        with at("2026-03-04 18:00:01"):
            self._keep()
            self.assertEqual(remedy.policy_approval_state, "approved")

    def _appointed_and_away(self, code="ceo"):
        """Let one person hold a post of ``code`` without a substitute, and go away for a week."""
        self._role_of(code).write({"kind": "user"})
        self._new_post(code, self.users["qc"])
        self._new_employee(self.users["qc"])
        self._away(self.users["qc"], "2026-03-02 00:00", "2026-03-09 00:00")

    def test_a_request_waits_for_the_only_competent_person_who_is_away(self):
        with at("2026-03-03 10:00"):
            self._appointed_and_away()
            remedy = self._submitted(60_000)
            self.assertEqual(self._steps(remedy), [("ceo", "pending")])
            self.assertEqual(self._who(remedy), ["qc"])
            self._keep()
            self.assertEqual(self._who(remedy), ["qc"])
            self._sign(remedy, "qc")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_while_the_only_competent_person_is_away_his_delegate_is_asked(self):
        with at("2026-03-03 10:00"):
            self._appointed_and_away()
            delegation = self.env["crm.policy.delegation"].with_user(self.users["qc"])
            delegation.create({"to_user_id": self.users["analyst"].id, "date_to": "2026-03-06"})
            remedy = self._submitted(60_000)
            self.assertEqual(self._who(remedy), ["analyst"])
            self._sign(remedy, "analyst")
        decision = remedy.policy_approval_id.decision_ids
        self.assertEqual(decision.on_behalf_of_id, self.users["qc"])

    def test_while_the_lowest_competent_person_is_away_a_higher_authority_is_asked(self):
        with at("2026-03-03 10:00"):
            self._appointed_and_away("director")
            remedy = self._submitted(30_000)
            self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3"])
        with at("2026-03-09 10:00"):
            self._keep()
            self.assertEqual(self._who(remedy), ["qc"])

    def test_who_is_appointed_and_away_decides_nothing_above_his_limit(self):
        with at("2026-03-03 10:00"):
            self._appointed_and_away("director")
            first, second = self._submitted(30_000), self._submitted(30_000)
            self.ceos.active = False
            self._keep()
            self.assertEqual(self._who(second), ["qc"])
            (first | second).ticket_id.policy_order_ref = "S00125"
            self._keep()
            self.assertEqual(self._who(second), [])
            with self.assertRaises(UserError):
                self._sign(second, "qc")

    def test_a_signature_in_a_row_waits_for_who_is_appointed_and_away(self):
        self._set_route("finance")
        (self.ceos | self.users["manager"] | self.users["director"]).active = False
        with at("2026-03-03 10:00"):
            self._appointed_and_away("finance")
            remedy = self._submitted()
            self.assertEqual(self._who(remedy), ["qc"])
            self._sign(remedy, "qc")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_who_is_away_and_has_asked_himself_is_not_waited_for(self):
        with at("2026-03-03 10:00"):
            self._appointed_and_away()
            remedy = self._new_remedy(self._new_case(), 60_000)
            self._role_of("ceo").post_ids.user_ids = self.users["specialist"]
            self._new_employee(self.users["specialist"])
            self._away(self.users["specialist"], "2026-03-02 00:00", "2026-03-09 00:00")
            with self.assertRefused(UserError, "nobody can decide"):
                self._as("specialist", remedy).action_policy_submit()
            self._set_route("ceo")
            (self.users["manager"] | self.users["director"]).active = False
            with self.assertRefused(UserError, "nobody can sign"):
                self._as("specialist", remedy).action_policy_submit()

    def test_no_higher_authority_decides_his_own_request_or_what_he_gets(self):
        self._set_route()
        manager, director = self.users["manager"], self.users["director"]
        with at("2026-03-03 10:00"):
            asked = self._submitted(role="director")
            given = self._submitted(beneficiary_id=director.partner_id.id)
            for remedy in (asked, given):
                self.assertEqual(self._who(remedy), ["manager"])
            self._new_employee(self.users["ceo3"])
            for user in (manager, self.users["ceo3"]):
                self._away(user, "2026-03-03 00:00", "2026-03-05 00:00")
            self._keep()
            for remedy in (asked, given):
                self.assertEqual(self._who(remedy), ["ceo", "ceo2"])
                with self.assertRaises(UserError):
                    self._sign(remedy, "director")

    def test_the_highest_authority_who_is_away_does_not_decide_what_he_gets(self):
        with self._while_the_ceo_is_away():
            mine = self._submitted(30_000, beneficiary_id=self.users["ceo"].partner_id.id)
            other = self._submitted(30_000)
            self.users["director"].active = False
            self._keep()
            self.assertEqual((self._who(mine), self._who(other)), ([], ["ceo"]))
            with self.assertRaises(UserError):
                self._sign(mine, "ceo")

    def test_of_many_requests_each_climbs_to_its_own_authority(self):
        """Who may decide one of them decides no other, however many are looked at together."""
        self._set_route()
        with at("2026-03-03 10:00"):
            mine = self._submitted(beneficiary_id=self.users["ceo2"].partner_id.id)
            other = self._submitted()
            for role in ("manager", "director"):
                self._away(self.users[role], "2026-03-03 00:00", "2026-03-05 00:00")
            self._keep()
            self.assertEqual(self._who(mine), ["ceo", "ceo3"])
            self.assertEqual(self._who(other), ["ceo", "ceo2", "ceo3"])
            with self.assertRaises(UserError):
                self._sign(mine, "ceo2")

    def test_without_a_manager_of_his_own_the_chain_of_the_department_is_asked(self):
        self._set_route("finance")
        remedy = self._submitted()
        self._new_employee(self.users["specialist"], parent_id=False, department_id=False)
        self.department.manager_id = self._new_employee(self.users["qc"])
        (self.users["finance"] | self.users["manager"] | self.users["director"] | self.ceos).write(
            {"active": False}
        )
        self._keep()
        self.assertEqual(self._who(remedy), ["qc"])

    def test_overdue_it_climbs_past_a_manager_who_is_asked_anyway(self):
        self._set_route({"role": "finance", "on_timeout": "climb"})
        top = self._new_employee(self.users["qc"])
        boss = self._new_employee(self.users["finance"], parent_id=top.id)
        self._new_employee(self.users["specialist"], parent_id=boss.id)
        (self.users["manager"] | self.users["director"] | self.ceos).active = False
        with at("2026-03-03 10:00"):
            remedy = self._submitted()
        with at("2026-03-04 18:00:01"):
            self._keep()
            self.assertEqual(self._who(remedy), ["finance", "qc"])

    def test_signed_by_all_who_are_left_it_goes_on_to_the_next_step(self):
        self._set_route({"role": "ceo", "mode": "all"}, "finance")
        remedy = self._submitted()
        self._sign(remedy, "ceo")
        (self.ceos - self.users["ceo"]).active = False
        self._sign(remedy, "ceo")
        self.assertEqual(self._steps(remedy), [("ceo", "approved"), ("finance", "pending")])
        self.assertEqual(len(remedy.policy_approval_id.decision_ids), 1)
        self.assertEqual(self._who(remedy), ["finance"])

    # === ARCHIVED, EMPTY, WITHOUT HEAD === #

    def test_a_step_reached_with_nobody_there_climbs_to_a_higher_authority(self):
        self._set_route("manager", "finance")
        remedy = self._submitted()
        self.users["finance"].active = False
        self._sign(remedy, "manager")
        # Two signatures are those of two people (AUT-MAT-04).
        self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3", "director"])
        with self.assertRaises(UserError):
            self._sign(remedy, "manager")
        self._sign(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_none_of_those_who_have_signed_together_stands_in_at_the_next_step(self):
        self._set_route({"role": "ceo", "mode": "majority"}, "finance")
        remedy = self._submitted()
        self.users["finance"].active = False
        # The second signature completes the step of three: neither of the two is asked again.
        self._sign(remedy, "ceo", "ceo2")
        self.assertEqual(self._who(remedy), ["ceo3", "director", "manager"])

    def test_whoever_has_signed_before_is_asked_again_where_nobody_else_is_left(self):
        self._set_route("manager", "finance")
        remedy = self._submitted()
        (self.users["finance"] | self.users["director"] | self.ceos).active = False
        self._sign(remedy, "manager")
        self.assertEqual(self._who(remedy), ["manager"])
        boss = self._new_employee(self.users["qc"])
        self._new_employee(self.users["specialist"], parent_id=boss.id)
        self._keep()
        self.assertEqual(self._who(remedy), ["qc"])

    def test_rather_who_is_away_than_one_who_has_signed_before(self):
        self._set_route("manager", "finance")
        (self.ceos | self.users["director"]).active = False
        with at("2026-03-03 10:00"):
            self._new_employee(self.users["finance"])
            self._away(self.users["finance"], "2026-03-03 00:00", "2026-03-05 00:00")
            remedy = self._submitted()
            self._sign(remedy, "manager")
            self.assertEqual(self._who(remedy), ["finance"])

    def test_the_chain_passes_over_who_has_signed_before(self):
        self._set_route("supervisor", "finance")
        top = self._new_employee(self.users["analyst"])
        boss = self._new_employee(self.users["supervisor"], parent_id=top.id)
        self._new_employee(self.users["specialist"], parent_id=boss.id)
        remedy = self._submitted()
        (self.users["finance"] | self.users["manager"] | self.users["director"] | self.ceos).write(
            {"active": False}
        )
        self._sign(remedy, "supervisor")
        self.assertEqual(self._who(remedy), ["analyst"])

    def test_then_to_the_chain_of_managers(self):
        self._set_route("supervisor", "finance")
        boss = self._new_employee(self.users["qc"])
        self._new_employee(self.users["specialist"], parent_id=boss.id)
        remedy = self._submitted()
        (self.users["finance"] | self.users["manager"] | self.users["director"] | self.ceos).write(
            {"active": False}
        )
        self._sign(remedy, "supervisor")
        self.assertEqual(self._who(remedy), ["qc"])
        self._sign(remedy, "qc")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_the_chain_passes_over_who_is_barred_or_gone(self):
        self._set_route("supervisor", "finance")
        top = self._new_employee(self.users["analyst"])
        barred = self._new_employee(self.users["qc"], parent_id=top.id)
        self._new_employee(self.users["specialist"], parent_id=barred.id)
        remedy = self._submitted(beneficiary_id=self.users["qc"].partner_id.id)
        (self.users["finance"] | self.users["manager"] | self.users["director"] | self.ceos).write(
            {"active": False}
        )
        self._sign(remedy, "supervisor")
        self.assertEqual(self._who(remedy), ["analyst"])

    def test_a_chain_gives_nobody_an_amount_beyond_his_limit(self):
        self._set_route()
        boss = self._new_employee(self.users["manager"])
        self._new_employee(self.users["specialist"], parent_id=boss.id)
        remedy = self._submitted(60_000)
        self.ceos.active = False
        self._keep()
        self.assertNotIn("manager", self._who(remedy))
        with self.assertRaises(UserError):
            self._sign(remedy, "manager")

    def _led_by(self, role):
        """Give who asks a manager that no limit names."""
        boss = self._new_employee(self.users[role])
        self._new_employee(self.users["specialist"], parent_id=boss.id)

    @contextmanager
    def _while_the_ceo_is_away(self):
        """Leave one who has the highest limit, and he has two days off."""
        self._set_route()
        self._led_by("qc")
        (self.ceos - self.users["ceo"]).active = False
        with at("2026-03-03 10:00"):
            self._new_employee(self.users["ceo"])
            self._away(self.users["ceo"], "2026-03-03 00:00", "2026-03-05 00:00")
            yield

    def test_while_the_highest_is_away_a_manager_without_limit_decides_no_amount(self):
        with self._while_the_ceo_is_away():
            remedy = self._submitted(60_000)
            self.assertEqual(self._who(remedy), ["ceo"])
            with self.assertRaises(UserError):
                self._sign(remedy, "qc")
            self._sign(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_who_has_the_authority_and_is_away_comes_before_the_chain(self):
        with self._while_the_ceo_is_away():
            remedy = self._submitted(30_000)
            self.assertEqual(self._who(remedy), ["director"])
            self.users["director"].active = False
            self._keep()
            self.assertEqual(self._who(remedy), ["ceo"])
            self._sign(remedy, "ceo")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_an_archived_signer_never_signs_even_when_nobody_else_is_there(self):
        self._set_route("finance")
        remedy = self._submitted()
        self._as("finance", remedy).action_policy_add_signer(self.users["qc"].id)
        gone = self.users["qc"] | self.users["manager"] | self.users["director"] | self.ceos
        gone.active = False
        self._sign(remedy, "finance")
        request = remedy.policy_approval_id.with_context(active_test=False)
        self.assertFalse(request.eligible_user_ids)
        self.assertEqual(remedy.policy_approval_state, "pending")

    def test_a_department_without_head(self):
        role = self._role_of("department_head")
        self._set_route({"role_id": role.id})
        self.department.manager_id = False
        remedy = self._submitted()
        self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3", "director", "manager"])

    # === CHANGES AFTERWARDS === #

    def test_whoever_is_appointed_afterwards_finds_it(self):
        self._set_route("manager")
        role = self._role_of("manager")
        remedy = self._submitted()
        newcomer = self._new_user("legal", login="t_newcomer")
        self.assertFalse(remedy.with_user(newcomer).has_access("read"))
        role.write({"kind": "user", "user_id": newcomer.id})
        self.assertEqual(self._who(remedy), ["newcomer"])
        self.assertTrue(remedy.with_user(newcomer).has_access("read"))
        self.assertEqual(remedy.policy_approval_id.step_ids.user_id, newcomer)
        clock = remedy.policy_approval_id.step_ids.policy_deadline_ids
        self.assertEqual(clock.user_id, newcomer)
        with self.assertRaises(UserError):
            self._sign(remedy, "manager")
        remedy.with_user(newcomer).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_who_has_left_is_not_waited_for(self):
        self._set_route({"role": "ceo", "mode": "all"}, "finance")
        remedy = self._submitted()
        self._sign(remedy, "ceo", "ceo2")
        self.users["ceo3"].active = False
        self._keep()
        self.assertEqual(self._steps(remedy), [("ceo", "approved"), ("finance", "pending")])
        self.assertEqual(len(remedy.policy_approval_id.decision_ids), 2)

    def test_a_step_nobody_has_signed_is_completed_by_nobody(self):
        self._set_route({"role": "ceo", "mode": "all"})
        remedy = self._submitted()
        (self.ceos | self.users["director"]).active = False
        self._keep()
        self.assertEqual(remedy.policy_approval_state, "pending")
        self.assertEqual(self._who(remedy), ["manager"])

    def test_one_bad_request_does_not_stop_the_others(self):
        self._set_route("finance")
        bad, good = self._submitted(), self._submitted()
        self.users["finance"].active = False
        model = type(self.env["crm.policy.approval"])
        place_of = model._policy_place

        def broken(approval, *arguments):
            if approval.id == bad.policy_approval_id.id:
                raise ValueError("broken")
            return place_of(approval, *arguments)

        with (
            patch.object(model, "_policy_place", broken),
            mute_logger("odoo.addons.crm_policy.models.approval.approval_keep"),
        ):
            self._keep()
        former = bad.policy_approval_id.with_context(active_test=False).eligible_user_ids
        self.assertEqual(former, self.users["finance"])
        self.assertEqual(self._who(good), ["ceo", "ceo2", "ceo3", "director", "manager"])

    def test_when_the_time_of_the_run_is_up_the_rest_waits_for_the_next(self):
        self._set_route("finance")
        first, second = self._submitted(), self._submitted()
        self.users["finance"].active = False
        self.env.flush_all()
        self.env.invalidate_all()
        with (
            patch("odoo.addons.crm_policy.models.approval.approval_keep.CHUNK", 1),
            patch.object(self.env.registry["ir.cron"], "_commit_progress", return_value=0),
        ):
            self.env["crm.policy.approval"]._cron_keep_deciders()
        self.assertEqual(self._who(first), ["ceo", "ceo2", "ceo3", "director", "manager"])
        self.assertEqual(self._who(second), [])
        self._keep()
        self.assertEqual(self._who(second), self._who(first))

    def test_who_comes_too_late_begins_anew_and_is_not_taken_for_a_bad_request(self):
        """Odoo repeats what meets another transaction; an error in the log helps nobody."""
        self._submitted()
        model = type(self.env["crm.policy.approval"])
        with (
            patch.object(model, "_policy_keep_deciders", side_effect=SerializationFailure),
            self.assertNoLogs("odoo.addons.crm_policy.models.approval.approval_keep"),
            self.assertRaises(SerializationFailure),
        ):
            self._keep()

    # === OVERDUE === #

    def test_once_it_is_overdue_those_above_may_decide_as_well(self):
        self._set_route({"role": "finance", "on_timeout": "climb"})
        with at("2026-03-03 10:00"):
            remedy = self._submitted()
        with at("2026-03-04 18:00"):
            self._keep()
            self.assertEqual(self._who(remedy), ["finance"])
            with self.assertRaises(UserError):
                self._sign(remedy, "director")
        with at("2026-03-04 18:00:01"):
            self._keep()
            self.assertEqual(
                self._who(remedy), ["ceo", "ceo2", "ceo3", "director", "finance", "manager"]
            )
            self.assertEqual(remedy.policy_approval_state, "pending")
            self._sign(remedy, "director")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_once_all_who_sign_together_have_left_those_above_decide(self):
        """One of them had signed: his signature alone is not that of all."""
        self._set_route({"role": "ceo", "mode": "all"})
        remedy = self._submitted()
        self._sign(remedy, "ceo")
        self.ceos.active = False
        self._keep()
        self.assertEqual(remedy.policy_approval_state, "pending")
        self.assertEqual(self._who(remedy), ["director", "manager"])
        self._sign(remedy, "director")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_for_whom_was_signed_before_stands_in_at_no_later_step(self):
        self._set_route("manager", "finance")
        with at("2026-03-03 10:00"):
            delegation = self.env["crm.policy.delegation"].with_user(self.users["manager"])
            delegation.create({"to_user_id": self.users["qc"].id, "date_to": "2026-03-06"})
            remedy = self._submitted()
            self.users["finance"].active = False
            self._sign(remedy, "qc")
            self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3", "director"])
            self._keep()
            self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3", "director"])
            with self.assertRaises(UserError):
                self._sign(remedy, "manager")

    def test_who_stands_above_decides_for_all_of_them(self):
        self._set_route({"role": "finance", "mode": "all", "on_timeout": "climb"})
        with at("2026-03-03 10:00"):
            remedy = self._submitted()
        with at("2026-03-05 10:00"):
            self._sign(remedy, "director")
        self.assertEqual(remedy.policy_approval_state, "approved")

    def test_without_that_it_waits_for_who_is_asked(self):
        self._set_route({"role": "finance", "on_timeout": "remind"})
        with at("2026-03-03 10:00"):
            remedy = self._submitted()
        with at("2026-03-05 10:00"):
            self._keep()
            self.assertEqual(self._who(remedy), ["finance"])
            with self.assertRaises(UserError):
                self._sign(remedy, "director")
