from odoo import api, fields, models
from odoo.exceptions import UserError

from .complaint_mixin import WINDOW

# From this severity on Legal looks at how a case is treated (CMP-LGL-01, Correction 7).
SEVERE = ("major", "crisis")


class CrmPolicyCaseLegal(models.AbstractModel):
    """A case whose treatment Legal looks at: no illegal means, nobody's rights hurt (CMP-LGL-01).

    The review is a ruling of its own: approved it has passed, rejected it is an objection, and the
    case goes back to who treats it.
    """

    _name = "crm.policy.case.legal"
    _description = "Case before Legal"

    policy_legal_state = fields.Selection(
        [
            ("needed", "To Be Asked For"),
            ("pending", "Under Review"),
            ("passed", "Passed"),
            ("objection", "Objection"),
        ],
        string="Legal Review",
        compute="_compute_policy_legal_state",
        help="Empty: none is needed.",
    )

    @api.depends(
        "policy_severity",
        "policy_cycle",
        "policy_ruling_ids.policy_approval_state",
        "policy_mediation_ids.method",
    )
    def _compute_policy_legal_state(self):
        states = {"pending": "pending", "approved": "passed", "rejected": "objection"}
        for case in self:
            asked = case._policy_rulings("legal", tuple(states))[-1:]
            if asked:
                case.policy_legal_state = states[asked.policy_approval_state]
            else:
                knows = "legal" in (case.policy_ruling_kinds or "").split(",")
                needed = knows and case._policy_needs_legal()
                case.policy_legal_state = "needed" if needed else False

    # === ACTION METHODS === #

    def action_policy_ask_legal(self, text=None):
        """Ask Legal whether the case may be treated in this way (CMP-LGL-01, CFL-LGL-01).

        :param str text: what is to be done.
        :raises UserError: it is settled, or Legal is being asked already.
        """
        self.ensure_one()
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        text = self._policy_text(text, self.env._("Write down what Legal is to look at."))
        case = self.sudo()
        if case.policy_settled_at or case.policy_decided_at or case.policy_outcome:
            raise UserError(self.env._("%(case)s is decided.", case=self.display_name))
        if case._policy_is_missing("policy_accepted_at"):
            raise UserError(self.env._("%(case)s is accepted first.", case=self.display_name))
        case._policy_ask_ruling("legal", 0.0, text)
        return True

    # === BUSINESS METHODS === #

    def _policy_needs_legal(self):
        """Return whether Legal looks at the treatment of the case before it counts."""
        return self.policy_severity in SEVERE or "arbitration" in (
            self.policy_mediation_ids.filtered(
                lambda round_: round_.cycle == self.policy_cycle
            ).mapped("method")
        )

    @api.model
    def _policy_needs(self):
        return super()._policy_needs() | {"legal": "_policy_need_legal"}

    def _policy_need_legal(self):
        return self._policy_missing_legal() if self._policy_needs_legal() else []

    def _policy_missing_legal(self):
        """Return what is missing of the review of Legal, whether the case needs one or not.

        :rtype: list[str]
        """
        last = self._policy_rulings("legal", ("pending", "approved", "rejected"))[-1:]
        state = last.policy_approval_state
        if state == "approved":
            return []
        if state == "rejected":
            objection = last.policy_approval_id.decision_ids[-1:].comment or ""
            return [self.env._("another review of Legal, which objects: %(text)s", text=objection)]
        if state == "pending":
            return [self.env._("the end of the review by Legal")]
        return [self.env._("the review by Legal")]

    def _policy_ruled_legal(self):
        """Nothing more waits for Legal."""
        self._policy_bring_about()
