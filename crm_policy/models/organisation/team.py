from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.zones import local_day
from ...words import list_words
from .role import can_act

KINDS = [
    ("committee", "CRM Committee"),
    ("warning", "Early Warning Group"),
    ("emergency", "Emergency Group"),
    ("responsibility", "Responsibility Assessment Group"),
    ("quality_complaint", "Quality Complaints Committee"),
    ("quality_accident", "Quality Accident Committee"),
]


class CrmPolicyTeam(models.Model):
    """A committee or group that decides together: who sits in it, and how many must be there.

    Standing teams have no dates; those set up for one occasion have (ORG-TEAM-01).
    """

    _name = "crm.policy.team"
    _description = "Team"
    _inherit = ["crm.policy.pack.section"]
    _order = "sequence, code, id"

    _pack_section = "teams"
    _pack_sequence = 15
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "kind": (tuple(code for code, _label in KINDS), True),
        "layer": (("strategy", "operations", "analysis", "technology"), False),
        "quorum": (int, False),
        "clause": (str, False),
        "members": (list, True),
        "must_cover": (list, False),
    }

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(KINDS, required=True)
    functional_layer = fields.Selection(
        [
            ("strategy", "Strategy"),
            ("operations", "Operations"),
            ("analysis", "Analysis and Support"),
            ("technology", "Technology"),
        ]
    )
    clause_id = fields.Many2one("crm.policy.clause", index="btree_not_null", ondelete="restrict")
    quorum = fields.Integer(
        string="Quorum (%)",
        required=True,
        default=50,
        help="How much of the voting members must be there, rounded up to whole persons.",
    )
    date_from = fields.Date(string="Runs From", help="Empty: a standing team.")
    date_to = fields.Date(string="Runs To")
    member_ids = fields.One2many("crm.policy.team.member", "team_id", copy=True)
    must_cover_role_ids = fields.Many2many(
        "crm.policy.role",
        relation="crm_policy_team_cover_rel",
        string="Must Be Represented",
        help="Of each of these at least one holder has a seat that votes: without them the team "
        "publishes no policy.",
    )
    uncovered_role_ids = fields.Many2many(
        "crm.policy.role", compute="_compute_uncovered_role_ids", string="Not Represented"
    )
    voter_ids = fields.Many2many("res.users", compute="_compute_voters", string="Can Vote Now")
    voter_count = fields.Integer(compute="_compute_voters", string="Voters")
    quorum_count = fields.Integer(compute="_compute_voters", string="Quorum Needed")
    chair_ids = fields.Many2many("res.users", compute="_compute_voters")
    status = fields.Selection(
        [("ready", "Ready"), ("short", "Below Quorum"), ("ended", "Not Running")],
        compute="_compute_voters",
    )

    _code_uniq = models.Constraint("UNIQUE(company_id, code)", "A company has each team code once.")
    _quorum_range = models.Constraint(
        "CHECK(quorum BETWEEN 1 AND 100)", "A quorum is between 1 and 100 percent."
    )
    _dates_order = models.Constraint(
        "CHECK(date_from IS NULL OR date_to IS NULL OR date_to >= date_from)",
        "A team ends after it begins.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "quorum", "date_from", "date_to", "active",
        "member_ids.user_id", "member_ids.role_id", "member_ids.substitute_id",
        "member_ids.vote", "member_ids.sequence",
    )  # fmt: skip
    def _compute_voters(self):
        for team in self:
            seats = team._policy_seats()
            chair = team._policy_chair()
            team.voter_ids = team._policy_voters()
            team.voter_count = team._policy_size(seats)
            team.quorum_count = team._policy_needed(seats)
            team.chair_ids = seats.get(chair, self.env["res.users"])
            if not team._policy_is_running():
                team.status = "ended"
            else:
                team.status = "ready" if team._policy_has_quorum(team.voter_ids) else "short"

    @api.depends("must_cover_role_ids", "member_ids.user_id", "member_ids.role_id",
                 "member_ids.vote")  # fmt: skip
    def _compute_uncovered_role_ids(self):
        for team in self:
            team.uncovered_role_ids = team._policy_uncovered()

    # === CONSTRAINT METHODS === #

    @api.constrains("must_cover_role_ids", "company_id")
    def _check_must_cover(self):
        for team in self.sudo():
            strangers = team.must_cover_role_ids.filtered(
                lambda role, team=team: role.company_id != team.company_id
            )
            if strangers:
                raise ValidationError(
                    self.env._(
                        "%(team)s: %(member)s does not belong to %(company)s.",
                        team=team.name,
                        member=list_words(self.env, strangers.mapped("name")),
                        company=team.company_id.name,
                    )
                )

    @api.constrains("member_ids", "company_id")
    def _check_members(self):
        for team in self.sudo():
            if not team._policy_chair():
                raise ValidationError(
                    self.env._(
                        "%(team)s: at least one member votes; the first of them is in the chair.",
                        team=team.name,
                    )
                )
            team.member_ids._policy_check_people()

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() - {"member_ids"}:  # members leave their own trace
            self._policy_log_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A team is evidence of who decided: archive it instead."))

    def _policy_log_change(self):
        """Leave a trace of how the team is made up now, and let its people see its cases."""
        self.env["crm.policy.case.access"].sudo()._policy_keep_teams(self.sudo())
        self.env["crm.policy.event"]._policy_log(
            "team.changed",
            self.sudo(),
            payloads={
                team.id: {
                    "code": team.code,
                    "kind": team.kind,
                    "quorum": team.quorum,
                    "active": team.active,
                    "must_cover": team.must_cover_role_ids.mapped("code"),
                    "members": [member._policy_seat_payload() for member in team.member_ids],
                }
                for team in self.sudo()
            },
        )

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        members = []
        for number, seat in enumerate(row.pop("members"), start=1):
            place = f"teams ({row['code']}) member {number}"
            if not self._pack_seat_is_sound(seat):
                raise ValidationError(
                    self.env._(
                        "Policy pack, %(place)s: a member is a role, and advisory (true or false) "
                        "if it does not vote.",
                        place=place,
                    )
                )
            role = self._pack_reference("crm.policy.role", version, place, seat["role"])
            members.append(
                fields.Command.create(
                    {
                        "role_id": role.id,
                        "vote": "advisory" if seat.get("advisory") else "voting",
                        "sequence": number,
                    }
                )
            )
        place = f"teams ({row['code']}) must_cover"
        covered = self.env["crm.policy.role"]
        for code in row.pop("must_cover", None) or []:
            if not isinstance(code, str):
                raise ValidationError(
                    self.env._("Policy pack, %(place)s: roles by their codes.", place=place)
                )
            covered |= self._pack_reference(covered._name, version, place, code)
        clause = row.pop("clause", None)
        return {
            "must_cover_role_ids": [fields.Command.set(covered.ids)],
            "functional_layer": row.pop("layer", False),
            "clause_id": clauses[clause].id if clause else False,
            "member_ids": members,
            **super()._pack_prepare(version, row, clauses),
        }

    @api.model
    def _pack_seat_is_sound(self, seat):
        return (
            isinstance(seat, dict)
            and isinstance(seat.get("role"), str)
            and seat.keys() <= {"role", "advisory"}
            and isinstance(seat.get("advisory", False), bool)
        )

    # === BUSINESS METHODS === #

    @api.model
    def _policy_team_of(self, kind, company):
        """Return the running team of a kind that has enough members to decide.

        :raises UserError: there is none; says what to set up, and whom to ask.
        """
        teams = self.sudo().search([("kind", "=", kind), ("company_id", "=", company.id)])
        for team in teams:
            if team.status == "ready":
                return team.sudo(self.env.su)
        label = dict(self._fields["kind"]._description_selection(self.env))[kind]
        short = teams.filtered(lambda team: team.status == "short")[:1]
        if short:
            raise UserError(
                self.env._(
                    "%(team)s cannot decide: %(present)s of its %(size)s voting members can act "
                    "now, %(needed)s are needed. Appoint members or substitutes under "
                    "Organisation, Teams.",
                    team=short.name,
                    present=len(short.voter_ids),
                    size=short.voter_count,
                    needed=short.quorum_count,
                )
            )
        raise UserError(
            self.env._(
                "%(company)s has no team for %(kind)s. A director sets it up under Organisation, "
                "Teams.",
                company=company.name,
                kind=label,
            )
        )

    def _policy_voters(self):
        """Return who can vote at this moment, each person once.

        A substitute votes for his member only while that member is away.
        """
        self.ensure_one()
        voters = self.env["res.users"]
        for users in self._policy_voting_seats(self._policy_seats()).values():
            voters |= users
        return voters

    def _policy_has_quorum(self, users):
        """Return whether enough of ``users`` may vote here now; 50 % of five members are three."""
        self.ensure_one()
        return len(users & self._policy_voters()) >= self._policy_needed(self._policy_seats())

    def _policy_people(self):
        """Return everybody who sits here or stands in, present or not."""
        self.ensure_one()
        team = self.sudo()
        people = team.member_ids.user_id | team.member_ids.substitute_id
        return people.union(*(role._policy_everybody() for role in team.member_ids.role_id))

    def _policy_uncovered(self):
        """Return the roles that must be represented and of whose holders nobody has a vote.

        Who is away for some days still has his seat; who was archived has not.
        """
        self.ensure_one()
        people = self._policy_seated()
        return self.sudo().must_cover_role_ids.filtered(
            lambda role: not role._policy_everybody() & people
        )

    def _policy_seated(self):
        """Return who holds a seat that votes, present or not."""
        self.ensure_one()
        team = self.sudo()
        seats = team.member_ids.filtered(lambda member: member.vote == "voting")
        people = self.env["res.users"].sudo().union(*(seat._policy_seated() for seat in seats))
        return can_act(people, team.company_id)

    def _policy_seats(self):
        """Return {member: who takes the seat now}; nobody where it is vacant."""
        self.ensure_one()
        team = self.sudo()
        named = team.member_ids.user_id | team.member_ids.substitute_id
        present = self.env["resource.calendar.leaves"]._policy_present(named, team.company_id)
        seats = {}
        for member in team.member_ids:
            users = member.user_id & present
            if member.role_id:
                users = member._policy_sitting()
            seats[member] = users or (member.substitute_id & present)
        return seats

    def _policy_chair(self):
        """Return the member in the chair: the first that votes."""
        voting = self.member_ids.filtered(lambda member: member.vote == "voting")
        return voting.sorted("sequence")[:1]

    def _policy_voting_seats(self, seats):
        return {member: users for member, users in seats.items() if member.vote == "voting"}

    def _policy_size(self, seats):
        """Return how many votes the team has; a vacant seat counts, an absence never lowers it."""
        voting = self._policy_voting_seats(seats).values()
        people = self.env["res.users"].union(*voting)
        return len(people) + sum(not users for users in voting)

    def _policy_votes(self, barred):
        """Return (votes of the team, how many must be cast); who is barred from a matter has none.

        :param barred: ``res.users``.
        """
        self.ensure_one()
        seats = self._policy_seats()
        voters = self.env["res.users"].sudo().union(*self._policy_voting_seats(seats).values())
        return self._policy_size(seats) - len(voters & barred), self._policy_needed(seats)

    def _policy_needed(self, seats):
        # Never nobody: a team that has lost its members decides nothing.
        return max(1, -(-self._policy_size(seats) * self.quorum // 100))

    def _policy_is_running(self):
        today = local_day(fields.Datetime.now(), self.company_id)
        return (
            self.active
            and (not self.date_from or self.date_from <= today)
            and (not self.date_to or today <= self.date_to)
        )
