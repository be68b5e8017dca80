"""A governed case in the portal: the customer's words, his files, and nothing of ours."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from ..portal_common import HTML, PNG, SECRETS, PortalCommon


@tagged("post_install", "-at_install")
class TestPortalCase(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._new_secret_case()
        cls.url = f"/my/ticket/{cls.case.id}"

    def _page(self, login="t_customer", url=None):
        self.authenticate(login, login)
        return self._get(url or self.url)

    def _messages(self):
        self.env.invalidate_all()
        return self.case.message_ids.filtered(
            lambda message: (
                message.subtype_id == self.env.ref("mail.mt_comment") and not message.is_internal
            )
        )

    # === WHO SEES IT === #

    def test_the_customer_s_own_people_see_it(self):
        for login in ("t_customer", "t_colleague"):
            answer = self._page(login)
            self.assertEqual(answer.status_code, 200, login)
            self.assertIn(self.case.name, answer.text)

    def test_others_get_the_answer_of_what_is_not_there(self):
        for login in ("t_stranger", "t_plain"):
            theirs, none = self._page(login), self._get("/my/ticket/999999999")
            self.assertEqual((theirs.status_code, none.status_code), (303, 303), login)
            self.assertEqual(theirs.headers["Location"], none.headers["Location"], login)

    def test_without_an_account_and_without_token_nothing(self):
        theirs, none = self._get(self.url), self._get("/my/ticket/999999999")
        self.assertEqual((theirs.status_code, none.status_code), (303, 303))
        self.assertEqual(theirs.headers["Location"], none.headers["Location"])
        self.assertEqual(self._get(f"{self.url}?access_token=guess").status_code, 303)

    def test_the_list_shows_one_s_own_in_plain_words(self):
        page = self._page(url="/my/tickets").text
        self.assertIn(self.case.policy_number, page)
        self.assertIn("Being examined", page)
        self.assertIn("Complaints and Service", page)
        self.assertNoSecret(page)
        self.assertNotIn(self.case.name, self._page("t_stranger", "/my/tickets").text)

    def test_the_list_takes_any_address(self):
        self.authenticate("t_customer", "t_customer")
        for query in (
            "sortby=x&groupby=x&filterby=x&search_in=x&search=PCB",
            "sortby=stage&groupby=stage&search_in=number&search=" + self.case.policy_number,
            "groupby=category",
            "date_begin=x&date_end=y",
            "date_begin=2020-01-01&date_end=2999-01-01",
        ):
            answer = self._get(f"/my/tickets?{query}")
            self.assertEqual(answer.status_code, 200, query)
            self.assertIn(self.case.name, answer.text, query)

    def test_what_the_list_offers_is_said_in_words_that_can_be_translated(self):
        page = self._page(url="/my/tickets").text
        for ours in ("Newest First", "Not Grouped", "Search Everywhere"):
            self.assertIn(ours, page)
        self.assertNotIn("Search in All", page)

    def test_the_home_page_has_its_card(self):
        self.assertIn("Complaints and Service", self._page(url="/my").text)

    # === WHAT IS ON IT === #

    def test_no_secret_is_on_the_page(self):
        for login in ("t_customer", "t_colleague"):
            self.assertNoSecret(self._page(login).text)
        token = self.case._portal_ensure_token()
        self.authenticate(None, None)
        self.assertNoSecret(self._get(f"{self.url}?access_token={token}").text)

    def test_the_solution_appears_with_its_decision_and_the_reply_when_it_was_given(self):
        mine = self._as("specialist", self.case)
        mine.action_policy_propose()
        self.assertNoSecret(self._page().text)
        mine.action_policy_submit()
        self.case.policy_remedy_ids.with_user(self.users["manager"]).action_policy_approve("同意")
        mine.action_policy_decide()
        page = self._page().text
        self.assertIn(SECRETS["solution"], page)
        self.assertNoSecret(page, "solution")
        mine.action_policy_settle()
        self.assertNotIn("我们同意返工", self._page().text)
        mine.action_policy_reply("我们同意返工", "phone")
        page = self._page().text
        self.assertIn("我们同意返工", page)
        self.assertNoSecret(page, "solution")

    def test_the_steps_in_the_customer_s_words(self):
        def steps(case):
            return [(step["code"], step["state"]) for step in case._policy_customer_steps()]

        case = self._new_case()
        self.assertEqual(case._policy_customer_status()[0], "received")
        expected = {
            "accept": "received",
            "register": "examined",
            "respond": "examined",
            "propose": "examined",
            "decide": "proposed",
            "settle": "carried_out",
            "reply": "carried_out",
            "callback": "carried_out",
            "recheck": "carried_out",
            "close": "closed",
        }
        for until, code in expected.items():
            case = self._new_case()
            self._drive(case, until)
            self.assertEqual(case._policy_customer_status()[0], code, until)
        self.assertEqual(
            steps(case),
            [
                ("received", "done"),
                ("examined", "done"),
                ("proposed", "done"),
                ("carried_out", "done"),
                ("closed", "done"),
            ],
        )
        inquiry = self._new_case(policy_kind="inquiry")
        self._as("specialist", inquiry).action_policy_accept()
        self._as("specialist", inquiry).action_policy_respond("x")
        self.assertEqual(
            steps(inquiry), [("received", "done"), ("answered", "current"), ("closed", "todo")]
        )
        self._as("supervisor", self.case).action_policy_cancel("重复")
        self.assertEqual(self.case._policy_customer_status()[0], "cancelled")

    def test_only_deadlines_with_words_for_the_customer_are_shown(self):
        case = self._new_case(partner_id=self.customer.partner_id.id)
        self._as("specialist", case).action_policy_accept()
        self.assertEqual(
            [promise["text"] for promise in case._policy_customer_promises()],
            ["We contact you about your complaint", "We have a solution ready"],
        )
        due = case.policy_deadline_ids.sorted("due_at")
        self.assertEqual(
            [promise["due_at"] for promise in case._policy_customer_promises()],
            due.mapped("due_at"),
        )
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET customer_text = NULL WHERE id = %s",
            [due[0].rule_id.id],
        )
        self.env.invalidate_all()
        self.assertEqual(
            [promise["text"] for promise in case._policy_customer_promises()],
            ["We have a solution ready"],
        )
        page = self._page(url=f"/my/ticket/{case.id}").text
        self.assertIn("We have a solution ready", page)
        self.assertNotIn(due[0].rule_id.name, page)

    def test_his_own_files_and_those_of_the_conversation(self):
        File = self.env["ir.attachment"]
        note, said, put, own = File.create(
            [{"name": name, "raw": name.encode()} for name in ("note", "said", "put", "own")]
        )
        mine = self._as("specialist", self.case).sudo()
        mine.message_post(body=note.name, subtype_xmlid="mail.mt_note", attachment_ids=note.ids)
        mine.message_post(
            body=said.name,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachment_ids=said.ids,
        )
        (put | own).write({"res_model": "helpdesk.ticket", "res_id": self.case.id})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_attachment SET create_uid = %s WHERE id = %s", [self.customer.id, own.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.case._policy_customer_files(), own)
        page = self._page().text
        for file, shown in ((note, False), (said, True), (put, False), (own, True)):
            self.assertEqual(f"/web/content/{file.id}?" in page, shown, file.name)
            self.assertNotEqual(self._get(f"/web/content/{file.id}").status_code, 200)

    # === OVER RPC === #

    def test_a_customer_reads_no_field_of_ours(self):
        self.authenticate("t_customer", "t_customer")
        for name in ("policy_severity", "policy_solution", "policy_department_id", "user_id"):
            with self.assertRaises(AccessError):
                self.case.with_user(self.customer).read([name])
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                self.env["helpdesk.ticket"].with_user(self.customer).search([(name, "=", 1)])
            with self.assertRaises(JsonRpcException):
                self._rpc("read", self.case.ids, [name])
        readable = self.case.with_user(self.customer).fields_get()
        self.assertNotIn("policy_severity", readable)
        names = [
            name
            for name in readable
            # Helpdesk and mail offer these two, and refuse them.
            if name != "tag_ids" and not name.startswith("activity_exception")
        ]
        [read] = self._rpc("read", self.case.ids, names)
        self.assertEqual(read["policy_number"], self.case.policy_number)
        self.assertNoSecret(str(read), "loss")  # what he claims himself he may read

    def test_the_chatter_s_own_route_names_no_clerk(self):
        self.authenticate("t_customer", "t_customer")
        answer = self.make_jsonrpc_request(
            "/mail/chatter_fetch",
            {"thread_model": "helpdesk.ticket", "thread_id": self.case.id},
        )
        self.assertIn("请把不良品照片发给我们", str(answer))
        self.assertIn(self.company.name, str(answer))
        self.assertNoSecret(str(answer))

    def test_messages_read_over_rpc_name_no_clerk(self):
        self.authenticate("t_customer", "t_customer")
        of_case = [("model", "=", "helpdesk.ticket"), ("res_id", "=", self.case.id)]
        names = ["body", "author_id", "email_from", "reply_to", "create_uid", "write_uid"]
        read = self._rpc("search_read", of_case, names, model="mail.message")
        self.assertIn("请把不良品照片发给我们", str(read))
        self.assertNoSecret(str(read))
        ours = self._messages().with_user(self.users["supervisor"])
        self.assertIn(SECRETS["assignee"], str(ours.read(["author_id"])))

    def test_the_mail_routes_name_no_clerk(self):
        thread = {"thread_model": "helpdesk.ticket", "thread_id": self.case.id}
        wanted = [["mail.thread", {**thread, "request_list": ["followers", "suggestedRecipients"]}]]
        calls = {
            "/portal/chatter_init": thread,
            "/mail/thread/recipients": thread,
            "/mail/thread/recipients/get_suggested_recipients": thread,
            "/mail/thread/messages": thread,
            "/mail/data": {"fetch_params": wanted},
        }
        self.authenticate("t_customer", "t_customer")
        for route, params in calls.items():
            with self.subTest(route), mute_logger("odoo.http"):
                try:
                    answer = self.make_jsonrpc_request(route, params)
                except JsonRpcException:
                    continue
                self.assertNoSecret(str(answer))

    # === WHAT HE SAYS === #

    def _add(self, page=None, files=(), url=None, **data):
        return self._post(f"{url or self.url}/add", page=page or self.url, files=files, **data)

    def test_words_and_photos_land_as_his_message(self):
        before = self._messages()
        self.authenticate("t_colleague", "t_colleague")
        answer = self._add(text="又发现 <b>20</b> 片", files=[("photos", "a.png", PNG)])
        self.assertEqual(answer.status_code, 303)
        message = self._messages() - before
        self.assertEqual(message.author_id, self.colleague.partner_id)
        self.assertEqual(message.message_type, "comment")
        self.assertIn("又发现 &lt;b&gt;20&lt;/b&gt; 片", message.body)
        self.assertEqual(message.attachment_ids.name, "a.png")
        self.assertEqual(message.attachment_ids.res_id, self.case.id)
        self.assertIn("又发现", self._get(self.url).text)

    def test_others_add_nothing(self):
        before = self._messages()
        for login in ("t_stranger", "t_plain"):
            self.authenticate(login, login)
            answer = self._add(page="/new/ticket", text="x")
            self.assertEqual(answer.status_code, 303)
            self.assertTrue(answer.headers["Location"].endswith("/my"))
        self.assertEqual(self._messages(), before)

    def test_by_the_token_of_the_case_one_speaks_as_its_customer_only(self):
        token = self.case._portal_ensure_token()
        self.authenticate(None, None)
        for login in (None, "t_stranger"):
            self.authenticate(login, login)
            before = self._messages()
            page = f"{self.url}?access_token={token}"
            self._add(page=page, text="凭链接补充", access_token=token)
            message = self._messages() - before
            self.assertEqual(message.author_id, self.customer.partner_id)
            self.assertEqual(self._add(page=page, text="x", access_token="no").status_code, 303)
            self.assertEqual(self._messages(), before | message)

    def test_what_is_refused_stays_in_the_form(self):
        self.authenticate("t_customer", "t_customer")
        before = self._messages()
        self.assertEqual(self._add(text=" ").status_code, 422)
        answer = self._add(text="照片见附件", files=[("photos", "a.png", HTML)])
        self.assertEqual(answer.status_code, 422)
        self.assertIn("照片见附件", answer.text)
        self.assertNoSecret(answer.text)
        self.assertEqual(self._messages(), before)

    def test_without_the_form_s_token_it_is_refused(self):
        self.authenticate("t_customer", "t_customer")
        before = self._messages()
        self.assertEqual(self._post(f"{self.url}/add", text="x").status_code, 400)
        self.assertEqual(self._messages(), before)

    def test_an_ungoverned_ticket_keeps_helpdesk_s_conversation(self):
        ticket = self.env["helpdesk.ticket"].create(
            {
                "name": "t",
                "description": "d",
                "partner_id": self.customer.partner_id.id,
                "company_id": self.company.id,
                "user_id": self.users["specialist"].id,
            }
        )
        page = self._page(url=f"/my/ticket/{ticket.id}").text
        self.assertIn("o_portal_chatter", page)
        self.assertIn(SECRETS["assignee"], page)
        self._add(url=f"/my/ticket/{ticket.id}", page="/new/ticket", text="x")
        self.assertFalse(ticket.message_ids.filtered(lambda message: "x" in message.body))

    def test_a_customer_of_another_company_of_ours_does_not_see_it(self):
        other = self._new_company("别家公司")
        case = self.env["helpdesk.ticket"].create(
            {
                "name": "别家的",
                "description": "d",
                "partner_id": self.customer.partner_id.id,
                "company_id": other.id,
            }
        )
        self.assertEqual(self._page(url=f"/my/ticket/{case.id}").status_code, 303)
        self.customer.company_ids = [Command.link(other.id)]
        self.assertEqual(self._page(url=f"/my/ticket/{case.id}").status_code, 200)
