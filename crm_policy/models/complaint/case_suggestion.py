from odoo import api, fields, models
from odoo.exceptions import UserError

VALUABLE = "valuable"
RULING = "suggestion"


class CrmPolicyCaseSuggestion(models.AbstractModel):
    """A suggestion: a valuable one is studied and carried out after approval; of any other the
    customer is told so politely (CMP-RTE-03)."""

    _name = "crm.policy.case.suggestion"
    _description = "Suggestion of a Customer"

    policy_suggestion_value = fields.Selection(
        [(VALUABLE, "Valuable"), ("declined", "Not Valuable: Declined Politely")],
        string="Suggestion",
        copy=False,
        tracking=True,
        groups="base.group_user",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        if "policy_suggestion_value" not in vals:
            return super().write(vals)
        value = vals["policy_suggestion_value"]
        for case in self.sudo():
            studied = [line for line in case._policy_studies() if line.policy_asked_at]
            if studied and value != case.policy_suggestion_value:
                raise UserError(
                    self.env._(
                        "%(case)s: the suggestion is being studied. That it is not valuable is "
                        "for %(role)s to say.",
                        case=case.display_name,
                        role=studied[0].role_id.name,
                    )
                )
        result = super().write(vals)
        for case in self.sudo():
            if case.policy_accepted_at and case.policy_needs_value:
                case._policy_ask_started("accepted")
        return result

    # === BUSINESS METHODS === #

    def _policy_studies(self):
        """Return the opinions on the worth of a suggestion in the present cycle."""
        return [
            line for line in self._policy_asked().values() if line.step_id.condition == VALUABLE
        ]

    @api.model
    def _policy_needs(self):
        return {**super()._policy_needs(), RULING: "_policy_need_suggestion"}

    def _policy_need_suggestion(self):
        """Return what is missing before the customer is answered: its worth, study, decision."""
        if not self.policy_suggestion_value:
            return [self._policy_label("policy_suggestion_value")]
        if self.policy_suggestion_value != VALUABLE:
            return []
        studies = self._policy_studies()
        if not studies or not all(line.policy_answered_at for line in studies):
            return [self.env._("the study of the suggestion")]
        decided = self._policy_rulings(RULING, ("approved", "rejected"))
        return [] if decided else [self.env._("the decision on the suggestion")]

    def _policy_if_valuable(self):
        """Return whether the suggestion is studied (CMP-RTE-03)."""
        return self.policy_suggestion_value == VALUABLE

    def _policy_ask_next(self, answered):
        result = super()._policy_ask_next(answered)
        studied = answered.filtered(lambda line: line.step_id.condition == VALUABLE)
        if studied and not self._policy_rulings(RULING):
            self._policy_ask_ruling(RULING, 0.0, studied[-1:].opinion)
        return result

    def _policy_ruled_suggestion(self):
        """Nothing follows by itself: the window answers the customer next."""
