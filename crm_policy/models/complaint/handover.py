from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...const import UNHEARD_OUTCOMES

DIRECTIONS = [("transfer", "To the Handler"), ("back", "Back to the Window")]


class CrmPolicyHandover(models.Model):
    """A case goes from hand to hand: who gave it to whom, and when both have signed (CMP-RTE-15).

    Each signs by clicking as himself. Until the receiver has, the case is not accepted and none of
    his clocks runs; they start with his signature (Correction 6).
    """

    _name = "crm.policy.handover"
    _description = "Hand-over Sheet"
    _inherit = ["crm.policy.dependent", "crm.policy.guarded"]
    _policy_document_field = "ticket_id"
    _order = "ticket_id, id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    cycle = fields.Integer(readonly=True, help="How often the case had been reopened.")
    direction = fields.Selection(DIRECTIONS, required=True, readonly=True)
    from_user_id = fields.Many2one(
        "res.users", string="Handed Over By", required=True, readonly=True, ondelete="restrict"
    )
    to_user_id = fields.Many2one(
        "res.users", string="To", required=True, readonly=True, ondelete="restrict", index=True
    )
    given_at = fields.Datetime(string="Handed Over At", required=True, readonly=True)
    received_at = fields.Datetime(readonly=True, copy=False)
    declined_at = fields.Datetime(string="Not Taken At", readonly=True, copy=False)
    declined_by_id = fields.Many2one(
        "res.users", string="Not Taken By", readonly=True, copy=False, ondelete="restrict"
    )
    text = fields.Text(
        string="What Is Handed Over", readonly=True, help="The papers, or how it was treated."
    )
    declined_text = fields.Text(string="Why It Was Not Taken", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("given", "Not Accepted Yet"),
            ("received", "Accepted"),
            ("declined", "Not Taken"),
        ],
        compute="_compute_state",
        store=True,
    )
    ruling_id = fields.Many2one(
        "crm.policy.ruling",
        string="Approval",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="By which it was allowed to hand the case over.",
    )
    waited_hours = fields.Float(
        string="Waited for Approval",
        compute="_compute_waited_hours",
        help="Working hours from the request until the hand-over; no clock stood still for them.",
    )
    can_receive = fields.Boolean(compute="_compute_can")
    can_decline = fields.Boolean(compute="_compute_can")

    _one_open = models.UniqueIndex(
        "(ticket_id) WHERE received_at IS NULL AND declined_at IS NULL",
        "A case is in one hand at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends("ticket_id.policy_handle", "direction")
    @api.depends_context("lang")
    def _compute_display_name(self):
        name = self.env["ir.model"]._get(self._name).name
        for sheet in self:
            parts = (sheet.ticket_id.policy_handle, name)
            sheet.display_name = " ".join(part for part in parts if part)

    @api.depends("received_at", "declined_at")
    def _compute_state(self):
        for sheet in self:
            sheet.state = (
                (sheet.declined_at and "declined") or (sheet.received_at and "received") or "given"
            )

    @api.depends("ruling_id", "given_at")
    def _compute_waited_hours(self):
        self.waited_hours = 0
        approved = self.filtered("ruling_id")
        for company, sheets in approved.grouped("company_id").items():
            calendar = company.sudo().resource_calendar_id
            requests = sheets.sudo().ruling_id.policy_approval_id
            asked = {request.res_id: request.requested_at for request in requests}
            pairs = [(asked[sheet.sudo().ruling_id.id], sheet.given_at) for sheet in sheets]
            waited = calendar._policy_work_between(pairs) if calendar else [0] * len(pairs)
            for sheet, seconds in zip(sheets, waited, strict=True):
                sheet.waited_hours = seconds / 3600

    @api.depends("state", "to_user_id", "from_user_id")
    @api.depends_context("uid")
    def _compute_can(self):
        for sheet in self:
            given = sheet.state == "given"
            sheet.can_receive = given and self.env.user == sheet.to_user_id
            sheet.can_decline = given and self.env.user in sheet.to_user_id | sheet.from_user_id

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        # Nobody types one in: the case hands over, the receiver confirms.
        return super()._policy_guarded_fields() | {
            "ticket_id",
            "company_id",
            "cycle",
            "direction",
            "from_user_id",
            "to_user_id",
            "given_at",
            "received_at",
            "declined_at",
            "declined_by_id",
            "text",
            "declined_text",
            "ruling_id",
            "state",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A hand-over sheet stays with its case."))

    # === ACTION METHODS === #

    def action_policy_receive(self):
        """Sign for what was handed over: from now on the receiver's time runs (CMP-RTE-15).

        :raises AccessError: it was handed to somebody else, or the case is about the user.
        :raises UserError: it was taken or declined already, or the case has gone on.
        """
        self.check_access("read")
        for sheet in self:
            sheet._policy_take(sheet.to_user_id)
            stored = sheet.sudo()
            with self.env.cr.savepoint():
                stored._policy_guarded_write({"received_at": fields.Datetime.now()})
                stored._policy_log_step("received")
                stored._policy_settle_activity()
                stored.ticket_id._policy_signed_for(stored)
        return True

    def action_policy_decline(self, text=None):
        """Give it back unsigned: it is somebody else's. The giver may take it back, too.

        :param str text: why; required.
        """
        text = self._policy_text(text, self.env._("Say why it is not taken."))
        self.check_access("read")
        for sheet in self:
            sheet._policy_take(sheet.to_user_id | sheet.from_user_id)
            sheet.sudo()._policy_guarded_write(
                {
                    "declined_at": fields.Datetime.now(),
                    "declined_by_id": self.env.uid,
                    "declined_text": text,
                }
            )
            sheet.sudo()._policy_log_step("declined")
            sheet.sudo()._policy_settle_activity()
            sheet.sudo()._policy_tell(
                sheet.from_user_id,
                self.env._("%(sheet)s was not taken: %(text)s",
                           sheet=sheet.display_name, text=text),
            )  # fmt: skip
        return True

    # === BUSINESS METHODS === #

    def _policy_take(self, users):
        """Hold the row and check that one of ``users`` may act on it now."""
        self.ensure_one()
        self.ticket_id._policy_refuse_accused()
        if self.env.user not in users:
            raise AccessError(
                self.env._(
                    "%(sheet)s was handed to %(user)s, who signs for it as himself.",
                    sheet=self.display_name,
                    user=self.sudo().to_user_id.name,
                )
            )
        stored = self.sudo()
        # The second of two clicks waits here, and is told what the first has done.
        stored._policy_hold_rows()
        case = stored.ticket_id
        if stored.state != "given":
            raise UserError(
                self.env._(
                    "%(sheet)s: %(state)s already.",
                    sheet=self.display_name,
                    state=dict(self._fields["state"]._description_selection(self.env))[
                        stored.state
                    ],
                )
            )
        over = case.policy_closed_at or case.policy_outcome in UNHEARD_OUTCOMES
        if over or stored.cycle != case.policy_cycle:
            raise UserError(self.env._("%(case)s has gone on meanwhile.", case=case.display_name))

    def _policy_log_step(self, step):
        self.env["crm.policy.event"]._policy_log(
            f"handover.{step}",
            self,
            {
                "case": self.ticket_id.id,
                "direction": self.direction,
                "from": self.from_user_id.id,
                "to": self.to_user_id.id,
            },
            clause=self.ticket_id._policy_fact_clause("policy_handed_at")
            or self.ticket_id.policy_version_id,
        )

    def _policy_settle_activity(self):
        """Take away what asked the receiver to sign; as superuser."""
        summaries = {
            self._policy_sign_words(lang) for lang, _name in self.env["res.lang"].get_installed()
        }
        self.ticket_id.activity_ids.filtered(
            lambda line: line.user_id == self.to_user_id and line.summary in summaries
        ).unlink()

    def _policy_sign_words(self, lang):
        sheet = self.with_context(lang=lang)
        return sheet.env._("Sign for %(sheet)s", sheet=sheet.display_name)

    def _policy_tell(self, user, summary):
        """Leave an activity on the case for ``user``."""
        self.ensure_one()
        if not user.active:
            return
        self.env["crm.policy.escalation"]._policy_remind_quietly(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(self.ticket_id._name),
                    "res_id": self.ticket_id.id,
                    "user_id": user.id,
                    "summary": summary,
                }
            ]
        )
