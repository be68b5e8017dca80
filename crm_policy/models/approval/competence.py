from odoo import api, models

from ...exceptions import PolicyRefusal
from ...words import clause_words, list_words, with_note


class CrmPolicyCompetence(models.AbstractModel):
    """Who may decide on a document: its amount against the authority limits of its policy version.

    A model says with its hooks what it is about, how much it costs and for whom. Amounts are
    compared in the currency of the limit, at the rate of the day on which they are compared.
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

    def _policy_approval_customer(self):
        """Return the ``res.partner`` whose sums count: the company behind the contact."""
        if "partner_id" in self._fields:
            return self.partner_id.commercial_partner_id
        return self.env["res.partner"]

    def _policy_linked_amount(self, kinds=None):
        """Return what was granted or asked for elsewhere and belongs to the same matter.

        :param kinds: of these business types only.
        """
        return 0.0

    def _policy_claimed_amount(self):
        """Return what this document alone adds to the limits in total."""
        return self._policy_approval_amount()

    # === BUSINESS METHODS === #

    def _policy_authorities(self):
        """Return the authority limits for this document, the lowest first."""
        return self.env["crm.policy.authority"]._policy_lines(
            self._policy_approval_version(),
            self._policy_approval_subject(),
            self._policy_approval_currency(),
        )

    def _policy_deciding_lines(self):
        return self._policy_authorities().filtered(lambda line: not line.own_cases)

    def _policy_covering_lines(self, amount):
        """Return the limits within which somebody decides ``amount`` for another, lowest first.

        What was granted in linked cases counts as well: splitting does not help (D10). Beyond all
        limits it is the highest one's: never nobody's (AUT-MAT-01).

        :raises PolicyRefusal: the amount cannot be compared, for want of an exchange rate.
        """
        currency = self._policy_approval_currency()
        lines = self._policy_deciding_lines()
        total = amount + self._policy_linked_amount()
        return lines.filtered(lambda line: line._policy_covers(total, currency)) or lines[-1:]

    def _policy_own_lines(self, user):
        """Return the limits that ``user`` has by his roles."""
        record = self.sudo()
        return record._policy_authorities().filtered(
            lambda line: line.role_id._policy_held_by(user, record)
        )

    def _policy_own_limit(self, user):
        """Return up to which amount ``user`` decides on this document, None when at all not.

        In the currency of the document.
        """
        currency = self.sudo()._policy_approval_currency()
        return max(
            (
                line._policy_convert(line._policy_ceiling(), line.currency_id, currency)
                for line in self._policy_own_lines(user)
            ),
            default=None,
        )

    # === LIMITS IN TOTAL === #

    def _policy_able(self, users, amount):
        """Return those of ``users`` whose limits let them decide ``amount`` on this document today.

        By a limit of a role that they hold, which covers the amount and has room left for it. Who
        holds no role with a limit is forbidden nothing by one: whether he is asked at all is not
        answered here.
        """
        record = self.sudo()
        holders = {
            line: record._policy_holders_of(line) & users for line in record._policy_authorities()
        }
        able = users - users.browse().union(*holders.values())
        for line in record._policy_covering_lines(amount):
            able |= record._policy_with_room(line, holders[line] - able)
        return users & able

    def _policy_holders_of(self, line):
        """Return who holds the role of a limit for this document, present or not."""
        role = line.role_id
        users = role._users_for(self)[self.id]
        if role.kind == "user":  # of whom a substitute may stand in for
            users |= role._policy_principals_for(self)[self.id]
        return users

    def _policy_holds(self, line, user):
        """Return whether ``user`` is among :meth:`_policy_holders_of`.

        The groups of one user are in the cache; the members of a group would be read each time.
        """
        role = line.role_id
        if role.kind == "group":  # saves work
            groups = user.sudo()._get_group_ids()
            return role.group_id.id in groups and user in role._policy_can_act(user)
        return user in self._policy_holders_of(line)

    def _policy_with_room(self, line, users):
        """Return those of ``users`` whose limit in total under ``line`` leaves room for this."""
        if not line.cumulative_per or not users:
            return users
        rooms = self._policy_rooms(line, users)
        wanted = line._policy_in_own_currency(
            self._policy_claimed_amount(), self._policy_approval_currency()
        )
        return users.filtered(
            lambda user: line.currency_id.compare_amounts(wanted, rooms[user.id]) <= 0
        )

    def _policy_rooms(self, line, users):
        """Return {user id: what is left of the limit in total of ``line``}, in its currency."""
        sums = self.env["crm.policy.authority.use"]._policy_sums(
            line, users, self._policy_approval_customer()
        )
        return {user_id: line.cumulative_amount - amount for user_id, amount in sums.items()}

    @api.model
    def _policy_claim_all(self, claims):
        """Count what is decided, and refuse what would pass somebody's limits in total (D10).

        Called in the transaction of the signatures that complete requests, before they are
        written. Of two who decide at the same time the second is repeated and counts what the
        first has decided.

        :param claims: tuples (document, user, amount, ``crm.policy.approval``), in the order in
            which they count. The user is he whose authority is used: of a delegate's signature,
            his principal.
        :raises PolicyRefusal: names clause, what was asked, the limit, and who may decide.
        """
        claims = [(document.sudo(), *rest) for document, *rest in claims]
        self._policy_hold_sums([(document, user) for document, user, *_rest in claims])
        for document, user, amount, approval in claims:
            held = document._policy_covering_lines(amount).filtered(
                lambda line, document=document, user=user: document._policy_holds(line, user)
            )
            line = held.filtered(
                lambda line, document=document, user=user: document._policy_with_room(line, user)
            )[:1]
            if held and not line and approval.route_id.kind == "competent":
                raise PolicyRefusal(document._policy_room_words(user, held[-1], amount))
            # What is decided in the same breath counts for the next one as well.
            self.env["crm.policy.authority.use"]._policy_gather(
                document._policy_use_values(user, line, approval)
            )

    @api.model
    def _policy_hold_sums(self, pairs):
        """Let nobody else count meanwhile on the sums of these approvers and customers.

        :param pairs: tuples (document, user).
        """
        users, partners = {}, {}
        for document, user in pairs:
            company = document.company_id
            users[company] = users.get(company, user) | user
            customer = document._policy_approval_customer()
            partners[company] = partners.get(company, customer) | customer
        Lock = self.env["crm.policy.authority.lock"].sudo()
        for company in sorted(users, key=lambda company: company.id):
            Lock._policy_hold(company, users[company], partners[company])

    def _policy_use_values(self, user, line, approval):
        """Return the create values of what is counted: a list of one, none where it costs nothing.

        :param line: the limit by which ``user`` decides; empty where he needs none.
        """
        amount, currency = self._policy_claimed_amount(), self._policy_approval_currency()
        if not amount:
            return []
        return [
            {
                "company_id": self.company_id.id,
                "policy_id": self._policy_approval_version().policy_id.id,
                "authority_id": line.id,
                "approval_id": approval.id,
                "res_model": self._name,
                "res_id": self.id,
                "subject": self._policy_approval_subject(),
                "user_id": user.id,
                "partner_id": self._policy_approval_customer().id,
                "currency_id": currency.id,
                "amount": currency.round(amount),
                "decided_on": self.env["crm.policy.authority"]._policy_day(self.company_id),
            }
        ]

    # === WORDS === #

    def _policy_beyond_words(self, user, amount):
        """Return why ``amount`` is beyond the authority that ``user`` has; None where it is not."""
        record = self.sudo()
        own = record._policy_own_lines(user)
        if not own or user in record._policy_able(user, amount):
            return None
        limit = record._policy_own_limit(user)
        decides = own.filtered(lambda line: not line.own_cases)
        if not decides and amount + record._policy_linked_amount() <= limit:
            return None
        return record._policy_limit_words(user, amount, limit)

    def _policy_limit_words(self, user, amount, limit):
        """Return the sentence of a refusal: clause, what was asked, the limit, who can decide."""
        record = self.sudo()
        currency = record._policy_approval_currency()
        lines = record._policy_authorities()
        own = record._policy_own_lines(user)[-1:] or lines[:1]
        if own in record._policy_covering_lines(amount) and not record._policy_with_room(own, user):
            return record._policy_room_words(user, own, amount)
        words = {
            "clause": own.clause_id._policy_citation(),
            "subject": record._policy_subject_name(),
            "amount": currency.format(amount),
            "limit": currency.format(limit or 0.0),
            "deciders": record._policy_decider_words(user, amount),
        }
        linked = record._policy_linked_amount()
        if linked:
            return self.env._(
                "%(clause)s: %(subject)s %(amount)s, with %(linked)s of the cases linked to it, "
                "exceeds your limit of %(limit)s. May decide: %(deciders)s.",
                linked=currency.format(linked),
                **words,
            )
        return self.env._(
            "%(clause)s: %(subject)s %(amount)s exceeds your limit of %(limit)s. "
            "May decide: %(deciders)s.",
            **words,
        )

    def _policy_room_words(self, user, line, amount):
        """Return the refusal of somebody who has used up his limit in total."""
        currency = line.currency_id
        periods = dict(line._fields["cumulative_period"]._description_selection(self.env))
        room = self._policy_rooms(line, user)[user.id]
        words = {
            "clause": line.clause_id._policy_citation(),
            "subject": self._policy_subject_name(),
            "amount": self._policy_approval_currency().format(self._policy_claimed_amount()),
            "limit": currency.format(line.cumulative_amount),
            "per": dict(line._fields["cumulative_per"]._description_selection(self.env))[
                line.cumulative_per
            ],
            "period": periods[line.cumulative_period],
            "room": currency.format(max(room, 0.0)),
            "deciders": self._policy_decider_words(user, amount),
        }
        if user != self.env.user:
            # Who signs after the decider, or for his principal, has used nothing up himself.
            return self.env._(
                "%(clause)s: %(subject)s %(amount)s exceeds what is left of the limit of %(limit)s "
                "that %(person)s has in total (%(per)s, %(period)s): %(room)s. May decide: "
                "%(deciders)s.",
                person=user.name,
                **words,
            )
        return self.env._(
            "%(clause)s: %(subject)s %(amount)s exceeds what is left of your limit of %(limit)s "
            "in total (%(per)s, %(period)s): %(room)s. May decide: %(deciders)s.",
            **words,
        )

    def _policy_decider_words(self, user, amount):
        """Return who may decide ``amount`` instead of ``user``, with their roles."""
        deciders, named = [], user | self._policy_nondeciders()
        covering = self._policy_covering_lines(amount)
        # Each person once, under his highest role: a director is a manager as well.
        for line in reversed(self._policy_deciding_lines()):
            users = line.role_id._users_for(self)[self.id] - named
            named |= users
            users = self._policy_with_room(line, users) if line in covering else users.browse()
            if users:
                names = list_words(self.env, users.mapped("name"))
                deciders.insert(0, with_note(self.env, line.role_id.name, names))
        return clause_words(self.env, deciders) or self.env._("nobody yet")

    def _policy_subject_name(self):
        """Return the business type in the user's language."""
        labels = self.env["crm.policy.authority"]._fields["subject"]
        return dict(labels._description_selection(self.env)).get(
            self._policy_approval_subject(), self._description
        )
