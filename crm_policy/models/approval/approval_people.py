from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.models import BaseModel

from ..organisation.role import can_act


class Place(NamedTuple):
    """Where somebody is to sign: what the search for people needs to know, stored or planned."""

    document: BaseModel
    company: BaseModel
    requester: BaseModel
    barred: BaseModel  # the requester among them
    amount: float
    by_amount: bool  # only within limits, as routes by amount have it
    role: BaseModel
    team: BaseModel
    person: BaseModel
    late: bool = False  # overdue, and those above may decide as well
    instead: tuple = ()  # the place from which it was forwarded: asked when the person cannot


class Seat(NamedTuple):
    """How somebody may decide a step."""

    principal: BaseModel  # for whom; empty for himself
    delegation: BaseModel
    above: bool = False  # he stands above those who are asked
    away: bool = False  # he would be asked, but is not there: he counts, and cannot decide


class CrmPolicyApprovalPeople(models.AbstractModel):
    """Who may decide a step now, and that there always is somebody.

    Never: the requester, whom the document bars, archived users, those of the portal or another
    company. Those who are asked come first, with their deputies. Where none of them is there,
    whoever has a higher authority; then the chain of managers above the requester; at last those
    who are away, rather than nobody.
    """

    _name = "crm.policy.approval.people"
    _description = "People of an Approval"

    def _policy_signers(self, step):
        """Return {user: (principal or None, delegation or None)} of who may decide a step now."""
        [seats] = self._policy_seats([self._policy_place(step)])
        return {
            user: (seat.principal or None, seat.delegation or None)
            for user, seat in seats.items()
            if not seat.away
        }

    def _policy_eligible(self, step):
        """Return who may decide a step now, as ``res.users``."""
        return self._policy_users(self._policy_signers(step))

    @api.model
    def _policy_users(self, users):
        return self.env["res.users"].browse(sorted(user.id for user in users))

    @api.model
    def _policy_can_now(self, seats):
        """Return who of ``seats`` may decide, as ``res.users``."""
        return self._policy_users(user for user, seat in seats.items() if not seat.away)

    def _policy_places(self, steps):
        """Return the :class:`Place` of each step.

        :param dict steps: {request: step}.
        """
        documents = self.sudo().browse(approval.id for approval in steps)._policy_documents()
        return [
            approval._policy_place(step, documents[approval]) for approval, step in steps.items()
        ]

    def _policy_place(self, step, document=None):
        """Return the :class:`Place` of a stored step."""
        approval, step = self.sudo(), step.sudo()
        if document is None:
            [document] = approval._policy_documents().values()
        late = step.on_timeout == "climb" and step.policy_is_late
        place = self._policy_place_for(
            document,
            approval.route_id,
            approval.requester_id,
            max(approval.amount, document._policy_approval_amount()),
            step.role_id,
            step.team_id,
            step.person_id,
        )._replace(late=late)
        if step.origin == "added":
            # His signature comes on top of those within whose limits the amount is.
            return place._replace(by_amount=False)
        source = step._policy_source()
        if source != step:
            return place._replace(
                instead=approval._policy_place(source, document)._replace(late=late)
            )
        return place

    @api.model
    def _policy_place_for(self, document, route, requester, amount, role, team, person):
        """Return the :class:`Place` of a role, a team or a person on a document."""
        users = self.env["res.users"].sudo()
        return Place(
            document=document,
            company=document.company_id,
            requester=requester.sudo(),
            barred=users.union(requester.sudo(), document._policy_approval_barred_users().sudo()),
            amount=amount,
            by_amount=route.kind == "competent",
            role=role,
            team=team,
            person=person,
        )

    # === SEEKING === #

    @api.model
    def _policy_seats(self, places):
        """Return a dict {user: Seat} per place: who may decide there, never nobody if anybody can.

        A constant number of queries for places whose roles do not depend on the document.

        :param list[Place] places:
        """
        named = self._policy_named(places)
        seats = self._policy_asked(places, named)
        missing = []
        for number, place in enumerate(places):
            if place.instead and self._policy_empty(seats[number]):
                [seats[number]] = self._policy_seats([place.instead])
            if place.late or self._policy_empty(seats[number]):
                missing.append(number)
        nobody = self.env["res.users"]
        for number, users in self._policy_above(places, missing, named).items():
            for user in users:
                if user not in seats[number] or seats[number][user].away:
                    seats[number][user] = Seat(nobody, nobody, above=True)
        for number in missing:
            if self._policy_empty(seats[number]):
                # Nobody else: rather him who is away than nobody.
                seats[number] = {
                    user: seat._replace(away=False) for user, seat in seats[number].items()
                }
        return seats

    @staticmethod
    def _policy_empty(seats):
        """Return whether nobody is there who could decide."""
        return all(seat.away for seat in seats.values())

    @api.model
    def _policy_asked(self, places, named):
        """Return a dict {user: Seat} per place of those who are asked and of their deputies."""
        present = self._policy_those_present(zip(places, named, strict=True))
        nobody, seats = self.env["res.users"], []
        delegated = self._policy_delegating({place.company for place in places if place.role})
        for place, users in zip(places, named, strict=True):
            found = {
                user: Seat(nobody, nobody, away=user not in present[place.company])
                for user in users
            }
            deputies = {}
            if place.role and place.company in delegated:
                deputies = self._policy_deputies_of(place)
            for deputy, delegation in deputies.items():
                # Whoever may decide himself speaks for himself.
                if deputy not in found or found[deputy].away:
                    found[deputy] = Seat(delegation.from_user_id, delegation)
            seats.append(found)
        return seats

    @api.model
    def _policy_delegating(self, companies):
        """Return those of ``companies`` in which anybody has delegated anything at present."""
        Delegation = self.env["crm.policy.delegation"].sudo()
        domain = Delegation._policy_active_domain(fields.Datetime.now())
        return {
            company
            for company in companies
            if Delegation.search_count(domain & Domain("company_id", "=", company.id), limit=1)
        }

    @api.model
    def _policy_named(self, places):
        """Return per place who is asked to sign there, present or not; none that is barred."""
        by_role = defaultdict(dict)
        for place in places:
            if place.role:
                by_role[place.role, place.document._name][place.document.id] = place.document
        holders = {}
        for (role, model_name), documents in by_role.items():
            records = self.env[model_name].sudo().browse(documents)
            holders[role, model_name] = role._users_for(records)
        voters = {place.team: place.team._policy_voters() for place in places if place.team}
        named = []
        for place in places:
            if place.role:
                users = holders[place.role, place.document._name][place.document.id]
            elif place.team:
                users = voters[place.team]
            else:
                users = can_act(place.person, place.company)
            users = can_act(users.sudo(), place.company) - place.barred
            if place.by_amount and users:
                users = self._policy_competent(place, users)
            named.append(users)
        return named

    @api.model
    def _policy_competent(self, place, users):
        """Return those of ``users`` within whose limit the amount still is."""
        document = place.document
        covering = document._policy_covering_lines(place.amount)
        if place.role and place.role not in covering.role_id:
            return users.browse()
        return document._policy_able(users, place.amount).sudo()

    @api.model
    def _policy_those_present(self, pairs):
        """Return {company: those of the users who are there}, a query for each company."""
        people = defaultdict(self.env["res.users"].sudo().browse)
        for place, users in pairs:
            people[place.company] |= users
        Leaves = self.env["resource.calendar.leaves"]
        return {
            company: Leaves._policy_present(users, company) for company, users in people.items()
        }

    @api.model
    def _policy_deputies_of(self, place):
        """Return {deputy: delegation} of those who act at a place for whoever holds its role."""
        document = place.document
        principals = place.role._policy_principals_for(document)[document.id].sudo() - place.barred
        if place.by_amount and principals:
            lines = document._policy_covering_lines(place.amount)
            line = lines.filtered(lambda line: line.role_id == place.role)[:1]
            principals = line and document._policy_with_room(line, principals).sudo()
        if not principals:
            return {}
        deputies = place.role._policy_deputies(
            principals, place.company, place.amount, document._policy_approval_currency()
        )
        if not deputies:
            return {}
        there = can_act(self._policy_users(deputies).sudo(), place.company) - place.barred
        there = self.env["resource.calendar.leaves"]._policy_present(there, place.company)
        return {
            deputy.sudo(): delegation.sudo()
            for deputy, delegation in deputies.items()
            if deputy.sudo() in there
        }

    @api.model
    def _policy_above(self, places, numbers, named):
        """Return {number: who stands above those who are asked} for some of the places.

        Whoever has a higher authority; where nobody has, the next manager of the requester.
        """
        numbers = [n for n in numbers if not places[n].document._policy_only_named()]
        higher = {}
        for number in numbers:
            place = places[number]
            users = self.env["res.users"].sudo()
            for line in place.document._policy_covering_lines(place.amount):
                users |= line.role_id._users_for(place.document)[place.document.id].sudo()
            users = can_act(users, place.company) - place.barred - named[number]
            higher[number] = place.document._policy_able(users, place.amount).sudo()
        pairs = [(places[number], users) for number, users in higher.items()]
        present = self._policy_those_present(pairs)
        found = {
            number: users & present[places[number].company] for number, users in higher.items()
        }
        for number in numbers:
            if not found[number]:
                found[number] = self._policy_next_manager(places[number], named[number])
        return found

    @api.model
    def _policy_next_manager(self, place, named):
        """Return the nearest manager of the requester who is there and may decide, or nobody."""
        users = self.env["res.users"].sudo()
        document = place.document
        department = (
            document.policy_department_id.id if "policy_department_id" in document else False
        )
        rung = (place.requester.id, department)
        chains = self.env["crm.policy.ladder"]._policy_chains([rung], place.company)
        chain, _circle = chains[rung]
        if not chain and department:
            rung = (False, department)
            chain, _circle = self.env["crm.policy.ladder"]._policy_chains([rung], place.company)[
                rung
            ]
        managers = users.browse(filter(None, chain))
        managers = can_act(managers, place.company) - place.barred - named
        present = self.env["resource.calendar.leaves"]._policy_present(managers, place.company)
        for manager in managers:
            if manager in present and not self._policy_beyond_limit(place, manager):
                return manager
        return users

    @api.model
    def _policy_beyond_limit(self, place, user):
        """Return whether a limit that a user has forbids him this amount."""
        return place.by_amount and bool(place.document._policy_beyond_words(user, place.amount))
