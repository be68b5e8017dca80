from odoo import models

# What a message says of the clerk who wrote it.
CLERK_FIELDS = ("email_from", "reply_to", "author_avatar", "create_uid", "write_uid")


class CrmPolicyCustomerMessage(models.AbstractModel):
    """Messages of a case as its customer reads them: the company speaks, not its clerks."""

    _name = "crm.policy.customer.message"
    _description = "Message of a Case to Its Customer"

    def _read_format(self, fnames, load="_classic_read"):
        vals_list = super()._read_format(fnames, load=load)
        spoken = self._policy_company_messages()
        for vals in vals_list:
            company = spoken.get(vals["id"])
            if company:
                vals |= {name: False for name in CLERK_FIELDS if name in vals}
                if "author_id" in vals:
                    partner = company.partner_id
                    named = (partner.id, company.name)
                    vals["author_id"] = named if load == "_classic_read" else partner.id
        return vals_list

    def _portal_message_format(self, properties_names, options=None):
        vals_list = super()._portal_message_format(properties_names, options=options)
        # Whoever has the link of a case is shown its messages as superuser.
        spoken = {} if self.env.user._is_internal() else self._policy_spoken()
        for message, vals in zip(self, vals_list, strict=True):
            company = spoken.get(message.id)
            if company:
                vals["author_id"] = {"id": company.partner_id.id, "name": company.name}
                vals["author_avatar_url"] = f"/logo.png?company={company.id}"
        return vals_list

    def _policy_company_messages(self):
        """Return {message id: company} of our messages on governed cases.

        Nothing for our own people and for code that acts for the system: they see who wrote.
        """
        return {} if self.env.su or self.env.user._is_internal() else self._policy_spoken()

    def _policy_spoken(self):
        messages = self.sudo().filtered(lambda message: message.model == "helpdesk.ticket")
        tickets = self.env["helpdesk.ticket"].sudo().browse(set(messages.mapped("res_id")))
        companies = {case.id: case.company_id for case in tickets.exists() if case.policy_kind}
        return {
            message.id: companies[message.res_id]
            for message in messages
            if message.res_id in companies and message._policy_is_ours()
        }

    def _policy_is_ours(self):
        """Return whether somebody of the company wrote the message."""
        self.ensure_one()
        users = self.sudo().author_id.with_context(active_test=False).user_ids
        return any(not user.share for user in users)
