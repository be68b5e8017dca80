from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from ...tools import mail_repair


class CrmPolicyMailLost(models.Model):
    """The last net: a mail of which not even a case to sort could be made, kept as it came."""

    _name = "crm.policy.mail.lost"
    _description = "Mail without a Case"
    _inherit = ["crm.policy.protected"]
    _order = "id desc"
    _rec_name = "recipients"

    at = fields.Datetime(string="Came In", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    message_id = fields.Char(readonly=True, index=True)
    recipients = fields.Char(string="To", readonly=True)
    reason = fields.Char(readonly=True)
    attachment_id = fields.Many2one(
        "ir.attachment", string="Mail", readonly=True, index=True, ondelete="restrict"
    )
    state = fields.Selection(
        [("new", "To Sort"), ("kept", "Became a Case"), ("set_aside", "Set Aside")],
        default="new",
        required=True,
        readonly=True,
    )

    @api.model
    def _policy_keep(self, raw, company, reason):
        """Keep a raw mail with the reason why nothing could be made of it."""
        headers = dict(mail_repair.header_block(raw))
        message_id = headers.get(b"message-id", b"").decode("ascii", "replace")
        again = self.sudo().search(
            [("message_id", "=", message_id), ("message_id", "!=", ""), ("state", "=", "new")],
            limit=1,
        )
        if again:
            again._policy_update({"reason": reason})
            return again
        said, envelope = mail_repair.recipients(raw)
        lost = self.sudo()._policy_insert(
            [
                {
                    "at": fields.Datetime.now(),
                    "company_id": company.id,
                    "message_id": message_id,
                    "recipients": ", ".join(sorted(said | envelope)),
                    "reason": reason,
                }
            ]
        )
        attachment = self.env["ir.attachment"].sudo().create(
            {
                "name": "mail.eml",
                "raw": raw,
                "mimetype": "message/rfc822",
                "res_model": self._name,
                "res_id": lost.id,
            }
        )  # fmt: skip
        lost._policy_update({"attachment_id": attachment.id})
        self.env["crm.policy.event"]._policy_log("mail.lost", lost)
        return lost

    def action_policy_process_again(self):
        """Hand the mails to the gateway once more, after the reason was removed.

        :raises UserError: no mailbox takes one of them any more.
        """
        self.check_access("read")  # a supervisor's right
        for mail in self.sudo().filtered(lambda mail: mail.state == "new"):
            if mail._policy_process():
                mail._policy_update({"state": "kept"})
                self.env["crm.policy.event"]._policy_log("mail.processed_again", mail)
        return True

    def _policy_process(self):
        """Hand the mail to the gateway; return whether something was made of it."""
        gateway = self.env["mail.thread"].with_user(SUPERUSER_ID)
        try:
            return bool(gateway.message_process(False, self.attachment_id.raw))
        except ValueError as error:  # how the gateway says that it knows no such address
            raise UserError(
                self.env._(
                    "No mailbox takes the mail to %(recipients)s. Set one up, or set the mail "
                    "aside.",
                    recipients=self.recipients or self.env._("nobody"),
                )
            ) from error

    def action_policy_set_aside(self):
        """Say that nothing needs to be made of the mails; they stay, with who said so."""
        self.check_access("read")  # a supervisor's right
        mails = self.sudo().filtered(lambda mail: mail.state == "new")
        mails._policy_update({"state": "set_aside"})
        self.env["crm.policy.event"]._policy_log("mail.set_aside", mails)
        return True
