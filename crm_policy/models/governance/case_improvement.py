from odoo import api, fields, models

from ...const import UNHEARD_OUTCOMES

# What says that a case is settled and its improvement tracked; who was at fault in a conflict is
# judged after its settlement.
ASKING = frozenset({"policy_settled_at", "policy_tracking", "policy_decided_at"})


class CrmPolicyCaseImprovement(models.AbstractModel):
    """A case whose settlement asks for an improvement plan (CMP-IMP-02).

    The case itself goes on and is closed; the plan stays open until its effect is checked
    (CMP-IMP-01).
    """

    _name = "crm.policy.case.improvement"
    _description = "Case with an Improvement Plan"

    # What this part needs of the others; their own definitions stay as they are.
    policy_tracking = fields.Boolean(string="Improvement Tracked")

    policy_improvement_ids = fields.One2many(
        "crm.policy.improvement",
        "ticket_id",
        string="Improvement Plans",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_improvement_count = fields.Integer(
        string="Number of Improvement Plans",
        compute="_compute_policy_improvement_count",
        groups="base.group_user",
    )

    @api.depends_context("uid")
    def _compute_policy_improvement_count(self):
        counts = dict(
            self.env["crm.policy.improvement"]._read_group(
                [("ticket_id", "in", self.ids)], ["ticket_id"], ["__count"]
            )
        )
        for case in self:
            case.policy_improvement_count = counts.get(case._origin, 0)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_improvement_ids"}

    def _policy_counts(self):
        counted = ("crm.policy.improvement", "ticket_id")
        return {**super()._policy_counts(), "policy_improvement_count": counted}

    def write(self, vals):
        result = super().write(vals)
        if ASKING.intersection(vals):
            self._policy_ask_improvement()
        return result

    def _policy_guarded_write(self, vals):
        result = super()._policy_guarded_write(vals)
        if ASKING.intersection(vals):
            self._policy_ask_improvement()
        return result

    # === ACTION METHODS === #

    def action_policy_open_improvement(self):
        """Open the plans of the case, or a new one for it."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id("crm_policy.improvement_action")
        plans = self.env["crm.policy.improvement"].search([("ticket_id", "=", self.id)])
        action["domain"] = [("ticket_id", "=", self.id)]
        action["context"] = {
            "default_ticket_id": self.id,
            "default_name": self.name,
            "default_policy_department_id": self.policy_department_id.id,
        }
        if len(plans) < 2:
            form = self.env.ref("crm_policy.improvement_view_form").id
            action |= {"res_id": plans.id, "view_mode": "form", "views": [(form, "form")]}
        return action

    # === BUSINESS METHODS === #

    def _policy_ask_improvement(self):
        """Open the plans of those that are settled and ask for one."""
        cases = self.sudo().filtered(lambda case: case._policy_wants_improvement())
        if cases:
            self.env["crm.policy.improvement"]._policy_track(cases)

    def _policy_wants_improvement(self):
        """Return whether the case is settled and tracked, or a process was at fault itself."""
        if not self.policy_settled_at or self.policy_outcome in UNHEARD_OUTCOMES:
            return False
        Plan = self.env["crm.policy.improvement"]
        return self.policy_tracking or (
            self.policy_kind == "conflict" and bool(Plan._policy_objective_shares(self))
        )
