"""The complaint form, its five copies, and that it never leaves the house (CMP-FLOW-09, -12)."""

# What is said here nobody reads.
# pylint: disable=translation-required

import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user

from ..common import at, shanghai
from ..flows.test_shipped_packs import ManufacturerFlow

FORM = "crm_policy.complaint_form"
COPY = "crm_policy.case_copy"


class FormCommon(ManufacturerFlow):
    def _settled(self, amount=500, **vals):
        """Return a case that went through all departments and is settled with a remedy."""
        case = self._registered(**vals)
        mine = self._as("specialist", case)
        with at("2026-03-03 10:00"):
            mine.action_policy_respond("已致电客户")
            mine.action_policy_propose("退货并折让")
            self._new_remedy(case, amount)
            self._opine(case)
        with at("2026-03-04 15:00"):
            self._sign(case, amount)
        self.assertTrue(case.policy_settled_at)
        return case

    def _page(self, records, user=None, name=FORM):
        report = self.env["ir.actions.report"].with_user(user or self.users["specialist"])
        return report._render_qweb_html(name, records.ids)[0].decode()

    def _file(self, case, user=None, name="随便.pdf"):
        """Return a print of the form that somebody has downloaded and uploaded again."""
        content = self._page(case, user).encode()
        File = self.env["ir.attachment"].with_user(user or self.users["specialist"])
        return File.create({"name": name, "raw": content})

    def _stranger(self):
        """A colleague who has nothing to do with the case."""
        return new_test_user(
            self.env,
            login="t_form_stranger",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )

    def _portal(self):
        """Somebody of the customer."""
        portal = new_test_user(self.env, login="t_form_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.partner
        return portal


class TestComplaintForm(FormCommon):
    def test_what_is_not_there_yet_is_open(self):
        case = self._registered(policy_item_ref="PCB-204", policy_quantity=2000)
        page = self._page(case)
        self.assertIn("Internal – not for the customer", page)
        self.assertIn(case.policy_number, page)
        self.assertIn("PCB-204", page)
        self.assertIn("2026-03-03 09:15", page, "registered, in the company's zone")
        content = case._policy_form_content()
        states = {step["name"]: step["state"] for step in content["steps"]}
        self.assertEqual(states.pop("Research and development"), "spared")
        self.assertEqual(set(states.values()), {"open"})
        self.assertIsNone(content["mandate"])
        self.assertIsNone(content["settled"]["value"])
        self.assertGreater(page.count(">open<"), 8)

    def test_everything_that_was_said_and_decided(self):
        case = self._settled()
        content = case._policy_form_content()
        self.assertEqual(
            {step["name"]: step["opinion"] for step in content["steps"]}["Quality investigation"],
            "已核实",
        )
        self.assertIn("t_sales_manager", content["mandate"]["signatures"])
        self.assertEqual(content["negotiations"][0]["contact"], "Herr Olsen")
        self.assertIn(self.people["sales_manager"].name, content["negotiations"][0]["people"])
        self.assertEqual(content["shares"][0]["share"], "100 %")
        [remedy] = content["remedies"]
        self.assertIn("500.00", remedy["amount"])
        self.assertEqual(remedy["clause"], "4.4")
        self.assertIn("2026-03-04 15:00", remedy["signatures"])
        self.assertEqual(content["settled"]["value"], "2026-03-04 15:00")
        page = self._page(case)
        for words in ("已核实", "Herr Olsen", "100 %", "500.00", "2026-03-04 15:00"):
            self.assertIn(words, page)

    def test_a_customer_s_text_stays_text(self):
        case = self._registered(name="<b>x</b>")
        self.assertIn("&lt;b&gt;x&lt;/b&gt;", self._page(case))

    def test_who_gets_none(self):
        case = self._registered()
        stranger = self._stranger()
        portal = self._portal()
        elsewhere = self._new_company("杭州分公司")
        other = self._new_user("director", login="t_form_other", company=elsewhere)
        accused = self.other_specialist
        case.sudo().policy_accused_user_ids = accused
        self.env["crm.policy.case.access"]._policy_grant(case, accused, "manual")
        for user in (stranger, portal, other, accused):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._page(case, user)
        with self.assertRaisesRegex(AccessError, "5.1.*leaves the house in no way"):
            case.with_user(portal).sudo()._policy_form_printed()
        self.assertIn(case.policy_number, self._page(case))

    def test_each_print_is_noted(self):
        case = self._registered()
        before = len(case.policy_print_ids)
        self._page(case)
        report = self.env["ir.actions.report"].with_user(self.users["supervisor"])
        report._render_qweb_pdf(FORM, case.ids)
        self.assertEqual(len(case.policy_print_ids), before + 2, "one for each, html within pdf")
        newest = case.policy_print_ids.sorted("id")[-1]
        self.assertEqual(newest.user_id, self.users["supervisor"])
        events = self.env["crm.policy.event"].search(
            [("type", "=", "form.printed"), ("res_id", "=", case.id)]
        )
        self.assertEqual(len(events), 2)


class TestReportUrl(FormCommon, HttpCase):
    def test_over_the_real_url(self):
        case = self._registered()
        copy_case = self._settled()
        self._portal()
        elsewhere = self._new_company("杭州分公司")
        self._new_user("director", login="t_form_other", company=elsewhere)
        urls = [
            f"/report/{kind}/{name}/{record.id}"
            for kind in ("html", "pdf", "text")
            for name, record in ((FORM, case), (COPY, copy_case.policy_copy_ids[0]))
        ]
        for login in (None, "t_form_portal", "t_form_other"):
            self.authenticate(login, login)
            for url in urls:
                with self.subTest(login=login, url=url):
                    answer = self.url_open(url)
                    self.assertNotIn("o_policy_complaint_form", answer.text)
                    if login:
                        self.assertEqual(answer.status_code, 403)
        self.authenticate("t_specialist", "t_specialist")
        self.assertIn("o_policy_complaint_form", self.url_open(urls[0]).text)


class TestCopies(FormCommon):
    def test_five_copies_come_with_the_settlement(self):
        # The order of the labels is that of the policy.
        case = self._settled()
        copies = case.policy_copy_ids
        self.assertEqual(copies.mapped("number"), [1, 2, 3, 4, 5])
        self.assertEqual(
            copies.mapped("role_id.code"),
            ["quality", "production", "sales_manager", "finance", "manager_office"],
        )
        for copy in copies - copies[3]:
            self.assertEqual(copy.user_ids, self.people[copy.role_id.code])
        self.assertEqual(copies[3].user_ids, self.users["finance"])
        self.assertEqual(set(copies.mapped("sent_at")), {shanghai("2026-03-04 15:00")})
        self.assertEqual(copies[0].clause_id.number, "4.5")
        self.assertFalse(any(copies.mapped("read_at")))
        for copy in copies:
            for user in copy.user_ids:
                self.assertTrue(case.with_user(user).has_access("read"), user.login)
        told = self.env["mail.message"].search(
            [("model", "=", case._name), ("res_id", "=", case.id), ("body", "ilike", "your copy")]
        )
        self.assertEqual(told.notified_partner_ids, copies.user_ids.partner_id)
        self.assertEqual(len(told), len(set(copies.user_ids.mapped("lang"))))

    def test_a_policy_without_copies_makes_none(self):
        case = self._new_case(policy_complaint_type_id=self.types["quality"].id)
        self._drive(case, "settle")
        self.assertFalse(case.policy_copy_ids)

    def test_a_case_that_is_not_settled_has_none(self):
        self.assertFalse(self._registered().policy_copy_ids)

    def test_not_established_is_handed_out_too(self):
        case = self._registered()
        with at("2026-03-03 10:00"):
            self._as("specialist", case).action_policy_ask_not_established("检验合格")
            ruling = case.policy_ruling_ids
            ruling.with_user(self.people["sales_manager"]).action_policy_approve("同意")
        self.assertEqual(len(case.policy_copy_ids), 5)

    def test_whom_it_is_about_gets_none(self):
        case = self._registered()
        case.sudo().policy_accused_user_ids = self.users["finance"]
        with at("2026-03-03 10:00"):
            self._as("specialist", case).action_policy_ask_not_established("检验合格")
            ruling = case.policy_ruling_ids
            ruling.with_user(self.people["sales_manager"]).action_policy_approve("同意")
        accounting = case.policy_copy_ids[3]
        self.assertFalse(accounting.user_ids)
        self.env["crm.policy.case.access"]._policy_grant(case, self.users["finance"], "manual")
        theirs = accounting.with_user(self.users["finance"])
        self.assertFalse(theirs.content_html)
        with self.assertRaises(AccessError):
            theirs.action_policy_open()

    def test_reading_is_noted_once_and_of_recipients_only(self):
        copy = self._settled().policy_copy_ids[0]
        quality = self.people["quality"]
        self._as("supervisor", copy).action_policy_open()
        self.assertFalse(copy.read_at)
        self.assertFalse(copy.with_user(quality).content_html)
        with at("2026-03-05 09:00"):
            copy.with_user(quality).action_policy_open()
        self.assertIn("Herr Olsen", copy.with_user(quality).content_html)
        with at("2026-03-06 09:00"):
            copy.with_user(quality).action_policy_open()
        self.assertEqual((copy.read_at, copy.read_by_id), (shanghai("2026-03-05 09:00"), quality))
        events = self.env["crm.policy.event"].search(
            [("type", "=", "copy.read"), ("res_id", "=", copy.id)]
        )
        self.assertEqual(len(events), 1)

    def test_whoever_prints_his_own_has_read_it(self):
        copy = self._settled().policy_copy_ids[1]
        self._page(copy, self.people["production"], COPY)
        self.assertEqual(copy.read_by_id, self.people["production"])

    def test_a_second_print_is_a_duplicate(self):
        copy = self._settled().policy_copy_ids[0]
        first = self._page(copy, self.people["quality"], COPY)
        second = self._page(copy, self.people["quality"], COPY)
        self.assertIn(copy.name, first)
        self.assertIn(self.people["quality"].name, first)
        self.assertNotIn("o_policy_duplicate", first)
        self.assertIn("o_policy_duplicate", second)
        self.assertEqual(copy.print_ids.sorted("id").mapped("duplicate"), [False, True])
        self.assertEqual(copy.print_count, 2)

    def test_a_copy_says_what_was_settled(self):
        case = self._settled()
        with at("2026-03-05 09:00"):
            case.sudo()._policy_reopen("客户再次反映")
            case.partner_id.name = "更名后的客户"
        page = self._page(case.policy_copy_ids[0], self.users["supervisor"], COPY)
        self.assertIn("苏州恒达电子", page)
        self.assertIn("2026-03-04 15:00", page)
        self.assertIn(">open<", self._page(case))

    def test_nobody_makes_or_changes_one(self):
        copy = self._settled().policy_copy_ids[0]
        for record in (copy, copy.paper_id):
            for user in (self.users["director"], self.env.user):
                theirs = record.with_user(user)
                with self.assertRaises(AccessError):
                    theirs.write({"company_id": self.company.id})
                with self.assertRaises(AccessError):
                    theirs.unlink()
                with self.assertRaises(AccessError):
                    theirs.create({"ticket_id": copy.ticket_id.id})

    def test_others_see_none(self):
        copy = self._settled().policy_copy_ids[0]
        stranger = self._stranger()
        self.assertFalse(copy.with_user(stranger).search([("id", "=", copy.id)]))
        with self.assertRaises(AccessError):
            copy.with_user(stranger).action_policy_open()
        with self.assertRaises(AccessError):
            copy.with_user(stranger).action_policy_print()

    def test_whom_it_is_hidden_from_prints_none(self):
        case = self._settled()
        copy = case.policy_copy_ids[0]
        stranger = self._stranger()
        portal = self._portal()
        case.sudo().policy_accused_user_ids = self.people["quality"]
        for user in (stranger, portal, self.people["quality"]):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._page(copy, user, COPY)
        with self.assertRefused(AccessError, "about yourself"):
            copy.with_user(self.people["quality"]).action_policy_print()
        self.assertFalse(copy.print_ids or copy.read_at)

    def test_what_is_not_settled_is_handed_out_to_nobody(self):
        case = self._registered()
        self.assertFalse(self.env["crm.policy.case.copy"]._policy_hand_out(case.sudo()))
        self.assertFalse(case.policy_copy_ids)

    def test_handing_out_costs_the_same_statements_for_more_cases(self):
        def cost(number):
            cases = self.env["helpdesk.ticket"]
            for _each in range(number):
                cases |= self._registered()
            cases.sudo()._policy_guarded_write({"policy_settled_at": shanghai("2026-03-04 15:00")})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["crm.policy.case.copy"]._policy_hand_out(cases.sudo())
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        cost(1)
        small, large = cost(2), cost(4)
        # Beside the message to the recipients, which is one for each case.
        self.assertLessEqual(large - small, 2 * 45)

    def test_the_pack_s_copies_are_checked(self):
        rule = self.env["crm.policy.copy.rule"].search([], limit=1)
        draft = self.governing.with_user(self.users["policy_admin"])._policy_new_version()
        mine = rule.search([("version_id", "=", draft.id)], order="number")
        self.assertEqual(mine.mapped("number"), [1, 2, 3, 4, 5])
        with self.assertRaises(ValidationError):
            mine[0].number = 0
        with self.assertRaises(UserError):
            rule.number = 7
        self._new_post("quality", self.env["res.users"])
        findings = self.env["crm.policy.finding"]._policy_refresh(draft)
        self.assertIn("copy_without_recipient", findings.mapped("code"))


class TestStaysInTheHouse(FormCommon):
    """Each door by which a file goes out."""

    def setUp(self):
        super().setUp()
        self.case = self._registered()
        self.form = self._file(self.case)
        self.mine = self._as("specialist", self.case)
        self.colleague = self.users["supervisor"].partner_id
        self.words = "5.1.*leaves the house in no way"

    def _refused(self):
        return self.assertRefused(UserError, self.words)

    def test_a_message_to_the_customer(self):
        with self._refused():
            self.mine.message_post(
                body="x",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                attachment_ids=self.form.ids,
            )
        with self._refused():
            self.mine.message_post(
                body="x", partner_ids=self.partner.ids, attachment_ids=self.form.ids
            )
        with self._refused():
            self.mine.message_notify(
                body="x", partner_ids=self.partner.ids, attachment_ids=self.form.ids
            )
        with self._refused():
            self.mine.message_post(
                body="x",
                subtype_xmlid="mail.mt_comment",
                attachments=[("other.bin", self.form.raw)],
            )

    def test_a_note_stays_inside(self):
        note = self.mine.message_post(
            body="x", subtype_xmlid="mail.mt_note", attachment_ids=self.form.ids,
            partner_ids=self.colleague.ids,
        )  # fmt: skip
        self.assertEqual(note.attachment_ids, self.form)
        with self._refused():
            note.write({"subtype_id": self.env.ref("mail.mt_comment").id})
        with self._refused():
            note.write({"partner_ids": [Command.link(self.partner.id)]})
        said = self.mine.message_post(body="y", subtype_xmlid="mail.mt_comment")
        with self._refused():
            said.write({"attachment_ids": [Command.link(self.form.id)]})

    def test_copied_and_renamed_it_is_the_same(self):
        other = self.form.sudo().copy({"name": "报价单.pdf", "res_model": False, "res_id": 0})
        uploaded = self.env["ir.attachment"].create(
            {"name": "a.bin", "datas": base64.b64encode(self.form.raw)}
        )
        for file in (other, uploaded):
            with self._refused():
                self.mine.sudo().message_post(
                    body="x", subtype_xmlid="mail.mt_comment", attachment_ids=file.ids
                )
        harmless = self.env["ir.attachment"].create({"name": "complaint form.pdf", "raw": b"x"})
        self.assertTrue(
            self.mine.sudo().message_post(
                body="x", subtype_xmlid="mail.mt_comment", attachment_ids=harmless.ids
            )
        )

    def test_what_was_attached_does_not_become_one(self):
        harmless = self.env["ir.attachment"].create({"name": "x.pdf", "raw": b"x"})
        self.case.message_post(
            body="x", subtype_xmlid="mail.mt_comment", attachment_ids=harmless.ids
        )
        with self._refused():
            harmless.write({"raw": self.form.raw})

    def test_nor_what_waits_to_be_sent(self):
        File = self.env["ir.attachment"]
        mailed, later = File.create([{"name": name, "raw": b"x"} for name in ("a.pdf", "b.pdf")])
        self.env["mail.mail"].create(
            {"email_to": "hengda@example.com", "attachment_ids": mailed.ids}
        )
        self.env["mail.scheduled.message"].create(
            {
                "author_id": self.users["specialist"].partner_id.id,
                "body": "x",
                "model": "helpdesk.ticket",
                "res_id": self.case.id,
                "scheduled_date": "2099-01-01 00:00:00",
                "attachment_ids": [Command.set(later.ids)],
            }
        )
        for file in mailed, later:
            with self.subTest(file.name), self._refused():
                file.sudo().write({"raw": self.form.raw})

    def test_a_mail(self):
        Mail = self.env["mail.mail"]
        for vals in (
            {"email_to": "hengda@example.com"},
            {"email_cc": "hengda@example.com"},
            {"recipient_ids": [Command.link(self.partner.id)]},
            {"email_to": "not an address"},
        ):
            with self.subTest(vals), self._refused():
                Mail.create({"body_html": "x", "attachment_ids": self.form.ids, **vals})
        inside = Mail.create(
            {"recipient_ids": [Command.link(self.colleague.id)], "attachment_ids": self.form.ids}
        )
        with self._refused():
            inside.write({"email_to": "hengda@example.com"})
        empty = Mail.create({"email_to": "hengda@example.com"})
        with self._refused():
            empty.write({"attachment_ids": [Command.link(self.form.id)]})
        with self._refused():
            empty.mail_message_id.write({"attachment_ids": [Command.link(self.form.id)]})
        self.users["supervisor"].email = "boss@example.com"
        self.assertTrue(
            Mail.create({"email_to": "Boss@example.com", "attachment_ids": self.form.ids})
        )

    def test_the_composer(self):
        for mode, vals in (
            ("comment", {"res_ids": str(self.case.ids), "partner_ids": self.partner.ids}),
            ("mass_mail", {"res_ids": str(self.case.ids)}),
        ):
            composer = (
                self.env["mail.compose.message"]
                .with_user(self.users["specialist"])
                .with_context(active_test=False)
                .create(
                    {
                        "model": "helpdesk.ticket",
                        "composition_mode": mode,
                        "subject": "x",
                        "body": "x",
                        "attachment_ids": [Command.set(self.form.ids)],
                        **vals,
                    }
                )
            )
            with self.subTest(mode), self._refused():
                composer.action_send_mail()

    def test_a_message_for_later(self):
        Later = self.env["mail.scheduled.message"].with_user(self.users["specialist"])
        vals = {
            "author_id": self.users["specialist"].partner_id.id,
            "body": "x",
            "model": "helpdesk.ticket",
            "res_id": self.case.id,
            "scheduled_date": "2099-01-01 00:00:00",
        }
        with self._refused():
            Later.create({**vals, "attachment_ids": [Command.set(self.form.ids)]})
        later = Later.create(vals)
        with self._refused():
            later.write({"attachment_ids": [Command.set(self.form.ids)]})
        note = Later.create(
            {**vals, "is_note": True, "attachment_ids": [Command.set(self.form.ids)]}
        )
        with self._refused():
            note.write({"is_note": False})

    def test_a_template(self):
        Template = self.env["mail.template"]
        vals = {
            "name": "告知结果",
            "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
            "email_to": "hengda@example.com",
        }
        report = self.env.ref("crm_policy.complaint_form_report")
        with self.assertRefused(ValidationError, "no template attaches it"):
            Template.create({**vals, "report_template_ids": [Command.set(report.ids)]})
        with self._refused():
            Template.create({**vals, "attachment_ids": [Command.set(self.form.ids)]})
        template = Template.create(vals)
        with self._refused():
            template.send_mail(self.case.id, email_values={"attachment_ids": self.form.ids})
        with self._refused():
            template.send_mail(
                self.case.id,
                email_values={"attachments": [("x.pdf", base64.b64encode(self.form.raw))]},
            )

    def test_a_stored_copy(self):
        copies = self._settled().policy_copy_ids
        content = self._page(copies[0], self.people["quality"], COPY).encode()
        File = self.env["ir.attachment"].with_user(self.users["specialist"])
        file = File.create({"name": "x", "raw": content})
        with self._refused():
            self.mine.message_post(
                body="x", subtype_xmlid="mail.mt_comment", attachment_ids=file.ids
            )

    def test_no_open_link(self):
        with self._refused():
            self.form.write({"public": True})
        with self._refused():
            self.form.sudo().write({"access_token": "x"})
        with self._refused():
            self.form.sudo().generate_access_token()
        with self._refused():
            self.env["ir.attachment"].create({"name": "x", "raw": self.form.raw, "public": True})
        for name, value in (("public", True), ("access_token", "x")):
            File = self.env["ir.attachment"].with_context(**{f"default_{name}": value})
            with self.subTest(name), self._refused():
                File.create({"name": "x", "raw": self.form.raw})

    def test_the_contact_sheet_stays_too(self):
        sheet = self._page(self.case, name="crm_policy.case_contact_sheet").encode()
        File = self.env["ir.attachment"].with_user(self.users["specialist"])
        file = File.create({"name": "x", "raw": sheet})
        with self._refused():
            self.mine.message_post(
                body="x", partner_ids=self.partner.ids, attachment_ids=file.ids
            )  # fmt: skip

    def test_a_guest_who_comes_later(self):
        Channel = self.env["discuss.channel"].with_user(self.users["specialist"])
        inside = Channel._create_group(partners_to=self.colleague.ids)
        inside.add_members(partner_ids=self.users["qc"].partner_id.ids)
        said = {"body": "x", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        inside.message_post(attachment_ids=self.form.ids, **said)
        inside.add_members(partner_ids=self.users["manager"].partner_id.ids)
        guest = self.env["mail.guest"].create({"name": "x"})
        for who in ({"partner_ids": self.partner.ids}, {"guest_ids": guest.ids}):
            with self.subTest(who), self._refused():
                inside.add_members(**who)
        self.assertFalse(inside.channel_member_ids.partner_id & self.partner)
        other = Channel._create_group(partners_to=self.colleague.ids)
        other.message_post(**said)
        other.add_members(partner_ids=self.partner.ids)

    def test_a_channel_with_a_guest(self):
        Channel = self.env["discuss.channel"].with_user(self.users["specialist"])
        inside = Channel._create_group(partners_to=self.colleague.ids)
        said = {"body": "x", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        self.assertTrue(inside.message_post(attachment_ids=self.form.ids, **said))
        outside = Channel._create_group(partners_to=(self.colleague | self.partner).ids)
        other = self.form.copy()
        with self._refused():
            outside.message_post(attachment_ids=other.ids, **said)

    def test_nobody_from_outside_joins_where_it_was_shown(self):
        Channel = self.env["discuss.channel"].with_user(self.users["specialist"])
        inside = Channel._create_group(partners_to=self.colleague.ids)
        said = {"body": "x", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        inside.message_post(attachment_ids=self.form.ids, **said)
        with self._refused():
            inside.add_members(partner_ids=self.partner.ids)
        inside.add_members(partner_ids=self.users["manager"].partner_id.ids)
        self.assertIn(self.users["manager"].partner_id, inside.channel_member_ids.partner_id)
