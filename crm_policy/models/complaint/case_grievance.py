from odoo import api, fields, models
from odoo.exceptions import UserError

ANSWERED = "policy_responded_at"
UNKNOWN = "policy_unknown"
FINE = "grievance_unknown"


class CrmPolicyCaseGrievance(models.AbstractModel):
    """A grievance: answered at once; and where the customer did not know our policy, somebody is
    asked who should have told him (CMP-RTE-01, CMP-RTE-02, RWD-FIN-01)."""

    _name = "crm.policy.case.grievance"
    _description = "Grievance of a Customer"

    policy_grievance_reason = fields.Selection(
        [(UNKNOWN, "Policy Not Known or Misunderstood"), ("other", "Another Reason")],
        string="Reason of the Grievance",
        copy=False,
        tracking=True,
        groups="base.group_user",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        if "policy_grievance_reason" in vals:
            for case in self.sudo():
                changed = vals["policy_grievance_reason"] != case.policy_grievance_reason
                if case[ANSWERED] and changed and case.policy_grievance_reason:
                    raise UserError(
                        self.env._(
                            "%(case)s is answered: %(field)s stays as it is.",
                            case=case.display_name,
                            field=case._policy_label("policy_grievance_reason"),
                        )
                    )
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _policy_needs(self):
        return {
            **super()._policy_needs(),
            "answer": "_policy_need_answer",
            "grievance": "_policy_need_grievance",
        }

    def _policy_need_answer(self):
        return [] if (self.policy_response_text or "").strip() else [
            self._policy_label("policy_response_text")
        ]  # fmt: skip

    def _policy_need_grievance(self):
        return self._policy_lacking("policy_grievance_reason")

    def _policy_if_policy_unknown(self):
        """Return whether somebody is asked who should have told the customer (CMP-RTE-02)."""
        return self.policy_grievance_reason == UNKNOWN

    def _policy_set_fact(self, name, at=None, reason=None):
        result = super()._policy_set_fact(name, at, reason)
        if name == ANSWERED:
            self._policy_propose_fines()
        return result

    def _policy_propose_fines(self):
        """Propose what a customer's ignorance costs his sales manager; once per case (RWD-FIN-01).

        Whoever asks again gets what is there.

        :return: the sanctions, as superuser.
        """
        Sanction = self.env["crm.policy.sanction"]
        Rule = self.env["crm.policy.sanction.rule"]
        sanctions = Sanction.sudo()
        for case in self.sudo():
            known = case.policy_kind and case.policy_grievance_reason == UNKNOWN
            if not known or not case[ANSWERED] or not case.policy_needs_reason:
                continue
            rule = Rule._policy_rules_of(case.policy_version_id, FINE)[:1]
            partner = case.partner_id
            person = partner.user_id or partner.commercial_partner_id.user_id
            if not rule or not person:
                continue
            sanction = Sanction._policy_propose(rule, person, case)
            sanction._policy_send_round()
            sanctions |= sanction
        return sanctions

    def _policy_close_problems(self):
        """Keep a grievance open until it is decided who should have told the customer (RTE-02)."""
        problems = super()._policy_close_problems()
        if not self.policy_needs_reason or self.policy_grievance_reason != UNKNOWN:
            return problems
        Step = self.env["crm.policy.countersign.step"]
        asked = self._policy_asked()
        for step in Step._policy_steps_of(self).filtered(lambda step: step.condition == UNKNOWN):
            if step.code not in asked or not asked[step.code].policy_answered_at:
                problems = [
                    *problems,
                    self.env._(
                        "%(clause)s: %(step)s is not decided.",
                        clause=step.clause_id._policy_citation(),
                        step=step.name,
                    ),
                ]
        return problems
