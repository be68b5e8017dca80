"""Notices to customers: who writes, approves, sends, explains and files them, and nobody else."""

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..common import at, shanghai
from ..notice_common import TEXT, NoticeCommon
from .mail_server import edge


class TestNotice(NoticeCommon):
    def _sent(self, *managers):
        notice = self._approved(self._customers(*(managers or ("li", "qian"))))
        with at("2026-05-08 09:30"):
            self._by("complaint_officer", notice).action_policy_send()
            self._deliver(notice)
        return notice

    # === DRAFT AND APPROVAL === #

    def test_it_is_signed_by_the_head_and_the_executive_in_this_order(self):
        notice = self._draft(self._customers("li"))
        self.assertEqual(notice.state, "draft")
        self._by("marketing", notice).action_policy_submit()
        self.assertEqual(notice.state, "submitted")
        with self.assertRaises(UserError):
            self._as("ceo", notice).action_policy_approve("先批")
        self._by("head", notice).action_policy_approve("同意")
        self.assertEqual(notice.state, "reviewed")
        notice._policy_open_duties()
        with self.assertRefused(UserError, "is not approved: nothing goes to customers"):
            self._by("complaint_officer", notice).action_policy_send()
        self._as("ceo", notice).action_policy_approve("同意")
        self.assertEqual(notice.state, "approved")

    def test_the_author_approves_nothing_of_it(self):
        boss = self._new_employee(self.users["director"])
        self._new_employee(self.people["head"], parent_id=boss.id)
        notice = self._draft(self._customers("li"), user="head")
        self._by("head", notice).action_policy_submit()
        self.assertEqual(notice.policy_approval_id.eligible_user_ids, self.users["director"])

    def test_who_has_changed_it_does_not_approve_it(self):
        notice = self._draft(self._customers("li"), policy_department_id=self.department.id)
        manager = self.users["manager"]
        self.assertEqual(self.department.manager_id.user_id, manager)
        self._as("manager", notice).name = "新销售政策（修订）"
        self.assertEqual(notice.writer_ids, manager)
        self._by("marketing", notice).action_policy_submit()
        self.assertNotIn(manager, notice.policy_approval_id.eligible_user_ids)

    def test_what_is_signed_stays(self):
        notice = self._approved(self._customers("li"))
        for vals in (
            {"name": "x"}, {"body": "<p>x</p>"}, {"notice_class": "price"},
            {"attachment_ids": [Command.create({"name": "x.txt", "raw": b"x"})]},
            {"policy_department_id": self.department.id},
        ):  # fmt: skip
            with self.subTest(vals), self.assertRefused(UserError, "is approved as it stands"):
                self._by("marketing", notice).write(vals)

    def test_a_file_that_was_exchanged_afterwards_is_not_sent(self):
        file = self.env["ir.attachment"].with_user(self.people["marketing"]).create(
            {"name": "政策.txt", "raw": "原文".encode()}
        )  # fmt: skip
        notice = self._approved(self._customers("li"), attachment_ids=[Command.link(file.id)])
        self.assertEqual((file.res_model, file.res_id), (notice._name, notice.id))
        file.sudo().raw = "改过的".encode()
        with self.assertRefused(UserError, "has changed since it was submitted"):
            self._by("complaint_officer", notice).action_policy_send()
        with self.assertRefused(UserError, "has changed since it was submitted"):
            self._by("complaint_officer", notice.recipient_ids).action_policy_deliver("fax", "1")

    def test_a_file_that_one_may_not_read_is_not_sent_out(self):
        case = self._new_case(user_id=self.other_specialist.id)
        secret = self.env["ir.attachment"].create(
            {"name": "x.txt", "raw": b"x", "res_model": case._name, "res_id": case.id}
        )
        with self.assertRaises(AccessError):
            self._draft(attachment_ids=[Command.link(secret.id)])
        notice = self._draft()
        with self.assertRaises(AccessError):
            self._by("marketing", notice).write({"attachment_ids": [Command.link(secret.id)]})

    def test_a_department_is_needed_and_one_of_the_company(self):
        with self.assertRefused(ValidationError, "which department wants"):
            self._draft(policy_department_id=False)
        other = self.env["hr.department"].create(
            {"name": "别家", "company_id": self._new_company("别的公司").id}
        )
        with self.assertRefused(ValidationError, "belongs to another company"):
            self._draft(policy_department_id=other.id)

    def test_one_that_says_nothing_is_not_submitted(self):
        notice = self._draft(self._customers("li"), body="<p><br/></p>")
        with self.assertRefused(UserError, "says nothing"):
            self._by("marketing", notice).action_policy_submit()

    def test_what_it_is_stays(self):
        notice = self._draft()
        with self.assertRefused(UserError, "stays what it is"):
            self._by("marketing", notice).kind = "unauthorised"

    def test_it_is_taken_back_before_it_is_sent_only(self):
        notice = self._approved(self._customers("li"))
        with self.assertRefused(ValidationError, "why it is taken back"):
            self._by("marketing", notice).action_policy_withdraw(" ")
        with self.assertRaises(AccessError):
            self._by("li", notice).action_policy_withdraw("不需要")
        self._by("marketing", notice).action_policy_withdraw("政策推迟")
        self.assertEqual(notice.state, "withdrawn")
        self.assertEqual(self._clock(notice, "notice-send").state, "cancelled")
        with self.assertRefused(UserError, "was taken back"):
            self._by("complaint_officer", notice).action_policy_send()
        sent = self._sent()
        with self.assertRefused(UserError, "is with the customers"):
            self._by("marketing", sent).action_policy_withdraw("不需要")

    def test_a_numbered_one_is_kept(self):
        notice = self._draft(self._customers("li"))
        draft = self._draft(policy_department_id=self.department.id)
        with self.assertRaises(AccessError):
            self._as("manager", draft).unlink()
        self._by("marketing", draft).unlink()
        self._by("marketing", notice).action_policy_withdraw("重复")
        self.assertEqual(notice.number[:3], "FW-")
        with self.assertRefused(UserError, "is kept: take it back instead"):
            self._by("marketing", notice).unlink()

    def test_without_a_policy_that_speaks_of_notices_there_is_no_route(self):
        self.governing.policy_id.active_in_company = False
        notice = self._draft(self._customers("li"))
        with self.assertRefused(UserError, "no policy in force has no approval route"):
            self._by("marketing", notice).action_policy_submit()

    # === WHO SEES IT === #

    def test_a_salesperson_sees_his_own_customers_once_it_is_sent(self):
        customers = self._customers("li", "qian")
        notice = self._approved(customers)
        self.assertFalse(self._by("li", notice)._filtered_access("read"))
        with at("2026-05-08 09:30"):
            self._by("complaint_officer", notice).action_policy_send()
            self._deliver(notice)
        self.env.invalidate_all()  # a request finds nothing that others have read
        self.assertEqual(self._by("li", notice).recipient_ids.partner_id, customers[0])
        with self.assertRaises(AccessError):
            self._by("li", self._line(notice, customers[1])).read(["email"])
        self.assertEqual(self._by("complaint_officer", notice).recipient_count, 2)
        self.assertEqual(self._by("li", notice).recipient_count, 1)

    def test_an_employee_who_has_nothing_to_do_with_it_sees_nothing(self):
        notice = self._sent()
        stranger = self.Notice.with_user(self.people["deputy"])
        self.assertFalse(stranger.search([("id", "=", notice.id)]))
        with self.assertRaises(AccessError) as caught:
            stranger.browse(notice.id).action_policy_send()
        # Nor is he told who does it.
        self.assertNotIn("t_complaint_officer", str(caught.exception))
        lines = self.env["crm.policy.notice.recipient"].with_user(self.people["deputy"])
        self.assertFalse(lines.search([("notice_id", "=", notice.id)]))

    def test_a_new_officer_sees_what_is_under_way(self):
        notice = self._approved(self._customers("li"))
        self.assertFalse(self._by("deputy", notice)._filtered_access("read"))
        self._new_post("complaint_officer", self.people["deputy"])
        self._by("deputy", notice).action_policy_send()
        with self.assertRefused(AccessError, "only the Complaint Officer"):
            self._by("complaint_officer", notice).action_policy_send()

    # === RECIPIENTS === #

    def test_a_customer_of_another_company_is_no_recipient(self):
        stranger = self.env["res.partner"].create(
            {"name": "别家的", "company_id": self._new_company("别的公司").id}
        )
        notice = self._draft()
        line = self.env["crm.policy.notice.recipient"].with_user(self.people["marketing"])
        with self.assertRefused(ValidationError, "customer of another company"):
            line.sudo().create({"notice_id": notice.id, "partner_id": stranger.id})

    def test_a_contact_that_one_may_not_read_is_not_written_to(self):
        hidden = self.env["res.partner"].create(
            {"name": "别家的", "company_id": self._new_company("别的公司").id}
        )
        notice = self._draft()
        with self.assertRaises(AccessError) as caught:
            self._by("marketing", notice).action_policy_address(hidden.ids)
        self.assertNotIn("别家的", str(caught.exception))
        line = notice.recipient_ids.with_user(self.people["marketing"])
        with self.assertRaises(AccessError):
            line.create({"notice_id": notice.id, "partner_id": hidden.id})
        line = line.create({"notice_id": notice.id, "partner_id": self.partner.id})
        with self.assertRaises(AccessError):
            line.partner_id = hidden

    def test_each_customer_gets_it_once(self):
        customers = self._customers("li", "qian")
        notice = self._draft(customers[:1])
        self._by("marketing", notice).action_policy_address(customers.ids)
        self.assertEqual(notice.recipient_ids.partner_id, customers)

    def test_bad_lists_of_customers(self):
        notice, customers = self._draft(), self._customers("li")
        mine = self._by("marketing", notice)
        for wrong in (None, [], customers.id, ["1"], [True], [-1], [[customers.id]], {"id": 1}):
            with self.subTest(wrong), self.assertRefused(ValidationError, "Name the customers"):
                mine.action_policy_address(wrong)
        for channel in (None, "portal", "phone", ["mail"], True):
            with self.subTest(channel), self.assertRefused(ValidationError, "Name the customers"):
                mine.action_policy_address(customers.ids, channel)

    def test_the_officer_completes_the_list_and_nobody_else_who_only_reads(self):
        customers = self._customers("li", "qian")
        notice = self._approved(customers[:1])
        self._by("complaint_officer", notice).action_policy_address(customers.ids, "letter")
        self.assertEqual(notice.recipient_ids.mapped("channel"), ["mail", "letter"])
        with self.assertRefused(AccessError, "only the Complaint Officer"):
            self._as("ceo", notice).action_policy_address(customers.ids)
        # What comes later is governed as the notice is.
        self.assertTrue(all(line.policy_version_id for line in notice.recipient_ids))

    def test_who_is_on_the_signed_list_stays_there(self):
        customers = self._customers("li", "qian")
        notice = self._approved(customers)
        for name in ("marketing", "complaint_officer"):
            line = self._by(name, notice.recipient_ids[0]).sudo()
            for deed in (
                line.unlink,
                lambda line=line: line.write({"partner_id": self.partner.id}),
                lambda line=line: line.write({"notice_id": self._draft().id}),
            ):
                with self.assertRefused(UserError, r"6\.1.*is approved for.*stays on the list"):
                    deed()
        self.assertEqual(notice.recipient_ids.partner_id, customers)
        # How it reaches him is no part of it.
        notice.recipient_ids[0].with_user(self.people["marketing"]).channel = "letter"
        self.assertEqual(notice.policy_approval_state, "approved")

    def test_after_the_approval_only_who_sends_it_adds_somebody(self):
        notice = self._approved(self._customers("li"))
        line = {"notice_id": notice.id, "partner_id": self.partner.id}
        Line = self._by("marketing", self.env["crm.policy.notice.recipient"])
        with self.assertRefused(AccessError, "only the Complaint Officer"):
            Line.create(line)
        with self.assertRefused(AccessError, "only the Complaint Officer"):
            Line.sudo().create(line)
        with self.assertRefused(AccessError, "only the Complaint Officer"):
            self._by("marketing", notice).action_policy_address(self.partner.ids)
        self._by("complaint_officer", notice).action_policy_address(self.partner.ids)
        self.assertTrue(self._line(notice, self.partner).completed_at)
        [event] = self._events(notice, "notice.completed")
        self.assertEqual(event.payload, {"partners": self.partner.ids})
        self.assertEqual(notice.policy_approval_state, "approved")
        # Whom he has added he may take off again.
        self._line(notice, self.partner).with_user(self.people["complaint_officer"]).sudo().unlink()
        self.assertEqual(notice.policy_approval_state, "approved")

    def test_a_list_that_changes_while_it_is_signed_voids_the_request(self):
        customers = self._customers("li", "qian")
        for change in ("add", "remove", "replace"):
            notice = self._draft(customers)
            self._by("marketing", notice).action_policy_submit()
            request = notice.policy_approval_id
            mine = self._by("marketing", notice)
            line = self._by("marketing", notice.recipient_ids[0])
            with self.subTest(change):
                if change == "add":
                    mine.action_policy_address(self.partner.ids)
                elif change == "remove":
                    line.unlink()
                else:
                    line.partner_id = self.partner
                self.assertEqual(request.state, "lapsed")

    def test_after_the_last_one_nobody_is_added_or_changed(self):
        notice = self._sent()
        more = self.partner
        with self.assertRefused(UserError, "to others goes another notice"):
            self._by("complaint_officer", notice).action_policy_address(more.ids)
        with self.assertRefused(UserError, "to others goes another notice"):
            notice.recipient_ids[:1].with_user(self.people["marketing"]).unlink()
        with self.assertRefused(UserError, "to others goes another notice"):
            notice.recipient_ids[:1].with_user(self.people["marketing"]).channel = "fax"

    def test_what_is_on_its_way_stays(self):
        notice = self._approved(self._customers("li", "qian"))
        self._by("complaint_officer", notice).action_policy_send()
        line = self._by("marketing", notice.recipient_ids[0])
        for deed in (line.unlink, lambda: line.write({"channel": "letter"})):
            with self.assertRefused(UserError, "is on its way: it stays"):
                deed()

    # === SENDING === #

    def test_without_the_last_one_who_waited_it_is_sent(self):
        for leave in ("unlink", "move"):
            customers = self._customers("li", "qian")
            notice, other = self._approved(customers[:1]), self._draft()
            officer = self._by("complaint_officer", notice)
            officer.action_policy_address(customers[1:].ids, "fax")
            with self.subTest(leave), at("2026-05-08 09:30"):
                self._by("complaint_officer", notice).action_policy_send()
                self._deliver(notice)
                self.assertEqual(notice.state, "sending")
                line = self._line(notice, customers[1])
                if leave == "unlink":
                    self._by("complaint_officer", line).sudo().unlink()
                else:
                    line.notice_id = other
                self.assertEqual(notice.state, "sent")
                self.assertEqual(notice.policy_sent_at, shanghai("2026-05-08 09:30:00"))

    def test_without_anybody_left_it_is_not_sent(self):
        notice = self._approved(self._customers("li")[:0])
        officer = self._by("complaint_officer", notice)
        officer.action_policy_address(self.partner.ids, "fax")
        officer.action_policy_send()
        notice.recipient_ids.sudo().unlink()
        self.assertEqual(notice.state, "sending")

    def test_customers_are_given_by_number(self):
        notice = self._draft()
        Line = self._by("marketing", self.env["crm.policy.notice.recipient"])
        for partner_id in ([self.partner.id], {"id": 1}, "1", True):
            with self.subTest(partner_id), self.assertRefused(ValidationError, "Name the cust"):
                Line.create({"notice_id": notice.id, "partner_id": partner_id})
        line = Line.create({"notice_id": notice.id, "partner_id": self.partner.id})
        with self.assertRefused(ValidationError, "Name the cust"):
            line.write({"partner_id": [self.partner.id]})

    def test_it_goes_to_nobody_or_to_one_without_an_address(self):
        notice = self._approved(self._customers("li")[:0])
        with self.assertRefused(UserError, "goes to nobody"):
            self._by("complaint_officer", notice).action_policy_send()
        customers = self._customers("li", "qian")
        customers[1].email = False
        notice = self._approved(customers)
        with self.assertRefused(UserError, "no e-mail address.*客户 02"):
            self._by("complaint_officer", notice).action_policy_send()
        self.assertFalse(self._queue(notice))
        notice.recipient_ids[1].channel = "letter"
        self._by("complaint_officer", notice).action_policy_send()
        self.assertEqual(self._queue(notice).recipient_ids, customers[0])

    def test_pressed_twice_it_is_sent_once(self):
        customers = self._customers("li", "qian")
        notice = self._approved(customers)
        self._by("complaint_officer", notice).action_policy_send()
        self._by("complaint_officer", notice).action_policy_send()
        mails = self.env["mail.mail"].search([("recipient_ids", "in", customers.ids)])
        self.assertEqual(len(mails), 2)

    def test_the_substitute_sends_while_the_officer_is_away(self):
        notice = self._approved(self._customers("li"))
        officer, deputy = self.people["complaint_officer"], self.people["deputy"]
        self._new_employee(officer)
        self._new_employee(deputy)
        self._new_post("complaint_officer", officer, substitute=deputy)
        with at("2026-05-08 09:00"):
            with self.assertRaises(AccessError):
                self._by("deputy", notice).action_policy_send()
            self._away(officer, "2026-05-08 00:00", "2026-05-08 23:59")
            self._by("deputy", notice).action_policy_send()
        self.assertEqual(notice.sent_by_id, deputy)

    def test_a_policy_without_the_rule_names_nobody(self):
        notice = self._approved(self._customers("li"))
        rule = notice._policy_duty(notice._name, "policy_sent_at")
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET role_id = NULL WHERE id = %s", [rule.id]
        )
        self.env.invalidate_all()
        with self.assertRefused(UserError, "does not say whose duty this is: Sent At"):
            notice.with_user(self.users["director"]).action_policy_send()

    def test_by_hand_needs_a_channel_a_proof_and_the_officer(self):
        notice = self._approved(self._customers("li"))
        line = self._by("complaint_officer", notice.recipient_ids)
        for channel in ("mail", None, True, ["fax"]):
            with self.subTest(channel), self.assertRefused(ValidationError, "by fax or letter"):
                line.action_policy_deliver(channel, "1")
        for proof in (None, " ", 1, ["x"]):
            with self.subTest(proof), self.assertRefused(ValidationError, "proof of delivery"):
                line.action_policy_deliver("fax", proof)
        with self.assertRefused(AccessError, "only the Complaint Officer"):
            self._by("marketing", notice.recipient_ids).action_policy_deliver("fax", "1")
        with at("2026-05-08 11:00"):
            with self.assertRefused(UserError, "Reached At comes after the notice is approved"):
                line.action_policy_deliver("fax", "1", shanghai("2026-05-07 15:59"), "漏记")
            line.action_policy_deliver("fax", "1", shanghai("2026-05-08 10:05"), "回执刚到")
        self.assertEqual(notice.policy_sent_at, shanghai("2026-05-08 10:05"))
        with at("2026-05-08 12:00"), self.assertRefused(UserError, "is recorded already"):
            line.action_policy_deliver("fax", "1")

    def test_the_state_of_a_mail_that_a_person_writes_is_no_proof(self):
        insider = self.people["marketing"]  # who may write the notice, and is among its recipients
        insider.partner_id.email = "marketing@mingyuan.example"
        notice = self._approved(insider.partner_id)
        self._by("complaint_officer", notice).action_policy_send()
        rows = self.env["mail.notification"].search(
            [("mail_message_id", "in", notice.recipient_ids.message_id.ids)]
        )
        rows.with_user(insider).write({"notification_status": "sent"})
        self.assertEqual(notice.recipient_ids.delivery, "under_way")

    def test_facts_are_not_typed_in(self):
        notice = self._sent()
        for record, vals in (
            (notice, {"policy_sent_at": "2026-05-01 00:00:00"}),
            (notice, {"number": "FW-2026-0099"}),
            (notice.recipient_ids[0], {"policy_delivered_at": "2026-05-01 00:00:00"}),
            (notice.recipient_ids[0], {"understood": True}),
        ):
            with self.subTest(vals), self.assertRefused(AccessError, "cannot be written"):
                record.write(vals)

    @mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")
    def test_what_odoo_writes_while_it_sends_is_no_end(self):
        """Each mail counts as failed until the mail server has taken it."""
        customers = self._customers("li", "qian")
        notice = self._approved(customers)
        with edge(self) as server:
            server.refusal, server.refused = "550 5.1.1 no such user", b"buyer2@"
            self._by("complaint_officer", notice).action_policy_send()
            self._queue(notice).send()
        taken, refused = notice.recipient_ids
        self.assertFalse(self._events(taken, "notice.not_delivered"))
        self.assertEqual(len(self._events(taken, "fact.delivered")), 1)
        [event] = self._events(refused, "notice.not_delivered")
        self.assertEqual(event.payload, {"status": "exception"})
        self.assertIn("550", refused.failure)

    # === COMING BACK === #

    def test_a_mail_that_comes_back_after_all_begins_another_round(self):
        notice = self._sent()
        line = notice.recipient_ids[0]
        self.assertEqual(notice.policy_sent_at, shanghai("2026-05-08 09:30"))
        with at("2026-05-11 09:00"):
            self._come_back(line)
        self.assertEqual((notice.state, notice.policy_cycle), ("sending", 1))
        first, second = self._clock(notice, "notice-send").sorted("cycle")
        self.assertEqual((first.state, first.done_at), ("met", shanghai("2026-05-08 09:30")))
        self.assertEqual(
            (second.state, second.start_at, second.due_at),
            ("open", shanghai("2026-05-11 09:00"), shanghai("2026-05-12 18:00")),
        )
        self.assertEqual(self._clock(line, "notice-brief").state, "cancelled")
        self.assertEqual(self._clock(notice.recipient_ids[1], "notice-brief").state, "open")
        with at("2026-05-11 10:00"):
            line.partner_id.email = "new@customer1.example"
            self._by("complaint_officer", notice).action_policy_send()
            self.assertEqual(self._queue(notice).recipient_ids, line.partner_id)
            self._deliver(notice)
        self.assertEqual(notice.policy_sent_at, shanghai("2026-05-11 10:00"))
        self.assertEqual(second.state, "met")
        self.assertEqual(self._clock(line, "notice-brief").due_at, shanghai("2026-05-18 18:00"))
        self.assertEqual(line.email, "new@customer1.example")

    def test_a_report_that_names_the_address_it_was_forwarded_to(self):
        self.env["res.partner"].create({"name": "秘书", "email": "secretary@elsewhere.example"})
        notice = self._sent()
        self._come_back(notice.recipient_ids[0], "secretary@elsewhere.example")
        self.assertEqual(notice.recipient_ids.mapped("delivery"), ["failed", "delivered"])
        self.assertEqual(len(self._events(notice.recipient_ids[0], "notice.not_delivered")), 1)

    def test_who_has_confirmed_it_has_it_whatever_comes_back(self):
        notice = self._sent()
        line = notice.recipient_ids[0]
        self._by("li", line).action_policy_confirm()
        self._come_back(line)
        self.assertEqual((line.delivery, notice.state), ("delivered", "sent"))

    def test_a_mail_that_arrives_after_the_fax_changes_nothing(self):
        notice = self._approved(self._customers("li"))
        with at("2026-05-08 09:30"):
            self._by("complaint_officer", notice).action_policy_send()
        mails, line = self._queue(notice), notice.recipient_ids
        report = self._report(line)
        with at("2026-05-08 10:05"):
            self._by("complaint_officer", line).action_policy_deliver("fax", "1")
        with at("2026-05-08 11:00"):
            self._take(mails)
            self.env["mail.thread"].message_process(False, report)
        self.assertEqual(notice.policy_sent_at, shanghai("2026-05-08 10:05"))
        self.assertEqual((line.channel, line.delivery), ("fax", "delivered"))

    # === EXPLAINING AND FILING === #

    def test_each_salesperson_explains_it_to_his_own(self):
        notice = self._sent()
        mine, theirs = notice.recipient_ids
        with self.assertRaises(AccessError):
            self._by("li", theirs).action_policy_brief("已讲解")
        with self.assertRefused(
            AccessError, r"6\.2.*only the Sales Manager of the Customer does this: t_li"
        ):
            self._by("complaint_officer", mine).action_policy_brief("已讲解")
        for text in (None, "", 5):
            with self.assertRefused(ValidationError, "what was said"):
                self._by("li", mine).action_policy_brief(text)
        for understood in (None, 1, "yes", [True]):
            with self.assertRefused(ValidationError, "whether the customer has understood"):
                self._by("li", mine).action_policy_brief("已讲解", understood)

    def test_until_he_understands_it_is_not_done(self):
        notice = self._sent("li")
        line = notice.recipient_ids
        with at("2026-05-11 10:00"):
            self._by("li", line).action_policy_brief("客户仍有疑问", False)
        self.assertFalse(line.policy_briefed_at or notice.policy_briefed_at)
        self.assertEqual((line.briefing, line.understood), ("客户仍有疑问", False))
        self.assertEqual(self._clock(line, "notice-brief").state, "open")
        self.assertEqual(len(self._events(line, "notice.not_understood")), 1)
        with at("2026-05-12 10:00"):
            self._by("li", line).action_policy_brief("客户已理解")
            with self.assertRefused(UserError, "is recorded already"):
                self._by("li", line).action_policy_brief("再次", False)
        self.assertEqual(notice.state, "briefed")
        self.assertEqual(notice.policy_briefed_at, shanghai("2026-05-12 10:00"))

    def test_whose_salesperson_is_late_sees_the_customer(self):
        notice = self._sent()
        lines = self._by("deputy", notice.recipient_ids)
        self.assertFalse(lines._filtered_access("read"))
        notice.recipient_ids[0]._policy_open_for(self.people["deputy"] | self.people["li"])
        self.assertEqual(lines._filtered_access("read"), lines)
        self.assertEqual(
            self._by("li", notice.recipient_ids)._filtered_access("read"),
            self._by("li", notice.recipient_ids[0]),
        )

    def test_nothing_is_explained_or_confirmed_before_it_is_there(self):
        notice = self._approved(self._customers("li", "qian"))
        line = notice.recipient_ids[0]
        notice._policy_open_for(self.people["li"])
        with self.assertRefused(UserError, "Briefed At comes after"):
            self._by("li", line).action_policy_brief("已讲解")
        with self.assertRefused(UserError, "Briefed At comes after"):
            self._by("li", line).action_policy_brief("已讲解", False)
        with self.assertRefused(UserError, "Confirmed At comes after"):
            self._by("li", line).action_policy_confirm()

    def test_a_stranger_confirms_nothing(self):
        notice = self._sent()
        with self.assertRefused(AccessError, "only the Complaint Officer"):
            self._by("marketing", notice.recipient_ids[0]).action_policy_confirm()

    def test_general_administration_files_what_is_sent(self):
        notice = self._approved(self._customers("li"))
        office = self._by("general_administration", notice)
        with self.assertRefused(UserError, "has not reached all its customers"):
            office.action_policy_file("A-1")
        with at("2026-05-08 09:30"):
            self._by("complaint_officer", notice).action_policy_send()
            self._deliver(notice)
        with self.assertRefused(AccessError, r"6\.5.*only the General Administration"):
            self._by("complaint_officer", notice).action_policy_file("A-1")
        with self.assertRefused(ValidationError, "number in the files"):
            office.action_policy_file("")
        with at("2026-05-08 17:00"):
            office.action_policy_file("A-1")
        self.assertEqual((notice.file_ref, notice.filed_by_id),
                         ("A-1", self.people["general_administration"]))  # fmt: skip
        self.assertEqual(self._clock(notice, "notice-file").state, "met")
        with self.assertRefused(UserError, "is recorded already"):
            office.action_policy_file("A-2")

    # === PRICE === #

    def test_the_price_of_sending_follows_from_the_kinds_of_rows_not_their_number(self):
        counts = []
        for number in (5, 10):
            notice = self._approved(self._customers(*["li"] * number))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._by("complaint_officer", notice).action_policy_send()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        # Who is told where a mail goes is read by mail itself, for each of them.
        self.assertLessEqual(counts[1] - counts[0], 5 * 3, counts)


class TestNoticeBreach(NoticeCommon):
    """What was spread without approval."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clause = cls.governing.clause_ids.filtered(lambda clause: clause.number == "6.3")

    def _record(self, role="supervisor", **vals):
        with at("2026-05-21 09:00"):
            record = self.Notice.with_user(self.users[role]).create(
                {
                    "kind": "unauthorised",
                    "name": "私自传达价格政策",
                    "notice_class": "price",
                    "body": "<p>下月降价</p>",
                    "company_id": self.company.id,
                    "person_ids": [Command.set((self.people["li"] | self.people["qian"]).ids)],
                    "occurred_on": "2026-05-20",
                    "clause_id": self.clause.id,
                    **vals,
                }
            )
        return record.with_env(self.env)

    def test_each_person_is_a_violation_once(self):
        # Qian is the superior of Li, and has taken part himself.
        qian = self._new_employee(self.people["qian"])
        qian.parent_id = self._new_employee(self.people["head"])
        self._new_employee(self.people["li"], parent_id=qian.id)
        record = self._record()
        self.assertEqual(record.state, "recorded")
        mine = self._as("supervisor", record)
        mine.action_policy_report_persons()
        mine.action_policy_report_persons()
        found = self.env["crm.policy.violation"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        self.assertEqual(found.user_id, self.people["li"] | self.people["qian"])
        self.assertEqual(len(found), 2)
        self.assertEqual(set(found.mapped("clause_number")), {"6.3"})
        # Whoever judges reads it; whom it is about answers to the violation.
        self.assertTrue(self._by("head", record)._filtered_access("read"))
        for name in ("li", "qian"):
            self.assertFalse(self._by(name, record)._filtered_access("read"))

    def test_it_is_recorded_by_supervisors(self):
        with self.assertRefused(AccessError, "Supervisors and above"):
            self._record("specialist")

    def test_what_it_needs(self):
        for vals in ({"person_ids": False}, {"occurred_on": False}, {"clause_id": False}):
            with self.subTest(vals), self.assertRefused(ValidationError, "Say who has spread it"):
                self._record(**vals)
        with self.assertRefused(ValidationError, "2026-05-22 lies in the future"):
            self._record(occurred_on="2026-05-22")
        foreign = self.version.clause_ids[0]
        other = self._new_company("别的公司")
        self.env.cr.execute(
            "UPDATE crm_policy_clause SET company_id = %s WHERE id = %s", [other.id, foreign.id]
        )
        self.env.invalidate_all()
        with self.assertRefused(ValidationError, "Name the clause, one of"):
            self.Notice.create(
                {
                    "kind": "unauthorised", "name": "x", "notice_class": "price", "body": "x",
                    "company_id": self.company.id, "occurred_on": "2026-05-20",
                    "person_ids": [Command.set(self.people["li"].ids)], "clause_id": foreign.id,
                }
            )  # fmt: skip

    def test_it_is_neither_approved_nor_sent_nor_addressed(self):
        mine = self._as("supervisor", self._record())
        for deed in (
            mine.action_policy_submit,
            mine.action_policy_send,
            lambda: mine.action_policy_file("A-1"),
            lambda: mine.action_policy_address(self.partner.ids),
        ):
            with self.assertRefused(UserError, "it is not approved afterwards, nor sent"):
                deed()
        official = self._draft()
        with self.assertRefused(UserError, "no violation"):
            self._by("marketing", official).action_policy_report_persons()

    def test_once_it_is_reported_persons_are_only_added(self):
        record = self._record()
        mine = self._as("supervisor", record)
        mine.action_policy_report_persons()
        with self.assertRefused(UserError, "persons are added, nothing else"):
            mine.person_ids -= self.people["li"]
        with self.assertRefused(UserError, "persons are added, nothing else"):
            mine.occurred_on = "2026-05-19"
        mine.person_ids |= self.people["deputy"]
        mine.action_policy_report_persons()
        self.assertEqual(len(record.violation_ids), 3)

    def test_once_it_is_reported_what_was_spread_stays(self):
        record = self._record()
        mine = self._as("supervisor", record)
        mine.body = "<p>下月降价一成</p>"
        mine.action_policy_report_persons()
        for vals in ({"name": "x"}, {"body": "<p>x</p>"}):
            with self.subTest(vals), self.assertRefused(UserError, "persons are added, nothing"):
                mine.write(vals)
        mine.write({"name": record.name, "body": record.body})

    def test_whom_it_accuses_has_no_hand_in_it(self):
        """Not even a director, the head of the department, or who has written it himself."""
        people = self.users["director"] | self.users["supervisor"] | self.users["manager"]
        record = self._record(
            "manager",
            person_ids=[Command.set(people.ids)],
            policy_department_id=self.department.id,
        )
        for role in ("director", "supervisor", "manager"):
            mine = self._as(role, record)
            with self.subTest(role):
                self.assertFalse(mine.search([("id", "=", record.id)]))
                for deed in (
                    lambda mine=mine: mine.read(["body"]),
                    lambda mine=mine: mine.write({"person_ids": [Command.clear()]}),
                    lambda mine=mine: mine.write({"notice_class": "other"}),
                    mine.action_policy_report_persons,
                    mine.unlink,
                ):
                    with self.assertRaises(AccessError):
                        deed()
        self.assertTrue(self._as("ceo", record).read(["body"]))

    def test_the_complaints_it_led_to(self):
        record, case = self._record(), self._new_case()
        mine = self._as("supervisor", record)
        case.team_id = self.team
        mine.ticket_ids = case
        [event] = self._events(record, "notice.complaints")
        self.assertEqual(event.payload, {"cases": case.ids})
        away = self.env["helpdesk.ticket.team"].create(
            {"name": "别的组", "company_id": self.company.id}
        )
        hidden = self._new_case(self.env.user, user_id=False, team_id=away.id)
        stranger = self.Notice.with_user(self.users["supervisor"])
        self.assertFalse(hidden.with_user(self.users["supervisor"])._filtered_access("read"))
        with self.assertRaises(AccessError):
            stranger.browse(record.id).write({"ticket_ids": [Command.link(hidden.id)]})
        elsewhere = self.env["helpdesk.ticket"].create(
            {"name": "x", "description": "x", "company_id": self.company.id}
        )
        with self.assertRefused(ValidationError, "is no case of"):
            record.ticket_ids |= elsewhere


class TestNoticeFaces(NoticeCommon):
    """The windows, the lists and the print (E.29)."""

    def _turn(self, name, **vals):
        return self.env["crm.policy.notice.turn"].with_user(self.people[name]).create(vals)

    def test_the_windows_do_what_the_methods_do(self):
        customers = self._customers("li", "qian")
        notice = self._draft(customers[:1])
        self._turn(
            "marketing", notice_id=notice.id, turn="address",
            partner_ids=[Command.set(customers.ids)], address_channel="letter",
        ).action_policy_confirm()  # fmt: skip
        self.assertEqual(notice.recipient_ids.mapped("channel"), ["mail", "letter"])
        with at("2026-05-07 10:00"):
            self._by("marketing", notice).action_policy_submit()
            self._by("head", notice).action_policy_approve("同意")
            self._as("ceo", notice).action_policy_approve("同意")
        first, second = notice.recipient_ids
        with at("2026-05-08 10:00"):
            self._by("complaint_officer", notice).action_policy_send()
            self._deliver(notice)
            self._turn(
                "complaint_officer", turn="deliver", channel="letter", text="EMS 1", reason="回执",
                recipient_ids=[Command.set(second.ids)], happened_earlier=True,
                at=shanghai("2026-05-08 09:00"),
            ).action_policy_confirm()  # fmt: skip
            self.assertEqual(second.policy_delivered_at, shanghai("2026-05-08 09:00"))
            self._turn(
                "general_administration", notice_id=notice.id, turn="file", text="A-1"
            ).action_policy_confirm()
            self.assertEqual(notice.file_ref, "A-1")
        # The rows that are ticked in the list.
        Turn = self.env["crm.policy.notice.turn"].with_user(self.people["li"])
        ticked = Turn.with_context(active_model=first._name, active_ids=first.ids)
        with at("2026-05-09 10:00"):
            ticked.create({"turn": "confirm"}).action_policy_confirm()
            ticked.create({"turn": "brief", "text": "已讲解"}).action_policy_confirm()
        self.assertTrue(first.policy_confirmed_at and first.understood)
        late = self._draft()
        self._turn(
            "marketing", notice_id=late.id, turn="withdraw", text="推迟"
        ).action_policy_confirm()
        self.assertEqual(late.withdrawal_reason, "推迟")

    def test_who_was_not_reached_is_sent_to_again_and_nobody_else(self):
        notice = self._approved(self._customers("li", "qian"))
        officer = self._by("complaint_officer", notice)
        self.assertTrue(officer.can_send_again)
        with at("2026-05-08 09:30"):
            officer.action_policy_send()
        self.assertEqual((officer.state, officer.can_send), ("sending", True))
        self.assertFalse(officer.can_send_again, "all mails are under way")
        notice.recipient_ids[0]._policy_guarded_write({"failed_at": shanghai("2026-05-08 09:40")})
        self.assertTrue(officer.can_send_again)
        self.assertFalse(self._by("marketing", notice).can_send_again)
        notice.recipient_ids[0]._policy_guarded_write({"channel": "letter"})
        self.assertFalse(officer.can_send_again, "nobody else is reached by e-mail")

    def test_on_a_phone_notices_and_their_customers_are_cards(self):
        for name in ("notice_action", "notice_recipient_action"):
            action = self.env.ref(f"crm_policy.{name}")
            self.assertIn("kanban", action.view_mode.split(","))
        arch = etree.fromstring(self.Notice.get_view(view_type="form")["arch"])
        [lines] = arch.xpath("//field[@name='recipient_ids']")
        self.assertEqual(lines.get("mode"), "list,kanban")
        self.assertTrue(lines.xpath("./kanban//a[@type='action']"))

    def test_a_window_is_its_owner_s(self):
        turn = self._turn("marketing", notice_id=self._draft().id, turn="withdraw", text="推迟")
        with self.assertRaises(AccessError):
            turn.with_user(self.people["head"]).read(["text"])

    def test_it_is_written_in_its_form(self):
        with Form(self.Notice.with_user(self.people["marketing"])) as form:
            self.assertEqual(form.policy_department_id, self.marketing)
            form.name, form.notice_class, form.body = "价格调整", "price", TEXT
        self.assertEqual(form.record.state, "draft")

    def test_the_sheet_lists_the_customers_whom_its_reader_may_see(self):
        notice = self._approved(self._customers("li", "qian"))
        with at("2026-05-08 09:30"):
            self._by("complaint_officer", notice).action_policy_send()
            self._deliver(notice)
        seen = {}
        for name in ("complaint_officer", "li"):
            self.env.invalidate_all()  # each prints in a request of his own
            report = self.env["ir.actions.report"].with_user(self.people[name])
            html = report._render_qweb_html("crm_policy.contact_sheet", notice.ids)[0].decode()
            seen[name] = [word for word in ("FW-2026-0001", "客户 01", "客户 02") if word in html]
            self.assertIn("05/08/2026 09:30", html)
        self.assertEqual(
            seen,
            {
                "complaint_officer": ["FW-2026-0001", "客户 01", "客户 02"],
                "li": ["FW-2026-0001", "客户 01"],
            },
        )
