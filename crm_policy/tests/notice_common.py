"""A company under the furniture pack, with the people and customers of its notices (S6)."""

from odoo import Command
from odoo.tests import new_test_user

from .common import PolicyCommon, at

TEXT = "<p>自2026年6月1日起执行新的销售政策。</p>"
BOUNCE = """\
From: MAILER-DAEMON@{domain}
To: bounce@mingyuan.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{number}@{domain}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="xx"

--xx
Content-Type: text/plain; charset=utf-8

user unknown
--xx
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.{domain}

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1

--xx
Content-Type: text/rfc822-headers

Message-ID: {message_id}
To: {address}

--xx--
"""


class NoticeCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.governing = cls._install_policy("furniture")
        cls.people = {}
        for name in (
            "complaint_officer", "general_administration", "marketing", "head", "li", "qian",
            "deputy",
        ):  # fmt: skip
            cls.people[name] = new_test_user(
                cls.env,
                login=f"t_{name}",
                groups="base.group_user",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
                tz="Asia/Shanghai",
                notification_type="inbox",
            )
        officer = cls._role_of("complaint_officer")
        officer.substitute_required = False
        cls._new_post("complaint_officer", cls.people["complaint_officer"])
        cls._new_post("general_administration", cls.people["general_administration"])
        cls.marketing = cls.env["hr.department"].create(
            {"name": "市场部", "company_id": cls.company.id}
        )
        staff = [cls.people["marketing"], cls.people["head"]]
        cls.marketing.manager_id = cls._new_employees(staff, cls.marketing)[cls.people["head"]]
        cls.env["mail.alias.domain"].create(
            {
                "name": "mingyuan.example",
                "bounce_alias": "bounce",
                "company_ids": [Command.link(cls.company.id)],
            }
        )
        cls.company.email = "service@mingyuan.example"
        cls.Notice = cls.env["crm.policy.notice"]

    @classmethod
    def _customers(cls, *managers):
        """Create a customer for each of these salespeople."""
        return cls.env["res.partner"].create(
            [
                {
                    "name": f"客户 {number:02}",
                    "is_company": True,
                    "email": f"buyer{number}@customer{number}.example",
                    "user_id": cls.people[manager].id,
                }
                for number, manager in enumerate(managers, start=1)
            ]
        )

    def _draft(self, customers=(), user="marketing", **vals):
        mine = self.Notice.with_user(self.people[user])
        notice = mine.create(
            {
                "name": "新销售政策",
                "notice_class": "policy",
                "body": TEXT,
                "company_id": self.company.id,
                "policy_department_id": self.marketing.id,
                **vals,
            }
        )
        if customers:
            notice.action_policy_address(list(customers.ids))
        return notice.with_env(self.env)

    def _approved(self, customers, **vals):
        """Draft, review and approve a notice as S6 tells it."""
        with at("2026-05-06 10:00"):
            notice = self._draft(customers, **vals)
            notice.with_user(self.people["marketing"]).action_policy_submit()
        with at("2026-05-07 10:00"):
            notice.with_user(self.people["head"]).action_policy_approve("同意")
        with at("2026-05-07 16:00"):
            self._as("ceo", notice).action_policy_approve("同意")
        return notice

    def _by(self, name, records):
        return records.with_user(self.people[name])

    def _line(self, notice, partner):
        return notice.recipient_ids.filtered(lambda line: line.partner_id == partner)

    def _queue(self, notice):
        """Return the mails to the customers of a notice that wait in the queue."""
        messages = notice.recipient_ids.message_id
        return self.env["mail.mail"].search(
            [("mail_message_id", "in", messages.ids), ("state", "=", "outgoing")]
        )

    def _deliver(self, notice):
        self._take(self._queue(notice))

    def _take(self, mails):
        """Say of mails what the mail server would: taken."""
        for mail in mails:
            mail.state = "sent"
            mail._postprocess_sent_message(success_pids=mail.recipient_ids, success_emails=[])

    def _come_back(self, line, address=None):
        """Hand the report that a mail could not be delivered to the gateway."""
        self.env["mail.thread"].message_process(False, self._report(line, address))
        self.env.invalidate_all()

    def _report(self, line, address=None):
        """Return the report that the mail to a customer could not be delivered."""
        self.reports = getattr(self, "reports", 0) + 1
        return BOUNCE.format(
            address=address or line.email,
            message_id=line.message_id.message_id,
            domain="customer.example",
            number=self.reports,
        )

    def _clock(self, record, code):
        return record.policy_deadline_ids.filtered(lambda clock: clock.rule_code == code)

    def _events(self, record, event):
        return self.env["crm.policy.event"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id), ("type", "=", event)]
        )
