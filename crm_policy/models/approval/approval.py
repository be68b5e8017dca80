from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import SUBJECTS
from ...exceptions import PolicyRefusal


class CrmPolicyApproval(models.Model):
    """A request for a decision: what was asked, of whom, and what came of it."""

    _name = "crm.policy.approval"
    _description = "Approval Request"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    subject = fields.Selection(SUBJECTS, string="Business Type", readonly=True)
    route_id = fields.Many2one(
        "crm.policy.route", required=True, readonly=True, index=True, ondelete="restrict"
    )
    clause_id = fields.Many2one("crm.policy.clause", readonly=True, index=True, ondelete="restrict")
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True, ondelete="restrict")
    requester_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    requested_at = fields.Datetime(required=True, readonly=True)
    fingerprint = fields.Char(readonly=True, help="SHA-256 of the values that are approved.")
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("recalled", "Recalled"),
            ("lapsed", "Lapsed"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    emergency = fields.Boolean(readonly=True)
    decided_at = fields.Datetime(readonly=True)
    step_ids = fields.One2many("crm.policy.approval.step", "approval_id", readonly=True)
    decision_ids = fields.One2many("crm.policy.decision", "approval_id", readonly=True)
    eligible_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_approval_eligible_rel",
        string="May Decide",
        readonly=True,
        help="Who could decide when the step was opened. Checked again at the decision.",
    )
    can_decide = fields.Boolean(compute="_compute_can_decide", search="_search_can_decide")

    _document_idx = models.Index("(res_model, res_id)")
    _pending_idx = models.Index("(company_id) WHERE state = 'pending'")

    # === COMPUTE METHODS === #

    @api.depends("state", "eligible_user_ids")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for approval in self:
            approval.can_decide = (
                approval.state == "pending" and self.env.user in approval.eligible_user_ids
            )

    def _search_can_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("state", "=", "pending"), ("eligible_user_ids", "in", self.env.uid)]

    # === WHO SEES IT === #

    def _policy_document_models(self):
        return self.env.registry.descendants(["crm.policy.approvable"], "_inherit")

    @api.model
    def _policy_own_domain(self):
        me = self.env.uid
        return (
            Domain("requester_id", "=", me)
            | Domain("eligible_user_ids", "in", me)
            | Domain("decision_ids", "any!", [("user_id", "=", me)])
        )

    # === ACTION METHODS === #

    def action_policy_approve(self, comment=None):
        """Approve the documents of these requests."""
        for approval in self:
            approval._policy_live_document().action_policy_approve(comment)
        return True

    def action_policy_reject(self, comment=None):
        """Reject the documents of these requests; a comment says why."""
        for approval in self:
            approval._policy_live_document().action_policy_reject(comment)
        return True

    def action_policy_open_document(self):
        """Open what is to be decided."""
        return self._policy_document()._policy_approval_action()

    def _policy_document(self):
        self.ensure_one()
        self.check_access("read")
        document = self.env[self.res_model].browse(self.res_id)
        document.check_access("read")
        return document

    def _policy_live_document(self):
        """Return the document, unless another request than this one asks for it by now."""
        document = self._policy_document()
        if document.sudo().policy_approval_id != self:
            raise UserError(
                self.env._(
                    "%(request)s was replaced by a new request: decide on that one.",
                    request=self.name,
                )
            )
        return document

    # === BUSINESS METHODS === #

    def _policy_open_step(self):
        """Open the next waiting step, or approve the request when there is none."""
        self.ensure_one()
        step = self.step_ids.filtered(lambda line: line.state == "waiting")[:1]
        if not step:
            self._policy_end("approved")
            return
        step._policy_update({"state": "pending", "opened_at": fields.Datetime.now()})
        eligible = self._policy_eligible(step)
        self._policy_update({"eligible_user_ids": [(6, 0, eligible.ids)]})
        self.env[self.res_model].sudo().browse(self.res_id)._policy_on_requested(eligible)

    def _policy_eligible(self, step):
        """Return who may decide a step now; never the requester or the beneficiary.

        When the role is empty, absent or barred, or its limit no longer covers what the document
        has grown to, whoever has a higher authority decides: a request is never stuck.
        """
        document = self.env[self.res_model].sudo().browse(self.res_id)
        barred = self.requester_id | document._policy_approval_barred_users()
        covering = document._policy_covering_lines(self._policy_amount_now(document))
        users = self.env["res.users"]
        if self.route_id.kind == "sequence" or step.role_id in covering.role_id:
            users = step.role_id._users_for(document)[document.id] - barred
        for line in covering if not users else ():
            users |= line.role_id._users_for(document)[document.id] - barred
        return users

    def _policy_amount_now(self, document):
        """Return the amount that counts: what was asked, or what the document has grown to."""
        return max(self.amount, document._policy_approval_amount())

    def _policy_check_steps(self):
        """Refuse a request that would wait for ever: a step that nobody may sign."""
        for step in self.step_ids:
            if not self._policy_eligible(step):
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: nobody can sign as %(role)s. Give the role a person who is "
                        "neither the requester nor the beneficiary.",
                        clause=self.clause_id._policy_citation(),
                        role=step.role_id.name,
                    )
                )

    def _policy_decide(self, outcome, comment):
        """Write the signature of the current user and move the request on.

        :param str outcome: "approved" or "rejected".
        :raises PolicyRefusal: the user may not decide; names clause, limit and who may.
        """
        self.ensure_one()
        approval, user = self.sudo(), self.env.user
        if outcome == "approved":
            approval._policy_check_signed(user)
        approval._policy_lock()
        step = approval.step_ids.filtered(lambda line: line.state == "pending")[:1]
        if approval.state != "pending" or not step:
            state = dict(self._fields["state"]._description_selection(self.env))[approval.state]
            raise UserError(
                self.env._("%(request)s is %(state)s already.", request=approval.name, state=state)
            )
        eligible = approval._policy_eligible(step)
        if user not in eligible:
            approval._policy_refuse_decider(user, eligible)
        if user in step.decision_ids.user_id:
            # The others of his step may have left since: then his signature completes it.
            if step._policy_is_complete(eligible):
                approval._policy_complete_step(step)
                return
            raise UserError(self.env._("You have signed %(request)s.", request=approval.name))
        if outcome == "rejected" and not (comment or "").strip():
            raise UserError(self.env._("Say why you reject %(request)s.", request=approval.name))
        self.env["crm.policy.decision"].sudo()._policy_insert(
            [
                {
                    "approval_id": approval.id,
                    "step_id": step.id,
                    "company_id": approval.company_id.id,
                    "user_id": user.id,
                    "outcome": outcome,
                    "comment": comment,
                    "decided_at": fields.Datetime.now(),
                }
            ]
        )
        self.env["crm.policy.event"]._policy_log(
            f"approval.{outcome}", approval, {"step": step.sequence}, clause=approval.clause_id
        )
        if outcome == "rejected":
            step._policy_update({"state": "rejected"})
            approval._policy_end("rejected")
        elif step._policy_is_complete(eligible):
            approval._policy_complete_step(step)

    def _policy_check_signed(self, user):
        """Refuse who was asked to sign the policy in force and has not, where the company says so.

        Who is not in its scope was never asked and decides as before.
        """
        current = self.clause_id.version_id.policy_id.current_version_id
        if not self.company_id.policy_sign_gate or not current._policy_unsigned_by(user):
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: who decides under %(version)s has signed it first. You were asked to "
                "and have not.",
                clause=self.clause_id._policy_citation(),
                version=current.display_name,
            ),
            action={
                "type": "ir.actions.act_window",
                "res_model": current._name,
                "res_id": current.id,
                "views": [(False, "form")],
            },
            button=self.env._("Read and sign"),
        )

    def _policy_complete_step(self, step):
        step._policy_update({"state": "approved"})
        self._policy_open_step()

    def _policy_lock(self):
        """Let two approvers decide one after the other.

        The second waits here; once the first has committed, PostgreSQL refuses his snapshot and
        Odoo repeats his call: he sees what the first has signed. A mere lock would not do: two of
        those who must all sign would each miss the other's signature and leave the step open.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE crm_policy_approval SET write_date = %s WHERE id = %s",
                self.env.cr.now(),
                self.id,
            )
        )
        self.invalidate_recordset()

    def _policy_refuse_decider(self, user, eligible):
        """Say why ``user`` may not decide, and who may."""
        document = self.env[self.res_model].browse(self.res_id)
        if user == self.requester_id:
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: nobody decides on his own request. May decide: %(deciders)s.",
                    clause=self.clause_id._policy_citation(),
                    deciders=", ".join(eligible.mapped("name")) or self.env._("nobody yet"),
                )
            )
        limit, amount = document._policy_own_limit(user), self._policy_amount_now(document.sudo())
        if limit is not None and limit < amount:
            raise PolicyRefusal(document._policy_limit_words(user, amount, limit))
        raise AccessError(
            self.env._(
                "%(clause)s: you are not asked to decide %(request)s. May decide: %(deciders)s.",
                clause=self.clause_id._policy_citation(),
                request=self.name,
                deciders=", ".join(eligible.mapped("name")) or self.env._("nobody yet"),
            )
        )

    def _policy_lapse(self):
        """End requests whose document is no longer what was asked for, or no longer needs it."""
        for approval in self:
            approval._policy_end("lapsed")
            self.env["crm.policy.event"]._policy_log(
                "approval.lapsed", approval, clause=approval.clause_id
            )

    def _policy_end(self, state):
        """End the request and let the document know."""
        self.ensure_one()
        self._policy_update(
            {
                "state": state,
                "decided_at": fields.Datetime.now(),
                "eligible_user_ids": [(5, 0, 0)],
            }
        )
        document = self.env[self.res_model].sudo().browse(self.res_id)
        if state in ("approved", "rejected"):
            document._policy_guarded_write({"policy_approval_state": state})
            hook = {"approved": "_policy_on_approved", "rejected": "_policy_on_rejected"}[state]
            getattr(document, hook)()
        else:
            document._policy_guarded_write({"policy_approval_state": "none"})
