from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController


class TicketClose(HelpdeskTicketController):
    """The portal's close link: a governed case is closed by its policy only."""

    @route()
    def support_ticket_close(self, **kw):
        ticket_id = kw.get("ticket_id", "")
        if ticket_id.isdecimal():
            ticket = request.env["helpdesk.ticket"].sudo().browse(int(ticket_id)).exists()
            if ticket.policy_kind:
                raise UserError(
                    request.env._(
                        "This case is closed after its solution was carried out and checked. "
                        "Write to us on the case if it is solved for you."
                    )
                )
        return super().support_ticket_close(**kw)
