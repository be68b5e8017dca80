from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...const import UNHEARD_OUTCOMES
from ...words import list_words
from .milestone import field_of

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

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "policy_department_id" in vals:
            # Another department may have another holder of a role that was asked.
            roles = self.sudo().policy_countersign_ids.role_id
            if roles:
                self.env["crm.policy.countersign"]._policy_keep_opened(roles, self)
        return result

    # === ACTION METHODS === #

    def action_policy_ask(self, step=None, at=None, reason=None):
        """Ask a department for its opinion: its clock starts.

        A step that only some cases need is put down before its turn, too: it is asked by itself
        when the departments before it have answered.

        :param str step: code of a step of the case's policy.
        :raises ValidationError: the policy has no such step for cases of this type.
        :raises UserError: asked already, out of order, or nobody holds the role.
        """
        self._policy_check_actor(ASKERS)
        self._policy_check_governed()
        for case in self:
            if case.policy_closed_at or case.policy_outcome in UNHEARD_OUTCOMES:
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
            case.sudo()._policy_check_askable(wanted, steps, may_wait=not at)
            if case.sudo()._policy_waits_for(wanted, steps):
                case.sudo()._policy_put_down(wanted)
            else:
                case.sudo()._policy_ask(wanted, at, reason)
        return True

    # === BUSINESS METHODS === #

    def _policy_breach_domain(self):
        # Departments that were late on the case say why before it is closed, too.
        opinions = self.sudo().policy_countersign_ids
        return super()._policy_breach_domain() | (
            Domain("res_model", "=", opinions._name) & Domain("res_id", "in", opinions.ids)
        )

    def _policy_asked(self):
        """Return {step code: opinion} of the present cycle."""
        return {
            line.step_code: line
            for line in self.sudo().policy_countersign_ids
            if line.cycle == self.policy_cycle
        }

    def _policy_fill_problems(self, section):
        """Return what is missing in a section that a department fills, a sentence each.

        :param str section: a code of :data:`crm_policy.const.SECTIONS`.
        :rtype: list[str]
        """
        return []

    def _policy_filled_by(self, user, section):
        """Return the cases in which a section is being filled by ``user``: his department is asked.

        Superuser only: he may see less than what he is asked about.
        """
        lines = self.policy_countersign_ids.filtered(
            lambda line: (
                line.policy_asked_at
                and not line.policy_answered_at
                and line.cycle == line.ticket_id.policy_cycle
                and any(
                    section in step._policy_fills()
                    for step in line.step_id | line.ticket_id._policy_merged_steps(line)
                )
            )
        )
        return lines.filtered(lambda line: user in line._policy_holders()).ticket_id

    def _policy_waits_for(self, step, steps):
        """Return the steps that have to be answered before ``step`` and are not."""
        asked = self._policy_asked()
        before = steps.filtered(lambda line: line.code in step._policy_after())
        return before.filtered(
            lambda line: (
                not asked[line.code].policy_answered_at if line.code in asked else not line.optional
            )
        )

    def _policy_has_turn(self, step, steps):
        """Return whether all that comes before ``step`` is there: opinions, and its fact."""
        begun = not step.starts or self[field_of(step.starts)]
        if step.condition and not getattr(self, f"_policy_if_{step.condition}")():
            return False
        return bool(begun) and not self._policy_waits_for(step, steps)

    def _policy_askable(self):
        """Return the steps whose turn it is, and those that can be put down for later."""
        self.ensure_one()
        steps = self.env["crm.policy.countersign.step"]._policy_steps_of(self)
        asked = self._policy_asked()
        ready = {step: self._policy_has_turn(step, steps) for step in steps}
        return steps.filtered(
            lambda step: (
                (step.optional or ready[step])
                if step.code not in asked
                else not asked[step.code].policy_asked_at and ready[step]
            )
        )

    def _policy_check_askable(self, step, steps, may_wait):
        line = self._policy_asked().get(step.code)
        missing = self._policy_waits_for(step, steps)
        if line and (line.policy_asked_at or missing):
            raise UserError(
                self.env._(
                    "%(clause)s: %(step)s is asked already.",
                    clause=step.clause_id._policy_citation(),
                    step=step.name,
                )
            )
        if step.starts and not self[field_of(step.starts)]:
            raise UserError(
                self.env._(
                    "%(clause)s: before %(step)s comes: %(missing)s.",
                    clause=step.clause_id._policy_citation(),
                    step=step.name,
                    missing=self._policy_label(field_of(step.starts)),
                )
            )
        if missing and not (step.optional and may_wait):
            raise UserError(
                self.env._(
                    "%(clause)s: before %(step)s comes: %(missing)s.",
                    clause=step.clause_id._policy_citation(),
                    step=step.name,
                    missing=list_words(self.env, missing.mapped("name")),
                )
            )

    def _policy_ask_next(self, answered):
        """Ask by themselves those whose turn has come with what was ``answered`` (CMP-FLOW-02).

        Who comes after nobody, or only where a case needs him, is asked by a supervisor.
        """
        self.ensure_one()
        steps = self.env["crm.policy.countersign.step"]._policy_steps_of(self)
        codes = set(answered.mapped("step_code"))
        following = steps.filtered(lambda step: codes.intersection(step._policy_after()))
        asked = self._policy_asked()
        for step in following:
            line = asked.get(step.code)
            if (line.policy_asked_at if line else step.optional) or not self._policy_has_turn(
                step, steps
            ):
                continue
            self._policy_ask_or_note(step)

    def _policy_set_fact(self, name, at=None, reason=None):
        result = super()._policy_set_fact(name, at, reason)
        for case in self.sudo():
            case._policy_ask_started(name.removeprefix("policy_").removesuffix("_at"))
        return result

    def _policy_reopen(self, reason):
        result = super()._policy_reopen(reason)
        for case in self.sudo():
            # What was said before the reopening does not answer for the time after it.
            Step = self.env["crm.policy.countersign.step"].sudo()
            for fact in Step._policy_starting_facts(case.policy_version_id.id):
                if case[field_of(fact)]:
                    case._policy_ask_started(fact)
        return result

    def _policy_ask_started(self, fact):
        """Ask by themselves those whose turn begins with a fact (CMP-FLOW-02)."""
        Step = self.env["crm.policy.countersign.step"].sudo()
        if fact not in Step._policy_starting_facts(self.policy_version_id.id):
            return
        steps = Step._policy_steps_of(self)
        asked = self._policy_asked()
        for step in steps.filtered(lambda step: step.starts == fact and step.code not in asked):
            if self._policy_has_turn(step, steps):
                self._policy_ask_or_note(step)

    def _policy_ask_or_note(self, step):
        """Ask a department; where nobody holds its role the case says so, and goes on."""
        if step.role_id._users_for(self)[self.id] - self.policy_accused_user_ids:
            self._policy_ask(step, None, None)
        else:
            # What was recorded stands; the case says who is missing.
            self._message_log(body=self._policy_no_holder(step))

    def _policy_no_holder(self, step):
        return self.env._(
            "%(clause)s: nobody holds the role %(role)s. Appoint somebody under "
            "Organisation, Posts.",
            clause=step.clause_id._policy_citation(),
            role=step.role_id.name,
        )

    def _policy_put_down(self, step):
        """Return the line of a step in the present cycle; a new one waits for its turn."""
        line = self._policy_asked().get(step.code)
        if line:
            return line
        holders = step.role_id._users_for(self)[self.id]
        department = (
            step.role_id.department_id
            or holders[:1].with_company(self.company_id).employee_id.department_id
            or self.policy_department_id
        )
        [line] = self.env["crm.policy.countersign"]._policy_guarded_create(
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
        return line

    def _policy_ask(self, step, at, reason):
        if not step.role_id._users_for(self)[self.id] - self.policy_accused_user_ids:
            raise UserError(self._policy_no_holder(step))
        self._policy_put_down(step)._policy_set_fact("policy_asked_at", at, reason)
        self.env["crm.policy.countersign"]._policy_keep_opened(step.role_id, self)
