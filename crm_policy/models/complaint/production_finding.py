from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.zones import local_day

# What Manufacturing finds out, all of it (CMP-FLOW-05).
FOUND = ("unit", "machine", "shift", "workers", "produced_on")


class CrmPolicyProductionFinding(models.Model):
    """Where the goods were made: unit, machine, shift, workers, date (CMP-FLOW-05)."""

    _name = "crm.policy.production.finding"
    _description = "Finding of Production"
    _inherit = ["crm.policy.case.entry"]
    _policy_section = "production"
    _order = "ticket_id, produced_on, id"

    unit = fields.Char(string="Production Unit", required=True)
    machine = fields.Char()
    shift = fields.Char()
    # Names: who answers for Production may not read the records of the personnel.
    workers = fields.Char()
    produced_on = fields.Date()

    @api.depends("unit", "machine", "shift")
    def _compute_display_name(self):
        for finding in self:
            parts = (finding.unit, finding.machine, finding.shift)
            finding.display_name = " / ".join(part for part in parts if part)

    @api.constrains("produced_on", "ticket_id")
    def _check_produced_on(self):
        now = fields.Datetime.now()
        for finding in self.filtered("produced_on"):
            day = finding.produced_on
            if day > local_day(now, finding.company_id):
                raise ValidationError(
                    self.env._(
                        "%(field)s: %(day)s cannot be meant; it lies in the past.",
                        field=finding._policy_field_label("produced_on"),
                        day=day,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        findings = super().create(vals_list)
        findings.sudo().ticket_id._policy_look_at_needs()
        return findings

    def write(self, vals):
        result = super().write(vals)
        self.sudo().ticket_id._policy_look_at_needs()
        return result

    def _policy_field_label(self, name):
        return self.fields_get([name], ["string"])[name]["string"]

    def _policy_gaps(self):
        """Return the labels of what is still to be found out."""
        self.ensure_one()
        return [self._policy_field_label(name) for name in FOUND if not self[name]]
