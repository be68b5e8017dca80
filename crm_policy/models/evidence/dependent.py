from odoo import api, models
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.orm.domains import DomainAnd, DomainCondition
from odoo.tools import OrderedSet

NAMED = 20  # documents that are looked at one by one


def _values(value):
    """Return the values that a condition names, as a list; none where it has to be looked for."""
    if isinstance(value, (str, int)):  # saves work
        return [value]
    return list(value) if isinstance(value, (list, tuple, set, frozenset, OrderedSet)) else []


class CrmPolicyDependent(models.AbstractModel):
    """A record that tells of a document: whoever may not see the document does not see it either.

    Record rules cannot say this, as they are evaluated for the superuser. A model names the field
    that points at its document; what a user sees for another reason (it waits for him) it adds in
    :meth:`_policy_own_domain`.
    """

    _name = "crm.policy.dependent"
    _description = "Record of a Document"

    # A many2one, or the id half of a (model, id) pair.
    _policy_document_field = "res_id"
    # What the models have in common that such a pair may point at.
    _policy_document_mixin = None

    def _policy_document_models(self):
        """Return the names of the models that :attr:`_policy_document_field` may point at.

        :rtype: collections.abc.Collection[str]
        """
        if self._policy_document_mixin:
            return self.env.registry.descendants([self._policy_document_mixin], "_inherit")
        field = self._fields[self._policy_document_field]
        return [field.comodel_name] if field.type == "many2one" else []

    @api.model
    def _policy_own_domain(self):
        """Return what the current user sees although he does not see the document.

        :rtype: Domain
        """
        return Domain.FALSE

    def write(self, vals):
        """Write, and refuse to move a record to a document that one does not work on."""
        result = super().write(vals)
        if self._policy_document_field in vals:
            self.check_access("write")
        return result

    @api.model
    def _search(
        self,
        domain,
        offset=0,
        limit=None,
        order=None,
        *,
        active_test=True,
        bypass_access=False,
    ):
        if not (self.env.su or bypass_access):
            domain = Domain(domain)
            if not self._policy_names_seen(domain):
                domain &= self._policy_own_domain() | self._policy_seen_domain()
        return super()._search(
            domain, offset, limit, order, active_test=active_test, bypass_access=bypass_access
        )

    @api.model
    def _policy_names_seen(self, domain):
        """Return whether a search asks of a few documents alone, all of which the user may read.

        So does whatever shows the lines of a document. It is far cheaper to look at these than to
        have the database, for each list of a form, work out all that the user may see.
        """
        name = self._policy_document_field
        field = self._fields[name]
        named = {
            condition.field_expr: condition.value
            for condition in (domain.children if isinstance(domain, DomainAnd) else [domain])
            if isinstance(condition, DomainCondition) and condition.operator in ("=", "in")
        }
        if field.type == "many2one":
            model_name = field.comodel_name
        else:
            models_named = _values(named.get(field.model_field))
            if len(models_named) != 1:
                return False
            [model_name] = models_named
        ids = _values(named.get(name))
        if model_name not in self._policy_document_models() or not 0 < len(ids) <= NAMED:
            return False
        if not all(isinstance(id_, int) and not isinstance(id_, bool) for id_ in ids):
            return False
        documents = self.env[model_name].browse(ids)
        try:
            return len(documents._filtered_access("read")) == len(ids)
        except MissingError:
            return False

    @api.model
    def _policy_seen_domain(self):
        """Return the records whose documents the current user may read."""
        name = self._policy_document_field
        field = self._fields[name]
        seen = Domain.FALSE
        for model_name in self._policy_document_models():
            model = self.env[model_name]
            if model._abstract or not model.has_access("read"):
                continue
            of_model = Domain(name, "in", model._search(Domain.TRUE, active_test=False))
            if field.type == "many2one_reference":
                of_model &= Domain(field.model_field, "=", model_name)
            seen |= of_model
        return seen

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or not any(self._ids):
            return result
        hidden = self._policy_hidden("read" if operation == "read" else "write")
        if result:
            return result[0] | hidden, result[1]
        return (hidden, hidden._policy_access_error) if hidden else None

    def _policy_hidden(self, operation):
        """Return those of ``self`` whose document does not allow ``operation``."""
        name = self._policy_document_field
        field = self._fields[name]
        stored = self.sudo()
        if field.type == "many2one":
            model_of = dict.fromkeys(self.ids, field.comodel_name)
            target_of = {record.id: record[name].id for record in stored}
        else:
            model_of = {record.id: record[field.model_field] for record in stored}
            target_of = {record.id: record[name] for record in stored}
        allowed = set()
        for model_name in set(model_of.values()) & set(self._policy_document_models()):
            ids = {target_of[key] for key, value in model_of.items() if value == model_name}
            documents = self.env[model_name].browse(filter(None, ids)).exists()
            allowed.update((model_name, id_) for id_ in documents._filtered_access(operation)._ids)
        hidden = self.filtered(
            lambda record: (model_of[record.id], target_of[record.id]) not in allowed
        )
        if operation == "read" and hidden:
            hidden -= hidden.sudo().filtered_domain(self._policy_own_domain()).with_env(self.env)
        return hidden

    def _policy_access_error(self):
        return AccessError(
            self.env._(
                "%(model)s: only who works on the document may see or change this.",
                model=self.env["ir.model"]._get(self._name).name,
            )
        )
