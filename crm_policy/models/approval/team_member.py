from odoo import api, models


class CrmPolicyTeamMember(models.Model):
    """A seat of a team that signs: given, changed and taken on the team, by two persons."""

    _inherit = "crm.policy.team.member"

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        # A new team signs nothing yet: its first seats come with it.
        members.team_id._policy_refuse_past_two()
        return members

    def write(self, vals):
        target = self.env["crm.policy.team"].browse(vals.get("team_id") or ()).exists()
        (self.team_id | target)._policy_refuse_past_two()
        return super().write(vals)

    def unlink(self):
        self.team_id._policy_refuse_past_two()
        return super().unlink()

    # === WHAT THE TEAM MAY === #

    @api.model
    def _policy_seat(self, vals_list):
        # pylint: disable=super-method-mismatch
        return super().create(vals_list)

    def _policy_reseat(self, vals):
        # pylint: disable=super-method-mismatch
        return super().write(vals)

    def _policy_unseat(self):
        # pylint: disable=super-method-mismatch
        return super().unlink()
