from odoo import api, models
from odoo.exceptions import UserError


class HelpdeskTicketStage(models.Model):
    """Governed cases are not closed by re-declaring what their stage means.

    In which stage the cases of a team begin is kept in the cache.
    """

    _name = "helpdesk.ticket.stage"
    _inherit = ["crm.policy.cached", "helpdesk.ticket.stage"]

    def write(self, vals):
        meaning = [name for name in ("closed", "active") if name in vals]
        changed = self.filtered(lambda stage: any(vals[name] != stage[name] for name in meaning))
        changed._policy_check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_governed(self):
        self._policy_check_unused()

    def _policy_check_unused(self):
        used = (
            self.env["helpdesk.ticket"]
            .sudo()
            .with_context(active_test=False)
            .search([("stage_id", "in", self.ids), ("policy_kind", "!=", False)], limit=1)
        )
        if used:
            raise UserError(
                self.env._(
                    "Stage %(stage)s holds governed cases (%(case)s): they are closed by their "
                    "policy, not by the stage.",
                    stage=used.stage_id.name,
                    case=used.display_name,
                )
            )
