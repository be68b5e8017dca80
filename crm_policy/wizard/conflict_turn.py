from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import CONFLICT_CATEGORIES, CONFLICT_DEGREES, CONFLICT_SCOPES, SCORES

# What may be recorded later than it happened.
EARLIER = ("assess", "rights", "reply", "call", "plan")


class CrmPolicyConflictTurn(models.TransientModel):
    """Ask for what the next turn of a conflict or a complaint needs; nothing typed is lost when it
    is refused."""

    _name = "crm.policy.conflict.turn"
    _description = "Turn of a Conflict"

    ticket_id = fields.Many2one("helpdesk.ticket", string="Case", required=True, ondelete="cascade")
    turn = fields.Selection(
        [
            ("assess", "Assess"),
            ("rights", "Rights Told"),
            ("legal", "Ask Legal"),
            ("reply", "Tell the Result"),
            ("refuse", "Signature Refused"),
            ("call", "Complainant Called"),
            ("plan", "Interim Plan"),
            ("send", "Send a Colleague"),
        ],
        required=True,
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    category = fields.Selection(CONFLICT_CATEGORIES, string="Conflict About")
    degree = fields.Selection(
        CONFLICT_DEGREES,
        help="High is what a major case is: Legal looks at it before it is settled.",
    )
    scope = fields.Selection(
        CONFLICT_SCOPES,
        string="Internal or External",
        help="Internal: what caused it lies with us.",
    )
    text = fields.Text()
    channel = fields.Selection(
        [("phone", "Phone"), ("letter", "Letter"), ("email", "E-mail"), ("visit", "Visit")],
        default="phone",
    )
    score = fields.Selection(SCORES, string="Satisfaction")
    low_score = fields.Integer(compute="_compute_low_score")
    is_low = fields.Boolean(compute="_compute_is_low")
    measures = fields.Text(string="Follow-up Measures")
    line_id = fields.Many2one(
        "crm.policy.responsibility",
        string="Who Does Not Sign",
        ondelete="cascade",
        domain="[('ticket_id', '=', ticket_id), ('is_decided', '=', True), "
        "('signed_at', '=', False), ('refused_at', '=', False)]",
    )
    witness_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Who Goes There",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    day = fields.Date()
    happened_earlier = fields.Boolean()
    at = fields.Datetime(string="Happened At")
    reason = fields.Char()

    @api.depends("ticket_id")
    def _compute_low_score(self):
        for turn in self:
            turn.ticket_id.check_access("read")
            turn.low_score = turn.ticket_id.sudo()._policy_number_of("low_score")

    @api.depends("score", "low_score")
    def _compute_is_low(self):
        for turn in self:
            turn.is_low = bool(turn.score) and int(turn.score) <= turn.low_score

    @api.constrains("ticket_id", "line_id")
    def _check_case(self):
        """Show nothing of a case, its title neither, to whoever may not read it."""
        self.sudo(False).ticket_id.check_access("read")
        self.sudo(False).line_id.check_access("read")

    def action_policy_confirm(self):
        """Take the turn with what was filled in."""
        self.ensure_one()
        when = {}
        if self.happened_earlier and self.turn in EARLIER:
            if not self.at:
                raise ValidationError(self.env._("Say when it happened."))
            when = {"at": self.at, "reason": self.reason}
        case, turn = self.ticket_id, self.turn
        if turn == "assess":
            case.action_policy_assess(self.category, self.degree, self.scope, **when)
        elif turn == "rights":
            case.action_policy_tell_rights(self.text, **when)
        elif turn == "legal":
            case.action_policy_ask_legal(self.text)
        elif turn == "reply":
            score = int(self.score) if self.score else None
            measures = self.measures if self.is_low else None
            case.action_policy_reply(
                self.text, self.channel, score=score, measures=measures, **when
            )
        elif turn == "call":
            case.action_policy_call(self.text, **when)
        elif turn == "plan":
            case.action_policy_plan(self.text, self.day, **when)
        elif turn == "send":
            case.action_policy_send_person(self.user_id.id, self.day, self.text)
        else:
            self.line_id.action_policy_refuse_signature(self.text, self.witness_id.id)
        return {"type": "ir.actions.act_window_close"}
