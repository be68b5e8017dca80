from odoo import api, models


class CrmPolicyBlameEntry(models.AbstractModel):
    """A line about whose fault it was or what it cost: it leaves a trace, and decides sanctions.

    Whom the case is about writes none.
    """

    _name = "crm.policy.blame.entry"
    _description = "Line about Fault and Loss"
    _inherit = ["crm.policy.case.entry"]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries._policy_entry_written("written")
        return entries

    def write(self, vals):
        result = super().write(vals)
        self._policy_entry_written("written")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_with_trace(self):
        self._policy_entry_written("removed")

    # === BUSINESS METHODS === #

    def _policy_check_unlocked(self):
        self.sudo().ticket_id.with_env(self.env)._policy_refuse_accused()
        return super()._policy_check_unlocked()

    def _policy_entry_written(self, what):
        """Leave a trace of what the lines say now."""
        kind = self._name.removeprefix("crm.policy.")
        for entry in self.sudo():
            self.env["crm.policy.event"]._policy_log(
                f"{kind}.{what}",
                entry,
                {"ticket": entry.ticket_id.id, **entry._policy_entry_payload()},
                clause=entry.ticket_id.policy_version_id,
            )

    def _policy_entry_payload(self):
        """Return the codes, ids and numbers of a line.

        :rtype: dict
        """
        return {}
