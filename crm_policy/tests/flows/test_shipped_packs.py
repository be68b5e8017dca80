"""The packs that ship: each loads, and its clocks show the instants of S1, S2, S3 and S6."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import COMPLETE, PolicyCommon, at, shanghai
from .goods_flow import CarryOut


class PackFlow(PolicyCommon):
    """A company under one of the packs beside its first one."""

    pack = ""
    kinds = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.pack:
            return
        cls.governing = cls._install_policy(cls.pack)
        defaults = cls.env["crm.policy.default"].search(
            [("company_id", "=", cls.company.id), ("kind", "in", cls.kinds)]
        )
        defaults.policy_id = cls.governing.policy_id
        cls.types = {
            kind.code: kind
            for kind in cls.env["crm.policy.complaint.type"].search(
                [("company_id", "=", cls.company.id)]
            )
        }
        cls.people = {}

    @classmethod
    def _appoint(cls, *codes):
        """Give each role a person of its own who has no rights but those of an employee."""
        for code in codes:
            user = cls.people[code] = new_test_user(
                cls.env,
                login=f"t_{code}",
                groups="base.group_user",
                company_id=cls.company.id,
                company_ids=cls.company.ids,
            )
            cls._role_of(code).substitute_required = False
            cls._new_post(code, user)

    def _dues(self, *records):
        return {
            clock.rule_code: clock.due_at
            for record in records
            for clock in record.policy_deadline_ids
            if clock.state != "cancelled"
        }

    def _ask(self, case, step):
        self._as("supervisor", case).action_policy_ask(step)
        return case.policy_countersign_ids.filtered(lambda line: line.step_code == step)[-1:]

    def _answer(self, opinion, role, text="已核实"):
        opinion.with_user(self.people[role]).action_policy_answer(text)

    def _clock(self, record, code):
        return record.policy_deadline_ids.filtered(lambda clock: clock.rule_code == code)

    def _mark(self, moment):
        """Let the alerts and the violations of this moment come."""
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()

    def _told(self, record, code):
        """Return [(instant in Shanghai, login)] of a clock's escalations; warnings left out."""
        rows = self._clock(record, code).escalation_ids.filtered(
            lambda row: row.step_id.kind == "escalation"
        )
        return sorted((row.at, row.user_id.login.removeprefix("t_")) for row in rows)

    @classmethod
    def _chain(cls, *users):
        """Make each the manager of the one before."""
        people = [cls._new_employee(user) for user in users]
        for employee, boss in zip(people, people[1:], strict=False):
            employee.parent_id = boss


class TestShippedPacks(PackFlow):
    def test_every_pack_loads_and_can_be_put_in_force(self):
        packs = self.env["crm.policy"]._policy_packs()
        self.assertEqual(
            set(packs),
            {
                "furniture",
                "handbook",
                "manufacturer",
                "manufacturer_small",
                "service",
                "service_department",
                "testing",
            },
        )
        for name in packs.keys() - {"service"}:
            with self.subTest(name):
                version = self._install_policy(name)
                self.assertEqual(version.state, "effective")
                self.assertTrue(all(clause.text or clause.number.isdigit()
                                    for clause in version.clause_ids))  # fmt: skip
                without = version.clause_ids.filtered(
                    lambda clause: not clause.source and clause.text
                )
                self.assertFalse(without.mapped("number"))

    def test_a_company_takes_them_all_and_each_kind_keeps_one_policy(self):
        for name in ("handbook", "manufacturer", "furniture", "service_department", "testing"):
            self._install_policy(name)
        defaults = self.env["crm.policy.default"].search([("company_id", "=", self.company.id)])
        self.assertEqual(len(defaults.mapped("kind")), len(set(defaults.mapped("kind"))))
        self.assertEqual(defaults.policy_id, self.version.policy_id)
        self.version.policy_id.active_in_company = False
        with self.assertRaisesRegex(UserError, "no policy in force for: Complaint"):
            self._new_case(policy_complaint_type_id=False)
        case = self._new_case(
            policy_complaint_type_id=self.env["crm.policy.complaint.type"]
            .search([("code", "=", "mfr-quality"), ("company_id", "=", self.company.id)])
            .id
        )
        self.assertEqual(case.policy_version_id.policy_id.code, "MFR")

    def test_every_clock_across_a_holiday_and_a_make_up_day(self):
        """Correction 19. From Thursday 04-30 17:50 (rest until 05-05) and Friday 05-08 17:50."""
        hours, days, worked = "calendar_hours", "calendar_days", "working_days"
        expected = {
            ("working_minutes", 15): ("05-06 09:05", "05-09 09:05"),
            ("working_minutes", 60): ("05-06 09:50", "05-09 09:50"),
            ("working_hours", 1): ("05-06 09:50", "05-09 09:50"),
            ("working_hours", 4): ("05-06 13:50", "05-09 13:50"),
            ("working_hours", 8): ("05-06 17:50", "05-09 17:50"),
            (hours, 24): ("05-01 17:50", "05-09 17:50"),
            (hours, 48): ("05-02 17:50", "05-10 17:50"),
            (days, 1): ("05-01 23:59:59", "05-09 23:59:59"),
            (days, 2): ("05-02 23:59:59", "05-10 23:59:59"),
            (days, 3): ("05-03 23:59:59", "05-11 23:59:59"),
            (days, 4): ("05-04 23:59:59", "05-12 23:59:59"),
            (days, 6): ("05-06 23:59:59", "05-14 23:59:59"),
            (days, 15): ("05-15 23:59:59", "05-23 23:59:59"),
            (days, 20): ("05-20 23:59:59", "05-28 23:59:59"),
            (worked, 1): ("05-06 18:00", "05-09 18:00"),
            (worked, 2): ("05-07 18:00", "05-11 18:00"),
            (worked, 3): ("05-08 18:00", "05-12 18:00"),
            (worked, 5): ("05-11 18:00", "05-14 18:00"),
            (worked, 10): ("05-18 18:00", "05-21 18:00"),
            ("calendar_months", 1): ("05-30 23:59:59", "06-08 23:59:59"),
            ("day_of_month", 10): ("05-10 23:59:59", "06-10 23:59:59"),
        }
        for name in self.env["crm.policy"]._policy_packs().keys() - {"service"}:
            self._install_policy(name)
        self.company.resource_calendar_id.policy_statutory_country_id = self.env.ref("base.cn")
        rules = self.env["crm.policy.deadline.rule"].search([("company_id", "=", self.company.id)])
        starts = [shanghai("2026-04-30 17:50"), shanghai("2026-05-08 17:50")]
        for rule in rules.filtered(lambda rule: rule.unit != "given"):
            with self.subTest(policy=rule.version_id.policy_id.code, rule=rule.code):
                dues = expected[rule.unit, rule.duration]
                if rule.before:  # the grievance: the end of its own day
                    dues = ("04-30 23:59:59", "05-08 23:59:59")
                self.assertEqual(
                    rule._policy_due(starts, self.company),
                    [shanghai(f"2026-{due}") for due in dues],
                )


class TestServiceRequests(PackFlow):
    """S1."""

    pack = "handbook"
    kinds = ("inquiry", "query", "request", "suggestion", "complaint")

    def _request(self, moment, urgency="normal", grade=None, **vals):
        if grade:
            self.env["crm.policy.customer"].create(
                {
                    "partner_id": self.partner.id,
                    "company_id": self.company.id,
                    "grade_id": self.env["crm.policy.grade"]
                    .search([("code", "=", grade), ("company_id", "=", self.company.id)])
                    .id,
                }
            )
        with at(moment):
            case = self._new_case(policy_kind="request", policy_urgency=urgency, **vals)
        self.assertEqual(case.policy_version_id, self.governing)
        return case

    def test_s1(self):
        rows = [
            ("2026-03-06 17:50", "urgent", None, "2026-03-09 09:05", "2026-03-09 13:50"),
            ("2026-03-04 11:30", "normal", None, "2026-03-04 13:30", "2026-03-05 11:30"),
            ("2026-03-07 20:00", "normal", None, "2026-03-09 10:00", "2026-03-09 18:00"),
            ("2026-03-04 11:45", "normal", "A", "2026-03-04 13:15", "2026-03-04 16:45"),
        ]
        for logged, urgency, grade, response, resolved in rows:
            with self.subTest(logged=logged, urgency=urgency, grade=grade):
                case = self._request(logged, urgency, grade)
                self.assertEqual(
                    self._dues(case),
                    {
                        f"response-{urgency}": shanghai(response),
                        f"resolve-{urgency}": shanghai(resolved),
                    },
                )

    def test_s1_the_instant_itself_is_on_time(self):
        for answered, state in (("2026-03-04 13:30:00", "met"), ("2026-03-04 13:30:01", "late")):
            with self.subTest(answered=answered):
                case = self._request("2026-03-04 11:30")
                with at("2026-03-04 11:31"):
                    self._as("specialist", case).action_policy_accept()
                with at(answered):
                    self._as("specialist", case).action_policy_respond("已答复")
                self.assertEqual(self._clock(case, "response-normal").state, state)

    def test_s1_urgent_on_time_at_the_exact_instant(self):
        for answered, state in (("2026-03-09 09:05:00", "met"), ("2026-03-09 09:05:01", "late")):
            with self.subTest(answered=answered):
                case = self._request("2026-03-06 17:50", "urgent")
                # What goes out by itself is no answer.
                receipt = "已收到您的请求"
                with at("2026-03-06 17:51"):
                    case.message_post(
                        body=receipt,
                        message_type="auto_comment",
                        partner_ids=self.partner.ids,
                    )
                self.assertFalse(case.policy_responded_at)
                self.assertEqual(self._clock(case, "response-urgent").state, "open")
                with at("2026-03-09 09:01"):
                    self._as("specialist", case).action_policy_accept()
                with at(answered):
                    self._as("specialist", case).action_policy_respond("已答复")
                self.assertEqual(self._clock(case, "response-urgent").state, state)

    def test_s1_a_breach_is_told_to_the_supervisor_once(self):
        case = self._request("2026-03-04 11:30", team_id=self.team.id)
        self._mark("2026-03-04 13:30:00")
        self.assertEqual(self._told(case, "response-normal"), [])
        for moment in ("2026-03-04 13:30:01", "2026-03-04 13:30:02", "2026-03-05 09:00:00"):
            self._mark(moment)
        self.assertEqual(
            self._told(case, "response-normal"),
            [(shanghai("2026-03-04 13:30:01"), "supervisor")],
        )
        activity = self.env["mail.activity"].search(
            [
                ("res_model", "=", case._name),
                ("res_id", "=", case.id),
                ("user_id", "=", self.users["supervisor"].id),
            ]
        )
        self.assertEqual(len(activity), 1)
        violation = self.env["crm.policy.violation"].search(
            [("deadline_id", "=", self._clock(case, "response-normal").id)]
        )
        self.assertEqual(violation.clause_number, "5.3")
        # The handbook's own clocks run on the explanation of it (opened with the mark).
        self.assertEqual(
            self._dues(violation),
            {
                "violation-explain": shanghai("2026-03-09 18:00"),
                "violation-decide": shanghai("2026-03-18 18:00"),
            },
        )

    def test_s1_elapsed_instead_of_working_time(self):
        version = self.governing
        rules = self.env["crm.policy.deadline.rule"].search([("version_id", "=", version.id)])
        version._policy_guarded_write({"state": "draft"})
        for code, hours in (("response-urgent", 0.25), ("resolve-urgent", 4)):
            rule = rules.filtered(lambda rule, code=code: rule.code == code)
            rule.alert_ids.unlink()
            rule.write({"unit": "calendar_hours", "duration": hours})
        version._policy_guarded_write({"state": "effective"})
        self.assertEqual(
            self._dues(self._request("2026-03-06 17:50", "urgent")),
            {
                "response-urgent": shanghai("2026-03-06 18:05"),
                "resolve-urgent": shanghai("2026-03-06 21:50"),
            },
        )

    def test_s1_a_request_that_becomes_a_complaint_keeps_its_intake(self):
        case = self._request("2026-03-04 11:30")
        with at("2026-03-04 14:00"):
            case.write(
                {
                    "policy_kind": "complaint",
                    "policy_complaint_type_id": self.types["hbk-complaint"].id,
                }
            )
        with at("2026-03-04 14:30"):
            self._as("specialist", case).action_policy_accept()
        self.assertEqual(case.policy_intake_at, shanghai("2026-03-04 11:30"))
        # Correction 14: the 24 and 48 hours run from the acceptance as a complaint.
        self.assertEqual(
            self._dues(case),
            {
                "complaint-response": shanghai("2026-03-05 14:30"),
                "complaint-solution": shanghai("2026-03-06 14:30"),
            },
        )

    def test_s1_what_is_not_solved_is_taken_up_again(self):
        case = self._request("2026-03-04 11:30")
        mine = self._as("specialist", case)
        with at("2026-03-04 13:00"):
            mine.action_policy_accept()
            mine.action_policy_respond("已答复")
            mine.action_policy_close()
        self.assertEqual(set(case.policy_deadline_ids.mapped("state")), {"met"})
        with at("2026-03-05 10:00"):
            self._as("supervisor", case).action_policy_reopen("客户表示未解决")
        self.assertEqual(case.policy_cycle, 1)
        anew = case.policy_deadline_ids.filtered(lambda clock: clock.cycle == 1)
        self.assertEqual(
            {clock.rule_code: clock.due_at for clock in anew},
            {
                "response-normal": shanghai("2026-03-05 11:00"),
                "resolve-normal": shanghai("2026-03-06 10:00"),
            },
        )

    def test_other_grades_have_the_whole_time(self):
        for grade, due in (("B", "2026-03-04 13:15"), ("C", "2026-03-04 13:45")):
            with self.subTest(grade):
                self.env["crm.policy.customer"].search([]).unlink()
                case = self._request("2026-03-04 11:45", grade=grade)
                self.assertEqual(self._dues(case)["response-normal"], shanghai(due))

    def test_complaints_of_the_handbook(self):
        with at("2026-03-02 10:20"):
            case = self._new_case(policy_complaint_type_id=self.types["hbk-complaint"].id)
            self._as("specialist", case).action_policy_accept()
        self.assertEqual(
            self._dues(case),
            {
                "complaint-response": shanghai("2026-03-03 10:20"),
                "complaint-solution": shanghai("2026-03-04 10:20"),
            },
        )


class ManufacturerFlow(CarryOut, PackFlow):
    """A complaint about quality, registered, before it goes through the departments."""

    pack = "manufacturer"
    kinds = ("complaint",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._appoint(
            "gm_office", "manager_office", "quality", "production", "rd", "sales_manager",
            "deputy_gm", "warehouse",
        )  # fmt: skip
        cls.people["ceo"] = cls.users["ceo"]

    def _new_mfr_case(self, **vals):
        kind = self.types["mfr-quality"]
        return self._new_case(policy_complaint_type_id=kind.id, **{**COMPLETE, **vals})

    def _registered(self, **vals):
        with at("2026-03-02 10:20"):
            case = self._new_mfr_case(**vals)
            self._as("specialist", case).action_policy_accept()
        with at("2026-03-03 09:15"):
            case.with_user(self.people["gm_office"]).action_policy_register()
        return case

    def _blame(self, case):
        """Say who is responsible, as the policy wants it before the decision."""
        if case.policy_responsibility_ids:
            return
        self.env["crm.policy.responsibility"].create(
            {"ticket_id": case.id, "department_id": self.department.id, "share": 100}
        )

    def _answer(self, opinion, role, text="已核实"):
        if opinion.step_code == "production":
            self._find_production(opinion.ticket_id)
        return super()._answer(opinion, role, text)

    def _find_production(self, case, **vals):
        """Have Manufacturing write down how the goods were made."""
        return (
            self.env["crm.policy.production.finding"]
            .with_user(self.people["production"])
            .create(
                {
                    "ticket_id": case.id,
                    "unit": "压合车间",
                    "machine": "3号压机",
                    "shift": "夜班",
                    "workers": "赵师傅",
                    "produced_on": "2026-02-10",
                    **vals,
                }
            )
        )

    def _line(self, case, step):
        return case.policy_countersign_ids.filtered(lambda line: line.step_code == step)[-1:]

    def _opine(self, case, until=None):
        """Have the departments answer, each when its turn has come; the mandate included.

        :param until: the code of the last step that answers; all by default.
        """
        while True:
            waiting = case.policy_countersign_ids.filtered(
                lambda line: line.policy_asked_at and not line.policy_answered_at
            )
            for line in waiting:
                if line.step_code == "negotiation":
                    self._negotiate(case)
                if line.step_code == "synthesis":
                    self._blame(case)
                self._answer(line, line.role_id.code)
                if line.step_code == until:
                    return
            mandate = case.policy_ruling_ids.filtered(
                lambda ruling: ruling.policy_approval_state == "pending"
            )
            for ruling in mandate:
                signer = ruling.policy_approval_id.eligible_user_ids[:1]
                ruling.with_user(signer).action_policy_approve("同意")
            if not (waiting or mandate):
                return

    def _negotiate(self, case, **vals):
        """Write down a talk with the customer, and have it read by the sales manager."""
        talk = (
            self.env["crm.policy.negotiation"]
            .with_user(self.users["specialist"])
            .create(
                {
                    "ticket_id": case.id,
                    "contact": "Herr Olsen",
                    "position": "accept",
                    "text": "同意退货和折让",
                    **vals,
                }
            )
        )
        talk.with_user(self.people["sales_manager"]).action_policy_review()
        return talk.with_env(self.env)

    def _sign(self, case, amount=500, role="sales_manager"):
        """Have a remedy signed; it settles the case."""
        self._blame(case)
        if not case.policy_remedy_ids:
            self._new_remedy(case, amount)
        self._as("specialist", case).action_policy_submit()
        case.policy_remedy_ids.with_user(self.people[role]).action_policy_approve("同意")

    def _drive_on(self, case):
        """Take a registered case on until the customer is told."""
        mine = self._as("specialist", case)
        mine.action_policy_respond("已联系")
        mine.action_policy_propose("退货")
        self._new_remedy(case, 500)
        self._opine(case)
        self._sign(case)
        mine.action_policy_reply("同意", "phone", score=4)


class TestFullRoute(ManufacturerFlow):
    """S2, the date lines."""

    def test_s2_lines_1_and_2(self):
        case = self._registered()
        self.assertEqual(case.policy_number, "260301")
        self.assertEqual(
            self._dues(case),
            {
                "register": shanghai("2026-03-03 23:59:59"),
                "response": shanghai("2026-03-03 10:20"),
                "solution": shanghai("2026-03-04 10:20"),
                "settle": shanghai("2026-03-18 23:59:59"),
            },
        )
        self.assertEqual(self._clock(case, "register").state, "met")
        self.assertEqual(self._registered().policy_number, "260302")
        with at("2026-04-01 09:00"):
            april = self._new_mfr_case()
            self._as("specialist", april).action_policy_accept()
            april.with_user(self.people["gm_office"]).action_policy_register()
        self.assertEqual(april.policy_number, "260401")

    def test_abroad_there_are_20_days(self):
        abroad = self.env["res.partner"].create(
            {"name": "Nordic Circuits", "country_id": self.env.ref("base.de").id}
        )
        for partner, code, settle, quality in (
            (abroad, "-abroad", "2026-03-23 23:59:59", "2026-03-07 23:59:59"),
            (self.partner, "", "2026-03-18 23:59:59", "2026-03-06 23:59:59"),
        ):
            partner.country_id = partner.country_id or self.env.ref("base.cn")
            with self.subTest(partner.name):
                case = self._registered(partner_id=partner.id)
                self.assertEqual(self._dues(case)[f"settle{code}"], shanghai(settle))
                self.assertEqual(len([c for c in self._dues(case) if "settle" in c]), 1)
                opinion = self._line(case, "quality")
                self.assertEqual(self._dues(opinion), {f"quality{code}": shanghai(quality)})
                # 2 days at home, 6 abroad from 03-11 on: as in S2, line 5.
                route = (
                    ("quality", "quality"), ("production", "production"),
                    ("manager-office", "manager_office"), ("check", "gm_office"),
                    ("sales-opinion", "sales_manager"), ("first-opinion", "gm_office"),
                )  # fmt: skip
                with at("2026-03-11 09:00"):
                    self._new_remedy(case, 500)
                    for step, role in route:
                        lines = case.policy_countersign_ids
                        line = lines.filtered(lambda line, step=step: line.step_code == step)
                        self._answer(line, role)
                    case.policy_ruling_ids.with_user(
                        self.people["sales_manager"]
                    ).action_policy_approve("同意")
                negotiation = case.policy_countersign_ids.filtered(
                    lambda line: line.step_code == "negotiation"
                )
                day = "2026-03-17" if code else "2026-03-13"
                self.assertEqual(
                    self._dues(negotiation), {f"negotiation{code}": shanghai(f"{day} 23:59:59")}
                )

    def test_s2_lines_3_and_5(self):
        case = self._registered()
        # step, asked, due, answered by, answered, state
        steps = [
            ("quality", "03-03 09:15", "03-06", "quality", "03-06 16:00", "met"),
            ("production", "03-06 16:00", "03-08", "production", "03-09 10:00", "late"),
            ("quality-report", "03-06 16:00", "03-09", "quality", "03-09 11:00", "met"),
            ("manager-office", "03-09 10:00", "03-10", "manager_office", "03-09 17:00", "met"),
            # The general manager's instruction on the report has no limit of its own.
            ("instruction", "03-09 11:00", None, "ceo", "03-09 15:00", None),
            ("check", "03-09 17:00", "03-10", "gm_office", "03-10 09:30", "met"),
            ("sales-opinion", "03-10 09:30", "03-11", "sales_manager", "03-10 11:00", "met"),
            ("first-opinion", "03-10 11:00", "03-11", "gm_office", "03-10 15:00", "met"),
            ("negotiation", "03-11 09:00", "03-13", "sales_manager", "03-12 14:00", "met"),
            ("synthesis", "03-12 14:00", "03-13", "gm_office", "03-12 17:00", "met"),
        ]
        with at("2026-03-03 10:00"):
            mine = self._as("specialist", case)
            mine.action_policy_respond("已联系")
            mine.action_policy_propose("先行换货，查明后退货并折让")
            goods = {"quantity": 100, "price_unit": 85, "tax_percent": 13}
            self._new_remedy(case, 9605, kind="return", note="100件按100%退货", **goods)
            self._new_remedy(
                case, 960.5, kind="allowance", note="100件按10%折让", percent=10, **goods
            )
        opinions = {}
        # Everybody else is asked by itself, the moment the last one before him has answered.
        for step, _asked, _due, role, answered, _state in sorted(steps, key=lambda line: line[4]):
            opinions[step] = self._line(case, step)
            with at(f"2026-{answered}"):
                if step == "negotiation":
                    self._negotiate(case, offered_amount=10565.5)
                if step == "synthesis":
                    self._blame(case)
                self._answer(opinions[step], role)
            if step == "first-opinion":
                self._mandate_of_s2(case)
        self.assertEqual(set(case.policy_countersign_ids.mapped("step_code")), set(opinions))
        for step, asked, due, _role, _answered, state in steps:
            with self.subTest(step):
                self.assertEqual(opinions[step].policy_asked_at, shanghai(f"2026-{asked}"))
                if not due:
                    self.assertFalse(opinions[step].policy_deadline_ids)
                    continue
                clock = self._clock(opinions[step], step)
                self.assertEqual(clock.due_at, shanghai(f"2026-{due} 23:59:59"))
                self.assertEqual(clock.state, state)
                self.assertEqual(opinions[step].due_at, clock.due_at)
        self.assertEqual(self._clock(opinions["production"], "production").cycle, 0)
        # Lines 7, 8 and 11: settled on the tenth day after the registration, told, called back on
        # the day itself (correction 2).
        self.assertEqual(case.policy_investigated_at, shanghai("2026-03-10 09:30"))
        self.assertEqual(case.policy_mandated_at, shanghai("2026-03-11 09:00"))
        with at("2026-03-12 17:00"):
            mine.action_policy_submit()
        remedies = case.policy_remedy_ids.with_user(self.people["deputy_gm"])
        requests = case.policy_remedy_ids.policy_approval_id
        # 10,565.50 is beyond the sales manager (4.4): the deputy signs, within 1 day.
        self.assertEqual(requests.eligible_user_ids, self.people["deputy_gm"])
        [due] = set(requests.step_ids.policy_deadline_ids.mapped("due_at"))
        self.assertEqual(due, shanghai("2026-03-13 23:59:59"))
        with at("2026-03-13 11:00"):
            remedies[0].action_policy_approve("同意")
            self.assertFalse(case.policy_decided_at, "one of two is signed")
            remedies[1].action_policy_approve("同意")
        self.assertEqual(case.policy_decided_at, shanghai("2026-03-13 11:00"))
        self.assertEqual(case.policy_settled_at, shanghai("2026-03-13 11:00"))
        self.assertEqual(self._clock(case, "settle").state, "met")
        self.assertEqual(self._dues(case)["reply"], shanghai("2026-03-13 16:00"))
        with at("2026-03-13 15:00"):
            mine.action_policy_reply("同意退货和折让", "phone", score=4)
        clock = self._clock(case, "callback")
        self.assertEqual(clock.due_at, shanghai("2026-03-28 23:59:59"))
        self.assertEqual(clock.earliest_at, shanghai("2026-03-28 00:00"))
        with at("2026-03-20 10:00"), self.assertRaises(UserError):
            mine.action_policy_close()
        # Line 10: the goods come back, the allowance is sealed, both are booked before the closing.
        returned, allowed = case.policy_remedy_ids
        with at("2026-03-18 15:00"):
            self._bring_back(returned)
        self.assertFalse(case.policy_executed_at)
        self.assertEqual(mine.policy_next_action, "callback")
        with at("2026-03-28 10:00"):
            mine.action_policy_callback(4, "客户认可")
        self.assertEqual(clock.state, "met")
        with at("2026-03-28 10:30"):
            self._as("qc", case).action_policy_recheck("记录齐全")
            with self.assertRefused(UserError, r"Closed At: missing first: Carried Out At"):
                mine.action_policy_close()
            self.assertEqual(mine.policy_next_action, "execution")
            self._certify(allowed)
        self.assertEqual(case.policy_executed_at, shanghai("2026-03-28 10:30"))
        self.assertEqual((returned.executed_amount, allowed.executed_amount), (9605.0, 960.5))
        with at("2026-03-28 11:00"):
            mine.action_policy_close()
        self.assertEqual(case.policy_closed_at, shanghai("2026-03-28 11:00"))

    def _mandate_of_s2(self, case):
        """Asked at 03-10 15:00 with the first overall opinion, due one day later (line 4)."""
        mandate = case.policy_ruling_ids
        self.assertEqual((mandate.kind, mandate.amount), ("mandate", 10565.5))
        request = mandate.policy_approval_id
        self.assertEqual(request.requester_id, self.people["gm_office"])
        self.assertEqual(request.eligible_user_ids, self.people["deputy_gm"])
        self.assertEqual(
            self._dues(request.step_ids), {"ruling-step": shanghai("2026-03-11 23:59:59")}
        )
        self.assertFalse(self._line(case, "negotiation"), "nobody negotiates without a mandate")
        with at("2026-03-11 09:00"):
            mandate.with_user(self.people["deputy_gm"]).action_policy_approve("同意")

    def test_s2_line_3_whoever_is_late_has_his_head_told(self):
        """Correction 15: day 0 is the first overdue day; CMP-DLN-02: +1 GM office, +3 executive."""
        self._chain(self.people["production"], self.people["manager_office"])
        case = self._registered()
        with at("2026-03-06 16:00"):
            self._answer(self._line(case, "quality"), "quality")
        production = case.policy_countersign_ids.filtered(
            lambda line: line.step_code == "production"
        )
        self._mark("2026-03-08 23:59:59")
        self.assertEqual(self._told(production, "production"), [])
        told = []
        for moment, people in (
            ("2026-03-09 00:00:00", ["manager_office", "production"]),
            ("2026-03-10 00:00:00", ["gm_office"]),
            ("2026-03-11 00:00:00", []),
            ("2026-03-12 00:00:00", ["ceo"]),
            ("2026-03-16 00:00:00", []),
        ):
            self._mark(moment)
            told += [(shanghai(moment), login) for login in people]
            with self.subTest(moment):
                self.assertEqual(self._told(production, "production"), told)
        violation = self.env["crm.policy.violation"].search(
            [("deadline_id", "=", self._clock(production, "production").id)]
        )
        self.assertEqual(
            (violation.clause_number, violation.user_id), ("3.3", self.people["production"])
        )
        # The reason is asked for before the case is closed, whatever department it was.
        with at("2026-03-16 10:00"):
            self._drive_on(case)
            self._carry_out(case)
        with at("2026-03-31 10:00"):
            case._policy_set_fact("policy_callback_at")
            self._as("qc", case).action_policy_recheck("记录齐全")
            others = self.env["crm.policy.violation"].search([("company_id", "=", self.company.id)])
            for other in others - violation:
                other.with_user(other.user_id).action_policy_explain("补充说明")
            with self.assertRaisesRegex(
                ValidationError, r"was late: \S+ \(3\.3\) must be explained first, by t_production"
            ):
                self._as("specialist", case).action_policy_close()
            violation.with_user(self.people["production"]).action_policy_explain("设备故障")
            self._as("specialist", case).action_policy_close()
        self.assertTrue(case.policy_closed_at)

    def test_s2_line_11_rolled_to_the_next_working_day(self):
        version = self.governing
        rule = self.env["crm.policy.deadline.rule"].search(
            [("version_id", "=", version.id), ("code", "=", "callback")]
        )
        version._policy_guarded_write({"state": "draft"})
        rule.roll = "next_workday"
        version._policy_guarded_write({"state": "effective"})
        case = self._registered()
        with at("2026-03-13 15:00"):
            self._drive_on(case)
        clock = self._clock(case, "callback")
        self.assertEqual(clock.due_at, shanghai("2026-03-30 23:59:59"))
        self.assertEqual(clock.earliest_at, shanghai("2026-03-30 00:00"))

    def test_a_call_before_its_day_does_not_count(self):
        case = self._registered()
        with at("2026-03-13 15:00"):
            self._drive_on(case)
        with at("2026-03-27 10:00"):
            case._policy_set_fact("policy_callback_at")
        self.assertEqual(self._clock(case, "callback").state, "open")

    def test_departments_are_asked_in_their_order(self):
        case = self._registered()
        with at("2026-03-03 10:00"):
            with self.assertRaisesRegex(
                UserError, r"Clause 3\.3 .*before Production comes: Quality investigation"
            ):
                self._ask(case, "production")
            opinion = self._line(case, "quality")
            with self.assertRaisesRegex(UserError, "Quality investigation is asked already"):
                self._ask(case, "quality")
            self._answer(opinion, "quality")
            with self.assertRaisesRegex(UserError, "Production is asked already"):
                self._ask(case, "production")
            with self.assertRaisesRegex(ValidationError, "asks nobody under moons"):
                self._ask(case, "moons")

    def test_who_asks_and_who_answers(self):
        case = self._registered()
        with at("2026-03-03 10:00"):
            with self.assertRaisesRegex(AccessError, "This step is taken by"):
                self._as("specialist", case).action_policy_ask("research")
            opinion = self._line(case, "quality")
            for user in (self.users["supervisor"], self.users["director"], self.people["rd"]):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    opinion.with_user(user).action_policy_answer("我来答")
            holder = self.people["quality"]
            self.assertTrue(opinion.with_user(holder).is_mine)
            self.assertEqual(case.with_user(holder).policy_kind, "complaint")
            for text in (None, "", "  ", 7):
                with self.assertRaisesRegex(ValidationError, "Write down the opinion"):
                    opinion.with_user(holder).action_policy_answer(text)
            self._answer(opinion, "quality", "层压温度偏低")
            self.assertEqual((opinion.opinion, opinion.answered_by_id), ("层压温度偏低", holder))
            self.assertEqual(opinion.policy_answered_at, shanghai("2026-03-03 10:00"))
            with self.assertRaisesRegex(UserError, "is recorded already"):
                self._answer(opinion, "quality", "改口")
        self.assertEqual(opinion.opinion, "层压温度偏低")
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", opinion._name), ("res_id", "=", opinion.id)], order="id"
        )
        self.assertEqual(events.mapped("type"), ["fact.asked", "fact.answered"])

    def test_nobody_writes_an_opinion_by_hand(self):
        case = self._registered()
        opinion = self._line(case, "quality")
        boss = self.users["director"]
        for record in (opinion, opinion.with_user(boss), opinion.with_user(boss).sudo()):
            for name, value in (
                ("opinion", "改"),
                ("policy_answered_at", shanghai("2026-03-03 10:00")),
                ("step_code", "check"),
            ):
                with self.assertRaises(AccessError):
                    record.write({name: value})
        with self.assertRaises(AccessError):
            self.env["crm.policy.countersign"].sudo().create(
                {"ticket_id": case.id, "step_code": "check", "role_id": opinion.role_id.id}
            )
        with self.assertRaisesRegex(UserError, "stays with the case"):
            opinion.unlink()

    def test_an_opinion_is_seen_by_who_sees_the_case(self):
        case = self._registered()
        opinion = self._line(case, "quality")
        model = self.env["crm.policy.countersign"]
        for user, seen in (
            (self.people["quality"], True),
            (self.users["specialist"], True),
            (self.people["rd"], False),
        ):
            with self.subTest(user.login):
                self.assertEqual(
                    bool(model.with_user(user).search([("id", "=", opinion.id)])), seen
                )
        with self.assertRaises(AccessError):
            opinion.with_user(self.people["rd"]).read(["opinion"])
        with self.assertRaises(AccessError):
            opinion.with_user(self.people["rd"]).action_policy_answer("我来答")

    def test_a_role_without_a_holder_is_named(self):
        self._new_post("quality", self.env["res.users"])
        case = self._registered()
        # The registration stands; the case says who is missing.
        self.assertTrue(case.policy_registered_at)
        self.assertFalse(case.policy_countersign_ids)
        self.assertIn(
            "nobody holds the role Quality Management", "".join(case.message_ids.mapped("body"))
        )
        with (
            at("2026-03-03 10:00"),
            self.assertRaisesRegex(UserError, "nobody holds the role Quality Management"),
        ):
            self._ask(case, "quality")

    def test_an_ended_case_asks_nobody_and_its_clocks_stop(self):
        case = self._registered()
        opinion = self._line(case, "quality")
        with at("2026-03-03 10:00"):
            self._as("supervisor", case).action_policy_cancel("误登")
            with self.assertRaisesRegex(UserError, "is ended"):
                self._ask(case, "quality-report")
            with self.assertRaisesRegex(UserError, "is ended"):
                self._answer(opinion, "quality")
            with self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()
        self.assertEqual(self._clock(opinion, "quality").state, "cancelled")

    def test_an_answer_is_dated_back_within_the_clause(self):
        case = self._registered()
        opinion = self._line(case, "quality")
        line = opinion.with_user(self.people["quality"])
        with at("2026-03-06 09:00"):
            with self.assertRaisesRegex(ValidationError, "before it was asked"):
                line.action_policy_answer("已查", at=shanghai("2026-03-03 09:00"), reason="补录")
            with self.assertRaisesRegex(UserError, "the limit is 24 hours"):
                line.action_policy_answer("已查", at=shanghai("2026-03-04 09:00"), reason="补录")
            self.assertFalse(opinion.opinion)
            line.action_policy_answer("已查", at=shanghai("2026-03-05 16:00"), reason="出差")
        self.assertEqual(opinion.policy_answered_at, shanghai("2026-03-05 16:00"))

    def test_the_wizard_asks_and_answers(self):
        case = self._registered()
        Turn = self.env["crm.policy.countersign.turn"]
        with at("2026-03-03 10:00"):
            ask = Turn.with_user(self.users["supervisor"]).create({"ticket_id": case.id})
            # What only some cases need can be put down for its turn.
            self.assertEqual(ask.askable_ids.mapped("code"), ["research"])
            ask.step_id = ask.askable_ids[0]
            ask.action_policy_confirm()
            self.assertTrue(self._line(case, "research"))
            opinion = self._line(case, "quality")
            answer = Turn.with_user(self.people["quality"]).create(
                {"countersign_id": opinion.id, "opinion": "已查明"}
            )
            answer.action_policy_confirm()
        self.assertEqual(opinion.opinion, "已查明")


class TestFurnitureRoute(PackFlow):
    """S3, the dates."""

    pack = "furniture"
    kinds = ("complaint",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._appoint(
            "quality", "production", "warehouse", "deputy_gm", "sales_manager",
            "complaint_officer",
        )  # fmt: skip

    def _case(self, moment, code="quality"):
        with at(moment):
            return self._new_case(policy_complaint_type_id=self.types[f"frn-{code}"].id)

    def _ask(self, case, step):
        """Return the opinion that is asked for once the hand-over is signed."""
        if not case.policy_handed_at:
            mine = self._as("specialist", case)
            mine.action_policy_accept()
            mine.action_policy_register()
            mine.action_policy_ask_transfer(None, "需检测")
            self._as("ceo", case.policy_ruling_ids).action_policy_approve("同意")
            sheet = case.policy_handover_ids
            sheet.with_user(sheet.to_user_id).action_policy_receive()
        return case.policy_countersign_ids.filtered(lambda line: line.step_code == step)

    def test_s3_number_of_the_day_and_the_year(self):
        self.env["crm.policy.counter"]._policy_reserve(
            self.company, "YYMMDDNNN", "year", shanghai("2026-03-11 10:00").date(), 98
        )
        self.assertEqual(self._case("2026-03-12 14:10").policy_number, "260312099")
        self.assertEqual(self._case("2026-03-13 09:00").policy_number, "260313100")

    def test_a_written_complaint_leads_to_a_call(self):
        """CMP-INT-05: within 60 minutes of working time it is taken up."""
        case = self._case("2026-03-12 17:40")
        self.assertEqual(self._dues(case), {"first-call": shanghai("2026-03-13 09:40")})
        with at("2026-03-13 09:40"):
            self._as("specialist", case).action_policy_accept()
        self.assertEqual(self._clock(case, "first-call").state, "met")

    def test_s3_hand_over(self):
        case = self._case("2026-03-12 14:10")
        with at("2026-03-12 15:00"):
            outside = self._ask(case, "quality-external")
            inside = self._ask(case, "quality-internal")
        self.assertEqual(
            self._dues(outside, inside),
            {
                "quality-external": shanghai("2026-03-16 18:00"),
                "quality-internal": shanghai("2026-03-17 18:00"),
            },
        )
        with at("2026-03-16 16:30"):
            # As the consensus of the committee does.
            outside.with_user(self.people["production"]).sudo()._policy_answer_for("80/20")
        self._mark("2026-03-17 18:00:00")
        self.assertEqual(self._told(inside, "quality-internal"), [])
        self._mark("2026-03-17 18:00:01")
        overdue = shanghai("2026-03-17 18:00:01")
        self.assertEqual(
            self._told(inside, "quality-internal"), [(overdue, "ceo"), (overdue, "quality")]
        )
        with at("2026-03-18 09:30"):
            # As the decision of the team on quality accidents does.
            inside.with_user(self.people["quality"]).sudo()._policy_answer_for("处分一人")
        self.assertEqual(self._told(outside, "quality-external"), [])
        self.assertEqual(self._clock(outside, "quality-external").state, "met")
        self.assertEqual(self._clock(inside, "quality-internal").state, "late")

    def test_a_grievance_is_answered_on_its_day(self):
        case = self._case("2026-03-06 16:00", "grievance")
        self.assertEqual(self._dues(case), {"grievance": shanghai("2026-03-06 23:59:59")})

    def test_s3_outside_too_late_goes_to_the_deputy(self):
        case = self._case("2026-03-12 14:10")
        with at("2026-03-12 15:00"):
            outside = self._ask(case, "quality-external")
        self._mark("2026-03-16 18:00:01")
        overdue = shanghai("2026-03-16 18:00:01")
        self.assertEqual(
            self._told(outside, "quality-external"),
            [(overdue, "deputy_gm"), (overdue, "production")],
        )

    def test_a_grievance_not_answered_is_told_above_the_next_morning(self):
        officer = self.people["complaint_officer"]
        self._chain(officer, self.users["supervisor"])
        case = self._case("2026-03-06 16:00", "grievance")
        self._mark("2026-03-06 23:59:59")
        self.assertEqual(self._told(case, "grievance"), [])
        self._mark("2026-03-07 00:00:00")
        self.assertEqual(
            self._told(case, "grievance"), [(shanghai("2026-03-07 00:00:00"), "supervisor")]
        )

    def test_s6_arithmetic_of_notices(self):
        """Their documents come later; the days are counted as their rules will count them."""
        Rule = self.env["crm.policy.deadline.rule"]
        for moment, days, due in (
            ("2026-05-07 16:00", 1, "2026-05-08 18:00"),
            ("2026-05-08 10:05", 5, "2026-05-15 18:00"),
        ):
            rule = Rule.new({"duration": days, "unit": "working_days", "count_from": "next_day"})
            [found] = rule._policy_due([shanghai(moment)], self.company)
            self.assertEqual(found, shanghai(due))
        # Correction 19: with the statutory days of 2026 Saturday 05-09 is a working day.
        self.company.resource_calendar_id.policy_statutory_country_id = self.env.ref("base.cn")
        [found] = rule._policy_due([shanghai("2026-05-08 10:05")], self.company)
        self.assertEqual(found, shanghai("2026-05-14 18:00"))


class TestServiceDepartment(PackFlow):
    """004: the times of the service flow, and who is told level by level (ORG-REP-01)."""

    pack = "service_department"
    kinds = ("inquiry", "query", "request", "suggestion")

    def test_clocks_of_a_request(self):
        for urgency, response, resolved in (
            ("urgent", "2026-03-09 09:05", "2026-03-09 13:50"),
            ("normal", "2026-03-09 09:50", "2026-03-09 17:50"),
        ):
            with self.subTest(urgency), at("2026-03-06 17:50"):
                case = self._new_case(policy_kind="request", policy_urgency=urgency)
                self.assertEqual(
                    self._dues(case),
                    {
                        f"response-{urgency}": shanghai(response),
                        f"resolve-{urgency}": shanghai(resolved),
                    },
                )

    def test_across_a_holiday_and_a_working_saturday(self):
        self.company.resource_calendar_id.policy_statutory_country_id = self.env.ref("base.cn")
        for moment, response in (
            ("2026-04-30 17:30", "2026-05-06 09:30"),
            ("2026-05-08 17:30", "2026-05-09 09:30"),
        ):
            with self.subTest(moment), at(moment):
                case = self._new_case(policy_kind="request")
                self.assertEqual(self._dues(case)["response-normal"], shanghai(response))

    def test_what_is_overdue_climbs_level_by_level(self):
        self._chain(*(self.users[role] for role in ("specialist", "manager", "director", "ceo")))
        with at("2026-03-05 16:30"):
            case = self._new_case(policy_kind="request", team_id=self.team.id)
        told = []
        for moment, login in (
            ("2026-03-05 17:30:01", "manager"),
            ("2026-03-06 09:00:00", "director"),
            ("2026-03-09 09:00:00", "ceo"),
        ):
            self._mark(moment)
            told.append((shanghai(moment), login))
            with self.subTest(moment):
                self.assertEqual(self._told(case, "response-normal"), told)
        violation = self.env["crm.policy.violation"].search(
            [("deadline_id", "=", self._clock(case, "response-normal").id)]
        )
        # Opened Thursday 17:30:01: the third working day after it, and the tenth.
        self.assertEqual(
            self._dues(violation),
            {
                "violation-explain": shanghai("2026-03-10 18:00"),
                "violation-decide": shanghai("2026-03-19 18:00"),
            },
        )
        with at("2026-03-12 09:00"):
            violation._policy_set_fact("decided_at")
        self.assertEqual(self._clock(violation, "violation-decide").state, "met")
