"""Registers are generated, filed for good, and mailed, by people and by the cron."""

import hashlib
import io
from datetime import date
from unittest.mock import patch

import openpyxl
import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from ...models.reporting.register import CrmPolicyRegister
from ...models.reporting.report_monthly import CrmPolicyReportMonthly
from .test_register_sheet import RegisterCommon as Common
from .test_register_sheet import at

LOGGER = CrmPolicyReportMonthly.__module__
WRITE_REGISTER = CrmPolicyRegister._policy_write_register


class TestReportMonthly(Common):
    def _filed(self):
        self._registered("2026-03-06 10:00")
        report = self._report()
        with at("2026-04-01 08:00"):
            report.with_user(self.manager).action_policy_file()
        return report

    def _events(self, report, event_type):
        return self.env["crm.policy.event"].search(
            [
                ("res_model", "=", report._name),
                ("res_id", "=", report.id),
                ("type", "=", event_type),
            ]
        )

    # === PERIOD === #

    def test_month_is_named_and_last_month_by_default(self):
        with at("2026-04-01 00:10"):
            report = self.env["crm.policy.report.monthly"].create([{}])
        self.assertEqual(report.period_start, date(2026, 3, 1))
        self.assertEqual(report.display_name, "2026-03")
        self.assertEqual(report.company_id, self.company)

    @mute_logger("odoo.sql_db")
    def test_period_begins_with_its_month_and_is_there_once(self):
        self._report()
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self._report()
        with self.assertRaises(psycopg2.errors.CheckViolation), self.cr.savepoint():
            self.env["crm.policy.report.monthly"].create([{"period_start": "2026-03-02"}])

    def test_month_that_has_not_begun_has_no_register(self):
        report = self._report("2026-04").with_user(self.manager)
        with at("2026-03-31 23:59"), self.assertRaisesRegex(UserError, "2026-04"):
            report.action_policy_generate()
        with at("2026-04-01 00:00"):
            report.action_policy_generate()

    def test_month_that_is_not_over_is_not_filed(self):
        report = self._report().with_user(self.manager)
        with at("2026-03-31 23:59"), self.assertRaisesRegex(UserError, "2026-04-01"):
            report.action_policy_file()
        self.assertEqual(report.state, "draft")
        with at("2026-04-01 00:00"):
            report.action_policy_file()
        self.assertEqual(report.state, "filed")

    # === RIGHTS === #

    def test_only_managers_make_registers(self):
        report = self._report()
        for role in ("specialist", "supervisor", "finance", "ceo", "qc", "analyst"):
            mine = report.with_user(self.users[role])
            for name in ("generate", "file", "mail"):
                with self.subTest(role=role, action=name), self.assertRaises(AccessError):
                    getattr(mine, f"action_policy_{name}")()
                with self.subTest(role=role, action=f"sudo {name}"), self.assertRaises(AccessError):
                    getattr(mine.sudo(), f"action_policy_{name}")()
        with self.assertRaises(AccessError):
            report.with_user(self.users["policy_admin"]).action_policy_download()

    def test_readers_download_the_file(self):
        report = self._report()
        with self.assertRaisesRegex(UserError, "generate"):
            report.with_user(self.users["qc"]).action_policy_download()
        with at("2026-04-02 09:00"):
            report.with_user(self.manager).action_policy_generate()
        for role in ("finance", "ceo", "qc", "analyst"):
            mine = report.with_user(self.users[role])
            action = mine.action_policy_download()
            self.assertEqual(action["type"], "ir.actions.act_url")
            self.assertEqual(action["url"], f"/web/content/{report.attachment_id.id}?download=true")
            self.assertTrue(mine.attachment_id.raw)
        # It lists all cases: whoever sees his own or his team's only does not get it.
        for role in ("specialist", "supervisor", "policy_admin"):
            with self.assertRaises(AccessError):
                report.attachment_id.with_user(self.users[role]).read(["raw"])

    # === HEAD OF THE LEDGER === #

    def test_the_filed_copy_carries_the_ledger_s_head_and_the_ledger_notes_it(self):
        chain = self.env["crm.policy.ledger.chain"]
        while chain._policy_chain_batch(self.company.id):
            pass
        seq, digest = chain._policy_head(self.company.id)
        report = self._filed()
        self.assertEqual(report.ledger_head, f"{seq}:{digest}")
        [sheet] = openpyxl.load_workbook(io.BytesIO(report.attachment_id.raw)).worksheets
        self.assertTrue(sheet["A2"].value.endswith(f"Ledger head: {seq}:{digest}"))
        anchor = self.env["crm.policy.ledger.anchor"].search([("kind", "=", "report")])
        self.assertEqual((anchor.company_id, anchor.head), (self.company, report.ledger_head))

    def test_a_draft_notes_no_head_and_neither_does_a_ledger_without_chain(self):
        report = self._report().with_user(self.manager)
        with at("2026-03-10 09:00"):
            report.action_policy_generate()
        self.assertFalse(report.ledger_head)
        self.assertFalse(self._filed_again(report).ledger_head)
        self.assertFalse(self.env["crm.policy.ledger.anchor"].search([]))

    def _filed_again(self, report):
        with at("2026-04-01 08:00"):
            report.action_policy_file()
        return report

    # === FROZEN === #

    def test_draft_is_renewed_in_place(self):
        report = self._report().with_user(self.manager)
        with at("2026-03-10 09:00"):
            report.action_policy_generate()
        file, before = report.attachment_id, report.sha256
        self._registered("2026-03-12 10:00")
        with at("2026-03-13 09:00"):
            report.action_policy_generate()
        self.assertEqual(report.attachment_id, file)
        self.assertEqual(report.line_count, 1)
        self.assertNotEqual(report.sha256, before)
        self.assertEqual(report.filename, "Complaint Register 苏州明远电子 2026-03.xlsx")

    def test_filed_register_is_neither_generated_nor_filed_again(self):
        report = self._filed()
        before = report.attachment_id.raw
        self._registered("2026-03-07 10:00")
        for user in (self.manager, self.env.ref("base.user_root")):
            for name in ("generate", "file"):
                with self.subTest(user=user.login, action=name), self.assertRaises(UserError):
                    getattr(report.with_user(user), f"action_policy_{name}")()
        self.assertEqual(report.attachment_id.raw, before)
        self.assertEqual(report.line_count, 1)

    def test_filed_register_cannot_be_written_over(self):
        report = self._filed()
        for records in (report.with_user(self.manager), report):
            for vals in ({"period_start": "2026-02-01"}, {"state": "draft"}, {"line_count": 0}, {}):
                with self.subTest(vals=vals, su=records.env.su), self.assertRaises(UserError):
                    records.write(vals)
            with self.assertRaises(UserError):
                records.unlink()
        self.assertFalse(report.with_user(self.manager).has_access("write"))

    def test_file_of_a_filed_register_cannot_be_replaced(self):
        report = self._filed()
        file = report.attachment_id.with_user(self.manager)
        another = self._report("2026-02")
        for vals in ({"raw": b"x"}, {"name": "x"}, {"res_id": another.id}, {"public": True}):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                file.write(vals)
        with self.assertRaises(AccessError):
            file.unlink()
        with self.assertRaises(AccessError):
            file.create([{"name": "x", "res_model": report._name, "res_id": report.id}])
        self.assertTrue(file.raw)

    def test_a_filed_register_among_others_is_still_closed(self):
        """Access is asked for many records at once; one that is forbidden must not hide another."""
        filed = self._filed()
        foreign = self._report(company=self._new_company("别的公司"))
        draft = self._report("2026-02")
        mixed = (filed | foreign | draft).with_user(self.manager)
        self.assertEqual(mixed._filtered_access("write").ids, draft.ids)

    def test_nobody_types_in_what_the_engine_writes(self):
        report = self._report()
        names = report._policy_guarded_fields()
        self.assertIn("state", names)
        for records in (report.with_user(self.manager), report):
            for name in sorted(names):
                with self.subTest(field=name, su=records.env.su), self.assertRaises(AccessError):
                    records.write({name: False})
                with self.subTest(create=name, su=records.env.su), self.assertRaises(AccessError):
                    records.create([{"period_start": "2026-01-01", name: False}])

    def test_nobody_slips_in_values_as_defaults(self):
        """RPC callers choose the context, and users their own defaults."""
        report = (
            self.env["crm.policy.report.monthly"]
            .with_user(self.manager)
            .with_context(default_state="filed", default_line_count=7, default_sha256="forged")
            .create([{"period_start": "2026-01-01"}])
        )
        self.assertEqual((report.state, report.line_count), ("draft", 0))
        self.assertFalse(report.sha256)

    def test_generated_draft_does_not_move_to_another_month(self):
        report = self._report().with_user(self.manager)
        report.period_start = "2026-02-01"
        with at("2026-03-10 09:00"):
            report.action_policy_generate()
        with self.assertRaisesRegex(UserError, "2026-02"):
            report.period_start = "2026-03-01"
        report.write({"period_start": "2026-02-01"})

    def test_filing_leaves_its_fingerprint_in_the_ledger(self):
        report = self._filed()
        event = self._events(report, "report.filed")
        self.assertEqual(len(event), 1)
        self.assertEqual(event.actor_id, self.manager.id)
        self.assertEqual(event.company_id, self.company.id)
        digest = hashlib.sha256(report.attachment_id.raw).hexdigest()
        self.assertEqual(event.payload, {"period": "2026-03", "lines": 1, "sha256": digest})
        self.assertEqual(report.sha256, digest)

    # === MAIL === #

    def _mails(self, report):
        return self.env["mail.mail"].search(
            [("model", "=", report._name), ("res_id", "=", report.id)]
        )

    def test_directors_get_the_file_unless_the_company_names_others(self):
        report = self._filed()
        mails = self._mails(report)
        self.assertEqual(mails.recipient_ids, self.users["director"].partner_id)
        self.assertEqual(mails.attachment_ids, report.attachment_id)
        self.assertIn("2026-03", mails.subject)
        self.assertIn(self.users["director"].email, report.recipients)
        self.assertTrue(report.mailed_at)
        self.assertEqual(
            self._events(report, "report.mailed").payload, {"users": self.users["director"].ids}
        )
        self.company.policy_register_user_ids = self.users["qc"] | self.users["ceo"]
        self.users["ceo"].active = False
        later = self._report("2026-02").with_user(self.manager)
        with at("2026-04-01 08:00"):
            later.action_policy_file()
        self.assertEqual(self._mails(later).recipient_ids, self.users["qc"].partner_id)

    def test_each_recipient_reads_his_own_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        template = self.env.ref("crm_policy.mail_template_register")
        template.with_context(lang="zh_CN").subject = "客诉台账 {{ object.name }}"
        self.company.policy_register_user_ids = self.users["qc"] | self.users["ceo"]
        self.users["qc"].lang = "zh_CN"
        self.users["ceo"].lang = "en_US"
        mails = self._mails(self._filed())
        self.assertEqual(len(mails), 2)
        subjects = {mail.recipient_ids: mail.subject for mail in mails}
        self.assertEqual(subjects[self.users["qc"].partner_id], "客诉台账 2026-03")
        self.assertIn("complaint register", subjects[self.users["ceo"].partner_id])

    def test_filing_without_recipients_says_so_and_is_mailed_later(self):
        self.users["director"].email = False
        report = self._report().with_user(self.manager)
        with at("2026-04-01 08:00"):
            action = report.action_policy_file()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertEqual(report.state, "filed")
        self.assertFalse(report.mailed_at)
        self.users["director"].email = "director@example.com"
        self.assertIs(report.action_policy_mail(), True)
        self.assertEqual(len(self._mails(report)), 1)
        with self.assertRaises(UserError):
            report.action_policy_mail()


class TestReportCron(Common):
    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_file_registers").method_direct_trigger()

    def _reports(self, company=None):
        return self.env["crm.policy.report.monthly"].search(
            [("company_id", "=", (company or self.company).id)]
        )

    def _mail_count(self, reports):
        return self.env["mail.mail"].search_count(
            [("model", "=", reports._name), ("res_id", "in", reports.ids)]
        )

    def test_cron_files_and_mails_last_month_once(self):
        self._registered("2026-03-06 10:00")
        with at("2026-04-01 00:30"):  # 31 March in UTC
            self._run_cron()
        report = self._reports()
        self.assertEqual(report.mapped("name"), ["2026-03"])
        self.assertEqual((report.state, report.line_count), ("filed", 1))
        self.assertEqual(self._mail_count(report), 1)
        before = report.read()
        with at("2026-04-01 06:30"):
            self._run_cron()
        self.assertEqual(self._reports().read(), before)
        self.assertEqual(self._mail_count(report), 1)
        with at("2026-05-01 00:30"):
            self._run_cron()
        self.assertEqual(self._reports().mapped("name"), ["2026-04", "2026-03"])

    def test_cron_waits_for_the_company_s_month_to_end(self):
        with at("2026-03-31 23:59"):
            self._run_cron()
        self.assertEqual(self._reports().mapped("name"), ["2026-02"])

    def test_cron_files_a_draft_that_somebody_made(self):
        draft = self._generated("2026-03-20 10:00")
        self._registered("2026-03-25 10:00")
        with at("2026-04-01 06:00"):
            self._run_cron()
        self.assertEqual(self._reports(), draft)
        self.assertEqual((draft.state, draft.line_count), ("filed", 1))

    def test_company_without_an_active_policy_is_left_alone(self):
        self.env["crm.policy"].search(
            [("company_id", "=", self.company.id)]
        ).active_in_company = False
        with at("2026-04-01 06:00"):
            self._run_cron()
        self.assertFalse(self._reports())

    def test_one_company_that_fails_does_not_stop_the_others(self):
        other = self._other_company()
        broken = [self.company]

        def write_register(register, path, company, *args, **kwargs):
            if company in broken:
                raise ValueError("broken on purpose")
            return WRITE_REGISTER(register, path, company, *args, **kwargs)

        with patch.object(CrmPolicyRegister, "_policy_write_register", write_register):
            for bad, good in ((self.company, other), (other, self.company)):
                broken[:] = [bad]
                with at("2026-04-01 06:00"), self.assertLogs(LOGGER, "ERROR") as log:
                    self._run_cron()
                self.assertIn("broken on purpose", log.output[0])
                self.assertEqual(self._reports(good).state, "filed")
                self.assertFalse(self._reports(bad) - self._reports(good))
                self._forget(good)

    def _forget(self, company):
        """Delete the company's registers behind the ORM, to begin again."""
        self._reports(company).invalidate_recordset()
        self.cr.execute("DELETE FROM crm_policy_report_monthly WHERE company_id = %s", [company.id])
        self.env.invalidate_all()

    def test_broken_mail_does_not_undo_the_filing(self):
        with (
            patch.object(
                CrmPolicyReportMonthly, "_policy_recipients", side_effect=ValueError("mail")
            ),
            self.assertLogs(LOGGER, "ERROR"),
            at("2026-04-01 06:00"),
        ):
            self._run_cron()
        report = self._reports()
        self.assertEqual((report.state, report.mailed_at), ("filed", False))
        digest = report.sha256
        with at("2026-04-01 12:00"):
            self._run_cron()
        self.assertTrue(report.mailed_at)
        self.assertEqual(report.sha256, digest)
        self.assertEqual(self._mail_count(report), 1)

    def test_register_that_another_node_works_on_is_left_to_it(self):
        taken = psycopg2.errors.SerializationFailure("taken")
        with (
            patch.object(CrmPolicyReportMonthly, "_policy_file", side_effect=taken),
            self.assertNoLogs(LOGGER, "WARNING"),
            at("2026-04-01 06:00"),
        ):
            self._run_cron()
        self.assertFalse(self._reports())
