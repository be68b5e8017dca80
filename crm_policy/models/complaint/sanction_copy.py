from odoo import fields, models


class CrmPolicySanctionCopy(models.Model):
    """Who has got which copy of a notice: the original and three more (RWD-NOT-01, E.7)."""

    _name = "crm.policy.sanction.copy"
    _description = "Copy of a Sanction Notice"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "sanction_id"
    _order = "sanction_id, id"
    _rec_name = "label"

    sanction_id = fields.Many2one(
        "crm.policy.sanction", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    label = fields.Selection(
        [
            ("original", "Original"),
            ("issuer", "Copy for the Issuer"),
            ("accounting", "Copy for Accounting"),
            ("department", "Copy for the Department"),
        ],
        string="Copy",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Handed Out To",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: whoever there is in charge.",
    )
    sent_at = fields.Datetime(string="Handed Out At", required=True, readonly=True)

    def _policy_hand_out(self, sanctions):
        """Note the original and the three copies of sanctions that have just been approved."""
        now = fields.Datetime.now()
        for sanction in sanctions:
            head = sanction.policy_department_id.manager_id.user_id
            people = {
                "original": sanction.user_id or head,
                "issuer": sanction.create_uid,
                "accounting": self.env["res.users"],
                "department": head,
            }
            self.sudo()._policy_insert(
                [
                    {
                        "sanction_id": sanction.id,
                        "company_id": sanction.company_id.id,
                        "label": label,
                        "user_id": user.id,
                        "sent_at": now,
                    }
                    for label, user in people.items()
                ]
            )
