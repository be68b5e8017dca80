"""The private link of a case: none of us gets it, and none of us answers by it (POR-01)."""

# What is said here nobody reads.
# pylint: disable=translation-required

import warnings
from urllib.parse import quote, urlencode

from markupsafe import Markup

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..portal_common import PortalCommon

# Whoever may read a case of ours, or nearly, and those who may not.
INSIDE = (
    "specialist", "supervisor", "manager", "director", "ceo", "finance", "qc", "analyst",
    "policy_admin", "legal", "hr", "committee", "system", "plain",
)  # fmt: skip
OUTSIDE = ("stranger", "public")
# Of the export Odoo says so in another word.
NO_EXPORT = dict.fromkeys(OUTSIDE, (UserError,))


@tagged("-at_install", "post_install")
class TestCaseKey(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._new_secret_case()
        cls.token = cls.case.sudo()._portal_ensure_token()
        cls.people = {
            **cls.users,
            "plain": cls.plain,
            "stranger": cls.stranger,
            "public": cls.env.ref("base.public_user"),
            **{role: cls._new_user(role) for role in ("legal", "hr", "committee")},
            "system": new_test_user(
                cls.env,
                login="t_system",
                groups="base.group_system,helpdesk_mgmt.group_helpdesk_manager",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            ),
        }

        for user in cls.people.values():
            if user._is_internal():
                user.group_ids = [Command.link(cls.env.ref("base.group_allow_export").id)]

    def _ways(self, case):
        """Return {what is tried: how}: each gives the key to who is let through."""
        Ticket, domain = case.browse(), [("access_token", "=like", self.token[:3] + "%")]
        context = {"active_model": case._name, "active_id": case.id}
        name = "access_token"
        return {
            "read": lambda: case.read([name]),
            "web_read": lambda: case.web_read({name: {}}),
            "search_read": lambda: Ticket.search_read([("id", "=", case.id)], [name]),
            "web_search_read": lambda: Ticket.web_search_read([("id", "=", case.id)], {name: {}}),
            "export_data": lambda: case.export_data([name]),
            "formatted_read_group": lambda: Ticket.formatted_read_group([], [name], ["__count"]),
            "read_group": lambda: self._read_group(Ticket, name),
            "search": lambda: Ticket.search(domain),
            "search_count": lambda: Ticket.search_count(domain),
            "order": lambda: Ticket.search([], order=name),
            "filtered_domain": lambda: case.filtered_domain(domain),
            "by another model": lambda: (
                self.env["crm.policy.remedy"]
                .with_user(case.env.user)
                .search([("ticket_id.access_token", "=like", self.token[:3] + "%")])
            ),
            "onchange": lambda: case.onchange({}, [], {name: {}}),
            "copy": lambda: case.copy({name: "known"}),
            "write": lambda: case.write({name: "known"}),
            "web_save": lambda: case.web_save({name: "known"}, {}),
            "create": lambda: Ticket.create({"name": "x", "description": "x", name: "known"}),
            "default": lambda: Ticket.with_context(default_access_token="known").create(
                {"name": "x", "description": "x"}
            ),
            "load": lambda: self._load(Ticket),
            "get_portal_url": lambda: case.get_portal_url(query_string="&x=1", anchor="y"),
            "action_share": lambda: case.with_context(**context).action_share(),
            "share, default_get": lambda: (
                self.env["portal.share"]
                .with_user(case.env.user)
                .with_context(**context)
                .default_get(["share_link"])
            ),
            "share, link": lambda: (
                self.env["portal.share"]
                .with_user(case.env.user)
                .create({"res_model": case._name, "res_id": case.id, "partner_ids": []})
                .read(["share_link"])
            ),
        }

    def _read_group(self, Ticket, name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # people can call it all the same
            return Ticket.read_group([], ["id"], [name])

    def _load(self, Ticket):
        answer = Ticket.load(["name", "description", "access_token"], [["x", "x", "known"]])
        if not answer["ids"]:
            raise AccessError(str(answer["messages"]))
        return answer

    # === THE KEY === #

    def test_nobody_of_us_gets_the_key_by_any_way(self):
        """Role by way: refused, or answered without it; what is written changes nothing."""
        let_through = set()
        for role in (*INSIDE, *OUTSIDE):
            case = self.case.with_user(self.people[role])
            for way, attempt in self._ways(case).items():
                with self.subTest(role=role, way=way):
                    with mute_logger("odoo.addons.base.models.ir_model", "odoo.models"):
                        try:
                            with self.cr.savepoint():
                                answer = str(attempt())
                        except (AccessError, *NO_EXPORT.get(role, ())) as refusal:
                            answer = str(refusal)
                        else:
                            let_through.add((role, way))
                    self.env.invalidate_all()
                    self.assertNotIn(self.token, answer)
                    self.assertEqual(self.case.sudo().access_token, self.token)
                    chosen = self.case.sudo().search([("access_token", "=", "known")])
                    self.assertFalse(chosen)
        ways = {way for _role, way in let_through}
        # What answers at all says where the page is, behind the login.
        self.assertLessEqual(
            ways, {"get_portal_url", "action_share", "share, default_get", "share, link"}
        )
        self.assertIn(("specialist", "get_portal_url"), let_through)
        self.assertNotIn(("stranger", "get_portal_url"), let_through)
        self.assertNotIn(("plain", "share, link"), let_through)

    def test_the_address_of_the_page_is_whole_without_the_key(self):
        mine = self._as("specialist", self.case)
        self.assertEqual(mine.get_portal_url(), f"/my/ticket/{self.case.id}")
        url = mine.get_portal_url(suffix="/a", report_type="pdf", download=True, anchor="x")
        self.assertEqual(url, f"/my/ticket/{self.case.id}/a?report_type=pdf&download=true#x")
        his = self.case.with_user(self.customer).get_portal_url()
        self.assertEqual(his, f"/my/ticket/{self.case.id}?access_token={self.token}")
        with self.assertRaises(AccessError):
            self.case.with_user(self.stranger).get_portal_url()

    def test_nobody_s_default_becomes_the_key_of_a_case(self):
        clerk = self.users["specialist"]
        Default = self.env["ir.default"].with_user(clerk).sudo()
        Default.set("helpdesk.ticket", "access_token", "known", user_id=clerk.id)
        mine = self.case.with_user(clerk).browse()
        ticket = mine.create({"name": "x", "description": "x"})
        inner = mine.sudo().with_context(default_access_token="known")
        for each in (ticket.sudo(), inner.create({"name": "x", "description": "x"})):
            self.assertFalse(each.access_token)
            self.assertNotEqual(each._portal_ensure_token(), "known")

    def test_a_ticket_that_is_not_governed_yet_keeps_its_key_as_well(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "x", "description": "x"})
        token = ticket._portal_ensure_token()
        mine = ticket.with_user(self.people["system"])
        with self.assertRaises(AccessError):
            mine.read(["access_token"])
        self.assertNotIn(token, mine.get_portal_url())
        self.authenticate("t_system", "t_system")
        page = self._get(f"/my/ticket/{ticket.id}")
        self.assertEqual(page.status_code, 200)
        self.assertNotIn(token, page.text)

    # === PAGES === #

    def test_no_page_of_ours_shows_a_key(self):
        """The list hands out the keys of its neighbours, and a redirect told the true one."""
        others = [self._new_case(partner_id=self.customer.partner_id.id) for _one in range(2)]
        tokens = [case.sudo()._portal_ensure_token() for case in (self.case, *others)]
        for login in ("t_specialist", "t_supervisor", "t_director"):
            self.authenticate(login, login)
            self.assertEqual(self._get("/my/tickets").status_code, 200)
            for case in (self.case, *others):
                url = f"/my/ticket/{case.id}"
                page = self._get(url)
                self.assertEqual(page.status_code, 200, login)
                answers = [page]
                csrf = self._csrf(url)
                for door in ("add", "answer"):
                    answers.append(
                        self._post(
                            f"{url}/{door}", csrf_token=csrf, access_token="no", text="x",
                            saying="confirm",
                        )
                    )  # fmt: skip
                for answer in answers:
                    for token in tokens:
                        self.assertNotIn(token, answer.text)
                        self.assertNotIn(token, answer.headers.get("Location", ""))

    # === SHARING === #

    def test_an_invitation_goes_past_our_eyes(self):
        clerk = self.users["specialist"]
        clerk.group_ids += self.env.ref("base.group_partner_manager")
        guest = self.colleague.partner_id
        sent = []
        Mail = type(self.env["mail.mail"])
        create = Mail.create

        def note(mails, vals_list):
            made = create(mails, vals_list)
            sent.extend((mail, mail.body_html) for mail in made)
            return made

        self.patch(Mail, "create", note)
        wizard = (
            self.env["portal.share"]
            .with_user(clerk)
            .create(
                {
                    "res_model": self.case._name,
                    "res_id": self.case.id,
                    "partner_ids": guest.ids,
                    "note": "请查看进度",
                }
            )
        )
        wizard.action_send_mail()
        self.env.flush_all()
        [(mail, body)] = sent
        self.assertEqual(mail.recipient_ids, guest)
        self.assertTrue(mail.auto_delete)
        self.assertIn("请查看进度", body)
        self.assertIn(self.token, body)
        self.assertIn(f"pid={guest.id}", body)
        self.authenticate(None, None)
        signed = {"pid": guest.id, "hash": self.case.sudo()._sign_token(guest.id)}
        self.assertIn(signed["hash"], body)
        link = {"model": self.case._name, "res_id": self.case.id, "access_token": self.token}
        answer = self._get(f"/mail/view?{urlencode({**link, **signed})}")
        self.assertIn(f"/my/ticket/{self.case.id}?", answer.headers["Location"])
        # Of all messages that anybody of us reads none has the key, nor what is signed with it.
        for role in INSIDE:
            messages = self.env["mail.message"].with_user(self.people[role]).search([])
            for message in messages:
                self.assertNotIn(self.token, message.body or "", role)
                self.assertNotIn(signed["hash"], message.body or "", role)
        told = self.case.message_ids[:1]
        self.assertEqual((told.author_id, told.partner_ids), (clerk.partner_id, guest))
        self.assertIn("t_colleague", told.body)
        event = self.env["crm.policy.event"].search([("type", "=", "case.shared")])
        self.assertEqual((event.res_id, event.actor_id), (self.case.id, clerk.id))
        self.assertEqual(event.payload, {"partners": guest.ids})

    def test_an_answer_that_quotes_our_mail_brings_the_key_to_nobody(self):
        link = self.env["crm.policy.follow.link"]._policy_issue(self.case, 30, "findings")
        signature = self.case.sudo()._sign_token(self.partner.id)
        secrets = (self.token, link, signature)
        query = urlencode({"access_token": self.token, "pid": 1, "hash": signature})
        url = f"https://erp.example.com/mail/view?res_id={self.case.id}&{query}"
        followed = f"https://erp.example.com/policy/case/{link}"
        body = (
            '<p>已收到，同意。</p><blockquote><a href="{0}">View</a> {1} <a href="{1}">x</a>'
            ' <a href="https://safe.example.com/?url={2}">y</a> {3}</blockquote>'
        ).format(url.replace("&", "&amp;"), followed, quote(url, safe=""), quote(followed, safe=""))
        for kind in (str, Markup):
            message = self.env["mail.message"].create(
                {"model": self.case._name, "res_id": self.case.id, "message_type": "email",
                 "body": kind(body)}
            )  # fmt: skip
            self.assertIn("已收到，同意。", message.body)
            self.assertIn('<a href="https://erp.example.com/policy/case/...">x</a>', message.body)
            for secret in secrets:
                self.assertNotIn(secret, message.body)
        # The gateway, from the bytes of a mail on.
        mail = (
            "From: hengda@example.com\nTo: cases@example.com\nSubject: Re: 分层\n"
            f"Message-Id: <answer@example.com>\nIn-Reply-To: {self.case.message_ids[0].message_id}"
            f'\nContent-Type: text/html; charset="utf-8"\n\n{body}'
        )
        before = self.case.message_ids
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(None, mail.encode())
        [answer] = self.case.message_ids - before
        self.assertIn("已收到，同意。", answer.body)
        for secret in secrets:
            self.assertNotIn(secret, answer.body)
        # What is kept of other documents stays as it is.
        told = self.partner.message_post(body=followed)
        self.assertIn(link, told.body)

    # === ANSWERS === #

    def _doors(self, case):
        """Return the addresses by which a customer speaks: his page, and each private link."""
        link = self.env["crm.policy.follow.link"]._policy_issue(case, 30, "page")
        return {
            f"/my/ticket/{case.id}": {"access_token": case.sudo()._portal_ensure_token()},
            f"/policy/case/{link}": {},
        }

    def test_nobody_of_us_speaks_for_the_customer_by_a_link(self):
        """Role by door by saying, with the very link of the customer."""
        case = self._answerable()
        said = self.env["crm.policy.interaction"].search([("ticket_id", "=", case.id)])
        doors = self._doors(case)
        before = case.message_ids, case.policy_cycle
        for role in INSIDE:
            login = self.people[role].login
            self.authenticate(login, login)
            csrf = self._csrf(f"/my/ticket/{case.id}?{urlencode(doors[f'/my/ticket/{case.id}'])}")
            for url, key in doors.items():
                for form in (
                    {"saying": "confirm"},
                    {"saying": "refuse", "words": "不行"},
                    {"saying": "rate", "score": "1"},
                    {"saying": "appeal", "words": "不服"},
                    {"saying": "agree", "round": "1"},
                    {"text": "客户补充"},
                ):
                    door = "answer" if "saying" in form else "add"
                    with self.subTest(role=role, door=f"{url}/{door}", form=form):
                        answer = self._post(f"{url}/{door}", csrf_token=csrf, **key, **form)
                        self.assertEqual(answer.status_code, 422)
                        self.assertIn("Only the customer himself answers here.", answer.text)
        self.env.invalidate_all()
        words = self.env["crm.policy.interaction"].search([("ticket_id", "=", case.id)])
        self.assertEqual(words, said)
        self.assertEqual((case.message_ids, case.policy_cycle), before)

    def _answerable(self):
        case = self._new_secret_case()
        mine = self._as("specialist", case)
        mine.action_policy_propose()
        mine.action_policy_submit()
        case.policy_remedy_ids.with_user(self.users["manager"]).action_policy_approve("同意")
        mine.action_policy_decide()
        mine.action_policy_settle()
        mine.action_policy_reply("我们同意返工", "phone", score=1)
        return case

    def test_the_evidence_says_by_which_link_he_has_answered(self):
        for given_with, expected in (("page", "page"), ("findings", "findings"), (None, None)):
            case = self._answerable()
            self.authenticate(None, None)
            if given_with:
                token = self.env["crm.policy.follow.link"]._policy_issue(case, 30, given_with)
                url, key = f"/policy/case/{token}", {}
            else:
                url = f"/my/ticket/{case.id}"
                key = {"access_token": case.sudo()._portal_ensure_token()}
            page = f"{url}?{urlencode(key)}" if key else url
            answer = self._post(f"{url}/answer", page=page, saying="confirm", **key)
            self.assertEqual(answer.status_code, 303)
            self.env.flush_all()
            event = self.env["crm.policy.event"].search(
                [("type", "=", "customer.answer"), ("res_id", "=", case.id)]
            )
            link = self.env["crm.policy.follow.link"].search([("ticket_id", "=", case.id)])
            told = {"link": link.id, "given_with": expected} if given_with else {}
            self.assertEqual(event.payload, {"outcome": "confirmed", "channel": "link", **told})
