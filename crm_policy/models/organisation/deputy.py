from odoo import models


class CrmPolicyDeputy(models.AbstractModel):
    """Who holds a role in his own right, and who acts for him under a delegation."""

    _name = "crm.policy.deputy"
    _description = "Deputies of a Role"

    def _policy_deputies(self, holders, company, amount=0.0, currency=None, acting=None):
        """Return who acts for one of ``holders`` in this role now (D.3 no. 11).

        One step, never two: what a deputy has from somebody else he does not pass on. Whoever acts
        for several of them is named once, under the delegation that was given first.

        :param holders: ``res.users`` that hold the role in their own right, present or not
            (:meth:`_policy_principals_for`), without those who are barred.
        :param amount: what is decided, in ``currency``; the cap itself is still within it.
        :param acting: delegations among which to look, where the caller knows those of
            ``_policy_acting``; asked for otherwise.
        :return: {deputy: ``crm.policy.delegation``}, without archived, absent, portal users and
            those of another company.
        :rtype: dict[res.users, crm.policy.delegation]
        """
        self.ensure_one()
        if acting is None:
            acting = self.env["crm.policy.delegation"]._policy_acting(company)
        deputies = {}
        for line in acting.sorted("id"):
            if (
                line.company_id == company
                and line.from_user_id in holders
                and line._policy_covers(self)
                and line._policy_within_cap(amount, currency)
            ):
                deputies.setdefault(line.to_user_id, line)
        return deputies

    def _policy_principals_for(self, records):
        """Return who holds this role for each record in his own right, present or not.

        Whoever only stands in for a holder is none: he cannot delegate what is not his.

        :rtype: dict[int, res.users]
        """
        self.ensure_one()
        role = self.sudo()
        people = self._users_for(records)
        if role.kind == "user":
            posts = self.env["crm.policy.post"]._policy_posts_for(role, records)
            for record_id, post in posts.items():
                if post:
                    people[record_id] = role._policy_can_act(post.user_ids)
        return people

    def _policy_held_by_right(self, user):
        """Return those of these roles that ``user`` holds in his own right, somewhere at least.

        Whom a role means that only a record names is not known here: it counts as held.
        """
        return self.sudo().filtered(
            lambda role: user in role._policy_can_act(user) and role._policy_is_his(user)
        )

    def _policy_is_his(self, user):
        if self.kind == "group":
            return user in self.group_id.all_user_ids
        if self.kind == "user":
            return user in self.post_ids.filtered("active").user_ids | self.user_id
        if self.kind == "department_head":
            place = ("id", "=", self.department_id.id)
            if not self.department_id:
                place = ("company_id", "in", [self.company_id.id, False])
            headed = [("manager_id.user_id", "=", user.id), place]
            return bool(self.env["hr.department"].search_count(headed, limit=1))
        return True
