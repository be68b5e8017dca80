from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import ENDED_OUTCOMES, URGENCIES

MERGERS = ("crm_policy.group_supervisor",)
SHOWN = 8  # cases in a warning
# What makes a case look like another one of the same customer.
ALIKE = {"order": "policy_order_ref", "item": "policy_item_ref"}


URGENCY_RANK = {code: rank for rank, (code, _label) in enumerate(URGENCIES)}


def same_text(name, text):
    """Return the domain of cases whose text ``name`` is ``text``, however it was typed."""
    wanted = text.strip().lower()
    return Domain.custom(
        to_sql=lambda model, alias, query: SQL(
            "lower(trim(%s)) = %s", model._field_to_sql(alias, name, query), wanted
        ),
        predicate=lambda case: (case[name] or "").strip().lower() == wanted,
    )


class CrmPolicyCaseDuplicate(models.AbstractModel):
    """Cases that may have come in twice: a warning, and merging them (CMP-DUP-01).

    It warns and never blocks, and of a case that the reader may not see it says the number only.
    """

    _name = "crm.policy.case.duplicate"
    _description = "Duplicate Case"

    policy_similar = fields.Json(
        compute="_compute_policy_similar", groups="base.group_user", export_string_translation=False
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "policy_outcome", "policy_closed_at", *ALIKE.values())
    @api.depends_context("uid", "lang")
    def _compute_policy_similar(self):
        """Return of each running case the similar ones, as dicts: see _policy_describe_similar."""
        for case in self:
            ended = case.policy_closed_at or case.policy_outcome in ENDED_OUTCOMES
            case.policy_similar = [] if ended else case._policy_similar_cases()

    def _policy_similar_cases(self):
        """Return the recent cases of the same customer about the same order or item.

        Those of which this one follows, or which follow from it, are known to belong together.
        """
        self.ensure_one()
        customer = self.sudo().commercial_partner_id
        likeness = {
            reason: same_text(name, self[name])
            for reason, name in ALIKE.items()
            if (self[name] or "").strip()
        }
        days = self._policy_similar_days(self.sudo().policy_version_id, self.company_id)
        if not (self.policy_kind and customer and likeness and days):
            return []
        since = fields.Datetime.now() - timedelta(days=days)
        related = self.policy_origin_id._origin.ids
        cases = self._policy_search_similar(
            self.company_id,
            Domain("commercial_partner_id", "=", customer.id)
            & Domain("policy_intake_at", ">=", since)
            & Domain("id", "not in", [*self._origin.ids, *related])
            & Domain("policy_origin_id", "not in", self._origin.ids)
            & Domain("policy_outcome", "not in", ENDED_OUTCOMES)
            & Domain.OR(likeness.values()),
        )
        return self._policy_describe_similar(cases, likeness, since)

    @api.model
    def _policy_similar_days(self, version, company):
        """Return within how many days a case may be the same; 0 where no policy says it.

        :param version: the version under which it stands; without one that of the company.
        """
        Parameter = self.env["crm.policy.parameter"]
        if version:
            return Parameter._policy_value_under(version.id, "similar_days")
        return Parameter._policy_value(company.id, "similar_days")

    @api.model
    def _policy_search_similar(self, company, domain):
        """Return the latest governed cases of a company among those of ``domain``, as superuser."""
        return self.sudo().search(
            Domain("company_id", "=", company.id) & Domain("policy_kind", "!=", False) & domain,
            order="policy_intake_at desc, id desc",
            limit=SHOWN,
        )

    @api.model
    def _policy_describe_similar(self, cases, likeness, since):
        """Return what the current user is shown of cases; of hidden ones the number only.

        :param dict likeness: {reason: domain}; what of it fits a recent case is named.
        :rtype: list[dict]
        """
        visible = set(cases.with_env(self.env)._filtered_access("read").ids) if cases else ()
        return [
            case._policy_describe_one(likeness, since)
            if case.id in visible
            else {"id": 0, "number": case.policy_handle, "masked": True, "same": []}
            for case in cases
        ]

    def _policy_describe_one(self, likeness, since):
        labels = {
            name: dict(self._fields[name]._description_selection(self.env)).get(self[name], "")
            for name in ("policy_kind", "policy_step")
        }
        is_recent = self.policy_intake_at >= since
        return {
            "id": self.id,
            "number": self.policy_handle,
            "masked": False,
            "title": self.name,
            "kind": labels["policy_kind"],
            "step": labels["policy_step"],
            "open": self.policy_step not in ("closed", "cancelled"),
            "handler": self.user_id.name or "",
            "received": fields.Datetime.to_string(self.policy_intake_at),
            "same": [
                reason
                for reason, domain in likeness.items()
                if is_recent and self.filtered_domain(domain)
            ],
        }

    # === ACTION METHODS === #

    def action_policy_merge(self, into_id=None, reason=None):
        """End cases that were entered twice; they keep their numbers and go on in the first one.

        :param int into_id: the case that came in first.
        :param str reason: why they are the same.
        :raises ValidationError: there is no such case, or it is of another customer.
        :raises UserError: one of them is decided or ended, or has come in earlier.
        """
        is_id = isinstance(into_id, int) and not isinstance(into_id, bool)
        into = self.browse(into_id if is_id else ()).exists()
        if not into:
            raise ValidationError(self.env._("Say into which case it is merged."))
        reason = self._policy_text(reason, self.env._("Say why it is the same case."))
        (self | into)._policy_check_actor(MERGERS)
        (self | into)._policy_check_governed()
        # Two who merge crosswise, or close meanwhile what the other merges into, do not both pass.
        (self | into).sudo()._policy_hold_rows()
        for case in self.sudo():
            case._policy_check_mergeable(into.sudo())
        self._policy_check_continuable()
        for case in self.sudo():
            case._policy_merge(into.sudo(), reason)
        return True

    # === BUSINESS METHODS === #

    def _policy_check_mergeable(self, into):
        names = {"case": self.display_name, "into": into.display_name}
        if self == into or self.company_id != into.company_id or not self.partner_id or (
            self.partner_id.commercial_partner_id != into.partner_id.commercial_partner_id
        ):  # fmt: skip
            raise ValidationError(
                self.env._("%(case)s and %(into)s are not two cases of one customer.", **names)
            )
        if into.policy_closed_at or into.policy_outcome in ENDED_OUTCOMES:
            raise UserError(
                self.env._("%(into)s is ended: nothing goes on in it. Reopen it first.", **names)
            )
        if self._policy_arrival() < into._policy_arrival():
            # Otherwise a clock that has run out would stop with the older case.
            raise UserError(
                self.env._(
                    "%(case)s came in earlier: merge %(into)s into it, not the other way.", **names
                )
            )

    def _policy_duplicate_clause(self):
        """Return the clause on duplicates in the version of the case; the version without one."""
        version = self.policy_version_id
        parameter = self.env["crm.policy.parameter"]._policy_of(version, "similar_days")
        return parameter.clause_id or version

    def _policy_arrival(self):
        return self.policy_intake_at or self.create_date, self.id

    def _policy_merge(self, into, reason):
        accused = self.policy_accused_user_ids - into.policy_accused_user_ids
        if accused:
            # Whom it is about handles it in no case.
            into.write({"policy_accused_user_ids": [Command.link(user.id) for user in accused]})
        vals = {"policy_severity": into.policy_severity}
        self._policy_raise_severity(vals, self.policy_severity or "")
        more_urgent = max(
            into.policy_urgency, self.policy_urgency, key=lambda code: URGENCY_RANK.get(code, 0)
        )
        into.write({**vals, "policy_urgency": more_urgent})
        self._policy_continue_in(into, "cancelled")
        seals = self.env["crm.policy.sealed"]._policy_seal(self, "merge", reason)
        self.env["crm.policy.event"]._policy_log(
            "case.merged",
            self,
            {"into": into.id, "reason": seals[self.id]},
            clause=self._policy_duplicate_clause(),
        )
        self._message_log(
            body=self.env._(
                "Merged into %(into)s: %(reason)s", into=into.display_name, reason=reason
            )
        )
        into._message_log(
            body=self.env._(
                "%(case)s was merged into this case: %(reason)s",
                case=self.display_name,
                reason=reason,
            )
        )
