"""The customer is told by mail that findings wait for his answer (CMP-RTE-07)."""

import re
from unittest.mock import patch

from odoo.tests import tagged

from ..common import at
from .test_portal_verdict import FINDINGS, INNER, PortalVerdictCommon

ADDRESS = "buyer@hengda.example"


@tagged("post_install", "-at_install")
class TestVerdictMail(PortalVerdictCommon):
    def setUp(self):
        super().setUp()
        self.customer.partner_id.write({"email": ADDRESS, "lang": "zh_CN"})
        self.env["ir.config_parameter"].sudo().set_param("crm_policy.intake_follow_days", "30")

    def _mails(self):
        return self.env["mail.mail"].search([("email_to", "=", ADDRESS)])

    def _noted(self, verdict):
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", verdict._name), ("res_id", "=", verdict.id)], order="id"
        )
        return [name for name in events.mapped("type") if "mailed" in name]

    def test_he_gets_a_private_link_and_no_findings(self):
        verdict = self._presented()
        [mail] = self._mails()
        self.assertIn(self.case.policy_handle, mail.subject)
        body = mail.body_html
        for words in (FINDINGS, "1,360", "返厂重新贴面", *INNER):
            self.assertNotIn(words, body)
        [link] = re.findall(r"/policy/case/[A-Za-z0-9_-]{32}", body)
        with at("2026-03-13 12:00"):
            page = self.url_open(link).text
        self.assertIn(FINDINGS, page)
        self.assertEqual(self._noted(verdict), ["verdict.mailed"])
        # Nobody who reads the case or its messages reads the link.
        self.assertTrue(mail.auto_delete)
        self.assertFalse(mail.model or mail.res_id)
        self.assertNotIn("/policy/case/", "".join(self.case.message_ids.mapped("body")))

    def test_once_a_round(self):
        verdict = self._presented()
        with self.assertRaisesRegex(Exception, "stays as he reads it"), at("2026-03-13 11:10"):
            self._by("sales_manager", verdict).action_policy_present("另一种说法")
        self.assertEqual(len(self._mails()), 1)
        with at("2026-03-13 14:00"):
            self._by("sales_manager", verdict).action_policy_object("不认可")
        second = self._verdict(self.case, "2026-03-13 15:00", 90, 10)
        self._sign(second, "2026-03-13 15:10")
        self._present(second, "2026-03-13 15:20")
        self.assertEqual(len(self._mails()), 2)
        self.assertEqual(self._noted(second), ["verdict.mailed"])

    def test_in_his_language(self):
        self.env["mail.template"].browse(
            self.env.ref("crm_policy.mail_template_findings").id
        ).with_context(lang="zh_CN").subject = "[{{ object.policy_handle }}] 请您答复"
        self._presented()
        self.assertIn("请您答复", self._mails().subject)

    def test_one_of_ours_gets_no_link(self):
        """An employee who complains as a customer reads it behind his login."""
        self.customer.group_ids = self.env.ref("base.group_user")
        verdict = self._presented()
        self.assertFalse(self._mails())
        self.assertEqual(verdict._policy_mail_problem(), "No address of his is known.")

    def test_without_a_template_the_findings_are_shown_all_the_same(self):
        self.env.ref("crm_policy.mail_template_findings").sudo().unlink()
        verdict = self._presented()
        self.assertFalse(self._mails())
        self.assertEqual(self._noted(verdict), ["verdict.not_mailed"])
        self.assertIn("no template for it", "".join(self.case.message_ids.mapped("body")))

    def test_no_mail_where_the_policy_lets_nobody_be_told_by_mail(self):
        milestone = self.case.sudo()._policy_milestone("policy_replied_at")
        self.env.cr.execute(
            "UPDATE crm_policy_milestone SET channels = 'phone, letter' WHERE id = %s",
            [milestone.id],
        )
        milestone.invalidate_recordset()
        verdict = self._presented()
        self.assertFalse(self._mails())
        self.assertEqual(self._noted(verdict), ["verdict.not_mailed"])
        self.assertIn("not by E-mail", "".join(self.case.message_ids.mapped("body")))
        self.assertTrue(verdict.presented_at, "he reads it on the page all the same")

    def test_no_address_is_noted(self):
        self.customer.partner_id.email = False
        self.case.partner_email = False
        verdict = self._presented()
        self.assertFalse(self._mails())
        self.assertIn("No address", "".join(self.case.message_ids.mapped("body")))
        self.assertEqual(self._noted(verdict), ["verdict.not_mailed"])

    def test_a_broken_template_undoes_nothing(self):
        Template = self.registry["mail.template"]
        with (
            self.assertLogs("odoo.addons.crm_policy.models.complaint.verdict_mail", "WARNING"),
            patch.object(Template, "send_mail", side_effect=ValueError("broken")),
        ):
            verdict = self._presented()
        self.assertTrue(verdict.presented_at)
        self.assertEqual(self._noted(verdict), ["verdict.not_mailed"])
        self.assertFalse(
            self.env["crm.policy.follow.link"].search([("ticket_id", "=", self.case.id)])
        )
