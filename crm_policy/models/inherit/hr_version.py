from odoo import models


class HrVersion(models.Model):
    _name = "hr.version"
    _inherit = ["crm.policy.viewer.source", "hr.version"]

    _policy_viewer_fields = frozenset({"department_id", "date_version", "active", "employee_id"})
