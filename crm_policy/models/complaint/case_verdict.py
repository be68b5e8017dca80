from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import GROUP_PAUSE
from ...words import list_words

SECTION = "verdict"


class CrmPolicyCaseVerdict(models.AbstractModel):
    """A case about which a committee and the customer come to an agreement (CMP-RTE-06 to -12)."""

    _name = "crm.policy.case.verdict"
    _description = "Case with Verdicts"

    policy_verdict_ids = fields.One2many(
        "crm.policy.verdict", "ticket_id", string="Verdicts", copy=False
    )
    policy_made_by_group = fields.Boolean(
        string="Made by the Group",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="The goods come from the group: it is asked before the committee decides.",
    )
    policy_group_ref = fields.Char(
        string="Reference at the Group", readonly=True, copy=False, groups="base.group_user"
    )
    policy_group_asked_at = fields.Datetime(
        string="Group Asked At", readonly=True, copy=False, groups="base.group_user"
    )
    policy_group_answered_at = fields.Datetime(
        string="Group Answered At", readonly=True, copy=False, groups="base.group_user"
    )

    policy_can_convene = fields.Boolean(
        compute="_compute_policy_can_convene", groups="base.group_user"
    )

    @api.depends("policy_handover_ids.state", "policy_decided_at", "policy_verdict_ids.state")
    @api.depends_context("uid")
    def _compute_policy_can_convene(self):
        """Return whether the user writes down a verdict now: no round runs, nothing is agreed."""
        for case in self:
            stored = case.sudo()._origin
            running = stored._policy_verdicts().filtered(
                lambda verdict: verdict.state in ("draft", "signed", "agreed")
            )
            case.policy_can_convene = (
                not running
                and not case.policy_decided_at
                and bool(stored._policy_filled_by(self.env.user, SECTION))
            )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_group_ref",
            "policy_group_asked_at",
            "policy_group_answered_at",
        }

    def _policy_reopen_vals(self):
        group = ("policy_group_ref", "policy_group_asked_at", "policy_group_answered_at")
        return {**super()._policy_reopen_vals(), **dict.fromkeys(group, False)}

    # === ACTION METHODS === #

    def action_policy_consult_group(self, reference=None):
        """Note that the group was asked about goods that it has made; the clock stands still.

        :param str reference: under which number or letter it was asked; required (CMP-RTE-12).
        :raises UserError: the goods are ours, or nothing waits for the group.
        """
        self.ensure_one()
        self._policy_check_consultant()
        reference = self._policy_text(
            reference, self.env._("Write down under which reference the group was asked.")
        )
        case = self.sudo()
        lines = case._policy_verdict_lines()
        if not case.policy_made_by_group or not lines:
            raise UserError(
                self.env._(
                    "%(case)s: the group is asked about goods that it has made, while the "
                    "committee has not agreed with the customer.",
                    case=self.display_name,
                )
            )
        if case.policy_group_asked_at:
            raise UserError(self.env._("%(case)s: the group is asked.", case=self.display_name))
        self.env["crm.policy.pause"]._policy_ask(lines, GROUP_PAUSE, reference)
        case._policy_guarded_write(
            {"policy_group_ref": reference, "policy_group_asked_at": fields.Datetime.now()}
        )
        case._policy_log_group("asked", reference)
        case._policy_tell_window(
            self.env._("%(case)s: the group was asked under %(reference)s.",
                       case=self.display_name, reference=reference),
        )  # fmt: skip
        return True

    def action_policy_group_answer(self, text=None):
        """Note what the group has answered; the clock runs again."""
        self.ensure_one()
        self._policy_check_consultant()
        text = self._policy_text(text, self.env._("Write down what the group has answered."))
        case = self.sudo()
        if not case.policy_group_asked_at or case.policy_group_answered_at:
            raise UserError(
                self.env._("%(case)s: the group has not been asked.", case=self.display_name)
            )
        Pause = self.env["crm.policy.pause"]
        running = Pause._policy_current(case.policy_countersign_ids).filtered(
            lambda pause: pause.reason_code == GROUP_PAUSE
        )
        lines = case.policy_countersign_ids.filtered(
            lambda line: line.id in running.mapped("res_id")
        )
        if lines:
            Pause._policy_end(lines, "resumed")
        case._policy_guarded_write({"policy_group_answered_at": fields.Datetime.now()})
        case._policy_log_group("answered", text)
        case._policy_tell_window(
            self.env._("%(case)s: the group has answered: %(text)s",
                       case=self.display_name, text=text),
        )  # fmt: skip
        return True

    # === BUSINESS METHODS === #

    def _policy_verdicts(self):
        """Return the rounds of the present cycle, in their order, as superuser."""
        return (
            self.sudo()
            .policy_verdict_ids.filtered(lambda verdict: verdict.cycle == self.policy_cycle)
            .sorted("round")
        )

    def _policy_verdict_lines(self):
        """Return the opinions that the consensus answers and that wait for it, as superuser."""
        return self.sudo().policy_countersign_ids.filtered(
            lambda line: (
                line.policy_asked_at
                and not line.policy_answered_at
                and line.cycle == self.policy_cycle
                and SECTION in line.step_id._policy_fills()
            )
        )

    def _policy_in_hand(self):
        """Return who has signed for the case and has it still; as superuser."""
        last = self._policy_sheets().filtered("received_at")[-1:]
        return (
            last.to_user_id - self.policy_accused_user_ids
            if last.direction == "transfer"
            else last.to_user_id.browse()
        )

    def _policy_check_consultant(self):
        """Refuse who neither has the case in hand nor stands above who has: the deputy (RTE-12)."""
        self.check_access("read")
        self._policy_refuse_accused()
        self._policy_check_governed()
        case = self.sudo()
        role = self.env["crm.policy.role"].sudo()
        deputy = role.search([("code", "=", "deputy_gm"), ("company_id", "=", case.company_id.id)])
        users = case._policy_in_hand()
        if deputy:
            users |= deputy._users_for(case)[case.id]
        if self.env.user not in users:
            raise UserError(
                self.env._(
                    "%(case)s: the group is asked by who has the case in hand, or by the deputy "
                    "general manager: %(users)s.",
                    case=self.display_name,
                    users=list_words(self.env, users.mapped("name")) or "-",
                )
            )

    def _policy_log_group(self, step, text):
        seals = self.env["crm.policy.sealed"]._policy_seal(self, f"group_{step}", text)
        self.env["crm.policy.event"]._policy_log(
            f"case.group_{step}", self, {"text": seals[self.id]}, clause=self.policy_version_id
        )

    def _policy_tell_window(self, words):
        """Write ``words`` into the case and leave an activity for its handler."""
        self._message_log(body=words)
        if self.user_id.active:
            self.env["crm.policy.escalation"]._policy_remind_quietly(
                [
                    {
                        "res_model_id": self.env["ir.model"]._get_id(self._name),
                        "res_id": self.id,
                        "user_id": self.user_id.id,
                        "summary": words,
                    }
                ]
            )

    def _policy_check_committee(self):
        """Refuse a meeting before the hand-over and before somebody was on the spot (RTE-04, -08);
        ``self`` is superuser's."""
        self.ensure_one()
        clause = self._policy_fact_clause("policy_decided_at")
        citation = (clause and clause._policy_citation()) or self.policy_version_id.display_name
        if not self.policy_needs_verdict:
            raise UserError(
                self.env._("%(clause)s: no committee meets about %(case)s.",
                           clause=citation, case=self.display_name)
            )  # fmt: skip
        missing = [] if self.policy_handed_at else [self._policy_label("policy_handed_at")]
        missing += self._policy_need_field_report()
        if missing:
            raise UserError(
                self.env._(
                    "%(clause)s: before the committee meets about %(case)s comes: %(missing)s.",
                    clause=citation,
                    case=self.display_name,
                    missing=list_words(self.env, missing),
                )
            )
        if self.policy_group_asked_at and not self.policy_group_answered_at:
            raise UserError(
                self.env._("%(case)s: the group has not answered yet.", case=self.display_name)
            )
        consensus = self._policy_verdicts().filtered(lambda verdict: verdict.state == "agreed")
        if consensus:
            raise UserError(
                self.env._(
                    "%(clause)s: the customer has agreed: %(verdict)s.",
                    clause=citation,
                    verdict=consensus[-1].display_name,
                )
            )

    def _policy_filled_by(self, user, section):
        filled = super()._policy_filled_by(user, section)
        if section != SECTION:
            return filled
        # A verdict that was not approved is taken up again by who has the case.
        return filled | self.filtered(
            lambda case: case.policy_needs_verdict and user in case._policy_in_hand()
        )

    def _policy_fill_problems(self, section):
        problems = super()._policy_fill_problems(section)
        if section == SECTION and not self._policy_verdicts().filtered("agreed_at"):
            problems = [*problems, self.env._("The customer has not agreed to a verdict yet.")]
        return problems

    @api.model
    def _policy_needs(self):
        return {**super()._policy_needs(), SECTION: "_policy_need_verdict"}

    def _policy_need_verdict(self):
        """Return what is missing of the consensus and its approval (CMP-RTE-07, -11)."""
        agreed = self._policy_verdicts().filtered("agreed_at")[-1:]
        if not agreed or agreed.state == "rejected":
            return [self.env._("the consensus with the customer")]
        if agreed.policy_approval_state != "approved":
            return [self.env._("the approval of %(verdict)s", verdict=agreed.display_name)]
        return []
