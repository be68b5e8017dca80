from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from ...words import list_words
from .complaint_mixin import WINDOW

PLANNED = "policy_repair_planned_at"
DELIVERED = "policy_repair_delivered_at"
# What is recorded on the way of the repaired goods, and after which of the others.
STEPS = {
    "repaired": ("policy_repaired_at", (PLANNED,)),
    "shipped": ("policy_repair_shipped_at", ("policy_repaired_at",)),
    "delivered": (DELIVERED, ("policy_repaired_at",)),
}
FACTS = frozenset({PLANNED, *(fact for fact, _before in STEPS.values())})


class CrmPolicyCaseRepair(models.AbstractModel):
    """Goods that are repaired and come back by the day of the memo (CMP-RTE-09, 002 篇六).

    The consensus with the customer names the day. From then on a clock of the policy runs until the
    goods are delivered; who answers for it is warned before and told after, like with any other
    deadline. A policy without such a clock follows no repair.
    """

    _name = "crm.policy.case.repair"
    _description = "Case with a Repair"

    policy_repair_planned_at = fields.Datetime(
        string="Repair Agreed At", readonly=True, copy=False, groups="base.group_user"
    )
    policy_repair_due_at = fields.Datetime(
        string="Delivery by the Memo",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="The day on which the customer was promised the repaired goods. Another round of the "
        "committee moves it, nobody types it in.",
    )
    policy_repaired_at = fields.Datetime(
        string="Repaired At", readonly=True, copy=False, groups="base.group_user"
    )
    policy_repair_shipped_at = fields.Datetime(
        string="Repaired Goods Shipped At", readonly=True, copy=False, groups="base.group_user"
    )
    policy_repair_delivered_at = fields.Datetime(
        string="Repaired Goods Delivered At", readonly=True, copy=False, groups="base.group_user"
    )
    policy_repair_state = fields.Selection(
        [
            ("repairing", "Being Repaired"),
            ("repaired", "Repaired"),
            ("shipped", "Goods on Their Way"),
            ("delivered", "Delivered"),
        ],
        string="Repair",
        compute="_compute_policy_repair_state",
        groups="base.group_user",
    )
    policy_repair_is_late = fields.Boolean(
        string="Repair Late",
        compute="_compute_policy_repair_state",
        search="_search_policy_repair_is_late",
        groups="base.group_user",
    )
    policy_can_follow_repair = fields.Boolean(
        compute="_compute_policy_can_follow_repair", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    @api.depends(*sorted(FACTS), "policy_repair_due_at")
    def _compute_policy_repair_state(self):
        now = fields.Datetime.now()
        for case in self:
            known = [name for name in STEPS if case[STEPS[name][0]]]
            case.policy_repair_state = case[PLANNED] and ["repairing", *known][-1]
            due = case.policy_repair_due_at
            case.policy_repair_is_late = bool(due) and not case[DELIVERED] and now > due

    @api.model
    def _search_policy_repair_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        return (
            Domain("policy_repair_due_at", "<", now)
            & Domain(DELIVERED, "=", False)
            & Domain("policy_closed_at", "=", False)
        )

    @api.depends(PLANNED, DELIVERED, "policy_closed_at")
    @api.depends_context("uid")
    def _compute_policy_can_follow_repair(self):
        for case in self:
            stored = case.sudo()._origin
            runs = stored[PLANNED] and not stored[DELIVERED] and not stored.policy_closed_at
            mine = self.env.user.has_group(WINDOW[0]) or (
                runs and self.env.user in stored._policy_repairers()
            )
            case.policy_can_follow_repair = bool(runs and mine)

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | FACTS

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_repair_due_at"}

    def _policy_reopen_vals(self):
        names = (*FACTS, "policy_repair_due_at")
        return {**super()._policy_reopen_vals(), **dict.fromkeys(names, False)}

    def write(self, vals):
        result = super().write(vals)
        if vals.get("policy_repair_delivery_at"):
            self.sudo()._policy_note_delivery()
        return result

    # === ACTION METHODS === #

    def action_policy_follow_repair(self, step=None, at=None, reason=None):
        """Record how far the repaired goods are (CMP-RTE-09).

        :param str step: repaired, shipped or delivered; the callback follows from the last.
        :param datetime at: when, naive UTC; earlier than now within the limit of a clause only.
        :param str reason: why it is recorded late.
        :raises AccessError: neither the window's nor who answers for a clock of the repair.
        :raises UserError: nothing was agreed, out of order, or recorded already.
        """
        if not isinstance(step, str) or step not in STEPS:
            raise ValidationError(self.env._("Say what is done: repaired, shipped or delivered."))
        self._policy_check_governed()
        fact = STEPS[step][0]
        for case in self:
            case._policy_check_repairer()
            stored = case.sudo()
            with self.env.cr.savepoint():
                stored._policy_set_fact(fact, at, reason)
                if fact == DELIVERED:
                    stored._policy_guarded_write({"policy_repair_delivery_at": stored[DELIVERED]})
        return True

    # === BUSINESS METHODS === #

    def _policy_repair_rules(self):
        """Return the deadline rules of the policy that follow the repair, as superuser."""
        self.ensure_one()
        return (
            self.env["crm.policy.deadline.rule"]
            .sudo()
            .search(
                [
                    ("version_id", "=", self.policy_version_id.id),
                    ("model_name", "=", self._name),
                    ("done_path", "in", list(FACTS)),
                ]
            )
        )

    def _policy_repairers(self):
        """Return who answers for the repair: the roles of its clocks; never whom it is about."""
        users = self.env["res.users"].sudo()
        for role in self._policy_repair_rules().role_id:
            users |= role._users_for(self)[self.id]
        return users - self.policy_accused_user_ids

    def _policy_check_repairer(self):
        """Refuse who neither works on the case at the window nor answers for a clock of it."""
        self.ensure_one()
        self.check_access("read")
        self._policy_refuse_accused()
        if self.env.user.has_group(WINDOW[0]) or self.env.user._is_superuser():
            self.check_access("write")
            return
        users = self.sudo()._policy_repairers()
        if self.env.user not in users:
            raise AccessError(
                self.env._(
                    "%(case)s: the repair is followed by customer service and by: %(users)s.",
                    case=self.display_name,
                    users=list_words(self.env, users.mapped("name")) or "-",
                )
            )

    def _policy_plan_repair(self, moment):
        """Start the clock of the repair: the verdict is approved, its memo names the day.

        ``self`` is superuser's. Who answers for the repair sees the case from now on.
        """
        self.ensure_one()
        if not self._policy_repair_rules():
            return
        self._policy_guarded_write({PLANNED: fields.Datetime.now(), "policy_repair_due_at": moment})
        self.env["crm.policy.case.access"]._policy_grant(self, self._policy_repairers(), "handover")

    def _policy_note_delivery(self):
        """Take a day of delivery that is past, and that somebody has typed in, for the delivery.

        It counts from that day within the limit of the clause on back-dating, else from now: no
        violation vanishes by typing.
        """
        now = fields.Datetime.now()
        for case in self:
            typed = case.policy_repair_delivery_at
            if not case[PLANNED] or case[DELIVERED] or typed > now:
                continue
            rule = self.env["crm.policy.fact.rule"]._policy_for_fact(case, DELIVERED)
            hours = (now - typed).total_seconds() / 3600
            moment = max(typed, case[PLANNED]) if hours <= (rule.backdate_hours or 0) else now
            case._policy_guarded_write({DELIVERED: moment})
            self.env["crm.policy.event"]._policy_log(
                "fact.repair_delivered",
                case,
                {"at": str(moment), "said": str(typed)},
                clause=rule.clause_id or case.policy_version_id,
            )

    def _policy_fact_order(self):
        order = super()._policy_fact_order()
        if not self[PLANNED]:
            return order
        return {**order, **dict(STEPS.values())}

    def _policy_close_problems(self):
        problems = super()._policy_close_problems()
        if self[PLANNED] and not self[DELIVERED]:
            clause = self._policy_repair_rules()[:1].clause_id
            problems = [
                *problems,
                self.env._(
                    "%(clause)s: the repaired goods are not delivered yet.",
                    clause=clause._policy_citation(),
                ),
            ]
        return problems
