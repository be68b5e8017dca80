from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_list

from ...words import with_note
from .approval_record import STEP_COLUMNS
from .route_step import MODES, TIMEOUTS


class CrmPolicyApprovalStep(models.Model):
    """One signature place of one request: who signs there, in which way, and what came of it.

    It stands as the route stood when the request was submitted, or as somebody who might decide has
    added it since. Its time limit is a deadline rule of the policy on this model.
    """

    _name = "crm.policy.approval.step"
    _description = "Approval Step"
    _inherit = ["crm.policy.dependent", "crm.policy.protected", "crm.policy.subject"]
    _policy_document_field = "approval_id"
    _policy_clock_fields = ("state",)
    _policy_clocks_wait = True
    _order = "approval_id, sequence, id"

    approval_id = fields.Many2one(
        "crm.policy.approval", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    sequence = fields.Integer(readonly=True, help="In which order the steps have their turn.")
    role_id = fields.Many2one("crm.policy.role", readonly=True, index=True, ondelete="restrict")
    team_id = fields.Many2one(
        "crm.policy.team", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    person_id = fields.Many2one(
        "res.users",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Somebody who was added or to whom it was forwarded.",
    )
    origin = fields.Selection(
        [("route", "Route"), ("added", "Signer Added"), ("forwarded", "Forwarded")],
        default="route",
        required=True,
        readonly=True,
    )
    replaced_id = fields.Many2one(
        "crm.policy.approval.step",
        string="Took the Place Of",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    mode = fields.Selection(MODES, default="any", required=True, readonly=True)
    on_timeout = fields.Selection(TIMEOUTS, default="remind", required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("returned", "Returned"),
            ("skipped", "Skipped"),
        ],
        default="waiting",
        required=True,
        readonly=True,
    )
    opened_at = fields.Datetime(readonly=True)
    decided_at = fields.Datetime(string="Step Decided At", readonly=True)
    reminded_at = fields.Datetime(string="Last Reminded", readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Who Decides",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The only one who may decide now. Empty: several may.",
    )
    # Where the clocks find the department whose head is told.
    policy_department_id = fields.Many2one(
        "hr.department", string="Department in Charge", readonly=True, ondelete="restrict"
    )
    decision_ids = fields.One2many("crm.policy.decision", "step_id", readonly=True)

    _one_place = models.Constraint(
        "CHECK(num_nonnulls(role_id, team_id, person_id) = 1)",
        "A role, a team or a person signs at a step: one of them.",
    )
    _pending_idx = models.Index("(role_id) WHERE state = 'pending'")

    # === COMPUTE METHODS === #

    @api.depends("role_id.name", "team_id.name", "person_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for step in self.sudo():
            step.display_name = step._policy_place_name()

    def _policy_listed_name(self):
        return with_note(self.env, self.approval_id.display_name, self._policy_place_name())

    def _policy_shown(self):
        return self.approval_id

    def _policy_place_name(self):
        """Return who signs here, in words."""
        return self.role_id.name or self.team_id.name or self.person_id.name or ""

    def _policy_link(self):
        """Return what the chain shows of this step (JSON-able)."""
        self.ensure_one()
        pending = self.state == "pending"
        asked = self.approval_id.eligible_user_ids.mapped("name") if pending else []
        due = self.policy_next_due_at if pending else False
        return {
            "id": self.id,
            "label": self._policy_place_name(),
            "mode": self.mode,
            "origin": self.origin,
            "state": self.state,
            "since": fields.Datetime.to_string(self.opened_at) or False,
            "due": fields.Datetime.to_string(due) or False,
            "late": bool(due) and due < fields.Datetime.now(),
            "waiting_for": format_list(self.env, asked) if asked else "",
            "decisions": [
                {
                    "id": line.id,
                    "user": line._policy_signer_words(),
                    "outcome": line.outcome,
                    "to": line.to_user_id.name or False,
                    "comment": line.comment or False,
                    "at": fields.Datetime.to_string(line.decided_at),
                }
                for line in self.decision_ids
            ],
        }

    # === SUBJECT === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"opened_at", "decided_at"}

    @api.model
    def _policy_running_domain(self):
        return Domain("state", "!=", "skipped")

    @api.model
    def _policy_open_domain(self):
        return Domain("state", "in", ("waiting", "pending"))

    def _policy_shown(self):
        return self.approval_id

    def _policy_open_for(self, users):
        for approval in self.sudo().approval_id:
            fresh = users - approval.told_user_ids
            if fresh:
                approval._policy_update({"told_user_ids": [(4, user.id) for user in fresh]})

    # === BUSINESS METHODS === #

    def _policy_source(self):
        """Return the step from which a forwarded one comes: asked when its person cannot."""
        self.ensure_one()
        step = self
        while step.origin == "forwarded" and step.replaced_id:
            step = step.replaced_id
        return step

    def _policy_said(self):
        """Return the decisions by which somebody has approved or rejected here."""
        self.ensure_one()
        # From the request: its decisions are read together with those of the others of a batch.
        return self.sudo().approval_id.decision_ids.filtered(
            lambda line: line.step_id == self and line.outcome in ("approved", "rejected")
        )

    def _policy_voices(self, said=None):
        """Return (users who approve, users who reject); a deputy speaks for his principal.

        :param said: :meth:`_policy_said`, where the caller knows it.
        """
        approve = reject = self.env["res.users"]
        for decision in self._policy_said() if said is None else said:
            voice = decision.on_behalf_of_id or decision.user_id
            if decision.outcome == "approved":
                approve |= voice
            else:
                reject |= voice
        return approve, reject

    def _policy_result(self, seats, voice=None, outcome=None):
        """Return how the step ends with what was signed: "approved", "rejected", or False so far.

        One of those above decides alone, as does anybody in mode any. All: each of those who are
        there. Majority: more than half of them. Quorum: of a team, its quorum has voted and more
        than half of those entitled approve.

        :param dict seats: {user: Seat} of who may decide now.
        :param voice: whose voice comes on top of what was signed, with ``outcome``.
        """
        said = self._policy_said()
        approve, reject = self._policy_voices(said)
        if outcome == "approved":
            approve |= voice
        elif outcome == "rejected":
            reject |= voice
        # Whoever acts for two has one voice: the second principal's is not waited for from him.
        spoken = said.user_id
        entitled = self.env["res.users"].union(
            *(
                seat.principal or user
                for user, seat in seats.items()
                if not (seat.above or seat.away or (seat.principal and user in spoken))
            )
        )
        if outcome and voice not in entitled:
            return outcome  # somebody above
        if self.team_id and self.mode in ("all", "majority"):
            entitled |= self.team_id._policy_lost()
        if self.mode in ("any", "all") or not entitled:
            if reject:
                return "rejected"
            done = approve and (self.mode == "any" or not entitled - approve)
            return "approved" if done else False
        size, needed = len(entitled | approve | reject), 0
        if self.mode == "quorum":
            barred = self.sudo().approval_id._policy_place(self).barred
            size, needed = self.sudo().team_id._policy_votes(barred)
        if len(approve) * 2 > size and len(approve | reject) >= needed:
            return "approved"
        return "rejected" if (size - len(reject)) * 2 <= size else False

    def _policy_result_left(self, seats):
        """Return how the step ends with those who are still asked, whoever has left meanwhile.

        As :meth:`_policy_result`. Somebody who is away is waited for as long as the step is not
        overdue.
        """
        late = self.policy_is_late
        counted = {
            user: seat._replace(away=False)
            for user, seat in seats.items()
            if not seat.above and not (seat.away and late)
        }
        return self._policy_result(counted) if counted else False

    def _policy_copy_values(self, **vals):
        """Return the values of a step that waits for its turn like this one had it."""
        self.ensure_one()
        fresh = {"state": "waiting", "opened_at": False, "user_id": False, "replaced_id": False}
        copied = {
            name: self._fields[name].convert_to_write(self[name], self) for name in STEP_COLUMNS
        }
        return {**copied, "approval_id": self.approval_id.id, **fresh, **vals}
