from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.zones import local_day


class CrmPolicyEmergencyDrill(models.Model):
    """A rehearsal of an emergency plan: when, who took part, what was found (EMG-05).

    Written once: what was found is not improved later.
    """

    _name = "crm.policy.emergency.drill"
    _description = "Emergency Drill"
    _order = "held_on desc, id desc"
    _rec_name = "plan_id"

    plan_id = fields.Many2one(
        "crm.policy.emergency.plan", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    held_on = fields.Date(
        required=True,
        default=lambda self: local_day(fields.Datetime.now(), self.env.company),
    )
    participant_ids = fields.Many2many(
        "res.users", relation="crm_policy_emergency_drill_user_rel", string="Participants"
    )
    findings = fields.Text(string="What Was Found", required=True)

    @api.constrains("held_on", "participant_ids")
    def _check_drill(self):
        for drill in self:
            if drill.held_on > drill.plan_id._policy_today():
                raise ValidationError(self.env._("A drill is recorded after it was held."))
            if not drill.participant_ids:
                raise ValidationError(self.env._("Say who took part in the drill."))

    @api.model_create_multi
    def create(self, vals_list):
        drills = super().create(vals_list)
        for drill in drills:
            self.env["crm.policy.event"]._policy_log(
                "emergency.drill",
                drill,
                {
                    "plan": drill.plan_id.id,
                    "held_on": str(drill.held_on),
                    "participants": drill.participant_ids.ids,
                },
                clause=drill.sudo().plan_id.clause_id,
            )
        return drills

    def write(self, vals):
        # pylint: disable=method-required-super; to refuse is all it does
        raise UserError(self.env._("A drill is written down once: add another one."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A drill is evidence: it stays."))
