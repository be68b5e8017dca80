from odoo import fields, models
from odoo.exceptions import AccessError, UserError

EXECUTORS = ("hr", "finance", "director", "ceo")
TOP = ("director", "ceo")


class CrmPolicySanctionRight(models.AbstractModel):
    """Who may take which step of a sanction, and when; read as superuser."""

    _name = "crm.policy.sanction.right"
    _description = "Rights on Sanctions"

    # Each returns why ``user`` may not take the step now, None where he may.

    def _policy_wrong_moment(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        return UserError(
            self.env._(
                "%(sanction)s: %(state)s. This step was taken or is not due.",
                sanction=self.display_name,
                state=states.get(self.state, ""),
            )
        )

    def _policy_execute_problem(self, user):
        if self.state in ("proposed", "opinion"):
            return UserError(
                self.env._(
                    "%(clause)s: %(sanction)s is carried out once the opinion is written and it "
                    "is approved.",
                    clause=self.clause_id._policy_citation(),
                    sanction=self.display_name,
                )
            )
        if self.state != "approved":
            return self._policy_wrong_moment()
        if self.appealed_at and not self.appeal_decided_at:
            return UserError(
                self.env._("%(sanction)s: the appeal is answered first.",
                           sanction=self.display_name)
            )  # fmt: skip
        if user in self._policy_concerned() or not self._policy_is_one_of(user, EXECUTORS):
            return AccessError(
                self.env._(
                    "%(sanction)s is carried out by Personnel, Finance or a director, never by "
                    "whom it concerns.",
                    sanction=self.display_name,
                )
            )
        return None

    def _policy_revoke_problem(self, user):
        if self.state in ("rejected", "revoked") or not self.id:
            return self._policy_wrong_moment()
        # What a rule proposes would never be proposed again.
        proposer = (
            self.state in ("proposed", "opinion") and not self.rule_id and user == self.create_uid
        )
        if user in self._policy_concerned() or not (proposer or self._policy_is_one_of(user, TOP)):
            return AccessError(
                self.env._(
                    "%(sanction)s: who has proposed it takes it back before it is decided; after "
                    "that, or what a rule proposes, a director revokes it, never whom it concerns.",
                    sanction=self.display_name,
                )
            )
        return None

    def _policy_appeal_problem(self, user):
        if self.state not in ("approved", "executed") or self.appealed_at:
            return self._policy_wrong_moment()
        if user not in self._policy_concerned():
            return AccessError(
                self.env._("%(sanction)s: only whom it concerns appeals.",
                           sanction=self.display_name)
            )  # fmt: skip
        if not self.appeal_until or fields.Datetime.now() > self.appeal_until:
            return UserError(
                self.env._("%(sanction)s: the time for an appeal is over.",
                           sanction=self.display_name)
            )  # fmt: skip
        return None

    def _policy_answer_problem(self, user):
        due = self.appealed_at and not self.appeal_decided_at
        if not due or self.state not in ("approved", "executed"):
            return self._policy_wrong_moment()
        if user not in self._policy_appeal_level():
            return AccessError(
                self.env._(
                    "%(sanction)s: an appeal is answered by a director or the CEO who did not "
                    "sign, neither by whom it concerns nor by who has proposed it.",
                    sanction=self.display_name,
                )
            )
        return None

    def _policy_concerned(self):
        """Return whom it concerns: the person, or the head of the department."""
        if self.department_id:
            return self.department_id.manager_id.user_id
        return self.user_id

    def _policy_is_one_of(self, user, groups):
        """Return whether ``user`` works for the company in one of these groups."""
        return self.company_id in user.company_ids and any(
            user.has_group(f"crm_policy.group_{name}") for name in groups
        )

    def _policy_appeal_level(self):
        """Return who answers an appeal: a director or the CEO, who has not signed it himself.

        Where all of them have, who is above everybody answers all the same: the CEO.
        """
        barred = self._policy_concerned() | self._policy_proposers()
        levels = {
            name: self.env.ref(f"crm_policy.group_{name}").sudo().all_user_ids.filtered(
                lambda user: user.active and not user.share and self.company_id in user.company_ids
            )
            - barred
            for name in TOP
        }  # fmt: skip
        everybody = levels["director"] | levels["ceo"]
        fresh = everybody - self.policy_approval_id.decision_ids.user_id
        return fresh or levels["ceo"] or everybody
