from odoo import api, fields, models

from ...tools import pack


class CrmPolicyClause(models.Model):
    """One clause of a version, and what hangs on it."""

    _name = "crm.policy.clause"
    _description = "Policy Clause"
    _order = "version_id, id"
    _rec_names_search = ["number", "name"]

    version_id = fields.Many2one(
        "crm.policy.version", required=True, index=True, ondelete="restrict"
    )
    policy_id = fields.Many2one(related="version_id.policy_id", store=True, index=True)
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    version_state = fields.Selection(related="version_id.state")
    number = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    text = fields.Text(translate=True)
    source = fields.Char(help="Where the sentence stands in the source document.")
    parent_id = fields.Many2one("crm.policy.clause", index=True, ondelete="restrict")

    _number_uniq = models.Constraint(
        "UNIQUE(version_id, number)", "A policy version has each clause number once."
    )

    # === COMPUTE METHODS === #

    @api.depends("number", "name")
    def _compute_display_name(self):
        for clause in self:
            clause.display_name = f"{clause.number} {clause.name}"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        clauses = super().create(vals_list)
        clauses.version_id._policy_check_draft()
        return clauses

    def write(self, vals):
        self.version_id._policy_check_draft()
        result = super().write(vals)
        if "version_id" in vals:
            self.version_id._policy_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.version_id._policy_check_draft()

    # === BUSINESS METHODS === #

    @api.model
    def _policy_load_clauses(self, version, rows):
        """Create the clauses of a pack, parents first.

        :return: dict number -> clause.
        """
        clauses = {}
        for row in rows:
            name, names = pack.texts(row["name"])
            text, texts = pack.texts(row.get("text") or "")
            parent = clauses.get(row.get("parent"), self.browse())
            clause = self.create(
                [
                    {
                        "version_id": version.id,
                        "number": row["number"],
                        "name": name,
                        "text": text,
                        "source": row.get("source"),
                        "parent_id": parent.id,
                    }
                ]
            )
            for lang in self.env["res.lang"].get_installed():
                code = lang[0]
                translated = {"name": names.get(code), "text": texts.get(code)}
                translated = {key: value for key, value in translated.items() if value}
                if translated:
                    clause.with_context(lang=code).write(translated)
            clauses[row["number"]] = clause
        return clauses

    def _policy_trace(self):
        """Return the codes that an event, a deadline or a refusal carries of this clause."""
        self.ensure_one()
        return {**self.version_id._policy_trace(), "clause": self.number}

    def _policy_citation(self):
        """Return how a message names this clause: "Clause 4.2.3 (Complaint policy v3)"."""
        self.ensure_one()
        return self.env._(
            "Clause %(number)s (%(version)s)",
            number=self.number,
            version=self.version_id.display_name,
        )
