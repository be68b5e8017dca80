from odoo import api, models

# What was said, by whom, when, and where it belongs.
CONTENT = frozenset(
    {"body", "subject", "date", "author_id", "email_from", "attachment_ids", "model", "res_id"}
)


class MailMessage(models.Model):
    """A message on a case that an authority watches is neither deleted nor rewritten."""

    _name = "mail.message"
    _inherit = ["crm.policy.customer.message", "mail.message", "crm.policy.external.evidence"]
    _policy_document_names = ("model", "res_id")

    def write(self, vals):
        names = CONTENT.intersection(vals)
        if names:
            self._policy_check_kept(self.env._("rewriting a message"), vals, names)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        self._policy_check_kept(self.env._("deleting a message"))
