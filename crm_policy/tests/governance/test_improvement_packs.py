"""Who approves improvement plans and checks their effect says each pack, with its own posts."""

from ..common import at, shanghai
from .improvement_common import ImprovementCommon


class TestImprovementPacks(ImprovementCommon):
    def test_the_gm_office_of_a_manufacturer_approves_and_confirms(self):
        governing = self._install_policy("manufacturer")
        office = self._new_person("t_gm_office")
        self._new_post("gm_office", office)
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id), ("code", "=", "mfr-quality")]
        )
        case = self._new_case(policy_complaint_type_id=kind.id)
        with at("2026-03-16 09:00"):
            plan = self._plan(user=self.users["director"], ticket_id=case.id)
            self.assertEqual(plan.policy_version_id, governing)
            plan.with_user(self.head).action_policy_submit()
            self.assertEqual(plan.policy_approval_id.eligible_user_ids, office)
            self.assertEqual(plan.policy_approval_id.clause_id.number, "8.1")
            plan.with_user(office).action_policy_approve("同意")
            plan.with_user(self.head).action_policy_start()
        self._done(plan)
        self.assertEqual(
            self._clocks(plan)["improvement-effect"], (shanghai("2026-06-30 23:59:59"), "open")
        )
        with at("2026-06-30 09:00"):
            # He sees all cases; that he may write what he measures follows from his office.
            plan.goal_ids.with_user(office).actual = 200
            plan.with_user(office).action_policy_check("三个月统计")
            plan.with_user(office).action_policy_close("achieved", "目标达成")
        self.assertEqual(plan.state, "achieved")

    def test_the_director_under_the_handbook(self):
        governing = self._install_policy("handbook")
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id), ("code", "=", "hbk-complaint")]
        )
        case = self._new_case(policy_complaint_type_id=kind.id)
        plan = self._plan(user=self.users["qc"], ticket_id=case.id)
        self.assertEqual(plan.policy_version_id, governing)
        plan.with_user(self.head).action_policy_submit()
        self.assertEqual(plan.policy_approval_id.eligible_user_ids, self.users["director"])

    def test_the_packs_of_one_kind_of_complaint_open_one_too(self):
        """With nothing else in force that knows such plans: no other pack lends its route."""
        self._forget_routes(self.version)
        for pack, code, clause, role in (
            ("furniture", "frn-quality", "8", "ceo"),
            ("manufacturer_small", "mfs-quality", "7", "ceo"),
            ("testing", "tst-service", "5", "director"),
        ):
            governing = self._install_policy(pack)
            kind = self.env["crm.policy.complaint.type"].search(
                [("company_id", "=", self.company.id), ("code", "=", code)]
            )
            case = self._new_case(policy_complaint_type_id=kind.id)
            decider = self.users[role]
            with self.subTest(pack), at("2026-03-16 09:00"):
                context = self._as("director", case).action_policy_open_improvement()["context"]
                self.assertEqual(context["default_ticket_id"], case.id)
                plan = self._plan(user=self.users["qc"], ticket_id=case.id)
                self.assertEqual(plan.policy_version_id, governing)
                self.assertEqual(plan.effect_months, 3)
                plan.with_user(self.head).action_policy_submit()
                request = plan.policy_approval_id
                self.assertEqual(request.eligible_user_ids, decider)
                self.assertEqual(request.clause_id.number, f"{clause}.1")
                plan.with_user(decider).action_policy_approve("同意")
                plan.with_user(self.head).action_policy_start()
                self.assertEqual(self._clocks(plan)["improvement-start"][1], "met")
            self._done(plan)
            self.assertEqual(
                self._clocks(plan)["improvement-effect"], (shanghai("2026-06-30 23:59:59"), "open")
            )
            with self.subTest(pack), at("2026-06-30 09:00"):
                plan.goal_ids.with_user(decider).actual = 200
                plan.with_user(decider).action_policy_check("三个月统计")
                plan.with_user(decider).action_policy_close("achieved", "目标达成")
            self.assertEqual(plan.state, "achieved")

    def _forget_routes(self, version):
        """Take the route of improvement plans out of a version."""
        version._policy_guarded_write({"state": "draft"})
        self.env["crm.policy.route"].search(
            [("version_id", "=", version.id), ("model_name", "=", "crm.policy.improvement")]
        ).unlink()
        version._policy_guarded_write({"state": "effective"})
        self.env.registry.clear_cache()

    def test_a_case_of_a_pack_without_them_takes_the_policy_in_force(self):
        self._forget_routes(self._install_policy("furniture"))
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id), ("code", "=", "frn-quality")]
        )
        case = self._new_case(policy_complaint_type_id=kind.id)
        plan = self._plan(user=self.users["qc"], ticket_id=case.id)
        self.assertNotEqual(case.policy_version_id, self.version)
        self.assertEqual(plan.policy_version_id, self.version)
