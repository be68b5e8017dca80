from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import ENDED_OUTCOMES

ASKERS = ("crm_policy.group_supervisor",)


class CrmPolicyCaseCountersign(models.AbstractModel):
    """A case on which departments are asked, in the order of its policy (CMP-FLOW-02)."""

    _name = "crm.policy.case.countersign"
    _description = "Case with Opinions of Departments"

    policy_countersign_ids = fields.One2many(
        "crm.policy.countersign", "ticket_id", string="Opinions", readonly=True, copy=False
    )
    policy_repair_delivery_at = fields.Datetime(
        string="Delivery of the Repaired Goods",
        copy=False,
        tracking=True,
        help="As agreed, then as it was: the callback follows from it.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("policy_repair_delivery_at")
    def _check_policy_repair_delivery(self):
        # No step records it: somebody types it, and clocks start from it.
        for case in self.filtered("policy_repair_delivery_at"):
            name = "policy_repair_delivery_at"
            case._policy_moment(name, case[name], datetime.max)

    # === ACTION METHODS === #

    def action_policy_ask(self, step=None, at=None, reason=None):
        """Ask a department for its opinion: its clock starts.

        :param str step: code of a step of the case's policy.
        :raises ValidationError: the policy has no such step for cases of this type.
        :raises UserError: asked already, out of order, or nobody holds the role.
        """
        self._policy_check_actor(ASKERS)
        self._policy_check_governed()
        for case in self:
            if case.policy_closed_at or case.policy_outcome in ENDED_OUTCOMES:
                raise UserError(self.env._("%(case)s is ended.", case=case.display_name))
            steps = self.env["crm.policy.countersign.step"]._policy_steps_of(case)
            wanted = steps.filtered(lambda line: line.code == step)
            if not wanted:
                raise ValidationError(
                    self.env._(
                        "%(version)s asks nobody under %(step)s for such a case.",
                        version=case.policy_version_id.sudo().display_name,
                        step=step or "-",
                    )
                )
            case.sudo()._policy_check_askable(wanted, steps)
            case.sudo()._policy_ask(wanted, at, reason)
        return True

    # === BUSINESS METHODS === #

    def _policy_asked(self):
        """Return {step code: opinion} of the present cycle."""
        return {
            line.step_code: line
            for line in self.sudo().policy_countersign_ids
            if line.cycle == self.policy_cycle
        }

    def _policy_waits_for(self, step, steps):
        """Return the steps that have to be answered before ``step`` and are not."""
        asked = self._policy_asked()
        before = steps.filtered(lambda line: line.code in step._policy_after())
        return before.filtered(
            lambda line: (
                not asked[line.code].policy_answered_at if line.code in asked else not line.optional
            )
        )

    def _policy_askable(self):
        """Return the steps whose turn it is."""
        self.ensure_one()
        steps = self.env["crm.policy.countersign.step"]._policy_steps_of(self)
        asked = self._policy_asked()
        return steps.filtered(
            lambda step: step.code not in asked and not self._policy_waits_for(step, steps)
        )

    def _policy_check_askable(self, step, steps):
        if step.code in self._policy_asked():
            raise UserError(
                self.env._(
                    "%(clause)s: %(step)s is asked already.",
                    clause=step.clause_id._policy_citation(),
                    step=step.name,
                )
            )
        missing = self._policy_waits_for(step, steps)
        if missing:
            raise UserError(
                self.env._(
                    "%(clause)s: before %(step)s comes: %(missing)s.",
                    clause=step.clause_id._policy_citation(),
                    step=step.name,
                    missing=", ".join(missing.mapped("name")),
                )
            )

    def _policy_ask(self, step, at, reason):
        holders = step.role_id._users_for(self)[self.id]
        if not holders:
            raise UserError(
                self.env._(
                    "%(clause)s: nobody holds the role %(role)s. Appoint somebody under "
                    "Organisation, Posts.",
                    clause=step.clause_id._policy_citation(),
                    role=step.role_id.name,
                )
            )
        department = (
            step.role_id.department_id
            or holders[:1].with_company(self.company_id).employee_id.department_id
            or self.policy_department_id
        )
        [opinion] = self.env["crm.policy.countersign"]._policy_guarded_create(
            [
                {
                    "ticket_id": self.id,
                    "step_id": step.id,
                    "step_code": step.code,
                    "role_id": step.role_id.id,
                    "department_id": department.id,
                    "cycle": self.policy_cycle,
                    "policy_version_id": self.policy_version_id.id,
                }
            ]
        )
        opinion._policy_set_fact("policy_asked_at", at, reason)
        self.env["crm.policy.case.access"]._policy_grant(self, holders, "countersign")
