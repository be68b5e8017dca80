from odoo import api, fields, models

from ..const import POSITIONS


class CrmPolicyCaseRefuse(models.TransientModel):
    """Take down that the customer does not accept; nothing typed is lost when it is refused."""

    _name = "crm.policy.case.refuse"
    _description = "Refusal of the Customer"

    ticket_id = fields.Many2one("helpdesk.ticket", string="Case", required=True, ondelete="cascade")
    position = fields.Selection(
        [pair for pair in POSITIONS if pair[0] != "accept"], default="reject", required=True
    )
    at = fields.Datetime(string="On", required=True, default=fields.Datetime.now)
    text = fields.Text(string="What the Customer Says")

    @api.constrains("ticket_id")
    def _check_case(self):
        """Show nothing of a case, its title neither, to whoever may not read it."""
        self.sudo(False).ticket_id.check_access("read")

    def action_policy_confirm(self):
        """Take it down and open the case in which it goes on."""
        self.ensure_one()
        return self.ticket_id.action_policy_not_accept(self.position, self.at, self.text)
