from datetime import timedelta

from odoo import api, fields, models

from ...words import list_words


class CrmPolicyTextLinter(models.AbstractModel):
    """Finds what is wrong with the text of a version, its signatures and its review."""

    _name = "crm.policy.text.linter"
    _description = "Linter of Policy Texts"
    _inherit = ["crm.policy.linter"]

    @api.model
    def _policy_findings(self, versions):
        return [
            *super()._policy_findings(versions),
            *self._policy_find_empty(versions),
            *self._policy_find_sections(versions),
            *self._policy_find_uncovered(versions),
            *self._policy_find_unsigned(versions),
            *self._policy_find_reviews(versions),
        ]

    def _policy_find_empty(self, versions):
        """A clause that says nothing; a heading with clauses below it may."""
        clauses = versions.clause_ids
        for clause in clauses - clauses.parent_id:
            if not (clause.text or "").strip():
                yield self._policy_finding(
                    "clause_without_text",
                    "warning",
                    self.env._("The clause has no text: nobody can follow or sign it."),
                    clause,
                    clause,
                )

    def _policy_find_sections(self, versions):
        """Sections that the company asks for (POL-VER-04)."""
        for version in versions:
            missing = version._policy_missing_sections()
            if missing:
                yield self._policy_finding(
                    "section_missing",
                    "error",
                    self.env._(
                        "Sections are missing: %(sections)s. Write them and mark their clauses.",
                        sections=list_words(self.env, missing.mapped("name")),
                    ),
                    version,
                    version=version,
                )

    def _policy_find_uncovered(self, versions):
        """How much of the text nothing carries out (POL-INT-01)."""
        counts = versions.clause_ids._policy_counts(["rule_count"])["rule_count"]
        for version in versions:
            leaves = version.clause_ids - version.clause_ids.parent_id
            bare = leaves.filtered(lambda clause: not counts.get(clause.id))
            if bare:
                yield self._policy_finding(
                    "clause_without_rule",
                    "note",
                    self.env._(
                        "%(count)s of %(total)s clauses have no rule: they stand on paper only.",
                        count=len(bare),
                        total=len(leaves),
                    ),
                    version,
                    version=version,
                )

    def _policy_find_unsigned(self, versions):
        """Versions that nobody has signed by the day on which all should have (POL-ACK-01)."""
        for version in versions.filtered(lambda version: version.state == "effective"):
            latest = version.approved_at and version.approved_at + timedelta(
                days=version.company_id.policy_sign_days
            )
            if version.sign_count and not version.signed_count and latest < fields.Datetime.now():
                yield self._policy_finding(
                    "version_unsigned",
                    "warning",
                    self.env._("None of %(count)s people has signed it.", count=version.sign_count),
                    version,
                    version=version,
                )

    def _policy_find_reviews(self, versions):
        """Policies whose review is overdue (POL-VER-02)."""
        for version in versions.filtered("is_review_overdue"):
            yield self._policy_finding(
                "review_overdue",
                "warning",
                self.env._("The review was due on %(day)s.", day=version.next_review_on),
                version,
                version=version,
            )
