from odoo import SUPERUSER_ID, models


class CrmPolicyMailProof(models.AbstractModel):
    """Outgoing mails that tell their case whether the mail server accepted them."""

    _name = "crm.policy.mail.proof"
    _description = "Proof of Sending"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        self._policy_report_to_case(failure_reason)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def _policy_report_to_case(self, failure_reason):
        """Write the outcome on the cases that these mails acknowledge, before mails are deleted."""
        Ticket = self.env["helpdesk.ticket"].with_user(SUPERUSER_ID)
        mails = self.sudo().filtered(lambda mail: mail.model == Ticket._name)
        if not mails:
            return
        cases = Ticket.search([("policy_acknowledgement_mail_id", "in", mails.ids)])
        for case in cases:
            mail = case.policy_acknowledgement_mail_id
            if mail.state == "sent":
                case._policy_acknowledgement_sent(mail)
            else:
                case._policy_acknowledgement_failed(failure_reason or mail.failure_reason)
