"""Answers find their case, strangers and machines do not speak for the customer."""

from odoo import Command
from odoo.tools import mute_logger

from ..common import at
from .mail_common import CUSTOMER, MailCommon

FIRST = "<first@hengda.example>"
WANG = "wang@nowhere.example"


class TestMailAnswers(MailCommon):
    def setUp(self):
        super().setUp()
        self.case = self._receive(self._mail(mid=FIRST))

    def _words(self, case):
        """Return the bodies of the customer's words on a case, oldest first."""
        comment = self.env.ref("mail.mt_comment")
        mails = case.message_ids.filtered(
            lambda message: message.message_type == "email" and message.subtype_id == comment
        )
        return [message.body.striptags().strip() for message in mails.sorted("id")]

    def _notes(self, case):
        return case.message_ids.filtered(lambda message: message.message_type == "auto_comment")

    def test_an_answer_lands_on_its_case(self):
        for number, header in enumerate(("In_Reply_To", "References")):
            raw = self._mail(subject="Re: x", body=f"答复{number}", **{header: FIRST})
            self.assertFalse(self._receive(raw))
        self.assertEqual(self._words(self.case), ["答复0", "答复1"])

    def test_an_answer_to_a_closed_case_lands_on_it(self):
        self.case._policy_guarded_write({"policy_closed_at": "2026-03-02 08:00:00"})
        self._receive(self._mail(body="没解决", In_Reply_To=FIRST))
        self.assertEqual(self._words(self.case), ["没解决"])

    def test_an_answer_without_references_is_known_by_the_number(self):
        """QQ and 163 drop the references; the subject keeps the number."""
        for opening, closing in ("[]", "【】", "［］"):
            subject = f"回复：{opening}{self.case.number}{closing} 您的来信"
            self.assertFalse(self._receive(self._mail(subject=subject, body="补充")))
        self.assertEqual(self._words(self.case), ["补充"] * 3)

    def test_the_number_that_is_given_later_is_known_too(self):
        self.case.user_id = self.users["specialist"]
        self._drive(self.case, "register")
        subject = f"Re: [{self.case.policy_number}] x"
        self.assertFalse(self._receive(self._mail(subject=subject, body="补充")))
        self.assertEqual(self._words(self.case), ["补充"])

    def test_a_colleague_of_the_customer_may_answer_by_the_number(self):
        self.env["res.partner"].create(
            {"name": "赵", "email": "zhao@hengda.example", "parent_id": self.partner.id}
        )
        raw = self._mail(subject=f"[{self.case.number}]", sender="zhao@hengda.example", body="补")
        self.assertFalse(self._receive(raw))
        self.assertEqual(self._words(self.case), ["补"])

    def test_a_stranger_who_names_a_case_gets_one_of_his_own(self):
        raw = self._mail(subject=f"[{self.case.number}] mine", sender=WANG, body="偷看")
        case = self._receive(raw)
        self.assertEqual(self._words(self.case), [])
        self.assertTrue(case.policy_to_sort)
        self.assertIn(f"It names {self.case.number}", case.policy_sort_reason)
        self.assertIn(f'data-oe-id="{self.case.id}"', "".join(case.message_ids.mapped("body")))

    def test_a_number_of_another_company_means_nothing(self):
        self.case.sudo()._policy_guarded_write({"policy_kind": False, "policy_to_sort": True})
        self.env["mail.alias.domain"].create(
            {"name": "other.example", "company_ids": [Command.link(self.other_company.id)]}
        )
        self.team.company_id = self.other_company
        case = self._receive(
            self._mail(subject=f"[{self.case.number}]", to="complaint@other.example")
        )
        self.assertEqual((len(case), self._words(self.case)), (1, []))

    def test_our_own_mails_carry_the_number(self):
        words = {"body": "请补照片", "subject": "Photos"}
        self.case.message_post(
            partner_ids=self.li.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            author_id=self.users["specialist"].partner_id.id,
            **words,
        )
        mail = self.env["mail.mail"].search([("recipient_ids", "in", self.li.ids)], limit=1)
        self.assertEqual(mail.subject, f"[{self.case.number}] Photos")

    def test_what_came_in_keeps_its_subject(self):
        """Else the same mail, delivered again, would be taken for another one."""
        self.case.message_subscribe(self.users["specialist"].partner_id.ids)
        raw = self._mail(subject="Re: PCB", In_Reply_To=FIRST)
        self._receive(raw)
        self._receive(raw)
        self.assertEqual(self.case.message_ids[0].subject, "Re: PCB")
        self.assertEqual(len(self._words(self.case)), 1)

    def test_who_is_copied_in_an_answer_does_not_follow(self):
        self._receive(self._mail(In_Reply_To=FIRST, Cc="rival@rival.example"))
        self.assertNotIn(self.rival, self.case.message_partner_ids)

    # === MACHINES === #

    def test_a_machines_answer_is_a_note_and_no_word_of_the_customer(self):
        table = [
            {"Auto_Submitted": "auto-replied"},
            {"X_Auto_Response_Suppress": "All"},
            {"Precedence": "auto_reply"},
            {"X_Autoreply": "yes"},
            {"Return_Path": "<>"},
            {"subject": "=?utf-8?B?6Ieq5Yqo5Zue5aSNOiDmgqjlpb0=?="},
        ]
        for headers in table:
            with self.subTest(headers=headers):
                before = len(self._notes(self.case))
                raw = self._mail(body="休假中", In_Reply_To=FIRST, **headers)
                self.assertFalse(self._receive(raw))
                self.assertEqual(len(self._notes(self.case)), before + 1)
                note = self._notes(self.case)[0]
                self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        self.assertEqual(self._words(self.case), [])
        self.assertFalse(self.case.policy_to_sort)

    def test_a_machines_answer_by_the_number_is_a_note_too(self):
        raw = self._mail(subject=f"Automatic reply: [{self.case.number}] x")
        self.assertFalse(self._receive(raw))
        self.assertEqual((len(self._notes(self.case)), self._words(self.case)), (1, []))

    def test_two_machines_do_not_answer_each_other(self):
        """A robot without any decent header: one acknowledgement, then silence."""
        self._set_parameter("acknowledge_hours", 1)
        cases = self.Ticket
        for number in range(5):
            cases |= self._receive(self._mail(subject=f"Ticket {number}", sender="bot@bot.example"))
        self.assertEqual(len(cases), 5)
        self.assertEqual(
            cases.sorted("id").mapped("policy_acknowledgement_state"),
            ["pending", False, False, False, False],
        )

    def test_a_mail_of_our_own_that_comes_back_makes_nothing(self):
        mail = self.case.sudo().policy_acknowledgement_mail_id
        raw = self._mail(subject=mail.subject, sender=mail.email_from, mid=mail.message_id)
        self.assertFalse(self._receive(raw))

    def test_a_mail_from_our_own_address_is_a_machines(self):
        case = self._receive(self._mail(sender="complaint@mingyuan.example"))
        self.assertTrue(case.policy_to_sort)
        self.assertFalse(case.policy_acknowledgement_state)

    def test_machines_that_write_again_and_again_fill_one_case(self):
        mails = [self._mail(subject=f"N{n}", sender=WANG, Precedence="bulk") for n in range(4)]
        cases = self.Ticket
        for raw in mails:
            cases |= self._receive(raw)
        self.assertEqual((len(cases), len(self._notes(cases))), (1, 3))

    # === LOOPS === #

    def test_a_customer_who_writes_thirty_mails_in_a_day_is_heard(self):
        cases = self.Ticket
        for hour in range(30):
            with at(f"2026-03-{2 + hour // 24:02} {hour % 24:02}:10"):
                case = self._receive(self._mail(subject=f"N{hour}", body="x"))
            # The database's own clock does not stand still.
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET create_date = %s WHERE id IN %s",
                [f"2026-03-{2 + hour // 24:02} {hour % 24:02}:10", case._ids],
            )
            cases |= case
        self.assertEqual(len(cases), 30)
        self.assertFalse(any(cases.mapped("policy_to_sort")))

    def test_what_the_loop_guard_stops_becomes_one_case_to_sort(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 4)
        bounces = self.env["mail.mail"].search_count([("email_to", "=", CUSTOMER)])
        self._set_parameter("acknowledge_hours", 1)
        cases = self.Ticket
        for number in range(8):
            cases |= self._receive(self._mail(subject=f"N{number}", body=f"w{number}"))
        stopped = cases.filtered("policy_to_sort")
        self.assertEqual((len(cases), len(stopped)), (4, 1))  # and the case of the set-up
        self.assertEqual(len(self._notes(stopped)), 4)
        self.assertIn("w7", self._notes(stopped)[0].body)
        self.assertEqual(self.env["mail.mail"].search_count([("email_to", "=", CUSTOMER)]), bounces)

    def test_answers_beyond_the_loop_guard_are_notes(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 3)
        for number in range(5):
            self._receive(self._mail(body=f"w{number}", In_Reply_To=FIRST))
        heard, noted = self._words(self.case), self._notes(self.case)
        self.assertEqual(len(heard) + len(noted), 5)
        self.assertEqual(len(noted), 3)  # the mail of the set-up counts

    def test_an_address_that_is_allowed_may_write_without_end(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 1)
        self.env["mail.gateway.allowed"].create({"email": CUSTOMER})
        self.assertFalse(self._receive(self._mail()).policy_to_sort)

    def test_a_person_who_answers_a_bounce_is_heard(self):
        """The standard drops what answers one of its bounces."""
        raw = self._mail(References="<1-loop-detection-bounce-email@x>", body="我是真人")
        self.assertEqual(len(self._receive(raw)), 1)

    # === REPORTS OF MAIL SERVERS === #

    def _report(self, about, sender="MAILER-DAEMON@mx.example"):
        head = self._mail(
            subject="Undelivered",
            sender=sender,
            body="",
            Content_Type="multipart/report; report-type=delivery-status; boundary=r",
        )
        return (
            head
            + (
                "--r\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nunknown user\r\n"
                "--r\r\nContent-Type: message/delivery-status\r\n\r\n"
                "Reporting-MTA: dns; mx\r\n\r\n"
                f"Final-Recipient: rfc822; {CUSTOMER}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
                "--r\r\nContent-Type: text/rfc822-headers\r\n\r\n"
                f"Message-ID: {about}\r\n\r\n--r--\r\n"
            ).encode()
        )

    def test_a_report_about_our_mail_is_noted_and_the_acknowledgement_failed(self):
        mail = self.case.sudo().policy_acknowledgement_mail_id
        mail.state = "sent"
        mail._postprocess_sent_message([], [])
        self.assertEqual(self.case.policy_acknowledgement_state, "sent")
        self.assertFalse(self._receive(self._report(mail.message_id)))
        self.assertEqual(self.case.policy_acknowledgement_state, "failed")
        self.assertIn("sent it back", self.case.policy_acknowledgement_reason)
        self.assertIn("unknown user", self._notes(self.case)[0].body)

    @mute_logger("odoo.addons.crm_policy.models.complaint.mail_gateway")
    def test_a_report_about_nothing_we_know_is_to_be_sorted(self):
        case = self._receive(self._report("<never@sent>"))
        self.assertEqual((len(case), case.policy_to_sort, case.policy_kind), (1, True, False))
        self.assertFalse(case.policy_acknowledgement_state)
