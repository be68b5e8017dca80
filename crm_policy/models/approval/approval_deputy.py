from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

from ...exceptions import PolicyRefusal
from ...words import list_words


class CrmPolicyApprovalDeputy(models.AbstractModel):
    """Requests that a delegate decides for his principal (ORG-DELEG-01, D.3 no. 11)."""

    _name = "crm.policy.approval.deputy"
    _description = "Delegates of an Approval"

    # === WHO THEY ARE === #

    @api.model
    def _policy_deputies_of(self, places):
        """Return a dict {deputy: delegation} per place: who acts for whoever holds its role there.

        Only where the principal himself might decide, present or not: he is not barred, and the
        amount is within his limit. A query while nothing is delegated, and none more for each place
        whose role does not depend on the document.

        :param list places: as ``_policy_seats`` has them.
        """
        companies = self.env["res.company"].union(*(place.company for place in places))
        acting = self.env["crm.policy.delegation"]._policy_acting(companies)
        if not acting:  # saves work
            return [{} for _place in places]
        documents = defaultdict(set)
        for place in places:
            if place.role:
                documents[place.role, place.document._name].add(place.document.id)
        principals = {
            (role, model_name): role._policy_principals_for(
                self.env[model_name].sudo().browse(sorted(ids))
            )
            for (role, model_name), ids in documents.items()
        }
        return [
            self._policy_deputies_at(
                place, principals[place.role, place.document._name][place.document.id], acting
            )
            if place.role
            else {}
            for place in places
        ]

    @api.model
    def _policy_deputies_at(self, place, principals, acting):
        principals = principals.sudo() & acting.from_user_id - place.barred
        if place.by_amount and principals:
            lines = place.document._policy_covering_lines(place.amount)
            line = lines.filtered(lambda line: line.role_id == place.role)[:1]
            principals = line and place.document._policy_with_room(line, principals).sudo()
        if not principals:
            return {}
        currency = place.document._policy_approval_currency()
        amount = self._policy_lent_amount(place)
        deputies = place.role._policy_deputies(principals, place.company, amount, currency, acting)
        return {user: line for user, line in deputies.items() if user not in place.barred}

    @api.model
    def _policy_lent_amount(self, place):
        """Return what is compared with the cap: splitting does not help a delegate either (D10)."""
        return place.amount + place.document._policy_linked_amount()

    # === WHAT THEY SEE === #

    @api.model
    def _policy_announce(self, people):
        """Let delegates see the documents as long as they act, and everybody else for good."""
        companies = self.env["res.company"].union(*(approval.company_id for approval in people))
        deputies = self.env["crm.policy.delegation"]._policy_acting(companies).to_user_id
        if not deputies:  # saves work
            return super()._policy_announce(people)
        lent = self._policy_lent(
            [approval for approval, users in people.items() if users & deputies]
        )
        own = {
            approval: self._policy_users(set(users) - set(lent.get(approval, ())))
            for approval, users in people.items()
        }
        result = super()._policy_announce(own)
        for approval, lines in lent.items():
            for user in lines.keys() & set(people[approval]):
                approval._policy_show_to(lines[user])
        return result

    @api.model
    def _policy_lent(self, approvals):
        """Return {request: {deputy: delegation}} of those who decide it for somebody else only."""
        steps = self.sudo().browse(approval.id for approval in approvals)._policy_steps()
        found = self._policy_seats(self._policy_places(steps)) if steps else []
        return {
            approval: {user: seat.delegation for user, seat in seats.items() if seat.delegation}
            for approval, seats in zip(steps, found, strict=True)
        }

    def _policy_show_to(self, delegation):
        [document] = self._policy_documents().values()
        document._policy_on_delegated(delegation)

    def _policy_note_decisions(self, turns, user, outcome, comment, to=None, changes=None):
        result = super()._policy_note_decisions(turns, user, outcome, comment, to, changes)
        # What he has signed for another he may look at later, too.
        self._policy_keep_shown(
            [approval for approval, _step, seat in turns if seat.delegation], user
        )
        return result

    @api.model
    def _policy_keep_shown(self, approvals, user):
        for approval in approvals:
            [document] = approval._policy_documents().values()
            document._policy_on_requested(user)

    # === WHOM IT REFUSES === #

    def _policy_refuse_decider(self, user, eligible):
        """Say to a delegate what his delegation does not reach."""
        if user != self.requester_id:
            problem = self._policy_delegate_problem(user)
            if problem:
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: %(problem)s May decide: %(deciders)s.",
                        clause=self.clause_id._policy_citation(),
                        problem=problem,
                        deciders=list_words(self.env, eligible.mapped("name"))
                        or self.env._("nobody yet"),
                    )
                )
        return super()._policy_refuse_decider(user, eligible)

    def _policy_delegate_problem(self, user):
        """Return why the delegation of ``user`` does not help here, None without any.

        One that has ended counts when it was in force while the step was open.
        """
        [step] = self._policy_steps().values()
        place = self._policy_place(step)
        if not place.role or user in place.barred:
            return None
        principals = place.role._policy_principals_for(place.document)[place.document.id]
        lines = (
            self.env["crm.policy.delegation"]
            .sudo()
            .search(
                Domain("to_user_id", "=", user.id)
                & Domain("from_user_id", "in", principals.ids)
                & Domain("company_id", "=", place.company.id),
                order="id desc",
            )
            .filtered(lambda line: line._policy_covers(place.role))
        )
        for line in lines:
            words = {"number": line.number, "principal": line.from_user_id.name}
            if line.state in ("ended", "revoked"):
                if min(line.revoked_at or line.ends_at, line.ends_at) >= step.opened_at:
                    return self.env._("delegation %(number)s from %(principal)s is over.", **words)
            elif line.state == "active" and line.from_user_id in place.barred:
                return self.env._(
                    "%(principal)s has asked for it or is concerned by it, so who acts for him "
                    "under delegation %(number)s does not decide it either.",
                    **words,
                )
            elif line.state == "active":
                currency = place.document._policy_approval_currency()
                amount = self._policy_lent_amount(place)
                if not line._policy_within_cap(amount, currency):
                    return self.env._(
                        "%(amount)s exceeds %(cap)s, the cap of delegation %(number)s from "
                        "%(principal)s.",
                        amount=currency.format(amount),
                        cap=line.currency_id.format(line.max_amount),
                        **words,
                    )
        return None
