from odoo import models


class CrmPolicySuggestion(models.Model):
    """A written policy speaks of cases and of what is granted for them."""

    _inherit = "crm.policy.suggestion"

    _policy_deadline_model = "helpdesk.ticket"
    _policy_route_model = "crm.policy.remedy"
