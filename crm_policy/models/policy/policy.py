import re
from pathlib import Path

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...tools import pack
from ...words import list_words

PACK_LOCK = 0x504B  # of the advisory locks in the database: "PK"
# What every record of a policy refers to.
FIXED = ("company_id", "code")
PACK_FOLDER = Path(__file__).parents[2] / "packs"


class CrmPolicy(models.Model):
    """A written policy of a company; its text and rules live in its versions."""

    _name = "crm.policy"
    _description = "Policy"
    _inherit = ["mail.thread", "crm.policy.cached"]
    _order = "code, id"
    _check_company_auto = True

    code = fields.Char(required=True, index=True)
    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    owner_department_id = fields.Many2one("hr.department", check_company=True)
    review_months = fields.Integer(
        string="Review Every (Months)",
        default=12,  # (proposed)
        help="So long after it took effect, or was looked at last, a version is looked at again. "
        "Zero: never.",
    )
    review_notice_days = fields.Integer(
        string="Review Notice (Days)",
        default=30,  # (proposed)
        help="So long before the review somebody is asked for it.",
    )
    version_ids = fields.One2many("crm.policy.version", "policy_id", string="Versions")
    current_version_id = fields.Many2one(
        "crm.policy.version", compute="_compute_current_version_id", string="Version in Force"
    )
    active_in_company = fields.Boolean(
        string="In Use",
        default=True,
        tracking=True,
        help="Without it the policy governs no new case, whatever its version.",
    )
    pack_version = fields.Char(readonly=True, help="The pack this policy was last loaded from.")

    _code_uniq = models.Constraint(
        "UNIQUE(company_id, code)", "A company has each policy code once."
    )
    _review_positive = models.Constraint(
        "CHECK(review_months >= 0 AND review_notice_days >= 0)",
        "The months and days of a review are not negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends("code", "name")
    def _compute_display_name(self):
        for policy in self:
            policy.display_name = f"{policy.code} {policy.name}" if policy.code else policy.name

    @api.depends("version_ids.state")
    def _compute_current_version_id(self):
        for policy in self:
            policy.current_version_id = policy.version_ids.filtered(
                lambda version: version.state == "effective"
            )[:1]

    # === CRUD METHODS === #

    def write(self, vals):
        self._policy_check_fixed(vals)
        turned = self.browse()
        if "active_in_company" in vals:
            in_use = bool(vals["active_in_company"])
            turned = self.filtered(lambda policy: policy.active_in_company != in_use)
            if in_use:
                turned.current_version_id._policy_check_usable()
            elif not self.env.su:
                turned._policy_approved_versions()._policy_check_stop()
        result = super().write(vals)
        if turned:
            for policy in turned.sudo():
                self.env["crm.policy.event"]._policy_log(
                    "policy.in_use" if policy.active_in_company else "policy.out_of_use",
                    policy,
                    {"policy": policy.code},
                    clause=policy.current_version_id or None,
                )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if any(version.state not in ("draft", "review") for version in self.version_ids):
            raise UserError(
                self.env._("A policy that was in force is not deleted: abolish its version.")
            )

    def _policy_check_fixed(self, vals):
        """Refuse to take along to another company, or under another code, what was handed over.

        Its versions, their rules and all that was recorded under them would go along, approved by
        nobody there.
        """
        for policy in self:
            changed = [
                name
                for name in FIXED
                if name in vals
                and policy._fields[name].convert_to_write(policy[name], policy) != vals[name]
            ]
            if changed and any(version.state != "draft" for version in policy.version_ids):
                labels = policy.fields_get(changed, ["string"])
                raise UserError(
                    self.env._(
                        "%(policy)s: %(fields)s stay as they are once a version was handed over.",
                        policy=policy.display_name,
                        fields=list_words(self.env, [labels[name]["string"] for name in changed]),
                    )
                )

    # === ACTION METHODS === #

    def action_policy_out_of_use(self):
        """Let policies govern no new case any more; whoever may end their versions decides it.

        :raises AccessError: the user does not approve versions, or has written one in force.
        """
        self.check_access("read")
        for policy in self:
            policy._policy_approved_versions()._policy_check_stop()
            policy.sudo().active_in_company = False
        return True

    # === BUSINESS METHODS === #

    def _policy_approved_versions(self):
        """Return what was approved for today or a later day: the use of it is at stake."""
        return self.version_ids.filtered(
            lambda version: (
                version.state == "effective" or (version.state == "review" and version.approver_id)
            )
        )

    def _policy_free_number(self, number):
        """Return ``number`` while no version has it, else the next: "3" for "2", "2.10" for "2.9".

        :param str number: of a version.
        """
        taken = set(self.version_ids.mapped("number"))
        while number in taken:
            head, digits = re.fullmatch(r"(.*?)(\d*)", number, re.DOTALL).groups()
            number = f"{head}{int(digits) + 1}" if digits else f"{head}.1"
        return number

    @api.model
    def _policy_packs(self):
        """Return the packs that ship with the add-on: file stem -> path."""
        return {path.stem: path for path in sorted(PACK_FOLDER.glob("*.yaml"))}

    @api.model
    def _policy_check_pack(self, content):
        """Parse and check a pack without writing anything (dry run).

        :param content: the YAML file, str or bytes.
        :return: the pack as plain values.
        :raises ValidationError: every problem, with its place in the file.
        """
        try:
            values = pack.parse(content)
            sections = self.env["crm.policy.pack.section"]._pack_models()
            pack.check(
                values,
                {
                    model._pack_section: (model._pack_schema, model._pack_needs_clause)
                    for model in sections
                },
            )
        except pack.PackError as error:
            self._policy_refuse_pack(error.problems, error)
        return values

    @api.model
    def _policy_apply_pack(self, content, company=None, number=None, base=None, choose=None):
        """Load a pack as a draft version of its policy; all of it or nothing.

        :param content: the YAML file, str or bytes.
        :param company: ``res.company``; the current one by default.
        :param str number: of the version, where it is not to have the pack's.
        :param base: version of the company whose own changes are carried into the new one; none by
            default: the draft is what the pack says.
        :param choose: called with the lines of the difference to ``base``, those of
            ``crm.policy.pack.diff``, before they are carried out; may change their ``choice``, or
            raise.
        :return: the draft ``crm.policy.version``; its author is the current user.
        :raises AccessError: the user does not administer policies.
        :raises UserError: somebody else is loading a pack into the company at this moment.
        :raises ValidationError: the pack has mistakes, or its version number exists already.
        """
        user = self.env.user
        if not (user._is_superuser() or user.has_group("crm_policy.group_policy_admin")):
            raise AccessError(self.env._("Only a policy administrator loads policy packs."))
        company = company or self.env.company
        self._policy_lock_packs(company)
        values = self._policy_check_pack(content)
        try:
            with self.env.cr.savepoint():
                version, made = self._policy_write_pack(values, company, number)
                self.env.flush_all()
                if base or choose:
                    Version = self.env["crm.policy.version"]
                    base = base or Version
                    lines = self.env["crm.policy.pack.diff"]._policy_compare(made, version, base)
                    if choose:
                        choose(lines)
                    self.env["crm.policy.pack.merger"]._policy_merge(lines, version, base)
                    self.env.flush_all()
        except IntegrityError as error:
            sections = self.env["crm.policy.pack.section"]._pack_models()
            tables = {model._table: model for model in sections}
            model = tables.get(error.diag.table_name, self)
            self._policy_refuse_pack([model._sql_error_to_message(error)], error)
        policy = version.policy_id
        self.env["crm.policy.event"]._policy_log(
            "pack.loaded", version, {"pack": policy.code, "pack_version": policy.pack_version},
            clause=version,
        )  # fmt: skip
        return version

    @api.model
    def _policy_refuse_pack(self, problems, cause=None):
        raise ValidationError(
            self.env._(
                "The policy pack cannot be loaded; nothing was changed.\n%(problems)s",
                problems="\n".join(f"- {problem}" for problem in problems),
            )
        ) from cause

    @api.model
    def _policy_lock_packs(self, company):
        """Let one pack be loaded into a company at a time."""
        [[locked]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", PACK_LOCK, company.id)
        )
        if not locked:
            raise UserError(
                self.env._(
                    "Somebody else is loading a policy pack into %(company)s at this moment. Try "
                    "again when it is there.",
                    company=company.name,
                )
            )

    @api.model
    def _policy_write_pack(self, values, company, number=None):
        """Create policy, draft version, clauses and sections of a pack that was checked.

        :return: the version, and what was made: section -> (model, rows of ``_pack_load``).
        """
        policy = self._policy_upsert_from_pack(values, company)
        number = number or values["version"]["number"]
        if number in policy.version_ids.mapped("number"):
            raise ValidationError(
                self.env._(
                    "%(policy)s has a version %(number)s already; a version is never "
                    "rewritten, give the new one another number.",
                    policy=policy.display_name,
                    number=number,
                )
            )
        sections = self.env["crm.policy.pack.section"]._pack_models()
        codes = {
            section: [row.get("code") or row["number"] for row in values.get(section) or []]
            for section in ("clauses", *(model._pack_section for model in sections))
        }
        version = self.env["crm.policy.version"].create(
            [
                {
                    **values["version"],
                    "number": number,
                    "policy_id": policy.id,
                    "pack_version": values["pack_version"],
                    "pack_fingerprint": pack.fingerprint(values),
                    "pack_codes": {section: rows for section, rows in codes.items() if rows},
                }
            ]
        )
        Clause = self.env["crm.policy.clause"]
        clauses = Clause._policy_load_clauses(version, values["clauses"])
        made = {"clauses": (Clause, [(key, row, True, None) for key, row in clauses.items()])}
        problems = []
        for model in sections:
            rows = values.get(model._pack_section) or []
            done, found = model._pack_load(version, rows, clauses)
            made[model._pack_section] = (model, done)
            problems += found
        if problems:
            self._policy_refuse_pack(problems)
        return version, made

    @api.model
    def _policy_install_shipped(self, name, company=None):
        """Load a pack of the add-on and hand its version over for approval."""
        version = self._policy_apply_pack(self._policy_packs()[name].read_bytes(), company)
        version.action_policy_review()
        return version

    @api.model
    def _policy_upsert_from_pack(self, values, company):
        head = values["policy"]
        name, others = pack.texts(head["name"])
        policy = self.search([("code", "=", head["code"]), ("company_id", "=", company.id)])
        if not policy:
            # It governs nobody before the company's approver has put a version of it in force.
            policy = self.create(
                [
                    {
                        "code": head["code"],
                        "name": name,
                        "company_id": company.id,
                        "active_in_company": False,
                    }
                ]
            )
            for lang, text in others.items():
                if self.env["res.lang"]._lang_get(lang):
                    policy.with_context(lang=lang).name = text
        policy.pack_version = values["pack_version"]
        self.env["crm.policy.default"]._policy_offer(policy, head.get("default_for") or [])
        return policy
