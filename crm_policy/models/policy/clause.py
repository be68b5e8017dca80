from textwrap import shorten

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools import pack

# How a number of something is compared with a value of a domain.
_COMPARED = {"in": "IN", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


class CrmPolicyClause(models.Model):
    """One clause of a version, and what hangs on it."""

    _name = "crm.policy.clause"
    _description = "Policy Clause"
    # Its codes stand in the cache; last, so that what methods write of guarded fields counts, too.
    _inherit = ["crm.policy.pack.row", "crm.policy.cached"]
    _pack_key = "number"
    _order = "version_id, sequence, id"
    _rec_names_search = ["number", "name"]

    version_id = fields.Many2one(
        "crm.policy.version",
        string="Policy Version",
        required=True,
        index=True,
        ondelete="restrict",
    )
    policy_id = fields.Many2one(related="version_id.policy_id", store=True, index=True)
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    version_state = fields.Selection(related="version_id.state")
    number = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    text = fields.Text(translate=True)
    source = fields.Char(help="Where the sentence stands in the source document.")
    parent_id = fields.Many2one("crm.policy.clause", index=True, ondelete="restrict")
    child_ids = fields.One2many("crm.policy.clause", "parent_id", string="Clauses Below")
    section_id = fields.Many2one(
        "crm.policy.term",
        domain=[("kind", "=", "section")],
        index="btree_not_null",
        ondelete="restrict",
        help="Which section of a policy this clause, with those below it, is.",
    )
    interpretation_ids = fields.One2many(
        "crm.policy.interpretation", "clause_id", string="Interpretations"
    )
    finding_ids = fields.One2many(
        "crm.policy.finding",
        "clause_id",
        string="Findings",
        groups="crm_policy.group_director,crm_policy.group_ceo,crm_policy.group_qc,"
        "crm_policy.group_committee,crm_policy.group_policy_admin",
    )
    rule_ids = fields.One2many("crm.policy.rule.index", "clause_id", string="Rules")

    # What became of it; each number is one grouped query, and can be searched.
    rule_count = fields.Integer(
        string="Number of Rules", compute="_compute_counts", search="_search_rule_count"
    )
    hit_count = fields.Integer(
        string="Hits",
        compute="_compute_counts",
        search="_search_hit_count",
        help="How often a clock ran under it, trial included.",
    )
    late_count = fields.Integer(
        string="Late or Overdue",
        compute="_compute_counts",
        search="_search_late_count",
        help="Clocks that ended late or are overdue now; none of a trial.",
    )
    violation_count = fields.Integer(
        string="Violations", compute="_compute_counts", search="_search_violation_count"
    )
    is_covered = fields.Boolean(
        string="Covered",
        compute="_compute_is_covered",
        search="_search_is_covered",
        help="A rule carries it out, or the clauses below it have one.",
    )

    _number_uniq = models.Constraint(
        "UNIQUE(version_id, number)", "A policy version has each clause number once."
    )

    # === COMPUTE METHODS === #

    @api.depends("number", "name")
    def _compute_display_name(self):
        for clause in self:
            clause.display_name = f"{clause.number} {clause.name}"

    def _compute_counts(self):
        names = list(self._policy_count_queries())
        counts = self._policy_counts(names)
        for clause in self:
            for name in ("rule_count", "hit_count", "late_count", "violation_count"):
                clause[name] = counts.get(name, {}).get(clause.id, 0)

    def _compute_is_covered(self):
        # From the leaves upwards, a level of the tree at a time.
        covered = {clause.id for clause in self if clause.rule_count}
        below = self.child_ids
        while below:
            for clause in below.filtered("rule_count"):
                while clause:
                    covered.add(clause.id)
                    clause = clause.parent_id
            below = below.child_ids
        for clause in self:
            clause.is_covered = clause.id in covered

    def _search_rule_count(self, operator, value):
        return self._policy_search_count("rule_count", operator, value)

    def _search_hit_count(self, operator, value):
        return self._policy_search_count("hit_count", operator, value)

    def _search_late_count(self, operator, value):
        return self._policy_search_count("late_count", operator, value)

    def _search_violation_count(self, operator, value):
        return self._policy_search_count("violation_count", operator, value)

    def _search_is_covered(self, operator, value):
        if operator != "in":
            return NotImplemented
        rules = self._policy_count_queries()["rule_count"]
        ids = SQL(
            """
            WITH RECURSIVE covered(id, parent_id) AS (
                SELECT id, parent_id FROM crm_policy_clause
                 WHERE id IN (SELECT clause_id FROM (%s) AS rule)
                 UNION
                SELECT above.id, above.parent_id FROM crm_policy_clause above
                  JOIN covered ON covered.parent_id = above.id)
            SELECT id FROM covered
            """,
            rules,
        )
        return [("id", "in", ids)]

    # === CONSTRAINT METHODS === #

    @api.constrains("parent_id", "version_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A clause is not below itself."))
        for clause in self:
            if clause.parent_id and clause.parent_id.version_id != clause.version_id:
                raise ValidationError(
                    self.env._(
                        "Clause %(number)s: the clause above it belongs to another version.",
                        number=clause.number,
                    )
                )

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

    # === ACTION METHODS === #

    def action_policy_open_rules(self):
        """List the rules that carry this clause out."""
        return self._policy_open("crm_policy.rule_index_action")

    def _policy_open(self, action_name, **context):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(action_name)
        return action | {"domain": [("clause_id", "=", self.id)], "context": context}

    # === BUSINESS METHODS - COUNTING === #

    @api.model
    def _policy_count_queries(self):
        """Return what is counted of clauses: {field: SELECT clause_id, a row for each thing}.

        Rooms above add theirs: hits, late, violations. Numbers are the same for everybody.

        :rtype: dict[str, SQL]
        """
        rules = [
            self._policy_clauses_of(model._name)
            for model in self.env["crm.policy.rule.mixin"]._policy_rule_models()
        ]
        return {"rule_count": SQL(" UNION ALL ").join(rules)}

    @api.model
    def _policy_clauses_of(self, model_name, domain=()):
        """Return SELECT clause_id of the records of a model."""
        model = self.env[model_name].sudo().with_context(active_test=False)
        query = model._search(list(domain), order=None)
        return query.select(
            SQL("%s AS clause_id", model._field_to_sql(query.table, "clause_id", query))
        )

    def _policy_counts(self, names):
        """Return {name: {clause id: number}} for those that are counted; a query for each name."""
        found = {}
        for name, query in self._policy_count_queries().items():
            if name in names:
                rows = self.env.execute_query(
                    SQL(
                        "SELECT clause_id, count(*) FROM (%s) AS thing"
                        " WHERE clause_id = ANY(%s) GROUP BY clause_id",
                        query,
                        self.ids,
                    )
                )
                found[name] = dict(rows)
        return found

    @api.model
    def _policy_search_count(self, name, operator, value):
        if operator not in _COMPARED:
            return NotImplemented
        query = self._policy_count_queries().get(name) or SQL(
            "SELECT id AS clause_id FROM crm_policy_clause WHERE FALSE"
        )
        if operator == "in":
            value = tuple(int(number) for number in value) or (None,)
        ids = SQL(
            """
            SELECT clause.id FROM crm_policy_clause clause
              LEFT JOIN (SELECT clause_id, count(*) AS number FROM (%s) AS thing GROUP BY clause_id)
                        AS counted ON counted.clause_id = clause.id
             WHERE COALESCE(counted.number, 0) %s %s
            """,
            query,
            SQL(_COMPARED[operator]),
            value,
        )
        return [("id", "in", ids)]

    # === BUSINESS METHODS === #

    def _policy_copy_to(self, version):
        """Copy these clauses into another version; return {clause: its copy}."""
        copies = {}
        clauses = self.sorted(lambda clause: (clause.sequence, clause.id))
        for clause in clauses:
            # copy() takes the translations along; the copy finds its parent below.
            copies[clause] = clause.copy({"version_id": version.id, "parent_id": False})
        for clause in clauses:
            if clause.parent_id in copies:
                copies[clause].parent_id = copies[clause.parent_id]
        return copies

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
        policy, version, number, _label = self._policy_labels()
        return {"policy": policy, "version": version, "clause": number}

    def _policy_cached_fields(self):
        return frozenset({"number", "version_id"})

    @tools.ormcache("self.id", "self.env.lang")
    def _policy_labels(self):
        """Return (policy code, version number, clause number, name of the version).

        Every event and message carries them: they are read once, not in each transaction.
        """
        clause = self.sudo()
        version = clause.version_id
        return version.policy_id.code, version.number, clause.number, version.display_name

    def _policy_citation(self):
        """Return how a message names this clause: "Clause 4.2.3 (Complaint policy v3)"."""
        self.ensure_one()
        _policy, _version, number, label = self._policy_labels()
        return self.env._("Clause %(number)s (%(version)s)", number=number, version=label)
