from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmPolicyFactRule(models.Model):
    """How far back a fact may be dated when it is recorded later than it happened.

    For the reopening of a case: how long after its closing the customer's word brings it about.
    """

    _name = "crm.policy.fact.rule"
    _description = "Back-dating Rule"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, id"
    _rec_name = "code"

    _pack_section = "fact_rules"
    _pack_sequence = 35
    _pack_schema = {
        "code": (str, True),
        "model": (str, True),
        "fact": (str, False),
        "backdate_hours": (float, True),
        "reopen_days": (float, False),
    }

    model_name = fields.Char(string="Model", required=True)
    fact_name = fields.Char(string="Fact", help="Empty: every fact of the model.")
    backdate_hours = fields.Float(required=True, help="Elapsed hours, around the clock.")

    reopen_days = fields.Float(
        string="Reopened Within (Days)",
        help="Within so many days of the closing a message of the customer reopens his case.",
    )

    _days_positive = models.Constraint(
        "CHECK(reopen_days >= 0)", "The days of reopening are not negative."
    )
    _hours_positive = models.Constraint(
        "CHECK(backdate_hours >= 0)", "The back-dating limit is not negative."
    )

    @api.constrains("model_name", "fact_name")
    def _check_fact(self):
        for rule in self:
            model = self.env.get(rule.model_name)
            facts = model._policy_fact_fields() if hasattr(model, "_policy_set_fact") else ()
            if not facts or (rule.fact_name and rule.fact_name not in facts):
                raise ValidationError(
                    self.env._(
                        "Back-dating rule %(rule)s: %(model)s has no fact %(fact)s.",
                        rule=rule.code,
                        model=rule.model_name,
                        fact=rule.fact_name or "",
                    )
                )

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        vals = {"model_name": row.pop("model"), "fact_name": row.pop("fact", False)}
        return {**super()._pack_prepare(version, row, clauses), **vals}

    @api.model
    def _policy_for_fact(self, record, name):
        """Return the rule for one fact of a record under its version; the exact one first."""
        rules = self.sudo().search(
            [
                ("version_id", "=", record.policy_version_id.id),
                ("model_name", "=", record._name),
                ("fact_name", "in", [name, False]),
            ]
        )
        return (rules.filtered("fact_name") or rules)[:1]
