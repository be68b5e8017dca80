import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...exceptions import PolicyRefusal


class CrmPolicyApprovable(models.AbstractModel):
    """Something that needs a signature before it counts.

    A model joins with its hooks: :meth:`_policy_approval_values` and those of
    ``crm.policy.competence``, which say who may decide it.
    """

    _name = "crm.policy.approvable"
    _description = "Document to Approve"
    _inherit = ["crm.policy.emergency.document", "crm.policy.guarded", "crm.policy.competence"]

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

    def _policy_fingerprint(self):
        """Return the SHA-256 of what is approved."""
        self.ensure_one()
        values = json.dumps(self._policy_approval_values(), sort_keys=True, default=str)
        return hashlib.sha256(values.encode()).hexdigest()
