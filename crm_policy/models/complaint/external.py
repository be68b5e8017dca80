import unicodedata
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...const import EXTERNAL_ORDER, EXTERNAL_RESULTS, SEVERITIES, URGENCIES
from ...exceptions import PolicyRefusal
from .complaint_mixin import WINDOW

CANCELLERS = ("crm_policy.group_manager",)
RANKS = {
    "policy_severity": [code for code, _label in SEVERITIES],
    "policy_urgency": [code for code, _label in URGENCIES],
}
REPLY = "policy_external_replied_at"


class CrmPolicyExternal(models.AbstractModel):
    """A case that somebody else brings and watches: 12315, 12345, a regulator, a platform.

    It has a second clock beside the customer's: what the pack gives for its source, and the date
    that the authority itself has set; both run. Its evidence is kept.
    """

    _name = "crm.policy.external"
    _description = "External Case"
    _inherit = ["crm.policy.external.evidence"]

    policy_source_id = fields.Many2one(
        "crm.policy.complaint.source",
        string="Source",
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Who has brought the case to us. Empty: the customer.",
    )
    policy_is_external = fields.Boolean(
        related="policy_source_id.is_external", string="External Complaint"
    )
    policy_blocks_deletion = fields.Boolean(related="policy_source_id.blocks_deletion")
    policy_external_ref = fields.Char(
        string="External Reference",
        copy=False,
        tracking=True,
        help="The number of the case at the authority or platform.",
    )
    policy_external_received_at = fields.Datetime(
        string="Handed Over At",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="When the authority handed the case over to the company.",
    )
    policy_external_due_at = fields.Datetime(
        string="Date Set by the Authority",
        readonly=True,
        copy=False,
        help="It runs beside the deadline of the policy; the earlier one is the stricter.",
    )
    policy_external_replied_at = fields.Datetime(
        string="Authority Answered At", readonly=True, copy=False
    )
    policy_external_reply_text = fields.Text(
        string="Answer to the Authority", readonly=True, copy=False
    )
    policy_external_result = fields.Selection(
        EXTERNAL_RESULTS, string="Result at the Authority", copy=False, tracking=True
    )
    policy_external_next_due_at = fields.Datetime(
        string="Answer Due", compute="_compute_policy_external_next_due_at"
    )

    _policy_external_ref_uniq = models.UniqueIndex(
        "(company_id, policy_source_id, policy_external_ref) WHERE policy_external_ref IS NOT NULL "
        "AND policy_outcome IS DISTINCT FROM 'cancelled'",
        "This case of the authority is registered already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_deadline_ids.state", "policy_deadline_ids.due_at")
    def _compute_policy_external_next_due_at(self):
        external = self.filtered("policy_is_external")
        first = external._policy_first_due(Domain("rule_id.done_path", "=", REPLY))
        for case in self:
            deadline = first.get(case.id)
            case.policy_external_next_due_at = deadline and deadline.due_at

    @api.depends("policy_source_id", *EXTERNAL_ORDER)
    def _compute_policy_next_action(self):
        return super()._compute_policy_next_action()

    @api.onchange("policy_source_id")
    def _onchange_policy_source_id(self):
        vals = {name: self[name] for name in RANKS}
        vals["policy_source_id"] = self.policy_source_id.id
        self._policy_prepare_source([vals])
        for name in RANKS:
            self[name] = vals[name]

    # === CONSTRAINT METHODS === #

    @api.constrains("policy_source_id", "company_id")
    def _check_policy_source_company(self):
        for case in self:
            source = case.policy_source_id.sudo()
            if source and source.company_id != case.company_id:
                raise ValidationError(
                    self.env._(
                        "%(field)s: %(origin)s is not in use in %(company)s.",
                        field=case._policy_label("policy_source_id"),
                        origin=source.name,
                        company=case.company_id.name,
                    )
                )

    @api.constrains("policy_source_id", "policy_severity", "policy_urgency")
    def _check_policy_source_demands(self):
        for case in self:
            source = case.policy_source_id.sudo()
            for name, ranks in RANKS.items():
                least = source[name.removeprefix("policy_")]
                if least and ranks.index(case[name] or ranks[0]) < ranks.index(least):
                    labels = dict(case._fields[name]._description_selection(self.env))
                    raise ValidationError(
                        self.env._(
                            "%(clause)s: what comes through %(origin)s is at least: %(least)s.",
                            clause=case._policy_source_citation(),
                            origin=source.name,
                            least=labels[least],
                        )
                    )

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | set(EXTERNAL_ORDER)

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_external_due_at",
            "policy_external_reply_text",
        }

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        self._policy_prepare_source(vals_list)
        self._policy_check_references(vals_list)
        return super().create(vals_list)

    def _policy_prepare_create(self, vals_list, moment):
        result = super()._policy_prepare_create(vals_list, moment)
        # The company is known by now; it may be that of the team.
        self._policy_default_source(vals_list)
        return result

    @api.model
    def _policy_default_source(self, vals_list):
        """Name the customer himself where nobody else has brought the case."""
        Source = self.env["crm.policy.complaint.source"]
        for vals in vals_list:
            if not vals.get("policy_source_id"):
                vals["policy_source_id"] = Source._policy_customer_id(vals["company_id"])
                self._policy_prepare_source([vals])

    def write(self, vals):
        if "policy_external_ref" in vals:
            vals = {**vals, "policy_external_ref": self._policy_clean(vals["policy_external_ref"])}
        if vals.get("company_id") and "policy_source_id" not in vals:
            moved = self.sudo().filtered(
                lambda case: case.policy_source_id.company_id.id not in (False, vals["company_id"])
            )
            if moved and not any(moved.mapped("policy_is_external")):
                # What the customer himself has brought is that in the other company too.
                source_id = moved.policy_source_id._policy_customer_id(vals["company_id"])
                vals = {**vals, "policy_source_id": source_id}
        if "active" in vals and not vals["active"]:
            self._policy_refuse_if_kept([("id", "in", self.ids)], self.env._("archiving it"))
        if {"policy_source_id", "policy_external_ref", "policy_external_result"} & vals.keys():
            self._policy_check_source_change(vals)
        return super().write(vals)

    def _policy_take_in(self, moment):
        result = super()._policy_take_in(moment)
        Source = self.env["crm.policy.complaint.source"]
        sourceless = self.sudo().filtered(lambda case: not case.policy_source_id)
        for company, cases in sourceless.grouped("company_id").items():
            source_id = Source._policy_customer_id(company.id)
            if source_id:
                cases._policy_guarded_write({"policy_source_id": source_id})
        return result

    @api.model
    def _policy_clean(self, reference):
        """Return a reference in one form: no spaces around, letters of one width and case."""
        return unicodedata.normalize("NFKC", reference or "").strip().upper() or False

    @api.model
    def _policy_prepare_source(self, vals_list):
        """Raise what the sources in ``vals_list`` raise, and clean the references."""
        Source = self.env["crm.policy.complaint.source"].sudo()
        for vals in vals_list:
            if vals.get("policy_external_ref"):
                vals["policy_external_ref"] = self._policy_clean(vals["policy_external_ref"])
            source = Source.browse(vals.get("policy_source_id") or ())
            for name, ranks in RANKS.items():
                least = source[name.removeprefix("policy_")]
                if least and ranks.index(vals.get(name) or ranks[0]) < ranks.index(least):
                    vals[name] = least

    @api.model
    def _policy_check_references(self, vals_list):
        """Refuse a case that was delivered before, with the way to the first one."""
        references = list(filter(None, (vals.get("policy_external_ref") for vals in vals_list)))
        if not references:
            return
        known = {
            (case.company_id.id, case.policy_source_id.id, case.policy_external_ref): case
            for case in self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("policy_external_ref", "in", references),
                    ("policy_outcome", "!=", "cancelled"),
                ]
            )
        }
        for vals in vals_list:
            company_id = vals.get("company_id") or self.env.company.id
            first = known.get(
                (company_id, vals.get("policy_source_id"), vals.get("policy_external_ref"))
            )
            if first:
                raise first.with_env(self.env)._policy_second_delivery()

    def _policy_second_delivery(self):
        """Return the refusal of another case with the reference of this one."""
        case = self.sudo()
        readable = self._filtered_access("read")
        return PolicyRefusal(
            self.env._(
                "%(clause)s: %(origin)s %(reference)s is registered already: %(case)s. A case is "
                "entered once.",
                clause=case._policy_source_citation(),
                origin=case.policy_source_id.name,
                reference=case.policy_external_ref,
                case=case.policy_handle,
            ),
            action=readable.get_formview_action() if readable else None,
            button=self.env._("Open the First Case") if readable else None,
        )

    def _policy_check_source_change(self, vals):
        """Refuse to take a case away from its authority, or another one's reference."""
        for case in self.sudo().filtered("policy_intake_at"):
            source_id = vals.get("policy_source_id", case.policy_source_id.id)
            source = case.policy_source_id.browse(source_id or ())
            if source != case.policy_source_id and (case.policy_is_external or source.is_external):
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: %(case)s came through %(old)s; the source of an external case "
                        "is not changed by hand. What an authority hands over later is received "
                        "with the button; a case entered by mistake is cancelled by a manager.",
                        clause=case._policy_source_citation(),
                        case=case.display_name,
                        old=case.policy_source_id.name or "",
                    )
                )
            reference = vals.get("policy_external_ref", case.policy_external_ref)
            if reference != case.policy_external_ref:
                if case.policy_external_received_at:
                    raise UserError(
                        self.env._(
                            "%(case)s is received: %(field)s does not change any more.",
                            case=case.display_name,
                            field=self._policy_label("policy_external_ref"),
                        )
                    )
                self._policy_check_references(
                    [
                        {
                            "company_id": case.company_id.id,
                            "policy_source_id": source.id,
                            "policy_external_ref": reference,
                        }
                    ]
                )
            result = vals.get("policy_external_result", case.policy_external_result)
            if case.policy_closed_at and result != case.policy_external_result:
                raise UserError(self.env._("%(case)s is ended.", case=case.display_name))

    # === ACTION METHODS === #

    def action_policy_receive_external(
        self, at=None, reference=None, due_at=None, source_id=None, reason=None
    ):
        """Record that an authority has handed the case over: its clocks start.

        :param at: when it did; now by default.
        :param str reference: the number of the case there; what is known already stays.
        :param due_at: the date that the authority has set, if it has.
        :param int source_id: the authority, for a case that the customer had brought himself.
        :param str reason: why it is recorded late.
        """
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        cases = self.sudo()
        with self.env.cr.savepoint():
            for case in cases:
                case._policy_guarded_write(case._policy_handed_over(reference, source_id, due_at))
            cases._policy_set_fact("policy_external_received_at", at, reason)
            for case in cases.filtered("policy_external_due_at"):
                case._policy_check_given_due(case.policy_external_due_at)
        return True

    def action_policy_external_due(self, due_at=None, reason=None):
        """Record another date that the authority has set, with the reason it gave."""
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        if not (reason or "").strip():
            raise ValidationError(self.env._("Say why the authority has set another date."))
        moment = self._policy_given_moment(due_at)
        for case in self.sudo():
            if not case.policy_external_received_at or case.policy_external_replied_at:
                raise UserError(
                    self.env._(
                        "%(case)s: a date is set between the handing over and the answer.",
                        case=case.display_name,
                    )
                )
            case._policy_check_given_due(moment)
            old = case.policy_external_due_at
            case._policy_guarded_write({"policy_external_due_at": moment})
            self.env["crm.policy.event"]._policy_log(
                "case.external_due",
                case,
                {"old": old and str(old), "new": str(moment)},
                clause=case._policy_source_clause(),
            )
        self._message_log_batch(
            bodies={
                case.id: self.env._("The authority has set another date: %(reason)s", reason=reason)
                for case in self
            }
        )
        return True

    def action_policy_reply_external(self, text=None, at=None, reason=None):
        """Record the answer to the authority: its clocks stop."""
        self._policy_require("policy_external_reply_text", text)
        return self._policy_act(REPLY, WINDOW, at, reason, {"policy_external_reply_text": text})

    # === BUSINESS METHODS === #

    def _policy_check_cancellable(self):
        if self.sudo().filtered("policy_blocks_deletion"):
            self._policy_check_canceller()
        return super()._policy_check_cancellable()

    def _policy_check_canceller(self):
        """Refuse whoever is no manager to cancel a case that an authority watches."""
        user = self.env.user
        if user._is_superuser() or any(user.has_group(group) for group in CANCELLERS):
            return
        case = self.sudo().filtered("policy_blocks_deletion")[0]
        raise case.with_env(self.env)._policy_kept_refusal(self.env._("cancelling it"))

    def _policy_kept_refusal(self, what):
        """Return the refusal to do away with this case or something that belongs to it."""
        case = self.sudo()
        managers = self.env.ref("crm_policy.group_manager").sudo()
        return PolicyRefusal(
            self.env._(
                "%(clause)s: %(case)s came through %(origin)s and is kept with all that belongs to "
                "it. Refused: %(what)s. A case entered by mistake is cancelled by: %(group)s.",
                clause=case._policy_source_citation(),
                case=case.policy_handle,
                origin=case.policy_source_id.name,
                what=what,
                group=managers.name,
            )
        )

    def _policy_source_clause(self):
        return self.policy_source_id.sudo()._policy_clause(self.sudo().policy_version_id)

    def _policy_source_citation(self):
        """Return how a message names the clause on the source of this case."""
        clause = self._policy_source_clause()
        version = self.sudo().policy_version_id
        return clause._policy_citation() if clause else version.display_name or ""

    def _policy_handed_over(self, reference, source_id, due_at):
        """Check what the authority has said about this case; return what is written of it."""
        source = self.policy_source_id
        if source_id and source_id != source.id:
            if self.policy_is_external:
                self._policy_check_source_change({"policy_source_id": source_id})
            source = source.browse(source_id).exists()
        if not source.is_external or source.company_id != self.company_id:
            raise ValidationError(
                self.env._(
                    "%(case)s: say which authority has handed it over. Fill in %(field)s.",
                    case=self.display_name,
                    field=self._policy_label("policy_source_id"),
                )
            )
        number = self._policy_clean(reference) or self.policy_external_ref
        if source.needs_reference and not number:
            raise ValidationError(
                self.env._(
                    "%(clause)s: what comes through %(origin)s has a number there. Fill in "
                    "%(field)s.",
                    clause=source._policy_clause(self.policy_version_id)._policy_citation(),
                    origin=source.name,
                    field=self._policy_label("policy_external_ref"),
                )
            )
        vals = {"policy_source_id": source.id, "policy_external_ref": number}
        if number and (source, number) != (self.policy_source_id, self.policy_external_ref):
            self._policy_check_references([{**vals, "company_id": self.company_id.id}])
        for name in RANKS:
            vals[name] = self[name]
        self._policy_prepare_source([vals])
        if due_at:
            vals["policy_external_due_at"] = self._policy_given_moment(due_at)
        return vals

    @api.model
    def _policy_given_moment(self, due_at):
        """Return a date set by an authority as a naive UTC datetime; it may lie in the future."""
        name = "policy_external_due_at"
        if not due_at:
            raise ValidationError(self.env._("Fill in %(field)s.", field=self._policy_label(name)))
        return self._policy_moment(name, due_at, datetime.max)

    def _policy_check_given_due(self, moment):
        if moment < self.policy_external_received_at:
            raise ValidationError(
                self.env._(
                    "%(case)s: %(fact)s cannot lie before %(before)s.",
                    case=self.display_name,
                    fact=self._policy_label("policy_external_due_at"),
                    before=fields.Datetime.to_string(self.policy_external_received_at),
                )
            )

    # === BUSINESS METHODS - FACTS === #

    def _policy_fact_order(self):
        """Add the authority: received before acceptance, answered before closing."""
        order = super()._policy_fact_order()
        if not self.policy_is_external:
            return order
        return {
            **order,
            **EXTERNAL_ORDER,
            "policy_accepted_at": (*order["policy_accepted_at"], "policy_external_received_at"),
            "policy_closed_at": (*order["policy_closed_at"], REPLY),
        }

    def _policy_find_next_action(self):
        action = super()._policy_find_next_action()
        if not action or not self.policy_is_external:
            return action
        if not self.policy_external_received_at:
            return "receive_external"
        if action == "close" and not self.policy_external_replied_at:
            return "reply_external"
        return action
