"""The complaint register as people open it: read back from the file (E.2, CMP-FLOW-01)."""

import io
from datetime import date, datetime
from unittest.mock import patch

from openpyxl import load_workbook

from odoo import Command

from ...models.reporting import register
from ..common import PolicyCommon, at

HEADERS = [
    "Number",
    "Registered At",
    "Customer",
    "Order",
    "Item",
    "Subject",
    "Type",
    "Severity",
    "Department in Charge",
    "Handler",
    "Step",
    "What Is Due",
    "Next Due",
    "Days Used",
    "Overdue",
    "Settled At",
    "Remedies",
    "Remedy Amount (CNY)",
    "Replied At",
    "Satisfaction (1-5)",
    "Re-checked By",
    "Closed At",
]
FIRST_ROW = 4


class RegisterCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.users["manager"]

    def _other_company(self):
        """Return a second company, with a policy of its own in force."""
        other = self._new_company("另一家公司")
        people = self.users["policy_admin"] | self.users["director"]
        people.company_ids = [Command.link(other.id)]
        policies = self.env["crm.policy"].with_context(allowed_company_ids=other.ids)
        version = policies.with_user(people[0])._policy_install_shipped("service", other)
        version.with_user(people[1]).action_policy_publish()
        return other

    def _registered(self, when, **vals):
        """Return a case that was registered at a wall time of Shanghai."""
        with at(when):
            case = self._new_case(**vals)
            self._drive(case, "register")
        return case

    def _remedy(self, case, amount, **vals):
        return self.env["crm.policy.remedy"].create(
            [{"ticket_id": case.id, "amount": amount, **vals}]
        )

    def _report(self, month="2026-03", company=None):
        company = company or self.company
        return self.env["crm.policy.report.monthly"].create(
            [{"company_id": company.id, "period_start": f"{month}-01"}]
        )

    def _generated(self, when="2026-04-02 09:00", month="2026-03", user=None):
        """Return a new draft as the manager makes it."""
        report = self._report(month)
        with at(when):
            report.with_user(user or self.manager).action_policy_generate()
        return report

    def _sheet(self, report, values=False):
        content = report.attachment_id.raw
        return load_workbook(io.BytesIO(content), data_only=values).worksheets[0]

    def _lines(self, report):
        """Return the rows of cases as {header: value}."""
        rows = self._sheet(report, values=True).iter_rows(
            min_row=FIRST_ROW, max_row=FIRST_ROW + report.line_count - 1, values_only=True
        )
        return [dict(zip(HEADERS, row, strict=True)) for row in rows]

    def _totals(self, report):
        last = FIRST_ROW + max(report.line_count, 1)
        [row] = self._sheet(report, values=True).iter_rows(min_row=last, values_only=True)
        return dict(zip(HEADERS, row, strict=True))


class TestRegisterSheet(RegisterCommon):
    def test_what_the_system_made_late_is_late_in_no_figure(self):
        """The register and the analysis of the deadlines count the same."""
        late, by_fault = (self._registered("2026-03-06 10:00") for _number in range(2))
        by_fault.policy_deadline_ids._policy_update({"excluded": True})
        report = self._generated()
        self.assertEqual([line["Overdue"] for line in self._lines(report)], ["Yes", "No"])
        self.assertEqual((report.line_count, report.overdue_count), (2, 1))
        with at("2026-04-02 09:00"):
            counted = self.env["crm.policy.deadline"]._read_group(
                [("res_model", "=", late._name), ("res_id", "in", (late + by_fault).ids)],
                ["res_id"],
                ["late_count:sum", "on_time:avg"],
            )
        figures = {res_id: (count, rate) for res_id, count, rate in counted}
        self.assertGreater(figures[late.id][0], 0)
        self.assertEqual(figures[by_fault.id], (0, 0))

    def test_sheet_names_its_company_month_and_columns(self):
        self._registered("2026-03-06 10:00")
        sheet = self._sheet(self._generated())
        self.assertEqual(sheet.title, "Complaint Register")
        self.assertEqual(sheet["A1"].value, "苏州明远电子 Complaint Register 2026-03")
        self.assertIn("DRAFT", sheet["A2"].value)
        self.assertIn("2026-03-01", sheet["A2"].value)
        self.assertIn("2026-03-31", sheet["A2"].value)
        self.assertIn("2026-04-02 09:00 (Asia/Shanghai)", sheet["A2"].value)
        self.assertEqual([cell.value for cell in sheet[3]], HEADERS)
        self.assertEqual(sheet.freeze_panes, "B4")
        # Titles only: merged cells by the thousand make a file that nobody can open (U16).
        self.assertEqual([str(area) for area in sheet.merged_cells.ranges], ["A1:V1"])

    def test_month_is_that_of_the_company_s_wall_clock(self):
        """23:30 on 31 March is March, 00:10 on 1 April is April, though both are March in UTC."""
        before = self._registered("2026-02-28 23:59", name="Feb")
        first = self._registered("2026-03-01 00:00", name="first")
        last = self._registered("2026-03-31 23:30", name="last")
        after = self._registered("2026-04-01 00:10", name="Apr")
        self.assertEqual(after.policy_registered_at.date(), date(2026, 3, 31))
        march = self._lines(self._generated())
        self.assertEqual([line["Subject"] for line in march], ["first", "last"])
        self.assertEqual(march[0]["Registered At"], datetime(2026, 3, 1, 0, 0))
        self.assertEqual(march[1]["Registered At"], datetime(2026, 3, 31, 23, 30))
        april = self._lines(self._generated(month="2026-04"))
        self.assertEqual([line["Subject"] for line in april], ["Apr"])
        self.assertEqual(april[0]["Registered At"], datetime(2026, 4, 1, 0, 10))
        self.assertEqual(march[0]["Number"], first.policy_number)
        self.assertEqual(march[1]["Number"], last.policy_number)
        self.assertTrue(before.policy_registered_at)

    def test_line_tells_the_whole_story_of_a_case(self):
        department = self.env["hr.department"].create(
            {"name": "品管部", "company_id": self.company.id, "parent_id": self.department.id}
        )
        case = self._registered(
            "2026-03-06 10:00",
            policy_order_ref="SO2603-018",
            policy_item_ref="PCB-204",
            policy_severity="major",
            policy_department_id=department.id,
        )
        self._remedy(case, 300, kind="refund")
        self._remedy(case, 120.5, kind="gift")
        mine = self._as("specialist", case)
        with at("2026-03-06 16:00"):
            mine.action_policy_respond("已致电")
            mine.action_policy_propose("退款")
            mine.action_policy_decide()
        with at("2026-03-09 09:30"):
            mine.action_policy_settle()
            mine.action_policy_reply("同意退款", "phone")
            mine.action_policy_callback(4, "客户认可")
            self._as("supervisor", case).action_policy_recheck("记录齐全")
            self._receive(case.policy_remedy_ids.filtered(lambda line: line.kind == "gift"))
            mine.action_policy_close()
        [line] = self._lines(self._generated())
        morning = datetime(2026, 3, 9, 9, 30)
        self.assertEqual(
            line,
            {
                "Number": case.policy_number,
                "Registered At": datetime(2026, 3, 6, 10, 0),
                "Customer": "苏州恒达电子",
                "Order": "SO2603-018",
                "Item": "PCB-204",
                "Subject": "PCB-204 分层",
                "Type": self.types["quality"].name,
                "Severity": "Major",
                "Department in Charge": "品管部",
                "Handler": self.users["specialist"].name,
                "Step": "Closed",
                "What Is Due": None,
                "Next Due": None,
                "Days Used": 3,
                "Overdue": "No",
                "Settled At": morning,
                "Remedies": "Gift, Refund",
                "Remedy Amount (CNY)": 420.5,
                "Replied At": morning,
                "Satisfaction (1-5)": 4,
                "Re-checked By": self.users["supervisor"].name,
                "Closed At": morning,
            },
        )

    def test_line_of_an_open_case_says_what_is_due_and_when(self):
        self._registered("2026-03-31 10:00")
        [line] = self._lines(self._generated("2026-03-31 18:00"))
        self.assertEqual(line["What Is Due"], "Complaint response")
        self.assertEqual(line["Next Due"], datetime(2026, 4, 1, 10, 0))
        self.assertEqual(line["Overdue"], "No")
        self.assertEqual(line["Days Used"], 0)
        [line] = self._lines(self._generated_again("2026-04-01 10:00:01"))
        self.assertEqual(line["Overdue"], "Yes")
        self.assertEqual(line["Days Used"], 1)

    def _generated_again(self, when):
        report = self.env["crm.policy.report.monthly"].search(
            [("company_id", "=", self.company.id)]
        )
        with at(when):
            report.with_user(self.manager).action_policy_generate()
        return report

    def test_late_deadline_counts_but_not_a_trial_one(self):
        late = self._registered("2026-03-06 10:00", name="late")
        trial = self._registered("2026-03-06 10:00", name="trial")
        trial.policy_deadline_ids._policy_update({"is_trial": True})
        with at("2026-03-10 10:00"):
            for case in (late, trial):
                self._as("specialist", case).action_policy_respond("已致电")
        self.assertIn("late", late.policy_deadline_ids.mapped("state"))
        report = self._generated()
        overdue = {line["Subject"]: line["Overdue"] for line in self._lines(report)}
        self.assertEqual(overdue, {"late": "Yes", "trial": "No"})
        self.assertEqual(report.overdue_count, 1)

    def test_totals_leave_out_cancelled_cases_and_rejected_remedies(self):
        kept = self._registered("2026-03-06 10:00", name="kept")
        self._remedy(kept, 100.1)
        self._remedy(kept, 0.2, kind="gift")
        self._remedy(kept, 900, kind="refund")._policy_guarded_write(
            {"policy_approval_state": "rejected"}
        )
        cancelled = self._registered("2026-03-07 10:00", name="cancelled")
        self._remedy(cancelled, 5000)
        with at("2026-03-07 11:00"):
            self._as("supervisor", cancelled).action_policy_cancel("Entered twice")
        report = self._generated()
        lines = {line["Subject"]: line for line in self._lines(report)}
        self.assertEqual(lines["cancelled"]["Step"], "Cancelled")
        self.assertEqual(lines["cancelled"]["Remedy Amount (CNY)"], 5000)
        self.assertIsNone(lines["cancelled"]["Days Used"])
        totals = self._totals(report)
        self.assertEqual(totals["Number"], "Total")
        self.assertEqual(totals["Registered At"], 2)
        self.assertEqual(totals["Overdue"], 1)
        self.assertAlmostEqual(totals["Remedy Amount (CNY)"], 100.3)
        self.assertFalse(totals["Satisfaction (1-5)"])
        formulas = [cell.value for cell in self._sheet(report)[6]]
        self.assertIn('=SUMIF(K4:K5,"<>Cancelled",R4:R5)', formulas)
        self.assertEqual((report.line_count, report.overdue_count), (2, 1))
        self.assertAlmostEqual(report.remedy_amount, 100.3)

    def test_average_satisfaction_is_of_those_who_were_asked(self):
        for score in (5, 4):
            case = self._registered("2026-03-06 10:00")
            case._policy_guarded_write({"policy_callback_score": score})
        self._registered("2026-03-06 11:00")
        report = self._generated()
        self.assertEqual(self._totals(report)["Satisfaction (1-5)"], 4.5)
        self.assertEqual(report.satisfaction, 4.5)

    def test_archived_cases_stay_in_the_register(self):
        case = self._registered("2026-03-06 10:00", name="archived")
        case.active = False
        self.assertEqual([line["Subject"] for line in self._lines(self._generated())], ["archived"])

    def test_only_registered_complaints_and_conflicts_are_in_it(self):
        with at("2026-03-06 10:00"):
            self._new_case(name="not registered")
            self._new_case(name="request", policy_kind="request")
            self.env["helpdesk.ticket"].create(
                {"name": "ungoverned", "description": "x", "company_id": self.company.id}
            )
        self._registered(
            "2026-03-06 10:00",
            name="conflict",
            policy_kind="conflict",
            policy_complaint_type_id=self.types["quality"].id,
        )
        self.assertEqual([line["Subject"] for line in self._lines(self._generated())], ["conflict"])

    def test_text_of_customers_stays_text(self):
        texts = {
            "name": "=1+1",
            "policy_order_ref": "+8613800000000",
            "policy_item_ref": "00123",
        }
        self._registered("2026-03-06 10:00", **texts)
        self._registered("2026-03-06 10:01", name="😀 分层\x07 x", partner_id=self._odd_partner())
        report = self._generated()
        first, second = self._lines(report)
        self.assertEqual(first["Subject"], "=1+1")
        self.assertEqual(first["Order"], "+8613800000000")
        self.assertEqual(first["Item"], "00123")
        self.assertEqual(second["Subject"], "😀 分层 x")
        self.assertEqual(second["Customer"].strip(), "<r>@恒达</r>")
        self.assertTrue(
            all(cell.data_type != "f" for row in (4, 5) for cell in self._sheet(report)[row])
        )

    def _odd_partner(self):
        return self.env["res.partner"].create({"name": "<r>@恒达</r>"}).id

    def test_empty_month_says_so(self):
        report = self._generated()
        self.assertEqual(report.line_count, 0)
        self.assertEqual(self._sheet(report)["A4"].value, "No case was registered in this month.")
        self.assertEqual(self._totals(report)["Registered At"], 0)

    def test_language_of_the_file_is_that_of_the_company(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.types["quality"].with_context(lang="zh_CN").name = "产品质量"
        self.types["quality"].with_context(lang="en_US").name = "Product Quality"
        self._registered("2026-03-06 10:00")
        self.company.partner_id.lang = "zh_CN"
        report = self._generated()
        self.assertEqual(self._sheet(report)["G4"].value, "产品质量")
        self.assertEqual(self._sheet(report)["A4"].font.name, "Microsoft YaHei")
        self.company.partner_id.lang = "en_US"
        report.with_user(self.manager).with_context(lang="zh_CN").action_policy_generate()
        self.assertEqual(self._sheet(report)["G4"].value, "Product Quality")

    def test_amounts_have_the_decimals_of_the_currency(self):
        case = self._registered("2026-03-06 10:00")
        self._remedy(case, 1200)
        self.assertEqual(self._sheet(self._generated())["R4"].number_format, "#,##0.00")


class TestRegisterReading(RegisterCommon):
    """Who sees what, in how many queries."""

    def test_pages_join_without_gap_or_repetition(self):
        """Cases of the same second are told apart by their id."""
        with at("2026-03-06 10:00"):
            cases = [self._new_case(name=f"case {number}") for number in range(7)]
        with at("2026-03-06 11:00"):
            for case in reversed(cases):
                self._drive(case, "register")
        early = self._registered("2026-03-05 10:00", name="early")
        expected = [early.policy_number, *[case.policy_number for case in cases]]
        for batch in (1, 2, 4, 8, 9):
            with self.subTest(batch=batch), patch.object(register, "BATCH", batch):
                report = self._generated()
                self.assertEqual([line["Number"] for line in self._lines(report)], expected)
                report.unlink()

    def test_number_of_queries_does_not_grow_with_the_cases(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            with at("2026-04-02 09:00"):
                cases = self.env["crm.policy.register"]._policy_cases(
                    self.company, date(2026, 3, 1), datetime(2026, 4, 2)
                )
                found = len(list(cases))
            return found, self.cr.sql_log_count - before

        for number in range(3):
            self._remedy(self._registered(f"2026-03-06 10:0{number}"), 10)
        count()  # caches of rules and rights
        three, queries = count()
        for number in range(3):
            self._remedy(self._registered(f"2026-03-07 10:0{number}"), 10)
        self.assertEqual(count(), (2 * three, queries))
        self.assertLessEqual(queries, 5)

    def test_draft_lists_what_its_maker_may_read_the_filed_copy_all(self):
        self._registered("2026-03-06 10:00", name="his").user_id = self.manager
        self._registered("2026-03-06 11:00", name="another's")
        self.env["ir.rule"].create(
            {
                "name": "own tickets only",
                "model_id": self.env["ir.model"]._get("helpdesk.ticket").id,
                "domain_force": "[('user_id', '=', user.id)]",
            }
        )
        report = self._generated()
        self.assertEqual([line["Subject"] for line in self._lines(report)], ["his"])
        self.assertIn(self.manager.name, self._sheet(report)["A2"].value)
        with at("2026-04-02 09:00"):
            report.with_user(self.manager).action_policy_file()
        self.assertEqual([line["Subject"] for line in self._lines(report)], ["his", "another's"])
        self.assertNotIn("DRAFT", self._sheet(report)["A2"].value)

    def test_companies_do_not_see_each_other_s_cases_or_registers(self):
        other = self._other_company()
        both = self._new_user("director", login="t_director_both")
        both.company_ids = [Command.link(other.id)]
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", other.id), ("code", "=", "quality")]
        )
        self._registered("2026-03-06 10:00", name="ours")
        with at("2026-03-06 10:00"):
            theirs = self.env["helpdesk.ticket"].create(
                {
                    "name": "theirs",
                    "description": "x",
                    "policy_kind": "complaint",
                    "policy_complaint_type_id": kind.id,
                    "partner_id": self.partner.id,
                    "channel_id": self.phone.id,
                    "company_id": other.id,
                }
            )
            theirs.action_policy_accept()
            theirs.action_policy_register()
        report = self._report(company=other)
        with at("2026-04-02 09:00"):
            companies = (self.company | other).ids
            report.with_user(both).with_context(
                allowed_company_ids=companies
            ).action_policy_generate()
            ours = self._generated()
        self.assertEqual([line["Subject"] for line in self._lines(report)], ["theirs"])
        self.assertEqual([line["Subject"] for line in self._lines(ours)], ["ours"])
        found = self.env["crm.policy.report.monthly"].with_user(self.manager).search([])
        self.assertEqual(found, ours)
