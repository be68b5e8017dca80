"""The route through the departments: who is asked by itself, and who sees what is asked."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..common import at, shanghai
from .test_shipped_packs import ManufacturerFlow


class RouteCommon(ManufacturerFlow):
    def setUp(self):
        super().setUp()
        self.case = self._registered()

    def _line(self, step):
        return self.case.policy_countersign_ids.filtered(lambda line: line.step_code == step)

    def _answered(self, moment, *steps):
        """Have the holders of these steps answer one after the other."""
        with at(moment):
            for step in steps:
                line = self._line(step)
                self._answer(line, line.role_id.code)

    def _waiting(self):
        lines = self.case.policy_countersign_ids
        return set(
            lines.filtered(
                lambda line: line.policy_asked_at and not line.policy_answered_at
            ).mapped("step_code")
        )


class TestDepartmentRoute(RouteCommon):
    def test_the_next_one_is_asked_by_itself(self):
        self.assertEqual(self._waiting(), {"quality"})
        self._answered("2026-03-04 11:00", "quality")
        self.assertEqual(self._waiting(), {"quality-report", "production"})
        production = self._line("production")
        self.assertEqual(production.policy_asked_at, shanghai("2026-03-04 11:00"))
        self.assertEqual(self._dues(production), {"production": shanghai("2026-03-06 23:59:59")})
        holder = self.people["production"]
        self.assertTrue(production.with_user(holder).is_mine)
        self.assertEqual(self.case.with_user(holder).policy_kind, "complaint")
        self._answered("2026-03-05 09:00", "production", "manager-office")
        self.assertEqual(self._waiting(), {"quality-report", "check"})
        self.assertFalse(self._line("research"), "only where the case needs it")
        with at("2026-03-05 10:00"):
            self._new_remedy(self.case, 500)
        self._answered("2026-03-05 10:00", "check", "sales-opinion", "first-opinion")
        with at("2026-03-05 11:00"):
            self.case.policy_ruling_ids.with_user(
                self.people["sales_manager"]
            ).action_policy_approve("同意")
            self._negotiate(self.case)
        self._answered("2026-03-05 11:00", "negotiation")
        # Whoever waits for two is asked when the second has answered.
        self.assertEqual(self._waiting(), {"quality-report"})
        self._answered("2026-03-06 09:00", "quality-report")
        # The report is for the general manager's instruction (CMP-FLOW-04).
        self.assertEqual(self._waiting(), {"instruction"})
        self._answered("2026-03-06 10:00", "instruction")
        self.assertEqual(self._waiting(), {"synthesis"})
        self.assertEqual(self._line("synthesis").policy_asked_at, shanghai("2026-03-06 10:00"))
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", production._name), ("res_id", "=", production.id)], order="id"
        )
        self.assertEqual(events.mapped("type"), ["fact.asked", "fact.answered"])

    def test_an_answer_dated_back_leaves_the_next_one_his_time(self):
        with at("2026-03-05 09:00"):
            self._line("quality").with_user(self.people["quality"]).action_policy_answer(
                "已查", at=shanghai("2026-03-04 16:00"), reason="出差"
            )
        self.assertEqual(self._line("production").policy_asked_at, shanghai("2026-03-05 09:00"))

    def test_what_only_some_cases_need_waits_for_its_turn(self):
        with at("2026-03-03 10:00"):
            research = self._ask(self.case, "research")
            self.assertFalse(research.policy_asked_at)
            self.assertFalse(self._dues(research))
            with self.assertRaisesRegex(UserError, "Research and development is asked already"):
                self._ask(self.case, "research")
            # Without the right to see the case, and before his turn, nobody answers.
            with self.assertRaises(AccessError):
                self._answer(research, "rd")
            self.env["crm.policy.case.access"]._policy_grant(self.case, self.people["rd"], "manual")
            with self.assertRaisesRegex(UserError, "its turn comes once"):
                self._answer(research, "rd")
        self._answered("2026-03-04 11:00", "quality", "production")
        self.assertFalse(research.policy_asked_at)
        self._answered("2026-03-04 15:00", "manager-office")
        self.assertEqual(self._waiting(), {"quality-report", "research"})
        self.assertEqual(research.policy_asked_at, shanghai("2026-03-04 15:00"))
        with at("2026-03-04 16:00"):
            with self.assertRaisesRegex(UserError, "before Check comes: Research"):
                self._ask(self.case, "check")
        self._answered("2026-03-05 09:00", "research")
        self.assertEqual(self._waiting(), {"quality-report", "check"})

    def test_nobody_is_put_down_for_an_hour_ago(self):
        with at("2026-03-03 10:00"):
            with self.assertRaisesRegex(UserError, "before Research and development comes"):
                self._as("supervisor", self.case).action_policy_ask(
                    "research", at=shanghai("2026-03-03 09:30"), reason="补录"
                )

    def test_an_answer_stands_though_nobody_holds_the_next_role(self):
        self._new_post("production", self.env["res.users"])
        self._answered("2026-03-04 11:00", "quality")
        self.assertEqual(self._waiting(), {"quality-report"})
        self.assertIn("nobody holds the role Production", self.case.message_ids[0].body)
        # As soon as there is somebody, a supervisor asks him.
        self._new_post("production", self.people["production"])
        with at("2026-03-05 09:00"):
            askable = self._as("supervisor", self.case)._policy_askable()
            self.assertIn("production", askable.mapped("code"))
            self._ask(self.case, "production")
        self.assertEqual(self._waiting(), {"quality-report", "production"})

    def test_the_linter_sees_steps_that_wait_for_nothing(self):
        draft = self.governing.with_user(self.users["policy_admin"])._policy_new_version()
        draft = draft.with_env(self.env)
        steps = {
            step.code: step
            for step in self.env["crm.policy.countersign.step"].search(
                [("version_id", "=", draft.id)]
            )
        }

        def found():
            findings = self.env["crm.policy.finding"]._policy_refresh(draft)
            return {
                (line.code, line.severity, line.clause_id.number, line.res_model, line.res_id)
                for line in findings
                if line.code in ("step_out_of_order", "step_without_holder")
            }

        def key(code, severity, number, record):
            return (code, severity, number, record._name, record.id)

        hr = self._role_of("hr")
        personnel = new_test_user(
            self.env,
            login="t_hr",
            groups="base.group_user,crm_policy.group_hr",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        steps["check"].role_id = hr
        self.assertEqual(found(), set())
        # Moved behind those who wait for it.
        steps["manager-office"].sequence = 65
        self.assertEqual(
            found(),
            {
                key("step_out_of_order", "error", "3.5", steps["research"]),
                key("step_out_of_order", "error", "3.6", steps["check"]),
            },
        )
        steps["manager-office"].sequence = 40
        steps["first-opinion"].unlink()
        self.assertEqual(found(), {key("step_out_of_order", "error", "3.8", steps["negotiation"])})
        steps["negotiation"].after = "sales-opinion"
        self.assertEqual(found(), set())
        self._new_post("rd", self.env["res.users"])
        personnel.active = False
        self.assertEqual(
            found(),
            {
                key("step_without_holder", "warning", "3.5", self._role_of("rd")),
                key("step_without_holder", "warning", "3.6", hr),
            },
        )


class TestDepartmentSight(RouteCommon):
    """Who sees a case on which his department was asked before he came."""

    def setUp(self):
        super().setUp()
        self.opinion = self._line("quality")
        self.former = self.people["quality"]
        self.newcomer = self._user("t_newcomer")

    def _user(self, login, groups="base.group_user"):
        return new_test_user(
            self.env,
            login=login,
            groups=groups,
            company_id=self.company.id,
            company_ids=self.company.ids,
        )

    def _sees(self, user, record=None):
        record = record or self.case
        return bool(record.with_user(user).search([("id", "=", record.id)]))

    def test_whoever_is_appointed_later_sees_and_answers(self):
        self.assertFalse(self._sees(self.newcomer))
        self._new_post("quality", self.newcomer)
        self.assertTrue(self._sees(self.newcomer))
        self.assertTrue(self._sees(self.newcomer, self.opinion))
        row = self.case.policy_access_ids.filtered(lambda line: line.user_id == self.newcomer)
        self.assertEqual(row.reason, "countersign")
        self.assertTrue(self._sees(self.former), "who was asked may look at it later")
        for role in ("production", "rd", "deputy_gm"):
            self.assertFalse(self._sees(self.people[role]), role)
        with at("2026-03-03 11:00"):
            with self.assertRaises(AccessError):
                self.opinion.with_user(self.former).action_policy_answer("我来答")
            self.opinion.with_user(self.newcomer).action_policy_answer("已查")
        self.assertEqual(self.opinion.answered_by_id, self.newcomer)

    def test_a_substitute_sees_before_he_has_to_act(self):
        self._new_post("quality", self.former, substitute=self.newcomer)
        self.assertTrue(self._sees(self.newcomer))

    def test_whoever_a_role_names_itself(self):
        self._new_post("quality", self.env["res.users"])
        self._role_of("quality").user_id = self.newcomer
        self.assertTrue(self._sees(self.newcomer))

    def test_the_post_of_another_department_is_not_asked(self):
        lab = self.env["hr.department"].create({"name": "化验室", "company_id": self.company.id})
        role = self._role_of("quality")
        self.env["crm.policy.post"].create(
            {"role_id": role.id, "department_id": lab.id, "user_ids": self.newcomer.ids}
        )
        self.assertFalse(self._sees(self.newcomer))
        # The case comes under that department: its holder is the one who is asked.
        self.case.policy_department_id = lab
        self.assertTrue(self._sees(self.newcomer))

    def test_what_is_answered_or_ended_is_opened_to_nobody_new(self):
        with at("2026-03-03 11:00"):
            self._answer(self.opinion, "quality")
            self._answer(self._line("quality-report"), "quality")
        self._new_post("quality", self.newcomer)
        self.assertFalse(self._sees(self.newcomer))
        with at("2026-03-03 12:00"):
            self._as("supervisor", self.case).action_policy_cancel("误登")
        other = self._user("t_other")
        self._new_post("production", other)
        self.assertFalse(self._sees(other))

    def test_what_was_asked_before_a_reopening_is_opened_to_nobody_new(self):
        mine = self._as("specialist", self.case)
        with at("2026-03-04 09:00"):
            self._drive_on(self.case)
            self._carry_out(self.case)
        with at("2026-03-19 09:00"):
            mine.action_policy_callback(4, "客户认可")
            self._as("qc", self.case).action_policy_recheck("记录齐全")
            mine.action_policy_close()
        other = self._user("t_other")
        with at("2026-03-20 09:00"):
            self._as("supervisor", self.case).action_policy_reopen("客户再次反映")
            self.assertFalse(self.case.policy_investigated_at)
            self.assertFalse(self.case.policy_mandated_at)
        # The departments are asked anew, from the first on.
        self.assertEqual(self._waiting(), {"quality"})
        self._new_post("quality", self.newcomer)
        self.assertTrue(self._sees(self.newcomer))
        self._new_post("production", other)
        self.assertFalse(self._sees(other))

    def test_whoever_comes_into_a_group_that_is_asked(self):
        hr = self._user("t_hr_first", "base.group_user,crm_policy.group_hr")
        # A step of a group, as a company might add it.
        self.env["crm.policy.countersign.step"]._policy_guarded_create(
            [
                {
                    "code": "personnel",
                    "name": "人力资源部意见",
                    "clause_id": self.governing.clause_ids[:1].id,
                    "role_id": self._role_of("hr").id,
                    "sequence": 900,
                    "after": "synthesis",
                    "optional": True,
                }
            ]
        )
        with at("2026-03-03 10:30"):
            self._new_remedy(self.case, 500)
            self._opine(self.case)
            self._ask(self.case, "personnel")
        self.assertTrue(self._sees(hr))
        self.assertFalse(self._sees(self.newcomer))
        self.newcomer.write({"group_ids": [(4, self.env.ref("crm_policy.group_hr").id)]})
        self.assertTrue(self._sees(self.newcomer))

    def test_opening_costs_the_same_for_more_cases(self):
        def cost(number):
            cases = self.case
            with at("2026-03-03 10:00"):
                for _each in range(number - 1):
                    cases |= self._new_mfr_case()
                for case in cases[1:]:
                    self._as("specialist", case).action_policy_accept()
                    case.with_user(self.people["gm_office"]).action_policy_register()
            role = self._role_of("quality")
            user = self._user(f"t_many_{number}")
            self._new_post("quality", user)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["crm.policy.countersign"]._policy_keep_opened(role)
            return self.env.cr.sql_log_count - before

        self.assertEqual(cost(4), cost(8))
