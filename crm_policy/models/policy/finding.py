import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

SEVERITIES = [("error", "Error"), ("warning", "Attention"), ("note", "Note")]
# Versions that still can or must be put right.
LIVE_STATES = ("draft", "review", "effective")


class CrmPolicyFinding(models.Model):
    """What the linter has found in a version or in the company: kept as long as it is there.

    A finding keeps its row from one night to the next, so that one sees since when it is known.
    """

    _name = "crm.policy.finding"
    _description = "Finding"
    _order = "level, version_id, code, id"
    _rec_name = "text"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    version_id = fields.Many2one(
        "crm.policy.version",
        string="Policy Version",
        readonly=True,
        index=True,
        ondelete="cascade",
        help="Empty: a finding about the company itself.",
    )
    policy_id = fields.Many2one(related="version_id.policy_id", store=True, index=True)
    version_state = fields.Selection(related="version_id.state")
    clause_id = fields.Many2one(
        "crm.policy.clause", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    code = fields.Char(string="Kind", required=True, readonly=True)
    severity = fields.Selection(SEVERITIES, required=True, readonly=True)
    level = fields.Integer(
        compute="_compute_level", store=True, help="The order of the severities: errors first."
    )
    text = fields.Char(string="What Is Wrong", required=True, readonly=True, translate=True)
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(string="Document ID", model_field="res_model", readonly=True)

    _one_per_thing = models.UniqueIndex(
        "(company_id, COALESCE(version_id, 0), code, COALESCE(clause_id, 0), res_model, res_id)",
        "A thing is found once.",
    )

    # === COMPUTE METHODS === #

    @api.depends("severity")
    def _compute_level(self):
        order = [severity for severity, _label in SEVERITIES]
        for finding in self:
            finding.level = order.index(finding.severity) if finding.severity else 0

    # === ACTION METHODS === #

    def action_policy_open(self):
        """Open what has to be put right."""
        self.ensure_one()
        self.check_access("read")
        return self.env[self.res_model].browse(self.res_id).get_formview_action()

    # === BUSINESS METHODS === #

    @api.model
    def _policy_refresh(self, versions):
        """Let the stored findings of ``versions`` and of their companies say what is so now.

        Safe to run any number of times: what is found again keeps its row.

        :return: the findings of these versions, as superuser.
        """
        versions = versions.sudo()
        found = self._policy_look(versions)
        known = {
            finding._policy_key(): finding
            for finding in self.sudo().search(
                [
                    ("company_id", "in", versions.company_id.ids),
                    ("version_id", "in", [*versions.ids, False]),
                ]
            )
        }
        self.browse(
            finding.id for key, finding in known.items() if key not in found
        ).sudo().unlink()
        fresh = [key for key in found if key not in known]
        created = self.sudo().create(
            [{**found[key]["vals"], "text": found[key]["texts"]["en_US"]} for key in fresh]
        )
        known |= dict(zip(fresh, created, strict=True))
        for key, finding in known.items():
            if key not in found:
                continue
            if finding.severity != found[key]["vals"]["severity"]:
                finding.severity = found[key]["vals"]["severity"]
            for lang, text in found[key]["texts"].items():
                if finding.with_context(lang=lang).text != text:
                    finding.with_context(lang=lang).text = text
        return self.sudo().search([("version_id", "in", versions.ids)])

    @api.model
    def _policy_look(self, versions):
        """Ask every linter, in every language: {key: values and texts} of what it finds."""
        found = {}
        languages = {"en_US", *(code for code, _name in self.env["res.lang"].get_installed())}
        linters = sorted(self.env.registry.descendants(["crm.policy.linter"], "_inherit"))
        for lang in languages:
            there = versions.with_context(lang=lang)
            for name in linters:
                for finding in there.env[name]._policy_findings(there):
                    vals = self._policy_values(finding)
                    entry = found.setdefault(tuple(vals.values()), {"vals": vals, "texts": {}})
                    entry["vals"] = {**vals, "severity": finding["severity"]}
                    entry["texts"][lang] = finding["text"]
        return {key: entry for key, entry in found.items() if "en_US" in entry["texts"]}

    @api.model
    def _policy_values(self, finding):
        """Return what identifies a finding, in the order of :meth:`_policy_key`."""
        record, version, clause = finding["record"], finding["version"], finding["clause"]
        owner = version or record
        company = owner if owner._name == "res.company" else owner["company_id"]
        return {
            "company_id": company.id,
            "version_id": version.id if version else False,
            "code": finding["code"],
            "clause_id": clause.id if clause else False,
            "res_model": record._name,
            "res_id": record.id,
        }

    def _policy_key(self):
        self.ensure_one()
        return (
            self.company_id.id,
            self.version_id.id,
            self.code,
            self.clause_id.id,
            self.res_model,
            self.res_id,
        )

    @api.model
    def _policy_check_errors(self, versions):
        """Refuse to go on with a version that has errors; name each of them.

        :raises UserError: with the clause and the sentence of each error.
        """
        errors = self._policy_refresh(versions).filtered(
            lambda finding: finding.severity == "error"
        )
        if errors:
            lines = [
                f"- {finding.clause_id.number}: {finding.text}"
                if finding.clause_id
                else f"- {finding.text}"
                for finding in errors.with_context(lang=self.env.lang)
            ]
            raise UserError(
                self.env._(
                    "%(version)s cannot be published as it is:\n%(errors)s",
                    version=errors.version_id[:1].display_name,
                    errors="\n".join(lines),
                )
            )

    @api.model
    def _cron_lint(self):
        """Look at every version that can still be put right; forget what was found in others."""
        self.sudo().search([("version_id.state", "in", ("superseded", "abolished"))]).unlink()
        versions = self.env["crm.policy.version"].search([("state", "in", LIVE_STATES)])
        for company, group in versions.grouped("company_id").items():
            try:
                with self.env.cr.savepoint():
                    self.with_company(company)._policy_refresh(group)
            except Exception:
                # A policy that cannot be read must not hide what is wrong with the others.
                _logger.exception("The policies of %s could not be checked", company.name)
            self.env["ir.cron"]._commit_progress(1)
