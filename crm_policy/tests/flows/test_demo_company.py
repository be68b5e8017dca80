"""The demo company holds together: what its screens show follows from its policy."""

from collections import Counter
from datetime import timedelta
from unittest import SkipTest

from odoo import fields
from odoo.fields import Domain
from odoo.tests import TransactionCase, tagged

from ...const import KINDS, REMEDIES, STEPS


@tagged("post_install", "-at_install")
class TestDemoCompany(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        modules = cls.env["ir.module.module"].search(
            [("name", "in", ("helpdesk_mgmt", "crm_policy"))]
        )
        if not modules.filtered(lambda module: module.name == "helpdesk_mgmt").demo:
            raise SkipTest("a database without demo data")
        cls.is_loaded = all(modules.mapped("demo"))
        cls.company = cls.env.ref("base.main_company")
        cls.cases = cls.env["helpdesk.ticket"].search(
            [("policy_kind", "!=", False), ("company_id", "=", cls.company.id)]
        )

    def _user(self, login):
        return self.env["res.users"].search([("login", "=", login)])

    def test_it_is_there(self):
        """Odoo installs on without demo data when one of the files fails, with a warning only."""
        self.assertTrue(self.is_loaded)

    def test_what_it_was_told_is_chinese_throughout(self):
        """Odoo reads the translations after the demo data; its messages are written before."""
        labels = [label for _code, label in REMEDIES]
        messages = self.env["mail.message"].search(
            [("model", "in", ("crm.policy.approval", "helpdesk.ticket"))]
        )
        self.assertTrue(any("退款" in message.body for message in messages))
        for message in messages:
            self.assertFalse([label for label in labels if label in message.body], message.body)

    def test_it_shows_every_kind_and_every_step(self):
        self.assertEqual(set(self.cases.mapped("policy_kind")), set(dict(KINDS)))
        # Once there is a mandate the talks follow the same day.
        steps = set(dict(STEPS)) - {"mandated"}
        self.assertEqual(set(self.cases.mapped("policy_step")), steps)
        self.assertEqual(len(self.cases.filtered("policy_to_sort")), 2)

    def test_its_clocks_say_what_its_facts_say(self):
        Deadline = self.env["crm.policy.deadline"]
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(
            Domain("company_id", "=", self.company.id)
            & Domain("model_name", "=", "helpdesk.ticket")
        )
        self.assertFalse(Deadline._policy_differences("helpdesk.ticket", rules))
        states = Counter(self.cases.policy_deadline_ids.mapped("state"))
        self.assertTrue(states["met"] > states["late"] > 0 and states["open"])

    def test_what_happened_before_today_happened_in_working_hours(self):
        calendar = self.company.resource_calendar_id
        imported = self.cases.filtered("policy_imported_at")
        for name in imported._policy_fact_fields() - {"policy_reopened_at"}:
            moments = [
                case[name]
                for case in imported
                if case[name] and case[name] < case.policy_imported_at
            ]
            seconds = [(moment, moment + timedelta(seconds=1)) for moment in moments]
            self.assertLessEqual(set(calendar._policy_work_between(seconds)), {1}, name)

    def test_a_request_waits_at_each_level(self):
        requests = self.env["crm.policy.approval"].search(
            [("company_id", "=", self.company.id), ("state", "=", "pending")]
        )
        roles = requests.step_ids.role_id.mapped("code")
        self.assertEqual(
            sorted(roles), ["ceo", "deputy_gm", "director", "manager", "sales_manager"]
        )

    def test_somebody_acts_for_another(self):
        line = self.env["crm.policy.delegation"].search([("company_id", "=", self.company.id)])
        self.assertEqual((line.from_user_id.login, line.to_user_id.login), ("director", "manager"))
        self.assertEqual(line.state, "active")

    def test_two_of_three_have_signed(self):
        request = self.env.ref("crm_policy.demo_remedy_recall").policy_approval_id
        signed = request.decision_ids.filtered(lambda line: line.outcome == "approved")
        self.assertEqual(signed.sorted("id").mapped("user_id.login"), ["finance", "director"])
        self.assertEqual(request.state, "pending")
        self.assertEqual(request.eligible_user_ids.mapped("login"), ["ceo"])

    def test_an_emergency_waits_for_its_ratification_after_a_drill(self):
        emergency = self.env["crm.policy.emergency"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            (emergency.state, emergency.total_amount), ("ratification_pending", 14_600)
        )
        self.assertEqual(emergency.policy_approval_state, "pending")
        self.assertTrue(emergency.policy_approval_id.eligible_user_ids)
        plan = self.env.ref("crm_policy.demo_drill").plan_id
        self.assertTrue(plan.last_drill_on)
        self.assertFalse(plan.drill_overdue)

    def test_every_chain_of_managers_ends_at_the_general_manager(self):
        boss = self.env.ref("crm_policy.demo_employee_ceo")
        department = self.env.ref("crm_policy.demo_department_gm_office")
        people = self.env["hr.employee"].search([("department_id", "child_of", department.id)])
        self.assertGreater(len(people), 20)
        for person in people:
            while person.parent_id:
                person = person.parent_id
            self.assertEqual(person, boss)

    def test_the_branch_sees_its_own_cases_only(self):
        branch = self.env.ref("crm_policy.demo_company_ningbo")
        seen = self.env["helpdesk.ticket"].with_user(self._user("ningbo_specialist")).search([])
        self.assertEqual((len(seen), seen.company_id), (2, branch))
        others = self.env["helpdesk.ticket"].with_user(self._user("manager")).search([])
        self.assertNotIn(branch, others.company_id)

    def test_violations_stand_at_every_step(self):
        found = self.env["crm.policy.violation"].search(
            [("company_id", "=", self.company.id), ("reporter_id", "!=", False)]
        )
        self.assertEqual(sorted(found.mapped("state")), ["explained", "open", "upheld"])
        self.assertEqual(set(found.mapped("version_label")), {"客户服务与投诉管理制度 v1"})

    def test_the_team_board_of_a_supervisor_is_not_empty(self):
        deadlines = self.env["crm.policy.deadline"].with_user(self._user("supervisor"))
        mates = deadlines.search([("of_my_team", "=", True), ("state", "=", "open")]).user_id
        self.assertLessEqual({"陈晓", "马俊"}, set(mates.mapped("name")))

    def test_every_route_has_its_case(self):
        case = {
            name: self.env.ref(f"crm_policy.demo_case_{name}")
            for name in (
                "laminate", "peeling", "label", "screw", "rebate", "bench", "freight", "drawer"
            )
        }  # fmt: skip
        self.assertEqual(
            {name: record.policy_version_id.policy_id.code for name, record in case.items()},
            {
                **dict.fromkeys(("laminate", "peeling", "label", "screw"), "MFR"),
                **dict.fromkeys(("bench", "freight", "drawer"), "FRN"),
                "rebate": "HBK",
            },
        )
        self.assertEqual(
            [(name, record.policy_step) for name, record in case.items()],
            [
                ("laminate", "executed"), ("peeling", "registered"), ("label", "closed"),
                ("screw", "accepted"), ("rebate", "investigated"), ("bench", "registered"),
                ("freight", "registered"), ("drawer", "accepted"),
            ],
        )  # fmt: skip
        self.assertEqual(case["rebate"].policy_mediation_ids.mapped("result"), ["failed", "open"])
        verdicts = case["bench"].policy_verdict_ids.sorted("round")
        self.assertEqual(verdicts.mapped("factory_percent"), [70, 80])
        self.assertTrue(case["freight"].policy_sanction_ids)

    def test_the_departments_of_the_middle_case_are_being_asked(self):
        opinions = self.env.ref("crm_policy.demo_case_peeling").policy_countersign_ids
        said = opinions.filtered("policy_answered_at").mapped("step_code")
        asked = opinions.filtered(lambda line: line.policy_asked_at and not line.policy_answered_at)
        self.assertEqual(said, ["quality", "production", "manager-office"])
        self.assertEqual(set(asked.mapped("step_code")), {"quality-report", "research"})

    def test_the_settled_case_shows_what_follows(self):
        case = self.env.ref("crm_policy.demo_case_laminate")
        self.assertEqual(sorted(case.policy_copy_ids.mapped("number")), [1, 2, 3, 4, 5])
        self.assertEqual(len(case.policy_copy_ids.filtered("read_at")), 1)
        self.assertEqual(case.policy_claim_ids.mapped("state"), ["sent"])
        self.assertEqual(case.policy_petition_ids.mapped("outcome"), ["pending"])
        self.assertEqual(case.policy_sanction_ids.mapped("kind"), ["performance_deduction"])
        self.assertEqual(self.env.ref("crm_policy.demo_return_laminate").state, "booked")
        self.assertEqual(self.env.ref("crm_policy.demo_allowance_laminate").state, "booked")
        plan = case.policy_improvement_ids
        self.assertEqual((plan.state, plan.open_action_count), ("running", 2))
        self.assertTrue(all(plan.goal_ids.mapped("baseline")))
        self.assertEqual(
            self.env["crm.policy.eightd"].search([("ticket_id", "=", case.id)]).state, "issued"
        )

    def test_one_case_has_gone_all_the_way_with_its_copies(self):
        case = self.cases.filtered(lambda case: case.policy_order_ref == "S00159")
        self.assertEqual((case.policy_step, case.policy_outcome), ("closed", "accepted"))
        self.assertEqual(case.policy_version_id.policy_id.code, "MFR")
        self.assertEqual(set(case.policy_deadline_ids.mapped("state")), {"met"})
        self.assertEqual(sorted(case.policy_copy_ids.mapped("number")), [1, 2, 3, 4, 5])
        self.assertEqual(len(case.policy_copy_ids.filtered("read_at")), 2)
        zone = self.company.resource_calendar_id.tz
        days = [
            fields.Datetime.context_timestamp(case.with_context(tz=zone), moment).date()
            for moment in (case.policy_replied_at, case.policy_callback_at)
        ]
        self.assertEqual((days[1] - days[0]).days, 15)

    def test_a_notice_is_on_its_way(self):
        notice = self.env.ref("crm_policy.demo_notice_freight")
        self.assertEqual(notice.state, "sending")
        states = Counter(notice.recipient_ids.mapped("delivery"))
        self.assertEqual(states, {"delivered": 3, "waiting": 2})

    def test_a_case_reads_from_its_beginning_to_its_end(self):
        messages = self.env["mail.message"].search(
            [("model", "=", "helpdesk.ticket"), ("res_id", "in", self.cases.ids)], order="id"
        )
        said = messages.grouped("res_id")
        self.assertEqual(set(said), set(self.cases.ids))
        for case in self.cases:
            with self.subTest(case.name):
                moments = said[case.id].mapped("date")
                self.assertEqual(moments, sorted(moments))
                self.assertLessEqual(case.policy_intake_at.replace(microsecond=0), moments[0])
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "in", self.cases.ids)], order="seq"
        )
        for happened in events.grouped("res_id").values():
            self.assertEqual(happened.mapped("at"), sorted(happened.mapped("at")))

    def test_a_compensation_waits_for_its_receipt(self):
        remedy = self.env.ref("crm_policy.demo_remedy_receipt")
        self.assertEqual(remedy.receipt_state, "asked")
        self.assertEqual(remedy._policy_receipt_clause().number, "4.7")
        case = remedy.ticket_id
        self.assertFalse(case.policy_executed_at)
        self.assertIn("4.7", case.policy_still_needed)
