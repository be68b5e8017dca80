from odoo import models


class MailMail(models.Model):
    """What was sent about a case that an authority watches stays on it as a message."""

    _name = "mail.mail"
    _inherit = [
        "crm.policy.mail.proof",
        "crm.policy.notice.delivery",
        "mail.mail",
        "crm.policy.external.evidence",
    ]

    def unlink(self):
        # Odoo takes the message along with a mail that was no notification.
        passing = self.sudo().filtered(
            lambda mail: not mail.is_notification and mail.model == "helpdesk.ticket"
        )
        kept = self._policy_kept_cases([("id", "in", passing.mapped("res_id"))]) if passing else ()
        if kept:
            passing.filtered(lambda mail: mail.res_id in kept.ids).is_notification = True
        return super().unlink()
