from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...const import POSITIONS
from ...tools.amounts import is_plausible

AMOUNTS = ("offered_amount", "demanded_amount")
SUPERIORS = ("crm_policy.group_supervisor", "crm_policy.group_manager")


class CrmPolicyNegotiation(models.Model):
    """A talk with the customer within the mandate: what was offered, how he stands to it.

    What he wants beyond the mandate is written down as his demand, never promised (CMP-FLOW-06).
    Somebody above who has not held the talk himself reads it; then it stays as it is.
    """

    _name = "crm.policy.negotiation"
    _description = "Negotiation"
    _inherit = ["crm.policy.case.entry"]
    _policy_section = "negotiation"
    _order = "ticket_id, at, id"

    at = fields.Datetime(string="Held At", required=True, default=fields.Datetime.now)
    contact = fields.Char(string="With", required=True)
    position = fields.Selection(POSITIONS, string="Customer", required=True)
    offered_amount = fields.Monetary(string="Offered", help="Within the mandate.")
    demanded_amount = fields.Monetary(
        string="Demanded", help="What the customer wants; it may exceed the mandate."
    )
    text = fields.Text(string="What Was Talked About", required=True)
    reviewed_by_id = fields.Many2one("res.users", string="Read By", readonly=True, copy=False)
    reviewed_at = fields.Datetime(string="Read At", readonly=True, copy=False)
    writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_negotiation_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has changed it since it was created: none of them reads it for the author.",
    )
    can_review = fields.Boolean(compute="_compute_can_review")

    _amounts_positive = models.Constraint(
        "CHECK(offered_amount >= 0 AND demanded_amount >= 0)", "The amounts are not negative."
    )

    @api.depends("ticket_id.policy_handle", "at")
    def _compute_display_name(self):
        name = self.env["ir.model"]._get(self._name).name
        for talk in self:
            parts = (talk.ticket_id.policy_handle, name)
            talk.display_name = " ".join(part for part in parts if part)

    @api.depends("reviewed_at", "create_uid", "writer_ids")
    @api.depends_context("uid")
    def _compute_can_review(self):
        for talk in self:
            talk.can_review = not talk.reviewed_at and talk._policy_may_review(self.env.user)

    # === CONSTRAINT METHODS === #

    @api.constrains("offered_amount", "ticket_id")
    def _check_offered(self):
        for talk in self.sudo():
            mandate = talk.ticket_id._policy_mandate()
            limit = mandate.amount
            if talk.currency_id.compare_amounts(talk.offered_amount, limit) <= 0:
                continue
            clause = talk.ticket_id._policy_fact_clause("policy_mandated_at")
            raise ValidationError(
                self.env._(
                    "%(clause)s: %(offered)s are offered, the mandate is %(limit)s. Write down "
                    "what the customer wants beyond it as his demand, or ask for another mandate.",
                    clause=(clause and clause._policy_citation())
                    or talk.ticket_id.policy_version_id.display_name,
                    offered=talk.currency_id.format(talk.offered_amount),
                    limit=talk.currency_id.format(limit),
                )
            )

    @api.constrains("at", "ticket_id")
    def _check_at(self):
        for talk in self.sudo():
            case, now = talk.ticket_id, fields.Datetime.now()
            moment = case._policy_moment("policy_mandated_at", talk.at, now)
            if case.policy_mandated_at and moment < case.policy_mandated_at:
                raise ValidationError(
                    self.env._(
                        "%(case)s: nobody negotiates before the mandate is given.",
                        case=case.display_name,
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"reviewed_by_id", "reviewed_at", "writer_ids"}

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._policy_check_plausible(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._policy_check_plausible(vals)
        result = super().write(vals)
        others = self.sudo().filtered(lambda talk: talk.create_uid != self.env.user)
        others._policy_guarded_write({"writer_ids": [Command.link(self.env.uid)]})
        return result

    def _policy_check_plausible(self, vals):
        for name in AMOUNTS:
            value = vals.get(name)
            if value is True or isinstance(value, str) or not is_plausible(value):
                raise ValidationError(
                    self.env._("An amount of %(amount)s cannot be meant.", amount=vals[name])
                )

    def _policy_lock_problem(self, case):
        problem = super()._policy_lock_problem(case)
        if problem or not self.reviewed_at:
            return problem
        return self.env._("%(talk)s was read: it stays as it is.", talk=self.display_name)

    # === ACTION METHODS === #

    def action_policy_review(self):
        """Confirm that the talk was read by who stands above (CMP-FLOW-06).

        :raises UserError: it is one's own, or read already.
        :raises AccessError: the user stands not above whoever has held it.
        """
        self.check_access("read")
        for talk in self.sudo():
            if self.env.user in talk.create_uid | talk.writer_ids:
                raise UserError(
                    self.env._(
                        "%(talk)s: nobody reads his own negotiation for his superior.",
                        talk=talk.display_name,
                    )
                )
            problem = talk._policy_lock_problem(talk.ticket_id)
            if problem:
                raise UserError(problem)
            if not talk._policy_may_review(self.env.user):
                raise AccessError(
                    self.env._(
                        "%(talk)s is read by a superior of %(author)s, or by who answers for the "
                        "negotiation.",
                        talk=talk.display_name,
                        author=talk.create_uid.name,
                    )
                )
        self.sudo()._policy_guarded_write(
            {"reviewed_by_id": self.env.uid, "reviewed_at": fields.Datetime.now()}
        )
        for talk in self.sudo():
            self.env["crm.policy.event"]._policy_log(
                "negotiation.reviewed",
                talk,
                clause=talk.ticket_id._policy_fact_clause("policy_mandated_at")
                or talk.ticket_id.policy_version_id,
            )
        return True

    def _policy_may_review(self, user):
        """Return whether ``user`` stands above the author, or answers for the negotiation."""
        self.ensure_one()
        talk = self.sudo()
        author = talk.create_uid
        if user in author | talk.writer_ids | talk.ticket_id.policy_accused_user_ids:
            return False
        employee = author.with_company(talk.company_id).employee_id
        above = employee.parent_id.user_id | employee.department_id.manager_id.user_id
        return (
            user in above
            or bool(talk.ticket_id._policy_filled_by(user, self._policy_section))
            or any(user.has_group(group) for group in SUPERIORS)
        )
