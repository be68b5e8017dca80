from odoo import api, fields, models
from odoo.tools import SQL


class CrmPolicyCaseAccess(models.Model):
    """A case that is opened for somebody who would not see it otherwise, and why.

    Rows are kept when the reason is over: who has decided or handled a case may look at it later.
    Only what a delegation has opened goes with it, unless there is a reason of his own by then.
    """

    _name = "crm.policy.case.access"
    _description = "Opened Case"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "ticket_id"
    _order = "id desc"
    _rec_name = "user_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    reason = fields.Selection(
        [
            ("intake", "Took It In"),
            ("handover", "Handed It Over"),
            ("approver", "Asked to Decide"),
            ("countersign", "Asked for an Opinion"),
            ("delegation", "Acts for Somebody"),
            ("team", "Member of a Standing Team"),
            ("escalation", "Told of a Delay"),
            ("copy", "Has a Copy of the Form"),
            ("manual", "Called In"),
        ],
        required=True,
        readonly=True,
    )
    delegation_id = fields.Many2one(
        "crm.policy.delegation",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="By which he sees it, until it ends.",
    )

    _user_uniq = models.UniqueIndex("(user_id, ticket_id)", "A case is opened for a person once.")

    @api.model
    def _policy_keep_teams(self, teams):
        """Open the running cases of standing teams to whoever sits in them or stands in there."""
        for team in teams:
            cases = (
                self.env["helpdesk.ticket"]
                .sudo()
                .with_context(active_test=False)
                .search([("policy_committee_id", "=", team.id), ("policy_closed_at", "=", False)])
            )
            self._policy_grant(cases, team._policy_people(), "team")

    @api.model
    def _policy_grant(self, tickets, users, reason, delegation=None):
        """Open ``tickets`` for ``users``; one statement, and a second time changes nothing.

        A reason of somebody's own takes the place of a delegation, never the other way round.

        :param str reason: a value of the field ``reason``.
        :param delegation: ``crm.policy.delegation`` that opens them, for the reason "delegation".
        """
        if not tickets or not users:
            return
        tickets.flush_recordset(["company_id"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_case_access AS known
                       (ticket_id, user_id, company_id, reason, delegation_id,
                        create_uid, create_date, write_uid, write_date)
                SELECT t.id, u.id, t.company_id, %(reason)s, %(delegation)s,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM helpdesk_ticket t CROSS JOIN res_users u
                 WHERE t.id IN %(tickets)s AND u.id IN %(users)s
                ON CONFLICT (user_id, ticket_id)
                  DO UPDATE SET reason = EXCLUDED.reason, delegation_id = NULL
                          WHERE known.reason = 'delegation' AND EXCLUDED.reason != 'delegation'
                """,
                reason=reason,
                delegation=delegation.id if delegation else None,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                tickets=tuple(tickets.ids),
                users=tuple(users.ids),
            )
        )
        self._policy_sight_changed(tickets)

    @api.model
    def _policy_withdraw(self, delegations):
        """Take back what these delegations have opened, and nothing else."""
        rows = self.sudo().search([("delegation_id", "in", delegations.ids)])
        tickets = rows.ticket_id
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_policy_case_access
                      WHERE delegation_id IN %s AND reason = 'delegation'
                """,
                tuple(delegations.ids),
            )
        )
        self._policy_sight_changed(tickets)

    @api.model
    def _policy_sight_changed(self, tickets):
        self.invalidate_model()
        tickets.invalidate_recordset(["policy_access_ids", "policy_opened"])
