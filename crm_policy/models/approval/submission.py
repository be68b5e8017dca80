import hashlib
import json
from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.models import BaseModel

from ...exceptions import PolicyRefusal
from ...words import list_words


class Planned(NamedTuple):
    """A step that a request will have: of the route, or the lowest competent role."""

    role: BaseModel
    team: BaseModel
    mode: str
    on_timeout: str


class CrmPolicySubmission(models.AbstractModel):
    """How documents become requests: the route of their policy, its steps, and who signs first."""

    _name = "crm.policy.submission"
    _description = "Submission for Approval"

    def _policy_submit(self):
        """Create the requests with their steps and open the first ones; documents in any number."""
        planned = []
        for record in self.sudo():
            route, subject = record._policy_find_route()
            clause, steps = record._policy_plan_steps(route)
            planned.append((record, route, subject, clause, steps))
        Approval = self.env["crm.policy.approval"].sudo()
        places = []
        for record, route, _subject, _clause, steps in planned:
            first = Approval._policy_place_for(
                record,
                route,
                self.env.user,
                record._policy_approval_amount(),
                steps[0].role,
                steps[0].team,
                self.env["res.users"],
            )
            places += [first._replace(role=step.role, team=step.team) for step in steps]
        seats = iter(zip(places, Approval._policy_seats(places), strict=True))
        requests, now = [], fields.Datetime.now()
        for record, route, subject, clause, steps in planned:
            found = [next(seats) for _step in steps]
            for step, (place, people) in zip(steps, found, strict=True):
                if not people:
                    record._policy_refuse_stuck(clause, step)
                if step.mode == "quorum":
                    record._policy_check_quorum(clause, step.team, place.barred)
            users = Approval._policy_can_now(found[0][1])
            vals = {
                "name": record._policy_approval_name(),
                "company_id": record.company_id.id,
                "res_model": record._name,
                "res_id": record.id,
                "subject": subject,
                "route_id": route.id,
                "clause_id": clause.id,
                "amount": record._policy_approval_amount(),
                "currency_id": record._policy_approval_currency().id,
                "requester_id": self.env.uid,
                "requested_at": now,
                "fingerprint": record._policy_fingerprint(),
                "state": "pending",
                "emergency": False,
                **record._policy_request_values(),
            }
            lines = record._policy_step_values(route, steps, users, now)
            requests.append((vals, lines, users))
        approvals = Approval._policy_insert_requests(requests)
        people, payloads = {}, {}
        for approval, (vals, _lines, users) in zip(approvals, requests, strict=True):
            people[approval] = users
            payloads[approval.id] = {"amount": vals["amount"]}
        for (record, *_plan), approval in zip(planned, approvals, strict=True):
            record._policy_guarded_write(
                {"policy_approval_state": "pending", "policy_approval_id": approval.id}
            )
        approvals._policy_log_requests("approval.submitted", payloads)
        approvals._policy_copy_route()
        approvals._policy_announce(people)

    def _policy_request_values(self):
        """Return what a request of this document says beside the usual."""
        return {}

    def _policy_find_route(self):
        """Return (route, business type) of a document."""
        version, subject = self._policy_approval_version(), self._policy_approval_subject()
        route = self.env["crm.policy.route"]._policy_route_for(version, self._name, subject, self)
        if not route:
            raise UserError(
                self.env._(
                    "%(record)s: %(version)s has no approval route for it.",
                    record=self.display_name,
                    version=version.display_name or self.env._("no policy in force"),
                )
            )
        return route, subject

    def _policy_step_values(self, route, steps, users, now):
        """Return the create values of the steps; the first one is open for ``users``."""
        department = self.policy_department_id.id if "policy_department_id" in self else False
        return [
            {
                "company_id": self.company_id.id,
                "policy_version_id": route.version_id.id,
                "policy_department_id": department,
                "sequence": number,
                "role_id": step.role.id,
                "team_id": step.team.id,
                "person_id": False,
                "origin": "route",
                "replaced_id": False,
                "mode": step.mode,
                "on_timeout": step.on_timeout,
                "state": "waiting" if number > 1 else "pending",
                "opened_at": False if number > 1 else now,
                "user_id": users.id if number == 1 and len(users) == 1 else False,
            }
            for number, step in enumerate(steps, start=1)
        ]

    def _policy_plan_steps(self, route):
        """Return (clause, list of :class:`Planned`) of the signatures that the amount needs.

        Of a route by amount one: the lowest role whose limit covers the amount and that somebody
        else than the requester holds.
        """
        amount = self._policy_approval_amount()
        if route.kind == "sequence":
            steps = route.step_ids.filtered(
                lambda step: not step.amount_from or self._policy_needs_step(step, amount)
            )
            if not steps:
                # Without a step it would be approved by nobody.
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: route %(route)s has no signature for %(amount)s. Give it a "
                        "step that is needed always.",
                        clause=route.clause_id._policy_citation(),
                        route=route.name,
                        amount=self._policy_approval_currency().format(amount),
                    )
                )
            return route.clause_id, [
                Planned(step.role_id, step.team_id, step.mode, step.on_timeout) for step in steps
            ]
        barred = self.env.user | self._policy_nondeciders()
        for line in self._policy_covering_lines(amount):
            # Who is away holds the role all the same: his delegate or somebody above decides.
            users = self._policy_holders_of(line) - barred
            if users and self._policy_able(users, amount):
                team = self.env["crm.policy.team"]
                return line.clause_id, [Planned(line.role_id, team, "any", route.on_timeout)]
        self._policy_refuse_own_words(route, amount)
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: nobody can decide %(amount)s. Give a role a limit that covers it and "
                "a person who is not the requester.",
                clause=route.clause_id._policy_citation(),
                amount=self._policy_approval_currency().format(amount),
            )
        )

    def _policy_refuse_own_words(self, route, amount):
        """Refuse what could be decided by him alone who has written it."""
        others = self.env.user | self._policy_approval_barred_users()
        writers = self._policy_proposers() - others
        for line in self._policy_covering_lines(amount):
            able = self._policy_able(self._policy_holders_of(line) & writers, amount)
            if able:
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: %(amount)s could be decided by %(writers)s alone, who has "
                        "written it himself: let somebody else write it.",
                        clause=line.clause_id._policy_citation(),
                        amount=self._policy_approval_currency().format(amount),
                        writers=list_words(self.env, able.mapped("name")),
                    )
                )

    def _policy_needs_step(self, step, amount):
        """Return whether ``amount`` is above what a step of a route is needed from.

        What was granted in linked cases counts as well: splitting does not help (D10).
        """
        total = step._policy_convert(
            amount + self._policy_linked_amount(),
            self._policy_approval_currency(),
            step.currency_id,
        )
        return step.currency_id.compare_amounts(total, step.amount_from) > 0

    def _policy_refuse_stuck(self, clause, step):
        """Refuse a request that would wait for ever: a step that nobody may sign."""
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: nobody can sign as %(role)s. Give the role a person who is "
                "neither the requester nor the beneficiary.",
                clause=clause._policy_citation(),
                role=step.role.name or step.team.name,
            )
        )

    def _policy_check_quorum(self, clause, team, barred):
        """Refuse what a team could never decide: too few of its votes are not barred from it."""
        votes, needed = team.sudo()._policy_votes(barred)
        if votes < needed:
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(team)s cannot decide: %(votes)s of its members may vote on it "
                    "(nobody who has asked for it, has written it or is concerned by it does), "
                    "%(needed)s are needed. Let somebody else write and submit it, or appoint "
                    "members.",
                    clause=clause._policy_citation(),
                    team=team.name,
                    votes=votes,
                    needed=needed,
                )
            )

    def _policy_fingerprint(self, basis=None):
        """Return the SHA-256 of what is approved.

        :param str basis: with or without tax; None: as the company counts now.
        """
        self.ensure_one()
        values = self._policy_approval_values()
        if self._policy_counts_tax and (basis or self.company_id.policy_amount_basis) == "excluded":
            values = {**values, "basis": "excluded"}
        values = json.dumps(values, sort_keys=True, default=str)
        return hashlib.sha256(values.encode()).hexdigest()
