from odoo import SUPERUSER_ID, api, models
from odoo.tools import html2plaintext


class CrmPolicyNoticeBounce(models.AbstractModel):
    """Mails of notices that come back after they had been taken.

    The report names the mail and an address, which is another one where it was forwarded. Each copy
    of a notice went to one customer: the identity of the mail says whose it was.
    """

    _name = "crm.policy.notice.bounce"
    _description = "Notices That Come Back"

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        result = super()._routing_handle_bounce(email_message, message_dict)
        message = message_dict.get("bounced_message")
        if message and message.model == "crm.policy.notice":
            lines = self.env["crm.policy.notice.recipient"].with_user(SUPERUSER_ID).search(
                [("message_id", "=", message.id), ("failed_at", "=", False)]
            )  # fmt: skip
            if lines:
                lines._policy_mail_ended("bounce", html2plaintext(message_dict.get("body") or ""))
        return result
