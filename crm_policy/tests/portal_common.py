"""Customers with accounts, a case full of secrets, and forms as a browser sends them."""

import io
import re

from PIL import Image

from odoo import Command
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from .common import PolicyCommon

# What a customer must never read, put on the case by `_new_secret_case`.
SECRETS = {
    "solution": "绝密方案文本",
    "amount": "8765.43",
    "loss": "765432",
    "note": "内部备注机密",
    "internal_comment": "只限内部的评论",
    "assignee": "经办人甲某",
    "assignee_mail": "clerk-secret@example.com",
    "assignee_phone": "13900001234",
    "department": "机密科室",
    "response": "内部响应记录",
    "sort_reason": "分拣原因机密",
}
# Words of the screens of ours that no customer's page contains.
INNER_WORDS = ("Severity", "crisis", "Crisis", "Responsib", "Grade", "policy_severity")


def image_bytes(kind="PNG", size=(8, 8)):
    """Return a small real picture."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(buffer, kind)
    return buffer.getvalue()


PNG = image_bytes()
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 60


class PortalCommon(HttpCase, PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._new_customer("t_customer", cls.partner)
        cls.colleague = cls._new_customer("t_colleague", cls.partner)
        cls.other_partner = cls.env["res.partner"].create(
            {"name": "无锡别家", "is_company": True, "email": "bie@example.com"}
        )
        cls.stranger = cls._new_customer("t_stranger", cls.other_partner)
        cls.plain = new_test_user(
            cls.env,
            login="t_plain",
            groups="base.group_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _new_customer(cls, login, partner):
        user = new_test_user(
            cls.env,
            login=login,
            groups="base.group_portal",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        user.partner_id.parent_id = partner
        return user

    @classmethod
    def _new_secret_case(cls, **vals):
        """Return a complaint under way with everything on it that is none of the customer's."""
        clerk = cls.users["specialist"]
        clerk.write({"name": SECRETS["assignee"], "email": SECRETS["assignee_mail"]})
        clerk.partner_id.phone = SECRETS["assignee_phone"]
        department = cls.env["hr.department"].create(
            {"name": SECRETS["department"], "company_id": cls.company.id}
        )
        case = cls._new_case(
            partner_id=cls.customer.partner_id.id,
            policy_severity="crisis",
            policy_urgency="urgent",
            policy_claim_amount=float(SECRETS["loss"]),
            policy_department_id=department.id,
            policy_solution=SECRETS["solution"],
            **vals,
        )
        case._policy_guarded_write({"policy_sort_reason": SECRETS["sort_reason"]})
        mine = cls._as("specialist", case)
        mine.action_policy_accept()
        mine.action_policy_register()
        mine.action_policy_respond(SECRETS["response"])
        cls._new_remedy(case, float(SECRETS["amount"]))
        mine.message_post(body=SECRETS["note"], subtype_xmlid="mail.mt_note")
        said = {"message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        internal = mine.message_post(body=SECRETS["internal_comment"], **said)
        internal.sudo().is_internal = True
        mine.message_post(body="请把不良品照片发给我们", **said)
        return case

    def assertNoSecret(self, text, *allowed):
        for name, secret in SECRETS.items():
            if name not in allowed:
                self.assertNotIn(secret, text, name)
        for amount in ("8,765.43", "765,432"):
            self.assertNotIn(amount, text)
        for word in INNER_WORDS:
            self.assertNotIn(word, text)

    # === A BROWSER === #

    def _csrf(self, url):
        page = self.url_open(url).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        self.assertTrue(found, f"{url} has no form")
        return found[1]

    def _post(self, url, page=None, files=(), **data):
        """Send a form as the page at ``page`` holds it; files as (field, name, content)."""
        if page:
            data = {"csrf_token": self._csrf(page), **data}
        posted = [(field, (name, content)) for field, name, content in files]
        with mute_logger("odoo.http"):
            return self.url_open(
                url, data=data, files=posted or None, allow_redirects=False, timeout=60
            )

    def _get(self, url, **kwargs):
        with mute_logger("odoo.http"):
            return self.url_open(url, allow_redirects=False, **kwargs)

    def _rpc(self, method, *args, model="helpdesk.ticket", **kwargs):
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        with mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.models"):
            return self.make_jsonrpc_request("/web/dataset/call_kw", params)
