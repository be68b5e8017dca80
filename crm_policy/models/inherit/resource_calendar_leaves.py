from odoo import models


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["resource.calendar.leaves", "crm.policy.worktime.source", "crm.policy.absence"]

    _policy_span_fields = frozenset(
        "calendar_id company_id resource_id date_from date_to time_type".split()
    )
    _policy_since_field = "date_from"
