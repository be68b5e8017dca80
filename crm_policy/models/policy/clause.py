from textwrap import shorten

from odoo import api, fields, models

from ...tools import pack


class CrmPolicyClause(models.Model):
    """One clause of a version, and what hangs on it."""

    _name = "crm.policy.clause"
    _description = "Policy Clause"
    _inherit = ["crm.policy.pack.row"]
    _pack_key = "number"
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
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        for row in rows:
            name, names = pack.texts(row["name"])
            text, texts = pack.texts(row.get("text") or "")
            parent = clauses.get(row.get("parent"), self.browse())
            clause = self.with_context(lang="en_US").create(
                [
                    {
                        "version_id": version.id,
                        "number": row["number"],
                        "name": name,
                        "text": text,
                        "source": row.get("source"),
                        "parent_id": parent.id,
                        "is_proposed": row.get("proposed") or False,
                    }
                ]
            )
            clause = clause.with_env(self.env)
            for lang in installed & (names.keys() | texts.keys()):
                translated = {"name": names.get(lang), "text": texts.get(lang)}
                translated = {key: value for key, value in translated.items() if value}
                if translated:
                    clause.with_context(lang=lang).write(translated)
            clauses[row["number"]] = clause
        loaded = self.union(*clauses.values())
        snapshots = loaded._pack_snapshots()
        for clause in loaded:
            clause._policy_guarded_write({"pack_values": snapshots[clause.id]})
        return clauses

    def _pack_value_words(self):
        return shorten(self.text or "", 80, placeholder="…")

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
