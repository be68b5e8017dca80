from odoo import api, models


class CrmPolicyViewerSource(models.AbstractModel):
    """Whatever decides who answers for which department: a change moves what people see."""

    _name = "crm.policy.viewer.source"
    _description = "Source of What Users See"

    # The fields of the organisation chart; a change of others costs nothing.
    _policy_viewer_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["res.users"]._policy_refresh_departments()
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._policy_viewer_fields.intersection(vals):
            self.env["res.users"]._policy_refresh_departments()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["res.users"]._policy_refresh_departments()
        return result
