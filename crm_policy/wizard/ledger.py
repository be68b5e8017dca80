from werkzeug.urls import url_encode

from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPolicyLedger(models.TransientModel):
    """The chain of a company on one page: its head, its last check, its export."""

    _name = "crm.policy.ledger"
    _description = "Ledger"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        domain=lambda self: [("id", "in", self.env.user.company_ids.ids)],
    )
    without_company = fields.Boolean(
        string="Events without a company",
        help="What belongs to no company has a chain of its own, for those who work in all of "
        "them.",
    )
    reads_all = fields.Boolean(compute="_compute_reads_all")
    since = fields.Date(string="From Day", help="Empty: from the first event on.")
    until = fields.Date(string="To Day", help="Empty: up to the last event.")
    seq = fields.Integer(string="Events in the Chain", compute="_compute_chain")
    head = fields.Char(string="Ledger Head", compute="_compute_chain")
    waiting = fields.Integer(
        string="Not in the Chain Yet",
        compute="_compute_chain",
        help="A job takes them in every few minutes.",
    )
    checked_at = fields.Datetime(compute="_compute_chain")
    state = fields.Selection(
        [("unchecked", "Not Checked Yet"), ("sound", "Unbroken"), ("broken", "Broken")],
        string="Last Check",
        compute="_compute_chain",
    )
    problems = fields.Text(string="Breaks", compute="_compute_chain")
    anchor_ids = fields.Many2many(
        "crm.policy.ledger.anchor", string="Noted Heads", compute="_compute_chain"
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id", "without_company")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for page in self:
            if page.without_company:
                page.display_name = self.env._("Ledger Chain of No Company")
            else:
                page.display_name = self.env._(
                    "Ledger Chain: %(company)s", company=page.company_id.name
                )

    @api.depends_context("uid")
    def _compute_reads_all(self):
        self.reads_all = self.env["crm.policy.ledger.chain"]._policy_reads_all()

    @api.depends("company_id", "without_company")
    def _compute_chain(self):
        chain, Anchor = self.env["crm.policy.ledger.chain"], self.env["crm.policy.ledger.anchor"]
        for page in self:
            company_id = page._policy_chain_id()
            chain._policy_check_reader(company_id)
            head = chain._policy_head(company_id)
            check = Anchor._policy_last_check(company_id)
            page.seq = head[0]
            page.head = f"{head[0]}:{head[1]}" if head[0] else False
            page.waiting = chain._policy_waiting(company_id)
            page.checked_at = check.at
            page.state = check.state or "unchecked"
            page.problems = check.problems
            page.anchor_ids = Anchor.search([("company_id", "=", company_id or False)], limit=80)

    # === ACTION METHODS === #

    def action_policy_check(self):
        """Compute the whole chain anew and compare it with what is stored and was noted."""
        self.ensure_one()
        company_id = self._policy_company()
        self.env["crm.policy.ledger.chain"].sudo()._policy_check(company_id, full=True)
        return True

    def action_policy_export(self):
        """Hand over the events of the period, or all, as a file that anybody can verify."""
        self.ensure_one()
        company_id = self._policy_company()
        if self.since and self.until and self.since > self.until:
            raise UserError(self.env._("The last day lies before the first one."))
        chain = self.env["crm.policy.ledger.chain"]
        last = chain._policy_head(company_id)[0]
        if not last:
            raise UserError(
                self.env._("No event is in the chain yet. A job takes them in every few minutes.")
            )
        # Said here: the browser shows the refusal of a download as a bare page.
        chain._policy_range(company_id, self.since, self.until, last)
        period = {"since": self.since, "until": self.until}
        query = {name: str(day) for name, day in period.items() if day}
        return {
            "type": "ir.actions.act_url",
            "url": f"/policy/ledger/{company_id}/export?{url_encode(query)}",
            "target": "download",
        }

    def _policy_company(self):
        """Return whose chain it is, if the user may read it; 0 for the events of no company."""
        self.check_access("read")
        company_id = self._policy_chain_id()
        self.env["crm.policy.ledger.chain"]._policy_check_reader(company_id)
        return company_id

    def _policy_chain_id(self):
        return 0 if self.without_company else self.company_id.id or 0
