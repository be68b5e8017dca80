"""Deadlines in a real browser, in Chinese: mine, why they are due then, and a rule of one's own."""

from freezegun import freeze_time

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..common import PolicyCommon, at, shanghai


@tagged("post_install", "-at_install")
class TestTourDeadline(HttpCase, PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users.values():
            user.lang = "zh_CN"

    def test_my_deadlines_and_why(self):
        now = fields.Datetime.now()
        with freeze_time(fields.Datetime.subtract(now, hours=30)):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        with freeze_time(now):
            self._new_case(policy_kind="request", name="询问交期")
        # Whatever day of the week it is today: one is due far from now.
        far = case.policy_deadline_ids.filtered(
            lambda deadline: deadline.rule_code == "complaint-solution"
        )
        far._policy_update({"due_at": fields.Datetime.add(now, days=20)})
        self.start_tour(
            "/odoo/action-crm_policy.deadline_action_mine",
            "crm_policy_my_deadlines",
            login="t_specialist",
        )

    def test_a_rule_made_of_a_sentence_runs_on_a_case(self):
        version = self._as("policy_admin", self.env["crm.policy.version"]).create(
            {"policy_id": self.version.policy_id.id, "number": 2}
        )
        clause = self.env["crm.policy.clause"].create(
            {
                "version_id": version.id,
                "number": "9.1",
                "name": "四小时内电话告知",
                "text": "受理后四个工作小时内电话告知客户。",
            }
        )
        self.start_tour(
            f"/odoo/action-crm_policy.clause_action/{clause.id}",
            "crm_policy_rule_editor",
            login="t_policy_admin",
        )
        rule = self.env["crm.policy.deadline.rule"].search([("clause_id", "=", clause.id)])
        self.assertEqual(
            (rule.code, rule.model_name, rule.start_path, rule.done_path, rule.duration, rule.unit),
            (
                "9.1-1",
                "helpdesk.ticket",
                "policy_accepted_at",
                "policy_responded_at",
                4,
                "working_hours",
            ),
        )
        with at("2026-03-06 15:00"):
            self._hand_over(version)
            version.with_user(self.users["director"]).action_policy_publish()
        with at("2026-03-06 16:00"):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        deadline = case.policy_deadline_ids.filtered(lambda deadline: deadline.rule_id == rule)
        self.assertEqual(deadline.due_at, shanghai("2026-03-09 11:00"))
