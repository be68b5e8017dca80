from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.models import LOG_ACCESS_COLUMNS

from ...words import list_words

# What is not the rule's own: it follows the clause or the database.
_NO_CONTENT = frozenset({"id", "clause_id", "version_id", "company_id", *LOG_ACCESS_COLUMNS})


def check_companies(record, names, code):
    """Refuse a record of a rule whose links lead to another company.

    :param list[str] names: many2one fields of what belongs to one company, or to all of them.
    :param str code: of the rule, for the message.
    :raises ValidationError:
    """
    for name in names:
        linked = record[name].sudo()
        if linked.company_id and linked.company_id != record.company_id:
            label = record._fields[name].get_description(record.env, ["string"])["string"]
            raise ValidationError(
                record.env._(
                    "%(field)s: %(record)s belongs to another company than the rule %(rule)s.",
                    field=label,
                    record=linked.display_name,
                    rule=code,
                )
            )


class CrmPolicyRuleMixin(models.AbstractModel):
    """A rule: something executable that a clause demands. Valid as long as its version is."""

    _name = "crm.policy.rule.mixin"
    _description = "Policy Rule"
    _inherit = [
        "crm.policy.cached",
        "crm.policy.pack.section",
        "crm.policy.guarded",
        "crm.policy.linter",
    ]

    _pack_needs_clause = True

    code = fields.Char(required=True)
    clause_id = fields.Many2one("crm.policy.clause", required=True, index=True, ondelete="restrict")
    version_id = fields.Many2one(
        related="clause_id.version_id", string="Policy Version", store=True, index=True
    )
    company_id = fields.Many2one(related="clause_id.company_id", store=True, index=True)

    # === CONSTRAINT METHODS === #

    @api.model
    def _policy_company_links(self):
        """Return the names of the links to what belongs to one company, or to all of them.

        People are not meant: each works for any number of them.
        """
        return [
            name
            for name, field in self._fields.items()
            if field.type == "many2one"
            and field.store
            and not field.related
            and field.comodel_name != "res.users"
            and "company_id" in self.env[field.comodel_name]._fields
        ]

    @api.constrains(lambda self: self._policy_company_links())
    def _check_policy_companies(self):
        """Neither another company's people nor its calendar get into a rule."""
        names = self._policy_company_links()
        for rule in self:
            check_companies(rule, names, rule.code)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        # They follow the clause: nobody slips a rule into a version that is in force.
        return super()._policy_guarded_fields() | {"version_id", "company_id"}

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules.clause_id.version_id._policy_check_draft()
        return rules

    def write(self, vals):
        self.clause_id.version_id._policy_check_draft()
        result = super().write(vals)
        if "clause_id" in vals:
            self.clause_id.version_id._policy_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.clause_id.version_id._policy_check_draft()

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        return {"clause_id": clauses[row.pop("clause")].id, **row}

    @api.model
    def _pack_known(self, vals):
        # A rule belongs to its version: never shared with an older one.
        return self.browse()

    @api.model
    def _pack_given(self, vals):
        # All of it is the pack's, what it leaves to the defaults as well.
        return self._pack_compared_fields()

    # === VERSIONS === #

    @api.model
    def _policy_rule_models(self):
        """Return the models of rules, of whatever room, in the order of their names.

        :rtype: list[models.Model]
        """
        names = self.env.registry.descendants(["crm.policy.rule.mixin"], "_inherit")
        return [self.env[name] for name in sorted(names) if not self.env[name]._abstract]

    def _policy_copy_to(self, clauses):
        """Copy rules into another version.

        :param dict clauses: clause they hang on -> clause of the other version.
        """
        copies = self.create(
            [
                {**vals, "clause_id": clauses[rule.clause_id].id, "code": rule.code}
                for rule, vals in zip(self, self.copy_data(), strict=True)
            ]
        )
        for rule, copy in zip(self, copies, strict=True):
            rule.copy_translations(copy)
        return copies

    def _policy_content(self):
        """Return what the rule says, {label of a field: value in words}, to compare versions."""
        self.ensure_one()
        labels = self.fields_get(attributes=["string"])
        content = {self.env._("Clause"): self.clause_id.number}
        for name, field in self._fields.items():
            if name in _NO_CONTENT or not field.store or field.related:
                continue
            if name in labels:
                content[labels[name]["string"]] = self._policy_value_in_words(field)
        return content

    def _policy_value_in_words(self, field):
        value = self[field.name]
        if field.relational:
            return list_words(self.env, value.mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        if field.type in ("float", "monetary", "integer"):
            return f"{value:g}"
        return str(value) if value else ""
