from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# For how long the wish of the first member stands; a parameter of the policy, in days.
WISH_DAYS = "end_wish_days"


class CrmPolicyAbolition(models.AbstractModel):
    """How a version ends that a committee has approved: two of its members wish it (POL-OWN-01).

    The wish of the first stands for the days that the policy gives it. He may withdraw it, and
    nobody else.
    """

    _name = "crm.policy.abolition"
    _description = "Abolition by Two Members"

    end_asked_by_id = fields.Many2one(
        "res.users",
        string="Abolition Asked For By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="The version is abolished once another member of the committee asks for it as well.",
    )
    end_asked_at = fields.Datetime(string="Abolition Asked For At", readonly=True, copy=False)
    end_lapses_at = fields.Datetime(
        string="The Wish Lapses At",
        compute="_compute_end_lapses_at",
        help="Unless another member of the committee asks for it as well. Empty: the policy gives "
        "it no time.",
    )

    # === COMPUTE METHODS === #

    @api.depends("end_asked_at")
    def _compute_end_lapses_at(self):
        Parameter = self.env["crm.policy.parameter"]
        for version in self:
            days = version.end_asked_at and Parameter._policy_of(version, WISH_DAYS).value
            version.end_lapses_at = days and version.end_asked_at + timedelta(days=days)

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"end_asked_by_id", "end_asked_at"}

    # === ACTION METHODS === #

    def action_policy_withdraw_end(self):
        """Take back the wish to abolish a version; whose wish it is, and nobody else."""
        self.check_access("read")
        self.sudo()._policy_lapse_wishes()
        for version in self.sudo():
            if version.state != "effective" or version.end_asked_by_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "%(version)s: you have not asked for its abolition.",
                        version=version.display_name,
                    )
                )
        self.sudo()._policy_drop_wishes("version.end_withdrawn")
        return True

    # === BUSINESS METHODS === #

    def _policy_end_agreed(self):
        """Two members of the committee end what the committee has approved; the first one asks."""
        agreed = super()._policy_end_agreed()
        version = self.sudo()
        team = version._policy_ending_team()
        if not team:
            return agreed
        version._policy_lapse_wishes()
        # Who has left the committee since does not count any more.
        first = version.end_asked_by_id & team._policy_voters()
        if first == self.env.user:
            raise UserError(
                self.env._(
                    "%(version)s: you have asked for it already. It is abolished once another "
                    "member of %(team)s asks for it as well.",
                    version=version.display_name,
                    team=team.name,
                )
            )
        if first:
            return agreed
        version._policy_guarded_write(
            {"end_asked_by_id": self.env.uid, "end_asked_at": fields.Datetime.now()}
        )
        self.env["crm.policy.event"]._policy_log("version.end_asked", version, clause=version)
        return False

    def _policy_lapse_wishes(self):
        """Forget the wishes whose time is over; those of versions that have ended stay known."""
        now = fields.Datetime.now()
        self.filtered(
            lambda version: (
                version.state == "effective"
                and version.end_lapses_at
                and version.end_lapses_at < now
            )
        )._policy_drop_wishes("version.end_lapsed")

    def _policy_drop_wishes(self, event_type):
        for version in self:
            self.env["crm.policy.event"]._policy_log(
                event_type, version, {"asked_by": version.end_asked_by_id.id}, clause=version
            )
        self._policy_guarded_write({"end_asked_by_id": False, "end_asked_at": False})

    @api.model
    def _cron_take_effect(self):
        result = super()._cron_take_effect()
        wished = self.search([("state", "=", "effective"), ("end_asked_by_id", "!=", False)])
        for version in wished:
            version._policy_try("_policy_lapse_wishes")
        return result
