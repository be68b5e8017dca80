"""From an address to a case: nothing is lost, nobody is bounced, nobody is guessed."""

import base64
import xmlrpc.client
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..common import at, shanghai
from .mail_common import BOX, MailCommon

GATEWAY = "odoo.addons.crm_policy.models.complaint.mail_gateway"


class TestMailbox(MailCommon):
    def test_what_the_team_says_is_what_the_alias_says(self):
        self.team.policy_mail_urgency = "urgent"
        self.assertEqual(
            self.team.alias_defaults,
            repr(
                {
                    "team_id": self.team.id,
                    "policy_kind": "complaint",
                    "policy_complaint_type_id": self.types["quality"].id,
                    "policy_urgency": "urgent",
                }
            ),
        )
        case = self._receive(self._mail())
        self.assertEqual((case.policy_kind, case.policy_urgency), ("complaint", "urgent"))
        self.team.alias_defaults = repr({"team_id": self.team.id, "policy_kind": "inquiry"})
        self.assertEqual(self.team.policy_mail_kind, "inquiry")
        self.assertFalse(self.team.policy_mail_type_id)

    def test_a_team_that_governs_nothing_is_helpdesks(self):
        self.team.policy_mail_intake = False
        self.team.policy_mail_kind = False
        self.assertEqual(self.team.alias_defaults, repr({"team_id": self.team.id}))
        ticket = self._receive(self._mail(sender="wang@nowhere.example"))
        self.assertFalse(ticket.policy_kind or ticket.policy_to_sort)
        self.assertFalse(ticket.policy_mail_sender or ticket.policy_acknowledgement_state)
        self.assertEqual(ticket.partner_email, "wang@nowhere.example")

    def test_an_address_without_a_kind_leaves_it_to_a_person(self):
        self.team.policy_mail_kind = False
        self.assertTrue(self.team.policy_mail_intake)
        case = self._receive(self._mail())
        self.assertEqual(
            (case.policy_kind, case.policy_to_sort, case.policy_sort_reason),
            (False, True, "Nobody has said what kind of case it is."),
        )
        self.assertFalse(case.policy_deadline_ids)

    def test_a_type_of_another_company_is_refused_on_the_form(self):
        foreign = self.types["quality"].copy(
            {"company_id": self.other_company.id, "policy_id": self._foreign_policy().id}
        )
        with self.assertRaisesRegex(ValidationError, "another company"):
            self.team.policy_mail_type_id = foreign

    def _foreign_policy(self):
        return self.types["quality"].policy_id.copy({"company_id": self.other_company.id})

    def _receive_by(self, defaults):
        """Receive a mail at an address whose defaults somebody broke behind the form's back."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mail_alias SET alias_defaults = %s WHERE id = %s",
            [defaults, self.team.alias_id.id],
        )
        self.env.invalidate_all()
        with mute_logger(GATEWAY):
            return self._receive(self._mail())

    def test_wrong_defaults_make_a_case_to_sort(self):
        archived = self.types["packaging"]
        archived.active = False
        foreign = self.types["quality"].copy(
            {"company_id": self.other_company.id, "policy_id": self._foreign_policy().id}
        )
        team = self.team.id
        table = [
            ({"policy_kind": "nonsense"}, False, "Kind nonsense, which does not exist"),
            ({"policy_kind": ["complaint"]}, False, "which does not exist"),
            ({"policy_kind": "complaint", "policy_urgency": "x"}, "complaint", "Urgency x"),
            (
                {"policy_kind": "complaint", "policy_complaint_type_id": archived.id},
                "complaint",
                "a Type that is not in use",
            ),
            (
                {"policy_kind": "complaint", "policy_complaint_type_id": foreign.id},
                "complaint",
                "a Type that is not in use",
            ),
            (
                {"policy_kind": "complaint", "policy_complaint_type_id": "quality"},
                "complaint",
                "a Type that is not in use",
            ),
            (
                {"policy_kind": "complaint", "policy_department_id": 10**9},
                "complaint",
                "a Department in Charge that is not in use",
            ),
            ({"policy_kind": "complaint", "policy_number": "1"}, False, "cannot be written"),
        ]
        for defaults, kind, reason in table:
            with self.subTest(defaults=defaults):
                case = self._receive_by(repr({"team_id": team, **defaults}))
                self.assertEqual((len(case), case.policy_kind), (1, kind))
                self.assertTrue(case.policy_to_sort)
                self.assertIn(reason, case.policy_sort_reason)
                self.assertEqual(case.team_id, self.team)

    def test_defaults_that_cannot_be_read_lose_no_mail(self):
        for defaults in ("{'policy_kind': ", "['policy_kind']", "{'policy_kind': open('x')}"):
            with self.subTest(defaults=defaults):
                case = self._receive_by(defaults)
                self.assertEqual((len(case), case.team_id), (1, self.team))
                self.assertTrue(case.policy_to_sort and case.policy_sort_reason)
                self.assertEqual(case.attachment_ids.name, "mail.eml")
                self.assertTrue(self.team.policy_mail_problem)

    def test_without_a_policy_in_force_the_mail_waits_to_be_sorted(self):
        self.version.policy_id.active_in_company = False
        with mute_logger(GATEWAY):
            case = self._receive(self._mail())
        self.assertEqual((case.policy_kind, case.policy_to_sort), (False, True))
        self.assertIn("has no policy in force for: Complaint", case.policy_sort_reason)
        self.assertEqual(case.partner_id, self.li)
        self.assertEqual(case.policy_acknowledgement_state, "pending")


class TestMailIntake(MailCommon):
    def test_the_intake_is_when_it_reached_us_not_what_it_says(self):
        with at("2026-03-04 11:30"):
            case = self._receive(self._corpus("forged_date"))
        self.assertEqual(case.policy_intake_at, shanghai("2026-03-04 11:30"))
        event = self._events(case, "case.mailed")
        self.assertEqual(event.payload["header_date"], "2015-01-01T00:00:00+00:00")
        bad = self._receive(self._corpus("invalid_date"))
        self.assertIsNone(self._events(bad, "case.mailed").payload["header_date"])

    def test_the_ledger_holds_no_personal_text(self):
        case = self._receive(self._mail(subject="机密", body="机密的事"))
        events = self.env["crm.policy.event"].search([("res_id", "=", case.id)])
        text = str(events.mapped("payload"))
        for secret in ("机密", "hengda", "李伟"):
            self.assertNotIn(secret, text)

    def test_a_sender_is_no_user(self):
        """Anybody can write anybody's address: nothing runs as the user who bears it."""
        case = self._receive(self._mail(sender="specialist@mingyuan.example"))
        self.assertEqual(case.create_uid, self.env.ref("base.user_root"))
        event = self._events(case, "case.received")
        self.assertEqual(event.actor_id, self.env.ref("base.user_root").id)

    def test_twenty_megabytes_pass(self):
        picture = b"\xff\xd8" + bytes(20 * 2**20)
        raw = self._mail(Content_Type="multipart/mixed; boundary=b", body="").rstrip() + b"\r\n\r\n"
        raw += b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbig\r\n"
        raw += b"--b\r\nContent-Type: image/jpeg; name=big.jpg\r\n"
        raw += b"Content-Transfer-Encoding: base64\r\n"
        raw += b"Content-Disposition: attachment; filename=big.jpg\r\n\r\n"
        raw += base64.encodebytes(picture) + b"\r\n--b--\r\n"
        case = self._receive(raw)
        self.assertEqual(len(case.attachment_ids.raw), len(picture))
        self.assertFalse(case.policy_to_sort)

    def test_the_same_mail_twice_is_one_case(self):
        for name in ("utf8_plain", "no_message_id", "odd_message_id"):
            raw = self._corpus(name)
            self.assertEqual([len(self._receive(raw)), len(self._receive(raw))], [1, 0])

    def test_a_program_that_numbers_all_its_mails_alike_is_not_silenced(self):
        mails = [self._mail(subject=text, mid="<same@erp>") for text in ("A", "B", "B")]
        self.assertEqual([len(self._receive(raw)) for raw in mails], [1, 1, 0])

    def test_a_mail_to_two_mailboxes_is_a_case_in_each(self):
        other = self.team.copy({"name": "二", "alias_name": "second"})
        other.write({"policy_mail_intake": True, "policy_mail_kind": "inquiry"})
        cases = self._receive(self._mail(to=f"{BOX}, second@mingyuan.example"))
        self.assertEqual(sorted(cases.mapped("policy_kind")), ["complaint", "inquiry"])

    def test_a_mail_comes_over_rpc_as_binary_or_text(self):
        for form in (xmlrpc.client.Binary, bytes.decode):
            last = self.Ticket.search([], limit=1, order="id desc")
            self.env["mail.thread"].message_process(False, form(self._mail(subject="PCB")))
            self.assertNotEqual(self.Ticket.search([], limit=1, order="id desc"), last)

    def test_facts_of_a_mail_cannot_be_written(self):
        case = self._receive(self._mail())
        names = ("policy_mail_sender", "policy_acknowledgement_state", "policy_acknowledged_at")
        for name in names:
            with self.assertRaises(AccessError):
                case.with_user(self.users["director"]).write({name: False})
            with self.assertRaises(AccessError):
                case.sudo().write({name: False})


class TestMailNothingLost(MailCommon):
    def _break(self, target, message="it broke"):
        """Make a method raise, as if a foreign add-on broke it."""
        return patch.object(
            self.registry["helpdesk.ticket"], target, side_effect=ValueError(message)
        )

    def test_what_raises_in_the_intake_becomes_a_case_to_sort(self):
        raw = self._mail(subject="坏了", body="要留下的话")
        with self._break("_policy_mail_who"), mute_logger(GATEWAY):
            case = self._receive(raw)
        self.assertEqual(
            (case.name, case.policy_to_sort, case.policy_sort_reason, case.team_id),
            ("坏了", True, "it broke", self.team),
        )
        self.assertEqual(case.attachment_ids.raw, raw)
        self.assertFalse(self._receive(raw), "the same mail again")

    def test_what_raises_before_the_routes_becomes_a_case_to_sort(self):
        raw = self._mail(subject="=?utf-8?B?5Z2P5LqG?=")
        broken = patch.object(
            self.registry["mail.thread"], "message_parse", side_effect=LookupError("odd")
        )
        with broken, mute_logger(GATEWAY):
            case = self._receive(raw)
            self.assertFalse(self._receive(raw), "the same mail again")
        self.assertEqual((case.name, case.policy_sort_reason), ("坏了", "odd"))
        self.assertEqual(case.attachment_ids.raw, raw)

    def test_the_sender_is_not_bounced(self):
        before = self.env["mail.mail"].search([])
        with self._break("_policy_mail_who"), mute_logger(GATEWAY):
            self._receive(self._mail())
        self.assertFalse(self.env["mail.mail"].search([]) - before)
        self.assertNotEqual(self.team.alias_id.alias_status, "invalid")

    def _lose(self, raw):
        keep = self._break("_policy_mail_keep", "worse")
        with self._break("_policy_mail_who"), keep, mute_logger(GATEWAY):
            self.assertFalse(self._receive(raw))
        return self.env["crm.policy.mail.lost"].search([("state", "=", "new")])

    def test_what_cannot_even_become_that_is_kept_as_it_came(self):
        raw = self._mail()
        lost = self._lose(raw)
        self.assertEqual((lost.attachment_id.raw, lost.reason), (raw, "worse"))
        self.assertEqual((lost.company_id, lost.recipients), (self.company, BOX))
        self.assertEqual(self._lose(raw), lost, "the same mail again")
        self.assertEqual(len(self._events(lost, "mail.lost")), 1)

    def test_a_kept_mail_is_processed_again_by_a_supervisor(self):
        lost = self._lose(self._mail())
        with self.assertRaises(AccessError):
            lost.with_user(self.users["specialist"]).action_policy_process_again()
        self._as("supervisor", lost).action_policy_process_again()
        self.assertEqual(lost.state, "kept")
        self.assertEqual(self.Ticket.search([], order="id desc", limit=1).partner_id, self.li)

    def test_a_kept_mail_that_no_mailbox_takes_any_more_says_so(self):
        lost = self._lose(self._mail())
        self.team.alias_id.alias_name = "gone"
        with self.assertRefused(UserError, f"No mailbox takes the mail to {BOX}"):
            self._as("supervisor", lost).action_policy_process_again()
        self.assertEqual(lost.state, "new")

    def test_a_kept_mail_is_set_aside_by_a_supervisor(self):
        lost = self._lose(self._mail())
        with self.assertRaises(AccessError):
            lost.with_user(self.users["specialist"]).action_policy_set_aside()
        self._as("supervisor", lost).action_policy_set_aside()
        self.assertEqual(lost.state, "set_aside")
        self.assertEqual(self._events(lost, "mail.set_aside").actor_id, self.users["supervisor"].id)

    def test_kept_mails_are_evidence_of_their_company(self):
        lost = self._lose(self._mail())
        for refused in (
            lambda: lost.write({"reason": "x"}),
            lambda: lost.sudo().unlink(),
            lambda: lost.sudo().create({"company_id": self.company.id}),
            lambda: lost.with_user(self.users["specialist"]).read(["reason"]),
            lambda: lost.attachment_id.with_user(self.users["specialist"]).read(["raw"]),
        ):
            with self.assertRaises(AccessError):
                refused()
        foreign = new_test_user(
            self.env,
            login="t_foreign",
            groups="base.group_user,crm_policy.group_supervisor",
            company_id=self.other_company.id,
            company_ids=[(6, 0, self.other_company.ids)],
        )
        with self.assertRaises(AccessError):
            lost.with_user(foreign).read(["reason"])
        self.assertEqual(self._as("supervisor", lost).attachment_id.name, "mail.eml")

    def test_what_is_not_for_us_passes_untouched(self):
        with self.assertRaises(ValueError), mute_logger("odoo.addons.mail.models.mail_thread"):
            self._receive(self._mail(to="nobody@mingyuan.example"))
        self.assertFalse(self.env["crm.policy.mail.lost"].search([]))

    def test_an_answer_that_breaks_is_noted_on_its_case(self):
        case = self._receive(self._mail(mid="<first@hengda.example>"))
        raw = self._mail(subject="Re: PCB", body="话", In_Reply_To="<first@hengda.example>")
        with self._break("message_update"), mute_logger(GATEWAY):
            self.assertFalse(self._receive(raw))
        self.assertEqual((case.policy_to_sort, case.policy_sort_reason), (True, "it broke"))
        self.assertEqual(case.message_ids[0].attachment_ids.raw, raw)
