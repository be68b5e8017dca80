from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.zones import local_day

SECTION = "accident"
TEAM = "quality_accident"
# What follows for each person whom the team names.
TRIGGER = "quality_accident"
ACTIVITY = "crm_policy.activity_accident"


class CrmPolicyCaseAccident(models.AbstractModel):
    """A case for which the team on quality accidents deals with the persons responsible, beside
    what is done for the customer (CMP-RTE-10).

    Where the company has no such team, or too few of it can vote, the case says so and goes on; the
    clock runs, and whoever is told of the delay reads by which clause.
    """

    _name = "crm.policy.case.accident"
    _description = "Case of a Quality Accident"

    policy_accident_ids = fields.One2many(
        "crm.policy.accident",
        "ticket_id",
        string="Decisions on the Persons Responsible",
        copy=False,
        groups="base.group_user",
    )
    policy_can_decide_accident = fields.Boolean(
        compute="_compute_policy_can_decide_accident", groups="base.group_user"
    )
    policy_accident_missing = fields.Char(
        string="Team Missing",
        compute="_compute_policy_accident_missing",
        groups="base.group_user",
        help="Why nobody can decide on the persons responsible now, and what to do about it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_countersign_ids.policy_answered_at", "policy_accident_ids.state")
    @api.depends_context("uid")
    def _compute_policy_can_decide_accident(self):
        """Return whether the user writes down now what the team decides: it is asked, has begun
        nothing, and he has a vote."""
        for case in self:
            stored = case.sudo()._origin
            running = stored._policy_accidents().filtered(lambda line: line.state != "withdrawn")
            case.policy_can_decide_accident = not running and bool(
                stored._policy_filled_by(self.env.user, SECTION)
            )

    @api.depends("policy_countersign_ids.policy_answered_at")
    def _compute_policy_accident_missing(self):
        for case in self:
            stored = case.sudo()._origin
            case.policy_accident_missing = (
                bool(stored._policy_accident_lines()) and stored._policy_accident_problem()
            ) or False

    # === BUSINESS METHODS === #

    def _policy_accidents(self):
        """Return the decisions of the present cycle, as superuser."""
        return self.sudo().policy_accident_ids.filtered(
            lambda accident: accident.cycle == self.policy_cycle
        )

    def _policy_accident_lines(self):
        """Return the opinions that the team answers and that wait for it, as superuser."""
        return self.sudo().policy_countersign_ids.filtered(
            lambda line: (
                line.policy_asked_at
                and not line.policy_answered_at
                and line.cycle == line.ticket_id.policy_cycle
                and SECTION in line.step_id._policy_fills()
            )
        )

    def _policy_accident_team(self):
        """Return the team that decides, as superuser.

        :raises UserError: there is none that can; names the clause and what to do.
        """
        self.ensure_one()
        try:
            return self.env["crm.policy.team"].sudo()._policy_team_of(TEAM, self.company_id)
        except UserError as error:
            lines = self._policy_accident_lines()
            clause = lines[:1].step_id.clause_id
            raise UserError(
                self.env._(
                    "%(clause)s: %(problem)s",
                    clause=clause._policy_citation() if clause else self.display_name,
                    problem=str(error),
                )
            ) from error

    def _policy_accident_problem(self):
        """Return why no team can decide on the case, or None."""
        try:
            self._policy_accident_team()
        except UserError as error:
            return str(error)
        return None

    def _policy_filled_by(self, user, section):
        filled = super()._policy_filled_by(user, section)
        if section != SECTION:
            return filled
        # Not whoever is asked for the department, but who has a vote in the team.
        waiting = self._policy_accident_lines().ticket_id
        return waiting.filtered(
            lambda case: (
                not case._policy_accident_problem()
                and user in case._policy_accident_team()._policy_voters()
                and user not in case.policy_accused_user_ids
            )
        )

    def _policy_fill_problems(self, section):
        problems = super()._policy_fill_problems(section)
        if section == SECTION and not self._policy_accidents().filtered("decided_at"):
            problems = [
                *problems,
                self._policy_accident_problem()
                or self.env._("The team has not decided on the persons responsible yet."),
            ]
        return problems

    def _policy_ask(self, step, at, reason):
        result = super()._policy_ask(step, at, reason)
        if SECTION in step._policy_fills():
            self._policy_call_accident_team()
        return result

    def _policy_call_accident_team(self):
        """Let the team see the case and leave each member an activity; as superuser."""
        problem = self._policy_accident_problem()
        if problem:
            self._policy_tell_window(problem)
            return
        team = self._policy_accident_team()
        self.env["crm.policy.case.access"].sudo()._policy_keep_teams(team)
        line = self._policy_accident_lines()[:1]
        vals_list = []
        for user in team._policy_voters() - self._policy_concerned_users():
            words = self.with_context(lang=user.lang)
            vals_list.append(
                {
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": self.id,
                    "user_id": user.id,
                    "activity_type_id": self.env.ref(ACTIVITY).id,
                    "date_deadline": local_day(
                        line.due_at or fields.Datetime.now(), self.company_id
                    ),
                    "summary": words.env._(
                        "%(team)s: decide on the persons responsible for %(case)s",
                        team=team.with_context(lang=user.lang).name,
                        case=words.display_name,
                    ),
                }
            )
        self.env["crm.policy.escalation"]._policy_remind_quietly(vals_list)
        self.env["crm.policy.event"]._policy_log(
            "case.committee",
            self,
            {"team": team.id, "code": team.code},
            clause=line.step_id.clause_id or self.policy_version_id,
        )

    def _policy_accident_settled(self):
        """Take away what asked the members to decide; as superuser."""
        self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(ACTIVITY)
        ).unlink()
