from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from .complaint_mixin import WINDOW

CALLED = "policy_called_at"
NEED = "call_note"


class CrmPolicyCaseFirstCall(models.AbstractModel):
    """Who complains in writing is called for the details before anybody classifies it (CMP-INT-05).

    What is looked at on the spot is somebody's errand with a day (CMP-INT-07).
    """

    _name = "crm.policy.case.first.call"
    _description = "Call to the Complainant"
    # The field of the ticket model that says how a case came in.
    _policy_channel_name = None

    policy_is_written = fields.Boolean(
        string="Came in Writing",
        compute="_compute_policy_is_written",
        store=True,
        precompute=True,
        help="By letter, fax, e-mail or a form: the complainant is called for the details.",
    )
    policy_called_at = fields.Datetime(string="Complainant Called At", readonly=True, copy=False)
    policy_call_note = fields.Text(string="What the Complainant Said", readonly=True, copy=False)

    policy_needs_call = fields.Boolean(
        compute="_compute_policy_needs_call", export_string_translation=False
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_is_written", "policy_called_at", "policy_version_id", "policy_complaint_type_id"
    )
    def _compute_policy_needs_call(self):
        for case in self:
            waits = case.policy_is_written and not case.policy_called_at and not case.policy_outcome
            case.policy_needs_call = bool(waits) and case._policy_calls_first()

    @api.depends(lambda self: [self._policy_channel_name] if self._policy_channel_name else [])
    def _compute_policy_is_written(self):
        written = self._policy_written_channel_ids()
        for case in self:
            channel = case[self._policy_channel_name] if self._policy_channel_name else None
            case.policy_is_written = bool(channel) and channel.id in written

    @api.model
    def _policy_written_channel_ids(self):
        """Return the ids of the channels by which people write; the ticket model names them."""
        return frozenset()

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {CALLED}

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_call_note", "policy_is_written"}

    def _policy_take_in(self, moment):
        result = super()._policy_take_in(moment)
        for case in self.sudo():
            if case.policy_is_written and not case.policy_called_at and case._policy_calls_first():
                case._policy_remind_call()
        return result

    # === ACTION METHODS === #

    def action_policy_call(self, text=None, at=None, reason=None):
        """Record that the complainant was called, and what he said (CMP-INT-05).

        :param str text: what happened, when, where, and what he wants.
        """
        self._policy_require("policy_call_note", text)
        with self.env.cr.savepoint():
            result = self._policy_act(CALLED, WINDOW, at, reason, {"policy_call_note": text})
            self.sudo().activity_feedback(["crm_policy.activity_first_call"], feedback=text)
        return result

    def action_policy_send_person(self, user_id=None, day=None, text=None):
        """Send a colleague to look at it on the spot (CMP-INT-07).

        :param int user_id: an employee of the company; he sees the case from then on.
        :param str day: when he is there.
        :param str text: what he is to find out.
        """
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        text = self._policy_text(text, self.env._("Write down what is to be found out."))
        Share = self.env["crm.policy.responsibility"]
        for case in self.sudo():
            user = Share._policy_employee_of(user_id, case.company_id)
            if user in case.policy_accused_user_ids:
                raise UserError(
                    self.env._(
                        "%(user)s is complained about: somebody else goes there.", user=user.name
                    )
                )
            moment = case._policy_day(day)
            self.env["crm.policy.case.access"]._policy_grant(case, user, "manual")
            case.activity_schedule(
                "crm_policy.activity_on_site", moment, summary=text, user_id=user.id
            )
            self.env["crm.policy.event"]._policy_log(
                "case.sent_person",
                case,
                {"user": user.id, "day": str(moment)},
                clause=case.policy_version_id,
            )
        return True

    # === BUSINESS METHODS === #

    def _policy_calls_first(self):
        """Return whether the policy of the case wants the complainant called."""
        return any(
            NEED in milestone._policy_needs() for milestone in self._policy_course().values()
        )

    def _policy_remind_call(self):
        self.activity_schedule(
            "crm_policy.activity_first_call",
            fields.Date.context_today(self),
            summary=self.env._("Call the complainant"),
            user_id=self.user_id.id or self.env.uid,
        )

    def _policy_fact_order(self):
        order = super()._policy_fact_order()
        return {**order, CALLED: ("policy_intake_at",)} if self._policy_calls_first() else order

    # === BUSINESS METHODS - WHAT MUST BE THERE BEFORE === #

    @api.model
    def _policy_needs(self):
        return super()._policy_needs() | {
            NEED: "_policy_need_call_note",
            "description": "_policy_need_description",
            "sheet": "_policy_need_sheet",
        }

    def _policy_need_call_note(self):
        called = self.policy_called_at or not self.policy_is_written
        return [] if called else [self._policy_label("policy_call_note")]

    def _policy_need_description(self):
        return [] if self._policy_facts_text() else [self._policy_label("description")]

    def _policy_need_sheet(self):
        """What stands empty on the handling sheet (客户投诉处理单, FRM-06)."""
        return [label for label, value in self._policy_sheet_rows() if not value]

    def _policy_facts_text(self):
        return html2plaintext(self.description or "").strip()

    def _policy_sheet_rows(self):
        """Return [(label, text)] of what the sheet must say, in its order; empty: a gap."""
        self.ensure_one()
        labels = self._policy_label
        kinds = dict(self._fields["policy_severity"]._description_selection(self.env))
        score = self.policy_callback_score or self.policy_reply_score
        # Whom nobody could reach gives no score (CMP-SET-02).
        outcomes = dict(self._fields["policy_callback_outcome"]._description_selection(self.env))
        told = str(score) if score else outcomes.get(self.policy_callback_outcome)
        return [
            (labels("policy_severity"), kinds.get(self.policy_severity)),
            (labels("description"), self._policy_facts_text()),
            (labels("policy_solution"), (self.policy_solution or "").strip()),
            (labels("policy_reply_text"), (self.policy_reply_text or "").strip()),
            (labels("policy_callback_score"), told),
        ]
