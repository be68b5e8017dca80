from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...const import SUBJECTS


class CrmPolicyApproval(models.Model):
    """A request for a decision: what was asked, of whom, and what came of it."""

    _name = "crm.policy.approval"
    _description = "Approval Request"
    _inherit = [
        "crm.policy.approval.chain",
        "crm.policy.approval.notice",
        "crm.policy.approval.deputy",
        "crm.policy.approval.people",
        "crm.policy.approval.changes",
        "crm.policy.approval.record",
        "crm.policy.approval.decide",
        "crm.policy.approval.turns",
        "crm.policy.approval.keep",
        "crm.policy.approval.orphan",
        "crm.policy.oral.request",
        "crm.policy.plain.filters",
        "crm.policy.dependent",
        "crm.policy.protected",
    ]
    _policy_technical_fields = frozenset(
        {"fingerprint", "reminded_on", "res_id", "res_model", "told_user_ids"}
    )
    _policy_document_mixin = "crm.policy.approvable"
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
    subject_name = fields.Char(
        string="What Is Decided",
        compute="_compute_subject_name",
        help="The business type; of a document that has none, what it is.",
    )
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
            ("returned", "Returned"),
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
        help="Who may decide at present; kept up to date, and asked again at the decision.",
    )
    copy_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_approval_copy_rel",
        string="Copied To",
        readonly=True,
        help="They read the request and are told of it; they decide nothing.",
    )
    told_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_approval_told_rel",
        string="Told of a Delay",
        readonly=True,
    )
    can_decide = fields.Boolean(compute="_compute_can_decide", search="_search_can_decide")
    is_mine = fields.Boolean(string="Asked by Me", compute="_compute_is_mine")

    _document_idx = models.Index("(res_model, res_id)")
    _pending_idx = models.Index("(company_id) WHERE state = 'pending'")

    # === COMPUTE METHODS === #

    @api.depends("subject", "res_model")
    @api.depends_context("lang")
    def _compute_subject_name(self):
        labels = dict(self._fields["subject"]._description_selection(self.env))
        for request in self:
            name = labels.get(request.subject)
            request.subject_name = name or self.env["ir.model"]._get(request.res_model).name

    @api.depends("state", "eligible_user_ids", "decision_ids", "step_ids.state")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        mine = self.filtered_domain(self._policy_undecided_domain())
        mine.can_decide = True
        (self - mine).can_decide = False

    @api.depends("requester_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for approval in self:
            approval.is_mine = approval.requester_id == self.env.user

    def _search_can_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._policy_undecided_domain()

    @api.model
    def _policy_undecided_domain(self):
        """Return the requests whose open step waits for the current user's voice."""
        me = self.env.uid
        said = Domain("user_id", "=", me) & Domain("outcome", "in", ("approved", "rejected"))
        return (
            Domain("state", "=", "pending")
            & Domain("eligible_user_ids", "in", me)
            & ~Domain(
                "step_ids",
                "any!",
                Domain("state", "=", "pending") & Domain("decision_ids", "any!", said),
            )
        )

    # === WHO SEES IT === #

    @api.model
    def _policy_own_domain(self):
        me = self.env.uid
        return (
            Domain("requester_id", "=", me)
            | Domain("eligible_user_ids", "in", me)
            | Domain("copy_user_ids", "in", me)
            | Domain("told_user_ids", "in", me)
            | Domain("decision_ids", "any!", [("user_id", "=", me)])
            | Domain("decision_ids", "any!", [("on_behalf_of_id", "=", me)])
        )

    # === ACTION METHODS === #

    def action_policy_approve(self, comment=None):
        """Approve the documents of these requests."""
        self._policy_call("action_policy_approve", comment)
        return True

    def action_policy_reject(self, comment=None):
        """Reject the documents of these requests; a comment says why."""
        self._policy_call("action_policy_reject", comment)
        return True

    def action_policy_return(self, step_id=None, comment=None):
        """Return these requests to an earlier step, or to the requester; a comment says why.

        :param int step_id: a step of the request that was signed; None: to the requester.
        """
        self._policy_call("action_policy_return", step_id, comment)
        return True

    def action_policy_recall(self):
        """Take back what one has asked for, as long as it is not decided."""
        self._policy_call("action_policy_recall")
        return True

    def action_policy_add_signer(self, user_id=None, before=False, comment=None):
        """Have another person sign as well, before one decides oneself or afterwards.

        :param int user_id: an employee of the company.
        :param bool before: he signs first, and the step comes back afterwards.
        """
        self._policy_call("action_policy_add_signer", user_id, before, comment)
        return True

    def action_policy_forward(self, user_id=None, comment=None):
        """Hand the decision over to somebody who could take it, too, or who stands above.

        :param int user_id: to whom.
        """
        self._policy_call("action_policy_forward", user_id, comment)
        return True

    def action_policy_copy(self, user_ids=None):
        """Let others read the request and tell them of it.

        :param list[int] user_ids: employees of the company.
        """
        self._policy_call("action_policy_copy", user_ids)
        return True

    def action_policy_remind(self):
        """Remind those who may decide; not more often than the policy allows."""
        self._policy_call("action_policy_remind")
        return True

    def action_policy_open_document(self):
        """Open what is to be decided."""
        document = self._policy_document()
        if not self._policy_installed():
            return document.get_formview_action()
        return document._policy_approval_action()

    def _policy_call(self, method, *args):
        """Call an action of the documents, the requests of a model at a time."""
        self.check_access("read")
        self._policy_check_installed()
        for model_name, approvals in self.grouped("res_model").items():
            documents = self.env[model_name].browse(approvals.mapped("res_id"))
            documents.check_access("read")
            approvals._policy_check_live(documents)
            getattr(documents, method)(*args)

    def _policy_document(self):
        self.ensure_one()
        self.check_access("read")
        if self.res_model not in self.env:
            self._policy_check_installed()
        document = self.env[self.res_model].browse(self.res_id)
        document.check_access("read")
        return document

    def _policy_check_live(self, documents):
        """Refuse a request when another one than this asks for its document by now."""
        for approval, document in zip(self, documents.sudo(), strict=True):
            if document.policy_approval_id != approval:
                raise UserError(
                    self.env._(
                        "%(request)s was replaced by a new request: decide on that one.",
                        request=approval.name,
                    )
                )

    # === BUSINESS METHODS === #

    def _policy_steps(self, state="pending"):
        """Return {request: its first step in a state}, read together; as superuser."""
        found = {}
        self._policy_read_lines("step_ids")
        for approval in self.sudo():
            for step in approval.step_ids:
                if step.state == state:
                    found[approval] = step
                    break
        return found

    def _policy_read_lines(self, name):
        """Read lines of the requests whole; the ORM finds them first and reads them afterwards.

        Like the ORM those of all requests that these were read with.

        :param str name: "step_ids" or "decision_ids".
        """
        field = self._fields[name]
        missing = next(field._cache_missing_ids(self.sudo()), None)
        if missing:
            request = self.sudo().browse(missing).with_prefetch(self._prefetch_ids)
            requests = field._to_prefetch(request)
            Line = self.env[field.comodel_name].sudo()
            lines = Line.search_fetch(Domain(field.inverse_name, "in", requests.ids))
            known = lines.grouped(field.inverse_name)
            field._insert_cache(requests, [known.get(one, Line)._ids for one in requests])

    def _policy_documents(self):
        """Return {request: its document}, read together; as superuser."""
        self._policy_check_installed()
        approvals, ids = self.sudo(), defaultdict(list)
        for approval in approvals:
            ids[approval.res_model].append(approval.res_id)
        Model = {model_name: self.env[model_name].sudo() for model_name in ids}
        return {
            approval: Model[approval.res_model]
            .browse(approval.res_id)
            .with_prefetch(ids[approval.res_model])
            for approval in approvals
        }
