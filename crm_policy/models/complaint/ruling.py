from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import RULINGS


class CrmPolicyRuling(models.Model):
    """What is decided about a case beside its remedies: within which amount Sales may negotiate,
    or that the complaint is not established.

    Nobody types one in: the buttons of the case ask for it, whoever is competent signs it, and it
    stays as it was asked for.
    """

    _name = "crm.policy.ruling"
    _description = "Ruling on a Case"
    _inherit = ["crm.policy.dependent", "crm.policy.case.signature"]
    _policy_document_field = "ticket_id"
    _policy_counts_tax = True
    _order = "ticket_id, id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Case", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    # The roles of a route find the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    policy_department_id = fields.Many2one(related="ticket_id.policy_department_id")
    partner_id = fields.Many2one(related="ticket_id.partner_id")
    kind = fields.Selection(RULINGS, required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="Up to which amount Sales may negotiate.")
    tax_amount = fields.Monetary(
        string="Tax of It",
        readonly=True,
        help="The tax in the amount, by the rate of the remedies that are drafted, or of the goods "
        "while their quantity cannot be told. Without it none counts as deductible.",
    )
    currency_id = fields.Many2one(related="ticket_id.policy_currency_id")
    text = fields.Text(string="Reasons", readonly=True)
    cycle = fields.Integer(readonly=True, help="How often the case had been reopened.")
    receiver_id = fields.Many2one(
        "res.users",
        string="To Be Handed To",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Who gets the case once its hand-over is approved.",
    )

    _one_pending = models.UniqueIndex(
        "(ticket_id, kind) WHERE policy_approval_state = 'pending'",
        "One ruling of a kind is asked for at a time.",
    )

    @api.depends("kind", "amount", "receiver_id", "ticket_id.policy_handle")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for ruling in self:
            amount = ruling.currency_id.format(ruling.amount) if ruling.kind == "mandate" else ""
            receiver = ruling.sudo().receiver_id
            goal = self.env._("to %(user)s", user=receiver.name) if receiver else ""
            parts = (ruling.ticket_id.policy_handle, kinds.get(ruling.kind), amount, goal)
            ruling.display_name = " ".join(part for part in parts if part)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "ticket_id",
            "company_id",
            "kind",
            "amount",
            "tax_amount",
            "text",
            "cycle",
            "receiver_id",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What was asked and decided stays with the case."))

    # === APPROVAL === #

    def _policy_approval_values(self):
        values = {
            "kind": self.kind,
            "amount": f"{self.amount:.2f}",
            "text": self.text or "",
            "ticket": self.ticket_id.id,
        }
        if self.tax_amount:
            values["tax"] = f"{self.tax_amount:.2f}"
        # Without a receiver they are what other rulings were asked for with.
        return {**values, "receiver": self.receiver_id.id} if self.receiver_id else values

    def _policy_approval_amount(self):
        """Return the amount, with or without tax as the company compares it (T8)."""
        untaxed = self.company_id.policy_amount_basis == "excluded"
        return self.amount - self.tax_amount if untaxed else self.amount

    def _policy_fingerprint(self, basis=None):
        # Where no amount is asked for, it does not matter how the company compares amounts.
        return super()._policy_fingerprint(basis if self.amount else "included")

    def _policy_claimed_amount(self):
        """Return nothing: a mandate spends nothing, the remedies within it do."""
        return 0.0

    def _policy_approval_subject(self):
        return self.kind

    def _policy_approval_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
            "view_mode": "form",
        }

    def _policy_on_approved(self):
        self._policy_refuse_outlived()
        result = super()._policy_on_approved()
        legal = self.filtered(lambda ruling: ruling.kind == "legal")
        legal._policy_note_decision(self.env._("passed"))
        (self - legal)._policy_note_decision(self.env._("approved"))
        for kind, rulings in self.grouped("kind").items():
            getattr(rulings.ticket_id, f"_policy_ruled_{kind}")()
        return result

    def _policy_on_rejected(self):
        result = super()._policy_on_rejected()
        legal = self.filtered(lambda ruling: ruling.kind == "legal")
        legal._policy_note_decision(self.env._("objected to"))
        (self - legal)._policy_note_decision(self.env._("rejected"))
        return result

    def _policy_refuse_outlived(self):
        """Refuse a decision on what the case has passed: its end, a reopening, granted remedies."""
        for ruling in self:
            case = ruling.ticket_id
            granted = ruling.kind == "not_established" and case.policy_remedy_ids.filtered(
                lambda remedy, case=case: (
                    remedy.cycle == case.policy_cycle and remedy._policy_may_execute()
                )
            )
            over = (
                case.policy_decided_at
                or case.policy_settled_at
                or case.policy_closed_at
                or case.policy_outcome
            )
            if over or granted or ruling.cycle != case.policy_cycle:
                raise UserError(
                    self.env._(
                        "%(ruling)s: the case has gone on meanwhile. Take the request back.",
                        ruling=ruling.display_name,
                    )
                )
