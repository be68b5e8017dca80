import logging
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...const import EMERGENCY_TRIGGERS
from ...tools.zones import local_day

_logger = logging.getLogger(__name__)

INTERVAL = "drill_interval_months"


class CrmPolicyEmergencyPlan(models.Model):
    """What is done at once when an emergency is started, and its rehearsals (EMG-03, EMG-05).

    It has no versions: drills belong to the plan, whatever the text of the policy.
    """

    _name = "crm.policy.emergency.plan"
    _description = "Emergency Plan"
    _inherit = ["crm.policy.pack.section"]
    _order = "trigger, code, id"

    _pack_section = "emergency_plans"
    _pack_sequence = 55
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "clause": (str, False),
        "trigger": (tuple(code for code, _label in EMERGENCY_TRIGGERS), True),
        "role": (str, True),
    }

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    trigger = fields.Selection(EMERGENCY_TRIGGERS, required=True)
    clause_id = fields.Many2one("crm.policy.clause", index="btree_not_null", ondelete="restrict")
    role_id = fields.Many2one(
        "crm.policy.role",
        string="Kept By",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="Who rehearses the plan, and is reminded of it.",
    )
    step_ids = fields.One2many("crm.policy.emergency.plan.step", "plan_id", string="Steps")
    drill_ids = fields.One2many("crm.policy.emergency.drill", "plan_id", string="Drills")
    last_drill_on = fields.Date(compute="_compute_last_drill_on", store=True, string="Last Drill")
    next_drill_on = fields.Date(compute="_compute_next_drill_on", string="Next Drill")
    drill_overdue = fields.Boolean(compute="_compute_next_drill_on", search="_search_drill_overdue")
    reminded_for = fields.Date(
        string="Reminded Of", readonly=True, copy=False, help="The drill that was asked for."
    )

    _code_uniq = models.Constraint(
        "UNIQUE(company_id, code)", "A company has each emergency plan once."
    )
    _trigger_uniq = models.UniqueIndex(
        "(company_id, trigger) WHERE active IS TRUE",
        "A company has one plan for each kind of emergency.",
    )

    # === COMPUTE METHODS === #

    @api.depends("drill_ids.held_on")
    def _compute_last_drill_on(self):
        for plan in self:
            plan.last_drill_on = max(plan.drill_ids.mapped("held_on"), default=False)

    @api.depends("last_drill_on")
    def _compute_next_drill_on(self):
        for plan in self:
            today = plan._policy_today()
            months = int(self._policy_interval(plan.company_id))
            made = plan.create_date or fields.Datetime.now()
            begun = plan.last_drill_on or local_day(made, plan.company_id)
            plan.next_drill_on = months and begun + relativedelta(months=months)
            plan.drill_overdue = bool(plan.next_drill_on) and plan.next_drill_on < today

    def _search_drill_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = self._policy_overdue()
        found = Domain("id", "in", late.ids)
        return found if True in value else ~found

    @api.model
    def _policy_overdue(self):
        """Return the plans whose drill is overdue, of all companies, as superuser."""
        return self.sudo().search([("active", "=", True)]).filtered("drill_overdue")

    def _policy_today(self):
        company = self.company_id or self.env.company
        return local_day(fields.Datetime.now(), company)

    @api.model
    def _policy_interval(self, company):
        """Return after how many months a plan is rehearsed again; 0 where no clause says so."""
        return self.env["crm.policy.parameter"]._policy_value(company.id, INTERVAL)

    # === CONSTRAINT METHODS === #

    @api.constrains("role_id", "company_id", "clause_id")
    def _check_companies(self):
        for plan in self.sudo():
            for linked in (plan.role_id, plan.clause_id, *plan.step_ids.role_id):
                if linked and linked.company_id != plan.company_id:
                    raise ValidationError(
                        self.env._(
                            "%(plan)s: %(record)s belongs to another company.",
                            plan=plan.name,
                            record=linked.display_name,
                        )
                    )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"reminded_for", "last_drill_on"}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A plan is evidence of what was to be done: archive it."))

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"{self._pack_section} ({row['code']})"
        role = self._pack_reference("crm.policy.role", version, place, row.pop("role"))
        clause = row.pop("clause", None)
        return {
            "role_id": role.id,
            "clause_id": clauses[clause].id if clause else False,
            **super()._pack_prepare(version, row, clauses),
        }

    # === BUSINESS METHODS === #

    @api.model
    def _policy_plan_for(self, trigger, company):
        """Return the plan of a company for a kind of emergency, as superuser; none is no fault."""
        return self.sudo().search(
            [("trigger", "=", trigger), ("company_id", "=", company.id)], limit=1
        )

    @api.model
    def _cron_remind_drills(self):
        """Remind who keeps a plan, once of each drill that is overdue (EMG-05)."""
        for plan in self._policy_overdue():
            if plan.reminded_for != plan.next_drill_on:
                plan._policy_try_remind_drill()
            self.env["ir.cron"]._commit_progress(1)

    def _policy_try_remind_drill(self):
        """Remind of the drill; whatever is wrong with this plan, the others are told all the same.

        Nobody is remembered as reminded then: the next run tries again.
        """
        name, plan_id = self.name, self.id
        try:
            with self.env.cr.savepoint():
                self._policy_remind_drill()
        except Exception:
            _logger.exception("Who keeps the plan %s (%s) cannot be reminded", name, plan_id)

    def _policy_remind_drill(self):
        self.ensure_one()
        due = self.next_drill_on
        users = self.role_id._users_for(self)[self.id]
        if not users:
            users = self.env["crm.policy.ladder"]._policy_administrators(self.company_id)
        self._policy_guarded_write({"reminded_for": due})
        self.env["crm.policy.event"]._policy_log(
            "emergency.drill_overdue",
            self,
            {"due": str(due), "told": users.ids},
            clause=self.clause_id,
        )
        for lang, group in users.grouped("lang").items():
            there = self.with_context(lang=lang or None)
            there.env["mail.thread"].with_company(self.company_id).message_notify(
                partner_ids=group.partner_id.ids,
                subject=there.env._("Drill overdue: %(plan)s", plan=there.name),
                body=there.env._(
                    "%(plan)s was to be rehearsed by %(due)s. Hold the drill and write down what "
                    "was found.",
                    plan=there.name,
                    due=fields.Date.to_string(due or date.min),
                ),
            )
