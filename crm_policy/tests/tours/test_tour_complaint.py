"""The whole way of a complaint in a real browser, in Chinese, each step as its own role."""

from io import BytesIO

from openpyxl import load_workbook

from odoo.tests import HttpCase, tagged

from ..common import PolicyCommon


@tagged("post_install", "-at_install")
class TestTourComplaint(HttpCase, PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users.values():
            user.lang = "zh_CN"

    def test_complaint_from_call_to_close(self):
        mine = "/odoo/action-crm_policy.case_action_mine"
        everybody = "/odoo/action-crm_policy.case_action"
        self.start_tour(mine, "crm_policy_complaint_intake", login="t_specialist")
        case = self.env["helpdesk.ticket"].search(
            [("name", "=", "外箱破损"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(case.policy_remedy_ids.policy_approval_state, "pending")
        self.start_tour(
            "/odoo/action-crm_policy.approval_action",
            "crm_policy_complaint_approve",
            login="t_manager",
        )
        self.start_tour(mine, "crm_policy_complaint_answer", login="t_specialist")
        self._receive(case.policy_remedy_ids)
        self.start_tour(everybody, "crm_policy_complaint_recheck", login="t_supervisor")
        self.start_tour(mine, "crm_policy_complaint_close", login="t_specialist")
        self.assertTrue(case.policy_closed_at)
        self.assertEqual(case.policy_callback_score, 4)
        self.assertEqual(case.policy_recheck_user_id, self.users["supervisor"])
        self._check_register(case)

    def _check_register(self, case):
        """The manager makes the month's register in the browser and downloads the Excel file."""
        month = case.policy_registered_at.date().replace(day=1)
        report = self.env["crm.policy.report.monthly"].create(
            {"company_id": self.company.id, "period_start": month}
        )
        self.start_tour(
            "/odoo/action-crm_policy.report_monthly_action",
            "crm_policy_complaint_register",
            login="t_manager",
        )
        self.authenticate("t_manager", "t_manager")
        answer = self.url_open(self._as("manager", report).action_policy_download()["url"])
        [sheet] = load_workbook(BytesIO(answer.content)).worksheets
        cells = [cell.value for row in sheet.iter_rows() for cell in row]
        self.assertIn(case.policy_number, cells)
        self.assertIn(5000, cells)
