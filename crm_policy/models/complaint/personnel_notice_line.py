from odoo import fields, models

from ...tools.zones import local_day
from .sanction_rule import KINDS


class CrmPolicyPersonnelNoticeLine(models.Model):
    """A line of a personnel notice, as it was handed over: who, which sanction, when; no more."""

    _name = "crm.policy.personnel.notice.line"
    _description = "Line of a Personnel Notice"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "notice_id"
    _order = "notice_id, id"
    _rec_name = "who"

    notice_id = fields.Many2one(
        "crm.policy.personnel.notice",
        string="Personnel Notice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    # What it was about is told to nobody who reads the notice.
    sanction_id = fields.Many2one(
        "crm.policy.sanction",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        groups="crm_policy.group_hr,crm_policy.group_director,crm_policy.group_ceo",
    )
    who = fields.Char(string="Person or Department", required=True, readonly=True)
    kind = fields.Selection(KINDS, string="Kind of Sanction", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(readonly=True)
    decided_on = fields.Date(string="Date", readonly=True)

    _sanction_uniq = models.Constraint(
        "UNIQUE(sanction_id)", "A sanction stands on one notice only."
    )

    def _policy_list(self, notice, sanctions):
        """Write the lines of a notice that is handed over; as superuser."""
        lang = notice.company_id.partner_id.lang  # whoever hands it over
        self.sudo()._policy_insert(
            [
                {
                    "notice_id": notice.id,
                    "company_id": notice.company_id.id,
                    "sanction_id": sanction.id,
                    "who": sanction.department_id.with_context(lang=lang).name
                    or sanction.employee_id.name
                    or sanction.user_id.name,
                    "kind": sanction.kind,
                    "amount": sanction.amount,
                    "decided_on": local_day(sanction.decided_at, sanction.company_id),
                }
                for sanction in sanctions.sorted("number")
            ]
        )
