"""Who is told of a request, once, with a link that decides nothing; and the daily reminder."""

from datetime import date
from unittest.mock import patch

from lxml import etree

from ..common import PolicyCommon, at


class TestApprovalNotices(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users.values():
            user.notification_type = "inbox"
            user.lang = "zh_CN"
        cls.env.cr.precommit.run()

    def _submitted(self, amount=5000, case=None):
        remedy = self._new_remedy(case or self._new_case(), amount)
        self._as("specialist", remedy).action_policy_submit()
        return remedy

    def _told(self, role):
        """Return the subjects of what a person was told since the last look, and forget them."""
        self.env.cr.precommit.run()
        partner = self.users[role].partner_id
        messages = self.env["mail.message"].search(
            [("partner_ids", "in", partner.ids), ("message_type", "=", "user_notification")],
            order="id",
        )
        fresh = messages - getattr(self, "seen", messages.browse())
        self.seen = getattr(self, "seen", messages.browse()) | messages
        return fresh

    def test_who_is_asked_is_told_once_with_a_link_to_the_form(self):
        remedy = self._submitted()
        [message] = self._told("manager")
        request = remedy.policy_approval_id
        self.assertIn("待审批", message.subject)
        self.assertEqual((message.model, message.res_id), ("crm.policy.approval", request.id))
        self.assertIn(f"/mail/view?model=crm.policy.approval&amp;res_id={request.id}", message.body)
        self.assertIn("5,000.00", message.body)
        self.assertIn("4.2", message.body)
        for forbidden in ("action_policy_approve", "/approve", "token"):
            self.assertNotIn(forbidden, message.body)
        self.assertFalse(self._told("manager"))

    def test_where_nothing_is_paid_no_amount_stands(self):
        """In the message, and in each view of the request."""
        self._submitted(0)
        [message] = self._told("manager")
        self.assertNotIn("0.00", message.body)
        Approval = self.env["crm.policy.approval"]
        for view in ("list", "kanban", "form"):
            arch = etree.fromstring(Approval.get_view(view_type=view)["arch"])
            [amount] = arch.iterfind(".//field[@name='amount']")
            self.assertEqual(amount.get("invisible"), "not amount", view)

    def test_times_are_those_of_the_reader_and_name_their_zone(self):
        self.users["manager"].tz, self.users["ceo"].tz = "Europe/Berlin", False
        with at("2026-03-02 18:00"):
            self._submitted()
            self._submitted(60000)
            self.assertIn("2026-03-02 11:00 (Europe/Berlin)", self._told("manager").body)
        self.assertIn("2026-03-02 18:00 (Asia/Shanghai)", self._told("ceo").body)

    def test_many_requests_are_one_message(self):
        remedies = [self._submitted() for _number in range(3)]
        [message] = self._told("manager")
        self.assertIn("3", message.subject)
        for remedy in remedies:
            self.assertIn(f"res_id={remedy.policy_approval_id.id}", message.body)

    def test_what_was_decided_before_anybody_was_told_is_not_asked(self):
        remedy = self._submitted()
        self._as("manager", remedy).action_policy_approve("同意")
        self.assertFalse(self._told("manager"))

    def test_the_requester_hears_that_the_company_counts_in_another_way(self):
        remedy = self._submitted()
        self._told("specialist")
        self.company.policy_amount_basis = "excluded"
        [message] = self._told("specialist")
        self.assertEqual(message.res_id, remedy.policy_approval_id.id)
        self.assertEqual(len(self._told("manager")), 1)  # that he was asked

    def test_the_requester_hears_of_the_decision_and_its_comment(self):
        remedy = self._submitted()
        self._told("manager")
        self._as("manager", remedy).action_policy_reject("证据不足")
        [message] = self._told("specialist")
        self.assertIn("已驳回", message.subject)
        self.assertIn("证据不足", message.body)

    def test_a_forwarded_request_is_told_once(self):
        remedy = self._submitted()
        self._told("manager")
        self._as("manager", remedy).action_policy_forward(self.users["director"].id, "请您定")
        messages = self._told("director")
        self.assertEqual(len(messages), 1)
        self.assertIn("转交", messages.subject)
        self.assertIn("请您定", messages.body)

    def _run_cron(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_remind_deciders").method_direct_trigger()
        self.env.invalidate_all()

    def test_what_waits_since_yesterday_is_told_once_a_working_day(self):
        with at("2026-03-05 16:00"):  # a Thursday
            self._submitted()
            self._told("manager")
        self._run_cron("2026-03-05 16:30")
        self.assertFalse(self._told("manager"), "asked today")
        self._run_cron("2026-03-06 09:00")
        [message] = self._told("manager")
        self.assertIn("仍待审批", message.subject)
        self._run_cron("2026-03-06 09:10")
        self.assertFalse(self._told("manager"), "once a day")
        self._run_cron("2026-03-07 09:00")
        self.assertFalse(self._told("manager"), "not on a Saturday")
        self._run_cron("2026-03-09 09:00")
        self.assertEqual(len(self._told("manager")), 1)

    def test_a_message_that_fails_stops_neither_the_other_companies_nor_the_run(self):
        with at("2026-03-05 16:00"):
            requests = self._submitted().policy_approval_id | self._submitted().policy_approval_id
            requests[0]._policy_update({"company_id": self._new_company("杭州分公司").id})
            self._told("manager")
        Approval = type(requests)
        [[broken], *_others] = requests.sudo()._read_group(
            [("state", "=", "pending")], ["company_id"]
        )
        failing = requests.filtered(lambda request: request.company_id == broken)
        notify = Approval._policy_notify

        def _notify(approvals, kind, users, comments):
            notify(approvals, kind, users, comments)
            if approvals.company_id == broken:
                raise ValueError("no template")

        with (
            patch.object(Approval, "_policy_notify", _notify),
            self.assertLogs("odoo.addons.crm_policy.models.approval.approval_notice", "ERROR"),
        ):
            self._run_cron("2026-03-06 09:00")
        self.assertFalse(failing.reminded_on)
        self.assertEqual((requests - failing).reminded_on, date(2026, 3, 6))
        self.assertEqual(len(self._told("manager")), 1)
        self._run_cron("2026-03-06 09:10")
        self.assertEqual(failing.reminded_on, date(2026, 3, 6))
        self.assertEqual(len(self._told("manager")), 1)

    def test_when_the_time_of_the_run_is_up_the_next_company_waits_for_the_next(self):
        with at("2026-03-05 16:00"):
            requests = self._submitted().policy_approval_id | self._submitted().policy_approval_id
            requests[0]._policy_update({"company_id": self._new_company("杭州分公司").id})
        Cron = self.env.registry["ir.cron"]
        with at("2026-03-06 09:00"), patch.object(Cron, "_commit_progress", return_value=0):
            self.env["crm.policy.approval"]._cron_remind_deciders()
        self.assertEqual(len(requests.filtered("reminded_on")), 1)
        with at("2026-03-06 09:10"), patch.object(Cron, "_commit_progress", return_value=60):
            self.env["crm.policy.approval"]._cron_remind_deciders()
        self.assertEqual(requests.mapped("reminded_on"), [date(2026, 3, 6)] * 2)

    def test_the_chain_shows_who_signed_and_whom_it_waits_for(self):
        remedy = self._submitted(60000)
        chain = remedy.policy_approval_id.with_user(self.users["specialist"]).chain
        self.assertEqual(chain["requester"], self.users["specialist"].name)
        self.assertEqual([step["state"] for step in chain["steps"]], ["pending"])
        self.assertEqual(chain["steps"][0]["waiting_for"], self.users["ceo"].name)
        self.assertEqual(chain["turns"], ["recall", "remind", "copy"])
        self._as("ceo", remedy).action_policy_approve("特批")
        chain = remedy.policy_approval_id.with_user(self.users["ceo"]).chain
        self.assertEqual(chain["state"], "approved")
        self.assertEqual(
            [(line["user"], line["outcome"], line["comment"])
             for line in chain["steps"][0]["decisions"]],
            [(self.users["ceo"].name, "approved", "特批")],
        )  # fmt: skip
        self.assertEqual(chain["turns"], [])
