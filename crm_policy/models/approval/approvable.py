import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal


class CrmPolicyApprovable(models.AbstractModel):
    """Something that needs a signature before it counts.

    A model joins with its hooks: :meth:`_policy_approval_values`, :meth:`_policy_approval_amount`,
    :meth:`_policy_approval_version`, :meth:`_policy_approval_subject`.
    """

    _name = "crm.policy.approvable"
    _description = "Document to Approve"
    _inherit = ["crm.policy.guarded"]

    policy_approval_state = fields.Selection(
        [
            ("none", "Not Submitted"),
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ],
        string="Approval",
        default="none",
        required=True,
        readonly=True,
        copy=False,
    )
    policy_approval_id = fields.Many2one(
        "crm.policy.approval", string="Request", readonly=True, copy=False, index=True
    )
    policy_can_decide = fields.Boolean(related="policy_approval_id.can_decide")

    # === HOOKS === #

    def _policy_approval_values(self):
        """Return the values that the signature stands for: plain, JSON-able, in a fixed order."""
        return {}

    def _policy_approval_amount(self):
        """Return the amount that decides who is competent, in :meth:`_policy_approval_currency`."""
        return 0.0

    def _policy_approval_currency(self):
        return self.company_id.currency_id

    def _policy_approval_version(self):
        """Return the ``crm.policy.version`` whose routes and limits count."""
        return self.env["crm.policy.version"]

    def _policy_approval_subject(self):
        """Return the business type of the authority matrix, or False."""
        return False

    def _policy_approval_name(self):
        """Return what the approver reads on the request; the business type stands beside it."""
        return self.display_name

    def _policy_approval_barred_users(self):
        """Return who never decides beside the requester: beneficiaries, persons investigated."""
        return self.env["res.users"]

    def _policy_approval_action(self):
        """Return the action that opens the document for its approver."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _policy_on_requested(self, users):
        """Called as superuser when a step is opened for ``users``: they must see the document."""

    def _policy_on_approved(self):
        """Called as superuser once the last signature is there."""

    def _policy_on_rejected(self):
        """Called as superuser once a signature is refused."""

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_approval_state", "policy_approval_id"}

    def write(self, vals):
        result = super().write(vals)
        self._policy_void_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        if any(record.policy_approval_id for record in self):
            raise UserError(self.env._("What was submitted for approval is kept, not deleted."))

    def _policy_void_changed(self):
        """Let approvals lapse whose values are no longer what was signed."""
        for record in self.sudo():
            approval = record.policy_approval_id
            if approval.state in ("pending", "approved") and (
                approval.fingerprint != record._policy_fingerprint()
            ):
                approval._policy_lapse()

    # === ACTION METHODS === #

    def action_policy_submit(self):
        """Ask for the decisions that the policy requires; a request each."""
        self.check_access("write")
        for record in self:
            if record.policy_approval_state in ("pending", "approved"):
                raise UserError(
                    self.env._("%(record)s is submitted already.", record=record.display_name)
                )
            record._policy_submit()
        return True

    def action_policy_approve(self, comment=None):
        """Sign what waits for the current user."""
        self.check_access("read")
        for record in self:
            record._policy_pending_request()._policy_decide("approved", comment)
        return True

    def action_policy_reject(self, comment=None):
        """Refuse the signature; a comment says why."""
        self.check_access("read")
        for record in self:
            record._policy_pending_request()._policy_decide("rejected", comment)
        return True

    def _policy_pending_request(self):
        approval = self.sudo().policy_approval_id.with_env(self.env)
        if not approval:
            raise UserError(self.env._("%(record)s was not submitted.", record=self.display_name))
        if approval.sudo().fingerprint != self.sudo()._policy_fingerprint():
            raise UserError(
                self.env._(
                    "%(record)s has changed since it was submitted: submit it again.",
                    record=self.display_name,
                )
            )
        return approval

    # === BUSINESS METHODS === #

    def _policy_submit(self):
        """Create the request with its steps and open the first one."""
        self.ensure_one()
        record = self.sudo()
        version, subject = record._policy_approval_version(), record._policy_approval_subject()
        route = self.env["crm.policy.route"]._policy_route_for(version, self._name, subject)
        if not route:
            raise UserError(
                self.env._(
                    "%(record)s: %(version)s has no approval route for it.",
                    record=self.display_name,
                    version=version.display_name or self.env._("no policy in force"),
                )
            )
        clause, steps = record._policy_plan_steps(route)
        approval = (
            self.env["crm.policy.approval"]
            .sudo()
            ._policy_insert(
                [
                    {
                        "name": record._policy_approval_name(),
                        "company_id": record.company_id.id,
                        "res_model": self._name,
                        "res_id": self.id,
                        "subject": subject,
                        "route_id": route.id,
                        "clause_id": clause.id,
                        "amount": record._policy_approval_amount(),
                        "currency_id": record._policy_approval_currency().id,
                        "requester_id": self.env.uid,
                        "requested_at": fields.Datetime.now(),
                        "fingerprint": record._policy_fingerprint(),
                    }
                ]
            )
        )
        self.env["crm.policy.approval.step"].sudo()._policy_insert(
            [
                {
                    "approval_id": approval.id,
                    "company_id": record.company_id.id,
                    "sequence": number,
                    "role_id": role.id,
                    "mode": mode,
                }
                for number, (role, mode) in enumerate(steps, start=1)
            ]
        )
        record._policy_guarded_write(
            {"policy_approval_state": "pending", "policy_approval_id": approval.id}
        )
        self.env["crm.policy.event"]._policy_log(
            "approval.submitted", approval, {"amount": approval.amount}, clause=clause
        )
        approval._policy_check_steps()
        approval._policy_open_step()

    def _policy_plan_steps(self, route):
        """Return (clause, [(role, mode)]) of the signatures that the amount needs."""
        amount, currency = self._policy_approval_amount(), self._policy_approval_currency()
        if route.kind == "sequence":
            steps = [
                (step.role_id, step.mode)
                for step in route.step_ids
                if currency._convert(
                    amount, step.currency_id, route.company_id, fields.Date.today()
                )
                > step.amount_from
                or not step.amount_from
            ]
            if not steps:
                # Without a step it would be approved by nobody.
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: route %(route)s has no signature for %(amount)s. Give it a "
                        "step that is needed always.",
                        clause=route.clause_id._policy_citation(),
                        route=route.name,
                        amount=currency.format(amount),
                    )
                )
            return route.clause_id, steps
        barred = self.env.user | self._policy_approval_barred_users()
        for line in self._policy_covering_lines(amount):
            if line.role_id._users_for(self)[self.id] - barred:
                return line.clause_id, [(line.role_id, "any")]
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: nobody can decide %(amount)s. Give a role a limit that covers it and "
                "a person who is not the requester.",
                clause=route.clause_id._policy_citation(),
                amount=currency.format(amount),
            )
        )

    def _policy_authorities(self):
        """Return the authority limits for this document, the lowest first."""
        return self.env["crm.policy.authority"]._policy_lines(
            self._policy_approval_version(), self._policy_approval_subject()
        )

    def _policy_covering_lines(self, amount):
        """Return the limits within which somebody decides ``amount`` for another, lowest first."""
        currency = self._policy_approval_currency()
        return self._policy_authorities().filtered(
            lambda line: not line.own_cases and line._policy_covers(amount, currency)
        )

    def _policy_own_lines(self, user):
        """Return the limits that ``user`` has by his roles."""
        record = self.sudo()
        return record._policy_authorities().filtered(
            lambda line: line.role_id._policy_held_by(user, record)
        )

    def _policy_own_limit(self, user):
        """Return up to which amount ``user`` decides on this document, None when at all not."""
        lines = self._policy_own_lines(user)
        return max((line._policy_ceiling() for line in lines), default=None)

    def _policy_limit_words(self, user, amount, limit):
        """Return the sentence of a refusal: clause, what was asked, the limit, who can decide."""
        record = self.sudo()
        currency = record._policy_approval_currency()
        lines = record._policy_authorities()
        own = record._policy_own_lines(user)[-1:] or lines[:1]
        deciders, named = [], user
        # Each person once, under his highest role: a director is a manager as well.
        for line in reversed(lines):
            users = line.role_id._users_for(record)[record.id] - named
            named |= users
            if users and line._policy_covers(amount, currency) and not line.own_cases:
                deciders.insert(0, f"{line.role_id.name} ({', '.join(users.mapped('name'))})")
        return self.env._(
            "%(clause)s: %(subject)s %(amount)s exceeds your limit of %(limit)s. "
            "May decide: %(deciders)s.",
            clause=own.clause_id._policy_citation(),
            subject=record._policy_subject_name(),
            amount=currency.format(amount),
            limit=currency.format(limit or 0.0),
            deciders="; ".join(deciders) or self.env._("nobody yet"),
        )

    def _policy_subject_name(self):
        """Return the business type in the user's language."""
        labels = self.env["crm.policy.authority"]._fields["subject"]
        return dict(labels._description_selection(self.env)).get(
            self._policy_approval_subject(), self._description
        )

    def _policy_fingerprint(self):
        """Return the SHA-256 of what is approved."""
        self.ensure_one()
        values = json.dumps(self._policy_approval_values(), sort_keys=True, default=str)
        return hashlib.sha256(values.encode()).hexdigest()
