from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare

from ...const import CAUSES, ENDED_OUTCOMES, IMPACTS, SEVERITIES
from ...exceptions import PolicyRefusal
from ...words import list_words
from ..organisation.role import can_act

LOWERERS = ("crm_policy.group_manager",)
# Who is told of a crisis: the executive; where the company has none, those under him.
EXECUTIVES = ("crm_policy.group_ceo", "crm_policy.group_director")
RANKS = [code for code, _label in SEVERITIES]
# From which loss on a case is at least so severe: parameters of its policy.
LOSS_FROM = {"major": "severity_major_from", "crisis": "emergency_loss_from"}
BASES = ("policy_severity", "policy_impact", "policy_estimated_loss")


class CrmPolicyCaseClass(models.AbstractModel):
    """What kind of trouble a case is, and how severe (CMP-CLS-01, CMP-CLS-03, corr. 4 and 7).

    A case is at least as severe as its loss and its impact make it under its policy; a person may
    raise it further. Only a manager lowers it, never below that, and says why.
    """

    _name = "crm.policy.case.class"
    _description = "Classification of a Case"

    # Of the ticket; its own definition stays as it is.
    policy_currency_id = fields.Many2one("res.currency")
    policy_cause_class = fields.Selection(
        CAUSES, string="Cause Class", copy=False, tracking=True, help="Said before the decision."
    )
    policy_cause_negligence = fields.Boolean(
        string="Human Negligence",
        copy=False,
        tracking=True,
        help="A problem of our own quality that somebody's negligence has caused: the only one "
        "whose improvement is not tracked.",
    )
    policy_impact = fields.Selection(
        IMPACTS, string="Impact", tracking=True, help="Whom or what it touches beside the goods."
    )
    policy_estimated_loss = fields.Monetary(
        string="Estimated Loss",
        currency_field="policy_currency_id",
        tracking=True,
        help="What the company loses by it; neither what the customer claims nor what he is given.",
    )

    # === COMPUTE METHODS === #

    @api.onchange("policy_impact", "policy_estimated_loss")
    def _onchange_policy_bases(self):
        vals = {"policy_severity": self.policy_severity}
        self._policy_raise_severity(vals, self._policy_least_severity())
        self.policy_severity = vals["policy_severity"]

    # === CONSTRAINT METHODS === #

    @api.constrains("policy_cause_class", "policy_cause_negligence")
    def _check_policy_negligence(self):
        for case in self:
            if case.policy_cause_negligence and case.policy_cause_class != "quality":
                raise ValidationError(
                    self.env._(
                        "%(field)s is said of problems of our own quality only.",
                        field=case._policy_label("policy_cause_negligence"),
                    )
                )

    # === CRUD METHODS === #

    def _policy_measures(self):
        return (*super()._policy_measures(), "policy_estimated_loss")

    def _policy_prepare_create(self, vals_list, moment):
        result = super()._policy_prepare_create(vals_list, moment)
        self._policy_fill_in(vals_list, BASES)
        for vals in vals_list:
            least = self._policy_severity_of(
                vals["policy_version_id"],
                vals.get("policy_impact"),
                float(vals.get("policy_estimated_loss") or 0),
            )
            self._policy_raise_severity(vals, least)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        cases.filtered(
            lambda case: case.policy_kind and case.policy_severity == "crisis"
        )._policy_tell_crisis()
        return cases

    def write(self, vals):
        self._policy_check_lowered(vals)
        self._policy_check_decided_values(vals)
        if not {*BASES, "policy_kind"}.intersection(vals):
            return super().write(vals)
        milder = self.filtered(lambda case: case.policy_severity != "crisis")
        result = super().write(vals)
        milder.filtered(
            lambda case: case.policy_kind and case.policy_severity == "crisis"
        )._policy_tell_crisis()
        self.filtered("policy_kind")._policy_keep_severity()
        return result

    def _policy_guarded_write(self, vals):
        if vals.get("policy_severity") != "crisis":
            return super()._policy_guarded_write(vals)
        milder = self.filtered(lambda case: case.policy_severity != "crisis")
        result = super()._policy_guarded_write(vals)
        milder._policy_tell_crisis()
        return result

    def _policy_check_lowered(self, vals):
        """Refuse to lower the severity by hand, whoever does it."""
        if "policy_severity" not in vals:
            return
        severity = vals["policy_severity"] or RANKS[0]
        for case in self.filtered("policy_kind"):
            present = case.policy_severity or RANKS[0]
            if severity in RANKS and RANKS.index(severity) < RANKS.index(present):
                groups = [self.env.ref(group).sudo().display_name for group in LOWERERS]
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: the severity of %(case)s is not lowered by hand. With a "
                        "reason it is lowered by: %(groups)s.",
                        clause=case._policy_severity_citation(),
                        case=case.display_name,
                        groups=list_words(self.env, groups),
                    )
                )

    @api.model
    def _policy_decided_names(self):
        """Return the fields that stay as they were when the case was decided.

        :rtype: frozenset[str]
        """
        return frozenset({"policy_cause_class", "policy_cause_negligence"})

    def _policy_check_decided_values(self, vals):
        names = self._policy_decided_names().intersection(vals)
        for case in self.filtered("policy_decided_at") if names else ():
            for name in names:
                if case[name] != case._fields[name].convert_to_record(
                    case._fields[name].convert_to_cache(vals[name], case), case
                ):
                    raise UserError(
                        self.env._(
                            "%(case)s is decided: %(field)s stays as it was.",
                            case=case.display_name,
                            field=case._policy_label(name),
                        )
                    )

    # === ACTION METHODS === #

    def action_policy_lower_severity(self, severity=None, reason=None):
        """Lower the severity of cases.

        :param str severity: what it becomes.
        :param str reason: why.
        :raises AccessError: the user is no manager.
        :raises PolicyRefusal: loss or impact make the case more severe than that.
        """
        self._policy_check_actor(LOWERERS)
        self._policy_check_governed()
        if not isinstance(severity, str) or severity not in RANKS:
            raise ValidationError(
                self.env._("Fill in %(field)s.", field=self._policy_label("policy_severity"))
            )
        reason = self._policy_text(reason, self.env._("Say why the severity is lowered."))
        for case in self.sudo():
            case._policy_check_lowerable(severity)
            before = case.policy_severity
            case._policy_guarded_write({"policy_severity": severity})
            case._policy_drop_crisis()
            seals = self.env["crm.policy.sealed"]._policy_seal(case, "severity", reason)
            self.env["crm.policy.event"]._policy_log(
                "case.severity",
                case,
                {"from": before, "to": severity, "reason": seals[case.id]},
                clause=case._policy_severity_clause(),
            )
            case._message_log(body=self.env._("Severity lowered: %(reason)s", reason=reason))
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _policy_severity_of(self, version_id, impact, loss):
        """Return how severe a case is at least under a version, by its impact and its loss.

        :param str impact: a code of IMPACTS, or nothing.
        :param float loss: in the currency of the company.
        """
        value = self.env["crm.policy.parameter"]._policy_value_under
        rank = 0
        if impact:
            # How many degrees above the lowest one it makes a case.
            rank = min(int(value(version_id, f"severity_impact_{impact}")), len(RANKS) - 1)
        for severity, code in LOSS_FROM.items() if loss else ():
            limit = value(version_id, code)
            if limit and float_compare(loss, limit, precision_digits=2) >= 0:
                rank = max(rank, RANKS.index(severity))
        return RANKS[rank]

    def _policy_loss(self):
        """Return what the company loses by the case; parts of the room that know more raise it."""
        self.ensure_one()
        return self.policy_estimated_loss

    def _policy_least_severity(self):
        self.ensure_one()
        return self._policy_severity_of(
            self.sudo().policy_version_id.id, self.policy_impact, self._policy_loss()
        )

    def _policy_keep_severity(self):
        """Raise the severity of running cases to what their loss and impact make of them."""
        raised = defaultdict(self.sudo().browse)
        before = {}
        for case in self.sudo():
            if case.policy_closed_at or case.policy_outcome in ENDED_OUTCOMES:
                continue
            least, present = case._policy_least_severity(), case.policy_severity or RANKS[0]
            if RANKS.index(least) > RANKS.index(present):
                raised[least] += case
                before[case.id] = present
        for severity, cases in raised.items():
            cases._policy_guarded_write({"policy_severity": severity})
            for case in cases:
                self.env["crm.policy.event"]._policy_log(
                    "case.severity",
                    case,
                    {"from": before[case.id], "to": severity},
                    clause=case._policy_severity_clause(),
                )

    def _policy_check_lowerable(self, severity):
        self.ensure_one()
        if self.policy_closed_at or self.policy_outcome in ENDED_OUTCOMES:
            raise UserError(self.env._("%(case)s is ended.", case=self.display_name))
        labels = dict(self._fields["policy_severity"]._description_selection(self.env))
        if RANKS.index(severity) >= RANKS.index(self.policy_severity or RANKS[0]):
            raise UserError(
                self.env._(
                    "%(case)s: its severity is %(severity)s. This is how it is lowered; it is "
                    "raised in the form.",
                    case=self.display_name,
                    severity=labels[self.policy_severity or RANKS[0]],
                )
            )
        least = self._policy_least_severity()
        if RANKS.index(severity) < RANKS.index(least):
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: with its loss of %(loss)s and its impact %(case)s is at least: "
                    "%(severity)s. Where these are wrong, correct them first.",
                    clause=self._policy_severity_citation(),
                    loss=self.policy_currency_id.format(self._policy_loss()),
                    case=self.display_name,
                    severity=labels[least],
                )
            )

    def _policy_severity_clause(self):
        """Return the clause on severity in the version of the case; the version without one."""
        version = self.sudo().policy_version_id
        Parameter = self.env["crm.policy.parameter"]
        return Parameter._policy_of(version, LOSS_FROM["major"]).clause_id or version

    def _policy_severity_citation(self):
        source = self._policy_severity_clause()
        clause = source._name == "crm.policy.clause"
        return source._policy_citation() if clause else source.display_name or ""

    # === BUSINESS METHODS - A CRISIS === #

    def _policy_tell_crisis(self):
        """Tell the executive, who reads all cases, of those that have become a crisis."""
        for case in self.sudo():
            users = case._policy_executives()
            case._policy_remind_crisis(users)
            for lang, group in users.grouped("lang").items():
                there = case.with_context(lang=lang or None)
                title = there.env._("Crisis")
                there.message_notify(
                    author_id=self.env.ref("base.partner_root").id,
                    partner_ids=group.partner_id.ids,
                    # The mail gateway looks for the number in brackets and would put it there.
                    subject=f"[{there.policy_handle}] {title}",
                    body=there.env._(
                        "%(clause)s: %(case)s has become a crisis. Where it is an emergency, send "
                        "the emergency team from the case.",
                        clause=there._policy_severity_citation(),
                        case=there.display_name,
                    ),
                )
            self.env["crm.policy.event"]._policy_log(
                "case.crisis", case, {"told": users.ids}, clause=case._policy_severity_clause()
            )
            case._message_log(
                body=self.env._(
                    "It is a crisis. Told: %(people)s.",
                    people=list_words(self.env, users.mapped("name") or [self.env._("nobody")]),
                )
            )

    def _policy_executives(self):
        """Return who is told of a crisis: nobody whom the case is about, nor who has raised it."""
        for group in EXECUTIVES:
            members = can_act(self.env.ref(group).sudo().all_user_ids, self.company_id)
            users = members - self.policy_accused_user_ids
            if users:
                return users - self.env.user
        return self.env["res.users"].sudo()

    def _policy_remind_crisis(self, users):
        activity_type = self.env.ref("crm_policy.activity_crisis", raise_if_not_found=False)
        self.env["crm.policy.escalation"]._policy_remind_quietly(
            [
                {
                    "activity_type_id": activity_type.id if activity_type else False,
                    "automated": True,
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": self.id,
                    "user_id": user.id,
                    "summary": self.with_context(lang=user.lang).env._("Crisis"),
                }
                for user in users
            ]
        )

    def _policy_drop_crisis(self):
        activity_type = self.env.ref("crm_policy.activity_crisis", raise_if_not_found=False)
        if activity_type:
            self.env["mail.activity"].sudo().search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("activity_type_id", "=", activity_type.id),
                ]
            ).unlink()
