from odoo import models
from odoo.tools import SQL

# What counts of the other cases of a matter: what was granted, and what is being asked for.
COUNTED = ("approved", "pending")


class CrmPolicyCaseMatter(models.AbstractModel):
    """Cases that are about the same matter: what they cost counts together (D10).

    Splitting a complaint does not help: the cases that followed from one another, and those of
    the same customer about the same order.
    """

    _name = "crm.policy.case.matter"
    _description = "Case of a Matter"

    def _policy_linked_remedies(self):
        """Return the remedies of the other cases that belong to the same matter, as superuser."""
        self.ensure_one()
        return (
            self.env["crm.policy.remedy"]
            .sudo()
            .search(
                [
                    ("ticket_id", "in", self._policy_linked_ids()),
                    ("policy_approval_state", "in", COUNTED),
                ]
            )
        )

    def _policy_linked_ids(self):
        """Return the ids of the other cases of the matter in the company.

        :rtype: list[int]
        """
        self.flush_model(["policy_origin_id", "policy_order_ref", "partner_id", "company_id"])
        table = SQL.identifier(self._table)
        order = (self.policy_order_ref or "").strip().lower()
        customer = self.partner_id.commercial_partner_id
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE chain (id) AS (
                    SELECT %(id)s
                     UNION
                    SELECT next.id
                      FROM chain
                CROSS JOIN LATERAL (
                           SELECT later.id FROM %(table)s later WHERE later.policy_origin_id = chain.id
                            UNION ALL
                           SELECT self.policy_origin_id FROM %(table)s self
                            WHERE self.id = chain.id AND self.policy_origin_id IS NOT NULL
                           ) next
                )
                SELECT DISTINCT ticket.id
                  FROM %(table)s ticket
                 WHERE ticket.id <> %(id)s AND ticket.company_id = %(company)s
                   AND (ticket.id IN (SELECT id FROM chain)
                        OR (%(order)s <> '' AND ticket.commercial_partner_id = %(customer)s
                            AND lower(trim(ticket.policy_order_ref)) = %(order)s))
                """,
                id=self.id,
                table=table,
                company=self.company_id.id or None,
                customer=customer.id or None,
                order=order,
            )
        )
        return [case_id for [case_id] in rows]
