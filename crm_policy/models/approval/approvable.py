from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import AMOUNT_BASES


class CrmPolicyApprovable(models.AbstractModel):
    """Something that needs a signature before it counts.

    A model joins with its hooks: :meth:`_policy_approval_values` and those of
    ``crm.policy.competence``, which say who may decide it.
    """

    _name = "crm.policy.approvable"
    _description = "Document to Approve"
    _inherit = [
        "crm.policy.emergency.document",
        "crm.policy.guarded",
        "crm.policy.competence",
        "crm.policy.submission",
    ]

    # Whether amounts count with or without tax, as the company compares them.
    _policy_counts_tax = False
    # Whether who signs first says what he thinks of it.
    _policy_wants_opinion = False

    policy_approval_state = fields.Selection(
        [
            ("none", "Not Submitted"),
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ],
        string="Approval",
        default="none",
        required=True,
        readonly=True,
        copy=False,
    )
    policy_approval_id = fields.Many2one(
        "crm.policy.approval", string="Request", readonly=True, copy=False, index=True
    )
    policy_approval_chain = fields.Json(
        related="policy_approval_id.chain", groups="base.group_user"
    )
    policy_can_decide = fields.Boolean(related="policy_approval_id.can_decide")

    # === HOOKS === #

    def _policy_approval_values(self):
        """Return the values that the signature stands for: plain, JSON-able, in a fixed order."""
        return {}

    def _policy_approval_name(self):
        """Return what the approver reads on the request; the business type stands beside it."""
        return self.display_name

    def _policy_approval_barred_users(self):
        """Return who never decides beside the requester: beneficiaries, persons investigated."""
        return self.env["res.users"]

    def _policy_proposers(self):
        """Return who has written what is asked for: he does not decide it, whoever submits it."""
        return self.create_uid

    def _policy_nondeciders(self):
        """Return who has no part in the decision beside the requester."""
        return self._policy_approval_barred_users() | self._policy_proposers()

    def _policy_only_named(self):
        """Return whether nobody from above stands in for those whom the route names."""
        return False

    def _policy_approval_action(self):
        """Return the action that opens the document for its approver."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _policy_on_requested(self, users):
        """Called as superuser when steps are opened for ``users``: they must see the documents.

        Once for all documents of a batch that ask the same people.
        """

    def _policy_on_delegated(self, delegation):
        """Called as superuser when a delegate is asked: he sees the document while it runs."""

    def _policy_on_approved(self):
        """Called as superuser once the last signature is there."""

    def _policy_on_rejected(self):
        """Called as superuser once the request is rejected; one refusal may not be enough."""

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_approval_state", "policy_approval_id"}

    def write(self, vals):
        result = super().write(vals)
        self._policy_void_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        if any(record.policy_approval_id for record in self):
            raise UserError(self.env._("What was submitted for approval is kept, not deleted."))

    def _policy_void_changed(self):
        """Let approvals lapse whose values are no longer what was signed."""
        for record in self.sudo():
            approval = record.policy_approval_id
            if approval.state in ("pending", "approved") and (not record._policy_is_as_asked()):
                approval._policy_lapse()

    def _policy_is_as_asked(self):
        """Return whether this still is what its present request stands for.

        While it waits, in the way the company counts now (T8). What is decided or carried out
        already stays so, however the company counts since.
        """
        approval = self.policy_approval_id
        if approval.fingerprint == self._policy_fingerprint():
            return True
        if approval.state != "approved" and not self._policy_may_execute():
            return False
        bases = dict(AMOUNT_BASES) if self._policy_counts_tax else ()
        return any(approval.fingerprint == self._policy_fingerprint(basis) for basis in bases)

    # === ACTION METHODS === #

    def action_policy_submit(self):
        """Ask for the decisions that the policy requires; a request each."""
        self.check_access("write")
        for record in self:
            if record.policy_approval_state in ("pending", "approved"):
                raise UserError(
                    self.env._("%(record)s is submitted already.", record=record.display_name)
                )
        if self:
            self._policy_submit()
        return True

    def action_policy_approve(self, comment=None):
        """Sign what waits for the current user."""
        self.check_access("read")
        self._policy_pending_requests()._policy_decide("approved", comment)
        return True

    def action_policy_reject(self, comment=None):
        """Refuse the signature; a comment says why."""
        self.check_access("read")
        self._policy_pending_requests()._policy_decide("rejected", comment)
        return True

    def action_policy_return(self, step_id=None, comment=None):
        """Return it to an earlier step that was signed, or to the requester; a comment says why.

        :param int step_id: a step of the request; None: the requester changes it and asks anew.
        """
        self.check_access("read")
        self._policy_pending_requests()._policy_return(step_id, comment)
        return True

    def action_policy_recall(self):
        """Take back what the current user has asked for, as long as it is not decided."""
        self.check_access("read")
        self._policy_requests()._policy_recall()
        return True

    def action_policy_add_signer(self, user_id=None, before=False, comment=None):
        """Have another person sign as well, before the current user decides or afterwards.

        :param int user_id: an employee of the company.
        :param bool before: he signs first, and the step comes back afterwards.
        """
        self.check_access("read")
        self._policy_pending_requests()._policy_add_signer(user_id, before, comment)
        return True

    def action_policy_forward(self, user_id=None, comment=None):
        """Hand the decision over to somebody who could take it, too, or who stands above.

        :param int user_id: to whom.
        """
        self.check_access("read")
        self._policy_pending_requests()._policy_forward(user_id, comment)
        return True

    def action_policy_copy(self, user_ids=None):
        """Let others read the request and tell them of it.

        :param list[int] user_ids: employees of the company.
        """
        self.check_access("read")
        self._policy_requests()._policy_copy(user_ids)
        return True

    def action_policy_remind(self):
        """Remind those who may decide; the requester, not more often than the policy allows."""
        self.check_access("read")
        self._policy_requests()._policy_remind()
        return True

    def _policy_requests(self):
        """Return the present request of each document."""
        records = self.sudo()
        found = records.policy_approval_id
        for record in records:
            if not record.policy_approval_id:
                raise UserError(
                    self.env._("%(record)s was not submitted.", record=record.display_name)
                )
        # What is read of one is read of all that the documents were read with.
        return found.with_env(self.env)

    def _policy_pending_requests(self):
        """Return the present requests; refuse those whose values are no longer what was asked."""
        requests = self._policy_requests()
        for record in self.sudo():
            if not record._policy_is_as_asked():
                raise UserError(
                    self.env._(
                        "%(record)s has changed since it was submitted: submit it again.",
                        record=record.display_name,
                    )
                )
        return requests
