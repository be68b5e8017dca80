from odoo import fields, models
from odoo.tools import SQL

# When it is known whose case it is and what it is about.
KNOWN_FACTS = frozenset({"policy_accepted_at", "policy_registered_at"})


class CrmPolicyCaseRepeat(models.AbstractModel):
    """A customer comes back about the same item soon after a case of his was settled.

    The case points at the earlier one; within how many days it counts as a repetition its policy
    says (``repeat_days``). Found when the case is accepted and when it is registered, so that its
    creation costs nothing.
    """

    _name = "crm.policy.case.repeat"
    _description = "Repeated Case"

    policy_repeat_of_id = fields.Many2one(
        "helpdesk.ticket",
        string="Repeats",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The latest case of the same customer about the same item that had been settled "
        "within the days of the policy before this one came in.",
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_repeat_of_id"}

    # === BUSINESS METHODS === #

    def _policy_set_fact(self, name, at=None, reason=None):
        result = super()._policy_set_fact(name, at, reason)
        if name in KNOWN_FACTS:
            self.sudo()._policy_find_repeats()
        return result

    def _policy_find_repeats(self):
        """Point each case that repeats an earlier one at it, in one query for all."""
        found = dict(self._policy_earlier_cases())
        cases = self.filtered(
            lambda case: case.id in found and case.policy_repeat_of_id.id != found[case.id]
        )
        for case in cases:
            case._policy_guarded_write({"policy_repeat_of_id": found[case.id]})
        for case in cases:
            days = self.env["crm.policy.parameter"]._policy_of(
                case.policy_version_id, "repeat_days"
            )
            self.env["crm.policy.event"]._policy_log(
                "case.repeated", case, {"earlier": found[case.id]}, clause=days.clause_id
            )

    def _policy_earlier_cases(self):
        """Return (id, id of the case that it repeats): same company, customer and item."""
        telling = self.filtered(
            lambda case: case.commercial_partner_id and (case.policy_item_ref or "").strip()
        )
        if not telling:
            return []
        self.flush_model(
            ["commercial_partner_id", "company_id", "policy_item_ref", "policy_intake_at",
             "policy_settled_at", "policy_closed_at", "policy_version_id"]
        )  # fmt: skip
        self.env["crm.policy.parameter"].flush_model(["version_id", "code", "value"])
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (this.id) this.id, earlier.id
                  FROM %(table)s this
                  JOIN crm_policy_parameter days
                    ON days.version_id = this.policy_version_id AND days.code = 'repeat_days'
                  JOIN %(table)s earlier
                    ON earlier.commercial_partner_id = this.commercial_partner_id
                   AND earlier.company_id = this.company_id
                   AND lower(trim(earlier.policy_item_ref)) = lower(trim(this.policy_item_ref))
                   AND COALESCE(earlier.policy_settled_at, earlier.policy_closed_at)
                       BETWEEN this.policy_intake_at - make_interval(days => days.value::int)
                           AND this.policy_intake_at
                 WHERE this.id IN %(ids)s AND earlier.id <> this.id
                 ORDER BY this.id, earlier.policy_intake_at DESC, earlier.id DESC
                """,
                table=SQL.identifier(self._table),
                ids=tuple(telling.ids),
            )
        )
