"""Odoo's "Share", followers and links from outside: what they open, and what never (POR-01)."""

# What is said here nobody reads.
# pylint: disable=translation-required

from urllib.parse import urlencode

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..portal_common import SECRETS, PortalCommon


@tagged("-at_install", "post_install")
class TestShare(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._new_secret_case()
        group = cls.env.ref("base.group_partner_manager")
        users = [cls.plain, *cls.users.values()]
        for user in users:
            user.group_ids += group

    def _share(self, record, partners, user):
        wizard = (
            self.env["portal.share"]
            .with_user(user)
            .create({"res_model": record._name, "res_id": record.id, "partner_ids": partners.ids})
        )
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            return wizard.action_send_mail()

    def _form(self):
        """Return an attachment that is the complaint form, on a note of the case."""
        report = self.env.ref("crm_policy.complaint_form_report")
        content, _kind = report._render_qweb_html(report.report_name, self.case.ids)
        file = self.env["ir.attachment"].create({"name": "form.html", "raw": content})
        self.case.message_post(body="x", subtype_xmlid="mail.mt_note", attachment_ids=file.ids)
        return file

    # === WHO SHARES WHAT WITH WHOM === #

    def test_a_case_is_shared_with_its_own_customer_by_who_handles_it(self):
        own = self.colleague.partner_id
        for role, guest, refusal in (
            ("specialist", own, None),
            ("supervisor", self.customer.partner_id, None),
            ("specialist", self.stranger.partner_id, UserError),
            ("specialist", own | self.stranger.partner_id, UserError),
            ("director", self.stranger.partner_id, UserError),
            ("qc", own, AccessError),
            ("finance", own, AccessError),
        ):
            with self.subTest(role=role, guest=guest.mapped("name")):
                before = self.case.message_ids
                if refusal:
                    with self.assertRaises(refusal), self.cr.savepoint():
                        self._share(self.case, guest, self.users[role])
                    self.env.invalidate_all()
                    self.assertEqual(self.case.message_ids, before)
                else:
                    self._share(self.case, guest, self.users[role])
                    invitation = self.case.message_ids - before
                    self.assertEqual(invitation.partner_ids, guest)
                    self.assertNoSecret(invitation.body, "assignee")  # who invites says his name
        with self.assertRaises(AccessError), self.cr.savepoint():
            self._share(self.case, own, self.plain)
        self.case.partner_id = False
        with self.assertRefused(UserError, r"is shown to its customer only \(-\)"):
            self._share(self.case, own, self.users["specialist"])

    def test_who_is_complained_about_shares_nothing(self):
        clerk = self.other_specialist
        clerk.group_ids += self.env.ref("base.group_partner_manager")
        self.case.policy_accused_user_ids = clerk
        with self.assertRaises(AccessError):
            self._share(self.case, self.colleague.partner_id, clerk)

    def test_an_ungoverned_ticket_is_shared_as_helpdesk_does(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "x", "description": "x"})
        self._share(ticket, self.stranger.partner_id, self.env.user)
        self.assertTrue(ticket.access_token)
        # Whoever may not read it sends nobody its link.
        self.assertFalse(ticket.with_user(self.plain).has_access("read"))
        with self.assertRaises(AccessError):
            self._share(ticket, self.stranger.partner_id, self.plain)

    def test_no_other_document_of_ours_is_shared(self):
        """Every stored model of ours, whoever asks: a guest would read its name in the mail."""
        Share = self.env["portal.share"]
        names = [
            name
            for name, Model in self.env.items()
            if name.startswith("crm.policy.") and not (Model._abstract or Model._transient)
        ]
        self.assertGreater(len(names), 50)
        for name in names:
            with self.subTest(name):
                with self.assertRefused(UserError, "nobody outside is let in"):
                    Share.with_context(active_model=name, active_id=1).default_get(["share_link"])
                wizard = Share.new({"res_model": name, "res_id": 1})
                with self.assertRefused(UserError, "nobody outside is let in"):
                    wizard.action_send_mail()

    # === WHAT THE LINK OPENS === #

    def test_the_link_opens_the_customer_s_page_and_nothing_else(self):
        form = self._form()
        self._share(self.case, self.colleague.partner_id, self.users["specialist"])
        token = self.case.access_token
        guest = self.colleague.partner_id
        signed = {"pid": guest.id, "hash": self.case._sign_token(guest.id)}
        link = {"model": self.case._name, "res_id": self.case.id, "access_token": token, **signed}
        for login in (None, "t_stranger"):
            self.authenticate(login, login)
            with self.subTest(login):
                answer = self._get(f"/mail/view?{urlencode(link)}")
                self.assertEqual(answer.status_code, 303)
                self.assertIn(f"/my/ticket/{self.case.id}?", answer.headers["Location"])
                page = self._get(answer.headers["Location"]).text
                self.assertIn("请把不良品照片发给我们", page)
                self.assertNoSecret(page)
                self.assertNotIn(form.name, page)
                wrong = self._get(f"/mail/view?{urlencode({**link, 'access_token': 'no'})}")
                self.assertNotIn("/my/ticket/", wrong.headers["Location"])
                for route in ("web/content", "web/image"):
                    for key in ("", "?access_token=no", f"?access_token={token}"):
                        answer = self._get(f"/{route}/{form.id}{key}")
                        self.assertNotIn(form.raw, answer.content)
                        self.assertNotIn(SECRETS["amount"], answer.text)
                for name in ("policy_solution", "description", "policy_claim_amount"):
                    answer = self._get(
                        f"/web/content/helpdesk.ticket/{self.case.id}/{name}?access_token={token}"
                    )
                    self.assertNotEqual(answer.status_code, 200)

    def test_the_chatter_by_the_link_shows_the_conversation_only(self):
        self._form()
        guest = self.colleague.partner_id
        keys = {
            "token": self.case._portal_ensure_token(),
            "pid": guest.id,
            "hash": self.case._sign_token(guest.id),
        }
        place = {"thread_model": self.case._name, "thread_id": self.case.id}
        for login in (None, "t_stranger", "t_customer"):
            self.authenticate(login, login)
            for route in ("/mail/chatter_fetch", "/mail/thread/messages", "/portal/chatter_init"):
                with self.subTest(login=login, route=route), mute_logger("odoo.http"):
                    try:
                        answer = str(self.make_jsonrpc_request(route, {**place, **keys}))
                    except Exception as refusal:  # whatever it says, no secret is in it
                        answer = str(refusal)
                    self.assertNoSecret(answer)
                    self.assertNotIn("form.html", answer)

    # === FOLLOWERS AND FORWARDING === #

    def test_a_follower_from_outside_gets_the_conversation_and_no_note(self):
        subtypes = self.env.ref("mail.mt_note") | self.env.ref("mail.mt_comment")
        guest = self.stranger.partner_id
        self.case.message_subscribe(guest.ids, subtypes.ids)
        mine = self._as("specialist", self.case)
        note = mine.message_post(body="内部", subtype_xmlid="mail.mt_note")
        said = {"message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        told = mine.message_post(body="您好", **said)
        self.assertNotIn(guest, note.sudo().notification_ids.res_partner_id)
        self.assertIn(guest, told.sudo().notification_ids.res_partner_id)
        self.assertFalse(self.case.with_user(self.stranger).has_access("read"))
        form = self._form()
        with self.assertRefused(UserError, "leaves the house in no way"):
            mine.sudo().message_post(body="x", attachment_ids=form.copy().ids, **said)
        self.authenticate("t_stranger", "t_stranger")
        self.assertNotIn(form.raw, self._get(f"/web/content/{form.id}").content)

    def test_who_is_notified_of_a_note_reads_neither_the_case_nor_its_form(self):
        """Forwarding: a note that names somebody outside takes no inner paper to him."""
        guest = self.stranger.partner_id
        mine = self._as("specialist", self.case)
        form = self._form()
        with self.assertRefused(UserError, "leaves the house in no way"):
            mine.sudo().message_post(
                body="转发",
                subtype_xmlid="mail.mt_note",
                partner_ids=guest.ids,
                attachment_ids=form.copy().ids,
            )
        clerk = self.users["specialist"]
        again = self.env["ir.attachment"].with_user(clerk).create({"name": "x", "raw": form.raw})
        composer = (
            self.env["mail.compose.message"]
            .with_user(clerk)
            .create(
                {
                    "model": self.case._name,
                    "res_ids": str(self.case.ids),
                    "composition_mode": "comment",
                    "partner_ids": guest.ids,
                    "subject": "转发",
                    "body": "转发",
                    "attachment_ids": again.ids,
                }
            )
        )
        with self.assertRefused(UserError, "leaves the house in no way"):
            composer.sudo().action_send_mail()
        mine.message_post(body="请协助", partner_ids=guest.ids, subtype_xmlid="mail.mt_note")
        self.assertFalse(self.case.with_user(self.stranger).has_access("read"))
