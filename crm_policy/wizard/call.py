import re
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import plaintext2html

from ..const import CALL_OUTCOMES, KINDS, URGENCIES
from ..models.complaint.case_duplicate import same_text
from ..tools import phone_number
from ..words import list_words

TITLE = 120  # characters of the first line that become the title
SHOWN = 8  # callers on the card
CALL_REF = re.compile(r"[\w.:@/+-]{1,64}", re.ASCII)
PRODUCT_KINDS = ("complaint", "conflict")
PRODUCT_FIELDS = (
    "order_ref",
    "item_ref",
    "quantity",
    "defective_quantity",
    "quantity_undetermined",
    "remedy_sought",
)


class CrmPolicyCall(models.TransientModel):
    """A call while it is being taken: who calls, what about, and what comes of it (SLA-14 to 17).

    It is kept until it is registered, so that nothing typed is lost when a value is refused.
    """

    _name = "crm.policy.call"
    _description = "Log a Call"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    caller = fields.Char()
    number = fields.Char(compute="_compute_number", store=True, readonly=False)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        check_company=True,
    )
    candidate_ids = fields.Many2many(
        "res.partner", compute="_compute_candidate_ids", export_string_translation=False
    )
    card = fields.Json(compute="_compute_card", export_string_translation=False)
    is_unknown = fields.Boolean(compute="_compute_is_unknown", export_string_translation=False)
    may_create_contact = fields.Boolean(
        compute="_compute_may_create_contact", export_string_translation=False
    )
    contact_name = fields.Char(
        string="Caller's Name", compute="_compute_contact_name", store=True, readonly=False
    )
    contact_company = fields.Char(string="Caller's Company")
    add_contact = fields.Boolean(string="Keep as a Contact", default=True)
    case_id = fields.Many2one(
        "helpdesk.ticket", string="Add to Case", ondelete="cascade", check_company=True
    )
    kind = fields.Selection(KINDS)
    complaint_type_id = fields.Many2one(
        "crm.policy.complaint.type",
        string="Type",
        check_company=True,
        domain="[('company_id', '=', company_id)]",
    )
    urgency = fields.Selection(URGENCIES, default="normal")
    what = fields.Text(string="What Happened")
    order_ref = fields.Char(string="Order")
    item_ref = fields.Char(string="Item")
    quantity = fields.Float(digits=(16, 2))
    defective_quantity = fields.Float(digits=(16, 2))
    quantity_undetermined = fields.Boolean(string="Quantity Not Yet Determinable")
    remedy_sought = fields.Selection("_selection_remedy_sought")
    attachment_ids = fields.Many2many("ir.attachment", string="Files")
    ref = fields.Char(string="Call Reference", readonly=True)
    rings = fields.Integer()
    rang_long = fields.Boolean(compute="_compute_rang_long", export_string_translation=False)
    outcome = fields.Selection(CALL_OUTCOMES)
    promised_at = fields.Datetime(
        string="Call Back By", compute="_compute_promised_at", store=True, readonly=False
    )
    answer = fields.Text()
    greeting = fields.Text(related="company_id.policy_call_greeting")
    closing = fields.Text(related="company_id.policy_call_closing")
    calming = fields.Text(related="company_id.policy_call_calming")
    registered_id = fields.Many2one(
        "helpdesk.ticket", string="Registered As", readonly=True, ondelete="cascade"
    )
    result = fields.Json(compute="_compute_result", export_string_translation=False)

    # === COMPUTE METHODS === #

    @api.model
    def _selection_remedy_sought(self):
        return self.env["helpdesk.ticket"]._fields["policy_remedy_sought"].selection

    @api.depends("caller")
    def _compute_number(self):
        for call in self:
            call.number = phone_number.normalise(call.caller) or call.number

    @api.depends("caller", "company_id")
    def _compute_candidate_ids(self):
        Partner = self.env["res.partner"]
        for call in self:
            call.candidate_ids = Partner._policy_find_callers(call.caller, call.company_id, SHOWN)

    @api.depends("candidate_ids")
    def _compute_partner_id(self):
        for call in self:
            found = call.candidate_ids._origin
            commercial = found.commercial_partner_id
            if len(commercial) == 1 and phone_number.normalise(call.caller):
                # Several people behind the number of one company: it is the company that calls.
                found = found if len(found) == 1 else found & commercial
            call.partner_id = found if len(found) == 1 else False

    @api.depends("caller", "company_id", "partner_id")
    def _compute_is_unknown(self):
        for call in self:
            call.is_unknown = bool(call.caller) and not call.partner_id

    @api.depends_context("uid")
    def _compute_may_create_contact(self):
        self.may_create_contact = self.env["res.partner"].has_access("create")

    @api.depends("caller")
    def _compute_contact_name(self):
        for call in self:
            if not phone_number.normalise(call.caller):
                call.contact_name = call.caller

    @api.depends("candidate_ids", "number", "partner_id", "kind", "order_ref", "item_ref")
    def _compute_card(self):
        for call in self:
            partner = call.partner_id
            call.card = {
                "partner": call._policy_describe_partner(partner) if partner else False,
                "candidates": [
                    call._policy_describe_partner(candidate)
                    for candidate in call.candidate_ids._origin - partner
                ],
                "cases": call._policy_related_cases(),
            }

    @api.depends("rings", "company_id")
    def _compute_rang_long(self):
        Ticket = self.env["helpdesk.ticket"]
        for call in self:
            call.rang_long = Ticket._policy_rings_too_long(call.rings, call.company_id)

    @api.depends("outcome", "kind", "complaint_type_id")
    def _compute_promised_at(self):
        now = fields.Datetime.now()
        for call in self:
            if call.outcome != "callback" or call.promised_at:
                continue
            rule = self.env["helpdesk.ticket"]._policy_promise_rule(call._policy_version())
            [due] = rule._policy_due([now], call.company_id) if rule else [False]
            # Whole minutes, like the field shows them, and never beyond the limit.
            call.promised_at = due and due.replace(second=0, microsecond=0)

    @api.depends("registered_id")
    def _compute_result(self):
        for call in self:
            case = call.registered_id
            call.result = bool(case) and {
                "number": case.policy_handle,
                "title": case.name,
                "closed": bool(case.policy_closed_at),
                "noted": bool(call.case_id),
                "to_sort": case.policy_to_sort,
                "deadlines": [
                    {
                        "name": deadline.name,
                        "clause": deadline.clause_number,
                        "due": fields.Datetime.to_string(deadline.due_at),
                        "state": deadline.state,
                    }
                    for deadline in case.policy_deadline_ids.sorted("due_at")
                    if deadline.state in ("open", "met")
                ],
            }

    # === ACTION METHODS === #

    @api.model
    def action_policy_incoming(self, caller=None, ref=None, rings=None):
        """Return what a phone system pops up: the dialog, or the case that the call is already.

        Nothing is created and nothing that is no number, reference or count gets through.

        :param str caller: number of the caller as the phone system writes it.
        :param str ref: the phone system's name of the call.
        :param rings: how often it rang.
        """
        self._policy_check_window()
        ref = str(ref or "")
        ref = ref if CALL_REF.fullmatch(ref) else False
        case = self.env["helpdesk.ticket"]._policy_case_of_call(ref, self.env.company)
        if case:
            return self._policy_open(case)
        rings = str(rings or "")
        return {
            **self._policy_dialog(),
            "context": {
                "dialog_size": "large",
                "default_caller": phone_number.normalise(str(caller or "")) or False,
                "default_ref": ref,
                "default_rings": int(rings) if re.fullmatch(r"[0-9]{1,2}", rings) else 0,
            },
        }

    def action_policy_save(self):
        """Register the call; whatever is no complaint and has its answer is closed at once."""
        self._policy_register(close_answered=True)
        return self._policy_dialog()

    def action_policy_leave_open(self):
        """Register the call with its answer and leave the case open: there is more to do."""
        self._policy_register(close_answered=False)
        return self._policy_dialog()

    def action_policy_next(self):
        """Take the next call."""
        self._policy_check_window()
        return self.browse()._policy_dialog()

    def action_policy_open_case(self):
        """Open the case that came of the call."""
        self.ensure_one()
        self._policy_check_window()
        return self._policy_open(self.registered_id)

    # === BUSINESS METHODS - WHO CALLS === #

    @api.model
    def _policy_describe_partner(self, partner):
        commercial = partner.commercial_partner_id
        return {
            "id": partner.id,
            "name": partner.name or partner.display_name,
            "company": commercial.name if commercial != partner else "",
            "city": partner.city or commercial.city or "",
            "phone": partner.phone or commercial.phone or "",
        }

    def _policy_related_cases(self):
        """Return the open and the similar cases of the caller's company, as the card shows them.

        Similar: the same order, item or kind within the company's days (it warns and never blocks).
        Of a case that the user may not see there is its number and nothing else.

        :rtype: list[dict]
        """
        commercial = self.partner_id.commercial_partner_id
        if commercial:
            whose = Domain("commercial_partner_id", "=", commercial.id)
        elif self.number:
            whose = Domain("policy_caller_number", "=", self.number)
        else:
            return []
        Ticket = self.env["helpdesk.ticket"]
        days = self.env["crm.policy.parameter"]._policy_value(self.company_id.id, "similar_days")
        since = fields.Datetime.now() - timedelta(days=days)
        recent = Domain("policy_intake_at", ">=", since)
        is_open = Domain("policy_step", "not in", ("closed", "cancelled"))
        likeness = self._policy_likeness()
        cases = Ticket._policy_search_similar(
            self.company_id, whose & (is_open | (recent & Domain.OR(likeness.values())))
        )
        return Ticket._policy_describe_similar(cases, likeness, since)

    def _policy_likeness(self):
        """Return {reason: domain} of what makes a case similar to this call."""
        asked = {"order": "order_ref", "item": "item_ref"}
        likeness = {
            reason: same_text(f"policy_{name}", self[name])
            for reason, name in asked.items()
            if (self[name] or "").strip()
        }
        if self.kind:
            likeness["kind"] = Domain("policy_kind", "=", self.kind)
        return likeness

    # === BUSINESS METHODS - REGISTERING === #

    @api.model
    def _policy_check_window(self):
        """Refuse whoever does not take calls: customer service is the one window (CMP-INT-04)."""
        user = self.env.user
        if not user.has_group("crm_policy.group_specialist"):
            group = self.env.ref("crm_policy.group_specialist").sudo()
            raise AccessError(
                self.env._("Calls are registered by: %(group)s.", group=group.display_name)
            )

    def _policy_version(self):
        """Return the version that will govern the case, as superuser."""
        policy = self.sudo().complaint_type_id.policy_id
        if not policy and self.kind:
            policy = self.env["crm.policy.default"]._policy_for(self.kind, self.company_id)
        return policy.sudo().current_version_id

    def _policy_register(self, close_answered):
        """Make a case of the call, or a note on the open case that was chosen."""
        self.ensure_one()
        self._policy_check_window()
        self.check_access("write")
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("The call belongs to another company."))
        if self.registered_id:
            return  # the key was pressed twice
        case = self._policy_taken() or self._policy_note() or self._policy_create(close_answered)
        self.registered_id = case

    def _policy_taken(self):
        """Return the case that was registered meanwhile under the same call reference."""
        case = self.env["helpdesk.ticket"]._policy_case_of_call(self.ref, self.company_id)
        return self._policy_readable(case) if case else case

    def _policy_require(self, *names):
        labels = self.fields_get(names, ["string"])
        missing = [labels[name]["string"] for name in names if not (self[name] or "").strip()]
        if missing:
            raise ValidationError(
                self.env._("Fill in: %(fields)s.", fields=list_words(self.env, missing))
            )

    def _policy_create(self, close_answered):
        self._policy_require("kind", "what")
        # A complaint is not answered away: it is examined, decided and checked.
        answer = self.kind not in PRODUCT_KINDS and (self.answer or "").strip()
        closes = bool(answer) and close_answered and self.outcome != "callback"
        if not (self.partner_id or self.number or (self.caller or "").strip()):
            raise ValidationError(self.env._("Say who calls: a number or a name."))
        Ticket = self.env["helpdesk.ticket"]
        case = Ticket.create(Ticket._policy_prepare_intake([self._policy_case_vals()]))
        case._policy_record_call(self._policy_call_vals(self.outcome or (closes and "answered")))
        case.action_policy_accept()
        self._policy_move_files(case)
        if answer:
            case.action_policy_respond(answer)
        if closes:
            case.action_policy_close()
        return case

    def _policy_case_vals(self):
        partner = self._policy_partner()
        text = self.what.strip()
        title = text.splitlines()[0].strip()
        vals = {
            "name": title if len(title) <= TITLE else title[: TITLE - 1] + "…",
            "description": plaintext2html(text),
            "company_id": self.company_id.id,
            "partner_id": partner.id,
            "user_id": self.env.uid,
            "policy_kind": self.kind,
            "policy_complaint_type_id": self.complaint_type_id.id,
            "policy_urgency": self.urgency,
        }
        if self.kind in PRODUCT_KINDS:
            vals |= {f"policy_{name}": self[name] for name in PRODUCT_FIELDS}
        if not partner:
            named = (self.contact_company, self.contact_name or self.caller)
            vals |= {
                "partner_name": " ".join(filter(None, named)),
                "policy_to_sort": True,
                "policy_sort_reason": self.env._("The caller is not known yet."),
            }
        return self.env["helpdesk.ticket"]._policy_prepare_call(vals)

    def _policy_call_vals(self, outcome):
        return {
            "caller_number": self.number or self.partner_id.phone,
            "ref": self.ref if CALL_REF.fullmatch(self.ref or "") else False,
            "rings": self.rings,
            "outcome": outcome,
            "promised_at": self.promised_at,
        }

    def _policy_partner(self):
        """Return the customer; a new caller becomes a contact if the user may create contacts."""
        Partner = self.env["res.partner"]
        if self.partner_id:
            self.partner_id.check_access("read")
            return self.partner_id
        name = (self.contact_name or "").strip()
        if not (self.add_contact and name and Partner.has_access("create")):
            return Partner
        company_name = (self.contact_company or "").strip()
        firm = Partner
        if company_name:
            firm = Partner.search(
                [
                    ("name", "=", company_name),
                    ("is_company", "=", True),
                    ("company_id", "in", [False, self.company_id.id]),
                ],
                limit=1,
            ) or Partner.create({"name": company_name, "is_company": True})
        return Partner.create({"name": name, "phone": self.number, "parent_id": firm.id})

    def _policy_move_files(self, case):
        """Hand over the files that were uploaded in this dialog, and no others."""
        files = self.attachment_ids
        if any(
            file.create_uid != self.env.user or file.res_model != self._name or file.res_id
            for file in files.sudo()
        ):
            raise AccessError(self.env._("Only files that you have just added go with the call."))
        files.sudo().write({"res_model": case._name, "res_id": case.id})

    # === BUSINESS METHODS - ADDING TO A CASE === #

    def _policy_note(self):
        """Add the call to the open case that was chosen; return it, or nothing."""
        case = self.case_id
        if not case:
            return case
        case.check_access("read")
        if case.company_id != self.company_id or not case.policy_kind:
            raise ValidationError(
                self.env._("%(case)s takes no calls of this company.", case=case.display_name)
            )
        if case.policy_step in ("closed", "cancelled"):
            raise UserError(
                self.env._(
                    "%(case)s is ended. Register the call as a case of its own.",
                    case=case.display_name,
                )
            )
        self._policy_require("what")
        if not case.policy_call_at:
            case._policy_record_call(self._policy_call_vals(self.outcome))
        elif self.outcome == "callback":
            raise UserError(
                self.env._(
                    "%(case)s has its call record already. Register the promised call as a case of "
                    "its own.",
                    case=case.display_name,
                )
            )
        self._policy_move_files(case)
        lines = [
            self.env._("Call from %(caller)s", caller=self.number or self.caller or "?"),
            self.what.strip(),
            (self.answer or "").strip(),
        ]
        case.message_post(
            body=Markup("<br/>").join(plaintext2html(line) for line in lines if line),
            subtype_xmlid="mail.mt_note",
            attachment_ids=self.attachment_ids.ids,
        )
        self.env["crm.policy.event"]._policy_log(
            "call.noted", case, {"rings": self.rings}, clause=case.policy_version_id
        )
        return case

    # === HELPERS === #

    def _policy_dialog(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log a Call"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref("crm_policy.call_view_form").id, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    @api.model
    def _policy_readable(self, case):
        """Return the case of a call as the user sees it; refuse one that is not for him."""
        case = case.with_env(self.env)
        if not case.has_access("read"):
            raise UserError(
                self.env._(
                    "This call is registered already, by another department: %(number)s.",
                    number=case.sudo().policy_handle,
                )
            )
        return case

    @api.model
    def _policy_open(self, case):
        case = self._policy_readable(case)
        return {
            "type": "ir.actions.act_window",
            "res_model": case._name,
            "res_id": case.id,
            "views": [(False, "form")],
        }
