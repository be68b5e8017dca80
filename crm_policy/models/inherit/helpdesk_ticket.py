from odoo import api, fields, models
from odoo.exceptions import UserError

# What our actions write; for a governed case it follows from the facts.
PROJECTED_FIELDS = ("stage_id", "closed_date", "number")


class HelpdeskTicket(models.Model):
    """The ticket as a governed case: here helpdesk's stage becomes a projection of the facts.

    The mixin comes first: its guards stand before helpdesk's own create and write.
    """

    _name = "helpdesk.ticket"
    _inherit = [
        "crm.policy.case.import",
        "crm.policy.case.sight",
        "crm.policy.case.reopen",
        "crm.policy.case.import",
        "crm.policy.complaint.mixin",
        "helpdesk.ticket",
    ]
    _rec_names_search = ["number", "policy_number", "name"]

    # The rules on cases: for the portal; and helpdesk's own order, worded as the ORM asks for it.
    commercial_partner_id = fields.Many2one(index=True)
    _policy_order_idx = models.Index(
        "(priority DESC, sequence, number DESC, id DESC) WHERE active IS TRUE"
    )

    @api.depends("team_id", "policy_kind", "policy_step")
    def _compute_stage_id(self):
        governed = self.filtered("policy_kind")
        result = super(HelpdeskTicket, self - governed)._compute_stage_id()
        for team, cases in governed.grouped("team_id").items():
            stages = team._get_applicable_stages()
            for group in cases.grouped("policy_step").values():
                group.stage_id = group[0]._policy_stage(stages)
        return result

    @api.depends("policy_kind", "policy_number")
    def _compute_display_name(self):
        governed = self.filtered("policy_kind")
        result = super(HelpdeskTicket, self - governed)._compute_display_name()
        for case in governed:
            handle = case.policy_handle if case.policy_handle != "/" else ""
            parts = [part for part in (handle, case.name) if part]
            case.display_name = " - ".join(parts) or self.env._("New Case")
        return result

    def _policy_stage(self, stages):
        """Return the stage among ``stages`` that shows where the case stands."""
        closed = stages.filtered("closed")
        if self.policy_closed_at:
            return (closed & self._policy_known_stage("done")) or closed[:1]
        if self.policy_step == "cancelled":
            return (closed & self._policy_known_stage("cancelled")) or closed[:1]
        active = stages - closed
        if self.policy_accepted_at:
            return (active & self._policy_known_stage("in_progress")) or active[-1:]
        return active[:1]

    def _policy_known_stage(self, name):
        stage = self.env.ref(
            f"helpdesk_mgmt.helpdesk_ticket_stage_{name}", raise_if_not_found=False
        )
        return stage or self.env["helpdesk.ticket.stage"]

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        governed = tickets.filtered("policy_kind")
        # A default stage of the board or the caller does not count.
        self.env.add_to_compute(self._fields["stage_id"], governed)
        return tickets

    @api.model
    def _policy_import_cases(self, rows):
        cases = super()._policy_import_cases(rows)
        governed = cases.sudo().with_context(tracking_disable=True)
        self.env.add_to_compute(self._fields["stage_id"], governed)
        # When somebody was put in charge is not in an old register; helpdesk would say now.
        governed._policy_guarded_write({"assigned_date": False})
        return cases

    def _policy_take_in(self, moment):
        result = super()._policy_take_in(moment)
        # Neither does a date of closing, the caller's or that of a ticket governed later.
        self.sudo().filtered("closed_date")._policy_guarded_write({"closed_date": False})
        return result

    def write(self, vals):
        refused = [name for name in PROJECTED_FIELDS if name in vals]
        if refused and any(ticket.policy_kind for ticket in self):
            raise UserError(
                self.env._(
                    "%(ticket)s is governed by its policy: %(fields)s follow the steps of the "
                    "case. Use its buttons.",
                    ticket=self.filtered("policy_kind")[0].display_name,
                    fields=", ".join(self._policy_label(name) for name in refused),
                )
            )
        return super().write(vals)

    def _policy_fact_vals(self, name, moment):
        vals = super()._policy_fact_vals(name, moment)
        if name == "policy_closed_at":
            vals["closed_date"] = moment
        return vals

    def _policy_reopen_vals(self):
        return {**super()._policy_reopen_vals(), "closed_date": False}

    def _policy_follow_up_vals(self, message):
        return {**super()._policy_follow_up_vals(message), "team_id": self.team_id.id}
