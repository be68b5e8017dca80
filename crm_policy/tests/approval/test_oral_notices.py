"""A leader who has agreed orally is told what for, by whom, and until when he signs it."""

from odoo.tests import tagged
from odoo.tools import html2plaintext

from ..common import at
from .authority_common import AuthorityCommon


@tagged("post_install", "-at_install")
class TestOralNotices(AuthorityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users.values():
            user.notification_type = "inbox"
            user.tz = "Asia/Shanghai"
        cls.env.cr.precommit.run()

    def _told(self, role):
        """Return what a person has been told, oldest first."""
        self.env.cr.precommit.run()
        return self.env["mail.message"].search(
            [
                ("partner_ids", "in", self.users[role].partner_id.ids),
                ("message_type", "=", "user_notification"),
            ],
            order="id",
        )

    def _agree(self, remedy, leader="manager", **vals):
        self._as("specialist", remedy).action_policy_oral_yes(self.users[leader].id, **vals)

    def test_the_leader_is_told_what_he_has_agreed_to(self):
        _case, remedy = self._proposed_case(5000)
        with at("2026-03-02 10:00"):
            self._agree(remedy, comment="电话请示，同意先退款")
            [message] = self._told("manager")
        request = remedy.policy_approval_id
        self.assertEqual((message.model, message.res_id), (request._name, request.id))
        self.assertEqual(message.subject, f"To sign, you agreed orally: {remedy.display_name}")
        text = html2plaintext(message.body)
        for words in (
            f"{self.users['specialist'].name} carries this out on your word",
            remedy.display_name,
            "5,000.00",
            "2026-03-02 10:00 (Asia/Shanghai)",
            "2026-03-03 10:00 (Asia/Shanghai)",  # 24 hours
            "Clause 4.4",
            "电话请示，同意先退款",
        ):
            self.assertIn(words, text)

    def test_he_reads_the_hours_of_his_own_place(self):
        self.users["manager"].tz = "Europe/Berlin"
        _case, remedy = self._proposed_case(5000)
        with at("2026-03-02 10:00"):
            self._agree(remedy)
        text = html2plaintext(self._told("manager").body)
        self.assertIn("2026-03-02 03:00 (Europe/Berlin)", text)
        self.assertIn("2026-03-03 03:00 (Europe/Berlin)", text)
        self.assertNotIn("What Was Said", text)

    def test_nobody_else_is_asked_for_what_waits_for_him(self):
        """The manager would have been asked, had it not been agreed to by somebody above him."""
        _case, remedy = self._proposed_case(5000)
        self._agree(remedy, "ceo")
        self.assertFalse(self._told("manager"))
        self.assertEqual(len(self._told("ceo")), 1)

    def test_whom_it_was_handed_on_to_is_asked_as_everybody(self):
        _case, remedy = self._proposed_case(5000)
        self._agree(remedy, "manager")
        self.assertEqual(len(self._told("manager")), 1)
        self._as("manager", remedy).action_policy_forward(self.users["director"].id, "请总监补签")
        [message] = self._told("director")
        self.assertIn("Handed on to you", message.subject)

    def test_in_the_language_of_the_leader(self):
        self.users["manager"].lang = "zh_CN"
        _case, remedy = self._proposed_case(5000)
        self._agree(remedy)
        text = html2plaintext(self._told("manager").body)
        self.assertIn("条款 4.4", text)
