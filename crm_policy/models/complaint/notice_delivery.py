from odoo import models

NOTICE = "crm.policy.notice"


class CrmPolicyNoticeDelivery(models.AbstractModel):
    """Outgoing mails that tell their notice whether the mail server took them.

    What counts is what Odoo has recorded at the end. While it sends it marks each mail as failed,
    so that nothing is sent twice after a crash; and what a person writes there is no proof.
    """

    _name = "crm.policy.notice.delivery"
    _description = "Delivery of Notices"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        mails = self.sudo().filtered(lambda mail: mail.model == NOTICE)
        # The mails themselves are deleted once they are sent.
        rows = mails.mail_message_id.notification_ids
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        ends = rows.grouped(lambda row: (row.notification_status, row.failure_reason))
        for (status, reason), ended in ends.items():
            lines = self.env["crm.policy.notice.recipient"].sudo().search(
                [("message_id", "in", ended.mail_message_id.ids)]
            )  # fmt: skip
            lines._policy_mail_ended(status, reason)
        return result
