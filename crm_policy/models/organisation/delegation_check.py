from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools.zones import company_zone, day_start
from ...words import list_words
from .role import can_act

# Who writes a delegation for somebody who is away.
CLERKS = ("crm_policy.group_hr", "crm_policy.group_policy_admin")


class CrmPolicyDelegationCheck(models.AbstractModel):
    """What a delegation must not be (ORG-DELEG-01), and what is doubtful about one in force."""

    _name = "crm.policy.delegation.check"
    _description = "Check of Delegations"

    # === WHO WRITES IT === #

    def _policy_check_author(self):
        """Refuse who delegates the powers of another without standing above him.

        Whoever stands above him in the chain of managers may; personnel and the administrator of
        the policy only for days on which his time off is entered. Nobody gives himself the powers
        of another.
        """
        if self.env.su:
            return
        for line in self:
            if line.from_user_id == self.env.user:
                continue
            if line.to_user_id == self.env.user:
                raise AccessError(
                    self.env._(
                        "Nobody gives himself the powers of another: let somebody else do it."
                    )
                )
            if not (line._policy_stands_above() or line._policy_clerk_may()):
                line._policy_refuse_author()

    def _policy_clerk_may(self):
        if not any(self.env.user.has_group(group) for group in CLERKS):
            return False
        start, stop = self._policy_span()
        return bool(
            self.env["resource.calendar.leaves"]._policy_absent(
                self.from_user_id, self.company_id, start, stop
            )
        )

    def _policy_stands_above(self):
        """Return whether the current user stands above the principal in the chain of managers."""
        place = (self.from_user_id.id, False)
        chains = self.env["crm.policy.ladder"]._policy_chains([place], self.company_id.sudo())
        return self.env.uid in chains[place][0]

    def _policy_may_revoke(self):
        """Return whether the current user may end it: it only ever takes powers away."""
        self.ensure_one()
        line, user = self.sudo(), self.env.user
        return (
            self.env.su
            or user in line.from_user_id | line.to_user_id | line.create_uid
            or any(user.has_group(group) for group in CLERKS)
            or self._policy_stands_above()
        )

    def _policy_refuse_author(self):
        raise AccessError(
            self.env._(
                "Only %(person)s himself, who stands above him, or personnel and the policy "
                "administrator on days on which his time off is entered, delegate what "
                "%(person)s decides.",
                person=self.from_user_id.name,
            )
        )

    def _policy_refuse_revoker(self):
        raise AccessError(
            self.env._(
                "Delegation %(number)s is revoked by %(principal)s, %(delegate)s, who wrote it, "
                "who stands above %(principal)s, personnel or the policy administrator.",
                number=self.number,
                principal=self.from_user_id.name,
                delegate=self.to_user_id.name,
            )
        )

    # === WHAT IT SAYS === #

    def _policy_check(self):
        """Refuse what must not be in force; run as superuser, once it has its instants.

        :raises ValidationError: says what is wrong and, where a clause asks for it, which.
        """
        self.ensure_one()
        problem = (
            self._policy_days_problem()
            or self._policy_people_problem()
            or self._policy_roles_problem()
            or self._policy_overlap_problem()
            or self._policy_circle_problem()
        )
        if problem:
            raise ValidationError(problem)

    def _policy_days_problem(self):
        """Return what is wrong with days and cap, None when they are sound."""
        if self.date_to < self.date_from:
            return self.env._("The last day is not before the first one.")
        if self.date_from < self._policy_today(self.company_id):
            return self.env._(
                "%(day)s is past: a delegation begins today or later.",
                day=format_date(self.env, self.date_from),
            )
        if self.currency_id.compare_amounts(self.max_amount, 0) < 0:
            return self.env._("A cap is not negative.")
        return None

    def _policy_people_problem(self):
        """Return why the two cannot act, None when they can."""
        people = self.from_user_id | self.to_user_id
        if len(people) < 2:
            return self.env._("Nobody delegates to himself.")
        gone = people - can_act(people, self.company_id)
        if gone:
            return self.env._(
                "%(person)s does not work for %(company)s: archived users, customers and people "
                "of other companies neither delegate nor act for somebody.",
                person=list_words(self.env, gone.mapped("name")),
                company=self.company_id.name,
            )
        return None

    def _policy_roles_problem(self):
        """Return why these roles cannot be delegated to this person, None when they can."""
        if self.role_ids.company_id - self.company_id:
            return self.env._("Roles and delegation belong to one company.")
        held = self._policy_roles()._policy_held_by_right(self.from_user_id)
        foreign = self.role_ids - held
        if foreign:
            return self._policy_foreign_words(foreign)
        if not held.filtered(lambda role: role.kind not in ("field", "manager_of")):
            if not self.role_ids:
                return self.env._(
                    "%(person)s holds no role: there is nothing to delegate.",
                    person=self.from_user_id.name,
                )
        return self._policy_department_problem(held)

    def _policy_foreign_words(self, roles):
        """Say that what he does not hold, or has from somebody else only, is not his to give."""
        values = {
            "person": self.from_user_id.name,
            "roles": list_words(self.env, roles.mapped("name")),
        }
        source = self.search(
            self._policy_active_domain(fields.Datetime.now())
            & Domain("company_id", "=", self.company_id.id)
            & Domain("to_user_id", "=", self.from_user_id.id)
        ).filtered(lambda line: any(role in line._policy_roles() for role in roles))
        if source:
            return self.env._(
                "%(roles)s: %(words)s; what is delegated is not delegated again. %(principal)s "
                "does it himself.",
                words=source[0]._policy_words(),
                principal=source[0].from_user_id.name,
                **values,
            )
        return self.env._(
            "%(person)s does not hold %(roles)s in his own right: only a holder delegates, no "
            "substitute.",
            **values,
        )

    def _policy_department_problem(self, roles):
        """Return why the delegate is of the wrong department for one of ``roles``."""
        strict = roles.filtered("substitute_required")
        if not strict:
            return None
        employees = self.env["hr.employee"].search(
            [
                ("user_id", "in", (self.from_user_id | self.to_user_id).ids),
                ("company_id", "=", self.company_id.id),
            ]
        )
        departments = {line.user_id: line.department_id for line in employees}
        own = departments.get(self.from_user_id)
        if own and own == departments.get(self.to_user_id):
            return None
        return self.env._(
            "%(rule)s: the delegate is of the same department. %(delegate)s is not in the "
            "department of %(principal)s.",
            rule=strict[0]._policy_rule_words(),
            delegate=self.to_user_id.name,
            principal=self.from_user_id.name,
        )

    def _policy_span(self):
        """Return from when until when it holds, before that is stored, too."""
        self.ensure_one()
        zone = company_zone(self.company_id.sudo())
        try:
            stop = day_start(self.date_to + timedelta(days=1), zone)
        except OverflowError:
            raise ValidationError(self.env._("The last day is beyond the calendar.")) from None
        return max(day_start(self.date_from, zone), fields.Datetime.now()), stop

    def _policy_meeting_domain(self):
        """Return the other delegations of the company that run at the same time as this one."""
        return (
            Domain("id", "!=", self.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("revoked_at", "=", False)
            & Domain("starts_at", "<", self.ends_at)
            & Domain("ends_at", ">", self.starts_at)
        )

    def _policy_overlap_problem(self):
        """A role is delegated to one person at a time: who decides must be beyond doubt."""
        others = self.search(
            self._policy_meeting_domain() & Domain("from_user_id", "=", self.from_user_id.id)
        )
        for other in others:
            shared = self._policy_roles() & other._policy_roles()
            if shared or not (self.role_ids and other.role_ids):
                return self.env._(
                    "%(principal)s has delegated %(roles)s to %(delegate)s from %(start)s to "
                    "%(stop)s: delegation %(number)s. Revoke it first, or choose other days.",
                    principal=self.from_user_id.name,
                    roles=list_words(self.env, shared.mapped("name")) or self.env._("his roles"),
                    delegate=other.to_user_id.name,
                    start=format_date(self.env, other.date_from),
                    stop=format_date(self.env, other.date_to),
                    number=other.number,
                )
        return None

    # === CIRCLES === #

    def _policy_circle(self):
        """Return the delegations that lead from the delegate back to the principal, this one first.

        All of them are in force at one moment. Nobody passes on what he has from another, so that a
        circle gives nobody too much; but when all of them are away nobody decides.
        """
        self.ensure_one()
        meeting = self.search(self._policy_meeting_domain(), order="id")
        paths = [self]
        seen = self.from_user_id.browse()
        while paths:
            path = paths.pop(0)
            last = path[-1].to_user_id
            if last == self.from_user_id:
                return path
            if last in seen:
                continue
            seen |= last
            for step in meeting.filtered(lambda line, last=last: line.from_user_id == last):
                longer = path + step
                if max(longer.mapped("starts_at")) < min(longer.mapped("ends_at")):
                    paths.append(longer)
        return self.browse()

    def _policy_circle_problem(self):
        circle = self._policy_circle()
        if not circle:
            return None
        start, stop = max(circle.mapped("starts_at")), min(circle.mapped("ends_at"))
        people = circle.from_user_id
        leaves = self.env["resource.calendar.leaves"]
        away = leaves.search(
            [
                ("resource_id.user_id", "in", people.ids),
                ("date_from", "<", stop),
                ("date_to", ">", start),
            ]
        )
        for moment in {start, *(leave.date_from for leave in away if leave.date_from > start)}:
            if not people - leaves._policy_absent(people, self.company_id, moment):
                return self.env._(
                    "%(people)s act for each other and would be away at the same time: nobody "
                    "would decide. Choose somebody who is there.",
                    people=list_words(self.env, people.mapped("name")),
                )
        return None

    # === DOUBTS === #

    def _policy_doubts(self):
        """Return [(code, sentence)] of what to look at in a delegation that is not over.

        :rtype: list[tuple[str, str]]
        """
        self.ensure_one()
        line, now = self.sudo(), fields.Datetime.now()
        if line.revoked_at or line.ends_at <= now:
            return []
        doubts = []
        gone = line._policy_people_problem() or line._policy_department_problem(
            line._policy_roles()
        )
        if gone:
            doubts.append(("delegation_void", gone))
        start = max(line.starts_at, now)
        absent = self.env["resource.calendar.leaves"]._policy_absent(
            line.to_user_id, line.company_id, start, line.ends_at
        )
        if absent:
            doubts.append(
                (
                    "delegate_away",
                    self.env._(
                        "%(delegate)s has time off on some of these days: nobody acts for "
                        "%(principal)s then.",
                        delegate=line.to_user_id.name,
                        principal=line.from_user_id.name,
                    ),
                )
            )
        circle = line._policy_circle()
        if circle:
            doubts.append(
                (
                    "delegation_circle",
                    self.env._(
                        "Circular delegation: %(people)s act for each other (%(numbers)s). When "
                        "they are away together, nobody decides.",
                        people=list_words(self.env, circle.from_user_id.mapped("name")),
                        numbers=list_words(self.env, circle.sorted("id").mapped("number")),
                    ),
                )
            )
        return doubts

    # === WHO IS AWAY === #

    def _policy_bridges(self, user, role, company, start, stop):
        """Return whether somebody who is there acts for ``user`` all the time between two instants.

        One delegation after the other will do. Naive UTC.
        """
        lines = self.sudo().search(
            Domain("company_id", "=", company.id)
            & Domain("from_user_id", "=", user.id)
            & Domain("revoked_at", "=", False)
            & Domain("starts_at", "<", stop)
            & Domain("ends_at", ">", start),
            order="starts_at, id",
        )
        reached = start
        for line in lines.filtered(lambda line: line._policy_covers(role)):
            if line.starts_at > reached:
                break
            until = min(line.ends_at, stop)
            people = can_act(line.to_user_id, company)
            away = self.env["resource.calendar.leaves"]._policy_absent(
                people, company, reached, until
            )
            if people - away:
                reached = max(reached, until)
        return reached >= stop
