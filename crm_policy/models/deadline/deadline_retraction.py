from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL


class CrmPolicyDeadlineRetraction(models.AbstractModel):
    """What was found overdue and is not any more: all that followed from it is taken back.

    A holiday that is entered afterwards, a pause, another factor, a fact that is recorded late: the
    due date lies ahead again, or it was kept after all. What people were told of it stays in the
    ledger and with the deadline, but its reminders go away, and the undecided violation with them.
    The deadline then counts as one that was never overdue: when it really falls due, everybody is
    told, for what was told before was not so. A warning whose instant has passed is not repeated.

    A clock that has stopped does not come here: one of a rule that does not apply any more, after
    a re-rating say, or of a former version was overdue by the rule that held then. Otherwise
    whoever is late would only have to change the urgency.
    """

    _name = "crm.policy.deadline.retraction"
    _description = "Deadlines That Are Not Overdue Any More"

    retracted_at = fields.Datetime(
        string="Not Overdue Any More Since",
        readonly=True,
        help="It was found overdue, and then its due date moved or it had been kept. What was told "
        "before is not counted.",
    )

    # === BUSINESS METHODS === #

    def _policy_is_back(self):
        """Return whether a deadline is not overdue by its own dates."""
        return self.state == "met" or self.state == "open" and self.due_at >= fields.Datetime.now()

    def _policy_retract_overdue(self):
        """Take the overdue mark off those that are due later by now, or were met.

        One statement marks them; it holds their rows, so that no other node tells of them or makes
        a violation of them meanwhile.

        :return: the deadlines that had a mark, as superuser.
        """
        self.flush_model(["state", "due_at", "overdue_at", "judged_at", "accepted_overdue"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH moved AS (
                    SELECT id, overdue_at FROM crm_policy_deadline
                     WHERE id = ANY(%(ids)s) AND overdue_at IS NOT NULL
                       AND (state = 'open' AND due_at >= %(now)s OR state = 'met')
                     ORDER BY id FOR UPDATE
                )
                UPDATE crm_policy_deadline d
                   SET overdue_at = NULL, judged_at = NULL, accepted_overdue = FALSE,
                       retracted_at = %(now)s, write_date = %(now)s
                  FROM moved
                 WHERE d.id = moved.id
             RETURNING d.id, moved.overdue_at
                """,
                ids=self.ids,
                now=fields.Datetime.now(),
            )
        )
        retracted = self.sudo().browse(row_id for row_id, _overdue_at in rows)
        if not retracted:
            return retracted
        retracted.invalidate_recordset(
            ["overdue_at", "judged_at", "accepted_overdue", "retracted_at", "write_date"],
            flush=False,
        )
        retracted._policy_log_retraction(dict(rows))
        retracted._policy_end_alerts()
        self.env["crm.policy.violation"]._policy_withdraw(retracted)
        return retracted

    def _policy_log_retraction(self, found):
        """Tell the ledger and the documents.

        :param dict found: deadline id -> when it was found overdue.
        """
        for clause, group in self.grouped("clause_id").items():
            self.env["crm.policy.event"]._policy_log(
                "deadline.not_overdue",
                group,
                payloads={
                    deadline.id: {
                        "res_model": deadline.res_model,
                        "res_id": deadline.res_id,
                        "overdue": str(found[deadline.id]),
                        "due": str(deadline.due_at),
                        "done": str(deadline.done_at or ""),
                    }
                    for deadline in group
                },
                clause=clause,
            )
        groups = defaultdict(self.browse)
        for deadline in self:
            groups[deadline.company_id, deadline.res_model] += deadline
        for (company, _model), group in groups.items():
            group.with_context(lang=company.partner_id.lang)._policy_note("not_overdue")
