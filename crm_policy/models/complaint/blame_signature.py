from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from .complaint_mixin import WINDOW

OWN_PARTIES = ("department", "employee")
ACTIVITY = "crm_policy.activity_signature"
SIGNATURE = frozenset(
    {"signed_by_id", "signed_at", "refusal_note", "refusal_witness_id", "refused_at",
     "is_overturned"}
)  # fmt: skip


class CrmPolicyBlameSignature(models.AbstractModel):
    """Whoever is responsible signs what was decided about him, or a witness hears why he does not.

    It is said of our own people and departments; the points that follow for a person come from the
    parameters of the policy (CFL-REC-01, CFL-RSP-03).
    """

    _name = "crm.policy.blame.signature"
    _description = "Signature of the Responsible"

    signed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    signed_at = fields.Datetime(readonly=True, copy=False)
    refusal_note = fields.Char(
        string="Not Signed Because",
        readonly=True,
        copy=False,
        help="Why the person responsible does not sign, as it was said before the witness.",
    )
    refusal_witness_id = fields.Many2one(
        "res.users", string="Witness", readonly=True, copy=False, help="Who has heard the refusal."
    )
    refused_at = fields.Datetime(readonly=True, copy=False)
    signature_state = fields.Selection(
        [
            ("none", "None Needed"),
            ("open", "To Be Signed"),
            ("signed", "Signature Given"),
            ("refused", "Refused before a Witness"),
        ],
        string="Signature",
        compute="_compute_signature_state",
    )
    # Who signs need not see the case: a domain over its fields would find him nothing.
    needs_signature = fields.Boolean(
        string="Signed by the Responsible",
        compute="_compute_needs_signature",
        search="_search_needs_signature",
    )
    can_sign = fields.Boolean(compute="_compute_can_sign")
    is_overturned = fields.Boolean(
        string="Overturned",
        readonly=True,
        copy=False,
        help="The review of the judgement has found that it does not stand (CFL-RSP-02).",
    )
    deduction_points = fields.Float(
        digits=(6, 2),
        compute="_compute_deduction_points",
        help="Points that the person loses in his appraisal: those of the severity times the "
        "share. None where nobody but a rule or a process was at fault, or the judgement does not "
        "stand.",
    )

    # === COMPUTE METHODS === #

    @api.depends("signed_at", "refused_at", "party", "ticket_id.policy_kind")
    def _compute_signature_state(self):
        for line in self:
            if line.signed_at or line.refused_at:
                line.signature_state = "signed" if line.signed_at else "refused"
            else:
                line.signature_state = "open" if line._policy_is_signed() else "none"

    @api.depends("party", "ticket_id.policy_kind")
    def _compute_needs_signature(self):
        for line in self:
            line.needs_signature = line._policy_is_signed()

    @api.model
    def _search_needs_signature(self, operator, value):
        if operator != "in":
            return NotImplemented
        signed = Domain("party", "in", OWN_PARTIES) & Domain(
            "ticket_id", "any!", [("policy_kind", "=", "conflict")]
        )
        wanted = set(value)
        if wanted == {True}:
            return signed
        return ~signed if wanted == {False} else Domain.TRUE

    @api.depends("signed_at", "refused_at", "is_decided", "employee_id", "department_id")
    @api.depends_context("uid")
    def _compute_can_sign(self):
        for line in self:
            line.can_sign = (
                line.is_decided
                and line.signature_state == "open"
                and self.env.user in line._policy_signers()
            )

    @api.depends("share", "fault_type", "employee_id", "is_overturned",
                 "ticket_id.policy_conflict_degree")  # fmt: skip
    def _compute_deduction_points(self):
        for line in self:
            case = line.ticket_id.sudo()
            degree = case.policy_conflict_degree
            personal = line.employee_id and line.fault_type != "objective"
            personal = personal and not line.is_overturned
            points = case._policy_parameter(f"conflict_points_{degree}") if degree else 0.0
            line.deduction_points = points * line.share / 100 if personal else 0.0

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | SIGNATURE

    @api.model
    def _policy_own_domain(self):
        """Let who is responsible read what he is to sign, once it is decided."""
        employees = self.env["hr.employee"].sudo().search([("user_id", "=", self.env.uid)])
        if not employees:
            return super()._policy_own_domain()
        departments = self.env["hr.department"].sudo().search([("manager_id", "in", employees.ids)])
        mine = Domain("employee_id", "in", employees.ids) | (
            Domain("employee_id", "=", False) & Domain("department_id", "in", departments.ids)
        )
        # He need not see the case itself.
        conflicts = Domain("ticket_id", "any!", [("policy_kind", "=", "conflict")])
        decided = Domain("is_decided", "=", True) & conflicts
        return super()._policy_own_domain() | (mine & decided)

    # === ACTION METHODS === #

    def action_policy_sign(self):
        """Sign what was decided about oneself, or about one's department.

        :raises AccessError: it is somebody else's.
        :raises UserError: it is not decided yet, or signed already.
        """
        self.check_access("read")
        for line in self.sudo():
            if self.env.user not in line._policy_signers():
                raise AccessError(
                    self.env._(
                        "%(case)s: %(line)s is signed by who is responsible.",
                        case=line.ticket_id.display_name,
                        line=line.display_name,
                    )
                )
            line._policy_check_signable()
        self.sudo()._policy_guarded_write(
            {"signed_by_id": self.env.uid, "signed_at": fields.Datetime.now()}
        )
        self._policy_note_signature("signed")
        return True

    def action_policy_refuse_signature(self, note=None, witness_id=None):
        """Write down that the person responsible does not sign, before a witness.

        :param str note: why, as he has said it.
        :param int witness_id: an employee who has heard it: neither he nor who writes it down.
        """
        self.sudo().ticket_id.with_env(self.env)._policy_check_actor(WINDOW)
        note = self._policy_text(note, self.env._("Write down why it is not signed."))
        witness = self._policy_employee_of(witness_id, self.sudo().company_id)
        for line in self.sudo():
            line._policy_check_signable()
            if witness in line._policy_signers() | self.env.user:
                raise ValidationError(
                    self.env._(
                        "The witness is another person than who is responsible and who writes it "
                        "down."
                    )
                )
            if self.env.user in line._policy_signers():
                raise AccessError(
                    self.env._("Sign it, or let a colleague write down why you do not.")
                )
        self.sudo()._policy_guarded_write(
            {
                "refusal_note": note,
                "refusal_witness_id": witness.id,
                "refused_at": fields.Datetime.now(),
            }
        )
        self._policy_note_signature("refused")
        return True

    # === BUSINESS METHODS === #

    def _policy_ask_signers(self):
        """Leave an activity for who signs, once for each: on no document, as he may see none."""
        vals_list = []
        for case, lines in self.sudo().filtered("needs_signature").grouped("ticket_id").items():
            for user in lines._policy_signers().filtered("active"):
                words = case.with_context(lang=user.lang)
                vals_list.append(
                    {
                        "activity_type_id": self.env.ref(ACTIVITY).id,
                        "user_id": user.id,
                        "summary": words.env._(
                            "Responsibility to sign: %(case)s", case=words.policy_handle
                        ),
                    }
                )
        quiet = self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True)
        quiet.create(vals_list)

    def _policy_forget_signers(self):
        """Remove the activities of those who have nothing left to sign."""
        users = self.sudo()._policy_signers()
        waiting = self.sudo().search(
            [
                ("is_decided", "=", True),
                ("needs_signature", "=", True),
                ("signed_at", "=", False),
                ("refused_at", "=", False),
                ("ticket_id.policy_closed_at", "=", False),
            ]
        )
        self.env["mail.activity"].sudo().search(
            [
                ("activity_type_id", "=", self.env.ref(ACTIVITY).id),
                ("user_id", "in", (users - waiting._policy_signers()).ids),
            ]
        ).unlink()

    def _policy_is_signed(self):
        """Return whether somebody has to sign the line: our own people, in a conflict."""
        return self.party in OWN_PARTIES and self.ticket_id.sudo().policy_kind == "conflict"

    def _policy_signers(self):
        """Return who signs: the person, or the head of a department without one."""
        users = self.env["res.users"]
        for line in self.sudo():
            users |= (line.employee_id or line.department_id.manager_id).user_id
        return users

    @api.model
    def _policy_employee_of(self, user_id, companies):
        """Return the user of an employee as a caller has named him, or refuse."""
        valid = isinstance(user_id, int) and not isinstance(user_id, bool)
        user = self.env["res.users"].sudo().browse(user_id if valid else ()).exists()
        if not user.active or not user._is_internal() or companies - user.company_ids:
            raise ValidationError(self.env._("Name an employee of the company."))
        return user

    def _policy_check_signable(self):
        if not self.is_decided or self.cycle != self.ticket_id.policy_cycle:
            raise UserError(
                self.env._(
                    "%(case)s: %(line)s is signed once the responsibility is decided.",
                    case=self.ticket_id.display_name,
                    line=self.display_name,
                )
            )
        if self.ticket_id.policy_closed_at or self.signature_state != "open":
            raise UserError(
                self.env._(
                    "%(case)s: %(line)s needs no signature any more.",
                    case=self.ticket_id.display_name,
                    line=self.display_name,
                )
            )

    def _policy_note_signature(self, what):
        self._policy_forget_signers()
        for line in self.sudo():
            case = line.ticket_id
            self.env["crm.policy.event"]._policy_log(
                f"responsibility.{what}",
                line,
                {"ticket": case.id, "witness": line.refusal_witness_id.id},
                clause=case._policy_fact_clause("policy_closed_at") or case.policy_version_id,
            )
