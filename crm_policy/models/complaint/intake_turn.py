from odoo import api, fields, models
from odoo.tools import SQL


class CrmPolicyIntakeTurn(models.Model):
    """Whose turn it was last under a rule that gives cases out in turn; survives new versions."""

    _name = "crm.policy.intake.turn"
    _description = "Turn of an Intake Rule"
    _inherit = ["crm.policy.protected"]
    _rec_name = "code"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    code = fields.Char(string="Rule", required=True, readonly=True)
    last_user_id = fields.Integer(string="Last User ID", readonly=True)

    _code_uniq = models.Constraint("UNIQUE(company_id, code)", "A rule has one turn.")

    @api.model
    def _policy_lock(self, company, codes):
        """Return {code: id of the user whose turn it was last}, and hold these turns.

        A concurrent transaction waits and is then repeated by Odoo with fresh eyes: nobody gets two
        turns running. The rows are taken in one order, so that two never wait for each other.
        """
        if not codes:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_policy_intake_turn AS turn (company_id, code, last_user_id)
                     SELECT %(company)s, code, 0
                       FROM unnest(%(codes)s) AS code ORDER BY code
                ON CONFLICT (company_id, code)
                  DO UPDATE SET last_user_id = turn.last_user_id
                  RETURNING code, last_user_id
                """,
                company=company.id,
                codes=sorted(codes),
            )
        )
        return dict(rows)

    @api.model
    def _policy_look(self, company, codes):
        """Return what :meth:`_policy_lock` does, without holding anything."""
        turns = self.sudo().search([("company_id", "=", company.id), ("code", "in", list(codes))])
        return {turn.code: turn.last_user_id for turn in turns}

    @api.model
    def _policy_store(self, company, turns):
        """Keep {code: user id}; the rows are held by this transaction."""
        if not turns:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_policy_intake_turn turn SET last_user_id = given.user_id
                  FROM unnest(%(codes)s, %(users)s) AS given (code, user_id)
                 WHERE turn.company_id = %(company)s AND turn.code = given.code
                 RETURNING turn.id
                """,
                company=company.id,
                codes=list(turns),
                users=list(turns.values()),
            )
        )
        self.invalidate_model()
