from odoo import fields, models
from odoo.exceptions import UserError

from .complaint_mixin import RECHECKERS

RESULTS = [("ok", "In Order"), ("not_ok", "Not in Order")]


class CrmPolicyCaseRecheck(models.AbstractModel):
    """Another person than the handler looks at the handling before the case is closed.

    What is not in order is handled again: the case begins a new cycle (CMP-RSP-05).
    """

    _name = "crm.policy.case.recheck"
    _description = "Re-check of a Case"

    policy_recheck_result = fields.Selection(
        RESULTS, string="Re-check Result", readonly=True, copy=False
    )

    # === ACTION METHODS === #

    def action_policy_recheck(self, text=None, at=None, reason=None, result="ok"):
        """Record that another person has re-checked the handling (CMP-RSP-05).

        :param str text: what was checked and what came of it.
        :param str result: "ok" or "not_ok"; what is not in order begins anew.
        """
        vals = {"policy_recheck_text": text, "policy_recheck_result": result}
        for name, value in vals.items():
            self._policy_require(name, value)
        vals["policy_recheck_user_id"] = self.env.uid
        with self.env.cr.savepoint():
            done = self._policy_act("policy_rechecked_at", RECHECKERS, at, reason, vals)
            if result == "not_ok":
                self.env["crm.policy.event"]._policy_log(
                    "recheck.not_ok", self, clause=self.sudo().policy_version_id[:1]
                )
                self.sudo()._policy_reopen(
                    self.env._("The re-check by %(user)s found faults.", user=self.env.user.name)
                )
        return done

    # === BUSINESS METHODS === #

    def _policy_check_rechecked(self):
        user = self.env.user
        if user in self._policy_handlers() and not user._is_superuser():
            raise UserError(
                self.env._(
                    "%(case)s is re-checked by another person than its handler.",
                    case=self.display_name,
                )
            )

    def _policy_handlers(self):
        """Return the handler, and who told the customer: re-assigning the case changes nothing."""
        told = (
            self.env["crm.policy.event"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("type", "=", "fact.replied"),
                ]
            )
        )
        return self.user_id | self.env["res.users"].browse(told.mapped("actor_id"))
