from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...exceptions import PolicyRefusal
from ...tools.zones import moment_words, reader_zone


class CrmPolicyViolationRight(models.AbstractModel):
    """Who may take which step of a violation, and when; read as superuser."""

    _name = "crm.policy.violation.right"
    _description = "Rights on Violations"

    # Each returns why ``user`` may not take the step now, None where he may.

    def _policy_wrong_moment(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        return UserError(
            self.env._(
                "%(violation)s is %(state)s: this step was taken or is not due.",
                violation=self.display_name,
                state=states[self.state],
            )
        )

    def _policy_explain_problem(self, user):
        if self.state != "open" or not self.user_id:
            return self._policy_wrong_moment()
        acting = self.env["crm.policy.ladder"]._policy_standing_in(self.user_id, self.company_id)
        if user != self.user_id and user != acting[self.user_id.id]:
            return AccessError(
                self.env._(
                    "%(violation)s: only %(person)s explains it, or who stands in for him.",
                    violation=self.display_name,
                    person=self.user_id.name,
                )
            )
        return None

    def _policy_decide_problem(self, user):
        if self.state not in ("open", "explained"):
            return self._policy_wrong_moment()
        if not self._policy_may_decide(user):
            return AccessError(
                self.env._(
                    "%(violation)s is decided by the head of the department or a manager above, "
                    "never by the person himself, by who reported or who explained it.",
                    violation=self.display_name,
                )
            )
        until = self._policy_heard_until()
        if until and fields.Datetime.now() <= until:
            return PolicyRefusal(
                self.env._(
                    "%(clause)s: %(person)s may explain %(violation)s until %(until)s. It is "
                    "decided after that, or once it is explained.",
                    clause=self.clause_id._policy_citation(),
                    person=self.user_id.name,
                    violation=self.display_name,
                    until=moment_words(until, reader_zone(self.env.user, self.company_id)),
                )
            )
        return None

    def _policy_heard_until(self):
        """Return until when the person is still heard, or False."""
        if self.state != "open" or not self.user_id:
            return False
        clocks = self.policy_deadline_ids.filtered(
            lambda clock: clock.state == "open" and clock.rule_id.done_path == "explained_at"
        )
        return max(clocks.mapped("due_at"), default=False)

    def _policy_appeal_problem(self, user):
        if self.state != "upheld" or self.appealed_at:
            return self._policy_wrong_moment()
        if user != self.user_id:
            return AccessError(
                self.env._(
                    "%(violation)s: only the person concerned appeals.",
                    violation=self.display_name,
                )
            )
        if not self.appeal_until or fields.Datetime.now() > self.appeal_until:
            return UserError(
                self.env._("%(violation)s: the time for an appeal is over.",
                           violation=self.display_name)
            )  # fmt: skip
        return None

    def _policy_answer_problem(self, user):
        if self.state != "upheld" or not self.appealed_at or self.appeal_decided_at:
            return self._policy_wrong_moment()
        if user not in self._policy_next_level():
            return AccessError(
                self.env._(
                    "%(violation)s: an appeal is decided by the level above %(decider)s, never by "
                    "who decided first.",
                    violation=self.display_name,
                    decider=self.decided_by_id.name,
                )
            )
        return None

    def _policy_barred(self):
        """Return who never decides: the person, who reported it, who explained it."""
        return self.user_id | self.reporter_id | self.explained_by_id

    def _policy_may_decide(self, user):
        """Return whether ``user`` stands above: in the person's chain, or a manager of his place.

        Directors and the CEO stand above everybody of their company.
        """
        if user in self._policy_barred() or user.share or self.company_id not in user.company_ids:
            return False
        if user.has_group("crm_policy.group_director") or user.has_group("crm_policy.group_ceo"):
            return True
        if user.has_group("crm_policy.group_manager"):
            return self.department_id in user.policy_department_ids
        # A head of the organisation chart who holds no group of ours.
        place = (self.user_id.id, self.department_id.id)
        chains = self.env["crm.policy.ladder"]._policy_chains([place], self.company_id)
        return user.id in chains[place][0]

    def _policy_next_level(self):
        """Return who decides an appeal: those above the first decider, never himself.

        His own chain of managers; the directors and the CEO where he is none of them, the CEO and
        the other directors where he is.
        """
        first = self.decided_by_id
        place = (first.id, False)
        chains = self.env["crm.policy.ladder"]._policy_chains([place], self.company_id)
        users = self.env["res.users"].sudo().browse(filter(None, chains[place][0]))
        for name in ("director", "ceo"):
            users |= self.env.ref(f"crm_policy.group_{name}").sudo().all_user_ids
        users -= self._policy_barred() | first
        return users.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
