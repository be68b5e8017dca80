from odoo import models


class HrEmployee(models.Model):
    _name = "hr.employee"
    _inherit = ["crm.policy.viewer.source", "hr.employee"]

    # A new version that takes effect by the calendar arrives as current_version_id, from a cron.
    _policy_viewer_fields = frozenset(
        {"user_id", "department_id", "company_id", "active", "current_version_id"}
    )
