"""A violation is explained and upheld in a real browser, in Chinese."""

from odoo.tests import HttpCase, tagged

from ..common import PolicyCommon


@tagged("post_install", "-at_install")
class TestTourViolation(HttpCase, PolicyCommon):
    def test_explained_by_the_person_and_upheld_by_his_manager(self):
        for user in self.users.values():
            user.lang = "zh_CN"
        clause = self.env["crm.policy.clause"].search(
            [("version_id", "=", self.version.id), ("number", "=", "4.2")]
        )
        case = self._new_case(team_id=self.team.id)
        Violation = self._as("supervisor", self.env["crm.policy.violation"])
        opened = Violation.action_policy_report(
            clause.id,
            case._name,
            case.id,
            "折让尚未批准，已在电话里答应客户。",
            user_id=self.users["specialist"].id,
            severity="serious",
        )
        violation = self.env["crm.policy.violation"].browse(opened["res_id"])
        url = "/odoo/action-crm_policy.violation_action"
        self.start_tour(url, "crm_policy_violation_explain", login="t_specialist")
        self.assertEqual(violation.state, "explained")
        self.start_tour(url, "crm_policy_violation_uphold", login="t_manager")
        self.assertEqual(
            (violation.state, violation.decided_by_id, violation.decision_text),
            ("upheld", self.users["manager"], "审批前不得承诺。"),
        )
