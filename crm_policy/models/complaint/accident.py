from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...words import list_words
from .case_accident import SECTION, TEAM, TRIGGER

# Who sees what was decided about whom, besides the team itself.
READERS = ("director", "ceo", "hr")
# What the members stand by.
SIGNED = frozenset({"ticket_id", "held_at", "none_reason", "line_ids"})


class CrmPolicyAccident(models.Model):
    """What the team on quality accidents decides about the persons responsible for a case: who, and
    which sanction for each, or nobody, and why (CMP-RTE-10; 002 篇六 4.2.3.3 3)③).

    Members with a vote write and sign it; with the quorum it is decided, the department's opinion
    is answered with it, and each line becomes the proposal of a sanction. Whom it is about neither
    writes nor signs nor sees it: he reads his sanction once that is decided.
    """

    _name = "crm.policy.accident"
    _description = "Decision on a Quality Accident"
    _inherit = ["crm.policy.case.entry"]
    _policy_section = SECTION
    # It runs beside the course of the case, until that ends.
    _policy_locked_by = None
    _order = "ticket_id, cycle, id"

    held_at = fields.Datetime(string="Met At", required=True, default=fields.Datetime.now)
    team_id = fields.Many2one("crm.policy.team", readonly=True, copy=False, ondelete="restrict")
    line_ids = fields.One2many(
        "crm.policy.accident.line", "accident_id", string="Persons Responsible", copy=False
    )
    none_reason = fields.Text(
        string="Nobody Is Sanctioned Because",
        copy=False,
        help="Where nobody is on the list: why.",
    )
    signature_ids = fields.One2many(
        "crm.policy.accident.signature",
        "accident_id",
        string="Signatures",
        readonly=True,
        copy=False,
    )
    decided_at = fields.Datetime(
        readonly=True, copy=False, help="When enough of the members had signed."
    )
    withdrawn_at = fields.Datetime(readonly=True, copy=False)
    withdrawn_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    withdrawn_text = fields.Text(string="Why It Was Withdrawn", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Waiting for Signatures"),
            ("decided", "Decided by the Team"),
            ("withdrawn", "Taken Back"),
        ],
        compute="_compute_state",
        store=True,
    )
    can_sign = fields.Boolean(compute="_compute_can")
    can_withdraw = fields.Boolean(compute="_compute_can")

    _one_open = models.UniqueIndex(
        "(ticket_id, cycle) WHERE state IN ('draft', 'decided')",
        "The team decides once on the persons responsible for a case.",
    )

    # === COMPUTE METHODS === #

    @api.depends("ticket_id.policy_handle")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for accident in self:
            words = self.env._("decision on the persons responsible")
            parts = (accident.ticket_id.policy_handle, words)
            accident.display_name = " ".join(part for part in parts if part)

    @api.depends("decided_at", "withdrawn_at")
    def _compute_state(self):
        for accident in self:
            accident.state = (
                (accident.withdrawn_at and "withdrawn")
                or (accident.decided_at and "decided")
                or "draft"
            )

    @api.depends("state", "signature_ids.user_id", "line_ids.user_id")
    @api.depends_context("uid")
    def _compute_can(self):
        user = self.env.user
        for accident in self:
            stored = accident.sudo()._origin
            member = (
                stored.state == "draft"
                and bool(stored)
                and user in stored._policy_members() - stored._policy_concerned()
            )
            accident.can_sign = member and user not in stored.signature_ids.user_id
            accident.can_withdraw = member

    # === CONSTRAINT METHODS === #

    @api.constrains("held_at")
    def _check_held_at(self):
        for accident in self:
            if accident.held_at > fields.Datetime.now():
                raise ValidationError(self.env._("The team has not met yet."))

    # === SIGHT === #

    @api.model
    def _policy_open_domain(self):
        """Return what the current user may see: as a member of the team or for the personnel; never
        what is about himself, which he reads once his sanction is decided (RWD-DIS-01)."""
        user = self.env.user
        mine = Domain.FALSE
        if any(user.has_group(f"crm_policy.group_{name}") for name in READERS):
            mine = Domain.TRUE
        else:
            teams = self.env["crm.policy.team"].sudo().search([("kind", "=", TEAM)])
            sits = teams.filtered(lambda team: user in team._policy_people())
            mine = Domain("company_id", "in", sits.company_id.ids)
        return mine & ~Domain("line_ids", "any!", [("user_id", "=", user.id)])

    @api.model
    def _policy_names_seen(self, domain):
        return False  # who sees the case does not see this for that

    @api.model
    def _policy_seen_domain(self):
        return super()._policy_seen_domain() & self._policy_open_domain()

    def _policy_hidden(self, operation):
        hidden = super()._policy_hidden(operation)
        rest = (self - hidden).sudo()
        return hidden | (rest - rest.filtered_domain(self._policy_open_domain())).with_env(self.env)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "team_id",
            "signature_ids",
            "decided_at",
            "withdrawn_at",
            "withdrawn_by_id",
            "withdrawn_text",
            "state",
        }

    @api.model_create_multi
    def create(self, vals_list):
        # The index on what runs looks at the rows: a withdrawn one has ended there too.
        self.flush_model(["state"])
        self._policy_check_convened(vals_list)
        accidents = super().create(vals_list)
        for accident in accidents.sudo():
            team = accident.ticket_id._policy_accident_team()
            accident._policy_guarded_write({"team_id": team.id})
            accident._policy_log_step("convened", {})
        accidents._policy_check_writer()
        return accidents

    def _policy_check_convened(self, vals_list):
        """Refuse who has no vote in the team, and a decision for which nobody waits."""
        Ticket = self.env["helpdesk.ticket"]
        default = self.default_get(["ticket_id"]).get("ticket_id")
        ids = [vals.get("ticket_id", default) for vals in vals_list]
        known = Ticket.browse([id_ for id_ in ids if type(id_) is int]).exists()
        for case in known._filtered_access("read").sudo():
            running = case._policy_accidents().filtered(lambda line: line.state != "withdrawn")
            if running:
                states = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(decision)s: %(state)s. The team decides once.",
                        decision=running[0].display_name,
                        state=states[running[0].state],
                    )
                )
            lines = case._policy_accident_lines()
            if not lines:
                raise UserError(
                    self.env._(
                        "%(case)s: nobody waits for a decision on the persons responsible.",
                        case=case.display_name,
                    )
                )
            voters = case._policy_accident_team()._policy_voters()
            if self.env.user not in voters - case.policy_accused_user_ids:
                raise AccessError(
                    self.env._(
                        "%(clause)s: on the persons responsible decide the members of %(team)s: "
                        "%(users)s.",
                        clause=lines[0].step_id.clause_id._policy_citation(),
                        team=case._policy_accident_team().name,
                        users=list_words(self.env, voters.mapped("name")) or "-",
                    )
                )

    def write(self, vals):
        if "ticket_id" in vals:
            raise UserError(self.env._("A decision stays with its case."))
        if SIGNED.intersection(vals):
            self._policy_check_writer()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A decision of the team stays with its case: withdraw it."))

    def _policy_check_writer(self):
        """Refuse to change what is signed or over, and whoever has no vote or is on the list."""
        for accident in self.sudo():
            if accident.state != "draft" or accident.signature_ids:
                raise UserError(
                    self.env._(
                        "%(decision)s is signed: it stays as it is. A member may withdraw it, and "
                        "the team decides anew.",
                        decision=accident.display_name,
                    )
                )
            if self.env.user in accident._policy_concerned():
                raise AccessError(
                    self.env._(
                        "%(decision)s is about yourself: others decide on it.",
                        decision=accident.display_name,
                    )
                )
            if self.env.user not in accident._policy_members():
                raise AccessError(accident._policy_not_a_member())

    # === ACTION METHODS === #

    def action_policy_sign(self):
        """Stand by the decision as a member of the team; with the quorum it is decided.

        :raises AccessError: the user has no vote there now, or it is about him.
        :raises ValidationError: neither persons nor a reason why there are none, or both.
        """
        for accident in self:
            stored = accident._policy_take_step("sign")
            stored._policy_check_complete()
            now = fields.Datetime.now()
            self.env["crm.policy.accident.signature"].sudo()._policy_insert(
                [{"accident_id": accident.id, "user_id": self.env.uid, "signed_at": now}]
            )
            stored.invalidate_recordset(["signature_ids"])
            stored._policy_log_step("signed", {"user": self.env.uid})
            voices = stored.signature_ids.user_id - stored._policy_concerned()
            if stored.team_id._policy_has_quorum(voices):
                with self.env.cr.savepoint():
                    stored._policy_decide()
        return True

    def action_policy_withdraw(self, text=None):
        """Take a decision back on which the members do not agree; another one can be written."""
        text = self._policy_text(text, self.env._("Say why it is withdrawn."))
        for accident in self:
            stored = accident._policy_take_step("withdraw")
            stored._policy_guarded_write(
                {
                    "withdrawn_at": fields.Datetime.now(),
                    "withdrawn_by_id": self.env.uid,
                    "withdrawn_text": text,
                }
            )
            seals = self.env["crm.policy.sealed"]._policy_seal(stored, "withdrawn", text)
            stored._policy_log_step("withdrawn", {"text": seals[stored.id]})
        return True

    # === BUSINESS METHODS === #

    def _policy_concerned(self):
        """Return whom it is about: the persons on the list, and who is complained about."""
        return self.line_ids.user_id | self.ticket_id.policy_accused_user_ids

    def _policy_members(self):
        """Return who has a vote in its team now; as superuser."""
        return self.team_id._policy_voters() if self.team_id else self.env["res.users"]

    def _policy_not_a_member(self):
        voters = self._policy_members()
        return self.env._(
            "%(decision)s is written and signed by the members of %(team)s: %(users)s.",
            decision=self.display_name,
            team=self.team_id.name or "-",
            users=list_words(self.env, voters.mapped("name")) or "-",
        )

    def _policy_member_problem(self, user):
        self.ticket_id._policy_refuse_accused()
        problem = self._policy_lock_problem(self.ticket_id)
        if problem:
            return UserError(problem)
        if self.state != "draft":
            return UserError(
                self.env._(
                    "%(decision)s: %(state)s. This step was taken or is not due.",
                    decision=self.display_name,
                    state=dict(self._fields["state"]._description_selection(self.env))[self.state],
                )
            )
        if user in self._policy_concerned():
            return AccessError(
                self.env._(
                    "%(decision)s is about yourself: others decide on it.",
                    decision=self.display_name,
                )
            )
        if user not in self._policy_members():
            return AccessError(self._policy_not_a_member())
        return None

    def _policy_withdraw_problem(self, user):
        return self._policy_member_problem(user)

    def _policy_sign_problem(self, user):
        problem = self._policy_member_problem(user)
        if problem:
            return problem
        if user in self.signature_ids.user_id:
            return UserError(
                self.env._("%(decision)s: you have signed it.", decision=self.display_name)
            )
        votes, needed = self.team_id._policy_votes(self._policy_concerned())
        if votes < needed:
            return UserError(
                self.env._(
                    "%(clause)s: %(team)s cannot decide on %(case)s: %(votes)s of its members are "
                    "not on the list themselves, %(needed)s are needed. Appoint members or "
                    "substitutes under Organisation, Teams.",
                    clause=self._policy_clause()._policy_citation(),
                    team=self.team_id.name,
                    case=self.ticket_id.display_name,
                    votes=votes,
                    needed=needed,
                )
            )
        return None

    def _policy_check_complete(self):
        """Refuse neither persons nor a reason, and both (CMP-RTE-10: or explicitly none)."""
        named, none = bool(self.line_ids), bool((self.none_reason or "").strip())
        if named != none:
            return
        clause = self._policy_clause()._policy_citation()
        if named:
            raise ValidationError(
                self.env._(
                    "%(clause)s: either persons are named, or it is said why nobody is: not both.",
                    clause=clause,
                )
            )
        raise ValidationError(
            self.env._(
                "%(clause)s: name the persons responsible with the sanction of each, or say why "
                "nobody is sanctioned.",
                clause=clause,
            )
        )

    def _policy_clause(self):
        """Return the clause by which the team decides."""
        asked = self.ticket_id._policy_asked().values()
        steps = [line.step_id for line in asked if SECTION in line.step_id._policy_fills()]
        return steps[0].clause_id if steps else self.team_id.clause_id

    def _policy_decide(self):
        """Make it the decision: the proposals, and the answer of the department."""
        case = self.ticket_id
        self._policy_guarded_write({"decided_at": fields.Datetime.now()})
        sanctions = self._policy_propose_sanctions()
        self._policy_log_step(
            "decided", {"persons": len(self.line_ids), "sanctions": sanctions.mapped("number")}
        )
        case._policy_accident_lines()._policy_answer_for(self._policy_summary())
        case._policy_accident_settled()

    def _policy_propose_sanctions(self):
        """Propose for each person what the team has decided; the members decide nothing on it."""
        Sanction = self.env["crm.policy.sanction"].sudo()
        if not self.line_ids:
            return Sanction
        case = self.ticket_id
        rule = self.env["crm.policy.sanction.rule"]._policy_rules_of(
            case.policy_version_id, TRIGGER
        )[:1]
        if not rule:
            raise UserError(
                self.env._(
                    "%(clause)s: %(version)s has no sanction rule for quality accidents, so "
                    "nothing can be proposed. The policy administrator adds one.",
                    clause=self._policy_clause()._policy_citation(),
                    version=case.policy_version_id.display_name,
                )
            )
        authors = self.signature_ids.user_id | self.create_uid
        sanctions = Sanction
        for line in self.line_ids:
            sanction = Sanction._policy_propose(
                rule, line.employee_id, case, amount=line.amount, kind=line.kind, fact=line.fact
            )
            sanction._policy_note_writers(authors)
            line._policy_guarded_write({"sanction_id": sanction.id})
            sanctions |= sanction
        sanctions._policy_send_round()
        return sanctions

    def _policy_summary(self):
        """Return the decision as the opinion that the case shows: no names (RWD-DIS-01)."""
        if not self.line_ids:
            return self.env._(
                "%(team)s: nobody is sanctioned. %(reason)s",
                team=self.team_id.name,
                reason=self.none_reason,
            )
        return self.env._(
            "%(team)s: sanctions were proposed for %(count)s of our people.",
            team=self.team_id.name,
            count=len(self.line_ids),
        )

    def _policy_log_step(self, step, details):
        self.env["crm.policy.event"]._policy_log(
            f"accident.{step}",
            self,
            {"case": self.ticket_id.id, **details},
            clause=self._policy_clause() or self.ticket_id.policy_version_id,
        )
