from odoo import models


class CrmPolicyCompetence(models.AbstractModel):
    """Who may decide on a document: its amount against the authority limits of its policy version.

    A model says with its hooks what it is about and how much it costs.
    """

    _name = "crm.policy.competence"
    _description = "Document within Somebody's Authority"

    # === HOOKS === #

    def _policy_approval_amount(self):
        """Return the amount that decides who is competent, in :meth:`_policy_approval_currency`."""
        return 0.0

    def _policy_approval_currency(self):
        return self.company_id.currency_id

    def _policy_approval_version(self):
        """Return the ``crm.policy.version`` whose routes and limits count."""
        return self.env["crm.policy.version"]

    def _policy_approval_subject(self):
        """Return the business type of the authority matrix, or False."""
        return False

    # === BUSINESS METHODS === #

    def _policy_able(self, users, amount):
        """Return those of ``users`` who may decide ``amount`` on this document today."""
        return users

    def _policy_claim(self, user, amount, approval):
        """Take ``amount`` from what ``user`` may decide in all; refuse what would pass it."""

    def _policy_authorities(self):
        """Return the authority limits for this document, the lowest first."""
        return self.env["crm.policy.authority"]._policy_lines(
            self._policy_approval_version(), self._policy_approval_subject()
        )

    def _policy_covering_lines(self, amount):
        """Return the limits within which somebody decides ``amount`` for another, lowest first."""
        currency = self._policy_approval_currency()
        return self._policy_authorities().filtered(
            lambda line: not line.own_cases and line._policy_covers(amount, currency)
        )

    def _policy_own_lines(self, user):
        """Return the limits that ``user`` has by his roles."""
        record = self.sudo()
        return record._policy_authorities().filtered(
            lambda line: line.role_id._policy_held_by(user, record)
        )

    def _policy_own_limit(self, user):
        """Return up to which amount ``user`` decides on this document, None when at all not."""
        lines = self._policy_own_lines(user)
        return max((line._policy_ceiling() for line in lines), default=None)

    def _policy_limit_words(self, user, amount, limit):
        """Return the sentence of a refusal: clause, what was asked, the limit, who can decide."""
        record = self.sudo()
        currency = record._policy_approval_currency()
        lines = record._policy_authorities()
        own = record._policy_own_lines(user)[-1:] or lines[:1]
        deciders, named = [], user
        # Each person once, under his highest role: a director is a manager as well.
        for line in reversed(lines):
            users = line.role_id._users_for(record)[record.id] - named
            named |= users
            if users and line._policy_covers(amount, currency) and not line.own_cases:
                deciders.insert(0, f"{line.role_id.name} ({', '.join(users.mapped('name'))})")
        return self.env._(
            "%(clause)s: %(subject)s %(amount)s exceeds your limit of %(limit)s. "
            "May decide: %(deciders)s.",
            clause=own.clause_id._policy_citation(),
            subject=record._policy_subject_name(),
            amount=currency.format(amount),
            limit=currency.format(limit or 0.0),
            deciders="; ".join(deciders) or self.env._("nobody yet"),
        )

    def _policy_subject_name(self):
        """Return the business type in the user's language."""
        labels = self.env["crm.policy.authority"]._fields["subject"]
        return dict(labels._description_selection(self.env)).get(
            self._policy_approval_subject(), self._description
        )
