from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...tools.zones import company_zone, day_end


class CrmPolicyImprovementAction(models.Model):
    """What is done for an improvement: by which department and person, until when (IMP-03).

    Its clock runs from the start of the plan, or from when the action was added, until it is done
    with evidence.
    """

    _name = "crm.policy.improvement.action"
    _description = "Action of an Improvement Plan"
    _inherit = ["crm.policy.improvement.entry", "crm.policy.subject"]
    _order = "improvement_id, sequence, id"
    _check_company_auto = True
    _policy_clock_fields = ("cancelled_at",)
    _policy_signed = ("name", "kind", "department_id", "user_id", "due", "budget", "sequence")

    name = fields.Char(string="What Is Done", required=True)
    kind = fields.Selection(
        [
            ("correction", "Correction"),
            ("process", "Process"),
            ("rule", "Rule"),
            ("training", "Training"),
            ("technology", "Technology"),
            ("incentive", "Incentive"),
            ("monitoring", "Monitoring"),
        ],
        required=True,
        default="correction",
    )
    department_id = fields.Many2one(
        "hr.department", index="btree_not_null", ondelete="restrict", check_company=True
    )
    policy_department_id = fields.Many2one(related="department_id", string="Department in Charge")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    currency_id = fields.Many2one(related="improvement_id.currency_id")
    budget = fields.Monetary()
    due = fields.Date()
    due_at = fields.Datetime(string="End of the Day", compute="_compute_due_at", store=True)
    opened_at = fields.Datetime(readonly=True, copy=False)
    done_at = fields.Datetime(readonly=True, copy=False)
    done_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    evidence = fields.Text(readonly=True, copy=False)
    cancelled_at = fields.Datetime(readonly=True, copy=False)
    cancel_text = fields.Text(string="Why It Was Given Up", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("planned", "Not Started Yet"),
            ("open", "Open"),
            ("done", "Carried Out"),
            ("cancelled", "Given Up"),
        ],
        compute="_compute_state",
        store=True,
    )
    can_done = fields.Boolean(compute="_compute_can")
    can_give_up = fields.Boolean(compute="_compute_can")

    # === COMPUTE METHODS === #

    @api.depends("due", "company_id.resource_calendar_id.tz")
    def _compute_due_at(self):
        for action in self:
            zone = company_zone(action.company_id)
            action.due_at = action.due and day_end(action.due, zone)

    @api.depends("opened_at", "done_at", "cancelled_at")
    def _compute_state(self):
        for action in self:
            action.state = (
                (action.cancelled_at and "cancelled")
                or (action.done_at and "done")
                or (action.opened_at and "open")
                or "planned"
            )

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_can(self):
        user = self.env.user
        for action in self:
            stored = action.sudo()._origin
            is_open = stored.state == "open"
            action.can_done = is_open and user in stored._policy_doers()
            action.can_give_up = is_open and not (
                stored.improvement_id._policy_supervise_problem(user)
            )

    # === CRUD METHODS === #

    @api.model
    def _policy_running_domain(self):
        return Domain("cancelled_at", "=", False)

    def _policy_fact_fields(self):
        return frozenset({"opened_at", "done_at", "cancelled_at"})

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "company_id",
            "due_at",
            "opened_at",
            "done_at",
            "done_by_id",
            "evidence",
            "cancelled_at",
            "cancel_text",
            "state",
        }

    def _policy_new_lines(self, vals_list):
        now = fields.Datetime.now()
        plans = self.env["crm.policy.improvement"].sudo()
        prepared = []
        for vals in vals_list:
            plan = plans.browse(vals["improvement_id"]).exists()
            prepared.append(
                {
                    **vals,
                    "policy_version_id": plan.policy_version_id.id,
                    "opened_at": now if plan.state == "running" else False,
                }
            )
        return super()._policy_new_lines(prepared)

    def _policy_check_added(self):
        """Let actions be added until the last one is done, not while somebody signs the plan."""
        for plan in self.sudo().improvement_id:
            if plan.state not in ("approved", "running"):
                plan._policy_check_unlocked()
        vague = self.filtered(lambda line: line.opened_at and not (line.user_id and line.due))
        if vague:
            raise UserError(
                self.env._("%(action)s: say who does it until when.", action=vague[0].name)
            )

    # === ACTION METHODS === #

    def action_policy_done(self, evidence=None):
        """Record that an action is done, with what shows it.

        :raises AccessError: it is neither the user's own nor in a plan of his.
        """
        self.check_access("read")
        evidence = self._policy_text(evidence, self.env._("Write down what shows that it is done."))
        for action in self:
            stored = action._policy_take()
            doers = stored._policy_doers()
            if self.env.user not in doers:
                raise AccessError(
                    self.env._(
                        "%(action)s is done by %(user)s.",
                        action=stored.name,
                        user=stored.user_id.name or "-",
                    )
                )
            stored._policy_guarded_write({"evidence": evidence, "done_by_id": self.env.uid})
            stored._policy_set_fact("done_at")
            stored.improvement_id._policy_actions_changed()
        return True

    def action_policy_give_up(self, reason=None):
        """Give an action up that is not needed: who judges the plan says so, not who owes it."""
        self.check_access("read")
        reason = self._policy_text(reason, self.env._("Say why it is given up."))
        for action in self:
            stored = action._policy_take()
            stored.improvement_id._policy_check_supervisor(self.env.user)
            stored._policy_guarded_write({"cancel_text": reason})
            stored._policy_set_fact("cancelled_at")
            stored.improvement_id._policy_actions_changed()
        return True

    # === BUSINESS METHODS === #

    def _policy_take(self):
        """Hold the plan and return the action as superuser; refuse one that is not open."""
        self.sudo().improvement_id._policy_hold()
        stored = self.sudo()
        stored.invalidate_recordset()
        if stored.state != "open":
            raise UserError(
                self.env._(
                    "%(plan)s: %(action)s is not open.",
                    plan=stored.improvement_id.display_name,
                    action=stored.name,
                )
            )
        return stored

    def _policy_doers(self):
        """Return who records that it is done: the responsible, and the owner of the plan."""
        return self.user_id | self.improvement_id.user_id
