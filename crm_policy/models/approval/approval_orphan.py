from odoo import api, models
from odoo.exceptions import UserError


class CrmPolicyApprovalOrphan(models.AbstractModel):
    """Requests of an add-on that is uninstalled: they end, so that nobody is left with a duty.

    What was signed under them stays on record, and readable to those who had a part in it.
    """

    _name = "crm.policy.approval.orphan"
    _description = "Request without Its Add-on"

    @api.model
    def _policy_withdraw_of(self, model_name):
        """End what waits for signatures under documents that will need none any more.

        For the ``uninstall_hook`` of an add-on whose model is signed, as superuser: the documents
        are still there and are told of it. Nothing is left for the commit, by which time half of
        the add-on is gone.

        :param str model_name: of the documents.
        """
        requests = self.sudo().search(
            [("res_model", "=", model_name), ("state", "=", "pending")], order="id"
        )
        requests._policy_withdraw()
        self._policy_send_notices()
        self.env.cr.flush()

    def _policy_withdraw(self):
        """End these requests, say why, and tell those who asked and those who were asked."""
        if not self:  # saves work
            return
        asked = {approval: approval.eligible_user_ids for approval in self.sudo()}
        self._policy_end("lapsed")
        self._policy_log_requests("approval.withdrawn", None)
        for approval, users in asked.items():
            # They are told of it, and what they are told of they may read.
            if fresh := users - approval.copy_user_ids:
                approval._policy_update({"copy_user_ids": [(4, user.id) for user in fresh]})
            approval._policy_tell("withdrawn", users | approval.requester_id)
        installed = self._policy_installed()
        for approval, document in installed._policy_documents().items():
            if hasattr(document, "_message_log"):
                document._message_log(
                    body=self.env._(
                        "%(request)s was withdrawn: the add-on that had it signed is uninstalled. "
                        "What was signed so far stays on record.",
                        request=approval.name,
                    )
                )

    def _policy_installed(self):
        """Return those of these requests whose documents are still signed by an add-on."""
        signed = self._policy_document_models()
        return self.filtered(lambda approval: approval.sudo().res_model in signed)

    def _policy_check_installed(self):
        """Refuse, in words, what needs a document that no add-on has signed any more."""
        if orphans := self - self._policy_installed():
            raise UserError(
                self.env._(
                    "%(request)s: what had it signed is not installed any more.",
                    request=orphans[0].sudo().name,
                )
            )
