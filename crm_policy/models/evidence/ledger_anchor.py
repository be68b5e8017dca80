from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

WHOLE_EVERY = timedelta(days=7)


class CrmPolicyLedgerAnchor(models.Model):
    """A place of the chain as it was noted once: on a report, in an export, by a check.

    What was noted outside of the database is what finds a chain that was written anew.
    """

    _name = "crm.policy.ledger.anchor"
    _description = "Noted Head of the Ledger"
    _inherit = ["crm.policy.protected"]
    _order = "id desc"
    _rec_name = "head"
    _log_access = False

    at = fields.Datetime(string="Noted At", required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    kind = fields.Selection(
        [("report", "Monthly Report"), ("export", "Ledger Export"), ("check", "Chain Check")],
        string="Noted On",
        required=True,
        readonly=True,
    )
    first_seq = fields.Integer(
        string="From Position",
        readonly=True,
        aggregator=None,
        help="Where the export or the check began.",
    )
    seq = fields.Integer(string="Chain Position", required=True, readonly=True, aggregator=None)
    hash = fields.Char(required=True, readonly=True)
    head = fields.Char(string="Ledger Head", compute="_compute_head")
    state = fields.Selection(
        [("sound", "Unbroken"), ("broken", "Broken")],
        string="Result",
        readonly=True,
        help="Of a check.",
    )
    problems = fields.Text(string="Breaks", readonly=True)
    actor_id = fields.Integer(string="Actor ID", readonly=True, aggregator=None)
    actor_name = fields.Char(string="Actor", compute="_compute_actor_name")

    _check_idx = models.Index("(company_id, kind, id)")

    # === COMPUTE METHODS === #

    @api.depends("seq", "hash")
    def _compute_head(self):
        for anchor in self:
            anchor.head = f"{anchor.seq}:{anchor.hash}"

    def _compute_actor_name(self):
        users = self.env["res.users"].sudo().browse({anchor.actor_id for anchor in self}).exists()
        names = {user.id: user.name for user in users}
        for anchor in self:
            anchor.actor_name = names.get(anchor.actor_id, str(anchor.actor_id))

    # === BUSINESS METHODS === #

    @api.model
    def _policy_note(self, kind, company_id, first, head, state=None, problems=None):
        """Note a head.

        :param int company_id: 0 for the events that belong to none.
        :param int first: where the export or check began.
        :param head: (position, hash).
        """
        return self.sudo()._policy_insert(
            [
                {
                    "at": fields.Datetime.now(),
                    "company_id": company_id or False,
                    "kind": kind,
                    "first_seq": first,
                    "seq": head[0],
                    "hash": head[1],
                    "state": state,
                    "problems": problems,
                    "actor_id": self.env.uid,
                }
            ]
        )

    def _policy_company_name(self):
        return self.company_id.name or self.env._("Events without a company")

    @api.model
    def _policy_last_check(self, company_id, extra=()):
        domain = [("company_id", "=", company_id or False), ("kind", "=", "check"), *extra]
        return self.sudo().search(domain, limit=1)

    @api.model
    def _policy_begin(self, company_id):
        """Return the first place of the next check and the hash before it, None for the genesis."""
        last = self._policy_last_check(company_id)
        whole = self._policy_last_check(company_id, [("first_seq", "=", 1)])
        if last.state != "sound" or whole.at < fields.Datetime.now() - WHOLE_EVERY:
            return 1, None
        return last.seq + 1, last.hash

    @api.model
    def _policy_noted(self, company_id):
        """Return {position: hash} of all heads that were noted of a sound chain."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (seq) seq, hash FROM crm_policy_ledger_anchor
                 WHERE COALESCE(company_id, 0) = %s AND seq > 0 AND state IS DISTINCT FROM 'broken'
                 ORDER BY seq, id
                """,
                company_id,
            )
        )
        return dict(rows)

    @api.model
    def _policy_lost(self, company_id, before):
        """Return in words which heads that were noted before this place are not there any more."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT anchor.seq
                  FROM crm_policy_ledger_anchor AS anchor
             LEFT JOIN crm_policy_event AS event
                    ON COALESCE(event.company_id, 0) = %(company)s
                   AND event.seq IS NOT NULL AND event.seq = anchor.seq
                 WHERE COALESCE(anchor.company_id, 0) = %(company)s
                   AND anchor.seq BETWEEN 1 AND %(before)s
                   AND anchor.state IS DISTINCT FROM 'broken'
                   AND event.hash IS DISTINCT FROM anchor.hash
                 ORDER BY anchor.seq
                """,
                company=company_id,
                before=before - 1,
            )
        )
        return [f"seq {seq}: not the event of the head that was noted" for [seq] in rows]

    # === DATABASE === #

    def init(self):
        result = super().init()
        self._policy_build_wall()
        return result
