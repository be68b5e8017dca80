from odoo import models


class HrDepartment(models.Model):
    _name = "hr.department"
    _inherit = ["crm.policy.viewer.source", "hr.department"]

    _policy_viewer_fields = frozenset({"manager_id", "parent_id", "company_id", "active"})
