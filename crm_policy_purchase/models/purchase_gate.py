from odoo import models

from odoo.addons.crm_policy.exceptions import PolicyRefusal
from odoo.addons.crm_policy.words import list_words


class CrmPolicyPurchaseGate(models.AbstractModel):
    """No order is confirmed before the signatures that the policy in force wants."""

    _name = "crm.policy.purchase.gate"
    _description = "Purchase That Waits for Its Signatures"
    _inherit = ["crm.policy.purchase.document"]

    def _policy_check_signed(self):
        """Refuse to confirm what the policy in force wants signed, and is not; on trial, say so."""
        self._policy_refuse_unsigned()
        for order in self._policy_unsigned("trial"):
            order._policy_note_trial(order._policy_route().clause_id)

    def _policy_unsigned(self, enforcement):
        """Return those that a version of that ``enforcement`` wants signed, and are not."""
        return self.sudo().filtered(
            lambda order: (
                order._policy_route().version_id.enforcement == enforcement
                and not order._policy_is_signed()
            )
        )

    def _policy_refuse_unsigned(self):
        """Refuse to confirm what the policy in force wants signed, and is not.

        :raises PolicyRefusal: with clause, amount, who signs, and the button that asks for it.
        """
        unsigned = self._policy_unsigned("enforced")
        if not unsigned:
            return
        words = [order._policy_unsigned_words() for order in unsigned]
        asked = unsigned.filtered(lambda order: order.policy_approval_state == "pending")
        if asked == unsigned:
            raise PolicyRefusal("\n".join(words))
        raise PolicyRefusal(
            "\n".join(words),
            action={
                **self.env["ir.actions.actions"]._for_xml_id(
                    "crm_policy_purchase.purchase_order_submit_action"
                ),
                "context": {
                    "active_model": self._name,
                    "active_id": (unsigned - asked)[:1].id,
                    "active_ids": (unsigned - asked).ids,
                },
            },
            button=self.env._("Submit for Approval"),
        )

    def _policy_is_signed(self):
        """Return whether the signatures are there, and for these values."""
        if not self._policy_may_execute():
            return False
        return self._policy_by_emergency() or self._policy_is_as_asked()

    def _policy_note_trial(self, clause):
        """Say what would have been refused: the policy is on trial and warns only."""
        self.env["crm.policy.event"]._policy_log("purchase.unsigned", self, clause=clause)
        for order in self:
            order._message_log(
                body=self.env._(
                    "%(clause)s, on trial: this order lacks the signatures that it will need.",
                    clause=clause._policy_citation(),
                )
            )

    def _policy_unsigned_words(self):
        """Return the sentence of the refusal for one order."""
        approval, route = self.policy_approval_id, self._policy_route()
        told = {
            "clause": route.clause_id._policy_citation(),
            "order": self.name,
            "amount": self.currency_id.format(self._policy_approval_amount()),
        }
        if self.policy_approval_state == "pending":
            step = approval.step_ids.filtered(lambda line: line.state == "pending")[:1]
            return self.env._(
                "%(clause)s: %(order)s over %(amount)s is confirmed once it is signed. Next: "
                "%(role)s (%(people)s).",
                **told,
                role=step.display_name or "",
                people=list_words(self.env, approval.eligible_user_ids.mapped("name")),
            )
        if self.policy_approval_state == "rejected":
            decision = self._policy_deciding_request().decision_ids[-1:]
            return self.env._(
                "%(clause)s: %(order)s over %(amount)s was rejected by %(user)s: %(comment)s "
                "Change it and submit it again.",
                **told,
                user=decision._policy_signer_words(),
                comment=decision.comment or "",
            )
        _clause, steps = self._policy_plan_steps(route)
        return self.env._(
            "%(clause)s: %(order)s over %(amount)s is confirmed once it is signed by %(posts)s. "
            "First: %(people)s.",
            **told,
            posts=" → ".join(step.role.name or step.team.name for step in steps),
            people=list_words(self.env, self._policy_first_signers(route, steps[0]).mapped("name"))
            or self.env._("nobody yet"),
        )

    def _policy_first_signers(self, route, step):
        """Return who could sign first if the current user asked for it now."""
        Approval, nobody = self.env["crm.policy.approval"].sudo(), self.env["res.users"]
        amount = self._policy_approval_amount()
        place = Approval._policy_place_for(
            self, route, self.env.user, amount, step.role, step.team, nobody
        )
        return Approval._policy_can_now(*Approval._policy_seats([place]))
