from odoo import api, fields, models
from odoo.tools import SQL


class CrmPolicyRuleIndex(models.Model):
    """The rules of all kinds in one list, so that a clause can show what carries it out."""

    _name = "crm.policy.rule.index"
    _description = "Rule of a Clause"
    _auto = False
    _order = "clause_id, kind, code"
    _rec_name = "code"

    clause_id = fields.Many2one("crm.policy.clause", readonly=True)
    version_id = fields.Many2one("crm.policy.version", string="Policy Version", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    kind = fields.Selection("_selection_kind", string="Kind of Rule", readonly=True)
    code = fields.Char(readonly=True)
    rule_id = fields.Many2oneReference(string="Rule ID", model_field="kind", readonly=True)
    name = fields.Char(compute="_compute_name", string="Rule")

    @api.model
    def _selection_kind(self):
        return [(name, self.env["ir.model"]._get(name).name) for name in self._policy_kinds()]

    @api.depends("kind", "rule_id")
    def _compute_name(self):
        for kind, rows in self.grouped("kind").items():
            # What a rule says is for those who may read it; that it is there, everybody sees.
            rules = self.env[kind].browse(rows.mapped("rule_id")).exists()
            names = {rule.id: rule.display_name for rule in rules._filtered_access("read")}
            for row in rows:
                row.name = names.get(row.rule_id, row.code)

    @property
    def _table_query(self):
        # An id of its own for each rule, the same tomorrow: the number of its kind leads it.
        names = self._policy_kinds()
        for name in names:
            self.env[name].flush_model()  # version and company of a new rule are written late
        parts = [
            SQL(
                "SELECT id * %(kinds)s + %(number)s AS id, clause_id, version_id, company_id,"
                " %(kind)s AS kind, code, id AS rule_id FROM %(table)s",
                kinds=len(names),
                number=number,
                kind=name,
                table=SQL.identifier(self.env[name]._table),
            )
            for number, name in enumerate(names)
        ]
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _policy_kinds(self):
        return [model._name for model in self.env["crm.policy.rule.mixin"]._policy_rule_models()]

    def action_policy_open(self):
        """Open the rule itself."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.kind,
            "res_id": self.rule_id,
            "views": [(False, "form")],
        }
