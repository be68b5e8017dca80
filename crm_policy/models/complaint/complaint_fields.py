from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...const import (
    ENDED_OUTCOMES,
    FACT_ORDER,
    KINDS,
    OUTCOMES,
    SEVERITIES,
    STEP_FACTS,
    STEPS,
    URGENCIES,
)
from ...score import Score
from ...words import list_words

# What was said at the steps; only the steps write it.
STEP_TEXTS = (
    "policy_response_text",
    "policy_reply_text",
    "policy_reply_channel",
    "policy_reply_score",
    "policy_callback_score",
    "policy_callback_nps",
    "policy_callback_outcome",
    "policy_callback_text",
    "policy_recheck_user_id",
    "policy_recheck_result",
    "policy_recheck_text",
)
# The action that records a fact, as the button of the form calls it.
ACTIONS = {
    "policy_accepted_at": "accept",
    "policy_registered_at": "register",
    "policy_responded_at": "respond",
    "policy_investigated_at": "investigate",
    "policy_solution_at": "propose",
    "policy_mandated_at": "mandate",
    "policy_decided_at": "decide",
    "policy_settled_at": "settle",
    "policy_replied_at": "reply",
    "policy_executed_at": "execute",
    "policy_callback_at": "callback",
    "policy_rechecked_at": "recheck",
    "policy_closed_at": "close",
}
# What is no action of the user: others sign, answer, record, or carry out.
WAITING = frozenset(
    {"wait", "opinions", "role", "remedies", "ruling", "execution", "handover", "needs"}
)
# Columns of the board that are there only where a case stands in them: the ends, and the steps that
# not every policy has.
SHUT_STEPS = frozenset({"investigated", "mandated", "executed", "closed", "cancelled"})
MEASURES = ("policy_claim_amount", "policy_quantity", "policy_defective_quantity")


class CrmPolicyComplaintFields(models.AbstractModel):
    """What a governed case is and holds: its classification, its texts and its facts.

    How it moves is in ``crm.policy.complaint.mixin``, which builds on this.
    """

    _name = "crm.policy.complaint.fields"
    _description = "Fields of a Governed Case"
    _inherit = ["crm.policy.subject"]

    _policy_clock_fields = ("policy_outcome",)
    # Who is in charge; records of the case's own company, or of none.
    _policy_company_links = ("policy_department_id",)

    # What the mixin needs of the ticket model; its own definitions stay as they are.
    number = fields.Char()
    name = fields.Char()
    company_id = fields.Many2one("res.company")
    partner_id = fields.Many2one("res.partner", index=True)
    user_id = fields.Many2one("res.users")

    # Identity
    policy_kind = fields.Selection(KINDS, string="Kind", index=True, tracking=True)
    policy_number = fields.Char(string="Case Number", readonly=True, copy=False)
    policy_handle = fields.Char(
        string="Case No.",
        compute="_compute_policy_handle",
        help="The case number, or the ticket number until there is one.",
    )
    policy_complaint_type_id = fields.Many2one(
        "crm.policy.complaint.type",
        string="Type",
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('company_id', '=', company_id)]",
    )
    policy_urgency = fields.Selection(URGENCIES, string="Urgency", default="normal", tracking=True)
    policy_severity = fields.Selection(
        SEVERITIES, string="Severity", default="general", tracking=True
    )
    policy_step = fields.Selection(
        STEPS,
        string="Step",
        compute="_compute_policy_step",
        store=True,
        index=True,
        tracking=True,
        copy=False,
        group_expand="_group_expand_policy_step",
    )
    policy_outcome = fields.Selection(
        OUTCOMES, string="Outcome", readonly=True, copy=False, tracking=True
    )
    policy_department_id = fields.Many2one(
        "hr.department",
        string="Department in Charge",
        index=True,
        check_company=True,
        default=lambda self: self.env.user.sudo().employee_id.department_id,
    )
    policy_origin_id = fields.Many2one(
        "helpdesk.ticket",
        string="Earlier Case",
        readonly=True,
        copy=False,
        index=True,
        help="The case that this one follows: the customer did not accept its conclusion, or wrote "
        "again too late to reopen it.",
    )

    # What came in by itself (mail, QR page) and nobody has looked at yet.
    policy_to_sort = fields.Boolean(
        string="To Sort",
        copy=False,
        help="It came in by itself and a person must say what it is.",
    )
    policy_sort_reason = fields.Char(string="Why It Is to Be Sorted", readonly=True, copy=False)

    # What is complained about
    policy_currency_id = fields.Many2one(
        "res.currency",
        string="Currency of the Case",
        compute="_compute_policy_currency_id",
        compute_sudo=True,
    )
    policy_claim_amount = fields.Monetary(
        string="Claimed", currency_field="policy_currency_id", help="What the customer asks for."
    )
    policy_remedy_sought = fields.Selection(
        [
            ("refund", "Refund"),
            ("allowance", "Allowance"),
            ("replacement", "Replacement"),
            ("repair", "Repair"),
            ("information", "Information"),
            ("apology", "Apology"),
            ("other", "Other"),
        ],
        string="Remedy Sought",
    )
    policy_order_ref = fields.Char(string="Order")
    policy_item_ref = fields.Char(string="Item")
    policy_lot_ref = fields.Char(string="Lot")
    policy_shipped_on = fields.Date(string="Shipped On")
    policy_quantity = fields.Float(string="Quantity", digits=(16, 2))
    policy_defective_quantity = fields.Float(string="Defective Quantity", digits=(16, 2))
    policy_quantity_undetermined = fields.Boolean(
        string="Quantity Not Yet Determinable", help="The customer is still processing the goods."
    )

    # What is done about it
    policy_response_text = fields.Text(string="First Response", readonly=True, copy=False)
    policy_solution = fields.Text(string="Solution", copy=False, tracking=True)
    policy_remedy_ids = fields.One2many(
        "crm.policy.remedy", "ticket_id", string="Remedies", copy=False
    )
    policy_remedy_amount = fields.Monetary(
        string="Remedies in Total",
        currency_field="policy_currency_id",
        compute="_compute_policy_remedy_amount",
    )
    policy_reply_text = fields.Text(string="Reply to the Customer", readonly=True, copy=False)
    policy_reply_channel = fields.Selection(
        [
            ("phone", "Phone"),
            ("letter", "Letter"),
            ("email", "E-mail"),
            ("visit", "Visit"),
        ],
        string="Reply Channel",
        readonly=True,
        copy=False,
    )
    policy_callback_score = Score(
        string="Satisfaction", readonly=True, copy=False, aggregator="avg", help="From 1 to 5."
    )
    policy_callback_text = fields.Text(string="Callback Notes", readonly=True, copy=False)
    policy_recheck_user_id = fields.Many2one(
        "res.users", string="Re-checked By", readonly=True, copy=False
    )
    policy_recheck_text = fields.Text(string="Re-check Notes", readonly=True, copy=False)

    # Facts, in the order in which they happen
    policy_intake_at = fields.Datetime(
        string="Received At", readonly=True, copy=False, index="btree_not_null"
    )
    policy_accepted_at = fields.Datetime(string="Accepted At", readonly=True, copy=False)
    policy_registered_at = fields.Datetime(
        string="Registered At", readonly=True, copy=False, index="btree_not_null"
    )
    policy_responded_at = fields.Datetime(string="Responded At", readonly=True, copy=False)
    policy_investigated_at = fields.Datetime(string="Investigated At", readonly=True, copy=False)
    policy_solution_at = fields.Datetime(string="Solution Proposed At", readonly=True, copy=False)
    policy_mandated_at = fields.Datetime(string="Mandate Given At", readonly=True, copy=False)
    policy_decided_at = fields.Datetime(string="Decided At", readonly=True, copy=False)
    policy_settled_at = fields.Datetime(
        string="Settled At", readonly=True, copy=False, index="btree_not_null"
    )
    policy_replied_at = fields.Datetime(string="Replied At", readonly=True, copy=False)
    policy_executed_at = fields.Datetime(string="Carried Out At", readonly=True, copy=False)
    policy_callback_at = fields.Datetime(string="Called Back At", readonly=True, copy=False)
    policy_rechecked_at = fields.Datetime(string="Re-checked At", readonly=True, copy=False)
    policy_closed_at = fields.Datetime(string="Closed At", readonly=True, copy=False)

    policy_next_action = fields.Char(
        compute="_compute_policy_next_action", export_string_translation=False
    )
    policy_missing = fields.Char(string="Missing to Close", compute="_compute_policy_next_action")

    _policy_severe_idx = models.Index(
        "(policy_severity) WHERE policy_severity IN ('major', 'crisis')"
    )
    _policy_to_sort_idx = models.Index("(company_id) WHERE policy_to_sort IS TRUE")
    _policy_number_uniq = models.UniqueIndex(
        "(company_id, policy_number) WHERE policy_number IS NOT NULL",
        "A case number is given once.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id.currency_id")
    def _compute_policy_currency_id(self):
        for company, cases in self.grouped("company_id").items():
            cases.policy_currency_id = company.currency_id

    @api.model
    def _group_expand_policy_step(self, steps, domain):
        """Show a board's columns in the order of the steps, the empty ones under way included."""
        return [step for step, _label in STEPS if step in steps or step not in SHUT_STEPS]

    @api.depends("policy_number", "number")
    def _compute_policy_handle(self):
        for case in self:
            case.policy_handle = case.policy_number or case.number

    @api.depends("policy_kind", "policy_outcome", *STEP_FACTS.values())
    def _compute_policy_step(self):
        for case in self:
            step = "received" if case.policy_kind else False
            for name, fact in STEP_FACTS.items():
                if case[fact]:
                    step = name
            if case.policy_outcome in ENDED_OUTCOMES:
                step = "cancelled"
            case.policy_step = step

    @api.depends("policy_remedy_ids.amount", "policy_remedy_ids.policy_approval_state")
    def _compute_policy_remedy_amount(self):
        # The sums alone: a page of cases need not know every one of its remedies.
        counted = Domain("ticket_id", "in", self.ids)
        counted &= Domain("policy_approval_state", "!=", "rejected")
        amounts = dict(
            self.env["crm.policy.remedy"]._read_group(counted, ["ticket_id"], ["amount:sum"])
        )
        for case in self:
            case.policy_remedy_amount = amounts.get(case._origin, 0.0)

    @api.depends(
        "policy_kind",
        "policy_outcome",
        "policy_remedy_ids.policy_approval_state",
        "policy_intake_at",
        "policy_accepted_at",
        "policy_registered_at",
        "policy_responded_at",
        "policy_solution_at",
        "policy_decided_at",
        "policy_settled_at",
        "policy_replied_at",
        "policy_callback_at",
        "policy_rechecked_at",
        "policy_closed_at",
        "policy_investigated_at",
        "policy_mandated_at",
        "policy_executed_at",
    )
    def _compute_policy_next_action(self):
        for case in self:
            case.policy_next_action = case._policy_find_next_action()
            missing = case._policy_missing_facts("policy_closed_at") if case.policy_kind else []
            case.policy_missing = list_words(
                self.env, [case._policy_label(name) for name in missing]
            )

    def _policy_find_next_action(self):
        """Return the action that the policy asks for next, "wait" while others decide."""
        if not self.policy_kind or self.policy_closed_at or self.policy_outcome in ENDED_OUTCOMES:
            return False
        waiting = False
        order = self._policy_own_order()
        for fact, before in order.items():
            # A case that is being typed in has no intake yet.
            ready = all(
                self[name] or self._policy_passes_by(name)
                for name in before
                if name != "policy_intake_at"
            )
            if self[fact] or not ready or self._policy_passes_by(fact):
                continue
            action = self._policy_action_of(fact)
            if action not in WAITING:
                return action
            waiting = waiting or action
        return waiting

    def _policy_own_order(self):
        """Return {fact: the facts right before it} of the case, by its policy or by its kind."""
        return FACT_ORDER[self.policy_kind]

    def _policy_passes_by(self, fact):
        """Return whether nobody is asked for a fact that the case may have: a register entry."""
        return (
            fact == "policy_registered_at" and "policy_decided_at" not in self._policy_own_order()
        )

    def _policy_action_of(self, fact):
        """Return the action that records a fact, or one of :data:`WAITING`."""
        if fact == "policy_decided_at" and self._policy_undecided().filtered(
            lambda remedy: remedy.policy_approval_state == "pending"
        ):
            return "wait"
        return ACTIONS[fact]

    @api.model
    def _policy_measures(self):
        """Return the names of the amounts and quantities; parts of the room add theirs."""
        return MEASURES

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: ["policy_kind", "company_id", *self._policy_company_links])
    def _check_policy_company(self):
        """Whoever is in charge of a governed case works for its company: he sees it and answers."""
        for case in self.filtered("policy_kind"):
            for name in self._policy_company_links:
                linked = case[name].sudo()
                if linked.company_id and linked.company_id != case.company_id:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(record)s belongs to another company than %(case)s, which "
                            "is one of %(company)s.",
                            field=case._policy_label(name),
                            record=linked.display_name,
                            case=case.display_name,
                            company=case.company_id.name,
                        )
                    )

    @api.constrains(lambda self: self._policy_measures())
    def _check_policy_measures(self):
        for case in self:
            case._policy_check_measures([{name: case[name] for name in case._policy_measures()}])
            if case.policy_quantity and case.policy_defective_quantity > case.policy_quantity:
                raise ValidationError(
                    self.env._("The defective quantity exceeds the quantity delivered.")
                )

    @api.constrains("policy_complaint_type_id", "company_id")
    def _check_policy_type_company(self):
        for case in self:
            kind = case.policy_complaint_type_id
            if kind and (kind.company_id != case.company_id or not kind.active):
                raise ValidationError(
                    self.env._(
                        "%(field)s: %(type)s is not in use in %(company)s.",
                        field=case._policy_label("policy_complaint_type_id"),
                        type=kind.sudo().name,
                        company=case.company_id.name,
                    )
                )
