"""The old register from an Excel file: what is understood, what comes back, what a re-run does."""

import base64
import io
import zipfile
from datetime import datetime
from unittest.mock import patch

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..common import ROLES, PolicyCommon, at, shanghai

NOW = "2026-03-12 10:00"
HEAD = ["Number", "Registered At", "Customer", "Subject", "Type", "Closed At", "Outcome"]
ROW = [
    "KS-1",
    "2025-11-03 10:00",
    "苏州恒达电子",
    "外壳开裂",
    "quality",
    "2025-11-21 17:00",
    "accepted",
]


def book(*sheets, **options):
    """Return an .xlsx file: ``sheets`` are (title, rows)."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    if options.get("epoch"):
        workbook.epoch = options["epoch"]
    for title, rows in sheets:
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


class ImportCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        with at("2026-03-02 08:00"):
            super().setUpClass()
        cls.manager = cls.users["manager"]

    def _wizard(self, content=b"", user=None, company=None, **vals):
        user = user or self.manager
        Wizard = self.env["crm.policy.case.import.load"].with_user(user)
        company = company or self.company
        return Wizard.with_company(company).create(
            {
                "file": base64.b64encode(content),
                "filename": "旧台账.xlsx",
                "company_id": company.id,
                **vals,
            }
        )

    def _load(self, rows, head=HEAD, **vals):
        """Import rows below a head; return the wizard."""
        wizard = self._wizard(book(("台账", [head, *rows])), **vals)
        with at(NOW):
            wizard.action_policy_import()
        return wizard

    def _row(self, **changes):
        places = {name: place for place, name in enumerate(HEAD)}
        row = list(ROW)
        for name, value in changes.items():
            row[places[name.replace("_", " ")]] = value
        return row

    def _cases(self, company=None):
        return self.env["helpdesk.ticket"].search(
            [
                ("company_id", "=", (company or self.company).id),
                ("policy_imported_at", "!=", False),
            ],
            order="id",
        )

    def _rejects(self, wizard):
        """Return the rejected rows of a wizard: [values], the reason last."""
        if not wizard.rejects:
            return []
        content = base64.b64decode(wizard.rejects)
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        return [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]

    def _reasons(self, rows, head=HEAD, **vals):
        return [row[-1] for row in self._rejects(self._load(rows, head, **vals))]


class TestImportWizard(ImportCommon):
    # === WHAT IS UNDERSTOOD === #

    def test_a_row_becomes_a_case(self):
        wizard = self._load([ROW])
        case = self._cases()
        self.assertEqual((wizard.state, wizard.row_count, wizard.imported_count), ("done", 1, 1))
        self.assertFalse(wizard.rejects)
        self.assertEqual((case.policy_number, case.name), ("KS-1", "外壳开裂"))
        self.assertEqual(case.partner_id, self.partner)
        self.assertEqual(case.policy_complaint_type_id, self.types["quality"])
        self.assertEqual(case.policy_registered_at, shanghai("2025-11-03 10:00"))
        self.assertEqual(case.policy_closed_at, shanghai("2025-11-21 17:00"))
        self.assertEqual((case.policy_step, case.policy_outcome), ("closed", "accepted"))

    def test_a_check_writes_nothing(self):
        wizard = self._wizard(book(("台账", [HEAD, ROW, self._row(Number="KS-2", Subject="")])))
        with at(NOW):
            wizard.action_policy_check()
        self.assertEqual(
            (wizard.state, wizard.row_count, wizard.good_count, wizard.rejected_count),
            ("checked", 2, 1, 1),
        )
        self.assertIn("Title is missing.", wizard.findings)
        self.assertIn("Row 3", wizard.findings)
        self.assertFalse(self._cases())
        self.assertEqual(self._rejects(wizard)[0][-1], "Title is missing.")

    def test_headings_by_key_or_label_in_any_order_and_under_a_title(self):
        rows = [
            ["某公司客诉登记跟踪台账"],
            [],
            [
                "subject",
                "编号 *",
                "什么列",
                "REGISTERED AT",
                "Type",
                "Customer",
                "closed_at",
                "Outcome",
            ],
            [
                "外壳开裂",
                7.0,
                "x",
                "2025/11/3",
                "产品质量",
                "苏州恒达电子",
                "2025年11月21日",
                "Accepted by Customer",
            ],
        ]
        self.env["res.lang"]._activate_lang("zh_CN")
        label = self.env["crm.policy.case.import.sheet"].with_context(lang="zh_CN").env._("Number")
        rows[2][1] = f"{label} *"
        self.types["quality"].with_context(lang="zh_CN").name = "产品质量"
        wizard = self._wizard(book(("台账", rows)))
        with at(NOW):
            wizard.action_policy_import()
        case = self._cases()
        self.assertEqual(self._rejects(wizard), [])
        self.assertEqual(case.policy_number, "7")
        self.assertEqual(case.policy_registered_at, shanghai("2025-11-03 00:00"))
        self.assertEqual(case.policy_outcome, "accepted")
        self.assertIn("The column 什么列 is not imported.", wizard.findings)

    def test_dates_of_all_sorts(self):
        dates = [
            (datetime(2025, 11, 3, 9, 5), "2025-11-03 09:05"),
            (45964.5, "2025-11-03 12:00"),  # a serial number without a date format
            (20251103, "2025-11-03 00:00"),
            ("2025-11-03", "2025-11-03 00:00"),
            ("2025/11/3 14:30", "2025-11-03 14:30"),
            ("2025年11月3日 14时30分", "2025-11-03 14:30"),
            ("2025年11月3日下午2:30", "2025-11-03 14:30"),
            ("２０２４－０２－２９", "2024-02-29 00:00"),
        ]
        rows = [
            self._row(Number=f"K{place}", Registered_At=value)
            for place, (value, _expected) in enumerate(dates)
        ]
        self.assertEqual(self._reasons(rows), [])
        self.assertEqual(
            self._cases().mapped("policy_registered_at"), [shanghai(text) for _value, text in dates]
        )

    def test_serial_dates_of_1904(self):
        content = book(
            (
                "台账",
                [HEAD, self._row(Registered_At=44502.5, Closed_At=datetime(2025, 11, 21, 17))],
            ),
            epoch=CALENDAR_MAC_1904,
        )
        with at(NOW):
            self._wizard(content).action_policy_import()
        case = self._cases()
        self.assertEqual(case.policy_registered_at, shanghai("2025-11-03 12:00"))
        self.assertEqual(case.policy_closed_at, shanghai("2025-11-21 17:00"))

    def test_a_date_without_a_time_does_not_come_before_the_step_before_it(self):
        head = [*HEAD, "Settled At", "Replied At"]
        row = [*self._row(Registered_At="2025-11-03 14:30", Closed_At="2025-11-03"),
               "2025-11-03", "2025-11-03 16:00"]  # fmt: skip
        self.assertEqual(self._reasons([row], head), [])
        case = self._cases()
        self.assertEqual(case.policy_settled_at, shanghai("2025-11-03 14:30"))
        self.assertEqual(case.policy_closed_at, shanghai("2025-11-03 16:00"))

    def test_people_are_found_by_login_mail_and_name_and_when_they_have_left(self):
        gone = new_test_user(
            self.env, "t_gone", groups="base.group_user,crm_policy.group_specialist", name="王五",
            email="wang@example.com",
            company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
        )  # fmt: skip
        gone.active = False
        head = [*HEAD, "Recorded By", "Handler", "Re-checked By"]
        rows = [
            [*self._row(Number="A"), "t_gone", "t_specialist", ""],
            [*self._row(Number="B"), "Wang@Example.com", "王五", self.users["qc"].name],
        ]
        self.assertEqual(self._reasons(rows, head), [])
        first, second = self._cases()
        self.assertEqual((first + second).create_uid, gone)
        self.assertEqual(first.user_id, self.users["specialist"])
        self.assertEqual(second.user_id, gone)
        self.assertEqual(second.policy_recheck_user_id, self.users["qc"])

    def test_unknown_names_are_rejected_or_kept_as_text(self):
        head = [*HEAD, "Handler", "Recorded By", "Department in Charge"]
        row = [*ROW, "赵六", "钱七", "品保部"]
        self.assertEqual(
            self._reasons([row], head),
            ["There is no department 品保部.\nThere is no user 赵六.\nThere is no user 钱七."],
        )
        self.assertEqual(self._reasons([row], head, keep_names=True), [])
        case = self._cases()
        for text in ("Handler: 赵六", "Recorded by: 钱七", "Department in Charge: 品保部"):
            self.assertIn(text, case.description)
        self.assertFalse(case.user_id)

    def test_two_people_of_one_name(self):
        for login in ("t_li1", "t_li2"):
            new_test_user(self.env, login, groups="base.group_user", name="李雷",
                          company_id=self.company.id,
                          company_ids=[(6, 0, self.company.ids)])  # fmt: skip
        self.assertEqual(
            self._reasons([[*ROW, "李雷"]], [*HEAD, "Handler"]),
            ["There are several users 李雷: give the login."],
        )

    def test_names_of_another_company_mean_nothing(self):
        other = self._new_company("杭州分公司")
        self._new_user("specialist", login="t_hangzhou", company=other)
        policy = self.env["crm.policy"].create(
            {"name": "异地制度", "code": "HZ", "company_id": other.id}
        )
        self.env["crm.policy.complaint.type"].create(
            {"name": "异地类型", "code": "hz", "company_id": other.id, "policy_id": policy.id}
        )
        self.env["hr.department"].create({"name": "异地部门", "company_id": other.id})
        head = [*HEAD, "Handler", "Department in Charge"]
        self.assertEqual(
            self._reasons([[*self._row(Type="异地类型"), "t_hangzhou", "异地部门"]], head),
            [
                "There is no complaint type 异地类型.\nThere is no department 异地部门.\n"
                "There is no user t_hangzhou."
            ],
        )

    def test_a_department_that_belongs_to_another_company_now_gets_no_case(self):
        self.department.company_id = self._new_company("杭州分公司")
        self.assertEqual(self._reasons([[*ROW, "t_specialist"]], [*HEAD, "Handler"]), [])
        self.assertEqual(self._cases().user_id, self.users["specialist"])
        self.assertFalse(self._cases().policy_department_id)

    def test_who_has_left_does_not_handle_an_open_case(self):
        gone = new_test_user(self.env, "t_gone", groups="base.group_user", name="王五",
                             company_id=self.company.id,
                             company_ids=[(6, 0, self.company.ids)])  # fmt: skip
        gone.active = False
        head = ["Number", "Received At", "Subject", "Kind", "Handler"]
        self.assertEqual(
            self._reasons([["A", "2026-03-11 09:00", "询价", "Inquiry", "王五"]], head),
            ["王五 has left and the case is open: name somebody who goes on."],
        )

    def test_customers_by_code_or_exact_name(self):
        Partner = self.env["res.partner"]
        by_ref = Partner.create({"name": "甲公司", "ref": "C001"})
        by_vat = Partner.create({"name": "乙公司", "vat": "91320500X"})
        shared = Partner.create([{"name": "丙公司"}, {"name": "丙公司"}])
        other = self._new_company("杭州分公司")
        Partner.create({"name": "丁公司", "company_id": other.id})
        head = [*HEAD, "Customer Code"]
        rows = [
            [*self._row(Number="A", Customer="写错的名字"), "C001"],
            [*self._row(Number="B", Customer=""), "91320500X"],
            [*self._row(Number="C", Customer="丙公司"), ""],
            [*self._row(Number="D", Customer="丁公司"), ""],
            [*self._row(Number="E", Customer="戊公司"), "C999"],
            [*self._row(Number="F", Customer=""), ""],
        ]
        self.assertEqual(
            self._reasons(rows, head),
            [
                "There are 2 customers 丙公司: give the customer code.",
                "There is no customer 丁公司.",
                "There is no customer C999.",
                "It cannot be registered without: Contact.",
            ],
        )
        self.assertEqual(self._cases().partner_id, by_ref + by_vat)
        shared[0].active = False  # the one in use is meant
        self.assertEqual(self._reasons(rows[2:3], head), [])
        self.assertEqual(self._cases()[-1].partner_id, shared[1])

    def test_missing_customers_are_created_once_when_asked_for(self):
        self.manager.group_ids += self.env.ref("base.group_partner_manager")
        rows = [self._row(Number=f"K{place}", Customer="新客户") for place in range(3)]
        wizard = self._wizard(book(("台账", [HEAD, *rows])), new_customers=True)
        with at(NOW):
            wizard.action_policy_check()
            self.assertEqual((wizard.good_count, wizard.customer_count), (3, 1))
            self.assertFalse(self.env["res.partner"].search([("name", "=", "新客户")]))
            wizard.action_policy_import()
        partner = self._cases().partner_id
        self.assertEqual((len(partner), partner.name, partner.is_company), (1, "新客户", True))

    def test_customers_are_created_by_those_only_who_may(self):
        wizard = self._wizard(
            book(("台账", [HEAD, self._row(Customer="新客户")])), new_customers=True
        )
        with at(NOW), self.assertRaises(AccessError):
            wizard.action_policy_import()

    def test_kind_and_outcome_where_the_file_does_not_say(self):
        head = ["Number", "Registered At", "Customer", "Subject", "Type", "Closed At"]
        row = ROW[:-1]
        self.assertEqual(self._reasons([row], head), ["It is closed: say its outcome."])
        self.assertEqual(self._reasons([row], head, outcome="not_accepted"), [])
        self.assertEqual(self._cases().policy_outcome, "not_accepted")
        self.assertEqual(self._cases().policy_kind, "complaint")

    def test_steps_have_to_fit_the_dates(self):
        head = [*HEAD, "Step"]
        rows = [
            [*self._row(Number="A"), "Closed"],
            [*self._row(Number="B", Closed_At="", Outcome=""), "Cancelled"],
            [*self._row(Number="C", Closed_At="", Outcome=""), "Settled"],
            [*self._row(Number="D"), "Registered"],
            [*self._row(Number="E"), "Fetched"],
        ]
        self.assertEqual(
            self._reasons(rows, head),
            [
                "Its step is Settled, but Settled At is empty.",
                "Its step is Registered, but its dates say Closed.",
                "Fetched is none of the allowed values.",
            ],
        )
        self.assertEqual(self._cases().mapped("policy_outcome"), ["accepted", "cancelled"])

    def test_numbers_amounts_and_remedies(self):
        head = [*HEAD, "Quantity", "Defective Quantity", "Claimed", "Remedies"]
        head += ["Remedy Amount (CNY)", "Satisfaction (1-5)"]
        rows = [
            [*self._row(Number="A"), "1,200", 12, "￥3,000.50 元", "Refund、apology", 300, "4"],
            [*self._row(Number="B"), 10, 12, "", "", "", ""],
            [*self._row(Number="C"), "150件", 1, "", "", 5, 4.5],
        ]
        self.assertEqual(
            self._reasons(rows, head),
            [
                "The defective quantity exceeds the quantity delivered.",
                "Quantity: 150件 is no number.\nThere is an amount, but no remedy.",
            ],
        )
        case = self._cases()
        self.assertEqual((case.policy_quantity, case.policy_claim_amount), (1200, 3000.5))
        self.assertEqual(case.policy_remedy_ids.mapped("kind"), ["refund", "apology"])
        self.assertEqual(case.policy_remedy_amount, 300)
        self.assertEqual(case.policy_callback_score, 4)

    def test_cells_that_cannot_be_read(self):
        rows = [
            self._row(Number="A", Registered_At="2025-02-29"),
            self._row(Number="B", Registered_At="3/5/2025"),
            self._row(Number="C", Registered_At=0.5),
            self._row(Number="D", Registered_At="1905-01-01"),
            self._row(Number="E", Registered_At=True),
            self._row(Number=None),
            self._row(Number="G", Type="没有的类型"),
            self._row(Number="H", Registered_At="#N/A"),
            self._row(Number="I", Closed_At="2027-01-01"),
            self._row(Number="J", Closed_At="2025-11-01"),
        ]
        words = "Registered At: {} is no date. Write it as 2024-03-05 or 2024-03-05 14:30."
        self.assertEqual(
            self._reasons(rows),
            [
                words.format("2025-02-29"),
                words.format("3/5/2025"),
                words.format("0.5"),
                words.format("1905-01-01"),
                words.format("True"),
                "It has neither a number nor a key: nothing identifies it.",
                "There is no complaint type 没有的类型.",
                "Registered At: #N/A is an error of Excel.",
                "Closed At: 2026-12-31 16:00:00 lies in the future.",
                "Closed At lies before Registered At.",
            ],
        )
        self.assertFalse(self._cases())

    # === REJECTED ROWS === #

    def test_rejected_rows_come_back_as_they_were_and_go_in_once_corrected(self):
        day = datetime(2025, 11, 3, 9, 5)
        bad = [
            "=1+1",
            day,
            "苏州恒达电子",
            "外壳\n开裂",
            "quality",
            "2025-02-30",
            "accepted",
            "备注",
            7,
        ]
        head = [*HEAD, "我的列", "Lot"]
        wizard = self._load([[*ROW, "", ""], bad], head)
        content = base64.b64decode(wizard.rejects)
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        self.assertEqual([cell.value for cell in sheet[1]], [*head, "原因 / Reason"])
        self.assertEqual(sheet.max_row, 2)
        values = [cell.value for cell in sheet[2]]
        # A formula nobody calculated has no value.
        self.assertEqual(values[1:9], bad[1:9])
        self.assertEqual(sheet["F2"].fill.start_color.rgb, "FFFFC7CE")
        self.assertEqual(sheet["B2"].fill.fill_type, None)
        self.assertEqual(wizard.rejects_name, "旧台账 Rejected Rows.xlsx")
        sheet["A2"], sheet["F2"] = "KS-2", "2025-11-28"
        stream = io.BytesIO()
        sheet.parent.save(stream)
        again = self._wizard(stream.getvalue())
        with at(NOW):
            again.action_policy_import()
        self.assertEqual((again.imported_count, again.rejected_count), (1, 0))
        self.assertEqual(self._cases().mapped("policy_number"), ["KS-1", "KS-2"])
        self.assertEqual(self._cases()[1].policy_lot_ref, "7")

    def test_text_that_looks_like_a_formula_stays_text(self):
        row = self._row(Number="A", Subject="x", Registered_At="bad")
        wizard = self._wizard(book(("台账", [HEAD, row])))
        lines = '<c r="D2" t="inlineStr"><is><t>=cmd|calc</t></is></c>'
        content = base64.b64decode(wizard.file)
        stream = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
            for info in old.infolist():
                data = old.read(info)
                if info.filename == "xl/worksheets/sheet1.xml":
                    start = data.index(b'<c r="D2"')
                    stop = data.index(b"</c>", start) + 4
                    data = data[:start] + lines.encode() + data[stop:]
                new.writestr(info, data)
        wizard.file = base64.b64encode(stream.getvalue())
        with at(NOW):
            wizard.action_policy_check()
        sheet = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.rejects))).active
        self.assertEqual((sheet["D2"].value, sheet["D2"].data_type), ("=cmd|calc", "s"))

    # === AGAIN === #

    def test_the_same_file_again_imports_nothing_twice(self):
        head = [*HEAD, "Key in the Old Register"]
        rows = [[*self._row(Number="A"), "OA-1"], [*self._row(Number="B"), ""]]
        self._load(rows, head)
        again = self._load([*rows, [*self._row(Number="C"), "OA-3"]], head)
        self.assertEqual(
            (again.row_count, again.imported_count, again.known_count, again.rejected_count),
            (3, 1, 2, 0),
        )
        self.assertEqual(self._cases().mapped("policy_number"), ["A", "B", "C"])

    def test_a_number_that_a_case_of_ours_has_is_refused(self):
        case = self._new_case()
        self._drive(case, "register")
        self.assertEqual(
            self._reasons([self._row(Number=case.policy_number)]),
            [f"{case.policy_number} is used already, by {case.display_name}."],
        )

    def test_numbers_twice_in_a_file_name_the_row(self):
        wizard = self._load([ROW, self._row(Subject="另一件")])
        # Which of them is right cannot be told from here: the first one is.
        self.assertEqual(wizard.imported_count, 1)
        self.assertEqual(self._rejects(wizard)[0][-1], "KS-1 stands in row 2 already.")

    def test_a_failure_in_the_middle_costs_its_own_row_only(self):
        rows = [self._row(Number=f"K{place}") for place in range(9)]
        Ticket = type(self.env["helpdesk.ticket"])
        create = Ticket._policy_guarded_create

        def fail(records, vals_list):
            created = create(records, vals_list)
            if any(vals.get("policy_number") == "K4" for vals in vals_list):
                raise ZeroDivisionError
            return created

        with patch.object(Ticket, "_policy_guarded_create", fail), patch(
            "odoo.addons.crm_policy.wizard.case_import_load.CHUNK", 3
        ), self.assertLogs("odoo.addons.crm_policy.wizard.case_import_load", "ERROR"):  # fmt: skip
            wizard = self._load(rows)
        self.assertEqual((wizard.imported_count, wizard.rejected_count), (8, 1))
        self.assertEqual(
            self._rejects(wizard)[0][-1],
            "The database does not take it; the log of the server says why.",
        )
        self.assertEqual(
            self._cases().mapped("policy_number"), [f"K{place}" for place in range(9) if place != 4]
        )
        events = self.env["crm.policy.event"].search(
            [("type", "=", "case.imported"), ("res_id", "in", self._cases().ids)]
        )
        self.assertEqual(len(events), 8)
        again = self._load(rows)
        self.assertEqual((again.imported_count, again.known_count), (1, 8))

    def test_the_whole_import_leaves_an_event(self):
        wizard = self._load([ROW, self._row(Number="B", Subject="")])
        [event] = self.env["crm.policy.event"].search([("type", "=", "register.imported")])
        payload = dict(event.payload)
        self.assertEqual(len(payload.pop("sha256")), 64)
        self.assertEqual(payload, {"rows": 2, "imported": 1, "before": 0, "rejected": 1})
        self.assertEqual(event.company_id, wizard.company_id.id)
        self.assertEqual(event.actor_id, self.manager.id)

    # === FILES === #

    def _file_refused(self, content, words):
        wizard = self._wizard(content)
        with self.assertRaises(UserError) as refusal:
            wizard.action_policy_check()
        self.assertEqual(str(refusal.exception), words)

    def _with_part(self, name, data, content=None):
        stream = io.BytesIO(content or book(("台账", [HEAD, ROW])))
        with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as parts:
            parts.writestr(name, data)
        return stream.getvalue()

    def test_files_that_are_none(self):
        damaged = "The file is damaged. Open it in Excel, save it and try again."
        no_excel = "This is no Excel file, whatever its name says. Save it as .xlsx and try again."
        ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as parts:
            parts.writestr("台账.csv", "a,b")
        sound = book(("台账", [HEAD, ROW]))
        for content, words in (
            (b"", "Choose an Excel file."),
            (b"Number,Subject\n1,x\n", no_excel),
            (zipped.getvalue(), no_excel),
            (ole, "This is an old Excel file (.xls). Save it as .xlsx and try again."),
            (
                ole + "EncryptedPackage".encode("utf-16-le"),
                "The file has a password. Save it without one and try again.",
            ),
            (sound[:300], damaged),
            (sound[: len(sound) // 2], damaged),
            (
                self._with_part("xl/vbaProject.bin", b"x"),
                "The file has macros. Save it as .xlsx and try again.",
            ),
            (self._with_part("xl/extra.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), damaged),
        ):
            with self.subTest(words=words):
                self._file_refused(content, words)

    def test_a_file_that_grows_without_end(self):
        words = "The file becomes far too large once it is unpacked."
        with patch("odoo.addons.crm_policy.tools.workbook_reader.MAX_UNPACKED", 100_000):
            self._file_refused(self._with_part("xl/media/big.bin", b"0" * 200_000), words)
        with patch("odoo.addons.crm_policy.tools.workbook_reader.MAX_PARTS", 3):
            self._file_refused(book(("台账", [HEAD, ROW])), words)

    def test_a_document_type_is_found_wherever_it_stands(self):
        """In any part, whatever it is called: a sheet may have any name; in any encoding."""
        words = "The file is damaged. Open it in Excel, save it and try again."
        for name in ("xl/extra.xml", "xl/worksheets/sheet1.dat"):
            for code in ("utf-8", "utf-16-le", "utf-16-be"):
                with (
                    self.subTest(name, code=code),
                    patch("odoo.addons.crm_policy.tools.office_file._PIECE", 40),
                ):
                    text = " " * 35 + "<!DOCTYPE a>"  # begins in one piece, ends in the next
                    self._file_refused(self._with_part(name, text.encode(code)), words)

    def test_what_stands_far_off_is_not_read(self):
        content = book(("台账", [HEAD, ROW, [], [], [], self._row(Number="KS-2")]))
        for gap, count in ((3, 2), (2, 1)):
            wizard = self._wizard(content)
            with at(NOW), patch("odoo.addons.crm_policy.tools.workbook_reader.MAX_GAP", gap):
                wizard.action_policy_check()
            self.assertEqual(wizard.row_count, count)
        with patch("odoo.addons.crm_policy.tools.workbook_reader.MAX_COLUMNS", 3):
            self._file_refused(content, "These columns are missing: Subject.")

    def test_files_that_are_too_long(self):
        with patch("odoo.addons.crm_policy.tools.workbook_reader.MAX_BYTES", 100):
            self._file_refused(
                book(("台账", [HEAD, ROW])), "The file is larger than 15 MB. Split it."
            )
        with patch("odoo.addons.crm_policy.tools.workbook_reader.MAX_ROWS", 2):
            self._file_refused(
                book(("台账", [HEAD, ROW, ROW])), "The file has more than 5000 rows. Split it."
            )

    def test_a_cell_at_the_far_end_costs_nothing(self):
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.append(HEAD)
        sheet.append(ROW)
        sheet["XFD1048576"] = "x"
        stream = io.BytesIO()
        workbook.save(stream)
        wizard = self._wizard(stream.getvalue())
        with at(NOW):
            wizard.action_policy_check()
        self.assertEqual((wizard.row_count, wizard.good_count), (1, 1))

    def test_sheets_without_a_register(self):
        self._file_refused(
            book(("a", [["x", "y"]])),
            "No sheet has the headings of a register. Start from the template.",
        )
        self._file_refused(
            book(("a", [["Customer", "Type", "Handler"], ["x", "y", "z"]])),
            "These columns are missing: Number, Subject, Registered At.",
        )

    def test_the_sheet_with_the_headings_is_taken(self):
        wizard = self._wizard(book(("封面", [["说明"]]), ("台账", [HEAD, ROW])))
        with at(NOW):
            wizard.action_policy_check()
        self.assertEqual(wizard.good_count, 1)

    # === THE TEMPLATE === #

    def test_the_template_can_be_filled_in_and_its_example_is_left_out(self):
        wizard = self._wizard()
        action = wizard.action_policy_template()
        self.assertIn(f"/{wizard.id}/template/", action["url"])
        workbook = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.template)))
        sheet = workbook.worksheets[0]
        self.assertTrue(sheet.row_dimensions[1].hidden)
        keys = [cell.value for cell in sheet[1]]
        self.assertEqual(keys[:3], ["number", "source_ref", "received_at"])
        self.assertEqual(sheet["A3"].value, "示例 EXAMPLE")
        lists = {
            str(each.sqref).split(":")[0]: each for each in sheet.data_validations.dataValidation
        }
        column = sheet.cell(3, keys.index("severity") + 1).coordinate
        self.assertEqual(lists[column].formula1, '"General,Major,Crisis"')
        row = dict(zip(HEAD, ROW, strict=True))
        for cell in sheet[2]:
            title = (cell.value or "").removesuffix(" *")
            if title in row:
                sheet.cell(4, cell.column, row[title])
        stream = io.BytesIO()
        workbook.save(stream)
        again = self._wizard(stream.getvalue())
        with at(NOW):
            again.action_policy_import()
        self.assertEqual((again.row_count, again.imported_count), (1, 1))

    def test_the_example_of_the_template_would_be_sound(self):
        """But for its customer and its number, which are made up."""
        wizard = self._wizard()
        wizard.action_policy_template()
        workbook = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.template)))
        sheet = workbook.worksheets[0]
        sheet["A3"] = "KS-9"
        self.partner.ref = "C0001"
        stream = io.BytesIO()
        workbook.save(stream)
        self.manager.name = "李经理"
        again = self._wizard(stream.getvalue(), keep_names=True)
        with at(NOW):
            again.action_policy_import()
        self.assertEqual(self._rejects(again), [])
        case = self._cases()
        self.assertEqual(case.policy_closed_at, shanghai("2025-03-18 09:10"))
        self.assertEqual(case.create_uid, self.manager)

    # === PEOPLE === #

    def test_only_managers_and_administrators_import(self):
        content = book(("台账", [HEAD, ROW]))
        actions = ("template", "check", "import", "rejects", "back")
        for role in ROLES:
            user = self.users[role]
            allowed = role in ("manager", "director", "policy_admin")
            if not allowed:
                with self.subTest(role=role), self.assertRaises(AccessError):
                    self._wizard(content, user=user)
            wizard = self._wizard(content).with_user(user).sudo()
            for action in actions:
                with self.subTest(role=role, action=action), at(NOW):
                    if allowed:
                        if action != "rejects":
                            getattr(self._wizard(content, user=user), f"action_policy_{action}")()
                    else:
                        with self.assertRaises(AccessError):
                            getattr(wizard, f"action_policy_{action}")()
        self.assertEqual(len(self._cases()), 1)

    def test_nobody_sees_the_file_of_another(self):
        wizard = self._wizard(book(("台账", [HEAD, ROW])))
        director = wizard.with_user(self.users["director"])
        self.assertFalse(director.search([("id", "=", wizard.id)]))
        with self.assertRaises(AccessError):
            director.read(["file"])
        with self.assertRaises(AccessError):
            director.action_policy_import()

    def test_nobody_imports_into_a_company_he_does_not_work_for(self):
        other = self._new_company("杭州分公司")
        wizard = self._wizard(book(("台账", [HEAD, ROW])))
        wizard.sudo().company_id = other
        for action in ("template", "check", "import"):
            with self.assertRaises(AccessError) as refusal:
                getattr(wizard, f"action_policy_{action}")()
            self.assertEqual(str(refusal.exception), "You do not work for 杭州分公司.")


class TestRegisterRoundTrip(ImportCommon):
    """Our own register of a month goes into another company as an old one."""

    def _other_company(self):
        other = self._new_company("杭州分公司")
        people = self.users["policy_admin"] | self.users["director"] | self.manager
        people.company_ids += other
        policies = self.env["crm.policy"].with_context(allowed_company_ids=other.ids)
        version = policies.with_user(self.users["policy_admin"])._policy_install_shipped(
            "service", other
        )
        version.with_user(self.users["director"]).action_policy_publish()
        for user in (self.users["specialist"], self.users["supervisor"]):
            user.company_ids += other
        return other

    def test_numbers_dates_and_steps_survive(self):
        with at("2026-03-03 10:00"):
            done = self._new_case(policy_order_ref="S001", policy_item_ref="PCB")
            self._drive(done, "propose")
            self._new_remedy(done, 300)
            self._as("specialist", done).action_policy_decide()
        with at("2026-03-04 11:00"):
            mine = self._as("specialist", done)
            mine.action_policy_settle()
            mine.action_policy_reply("同意", "phone")
            mine.action_policy_callback(5, "满意")
            self._as("supervisor", done).action_policy_recheck("齐")
            self._receive(done.policy_remedy_ids)
            mine.action_policy_close()
        with at("2026-03-05 09:30"):
            gone = self._new_case()
            self._drive(gone, "register")
            self._as("supervisor", gone).action_policy_cancel("误登")
            open_case = self._new_case()
            self._drive(open_case, "register")
        with at("2026-03-10 09:00"):
            report = self.env["crm.policy.report.monthly"].with_user(self.manager).create(
                {"company_id": self.company.id, "period_start": "2026-03-01"}
            )  # fmt: skip
            report.action_policy_generate()
        workbook = openpyxl.load_workbook(io.BytesIO(report.attachment_id.sudo().raw))
        # The conversion: what our register leaves out and an open case needs.
        sheet = workbook.active
        width = sheet.max_column
        for place, title in enumerate(("Received At", "Accepted At", "Kind"), start=1):
            sheet.cell(3, width + place, title)
        sheet.cell(6, width + 1, datetime(2026, 3, 5, 9, 30))
        sheet.cell(6, width + 2, datetime(2026, 3, 5, 9, 30))
        stream = io.BytesIO()
        workbook.save(stream)
        other = self._other_company()
        self.env["hr.department"].sudo().create(
            [
                {"name": name, "company_id": other.id}
                for name in {case.policy_department_id.name for case in done + open_case}
                if name
            ]
        )
        wizard = self._wizard(stream.getvalue(), company=other, outcome="accepted")
        with at(NOW):
            wizard.action_policy_import()
        self.assertEqual(self._rejects(wizard), [])
        self.assertNotIn("is not imported", wizard.findings or "")
        copies = self._cases(other)
        self.assertEqual(copies.mapped("policy_number"), ["260301", "260302", "260303"])
        for case, copy in zip(done + gone + open_case, copies, strict=True):
            for name in (
                "name", "partner_id", "policy_step", "policy_registered_at", "policy_settled_at",
                "policy_replied_at", "policy_closed_at", "policy_callback_score",
                "policy_recheck_user_id", "policy_order_ref", "policy_item_ref", "user_id",
                "policy_severity", "policy_outcome", "policy_remedy_amount",
            ):  # fmt: skip
                with self.subTest(case=case.policy_number, name=name):
                    self.assertEqual(copy[name], case[name])
            self.assertEqual(copy.policy_complaint_type_id.code, "quality")
        with at("2026-03-13 10:00"):
            case = copies[2].with_user(self.users["specialist"]).with_company(other)
            mine = case.create(
                {
                    "name": "新案",
                    "description": "x",
                    "channel_id": self.phone.id,
                    "policy_kind": "complaint",
                    "partner_id": self.partner.id,
                    "company_id": other.id,
                    "policy_complaint_type_id": case.policy_complaint_type_id.id,
                }
            )
            mine.action_policy_accept()
            mine.action_policy_register()
        self.assertEqual(mine.policy_number, "260304")
