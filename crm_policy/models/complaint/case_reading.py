from odoo import models
from odoo.tools import SQL


class CrmPolicyCaseReading(models.AbstractModel):
    """Opening the form of a case: one query says which of its many lists are empty.

    A case has some twenty lists and most cases use three of them. Each would be searched by itself
    with the rules of its model; a list without rows is empty whatever the rules say.
    """

    _name = "crm.policy.case.reading"
    _description = "Case in a Form"

    def web_read(self, specification):
        if len(self) == 1 and self.id:
            self._policy_know_empty_lists(specification)
        return super().web_read(specification)

    def _policy_know_empty_lists(self, names):
        """Look at the tables of those lists once; keep of the empty ones that they are.

        :param names: names of fields; others than lists in tables of their own are passed over.
        """
        self.ensure_one()
        places = {}
        for name in names:
            field = self._fields.get(name)
            place = field and self._has_field_access(field, "read") and self._policy_place_of(field)
            if place and self.id not in field._get_cache(self.env):
                places[field] = place
        if not places:
            return
        probes = SQL(", ").join(
            SQL("EXISTS (SELECT FROM %s WHERE %s = %s)", table, column, self.id)
            for table, column in places.values()
        )
        (filled,) = self.env.execute_query(SQL("SELECT %s", probes))
        for field, is_filled in zip(places, filled, strict=True):
            if not is_filled:
                field._insert_cache(self, [()])

    def _policy_place_of(self, field):
        """Return (table, column of the case) of a list that is found by an index, else None."""
        if field.type == "many2many" and field.store:
            return SQL.identifier(field.relation), SQL.identifier(field.column1)
        if field.type == "one2many" and field.inverse_name:
            lines = self.env[field.comodel_name]
            inverse = lines._fields[field.inverse_name]
            if inverse.type == "many2one" and inverse.store and inverse.index and lines._auto:
                return SQL.identifier(lines._table), SQL.identifier(field.inverse_name)
        return None
