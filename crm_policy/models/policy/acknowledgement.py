import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

# Whose signatures are asked for: approved and not displaced yet.
ASKING = [
    "|",
    ("version_id.state", "=", "effective"),
    "&",
    ("version_id.state", "=", "review"),
    ("version_id.approver_id", "!=", False),
]


class CrmPolicyAcknowledgement(models.Model):
    """One person's signature under one version: asked for, then given for good (POL-ACK-01).

    It carries the hash of the text that was signed. Whoever leaves the scope unsigned is no longer
    asked (``active``); what was signed stays.
    """

    _name = "crm.policy.acknowledgement"
    _description = "Policy Acknowledgement"
    _inherit = ["crm.policy.protected"]
    _order = "state, due_on, id"
    _rec_name = "user_id"

    version_id = fields.Many2one(
        "crm.policy.version",
        string="Policy Version",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    policy_id = fields.Many2one(related="version_id.policy_id", store=True, index=True)
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    department_id = fields.Many2one(
        "hr.department", readonly=True, index="btree_not_null", help="When he was asked."
    )
    state = fields.Selection(
        [("pending", "Not Signed"), ("signed", "Signed")],
        default="pending",
        required=True,
        readonly=True,
    )
    active = fields.Boolean(default=True, readonly=True, help="Still in the scope.")
    asked_at = fields.Datetime(required=True, readonly=True)
    due_on = fields.Date(string="Sign By", required=True, readonly=True)
    opened_at = fields.Datetime(string="Text Opened", readonly=True)
    signed_at = fields.Datetime(string="Time of Signature", readonly=True)
    content_hash = fields.Char(
        string="Hash of the Text", readonly=True, help="SHA-256 of the text that was signed."
    )
    reminded_at = fields.Datetime(string="Reminded", readonly=True)
    is_overdue = fields.Boolean(
        string="Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )

    _once = models.Constraint("UNIQUE(version_id, user_id)", "Everybody signs a version once.")
    _signed_whole = models.Constraint(
        "CHECK(state != 'signed' OR (signed_at IS NOT NULL AND content_hash IS NOT NULL))",
        "A signature has its time and the hash of its text.",
    )
    _pending_idx = models.Index("(user_id, version_id) WHERE state = 'pending'")

    # === COMPUTE METHODS === #

    @api.depends("state", "due_on", "version_id.state")
    def _compute_is_overdue(self):
        for row in self:
            row.is_overdue = (
                row.state == "pending"
                and row.version_id.state in ("review", "effective")
                and row.due_on < row.version_id._policy_today()
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        past = self.env["crm.policy.version"]._policy_past("due_on")
        return Domain("state", "=", "pending") & Domain(list(ASKING)) & past

    @api.depends("version_id.display_name", "user_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.version_id.display_name}, {row.user_id.name}"

    # === CRUD METHODS === #

    def _policy_update(self, vals):
        # What is signed stays, whoever asks.
        if any(row.state == "signed" for row in self):
            self._policy_refuse()
        return super()._policy_update(vals)

    # === ACTION METHODS === #

    def action_policy_sign(self):
        """Sign for oneself; the text must have been opened before.

        :raises AccessError: somebody else is asked.
        :raises UserError: signed already, no longer asked for, or not opened yet.
        """
        self.check_access("read")
        for row in self.sudo():
            if row.user_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "%(version)s: everybody signs for himself, nobody for %(user)s.",
                        version=row.version_id.display_name,
                        user=row.user_id.name,
                    )
                )
            row._policy_sign()
        return True

    def _policy_sign(self):
        version = self.version_id
        if self.state == "signed":
            raise UserError(
                self.env._("You have signed %(version)s.", version=version.display_name)
            )
        if not self.filtered_domain(ASKING):
            raise UserError(
                self.env._(
                    "%(version)s is no longer in force: there is nothing to sign.",
                    version=version.display_name,
                )
            )
        if not self.opened_at:
            raise UserError(
                self.env._(
                    "%(version)s: open the text and read it before you sign.",
                    version=version.display_name,
                )
            )
        shown = version._policy_content_hash()
        if shown != version.content_hash:
            raise UserError(
                self.env._(
                    "%(version)s: the text is no longer the one that was published. Tell the "
                    "policy administrator; nobody signs it.",
                    version=version.display_name,
                )
            )
        self._policy_update(
            {"state": "signed", "signed_at": fields.Datetime.now(), "content_hash": shown}
        )
        self.env["crm.policy.event"]._policy_log(
            "acknowledgement.signed", self, {"user": self.user_id.id, "hash": shown},
            clause=version,
        )  # fmt: skip
        version._policy_drop_reminders(self.user_id)

    # === BUSINESS METHODS === #

    def _policy_note_opened(self):
        """Remember when the text was opened first."""
        rows = self.filtered(lambda row: row.state == "pending" and not row.opened_at)
        if rows:
            rows._policy_update({"opened_at": fields.Datetime.now()})

    @api.model
    def _policy_keep(self, version):
        """Ask whom a version is for and who is not asked yet; ask no longer who has left.

        :return: the new rows, as superuser.
        """
        version = version.sudo()
        rows = self.sudo().with_context(active_test=False).search([("version_id", "=", version.id)])
        audience = version._policy_audience()
        pending = rows.filtered(lambda row: row.state == "pending")
        gone = pending.filtered(lambda row: row.active and row.user_id not in audience)
        back = pending.filtered(lambda row: not row.active and row.user_id in audience)
        gone._policy_update({"active": False})
        back._policy_update({"active": True})
        version._policy_drop_reminders(gone.user_id)
        fresh = audience - rows.user_id
        due_on, now = version._policy_sign_due_on(), fields.Datetime.now()
        departments = self._policy_departments(fresh, version.company_id)
        created = self.sudo()._policy_insert(
            [
                {
                    "version_id": version.id,
                    "user_id": user.id,
                    "department_id": departments.get(user.id),
                    "asked_at": now,
                    "due_on": due_on,
                }
                for user in fresh
            ]
        )
        version._policy_schedule("sign", fresh, due_on)
        return created

    @api.model
    def _policy_departments(self, users, company):
        employees = (
            self.env["hr.employee"]
            .sudo()
            .search([("user_id", "in", users.ids), ("company_id", "=", company.id)])
        )
        return {employee.user_id.id: employee.department_id.id for employee in employees}

    @api.model
    def _cron_remind(self):
        """Ask newcomers, and remind once of each signature that is overdue; any number of times."""
        versions = (
            self.env["crm.policy.version"]
            .search([("state", "in", ("review", "effective"))])
            .filtered("approver_id")
        )
        for version in versions:
            try:
                with self.env.cr.savepoint():
                    self._policy_keep(version)
                    self._policy_remind(version)
            except Exception:
                # One version that cannot be handled must not keep the others waiting.
                _logger.exception("Signatures of %s could not be kept", version.display_name)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _policy_remind(self, version):
        """Write to each person whose signature is overdue, once."""
        rows = self.sudo().search(
            [
                ("version_id", "=", version.id),
                ("state", "=", "pending"),
                ("reminded_at", "=", False),
                ("due_on", "<", version._policy_today()),
                ("user_id.active", "=", True),
            ]
        )
        if not rows:
            return
        rows._policy_update({"reminded_at": fields.Datetime.now()})
        for lang, group in rows.grouped(lambda row: row.user_id.lang).items():
            there = version.sudo().with_context(lang=lang or None)
            there.message_notify(
                partner_ids=group.user_id.partner_id.ids,
                subject=there.env._("Please sign: %(version)s", version=there.display_name),
                body=there.env._(
                    "You were asked to read and sign %(version)s and have not signed it yet. Open "
                    "it, read the text and sign.",
                    version=there.display_name,
                ),
            )
