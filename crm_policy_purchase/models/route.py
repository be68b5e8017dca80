from odoo import api, models, tools


class CrmPolicyRoute(models.Model):
    _inherit = "crm.policy.route"

    @api.model
    def _policy_purchase_route(self, order):
        """Return the route in force by which a purchase order is signed, or none.

        None where no policy in force speaks of purchases, or of such a purchase.
        """
        for version_id in self._policy_purchase_version_ids(order.company_id.id):
            version = self.env["crm.policy.version"].sudo().browse(version_id)
            if route := self._policy_route_for(version, order._name, "purchase", order):
                return route
        return self.sudo().browse()

    @api.model
    @tools.ormcache("company_id")
    def _policy_purchase_version_ids(self, company_id):
        # A version that takes effect or is abolished clears the cache; until then nobody can touch
        # its routes.
        routes = self.sudo().search(
            [
                ("company_id", "=", company_id),
                ("model_name", "=", "purchase.order"),
                ("version_id.state", "=", "effective"),
                ("version_id.policy_id.active_in_company", "=", True),
            ],
            order="version_id",
        )
        # What only warns does not stand before what binds.
        versions = routes.version_id.sorted(lambda version: version.enforcement != "enforced")
        return tuple(versions.ids)
