from odoo import api, models
from odoo.fields import Command, Domain

from ...exceptions import PolicyRefusal
from ..organisation.role import can_act

# What says who decides in a team, and how many of them must.
CONSTITUTION = frozenset(
    {
        "member_ids",
        "must_cover_role_ids",
        "quorum",
        "active",
        "date_from",
        "date_to",
        "kind",
        "company_id",
    }
)
TAKES_SEAT = ("user_id", "substitute_id")
APPOINTERS = ("crm_policy.group_director", "crm_policy.group_ceo")


class CrmPolicyTeam(models.Model):
    """A team that signs: nobody alone appoints those who will approve what he wants (POL-OWN-01).

    A change of its seats or its quorum waits until a second person confirms it; until then the old
    ones count. Where nobody else is there at all, it counts at once.
    """

    _name = "crm.policy.team"
    _inherit = ["crm.policy.team.change", "crm.policy.team.roster", "crm.policy.team"]

    # === COMPUTE METHODS === #

    @api.depends("member_ids.roster_ids", "member_ids.roster_votes", "member_ids.roster_at")
    def _compute_voters(self):
        return super()._compute_voters()

    # === WHOSE CHANGES WAIT === #

    def _policy_deciding(self):
        """Return those of these teams that an approved version or an open request has sign.

        Also by a version that waits for its day, and by one that is over: open cases keep it, and
        the last that was in force says who signs the next.
        """
        version = Domain("state", "in", ("effective", "superseded", "abolished"))
        version |= Domain("state", "=", "review") & Domain("approver_id", "!=", False)
        routed = (
            self.env["crm.policy.route.step"]
            .sudo()
            .search(
                Domain("team_id", "in", self.ids) & Domain("route_id.version_id", "any", version)
            )
        )
        asked = (
            self.env["crm.policy.approval.step"]
            .sudo()
            .search(
                [
                    ("team_id", "in", self.ids),
                    ("state", "in", ("waiting", "pending")),
                    ("approval_id.state", "=", "pending"),
                ]
            )
        )
        return self & (routed.team_id | asked.team_id).with_env(self.env)

    def _policy_signing(self):
        """Return those of these teams whose seats are changed by persons on the team itself."""
        if self.env.user._is_superuser():
            return self.browse()  # an installation or an upgrade, nobody's own wish
        return self._policy_deciding()

    def _policy_needs_two(self):
        """Return whether anybody else is there whom a change by the current user concerns.

        Whatever he wants: whom he would seat himself counts here as well, so that no choice of
        names makes a change one man's business.
        """
        self.ensure_one()
        return bool(self._policy_electorate() - self.env.user)

    def _policy_electorate(self):
        """Return who has a say in the seats: the members who vote, and those who may appoint.

        Also who has lost his role and was not let go yet: whoever takes it from all of them does
        not become the only one to be asked.
        """
        seats = self.sudo().member_ids.filtered(lambda seat: seat.vote == "voting")
        rosters = can_act(seats.roster_ids, self.sudo().company_id)
        return self._policy_seated() | self._policy_appointers() | rosters

    def _policy_appointers(self):
        groups = (self.env.ref(group).sudo() for group in APPOINTERS)
        people = self.env["res.users"].sudo().union(*(group.all_user_ids for group in groups))
        return can_act(people, self.sudo().company_id)

    def _policy_confirmers(self, wisher=None, change=None):
        """Return who may confirm a change: neither who wants it nor whom it gives a seat.

        :param wisher: who wants it; None: who wanted the change that waits.
        :param dict change: what he wants; None: the change that waits.
        """
        team = self.sudo()
        if change is None:
            change = team.change_vals or {}
        fresh = team._policy_newly_seated(change) - team._policy_seated()
        return team._policy_electorate() - (wisher or team.change_by_id) - fresh

    def _policy_newly_seated(self, change):
        """Return whom a change gives a seat or a vote, by name or by his role."""
        users, roles = self.env["res.users"].sudo(), self.env["crm.policy.role"].sudo()
        for code, member_id, seat in change.get("member_ids", ()):
            if seat:
                users |= users.browse(seat[name] for name in TAKES_SEAT if seat.get(name))
                users |= users.browse(seat.get("roster") or ())
                roles |= roles.browse(seat.get("role_id") or ())
            if code == Command.UPDATE and seat.get("vote") == "voting":
                # Who sat here without a vote gains one.
                member = self.env["crm.policy.team.member"].sudo().browse(member_id).exists()
                users |= member.user_id | member.substitute_id | member.roster_ids
                roles |= member.role_id
        return users.union(*(role._policy_everybody() for role in roles))

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        change = {"change_vals", "change_by_id", "change_at"}
        return super()._policy_guarded_fields() | change | {"roster_told"}

    def write(self, vals):
        wanted = {name: vals[name] for name in vals if name in CONSTITUTION}
        signing = self._policy_signing() if wanted else self.browse()
        result = super(CrmPolicyTeam, self - signing).write(vals)
        if signing:
            signing.check_access("write")
            for team in signing:
                if team._policy_needs_two():
                    team._policy_want(team._policy_plain_change(wanted))
                else:
                    team._policy_make_change(team._policy_plain_change(wanted))
            rest = {name: value for name, value in vals.items() if name not in CONSTITUTION}
            if rest:
                super(CrmPolicyTeam, signing).write(rest)
        return result

    # === BUSINESS METHODS === #

    def _policy_make_change(self, change):
        """Write a change of the constitution; each seat leaves its own trace."""
        # pylint: disable=super-method-mismatch,missing-return
        change = dict(change)
        seats = change.pop("member_ids", [])
        Member = self.env["crm.policy.team.member"]
        for code in (Command.DELETE, Command.UPDATE, Command.CREATE):
            for found, member_id, values in seats:
                if found != code:
                    continue
                member = Member.browse(member_id or ()).exists() & self.member_ids
                if code == Command.CREATE:
                    Member._policy_seat({**values, "team_id": self.id})
                elif code == Command.UPDATE:
                    member._policy_reseat(values)
                else:
                    member._policy_unseat()
        if change:
            super().write(change)
        self._check_members()

    def _policy_refuse_past_two(self):
        """Refuse to change the seats of a team that signs elsewhere than on the team itself."""
        for team in self._policy_signing():
            raise PolicyRefusal(
                self.env._(
                    "%(team)s signs what is approved: change its seats on the team itself, where "
                    "another person confirms it.",
                    team=team.name,
                ),
                action={
                    "type": "ir.actions.act_window",
                    "res_model": team._name,
                    "res_id": team.id,
                    "views": [(False, "form")],
                },
                button=self.env._("Open the Team"),
            )
