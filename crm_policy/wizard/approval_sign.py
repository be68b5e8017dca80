from odoo import api, fields, models
from odoo.exceptions import UserError

WAITING = 200  # requests that the pager of the inbox goes through; the others are counted
OUTCOMES = [
    ("approve", "Approve"),
    ("reject", "Reject"),
    ("return", "Send Back"),
    ("forward", "Forward"),
    ("add", "Add Signer"),
    ("copy", "Copy to Others"),
]


class CrmPolicyApprovalSign(models.TransientModel):
    """Decide on requests, one or many, or give them another turn, with a comment."""

    _name = "crm.policy.approval.sign"
    _description = "Sign a Request"

    approval_id = fields.Many2one("crm.policy.approval", ondelete="cascade")
    approval_ids = fields.Many2many(
        "crm.policy.approval",
        relation="crm_policy_approval_sign_rel",
        string="Requests",
        compute="_compute_approval_ids",
        store=True,
        readonly=False,
        help="Several at once are approved or rejected with the same words.",
    )
    approval_count = fields.Integer(compute="_compute_approval_count")
    outcome = fields.Selection(OUTCOMES, required=True, default="approve")
    comment = fields.Text()
    from_inbox = fields.Boolean(help="Then the next request that waits for the user follows.")
    candidate_ids = fields.Many2many(
        "res.users",
        compute="_compute_candidate_ids",
        help="Whom the turn would not refuse.",
    )
    user_id = fields.Many2one("res.users", string="Person", domain="[('id', 'in', candidate_ids)]")
    user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_approval_sign_user_rel",
        string="Persons",
        domain="[('id', 'in', candidate_ids)]",
    )
    before = fields.Boolean(string="Before Me", help="He signs first; then it comes back to you.")
    step_id = fields.Many2one(
        "crm.policy.approval.step",
        string="Back To",
        domain="[('approval_id', '=', approval_id), ('state', '=', 'approved')]",
        ondelete="cascade",
        help="Empty: to the requester, who changes it and asks anew.",
    )

    @api.depends("approval_id")
    def _compute_approval_ids(self):
        for wizard in self.filtered("approval_id"):
            wizard.approval_ids = wizard.approval_id

    @api.depends("approval_ids")
    def _compute_approval_count(self):
        for wizard in self:
            wizard.approval_count = len(wizard.approval_ids)

    @api.depends("approval_ids", "outcome")
    @api.depends_context("uid")
    def _compute_candidate_ids(self):
        """Ask the request itself: it refuses all others, and knows what the user may do at all."""
        for wizard in self:
            request = wizard.approval_ids._origin
            asks = len(request) == 1 and wizard.outcome in ("forward", "add", "copy")
            wizard.candidate_ids = request._policy_offer(wizard.outcome) if asks else False

    def action_policy_confirm(self):
        """Do it as the current user; of many, those that are refused are named and left."""
        self.ensure_one()
        requests = self.approval_ids
        if not requests:
            raise UserError(self.env._("Choose a request."))
        if len(requests) == 1:
            self._policy_do(requests)
            return self._policy_go_on(requests)
        done, refused = self._policy_do_all(requests)
        message = self.env._("%(count)s requests are done.", count=len(done))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused else "success",
                "message": "\n".join([message, *refused]),
                "sticky": bool(refused),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _policy_go_on(self, request):
        """Return where one goes from a request: to the next one that waits for the user.

        Whoever came by a document or a message stays there, and so does he for whom the request
        still waits: he has only asked for another signature or given it to read.
        """
        stay = {"type": "ir.actions.act_window_close"}
        request.invalidate_recordset(["can_decide"])
        if not self.from_inbox or self.outcome == "copy" or request.can_decide:
            return stay
        domain = request._policy_undecided_domain()
        waiting = request.search(domain, limit=WAITING)
        count = len(waiting) if len(waiting) < WAITING else request.search_count(domain)
        # The newest are on top of the inbox: the one below, as if one had read on.
        following = waiting.filtered(lambda one: one.id < request.id)[:1] or waiting[:1]
        values = {"request": request.sudo().name, "done": self._policy_done_word(), "count": count}
        if count:
            message = self.env._("%(request)s: %(done)s. %(count)s to go.", **values)
        else:
            message = self.env._("%(request)s: %(done)s. Nothing else waits for you.", **values)
        return {
            "type": "ir.actions.client",
            "tag": "crm_policy.next_request",
            "params": {
                "message": message,
                "next_id": following.id,
                "waiting_ids": waiting.ids,
            },
        }

    def _policy_done_word(self):
        return {
            "approve": self.env._("approved"),
            "reject": self.env._("rejected"),
            "return": self.env._("sent back"),
            "forward": self.env._("handed on"),
            "add": self.env._("added a signer"),
        }[self.outcome]

    def _policy_do_all(self, requests):
        """Do it for all at once; where one of them is refused, one by one.

        :return: the requests that are done, and the words of the refusals.
        """
        try:
            with self.env.cr.savepoint():
                self._policy_do(requests)
            return requests, []
        except UserError:
            done, refused = requests.browse(), []
        for request in requests:
            try:
                with self.env.cr.savepoint():
                    self._policy_do(request)
                done |= request
            except UserError as error:
                refused.append(f"{request.sudo().name}: {error.args[0]}")
        return done, refused

    def _policy_do(self, requests):
        match self.outcome:
            case "approve":
                requests.action_policy_approve(self.comment)
            case "reject":
                requests.action_policy_reject(self.comment)
            case "return":
                requests.action_policy_return(self.step_id.id, self.comment)
            case "forward":
                requests.action_policy_forward(self.user_id.id, self.comment)
            case "add":
                requests.action_policy_add_signer(self.user_id.id, self.before, self.comment)
            case "copy":
                requests.action_policy_copy(self.user_ids.ids)
