"""We say at once that a mail arrived, once, to the right person, and can prove it."""

from unittest.mock import patch

from odoo.tools import html2plaintext, mute_logger

from ..common import at, shanghai
from .mail_common import CUSTOMER, MailCommon
from .mail_server import edge


class TestMailAcknowledgement(MailCommon):
    def _mail_of(self, case):
        return case.sudo().policy_acknowledgement_mail_id

    def _edge(self):
        return edge(self)

    def test_it_is_sent_by_the_mail_server_and_proved(self):
        with at("2026-03-04 11:30"):
            case = self._receive(self._mail(mid="<asked@hengda.example>"))
        self.assertEqual(case.policy_acknowledgement_state, "pending")
        self.assertFalse(case.policy_acknowledged_at)
        self.assertFalse(self._events(case, "case.acknowledged"))
        with self._edge() as server, at("2026-03-04 11:31"):
            self._mail_of(case).send()
        [mail] = server.mails
        self.assertEqual(mail["To"], CUSTOMER)
        self.assertEqual(mail["Subject"], f"[{case.number}] We have received your message")
        self.assertEqual(mail["Auto-Submitted"], "auto-replied")
        self.assertEqual(mail["X-Auto-Response-Suppress"], "All")
        self.assertEqual(mail["Reply-To"].addresses[0].addr_spec, "complaint@mingyuan.example")
        self.assertIn("<asked@hengda.example>", mail["References"])
        self.assertEqual(case.policy_acknowledgement_state, "sent")
        self.assertEqual(case.policy_acknowledged_at, shanghai("2026-03-04 11:31"))
        event = self._events(case, "case.acknowledged")
        self.assertEqual(event.payload, {"message_id": str(mail["Message-ID"])})
        self.assertEqual(event.version, self.version.number)

    @mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")
    def test_a_refusal_of_the_mail_server_is_visible_and_can_be_mended(self):
        case = self._receive(self._mail())
        mail = self._mail_of(case)
        with self._edge() as server:
            server.refusal = "550 5.1.1 no such user"
            mail.send()
            self.assertEqual(case.policy_acknowledgement_state, "failed")
            self.assertIn("550", case.policy_acknowledgement_reason)
            self.assertFalse(case.policy_acknowledged_at)
            self.assertEqual(len(self._events(case, "case.not_acknowledged")), 1)
            failed = self.Ticket.search([("policy_acknowledgement_state", "=", "failed")])
            self.assertEqual(failed, case)
            server.refusal = None
            mail.action_retry()
            mail.send()
        self.assertEqual(case.policy_acknowledgement_state, "sent")
        self.assertFalse(case.policy_acknowledgement_reason)

    @mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")
    def test_a_mail_server_that_is_away_is_visible(self):
        case = self._receive(self._mail())
        with self._edge():
            pass
        with patch.object(self.registry["ir.mail_server"], "_disable_send", lambda *args: False):
            self._mail_of(case).send()
        self.assertEqual(case.policy_acknowledgement_state, "failed")
        self.assertTrue(case.policy_acknowledgement_reason)

    def test_it_is_no_first_response(self):
        """Scenario S1: answered by the automatic acknowledgement only is not answered."""
        self.team.write({"policy_mail_type_id": False, "policy_mail_kind": "inquiry"})
        with at("2026-03-04 11:30"):
            case = self._receive(self._mail())
            self._mail_of(case).state = "sent"
            self._mail_of(case)._postprocess_sent_message([], [])
        self.assertEqual(case.policy_acknowledgement_state, "sent")
        self.assertFalse(case.policy_responded_at or case.policy_accepted_at)
        [deadline] = case.policy_deadline_ids.filtered(
            lambda deadline: deadline.rule_id.done_path == "policy_responded_at"
        )
        self.assertEqual((deadline.state, deadline.due_at), ("open", shanghai("2026-03-04 13:30")))
        with at("2026-03-04 13:31"):
            self.env.invalidate_all()
            self.assertTrue(deadline.is_overdue)

    def test_it_says_what_comes_next_and_by_when_in_the_readers_language(self):
        self.team.write({"policy_mail_type_id": False, "policy_mail_kind": "inquiry"})
        with at("2026-03-04 11:30"):
            case = self._receive(self._mail())
        text = html2plaintext(self._mail_of(case).body_html)
        self.assertIn(case.number, text)
        self.assertIn("We answer you by 2026-03-04 13:30.", text)
        self.assertIn(self.company.name, text)
        for internal in ("specialist", self.team.name, "Specialist"):
            self.assertNotIn(internal, text)
        complaint = self.team.copy({"name": "二", "alias_name": "second"})
        complaint.write({"policy_mail_intake": True, "policy_mail_kind": "complaint"})
        other = self._receive(self._mail(to="second@mingyuan.example"))
        self.assertEqual(
            other.policy_next_for_customer,
            "A colleague reads your message and gets in touch with you.",
        )

    def test_the_language_is_the_customers_else_the_companys(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        template = self.env.ref("crm_policy.mail_template_acknowledgement")
        template.with_context(lang="zh_CN").subject = "[{{ object.policy_handle }}] 已收到您的来信"
        self.company.partner_id.lang = "zh_CN"
        english = self._receive(self._mail())
        chinese = self._receive(self._mail(sender="wang@nowhere.example"))
        self.assertIn("We have received", self._mail_of(english).subject)
        self.assertIn("已收到您的来信", self._mail_of(chinese).subject)

    def test_only_where_the_team_says_so(self):
        self.team.policy_acknowledge = False
        case = self._receive(self._mail())
        self.assertFalse(case.policy_acknowledgement_state or self._mail_of(case))

    def test_once_per_sender_within_the_hours_of_the_company(self):
        self._set_parameter("acknowledge_hours", 2)
        first, second = self._receive(self._mail()), self._receive(self._mail())
        other = self._receive(self._mail(sender="wang@nowhere.example"))
        states = [case.policy_acknowledgement_state for case in (first, second, other)]
        self.assertEqual(states, ["pending", False, "pending"])
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = create_date - interval '121 minutes'"
        )
        self.env.invalidate_all()
        self.assertEqual(self._receive(self._mail()).policy_acknowledgement_state, "pending")

    def test_an_answer_is_not_acknowledged(self):
        case = self._receive(self._mail(mid="<a@hengda.example>"))
        before = self.env["mail.mail"].search_count([])
        self._receive(self._mail(In_Reply_To="<a@hengda.example>"))
        self.assertEqual(self.env["mail.mail"].search_count([("email_to", "=", CUSTOMER)]), 1)
        self.assertEqual((self.env["mail.mail"].search_count([]), len(case)), (before, 1))

    @mute_logger("odoo.addons.crm_policy", "odoo.addons.mail", "odoo.addons.base")
    def test_a_broken_template_loses_no_case(self):
        template = self.env.ref("crm_policy.mail_template_acknowledgement")
        # Odoo refuses what breaks on a ticket that is there already.
        last = self.Ticket.search([], order="id desc", limit=1).id or 0
        template.body_html = f'<p t-if="object.id &gt; {last}" t-out="object.no_such_field"/>'
        case = self._receive(self._mail())
        self.assertEqual((len(case), case.policy_to_sort), (1, False))
        self.assertEqual(case.policy_acknowledgement_state, "failed")
        self.assertIn("no_such_field", case.policy_acknowledgement_reason)

    def test_mails_of_other_documents_prove_nothing(self):
        case = self._receive(self._mail())
        mail = self.env["mail.mail"].create(
            {"model": "helpdesk.ticket", "res_id": case.id, "state": "sent"}
        )
        mail._postprocess_sent_message([], [])
        self.assertEqual(case.policy_acknowledgement_state, "pending")
