"""S2 from the first call to the closed case, line by line, as one story (under corrections 2, 8).

What the lines say about authority, packs and rounding has tests of its own; here the numbers and
instants of all lines stand in one case.
"""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user

from ..common import at, shanghai
from .test_shipped_packs import ManufacturerFlow

GOODS = {
    "description": "<p>贴片后150片分层；要求退货100片，另50片折让20%。</p>",
    "policy_order_ref": "S00125",
    "policy_item_ref": "PCB-204",
    "policy_shipped_on": "2026-02-26",
    "policy_occurred_on": "2026-03-01",
    "policy_quantity": 2000,
    "policy_price_unit": 85,
    "policy_tax_percent": 13,
    "policy_defective_quantity": 150,
    "policy_remedy_sought": "refund",
    "policy_quantity_undetermined": True,
}
PIECES = {"price_unit": 85, "tax_percent": 13}
FORM = "crm_policy.complaint_form"
SECRETS = ("policy_responsibility_ids", "policy_loss_amount", "policy_severity")


class TestS2(ManufacturerFlow, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chen = cls.users["specialist"]
        cls.hr = new_test_user(
            cls.env,
            login="t_personnel",
            groups="base.group_user,crm_policy.group_hr",
            company_id=cls.company.id,
            company_ids=cls.company.ids,
        )
        Department = cls.env["hr.department"]
        cls.manufacturing, cls.quality = Department.create(
            [{"name": name, "company_id": cls.company.id} for name in ("生产部", "质量管理部")]
        )
        zhao = new_test_user(
            cls.env,
            login="t_zhao",
            groups="base.group_user",
            company_id=cls.company.id,
            company_ids=cls.company.ids,
        )
        cls.zhao = cls._new_employee(zhao, department_id=cls.manufacturing.id)
        cls._chain(cls.people["production"], cls.people["manager_office"])
        cls.customer = new_test_user(cls.env, login="t_s2_customer", groups="base.group_portal")
        cls.customer.partner_id.parent_id = cls.partner

    def test_s2_line_by_line(self):
        self._lines_1_and_2_taken_up_and_registered()
        self._line_3_departments()
        self._lines_4_and_5_negotiation_and_synthesis()
        self._line_6_amount()
        self._line_7_settled()
        self._line_8_told()
        self._line_9_loss_shares_and_sanctions()
        self._line_10_goods_and_books()
        self._line_11_callback_and_closing()
        self._line_12_what_the_customer_sees()

    def _mark(self, moment):
        # A test of pages has the registry in test mode already.
        with at(moment):
            self.env.cr.flush()
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()

    def _by(self, role, records):
        return records.with_user(self.people[role])

    def _state(self, record, code):
        clock = self._clock(record, code)
        return clock.due_at, clock.state

    def _write(self, name, **vals):
        model = self.env[f"crm.policy.{name}"].with_user(self.people["gm_office"])
        return model.create({"ticket_id": self.case.id, **vals}).with_env(self.env)

    def _lines_1_and_2_taken_up_and_registered(self):
        with at("2026-03-02 10:20"):
            self.case = self._new_mfr_case(**GOODS)
            self.mine = self._as("specialist", self.case)
            self.mine.action_policy_accept()
        self.assertEqual(self.case.policy_intake_at, shanghai("2026-03-02 10:20"))
        dues = self._dues(self.case)
        self.assertEqual(dues["response"], shanghai("2026-03-03 10:20"))
        self.assertEqual(dues["solution"], shanghai("2026-03-04 10:20"))
        with at("2026-03-03 09:15"):
            self._by("gm_office", self.case).action_policy_register()
        self.assertEqual(self.case.policy_number, "260301")
        self.assertEqual(self._dues(self.case)["settle"], shanghai("2026-03-18 23:59:59"))
        with at("2026-03-03 10:00"):
            self.mine.action_policy_respond("已致电恒达品质部")
            self.mine.action_policy_propose("先行换货，查明后退货并折让")

    def _line_3_departments(self):
        # step, who, answered, due, state
        lines = (
            ("quality", "quality", "03-06 16:00", "03-06", "met"),
            ("production", "production", "03-09 10:00", "03-08", "late"),
            ("quality-report", "quality", "03-09 11:00", "03-09", "met"),
            ("instruction", "ceo", "03-09 15:00", None, None),
            ("manager-office", "manager_office", "03-09 17:00", "03-10", "met"),
            ("check", "gm_office", "03-10 09:30", "03-10", "met"),
            ("sales-opinion", "sales_manager", "03-10 11:00", "03-11", "met"),
            ("first-opinion", "gm_office", "03-10 15:00", "03-11", "met"),
        )
        for step, role, answered, due, state in lines:
            if step == "production":
                self._mark("2026-03-09 00:00")
            line = self._line(self.case, step)
            with at(f"2026-{answered}"):
                self._answer(line, role)
            if due:
                self.assertEqual(
                    self._state(line, step), (shanghai(f"2026-{due} 23:59:59"), state), step
                )
        late = self._line(self.case, "production")
        self.assertEqual(
            self._told(late, "production"),
            [(shanghai("2026-03-09 00:00"), who) for who in ("manager_office", "production")],
            "the head of whoever is late is told",
        )
        self.assertFalse(self._line(self.case, "research"), "no research was needed")
        # While the quantity is open the mandate is for all that can come: 2,000 x 85.00 + 13 %.
        mandate = self.case.policy_ruling_ids
        self.assertEqual((mandate.kind, mandate.amount), ("mandate", 192100.00))
        step = mandate.policy_approval_id.step_ids
        self.assertEqual(self._dues(step), {"ruling-step": shanghai("2026-03-11 23:59:59")})
        self.assertEqual(mandate.policy_approval_id.eligible_user_ids, self.users["ceo"])
        with at("2026-03-11 09:00"):
            self._as("ceo", mandate).action_policy_approve("在上限内协商")
        self.assertEqual(self.case.policy_mandated_at, shanghai("2026-03-11 09:00"))

    def _lines_4_and_5_negotiation_and_synthesis(self):
        negotiation = self._line(self.case, "negotiation")
        with at("2026-03-12 14:00"):
            self._negotiate(self.case, offered_amount=10565.50)
            self._answer(negotiation, "sales_manager")
        self.assertEqual(
            self._state(negotiation, "negotiation"), (shanghai("2026-03-13 23:59:59"), "met")
        )
        [talk] = self.case.policy_negotiation_ids
        self.assertEqual(talk.reviewed_by_id, self.people["sales_manager"])
        synthesis = self._line(self.case, "synthesis")
        with at("2026-03-12 16:00"):
            self._blame_and_lose(synthesis)
            with self.assertRefused(UserError, "uantity"):
                self._answer(synthesis, "gm_office")
            self.mine.policy_quantity_undetermined = False
        with at("2026-03-12 17:00"):
            self._answer(synthesis, "gm_office")
        self.assertEqual(
            self._state(synthesis, "synthesis"), (shanghai("2026-03-13 23:59:59"), "met")
        )

    def _blame_and_lose(self, synthesis):
        """Line 9, what is written with the synthesis."""
        self._write("loss", kind="return", quantity=100, unit_cost=60)
        self._write("loss", kind="allowance", amount=850)
        self._write("loss", kind="freight", amount=320)
        zhao = {"department_id": self.manufacturing.id, "employee_id": self.zhao.id}
        first = self._write("responsibility", share=70, **zhao)
        self._write("responsibility", department_id=self.quality.id, share=20)
        with self.assertRefused(ValidationError, "are 90 percent together"):
            self._answer(synthesis, "gm_office")
        self._by("gm_office", first).share = 80

    def _line_6_amount(self):
        with at("2026-03-12 17:30"):
            self.returned, self.allowed = (
                self.env["crm.policy.remedy"]
                .with_user(self.chen)
                .create(
                    [
                        {"ticket_id": self.case.id, **PIECES, **vals}
                        for vals in (
                            {"kind": "return", "quantity": 100},
                            {"kind": "allowance", "quantity": 50, "percent": 20},
                        )
                    ]
                )
                .with_env(self.env)
            )
            self.mine.action_policy_submit()
        self.assertEqual((self.returned.amount, self.allowed.amount), (9605.00, 960.50))
        requests = (self.returned | self.allowed).policy_approval_id
        # What is offered together is compared together: 8,500.00 + 1,105.00 + 850.00 + 110.50.
        self.assertEqual(set(requests.mapped("amount")), {10565.50})
        self.assertEqual(requests.eligible_user_ids, self.people["deputy_gm"], "above 10,000")

    def _line_7_settled(self):
        for remedy, model in (
            (self.returned, "crm.policy.return.note"),
            (self.allowed, "crm.policy.allowance"),
        ):
            with at("2026-03-13 10:00"), self.assertRefused(UserError, r"decided|settled"):
                self._issue(model, remedy, [])
        with at("2026-03-13 11:00"):
            for remedy in (self.returned, self.allowed):
                self._by("deputy_gm", remedy).action_policy_approve("同意")
        self.assertEqual(self.case.policy_settled_at, shanghai("2026-03-13 11:00"))
        self.assertEqual(self._state(self.case, "settle")[1], "met")
        copies = self.case.policy_copy_ids
        self.assertEqual(
            set(copies.mapped("role_id.code")),
            {"quality", "production", "sales_manager", "finance", "manager_office"},
        )
        self.assertEqual(set(copies.mapped("sent_at")), {shanghai("2026-03-13 11:00")})
        Report = self.env["ir.actions.report"].with_user(self.chen)
        page = Report._render_qweb_html(FORM, self.case.ids)[0]
        file = self.env["ir.attachment"].with_user(self.chen).create({"name": "x", "raw": page})
        with self.assertRefused(UserError, "leaves the house in no way"):
            self.mine.message_post(attachment_ids=file.ids, partner_ids=self.partner.ids)

    def _line_8_told(self):
        with at("2026-03-13 15:00"):
            self.mine.action_policy_reply("同意退货100片，50片折让20%", "phone", score=4)
        self.assertEqual(self.case.policy_replied_at, shanghai("2026-03-13 15:00"))
        self.assertEqual(self.case.policy_reply_score, 4)
        self.assertEqual(self._state(self.case, "reply")[1], "met")

    def _line_9_loss_shares_and_sanctions(self):
        self.assertEqual(self.case.policy_loss_amount, 5370.00)
        shares = self.case.policy_responsibility_ids
        self.assertEqual(sorted(shares.mapped("decided_amount")), [1074.00, 4296.00])
        with at("2026-03-13 16:00"):
            self._as("supervisor", self.case).action_policy_propose_sanctions()
        sanctions = self.case.policy_sanction_ids
        departments = sanctions.filtered("department_id")
        person = sanctions - departments
        self.assertEqual(sorted(departments.mapped("amount")), [107.40, 429.60])
        self.assertEqual(
            (person.employee_id, person.kind, person.base_amount), (self.zhao, "warning", 4296.00)
        )
        with at("2026-03-16 11:00"):
            sanctions.with_user(self.hr).action_policy_submit()
            for sanction in sanctions:
                self._by("deputy_gm", sanction).action_policy_approve("情况属实")
                self._as("ceo", sanction).action_policy_approve("同意")
        for sanction in sanctions:
            self.assertEqual((sanction.state, len(sanction.copy_ids)), ("approved", 4))
        Notice = self.env["crm.policy.personnel.notice"]
        with at("2026-04-01 05:00"):
            Notice._cron_prepare_notices()
        notice = Notice.search([("company_id", "=", self.company.id), ("kind", "=", "personnel")])
        self.assertEqual(notice.with_user(self.hr).sanction_ids, person)
        self.assertEqual(
            self._state(notice.sudo(), "personnel-notice")[0], shanghai("2026-04-10 23:59:59")
        )

    def _line_10_goods_and_books(self):
        with at("2026-03-18 15:00"):
            self._bring_back(self.returned)
        with at("2026-03-19 15:00"):
            self._certify(self.allowed)
        self.assertEqual(self.returned.executed_amount, 9605.00)
        self.assertEqual(self.allowed.executed_amount, 960.50)
        self.assertEqual(self.case.policy_executed_at, shanghai("2026-03-19 15:00"))

    def _line_11_callback_and_closing(self):
        clock = self._clock(self.case, "callback")
        self.assertEqual(clock.earliest_at, shanghai("2026-03-28 00:00"))
        self.assertEqual(clock.due_at, shanghai("2026-03-28 23:59:59"))
        with (
            at("2026-03-20 10:00"),
            self.assertRefused(UserError, "missing first: Called Back At"),
        ):
            self.mine.action_policy_close()
        with at("2026-03-28 10:00"):
            self.mine.action_policy_callback(4, "客户认可")
        self.assertEqual(clock.state, "met")
        with at("2026-03-28 10:30"):
            with self.assertRaises(AccessError):
                self.mine.action_policy_recheck("自己检查")
            self._as("qc", self.case).action_policy_recheck("记录齐全")
        with at("2026-03-28 11:00"):
            with self.assertRefused(ValidationError, r"\(3\.3\) must be explained first"):
                self.mine.action_policy_close()
            late = self.env["crm.policy.violation"].search(
                [
                    (
                        "deadline_id",
                        "=",
                        self._clock(self._line(self.case, "production"), "production").id,
                    )
                ]
            )
            self._by("production", late).action_policy_explain("压机故障，数据晚一天取出")
            self.mine.action_policy_close()
        self.assertEqual(self.case.policy_closed_at, shanghai("2026-03-28 11:00"))

    def _line_12_what_the_customer_sees(self):
        for name in SECRETS:
            with self.assertRaises(AccessError):
                self.case.with_user(self.customer).read([name])
        with self.assertRaises(AccessError):
            self.partner.with_user(self.customer).read(["policy_grade_id"])
        self.authenticate("t_s2_customer", "t_s2_customer")
        page = self.url_open(f"/my/ticket/{self.case.id}").text
        for words in ("260301", "同意退货100片，50片折让20%"):
            self.assertIn(words, page)
        for words in ("生产部", "质量管理部", "5,370", "4,296", "压机故障", "情况属实", "自己检查"):
            self.assertNotIn(words, page)
