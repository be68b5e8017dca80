from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import ENDED_OUTCOMES, REMEDIES
from ...tools.amounts import is_plausible

DECIDED_FIELDS = frozenset({"kind", "amount", "note", "ticket_id", "beneficiary_id"})


class CrmPolicyRemedy(models.Model):
    """What the customer gets: money, goods or words. Nobody promises it before it is approved."""

    _name = "crm.policy.remedy"
    _description = "Remedy"
    _inherit = ["crm.policy.dependent", "crm.policy.approvable"]
    _policy_document_field = "ticket_id"
    _order = "ticket_id, id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, index=True, ondelete="restrict", string="Case"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    # The roles of a route find the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    policy_department_id = fields.Many2one(related="ticket_id.policy_department_id")
    kind = fields.Selection(REMEDIES, required=True, default="compensation")
    amount = fields.Monetary(help="Tax included (T8).")
    currency_id = fields.Many2one(related="ticket_id.policy_currency_id")
    note = fields.Char(string="Description")
    cycle = fields.Integer(
        readonly=True,
        copy=False,
        help="How often the case had been reopened: the remedies of a former cycle stay as they "
        "were decided.",
    )
    beneficiary_id = fields.Many2one(
        "res.partner", index=True, help="Who gets it, when that is not the customer of the case."
    )

    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "The amount of a remedy is not negative."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "amount", "ticket_id.display_name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for remedy in self:
            amount = remedy.currency_id.format(remedy.amount) if remedy.amount else ""
            parts = [remedy.ticket_id.policy_handle or "", kinds.get(remedy.kind, ""), amount]
            remedy.display_name = " ".join(part for part in parts if part)

    # === CONSTRAINT METHODS === #

    @api.constrains("amount")
    def _check_amount(self):
        for remedy in self:
            remedy._policy_check_amounts([{"amount": remedy.amount}])

    @api.constrains("ticket_id")
    def _check_governed(self):
        for remedy in self:
            if not remedy.ticket_id.policy_kind:
                raise ValidationError(
                    self.env._(
                        "%(case)s is not governed by a policy: it has no remedies.",
                        case=remedy.ticket_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_amounts(vals_list)
        remedies = super().create(vals_list)
        remedies._policy_check_open()
        for remedy in remedies:
            if remedy.ticket_id.policy_cycle:
                remedy._policy_guarded_write({"cycle": remedy.ticket_id.policy_cycle})
        return remedies

    def write(self, vals):
        self._policy_check_amounts([vals])
        if DECIDED_FIELDS.intersection(vals):
            self._policy_check_open()
        result = super().write(vals)
        if "ticket_id" in vals:
            self._policy_check_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        self._policy_check_open()

    def _policy_guarded_fields(self):
        # Stored for the record rules; it follows the case.
        return super()._policy_guarded_fields() | {"company_id", "cycle"}

    @api.model
    def _policy_import(self, vals_list):
        """Create the remedies of imported cases; the import has checked them.

        Those that were granted in the old register are approved without a request: who decided
        there is not known here, and the event says so.
        """
        remedies = self._policy_guarded_create(vals_list)
        self.env["crm.policy.event"]._policy_log(
            "remedy.imported",
            remedies,
            payloads={
                remedy.id: {"amount": remedy.amount, "state": remedy.policy_approval_state}
                for remedy in remedies
            },
        )
        return remedies

    def _policy_check_amounts(self, vals_list):
        """Refuse an amount before rounding it and the database stumble over it."""
        for vals in vals_list:
            if not is_plausible(vals.get("amount")):
                raise ValidationError(
                    self.env._("An amount of %(amount)s cannot be meant.", amount=vals["amount"])
                )

    def _policy_check_open(self):
        for remedy in self:
            if remedy.ticket_id.policy_outcome in ENDED_OUTCOMES:
                raise UserError(
                    self.env._("%(case)s is ended.", case=remedy.ticket_id.display_name)
                )
            # One that is just being created has no cycle of its own yet.
            former = remedy.policy_approval_state != "none" and (
                remedy.cycle < remedy.ticket_id.policy_cycle
            )
            if remedy.ticket_id.policy_decided_at or former:
                raise UserError(
                    self.env._(
                        "%(case)s is decided: its remedies stay as they were decided.",
                        case=remedy.ticket_id.display_name,
                    )
                )

    # === APPROVAL === #

    def _policy_submit(self):
        self._policy_check_open()
        return super()._policy_submit()

    def _policy_approval_values(self):
        return {
            "kind": self.kind,
            "amount": f"{self.amount:.2f}",
            "note": self.note or "",
            "ticket": self.ticket_id.id,
            "beneficiary": self.beneficiary_id.id,
        }

    def _policy_approval_amount(self):
        """Return what the whole case costs: splitting a remedy does not help (AUT-MAT-03)."""
        live = self.ticket_id.policy_remedy_ids.filtered(
            lambda remedy: remedy.policy_approval_state != "rejected"
        )
        return sum((live | self).mapped("amount"))

    def _policy_approval_currency(self):
        return self.currency_id

    def _policy_approval_version(self):
        return self.ticket_id.policy_version_id

    def _policy_approval_subject(self):
        return self.kind

    def _policy_approval_name(self):
        return self.ticket_id.display_name

    def _policy_approval_barred_users(self):
        partners = self.beneficiary_id | self.ticket_id.partner_id
        return partners.with_context(active_test=False).user_ids

    def _policy_approval_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
            "view_mode": "form",
        }

    def _policy_on_requested(self, users):
        self.env["crm.policy.case.access"]._policy_grant(self.ticket_id, users, "approver")

    def _policy_on_delegated(self, delegation):
        self.env["crm.policy.case.access"]._policy_grant(
            self.ticket_id, delegation.to_user_id, "delegation", delegation
        )

    def _policy_on_approved(self):
        self._policy_note_decision(self.env._("approved"))

    def _policy_on_rejected(self):
        self._policy_note_decision(self.env._("rejected"))

    def _policy_note_decision(self, outcome):
        for remedy in self:
            approval = remedy.policy_approval_id
            decision = approval.decision_ids[-1:]
            remedy.ticket_id._message_log(
                body=self.env._(
                    "%(clause)s: %(remedy)s %(outcome)s by %(user)s. %(comment)s",
                    clause=approval.clause_id._policy_citation(),
                    remedy=remedy.display_name,
                    outcome=outcome,
                    user=decision._policy_signer_words(),
                    comment=decision.comment or "",
                )
            )
