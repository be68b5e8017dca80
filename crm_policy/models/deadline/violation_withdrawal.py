from odoo import api, fields, models
from odoo.fields import Domain


class CrmPolicyViolationWithdrawal(models.AbstractModel):
    """A violation whose deadline was not missed after all is taken back by the clock itself."""

    _name = "crm.policy.violation.withdrawal"
    _description = "Withdrawal of Violations"

    # Its own clocks stop with it.
    _policy_clock_fields = ("state",)

    withdrawn_at = fields.Datetime(
        string="Taken Back At",
        readonly=True,
        help="The deadline was not missed after all: its due date has moved, or it had been kept.",
    )

    @api.model
    def _policy_running_domain(self):
        return super()._policy_running_domain() & Domain("state", "!=", "withdrawn")

    @api.model
    def _policy_withdraw(self, deadlines):
        """Take back what is not decided yet of deadlines that are not missed any more.

        What somebody has decided stays as he decided it. The caller holds the rows of the
        deadlines; whoever decides on one of the violations at this moment makes PostgreSQL refuse
        one of the two, which is then repeated.

        :param deadlines: ``crm.policy.deadline`` whose overdue mark was taken off.
        """
        violations = self.sudo().search(
            [("deadline_id", "in", deadlines.ids), ("state", "in", ("open", "explained"))]
        )
        if not violations:
            return
        violations._policy_update({"state": "withdrawn", "withdrawn_at": fields.Datetime.now()})
        for clause, group in violations.grouped("clause_id").items():
            self.env["crm.policy.event"]._policy_log(
                "violation.withdrawn",
                group,
                payloads={
                    violation.id: {
                        "number": violation.number,
                        "person": violation.user_id.id,
                        "reason": "kept" if violation.deadline_id.state == "met" else "moved",
                        "deadline": violation.deadline_id.id,
                        "due": str(violation.deadline_id.due_at),
                    }
                    for violation in group
                },
                clause=clause,
            )
        violations.activity_ids.unlink()
