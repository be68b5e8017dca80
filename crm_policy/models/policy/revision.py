import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...tools import text_diff
from ...tools.zones import local_days
from ...words import list_words

_logger = logging.getLogger(__name__)

# Who may put a version in force, end it or confirm it. The author never approves his own.
APPROVER_GROUPS = "crm_policy.group_director,crm_policy.group_ceo,crm_policy.group_committee"


class CrmPolicyRevision(models.AbstractModel):
    """How one version follows another: why, what changed, and when the text is looked at again."""

    _name = "crm.policy.revision"
    _description = "Revision of a Policy"
    _inherit = ["crm.policy.guarded"]

    revision_reason = fields.Selection(
        [
            ("environment", "Business Environment"),
            ("customer_need", "Customer Needs"),
            ("practice", "Management Practice"),
            ("law", "Law"),
            ("other", "Other"),
        ],
        string="Reason for the Revision",
        copy=False,
        tracking=True,
        help="Why there is a new version (POL-VER-02).",
    )
    change_summary = fields.Text(string="What Changes", copy=False)
    reviewed_on = fields.Date(
        string="Last Review", readonly=True, copy=False, help="When it was last found still right."
    )
    next_review_on = fields.Date(
        string="Next Review", compute="_compute_next_review_on", store=True, copy=False
    )
    review_reminded_on = fields.Date(readonly=True, copy=False)
    is_review_overdue = fields.Boolean(
        string="Review Overdue",
        compute="_compute_is_review_overdue",
        search="_search_is_review_overdue",
    )

    # === COMPUTE METHODS === #

    @api.depends("effective_from", "reviewed_on", "policy_id.review_months")
    def _compute_next_review_on(self):
        for version in self:
            last = version.reviewed_on or version.effective_from
            months = version.policy_id.review_months
            version.next_review_on = last and months and last + relativedelta(months=months)

    @api.depends("state", "next_review_on")
    def _compute_is_review_overdue(self):
        for version in self:
            due = version.next_review_on
            version.is_review_overdue = (
                version.state == "effective" and bool(due) and due < version._policy_today()
            )

    def _search_is_review_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        past = self._policy_past("next_review_on")
        return Domain("state", "=", "effective") & past

    @api.model
    def _policy_past(self, name):
        """Return the domain of records whose date is past where their company works.

        :param str name: a date field of a model with ``company_id``.
        """
        policies = self.env["crm.policy"].sudo().with_context(active_test=False)
        companies = policies.search([("company_id", "!=", False)]).company_id
        return Domain.OR(
            Domain("company_id", "in", ids) & Domain(name, "<", today)
            for today, ids in local_days(companies, fields.Datetime.now())
        )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "reviewed_on",
            "next_review_on",
            "review_reminded_on",
        }

    # === ACTION METHODS === #

    def action_policy_new_version(self):
        """Make a draft with the text and the rules of this version, and open it."""
        self.ensure_one()
        self.check_access("write")
        return self._policy_new_version().get_formview_action()

    def action_policy_confirm_review(self, note=None):
        """Record that the version in force was looked at and is still right (POL-VER-02)."""
        self.check_access("read")
        self._policy_check_approver()
        note = self._policy_text(note, self.env._("Say what was looked at, and what came of it."))
        for version in self.sudo():
            if version.state != "effective":
                raise UserError(
                    self.env._("%(version)s is not in force.", version=version.display_name)
                )
            version._policy_guarded_write(
                {"reviewed_on": version._policy_today(), "review_reminded_on": False}
            )
            version._policy_drop_activities("review")
            version.message_post(body=note, author_id=self.env.user.partner_id.id)
        self.env["crm.policy.event"]._policy_log("version.reviewed", self.sudo())
        return True

    def _policy_check_approver(self):
        """Refuse who may neither put a version in force nor end it."""
        if not any(self.env.user.has_group(group) for group in APPROVER_GROUPS.split(",")):
            raise AccessError(
                self.env._("This is decided by a director, the CEO or the committee.")
            )

    # === BUSINESS METHODS - WRITING === #

    def _policy_predecessors(self):
        """Return the other versions of the policy that were approved, whatever became of them."""
        self.ensure_one()
        return self.policy_id.version_ids.filtered("approver_id") - self

    def _policy_check_revision(self):
        """Refuse a version after the first that does not say why it is there (POL-VER-02)."""
        for version in self:
            missing = [
                version._fields[name].get_description(self.env)["string"]
                for name in ("revision_reason", "change_summary")
                if not (version[name] or "").strip()
            ]
            if missing and version._policy_predecessors():
                raise ValidationError(
                    self.env._(
                        "%(version)s follows another version: fill in %(fields)s.",
                        version=version.display_name,
                        fields=list_words(self.env, missing),
                    )
                )

    def _policy_missing_sections(self):
        """Return the sections without a text, where the company asks for them (POL-VER-04).

        A section is there when its clause, or one below it, says something.
        """
        self.ensure_one()
        terms = self.env["crm.policy.term"]
        if not self.company_id.policy_sections_required:
            return terms
        written = terms
        for clause in self.clause_ids:
            if (clause.text or "").strip():
                above = clause
                while above:
                    written |= above.section_id
                    above = above.parent_id
        return terms._policy_sections(self.company_id) - written

    def _policy_new_version(self):
        """Return a draft with copies of the clauses and of the rules of every room."""
        self.ensure_one()
        draft = self.copy({"number": self.policy_id._policy_free_number(self.number)})
        clauses = self.clause_ids._policy_copy_to(draft)
        for model in self.env["crm.policy.rule.mixin"]._policy_rule_models():
            rules = model.search([("version_id", "=", self.id)], order="id")
            rules._policy_copy_to(clauses)
        self.env["crm.policy.pack.merger"]._policy_carry_confirmations(draft, self)
        return draft

    # === BUSINESS METHODS - COMPARING === #

    def _policy_diff(self, former):
        """Return what this version changes in ``former``, in the user's language.

        :return: {"clauses": rows, "rules": rows, "unchanged": number of clauses that stay}; a row
            has ``kind`` "added", "removed" or "changed", ``number``, ``name``, and for clauses the
            ``text`` as pairs of :func:`tools.text_diff.compare`, for rules ``values`` as
            [(label, old, new)].
        """
        self.ensure_one()
        old = {clause.number: clause for clause in former.clause_ids}
        new = {clause.number: clause for clause in self.clause_ids}
        rows, unchanged = [], 0
        for number in [*new, *(number for number in old if number not in new)]:
            before, after = old.get(number), new.get(number)
            title = text_diff.compare(before and before.name, after and after.name)
            text = text_diff.compare(before and before.text, after and after.text)
            if before and after and all(kind == "same" for kind, _piece in title + text):
                unchanged += 1
                continue
            kind = ("changed" if after else "removed") if before else "added"
            rows.append({"kind": kind, "number": number, "name": title, "text": text})
        return {"clauses": rows, "unchanged": unchanged, "rules": self._policy_diff_rules(former)}

    def _policy_diff_rules(self, former):
        rows = []
        for model in self.env["crm.policy.rule.mixin"]._policy_rule_models():
            rules = model.sudo().search([("version_id", "in", (former | self).ids)], order="id")
            old = {rule.code: rule for rule in rules if rule.version_id == former}
            new = {rule.code: rule for rule in rules if rule.version_id == self}
            for code in [*new, *(code for code in old if code not in new)]:
                before = old[code]._policy_content() if code in old else {}
                after = new[code]._policy_content() if code in new else {}
                values = [
                    (label, before.get(label, ""), after.get(label, ""))
                    for label in {**before, **after}
                    if before.get(label, "") != after.get(label, "")
                ]
                if values:
                    rule = new.get(code) or old[code]
                    kind = ("changed" if after else "removed") if before else "added"
                    rows.append(
                        {
                            "kind": kind,
                            "number": rule.clause_id.number,
                            "name": rule.display_name,
                            "model": self.env["ir.model"]._get(model._name).name,
                            "values": values,
                        }
                    )
        return rows

    # === BUSINESS METHODS - REMINDING === #

    @api.model
    def _cron_remind_reviews(self):
        """Ask once, the notice before the day, for the review of each version in force."""
        due = self.search([("state", "=", "effective"), ("next_review_on", "!=", False)]).filtered(
            lambda version: (
                version.review_reminded_on != version.next_review_on
                and version.next_review_on
                - relativedelta(days=version.policy_id.review_notice_days)
                <= version._policy_today()
            )
        )
        for version in due:
            version._policy_try("_policy_remind_review")

    def _policy_remind_review(self):
        """Ask the head of the department that owns the policy, else the author, for the review."""
        head = self.policy_id.owner_department_id.manager_id.user_id
        keeper = head.filtered("active") or self.author_id
        self._policy_schedule("review", keeper, self.next_review_on)
        self._policy_guarded_write({"review_reminded_on": self.next_review_on})
        self.env["crm.policy.event"]._policy_log("version.review_due", self)

    def _policy_try(self, name):
        """Let a cron call a method; versions that fail must not keep the others waiting.

        :param str name: of a method that takes no argument.
        """
        try:
            with self.env.cr.savepoint():
                getattr(self, name)()
        except Exception:
            # What was read meanwhile must not stay in the cache.
            self.env.registry.clear_cache()
            _logger.exception("%s: %s", name, ", ".join(self.mapped("display_name")))
        self.env["ir.cron"]._commit_progress(len(self))

    def _policy_schedule(self, kind, users, day):
        """Give users an activity on this version, in one go.

        :param str kind: "sign" or "review".
        """
        self.ensure_one()
        activity_type = self.env.ref(f"crm_policy.activity_type_{kind}")
        # Who is asked sees it in his list; an e-mail to everybody at once would be too much.
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": activity_type.id,
                    "automated": True,
                    "date_deadline": day,
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": self.id,
                    "user_id": user.id,
                }
                for user in users
            ]
        )

    def _policy_drop_activities(self, kind, users=None):
        """Take away the activities of these versions, of ``users`` or of everybody."""
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "in", self.ids),
            ("activity_type_id", "=", self.env.ref(f"crm_policy.activity_type_{kind}").id),
        ]
        if users is not None:
            domain.append(("user_id", "in", users.ids))
        self.env["mail.activity"].sudo().search(domain).unlink()

    def _policy_drop_reminders(self, users=None):
        """Nobody of ``users`` (of all) is asked to sign these versions any more."""
        if users is None or users:
            self._policy_drop_activities("sign", users)
