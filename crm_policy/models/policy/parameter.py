from odoo import api, fields, models, tools


class CrmPolicyParameter(models.Model):
    """A number that a clause fixes and that is neither a deadline nor a limit of amounts."""

    _name = "crm.policy.parameter"
    _description = "Policy Parameter"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, code, id"

    _pack_section = "parameters"
    _pack_sequence = 36
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "value": (float, True),
    }

    name = fields.Char(required=True, translate=True)
    value = fields.Float(required=True, digits=(12, 2))

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each parameter once."
    )
    _value_positive = models.Constraint("CHECK(value >= 0)", "A parameter is not negative.")

    @api.model
    @tools.ormcache("company_id", "code")
    def _policy_value(self, company_id, code):
        """Return the value in force in a company; 0 where no policy in use says one.

        :param int company_id: id of the ``res.company``.
        :param str code: as the pack calls it, "ring_max".
        """
        found = self.sudo().search(
            [
                ("company_id", "=", company_id),
                ("code", "=", code),
                ("version_id.state", "=", "effective"),
                ("version_id.policy_id.active_in_company", "=", True),
            ],
            order="id desc",
            limit=1,
        )
        return found.value

    @api.model
    @tools.ormcache("version_id", "code")
    def _policy_value_under(self, version_id, code):
        """Return the value that one version gives; 0 where it gives none.

        :param int version_id: id of the ``crm.policy.version`` under which something stands.
        :param str code: as the pack calls it, "similar_days".
        """
        return self.sudo().search([("version_id", "=", version_id), ("code", "=", code)]).value

    @api.model
    def _policy_of(self, version, code):
        """Return what one version says, as superuser; empty where it does not say it.

        :param version: the ``crm.policy.version`` under which something stands.
        :param str code: as the pack calls it, "tax_max_percent".
        """
        return self.sudo().browse(self._policy_id_under(version.id, code) if version else ())

    @api.model
    @tools.ormcache("version_id", "code")
    def _policy_id_under(self, version_id, code):
        """Return the id of what one version says, an empty tuple where it does not say it."""
        return self.sudo().search([("version_id", "=", version_id), ("code", "=", code)]).id or ()
