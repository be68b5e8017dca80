from odoo import Command, api, models
from odoo.exceptions import UserError

from ...words import list_words
from .complaint_mixin import WINDOW


class CrmPolicyShare(models.AbstractModel):
    """Odoo's button "Share": it opens a page to whoever gets the link, without an account.

    Whoever has the link of a case speaks as its customer. So it goes to the customer's own people,
    by mail and past our eyes, sent by those who handle the case; no other document of ours has a
    page for people outside.
    """

    _name = "crm.policy.share"
    _description = "Sharing with People Outside"

    @api.model
    def default_get(self, fields):
        self._policy_refuse_inner(self.env.context.get("active_model"))
        return super().default_get(fields)

    def action_send_mail(self):
        for invitation in self:
            invitation._policy_refuse_inner(invitation.res_model)
        to_tickets = self.filtered(lambda invitation: invitation.res_model == "helpdesk.ticket")
        for invitation in to_tickets:
            case = self.env["helpdesk.ticket"].browse(invitation.res_id)
            case.check_access("read")
            invitation._policy_check_invited(case)
            invitation._policy_invite(case)
        if to_tickets:
            # Not by super(): helpdesk and we are told the link on the ticket, for all to read.
            return {"type": "ir.actions.act_window_close"}
        return super().action_send_mail()

    def _policy_invite(self, case):
        """Send the link, by mail only; the ticket tells who was invited, and by whom."""
        for partner in self.partner_ids:
            self._policy_mail_invitation(case.sudo(), partner)
        case.sudo()._message_log(
            author_id=self.env.user.partner_id.id,
            body=self.env._(
                "%(user)s has invited %(people)s to read and answer by a private link.",
                user=self.env.user.name,
                people=list_words(self.env, self.partner_ids.mapped("display_name")),
            ),
            partner_ids=self.partner_ids.ids,
        )
        if case.sudo().policy_kind:
            self.env["crm.policy.event"]._policy_log(
                "case.shared",
                case,
                {"partners": self.partner_ids.ids},
                clause=case.sudo().policy_version_id,
            )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _policy_mail_invitation(self, case, partner):
        """Queue the mail to one of those who are invited; no copy of it is kept.

        :param case: as superuser, whom alone the link is told.
        """
        there = case.with_context(lang=partner.lang or self.env.lang)
        name = there.display_name
        link = there.get_base_url() + there._get_share_url(redirect=True, pid=partner.id)
        body = there.env["ir.qweb"]._render(
            "portal.portal_share_template",
            {
                "partner": partner,
                "note": self.note,
                "record": there,
                "share_link": link,
                "user": self.env.user,
                "model_description": there.env["ir.model"]._get(case._name).name.lower(),
            },
        )
        mail = there.env["mail.mail"].create(
            {
                "subject": there.env._("Invitation to access %(document)s", document=name),
                "body_html": there.env["mail.render.mixin"]._render_encapsulate(
                    "mail.mail_notification_light", body, context_record=there
                ),
                "author_id": self.env.user.partner_id.id,
                "email_from": self.env.user.email_formatted,
                "recipient_ids": [Command.link(partner.id)],
                "auto_delete": True,
            }
        )
        # What the standard keeps of it as a message is its author's to read.
        mail.mail_message_id.write({"body": False})

    @api.model
    def _policy_refuse_inner(self, model_name):
        """Refuse to share what nobody outside has a page for."""
        if isinstance(model_name, str) and model_name.startswith("crm.policy."):
            raise UserError(
                self.env._(
                    "%(document)s: this is internal; nobody outside is let in.",
                    document=self.env["ir.model"]._get(model_name).name or model_name,
                )
            )

    def _policy_check_invited(self, case):
        """Refuse whoever does not handle the case, and guests who are not of its customer."""
        if not case.sudo().policy_kind:
            return
        case._policy_check_actor(WINDOW)
        customer = case.sudo().partner_id.commercial_partner_id
        strangers = self.partner_ids.filtered(
            lambda partner: not customer or partner.commercial_partner_id != customer
        )
        if strangers:
            raise UserError(
                self.env._(
                    "%(version)s: %(case)s is shown to its customer only (%(customer)s), not to "
                    "%(people)s: whoever has the link speaks as the customer.",
                    version=case.sudo().policy_version_id.display_name,
                    case=case.display_name,
                    customer=customer.display_name or "-",
                    people=list_words(self.env, strangers.mapped("display_name")),
                )
            )
