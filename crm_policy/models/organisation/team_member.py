from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...words import list_words


class CrmPolicyTeamMember(models.Model):
    """A seat of a team: a person, or whoever holds a role. A role's holders all sit in it.

    The first seat that votes is the chair.
    """

    _name = "crm.policy.team.member"
    _description = "Team Member"
    _inherit = ["crm.policy.guarded"]
    _order = "team_id, sequence, id"

    team_id = fields.Many2one("crm.policy.team", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="team_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    role_id = fields.Many2one(
        "crm.policy.role",
        index="btree_not_null",
        ondelete="restrict",
        help="Whoever holds the role takes the seat.",
    )
    user_id = fields.Many2one(
        "res.users", string="Person", index="btree_not_null", ondelete="restrict"
    )
    vote = fields.Selection(
        [("voting", "Votes"), ("advisory", "Advises")], required=True, default="voting"
    )
    is_chair = fields.Boolean(compute="_compute_is_chair", string="Chair")
    substitute_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        ondelete="restrict",
        help="Takes the seat while the member is away, and only then.",
    )
    holder_ids = fields.Many2many("res.users", compute="_compute_holder_ids", string="Sits Now")

    _one_source = models.Constraint(
        "CHECK((role_id IS NULL) != (user_id IS NULL))",
        "A member is either a person or whoever holds a role.",
    )
    _user_uniq = models.UniqueIndex(
        "(team_id, user_id) WHERE user_id IS NOT NULL", "A person is in a team once."
    )
    _role_uniq = models.UniqueIndex(
        "(team_id, role_id) WHERE role_id IS NOT NULL", "A role is in a team once."
    )

    # === COMPUTE METHODS === #

    @api.depends("vote", "sequence", "team_id.member_ids.vote", "team_id.member_ids.sequence")
    def _compute_is_chair(self):
        for member in self:
            member.is_chair = member == member.team_id._policy_chair()

    @api.depends("role_id", "user_id", "substitute_id")
    def _compute_holder_ids(self):
        for team in self.team_id:
            seats = team._policy_seats()
            for member in self & team.member_ids:
                member.holder_ids = seats[member]
        (self - self.team_id.member_ids).holder_ids = False

    @api.depends("role_id.name", "user_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for member in self:
            member.display_name = member.role_id.name or member.user_id.sudo().name

    # === CONSTRAINT METHODS === #

    @api.constrains("role_id", "user_id", "substitute_id")
    def _check_people(self):
        self.sudo()._policy_check_people()

    def _policy_check_people(self):
        """Refuse members of other companies, and portal users."""
        for member in self:
            company, people = member.team_id.company_id, member.user_id | member.substitute_id
            strangers = people.filtered(
                lambda user, company=company: user.share or company not in user.company_ids
            )
            if strangers or member.role_id.company_id - company:
                raise ValidationError(
                    self.env._(
                        "%(team)s: %(member)s does not belong to %(company)s.",
                        team=member.team_id.name,
                        member=list_words(self.env, strangers.mapped("name"))
                        or member.role_id.name,
                        company=company.name,
                    )
                )
            if member.substitute_id and member.substitute_id == member.user_id:
                raise ValidationError(
                    self.env._(
                        "%(team)s: %(member)s is not his own substitute.",
                        team=member.team_id.name,
                        member=member.user_id.name,
                    )
                )

    # === BUSINESS METHODS === #

    def _policy_sitting(self):
        """Return who takes the seat of a role at this moment."""
        self.ensure_one()
        return self.role_id._users_for(self.team_id)[self.team_id.id]

    def _policy_seated(self):
        """Return whose the seat is, present or not; its substitute only stands in."""
        self.ensure_one()
        return self.role_id._policy_everybody() if self.role_id else self.user_id

    def _policy_seat_payload(self):
        """Return what the ledger notes of a seat: ids and codes only."""
        self.ensure_one()
        return {
            "user": self.user_id.id,
            "role": self.role_id.code,
            "substitute": self.substitute_id.id,
            "vote": self.vote,
        }

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        # It follows the team.
        return super()._policy_guarded_fields() | {"company_id"}

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        members.team_id._policy_log_change()
        return members

    def write(self, vals):
        teams = self.team_id
        result = super().write(vals)
        (teams | self.team_id)._policy_log_change()
        return result

    def unlink(self):
        teams = self.team_id
        result = super().unlink()
        teams._policy_log_change()
        return result
