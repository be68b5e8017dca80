from odoo import api, models
from odoo.exceptions import AccessError

from ...words import list_words

NAMED = 3  # directors whom a refusal names


class CrmPolicyCaseRestricted(models.AbstractModel):
    """A case that the record rules hide: who comes by a link learns whom to ask, and nothing more.

    Odoo's own refusal names the records to whoever has the developer mode on, which any employee
    may have. What is said here is the same for each case, and for a ticket that no policy governs:
    it comes from the reader alone.
    """

    _name = "crm.policy.case.restricted"
    _description = "Case That Is Not for Everybody"

    def _policy_restricted_error(self, operation, error):
        """Return what to raise instead of Odoo's ``error``: that itself where it gives nothing
        away, to a customer, to who reads them and to who only has to switch the company.

        :param str operation: read | write | create | unlink.
        """
        user = self.env.user
        everywhere = self.with_context(allowed_company_ids=user.company_ids.ids)
        if not user._is_internal() or everywhere.has_access("read"):
            return error
        speaker = self.with_context(lang=user.lang)
        return AccessError(
            speaker.env._(
                "This case is restricted. It is open to those who work on it, to their superiors "
                "and to whoever it was shown to. If you need it for your work, ask: %(people)s.",
                people=list_words(speaker.env, speaker._policy_restricted_people()),
            )
        )

    @api.model
    def _policy_restricted_people(self):
        """Return whom the reader may ask: his own superior and the directors of his company."""
        user, group = self.env.user, self.env.ref("crm_policy.group_director").sudo()
        directors = group.all_user_ids.filtered(
            lambda one: one.active and one != user and self.env.company in one.company_ids
        )
        people = user.sudo().employee_id.parent_id.user_id | directors.sorted("id")[:NAMED]
        return [person.name for person in people - user] or [group.name]
