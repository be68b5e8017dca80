from odoo import models
from odoo.tools import SQL


class CrmPolicyCaseReading(models.AbstractModel):
    """Opening the form of a case: one query says which of its many lists are empty.

    A case has some twenty lists and most cases use three of them. Each would be searched by itself
    with the rules of its model; a list without rows is empty whatever the rules say. So is a number
    of rows 0.
    """

    _name = "crm.policy.case.reading"
    _description = "Case in a Form"

    def web_read(self, specification):
        if len(self) == 1 and self.id:
            self._policy_know_empty_lists(specification)
            self._policy_know_people(specification)
        return super().web_read(specification)

    def onchange(self, values, field_names, fields_spec):
        if len(self) == 1 and self.id:
            self._policy_know_empty_lists(fields_spec)
        return super().onchange(values, field_names, fields_spec)

    def _policy_know_empty_lists(self, names):
        """Look at the tables of those lists once; keep of the empty ones that they are.

        :param names: names of fields; lists that they are computed from are looked at, too. Others
            than lists that an index finds, and numbers of rows, are passed over.
        """
        self.ensure_one()
        fields = {self._fields[name] for name in names if name in self._fields}
        below = {
            self._fields[path.split(".")[0]]
            for field in fields
            if not field.store
            for path in self.pool.field_depends[field]
        }
        counts = self._policy_counts()
        places = {
            field: place
            for field in sorted(fields | below, key=str)
            if self.id not in field._get_cache(self.env)
            and (place := self._policy_place_of(field, counts))
        }
        if not places:
            return
        probes = SQL(", ").join(SQL("EXISTS (SELECT FROM %s)", place) for place in places.values())
        (filled,) = self.env.execute_query(SQL("SELECT %s", probes))
        for field, is_filled in zip(places, filled, strict=True):
            if not is_filled:
                field._insert_cache(self, [0 if field.name in counts else ()])

    def _policy_know_people(self, names):
        """Read customer and clerk, who are both shown, in one query; the case as it is read anyway.

        :param names: names of the fields that are read.
        """
        self.fetch([name for name in names if name in self._fields])
        case = self.sudo()
        (case.partner_id | case.user_id.partner_id).mapped("name")

    def _policy_counts(self):
        """Return {field that counts rows of other models: (model, their field for the case)}."""
        return {}

    def _policy_place_of(self, field, counts):
        """Return "table WHERE it is of this case" if an index finds its rows, else None.

        :param dict counts: as of ``_policy_counts``.
        """
        if field.type == "many2many" and field.store:
            column = SQL.identifier(field.column1)
            return SQL("%s WHERE %s = %s", SQL.identifier(field.relation), column, self.id)
        counted = counts.get(field.name)
        if not (counted or (field.type == "one2many" and field.inverse_name)):
            return None
        model_name, link = counted or (field.comodel_name, field.inverse_name)
        lines = self.env[model_name]
        link = lines._fields[link]
        if not (lines._auto and link.store and (link.index or hasattr(lines, "_document_idx"))):
            return None
        here = SQL(
            "%s WHERE %s = %s", SQL.identifier(lines._table), SQL.identifier(link.name), self.id
        )
        if link.type == "many2one_reference":
            here = SQL("%s AND %s = %s", here, SQL.identifier(link.model_field), self._name)
        return here
