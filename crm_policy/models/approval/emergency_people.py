from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...words import list_words


class CrmPolicyEmergencyPeople(models.AbstractModel):
    """Who acts in an emergency and who leads it; one at a time."""

    _name = "crm.policy.emergency.people"
    _description = "People of an Emergency"

    is_member = fields.Boolean(compute="_compute_mine")
    is_leader = fields.Boolean(compute="_compute_mine")

    # === COMPUTE METHODS === #

    @api.depends("team_id", "leader_id", "state")
    @api.depends_context("uid")
    def _compute_mine(self):
        for emergency in self:
            running = emergency.state != "closed"
            members, leaders = emergency._policy_people() if running else ((), ())
            emergency.is_member = self.env.user in members
            emergency.is_leader = self.env.user in leaders

    # === BUSINESS METHODS === #

    def _policy_people(self):
        """Return who may act now and who leads now.

        Whoever sits in the team and votes acts; the leader of the start and the chair lead. Where
        nobody of the team is left the next level above the leader leads: nothing is stuck. Nobody
        acts or leads in his own matter.

        :return: (members, leaders), both ``res.users``
        """
        self.ensure_one()
        emergency = self.sudo()
        team = emergency.team_id
        concerned = emergency.ticket_id._policy_concerned_users()
        members = self.env["res.users"].sudo()
        chair = members
        if team._policy_is_running():
            seats = team._policy_seats()
            members = members.union(*team._policy_voting_seats(seats).values()) - concerned
            chair = seats.get(team._policy_chair(), members.browse()) - concerned
        leaders = (emergency.leader_id & members) | chair or members
        if not leaders:
            leaders = emergency._policy_next_leaders(concerned)
        return members, leaders

    def _policy_next_leaders(self, concerned):
        """Return the nearest level above the leader where somebody is whom it does not concern."""
        Ladder, company = self.env["crm.policy.ladder"], self.company_id
        place = (self.leader_id.id, self.policy_department_id.id)
        chain, _circle = Ladder._policy_chains([place], company)[place]
        rungs = [(*place, level) for level in range(1, max(len(chain), 1) + 1)]
        told = Ladder._policy_climb(rungs, company)
        levels = [told[rung][0] for rung in rungs] + [Ladder._policy_administrators(company)]
        return next(
            (users - concerned for users in levels if users - concerned), concerned.browse()
        )

    def _policy_hold(self, who, states=None):
        """Check the user and the state, and let two who act at once do so one after the other.

        :param str who: "members" or "leaders".
        :param tuple states: in which it may be; None for any but closed.
        """
        self.check_access("read")
        for emergency in self:
            members, leaders = emergency._policy_people()
            people = members | leaders if who == "members" else leaders
            if self.env.user not in people:
                raise AccessError(
                    self.env._(
                        "%(clause)s: this is done by the team of %(emergency)s: %(users)s.",
                        clause=emergency.sudo().clause_id._policy_citation(),
                        emergency=emergency.number,
                        users=list_words(self.env, people.sudo().mapped("name")),
                    )
                )
        emergencies = self.sudo()
        emergencies._policy_hold_rows()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for emergency in emergencies:
            if emergency.state == "closed" or (states and emergency.state not in states):
                raise UserError(
                    self.env._(
                        "%(emergency)s is %(state)s: this is not done any more.",
                        emergency=emergency.number,
                        state=labels[emergency.state],
                    )
                )
