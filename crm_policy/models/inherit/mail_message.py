from odoo import api, models

# What was said, by whom, when, and where it belongs.
CONTENT = frozenset(
    {"body", "subject", "date", "author_id", "email_from", "attachment_ids", "model", "res_id"}
)

# Who reads it, and what is attached to it.
SHOWN = frozenset({"attachment_ids", "partner_ids", "subtype_id", "is_internal", "model", "res_id"})


class MailMessage(models.Model):
    """A message on a case that an authority watches is neither deleted nor rewritten, and none
    takes a complaint form outside."""

    _name = "mail.message"
    _inherit = [
        "crm.policy.case.key.message",
        "crm.policy.customer.message",
        "mail.message",
        "crm.policy.external.evidence",
        "crm.policy.inner.paper",
    ]
    _policy_document_names = ("model", "res_id")

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        if any(vals.get("attachment_ids") for vals in vals_list):
            messages._policy_check_messages()
        return messages

    def write(self, vals):
        names = CONTENT.intersection(vals)
        if names:
            self._policy_check_kept(self.env._("rewriting a message"), vals, names)
        result = super().write(vals)
        if SHOWN.intersection(vals):
            self._policy_check_messages()
            if vals.get("attachment_ids"):
                self.sudo().mail_ids._policy_check_mails()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        self._policy_check_kept(self.env._("deleting a message"))

    def _policy_differs(self, name, value):
        sent = name == "subject" and self._policy_is_sent_as(value)
        return not sent and super()._policy_differs(name, value)
