from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

# What makes cases one matter.
LINKS = frozenset({"policy_origin_id", "policy_order_ref", "partner_id", "company_id", "team_id"})


class CrmPolicyCaseMatter(models.AbstractModel):
    """Cases that are about the same matter: what they cost counts together (D10).

    Splitting a complaint does not help: the cases that followed from one another, and those of
    the same customer about the same order.
    """

    _name = "crm.policy.case.matter"
    _description = "Case of a Matter"

    policy_matter_case_ids = fields.Many2many(
        "helpdesk.ticket",
        string="Cases of the Same Matter",
        compute="_compute_policy_matter_case_ids",
        compute_sudo=True,
        groups="base.group_user",
        export_string_translation=False,
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_origin_id", "policy_order_ref", "partner_id", "company_id")
    def _compute_policy_matter_case_ids(self):
        linked = self._policy_linked_ids() if self.ids else {}
        for case in self:
            case.policy_matter_case_ids = linked.get(case.id, ())

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        # A new case belongs to the matter of older ones, which do not know it yet.
        self.invalidate_model(["policy_matter_case_ids"], flush=False)
        return cases

    def write(self, vals):
        result = super().write(vals)
        if LINKS.intersection(vals):
            self.invalidate_model(["policy_matter_case_ids"], flush=False)
        return result

    # === BUSINESS METHODS === #

    def _policy_guarded_write(self, vals):
        result = super()._policy_guarded_write(vals)
        if LINKS.intersection(vals):
            self.invalidate_model(["policy_matter_case_ids"], flush=False)
        return result

    def _policy_linked_ids(self):
        """Return {id: ids of the other cases of its matter in its company}, in one query.

        What followed from a case of the same order is of the matter, too, and so on.
        """
        self.flush_model(["commercial_partner_id", *LINKS - {"team_id"}])
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE chain (root, id) AS (
                    SELECT id, id FROM %(table)s WHERE id IN %(ids)s
                     UNION
                    SELECT chain.root, next.id
                      FROM chain
                      JOIN %(table)s this ON this.id = chain.id
                CROSS JOIN LATERAL (
                           SELECT later.id FROM %(table)s later
                            WHERE later.policy_origin_id = this.id
                            UNION ALL
                           SELECT this.policy_origin_id
                            WHERE this.policy_origin_id IS NOT NULL
                            UNION ALL
                           SELECT other.id FROM %(table)s other
                            WHERE other.commercial_partner_id = this.commercial_partner_id
                              AND other.company_id = this.company_id
                              AND lower(trim(other.policy_order_ref))
                                = lower(trim(this.policy_order_ref))
                              AND trim(this.policy_order_ref) <> ''
                           ) next
                )
                SELECT chain.root, other.id
                  FROM chain
                  JOIN %(table)s this ON this.id = chain.root
                  JOIN %(table)s other
                    ON other.id = chain.id AND other.company_id = this.company_id
                 WHERE other.id <> chain.root
                """,
                table=SQL.identifier(self._table),
                ids=tuple(self.ids),
            )
        )
        linked = defaultdict(list)
        for case_id, other_id in rows:
            linked[case_id].append(other_id)
        return linked
