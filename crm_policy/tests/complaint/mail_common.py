"""A mailbox of the company and its correspondents: what the tests of the mail gateway share."""

from pathlib import Path

from odoo import Command

from ..common import PolicyCommon

CORPUS = Path(__file__).parents[1] / "data" / "mail"
BOX = "complaint@mingyuan.example"
CUSTOMER = "li.wei@hengda.example"


class MailCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create(
            {"name": "mingyuan.example", "company_ids": [Command.link(cls.company.id)]}
        )
        cls.company.email = "service@mingyuan.example"
        cls.team = cls.env["helpdesk.ticket.team"].create(
            {"name": "投诉窗口", "company_id": cls.company.id, "alias_name": "complaint"}
        )
        cls.team.write(
            {
                "policy_mail_intake": True,
                "policy_mail_kind": "complaint",
                "policy_mail_type_id": cls.types["quality"].id,
                "policy_acknowledge": True,
            }
        )
        cls.users["specialist"].partner_id.email = "specialist@mingyuan.example"
        Partner = cls.env["res.partner"]
        cls.li = Partner.create(
            {"name": "李伟", "email": CUSTOMER, "parent_id": cls.partner.id, "lang": "en_US"}
        )
        cls.twins = Partner.create(
            [{"name": name, "email": "shared@twins.example"} for name in ("A", "B")]
        )
        cls.other_company = cls._new_company("别的公司")
        cls.stranger = Partner.create(
            {
                "name": "别家的客户",
                "email": "secret@other.example",
                "company_id": cls.other_company.id,
            }
        )
        cls.rival = Partner.create({"name": "对手", "email": "rival@rival.example"})
        cls.Ticket = cls.env["helpdesk.ticket"]
        cls._set_parameter("acknowledge_hours", 0)

    def _mail(self, subject="PCB-204", sender=CUSTOMER, body="hello", to=BOX, mid=None, **headers):
        """Return a raw mail; header names are written with underscores."""
        self.sent = getattr(self, "sent", 0) + 1
        lines = {
            "From": sender,
            "To": to,
            "Subject": subject,
            "Message-ID": mid or f"<m{self.sent}@hengda.example>",
            "Content-Type": "text/plain; charset=utf-8",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "\r\n".join(f"{name}: {value}" for name, value in lines.items() if value is not None)
        return f"{head}\r\n\r\n{body}".encode()

    def _receive(self, raw):
        """Hand a raw mail to the gateway; return the tickets that it made."""
        last = self.Ticket.search([], order="id desc", limit=1).id or 0
        self.env["mail.thread"].message_process(False, raw)
        return self.Ticket.with_context(active_test=False).search([("id", ">", last)], order="id")

    def _corpus(self, name):
        return (CORPUS / f"{name}.eml").read_bytes()

    def _events(self, case, event):
        return self.env["crm.policy.event"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id), ("type", "=", event)]
        )
