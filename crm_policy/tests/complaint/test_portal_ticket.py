"""Helpdesk's own portal: its holes are closed for every ticket, governed or not."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..portal_common import ELF, HTML, PNG, SVG, PortalCommon

MB = 1024 * 1024


@tagged("post_install", "-at_install")
class TestPortalClose(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Stage = cls.env["helpdesk.ticket.stage"]
        cls.closed = Stage.create(
            {"name": "完结", "closed": True, "close_from_portal": True, "company_id": False}
        )
        cls.inner = Stage.create({"name": "作废", "closed": True, "company_id": False})
        cls.foreign = Stage.create(
            {
                "name": "别家完结",
                "closed": True,
                "close_from_portal": True,
                "company_id": cls._new_company("别家公司").id,
            }
        )
        cls.team = cls.env["helpdesk.ticket.team"].create(
            {"name": "一组", "company_id": cls.company.id}
        )
        cls.of_team = Stage.create(
            {
                "name": "一组完结",
                "closed": True,
                "close_from_portal": True,
                "company_id": False,
                "team_ids": [(6, 0, cls.team.ids)],
            }
        )
        cls.ticket = cls._new_ticket()

    @classmethod
    def _new_ticket(cls, **vals):
        return cls.env["helpdesk.ticket"].create(
            {
                "name": "账单问题",
                "description": "<p>多收了一次</p>",
                "partner_id": cls.customer.partner_id.id,
                "company_id": cls.company.id,
                **vals,
            }
        )

    def _close(self, ticket_id, stage_id):
        answer = self._post(
            "/ticket/close", page="/new/ticket", ticket_id=ticket_id, stage_id=stage_id
        )
        self.env.invalidate_all()
        return answer.status_code

    def test_who_sees_it_closes_it(self):
        for login in ("t_customer", "t_colleague"):
            ticket = self._new_ticket()
            self.authenticate(login, login)
            self.assertEqual(self._close(ticket.id, self.closed.id), 302, login)
            self.assertEqual(ticket.stage_id, self.closed, login)

    def test_who_does_not_see_it_gets_the_answer_of_what_is_not_there(self):
        for login in ("t_stranger", "t_plain"):
            self.authenticate(login, login)
            before = self.ticket.stage_id
            self.assertEqual(self._close(self.ticket.id, self.closed.id), 404, login)
            self.assertEqual(self._close(2**30, self.closed.id), 404, login)
            self.assertEqual(self.ticket.stage_id, before, login)

    def test_without_an_account_it_leads_to_the_login(self):
        answer = self._post("/ticket/close", ticket_id=self.ticket.id, stage_id=self.closed.id)
        self.assertIn(answer.status_code, (303, 400))
        self.assertNotEqual(self.ticket.stage_id, self.closed)

    def test_only_a_stage_for_customers_of_its_team_and_company(self):
        self.authenticate("t_customer", "t_customer")
        before = self.ticket.stage_id
        for stage, status in ((self.inner, 302), (self.of_team, 302), (self.foreign, 404)):
            self.assertEqual(self._close(self.ticket.id, stage.id), status, stage.name)
            self.assertEqual(self.ticket.stage_id, before, stage.name)
        of_team = self._new_ticket(team_id=self.team.id)
        self.assertEqual(self._close(of_team.id, self.of_team.id), 302)
        self.assertEqual(of_team.stage_id, self.of_team)

    def test_nonsense_is_not_found(self):
        self.authenticate("t_customer", "t_customer")
        for ticket_id in ("", "x", "-1", "1e3", " 5", "9" * 30, "²"):
            self.assertEqual(self._close(ticket_id, self.closed.id), 404, ticket_id)
        for stage_id in ("", "x", "-1", "9" * 30):
            self.assertEqual(self._close(self.ticket.id, stage_id), 404, stage_id)

    def test_a_link_does_not_close(self):
        self.authenticate("t_customer", "t_customer")
        url = f"/ticket/close?ticket_id={self.ticket.id}&stage_id={self.closed.id}"
        self.assertEqual(self._get(url).status_code, 405)
        self.assertNotEqual(self.ticket.stage_id, self.closed)

    def test_without_the_form_s_token_it_is_refused(self):
        self.authenticate("t_customer", "t_customer")
        answer = self._post("/ticket/close", ticket_id=self.ticket.id, stage_id=self.closed.id)
        self.assertEqual(answer.status_code, 400)
        self.assertNotEqual(self.ticket.stage_id, self.closed)

    def test_the_page_has_a_form_that_works(self):
        self.authenticate("t_customer", "t_customer")
        page = self._get(f"/my/ticket/{self.ticket.id}").text
        self.assertIn('action="/ticket/close"', page)
        self.assertNotIn('method="GET" action="/ticket/close"', page)
        answer = self._post(
            "/ticket/close",
            page=f"/my/ticket/{self.ticket.id}",
            ticket_id=self.ticket.id,
            stage_id=self.closed.id,
        )
        self.assertEqual(answer.status_code, 302)

    def test_its_handler_stands_on_the_page_as_before_and_is_no_field_to_read(self):
        """Over RPC the field would tell who handles governed cases as well."""
        clerk = self.users["specialist"]
        self.ticket.user_id = clerk
        self.authenticate("t_customer", "t_customer")
        self.assertIn(clerk.name, self._get(f"/my/ticket/{self.ticket.id}").text)
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.customer).read(["user_id"])

    def test_the_list_has_the_days_of_the_company_s_zone(self):
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = '2026-03-02 20:00' WHERE id = %s",
            [self.ticket.id],
        )
        self.authenticate("t_customer", "t_customer")
        page = self._get("/my/tickets").text
        self.assertIn("03/03/2026", page)
        self.assertNotIn("03/02/2026", page)

    def test_a_governed_case_is_never_closed_here(self):
        case = self._new_case(partner_id=self.customer.partner_id.id)
        self.authenticate("t_customer", "t_customer")
        self.assertGreaterEqual(self._close(case.id, self.closed.id), 400)
        self.assertFalse(case.closed)
        self.authenticate("t_stranger", "t_stranger")
        self.assertEqual(self._close(case.id, self.closed.id), 404)

    def test_nobody_without_an_account_writes_a_stage(self):
        access = self.env["ir.model.access"].with_user(self.env.ref("base.public_user"))
        self.assertFalse(access.check("helpdesk.ticket.stage", "write", raise_exception=False))
        # Helpdesk's own line is what we changed: as it ships, it would let him.
        self.env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public").perm_write = True
        self.assertTrue(access.check("helpdesk.ticket.stage", "write", raise_exception=False))

    def test_files_of_our_notes_get_no_address(self):
        ours = self.env["ir.attachment"].create({"name": "internal.txt", "raw": b"our secret"})
        self.ticket.message_post(
            body=ours.name, subtype_xmlid="mail.mt_note", attachment_ids=ours.ids
        )
        shown = self.env["ir.attachment"].create(
            {
                "name": "for-you.txt",
                "raw": b"hello",
                "res_model": "helpdesk.ticket",
                "res_id": self.ticket.id,
            }
        )
        self.authenticate("t_customer", "t_customer")
        page = self._get(f"/my/ticket/{self.ticket.id}").text
        self.assertIn("for-you.txt", page)
        self.assertNotIn("internal.txt", page)
        self.assertFalse(ours.access_token)
        [address] = [
            part.split('"')[0].replace("&amp;", "&")
            for part in page.split('href="')
            if part.startswith(f"/web/content/{shown.id}?")
        ]
        self.assertEqual(self._get(address).content, b"hello")
        self.assertNotEqual(self._get(f"/web/content/{ours.id}").status_code, 200)
        self.assertNotEqual(self._get(f"/web/content/{shown.id}").status_code, 200)


@tagged("post_install", "-at_install")
class TestPortalSubmit(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "helpdesk_mgmt_portal_select_team": True,
                "helpdesk_mgmt_portal_select_category": True,
                "helpdesk_mgmt_portal_team_id_required": False,
                "helpdesk_mgmt_portal_category_id_required": False,
            }
        )
        other = cls._new_company("别家公司")
        Category, Team = cls.env["helpdesk.ticket.category"], cls.env["helpdesk.ticket.team"]
        cls.category = Category.create({"name": "售后", "company_id": cls.company.id})
        cls.hidden_category = Category.create(
            {"name": "内部", "company_id": cls.company.id, "show_in_portal": False}
        )
        cls.foreign_category = Category.create({"name": "别家", "company_id": other.id})
        cls.team = Team.create({"name": "一组", "company_id": cls.company.id})
        cls.hidden_team = Team.create(
            {"name": "内部组", "company_id": cls.company.id, "show_in_portal": False}
        )
        cls.foreign_team = Team.create({"name": "别家组", "company_id": other.id})

    def setUp(self):
        super().setUp()
        self.authenticate("t_customer", "t_customer")

    def _submit(self, files=(), **data):
        return self._post(
            "/submitted/ticket",
            page="/new/ticket",
            files=files,
            **{"subject": "外箱破损", "description": "第一行\n第二行", **data},
        )

    def _tickets(self, name="外箱破损"):
        self.env.invalidate_all()
        return self.env["helpdesk.ticket"].search([("name", "=", name)])

    def test_a_complaint_becomes_a_governed_case(self):
        answer = self._submit(
            kind="complaint",
            type=self.types["quality"].id,
            category=self.category.id,
            team=self.team.id,
            policy_order_ref="SO-77",
            policy_item_ref="PCB-204",
            policy_lot_ref="L7",
            occurred_on="2026-03-02",
            files=[("photos", "破损.png", PNG), ("photos", "b.png", PNG)],
        )
        case = self._tickets()
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith(f"/my/ticket/{case.id}"))
        self.assertEqual(case.policy_kind, "complaint")
        self.assertEqual(case.policy_version_id, self.version)
        self.assertEqual(case.policy_complaint_type_id, self.types["quality"])
        self.assertEqual(case.policy_intake_at, case.create_date.replace(microsecond=0))
        self.assertEqual(case.partner_id, self.customer.partner_id)
        self.assertEqual(case.company_id, self.company)
        self.assertEqual(case.channel_id, self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_web"))
        self.assertEqual((case.policy_order_ref, case.policy_lot_ref), ("SO-77", "L7"))
        self.assertEqual(str(case.policy_occurred_on), "2026-03-02")
        self.assertEqual(case.team_id, self.team)
        self.assertIn("第一行<br>第二行", case.description)
        self.assertEqual(set(case.attachment_ids.mapped("name")), {"破损.png", "b.png"})
        self.assertEqual(set(case.attachment_ids.mapped("mimetype")), {"image/png"})
        self.assertFalse(case.user_id)

    def test_each_kind_offered_can_be_chosen(self):
        for kind in ("inquiry", "request", "suggestion"):
            self.assertEqual(self._submit(kind=kind).status_code, 303)
        self.assertEqual(
            set(self._tickets().mapped("policy_kind")), {"inquiry", "request", "suggestion"}
        )

    def test_without_a_policy_in_force_it_is_to_sort(self):
        self.version.policy_id.active_in_company = False
        self.assertEqual(self._submit(kind="complaint").status_code, 303)
        ticket = self._tickets()
        self.assertFalse(ticket.policy_kind)
        self.assertTrue(ticket.policy_to_sort)
        self.assertIn("no policy in force", ticket.policy_sort_reason)

    def test_who_does_not_say_what_it_is_leaves_it_to_us(self):
        self.assertEqual(self._submit(subject="其他").status_code, 303)
        ticket = self._tickets("其他")
        self.assertFalse(ticket.policy_kind)
        self.assertTrue(ticket.policy_to_sort)

    def test_a_company_without_policies_has_helpdesk_s_own_form(self):
        self.env["crm.policy.default"].search([]).unlink()
        self.assertNotIn('name="kind"', self._get("/new/ticket").text)
        self.assertEqual(self._submit(subject="其他").status_code, 303)
        ticket = self._tickets("其他")
        self.assertFalse(ticket.policy_to_sort)
        self.assertFalse(ticket.policy_kind)

    def test_what_is_refused_stays_in_the_form(self):
        cases = [
            ({"subject": " "}, "Say in a few words"),
            ({"description": ""}, "Tell us what happened"),
            ({"category": "x"}, "Choose a category"),
            ({"category": self.hidden_category.id}, "Choose a category"),
            ({"category": self.foreign_category.id}, "Choose a category"),
            ({"category": "9" * 30}, "Choose a category"),
            ({"team": "1.5"}, "Choose a team"),
            ({"team": self.hidden_team.id}, "Choose a team"),
            ({"team": self.foreign_team.id}, "Choose a team"),
            ({"kind": "conflict"}, "Choose from the list what it is"),
            ({"kind": "x"}, "Choose from the list what it is"),
            ({"type": "0"}, "Choose a type"),
            ({"occurred_on": "yesterday"}, "no day up to today"),
            ({"occurred_on": "2999-01-01"}, "no day up to today"),
        ]
        for wrong, words in cases:
            with self.subTest(wrong):
                answer = self._submit(policy_order_ref="SO-特殊<b>", **wrong)
                self.assertEqual(answer.status_code, 422)
                self.assertIn(words, answer.text)
                self.assertIn("SO-特殊&lt;b&gt;", answer.text)
                if "description" not in wrong:
                    self.assertIn("第一行\n第二行", answer.text)
        self.assertFalse(self._tickets())

    def test_a_team_may_be_required(self):
        self.company.helpdesk_mgmt_portal_team_id_required = True
        self.assertEqual(self._submit().status_code, 422)
        self.assertEqual(self._submit(team=self.team.id).status_code, 303)

    def test_files_are_counted_measured_and_looked_into(self):
        limit = self.env["crm.policy.intake.page"]._policy_limits()
        cases = [
            ([("photos", f"{n}.png", PNG) for n in range(limit["max_files"] + 1)], "at most"),
            ([("photos", "big.png", PNG + b"0" * limit["max_file_mb"] * MB)], "larger than"),
            ([("attachment", "photo.jpg", HTML)], "of a type"),
            ([("attachment", "photo.png", SVG)], "of a type"),
            ([("photos", "photo.png", ELF)], "of a type"),
            ([("photos", "empty.png", b"")], "of a type"),
        ]
        for files, words in cases:
            with self.subTest(words):
                answer = self._submit(files=files)
                self.assertEqual(answer.status_code, 422)
                self.assertIn(words, answer.text)
                self.assertIn("外箱破损", answer.text)
        self.assertFalse(self._tickets())
        fitting = PNG + b"0" * (limit["max_file_mb"] * MB - len(PNG))
        self.assertEqual(self._submit(files=[("photos", "full.png", fitting)]).status_code, 303)

    def test_a_file_is_what_it_holds_not_what_it_is_called(self):
        files = [("photos", "../../etc/a\r\nb.html", PNG)]
        self.assertEqual(self._submit(files=files).status_code, 303)
        file = self._tickets().attachment_ids
        self.assertEqual(file.mimetype, "image/png")
        self.assertNotIn("/", file.name)
        self.assertNotIn("\n", file.name)

    def test_html_in_the_text_stays_text(self):
        self._submit(description="<script>alert(1)</script><b>fett</b>")
        self.assertIn("&lt;script&gt;", self._tickets().description)

    def test_without_the_form_s_token_it_is_refused(self):
        answer = self._post("/submitted/ticket", subject="外箱破损", description="x")
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self._tickets())
