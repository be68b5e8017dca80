from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.zones import local_day

NUMBERS = "IP-YYYY-NNNN"
# The parameter that says after how many months an effect is checked (IMP-04).
MONTHS = "effect_evaluation_months"


class CrmPolicyImprovementSource(models.AbstractModel):
    """How an improvement plan comes about: by hand, by the settlement of a case, by a new loop."""

    _name = "crm.policy.improvement.source"
    _description = "Source of Improvement Plans"

    @api.model
    def _policy_version_for(self, company, case):
        """Return the version that governs a plan: the case's, where it knows such plans.

        Otherwise the one in force that has a route for them; without any the case's all the same,
        and whoever submits the plan is told.
        """
        routes = (
            self.env["crm.policy.route"]
            .sudo()
            .search([("model_name", "=", self._name), ("company_id", "=", company.id)])
        )
        own = case.sudo().policy_version_id
        if own in routes.version_id:
            return own
        active = routes.version_id.filtered(
            lambda version: version.state == "effective" and version.policy_id.active_in_company
        )
        return active[:1] or own

    @api.model
    def _policy_open(self, vals_list):
        """Number and store plans; the rights of the user count, or those of the superuser."""
        now = fields.Datetime.now()
        prepared = []
        for vals in vals_list:
            case = self._policy_given_case(vals)
            company = case.sudo().company_id or self.env.company
            # Whoever opens one at the same time waits here, and is repeated with fresh eyes.
            [number] = (
                self.env["crm.policy.counter"]
                .sudo()
                ._policy_reserve(company, NUMBERS, "year", local_day(now, company), 1)
            )
            version = self._policy_version_for(company, case)
            Parameter = self.env["crm.policy.parameter"]
            prepared.append(
                {
                    **vals,
                    "number": number,
                    "company_id": company.id,
                    "opened_at": now,
                    "policy_version_id": version.id,
                    "effect_months": int(Parameter._policy_value_under(version.id, MONTHS)),
                }
            )
        plans = self._policy_guarded_create(prepared)
        plans._policy_check_sources()
        for plan in plans.sudo():
            self.env["crm.policy.event"]._policy_log(
                "improvement.opened",
                plan,
                {"number": plan.number, "source": plan.source, "case": plan.ticket_id.id},
                clause=plan.policy_version_id,
            )
        plans.filtered("user_id")._policy_owner_changed()
        return plans

    @api.model
    def _policy_given_case(self, vals):
        """Return the case that a caller names, in his values or as their default."""
        case_id = vals.get("ticket_id", self.default_get(["ticket_id"]).get("ticket_id"))
        if case_id is None or case_id is False:
            return self.env["helpdesk.ticket"]
        if isinstance(case_id, bool) or not isinstance(case_id, int):
            raise ValidationError(self.env._("%(value)s is no case.", value=case_id))
        return self.env["helpdesk.ticket"].browse(case_id).exists()

    def _policy_source(self):
        """Return where the plan comes from; as superuser."""
        if self.previous_id:
            return self.previous_id.source
        if self.sanction_id:
            return "sanction"
        if self.ticket_id:
            return "conflict" if self.ticket_id.policy_kind == "conflict" else "complaint"
        return "manual"

    # === BY A CASE === #

    @api.model
    def _policy_track(self, cases):
        """Open the plan that a settled case asks for, once (CMP-IMP-02, CFL-RSP-01).

        What hinders it does not undo the settlement: the case says it.
        """
        for case in cases.sudo():
            plan = self._policy_case_plans(case)[-1:]
            if plan.action_ids.filtered(lambda action: action.kind == "rule"):
                continue
            if not plan and not self._policy_is_known_for(case):
                continue
            try:
                with self.env.cr.savepoint():
                    plan = plan or self.sudo()._policy_open([self._policy_tracked_values(case)])
                    self._policy_act_on_objective(plan, case)
            except UserError as error:
                case._message_log(body=str(error))

    @api.model
    def _policy_is_known_for(self, case):
        """Return whether some policy says how a plan of this case is approved."""
        version = self._policy_version_for(case.company_id, case)
        Route = self.env["crm.policy.route"]
        return bool(Route._policy_route_ids(version.id, self._name))

    @api.model
    def _policy_case_plans(self, case):
        """Return the plans that a case has, cancelled ones that it has asked for included."""
        return (
            self.sudo()
            .search([("ticket_id", "=", case.id), ("previous_id", "=", False)])
            .filtered(lambda plan: plan.is_tracked or not plan.cancelled_at)
        )

    @api.model
    def _policy_tracked_values(self, case):
        department = self._policy_responsible_department(case)
        return {
            "name": case.name,
            "problem": self._policy_problem_words(case),
            "ticket_id": case.id,
            # Not by a default of whoever settles, either.
            "sanction_id": False,
            "policy_department_id": department.id,
            "user_id": self._policy_head_of(department, case.company_id).id,
            "is_tracked": True,
            "root_cause": False,
            "budget": 0.0,
            "goal_ids": [],
            "action_ids": [],
        }

    @api.model
    def _policy_problem_words(self, case):
        """Return what the case says of the problem: its title, product and quantities."""
        parts = [case.name]
        for name in ("policy_item_ref", "policy_order_ref", "policy_lot_ref"):
            if case[name]:
                parts.append(f"{case._policy_label(name)}: {case[name]}")
        if case.policy_defective_quantity:
            label = case._policy_label("policy_defective_quantity")
            parts.append(f"{label}: {case.policy_defective_quantity:g}")
        return "\n".join(part for part in parts if part)

    @api.model
    def _policy_responsible_department(self, case):
        """Return the department with the largest share; the case's own where no share names one."""
        parts = {}
        for line in case._policy_present_shares().sorted(lambda line: (line.sequence, line.id)):
            department = line.department_id or line.employee_id.department_id
            if department:
                parts[department] = parts.get(department, 0.0) + line.share
        return max(parts, key=parts.get) if parts else case.policy_department_id

    @api.model
    def _policy_head_of(self, department, company):
        """Return who heads a department, or the next one above it that has somebody."""
        while department:
            head = department.manager_id.user_id
            if head.active and company in head.company_ids:
                return head
            department = department.parent_id
        return self.env["res.users"]

    @api.model
    def _policy_act_on_objective(self, plan, case):
        """Add an action for the owner of each process that was at fault itself (CFL-RSP-01)."""
        lines = self._policy_objective_shares(case)
        vals_list = []
        for line in lines:
            department = line.department_id or line.employee_id.department_id
            vals_list.append(
                {
                    "improvement_id": plan.id,
                    "name": self.env._(
                        "Missing rule or faulty process: %(party)s",
                        party=department.name or line._policy_party_name(),
                    ),
                    "kind": "rule",
                    "department_id": department.id,
                    "user_id": self._policy_head_of(department, case.company_id).id,
                }
            )
        self.env["crm.policy.improvement.action"].sudo().create(vals_list)

    @api.model
    def _policy_objective_shares(self, case):
        return case._policy_present_shares().filtered(
            lambda line: line.fault_type == "objective" and line.party in ("department", "employee")
        )
