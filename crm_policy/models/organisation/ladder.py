from odoo import api, models

from .role import can_act


class CrmPolicyLadder(models.AbstractModel):
    """Who stands above whom, and who acts for somebody who is away (ORG-REP-01, CMP-DLN-02)."""

    _name = "crm.policy.ladder"
    _description = "Chain of Managers"

    @api.model
    def _policy_chains(self, places, company):
        """Return who stands above each person, level by level.

        The next level is the employee's manager; where there is none the head of his department,
        else of the one above it. Odoo makes the head of a department his own manager: above him is
        the department above. Anybody else who is his own manager stands at the top. Whoever has no
        employee in the company stands below the heads of the given department. One query per level,
        whatever the number of people.

        :param places: pairs (user id or False, department id or False).
        :return: {place: (list of user ids, None for somebody without a login; whether the chain
            runs in a circle)}; a circle ends before the first who would come twice.
        """
        chains = self._policy_employee_chains(places, company)
        return {
            place: ([boss.user_id.id or None for boss in chain], bool(again))
            for place, (chain, again) in chains.items()
        }

    @api.model
    def _policy_circles(self, users, company):
        """Return the circles that the chains above ``users`` run into, each circle once.

        :return: list of ``hr.employee`` records, as superuser, in the order of the chain; who has
            the lowest id stands first.
        """
        circles = {}
        places = [(user_id, False) for user_id in users.ids]
        for chain, again in self._policy_employee_chains(places, company).values():
            if not again:
                continue
            # Above somebody outside the chain ends in the circle; above a member it is the rest.
            members = chain[chain.index(again) :] if again in chain else [again, *chain]
            first = members.index(min(members, key=lambda employee: employee.id))
            ordered = [*members[first:], *members[:first]]
            circles[ordered[0].id] = ordered[0].concat(*ordered[1:])
        return list(circles.values())

    @api.model
    def _policy_employee_chains(self, places, company):
        """Return {place: (list of employees, who would come twice or None)}."""
        everything = self.env(su=True, context={"active_test": False})
        departments = {
            department.id: department
            for department in everything["hr.department"].search_fetch(
                [], ["manager_id", "parent_id"]
            )
        }
        mine = everything["hr.employee"].search_fetch(
            [
                ("user_id", "in", list({user_id for user_id, _department in places if user_id})),
                ("company_id", "=", company.id),
            ],
            ["user_id", "parent_id", "department_id", "active"],
            order="active, id desc",  # an active employee counts before a former one
        )
        employee_of = {employee.user_id.id: employee for employee in mine}
        known = {employee.id: employee for employee in mine}
        heads = {department.manager_id.id for department in departments.values()} - {False}
        wanted = {employee.parent_id.id for employee in mine} | heads
        while missing := wanted - known.keys() - {False}:
            found = everything["hr.employee"].search_fetch(
                [("id", "in", sorted(missing))],
                ["user_id", "parent_id", "department_id", "active"],
            )
            known |= {employee.id: employee for employee in found}
            wanted = {employee.parent_id.id for employee in found}

        def above(employee):
            if employee.parent_id == employee and employee.id not in heads:
                return None
            if employee.parent_id and employee.parent_id != employee:
                return known.get(employee.parent_id.id)
            return head_over(employee.department_id.id, employee)

        def head_over(department_id, employee=None):
            passed = set()
            while department_id in departments and department_id not in passed:
                passed.add(department_id)
                head = known.get(departments[department_id].manager_id.id)
                if head and head != employee:
                    return head
                department_id = departments[department_id].parent_id.id
            return None

        chains = {}
        for place in places:
            user_id, department_id = place
            employee = employee_of.get(user_id)
            boss = above(employee) if employee else head_over(department_id)
            seen, chain = {employee.id} if employee else set(), []
            while boss and boss.id not in seen:
                seen.add(boss.id)
                chain.append(boss)
                boss = above(boss)
            chains[place] = (chain, boss)
        return chains

    @api.model
    def _policy_standing_in(self, users, company):
        """Return who acts for each of ``users`` now.

        Himself; while he is away, archived or gone the substitute of a post that he holds.

        :return: {user id: res.users}, empty where nobody does.
        """
        Leaves = self.env["resource.calendar.leaves"]
        present = Leaves._policy_present(users, company)
        acting = {user.id: user & present for user in users}
        missing = users - present
        if not missing:
            return acting
        posts = (
            self.env["crm.policy.post"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("user_ids", "in", missing.ids),
                    ("company_id", "=", company.id),
                    ("active", "=", True),
                ],
                order="id desc",
            )
        )
        substitutes = Leaves._policy_present(posts.substitute_id, company)
        for post in posts:
            if post.substitute_id in substitutes:
                for user in post.user_ids & missing:
                    acting[user.id] = post.substitute_id
        return acting

    @api.model
    def _policy_administrators(self, company):
        """Return who administers the policy of a company; those who are there, if any is."""
        group = self.env.ref("crm_policy.group_policy_admin").sudo()
        users = can_act(group.all_user_ids, company)
        return self.env["resource.calendar.leaves"]._policy_present(users, company) or users

    @api.model
    def _policy_climb(self, wanted, company):
        """Return who is told on which rung, never nobody while somebody administers the policy.

        Whoever is away has his substitute; where he has none, the next level is told. A chain that
        is shorter than the rung asked for ends at its top; one that runs in a circle, or at whose
        end nobody is there, ends at the administrators of the policy, who can mend it.

        :param wanted: tuples (user id or False, department id or False, level): level 0 is the
            person, 1 his manager, 2 the manager's manager.
        :return: {tuple: (res.users, how)}; how is "" as asked for, "substitute", "higher", "top",
            "circle" or "nobody".
        """
        Users = self.env["res.users"].sudo()
        wanted = set(wanted)
        chains = self._policy_chains({(user, place) for user, place, _level in wanted}, company)
        people = {user for chain, _circle in chains.values() for user in chain}
        people |= {user for user, _place, _level in wanted}
        acting = self._policy_standing_in(Users.browse(sorted(people - {None, False})), company)
        told = {}
        for user_id, place, level in wanted:
            chain, circle = chains[user_id, place]
            rungs = [user_id or None, *chain]
            start, how = level, ""
            if level >= len(rungs):
                start, how = len(rungs) - 1, "circle" if circle else "top"
            found = Users
            if how != "circle" and (start or not level):
                for position in range(start, len(rungs)):
                    person = rungs[position]
                    found = acting.get(person, Users)
                    if level and found.id == user_id:
                        found = Users  # nobody supervises himself, not as a substitute either
                    if found:
                        if position > start:
                            how = "higher"
                        elif found.id != person:
                            how = "substitute"
                        break
            if not found:
                found = self._policy_administrators(company)
                how = "circle" if circle else "nobody"
            told[user_id, place, level] = (found, how)
        return told
