from odoo import models


class ResourceCalendarAttendance(models.Model):
    _name = "resource.calendar.attendance"
    _inherit = [
        "crm.policy.week.source",
        "resource.calendar.attendance",
        "crm.policy.worktime.source",
    ]

    _policy_span_fields = frozenset(
        "calendar_id dayofweek hour_from hour_to day_period week_type display_type".split()
    )
