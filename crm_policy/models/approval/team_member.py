from odoo import api, fields, models
from odoo.fields import Command, Domain


class CrmPolicyTeamMember(models.Model):
    """A seat of a team that signs: given, changed and taken on the team, by two persons.

    Where the seat is a role, only those sit in it whom two persons have taken over.
    """

    _inherit = "crm.policy.team.member"

    roster_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_team_roster_rel",
        column1="member_id",
        column2="user_id",
        ondelete="restrict",
        string="Taken Over",
        context={"active_test": False},
        readonly=True,
        copy=False,
        help="Of a role in a team that signs: those who held it, or stood in, when the seat was "
        "given or its holders were confirmed. Nobody else votes for it.",
    )
    roster_votes = fields.Integer(
        string="Votes Taken Over",
        readonly=True,
        copy=False,
        help="How many they were; who has left counts for the quorum until that is confirmed.",
    )
    roster_at = fields.Datetime(string="Taken Over At", readonly=True, copy=False)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"roster_ids", "roster_votes", "roster_at"}

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        # A new team signs nothing yet: its first seats come with it.
        members.team_id._policy_refuse_past_two()
        return members

    def write(self, vals):
        target = self.env["crm.policy.team"].browse(vals.get("team_id") or ()).exists()
        (self.team_id | target)._policy_refuse_past_two()
        result = super().write(vals)
        self._policy_drop_roster(vals)
        return result

    def unlink(self):
        self.team_id._policy_refuse_past_two()
        return super().unlink()

    # === WHAT THE TEAM MAY === #

    @api.model
    def _policy_seat(self, vals):
        # pylint: disable=super-method-mismatch,missing-return
        member = super().create([self._policy_without_roster(vals)])
        member._policy_take_wished(vals)

    def _policy_reseat(self, vals):
        # pylint: disable=super-method-mismatch,missing-return
        if plain := self._policy_without_roster(vals):
            self._policy_drop_roster(plain)
            super().write(plain)
        self._policy_take_wished(vals)

    def _policy_unseat(self):
        # pylint: disable=super-method-mismatch
        return super().unlink()

    # === ROSTERS === #

    @api.model
    def _policy_rostered(self, roles=None):
        """Return the seats that have a roster, as superuser.

        :param roles: only those of these ``crm.policy.role``.
        """
        domain = Domain("roster_at", "!=", False)
        if roles is not None:
            domain &= Domain("role_id", "in", roles.ids)
        return self.sudo().search(domain)

    @api.model
    def _policy_without_roster(self, vals):
        return {name: value for name, value in vals.items() if name not in ("roster", "votes")}

    def _policy_take_wished(self, vals):
        if "roster" in vals:
            self._policy_take_roster(vals["roster"], vals["votes"])
            self.team_id._policy_log_change()

    def _policy_take_roster(self, user_ids, votes):
        """Let these people, and nobody else, sit for the role of this seat.

        :param int votes: how many of them have a vote when all are there.
        """
        # A wish may have waited for longer than an account was there.
        roster = self.env["res.users"].sudo().browse(user_ids).exists()
        self.sudo()._policy_guarded_write(
            {
                "roster_ids": [Command.set(roster.ids)],
                "roster_votes": votes,
                "roster_at": fields.Datetime.now(),
            }
        )

    def _policy_drop_roster(self, vals):
        """Forget whom a former role stood for."""
        if "role_id" in vals:
            self.sudo()._policy_guarded_write(
                {"roster_ids": [Command.clear()], "roster_votes": 0, "roster_at": False}
            )

    def _policy_roster_words(self, seat):
        """Return in words who comes to a seat and who goes: names with + and −.

        :param dict seat: what is wanted, with "roster" where it is a role's.
        """
        if "roster" not in seat:
            return []
        had = self.sudo().roster_ids
        has = had.browse(seat["roster"]).exists()
        words = [f"+ {user.name}" for user in has - had] + [f"− {user.name}" for user in had - has]
        if self.roster_votes != seat["votes"]:
            words.append(self.env._("Votes: %(count)s", count=seat["votes"]))
        return words

    def _policy_sitting(self):
        return self._policy_taken_over(super()._policy_sitting())

    def _policy_seated(self):
        return self._policy_taken_over(super()._policy_seated())

    def _policy_taken_over(self, users):
        return users & self.roster_ids._origin if self.roster_at else users

    def _policy_seat_payload(self):
        payload = super()._policy_seat_payload()
        if self.roster_at:
            payload |= {"holders": sorted(self.roster_ids.ids), "votes": self.roster_votes}
        return payload
