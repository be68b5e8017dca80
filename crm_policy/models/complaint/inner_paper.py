from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize_all

# What makes an attachment readable outside.
OPENED_BY = ("public", "access_token")
CONTENT = ("raw", "datas", "db_datas")


class CrmPolicyInnerPaper(models.AbstractModel):
    """Messages, mails and attachments through which no inner paper leaves the house.

    A file is known by its checksum, whatever it is called and wherever it was copied from
    (CMP-FLOW-12). Nobody is asked who sends it: the superuser is refused as well.
    """

    _name = "crm.policy.inner.paper"
    _description = "Door of the House"

    # === WHAT IT IS === #

    @api.model
    def _policy_inner_print(self, attachments):
        """Return a print of an inner paper among these attachments, as superuser, or none."""
        Print = self.env["crm.policy.case.print"].sudo()
        checksums = [checksum for checksum in attachments.sudo().mapped("checksum") if checksum]
        if not checksums:
            return Print
        return Print.search([("checksum", "in", checksums)], limit=1)

    @api.model
    def _policy_refuse_to_send(self, inner):
        raise UserError(inner.ticket_id._policy_inner_words(inner._policy_paper()))

    # === WHO IS OUTSIDE === #

    @api.model
    def _policy_has_outsiders(self, partners, addresses=()):
        """Return whether one of these partners or addresses is no internal user's."""
        if any(partner.partner_share for partner in partners.sudo()):
            return True
        wanted = {one for address in addresses for one in email_normalize_all(address)}
        loose = any(not email_normalize_all(address) for address in addresses)
        if not wanted:
            return loose
        inside = self.env["res.users"].sudo().search(
            [("email_normalized", "in", list(wanted)), ("share", "=", False)]
        )  # fmt: skip
        return loose or bool(wanted - set(inside.mapped("email_normalized")))

    # === MESSAGES === #

    def _policy_check_messages(self):
        """Refuse messages that show an inner paper to somebody outside.

        A note, or what only our own people in a channel read, stays inside.
        """
        for message in self.sudo():
            inner = message.attachment_ids and self._policy_inner_print(message.attachment_ids)
            if inner and message._policy_reaches_outside():
                self._policy_refuse_to_send(inner)

    def _policy_reaches_outside(self):
        """Return whether a message is read by anybody outside, or may be in the portal."""
        self.ensure_one()
        told = self.partner_ids | self.notification_ids.res_partner_id
        if self._policy_has_outsiders(told):
            return True
        if not self.subtype_id or self.subtype_id.internal or self.is_internal:
            return False
        if self.model != "discuss.channel":
            return True
        members = self.env["discuss.channel"].sudo().browse(self.res_id).channel_member_ids
        return any(not member.partner_id or member.partner_id.partner_share for member in members)

    # === MAILS === #

    def _policy_check_mails(self):
        """Refuse mails that carry an inner paper to somebody outside."""
        for mail in self.sudo():
            inner = mail.attachment_ids and self._policy_inner_print(mail.attachment_ids)
            addresses = [address for address in (mail.email_to, mail.email_cc) if address]
            if inner and self._policy_has_outsiders(mail.recipient_ids, addresses):
                self._policy_refuse_to_send(inner)

    # === ATTACHMENTS === #

    def _policy_check_attachments(self, vals):
        """Refuse to open an inner paper to the public, or to put one where somebody reads it.

        :param dict vals: what was just written to the attachments.
        """
        opened = any(vals.get(name) for name in OPENED_BY)
        if not opened and not any(name in vals for name in CONTENT):
            return
        inner = self._policy_inner_print(self)
        if not inner:
            return
        if opened:
            self._policy_refuse_to_send(inner)
        Message = self.env["mail.message"].sudo()
        linked = Domain("attachment_ids", "in", self.ids)
        Message.search(linked)._policy_check_messages()
        self.env["mail.mail"].sudo().search(linked)._policy_check_mails()
        self.env["mail.scheduled.message"].sudo().search(linked)._policy_check_scheduled()
