import hashlib
import logging
import re
import tempfile
from pathlib import Path

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...tools.zones import local_day

_logger = logging.getLogger(__name__)

MANAGERS = "crm_policy.group_manager"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CrmPolicyReportMonthly(models.Model):
    """The complaint register of one company and month: a draft at first, then filed for good."""

    _name = "crm.policy.report.monthly"
    _description = "Complaint Register"
    _inherit = ["crm.policy.guarded"]
    _order = "period_start desc, company_id, id desc"

    name = fields.Char(string="Month", compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    period_start = fields.Date(
        string="First Day",
        required=True,
        default=lambda self: self._policy_last_month(self.env.company),
        help="The first day of the month.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("filed", "Filed")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    attachment_id = fields.Many2one(
        "ir.attachment", string="File", readonly=True, copy=False, index=True, ondelete="restrict"
    )
    filename = fields.Char(string="File Name", readonly=True, copy=False)
    sha256 = fields.Char(
        string="SHA-256", readonly=True, copy=False, help="Fingerprint of the file as filed."
    )
    ledger_head = fields.Char(
        readonly=True,
        copy=False,
        help="Position and hash of the last event in the ledger's chain, as the file has it. Keep "
        "the file: ./run verify EXPORT --head HEAD finds out whether a later ledger was rewritten.",
    )
    generated_at = fields.Datetime(string="Figures As Of", readonly=True, copy=False)
    mailed_at = fields.Datetime(readonly=True, copy=False)
    recipients = fields.Text(string="Mailed To", readonly=True, copy=False)

    # The totals of the file, for lists and charts.
    line_count = fields.Integer(string="Cases", readonly=True, copy=False)
    overdue_count = fields.Integer(string="Overdue Cases", readonly=True, copy=False)
    currency_id = fields.Many2one(related="company_id.currency_id")
    remedy_amount = fields.Monetary(string="Remedies in Total", readonly=True, copy=False)
    satisfaction = fields.Float(
        string="Average Satisfaction",
        digits=(3, 2),
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From 1 to 5; 0 when nobody was asked.",
    )

    _period_uniq = models.Constraint(
        "UNIQUE(company_id, period_start)", "A company has one complaint register per month."
    )
    _period_is_month = models.Constraint(
        "CHECK(EXTRACT(DAY FROM period_start) = 1)",
        "A complaint register begins on the first day of its month.",
    )

    # === COMPUTE METHODS === #

    @api.depends("period_start")
    def _compute_name(self):
        for report in self:
            report.name = f"{report.period_start:%Y-%m}" if report.period_start else False

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "name",
            "state",
            "attachment_id",
            "filename",
            "sha256",
            "ledger_head",
            "generated_at",
            "mailed_at",
            "recipients",
            "line_count",
            "overdue_count",
            "remedy_amount",
            "satisfaction",
        }

    def write(self, vals):
        self._policy_refuse_frozen()
        self._policy_refuse_moved(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_filed(self):
        self._policy_refuse_frozen()

    def _check_access(self, operation):
        """Nobody writes on a filed register, and so on its file: attachments ask their record."""
        result = super()._check_access(operation)
        if operation not in ("write", "unlink"):
            return result
        filed = self.sudo().filtered(lambda report: report.state == "filed").with_env(self.env)
        if not filed:
            return result
        if result:
            forbidden, make_error = result
            return forbidden | filed, make_error
        return filed, lambda: AccessError(filed._policy_frozen_words())

    def _policy_refuse_frozen(self):
        filed = self.filtered(lambda report: report.state == "filed")
        if filed:
            raise UserError(filed._policy_frozen_words())

    def _policy_frozen_words(self):
        report = self.sudo()[:1]
        return self.env._(
            "The complaint register %(month)s of %(company)s is filed: its figures and its file "
            "stay as they are.",
            month=report.name,
            company=report.company_id.name,
        )

    def _policy_refuse_moved(self, vals):
        """Refuse to put another month or company over a file that is there already."""
        for report in self.filtered("attachment_id"):
            company = vals.get("company_id", report.company_id.id)
            period = fields.Date.to_date(vals.get("period_start", report.period_start))
            if company != report.company_id.id or period != report.period_start:
                raise UserError(
                    self.env._(
                        "The complaint register %(month)s is generated: make a new one for "
                        "another month or company.",
                        month=report.name,
                    )
                )

    # === ACTION METHODS === #

    def action_policy_generate(self):
        """Make or renew the draft: the cases that the user may read, as they are now (E.2)."""
        self._policy_check_manager()
        for report in self:
            report._policy_check_begun()
            report._policy_generate(draft_of=self.env.user)
        return True

    def action_policy_file(self):
        """File the register for good, with all cases of the month, and mail it (CMP-FLOW-01)."""
        self._policy_check_manager()
        for report in self.sudo():
            report._policy_check_over()
            report._policy_file()
            report._policy_mail()
        unsent = self.filtered(lambda report: not report.mailed_at)
        return unsent._policy_warn_unsent() if unsent else True

    def action_policy_mail(self):
        """Mail a filed register that nobody has got yet."""
        self._policy_check_manager()
        for report in self.sudo():
            if report.state != "filed" or report.mailed_at:
                raise UserError(
                    self.env._(
                        "The complaint register %(month)s is not filed yet, or mailed already.",
                        month=report.name,
                    )
                )
            report._policy_mail()
        unsent = self.filtered(lambda report: not report.mailed_at)
        return unsent._policy_warn_unsent() if unsent else True

    def action_policy_download(self):
        """Hand over the file."""
        self.ensure_one()
        self.check_access("read")
        if not self.attachment_id:
            raise UserError(
                self.env._(
                    "The complaint register %(month)s has no file yet: generate it first.",
                    month=self.name,
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
            "target": "download",
        }

    # === GUARDS === #

    def _policy_check_manager(self):
        """Refuse whoever is no manager; sudo() lends nobody a group."""
        user = self.env.user
        if not user._is_superuser() and not user.has_group(MANAGERS):
            raise AccessError(
                self.env._(
                    "Complaint registers are made by: %(group)s.",
                    group=self.env.ref(MANAGERS).sudo().display_name,
                )
            )
        self.check_access("read")

    def _policy_check_begun(self):
        if self.period_start > self._policy_today(self.company_id):
            raise UserError(
                self.env._("%(month)s has not begun: there is nothing to list.", month=self.name)
            )

    def _policy_check_over(self):
        """Refuse to freeze a month in which cases are still registered."""
        if self.period_start > self._policy_last_month(self.company_id):
            raise UserError(
                self.env._(
                    "%(month)s is not over: its register is filed from %(day)s on.",
                    month=self.name,
                    day=fields.Date.to_string(self.period_start + relativedelta(months=1)),
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _policy_today(self, company):
        return local_day(fields.Datetime.now(), company)

    @api.model
    def _policy_last_month(self, company):
        """Return the first day of the month before this one, by the company's clock."""
        return self._policy_today(company) + relativedelta(months=-1, day=1)

    def _policy_generate(self, draft_of=None):
        """Write the file and the totals of a draft; the caller has checked the person.

        :param draft_of: the user whose cases are listed; None lists all and needs superuser rights.
        """
        self.ensure_one()
        self._policy_refuse_frozen()
        self.lock_for_update()
        head = None if draft_of else self._policy_note_head()
        content, figures = self._policy_content(draft_of, head)
        self.sudo()._policy_guarded_write(
            {
                **self._policy_store(content),
                "ledger_head": head,
                "generated_at": fields.Datetime.now(),
                "line_count": figures["registered_at"],
                "overdue_count": figures["overdue"],
                "remedy_amount": figures["amount"],
                "satisfaction": figures["score"] or 0.0,
            }
        )

    def _policy_note_head(self):
        """Return the head of the company's ledger, noted; None before its first event."""
        company_id = self.company_id.id
        head = self.env["crm.policy.ledger.chain"]._policy_head(company_id)
        if not head[0]:
            return None
        anchor = self.env["crm.policy.ledger.anchor"]
        return anchor._policy_note("report", company_id, 1, head).head

    def _policy_content(self, draft_of, head):
        """Return the file as bytes, and its totals by column."""
        register = self.env["crm.policy.register"].with_context(lang=self._policy_lang())
        with tempfile.TemporaryDirectory(prefix="crm_policy_") as folder:
            path = Path(folder, "register.xlsx")
            figures = register._policy_write_register(
                path, self.company_id, self.period_start, draft_of, head
            )
            return path.read_bytes(), figures

    def _policy_store(self, content):
        """Keep the file as an attachment of the register; return the values that point at it."""
        speaking = self.with_context(lang=self._policy_lang())
        company = re.sub(r'[\\/:*?"<>|\s]+', " ", self.company_id.name).strip()
        name = speaking.env._("Complaint Register")
        filename = f"{name} {company} {self.name}.xlsx"
        vals = {"name": filename, "raw": content, "mimetype": XLSX}
        attachment = self.sudo().attachment_id
        if attachment:
            attachment.write(vals)
        else:
            attachment = attachment.create([{**vals, "res_model": self._name, "res_id": self.id}])
        return {
            "attachment_id": attachment.id,
            "filename": filename,
            "sha256": hashlib.sha256(content).hexdigest(),
        }

    def _policy_lang(self, lang=None):
        """Return ``lang`` or else the company's language, if it is installed."""
        for code in (lang or self.company_id.partner_id.lang, self.env.lang):
            if code and self.env["res.lang"]._lang_get(code):
                return code
        return "en_US"

    def _policy_file(self):
        """Freeze the register of a month that is over, with all its cases."""
        self._policy_generate()
        self._policy_guarded_write({"state": "filed"})
        self.env["crm.policy.event"]._policy_log(
            "report.filed",
            self,
            {"period": self.name, "lines": self.line_count, "sha256": self.sha256},
        )

    def _policy_recipients(self):
        """Return who gets the file: whom the company names, else its directors."""
        company = self.company_id
        directors = self.env.ref("crm_policy.group_director").all_user_ids.filtered(
            lambda user: company in user.company_ids
        )
        users = company.policy_register_user_ids or directors
        return users.filtered(lambda user: user.active and user.email)

    def _policy_mail(self):
        """Queue one mail per recipient, in his language, with the file; nobody: nothing happens."""
        users = self._policy_recipients()
        if not users:
            _logger.info("Complaint register %s: nobody to mail it to", self.id)
            return
        template = self.env.ref("crm_policy.mail_template_register")
        for user in users:
            template.with_context(lang=self._policy_lang(user.lang)).send_mail(
                self.id,
                email_values={
                    "recipient_ids": [Command.link(user.partner_id.id)],
                    "attachment_ids": [Command.link(self.attachment_id.id)],
                },
            )
        self._policy_guarded_write(
            {
                "mailed_at": fields.Datetime.now(),
                "recipients": "\n".join(users.mapped("email_formatted")),
            }
        )
        self.env["crm.policy.event"]._policy_log("report.mailed", self, {"users": users.ids})

    def _policy_warn_unsent(self):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "title": self.env._("Filed, but not mailed"),
                "message": self.env._(
                    "Neither the company's register recipients nor its directors have an e-mail "
                    "address."
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === CRON METHODS === #

    @api.model
    def _cron_file_registers(self):
        """File and mail the register of last month for each company that has a policy.

        Safe to run at any time, any number of times and on several nodes: what is filed or mailed
        is not done again. A company that fails is logged and tried again by the next run.
        """
        policies = self.env["crm.policy"].sudo().search([("active_in_company", "=", True)])
        companies = policies.company_id.filtered("active")
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        for company in companies:
            self.sudo().with_company(company)._policy_attempt(company)
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _policy_attempt(self, company):
        """File, then mail: two transactions, so that a broken mail does not undo the filing."""
        try:
            report = self._policy_file_last_month(company)
            self.env["ir.cron"]._commit_progress()
            if not report.mailed_at:
                report._policy_mail()
                self.env["ir.cron"]._commit_progress()
        except (LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, psycopg2.errors.UniqueViolation):
            self.env.cr.rollback()
            _logger.info("Complaint register of company %s: another node files it", company.id)
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Complaint register of company %s cannot be filed", company.id)

    @api.model
    def _policy_file_last_month(self, company):
        """Return the filed register of the company's last month."""
        period = self._policy_last_month(company)
        report = self.search([("company_id", "=", company.id), ("period_start", "=", period)])
        report = report or self.create([{"company_id": company.id, "period_start": period}])
        if report.state != "filed":
            report._policy_file()
        return report
