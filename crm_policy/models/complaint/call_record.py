from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import CALL_OUTCOMES, ENDED_OUTCOMES
from ...exceptions import PolicyRefusal
from ...tools.zones import moment_words, reader_zone
from ...words import list_words
from .complaint_mixin import WINDOW

PROMISE_KEPT = "policy_promised_call_at"


class CrmPolicyCallRecord(models.AbstractModel):
    """The call by which a case came in, and the call that was promised (客户来电记录单)."""

    _name = "crm.policy.call.record"
    _description = "Facts of the Call"

    policy_caller_number = fields.Char(
        string="Caller's Number", copy=False, index="btree_not_null", tracking=True
    )
    policy_call_ref = fields.Char(
        string="Call Reference",
        readonly=True,
        copy=False,
        help="What the phone system calls this call.",
    )
    policy_call_at = fields.Datetime(string="Called At", readonly=True, copy=False)
    policy_rings = fields.Integer(string="Rings", readonly=True, copy=False, aggregator="avg")
    # Kept with the call: what was too long then stays so when the company's limit changes.
    policy_rang_long = fields.Boolean(string="Rang Too Long", readonly=True, copy=False)
    policy_call_outcome = fields.Selection(
        CALL_OUTCOMES, string="Outcome of the Call", readonly=True, copy=False
    )
    policy_promised_at = fields.Datetime(string="Call Back By", readonly=True, copy=False)
    policy_promised_call_at = fields.Datetime(
        string="Promised Call Made At", readonly=True, copy=False
    )
    policy_promised_call_text = fields.Text(
        string="Answer Given by the Promised Call", readonly=True, copy=False
    )

    _policy_call_ref_uniq = models.UniqueIndex(
        "(company_id, policy_call_ref) WHERE policy_call_ref IS NOT NULL",
        "This call is registered already.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("policy_call_outcome", "policy_caller_number", "policy_promised_at")
    def _check_policy_promise(self):
        for case in self.filtered(lambda case: case.policy_call_outcome == "callback"):
            names = ("policy_caller_number", "policy_promised_at")
            missing = [case._policy_label(name) for name in names if not case[name]]
            if missing:
                raise ValidationError(
                    self.env._(
                        "Who is to be called back must be reachable. Fill in: %(fields)s.",
                        fields=list_words(self.env, missing),
                    )
                )

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"policy_call_at", PROMISE_KEPT}

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_call_ref",
            "policy_rings",
            "policy_rang_long",
            "policy_call_outcome",
            "policy_promised_at",
            "policy_promised_call_text",
        }

    # === ACTION METHODS === #

    def action_policy_promise_kept(self, text=None, at=None, reason=None):
        """Record that the caller was called back as promised (SLA-15).

        :param str text: what he was told.
        """
        self._policy_require("policy_promised_call_text", text)
        return self._policy_act(
            PROMISE_KEPT, WINDOW, at, reason, {"policy_promised_call_text": text}
        )

    # === BUSINESS METHODS === #

    @api.model
    def _policy_prepare_call(self, vals):
        """Return the create values of a case that is registered on the phone, completed."""
        return dict(vals)

    @api.model
    def _policy_case_of_call(self, ref, company):
        """Return the case, as superuser, that was registered under a call reference."""
        if not ref:
            return self.sudo().browse()
        return self.sudo().search(
            [("company_id", "=", company.id), ("policy_call_ref", "=", ref)], limit=1
        )

    @api.model
    def _policy_promise_rule(self, version):
        """Return the rule that says how long a promised call may take under a version."""
        return (
            self.env["crm.policy.deadline.rule"]
            .sudo()
            .search(
                [
                    ("version_id", "=", version.id),
                    ("model_name", "=", self._name),
                    ("due_path", "=", "policy_promised_at"),
                ],
                limit=1,
            )
        )

    @api.model
    def _policy_rings_too_long(self, rings, company):
        """Return whether a call rang longer than the policy of the company allows (SLA-14)."""
        limit = self.env["crm.policy.parameter"]._policy_value(company.id, "ring_max")
        return bool(limit) and rings > limit

    def _policy_record_call(self, vals):
        """Write the facts of the call that has just been taken; starts the promise's clock.

        :param dict vals: caller_number, ref, rings, outcome, promised_at (naive UTC).
        :raises PolicyRefusal: promised for later than the clause allows.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if vals["outcome"] == "callback":
            self._policy_check_promise(vals["promised_at"], now)
        self.sudo()._policy_guarded_write(
            {
                "policy_call_at": now,
                "policy_caller_number": vals["caller_number"],
                "policy_call_ref": vals["ref"],
                "policy_rings": vals["rings"],
                "policy_rang_long": self._policy_rings_too_long(vals["rings"], self.company_id),
                "policy_call_outcome": vals["outcome"],
                "policy_promised_at": vals["outcome"] == "callback" and vals["promised_at"],
            }
        )
        self.env["crm.policy.event"]._policy_log(
            "call.recorded",
            self,
            {"outcome": vals["outcome"] or None, "rings": vals["rings"]},
            clause=self.policy_version_id,
        )

    def _policy_check_promise(self, promised, now):
        """Refuse a time that is past, or later than the clause allows."""
        if not promised:
            return
        if promised <= now:
            raise ValidationError(
                self.env._(
                    "%(field)s: choose a time to come.",
                    field=self._policy_label("policy_promised_at"),
                )
            )
        rule = self._policy_promise_rule(self.sudo().policy_version_id)
        [latest] = rule._policy_due([now], self.company_id) if rule else [promised]
        if promised > latest:
            zone = reader_zone(self.env.user, self.company_id)
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: a call back by %(promised)s is too late; %(latest)s is the limit.",
                    clause=rule.clause_id._policy_citation(),
                    promised=moment_words(promised, zone),
                    latest=moment_words(latest, zone),
                )
            )

    # === BUSINESS METHODS - GUARDS OF THE FACTS === #

    def _policy_check_fact(self, name, moment):
        # A promise lies beside the order of the steps: it is kept before or after the case closes.
        if name != PROMISE_KEPT:
            return super()._policy_check_fact(name, moment)
        self.ensure_one()
        if self.policy_promised_call_at or self.policy_outcome in ENDED_OUTCOMES:
            raise UserError(
                self.env._("%(case)s: no promised call is open.", case=self.display_name)
            )
        if self.policy_call_outcome != "callback":
            raise UserError(
                self.env._("%(case)s: nobody promised to call back.", case=self.display_name)
            )
        if moment and fields.Datetime.to_datetime(moment) < self.policy_call_at:
            raise ValidationError(
                self.env._(
                    "%(case)s: %(fact)s cannot lie before %(before)s.",
                    case=self.display_name,
                    fact=self._policy_label(name),
                    before=fields.Datetime.to_string(self.policy_call_at),
                )
            )
