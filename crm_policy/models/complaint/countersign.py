from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...const import GROUP_PAUSE, UNHEARD_OUTCOMES
from ...words import list_words


class CrmPolicyCountersign(models.Model):
    """A department asked for its opinion on a case: who, since when, until when, what it says.

    The clocks of the policy run from the asking to the answer.
    """

    _name = "crm.policy.countersign"
    _description = "Opinion of a Department"
    _inherit = ["crm.policy.dependent", "crm.policy.subject"]
    _policy_document_field = "ticket_id"
    # Who is told of a delay has it to do on the case, which he sees (CMP-RTE-10).
    _policy_reminded_field = "ticket_id"
    _order = "ticket_id, cycle, policy_asked_at, id"
    _rec_name = "step_code"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    step_id = fields.Many2one(
        "crm.policy.countersign.step", readonly=True, index=True, ondelete="restrict"
    )
    step_code = fields.Char(required=True, readonly=True)
    role_id = fields.Many2one(
        "crm.policy.role", required=True, readonly=True, index=True, ondelete="restrict"
    )
    department_id = fields.Many2one("hr.department", readonly=True, index=True)
    # Where clocks and roles look for the department in charge.
    policy_department_id = fields.Many2one(related="department_id", string="Department in Charge")
    cycle = fields.Integer(readonly=True, help="How often the case had been reopened.")
    policy_asked_at = fields.Datetime(string="Asked", readonly=True, copy=False)
    policy_answered_at = fields.Datetime(string="Answered At", readonly=True, copy=False)
    opinion = fields.Text(readonly=True, copy=False)
    answered_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    due_at = fields.Datetime(string="Due", compute="_compute_due_at")
    done_at = fields.Datetime(related="policy_answered_at", string="Done")
    is_mine = fields.Boolean(compute="_compute_is_mine")
    merged_names = fields.Char(
        string="Answered With It",
        compute="_compute_merged_names",
        help="Steps of the same role, or the same person, that follow at once: one answer is for "
        "all of them.",
    )

    _step_uniq = models.UniqueIndex(
        "(ticket_id, step_code, cycle)", "A department is asked once for each step of a case."
    )

    # === COMPUTE METHODS === #

    @api.depends("step_id.name", "ticket_id.policy_handle")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for opinion in self:
            parts = (opinion.ticket_id.policy_handle, opinion.step_id.name)
            opinion.display_name = " ".join(part for part in parts if part)

    @api.depends("policy_deadline_ids.due_at", "policy_deadline_ids.state")
    def _compute_due_at(self):
        for opinion in self:
            clocks = opinion.sudo().policy_deadline_ids.filtered(
                lambda clock: clock.state != "cancelled"
            )
            opinion.due_at = min(clocks.mapped("due_at"), default=False)

    @api.depends("role_id", "policy_answered_at")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for opinion in self:
            waits = opinion.policy_asked_at and not opinion.policy_answered_at
            opinion.is_mine = bool(waits) and self.env.user in opinion._policy_holders()

    @api.depends("policy_asked_at", "policy_answered_at")
    @api.depends_context("lang")
    def _compute_merged_names(self):
        for line in self:
            waits = line.policy_asked_at and not line.policy_answered_at
            steps = line.sudo().ticket_id._policy_merged_steps(line.sudo()) if waits else ()
            line.merged_names = list_words(self.env, [step.name for step in steps]) or False

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"policy_asked_at", "policy_answered_at"}

    def _policy_guarded_fields(self):
        # Nobody types one in: a case asks, a department answers.
        return super()._policy_guarded_fields() | {
            "ticket_id",
            "company_id",
            "step_id",
            "step_code",
            "role_id",
            "department_id",
            "cycle",
            "opinion",
            "answered_by_id",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What a department was asked and said stays with the case."))

    # === ACTION METHODS === #

    def action_policy_answer(self, opinion=None, at=None, reason=None):
        """Record the opinion of the department (CMP-FLOW-02).

        :raises AccessError: the user holds none of the role that was asked.
        :raises ValidationError: there is no text.
        """
        self.check_access("read")
        text = self._policy_text(opinion, self.env._("Write down the opinion."))
        for line in self:
            holders = line._policy_holders()
            if self.env.user not in holders:
                raise AccessError(
                    self.env._(
                        "%(step)s is answered by %(role)s: %(users)s.",
                        step=line.display_name,
                        role=line.role_id.sudo().name,
                        users=list_words(self.env, holders.mapped("name")) or "-",
                    )
                )
        lines = self.sudo()
        lines._policy_check_filled()
        with self.env.cr.savepoint():
            lines._policy_record_answer(text, at, reason)
            lines.ticket_id._policy_bring_about()
            lines.ticket_id._policy_ask_mandates()
        return True

    def action_policy_pause(self, reason=None, text=None, at=None):
        if reason == GROUP_PAUSE:
            raise UserError(
                self.env._("The clock stands still for the group once it is asked about the case.")
            )
        return super().action_policy_pause(reason, text, at)

    # === BUSINESS METHODS === #

    def _policy_answer_for(self, text):
        """Answer with what somebody has agreed on for the departments; as superuser."""
        if not self:
            return
        self._policy_set_fact("policy_answered_at")
        self._policy_guarded_write({"opinion": text, "answered_by_id": self.env.uid})
        for case, answered in self.grouped("ticket_id").items():
            case._policy_ask_next(answered)
        self.ticket_id._policy_bring_about()

    def _policy_open_for(self, users):
        self.sudo().ticket_id._policy_open_for(users)

    @api.model
    def _policy_running_domain(self):
        return Domain("ticket_id.policy_outcome", "not in", UNHEARD_OUTCOMES)

    @api.model
    def _policy_keep_opened(self, roles, cases=None):
        """Open the cases on which ``roles`` are asked to whoever holds or stands in for them now.

        What is answered or ended is opened to nobody new; what was opened stays so.

        :param cases: only these.
        """
        waiting = self.sudo().search(
            Domain("role_id", "in", roles.ids)
            & Domain("policy_asked_at", "!=", False)
            & Domain("policy_answered_at", "=", False)
            & Domain("ticket_id.policy_closed_at", "=", False)
            & (Domain.TRUE if cases is None else Domain("ticket_id", "in", cases.ids))
            & self._policy_running_domain()
        )
        Access = self.env["crm.policy.case.access"]
        for role, lines in waiting.grouped("role_id").items():
            current = lines.filtered(lambda line: line.cycle == line.ticket_id.policy_cycle)
            people = role._policy_people_for(current.ticket_id)
            groups = current.ticket_id.grouped(lambda case, people=people: people[case.id])
            for users, opened in groups.items():
                Access._policy_grant(opened, users, "countersign")

    def _policy_record_answer(self, text, at, reason):
        """Record an opinion and ask the next ones; those that are one with it are answered."""
        merged = {line: line.ticket_id._policy_merged_steps(line) for line in self}
        self._policy_set_fact("policy_answered_at", at, reason)
        self._policy_guarded_write({"opinion": text, "answered_by_id": self.env.uid})
        for case, answered in self.grouped("ticket_id").items():
            case._policy_ask_next(answered)
        for line, steps in merged.items():
            asked = line.ticket_id._policy_asked()
            for code in steps.mapped("code"):
                following = asked.get(code)
                if following and following.policy_asked_at and not following.policy_answered_at:
                    # Asked and answered with one word: in time, whatever was dated back.
                    following._policy_record_answer(text, None, None)

    def _policy_check_filled(self):
        """Refuse an opinion without what the department has to write down along with it."""
        for line in self:
            problems = [
                problem
                for step in line.step_id | line.ticket_id._policy_merged_steps(line)
                for section in step._policy_fills()
                for problem in line.ticket_id._policy_fill_problems(section)
            ]
            if problems:
                raise ValidationError(
                    "\n".join(
                        [
                            self.env._(
                                "%(clause)s: %(step)s is not ready to be answered:",
                                clause=line.step_id.clause_id._policy_citation(),
                                step=line.display_name,
                            ),
                            *problems,
                        ]
                    )
                )

    def _policy_holders(self):
        """Return who may answer: who holds the role for this case now; never who it is about."""
        self.ensure_one()
        case = self.sudo().ticket_id
        holders = self.sudo().role_id._users_for(case)[case.id]
        return (holders - case.policy_accused_user_ids).sudo(False)

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        case = self.ticket_id
        if case.policy_closed_at or case.policy_outcome in UNHEARD_OUTCOMES:
            raise UserError(self.env._("%(case)s is ended.", case=case.display_name))
        if self.cycle < case.policy_cycle:
            raise UserError(
                self.env._(
                    "%(step)s belongs to the time before the case was reopened.",
                    step=self.display_name,
                )
            )
        if name == "policy_answered_at" and not self.policy_asked_at:
            raise UserError(
                self.env._(
                    "%(step)s: its turn comes once the departments before it have answered.",
                    step=self.display_name,
                )
            )
        if name == "policy_answered_at" and moment < self.policy_asked_at:
            raise ValidationError(
                self.env._(
                    "%(step)s: it cannot be answered before it was asked.", step=self.display_name
                )
            )
        return result
