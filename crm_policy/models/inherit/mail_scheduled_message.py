from odoo import api, models


class MailScheduledMessage(models.Model):
    """No complaint form waits here for the customer: refused at once, not when it is due."""

    _name = "mail.scheduled.message"
    _inherit = ["mail.scheduled.message", "crm.policy.inner.paper"]

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        messages._policy_check_scheduled()
        return messages

    def write(self, vals):
        result = super().write(vals)
        self._policy_check_scheduled()
        return result

    def _policy_check_scheduled(self):
        for message in self.sudo():
            inner = message.attachment_ids and self._policy_inner_print(message.attachment_ids)
            if inner and (not message.is_note or self._policy_has_outsiders(message.partner_ids)):
                self._policy_refuse_to_send(inner)
