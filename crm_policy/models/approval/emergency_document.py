from odoo import fields, models
from odoo.exceptions import UserError


class CrmPolicyEmergencyDocument(models.AbstractModel):
    """A document that an emergency team may execute before it is approved (先执行后补办, EMG-01).

    What is executed so has no request of its own: it waits, as pending, for the one ratification of
    its emergency and becomes approved or rejected with it. Until then it stays exactly as it was
    executed, and no ordinary approver may decide on it.
    """

    _name = "crm.policy.emergency.document"
    _description = "Document That May Be Executed in an Emergency"
    _inherit = ["crm.policy.guarded"]

    policy_emergency_id = fields.Many2one(
        "crm.policy.emergency",
        string="Executed in an Emergency",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    # === HOOKS === #

    def _policy_emergency(self):
        """Return the emergency of the document's case, running or not; empty where it has none.

        :rtype: crm.policy.emergency
        """
        return self.env["crm.policy.emergency"]

    def _policy_emergency_amount(self):
        """Return what executing this document alone costs, in its approval currency."""
        return self._policy_approval_amount()

    def _policy_execution_values(self):
        """Return what is kept of the document when it is executed, beside its emergency.

        :rtype: dict: create values, of fields that nobody types in.
        """
        return {}

    def _policy_stays_as_executed(self):
        """Return whether the document can no longer be changed since a team has executed it."""
        return bool(self.policy_emergency_id)

    def _policy_may_execute(self):
        """Return whether the document may be promised and carried out (AUT-MAT-05).

        It is approved, or an emergency team has executed it and nobody has refused that yet. Gates
        ask this and not the state of the approval.

        :rtype: bool
        """
        self.ensure_one()
        if self.policy_approval_state == "approved":
            return True
        emergency = self.sudo().policy_emergency_id
        return bool(emergency) and not emergency.decided_at

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_emergency_id"}

    def write(self, vals):
        executed = self.sudo().filtered(lambda record: record._policy_stays_as_executed())
        former = {record: record._policy_fingerprint() for record in executed}
        result = super().write(vals)
        for record, fingerprint in former.items():
            if not record._policy_stays_as_executed():
                continue
            if record._policy_fingerprint() != fingerprint:
                raise UserError(
                    self.env._(
                        "%(record)s was executed in %(emergency)s: it stays as it was executed.",
                        record=record.display_name,
                        emergency=record.policy_emergency_id.display_name,
                    )
                )
        return result

    def unlink(self):
        # Before the rest: no reason of a room above lets evidence of money spent go.
        self._policy_keep_executed()
        return super().unlink()

    def _policy_keep_executed(self):
        for record in self.sudo().filtered("policy_emergency_id"):
            raise UserError(
                self.env._(
                    "%(record)s was executed in %(emergency)s: it stays as it was executed.",
                    record=record.display_name,
                    emergency=record.policy_emergency_id.display_name,
                )
            )

    # === ACTION METHODS === #

    def action_policy_execute_emergency(self, reason=None):
        """Execute before the approval, as a member of the team of a running emergency (EMG-01).

        :param str reason: why it cannot wait; stands in the log of the emergency.
        :raises UserError: there is no emergency, it is stable already, the document is decided.
        :raises PolicyRefusal: the user is no member of the team, the document was rejected, or an
            earlier emergency of the team or its leader was not ratified in time.
        :raises ValidationError: there is no reason.
        """
        self.check_access("read")
        text = self._policy_text(reason, self.env._("Say why it cannot wait for its approval."))
        for record in self:
            emergency = record.sudo()._policy_emergency()
            if not emergency:
                raise UserError(
                    self.env._(
                        "%(record)s belongs to no emergency: submit it for approval.",
                        record=record.display_name,
                    )
                )
            emergency.with_env(self.env)._policy_execute(record, text)
        return True
