from odoo import api, models
from odoo.exceptions import UserError

from ...words import list_words
from .complaint_mixin import WINDOW


class CrmPolicyShare(models.AbstractModel):
    """Odoo's button "Share": it opens a page to whoever gets the link, without an account.

    Whoever has the link of a case speaks as its customer. So it goes to the customer's own people,
    and from those who handle the case; no other document of ours has a page for people outside.
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
            if invitation.res_model == "helpdesk.ticket":
                case = self.env["helpdesk.ticket"].browse(invitation.res_id)
                invitation._policy_check_invited(case)
        return super().action_send_mail()

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
