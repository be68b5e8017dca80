from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

WINDOW = timedelta(hours=1)  # the limits are called hourly


class CrmPolicyIntakeRate(models.Model):
    """How often something came in lately, for each key; all workers count in the same rows."""

    _name = "crm.policy.intake.rate"
    _description = "Rate of Submissions"
    _log_access = False
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True, help="A hash: it names nobody.")
    started_at = fields.Datetime(required=True, readonly=True, index=True)
    hits = fields.Integer(required=True, readonly=True)

    _key_uniq = models.Constraint("UNIQUE(key)", "There is one row for each key.")

    @api.model
    def _policy_hit(self, limits):
        """Count one submission under each key, unless one of them is at its limit.

        :param dict limits: key -> submissions allowed in the hour that its first one began.
        :return: whether it was counted; if not, it is counted under none of the keys.
        """
        now = fields.Datetime.now()
        with self.env.cr.savepoint() as savepoint:
            for key, limit in sorted(limits.items()):
                counted = self.env.execute_query(
                    SQL(
                        """
                        INSERT INTO crm_policy_intake_rate AS rate (key, started_at, hits)
                        SELECT %(key)s, %(now)s, 1 WHERE %(limit)s > 0
                        ON CONFLICT (key) DO UPDATE
                           SET hits = CASE WHEN rate.started_at <= %(over)s
                                           THEN 1 ELSE rate.hits + 1 END,
                               started_at = CASE WHEN rate.started_at <= %(over)s
                                                 THEN %(now)s ELSE rate.started_at END
                         WHERE rate.started_at <= %(over)s OR rate.hits < %(limit)s
                        RETURNING id
                        """,
                        key=key,
                        now=now,
                        over=now - WINDOW,
                        limit=limit,
                    )
                )
                if not counted:
                    savepoint.rollback()
                    break
            else:
                counted = True
        self.invalidate_model()
        return bool(counted)

    @api.autovacuum
    def _gc_rates(self):
        """Forget who came, as soon as it does not count any more."""
        self.env.execute_query(
            SQL(
                "DELETE FROM crm_policy_intake_rate WHERE started_at <= %s RETURNING id",
                fields.Datetime.now() - WINDOW,
            )
        )
        self.invalidate_model()
