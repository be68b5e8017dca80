from odoo import models
from odoo.exceptions import AccessError, UserError

# What a customer may want of an anomaly that has cost nothing.
NO_REMEDY = (False, "information")


class CrmPolicyCaseAnomaly(models.AbstractModel):
    """An anomaly without loss: a sheet on which the unit concerned improves (CMP-SCP-02).

    As soon as something is lost, or the customer asks for something, it is a complaint: it is
    converted, never closed as a sheet.
    """

    _name = "crm.policy.case.anomaly"
    _description = "Anomaly without Loss"

    # === BUSINESS METHODS === #

    def _policy_close_problems(self):
        problems = super()._policy_close_problems()
        case = self.sudo()
        why = case._policy_is_anomaly() and case._policy_complaint_after_all()
        return [*problems, why] if why else problems

    def _policy_is_anomaly(self):
        return self.sudo().policy_complaint_type_id.is_anomaly

    def _policy_complaint_after_all(self):
        """Return why an anomaly is a complaint by now, or None."""
        remedies = self.policy_remedy_ids.filtered(
            lambda remedy: remedy.policy_approval_state != "rejected"
        )
        lost = self._policy_loss() > 0
        asked = self.policy_claim_amount > 0 or self.policy_remedy_sought not in NO_REMEDY
        if not (lost or asked or remedies):
            return None
        return self.env._(
            "%(clause)s: an anomaly sheet is for what has cost nothing. %(why)s Convert it into a "
            "complaint.",
            clause=self._policy_fact_clause("policy_closed_at")._policy_citation(),
            why=self.env._("There is a loss.")
            if lost
            else self.env._("The customer asks for something, or is granted it."),
        )

    # === THE SHEET === #

    def _policy_anomaly_sheets(self):
        """Return the cases as a sheet prints them (E.3, FRM-03).

        :raises AccessError: for customers: it is a paper of the house.
        :raises UserError: one of them is no anomaly.
        """
        if self.env.user.share:
            raise AccessError(self.env._("The anomaly sheet never leaves the house."))
        self.check_access("read")
        for case in self:
            if not case._policy_is_anomaly():
                raise UserError(
                    self.env._(
                        "%(case)s is no anomaly without loss: it has no anomaly sheet.",
                        case=case.display_name,
                    )
                )
        return self

    def _policy_improvement_replies(self):
        """Return the answered opinions of the present cycle, in their order."""
        return self.policy_countersign_ids.filtered(
            lambda line: line.cycle == self.policy_cycle and line.policy_answered_at
        ).sorted("policy_answered_at")
