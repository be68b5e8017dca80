from odoo import models
from odoo.exceptions import UserError

OPEN = ("proposed", "opinion")


class CrmPolicyCaseDuplicateCosts(models.AbstractModel):
    """What a case that was entered twice has cost, and the sanctions proposed for it, go on in the
    case that it is merged into (CMP-DUP-01): there the loss is counted, shared and decided on.

    What is decided already stays where it was decided.
    """

    _name = "crm.policy.case.duplicate.costs"
    _description = "Loss and Sanctions of a Duplicate"

    def _policy_check_mergeable(self, into):
        result = super()._policy_check_mergeable(into)
        losses = self._policy_moving_losses()
        problem = losses and losses[0]._policy_merge_problem(into)
        if problem:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s has losses, which go on in %(into)s, and cannot now. "
                    "%(problem)s A supervisor reopens %(into)s, or strikes the losses out.",
                    clause=self._policy_merge_words(into),
                    case=self.display_name,
                    into=into.display_name,
                    problem=problem,
                )
            )
        return result

    def _policy_merge(self, into, reason):
        result = super()._policy_merge(into, reason)
        losses = self._policy_moving_losses()
        sanctions = self.policy_sanction_ids.filtered(lambda line: line.state in OPEN)
        if not losses and not sanctions:
            return result
        losses._policy_move_to(into)
        sanctions._policy_move_to(into)
        (self | into)._policy_sum_losses()
        into._policy_bring_about()
        self.env["crm.policy.event"]._policy_log(
            "case.costs_moved",
            self,
            {"into": into.id, "losses": losses.ids, "sanctions": sanctions.ids},
            clause=self._policy_duplicate_clause(),
        )
        return result

    @staticmethod
    def _policy_merge_words(into):
        """Return the clause by which a decision on ``into`` stands; its version without one."""
        clause = into._policy_fact_clause("policy_decided_at") or into.policy_version_id
        is_clause = clause._name == "crm.policy.clause"
        return clause._policy_citation() if is_clause else clause.display_name

    def _policy_moving_losses(self):
        """Return the losses that the next decision would be about; as superuser."""
        return self.policy_loss_ids.filtered(lambda line: line.cycle == self.policy_cycle)
