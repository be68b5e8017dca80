from odoo import api, fields, models
from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal
from ...words import list_words
from .case_handover import HANDED
from .complaint_mixin import WINDOW

RULING = "transfer"
# The number of the policy that says whether a hand-over waits for an approval.
OPTION = "transfer_requires_gm"


class CrmPolicyCaseTransfer(models.AbstractModel):
    """A hand-over that is approved first (AUT-MAT-06; 002 篇六 4.2.2.2 5).

    What cannot be answered at once is put to the general manager; with his signature the case is
    given to who was named, and only then is he told. A policy without the option hands over as it
    always did.
    """

    _name = "crm.policy.case.transfer"
    _description = "Case Handed Over after Approval"

    policy_asks_transfer = fields.Boolean(
        compute="_compute_policy_asks_transfer", groups="base.group_user"
    )

    @api.depends("policy_version_id")
    def _compute_policy_asks_transfer(self):
        """Whether the hand-over of the case has to be approved first."""
        for case in self:
            case.policy_asks_transfer = bool(case.sudo()._policy_number_of(OPTION))

    @api.depends("policy_ruling_ids.policy_approval_state")
    @api.depends_context("uid")
    def _compute_policy_next_action(self):
        return super()._compute_policy_next_action()

    # === ACTION METHODS === #

    def action_policy_ask_transfer(self, user_id=None, text=None):
        """Ask for the approval to hand the case over; approved, it is handed over by itself.

        :param int user_id: who gets it; None where only one person can.
        :param str text: what goes with it, and why it cannot be answered at once; required.
        :raises ValidationError: the case goes to nobody of that name, or the text is missing.
        :raises UserError: its policy asks for no approval, it is asked for, or too early.
        """
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        text = self._policy_text(
            text, self.env._("Write down why it cannot be answered at once, and what goes with it.")
        )
        for case in self:
            stored = case.sudo()
            stored._policy_check_transferable()
            if not stored._policy_number_of(OPTION):
                raise UserError(
                    self.env._(
                        "%(clause)s: %(case)s is handed over without an approval.",
                        clause=stored._policy_handover_clause(),
                        case=case.display_name,
                    )
                )
            receiver = stored._policy_receiver(user_id)
            stored._policy_ask_ruling(RULING, 0.0, text, receiver_id=receiver.id)
        return True

    def action_policy_hand_over(self, user_id=None, text=None):
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        for case in self:
            case.sudo()._policy_refuse_unapproved()
        return super().action_policy_hand_over(user_id, text)

    # === BUSINESS METHODS === #

    def _policy_refuse_unapproved(self):
        """Refuse a hand-over that has to be approved first; approved, it happens by itself."""
        self.ensure_one()
        # What is too early or done is said first.
        if not self._policy_number_of(OPTION) or not self._policy_milestone(HANDED):
            return
        self._policy_check_transferable()
        pending = self._policy_rulings(RULING, ("pending",))
        words = {"clause": self._policy_handover_clause(), "case": self.display_name}
        if pending:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s is handed over to %(receiver)s once it is approved. It "
                    "waits for: %(users)s.",
                    receiver=pending.receiver_id.name,
                    users=list_words(
                        self.env, pending.policy_approval_id.eligible_user_ids.mapped("name")
                    )
                    or "-",
                    **words,
                )
            )
        route = self.env["crm.policy.route"]._policy_route_for(
            self.policy_version_id, "crm.policy.ruling", RULING
        )
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: what cannot be answered at once is handed over after an approval; "
                "%(case)s has none. It is decided by: %(roles)s.",
                roles=list_words(self.env, route.step_ids.role_id.mapped("name")) or "-",
                **words,
            ),
            action={
                **self.env["ir.actions.actions"]._for_xml_id("crm_policy.route_turn_action"),
                "context": {"default_turn": "hand_over", "default_ticket_id": self.id},
            },
            button=self.env._("Submit for Approval"),
        )

    def _policy_ruled_transfer(self):
        """Give the cases to who was named in the request, in the name of who has asked."""
        for case in self:
            ruling = case._policy_rulings(RULING, ("approved",))[-1:]
            case._policy_check_transferable()
            receiver = case._policy_receiver(ruling.receiver_id.id)
            giver = ruling.policy_approval_id.requester_id
            case._policy_give("transfer", receiver, ruling.text, giver, ruling_id=ruling.id)

    # === THE COURSE === #

    def _policy_action_of(self, fact):
        action = super()._policy_action_of(fact)
        if action == "hand_over" and self._policy_rulings(RULING, ("pending",)):
            return "ruling"
        return action
