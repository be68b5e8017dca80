from odoo import api, models, tools


class CrmPolicyRoute(models.Model):
    _inherit = "crm.policy.route"

    @api.model
    def _policy_purchase_route(self, company):
        """Return the route in force by which purchase orders of a company are signed, or none."""
        return self.sudo().browse(self._policy_purchase_route_id(company.id))

    @api.model
    @tools.ormcache("company_id")
    def _policy_purchase_route_id(self, company_id):
        # A version that takes effect or is abolished clears the cache; until then nobody can touch
        # its routes.
        found = self.sudo().search(
            [
                ("company_id", "=", company_id),
                ("model_name", "=", "purchase.order"),
                ("subject", "in", ["purchase", False]),
                ("version_id.state", "=", "effective"),
                ("version_id.policy_id.active_in_company", "=", True),
            ],
            order="subject NULLS LAST, version_id, id",
            limit=1,
        )
        return found.id
