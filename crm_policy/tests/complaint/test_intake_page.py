"""The page of a QR code: no account, no leak, no flood."""

import re
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import PolicyCommon
from ..portal_common import HTML, PNG, SVG, PortalCommon, image_bytes

MB = 1024 * 1024
TEXT = "外箱破损,里面漏液,大约十二箱"


@tagged("post_install", "-at_install")
class TestIntakePage(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.department = cls.env["hr.department"].create(
            {"name": "机密科室", "company_id": cls.company.id}
        )
        Page = cls.env["crm.policy.intake.page"]
        cls.poster = Page.create({"name": "前台海报", "company_id": cls.company.id})
        cls.note = Page.create(
            {
                "name": "机密的页面名",
                "company_id": cls.company.id,
                "partner_id": cls.partner.id,
                "type_id": cls.types["packaging"].id,
                "department_id": cls.department.id,
                "delivery_ref": "DN-2603-001",
                "order_ref": "SO-77",
                "lot_ref": "L7",
            }
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _address(self, page):
        return f"/policy/qr/{page.token}"

    def _send(self, page, files=(), **data):
        url = self._address(page)
        answer = self._post(f"{url}/send", page=url, files=files, **{"text": TEXT, **data})
        self.env.invalidate_all()
        return answer

    def _cases(self, page):
        self.env.invalidate_all()
        return self.env["helpdesk.ticket"].search([("policy_intake_page_id", "=", page.id)])

    def _follow(self, answer):
        """Return the address of the case that an answer leads to."""
        self.assertEqual(answer.status_code, 303)
        return re.search(r"/policy/case/[\w-]{32}", answer.headers["Location"])[0]

    # === SUBMITTING === #

    def test_a_delivery_note_s_page_opens_a_governed_case(self):
        answer = self._send(
            self.note,
            name="王师傅",
            phone="13811112222",
            email="wang@example.com",
            wants_reply="1",
            remedy="replacement",
            occurred_on="2026-03-02",
            item="PCB-204",
            files=[("photos", "a.jpg", image_bytes("JPEG")), ("photos", "b.png", PNG)],
        )
        case = self._cases(self.note)
        self._follow(answer)
        self.assertEqual(case.policy_kind, "complaint")
        self.assertEqual(case.policy_version_id, self.version)
        self.assertEqual(case.policy_complaint_type_id, self.types["packaging"])
        self.assertEqual(case.policy_intake_at, case.create_date.replace(microsecond=0))
        self.assertEqual(case.partner_id, self.partner)
        self.assertEqual(case.company_id, self.company)
        self.assertEqual(case.policy_department_id, self.department)
        self.assertEqual(case.channel_id, self.env.ref("crm_policy.channel_qr"))
        self.assertEqual(case.policy_delivery_ref, "DN-2603-001")
        self.assertEqual(
            (case.policy_order_ref, case.policy_item_ref, case.policy_lot_ref),
            ("SO-77", "PCB-204", "L7"),
        )
        self.assertEqual(case.policy_remedy_sought, "replacement")
        self.assertEqual((case.partner_name, case.partner_email), ("王师傅", "wang@example.com"))
        self.assertEqual(case.policy_contact_phone, "13811112222")
        self.assertEqual(set(case.attachment_ids.mapped("mimetype")), {"image/jpeg", "image/png"})
        self.assertFalse(case.user_id)
        self.assertFalse(case.policy_to_sort)
        self.assertEqual(self.note.submission_count, 1)

    def test_a_poster_s_page_leaves_the_case_to_be_sorted(self):
        self._follow(self._send(self.poster, text="请尽快联系我本人,谢谢您了"))
        ticket = self._cases(self.poster)
        self.assertFalse(ticket.policy_kind)
        self.assertFalse(ticket.partner_id)
        self.assertTrue(ticket.policy_to_sort)
        self.assertIn("前台海报", ticket.policy_sort_reason)

    def test_without_a_policy_in_force_nothing_is_lost(self):
        self.version.policy_id.active_in_company = False
        self._follow(self._send(self.note))
        ticket = self._cases(self.note)
        self.assertFalse(ticket.policy_kind)
        self.assertTrue(ticket.policy_to_sort)
        self.assertEqual(ticket.partner_id, self.partner)

    def test_what_the_visitor_posts_does_not_outweigh_the_page(self):
        self._send(
            self.note,
            order="SO-别人的",
            partner_id=self.other_partner.id,
            company_id=1,
            policy_severity="crisis",
            kind="conflict",
            policy_department_id=1,
            delivery_ref="x",
            user_id=2,
        )
        case = self._cases(self.note)
        self.assertEqual(case.policy_order_ref, "SO-77")
        self.assertEqual(case.partner_id, self.partner)
        self.assertEqual(case.policy_severity, "general")
        self.assertEqual(case.policy_kind, "complaint")
        self.assertEqual(case.policy_delivery_ref, "DN-2603-001")

    def test_what_is_refused_stays_in_the_form(self):
        cases = [
            ({"text": "短"}, "at least 10 characters"),
            ({"text": "长" * 10_001}, "too long"),
            ({"wants_reply": "1"}, "phone number or e-mail"),
            ({"email": "keine"}, "no e-mail address"),
            ({"remedy": "gold"}, "what you would like"),
            ({"occurred_on": "x"}, "no day up to today"),
            ({"occurred_on": "2999-01-01"}, "no day up to today"),
            ({"website": "http://spam.example"}, "Send it once more"),
        ]
        for wrong, words in cases:
            with self.subTest(words):
                answer = self._send(self.poster, name="王<师>傅", **wrong)
                self.assertEqual(answer.status_code, 422)
                self.assertIn(words, answer.text)
                self.assertIn("王&lt;师&gt;傅", answer.text)
                if "text" not in wrong:
                    self.assertIn(TEXT, answer.text)
        self.assertFalse(self._cases(self.poster))

    def test_files_are_counted_measured_and_looked_into(self):
        self.poster.write({"max_files": 2, "max_file_mb": 1})
        cases = [
            ([("photos", f"{n}.png", PNG) for n in range(3)], "2 at most"),
            ([("photos", "big.png", PNG + b"0" * MB)], "larger than 1 MB"),
            ([("photos", "a.jpg", HTML)], "of a type"),
            ([("photos", "a.png", SVG)], "of a type"),
            ([("photos", "a.docx", b"PK\x03\x04" + b"0" * 40)], "of a type"),
        ]
        for files, words in cases:
            with self.subTest(words):
                answer = self._send(self.poster, files=files)
                self.assertEqual(answer.status_code, 422)
                self.assertIn(words, answer.text)
                self.assertIn(TEXT, answer.text)
        self.assertFalse(self._cases(self.poster))
        self._follow(self._send(self.poster, files=[("photos", "a.pdf", b"%PDF-1.4\n%%EOF\n")]))

    def test_far_too_much_is_not_even_read(self):
        self.poster.write({"max_files": 1, "max_file_mb": 1})
        answer = self._send(self.poster, files=[("photos", "big.png", PNG + b"0" * 4 * MB)])
        self.assertEqual(answer.status_code, 413)
        self.assertFalse(self._cases(self.poster))

    def test_without_the_form_s_token_it_is_refused(self):
        answer = self._post(f"{self._address(self.poster)}/send", text=TEXT)
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self._cases(self.poster))

    # === NO LEAK === #

    def test_the_page_tells_nothing_of_what_we_know(self):
        self._send(self.note, name="王师傅", phone="13811112222", email="hengda@example.com")
        page = self._get(self._address(self.note)).text
        self.assertIn("DN-2603-001", page)
        self.assertIn('name="text"', page)
        for secret in (
            self.partner.name,
            "hengda@example.com",
            "机密的页面名",
            "机密科室",
            "王师傅",
            TEXT,
            "t_specialist",
        ):
            self.assertNotIn(secret, page)

    def test_a_known_address_is_answered_as_an_unknown_one(self):
        known = self._send(self.poster, email="hengda@example.com", wants_reply="1")
        unknown = self._send(self.poster, email="nobody@example.com", wants_reply="1")
        texts = []
        for answer in (known, unknown):
            page = self._get(self._follow(answer)).text
            texts.append(re.sub(r'(value|action|href|csrf_token|src)[=:] ?"[^"]*"|\d+', "", page))
        self.assertEqual(*(re.sub(r"HT\w*", "", text) for text in texts))

    def test_what_is_not_there_has_one_answer(self):
        gone = self.env["crm.policy.intake.page"].create(
            [
                {"name": "旧", "expires_at": fields.Datetime.now() - timedelta(seconds=1)},
                {"name": "停", "active": False},
            ]
        )
        renewed = self.poster.token
        self._as("supervisor", self.poster).action_policy_renew()
        tokens = [*gone.mapped("token"), renewed, "x", "a" * 32, "é" * 32, self.poster.token[:-1]]
        answers = {
            (answer.status_code, re.sub(r'csrf_token: "[^"]*"', "", answer.text))
            for answer in (self._get(f"/policy/qr/{token}") for token in tokens)
        }
        [(status, page)] = answers
        self.assertEqual(status, 404)
        self.assertIn("This page is not available", page)
        follow = self._get(f"/policy/case/{'a' * 32}")
        self.assertEqual(follow.status_code, 404)
        self.assertEqual(re.sub(r'csrf_token: "[^"]*"', "", follow.text), page)
        self.assertEqual(self._get(self._address(self.poster)).status_code, 200)
        for token in tokens[:2]:
            posted = self._post(
                f"/policy/qr/{token}/send", page=self._address(self.poster), text=TEXT
            )
            self.assertEqual(posted.status_code, 404)

    def test_the_pages_are_kept_by_nobody(self):
        headers = self._get(self._address(self.poster)).headers
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["Referrer-Policy"], "same-origin")
        self.assertIn("noindex", headers["X-Robots-Tag"])

    def test_tokens_cannot_be_guessed(self):
        pages = self.env["crm.policy.intake.page"].create([{"name": str(n)} for n in range(50)])
        tokens = pages.mapped("token")
        self.assertEqual(len(set(tokens)), 50)
        self.assertEqual({len(token) for token in tokens}, {32})

    # === FLOODS === #

    def _count(self, page, times, **data):
        return [self._send(page, **data).status_code for _time in range(times)]

    def test_a_page_takes_so_many_in_an_hour(self):
        self.poster.write({"hourly_page": 2, "hourly_visitor": 100})
        self.assertEqual(self._count(self.poster, 2), [303, 303])
        answer = self._send(self.poster, name="王师傅")
        self.assertEqual(answer.status_code, 429)
        self.assertIn(TEXT, answer.text)
        self.assertIn("王师傅", answer.text)
        self.assertIn("again in an hour", answer.text)
        self.assertEqual(len(self._cases(self.poster)), 2)
        self.assertEqual(self._send(self.note).status_code, 303)

    def test_a_visitor_sends_so_many_in_an_hour_over_all_pages(self):
        (self.poster | self.note).write({"hourly_page": 100, "hourly_visitor": 3})
        self.assertEqual(self._count(self.poster, 2), [303, 303])
        self.assertEqual(self._count(self.note, 2), [303, 429])
        self.assertEqual(self._count(self.poster, 1), [429])

    def test_what_is_refused_for_other_reasons_is_not_counted(self):
        self.poster.write({"hourly_page": 1})
        self.assertEqual(self._count(self.poster, 3, text="短"), [422, 422, 422])
        self.assertEqual(self._count(self.poster, 2), [303, 429])

    def test_the_sender_is_kept_as_a_hash(self):
        self._send(self.poster)
        keys = self.env["crm.policy.intake.rate"].search([]).mapped("key")
        self.assertIn(f"page:{self.poster.id}", keys)
        [visitor] = [key for key in keys if key.startswith("visitor:")]
        self.assertRegex(visitor, r"^visitor:[0-9a-f]{64}$")
        self.assertNotIn("127.0.0.1", visitor)

    # === FOLLOWING === #

    def test_the_private_link_shows_the_case_and_takes_words_and_photos(self):
        answer = self._send(self.note, name="王师傅", files=[("photos", "a.png", PNG)])
        self.assertIn("sent=1", answer.headers["Location"])
        url, case = self._follow(answer), self._cases(self.note)
        thanks = self._get(f"{url}?sent=1").text
        self.assertIn("Thank you", thanks)
        self.assertIn(case.policy_handle, thanks)
        self.assertIn(url, thanks)
        page = self._get(url).text
        self.assertNotIn("Thank you", page)
        self.assertIn(TEXT, page)
        self.assertIn(f"/web/content/{case.attachment_ids.id}?", page)
        self.assertNotIn(self.partner.name, page)
        before = case.message_ids
        added = self._post(
            f"{url}/add", page=url, text="<b>又</b>漏了", files=[("photos", "b.png", PNG)]
        )
        self.assertEqual(added.status_code, 303)
        self.env.invalidate_all()
        message = case.message_ids - before
        self.assertEqual(message.author_id, self.partner)
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_comment"))
        self.assertIn("&lt;b&gt;又", message.body)
        self.assertEqual(message.attachment_ids.name, "b.png")
        self.assertIn("漏了", self._get(url).text)

    def test_a_case_without_customer_is_followed_too(self):
        url = self._follow(self._send(self.poster, name="王师傅", email="w@example.com"))
        ticket = self._cases(self.poster)
        self.assertIn("We have received it", self._get(url).text)
        before = ticket.message_ids
        self._post(f"{url}/add", page=url, text="补充一句")
        self.env.invalidate_all()
        message = ticket.message_ids - before
        self.assertFalse(message.author_id)
        self.assertEqual(message.email_from, '"王师傅" <w@example.com>')
        page = self._get(url).text
        self.assertIn("补充一句", page)
        self.assertIn("You", page)

    def test_the_private_link_leaks_nothing(self):
        case = self._new_secret_case()
        token = self.env["crm.policy.follow.link"]._policy_issue(case, 30)
        page = self._get(f"/policy/case/{token}").text
        self.assertIn("请把不良品照片发给我们", page)
        self.assertNoSecret(page)
        self.assertNotIn(self.partner.name, page)

    def test_what_comes_by_the_private_link_is_the_customer_s_word(self):
        """Also when we know neither him nor an address of his: it reopens the case (SLA-07)."""
        url = self._follow(self._send(self.poster))
        ticket = self._cases(self.poster)
        ticket.policy_kind = "inquiry"
        self.assertFalse(ticket.policy_customer_wrote_at)
        self._post(f"{url}/add", page=url, text="还没有解决")
        self.env.invalidate_all()
        self.assertTrue(ticket.policy_customer_wrote_at)

    def test_a_link_opens_its_case_only_and_ends(self):
        first = self._follow(self._send(self.poster, text=TEXT + "第一"))
        second = self._follow(self._send(self.poster, text=TEXT + "第二"))
        self.assertNotIn("第二", self._get(first).text)
        self.assertNotIn("第一", self._get(second).text)
        link = self.env["crm.policy.follow.link"].search([], limit=1)
        self.assertNotIn(second.split("/")[-1], str(link.sudo().read()))
        self.env.cr.execute(
            "UPDATE crm_policy_follow_link SET expires_at = now() - interval '1 second'"
        )
        self.env.invalidate_all()
        self.assertEqual(self._get(first).status_code, 404)
        posted = self._post(f"{first}/add", page=self._address(self.poster), text="x")
        self.assertEqual(posted.status_code, 404)

    def test_additions_are_checked_and_counted(self):
        self.note.write({"hourly_page": 2, "hourly_visitor": 100})
        url = self._follow(self._send(self.note))
        case = self._cases(self.note)
        before = case.message_ids
        for data, files in (
            ({"text": " "}, ()),
            ({"text": "x", "website": "y"}, ()),
            ({"text": "x"}, [("photos", "a.png", HTML)]),
            ({"text": "长" * 10_001}, ()),
        ):
            answer = self._post(f"{url}/add", page=url, files=files, **data)
            self.assertEqual(answer.status_code, 422)
        self.assertEqual(self._post(f"{url}/add", text="x").status_code, 400)
        self.env.invalidate_all()
        self.assertEqual(case.message_ids, before)
        codes = [self._post(f"{url}/add", page=url, text=f"第{n}句").status_code for n in range(3)]
        self.assertEqual(codes, [303, 303, 429])


@tagged("post_install", "-at_install")
class TestIntakePageRecords(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = cls.env["crm.policy.intake.page"].create({"name": "海报"})

    def test_limits_begin_with_the_company_s(self):
        self.assertEqual(
            (self.page.min_text, self.page.max_files, self.page.max_file_mb),
            (10, 6, 10),
        )
        self.env["ir.config_parameter"].set_param("crm_policy.intake_max_files", "3")
        self.assertEqual(self.page.create({"name": "b"}).max_files, 3)
        with self.assertRaises(ValidationError):
            self.page.max_files = 0

    def test_nobody_chooses_a_token(self):
        admin = self._as("policy_admin", self.page)
        for call in (
            lambda: admin.write({"token": "a" * 32}),
            lambda: admin.create({"name": "x", "token": "a" * 32}),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertNotEqual(
            admin.with_context(default_token="a" * 32).create({"name": "x"}).token, "a" * 32
        )
        self.assertNotEqual(self.page.copy().token, self.page.token)

    def test_who_makes_pages(self):
        for role in ("supervisor", "policy_admin"):
            self.page.with_user(self.users[role]).create({"name": role})
        for role in ("specialist", "finance"):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.page.with_user(self.users[role]).create({"name": role})
        with self.assertRefused(AccessError, "A supervisor renews"):
            self._as("specialist", self.page).action_policy_renew()

    def test_whoever_may_not_change_or_read_a_page_neither_renews_nor_follows_it(self):
        other = self._new_company("别家公司")
        page = self.page.create({"name": "别家", "company_id": other.id})
        before = page.token
        with mute_logger("odoo.addons.base.models.ir_rule"):
            with self.assertRaises(AccessError):
                self._as("supervisor", page).action_policy_renew()
            self.assertEqual(page.token, before)
            with self.assertRaises(AccessError):
                self._as("supervisor", page).action_policy_open_submissions()
        action = self._as("supervisor", self.page).action_policy_open_submissions()
        self.assertEqual(action["domain"], [("policy_intake_page_id", "in", self.page.ids)])

    def test_what_is_no_token_finds_no_page(self):
        """Not even an error: the database takes no zero byte, and a search a list."""
        Page = self.env["crm.policy.intake.page"]
        self.assertEqual(Page._policy_find(self.page.token), self.page)
        for strange in ("", "x", None, False, "\0" * len(self.page.token), [self.page.token]):
            with self.subTest(strange):
                self.assertFalse(Page._policy_find(strange))

    def test_pages_of_other_companies_are_not_seen(self):
        other = self._new_company("别家公司")
        page = self.page.create({"name": "别家", "company_id": other.id})
        Page = self.env["crm.policy.intake.page"].with_user(self.users["policy_admin"])
        self.assertIn(self.page, Page.search([]))
        self.assertNotIn(page, Page.search([]))
        with self.assertRaises(ValidationError):
            page.partner_id = self.env["res.partner"].create(
                {"name": "x", "company_id": self.company.id}
            )

    def test_a_new_address_leaves_its_trace(self):
        before = self.page.token
        self._as("supervisor", self.page).action_policy_renew()
        self.assertNotEqual(self.page.token, before)
        event = self.env["crm.policy.event"].search([("type", "=", "intake_page.renewed")], limit=1)
        self.assertEqual(
            (event.res_id, event.actor_id), (self.page.id, self.users["supervisor"].id)
        )

    def test_a_link_s_secret_is_not_in_the_database(self):
        case = self._new_case()
        token = self.env["crm.policy.follow.link"]._policy_issue(case, 1)
        self.env.cr.execute("SELECT token_hash FROM crm_policy_follow_link")
        self.assertNotIn((token,), self.env.cr.fetchall())
        link = self.env["crm.policy.follow.link"]._policy_find(token)
        self.assertEqual(link.ticket_id, case)
        with self.assertRaises(AccessError):
            link.with_user(self.users["policy_admin"]).read(["token_hash"])
        with self.assertRaises(AccessError):
            link.write({"expires_at": False})

    def test_pages_for_many_delivery_notes_at_once(self):
        self.partner.ref = "C0001"
        self.page.write({"hourly_page": 7, "kind": "request"})
        wizard = (
            self.env["crm.policy.intake.page.batch"]
            .with_user(self.users["supervisor"])
            .create(
                {
                    "page_id": self.page.id,
                    "text": "DN-1\tC0001\tSO-1\tPCB-204\tL7\n\nDN-2\t\tSO-2\nDN-3\t苏州恒达电子",
                }
            )
        )
        pages = self.env["crm.policy.intake.page"].search(
            wizard.action_policy_make()["domain"], order="delivery_ref"
        )
        self.assertEqual(pages.mapped("delivery_ref"), ["DN-1", "DN-2", "DN-3"])
        self.assertEqual(
            [page.partner_id.name for page in pages], [self.partner.name, False, self.partner.name]
        )
        self.assertEqual(pages[0].lot_ref, "L7")
        self.assertEqual(set(pages.mapped("hourly_page")), {7})
        self.assertEqual(set(pages.mapped("kind")), {"request"})
        self.assertEqual(len(set(pages.mapped("token")) | {self.page.token}), 4)
        wizard.text = "DN-4\t没有这个客户"
        with self.assertRaisesRegex(ValidationError, "没有这个客户"):
            wizard.action_policy_make()

    def test_labels_carry_the_code_but_no_secret(self):
        self.page.write({"partner_id": self.partner.id, "delivery_ref": "DN-2603-001"})
        Report = self.env["ir.actions.report"]
        for name in ("report_intake_labels", "report_intake_cards"):
            html = Report._render_qweb_html(f"crm_policy.{name}", self.page.ids)[0].decode()
            self.assertIn("DN-2603-001", html)
            self.assertIn(self.page._policy_qr(), html)
            self.assertNotIn(self.page.token, html)
            self.assertNotIn(self.partner.name, html)

    def test_rates_are_forgotten(self):
        Rate = self.env["crm.policy.intake.rate"]
        self.assertTrue(Rate._policy_hit({"a": 1}))
        self.assertFalse(Rate._policy_hit({"a": 1, "b": 1}))
        self.assertFalse(Rate.search([("key", "=", "b")]))
        Rate._gc_rates()
        self.assertEqual(Rate.search([]).mapped("key"), ["a"])
        self.env.cr.execute(
            "UPDATE crm_policy_intake_rate SET started_at = started_at - interval '1 hour'"
        )
        self.env.invalidate_all()
        self.assertTrue(Rate._policy_hit({"a": 1}))
        self.env.cr.execute(
            "UPDATE crm_policy_intake_rate SET started_at = started_at - interval '1 hour'"
        )
        Rate._gc_rates()
        self.assertFalse(Rate.search([]))
