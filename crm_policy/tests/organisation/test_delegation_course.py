"""How a delegation begins and ends: told to both, kept in the ledger, seen by the delegate."""

from odoo.exceptions import UserError

from ..common import at, shanghai
from .test_delegations import DelegationCommon


class TestDelegationCourse(DelegationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.manager | cls.supervisor).notification_type = "inbox"
        cls.manager.name, cls.supervisor.name = "王芳", "刘洋"

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_keep_delegations").method_direct_trigger()
        self.env.invalidate_all()

    def _events(self, line):
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", line._name), ("res_id", "=", line.id)], order="id"
        )
        return events

    def _told(self, line):
        """Return [(subject, names of those who were told)] of what was written about it."""
        messages = self.env["mail.message"].search(
            [("model", "=", line._name), ("res_id", "=", line.id)], order="id"
        )
        return [
            (message.subject, set(message.notified_partner_ids.user_ids)) for message in messages
        ]

    def test_both_are_told_when_it_is_written_and_when_it_is_revoked(self):
        both = {self.manager, self.supervisor}
        with at("2026-03-01 10:00"):
            line = self._delegate(max_amount=5000, reason="出差")
            self.assertEqual(self._told(line), [("Delegation 1: 刘洋 acts for 王芳", both)])
            self._as("supervisor", line).action_policy_revoke()
            self.assertEqual(self._told(line)[1:], [("Delegation 1 was revoked", both)])

    def test_what_is_told_says_days_roles_cap_and_author(self):
        with at("2026-03-01 10:00"):
            line = self._delegate(max_amount=5000, role_ids=self.manager_role.ids)
        body = self.env["mail.message"].search(
            [("model", "=", line._name), ("res_id", "=", line.id)]
        ).body  # fmt: skip
        for words in ("03/02/2026", "03/06/2026", "Manager", "5,000.00", "by 王芳"):
            self.assertIn(words, body)

    def test_each_is_told_in_his_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.supervisor.lang = "zh_CN"
        with at("2026-03-01 10:00"):
            line = self._delegate()
        told = self._told(line)
        self.assertEqual(len(told), 2)
        self.assertEqual([people for _subject, people in told].count({self.supervisor}), 1)

    def test_the_ledger_keeps_each_step_with_codes_only(self):
        with at("2026-03-01 10:00"):
            line = self._delegate(role_ids=self.manager_role.ids, max_amount=5000, reason="住院")
        with at("2026-03-07 00:00"):
            self._run_cron()
        events = self._events(line)
        self.assertEqual(events.mapped("type"), ["delegation.created", "delegation.ended"])
        self.assertEqual(
            events[0].payload,
            {
                "number": "1",
                "from": self.manager.id,
                "to": self.supervisor.id,
                "roles": ["manager"],
                "date_from": "2026-03-02",
                "date_to": "2026-03-06",
                "max_amount": 5000.0,
                "currency": "CNY",
                "takes_cases": True,
            },
        )
        self.assertEqual(events[0].company_id, self.company.id)
        self.assertEqual(events[0].actor_id, self.manager.id)

    def test_a_revoked_one_is_not_ended_as_well(self):
        with at("2026-03-02 10:00"):
            line = self._delegate()
            self._as("manager", line).action_policy_revoke()
        with at("2026-03-07 00:00"):
            self._run_cron()
        types = self._events(line).mapped("type")
        self.assertEqual(types, ["delegation.created", "delegation.revoked"])

    def test_the_cron_runs_at_its_instants_and_twice_changes_nothing(self):
        with at("2026-03-01 10:00"):
            line = self._delegate()
            calls = self.env["ir.cron.trigger"].search(
                [("cron_id", "=", self.env.ref("crm_policy.cron_keep_delegations").id)]
            )
            self.assertEqual(
                sorted(calls.mapped("call_at")),
                [shanghai("2026-03-02 00:00"), shanghai("2026-03-07 00:00")],
            )
            self._run_cron()
            self.assertFalse(line.opened_at)
        for moment, opened, closed in (
            ("2026-03-01 23:59:59", False, False),
            ("2026-03-02 00:00:00", True, False),
            ("2026-03-06 23:59:59", True, False),
            ("2026-03-07 00:00:00", True, True),
            ("2026-03-07 01:00:00", True, True),
        ):
            with self.subTest(moment), at(moment):
                self._run_cron()
                self._run_cron()
                self.assertEqual((bool(line.opened_at), bool(line.closed_at)), (opened, closed))
        self.assertEqual(line.closed_at, shanghai("2026-03-07 00:00"))
        self.assertEqual(self._events(line).mapped("type").count("delegation.ended"), 1)
        self.assertEqual(len(self._told(line)), 2)

    def test_what_was_missed_altogether_is_closed_once(self):
        with at("2026-03-01 10:00"):
            line = self._delegate()
        with at("2026-04-01 10:00"):
            self._run_cron()
        self.assertTrue(line.closed_at)
        self.assertFalse(line.opened_at)

    def test_one_that_cannot_be_kept_does_not_hold_up_the_others(self):
        with at("2026-03-01 10:00"):
            first = self._delegate()
            second = self._delegate(from_user_id=self.users["director"].id)
        keep = type(first)._policy_open_sight

        def fail(lines):
            if first in lines:
                raise UserError("no")
            return keep(lines)

        self.patch(type(first), "_policy_open_sight", fail)
        with at("2026-03-02 10:00"), self.assertLogs("odoo.addons.crm_policy", "ERROR"):
            self._run_cron()
        self.assertFalse(first.opened_at)
        self.assertTrue(second.opened_at)
