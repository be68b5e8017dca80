from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import numbering


class CrmPolicyCounter(models.Model):
    """The last serial of a numbering pattern in a period: case numbers are never given twice."""

    _name = "crm.policy.counter"
    _description = "Case Number Counter"
    _inherit = ["crm.policy.protected"]
    _order = "company_id, pattern, period"
    _rec_name = "pattern"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    pattern = fields.Char(required=True, readonly=True)
    period = fields.Char(required=True, readonly=True)
    last = fields.Integer(required=True, readonly=True)

    _period_uniq = models.Constraint(
        "UNIQUE(company_id, pattern, period)", "A pattern has one counter in each period."
    )

    @api.model
    def _policy_reserve(self, company, pattern, reset, day, count):
        """Return ``count`` new numbers in order; one query for the whole block (CMP-NUM-01, -02).

        A concurrent transaction of the same period waits for this one and is then repeated by
        Odoo with fresh eyes, so that no number is given twice. A transaction that is rolled back
        gives its numbers back before anybody has seen them.

        :param company: ``res.company``.
        :param date day: local day of numbering.
        :rtype: list[str]
        """
        [[last]] = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_policy_counter AS counter (company_id, pattern, period, last)
                     VALUES (%s, %s, %s, %s)
                ON CONFLICT (company_id, pattern, period)
                  DO UPDATE SET last = counter.last + EXCLUDED.last
                  RETURNING last
                """,
                company.id,
                numbering.counter_key(pattern),
                numbering.period_key(day, reset),
                count,
            )
        )
        self.invalidate_model()
        return [
            numbering.format_number(pattern, day, serial)
            for serial in range(last - count + 1, last + 1)
        ]

    @api.model
    def _policy_advance(self, company, reached):
        """Let counters go on behind numbers that were given elsewhere; one query.

        :param company: ``res.company``.
        :param dict reached: {(key of the pattern, period): serial}; a counter never goes back.
        """
        if not reached:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_counter AS counter (company_id, pattern, period, last)
                     VALUES %s
                ON CONFLICT (company_id, pattern, period)
                  DO UPDATE SET last = greatest(counter.last, EXCLUDED.last)
                """,
                SQL(", ").join(
                    SQL("(%s, %s, %s, %s)", company.id, key, period, serial)
                    for (key, period), serial in sorted(reached.items())
                ),
            )
        )
        self.invalidate_model()
