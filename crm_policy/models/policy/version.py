import hashlib
import json

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...tools.zones import local_day


class CrmPolicyVersion(models.Model):
    """One edition of a policy: written, reviewed, in force, superseded. Then it stays as it is."""

    _name = "crm.policy.version"
    _description = "Policy Version"
    _inherit = [
        "crm.policy.audience",
        "crm.policy.consulted",
        "crm.policy.revision",
        "crm.policy.version.pack",
        "mail.thread",
        "mail.activity.mixin",
        "crm.policy.cached",
    ]
    _order = "policy_id, id desc"
    _rec_names_search = ["number", "policy_id.name", "policy_id.code"]

    policy_id = fields.Many2one(
        "crm.policy", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    number = fields.Char(required=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("review", "In Review"),
            ("effective", "In Force"),
            ("superseded", "Superseded"),
            ("abolished", "Abolished"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    effective_from = fields.Date(
        copy=False, tracking=True, help="In force from 00:00 of this day in the company's zone."
    )
    effective_to = fields.Date(string="Last Day in Force", copy=False, readonly=True, tracking=True)
    transition = fields.Selection(
        [
            ("keep", "Open cases keep their version"),
            ("switch", "Open cases switch to this version"),
        ],
        default="keep",
        required=True,
        tracking=True,
    )
    enforcement = fields.Selection(
        [("trial", "Trial: warn only"), ("enforced", "Enforced")],
        default="enforced",
        required=True,
        tracking=True,
    )
    enforced_from = fields.Date(
        string="Trial Ends", readonly=True, copy=False, help="Enforced from 00:00 of this day."
    )
    content_hash = fields.Char(
        readonly=True, copy=False, help="SHA-256 of the clauses as published, in all languages."
    )
    superseded_by_id = fields.Many2one(
        "crm.policy.version", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    abolish_reason = fields.Text(string="Reason for Abolishing", readonly=True, copy=False)
    author_id = fields.Many2one(
        "res.users", required=True, readonly=True, default=lambda self: self.env.user, copy=False
    )
    writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_version_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Whoever has changed the text or a rule of the draft. None of them approves it.",
    )
    approver_id = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    approved_at = fields.Datetime(readonly=True, copy=False)
    # Copied by _policy_new_version: their parents and rules go along.
    clause_ids = fields.One2many("crm.policy.clause", "version_id", string="Clauses")
    clause_count = fields.Integer(compute="_compute_clause_count")

    _number_uniq = models.Constraint(
        "UNIQUE(policy_id, number)", "A policy has each version number once."
    )
    _one_in_force = models.UniqueIndex(
        "(policy_id) WHERE state = 'effective'", "A policy has one version in force."
    )
    _four_eyes = models.Constraint(
        "CHECK(approver_id IS NULL OR approver_id != author_id)",
        "The author of a policy version never approves it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_id.display_name", "number")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for version in self:
            version.display_name = f"{version.policy_id.name or ''} v{version.number or ''}"

    @api.depends("clause_ids")
    def _compute_clause_count(self):
        for version in self:
            version.clause_count = len(version.clause_ids)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "state",
            "effective_to",
            "enforced_from",
            "content_hash",
            "superseded_by_id",
            "abolish_reason",
            "author_id",
            "writer_ids",
            "approver_id",
            "approved_at",
        }

    def write(self, vals):
        if not vals.keys() <= {"message_follower_ids", "activity_ids"}:
            self._policy_check_draft()
        return super().write(vals)

    def _policy_guarded_write(self, vals):
        result = super()._policy_guarded_write(vals)
        if "state" in vals or "enforcement" in vals:
            self.env.registry.clear_cache()  # which rules count depends on it
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._policy_check_draft()

    def _policy_check_draft(self):
        """Refuse to touch the text or the rules of a version that people rely on.

        Whoever touches those of a draft is one of its writers from then on.
        """
        for version in self:
            if version.state != "draft":
                raise UserError(
                    self.env._(
                        "%(version)s is no longer a draft: its text and rules stay as they are. "
                        "Make a new version.",
                        version=version.display_name,
                    )
                )
        user = self.env.user
        new = self.sudo().filtered(lambda version: user not in version.writer_ids)
        if new and not user._is_superuser():
            new._policy_guarded_write({"writer_ids": [Command.link(user.id)]})

    def _policy_check_writer(self):
        """Refuse a decision on a version to those who wrote it: four eyes look at each of them."""
        for version in self:
            if self.env.user in version.sudo().writer_ids:
                raise AccessError(
                    self.env._(
                        "%(version)s: you have changed its text or its rules. Who wrote a version "
                        "does not decide on it.",
                        version=version.display_name,
                    )
                )

    def _policy_check_ender(self):
        """Refuse to end a version to those who do not decide on it, or have written it."""
        self._policy_check_approver()
        for version in self:
            if version.author_id == self.env.user:
                raise AccessError(
                    self.env._(
                        "%(version)s: you wrote it. Its author never ends it.",
                        version=version.display_name,
                    )
                )
        self._policy_check_writer()

    def _policy_check_stop(self):
        """Refuse to take the policy of approved versions out of use to whoever may not end them.

        The room of the approvals overrides it.
        """
        self._policy_check_ender()

    # === ACTION METHODS === #

    def action_policy_review(self):
        """Hand a draft over to its approver."""
        self.check_access("write")
        for version in self:
            if version.state != "draft":
                raise UserError(
                    self.env._("%(version)s is not a draft.", version=version.display_name)
                )
            if not version.clause_ids:
                raise ValidationError(
                    self.env._("%(version)s has no clause.", version=version.display_name)
                )
        self._policy_check_revision()
        self._policy_check_consulted()
        self.env["crm.policy.finding"]._policy_check_errors(self)
        self._policy_guarded_write({"state": "review"})
        self._policy_on_handed_over()
        return True

    def action_policy_draft(self):
        """Take a version that is not approved yet back to its author."""
        self.check_access("write")
        if any(version.state != "review" or version.approver_id for version in self):
            raise UserError(self.env._("Only a version in review goes back to draft."))
        self._policy_take_back()
        return True

    def action_policy_publish(self):
        """Approve a version in review; it takes effect on its day (POL-VER-01)."""
        self.check_access("read")
        self._policy_check_direct()
        self._policy_check_approver()
        for version in self:
            version._policy_check_waiting()
            if version.author_id == self.env.user:
                raise AccessError(
                    self.env._(
                        "%(version)s: you wrote it. The author never approves his own version.",
                        version=version.display_name,
                    )
                )
            version._policy_check_writer()
        self._policy_publish(self.env.user)
        return True

    def action_policy_abolish(self, reason=None):
        """End a version in force without a successor (POL-VER-03).

        :raises AccessError: the user does not approve versions, or has written this one.
        :raises ValidationError: no reason is given.
        """
        self.check_access("read")
        self._policy_check_ender()
        reason = self._policy_text(reason, self.env._("Say why the policy is abolished."))
        for version in self.sudo():
            if version.state != "effective":
                raise UserError(
                    self.env._("%(version)s is not in force.", version=version.display_name)
                )
            if not version._policy_end_agreed():
                continue
            version._policy_guarded_write(
                {
                    "state": "abolished",
                    "effective_to": version._policy_today(),
                    "abolish_reason": reason,
                }
            )
            version._policy_drop_reminders()
            self.env["crm.policy.event"]._policy_log("version.abolished", version)
        return True

    def action_policy_enforce(self, day=None):
        """End the trial of an approved version from a day on; today by default.

        :param day: date, or its text "2026-12-01"; 00:00 of it in the company's zone.
        :raises AccessError: the user wrote the version, or may not approve one.
        :raises ValidationError: ``day`` is no date, or lies in the past.
        """
        self.check_access("read")
        self._policy_check_approver()
        try:
            day = fields.Date.to_date(day)
        except (TypeError, ValueError) as error:
            raise ValidationError(
                self.env._("There is no such date: %(value)s", value=day)
            ) from error
        for version in self:
            first = day or version._policy_today()
            if version.enforcement != "trial" or version.state not in ("review", "effective"):
                raise UserError(
                    self.env._("%(version)s is not on trial.", version=version.display_name)
                )
            if not version.approver_id:
                raise UserError(
                    self.env._("%(version)s is not approved yet.", version=version.display_name)
                )
            if version.author_id == self.env.user:
                raise AccessError(
                    self.env._(
                        "%(version)s: you wrote it. The author never ends its trial.",
                        version=version.display_name,
                    )
                )
            version._policy_check_writer()
            if first < max(version._policy_today(), version.effective_from):
                raise ValidationError(
                    self.env._(
                        "%(version)s would be enforced from %(day)s: no policy binds the past.",
                        version=version.display_name,
                        day=first,
                    )
                )
            version.sudo()._policy_guarded_write({"enforced_from": first})
            self.env["crm.policy.event"]._policy_log(
                "version.trial_ends", version.sudo(), {"from": str(first)}
            )
        self.sudo()._policy_end_trial()
        return True

    # === BUSINESS METHODS === #

    def _policy_today(self):
        return local_day(fields.Datetime.now(), self.company_id)

    def _policy_check_waiting(self):
        """Refuse to approve what is not in review, or would bind the past."""
        self.ensure_one()
        if self.state != "review" or self.approver_id:
            raise UserError(
                self.env._("%(version)s is not waiting for approval.", version=self.display_name)
            )
        if self.effective_from and self.effective_from < self._policy_today():
            raise ValidationError(
                self.env._(
                    "%(version)s would take effect on %(day)s: no policy binds the past.",
                    version=self.display_name,
                    day=self.effective_from,
                )
            )

    def _policy_check_direct(self):
        """Refuse to approve by one signature what needs more of them.

        The room of the approvals overrides it.
        """

    def _policy_end_agreed(self):
        """Return whether the current user alone ends this version, or is the last who is needed.

        The room of the approvals overrides it: it keeps who has asked for it before.
        """
        return True

    def _policy_check_usable(self):
        """Refuse to take a policy into use whose text nobody could change or interpret.

        The room of the approvals overrides it.
        """

    def _policy_on_handed_over(self):
        """Called when drafts went into review: the customers whom it concerns are asked.

        The room of the approvals overrides it: where a chain of signatures is needed, it begins.
        """
        self._policy_open_consultation()

    def _policy_take_back(self):
        """Make drafts again of versions in review."""
        self._policy_guarded_write({"state": "draft"})
        self._policy_break_consultation()

    def _policy_publish(self, approver):
        """Approve versions in the name of ``approver``, whose right the caller has checked.

        What the text needs is checked here, whoever approves: no errors, customers heard.
        """
        for version in self:
            version._policy_check_heard()
            # People and calendars may have changed since it was handed over.
            self.env["crm.policy.finding"]._policy_check_errors(version)
            version.sudo()._policy_guarded_write(
                {
                    "approver_id": approver.id,
                    "approved_at": fields.Datetime.now(),
                    "content_hash": version._policy_content_hash(),
                    "effective_from": version.effective_from or version._policy_today(),
                }
            )
        self.policy_id.sudo().active_in_company = True
        self.env["crm.policy.event"]._policy_log("version.approved", self.sudo())
        self.sudo()._policy_take_effect()
        for version in self:
            self.env["crm.policy.acknowledgement"]._policy_keep(version)

    def _policy_take_effect(self):
        """Put approved versions in force whose day has come; the former one is superseded."""
        approved = self.filtered(lambda version: version.state == "review" and version.approver_id)
        # In the order of their days: after a standstill several may have come.
        for version in approved.sorted(lambda version: (version.effective_from, version.id)):
            if version.effective_from > version._policy_today():
                continue
            former = self.search(
                [("policy_id", "=", version.policy_id.id), ("state", "=", "effective")]
            )
            former._policy_guarded_write(
                {
                    "state": "superseded",
                    "effective_to": fields.Date.subtract(version.effective_from, days=1),
                    "superseded_by_id": version.id,
                }
            )
            former.flush_recordset()  # before the index sees two versions in force
            version._policy_guarded_write({"state": "effective"})
            former._policy_drop_reminders()
            self.env["crm.policy.event"]._policy_log("version.effective", version, clause=version)
            version._policy_on_effective(former)

    def _policy_on_effective(self, former):
        """Called as superuser when this version has displaced ``former`` (or nothing).

        The room of the clocks overrides it: what becomes of open cases is its business.
        """

    def _policy_end_trial(self):
        """Enforce versions in force whose trial ends today or has ended; any number of times."""
        ended = self.filtered(
            lambda version: (
                version.state == "effective"
                and version.enforcement == "trial"
                and version.enforced_from
                and version.enforced_from <= version._policy_today()
            )
        )
        if ended:
            ended._policy_guarded_write({"enforcement": "enforced"})
            self.env["crm.policy.event"]._policy_log("version.enforced", ended)

    @api.model
    def _cron_take_effect(self):
        """Put versions in force on their day; safe to run at any time, any number of times."""
        approved = self.search([("state", "=", "review"), ("approver_id", "!=", False)])
        for waiting in approved.grouped("policy_id").values():
            waiting._policy_try("_policy_take_effect")
        for trial in self.search([("state", "=", "effective"), ("enforcement", "=", "trial")]):
            trial._policy_try("_policy_end_trial")

    def _policy_content_hash(self):
        """Return the SHA-256 of the clauses in order, in every language they were written in."""
        self.ensure_one()
        self.clause_ids.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                "SELECT number, name, text FROM crm_policy_clause WHERE version_id = %s"
                " ORDER BY sequence, id",
                self.id,
            )
        )
        content = json.dumps(rows, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def _policy_trace(self):
        """Return the codes that an event, a deadline or a refusal carries of this version."""
        self.ensure_one()
        return {"policy": self.policy_id.code, "version": self.number}
