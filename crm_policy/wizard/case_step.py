from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import SCORES
from ..models.complaint.case_callback import IN_VAIN
from ..models.complaint.case_recheck import RESULTS
from ..models.customer.interaction import likelihoods

# What each step asks for, as arguments of its action.
ARGUMENTS = {
    "accept": (),
    "register": (),
    "respond": ("text",),
    "propose": ("text",),
    "decide": (),
    "settle": (),
    "reply": ("text", "channel", "score"),
    "callback": ("score", "text", "nps"),
    "callback_attempt": ("text", "outcome"),
    "promise_kept": ("text",),
    "recheck": ("text", "result"),
    "close": (),
    "cancel": (),
    "reopen": (),
    "put_aside": (),
    "call_committee": ("kind",),
}


class CrmPolicyCaseStep(models.TransientModel):
    """Ask for what a step of a case needs, then take it."""

    _name = "crm.policy.case.step"
    _description = "Step of a Case"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, ondelete="cascade")
    step = fields.Selection(
        [
            ("accept", "Accept"),
            ("register", "Register"),
            ("respond", "First Response"),
            ("propose", "Propose a Solution"),
            ("decide", "Decide"),
            ("settle", "Settle"),
            ("reply", "Tell the Decision"),
            ("callback", "Callback"),
            ("callback_attempt", "Not Reached"),
            ("promise_kept", "Promised Call Made"),
            ("recheck", "Re-check"),
            ("close", "Close"),
            ("cancel", "Cancel"),
            ("reopen", "Reopen"),
            ("put_aside", "Not Ours"),
            ("call_committee", "Call a Committee"),
        ],
        required=True,
    )
    text = fields.Text()
    channel = fields.Selection(
        [("phone", "Phone"), ("letter", "Letter"), ("email", "E-mail"), ("visit", "Visit")],
        default="phone",
    )
    score = fields.Selection(SCORES, string="Satisfaction")
    nps = fields.Selection(
        lambda self: likelihoods(),
        string="Would Recommend Us",
        help="From 0, not at all, to 10; empty where the customer was not asked.",
    )
    outcome = fields.Selection(IN_VAIN, string="Callback Result", default="unreachable")
    result = fields.Selection(RESULTS, string="Re-check Result", default="ok")
    committee_id = fields.Many2one("crm.policy.team", domain="[('id', 'in', offered_team_ids)]")
    offered_team_ids = fields.Many2many("crm.policy.team", compute="_compute_offered_team_ids")
    short_team_ids = fields.Many2many("crm.policy.team", compute="_compute_offered_team_ids")
    happened_earlier = fields.Boolean()
    at = fields.Datetime(string="Happened At")
    reason = fields.Char()

    @api.depends("ticket_id", "step")
    def _compute_offered_team_ids(self):
        """Offer of each kind the team that is called, and say which are too few to decide."""
        for window in self:
            teams = none = self.env["crm.policy.team"]
            if window.step == "call_committee":
                teams = teams.search([("company_id", "=", window.ticket_id.company_id.id)])
            ready = teams.filtered(lambda team: team.status == "ready").grouped("kind")
            window.offered_team_ids = none.union(*[found[:1] for found in ready.values()])
            window.short_team_ids = teams.filtered(
                lambda team, ready=ready: team.status == "short" and team.kind not in ready
            )

    def action_policy_confirm(self):
        """Take the step with what was filled in; nothing typed is lost when it is refused."""
        self.ensure_one()
        values = {
            "text": self.text,
            "channel": self.channel,
            "kind": self.committee_id.kind,
            "score": int(self.score) if self.score else None,
            "nps": int(self.nps) if self.nps else None,
            "outcome": self.outcome,
            "result": self.result,
        }
        arguments = {name: values[name] for name in ARGUMENTS[self.step]}
        if self.step in ("cancel", "reopen", "put_aside"):
            arguments["reason"] = self.reason
        elif self.happened_earlier:
            if not self.at:
                raise ValidationError(self.env._("Say when it happened."))
            arguments |= {"at": self.at, "reason": self.reason}
        told = getattr(self.ticket_id, f"action_policy_{self.step}")(**arguments)
        # A call that came too early says so; every other step just closes the window.
        return told if isinstance(told, dict) else {"type": "ir.actions.act_window_close"}
