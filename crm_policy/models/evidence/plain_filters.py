from odoo import api, models

# What the web client reads to offer a field in filters, groups and exports.
OFFERED = ("searchable", "groupable", "exportable")


class CrmPolicyPlainFilters(models.AbstractModel):
    """A record in whose lists people choose among the fields by their names.

    What only the machine reads is not among them. It stays readable and searchable: rules, menus
    and clocks name it.
    """

    _name = "crm.policy.plain.filters"
    _description = "Record Filtered in Plain Words"

    _policy_technical_fields = frozenset()

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        described = super().fields_get(allfields, attributes)
        for name in self._policy_technical_fields & described.keys():
            described[name].update(
                {key: False for key in OFFERED if attributes is None or key in attributes}
            )
        return described
