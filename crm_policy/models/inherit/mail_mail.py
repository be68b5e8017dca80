from odoo import api, models

# To whom it goes, and what with it.
ADDRESSED = frozenset(
    {"email_to", "email_cc", "recipient_ids", "attachment_ids", "mail_message_id"}
)


class MailMail(models.Model):
    """What was sent about a case that an authority watches stays on it as a message; no mail
    takes a complaint form outside."""

    _name = "mail.mail"
    _inherit = [
        "crm.policy.mail.proof",
        "crm.policy.notice.delivery",
        "mail.mail",
        "crm.policy.external.evidence",
        "crm.policy.inner.paper",
    ]

    @api.model_create_multi
    def create(self, vals_list):
        mails = super().create(vals_list)
        mails._policy_check_mails()
        return mails

    def write(self, vals):
        result = super().write(vals)
        if ADDRESSED.intersection(vals):
            self._policy_check_mails()
        return result

    def unlink(self):
        # Odoo takes the message along with a mail that was no notification.
        passing = self.sudo().filtered(
            lambda mail: not mail.is_notification and mail.model == "helpdesk.ticket"
        )
        kept = self._policy_kept_cases([("id", "in", passing.mapped("res_id"))]) if passing else ()
        if kept:
            passing.filtered(lambda mail: mail.res_id in kept.ids).is_notification = True
        return super().unlink()
