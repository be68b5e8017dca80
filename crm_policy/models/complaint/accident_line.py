from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.amounts import is_plausible
from .sanction_rule import KINDS, MONEY

AWARDS = ("bonus", "grievance_award")
OWN_KINDS = [(code, label) for code, label in KINDS if code not in AWARDS]


class CrmPolicyAccidentLine(models.Model):
    """A person responsible for a quality accident, and which sanction the team decides on."""

    _name = "crm.policy.accident.line"
    _description = "Person Responsible for a Quality Accident"
    _inherit = ["crm.policy.dependent", "crm.policy.guarded"]
    _policy_document_field = "accident_id"
    _order = "accident_id, id"
    _rec_name = "employee_id"

    accident_id = fields.Many2one(
        "crm.policy.accident",
        string="Decision",
        required=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="accident_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="accident_id.currency_id")
    employee_id = fields.Many2one(
        "hr.employee", string="Person", required=True, index=True, ondelete="restrict"
    )
    user_id = fields.Many2one(
        related="employee_id.user_id", string="User of the Person", store=True, index=True
    )
    kind = fields.Selection(OWN_KINDS, string="Sanction", required=True)
    amount = fields.Monetary(help="Of what is money; a warning has none.")
    fact = fields.Text(
        string="What the Person Answers For",
        required=True,
        help="What he did or failed to do; he reads it in his sanction.",
    )
    sanction_id = fields.Many2one(
        "crm.policy.sanction",
        string="Proposal",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    _person_uniq = models.UniqueIndex(
        "(accident_id, employee_id)", "A decision names each person once."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "amount")
    def _check_amount(self):
        for line in self.sudo():
            amount = line.amount
            if not is_plausible(amount) or amount < 0 or bool(amount) != (line.kind in MONEY):
                raise ValidationError(
                    self.env._(
                        "%(person)s: money has an amount, a warning has none.",
                        person=line.employee_id.name,
                    )
                )
            if line.kind == "cash" and not line.company_id.policy_cash_fines:
                raise ValidationError(
                    self.env._(
                        "%(person)s: %(company)s allows no fines in cash. Propose a deduction from "
                        "the performance pay instead.",
                        person=line.employee_id.name,
                        company=line.company_id.name,
                    )
                )

    @api.constrains("fact")
    def _check_fact(self):
        for line in self:
            if not (line.fact or "").strip():
                raise ValidationError(self.env._("Say what the person answers for."))

    @api.constrains("employee_id", "accident_id")
    def _check_person(self):
        for line in self.sudo():
            if line.employee_id.company_id != line.company_id:
                raise ValidationError(
                    self.env._(
                        "%(person)s does not work for %(company)s.",
                        person=line.employee_id.name,
                        company=line.company_id.name,
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"company_id", "user_id", "sanction_id"}

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._policy_check_open()
        return lines

    def write(self, vals):
        self._policy_check_open()
        result = super().write(vals)
        self._policy_check_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self._policy_check_open()

    def _policy_check_open(self):
        """Refuse a change of what is signed, and whoever the decision is about."""
        accidents = self.sudo().accident_id.with_env(self.env)
        accidents._policy_check_unlocked()
        # A new decision has its team once its lines are there; it checks them itself then.
        accidents.filtered(lambda accident: accident.sudo().team_id)._policy_check_writer()
