"""CMP-RTE-10: the team on quality accidents deals with the persons responsible in three days."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..committee_common import CommitteeCommon
from ..common import at, shanghai

STEP = "quality-internal"


class AccidentCommon(CommitteeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("zhou", "wu", "hr"):
            groups = "base.group_user" + (",crm_policy.group_hr" if name == "hr" else "")
            cls.people[name] = cls._person(name, groups)
            cls._staff(name)
        cls._role_of("deputy_gm").substitute_required = False
        cls.team = cls.env["crm.policy.team"].search(
            [("kind", "=", "quality_accident"), ("company_id", "=", cls.company.id)]
        )

    def _started(self):
        case = self._registered("2026-03-12 14:10")
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        return case

    def _mark(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()

    def _violations(self, line):
        return self.env["crm.policy.violation"].search(
            [("res_model", "=", line._name), ("res_id", "=", line.id)]
        )


class TestAccidentTeam(AccidentCommon):
    def test_a_decision_in_time_leads_to_proposals(self):
        case = self._started()
        inside = self._opinion(case, STEP)
        self.assertEqual(self._clock(inside, STEP).due_at, shanghai("2026-03-17 18:00"))
        kind = self.env.ref("crm_policy.activity_accident")
        asked = case.activity_ids.filtered(lambda line: line.activity_type_id == kind)
        self.assertEqual(
            asked.user_id,
            self.people["quality"] | self.people["production"] | self.people["warehouse"],
        )
        self.assertEqual({str(line.date_deadline) for line in asked}, {"2026-03-17"})
        accident = self._accident(
            case, "2026-03-17 17:50", ("zhou", "performance_deduction", 200.0), ("wu", "demerit", 0)
        )
        self.assertEqual(accident.team_id, self.team)
        with at("2026-03-17 17:55"):
            self._by("quality", accident).action_policy_sign()
            self.assertEqual(accident.state, "draft")
            self.assertFalse(inside.policy_answered_at, "one of four is no quorum")
        with at("2026-03-17 18:00"):
            self._by("warehouse", accident).action_policy_sign()
        self.assertEqual(accident.state, "decided")
        self.assertEqual(inside.policy_answered_at, shanghai("2026-03-17 18:00"))
        self.assertNotIn("zhou", inside.opinion)
        self.assertIn("2", inside.opinion)
        self.assertFalse(case.activity_ids.filtered(lambda line: line.activity_type_id == kind))
        sanctions = accident.line_ids.sanction_id
        self.assertEqual(
            sorted((s.user_id.login, s.kind, s.amount, s.state) for s in sanctions),
            [
                ("t_wu", "demerit", 0.0, "opinion"),
                ("t_zhou", "performance_deduction", 200.0, "opinion"),
            ],
        )
        self.assertEqual(set(sanctions.mapped("fact")), {"烘干温度未按工艺执行"})
        self.assertEqual(set(sanctions.mapped("ticket_id.id")), {case.id})
        self.assertEqual(set(sanctions.mapped("clause_number")), {"3.4"})
        self._mark("2026-03-17 18:00:01")
        self.assertEqual(self._clock(inside, STEP).state, "met")
        self.assertFalse(self._clock(inside, STEP).escalation_ids.filtered("step_id").filtered(
            lambda row: row.step_id.kind == "escalation"))  # fmt: skip
        self.assertFalse(self._violations(inside))
        # Who has made up the proposals decides nothing on them (RWD-FIN-04).
        for sanction in sanctions:
            for name in ("quality", "warehouse"):
                self.assertIn(self.people[name], sanction._policy_proposers())
                self.assertNotIn(self.people[name], sanction.policy_approval_id.eligible_user_ids)
        # Then the deputy's opinion and the general manager's decision, as for every sanction.
        with at("2026-03-18 10:00"):
            self._by("deputy_gm", sanctions).action_policy_approve("情况属实")
            self._as("ceo", sanctions).action_policy_approve("同意")
        self.assertEqual(set(sanctions.mapped("state")), {"approved"})

    def test_nobody_is_sanctioned_but_explicitly(self):
        case = self._started()
        accident = self._accident(case, "2026-03-13 10:00")
        with at("2026-03-13 10:05"), self.assertRefused(ValidationError, r"3\.4.*say why nobody"):
            self._by("quality", accident).action_policy_sign()
        self._by("quality", accident).none_reason = " "
        with at("2026-03-13 10:05"), self.assertRefused(ValidationError, r"3\.4.*say why nobody"):
            self._by("quality", accident).action_policy_sign()
        with at("2026-03-13 10:06"):
            mine = self._by("quality", accident)
            mine.none_reason = "设备突发故障，无人失职"
            mine.line_ids = [(0, 0, {"employee_id": self._staff("wu").id, "kind": "warning",
                                     "fact": "未点检"})]  # fmt: skip
            with self.assertRefused(ValidationError, "not both"):
                mine.action_policy_sign()
            mine.line_ids.unlink()
            for name in ("quality", "warehouse"):
                self._by(name, accident).action_policy_sign()
        self.assertEqual(accident.state, "decided")
        self.assertFalse(self.env["crm.policy.sanction"].search([("ticket_id", "=", case.id)]))
        self.assertIn("设备突发故障", self._opinion(case, STEP).opinion)

    def test_overdue_the_general_manager_is_told_and_the_report_has_it(self):
        case = self._started()
        inside = self._opinion(case, STEP)
        self._mark("2026-03-17 18:00:00")
        self.assertFalse(self._clock(inside, STEP).escalation_ids.filtered(
            lambda row: row.step_id.kind == "escalation"))  # fmt: skip
        self._mark("2026-03-17 18:00:01")
        told = self._clock(inside, STEP).escalation_ids.filtered(
            lambda row: row.step_id.kind == "escalation"
        )
        self.assertIn(self.users["ceo"], told.user_id)
        activities = self.env["mail.activity"].search(
            [("user_id", "=", self.users["ceo"].id), ("res_id", "=", case.id),
             ("res_model", "=", case._name)]
        )  # fmt: skip
        self.assertTrue(activities, "the general manager has it to do")
        Deadline = self.env["crm.policy.deadline"].with_user(self.users["ceo"])
        late = [("is_overdue", "=", True), ("rule_code", "=", STEP), ("res_id", "=", inside.id)]
        with at("2026-03-17 18:00"):
            self.assertFalse(Deadline.search(late))
        with at("2026-03-17 18:00:01"):
            self.assertEqual(len(Deadline.search(late)), 1, "a line of the list of what is overdue")
        self._decide_accident(case, "2026-03-18 09:30", ("wu", "warning", 0))
        self.assertEqual(self._clock(inside, STEP).state, "late")
        self.assertEqual(len(self._violations(inside)), 1)
        self.assertFalse(activities.exists(), "nobody is reminded of what is done")

    def test_the_department_does_not_answer_for_the_team(self):
        case = self._started()
        inside = self._opinion(case, STEP)
        with at("2026-03-13 10:00"):
            with self.assertRefused(ValidationError, r"(?s)3\.4.*has not decided"):
                self._by("quality", inside).action_policy_answer("处分一人")
            self.assertRegex(
                " ".join(case._policy_fill_problems("accident")), "has not decided on the persons"
            )

    def test_who_is_on_the_list_takes_no_part(self):
        case = self._started()
        with at("2026-03-13 10:00"):
            with self.assertRefused(AccessError, "about yourself|only who works"):
                self._accident(case, "2026-03-13 10:00", ("quality", "warning", 0))
        accident = self._accident(case, "2026-03-13 10:00", ("warehouse", "warning", 0))
        with at("2026-03-13 10:10"):
            with self.assertRaises(AccessError):
                self._by("warehouse", accident).action_policy_sign()
            with self.assertRaises(AccessError):
                self._by("warehouse", accident).read(["state"])
            with self.assertRaises(AccessError):
                self._by("warehouse", accident.line_ids).unlink()
            Accident = self.env["crm.policy.accident"].with_user(self.people["warehouse"])
            self.assertFalse(Accident.search([("ticket_id", "=", case.id)]))
            Line = self.env["crm.policy.accident.line"].with_user(self.people["warehouse"])
            self.assertFalse(Line.search([("accident_id", "=", accident.id)]))
            # The step itself says so, whoever opens it for him.
            problem = accident.sudo()._policy_sign_problem(self.people["warehouse"])
            self.assertRegex(str(problem), "about yourself")
            self._by("quality", accident).action_policy_sign()
            self._by("production", accident).action_policy_sign()
        self.assertEqual(accident.state, "decided")

    def test_a_team_of_which_too_few_are_left_does_not_decide(self):
        case = self._started()
        accident = self._accident(
            case, "2026-03-13 10:00", ("warehouse", "warning", 0), ("production", "warning", 0)
        )
        # The vacant seat has a vote that nobody casts; without it there is one left.
        self.team.member_ids.filtered(
            lambda seat: seat.role_id.code == "general_administration"
        ).unlink()
        with at("2026-03-13 10:10"), self.assertRefused(UserError, r"3\.4.*cannot decide.*1 of"):
            self._by("quality", accident).action_policy_sign()

    def test_what_is_signed_stays_and_may_be_withdrawn(self):
        case = self._started()
        accident = self._accident(case, "2026-03-13 10:00", ("wu", "warning", 0))
        with at("2026-03-13 10:10"):
            self._by("quality", accident).action_policy_sign()
            for change in (
                lambda: self._by("production", accident).write({"none_reason": "x"}),
                lambda: self._by("production", accident.line_ids).write({"kind": "demerit"}),
                lambda: self._by("production", accident.line_ids).unlink(),
                lambda: self._by("production", accident).write(
                    {
                        "line_ids": [
                            (
                                0,
                                0,
                                {
                                    "employee_id": self._staff("zhou").id,
                                    "kind": "warning",
                                    "fact": "x",
                                },
                            )
                        ]
                    }
                ),
            ):
                with self.assertRefused(UserError, "is signed: it stays"):
                    change()
            with self.assertRefused(UserError, "you have signed"):
                self._by("quality", accident).action_policy_sign()
            with self.assertRefused(UserError, "decides once"):
                self._accident(case, "2026-03-13 10:10", ("zhou", "warning", 0))
            with self.assertRefused(ValidationError, "why it is withdrawn"):
                self._by("production", accident).action_policy_withdraw(" ")
            self._by("production", accident).action_policy_withdraw("处分过轻")
        self.assertEqual(accident.state, "withdrawn")
        again = self._decide_accident(case, "2026-03-13 11:00", ("wu", "demerit", 0))
        self.assertEqual(again.state, "decided")
        with at("2026-03-13 11:10"), self.assertRefused(UserError, "not due"):
            self._by("production", again).action_policy_withdraw("x")
        self.assertEqual(again.line_ids.sanction_id.kind, "demerit")

    def test_only_members_decide_and_only_when_asked(self):
        case = self._registered("2026-03-12 14:10")
        self.env["crm.policy.case.access"]._policy_grant(case, self.people["quality"], "manual")
        with self.assertRefused(UserError, "nobody waits for a decision"):
            self._accident(case, "2026-03-12 14:20", ("wu", "warning", 0))
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        mine = case.with_user(self.people["quality"])
        self.assertTrue(mine.policy_can_decide_accident)
        self.assertFalse(case.with_user(self.users["specialist"]).policy_can_decide_accident)
        self.people["officer"] = self.users["specialist"]
        with self.assertRefused(AccessError, r"3\.4.*members of.*t_quality"):
            self._accident(case, "2026-03-13 10:00", ("wu", "warning", 0), user="officer")
        accident = self._accident(case, "2026-03-13 10:00", ("wu", "warning", 0))
        mine.invalidate_recordset()
        self.assertFalse(mine.policy_can_decide_accident)
        with self.assertRaises(AccessError):  # the handler sees the opinion alone
            accident.with_user(self.users["specialist"]).read(["state"])

    def test_without_a_team_the_case_goes_on_and_says_so(self):
        self.team.active = False
        case = self._started()
        inside = self._opinion(case, STEP)
        self.assertTrue(inside.policy_asked_at, "the clock runs")
        self.assertRegex(case.policy_accident_missing, r"3\.4.*has no team for Quality Accident")
        self.assertTrue(any("has no team" in (line.summary or "") for line in case.activity_ids))
        with at("2026-03-13 10:00"):
            with self.assertRefused(ValidationError, r"(?s)3\.4.*has no team for Quality Accident"):
                self._by("quality", inside).action_policy_answer("处分一人")
        with self.assertRefused(UserError, r"3\.4.*has no team for Quality Accident"):
            self.env["crm.policy.case.access"]._policy_grant(
                case, self.people["quality"], "countersign"
            )
            self._accident(case, "2026-03-13 10:00", ("wu", "warning", 0))
        findings = self.env["crm.policy.countersign.step"].sudo()._policy_findings(self.governing)
        self.assertIn("accident_team", [finding["code"] for finding in findings])
        # It is set up: it decides at once, and sees the case.
        self.team.active = True
        self._decide_accident(case, "2026-03-13 11:00", ("wu", "warning", 0))
        self.assertTrue(inside.policy_answered_at)

    def test_money_has_an_amount_and_people_work_here(self):
        case = self._started()
        for kind, amount, words in (
            ("performance_deduction", 0, "money has an amount"),
            ("warning", 50, "money has an amount"),
            ("performance_deduction", -5, "money has an amount"),
            ("cash", 50, "no fines in cash"),
        ):
            with self.subTest(kind=kind, amount=amount), self.assertRefused(ValidationError, words):
                self._accident(case, "2026-03-13 10:00", ("wu", kind, amount))
        stranger = self.env["hr.employee"].create(
            {"name": "外人", "company_id": self._new_company("杭州").id}
        )
        with self.assertRefused(ValidationError, "does not work for"), at("2026-03-13 10:00"):
            self.env["crm.policy.accident"].with_user(self.people["quality"]).create(
                {"ticket_id": case.id, "line_ids": [
                    (0, 0, {"employee_id": stranger.id, "kind": "warning", "fact": "x"})]}
            )  # fmt: skip

    def test_the_lint_wants_a_rule_for_what_is_proposed(self):
        rules = self.env["crm.policy.sanction.rule"]._policy_rules_of(
            self.governing, "quality_accident"
        )
        self.env.cr.execute(
            "UPDATE crm_policy_sanction_rule SET trigger = 'person_share' WHERE id IN %s",
            [tuple(rules.ids)],
        )
        rules.invalidate_recordset()
        findings = self.env["crm.policy.countersign.step"].sudo()._policy_findings(self.governing)
        self.assertIn("accident_rule", [finding["code"] for finding in findings])
        case = self._started()
        accident = self._accident(case, "2026-03-13 10:00", ("wu", "warning", 0))
        with at("2026-03-13 10:00"):
            self._by("quality", accident).action_policy_sign()
            with self.assertRefused(UserError, r"3\.4.*no sanction rule"):
                self._by("warehouse", accident).action_policy_sign()
