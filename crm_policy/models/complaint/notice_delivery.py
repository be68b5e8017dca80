from odoo import models
from odoo.tools import html2plaintext

# What Odoo says of a mail once it is decided.
ENDED = ("sent", "bounce", "exception", "canceled")


class CrmPolicyNoticeDelivery(models.AbstractModel):
    """What Odoo records of each mail: a notice learns from it whether its customer was reached."""

    _name = "crm.policy.notice.delivery"
    _description = "Delivery of Notices"

    def write(self, vals):
        result = super().write(vals)
        # Who sends and who takes in mails writes as superuser; what a person types in is no proof.
        if vals.get("notification_status") in ENDED and self.env.su:
            self._policy_tell_notices(vals["notification_status"], vals.get("failure_reason"))
        return result

    def _policy_tell_notices(self, status, reason):
        messages = self.mail_message_id.filtered(
            lambda message: message.model == "crm.policy.notice"
        )
        if not messages:
            return
        told = {(row.mail_message_id.id, row.res_partner_id.id) for row in self}
        lines = self.env["crm.policy.notice.recipient"].search(
            [("message_id", "in", messages.ids)]
        )
        lines = lines.filtered(lambda line: (line.message_id.id, line.partner_id.id) in told)
        if lines:
            words = " ".join(html2plaintext(reason or "").split())
            lines._policy_mail_ended(status, words[:300] or False)
