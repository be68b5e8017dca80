from collections import defaultdict
from typing import NamedTuple

from odoo import api, models
from odoo.models import BaseModel

from ..organisation.role import can_act


class Place(NamedTuple):
    """Where somebody is to sign: what the search for people needs to know, stored or planned."""

    document: BaseModel
    company: BaseModel
    requester: BaseModel
    barred: BaseModel  # the requester among them
    signed: BaseModel  # who has signed another place of the request: asked here at last only
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
    whoever has a higher authority; then, where no amount must be within a limit, the chain of
    managers above the requester; then those who are away; at last whoever from above has signed
    another place already, rather than nobody.
    """

    _name = "crm.policy.approval.people"
    _description = "People of an Approval"

    @api.model
    def _policy_users(self, users):
        return self.env["res.users"].browse(sorted(user.id for user in users))

    @api.model
    def _policy_can_now(self, seats):
        """Return who of ``seats`` may decide, as ``res.users``."""
        return self._policy_users(user for user, seat in seats.items() if not seat.away)

    def _policy_places(self, steps, completed=None):
        """Return the :class:`Place` of each step.

        :param dict steps: {request: step}.
        :param dict completed: {request: (step, ``res.users``)} of signatures that complete a step
            in this very turn and are not stored yet.
        """
        documents = self.sudo().browse(approval.id for approval in steps)._policy_documents()
        nothing = (self.env["crm.policy.approval.step"], self.env["res.users"].sudo())
        return [
            approval._policy_place(
                step, documents[approval], *(completed or {}).get(approval, nothing)
            )
            for approval, step in steps.items()
        ]

    def _policy_place(self, step, document=None, completed=None, signers=None):
        """Return the :class:`Place` of a stored step."""
        approval, step = self.sudo(), step.sudo()
        if document is None:
            [document] = approval._policy_documents().values()
        # Three signatures are those of three people (AUT-MAT-04): whoever signs and for whom.
        signatures = approval._policy_route_signatures(completed)
        signed = self.env["res.users"].sudo()
        if signatures:
            signed = signatures.user_id | signatures.on_behalf_of_id
        if signers and completed.origin != "added":
            signed |= signers.sudo()
        late = step.on_timeout == "climb" and step.policy_is_late
        place = self._policy_place_for(
            document,
            approval.route_id,
            approval.requester_id,
            max(approval.amount, document._policy_approval_amount()),
            step.role_id,
            step.team_id,
            step.person_id,
        )._replace(late=late, signed=signed)
        if step.origin == "added":
            # His signature comes on top of those within whose limits the amount is.
            return place._replace(by_amount=False)
        source = step._policy_source()
        if source != step:
            return place._replace(
                instead=approval._policy_place(source, document)._replace(late=late)
            )
        return place

    def _policy_route_signatures(self, completed=None):
        """Return the decisions that completed steps of the route; who was added signed on top.

        :param completed: a step that is about to be completed.
        """
        # From the request: its decisions are read together with those of the others of a batch.
        self._policy_read_lines("decision_ids")
        return self.decision_ids.filtered(
            lambda line: (
                line.outcome == "approved"
                and (line.step_id.state == "approved" or line.step_id == completed)
                and line.step_id.origin != "added"
            )
        )

    @api.model
    def _policy_place_for(self, document, route, requester, amount, role, team, person):
        """Return the :class:`Place` of a role, a team or a person on a document."""
        users = self.env["res.users"].sudo()
        return Place(
            document=document,
            company=document.company_id,
            requester=requester.sudo(),
            barred=users.union(requester.sudo(), document._policy_nondeciders().sudo()),
            signed=users,
            amount=amount,
            by_amount=route._policy_is_by_amount(),
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
                # Whoever takes the roles from a team does not decide in its place.
                if not (place.team and place.team._policy_lost()):
                    missing.append(number)
        nobody = self.env["res.users"]
        for number, users in self._policy_above(places, missing, named).items():
            for user in users:
                if user not in seats[number] or seats[number][user].away:
                    seats[number][user] = Seat(nobody, nobody, above=True)
        for number in missing:
            if self._policy_empty(seats[number]):
                seats[number] = self._policy_seats_at_last(places[number], seats[number])
        return seats

    @api.model
    def _policy_seats_at_last(self, place, seats):
        """Return who decides where nobody else is left.

        Rather him who is away than nobody, and rather him who has signed another place already.
        """
        nobody = self.env["res.users"]
        if place.role and not seats:
            # Of an appointed person who is away without a substitute only his post knows.
            users = place.role._policy_principals_for(place.document)[place.document.id].sudo()
            users -= place.barred
            if place.by_amount and users:
                users = self._policy_competent(place, users)
            seats = {user: Seat(nobody, nobody) for user in users}
        if seats or not place.signed:
            return {user: seat._replace(away=False) for user, seat in seats.items()}
        above = self._policy_above([place._replace(signed=nobody)], [0], [nobody])
        return {user: Seat(nobody, nobody, above=True) for user in above.get(0, nobody)}

    @staticmethod
    def _policy_empty(seats):
        """Return whether nobody is there who could decide."""
        return all(seat.away for seat in seats.values())

    @api.model
    def _policy_asked(self, places, named):
        """Return a dict {user: Seat} per place of those who are asked and of their deputies."""
        present = self._policy_those_present(zip(places, named, strict=True))
        nobody = self.env["res.users"]
        deputies, seats = self._policy_deputies_of(places), []
        for place, users, acting in zip(places, named, deputies, strict=True):
            found = {
                user: Seat(nobody, nobody, away=user not in present[place.company])
                for user in users
            }
            for deputy, delegation in acting.items():
                # Whoever may decide himself speaks for himself.
                if deputy not in found or found[deputy].away:
                    found[deputy] = Seat(delegation.from_user_id, delegation)
            seats.append(found)
        return seats

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
            users = users.sudo() - place.barred
            if place.by_amount and users:
                users = self._policy_competent(place, users)
            named.append(users)
        return named

    @api.model
    def _policy_competent(self, place, users):
        """Return those of ``users`` within whose limit the amount still is."""
        document = place.document
        if not place.role:
            # Whoever it was handed to decides by a limit of his own, none forbids him nothing.
            return users & self._policy_authorised(place)
        if place.role not in document._policy_covering_lines(place.amount).role_id:
            return users.browse()
        return document._policy_able(users, place.amount).sudo()

    @api.model
    def _policy_authorised(self, place):
        """Return who holds a limit within which the amount still is, present or not."""
        document, users = place.document, self.env["res.users"].sudo()
        for line in document._policy_covering_lines(place.amount):
            users |= document._policy_holders_of(line).sudo()
        users = can_act(users, place.company) - place.barred
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
    def _policy_above(self, places, numbers, named):
        """Return {number: who stands above those who are asked} for some of the places.

        Whoever has a higher authority. Where nobody has: at a place by amount he who has it and is
        away, at another one the next manager of the requester.
        """
        numbers = [n for n in numbers if not places[n].document._policy_only_named()]
        higher = {}
        for number in numbers:
            place = places[number]
            users = self.env["res.users"].sudo()
            for line in place.document._policy_covering_lines(place.amount):
                users |= line.role_id._users_for(place.document)[place.document.id].sudo()
            users = can_act(users, place.company) - place.barred - place.signed - named[number]
            higher[number] = place.document._policy_able(users, place.amount).sudo()
        pairs = [(places[number], users) for number, users in higher.items()]
        present = self._policy_those_present(pairs)
        found = {
            number: users & present[places[number].company] for number, users in higher.items()
        }
        for number in numbers:
            if found[number]:
                continue
            if not places[number].by_amount:
                found[number] = self._policy_next_manager(places[number], named[number])
            elif not named[number]:
                found[number] = self._policy_authorised(places[number]) - places[number].signed
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
        managers = can_act(managers, place.company) - place.barred - place.signed - named
        present = self.env["resource.calendar.leaves"]._policy_present(managers, place.company)
        for manager in managers:
            if manager in present:
                return manager
        return users
