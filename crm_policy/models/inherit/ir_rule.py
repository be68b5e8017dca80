from odoo import models


class IrRule(models.Model):
    """A refusal by our rules says what is restricted and whom to ask, and no name of a record."""

    _name = "ir.rule"
    _inherit = ["ir.rule"]

    def _make_access_error(self, operation, records):
        error = super()._make_access_error(operation, records)
        if hasattr(records, "_policy_restricted_error"):
            return records._policy_restricted_error(operation, error)
        return error
