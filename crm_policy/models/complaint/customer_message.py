from odoo import models


class CrmPolicyCustomerMessage(models.AbstractModel):
    """Messages of a case as its customer reads them: the company speaks, not its clerks."""

    _name = "crm.policy.customer.message"
    _description = "Message of a Case to Its Customer"

    def _portal_message_format(self, properties_names, options=None):
        vals_list = super()._portal_message_format(properties_names, options=options)
        if self.env.user._is_internal():
            return vals_list
        cases = self._policy_governed_cases()
        for message, vals in zip(self, vals_list, strict=True):
            case = cases.get(message.id)
            if case and message._policy_is_ours():
                company = case.company_id
                vals["author_id"] = {"id": company.partner_id.id, "name": company.name}
                vals["author_avatar_url"] = f"/logo.png?company={company.id}"
                vals["email_from"] = False
        return vals_list

    def _policy_governed_cases(self):
        """Return {message id: governed case}, as superuser, of the messages that belong to one."""
        messages = self.filtered(lambda message: message.model == "helpdesk.ticket")
        tickets = self.env["helpdesk.ticket"].sudo().browse(set(messages.mapped("res_id")))
        governed = {ticket.id: ticket for ticket in tickets.exists() if ticket.policy_kind}
        return {
            message.id: governed[message.res_id]
            for message in messages
            if message.res_id in governed
        }

    def _policy_is_ours(self):
        """Return whether somebody of the company wrote the message."""
        self.ensure_one()
        author = self.sudo().author_id
        users = author.with_context(active_test=False).user_ids
        return any(not user.share for user in users)
