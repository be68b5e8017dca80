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
        entries.sudo().ticket_id._policy_bring_about()
        return entries

    def write(self, vals):
        before = self.sudo().ticket_id
        result = super().write(vals)
        # Neither what it was nor what it has become is for him to write.
        self._policy_check_unlocked()
        self._policy_entry_written("written")
        (before | self.sudo().ticket_id)._policy_bring_about()
        return result

    def unlink(self):
        cases = self.sudo().ticket_id
        result = super().unlink()
        cases._policy_bring_about()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_with_trace(self):
        self._policy_entry_written("removed")

    # === BUSINESS METHODS === #

    def _policy_lock_problem(self, case):
        """Keep the line as it is, too, while somebody signs who has read it (CMP-FLOW-09)."""
        problem = super()._policy_lock_problem(case)
        if problem:
            return problem
        pending = case.policy_remedy_ids.filtered(
            lambda remedy: (
                remedy.cycle == case.policy_cycle and remedy.policy_approval_state == "pending"
            )
        )
        if pending:
            return self.env._(
                "%(case)s: %(remedy)s is being signed by who has read it: %(entry)s stays until "
                "then.",
                case=case.display_name,
                remedy=pending[0].display_name,
                entry=self.display_name,
            )
        return None

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

    # === INTO ANOTHER CASE === #

    def _policy_merge_problem(self, into):
        """Return why the line cannot be entered in ``into`` now, or None."""
        # As one that was written there would be.
        twin = self.new(origin=self)
        twin.cycle = into.policy_cycle
        return twin._policy_lock_problem(into)
