"""S6, the notice: from its draft to the last customer who understands it."""

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from ..common import at, shanghai
from ..complaint.mail_server import edge
from ..notice_common import NoticeCommon

MANAGERS = ["li", "qian"] * 11 + ["li"]  # of the 23 customers


class TestNoticeFlow(NoticeCommon):
    def _brief(self, notice, moment):
        with at(moment):
            for name in ("li", "qian"):
                lines = self._by(name, notice).recipient_ids.filtered("can_brief")
                lines.action_policy_brief("已当面讲解，客户无疑问")

    def test_s6_the_last_mail_comes_back_and_is_faxed(self):
        customers = self._customers(*MANAGERS)
        last = customers[-1]
        notice = self._approved(customers)
        self.assertEqual(notice.number, "FW-2026-0001")
        self.assertEqual(notice.policy_reviewed_at, shanghai("2026-05-07 10:00"))
        self.assertEqual(notice.policy_approved_at, shanghai("2026-05-07 16:00"))
        self.assertEqual(notice.state, "approved")
        clock = self._clock(notice, "notice-send")
        self.assertEqual(clock.due_at, shanghai("2026-05-08 18:00"))
        self.assertEqual(clock.user_id, self.people["complaint_officer"])
        # Correction: whoever it is but the officer, the author and the executive included.
        for user in (self.people["marketing"], self.people["head"], self.users["ceo"]):
            with (
                at("2026-05-08 09:00"),
                self.assertRefused(
                    AccessError, r"6\.1.*only the Complaint Officer.*t_complaint_officer"
                ),
            ):
                notice.with_user(user).action_policy_send()
        self.assertFalse(self._queue(notice))
        with at("2026-05-08 09:30"), edge(self) as server:
            self._by("complaint_officer", notice).action_policy_send()
            self.assertEqual(len(self._queue(notice)), 23)
            self._queue(notice).send()
        # Each customer reads his own address only.
        self.assertEqual(
            sorted(str(mail["To"].addresses[0].addr_spec) for mail in server.mails),
            sorted(customers.mapped("email")),
        )
        self.assertEqual({len(mail["To"].addresses) for mail in server.mails}, {1})
        self.assertFalse(any(mail["Cc"] or mail["Bcc"] for mail in server.mails))
        with at("2026-05-08 09:50"):
            self._come_back(self._line(notice, last))
        self.assertEqual(notice.state, "sending")
        self.assertFalse(notice.policy_sent_at)
        delivered = notice.recipient_ids.filtered(lambda line: line.delivery == "delivered")
        self.assertEqual(len(delivered), 22)
        self.assertEqual(set(delivered.mapped("policy_delivered_at")),
                         {shanghai("2026-05-08 09:30")})  # fmt: skip
        self.assertEqual(self._line(notice, last).failure, "user unknown")
        with at("2026-05-08 10:05"):
            self._by("complaint_officer", self._line(notice, last)).action_policy_deliver(
                "fax", "传真回执 0508-17"
            )
        self.assertEqual(notice.state, "sent")
        self.assertEqual(notice.policy_sent_at, shanghai("2026-05-08 10:05"))
        filing = self._clock(notice, "notice-file").filtered(lambda row: row.state == "open")
        self.assertEqual(filing.due_at, shanghai("2026-05-08 23:59:59"))
        for line in notice.recipient_ids:
            clock = self._clock(line, "notice-brief").filtered(lambda row: row.state == "open")
            self.assertEqual(clock.due_at, shanghai("2026-05-15 18:00"))
            self.assertEqual(clock.user_id, line.partner_id.user_id)
        with at("2026-05-08 16:00"):
            self._by("general_administration", notice).action_policy_file("GAD-2026-031")
        self._brief(notice, "2026-05-15 18:00:00")
        self.assertEqual(notice.policy_briefed_at, shanghai("2026-05-15 18:00"))
        self.assertEqual(notice.state, "archived")
        self.assertEqual(
            set(notice.recipient_ids.policy_deadline_ids.mapped("state")) - {"cancelled"}, {"met"}
        )

    @mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")
    def test_s6_a_customer_whom_the_mail_server_refuses(self):
        """Then it never counted as sent before the fax: one clock, met at 10:05."""
        customers = self._customers(*MANAGERS)
        notice = self._approved(customers)
        with at("2026-05-08 09:30"), edge(self) as server:
            server.refusal, server.refused = "550 5.1.1 no such user", b"buyer23@"
            self._by("complaint_officer", notice).action_policy_send()
            self._queue(notice).send()
        self.assertEqual(len(server.mails), 22)
        self.assertEqual((notice.reached_count, notice.failed_count), (22, 1))
        self.assertEqual(notice.state, "sending")
        line = self._line(notice, customers[-1])
        self.assertIn("550", line.failure)
        with at("2026-05-08 10:05"):
            self._by("complaint_officer", line).action_policy_deliver("fax", "0508-17")
        self.assertEqual(notice.policy_sent_at, shanghai("2026-05-08 10:05"))
        clock = self._clock(notice, "notice-send")
        self.assertEqual(len(clock), 1)
        self.assertEqual(clock.state, "met")
        self.assertEqual(clock.done_at, shanghai("2026-05-08 10:05"))
        self.assertEqual(clock.due_at, shanghai("2026-05-08 18:00"))

    def test_s6_with_the_days_of_the_state(self):
        """Correction 19: Saturday 05-09 is worked."""
        self.company.resource_calendar_id.policy_statutory_country_id = self.env.ref("base.cn")
        notice = self._approved(self._customers("li"))
        clock = self._clock(notice, "notice-send")
        self.assertEqual(clock.due_at, shanghai("2026-05-08 18:00"))
        with at("2026-05-08 10:05"):
            self._by("complaint_officer", notice).action_policy_send()
            self._deliver(notice)
        self.assertEqual(notice.policy_sent_at, shanghai("2026-05-08 10:05"))
        clock = self._clock(notice.recipient_ids, "notice-brief")
        self.assertEqual(clock.due_at, shanghai("2026-05-14 18:00"))
        self._brief(notice, "2026-05-14 18:00:01")
        self.assertEqual(clock.state, "late")
