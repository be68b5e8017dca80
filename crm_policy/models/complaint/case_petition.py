from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...const import ENDED_OUTCOMES
from ...tools import shares
from .petition import DAYS


class CrmPolicyCasePetition(models.AbstractModel):
    """A case about whose shares a department may petition (CMP-FLOW-11)."""

    _name = "crm.policy.case.petition"
    _description = "Case with Petitions"

    policy_petition_ids = fields.One2many(
        "crm.policy.petition",
        "ticket_id",
        string="Petitions",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_may_petition = fields.Boolean(
        compute="_compute_policy_may_petition", groups="base.group_user"
    )

    @api.depends("policy_decided_at", "policy_petition_ids")
    @api.depends_context("uid")
    def _compute_policy_may_petition(self):
        for case in self:
            stored = case.sudo()
            due = stored.policy_decided_at and stored._policy_petition_until()
            case.policy_may_petition = bool(
                due
                and fields.Datetime.now() <= due
                and (department := case._policy_petition_department())
                and not stored._policy_petitions_of(department)
            )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_petition_ids"}

    # === ACTION METHODS === #

    def action_policy_petition(self, wanted=None, text=None):
        """Object to the shares as the head of a department that bears one (CMP-FLOW-11).

        :param dict wanted: {id of a share: percent that it should be}; 100 together.
        :param str text: the reasons.
        :raises AccessError: the user heads none of the departments that bear a share.
        :raises UserError: nothing is decided, it is too late, or it was asked already.
        """
        self.ensure_one()
        self.check_access("read")
        self._policy_check_governed()
        self._policy_refuse_accused()
        text = self._policy_text(text, self.env._("Write down why the department disagrees."))
        case = self.sudo()
        department = self._policy_petition_department()
        if not department:
            raise AccessError(
                self.env._(
                    "%(case)s: the head of a department that bears a share petitions, nobody else.",
                    case=self.display_name,
                )
            )
        case._policy_check_petition_time()
        if case._policy_petitions_of(department):
            raise UserError(
                self.env._(
                    "%(case)s: %(department)s has petitioned already.",
                    case=self.display_name,
                    department=department.sudo().name,
                )
            )
        lines = case._policy_present_shares()
        wanted = self._policy_wanted_shares(lines, wanted)
        with self.env.cr.savepoint():
            [petition] = (
                self.env["crm.policy.petition"]
                .sudo()
                ._policy_guarded_create(
                    [
                        {
                            "ticket_id": self.id,
                            "policy_department_id": department.id,
                            "petitioner_id": self.env.uid,
                            "filed_at": fields.Datetime.now(),
                            "text": text,
                            "cycle": case.policy_cycle,
                        }
                    ]
                )
            )
            self.env["crm.policy.petition.line"].sudo()._policy_insert(
                [
                    {
                        "petition_id": petition.id,
                        "company_id": case.company_id.id,
                        "responsibility_id": line.id,
                        "party": line._policy_party_name(),
                        "share_before": line.share,
                        "share_after": wanted[line.id],
                    }
                    for line in lines
                ]
            )
            petition._policy_submit()
            self.env["crm.policy.event"]._policy_log(
                "petition.filed",
                petition,
                {"ticket": self.id, "department": department.id},
                clause=case._policy_petition_parameter().clause_id,
            )
        return True

    # === BUSINESS METHODS === #

    def _policy_petition_department(self):
        """Return the department that bears a share and whose head the current user is."""
        lines = self.sudo()._policy_present_shares().filtered("is_decided")
        departments = lines.department_id | lines.employee_id.department_id
        return departments.filtered(
            lambda department: department.manager_id.user_id == self.env.user
        )[:1].with_env(self.env)

    def _policy_petitions_of(self, department):
        return self.policy_petition_ids.filtered(
            lambda petition: (
                petition.policy_department_id == department and petition.cycle == self.policy_cycle
            )
        )

    def _policy_petition_parameter(self):
        return self.env["crm.policy.parameter"]._policy_of(self.policy_version_id, DAYS)

    def _policy_petition_until(self):
        """Return until when a department may petition: the end of the n-th working day."""
        days = int(self._policy_petition_parameter().value)
        if not days:
            return False
        calendar = self.company_id.resource_calendar_id.with_company(self.company_id)
        [until] = calendar._policy_nth_day_end([self.policy_decided_at], [days])
        return until

    def _policy_check_petition_time(self):
        """Refuse a petition without a decision, after its days, or where there is none."""
        parameter = self._policy_petition_parameter()
        if not parameter.value:
            raise UserError(
                self.env._(
                    "%(version)s knows no petitions.",
                    version=self.policy_version_id.display_name,
                )
            )
        citation = parameter.clause_id._policy_citation()
        if not self.policy_decided_at or self.policy_outcome in ENDED_OUTCOMES:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s: a petition is about what was decided.",
                    clause=citation,
                    case=self.display_name,
                )
            )
        until = self._policy_petition_until()
        if fields.Datetime.now() > until:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s was decided at %(decided)s; a department petitions "
                    "within %(days)g working days, until %(until)s.",
                    clause=citation,
                    case=self.display_name,
                    decided=self._policy_form_moment(self.policy_decided_at),
                    days=parameter.value,
                    until=self._policy_form_moment(until),
                )
            )

    def _policy_wanted_shares(self, lines, wanted):
        """Return {id of a share: percent}; what nobody names stays as it is.

        :raises ValidationError: they are not 100 percent together, or nothing changes.
        """
        wanted = wanted if isinstance(wanted, dict) else {}
        try:
            named = {int(key): float(value) for key, value in wanted.items()}
        except (TypeError, ValueError):
            named = {0: 0.0}
        if named.keys() - set(lines.ids):
            raise ValidationError(
                self.env._("%(case)s: these are not its shares.", case=self.display_name)
            )
        result = {line.id: round(named.get(line.id, line.share), 2) for line in lines}
        if not all(0 < share <= 100 for share in result.values()) or not shares.adds_up(
            result.values()
        ):
            raise ValidationError(
                self.env._(
                    "The shares are %(total)g percent together; each is more than 0, and they "
                    "have to be 100.",
                    total=sum(result.values()),
                )
            )
        if all(result[line.id] == line.share for line in lines):
            raise ValidationError(self.env._("Say which shares should be other ones."))
        return result
