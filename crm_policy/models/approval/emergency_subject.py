from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CrmPolicyEmergencySubject(models.AbstractModel):
    """What has clocks in an emergency and stays as evidence: itself, and each step of its plan."""

    _name = "crm.policy.emergency.subject"
    _description = "Governed Part of an Emergency"
    _inherit = ["crm.policy.subject"]

    def _policy_guarded_fields(self):
        # Nobody types one in: a case starts it, its team keeps it.
        return super()._policy_guarded_fields() | (
            {name for name, field in self._fields.items() if field.store} - {"id"}
        )

    @api.model
    def _policy_open_domain(self):
        # It is ratified, and its steps are done, under the version under which it was started.
        return Domain.FALSE

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("An emergency is evidence: it stays."))

    def _policy_open_for(self, users):
        self.env["crm.policy.case.access"].sudo()._policy_grant(self.ticket_id, users, "escalation")
