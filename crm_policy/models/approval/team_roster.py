import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class CrmPolicyTeamRoster(models.AbstractModel):
    """Whom a seat that is a role stands for in a team that signs (POL-OWN-01).

    Who holds a role is settled elsewhere, by one person: on a post, in a group, in the
    organisation chart. Such a seat therefore has a roster, taken when the team begins to decide.
    Who holds the role since then votes only once two persons have taken him over, and who has lost
    it still counts for the quorum until then: nobody alone makes or unmakes those who decide.
    """

    _name = "crm.policy.team.roster"
    _description = "Rosters of a Team"

    roster_gap = fields.Text(string="Not Taken Over", compute="_compute_roster_gap")
    can_take_over = fields.Boolean(compute="_compute_roster_gap")
    # Which difference has been told: it is told once, however often groups are saved.
    roster_told = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)

    # === COMPUTE METHODS === #

    @api.depends("change_by_id", "change_at", "member_ids.role_id", "member_ids.roster_ids")
    @api.depends_context("uid", "lang")
    def _compute_roster_gap(self):
        for team in self:
            gap = team.sudo()._policy_roster_gap()
            if gap == team.sudo().change_vals:
                gap = {}  # it is wanted already, and stands there in words
            team.roster_gap = "\n".join(team._policy_change_lines(gap))
            team.can_take_over = bool(gap) and not team.change_by_id and team.has_access("write")

    # === ACTION METHODS === #

    def action_policy_take_over(self):
        """Let those who hold the roles now have the seats: wanted by one, confirmed by another."""
        self.check_access("write")
        for team in self:
            team._policy_take_over(team.sudo()._policy_roster_gap())
        return True

    # === BUSINESS METHODS === #

    def _policy_take_over(self, gap):
        if self._policy_signing() and self._policy_needs_two():
            self._policy_want(gap)
        elif gap:
            self._policy_make_change(gap)

    def _policy_begin_deciding(self, asked=None):
        """Take the rosters of teams that decide from now on; those that did keep theirs.

        :param asked: teams that have just decided.
        """
        teams = self.sudo()
        deciding = teams._policy_deciding() | (asked or self.browse())
        for seat in teams.member_ids:
            if seat.role_id and (seat.team_id not in deciding or not seat.roster_at):
                roster = seat.team_id._policy_roster_of(seat.role_id.id)
                seat._policy_take_roster(roster["roster"], roster["votes"])
        teams.filtered("member_ids.role_id")._policy_log_change()

    def _policy_roster_of(self, role_id):
        """Return whom a role gives a seat of this team now, and how many votes that makes.

        Who stands in for somebody is on the roster, and adds no vote.

        :rtype: dict: {"roster": ids of users, "votes": int}.
        """
        self.ensure_one()
        team = self.sudo()
        role = self.env["crm.policy.role"].sudo().browse(role_id)
        people = role._policy_people_for(team)[team.id]
        return {"roster": sorted(people.ids), "votes": len(role._policy_seat_holders(team))}

    def _policy_roster_gap(self):
        """Return the change that takes over who holds the roles now; empty: nothing has changed."""
        self.ensure_one()
        seats = []
        # In a form somebody may just be putting a person in the place of the role.
        for seat in self.member_ids.filtered(lambda seat: seat.roster_at and seat.role_id):
            now = self._policy_roster_of(seat.role_id.id)
            if now != {"roster": sorted(seat.roster_ids.ids), "votes": seat.roster_votes}:
                seats.append([Command.UPDATE, seat.id, now])
        return {"member_ids": seats} if seats else {}

    def _policy_follow_roles(self):
        """Want what has changed behind the seats, in the name of who may; else tell who may.

        Called whenever somebody was given or has lost a role, by whatever way.
        """
        for team in self:
            gap = team.sudo()._policy_roster_gap()
            told = json.dumps(gap, sort_keys=True) if gap else False
            if told == team.sudo().roster_told:
                continue
            team.sudo()._policy_guarded_write({"roster_told": told})
            if not gap:
                continue
            team.sudo()._policy_log_wish("team.holders_changed", gap)
            own = team.with_env(self.env(su=False))
            if not own._policy_may_want(gap) or not own._policy_try_to_want(gap):
                team._policy_tell_of_holders(gap)

    def _policy_try_to_want(self, gap):
        """Want it unless the team as it stands cannot be changed: no reason to keep a role."""
        try:
            with self.env.cr.savepoint():
                self._policy_take_over(gap)
        except UserError:
            return False
        return True

    def _policy_may_want(self, gap):
        """Return whether the current user can want these holders taken over, and somebody agree."""
        if self.env.user._is_superuser() or self.change_by_id or not self.has_access("write"):
            return False
        return bool(not self._policy_needs_two() or self._policy_confirmers(self.env.user, gap))

    def _policy_tell_of_holders(self, gap):
        """Tell who may take them over that a seat has other holders than those it was given to."""
        for lang, users in self._policy_appointers().grouped("lang").items():
            team = self.sudo().with_context(lang=lang)
            self.env["mail.thread"].sudo().message_notify(
                partner_ids=users.partner_id.ids,
                subject=team.env._(
                    "To take over: the holders of seats of %(team)s", team=team.name
                ),
                body=team.env._(
                    "Others hold a role that has a seat in %(team)s: %(change)s. They vote once "
                    "one person takes them over under Organisation, Teams, and another confirms "
                    "it; until then whoever has left still counts for the quorum.",
                    team=team.name,
                    change="; ".join(team._policy_change_lines(gap)),
                ),
            )

    def _policy_lost(self):
        """Return who has lost the role of a seat that votes and was not let go by two persons."""
        self.ensure_one()
        team = self.sudo()
        lost = self.env["res.users"].sudo()
        for seat in team.member_ids.filtered(lambda seat: seat.vote == "voting" and seat.roster_at):
            lost |= seat.roster_ids - seat.role_id._policy_people_for(team)[team.id]
        return lost

    def _policy_size(self, seats):
        # Whoever has lost the role counts until that is confirmed: nobody gets a quorum by it.
        voting = self._policy_voting_seats(seats).items()
        return super()._policy_size(seats) + sum(
            max(0, seat.roster_votes - max(1, len(users))) for seat, users in voting
        )
