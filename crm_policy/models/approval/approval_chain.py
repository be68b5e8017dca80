from odoo import api, fields, models
from odoo.fields import Domain

from ...words import list_words


class CrmPolicyApprovalChain(models.AbstractModel):
    """The chain of signatures as people see it: who has signed, who is asked, who comes next."""

    _name = "crm.policy.approval.chain"
    _description = "Chain of a Request"

    chain = fields.Json(string="Approval Chain", compute="_compute_chain")
    waiting_for = fields.Char(
        compute="_compute_waiting_for", help="Who is asked to decide now, by name or by role."
    )
    waiting_since = fields.Datetime(compute="_compute_waiting_for", search="_search_waiting_since")

    # === COMPUTE METHODS === #

    @api.depends("step_ids.state", "step_ids.opened_at", "eligible_user_ids", "state")
    @api.depends_context("lang")
    def _compute_waiting_for(self):
        turn = self._policy_steps()
        for approval in self.sudo():
            step = turn.get(approval, approval.step_ids.browse())
            names = approval.eligible_user_ids.mapped("name")
            approval.waiting_since = step.opened_at
            # Three names are read at a glance; of a pool its name says more.
            approval.waiting_for = (
                list_words(self.env, names) if len(names) <= 3 else step._policy_place_name()
            )

    def _search_waiting_since(self, operator, value):
        steps = Domain("state", "=", "pending") & Domain("opened_at", operator, value)
        return Domain("step_ids", "any!", steps)

    @api.depends("step_ids", "decision_ids", "state", "eligible_user_ids")
    @api.depends_context("uid", "lang")
    def _compute_chain(self):
        for approval in self:
            told = approval.sudo()
            approval.chain = {
                "id": approval.id,
                "state": told.state,
                "end": dict(self._fields["state"]._description_selection(self.env))[told.state],
                "ended_at": fields.Datetime.to_string(told.decided_at) or False,
                "requester": told.requester_id.name,
                "requested_at": fields.Datetime.to_string(told.requested_at),
                "steps": [step._policy_link() for step in told.step_ids],
                "turns": approval._policy_turns(),
            }

    # === BUSINESS METHODS === #

    def _policy_turns(self):
        """Return the codes of what the user may do with the request now.

        Each is checked again when it is done: this is for the menu only.
        """
        self.ensure_one()
        turns = []
        if self.can_decide:
            turns += ["approve", "reject", "return", "forward", "add"]
            # Of those who sign together nobody hands his voice over.
            if self._policy_steps()[self.sudo()].mode != "any":
                turns.remove("forward")
        if self.state == "pending" and self.is_mine:
            turns += ["recall", "remind"]
        if self.state == "pending" and turns:
            turns.append("copy")
        return turns
