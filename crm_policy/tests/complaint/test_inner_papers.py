"""Papers beside the complaint form that stay in the house, door by door (CMP-FLOW-12)."""

# What is said here nobody reads.
# pylint: disable=translation-required

import re

from odoo import Command
from odoo.exceptions import UserError, ValidationError

from ..flows.test_committee_route import CommitteeCommon
from ..governance.test_eightd import EightdCommon
from .test_petition import PetitionCommon


class Doors:
    """The doors by which a file goes out."""

    def _printed(self, name, record, user):
        """Return a print that somebody has uploaded again, and the name of the paper."""
        report = self.env.ref(f"crm_policy.{name}_report").with_user(user).sudo(False)
        content, _kind = report._render_qweb_html(report.sudo().report_name, record.ids)
        file = self.env["ir.attachment"].with_user(user).create({"name": "x", "raw": content})
        return file, report.sudo()

    def _check_doors(self, name, record, case, user):
        file, report = self._printed(name, record, user)
        [line] = case.sudo().policy_print_ids.filtered(
            lambda line: line.report_name == report.report_name
        )
        self.assertEqual((line.user_id, line.checksum), (user, file.checksum))
        mine = case.with_user(self.users["specialist"])
        copied = file.sudo().copy({"name": "报价单.pdf", "res_model": False, "res_id": 0})
        again = self.env["ir.attachment"].create({"name": "a.bin", "raw": file.raw})
        for attached in (file.sudo(), copied, again):
            for said in (
                {"subtype_xmlid": "mail.mt_comment"},
                {"partner_ids": self.partner.ids},
            ):
                with self._kept(report):
                    mine.sudo().message_post(body="x", attachment_ids=attached.ids, **said)
        self._check_composer(report, again, case)
        self._check_template(report, again, case)
        for vals in ({"public": True}, {"access_token": "x"}):
            with self._kept(report):
                again.write(vals)
        with self._kept(report):
            again.generate_access_token()
        with self._kept(report):
            self.env["mail.mail"].create(
                {"email_to": "hengda@example.com", "attachment_ids": again.ids}
            )
        # A note stays inside.
        note = mine.sudo().message_post(
            body="x", subtype_xmlid="mail.mt_note", attachment_ids=again.ids
        )
        self.assertEqual(note.attachment_ids, again)

    def _kept(self, report):
        return self.assertRefused(
            UserError, f"{re.escape(report.name)} of .*leaves the house in no way"
        )

    def _check_composer(self, report, file, case):
        Composer = self.env["mail.compose.message"].with_user(self.users["specialist"]).sudo()
        composer = Composer.create(
            {
                "model": case._name,
                "res_ids": str(case.ids),
                "composition_mode": "comment",
                "partner_ids": self.partner.ids,
                "subject": "x",
                "body": "x",
                "attachment_ids": [Command.set(file.ids)],
            }
        )
        with self._kept(report):
            composer.action_send_mail()

    def _check_template(self, report, file, case):
        Template = self.env["mail.template"]
        vals = {"name": "x", "email_to": "hengda@example.com"}
        with self.assertRefused(
            ValidationError, f"{re.escape(report.name)} is internal.*no template"
        ):
            Template.create(
                {
                    **vals,
                    "model_id": self.env["ir.model"]._get_id(report.model),
                    "report_template_ids": [Command.set(report.ids)],
                }
            )
        vals["model_id"] = self.env["ir.model"]._get_id(case._name)
        with self._kept(report):
            Template.create({**vals, "attachment_ids": [Command.set(file.ids)]})
        with self._kept(report):
            Template.create(vals).send_mail(case.id, email_values={"attachment_ids": file.ids})


class TestPetitionStays(Doors, PetitionCommon):
    def test_by_every_door(self):
        petition = self._file()
        self._check_doors("petition", petition, self.case, self.head)


class TestVerdictStays(Doors, CommitteeCommon):
    def test_by_every_door(self):
        case = self._registered("2026-03-12 14:10")
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        self._report(case, "2026-03-13 08:50")
        verdict = self._verdict(case, "2026-03-13 10:00", 70, 30)
        self._check_doors("verdict_memo", verdict, case, self.users["specialist"])


class TestEightdStays(Doors, EightdCommon):
    def test_by_every_door(self):
        self._check_doors("eightd", self._issued(), self.case, self.inspector)

    def test_the_customer_s_copy_goes_out(self):
        file, _report = self._printed("eightd_customer", self._issued(), self.inspector)
        said = self.case.sudo().message_post(
            body="x", partner_ids=self.partner.ids, attachment_ids=file.sudo().ids
        )
        self.assertEqual(said.attachment_ids, file.sudo())
