"""A year's days from a file: checked first, entered whole or not at all."""

import base64
import io
import re

import openpyxl

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..common import ROLES, PolicyCommon, shanghai

GOOD = """date,until,kind,as,name
2031-01-01,2031-01-03,rest,,元旦
2031-01-04,,work,fri,元旦调休
"""


@tagged("post_install", "-at_install")
class TestCalendarLoad(PolicyCommon):
    def _wizard(self, text=GOOD, user=None, filename="2031.csv", **vals):
        content = text if isinstance(text, bytes) else text.encode()
        Wizard = self.env["crm.policy.calendar.load"].with_user(user or self.users["policy_admin"])
        return Wizard.create(
            {
                "year": 2031,
                "owner": "country",
                "country_id": self.env.ref("base.cn").id,
                "file": base64.b64encode(content),
                "filename": filename,
                **vals,
            }
        )

    def _days(self):
        return self.env["crm.policy.calendar.day"].search(
            [("date", ">=", "2031-01-01"), ("date", "<=", "2031-12-31")], order="date"
        )

    def _problems(self, text):
        wizard = self._wizard(text)
        wizard.action_policy_check()
        rows = re.findall(r"<tr><td[^>]*>(\d+)</td><td>(.*?)</td></tr>", str(wizard.findings or ""))
        return [(int(line), words) for line, words in rows]

    def test_a_dry_run_writes_nothing(self):
        wizard = self._wizard()
        wizard.action_policy_check()
        self.assertEqual(wizard.state, "checked")
        counts = (wizard.day_count, wizard.new_count, wizard.known_count, wizard.problem_count)
        self.assertEqual(counts, (4, 4, 0, 0))
        self.assertFalse(self._days())

    def test_a_year_is_entered_and_counts_and_stands_in_the_ledger(self):
        calendar = self.company.resource_calendar_id
        calendar.policy_statutory_country_id = self.env.ref("base.cn")
        wizard = self._wizard()
        wizard.action_policy_apply()
        self.assertEqual(wizard.state, "done")
        self.assertEqual(
            [(str(day.date), day.kind, day.as_weekday, day.name) for day in self._days()],
            [
                ("2031-01-01", "rest", False, "元旦"),
                ("2031-01-02", "rest", False, "元旦"),
                ("2031-01-03", "rest", False, "元旦"),
                ("2031-01-04", "work", "4", "元旦调休"),
            ],
        )
        self.assertEqual(self._days().country_id, self.env.ref("base.cn"))
        self.assertFalse(self._days().company_id)
        # 31 December 2030 is a Tuesday: the next day of work is Saturday the 4th.
        [due] = calendar._policy_nth_day_end([shanghai("2030-12-31 10:00")], [1])
        self.assertEqual(due, shanghai("2031-01-04 18:00"))
        event = self.env["crm.policy.event"].search(
            [("type", "=", "calendar.year_entered")], limit=1
        )
        self.assertEqual(
            {key: event.payload[key] for key in ("year", "country", "days", "before")},
            {"year": 2031, "country": self.env.ref("base.cn").id, "days": 4, "before": 0},
        )

    def test_a_year_that_is_none_is_refused_at_once(self):
        for year in (0, -1, 26, 1979, 2100, 10**6):
            with self.subTest(year), self.assertRaisesRegex(ValidationError, "no date of a"):
                self._wizard(year=year)

    def test_the_same_file_again_changes_nothing(self):
        self._wizard().action_policy_apply()
        wizard = self._wizard()
        wizard.action_policy_apply()
        self.assertEqual((wizard.new_count, wizard.known_count), (0, 4))
        self.assertEqual(len(self._days()), 4)

    def test_company_days_are_the_company_s(self):
        self._wizard(owner="company").action_policy_apply()
        self.assertEqual(self._days().company_id, self.company)
        self.assertFalse(self._days().country_id)
        self._wizard().action_policy_apply()
        self.assertEqual(len(self._days()), 8)

    def test_problems_stand_with_their_lines(self):
        head = GOOD.splitlines()[0] + "\n"
        rows = [
            ("2031-02-30,,rest,,x", "There is no such date: 2031-02-30"),
            ("2031-02-01,2031-02-30,rest,,x", "There is no such date: 2031-02-30"),
            ("2031-02-01,2031-01-30,rest,,x", "The last day 2031-01-30 does not fit the first"),
            ("2031-02-01,,off duty,,x", "off duty is neither rest nor work"),
            ("2031-02-01,,work,,x", "must say which weekday"),
            ("2031-02-01,,work,7,x", "7 is no weekday"),
            ("2031-02-01,2031-02-02,work,mon,x", "A make-up workday is one day"),
            ("2031-02-01,,rest,,", "no name"),
            ("2030-02-01,,rest,,x", "2030-02-01 is not in the year 2031"),
            ("2031-03-01,,rest,,x", ""),
            ("2031-03-01,,rest,,x", "This date stands in line 11 already"),
        ]
        found = dict(self._problems(head + "\n".join(row for row, _words in rows)))
        self.assertEqual(sorted(found), [line for line in range(2, 13) if line != 11])
        for line, (_row, words) in enumerate(rows, start=2):
            self.assertIn(words, found.get(line, ""))

    def test_a_date_that_is_there_as_another_kind(self):
        self._wizard().action_policy_apply()
        text = (
            "date,kind,as,name\n2031-01-01,work,mon,x\n2031-01-04,work,mon,x\n2031-01-02,rest,,y\n"
        )
        problems = self._problems(text)
        self.assertEqual([line for line, _words in problems], [2, 3])
        self.assertIn(
            "2031-01-01 is there already, as another kind of day: Rest Day", problems[0][1]
        )

    def test_one_problem_and_nothing_is_entered(self):
        wizard = self._wizard(GOOD + "2031-02-30,,rest,,x\n")
        with self.assertRefused(UserError, "Nothing is entered while the file has problems"):
            wizard.action_policy_apply()
        self.assertFalse(self._days())

    def test_the_template_can_be_filled_in_and_read(self):
        for lang in ("en_US", "zh_CN"):
            wizard = self._wizard().with_context(lang=lang)
            action = wizard.action_policy_template()
            self.assertIn(f"/{wizard.id}/template/", action["url"])
            book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.template)))
            sheet = book.worksheets[0]
            heads = [cell.value for cell in sheet[1]]
            self.assertEqual(heads, ["date", "until", "kind", "weekday", "name"])
            sheet.append(["2031-05-01", "2031-05-02", "rest", None, "劳动节"])
            stream = io.BytesIO()
            book.save(stream)
            filled = self._wizard(stream.getvalue(), filename="2031.xlsx")
            filled.action_policy_check()
            self.assertEqual((filled.new_count, filled.problem_count), (2, 0))

    def test_files_that_are_not_read(self):
        for content, name, words in (
            (b"", "x.csv", "Choose a file"),
            (b"a,b\n", "x.csv", "needs the columns"),
            (b"days: [", "x.yaml", "no YAML"),
            (b"\xff\xff\x00", "x.csv", "no text"),
            (b" " * 1_000_001, "x.csv", "too large"),
            (b"nonsense", "x.xlsx", "no Excel file"),
        ):
            with self.assertRefused(UserError, words):
                self._wizard(content, filename=name).action_policy_check()

    def test_only_the_administrator_of_the_company_enters_days(self):
        for role in ROLES:
            if role != "policy_admin":
                with self.assertRaises(AccessError):
                    self._wizard(user=self.users[role])
        wizard = self._wizard()
        for role in set(ROLES) - {"policy_admin"}:
            with self.assertRaises(AccessError):
                wizard.with_user(self.users[role]).action_policy_apply()
        other = self._new_company("杭州分公司")
        wizard = self._wizard(owner="company")
        wizard.sudo().company_id = other
        with self.assertRefused(AccessError, "You do not work for 杭州分公司"):
            wizard.action_policy_apply()
        self.assertFalse(self._days())
