"""The 8D report: filled from its case, sealed when it is issued, silent about what stays inside."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import at, shanghai
from .improvement_common import ImprovementCommon

INTERNAL, CUSTOMER = "crm_policy.eightd_report", "crm_policy.eightd_customer_report"


class EightdCommon(ImprovementCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inspector = cls._new_person("t_inspector")
        cls._new_employees([cls.inspector], cls.quality)
        cls._new_post("quality", cls.inspector)
        cls.zhao.name = "赵大勇"
        cls.zhao_employee.name = "赵大勇"
        cls.head.name = "钱生产"
        cls.head.employee_ids.name = "钱生产"
        cls.inspector.name = "孙质量"
        cls.inspector.employee_ids.name = "孙质量"

    def setUp(self):
        super().setUp()
        with at("2026-03-02 10:20"):
            self.case = self._new_case(
                policy_order_ref="S00125",
                policy_item_ref="PCB-204",
                policy_quantity=2000,
                policy_defective_quantity=150,
            )
            self._drive(self.case, "register")
            self._as("specialist", self.case).action_policy_respond("已通知客户暂停使用该批次")
            self._as("specialist", self.case).action_policy_propose("退货")
        self.env["crm.policy.case.access"]._policy_grant(self.case, self.inspector, "manual")

    def _report(self):
        action = self.case.with_user(self.inspector).action_policy_open_eightd()
        return self.env["crm.policy.eightd"].browse(action["res_id"])

    def _complete(self, report):
        report.with_user(self.inspector).write(
            {
                "team_ids": [(6, 0, (self.zhao | self.head).ids)],
                "d4_occurrence": "压合温度曲线未锁定",
                "d4_escape": "出货检验未做切片",
            }
        )
        return report

    def _issued(self, moment="2026-03-16 09:00"):
        with at(moment):
            report = self._complete(self._report())
            report.with_user(self.inspector).action_policy_issue()
        return report

    def _html(self, report, name, user=None):
        Report = self.env["ir.actions.report"].with_user(user or self.inspector)
        content, _kind = Report._render_qweb_html(name, report.ids)
        return content.decode()


class TestEightd(EightdCommon):
    def test_it_is_filled_from_the_case_and_its_plan(self):
        with at("2026-03-13 11:00"):
            plan = self._plan(user=self.users["director"], ticket_id=self.case.id)
        report = self._report()
        self.assertEqual((report.state, report.revision, report.number), ("draft", 1, False))
        self.assertEqual(report.lead_id, self.inspector)
        self.assertEqual(report.improvement_id, plan)
        for word in ("PCB-204 分层", "S00125", "2000", "150", "150 片不良"):
            self.assertIn(word, report.d2_text)
        self.assertEqual(report.d3_text, "已通知客户暂停使用该批次")
        self.assertEqual(str(report.d3_on), "2026-03-02")
        self.assertEqual(report.d3_user_id, self.users["specialist"])
        self.assertEqual(report.d4_occurrence, "压合温度曲线未锁定")
        self.assertIn("锁定温度曲线 (生产部, 2026-03-25)", report.d5_text)
        self.assertNotIn("锁定温度曲线", report.d7_text)
        self.assertIn("培训压合班组", report.d7_text)
        # The second click opens the same.
        self.assertEqual(self._report(), report)

    def test_whom_the_case_is_about_writes_none(self):
        report = self._report()
        self.case.policy_accused_user_ids = self.inspector
        mine = report.with_user(self.inspector)
        for attempt in (lambda: mine.write({"d4_escape": "x"}), mine.action_policy_issue):
            with self.assertRefused(AccessError, "complaint about yourself"):
                attempt()

    def test_what_comes_later_fills_empty_sections_only(self):
        report = self._report()
        report.with_user(self.inspector).d2_text = "改写"
        self.assertFalse(report.d5_text)
        self._plan(user=self.users["director"], ticket_id=self.case.id)
        report.with_user(self.inspector).action_policy_refill()
        self.assertIn("锁定温度曲线", report.d5_text)
        self.assertEqual(report.d2_text, "改写")
        self.assertTrue(report.improvement_id)

    def test_only_quality_writes_it(self):
        for role in ("specialist", "manager"):
            with self.assertRefused(AccessError, "is written by: .*孙质量"):
                self._as(role, self.case).action_policy_open_eightd()
        report = self._report()
        for role in ("specialist", "manager"):
            with self.subTest(role):
                mine = self._as(role, report)
                self.assertEqual(mine.read(["d2_text"])[0]["id"], report.id)
                for call in (mine.action_policy_issue, mine.action_policy_refill):
                    with self.assertRaises(AccessError):
                        call()
                with self.assertRaises(AccessError):
                    mine.write({"d2_text": "x"})
        for role in ("qc", "director"):
            self._as(role, report).d2_text = role
        # Who does not see the case does not see its report, on paper neither.
        portal = self._new_person("t_reader", "base.group_portal")
        for user in (self.stranger, portal):
            for name in (INTERNAL, CUSTOMER):
                with self.assertRaises(AccessError):
                    self._html(report, name, user)
        for user in (self.stranger, self.zhao):
            with self.assertRaises(AccessError):
                report.with_user(user).read(["d2_text"])
            with self.assertRaises(AccessError):
                self.case.with_user(user).action_policy_open_eightd()

    def test_nobody_makes_or_deletes_one_by_hand(self):
        Report = self.env["crm.policy.eightd"]
        for model in (Report.with_user(self.users["director"]), Report.sudo()):
            with self.assertRaises(AccessError):
                model.create({"ticket_id": self.case.id})
        report = self._report()
        with self.assertRefused(UserError, "stay with their case"):
            report.sudo().unlink()
        with self.assertRaises(AccessError):
            report.with_user(self.inspector).write({"issued_at": "2026-01-01", "number": "x"})
        with self.assertRefused(ValidationError, "does not work for"):
            foreigner = self._new_user(
                "specialist", login="t_foreign", company=self._new_company("别家")
            )
            report.sudo().lead_id = foreigner

    def test_issuing_seals_it(self):
        report = self._issued()
        self.assertEqual((report.number, report.revision), ("8D-2026-0001", 1))
        self.assertEqual(report.display_name, "8D-2026-0001-1")
        self.assertEqual(report.issued_at, shanghai("2026-03-16 09:00"))
        sealed = self.env["crm.policy.sealed"].search(
            [("res_model", "=", report._name), ("res_id", "=", report.id)]
        )
        self.assertEqual(sealed.hash, report.seal)
        self.assertTrue(sealed._policy_matches(report._policy_sealed_text()))
        event = self.env["crm.policy.event"].search(
            [("type", "=", "eightd.issued"), ("res_id", "=", report.id)]
        )
        self.assertEqual(
            event.payload, {"number": "8D-2026-0001", "revision": 1, "hash": report.seal}
        )
        for record in (report.with_user(self.inspector), report.sudo()):
            with self.assertRefused(UserError, "issued and sealed"):
                record.write({"d2_text": "x"})
            with self.assertRefused(UserError, "issued and sealed"):
                record.action_policy_issue()
            with self.assertRefused(UserError, "issued and sealed"):
                record.action_policy_refill()

    def test_the_lists_stay_as_they_were_issued(self):
        report = self._issued()
        self.zhao.name = "改名"
        self._plan(user=self.users["director"], ticket_id=self.case.id)
        html = self._html(report, INTERNAL)
        self.assertIn("赵大勇", html)
        self.assertNotIn("改名", html)

    def test_a_revision_is_the_next_number(self):
        report = self._issued()
        mine = report.with_user(self.inspector)
        with self.assertRaises(AccessError):
            self._as("specialist", report).action_policy_revise()
        draft = report.browse(mine.action_policy_revise()["res_id"])
        self.assertEqual((draft.revision, draft.previous_id), (2, report))
        self.assertEqual(draft.d4_escape, report.d4_escape)
        self.assertEqual(draft.team_ids, report.team_ids)
        with self.assertRefused(UserError, "not the last issued version"):
            mine.action_policy_revise()
        draft.with_user(self.inspector).d8_text = "感谢团队"
        with at("2026-07-01 09:00"):
            draft.with_user(self.inspector).action_policy_issue()
        self.assertEqual(draft.display_name, "8D-2026-0001-2")
        self.assertFalse(report.d8_text)
        self.assertNotEqual(draft.seal, report.seal)
        self.assertEqual(self.case.with_user(self.inspector).policy_eightd_count, 2)

    def test_what_is_missing_is_named(self):
        report = self._report()
        report.with_user(self.inspector).write({"d3_text": False, "d3_on": False})
        with self.assertRefused(UserError, "D3 Containment.*Contained On"):
            report.with_user(self.inspector).action_policy_issue()

    def test_the_customers_version_names_the_lead_alone(self):
        report = self._issued()
        internal, customer = self._html(report, INTERNAL), self._html(report, CUSTOMER)
        for word in ("赵大勇", "钱生产", "For the house only", report.seal):
            self.assertIn(word, internal)
            self.assertNotIn(word, customer)
        for word in ("孙质量", "8D-2026-0001", "生产部", "压合温度曲线未锁定", "苏州恒达电子"):
            self.assertIn(word, customer)
        self.assertNotIn(self.users["specialist"].name, customer)
        self.assertIn("To follow in a later version", customer)
        self.assertNotIn("DRAFT", customer)
        events = self.env["crm.policy.event"].search(
            [("type", "=", "eightd.printed"), ("res_id", "=", report.id)], order="id"
        )
        self.assertEqual([event.payload["copy"] for event in events], ["internal", "customer"])

    def test_a_draft_says_that_it_is_one(self):
        report = self._complete(self._report())
        for name in (INTERNAL, CUSTOMER):
            self.assertIn("DRAFT", self._html(report, name))

    def test_what_stays_inside_is_not_issued(self):
        self.env["crm.policy.loss"].create(
            {"ticket_id": self.case.id, "kind": "freight", "amount": 5370}
        )
        self.env["crm.policy.responsibility"].create(
            {"ticket_id": self.case.id, "department_id": self.manufacturing.id, "share": 100}
        )
        sanction = (
            self.env["crm.policy.sanction"]
            .with_user(self.users["supervisor"])
            .create(
                {
                    "kind": "warning",
                    "employee_id": self.zhao_employee.id,
                    "ticket_id": self.case.id,
                    "clause_id": self.version.clause_ids[:1].id,
                    "fact": "未按规程操作",
                }
            )
        )
        report = self._complete(self._report())
        mine = report.with_user(self.inspector)
        for name, text, told in (
            ("d4_occurrence", "操作工赵大勇未锁定曲线", "赵大勇"),
            ("d5_text", f"见奖惩通知单 {sanction.number}", sanction.number),
            ("d6_text", "损失 5,370.00 元", "5,370.00"),
            ("d6_text", "损失 5370 元", "5370"),
            ("d8_text", "生产部承担 100% 责任", "生产部 100 %"),
        ):
            with self.subTest(text):
                before = report[name]
                mine.write({name: text})
                label = report._fields[name].string
                with self.assertRefused(UserError, f"{label}: {told}"):
                    mine.action_policy_issue()
                with self.assertRefused(UserError, told):
                    self._html(report, CUSTOMER)
                # Within the house everybody may read it.
                self.assertIn(text.split()[0], self._html(report, INTERNAL))
                mine.write({name: before})
        # Quantities, percents alone and the lead are no secret.
        mine.d6_text = "抽检 100 片，合格率 100 %，孙质量确认"
        mine.action_policy_issue()
        self.assertTrue(report.issued_at)
