from odoo import api, fields, models
from odoo.fields import Domain

from ..const import ENDED_OUTCOMES, KINDS, SEVERITIES


class CrmPolicyCaseTurn(models.TransientModel):
    """Ask for what is needed to lower, merge or convert a case, then do it as the current user."""

    _name = "crm.policy.case.turn"
    _description = "Turn of a Case"

    ticket_id = fields.Many2one("helpdesk.ticket", string="Case", required=True, ondelete="cascade")
    turn = fields.Selection(
        [("lower", "Lower the Severity"), ("merge", "Merge"), ("convert", "Convert")],
        required=True,
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    severity = fields.Selection(SEVERITIES)
    into_ids = fields.Many2many(
        "helpdesk.ticket", compute="_compute_into_ids", export_string_translation=False
    )
    into_id = fields.Many2one(
        "helpdesk.ticket",
        string="Into Case",
        compute="_compute_into_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain="[('id', 'in', into_ids)]",
        help="The one that came in first; this one ends and goes on in it.",
    )
    kind = fields.Selection(KINDS)
    complaint_type_id = fields.Many2one(
        "crm.policy.complaint.type",
        string="Type",
        domain="[('company_id', '=', company_id)]",
    )
    reason = fields.Text()

    # === COMPUTE METHODS === #

    @api.depends("ticket_id")
    @api.depends_context("uid")
    def _compute_into_ids(self):
        """Find the cases of the same customer that the user may read and that go on."""
        # What is typed in is checked as what is stored is.
        self.sudo(False).ticket_id._origin.check_access("read")
        for wizard in self:
            case = wizard.ticket_id._origin
            customer = case.partner_id.commercial_partner_id
            known = customer and case.policy_intake_at
            wizard.into_ids = known and case.search(
                Domain("commercial_partner_id", "=", customer.id)
                & Domain("company_id", "=", case.company_id.id)
                & Domain("policy_kind", "!=", False)
                & Domain("policy_closed_at", "=", False)
                & Domain("policy_outcome", "not in", ENDED_OUTCOMES)
                & Domain("policy_intake_at", "<=", case.policy_intake_at)
                & Domain("id", "!=", case.id),
                order="policy_intake_at desc, id desc",
            )

    @api.depends("ticket_id")
    def _compute_into_id(self):
        for wizard in self:
            alike = {one["id"] for one in wizard.ticket_id._origin.policy_similar or ()}
            offered = wizard.into_ids._origin
            likely = offered.filtered(lambda case, alike=alike: case.id in alike)
            wizard.into_id = likely if len(likely) == 1 else False

    # === CONSTRAINT METHODS === #

    @api.constrains("ticket_id", "into_id")
    def _check_cases(self):
        """Show nothing of a case, its title neither, to whoever may not read it."""
        windows = self.sudo(False)
        (windows.ticket_id | windows.into_id).check_access("read")

    # === ACTION METHODS === #

    def action_policy_confirm(self):
        """Do it; a refusal loses nothing that was typed."""
        self.ensure_one()
        case = self.ticket_id
        turns = {
            "lower": lambda: case.action_policy_lower_severity(self.severity, self.reason),
            "merge": lambda: case.action_policy_merge(self.into_id.id, self.reason),
            "convert": lambda: case.action_policy_convert(
                self.kind, self.complaint_type_id.id, self.reason
            ),
        }
        result = turns[self.turn]()
        return result if isinstance(result, dict) else {"type": "ir.actions.act_window_close"}
