from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import UNHEARD_OUTCOMES
from ...words import list_words
from .complaint_mixin import WINDOW

HANDED = "policy_handed_at"
# With which fact of the case those are asked who get it.
STARTS = "handed"


class CrmPolicyCaseHandover(models.AbstractModel):
    """A case that the window hands to whoever treats it, and gets back with the treatment.

    (CMP-RTE-15, CMP-RTE-11.) The departments that start with the hand-over are asked when the
    receiver has signed; who gets it is who holds the role of one of them.
    """

    _name = "crm.policy.case.handover"
    _description = "Case with Hand-over Sheets"

    policy_handover_ids = fields.One2many(
        "crm.policy.handover", "ticket_id", string="Hand-overs", readonly=True, copy=False
    )
    policy_handed_at = fields.Datetime(
        string="Signed For At",
        readonly=True,
        copy=False,
        help="When who treats the case has signed for it: his time runs from then on.",
    )
    policy_handover_state = fields.Selection(
        [
            ("none", "Not Handed Over"),
            ("given", "Not Accepted Yet"),
            ("received", "With the Handler"),
            ("back", "Back at the Window"),
        ],
        string="Hand-over of a Case",
        compute="_compute_policy_handover_state",
        groups="base.group_user",
    )
    policy_can_hand_back = fields.Boolean(
        compute="_compute_policy_handover_state", groups="base.group_user"
    )
    policy_is_handed = fields.Boolean(
        compute="_compute_policy_handover_state", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_handover_ids.state",
        "policy_cycle",
        "policy_decided_at",
        "policy_kind",
        "policy_version_id",
        "policy_complaint_type_id",
    )
    @api.depends_context("uid")
    def _compute_policy_handover_state(self):
        for case in self:
            sheets = case._policy_sheets()
            last = sheets.filtered(lambda sheet: sheet.state != "declined")[-1:]
            if not last:
                state = "none"
            elif last.state == "given":
                state = "given"
            else:
                state = "back" if last.direction == "back" else "received"
            case.policy_handover_state = state
            course = self.env["crm.policy.milestone"]._policy_course_of(*case._policy_course_key())
            case.policy_is_handed = bool(sheets) or HANDED in course
            case.policy_can_hand_back = (
                state == "received"
                and last.to_user_id == self.env.user
                and not case.sudo()._policy_hand_back_problem()
            )

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {HANDED}

    def _policy_reopen_vals(self):
        return {**super()._policy_reopen_vals(), HANDED: False}

    # === ACTION METHODS === #

    def action_policy_hand_over(self, user_id=None, text=None):
        """Hand the case to who treats it; it is not accepted until he signs (CMP-RTE-15).

        :param int user_id: who gets it; None where only one person can.
        :param str text: what goes with it.
        :raises ValidationError: the case goes to nobody of that name.
        :raises UserError: its policy knows no hand-over, it is in somebody's hands, or too early.
        """
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        for case in self:
            stored = case.sudo()
            stored._policy_check_transferable()
            receiver = stored._policy_receiver(user_id)
            stored._policy_give("transfer", receiver, text)
        return True

    def action_policy_hand_back(self, text=None):
        """Give the form back to the window, with how the case was treated (CMP-RTE-11).

        :param str text: the treatment; required.
        :raises UserError: the treatment is not approved yet, or the user does not have the case.
        """
        self.ensure_one()
        self.check_access("read")
        self._policy_refuse_accused()
        self._policy_check_governed()
        text = self._policy_text(text, self.env._("Describe how the case was treated."))
        case = self.sudo()
        last = case._policy_sheets().filtered("received_at")[-1:]
        if last.direction != "transfer" or last.to_user_id != self.env.user:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s is not in your hands.",
                    clause=case._policy_handover_clause(),
                    case=self.display_name,
                )
            )
        problem = case._policy_hand_back_problem()
        if problem:
            raise UserError(problem)
        receiver = last.from_user_id
        if not receiver.active:
            receiver = case.user_id
        case._policy_give("back", receiver, text)
        return True

    # === BUSINESS METHODS === #

    def _policy_sheets(self):
        """Return the hand-over sheets of the present cycle, in their order, as superuser."""
        return self.sudo().policy_handover_ids.filtered(
            lambda sheet: sheet.cycle == self.policy_cycle
        )

    def _policy_handover_clause(self):
        clause = self._policy_fact_clause(HANDED)
        return (clause and clause._policy_citation()) or self.policy_version_id.display_name

    def _policy_check_transferable(self):
        """Refuse a hand-over that the policy does not know, too early, or while another runs."""
        self.ensure_one()
        if not self._policy_milestone(HANDED):
            raise UserError(
                self.env._(
                    "%(version)s hands no such case over.",
                    version=self.policy_version_id.display_name,
                )
            )
        if self.policy_closed_at or self.policy_outcome in UNHEARD_OUTCOMES:
            raise UserError(self.env._("%(case)s is ended.", case=self.display_name))
        missing = self._policy_missing_words(HANDED)
        if missing:
            raise UserError(missing)
        last = self._policy_sheets().filtered(lambda sheet: sheet.state != "declined")[-1:]
        if last:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s was handed to %(user)s.",
                    clause=self._policy_handover_clause(),
                    case=self.display_name,
                    user=last.to_user_id.name,
                )
            )

    def _policy_possible_receivers(self):
        """Return who may get the case: who holds a role that is asked with the hand-over."""
        self.ensure_one()
        steps = self.env["crm.policy.countersign.step"]._policy_steps_of(self)
        users = self.env["res.users"].sudo()
        for step in steps.filtered(lambda step: step.starts == STARTS):
            users |= step.role_id._users_for(self)[self.id]
        return users - self.policy_accused_user_ids

    def _policy_receiver(self, user_id):
        possible = self._policy_possible_receivers()
        first = self._policy_first_receivers()
        if user_id is None or user_id is False:
            if len(first) == 1:
                return first
            found = self.env["res.users"]
        else:
            plain = isinstance(user_id, int) and not isinstance(user_id, bool)
            found = possible.filtered(lambda user: plain and user.id == user_id)
        if not found:
            raise ValidationError(
                self.env._(
                    "%(clause)s: %(case)s is handed to one of these, never to whom it is about: "
                    "%(users)s.",
                    clause=self._policy_handover_clause(),
                    case=self.display_name,
                    users=list_words(self.env, possible.mapped("name")) or "-",
                )
            )
        return found

    def _policy_first_receivers(self):
        """Return who gets it where nobody is named: who answers the first step of the hand-over."""
        step = self._policy_first_step()
        if not step:
            return self.env["res.users"].sudo()
        return step.role_id._users_for(self)[self.id] - self.policy_accused_user_ids

    def _policy_first_step(self):
        steps = self.env["crm.policy.countersign.step"]._policy_steps_of(self)
        return steps.filtered(lambda step: step.starts == STARTS)[:1]

    def _policy_give(self, direction, receiver, text, giver=None, **vals):
        """Write the sheet, open the case for the receiver and tell him; ``self`` is superuser's.

        :param giver: in whose name; None: the current user's.
        """
        self.ensure_one()
        if text is not None and text is not False and not isinstance(text, str):
            raise ValidationError(self.env._("Write down in words what is handed over."))
        [sheet] = self.env["crm.policy.handover"]._policy_guarded_create(
            [
                {
                    "ticket_id": self.id,
                    "cycle": self.policy_cycle,
                    "direction": direction,
                    "from_user_id": (giver or self.env.user).id,
                    "to_user_id": receiver.id,
                    "given_at": fields.Datetime.now(),
                    "text": (text or "").strip() or False,
                    **vals,
                }
            ]
        )
        self.env["crm.policy.case.access"]._policy_grant(self, receiver, "handover")
        sheet._policy_log_step("given")
        sheet._policy_tell(receiver, sheet._policy_sign_words(receiver.lang))
        return sheet

    def _policy_signed_for(self, sheet):
        """Go on with what waits for the signature of the receiver; ``self`` is superuser's."""
        self._policy_bring_about()

    def _policy_hand_back_problem(self):
        """Return why the form cannot go back to the window yet, or None; as superuser."""
        self.ensure_one()
        waiting = self._policy_sheets().filtered(lambda sheet: sheet.state == "given")
        if waiting:
            return self.env._("%(sheet)s is not signed yet.", sheet=waiting[0].display_name)
        last = self._policy_sheets().filtered("received_at")[-1:]
        own = self.policy_countersign_ids.filtered(
            lambda line: (
                line.cycle == self.policy_cycle
                and line.step_id.starts == STARTS
                and line.role_id == self._policy_first_step().role_id
                and not line.policy_answered_at
            )
        )
        missing = own.step_id.mapped("name") + self._policy_treatment_missing()
        if last and missing:
            return self.env._(
                "%(clause)s: %(case)s goes back to the window once it is treated. Missing: "
                "%(missing)s.",
                clause=self._policy_handover_clause(),
                case=self.display_name,
                missing=list_words(self.env, missing),
            )
        return None

    def _policy_treatment_missing(self):
        """Return what the decision on the treatment still needs; parts of the room add theirs."""
        return self._policy_missing_needs("policy_decided_at")

    # === THE COURSE === #

    def _policy_has_come(self, name, milestone):
        come = super()._policy_has_come(name, milestone)
        if come and milestone.set_by == "handover":
            return bool(
                self._policy_sheets().filtered(
                    lambda sheet: sheet.direction == "transfer" and sheet.received_at
                )
            )
        return come

    def _policy_action_of(self, fact):
        if self._policy_milestone(fact).set_by == "handover":
            waits = self._policy_sheets().filtered(lambda sheet: sheet.state == "given")
            return "handover" if waits else "hand_over"
        return super()._policy_action_of(fact)

    def _policy_waiting_words(self):
        words = super()._policy_waiting_words()
        waits = self._policy_sheets().filtered(lambda sheet: sheet.state == "given")
        return list_words(
            self.env,
            [
                *filter(None, [words]),
                *(
                    self.env._(
                        "the signature of %(user)s on the hand-over", user=sheet.to_user_id.name
                    )
                    for sheet in waits
                ),
            ],
        )

    @api.model
    def _policy_needs(self):
        return {**super()._policy_needs(), "handed_back": "_policy_need_handed_back"}

    def _policy_need_handed_back(self):
        """Return what is missing before the window speaks: the form with the treatment (RTE-11)."""
        back = self._policy_sheets().filtered(
            lambda sheet: sheet.direction == "back" and sheet.received_at
        )
        return [] if back else [self.env._("the form handed back with the treatment")]
