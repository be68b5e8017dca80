from odoo import api, fields, models
from odoo.tools import SQL


class CrmPolicyAuthorityLock(models.Model):
    """Whose sum is being counted: a row for each approver and for each customer (D10).

    Nothing is read from it. Who decides takes the rows of his sums, so that two who decide at the
    same time do so one after the other.
    """

    _name = "crm.policy.authority.lock"
    _description = "Lock of a Limit in Total"
    _inherit = ["crm.policy.protected"]
    _rec_name = "name"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    name = fields.Char(required=True, readonly=True)

    _name_uniq = models.Constraint("UNIQUE(company_id, name)", "A sum has one lock.")

    @api.model
    def _policy_hold(self, company, users, partners):
        """Hold the sums of approvers and customers until the end of the transaction.

        A concurrent transaction waits here. PostgreSQL then refuses its snapshot, which was taken
        before it waited, and Odoo repeats its call: it counts what the first has decided. A mere
        advisory lock would not do: after the waiting, the sum would be read from the old snapshot.
        The rows are taken in one order, so that two never wait for each other.

        :param users: ``res.users`` whose sums count.
        :param partners: ``res.partner`` whose sums count.
        """
        names = [f"approver {user_id}" for user_id in users.ids]
        names += [f"customer {partner_id}" for partner_id in partners.ids]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_authority_lock AS lock (company_id, name)
                     SELECT %(company)s, name FROM unnest(%(names)s) AS name ORDER BY name
                ON CONFLICT (company_id, name) DO UPDATE SET name = lock.name
                """,
                company=company.id,
                names=names,
            )
        )
