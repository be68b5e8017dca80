from odoo import SUPERUSER_ID, api, models
from odoo.tools import html2plaintext


class CrmPolicyNoticeBounce(models.AbstractModel):
    """A mail of a notice that comes back from another address than it went to: it was forwarded.

    Odoo looks for the address that its report names among those to whom the mail went. Each copy of
    a notice went to one customer, so that its own identity says whose it was.
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
                reason = " ".join(html2plaintext(message_dict.get("body") or "").split())
                lines._policy_mail_ended("bounce", reason[:300] or False)
        return result
