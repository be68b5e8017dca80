"""The full route of the manufacturer (002 篇一) in a real browser, each step at its own desk."""

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from .. import common
from ..common import shanghai
from ..flows.test_shipped_packs import ManufacturerFlow


@tagged("post_install", "-at_install")
class TestTourRoute(HttpCase, ManufacturerFlow):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (*cls.users.values(), *cls.people.values()):
            user.lang = "zh_CN"

    def _at_desk(self, moment, user, tour, path=None):
        """Let somebody sit down at ``moment``; the clock goes on from there."""
        path = path or f"/odoo/action-crm_policy.case_action/{self.case.id}"
        with freeze_time(shanghai(moment), tick=True):
            self.start_tour(path, f"crm_policy_route_{tour}", login=user.login)
        self.env.invalidate_all()

    def _departments(self, *moments):
        """Let each department answer at its own desk, in the order in which they are asked."""
        for moment in moments:
            waiting = self.case.policy_countersign_ids.filtered(
                lambda line: line.policy_asked_at and not line.policy_answered_at
            )
            if not waiting:
                return
            line = waiting.sorted("id")[0]
            if line.step_code == "production" and hasattr(self, "_find_production"):
                self._find_production(self.case)
            self._at_desk(moment, self.people[line.role_id.code], "answer")

    def test_from_the_call_to_the_close(self):
        specialist, people = self.users["specialist"], self.people
        approvals = "/odoo/action-crm_policy.approval_action"
        self._at_desk(
            "2026-03-02 10:20", specialist, "intake", "/odoo/action-crm_policy.case_action_mine"
        )
        self.case = self.env["helpdesk.ticket"].search([("name", "=", "边缘分层")])
        self.assertEqual(self.case.policy_version_id, self.governing)
        # What the policy wants to know of the goods, where it does.
        self.case.write(getattr(common, "COMPLETE", {}))
        self._at_desk("2026-03-03 09:15", people["gm_office"], "register")
        self.assertEqual(self.case.policy_number, "260301")
        self._at_desk("2026-03-03 10:00", specialist, "propose")
        self._departments(
            "2026-03-04 11:00", "2026-03-05 09:00", "2026-03-05 10:00", "2026-03-05 15:00",
            "2026-03-06 09:00", "2026-03-06 10:00", "2026-03-06 15:00", "2026-03-06 16:00",
        )  # fmt: skip
        self.assertTrue(self.case.policy_investigated_at)
        self._at_desk("2026-03-09 09:00", people["sales_manager"], "sign", approvals)
        self.assertTrue(self.case.policy_mandated_at)
        self._at_desk("2026-03-09 14:00", specialist, "negotiate")
        self._at_desk("2026-03-09 15:00", people["sales_manager"], "review")
        self._at_desk("2026-03-09 15:10", people["sales_manager"], "answer")
        self._blame(self.case)
        self._at_desk("2026-03-10 09:00", people["gm_office"], "answer")
        self._at_desk("2026-03-10 10:00", specialist, "submit")
        self._at_desk("2026-03-10 15:00", people["sales_manager"], "sign", approvals)
        self.assertTrue(self.case.policy_settled_at)
        self._at_desk("2026-03-10 16:00", specialist, "reply")
        if hasattr(self, "_carry_out"):
            with freeze_time(shanghai("2026-03-11 10:00")):
                self._carry_out(self.case)
        self._at_desk("2026-03-25 10:00", specialist, "callback")
        self._at_desk("2026-03-25 11:00", self.users["supervisor"], "recheck")
        self._at_desk("2026-03-25 14:00", specialist, "close")
        self.assertTrue(self.case.policy_closed_at)
        late = self.case.policy_deadline_ids.filtered(lambda clock: clock.state != "met")
        self.assertFalse(late.filtered(lambda clock: clock.state != "cancelled"))
